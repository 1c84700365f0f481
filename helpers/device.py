"""Start a chapter, choose how to train, and foretell how long that takes. Why there is no GPU: `helpers.machine`.

The appendix "Your machine" (book/a1_your_machine.ipynb) shows all of this at work.
"""

import contextlib
import functools
import logging
import os
import random
import time

import numpy as np

from helpers.notebook import say


@contextlib.contextmanager
def quiet():
    """Silence what C++ libraries write to stderr while they load; Python's own messages stay."""
    try:
        saved = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    try:
        with open(os.devnull, "w") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def start(seed=0):
    """Prepare a chapter: load Keras quietly, let GPU memory grow, set the seeds and figure style."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX's way to let GPU memory grow
    with quiet():
        import keras

        problem = grow_memory() if keras.backend.backend() == "tensorflow" else ""
        keras.ops.zeros(1)  # what starts the backend
        keras.utils.set_random_seed(seed)  # loads TensorFlow, if it is there, with any backend
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no hints about retracing in the pages
    if problem:
        say(problem)
    from helpers.plots import use_style

    use_style()


def grow_memory():
    """Let TensorFlow take GPU memory as it needs it, not all at once; return "" or what is wrong."""
    import tensorflow as tf

    try:
        for gpu in tf.config.list_physical_devices("GPU"):  # all alike, or TensorFlow refuses
            tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):
        return (
            "TensorFlow was already running when this chapter started, so it may hold the whole memory of "
            "the GPU. To share the GPU with other programs, restart the kernel and run the setup cell first."
        )
    return ""


def training_settings():
    """Return keyword arguments for `compile` that suit this machine.

    `jit_compile`: whether XLA compiles the training step; True if it compiles a tiny function
    here, else False and a sentence that says so. `steps_per_execution`: how many steps the
    backend takes before it returns to Python.

    The batch size is not among them: it is 250 everywhere in this book, with or without a GPU,
    because it changes what is learned (fewer, smoother steps an epoch when it is larger), and
    the recorded figures would no longer be those of your run.
    """
    return {"jit_compile": xla_works(), "steps_per_execution": 20}


def compile_tiny():
    """Compile and run a tiny function with XLA; raise if that does not work here."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        double = tf.function(lambda x: tf.reduce_sum(x @ x), jit_compile=True, autograph=False)
        assert float(double(tf.ones((4, 4)))) == 64


@functools.cache  # once a process
def xla_works(probe=compile_tiny):
    """Return whether XLA compiles here; say so if not. JAX always compiles with XLA."""
    try:
        with quiet():
            probe()
    except Exception as error:  # whatever this platform raises
        say(
            f"XLA does not work here ({type(error).__name__}), so training runs without it: slower, and "
            "with other noise, so figures differ a little from those in the text."
        )
        return False
    return True


def predict_time(vae, x, epochs, batch_size, validation=None, blocks=4):
    """Predict how many seconds `helpers.training.train` would take with these arguments.

    Trains a copy of the compiled model for a few blocks of `steps_per_execution` steps; the model
    and the seeds stay as they are.

    Args:
        vae: a compiled model with `get_config` and `from_config`.
        x: training images, shape (n, 28, 28).
        epochs: epochs of the run.
        batch_size: images a step.
        validation: images evaluated after each epoch, or None.
        blocks: blocks to time.

    Returns:
        Seconds, compiling included.
    """
    import keras

    from helpers.training import train

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            times.append(time.perf_counter())

    states = random.getstate(), np.random.get_state()  # a new model draws the seeds of its layers from here
    copy = type(vae).from_config(vae.get_config())
    optimizer = type(vae.optimizer).from_config(vae.optimizer.get_config())
    block = vae.steps_per_execution
    copy.compile(optimizer, jit_compile=vae.jit_compile, steps_per_execution=block)
    few = x[np.arange(batch_size * block * (blocks + 1)) % len(x)]
    times = [time.perf_counter()]
    train(copy, few, epochs=1, batch_size=batch_size, callbacks=[Clock()], show=False)
    seconds = np.diff(times)  # the first block compiles
    one = np.median(seconds[1:])
    steps = -(-len(x) // batch_size)
    total = max(0.0, seconds[0] - one) + epochs * one * steps / block
    if validation is not None:
        evaluate = functools.partial(copy.evaluate, validation, batch_size=min(500, len(validation)), verbose=0)
        times = [time.perf_counter()]
        for _ in range(2):  # the first compiles
            evaluate()
            times.append(time.perf_counter())
        one = times[2] - times[1]
        total += max(0.0, times[1] - times[0] - one) + epochs * one
    random.setstate(states[0])
    np.random.set_state(states[1])
    return float(total)
