"""Quality at unequal time: the Keras example for all its epochs, and our training for a thirtieth of that time."""

import time
from pathlib import Path

from benchmarks.team import ROOT, ask

EPOCHS, SHARE = 30, 1 / 30


def quality(log=print):
    """Return what both trainings reached; the longer one can be interrupted and goes on where it was."""
    folder = str(ROOT / "_build" / "bench-quality")
    log(f"The Keras example, {EPOCHS} epochs (kept in {folder}; interrupt it as you like)")
    example = ask("train_example", epochs=EPOCHS, folder=folder)
    budget = SHARE * example["seconds"]
    log(f"It took {example['seconds']:.0f} s and reached {example['negative_elbo']:.2f} nats. Ours, in {budget:.1f} s")
    ours = ask("train_ours", seconds=budget)
    return {"share": SHARE, "budget_s": round(budget, 2), "Keras example": example, "ours": ours}


def judged(vae, x):
    """Return the test figures of a model: -ELBO on grey pixels, in nats an image."""
    from helpers.evaluation import evaluate_elbo, mean_and_margin

    reconstruction, kl = evaluate_elbo(vae, x)
    mean, margin = mean_and_margin(reconstruction + kl)
    figures = {"negative_elbo": mean, "margin": margin, "reconstruction": reconstruction.mean(), "kl": kl.mean()}
    return {name: round(float(value), 3) for name, value in figures.items()}


def train_example(pace, epochs, folder, images=60_000, tested=10_000):
    """Train the Keras example on the training digits; return the seconds of its epochs and test figures.

    The run is kept after every epoch and goes on where it was interrupted, with another order of the images.
    """
    import keras

    from benchmarks.example import BATCH_SIZE, as_judged, build_example
    from helpers.checkpoint import Checkpoint
    from helpers.data import load_mnist
    from helpers.device import start

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):  # before the checkpoint's: writing is not training
            self.history["seconds"].append(time.perf_counter() - self.begun)

    start()
    (x_train, _), (x_test, _) = load_mnist()
    x_train = x_train[:images, ..., None]
    vae, clock = build_example(), Clock()
    vae(x_train[:1])
    clock.epochs, clock.history = epochs, {"seconds": []}
    checkpoint = Checkpoint(Path(folder) / f"example-{epochs}-{images}.npz", {"images": images}, clock, [])
    done = checkpoint.restore(vae)
    keras.utils.set_random_seed(done)
    if done < epochs:
        both = [clock, checkpoint]
        vae.fit(x_train, batch_size=BATCH_SIZE, epochs=epochs, initial_epoch=done, callbacks=both, verbose=0)
    seconds = round(sum(clock.history["seconds"]), 2)
    return {"epochs": epochs, "seconds": seconds, **judged(as_judged(vae), x_test[:tested])}


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
    epochs = max(1, int((0.95 * seconds - max(one - one_epoch, 0.0)) / one_epoch))  # 5 % are a margin
    while True:
        vae = fresh(epochs)
        started = time.perf_counter()
        train(vae, x_train, epochs, batch_size, show=False)
        spent = time.perf_counter() - started
        if spent <= seconds or epochs == 1:
            break
        epochs = max(1, min(epochs - 1, int(epochs * seconds / spent)))
    return {"epochs": epochs, "seconds": round(spent, 2), **judged(vae, x_test[:tested])}
