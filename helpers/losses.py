"""The two terms of the VAE's loss, in nats an image, and what other recipes for it mean.

Chapter 5 (The loss terms) derives the terms, chapter 9 (One protocol) the translation.
"""

import math
from typing import NamedTuple

from keras import ops


def bernoulli_reconstruction(x, logits):
    """Negative log-likelihood of images under independent Bernoulli pixels, in nats.

    Chapter 5. Equals the binary cross-entropy of x and sigmoid(logits), summed over the pixels;
    written with softplus so that no logarithm of zero can appear, and with exp(-|logit|) so that
    nothing overflows. For grey x it is a cross-entropy and not a likelihood of the grey levels
    (its floor is their entropy).

    Args:
        x: images in [0, 1], shape (n, 28, 28).
        logits: decoder outputs, shape (n, 28, 28).

    Returns:
        Nats of each image, shape (n,).
    """
    size = ops.abs(logits)  # ops.softplus gives the same, but XLA compiles its log1p to slow code
    softplus = (size + logits) / 2 + ops.log(1 + ops.exp(-size))  # the slope at 0 is exactly one half
    return ops.sum(softplus - x * logits, axis=(1, 2))


def gaussian_reconstruction(x, x_hat, sigma=1.0):
    """Negative log-likelihood of images under Gaussian pixels of one standard deviation, in nats.

    Chapter 5. The squared error over 2 sigma^2, and a constant: a density, so it can be negative.

    Args:
        x: images, shape (n, 28, 28).
        x_hat: predicted pixel means, shape (n, 28, 28).
        sigma: standard deviation of a pixel, above 0.

    Returns:
        Nats of each image, shape (n,).
    """
    squared_error = ops.sum(ops.square(x - x_hat), axis=(1, 2))
    pixels = x.shape[1] * x.shape[2]
    return squared_error / (2 * sigma**2) + pixels * math.log(sigma * math.sqrt(2 * math.pi))


def kl_divergence(z_mean, z_log_var):
    """KL(q(z|x) || p(z)) of a diagonal Gaussian from the standard normal, in nats.

    Chapter 5; Kingma & Welling (2014), appendix B, with the opposite sign.

    Args:
        z_mean: means, shape (n, latent_dim).
        z_log_var: logarithms of the variances, shape (n, latent_dim).

    Returns:
        Nats of each image, shape (n,); never negative.
    """
    per_latent = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
    return ops.sum(per_latent, axis=1)


class Objective(NamedTuple):
    """What a loss means: reconstruction nats under `likelihood`, plus `beta` KL. Chapter 9 (One protocol).

    `sigma_squared` is the variance of a Gaussian pixel, None for Bernoulli pixels.
    """

    likelihood: str
    sigma_squared: float | None
    beta: float


def translate_loss(error, pixels="sum", latents="sum", n_pixels=784, latent_dim=2, pixel_weight=1.0, kl_weight=1.0):
    """Return the objective that a published recipe minimises. Chapter 9 (One protocol).

    A recipe is a weight times the sum or mean of an error over the pixels, plus a weight times the sum or
    mean of the KL term over the latents. A common factor changes nothing, so only the ratio counts. For
    squared error, sigma squared and beta enter by their product alone; it is reported as sigma squared,
    with beta 1.

    Args:
        error: "bce" (binary cross-entropy) or "mse" (squared error, without a factor 1/2).
        pixels, latents: "sum" or "mean", over the pixels and over the latents of an image.
        n_pixels: numbers in an image, colours counted.
        latent_dim: size of z.
        pixel_weight, kl_weight: further factors in front of the two terms.

    Returns:
        An `Objective`.

    Raises:
        ValueError: an argument is none of these.
    """
    allowed = {
        "error": (error, ("bce", "mse")),
        "pixels": (pixels, ("sum", "mean")),
        "latents": (latents, ("sum", "mean")),
    }
    for name, (value, choices) in allowed.items():
        if value not in choices:
            raise ValueError(f"{name} must be {choices[0]!r} or {choices[1]!r}, but was {value!r}.")
    for name, value in {"n_pixels": n_pixels, "latent_dim": latent_dim}.items():
        if not (value >= 1 and value % 1 == 0):
            raise ValueError(f"{name} must be a whole number of at least 1, but was {value!r}.")
    for name, value in {"pixel_weight": pixel_weight, "kl_weight": kl_weight}.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be above 0 and finite, but was {value!r}: a VAE needs both terms.")
    a = pixel_weight / (n_pixels if pixels == "mean" else 1)  # the factor in front of the sum over the pixels
    b = kl_weight / (latent_dim if latents == "mean" else 1)  # and in front of the KL term
    if error == "bce":
        return Objective("Bernoulli", None, b / a)
    return Objective("Gaussian", b / (2 * a), 1.0)
