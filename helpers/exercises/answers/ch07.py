"""Answers of chapter 7. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["7.1"] = Exercise(
    truth={"straight": math.sqrt(8), "spherical": 4, "angle": 120},
    labels={
        "straight": "length of the straight midpoint",
        "spherical": "of the spherical one",
        "angle": "angle in degrees",
    },
    mistakes={
        "that is the length of a + b; the midpoint is half of it.": {"straight": math.sqrt(32)},
        "that is half of one code; half of a + b is longer: square, add, take the root.": {"straight": 2.0},
        "the codes stand at right angles, so a + b is shorter than 4 + 4.": {"straight": 4.0},
        "that is the straight one; the arc keeps the length.": {"spherical": math.sqrt(8)},
        "that is in radians; give degrees.": {"angle": 2 * math.pi / 3},
        "that is the half of it: in the right triangle stands half the angle.": {"angle": 60},
        "at a right angle the midpoint keeps 0.71 of the length; wider.": {"angle": 90},
    },
)


def _lengths(rng):
    return [(rng.normal(size=(n, d)), length) for n, d, length in ((1, 2, 1.5), (2, 2, 1.5), (6, 4, 0.7))]


def _norm(codes, axis=1):
    return np.sqrt(np.sum(codes**2, axis=axis, keepdims=True))


EXERCISES["7.2"] = Exercise(
    truth=lambda codes, length: codes * length / _norm(codes),
    cases=_lengths,
    mistakes={
        "The norm runs along the wrong axis: one for each code, over its latents (axis 1).": (
            lambda codes, length: codes * length / _norm(codes, axis=0)
        ),
        "That is one norm for the whole array. Give `axis=1` and `keepdims=True`.": (
            lambda codes, length: codes * length / _norm(codes, axis=None)
        ),
        "You shrink all codes by one factor, so their lengths still differ.": (
            lambda codes, length: codes * length / _norm(codes).mean()
        ),
        "Divide by the length that each code has now.": lambda codes, length: codes * length,
        "You divide by the square of the norm: take the root.": lambda codes, length: (
            codes * length / _norm(codes) ** 2
        ),
        "The length is 1 now; multiply by the one that is asked for.": lambda codes, length: codes / _norm(codes),
    },
)
