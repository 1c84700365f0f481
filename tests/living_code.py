"""What several tests of the living pages use: the packed model as an independent reader sees it, and which chapter
shows which widget.
"""

import json
import re

import numpy as np

from helpers.living.pack import MODEL
from helpers.living.widgets import NAMES, widget
from helpers.places import BOOK

WIDGETS = {name: widget(name) for name in NAMES}
CHAPTERS = sorted(BOOK.glob("*.ipynb"))


def shown(path):
    """Return the names of widgets that each show_widget call of a notebook takes."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return [re.findall(r'"(\w+)"', call) for call in re.findall(r"\bshow_widget\(([^)]*)\)", code)]


def places():
    """Return (page, widget) for every widget of every chapter, by the page's address in the site."""
    return [(f"book/{path.stem}.html", name) for path in CHAPTERS for call in shown(path) for name in call]


def layers(data):
    """Return (int8 weights, scales, biases) of each dense layer of what `helpers.living.pack` wrote."""
    length = int(np.frombuffer(data, "<u4", 1)[0])
    header, place, found = json.loads(data[4 : 4 + length]), 4 + length, []
    for rows, columns in header["layers"]:
        bias, scale = np.frombuffer(data, "<f4", 2 * columns, place).reshape(2, columns)
        small = np.frombuffer(data, "i1", rows * columns, place + 8 * columns).reshape(rows, columns)
        found.append((small, scale, bias))
        place += 8 * columns + rows * columns
    assert place == len(data), f"{len(data) - place} bytes are left over"
    return found


def unpacked(data, name=None):
    """Return a VAE with the packed weights, as numbers again."""
    from helpers.weights import load_vae

    vae = load_vae(name or MODEL)
    assign([layer for part in (vae.encoder, vae.decoder) for layer in part.layers if hasattr(layer, "kernel")], data)
    return vae


def unpacked_velocity(data, name):
    """Return a velocity of chapter 17 with the packed weights, as numbers again."""
    from helpers.weights import load_velocity

    velocity = load_velocity(name)
    assign([layer for layer in velocity.layers if hasattr(layer, "kernel")], data)
    return velocity


def assign(dense, data):
    """Give dense layers what was packed."""
    parts = layers(data)
    assert len(parts) == len(dense)
    for layer, (small, scale, bias) in zip(dense, parts):
        layer.kernel.assign(small * scale)
        layer.bias.assign(bias)
