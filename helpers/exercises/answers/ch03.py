"""Answers of chapter 3. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["3.1"] = Exercise(
    truth={"logit": math.log(9), "best_p": 0.8, "doubt": 0.16},
    labels={"logit": "logit of p = 0.9", "best_p": "best p", "doubt": "doubt p (1 - p)"},
    mistakes={
        "that is the logarithm of p. A logit is the logarithm of the odds, p / (1 - p).": {"logit": math.log(0.9)},
        "upside down: the odds are p / (1 - p).": {"logit": -math.log(9)},
        "these are the odds; take their logarithm.": {"logit": 9.0},
        "use the natural logarithm.": {"logit": math.log10(9)},
        "that is the middle of the three values; the best p is their mean.": {"best_p": 1.0},
        "that is the variance of the three values. The doubt is that of a coin, p (1 - p).": {"doubt": 0.08},
        "that is the standard deviation of the coin; the doubt is its variance.": {"doubt": 0.4},
        "four times p (1 - p) is what the figure shows, to use the whole scale.": {"doubt": 0.64},
    },
)


def _crowds(rng):
    def case(n, side):
        return rng.normal(size=2), rng.normal(size=(n, 2)), rng.normal(0, 0.7, (n, 2)), rng.random((n, side, side))

    return [case(2, 1), case(3, 1), case(12, 3)]


def _vote(log_q=lambda squared, v: -0.5 * (squared / np.exp(v) + v), add=np.sum, share=True):
    def vote(place, z_mean, z_log_var, x):
        weight = np.exp(add(log_q((place - z_mean) ** 2, z_log_var), axis=1))
        return np.tensordot(weight / weight.sum() if share else weight, x, axes=1)

    return vote


EXERCISES["3.2"] = Exercise(
    truth=_vote(),
    cases=_crowds,
    mistakes={
        "You divide the squared distance by the log-variance; the variance is exp(`z_log_var`).": (
            _vote(lambda squared, v: -0.5 * (squared / v + v))
        ),
        "You divide the squared distance by sigma; a Gaussian divides it by the variance.": (
            _vote(lambda squared, v: -0.5 * (squared / np.exp(v / 2) + v))
        ),
        "Blurred negatives vote too loudly: a density is divided by sigma, so `z_log_var` belongs into log q.": (
            _vote(lambda squared, v: -0.5 * squared / np.exp(v))
        ),
        "You forgot the half in front of the exponent of (2.1).": _vote(lambda squared, v: -(squared / np.exp(v) + v)),
        "The sign: scenes far from the place have the loudest vote.": (
            _vote(lambda squared, v: 0.5 * (squared / np.exp(v) + v))
        ),
        "The densities of independent latents multiply: sum log q over them, where you take the mean.": (
            _vote(add=np.mean)
        ),
        "You have the sum of the votes; divide by the sum of the weights.": _vote(share=False),
    },
)
