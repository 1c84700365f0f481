"""The panels of `helpers.panels`: ipywidgets in a box, with callbacks that Python answers.

Written for ipywidgets 8, and for 7, which Colab has.
"""

import base64
import html
import io
import random
import threading
import time
import traceback

import ipywidgets as widgets
import keras
import numpy as np
from PIL import Image, ImageOps

from helpers import plots
from helpers.device import training_settings
from helpers.evaluation import evaluate_elbo, mean_and_margin
from helpers.latent import develop, lerp, slerp
from helpers.models import VAE, build_decoder, build_encoder
from helpers.photo import MOST_BYTES, PhotoError, like_mnist
from helpers.training import train

WRAP = {"flex_flow": "row wrap", "align_items": "center"}


class Panel:
    """What panels share: a title, controls, a line that says how things stand, and results.

    `box` is the widget to display. Whatever a callback raises is shown in the line.
    """

    def __init__(self, title, *controls):
        self.status, self.results = widgets.HTML(), widgets.HTML()
        heading = widgets.HTML(f"<b>{html.escape(title)}</b>")
        self.box = widgets.VBox([heading, *controls, self.status, self.results])

    def tell(self, text, settled=True):
        """Say how things stand; a screen reader announces it if it has settled."""
        role = ' role="status"' if settled else ""
        self.status.value = f"<p{role}>{html.escape(text)}</p>"

    def complain(self, error):
        """Say what went wrong: a sentence if we wrote it for the reader, else with Python's report folded below."""
        details = ""
        if not isinstance(error, PhotoError):
            report = "".join(traceback.format_exception(error))
            details = f"<details><summary>Python's report</summary><pre>{html.escape(report)}</pre></details>"
        self.status.value = (
            f'<div role="alert" style="border-left: 4px solid {plots.SAFELIGHT}; padding-left: 0.6em">'
            f"<p><b>That did not work.</b> {html.escape(str(error) or type(error).__name__)}</p>{details}</div>"
        )

    def show(self, *parts):
        """Show results: pieces of HTML one below the other."""
        self.results.value = "".join(parts)


