"""The panel of chapter 2 that encodes a photo."""

import ipywidgets as widgets
import keras
import numpy as np
from PIL import Image, ImageOps

from helpers import plots
from helpers.latent import develop
from helpers.panels.controls import Panel, picture
from helpers.panels.photo import MOST_BYTES, like_mnist


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
