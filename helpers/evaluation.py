"""How good a model is, in nats per image, on digits it was not trained on.

Chapter 6 (Training) begins with the ELBO and its margin; chapter 8 (How good is it?) derives the rest:
importance-weighted bounds for any number of latents, and the exact likelihood for latents in the plane.
Every function takes a model with `.encoder`, `.decoder` and `.prior`, see `helpers.weights.load_vae`.
"""

import keras
import numpy as np
from keras import ops

from helpers.losses import bernoulli_reconstruction, kl_divergence


def evaluate_elbo(vae, x, seed=0, batch_size=500):
    """Return both terms of the negative ELBO for every image, with one draw of z each.

    Chapter 6 (Training). Bernoulli reconstruction and KL divergence, both summed, in nats.

    Args:
        vae: a model with `.encoder` and `.decoder`, see `helpers.weights.load_vae`.
        x: images in [0, 1], shape (n, 28, 28).
        seed: seed of the noise.
        batch_size: images at a time.

    Returns:
        (reconstruction, kl): NumPy arrays of shape (n,); their sum is -ELBO.
    """
    noise = keras.random.SeedGenerator(seed)
    reconstruction, kl = [], []
    for first in range(0, len(x), batch_size):
        batch = x[first : first + batch_size]
        z_mean, z_log_var = vae.encoder(batch)
        epsilon = keras.random.normal(ops.shape(z_mean), seed=noise)
        logits = vae.decoder(z_mean + ops.exp(0.5 * z_log_var) * epsilon)
        reconstruction.append(bernoulli_reconstruction(batch, logits))
        kl.append(kl_divergence(z_mean, z_log_var))
    return ops.convert_to_numpy(ops.concatenate(reconstruction)), ops.convert_to_numpy(ops.concatenate(kl))


def mean_and_margin(values):
    """Return the mean of `values` (n,) and the half width of its 95 % confidence interval.

    Chapter 6 (Training). The margin covers which images happened to be drawn for the test set.
    """
    values = np.asarray(values, "float64")
    return values.mean(), 1.96 * values.std(ddof=1) / np.sqrt(len(values))


def log_weights(vae, x, samples, noise, reconstruction=bernoulli_reconstruction):
    """Return log p(x|z) + log p(z) - log q(z|x) for draws z of q(z|x). Chapter 8 (How good is it?).

    Burda, Grosse & Salakhutdinov (2016), section 3.

    Args:
        vae: a model with any prior.
        x: images in [0, 1], shape (n, 28, 28).
        samples: draws for each image.
        noise: a `keras.random.SeedGenerator`.
        reconstruction: the likelihood: nats of images under what the decoder returned, see `helpers.losses`.

    Returns:
        Nats, shape (samples, n); their mean over the draws estimates the ELBO.
    """
    z_mean, z_log_var = vae.encoder(x)
    epsilon = keras.random.normal((samples, *z_mean.shape), seed=noise)
    z = ops.reshape(z_mean + ops.exp(0.5 * z_log_var) * epsilon, (-1, z_mean.shape[1]))
    log_q = -0.5 * ops.sum(ops.square(epsilon) + np.log(2 * np.pi) + z_log_var, axis=2)
    log_p = vae.prior.log_prob(z) - reconstruction(ops.tile(x, (samples, 1, 1)), vae.decoder(z))
    return ops.reshape(log_p, (samples, -1)) - log_q