def picture(figure, alt):
    """Return a figure as HTML that says what it shows."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<p><img style="max-width: 100%" alt="{html.escape(alt)}" src="data:image/png;base64,{data}"></p>'


def table(columns, rows):
    """Return a small table as HTML."""
    head = "".join(f'<th scope="col" style="padding: 0 0.6em">{html.escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f'<td style="padding: 0 0.6em">{html.escape(str(cell))}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def duration(seconds):
    """Return a time in words."""
    if seconds < 1.5:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


# ---- chapter 6: train


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
        schedule = keras.optimizers.schedules.CosineDecay(
            1e-4, decay_steps=steps - steps // 10, alpha=0.01, warmup_target=3e-3, warmup_steps=steps // 10
        )
        vae.compile(keras.optimizers.Adam(schedule), **self.settings)
        return vae

    def report(self, vae, latents, done, epochs, history):
        """Show the loss, the test figure beside those of earlier runs, and prints; `done` epochs of `epochs`."""
        self.tell("Measuring on the test digits.", settled=False)
        reconstruction, kl = evaluate_elbo(vae, self.x_test)
        mean, margin = mean_and_margin(reconstruction + kl)
        figures = [f"{reconstruction.mean():.2f}", f"{kl.mean():.2f}", f"{mean:.2f} ± {margin:.2f}"]
        self.runs.append([f"{vae.beta:g}", latents, f"{done:.3g}", *figures])
        parts = [table(["beta", "latents", "epochs", "reconstruction", "KL", "test -ELBO, nats"], self.runs)]
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


# ---- chapter 2: encode a photo


class EncodePanel(Panel):
    """Takes an image file and shows what the camera saw, its code and prints.

    Args:
        title: the panel's name.
        vae: a trained model.
        codes, labels: means of known digits and their labels.
    """

    NEIGHBOURS, DRAWS = 20, 4

    def __init__(self, title, vae, codes, labels):
        self.vae, self.codes, self.labels = vae, np.asarray(codes), np.asarray(labels)
        self.upload = widgets.FileUpload(
            accept="image/*", multiple=False, description="Choose a photo", layout={"width": "16em"}
        )
        self.upload.observe(self.encode, "value")
        super().__init__(title, self.upload)
        self.tell(
            f"One digit, written large with a thick pen; an image file of at most {MOST_BYTES / 1e6:.0f} MB. "
            "It stays in your kernel."
        )

    def encode(self, change=None):
        """Answer an upload."""
        if not self.upload.value:
            return
        try:
            name, data = uploaded(self.upload.value)
            image, grey = like_mnist(data)
            z_mean, z_log_var = (keras.ops.convert_to_numpy(part)[0] for part in self.vae.encoder(image[None]))
            self.report(name, grey, image, z_mean, np.exp(z_log_var / 2))
        except Exception as error:
            self.show()
            self.complain(error)

    def report(self, name, grey, image, z_mean, sigma):
        draws = z_mean + sigma * np.random.default_rng(0).normal(size=(self.DRAWS, len(z_mean)))
        prints = develop(self.vae.decoder, np.concatenate([z_mean[None], draws]))
        titles = ["your picture", "what the\ncamera saw", "print of\nz_mean", *["print of\na draw"] * self.DRAWS]
        pictures = [square(grey), *(np.kron(small, np.ones((4, 4))) for small in (image, *prints))]
        near = np.argsort(((self.codes - z_mean) ** 2).sum(axis=1))[: self.NEIGHBOURS]
        counts = np.bincount(self.labels[near], minlength=10)
        kinds = ", ".join(f"{counts[d]} × {d}" for d in np.argsort(-counts, kind="stable") if counts[d])
        numbers = ", ".join(f"{m:.2f} ± {s:.2f}" for m, s in zip(z_mean, sigma))
        alt = f"Your picture in grey, what the camera saw of it in 28 by 28 pixels, and {len(prints)} prints."
        self.show(
            picture(plots.image_grid(pictures, titles, columns=len(pictures), size=1.1), alt),
            f"<p>The code, z_mean ± sigma: <b>{numbers}</b>. Labels of the {len(near)} nearest test digits on the map: "
            f"{kinds}.</p>",
        )
        self.tell(f"{name} was read. Choose another photo to try again.")


def uploaded(value):
    """Return name and bytes of the file in a FileUpload: a tuple of dicts, or in ipywidgets 7 a dict of dicts."""
    if isinstance(value, dict):
        ((name, file),) = value.items()
    else:
        file = value[-1]
        name = file["name"]
    return name, bytes(file["content"])


def square(grey, size=112):
    """Return a picture fitted into a grey square."""
    fitted = ImageOps.pad(Image.fromarray(np.round(255 * grey).astype("uint8")), (size, size), color=128)
    return np.asarray(fitted) / 255


# ---- chapter 7: choose by index


class MorphPanel(Panel):
    """Morphs two images chosen by index, straight and along an arc.

    Args:
        title: the panel's name.
        archives: a dict from names to (vae, codes).
        x, labels: the images and their labels.
        start, end: the indices chosen at first.
    """

    STEPS = 7

    def __init__(self, title, archives, x, labels, start=0, end=1):
        self.archives, self.x, self.labels = archives, x, labels
        last = len(x) - 1
        self.start, self.end = (
            widgets.BoundedIntText(value=value, min=0, max=last, description=name)
            for name, value in (("from", start), ("to", end))
        )
        self.archive = widgets.ToggleButtons(options=list(archives), description="archive")
        self.chance = widgets.Button(description="Any two")
        self.chance.on_click(self.choose)
        for control in (self.start, self.end, self.archive):
            control.observe(self.morph, "value")
        super().__init__(title, widgets.HBox([self.start, self.end, self.chance], layout=WRAP), self.archive)
        self.choosing = False
        self.morph()

    def choose(self, button=None):
        """Choose two images by chance."""
        start, end = np.random.default_rng().choice(len(self.x), 2, replace=False)
        self.choosing = True  # one morph for both changes
        self.start.value, self.end.value = int(start), int(end)
        self.choosing = False
        self.morph()

    def morph(self, change=None):
        """Show both ways between the chosen images."""
        if self.choosing:
            return
        try:
            start, end = self.start.value, self.end.value
            vae, codes = self.archives[self.archive.value]
            t = np.linspace(0, 1, self.STEPS)
            paths = {name: way(codes[start], codes[end], t) for name, way in (("straight", lerp), ("spherical", slerp))}
            rows = {name: [self.x[start], *develop(vae.decoder, path), self.x[end]] for name, path in paths.items()}
            titles = [f"test {start}", *(f"t = {value:.2g}" for value in t), f"test {end}"]
            middle = {name: np.linalg.norm(path[self.STEPS // 2]) for name, path in paths.items()}
            from_to = f"test digit {start} (a {self.labels[start]}) to test digit {end} (a {self.labels[end]})"
            alt = f"Two strips of {self.STEPS} prints, straight and spherical, from {from_to}; the scenes at both ends."
            self.show(picture(plots.image_rows(rows, titles=titles), alt))
            self.tell(
                f"From {from_to}, with {self.archive.value}. In the middle the code has the length "
                f"{middle['straight']:.2f} on the straight way, {middle['spherical']:.2f} on the arc."
            )
        except Exception as error:
            self.show()
            self.complain(error)
