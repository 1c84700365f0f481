"""The bench's VAE by Keras's operations: one model in float64, and many trained side by side."""

import keras
import numpy as np
import tensorflow as tf
from bench_files import PIXELS, shapes, unpacked
from keras import ops

from helpers.losses import bernoulli_reconstruction, kl_divergence

SHEET = (-1, 14, 14)


def forward(tensors, x, epsilon):
    """Return output, z_mean, z_log_var; with a leading axis of models if tensors, x and noise have one."""

    def affine(h, name):
        return ops.matmul(h, tensors[f"{name}Kernel"]) + tensors[f"{name}Bias"]

    hidden = ops.silu(affine(x, "encoder"))
    z_mean, z_log_var = affine(hidden, "zMean"), affine(hidden, "zLogVar")
    z = z_mean + ops.exp(0.5 * z_log_var) * epsilon
    return affine(ops.silu(affine(z, "decoder")), "output"), z_mean, z_log_var


class Model:
    """One model in float64, for gradients."""

    def __init__(self, theta, width, latents):
        tensors = unpacked(theta, width, latents)
        self.of = {name: keras.Variable(value, dtype="float64") for name, value in tensors.items()}

    def terms(self, x, epsilon, likelihood):
        """Return reconstruction and KL of each image."""
        x, epsilon = (ops.convert_to_tensor(part, "float64") for part in (x, epsilon))
        output, z_mean, z_log_var = forward(self.of, x, epsilon)
        if likelihood == "bernoulli":
            reconstruction = bernoulli_reconstruction(ops.reshape(x, SHEET), ops.reshape(output, SHEET))
        else:
            log_sigma = self.of["logSigma"]
            squares = ops.sum(ops.square((x - output) * ops.exp(-log_sigma)), axis=1)
            reconstruction = 0.5 * squares + PIXELS * (log_sigma + 0.5 * np.log(2 * np.pi))
        return reconstruction, kl_divergence(z_mean, z_log_var)


def train_side_by_side(runs, latents, judged, images, trained, width=64, batch=50, rate=0.01):
    """Train models that differ in their seed and the weights of their loss; all at once, each as if it were alone.

    Initial weights are Keras's, shuffles and noise are a run's own, and Adam is Keras's: it goes weight by weight.

    Args:
        runs: a dict for each: seed, beta, share (of the reconstruction term), noise (1, or 0 for z = z_mean).
        judged: numbers of epochs after which they are judged; the largest ends the training.
        images: all digits, shape (n, 14, 14), of which the first `trained` are to train on.

    Returns:
        Reconstruction and KL in nats of a held-out image, one draw of noise each: a dict from a number of epochs to two
        arrays of shape (runs,).
    """
    share, beta, noise = (tf.constant([[run[name]] for run in runs], tf.float32) for name in ("share", "beta", "noise"))
    digits = tf.constant(images.reshape(-1, PIXELS))
    glorot = keras.initializers.GlorotUniform
    variables = {}
    for i, (name, shape) in enumerate(shapes(width, latents)[:-1]):
        single = [glorot(1000 * run["seed"] + i)(shape) if len(shape) == 2 else np.zeros((1, *shape)) for run in runs]
        variables[name] = keras.Variable(np.stack(single), dtype="float32")
    order = tf.Variable(tf.zeros((len(runs), trained), tf.int32))
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(list(variables.values()))

    def terms(x, seed):
        epsilon = noise[:, None] * tf.random.stateless_normal((len(runs), x.shape[1], latents), seed)
        output, z_mean, z_log_var = forward(variables, x, epsilon)
        reconstruction = bernoulli_reconstruction(ops.reshape(x, SHEET), ops.reshape(output, SHEET))
        kl = kl_divergence(ops.reshape(z_mean, (-1, latents)), ops.reshape(z_log_var, (-1, latents)))
        return [ops.reshape(part, (len(runs), -1)) for part in (reconstruction, kl)]

    @tf.function(autograph=False, jit_compile=True)
    def train(epoch):
        def step(i):
            rows = tf.slice(order, [0, i * batch], [len(runs), batch])
            with tf.GradientTape() as tape:
                reconstruction, kl = terms(tf.gather(digits, rows), tf.stack([epoch, i]))
                loss = ops.sum(ops.mean(share * reconstruction + beta * kl, axis=1))
            optimizer.apply(tape.gradient(loss, [each.value for each in variables.values()]), variables.values())
            return [i + 1]

        tf.while_loop(lambda i: i < trained // batch, step, [0])

    @tf.function(autograph=False, jit_compile=True)
    def judge():
        held = tf.repeat(digits[None, trained:], len(runs), axis=0)
        return [tf.reduce_mean(part, axis=1) for part in terms(held, [max(judged), 0])]

    found = {}
    for epoch in range(max(judged)):
        order.assign([np.random.default_rng([run["seed"], epoch]).permutation(trained) for run in runs])
        train(tf.constant(epoch))
        if epoch + 1 in judged:
            found[epoch + 1] = [np.array(part, "float64") for part in judge()]
    return found
