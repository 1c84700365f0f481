"""Answers of chapter 1. Spoilers."""

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["1.1"] = Exercise(
    truth={"bits_of_negative": 8 * 32, "bits_of_scene": 784 * 8, "factor": 784 * 8 / (8 * 32)},
    labels={"bits_of_negative": "bits of a negative", "bits_of_scene": "bits of the scene", "factor": "factor"},
    mistakes={
        "these are bytes; a float has 32 bits.": {"bits_of_negative": 8 * 4},
        "what is filed is one draw, eight numbers, not `z_mean` and `z_log_var`.": {"bits_of_negative": 16 * 32},
        "these are bytes, or pixels; each has 8 bits.": {"bits_of_scene": 784},
        "a pixel of the scene takes 8 bits, not 32.": {"bits_of_scene": 784 * 32},
        "this divides counts of numbers; divide bits by bits.": {"factor": 784 / 8},
        "upside down: how many times as large is the scene?": {"factor": 8 * 32 / (784 * 8)},
    },
)


def _square(rows=slice(8, 20), colour=1.0, ground=0.0):
    image = np.full((1, 28, 28), ground)
    image[:, rows, rows] = colour
    return image


EXERCISES["1.2"] = Exercise(
    truth=_square(),
    mistakes={
        "The networks take batches, so one image has shape (1, 28, 28).": _square()[0],
        "Pixels go from 0 (black) to 1 (white), not to 255.": _square(colour=255.0),
        "That is a black square on white.": _square(colour=0.0, ground=1.0),
        "One row and column short: the end of a slice is left out, so 8 to 19 is `8:20`.": _square(slice(8, 19)),
        "A row and a column too many: the end of a slice is left out, so 8 to 19 is `8:20`.": _square(slice(8, 21)),
    },
)
