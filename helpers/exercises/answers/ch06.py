"""Answers of chapter 6. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


def _fallen(share):
    return 0.01 + 0.99 * share  # of the peak; at the end a hundredth is left


EXERCISES["6.1"] = Exercise(
    truth={"steps": 9600, "peak": 480, "share": _fallen((1 + math.cos(0.75 * math.pi)) / 2)},
    labels={
        "steps": "steps of the whole run",
        "peak": "step of the highest rate",
        "share": "share of the peak that is left",
    },
    mistakes={
        "that is one epoch; there are 40.": {"steps": 240},
        "these are images; a step takes 250 of them.": {"steps": 60_000 * 40},
        "these are epochs; count steps.": {"peak": 2},
        "that is two batches of images; an epoch has 60,000 / 250 steps.": {"peak": 500},
        "that is the straight line; the cosine is below it in the second half.": {"share": _fallen(0.25)},
        "the cosine ends at a hundredth of the peak, not at 0.": {"share": (1 + math.cos(0.75 * math.pi)) / 2},
        "that is the rate; give its share of the peak.": {"share": 0.003 * _fallen((1 + math.cos(0.75 * math.pi)) / 2)},
    },
)


def _bills(rng):
    return [(*rng.uniform(60, 140, (2, n)), k) for n, k in ((3, 1), (4, 2), (30, 8))]


def _rank(cost, order=lambda cost, n: np.argsort(-cost)[:n]):
    return lambda reconstruction, kl, n: order(cost(reconstruction, kl), n)


EXERCISES["6.2"] = Exercise(
    truth=_rank(lambda r, kl: r + kl),
    cases=_bills,
    mistakes={
        "You forgot the KL term: the loss is reconstruction + KL.": _rank(lambda r, kl: r),
        "The sign: both terms are costs, and add up.": _rank(lambda r, kl: r - kl),
        "These have the lowest loss. `argsort` begins with the smallest.": _rank(lambda r, kl: -r - kl),
        "These are the right ones in the wrong order: the highest loss first.": (
            _rank(lambda r, kl: r + kl, lambda cost, n: np.argsort(cost)[-n:])
        ),
        "These are the costs. Return at which places they stand: their indices.": (
            _rank(lambda r, kl: r + kl, lambda cost, n: np.sort(cost)[::-1][:n])
        ),
        "That ranks all of them; return the first n.": _rank(lambda r, kl: r + kl, lambda cost, n: np.argsort(-cost)),
    },
)
