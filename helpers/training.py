"""Long training runs that show progress, survive interruption and repeat exactly.

Chapter 6 (Training) uses `train`; the appendix "Your machine" explains how it resumes.
"""

import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

from helpers.blocks import several_steps
from helpers.checkpoint import Checkpoint, identity
from helpers.data import binarise as binarised
from helpers.data import check_images
from helpers.progress import LiveTable

ORDER = ("loss", "reconstruction", "kl", "val_loss", "val_reconstruction", "val_kl")  # columns of the progress table


def train(
    vae,
    x,
    epochs,
    batch_size=250,
    seed=0,
    validation=None,
    checkpoint=None,
    callbacks=(),
    show=True,
    binarise=None,
):
    """Call `fit` so that the run can be repeated, watched, interrupted and resumed.

    Shuffle and noise of an epoch depend on (seed, epoch) alone, so a resumed run continues
    exactly where an uninterrupted one would be.

    Args:
        vae: a compiled model with a method `compute_loss` that needs images only.
        x: training images, shape (n, 28, 28), in [0, 1].
        epochs: epochs in all, those of an interrupted run included.
        batch_size: images a step; the last step of an epoch takes what is left.
        seed: seed of shuffle and noise.
        validation: images to evaluate after each epoch, or None.
        checkpoint: file to write before the first epoch and after every epoch, and to resume
            from if it exists; or None.
        callbacks: further Keras callbacks; one with `get_state` and `set_state` (dicts of
            arrays) is kept in the checkpoint too.
        show: whether to display progress.
        binarise: None, or throw every grey pixel afresh in every epoch, as a coin that is 1 with its
            grey as probability: "all" for what the model sees and has to print, "input" for what it
            sees only (the grey images are then its y).

    Returns:
        A dict: a list with one float an epoch for each metric, and "seconds".

    Raises:
        ValueError: unusable images or settings, or a checkpoint of another run.
        FloatingPointError: the loss became NaN or infinite; the last checkpoint stays.
    """
    x = check_images(x, "train")
    validation = None if validation is None else check_images(validation, "train (validation)")
    _check_settings(vae, len(x), epochs, batch_size, seed, callbacks, binarise)
    data = ShuffledImages(x, batch_size, seed, binarise)
    record = _Record(vae, data, epochs, seed, show)
    callbacks = [record, *callbacks]
    if checkpoint is not None:
        vae(x[:1])  # builds every layer, so that no weight is left out
        run = identity(vae, x, batch_size, seed) | {"binarise": binarise}
        saver = Checkpoint(Path(checkpoint), run, record, callbacks[1:])
        record.done = saver.restore(vae)
        callbacks.append(saver)
    with several_steps(vae, data, callbacks) as (fed, told):
        vae.fit(
            fed,
            epochs=epochs,
            initial_epoch=record.done,
            shuffle=False,  # Keras would shuffle the batches again, with Python's global random state
            validation_data=None if validation is None else (validation,),
            validation_batch_size=min(500, len(validation)) if validation is not None else None,
            callbacks=told,
            verbose=0,
        )
    record.finish()
    return record.history


