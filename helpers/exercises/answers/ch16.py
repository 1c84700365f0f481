"""Answers of chapter 16. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["16.1"] = Exercise(
    truth={"even": math.log(27), "half": math.log(2), "nothing_common": math.log(2)},
    labels={"even": "nats, all alike", "half": "nats, one half", "nothing_common": "divergence"},
    mistakes={
        "these are bits; nats come from the natural logarithm.": {"even": math.log2(27)},
        "that is the probability of a token; its cost is minus the logarithm.": {"even": 1 / 27},
        "the sign: a cost is minus the logarithm of a probability.": {"even": -math.log(27)},
        "only the probability of the right token counts, not how the rest is shared.": {
            "half": math.log(2) + math.log(26) / 2
        },
        "this is the probability; take minus its logarithm.": {"half": 0.5},
        "both KLs are log 2, and the mean of two equal numbers is that number.": {"nothing_common": math.log(2) / 2},
        "nothing in common is the largest distance, not the smallest.": {"nothing_common": 0.0},
    },
)


def _softmax(logits, axis=-1):
    odds = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return odds / odds.sum(axis=axis, keepdims=True)


EXERCISES["16.2"] = Exercise(
    truth=lambda logits, temperature: _softmax(logits / temperature),
    cases=lambda rng: [
        (rng.normal(size=(1, 2, 3)), 0.5),
        (rng.normal(size=(2, 4, 5)), 2.0),
        (rng.normal(size=(2, 3, 27)), 1.5),
    ],
    mistakes={
        "The temperature divides the logits; you multiply by it.": lambda logits, temperature: _softmax(
            logits * temperature
        ),
        "You forgot the temperature.": lambda logits, temperature: _softmax(logits),
        "The shares have to add up to 1 over the tokens, the last axis; yours do over the steps.": (
            lambda logits, temperature: _softmax(logits / temperature, axis=1)
        ),
        "Divide by the sum over the tokens, so that the shares add up to 1.": lambda logits, temperature: np.exp(
            logits / temperature
        ),
        "Each token got a probability of its own, as a pixel does; 27 of them have to share 1.": (
            lambda logits, temperature: 1 / (1 + np.exp(-logits / temperature))
        ),
        "Those are logarithms of probabilities: leave the last logarithm out.": lambda logits, temperature: np.log(
            _softmax(logits / temperature)
        ),
    },
)
