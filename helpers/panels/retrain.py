"""The panel of chapter 6 that trains."""

import random
import threading
import time

import ipywidgets as widgets
import keras
import numpy as np

from helpers import plots
from helpers.device import training_settings
from helpers.evaluation import evaluate_elbo, mean_and_margin
from helpers.latent import develop
from helpers.models import VAE, build_decoder, build_encoder
from helpers.notebook import html_table
from helpers.panels.controls import WRAP, Panel, duration, picture
from helpers.training import train, warmup_cosine


class RetrainPanel(Panel):
    """Trains the book's network with a chosen beta and number of latents, in a thread, so that Stop is heard.

    Args:
        title: the panel's name.
        x_train, x_test: images, shape (n, 28, 28).
        seconds: what each epoch of an earlier run took, the first with compiling.
        width, depth: of the network, see `helpers.models.build_encoder`.
        settings: for `compile`; those of this machine if None.
    """

    BATCH_SIZE = 250

    def __init__(self, title, x_train, x_test, seconds, width=192, depth=2, settings=None):
        self.x_train, self.x_test = x_train, x_test
        self.first = self.later = 0.0  # seconds of an epoch
        self.learn_times(seconds)
        self.size = {"width": width, "depth": depth}
        self.settings = training_settings() if settings is None else settings
        self.runs, self.thread, self.running, self.stopping = [], None, False, threading.Event()
        self.beta = widgets.SelectionSlider(
            options=[(f"{beta:g}", beta) for beta in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)],
            value=1,
            description="beta",
        )
        self.latents = widgets.SelectionSlider(options=[1, 2, 3, 5, 10, 20, 50], value=2, description="latents")
        self.epochs = widgets.IntSlider(value=3, min=1, max=40, description="epochs")
        self.start = widgets.Button(description="Train", button_style="primary")
        self.stop = widgets.Button(description="Stop", disabled=True)
        self.bar = widgets.IntProgress(description="progress")
        self.epochs.observe(self.estimate, "value")
        self.start.on_click(self.begin)
        self.stop.on_click(self.halt)
        choices = widgets.HBox([self.beta, self.latents, self.epochs], layout=WRAP)
        super().__init__(title, choices, widgets.HBox([self.start, self.stop, self.bar], layout=WRAP))
        self.estimate()

    def learn_times(self, seconds):
        """Note how long each epoch of a run took; the first has compiling in it."""
        self.first, *later = seconds
        self.later = float(np.median(later)) if later else self.later or self.first

    def expected(self, epochs):
        """Return how many seconds a run will take, going by the latest one."""
        return self.first + (epochs - 1) * self.later

    def estimate(self, change=None):
        """Say before a run how long it will take."""
        if not self.running:
            epochs = self.epochs.value
            passes = "1 epoch" if epochs == 1 else f"{epochs} epochs"
            took = duration(self.expected(epochs))
            self.tell(f"{passes} on {len(self.x_train):,} images will take about {took} on this machine.")

    def begin(self, button=None):
        """Start a run with what the controls say."""
        if self.running:
            return
        beta, latents, epochs = self.beta.value, self.latents.value, self.epochs.value
        self.stopping.clear()
        self.busy(True)
        self.tell(f"Compiling; the whole run takes about {duration(self.expected(epochs))}.")
        self.thread = threading.Thread(target=self.work, args=(beta, latents, epochs), daemon=True)
        self.thread.start()

    def halt(self, button=None):
        """Ask a run to stop; it ends with the steps in hand, and is measured as it is."""
        self.stopping.set()
        self.stop.disabled = True
        self.tell("Stopping after the steps in hand; then the test digits are measured.")

    def busy(self, yes):
        self.running = yes
        for control in (self.start, self.beta, self.latents, self.epochs):
            control.disabled = yes
        self.stop.disabled = not yes

    def work(self, beta, latents, epochs):
        """Train and show what came of it; runs in the thread."""
        try:
            vae = self.build(beta, latents, epochs)
            watch = Watch(self, epochs)
            options = {"validation": self.x_test, "callbacks": [watch], "show": False}
            history = train(vae, self.x_train, epochs, self.BATCH_SIZE, **options)
            self.bar.value = watch.steps_done
            if watch.steps_done == watch.steps:
                self.learn_times(history["seconds"])
            self.report(vae, latents, epochs * watch.steps_done / watch.steps, epochs, history)
        except Exception as error:
            self.complain(error)
        finally:
            self.busy(False)

    def build(self, beta, latents, epochs):
        """Return an untrained model: the same beginning each time, and the chapter's schedule for a short run."""
        kept = random.getstate()  # Keras takes the seeds of new layers from here
        random.seed(0)
        try:
            vae = VAE(build_encoder(latents, **self.size), build_decoder(latents, **self.size), beta=beta)
        finally:
            random.setstate(kept)
        steps = epochs * -(-len(self.x_train) // self.BATCH_SIZE)
        vae.compile(keras.optimizers.Adam(warmup_cosine(steps, steps // 10)), **self.settings)
        return vae

    def report(self, vae, latents, done, epochs, history):
        """Show the loss, the test figure beside those of earlier runs, and prints; `done` epochs of `epochs`."""
        self.tell("Measuring on the test digits.", settled=False)
        reconstruction, kl = evaluate_elbo(vae, self.x_test)
        mean, margin = mean_and_margin(reconstruction + kl)
        figures = [f"{reconstruction.mean():.2f}", f"{kl.mean():.2f}", f"{mean:.2f} ± {margin:.2f}"]
        self.runs.append([f"{vae.beta:g}", latents, f"{done:.3g}", *figures])
        columns = ["beta", "latents", "epochs", "reconstruction", "KL", "test -ELBO, nats"]
        parts = [html_table(columns, self.runs, attributes='style="border-spacing: 1em 0"')]
        if len(history["loss"]) > 1:
            lines = {"training": history["loss"], "held out": history["val_loss"]}
            ends = ", ".join(f"{name} {values[0]:.1f} to {values[-1]:.1f}" for name, values in lines.items())
            alt = f"Loss over the epochs: {ends}."
            figure = plots.curves(lines, "epoch", "loss (nats an image)", size=(6, 2.6))
            figure.axes[0].xaxis.get_major_locator().set_params(integer=True)
            parts.append(picture(figure, alt))
        scenes = self.x_test[:8]
        prints = develop(vae.decoder, vae.encoder(scenes)[0])
        samples = develop(vae.decoder, vae.prior.sample(16, seed=0))
        rows = {"scene": scenes, "print": prints, "from the\nprior": samples[:8], "": samples[8:]}
        alt = "Eight test digits, their prints, and sixteen prints of random negatives by the new model."
        self.show(*parts, picture(plots.image_rows(rows), alt))
        ended = "Done" if done == epochs else f"Stopped after {done:.3g} epochs"
        weighted = "" if vae.beta == 1 else f" (the curves count KL {vae.beta:g} times, this figure once)"
        self.tell(f"{ended}: {mean:.2f} nats on the test digits{weighted}. Change something and train again.")


class Watch(keras.callbacks.Callback):
    """Tells a RetrainPanel how its run is getting on, and ends the run when asked to."""

    def __init__(self, panel, epochs):
        super().__init__()
        self.panel, self.epochs, self.epoch, self.last = panel, epochs, 0, 0.0
        self.steps_an_epoch = -(-len(panel.x_train) // panel.BATCH_SIZE)
        self.steps, self.steps_done, self.begun = epochs * self.steps_an_epoch, 0, None
        panel.bar.max, panel.bar.value = self.steps, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        self.steps_done = self.epoch * self.steps_an_epoch + min(batch + 1, self.steps_an_epoch)
        self.begun = self.begun or (now, self.steps_done)  # behind it lies compiling
        if self.panel.stopping.is_set():
            self.model.stop_training = True
        elif now - self.last > 0.4:
            self.last, (start, before) = now, self.begun
            left = (now - start) / max(1, self.steps_done - before) * (self.steps - self.steps_done)
            time_left = f", about {duration(left)} left" if self.steps_done > before else ""
            self.panel.bar.value = self.steps_done
            text = f"Epoch {self.epoch + 1} of {self.epochs}: loss {float(logs['loss']):.1f}{time_left}."
            self.panel.tell(text, settled=False)
