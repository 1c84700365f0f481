"""Several training steps in one compiled program, for `helpers.training.train`: faster, with the same results."""

import contextlib
from types import SimpleNamespace

import keras


@contextlib.contextmanager
def several_steps(model, data, callbacks):
    """Yield the data and the callbacks to give `fit`, so that one call of TensorFlow does `steps_per_execution` steps.

    Keras calls a compiled step anew for each batch, and all variables are handed over each time. Here XLA compiles a
    loop over a block of batches. Each round is the model's own `train_step`, with the same batches and noise.
    Without TensorFlow or XLA, with coins, or where batches do not fill whole blocks, all stays as Keras has it.

    Args:
        model: a compiled model.
        data: `helpers.training.ShuffledImages`.
        callbacks: Keras callbacks; a batch is numbered for them as without blocks.
    """
    steps = model.steps_per_execution
    whole = len(data.x) % (steps * data.batch_size) == 0
    tensorflow = keras.backend.backend() == "tensorflow"
    if not (tensorflow and model.jit_compile and steps > 1 and whole and data.binarise is None):
        yield data.for_fit(), callbacks
        return
    model(data.x[:1])  # Keras would build model and optimiser with a block, as if it were a batch
    model.optimizer.build(model.trainable_variables)
    kept = model.__dict__.get("_blocks")  # not as an attribute that Keras tracks and saves
    if kept is None or kept.compiled is not model._compile_config or kept.steps != steps:
        kept = SimpleNamespace(compiled=model._compile_config, steps=steps, train=None, test=None)  # new with `compile`
        model.__dict__["_blocks"] = kept
    outside = model.train_function, model.test_function
    model.train_step, model.steps_per_execution = loop(model.train_step, steps), 1
    model.train_function, model.test_function = kept.train, kept.test
    try:
        yield data.for_fit(steps), InSteps(callbacks, add_history=True, model=model, steps=steps)
    finally:
        kept.train, kept.test = model.train_function, model.test_function
        del model.train_step
        model.steps_per_execution = steps
        model.train_function, model.test_function = outside


def loop(train_step, steps):
    """Return a `train_step` that takes a block, shape (steps, batch, ...), and does a step with each of its batches."""
    import tensorflow as tf

    def step_by_step(block):
        def step(i):
            train_step((block[0][i],))
            return [i + 1]

        tf.while_loop(lambda i: i < steps, step, [0], maximum_iterations=steps)
        return train_step.__self__.get_metrics_result()

    return step_by_step


class InSteps(keras.callbacks.CallbackList):
    """Tells callbacks the number of the last step of a block, not the number of the block."""

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end((batch + 1) * self.params["steps"] - 1, logs)
