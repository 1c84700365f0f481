"""The machine: start a chapter, find a GPU or say why there is none, choose how to train."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet():
    """Silence what C++ libraries write to stderr while they load."""
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "w") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def start(seed=0):
    """Prepare a chapter: load Keras quietly, let GPU memory grow, set the seeds and figure style."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet():
        import keras

        keras.ops.zeros(1)
    keras.utils.set_random_seed(seed)
    from helpers.plots import use_style

    use_style()


def training_settings():
    """Return keyword arguments for `compile` that suit this machine."""
    return {"jit_compile": True, "steps_per_execution": 20}
