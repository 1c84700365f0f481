"""What the workers do: trainings that are held between segments, the bound, and tasks that are done once."""

import platform
import time

import keras
import numpy as np
from keras import ops

from benchmarks import quality
from benchmarks.example import BATCH_SIZE, build_example
from helpers.data import load_mnist
from helpers.device import start, training_settings
from helpers.evaluation import evaluate_elbo, importance_bound
from helpers.latent import quantile_grid
from helpers.losses import kl_divergence
from helpers.machine import find_device
from helpers.models import VAE, build_decoder, build_encoder
from helpers.speed import product_steps, training_flops
from helpers.training import ShuffledImages, train, warmup_cosine
from helpers.weights import load_vae
from tools.recording.keep import versions

FOREVER = 10**9  # epochs; the pace ends the run


class Paced(keras.callbacks.Callback):
    """Reports the images of every call of the backend to a `Pace`, or those of every epoch."""

    def __init__(self, pace, images, batch_size, whole_epochs=False):
        super().__init__()
        self.pace, self.images, self.batch_size, self.whole_epochs = pace, images, batch_size, whole_epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.done = 0

    def on_train_batch_end(self, batch, logs=None):
        if self.whole_epochs:
            return
        if self.pace.due():
            float(logs["loss"])  # a backend that works ahead has to finish first
        done = min((batch + 1) * self.batch_size, self.images)
        self.pace.count(done - self.done)
        self.done = done

    def on_epoch_end(self, epoch, logs=None):
        if self.whole_epochs:
            self.pace.count(self.images)


