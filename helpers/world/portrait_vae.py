"""A darkroom for portraits in colour, and measures of what its codes know. Chapter 15 (Faces)."""

import keras
import numpy as np
from keras import layers, ops

from helpers.losses import kl_divergence
from helpers.models import VAE, StandardNormal


def widen(c):
    """Return 64 features of the told factors, (n, 64); where nothing is told, c as it is. Chapter 15 (Faces).

    Given as they are, three numbers went unheard among hundreds of features: in a trial the code went on holding the
    age, and new faces did not wear the glasses that were asked for.

    Args:
        c: a Keras tensor (n, told).
    """
    return layers.Dense(64, activation="silu")(c) if c.shape[-1] else c


def build_portrait_encoder(latent_dim, told=0):
    """Return the encoder of portraits: three convolutions and a dense layer. Chapter 15 (Faces).

    Args:
        latent_dim: size of z.
        told: how many numbers about the portrait the encoder is given; Sohn et al. (2015).

    Returns:
        A Keras model from [image (n, 48, 48, 3) in [0, 1], c (n, told)] to [z_mean, z_log_var], each (n, latent_dim).
    """
    image, c = keras.Input((48, 48, 3)), keras.Input((told,))
    h = layers.Rescaling(2, -1)(image)
    for channels, stride in ((64, 4), (96, 2), (128, 2)):  # to 12 x 12, 6 x 6, 3 x 3
        h = layers.Conv2D(channels, 4, stride, padding="same", activation="silu")(h)
    h = layers.Dense(192, activation="silu")(layers.concatenate([layers.Flatten()(h), widen(c)]))
    return keras.Model([image, c], [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])


def build_portrait_decoder(latent_dim, told=0):
    """Return the decoder of portraits, the encoder's mirror image. Chapter 15 (Faces).

    Args:
        latent_dim: size of z.
        told: how many numbers about the portrait the decoder is given; Sohn et al. (2015).

    Returns:
        A Keras model from [z (n, latent_dim), c (n, told)] to prints (n, 48, 48, 3) in [0, 1].
    """
    z, c = keras.Input((latent_dim,)), keras.Input((told,))
    h = layers.Dense(192, activation="silu")(layers.concatenate([z, widen(c)]))
    h = layers.Reshape((3, 3, 128))(layers.Dense(1152, activation="silu")(h))
    for channels in (96, 64):  # to 6 x 6, 12 x 12
        h = layers.Conv2DTranspose(channels, 4, 2, padding="same", activation="silu")(h)
    return keras.Model([z, c], layers.Conv2DTranspose(3, 4, 4, activation="sigmoid")(h))


class PortraitVAE(VAE):
    """A VAE of colour portraits that may be told some factors (a conditional VAE). Chapter 15 (Faces).

    Gaussian likelihood with a standard deviation of 0.1 for every value, its constant left out: nats above the best
    that this likelihood allows. Sohn et al. (2015), section 4, where the told factors are called x; our prior is
    N(0, I) whatever is told.

    Args:
        latent_dim: size of z.
        told: how many factors encoder and decoder are given.
        beta: weight of the KL term.
    """

    def __init__(self, latent_dim, told=0, beta=1.0, **kwargs):
        parts = build_portrait_encoder(latent_dim, told), build_portrait_decoder(latent_dim, told)
        super().__init__(*parts, beta, **kwargs)
        self.prior = StandardNormal(latent_dim)

    def call(self, inputs):
        image, c = inputs
        z_mean, z_log_var = self.encoder([image, c])
        return self.decoder([self.sampling([z_mean, z_log_var]), c]), z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        prints, z_mean, z_log_var = y_pred
        reconstruction = 50 * ops.sum(ops.square(x[0] - prints), axis=(1, 2, 3))
        kl = kl_divergence(z_mean, z_log_var)
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        return ops.mean(reconstruction + self.beta * kl)


def in_bins(values, bins=20):
    """Return which of `bins` equally full bins each value falls into, integers of shape (n,). Chapter 15 (Faces)."""
    return np.digitize(values, np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))


def mutual_information(a, b, bins=20):
    """Return what one list of numbers says about another, in nats. Chapter 15 (Faces).

    Counted in a table of `bins` times `bins` equally full bins, which is a little too high: by about
    (bins - 1)^2 / 2n nats for independent lists.

    Args:
        a, b: shape (n,).
        bins: bins of each.
    """
    joint = np.histogram2d(in_bins(a, bins), in_bins(b, bins), bins=bins)[0] / len(a)
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return np.sum(joint[joint > 0] * np.log(joint[joint > 0] / alone[joint > 0]))


def information_gap(codes, factors, bins=20):
    """Return the mutual information gap of every factor, in [0, 1]. Chapter 15 (Faces).

    Chen et al. (2018), section 4.1, with means as codes. Factors are in equally full bins, so that each has an
    entropy of log(bins).

    Args:
        codes: (n, latent_dim).
        factors: (n, factors).
        bins: bins of each.
    """
    nats = np.array([[mutual_information(z, v, bins) for z in codes.T] for v in factors.T])
    best = np.sort(nats, axis=1)
    return (best[:, -1] - best[:, -2]) / np.log(bins)
