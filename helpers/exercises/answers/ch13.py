"""Answers of chapter 13. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["13.1"] = Exercise(
    truth={"slope": -3, "variance": 361 / 3, "best_baseline": 4.75, "left": 0},
    labels={
        "slope": "slope",
        "variance": "variance",
        "best_baseline": "best baseline",
        "left": "variance that it leaves",
    },
    mistakes={
        "the sign: more of p means more of f(1), which is the smaller.": {"slope": 3},
        "that is the mean of f; you are asked for its slope by p.": {"slope": 6.25},
        "the score alone has mean 0; f times the score has not.": {"slope": 0},
        "that is the mean of the square; take the square of the mean off.": {
            "variance": 16**2 / 4 + (28 / 3) ** 2 * 0.75
        },
        "that is the standard deviation.": {"variance": math.sqrt(361 / 3)},
        "that is the variance of f itself; multiply f by the score first.": {"variance": 9 * 3 / 16},
        "you forgot to weigh the two squares by their probabilities.": {"variance": 16**2 + (28 / 3) ** 2 - 9},
        "that is the mean of f: a good baseline, and not the best.": {"best_baseline": 6.25},
        "that is halfway between the two; the rarer draw has the larger score and counts more.": {"best_baseline": 5.5},
        "that is what the mean of f leaves.": {"left": 12},
        "that is what halfway between the two leaves.": {"left": 3},
        "that is the mean of the square, 9; the square of the mean goes off.": {"left": 9},
    },
)


def _losses_and_scores(rng):
    z, wide = rng.normal(1, 0.5, 50), rng.normal(size=200)
    return [
        (np.array([1.0, 4.0]), np.array([-1.0, 2.0])),
        (z**2, 4 * (z - 1)),
        (150 + 5 * wide**2 + 3 * wide, 3 * wide),
    ]


EXERCISES["13.2"] = Exercise(
    truth=lambda f, score: np.mean(f * score**2) / np.mean(score**2),
    cases=_losses_and_scores,
    mistakes={
        "That is the mean of f: every draw counts the same, and a draw with a large score should count more.": (
            lambda f, score: np.mean(f)
        ),
        "Weigh by the square of the score, not by the score.": (lambda f, score: np.mean(f * score) / np.mean(score)),
        "Weigh by the square of the score, not by its size.": (
            lambda f, score: np.mean(f * np.abs(score)) / np.mean(np.abs(score))
        ),
        "You divide by the mean of the score where that of its square belongs.": (
            lambda f, score: np.mean(f * score**2) / np.mean(score)
        ),
        "Divide by the mean of the squared score: the weights have to add up to 1.": (
            lambda f, score: np.mean(f * score**2)
        ),
        "The loss enters once: the square belongs to the score alone.": (
            lambda f, score: np.mean((f * score) ** 2) / np.mean(score**2)
        ),
        "Upside down: the mean that has f in it stands above.": (
            lambda f, score: np.mean(score**2) / np.mean(f * score**2)
        ),
        "One draw of f is not multiplied by the mean of its weight: multiply first, then take the mean.": (
            lambda f, score: np.mean(f) * np.mean(score**2)
        ),
        "That is the slope itself, the mean of f times the score; find the baseline.": (
            lambda f, score: np.mean(f * score)
        ),
        "That is f on score by least squares, a slope: the square belongs to the score above as well.": (
            lambda f, score: np.mean(f * score) / np.mean(score**2)
        ),
    },
)
