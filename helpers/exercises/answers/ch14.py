"""Answers of chapter 14. Spoilers."""

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["14.1"] = Exercise(
    truth={"kl": 5, "listing_3": -10, "listing_4": -0.25},
    labels={"kl": "KL", "listing_3": "listing 3", "listing_4": "listing 4"},
    mistakes={
        "you forgot the half in front.": {"kl": 10},
        "upside down: no KL divergence is negative.": {"kl": -5},
        "that is the mean over the latents; sum them.": {"kl": 2.5},
        "square first, then sum; you squared the sum.": {"kl": 2},
        "listing 3 has lost the factor of minus one half.": {"listing_3": 5},
        "its minus is lost, and that turns the sign.": {"listing_3": 10},
        "sum over the latents; this is their mean.": {"listing_3": -5},
        "the factor of -0.5 stands in front.": {"listing_4": 0.5},
        "there is a second half, inside the bracket.": {"listing_4": -0.5},
        "listing 4 takes the mean of the latents first, then squares it.": {"listing_4": -1.25},
    },
)


def _museum_loss(square=lambda error: error**2, pixels=np.sum, kl=None, latents=np.sum, join=lambda a, b: a + b):
    if kl is None:
        kl = lambda m, v: -0.5 * (1 + v - m**2 - np.exp(v))  # noqa: E731
    return lambda x, x_hat, z_mean, z_log_var: join(
        pixels(square(x - x_hat), axis=1), latents(kl(z_mean, z_log_var), axis=1)
    )


def _prints(rng):
    def case(n, pixels, d):
        return rng.random((n, pixels)), rng.random((n, pixels)), rng.normal(size=(n, d)), rng.normal(size=(n, d))

    return [case(1, 2, 2), case(2, 3, 2), case(5, 9, 3)]


EXERCISES["14.2"] = Exercise(
    truth=_museum_loss(),
    cases=_prints,
    mistakes={
        "Sum over the pixels; you take their mean (exhibit 7).": _museum_loss(pixels=np.mean),
        "Sum over the latents; you take their mean (exhibit 7).": _museum_loss(latents=np.mean),
        "Two means. Both terms are sums (exhibit 7).": _museum_loss(pixels=np.mean, latents=np.mean),
        "The KL has no factor of minus one half: it is upside down, and twice its size (exhibit 5).": (
            _museum_loss(kl=lambda m, v: 1 + v - m**2 - np.exp(v))
        ),
        "The KL is upside down (exhibit 5).": _museum_loss(kl=lambda m, v: 0.5 * (1 + v - m**2 - np.exp(v))),
        "The half in front of the KL is lost.": _museum_loss(kl=lambda m, v: -(1 + v - m**2 - np.exp(v))),
        "The square of the mean is lost: as printed, listing 3 has no `z_mean` in it (exhibit 4).": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - np.exp(v)))
        ),
        "You take `z_mean` where its square belongs.": _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m - np.exp(v))),
        "You take exp of half the log-variance, which is sigma; the variance belongs there.": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m**2 - np.exp(v / 2)))
        ),
        "Square the mean of each latent, then sum; you square their mean (exhibit 11).": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m.mean(axis=1, keepdims=True) ** 2 - np.exp(v)))
        ),
        "One number for each image: you averaged over the batch as well.": (
            _museum_loss(join=lambda a, b: np.mean(a + b))
        ),
        "One number for each image: you summed over the batch as well.": _museum_loss(join=lambda a, b: np.sum(a + b)),
        "The errors of the pixels have to be squared before they are added up.": _museum_loss(square=np.abs),
    },
)
