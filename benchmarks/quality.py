"""Quality at unequal time: the Keras example for all its epochs, and our training for a thirtieth of that time."""

import json
import os
import time
from pathlib import Path

import numpy as np

from benchmarks.team import ROOT, ask

EPOCHS, SHARE = 30, 1 / 30


def quality(epochs=EPOCHS, share=SHARE, folder=ROOT / "_build" / "bench-quality", images=60_000, log=print):
    """Return what both trainings reached; the longer one can be interrupted and goes on where it was.

    Args:
        epochs: epochs of the Keras example.
        share: our time as a share of the example's.
        folder: where the example's run is kept.
        images: training images.
        log: called with lines of text.
    """
    log(f"The Keras example, {epochs} epochs (kept in {folder}; interrupt it as you like)")
    example = ask("train_example", epochs=epochs, folder=str(folder), images=images)
    budget = share * example["seconds"]
    log(f"It took {example['seconds']:.0f} s and reached {example['negative_elbo']:.2f} nats. Ours, in {budget:.1f} s")
    ours = ask("train_ours", seconds=budget, images=images)
    return {"share": share, "budget_s": round(budget, 2), "Keras example": example, "ours": ours}


def judged(vae, x):
    """Return the test figures of a model: -ELBO on grey pixels, in nats an image."""
    from helpers.evaluation import evaluate_elbo, mean_and_margin

    reconstruction, kl = evaluate_elbo(vae, x)
    mean, margin = mean_and_margin(reconstruction + kl)
    return {
        "negative_elbo": round(float(mean), 3),
        "margin": round(float(margin), 3),
        "reconstruction": round(float(reconstruction.mean()), 3),
        "kl": round(float(kl.mean()), 3),
    }


def run_kept(vae, file):
    """Return a callback that keeps a run in a file after every epoch, and goes on from that file if it is there.

    The weights, the optimiser and the seconds are kept, not the order of the images: what goes on is a run like
    the one that was interrupted, not the same to the last bit.
    """
    import keras

    variables = [*vae.variables, *vae.optimizer.variables]

    class Kept(keras.callbacks.Callback):
        epochs, seconds = 0, 0.0

        def on_train_begin(self, logs=None):
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.epochs = epoch + 1
            now = time.perf_counter()
            self.seconds, self.begun = self.seconds + now - self.begun, now
            part = file.with_name(file.name + ".part")
            with open(part, "wb") as target:
                meta = np.array(json.dumps({"epochs": self.epochs, "seconds": self.seconds}))
                np.savez(target, meta=meta, **{f"{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)})
            os.replace(part, file)
            self.begun = time.perf_counter()  # writing is not training

    kept = Kept()
    if file.exists():
        with np.load(file) as arrays:
            meta = json.loads(str(arrays["meta"]))
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"{i}"])
        kept.epochs, kept.seconds = meta["epochs"], meta["seconds"]
    return kept


def train_example(pace, epochs, folder, images=60_000, tested=10_000):
    """Train the Keras example on the training digits; return its seconds (those of `fit`) and test figures."""
    import keras

    from benchmarks.example import BATCH_SIZE, as_judged, build_example
    from helpers.data import load_mnist
    from helpers.device import start

    start()
    (x_train, _), (x_test, _) = load_mnist()
    x_train = x_train[:images, ..., None]
    vae = build_example()
    vae(x_train[:1])
    vae.optimizer.build(vae.trainable_variables)
    Path(folder).mkdir(parents=True, exist_ok=True)
    kept = run_kept(vae, Path(folder) / f"example-{epochs}-{images}.npz")
    keras.utils.set_random_seed(kept.epochs)  # another shuffle after an interruption
    if kept.epochs < epochs:
        vae.fit(x_train, batch_size=BATCH_SIZE, epochs=epochs, initial_epoch=kept.epochs, callbacks=[kept], verbose=0)
    return {"epochs": epochs, "seconds": round(kept.seconds, 2), **judged(as_judged(vae), x_test[:tested])}


def epochs_within(seconds, compiling, one_epoch):
    """Return how many epochs fit into so many seconds, with a margin of 5 % of them; at least one."""
    return max(1, int((0.95 * seconds - compiling) / one_epoch))


def train_ours(pace, seconds, images=60_000, batch_size=250, tested=10_000):
    """Train darkroom-2d for at most so many seconds, those of `train`; return the epochs and test figures.

    The number of epochs is chosen from a calibration before, and the schedule is chapter 6's, scaled to it. If
    the run took longer all the same, it is done again with fewer epochs.
    """
    import keras

    from benchmarks.configurations import chapter_6_optimizer
    from helpers.data import load_mnist
    from helpers.device import predict_time, start, training_settings
    from helpers.models import VAE, build_decoder, build_encoder
    from helpers.training import train

    start()
    (x_train, _), (x_test, _) = load_mnist()
    x_train = x_train[:images]
    steps = -(-images // batch_size)

    def fresh(epochs):
        keras.utils.set_random_seed(0)
        vae = VAE(build_encoder(), build_decoder())
        vae.compile(chapter_6_optimizer(steps, epochs), **training_settings())
        return vae

    one, more = [predict_time(fresh(40), x_train, epochs, batch_size, blocks=12) for epochs in (1, 41)]
    one_epoch = max((more - one) / 40, 1e-3)
    epochs = epochs_within(seconds, max(one - one_epoch, 0.0), one_epoch)
    while True:
        vae = fresh(epochs)
        started = time.perf_counter()
        train(vae, x_train, epochs, batch_size, show=False)
        spent = time.perf_counter() - started
        if spent <= seconds or epochs == 1:
            break
        epochs = max(1, min(epochs - 1, int(epochs * seconds / spent)))
    return {"epochs": epochs, "seconds": round(spent, 2), **judged(vae, x_test[:tested])}
