"""How good a model is, in nats an image, on digits it was not trained on. Chapter 6 (Training)."""

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
