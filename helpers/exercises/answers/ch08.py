"""Answers of chapter 8. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["8.1"] = Exercise(
    truth={"elbo": -102, "two_exposures": np.logaddexp(-100, -104) - math.log(2), "most": math.inf},
    labels={
        "elbo": "ELBO, to two decimals",
        "two_exposures": "L₂, to two decimals",
        "most": "at most above it (without limit: inf)",
    },
    rtol=0,
    atol=0.01,
    mistakes={
        "that is the sum of the logarithms; take their mean.": {"elbo": -204},
        "the ELBO is the mean of log w. You took the logarithm of a mean.": {
            "elbo": np.logaddexp(-100, -104) - math.log(2)
        },
        "you forgot 1 / K: the mean of the weights, not their sum.": {"two_exposures": np.logaddexp(-100, -104)},
        "that is the mean of the logarithms again; average the weights first.": {"two_exposures": -102},
        "that is the largest weight alone; the mean of the two is about half of it.": {"two_exposures": -100},
        "the sign: weights this small have negative logarithms.": {
            "two_exposures": math.log(2) - np.logaddexp(-100, -104)
        },
        "so far can it fall below the larger weight. How far can the smaller weight pull the ELBO down?": {
            "most": math.log(2)
        },
        "so it is for these two weights. Let the smaller one be as small as you like.": {
            "most": np.logaddexp(-100, -104) - math.log(2) + 102
        },
    },
)


def _joints(rng):
    return [(rng.normal(-100, 5, (n, m)), rng.normal(size=(m, 2))) for n, m in ((1, 2), (2, 3), (4, 9))]


def _posterior_mean(log_joint, codes):
    weight = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return weight @ codes / weight.sum(axis=1, keepdims=True)


EXERCISES["8.2"] = Exercise(
    truth=lambda log_joint, codes: codes[log_joint.argmax(axis=1)],
    cases=_joints,
    mistakes={
        "These are the places in the grid; look up the codes that stand there.": (
            lambda log_joint, codes: log_joint.argmax(axis=1)
        ),
        "The wrong axis: that finds a digit for each code; you want a code for each digit.": (
            lambda log_joint, codes: codes[log_joint.argmax(axis=0)]
        ),
        "The sign: these are the least probable codes.": lambda log_joint, codes: codes[log_joint.argmin(axis=1)],
        "That is the mean of the posterior; the best code is its peak.": _posterior_mean,
        "These are the values at the peak, not the codes.": lambda log_joint, codes: log_joint.max(axis=1),
    },
)
