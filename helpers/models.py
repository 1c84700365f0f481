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


@keras.saving.register_keras_serializable(package="darkroom")
class NoisyInputVAE(VAE):
    """A VAE that sees one version of an image, x, and prints another, y. Appendix A2 (Larger prints).

    Trained with `train(..., binarise="input")`. Without y it is the VAE of chapter 6.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x if y is None else y, y_pred=y_pred)


@keras.saving.register_keras_serializable(package="darkroom")
class FlowPrior(layers.Layer):
    """A learned prior: the standard normal, bent by invertible steps. Appendix A2 (Larger prints).

    Each step (a coupling layer; Dinh et al., 2017) shifts and scales one half of the code by amounts that
    depend on the other half, then swaps the halves; so both directions and the change of volume are cheap.

    Args:
        latent_dim: size of z, even.
        steps: coupling layers.
        width: hidden units of each.
    """

    def __init__(self, latent_dim, steps=6, width=128, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim, self.width = latent_dim, width
        self.couplings = [self.build_coupling() for _ in range(steps)]
        self.base = StandardNormal(latent_dim)
        self.built = True

    def build_coupling(self):
        half = keras.Input((self.latent_dim // 2,))
        h = layers.Dense(self.width, activation="silu")(half)
        h = layers.add([h, layers.Dense(self.width, activation="silu")(h)])
        return keras.Model(half, layers.Dense(self.latent_dim, kernel_initializer="zeros")(h))

    def shift_and_log_scale(self, coupling, half):
        shift, log_scale = ops.split(coupling(half), 2, axis=1)
        return shift, 2 * ops.tanh(log_scale / 2)  # a factor between exp(-2) and exp(2)

    def log_prob(self, z):
        """Return log p(z) in nats, shape (n,), for z (n, latent_dim)."""
        log_volume = 0.0
        for coupling in self.couplings:
            kept, changed = ops.split(z, 2, axis=1)
            shift, log_scale = self.shift_and_log_scale(coupling, kept)
            z = ops.concatenate([changed * ops.exp(log_scale) + shift, kept], axis=1)
            log_volume += ops.sum(log_scale, axis=1)
        return self.base.log_prob(z) + log_volume

    def sample(self, n, seed):
        """Return n codes, shape (n, latent_dim); the same seed gives the same codes."""
        z = self.base.sample(n, seed)
        for coupling in reversed(self.couplings):  # log_prob's way back
            changed, kept = ops.split(z, 2, axis=1)
            shift, log_scale = self.shift_and_log_scale(coupling, kept)
            z = ops.concatenate([kept, (changed - shift) * ops.exp(-log_scale)], axis=1)
        return z


@keras.saving.register_keras_serializable(package="darkroom")
class LearnedPriorVAE(VAE):
    """A VAE whose prior is trained with it. Appendix A2 (Larger prints).

    With `samples` above 1, the loss is the importance-weighted bound (Burda et al., 2016, equation 8).

    Args:
        encoder, decoder: as for `VAE`.
        prior: a layer with `log_prob` and `sample`, such as `FlowPrior`.
        samples: draws of z for each image and step.
        seed: seed of the noise.
    """

    def __init__(self, encoder, decoder, prior, samples=1, seed=0, **kwargs):
        super().__init__(encoder, decoder, seed=seed, **kwargs)
        self.prior, self.samples = prior, samples

    def call(self, x):
        z_mean, z_log_var = (ops.tile(part, (self.samples, 1)) for part in self.encoder(x))
        z = self.sampling([z_mean, z_log_var])
        return self.decoder(z), z, z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        logits, z, z_mean, z_log_var = y_pred  # what call returned
        squared = ops.square(z - z_mean) * ops.exp(-z_log_var)
        log_q = -0.5 * ops.sum(squared + z_log_var + math.log(2 * math.pi), axis=1)
        kl = log_q - self.prior.log_prob(z)
        reconstruction = bernoulli_reconstruction(ops.tile(x, (self.samples, 1, 1)), logits)
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        log_w = ops.reshape(-reconstruction - kl, (self.samples, -1))
        return ops.mean(math.log(self.samples) - ops.logsumexp(log_w, axis=0))

    def get_config(self):
        prior = keras.saving.serialize_keras_object(self.prior)
        return {**super().get_config(), "prior": prior, "samples": self.samples}

    @classmethod
    def from_config(cls, config):
        config.pop("beta")
        for name in ("encoder", "decoder", "prior"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)