class ShuffledImages(keras.utils.PyDataset):
    """Batches of images in an order that depends on (seed, epoch) alone.

    Args:
        x: images, shape (n, 28, 28).
        batch_size: images a batch.
        seed: seed of the shuffle and of the coins.
        binarise: None, "all" or "input", see `train`.
    """

    def __init__(self, x, batch_size, seed, binarise=None):
        super().__init__(workers=0)
        self.x, self.batch_size, self.seed, self.binarise = x, batch_size, seed, binarise
        self.rows = None  # the order once more, where TensorFlow sees it
        self.set_epoch(0)

    def set_epoch(self, epoch):
        self.epoch = epoch
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.x))
        if self.rows is not None:
            self.rows.assign(self.order)

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, step):
        grey = self.x[self.order[step * self.batch_size : (step + 1) * self.batch_size]]
        if self.binarise is None:
            return (grey,)
        thrown = binarised(grey, [self.seed, self.epoch, step])
        return (thrown,) if self.binarise == "all" else (thrown, grey)

    def for_fit(self, block=None):
        """Return what gives `fit` the same batches sooner: TensorFlow gathers the rows and need not ask Python.

        On another backend, and if coins are thrown, that is this dataset itself.

        Args:
            block: None, or how many batches to give at a time, shape (block, batch_size, 28, 28); they have to fill
                whole blocks.
        """
        if keras.backend.backend() != "tensorflow" or self.binarise is not None:
            return self
        import tensorflow as tf

        with tf.device("CPU"):
            images, self.rows = tf.constant(self.x), tf.Variable(self.order)

        size, shape = (block or 1) * self.batch_size, self.x.shape[1:]

        def batch(step):
            gathered = tf.gather(images, self.rows[step * size : (step + 1) * size])
            return (gathered if block is None else tf.reshape(gathered, (block, self.batch_size, *shape)),)

        options = tf.data.Options()
        options.autotune.enabled = False
        options.experimental_optimization.apply_default_optimizations = False  # they would copy all images
        return tf.data.Dataset.range(-(-len(self.x) // size)).map(batch).prefetch(2).with_options(options)


def warmup_cosine(steps, warmup, peak=3e-3, start=1e-4):
    """Return a learning rate that climbs to a peak and falls along a cosine. Chapter 6 (Training).

    Args:
        steps: steps of the whole run; the rate ends at a hundredth of the peak.
        warmup: the first steps, in which it climbs in a straight line.
        peak: the highest rate.
        start: the first rate.
    """
    return keras.optimizers.schedules.CosineDecay(
        start, steps - warmup, alpha=0.01, warmup_target=peak, warmup_steps=warmup
    )


def set_noise(model, seed, epoch):
    """Set every seed generator of a model to the state that belongs to (seed, epoch)."""
    state = np.random.SeedSequence([seed, epoch]).generate_state(2)
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            variable.assign(ops.cast(state, variable.dtype))


class Keepsakes(keras.callbacks.Callback):
    """Keep, after every epoch, the codes of fixed images and prints of fixed prior samples.

    Chapter 6 (Training). `codes` has shape (epochs + 1, n, latent_dim), `prints` has shape
    (epochs + 1, samples, 28, 28) with probabilities as uint8; entry 0 is the untrained model.

    Args:
        x: the fixed images, shape (n, 28, 28).
        samples: how many prior samples to print.
        seed: seed of the samples.
    """

    def __init__(self, x, samples=16, seed=0):
        super().__init__()
        self.x, self.samples, self.seed = check_images(x, "Keepsakes"), samples, seed
        self.codes, self.prints = [], []

    def on_train_begin(self, logs=None):
        if not self.codes:
            self._keep()

    def on_epoch_end(self, epoch, logs=None):
        self._keep()

    def _keep(self):
        z = self.model.prior.sample(self.samples, self.seed)
        prints = ops.sigmoid(self.model.decoder(z))
        self.codes.append(ops.convert_to_numpy(self.model.encoder(self.x)[0]))
        self.prints.append(np.round(255 * ops.convert_to_numpy(prints)).astype("uint8"))

    def get_state(self):
        return {"codes": np.array(self.codes), "prints": np.array(self.prints)}

    def set_state(self, state):
        self.codes, self.prints = list(state["codes"]), list(state["prints"])


class _Record(keras.callbacks.Callback):
    """Sets the epoch's shuffle and noise, keeps the history, shows progress, stops at NaN."""

    def __init__(self, model, data, epochs, seed, show):
        super().__init__()
        self.data, self.epochs, self.seed, self.show = data, epochs, seed, show
        self.done, self.history, self.table = 0, {}, LiveTable()

    def on_epoch_begin(self, epoch, logs=None):
        self.data.set_epoch(epoch)
        set_noise(self.model, self.seed, epoch)
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._stop_at_nan(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._stop_at_nan(logs)
        logs = {**{name: logs[name] for name in ORDER if name in logs}, **logs}
        for name, value in {**logs, "seconds": time.perf_counter() - self.started}.items():
            self.history.setdefault(name, []).append(float(value))
        self.done = epoch + 1
        if self.show:
            self._show()

    def _stop_at_nan(self, logs):
        if logs and not np.isfinite(float(logs.get("loss", 0.0))):
            raise FloatingPointError(
                f"The loss became {float(logs['loss'])} in epoch {self.done + 1}. Usual causes: a learning "
                "rate that is too high; z_log_var so large that its exponential overflows; log(0) in a "
                "hand-written cross-entropy (use logits). Build and compile the model again with a lower "
                "learning rate; if you keep checkpoints, under a new file name."
            )

    def _show(self):
        seconds = self.history["seconds"]
        left = (self.epochs - self.done) * float(np.median(seconds[-5:]))
        state = f"about {left:.0f} s left" if self.done < self.epochs else f"{sum(seconds):.0f} s in all"
        title = f"Epoch {self.done} of {self.epochs}, {state}"
        # the first epoch, the last one, and round numbers between: at most about eight rows
        every = max(1, -(-self.epochs // 7))
        rows = [e for e in range(self.done) if e == 0 or e == self.done - 1 or (e + 1) % every == 0]
        table = [["epoch", *self.history]]
        for e in rows:
            table.append([str(e + 1), *(f"{values[e]:.2f}" for values in self.history.values())])
        self.table.show(title, table)

    def finish(self):
        if self.show and not self.table.shown and self.history:
            self._show()


def _check_settings(model, n, epochs, batch_size, seed, callbacks, binarise):
    if not getattr(model, "compiled", False):
        raise ValueError("train was given a model that is not compiled. Call vae.compile(optimizer) first.")
    numbers = {"epochs": (epochs, 1, np.inf), "batch_size": (batch_size, 1, n), "seed": (seed, 0, np.inf)}
    for name, (value, low, high) in numbers.items():
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            end = "" if high == np.inf else f" and at most {n} (the images given)"
            raise ValueError(f"{name} must be a whole number of at least {low}{end}, but was {value!r}.")
    if binarise not in (None, "all", "input"):
        raise ValueError(f'binarise must be None, "all" or "input", but was {binarise!r}.')
    if isinstance(callbacks, keras.callbacks.Callback):
        raise ValueError("callbacks must be a list, but was one callback. Write callbacks=[...].")
