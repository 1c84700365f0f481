"""Answers of chapter 15. Spoilers."""

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["15.1"] = Exercise(
    truth={"units": 1.0, "units_seen": 1.25},
    labels={"units": "(a) units", "units_seen": "(b) units to be seen as 70"},
    mistakes={
        "ages run over 80 years, which are 2 units, not 1.": {"units": 0.5},
        "these are years; 40 of them are one unit.": {"units": 40.0},
        "that many units are *seen* if you ask for 1; here you want 1 to be seen.": {"units_seen": 0.8},
        "you added the missing share; divide by the share that arrives.": {"units_seen": 1.2},
    },
)


def _best(nats, entropy):
    best = np.sort(nats, axis=1)
    return (best[:, -1] - best[:, -2]) / entropy


EXERCISES["15.2"] = Exercise(
    truth=_best,
    cases=lambda rng: [
        (rng.uniform(size=(3, 4)), 2.0),
        (rng.uniform(size=(2, 5)), np.log(20)),
        (rng.uniform(size=(4, 3)), 1.5),
    ],
    mistakes={
        "You forgot to divide by the entropy.": lambda nats, entropy: _best(nats, 1.0),
        "One number for each factor: compare latents within a row, not factors within a column.": (
            lambda nats, entropy: _best(nats.T, entropy)
        ),
        "Take the best minus the second best, not the best alone.": lambda nats, entropy: nats.max(axis=1) / entropy,
        "Take the best minus the second best, not minus the least.": (
            lambda nats, entropy: (nats.max(axis=1) - nats.min(axis=1)) / entropy
        ),
        "The difference is the wrong way round.": lambda nats, entropy: -_best(nats, entropy),
    },
)
