"""A flow-matching model on the codes of a VAE. Chapter 17 (Art)."""

import keras
import numpy as np
from keras import layers, ops


def build_velocity(latent_dim, width=256, blocks=3):
    """Return a network that tells the direction of a walk. Chapter 17 (Art).

    Args:
        latent_dim: size of z.
        width: units of each hidden layer.
        blocks: residual blocks.

    Returns:
        A Keras model from [z (n, latent_dim), t (n, 1) in [0, 1], label (n, 11) one-hot, the last for "no label"] to
        directions (n, latent_dim).
    """
    z, t, label = keras.Input((latent_dim,)), keras.Input((1,)), keras.Input((11,))
    waves = [wave(np.pi * k * t) for k in (0.5, 1, 2, 4) for wave in (ops.sin, ops.cos)]
    told = layers.Dense(width)(layers.concatenate([*waves, label]))
    h = layers.Dense(width)(z)
    for _ in range(blocks):
        inner = layers.Dense(width, activation="silu")(layers.add([h, told]))
        h = layers.add([h, layers.Dense(width)(inner)])
    return keras.Model([z, t, label], layers.Dense(latent_dim, kernel_initializer="zeros")(h))


def flow_pairs(z_mean, z_log_var, labels, n, rng):
    """Draw training pairs of flow matching. Chapter 17 (Art); Lipman et al. (2023), with straight lines.

    Args:
        z_mean, z_log_var: what the encoder says of m images, (m, latent_dim).
        labels: digits, (m,).
        n: pairs to draw.
        rng: NumPy generator.

    Returns:
        ([z_t, t, label], z_1 - z_0), float32, shapes as in `build_velocity`.
    """
    i = rng.integers(0, len(z_mean), n)
    z1 = z_mean[i] + np.exp(z_log_var[i] / 2) * rng.normal(size=(n, z_mean.shape[1]))
    z0, t = rng.normal(size=z1.shape), rng.uniform(size=(n, 1))
    label = np.eye(11)[np.where(rng.uniform(size=n) < 0.1, 10, labels[i])]
    inputs = [part.astype("float32") for part in ((1 - t) * z0 + t * z1, t, label)]
    return inputs, (z1 - z0).astype("float32")


def train_velocity(z_mean, z_log_var, labels, steps, rng, width=256, batch_size=500):
    """Train `build_velocity` on the codes of images. Chapter 17 (Art).

    Args:
        z_mean, z_log_var: what the encoder says of m images, (m, latent_dim).
        labels: digits, (m,).
        steps: gradient steps.
        rng: NumPy generator of the pairs.
        width: units of each hidden layer.
        batch_size: pairs a step.

    Returns:
        The trained model.
    """
    model = build_velocity(z_mean.shape[1], width)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.995), loss="mse")
    inputs, target = flow_pairs(z_mean, z_log_var, labels, steps * batch_size, rng)
    model.fit(inputs, target, batch_size=batch_size, verbose=0)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return model


def follow(velocity, z, labels, guidance=1.0, start=0.0, steps=10):
    """Follow a velocity from `start` to time 1 with Heun's steps. Chapter 17 (Art).

    Guidance as in Ho & Salimans (2022); there w + 1 stands for ours.

    Args:
        velocity: see `build_velocity`.
        z: where to begin, (n, latent_dim); noise for start = 0.
        labels: digits asked for, (n,), or 10 for none.
        guidance: 0 follows no label, 1 the label, more exaggerates.
        start: time in [0, 1].
        steps: Heun steps.

    Returns:
        Codes, (n, latent_dim), float32.
    """
    z, n = np.asarray(z, "float32"), len(z)
    told, untold = np.eye(11, dtype="float32")[labels], np.eye(11, dtype="float32")[[10] * n]

    def direction(z, t):
        time = np.full((n, 1), t, "float32")
        free = velocity.predict_on_batch([z, time, untold])
        return free + guidance * (velocity.predict_on_batch([z, time, told]) - free)

    times = np.linspace(start, 1, steps + 1, dtype="float32")
    for k in range(steps):
        now, then = times[k : k + 2]
        first = direction(z, now)
        second = direction(z + (then - now) * first, then)
        z = z + (then - now) * (first + second) / 2
    return z
