"""Answers of chapter 12. Spoilers."""

import math

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["12.1"] = Exercise(
    truth={"nats": 0.5 * math.log(10), "code_variance": 0.1, "w_squared": 4.5},
    labels={"nats": "nats", "code_variance": "variance s² of a code", "w_squared": "w²"},
    mistakes={
        "the half in front of the logarithm is lost.": {"nats": math.log(10)},
        "these are bits; nats come from the natural logarithm.": {"nats": 0.5 * math.log2(10)},
        "upside down: the eigenvalue stands above the pixels' variance.": {"nats": -0.5 * math.log(10)},
        "that is the standard deviation s; its square is asked for.": {"code_variance": math.sqrt(0.1)},
        "that is the variance of a pixel; divide it by v.": {"code_variance": 0.5},
        "at the optimum v is the eigenvalue, so s² + a² times the eigenvalue is 1; this is the other part.": {
            "code_variance": 0.9
        },
        "that is v, which holds the variance of a pixel too.": {"w_squared": 5.0},
        "that is w; its square is asked for.": {"w_squared": math.sqrt(4.5)},
        "the other way: v is w² plus the variance of a pixel.": {"w_squared": 5.5},
    },
)


def _spectra(rng):
    return [
        (np.array([5.0, 3.0, 1.5, 0.5, 0.1]), d) for d in (2, 80, 200, 300, 1000)
    ] + [(np.sort(rng.uniform(1, 60, 60))[::-1], d) for d in (8, 15, 30, 60)]  # fmt: skip


def _kept(variance, most=lambda kept, latent_dim: min(kept, latent_dim), keep=lambda lam, limit: lam > limit):
    """Return a function that counts the eigenvalues above what a recipe takes for the variance of a pixel."""
    return lambda eigenvalues, latent_dim: most(int(np.sum(keep(eigenvalues, variance(latent_dim)))), latent_dim)


EXERCISES["12.2"] = Exercise(
    truth=_kept(lambda d: 784 / (2 * d)),
    cases=_spectra,
    mistakes={
        "You forgot the half: squared errors stand over 2 sigma².": _kept(lambda d: 784 / d),
        "A factor of two too many below: sigma² is 784 / (2 d).": _kept(lambda d: 784 / (4 * d)),
        "An eigenvalue is a variance: compare it with sigma², not with sigma.": _kept(
            lambda d: math.sqrt(784 / (2 * d))
        ),
        "Upside down: more latents make sigma² smaller, not larger.": _kept(lambda d: 2 * d / 784),
        "That is the variance for sums over the latents; the guide divides the KL term by their number too.": _kept(
            lambda d: 784 / 2
        ),
        "That is the variance for two sums; the guide takes means.": _kept(lambda d: 0.5),
        "No more latents can be kept than there are.": _kept(lambda d: 784 / (2 * d), most=lambda kept, d: kept),
        "Those are the ones that die.": _kept(lambda d: 784 / (2 * d), keep=lambda lam, limit: lam <= limit),
    },
)