def importance_bound(vae, x, samples, seed=0, reconstruction=bernoulli_reconstruction, rows=10_000):
    """Return the importance-weighted bound on log p(x) of every image, and its standard error. Chapter 8.

    Burda, Grosse & Salakhutdinov (2016), equation 8: the logarithm of the mean weight. In expectation a
    lower bound that rises with `samples`; with 1 it is an estimate of the ELBO. The error is that of the
    random draws, to first order (the delta method); it leaves out the bound's distance from log p(x), and it
    is too small where the encoder is narrower than the posterior or misses it: on `darkroom-2d` with 200 draws,
    about three quarters of the exact values lie within 1.96 errors (chapter 8 measures it).

    Args:
        vae: a model with any prior.
        x: images in [0, 1], shape (n, 28, 28).
        samples: draws of z for each image.
        seed: seed of the draws.
        reconstruction: the likelihood, as for `log_weights`.
        rows: codes decoded at a time; 10,000 stay well within 1 GB.

    Returns:
        (bound, error): NumPy arrays of shape (n,), nats; the error is NaN if `samples` is 1.

    Raises:
        ValueError: `samples` or `rows` is below 1.
    """
    if samples < 1 or rows < 1:
        raise ValueError(f"samples and rows must be 1 or more, but were {samples} and {rows}.")
    noise, images, bounds, errors = keras.random.SeedGenerator(seed), max(1, rows // samples), [], []
    for first in range(0, len(x), images):
        total = square = -np.inf  # log of the sum of the weights, and of their squares
        for done in range(0, samples, rows):
            draws = min(rows, samples - done)
            log_w = log_weights(vae, x[first : first + images], draws, noise, reconstruction)
            log_w = ops.convert_to_numpy(log_w).astype("float64")
            total = np.logaddexp(total, np.logaddexp.reduce(log_w))
            square = np.logaddexp(square, np.logaddexp.reduce(2 * log_w))
        bounds.append(total - np.log(samples))
        spread = np.maximum(np.exp(square - 2 * total) * samples - 1, 0)  # variance of the weights / mean^2
        errors.append(np.sqrt(spread / (samples - 1)) if samples > 1 else np.full(len(total), np.nan))
    return np.concatenate(bounds), np.concatenate(errors)


def rate_distortion(vae, x, samples=1, seed=0, batch_size=500):
    """Return rate and distortion of every image; their sum is -ELBO. Chapter 8 (How good is it?).

    Alemi et al. (2018). The rate is E_q[log q(z|x) - log p(z)], estimated from the same draws as the
    distortion E_q[-log p(x|z)], so that the prior may be any; Bernoulli pixels.

    Args:
        vae: a model with any prior.
        x: images in [0, 1], shape (n, 28, 28).
        samples: draws of z for each image, averaged.
        seed: seed of the draws.
        batch_size: images at a time.

    Returns:
        (rate, distortion): NumPy arrays of shape (n,), nats.
    """
    noise, rates, distortions = keras.random.SeedGenerator(seed), [], []
    for first in range(0, len(x), batch_size):
        batch = x[first : first + batch_size]
        z_mean, z_log_var = vae.encoder(batch)
        rate = distortion = 0.0
        for _ in range(samples):
            epsilon = keras.random.normal(ops.shape(z_mean), seed=noise)
            z = z_mean + ops.exp(0.5 * z_log_var) * epsilon
            log_q = -0.5 * ops.sum(ops.square(epsilon) + np.log(2 * np.pi) + z_log_var, axis=1)
            rate += (log_q - vae.prior.log_prob(z)) / samples
            distortion += bernoulli_reconstruction(batch, vae.decoder(z)) / samples
        rates.append(ops.convert_to_numpy(rate))
        distortions.append(ops.convert_to_numpy(distortion))
    return np.concatenate(rates), np.concatenate(distortions)


def active_units(vae, x, threshold=0.01):
    """Return which latents are in use: the mean moves with the image. Chapter 8 (How good is it?).

    Burda, Grosse & Salakhutdinov (2016), section 5: the variance of z_mean over the images exceeds 0.01.

    Returns:
        Booleans, shape (latent_dim,).
    """
    means = [ops.convert_to_numpy(vae.encoder(x[first : first + 500])[0]) for first in range(0, len(x), 500)]
    return np.concatenate(means).var(axis=0) > threshold


def latent_grid(half_width=6.0, points=301):
    """Return the codes of a square grid in the plane, and the area that each stands for. Chapter 8.

    Returns:
        (codes, area): shape (points^2, 2), the largest z[1] first, as a picture is printed; and a number.
    """
    axis, step = np.linspace(-half_width, half_width, points, dtype="float32", retstep=True)
    right, up = np.meshgrid(axis, axis[::-1])
    return np.stack([right.ravel(), up.ravel()], axis=1), step**2


def grid_log_joint(vae, x, codes):
    """Return log p(x, z) of every image at every code, in nats. Chapter 8 (How good is it?).

    Bernoulli pixels. Neither the softplus terms nor the prior depend on the image, so one matrix product
    does all pairs.

    Args:
        vae: a model with any prior.
        x: images in [0, 1], shape (n, 28, 28).
        codes: shape (m, latent_dim).

    Returns:
        Tensor of shape (n, m).
    """
    logits = ops.reshape(vae.decoder(codes), (len(codes), -1))
    per_code = vae.prior.log_prob(codes) - ops.sum(ops.softplus(logits), axis=1)
    return ops.reshape(x, (len(x), -1)) @ ops.transpose(logits) + per_code


def exact_log_likelihood(vae, x, half_width=6.0, points=601, batch_size=5000):
    """Return log p(x) by a sum over a grid of codes, and KL(q(z|x) || p(z|x)) on the same grid. Chapter 8.

    For grey images it is a lower bound on the average of log p over the black-and-white images that their
    pixels give as coins (Jensen's inequality).

    The grid has to be wider than the prior and finer than the posteriors: double `half_width`, double
    `points`, and see that the answer stays.

    Args:
        vae: a model with latents in the plane.
        x: images in [0, 1], shape (n, 28, 28); up to about a thousand at a time.
        half_width, points: the grid, as for `latent_grid`.
        batch_size: codes at a time.

    Returns:
        (log_p, gap): NumPy arrays of shape (n,), nats.

    Raises:
        ValueError: the latents do not lie in a plane.
    """
    if vae.decoder.input_shape[-1] != 2:
        raise ValueError("A grid sum needs latents in the plane (latent_dim=2). Use importance_bound for more.")
    z_mean, z_log_var = vae.encoder(x)
    codes, area = latent_grid(half_width, points)
    log_p, excess, mass = -np.inf, 0.0, 0.0
    for first in range(0, len(codes), batch_size):
        z = codes[first : first + batch_size]
        joint = np.log(area) + grid_log_joint(vae, x, z)
        log_q = np.log(area) + 0.0
        for axis in range(2):
            mean, log_var = z_mean[:, axis, None], z_log_var[:, axis, None]
            log_q -= 0.5 * (ops.square(z[:, axis] - mean) * ops.exp(-log_var) + log_var + np.log(2 * np.pi))
        log_p = np.logaddexp(log_p, ops.convert_to_numpy(ops.logsumexp(joint, axis=1)))
        excess += ops.convert_to_numpy(ops.sum(ops.exp(log_q) * (log_q - joint), axis=1))
        mass += ops.convert_to_numpy(ops.sum(ops.exp(log_q), axis=1))
    return log_p, excess + mass * log_p
