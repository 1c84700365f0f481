"""Photos for tests: a digit on paper, and the file that a phone would make of it."""

import io

import numpy as np
from PIL import Image


def enlarged(digit, size=300):
    picture = Image.fromarray(np.round(255 * digit).astype("uint8")).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture) / 255


def on_paper(digit, paper=0.9, ink=0.7, size=300, at=(230, 420), frame=(600, 800)):
    """Return a grey picture with a digit written on it, off its centre."""
    picture = np.full(frame, paper, "float64")
    picture[at[0] : at[0] + size, at[1] : at[1] + size] -= ink * enlarged(digit, size)
    return picture


def file(pixels, kind="png", **options):
    """Return an image file; pixels in [0, 1], or a Pillow image."""
    if not isinstance(pixels, Image.Image):
        pixels = Image.fromarray(np.round(255 * np.clip(pixels, 0, 1)).astype("uint8"))
    buffer = io.BytesIO()
    pixels.save(buffer, kind, **options)
    return buffer.getvalue()
