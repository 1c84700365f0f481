"""Answers of chapter 5. Spoilers."""

import math

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["5.1"] = Exercise(
    truth={"best_p": 0.3, "smallest_loss": -0.3 * math.log(0.3) - 0.7 * math.log(0.7), "best_sigma": 0.2},
    labels={"best_p": "best p", "smallest_loss": "smallest value of (5.1)", "best_sigma": "best sigma"},
    mistakes={
        "that is black for sure, and a loss without limit for the white part.": {"best_p": 0.0},
        "of a grey pixel the loss never reaches 0: put p = x into (5.1).": {"smallest_loss": 0.0},
        "you forgot the second term, (1 - x) log(1 - p).": {"smallest_loss": -0.3 * math.log(0.3)},
        "the sign: a loss is minus the logarithm.": {"smallest_loss": 0.3 * math.log(0.3) + 0.7 * math.log(0.7)},
        "these are bits; nats come from the natural logarithm.": {
            "smallest_loss": -0.3 * math.log2(0.3) - 0.7 * math.log2(0.7)
        },
        "that is sigma squared: take the root.": {"best_sigma": 0.04},
        "a half is lost: the derivative of m / (2 sigma²) is -m / sigma³.": {"best_sigma": math.sqrt(0.02)},
        "a half too many: in (5.2), m stands over 2 sigma².": {"best_sigma": math.sqrt(0.08)},
    },
)

EXERCISES["5.2"] = Exercise(
    truth=lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_kl / (2 * weight_of_squares)),
    cases=lambda rng: [(1.0, 1.0), (1 / 784, 1 / 2), tuple(rng.uniform(1, 3, 2))],
    mistakes={
        "That is sigma squared: take the root.": (
            lambda weight_of_squares, weight_of_kl: weight_of_kl / (2 * weight_of_squares)
        ),
        "You forgot the half: (5.2) divides the squared error by 2 sigma².": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_kl / weight_of_squares)
        ),
        "The half stands on the wrong side: solve a = 1 / (2 sigma²) for sigma.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(2 * weight_of_kl / weight_of_squares)
        ),
        "Upside down: a large weight on the squares means a small sigma.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_squares / (2 * weight_of_kl))
        ),
        "Divide the whole loss by the weight of the KL term first, so that this term has weight 1.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(1 / (2 * weight_of_squares))
        ),
        "The precision is 1 / sigma, and you have that.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(2 * weight_of_squares / weight_of_kl)
        ),
    },
)
