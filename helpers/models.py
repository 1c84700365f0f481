"""Encoder, decoder, sampling, prior and VAE, as the chapters build them."""

import math

import keras
from keras import layers, ops

from helpers.losses import bernoulli_reconstruction, kl_divergence


def build_encoder(latent_dim=2, width=192, depth=2):
    """Return the encoder: images to the mean and log-variance of q(z|x). Chapter 2 (The encoder).

    A residual multilayer perceptron with SiLU units.

    Args:
        latent_dim: size of z.
        width: units of each hidden layer.
        depth: residual blocks after the first layer.

    Returns:
        A Keras model from images (n, 28, 28) to [z_mean, z_log_var], each (n, latent_dim).
    """
    image = keras.Input((28, 28), name="image")
    h = layers.Dense(width, activation="silu")(layers.Flatten()(image))
    for _ in range(depth):
        h = layers.add([h, layers.Dense(width, activation="silu")(h)])
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(h)
    return keras.Model(image, [z_mean, z_log_var], name="encoder")


def build_decoder(latent_dim=2, width=192, depth=2):
    """Return the decoder: codes to the logits of every pixel. Chapter 3 (The decoder).

    Args:
        latent_dim: size of z.
        width: units of each hidden layer.
        depth: residual blocks after the first layer.

    Returns:
        A Keras model from z (n, latent_dim) to logits (n, 28, 28).
    """
    z = keras.Input((latent_dim,), name="z")
    h = layers.Dense(width, activation="silu")(z)
    for _ in range(depth):
        h = layers.add([h, layers.Dense(width, activation="silu")(h)])
    logits = layers.Reshape((28, 28), name="logits")(layers.Dense(28 * 28)(h))
    return keras.Model(z, logits, name="decoder")


@keras.saving.register_keras_serializable(package="darkroom")
class Sampling(layers.Layer):
    """Draw z = z_mean + sigma * epsilon, with epsilon from N(0, I). Chapter 4 (Reparameterization).

    Kingma & Welling (2014), section 2.4. Takes [z_mean, z_log_var], each (n, latent_dim), and
    returns z (n, latent_dim).

    Args:
        seed: seed of the layer's own noise; saved with the layer.
    """

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class StandardNormal:
    """The prior p(z) = N(0, I): the archive's filing rule. Chapter 5 (The loss terms).

    Args:
        latent_dim: size of z.
    """

    def __init__(self, latent_dim):
        self.latent_dim = latent_dim

    def sample(self, n, seed):
        """Return n codes, shape (n, latent_dim); the same seed gives the same codes."""
        return keras.random.normal((n, self.latent_dim), seed=seed)

    def log_prob(self, z):
        """Return log p(z) in nats, shape (n,), for z (n, latent_dim)."""
        return -0.5 * ops.sum(ops.square(z) + math.log(2 * math.pi), axis=1)


@keras.saving.register_keras_serializable(package="darkroom")
class VAE(keras.Model):
    """Encoder, sampling and decoder, trained on the negative ELBO. Chapter 6 (Training).

    Kingma & Welling (2014), equation 10 with one sample of z. The loss is a mean over the batch
    of sums over pixels and latents, in nats an image.

    Args:
        encoder: model from images (n, 28, 28) to [z_mean, z_log_var].
        decoder: model from z (n, latent_dim) to logits (n, 28, 28).
        beta: weight of the KL term; 1 is the ELBO (Higgins et al., 2017).
        seed: seed of the noise.
    """

    def __init__(self, encoder, decoder, beta=1.0, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.beta, self.seed = encoder, decoder, beta, seed
        self.sampling = Sampling(seed)
        self.prior = StandardNormal(decoder.input_shape[-1])
        self.reconstruction_nats = keras.metrics.Mean(name="reconstruction")
        self.kl_nats = keras.metrics.Mean(name="kl")

    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        z = self.sampling([z_mean, z_log_var])
        return self.decoder(z), z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        logits, z_mean, z_log_var = y_pred  # what call returned
        reconstruction = bernoulli_reconstruction(x, logits)
        kl = kl_divergence(z_mean, z_log_var)
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        return ops.mean(reconstruction + self.beta * kl)

    def get_config(self):
        config = {"encoder": self.encoder, "decoder": self.decoder}
        config = {name: keras.saving.serialize_keras_object(part) for name, part in config.items()}
        return {**super().get_config(), **config, "beta": self.beta, "seed": self.seed}

    @classmethod
    def from_config(cls, config):
        for name in ("encoder", "decoder"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)
