"""Answers of chapter 2. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["2.1"] = Exercise(
    truth={"z_mean": 0.0, "sigma": math.exp(-1), "light": -math.log(0.1), "possible": "no"},
    choices={"possible": ("yes", "no")},
    labels={"z_mean": "`z_mean`", "light": "light for sigma = 0.1", "possible": "can a scene have it?"},
    atol=0.005,
    mistakes={
        "two pixels, each from 0 to 1, hold at most 2 units of light.": {"possible": "yes"},
        "the mean head subtracts left from right.": {"z_mean": 1.0},
        "that is the variance, exp(`z_log_var`): you forgot the half.": {"sigma": math.exp(-2)},
        "that is `z_log_var`; sigma is exp of half of it.": {"sigma": -2.0},
        "that is `z_log_var` for sigma = 0.1; each unit of light takes 2 from it.": {"light": -2 * math.log(0.1)},
        "the half is lost: for sigma = 0.1, `z_log_var` is log 0.01, not log 0.1.": {"light": -math.log(0.1) / 2},
        "the sign: light makes `z_log_var` smaller, not larger.": {"light": math.log(0.1)},
    },
)


def _codes(rng):
    return [(*rng.normal(size=(2, n, d)), rng.normal(-1, 1.5, (n, d))) for n, d in ((1, 1), (1, 2), (5, 2))]


EXERCISES["2.2"] = Exercise(
    truth=lambda before, after, z_log_var: np.abs(after - before) / np.exp(z_log_var / 2),
    cases=_codes,
    mistakes={
        "You divide by the variance: exp(`z_log_var`) is the square of sigma. You forgot the half.": (
            lambda before, after, z_log_var: np.abs(after - before) / np.exp(z_log_var)
        ),
        "You take `z_log_var` for sigma; it is the logarithm of sigma squared.": (
            lambda before, after, z_log_var: np.abs(after - before) / z_log_var
        ),
        "The square root of a log-variance is no sigma: exp comes first.": (
            lambda before, after, z_log_var: np.abs(after - before) / np.sqrt(z_log_var)
        ),
        "The size of a move has no sign: take the absolute value.": (
            lambda before, after, z_log_var: (after - before) / np.exp(z_log_var / 2)
        ),
        "Divide by sigma: how many of them fit into the move?": (
            lambda before, after, z_log_var: np.abs(after - before) * np.exp(z_log_var / 2)
        ),
        "You summed over the latents; the question asks for each axis by itself.": (
            lambda before, after, z_log_var: np.sqrt(np.sum((after - before) ** 2 / np.exp(z_log_var), axis=1))
        ),
    },
)
