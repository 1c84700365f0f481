"""The morphing table: ways between two digits, and attributes to lean on. Chapter 7."""

from functools import lru_cache

import numpy as np

from helpers import plots
from helpers.latent import attribute_directions, develop, lerp, slant, slerp, thickness
from helpers.living.pack import MODEL
from helpers.living.widgets import darkroom
from helpers.living.widgets.shared import mnist, model, some_digits, z_means

TITLE = "The morphing table"
TRY = "Press Play, then choose the spherical way. Drag the dot over the map. Then stop anywhere and move Lean."
NOTICE = (
    "From the 3 to the 8 that are chosen at first, the straight way passes 9s and a 7, the spherical way 1s: what lies "
    "between two digits depends on the way. Measured on 400 test digits, Lean at +1 moves the slant by +0.3 on "
    "average, and in about three of ten the wrong way. Each latent holds several things at once."
)
ALT = (
    "Two rows of nine prints between the same 3 and the same 8. The straight way passes through 9 and 7, the spherical "
    "way through several strokes that are read as 1."
)
NETWORK = MODEL
MORPH = 7, 16  # of some_digits: the second 3 and the first 8


@lru_cache(maxsize=1)
def _attributes(n=5000):
    """Return directions of slant and thickness in the plane, as chapter 7 fits them, and their standard deviations."""
    (x, _), _ = mnist()
    values = np.stack([slant(x[:n]), thickness(x[:n])], axis=1)
    scales = values.std(axis=0)
    return attribute_directions(z_means(x[:n]), values / scales), scales


def data():
    directions, scales = _attributes()
    attributes = {"directions": np.round(directions, 4).tolist(), "scales": np.round(scales, 4).tolist()}
    return {**darkroom.data(), **attributes, "start": MORPH}


def figure():
    images, _ = some_digits()
    ends, t = z_means(images[list(MORPH)]), np.linspace(0, 1, 9)
    ways = {"straight": lerp(*ends, t), "spherical": slerp(*ends, t)}
    return plots.image_rows({name: develop(model().decoder, path) for name, path in ways.items()})
