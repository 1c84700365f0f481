"""Answers of chapter 4. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["4.1"] = Exercise(
    truth={"pathwise_variance": 0, "score_mean": 1, "score_variance": 902, "baseline": 3, "left_by_baseline": 2},
    labels={
        "pathwise_variance": "variance of the pathwise estimate",
        "score_mean": "mean of the score-function estimate",
        "score_variance": "variance of the score-function estimate",
        "baseline": "natural baseline",
        "left_by_baseline": "variance that the baseline leaves",
    },
    mistakes={
        "that is the variance of z. Its slope by mu is 1 for every draw.": {"pathwise_variance": 0.01},
        "the score alone has mean 0; f times the score has not.": {"score_mean": 0},
        "that is the mean of f. You are asked for its slope by mu.": {"score_mean": 3},
        "the square of epsilon varies too: add its variance.": {"score_variance": 900},
        "the variance of the square of epsilon is 3 - 1 = 2: fourth moment less the square of the mean.": {
            "score_variance": 901
        },
        "the mean of the fourth power is 3, but for a variance the square of the mean goes off.": {
            "score_variance": 903
        },
        "that is the standard deviation.": {"score_variance": math.sqrt(902)},
        "a variance goes with the square of the factor: mu / sigma has to be squared.": {"score_variance": 3 / 0.1 + 2},
        "that is the slope; a baseline is subtracted from f.": {"baseline": 1},
        "that leaves everything as it is: subtract the mean of f.": {"baseline": 0},
        "the baseline takes mu epsilon / sigma away. The square of epsilon stays, and varies.": {"left_by_baseline": 0},
        "you subtracted too little: with the baseline mu, no mu is left.": {"left_by_baseline": 902},
    },
)


EXERCISES["4.2"] = Exercise(
    truth=lambda d: 2 + d / 2,
    cases=lambda rng: [(2,), (8,), (32,)],
    rtol=0.1,  # the answer may be a measurement from draws
    mistakes={
        "Upside down: the question asks how much larger the score function's variance is.": lambda d: 1 / (2 + d / 2),
        "That is the ratio of the standard deviations; square it.": lambda d: math.sqrt(2 + d / 2),
        "You forgot the half in f.": lambda d: 4 * (2 + d / 2),
        "f is half the sum over the latents; you took half their mean.": lambda d: (2 + d / 2) / d**2,
        "That is without a baseline: subtract the mean of f, d / 2.": lambda d: (15 + 6 * (d - 1) + d**2 - 1) / 4,
        "That is the variance of f. The estimate is f, less the baseline, times the score.": lambda d: d / 2,
    },
)


def _many_draws(layer, low, high):
    """Return of 100,000 draws the mean, the standard deviation, the ends, and their mean slopes by low and high."""
    import tensorflow as tf

    ends = [tf.fill((100_000, 1), tf.constant(end, "float32")) for end in (low, high)]
    with tf.GradientTape() as tape:
        tape.watch(ends)
        z = tf.convert_to_tensor(layer(ends))
    slopes = [math.nan if slope is None else np.mean(slope) for slope in tape.gradient(z, ends)]
    return [np.mean(z), np.std(z), *np.quantile(z, [0.001, 0.999]), *slopes]


def _between(draw):
    def layer(ends):
        import keras

        low, high = ends
        return draw(low, high, keras.random.uniform(low.shape, seed=1), keras.random.normal(low.shape, seed=1))

    return layer


EXERCISES["4.3"] = Exercise(
    truth=_between(lambda low, high, u, e: low + (high - low) * u),
    cases=lambda rng: [(0.0, 1.0), (2.0, 5.0)],
    ask=_many_draws,
    gives="mean, standard deviation, lowest, highest, slope by low and slope by high of the draws are",
    rtol=0.01,
    atol=0.04,
    mistakes={
        "The draws are right and no slope passes: draw standard noise with `keras.random` and do arithmetic with it.": (
            _between(lambda low, high, u, e: np.random.default_rng(0).uniform(low, high))
        ),
        "That noise is normal, and has no ends. Draw it uniformly between 0 and 1.": (
            _between(lambda low, high, u, e: low + (high - low) * e)
        ),
        "That is a normal draw around `low`, with `high` taken for sigma.": _between(
            lambda low, high, u, e: low + high * e
        ),
        "With noise of 1 you should arrive at `high`: stretch the noise by the width, high - low.": (
            _between(lambda low, high, u, e: low + high * u)
        ),
        "The noise is stretched, and not shifted: with noise of 0 you should be at `low`.": (
            _between(lambda low, high, u, e: (high - low) * u)
        ),
    },
)
