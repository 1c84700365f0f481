"""The two terms of the VAE's loss, in nats an image. Chapter 5 (The loss terms) derives them."""

import math

from keras import ops


def bernoulli_reconstruction(x, logits):
    """Negative log-likelihood of images under independent Bernoulli pixels, in nats.

    Chapter 5. Equals the binary cross-entropy of x and sigmoid(logits), summed over the pixels;
    written with softplus so that no logarithm of zero can appear. For grey x it is a
    cross-entropy and not a likelihood of the grey levels (its floor is their entropy).

    Args:
        x: images in [0, 1], shape (n, 28, 28).
        logits: decoder outputs, shape (n, 28, 28).

    Returns:
        Nats of each image, shape (n,).
    """
    return ops.sum(ops.softplus(logits) - x * logits, axis=(1, 2))


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
