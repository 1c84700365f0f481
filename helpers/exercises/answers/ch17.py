"""Answers of chapter 17. Spoilers."""

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["17.1"] = Exercise(
    truth={"factor": 48.0},
    mistakes={
        "you counted the area only; the picture has 3 channels and the latents 4.": {"factor": 64.0},
        "you divided the sides only; count all numbers of both.": {"factor": 8.0},
        "that is the share that is left; the question was by what factor there are fewer.": {"factor": 1 / 48},
    },
)

EXERCISES["17.2"] = Exercise(
    truth=lambda told, free, weight: free + weight * (told - free),
    cases=lambda rng: [
        (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), 0.5),
        (rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), 3.0),
    ],
    mistakes={
        "At weight 1 the result has to be the direction with the label; yours starts from there.": (
            lambda told, free, weight: told + weight * (told - free)
        ),
        "The difference points from the direction without the label to the one with it; yours is the other way.": (
            lambda told, free, weight: free + weight * (free - told)
        ),
        "You forgot the weight.": lambda told, free, weight: told,
    },
)
