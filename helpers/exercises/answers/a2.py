"""Answers of appendix A2. Spoilers."""

import math

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["A2.1"] = Exercise(
    truth={"density": 2 / math.sqrt(2 * math.pi)},
    labels={"density": "density of b at 0"},
    mistakes={
        "that is the density of b'. The interval around 0 is half as long for b, so its density is higher.": {
            "density": 1 / math.sqrt(2 * math.pi)
        },
        "the wrong way: b has half the standard deviation of b', so its density is higher at 0, not lower.": {
            "density": 0.5 / math.sqrt(2 * math.pi)
        },
        "that is the logarithm of the density; take exp of it.": {"density": math.log(2 / math.sqrt(2 * math.pi))},
        "you divided by 2 pi; in one dimension its root stands below.": {"density": 2 / (2 * math.pi)},
        "that is the factor alone; multiply by the standard normal density at 0.": {"density": 2.0},
    },
)
