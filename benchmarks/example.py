"""The configuration of the VAE example on the site of Keras, written from its description.

Convolutions of 32 and 64 filters with stride 2, a dense layer of 16, two latents; back through a dense layer and
transposed convolutions of 64, 32 and 1 filters. Batches of 128, a `train_step` of its own, Adam as it is.
"""

import types

import keras
from keras import layers, ops

from helpers.losses import kl_divergence
from helpers.models import Sampling

BATCH_SIZE, EPOCHS = 128, 30


def convolutional_encoder(latent_dim=2):
    """Return a model from images (n, 28, 28, 1) to [z_mean, z_log_var, z]."""
    image = keras.Input((28, 28, 1))
    h = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(image)
    h = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(h)
    h = layers.Dense(16, activation="relu")(layers.Flatten()(h))
    z_mean, z_log_var = layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)
    return keras.Model(image, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])


def convolutional_decoder(latent_dim=2):
    """Return a model from z (n, latent_dim) to pixels (n, 28, 28, 1), the sigmoid of the layer `logits`."""
    z = keras.Input((latent_dim,))
    h = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(z))
    h = layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu")(h)
    h = layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu")(h)
    logits = layers.Conv2DTranspose(1, 3, padding="same", name="logits")(h)
    return keras.Model(z, layers.Activation("sigmoid")(logits))


class Example(keras.Model):
    """A VAE on the binary cross-entropy and the KL term, summed over pixels and latents."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.reconstruction_nats = keras.metrics.Mean(name="reconstruction")
        self.kl_nats = keras.metrics.Mean(name="kl")

    def call(self, x):
        z_mean, z_log_var, z = self.encoder(x)
        return self.decoder(z), z_mean, z_log_var

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        pixels, z_mean, z_log_var = y_pred
        reconstruction = ops.mean(ops.sum(keras.losses.binary_crossentropy(x, pixels), axis=(1, 2)))
        kl = ops.mean(kl_divergence(z_mean, z_log_var))
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        return reconstruction + kl


class TapedExample(Example):
    """The same with a `train_step` that takes the gradients itself, as TensorFlow allows."""

    def __init__(self, encoder, decoder):
        super().__init__(encoder, decoder)
        self.loss_nats = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_nats, self.reconstruction_nats, self.kl_nats]

    def train_step(self, data):
        import tensorflow as tf

        x = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y_pred=self(x))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        self.loss_nats.update_state(loss)
        return {metric.name: metric.result() for metric in self.metrics}


def build_example():
    """Return the example's model, compiled as it is there."""
    kind = TapedExample if keras.backend.backend() == "tensorflow" else Example
    vae = kind(convolutional_encoder(), convolutional_decoder())
    vae.compile(keras.optimizers.Adam())
    return vae


def as_judged(vae):
    """Return the example's model in the form that `helpers.evaluation` takes: images without channel, logits."""
    logits = keras.Model(vae.decoder.inputs, layers.Reshape((28, 28))(vae.decoder.get_layer("logits").output))
    return types.SimpleNamespace(encoder=lambda x: vae.encoder(x[..., None])[:2], decoder=logits)