def chapter_6_optimizer(steps, epochs=40, average=False):
    """Return chapter 6's optimiser, its schedule scaled to so many epochs; with an average of the weights if wanted."""
    return keras.optimizers.Adam(warmup_cosine(epochs * steps, epochs * steps * 2 // 40), use_ema=average)


class SoftplusVAE(VAE):
    """A VAE whose reconstruction term is written with `ops.softplus`: the same numbers."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        logits, z_mean, z_log_var = y_pred
        reconstruction = ops.sum(ops.softplus(logits) - x * logits, axis=(1, 2))
        kl = kl_divergence(z_mean, z_log_var)
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        return ops.mean(reconstruction + self.beta * kl)


class IndexedVAE(VAE):
    """A VAE that holds the images in its graph and is fed with their row numbers (TensorFlow only)."""

    def train_step(self, rows):
        import tensorflow as tf

        return super().train_step((tf.gather(self.images, rows),))


def row_numbers(images, batch_size):
    """Return the row numbers of shuffled batches as a dataset (TensorFlow only)."""
    import tensorflow as tf

    def shuffled(epoch):
        rows = tf.random.shuffle(tf.range(images))
        return tf.data.Dataset.from_tensor_slices(rows).batch(batch_size)

    return tf.data.Dataset.range(1).flat_map(shuffled).prefetch(2)


def build_parts(network, dtype):
    """Return encoder and decoder that compute with a dtype policy and put out float32."""
    keras.config.set_dtype_policy(dtype)
    parts = [build_encoder(**network), build_decoder(**network)]
    keras.config.set_dtype_policy("float32")
    if dtype == "float32":
        return parts
    wide = keras.layers.Activation("linear", dtype="float32")
    return [keras.Model(part.input, keras.tree.map_structure(wide, part.output)) for part in parts]


def ours(pace, batch_size=250, data="train", dtype="float32", images=60_000, network=None, validation=False,
         whole_epochs=False, average=False, kind="book", **settings):  # fmt: skip
    """Train darkroom-2d as chapter 6 does, or with one thing changed.

    Args:
        pace: the worker's `Pace`.
        batch_size: images a step.
        data: "train" as in the chapter; or `fit`, a step at a time, with rows "gathered" by TensorFlow, with "slices"
            cut in Python, with an "array", or with row numbers and the images in the "graph".
        dtype: Keras's dtype policy for encoder and decoder.
        images: size of the training set.
        network: arguments of `build_encoder` and `build_decoder`.
        validation: whether to evaluate the test digits after each epoch, as the chapter does.
        whole_epochs: whether to count whole epochs only.
        average: whether Adam keeps an average of the weights.
        kind: "softplus" for `SoftplusVAE`.
        settings: arguments of `compile` in place of those of `training_settings`.
    """
    start()
    (x_train, _), (x_test, _) = load_mnist()
    x_train = x_train[:images]
    kind = IndexedVAE if data == "graph" else {"softplus": SoftplusVAE}.get(kind, VAE)
    vae = kind(*build_parts(network or {}, dtype))
    vae.compile(chapter_6_optimizer(images // batch_size, average=average), **{**training_settings(), **settings})
    callbacks = [Paced(pace, images, batch_size, whole_epochs)]
    if data == "train":
        held_out = x_test if validation else None
        train(vae, x_train, FOREVER, batch_size, validation=held_out, callbacks=callbacks, show=False)
        return
    if data == "graph":
        vae(x_train[:1])
        vae.images = ops.convert_to_tensor(x_train)
    slices = ShuffledImages(x_train, batch_size, seed=0)
    given = {"array": lambda: x_train, "slices": lambda: slices, "gathered": slices.for_fit}
    given = given[data]() if data in given else row_numbers(images, batch_size)
    size = batch_size if data == "array" else None
    vae.fit(given, batch_size=size, epochs=FOREVER, shuffle=data == "array", callbacks=callbacks, verbose=0)


def plain(pace, batch_size=32):
    """Train the same network with `fit` and `compile` as they are: an array, batches of 32, no settings."""
    start()
    (x_train, _), _ = load_mnist()
    vae = VAE(build_encoder(), build_decoder())
    vae.compile(keras.optimizers.Adam())
    vae.fit(
        x_train, batch_size=batch_size, epochs=FOREVER, callbacks=[Paced(pace, len(x_train), batch_size)], verbose=0
    )


def example(pace):
    """Train the configuration of the Keras example, on the training digits only."""
    start()
    (x_train, _), _ = load_mnist()
    callbacks = [Paced(pace, len(x_train), BATCH_SIZE)]
    build_example().fit(x_train[..., None], batch_size=BATCH_SIZE, epochs=FOREVER, callbacks=callbacks, verbose=0)


def bound(pace, library, batch_size=250):
    """Do the matrix products of `ours` alone, with a library of `helpers.speed.product_steps`."""
    start()
    step = product_steps(VAE(build_encoder(), build_decoder()), batch_size)[library]
    while True:
        step()
        pace.count(batch_size)


def machine(pace):
    """Return what the figures belong to: the machine and the versions."""
    start()
    device = find_device()
    return {
        "device": device.name,
        "kind": device.kind,
        "units": device.count,
        "memory_gib": device.memory_gib and round(device.memory_gib, 1),
        "system": platform.system(),
        "backend": device.backend,
        "versions": versions(),
        "parameters": sum(np.prod(w.shape) for m in (build_encoder(), build_decoder()) for w in m.weights).item(),
        "flops_an_image": training_flops(VAE(build_encoder(), build_decoder())),
    }


def seconds(work, repetitions=1):
    """Return the median time of some work, which is done once before."""
    work()
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def decoding(pace, side=30, calls=900):
    """Decode a plane of side x side codes in one call, and by as many calls of `predict` (or some of them)."""
    start()
    decoder, codes = load_vae("darkroom-2d").decoder, quantile_grid(side).reshape(-1, 2).astype("float32")

    def one_by_one():
        for code in codes[:calls]:
            decoder.predict(code[None], verbose=0)

    decoder.predict(codes[:1], verbose=0)  # compiles
    started = time.perf_counter()
    one_by_one()
    many = (time.perf_counter() - started) * len(codes) / len(codes[:calls])
    one = seconds(lambda: ops.convert_to_numpy(ops.sigmoid(decoder(codes))), repetitions=5)
    return {"codes": len(codes), "one_call_s": one, "predict_calls_s": many, "calls_timed": len(codes[:calls])}


def evaluation(pace, images=10_000, samples=500, sampled_images=100):
    """Return how many images a second the evaluator takes, and how many importance samples."""
    start()
    vae, (_, (x_test, _)) = load_vae("darkroom-2d"), load_mnist()
    elbo = seconds(lambda: evaluate_elbo(vae, x_test[:images]), repetitions=3)
    weights = seconds(lambda: importance_bound(vae, x_test[:sampled_images], samples), repetitions=3)
    return {
        "elbo_images_per_second": images / elbo,
        "importance_samples_per_second": samples * sampled_images / weights,
    }


TRAININGS = (ours, plain, example, bound, quality.train_example, quality.train_ours)
CONFIGURATIONS = {each.__name__: each for each in (*TRAININGS, machine, decoding, evaluation)}  # of a Pace and options
