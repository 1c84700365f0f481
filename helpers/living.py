"""Living pages: widgets that run the book's own model in the reader's browser, without a kernel.

`show_widget("darkroom")` in a chapter's cell returns one piece of HTML with everything in it: the JavaScript modules of
book/_static/darkroom (its README says how they fit), the weights, the data. So it works in the built site, in a page
opened from disk, in JupyterLab, and in Colab's sandboxed output frames. Where scripts are off, in print and in PDF,
a static figure stands in its place.
"""

import base64
import html
import io
import json
import re
import uuid
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

MODULES = Path(__file__).resolve().parent.parent / "book" / "_static" / "darkroom"
MODEL = "darkroom-2d"
CODE_RANGE = 5.0  # codes are stored as whole numbers over ±5; map.js reads them
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # one a grey
RUNS = "!#%&()*,-.:;=?@[]^_{|}~"  # of 2, 3, 4 ... zeros


class Contents(NamedTuple):
    """What a widget needs beside its code, see `helpers.widgets`.

    title, try_first, notice: texts. data: function that returns what JSON can hold. figure: function that returns the
    static figure. Both take no arguments, or one, if the widget takes what a chapter made. alt: what that figure shows.
    network: whether it runs a VAE. model: which one.
    """

    title: str
    try_first: str
    notice: str
    data: object
    figure: object
    alt: str
    network: bool = True
    model: str = MODEL


class Page:
    """One or several widgets as the output of a cell: HTML, and a picture where HTML is of no use."""

    def __init__(self, markup, picture):
        self.markup, self.picture = markup, picture

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.markup, "image/png": self.picture, "text/plain": "a widget"}


def show_widget(*names, data=None):
    """Return widgets for the page, in tabs if there are several; once a chapter, for it carries the weights.

    Args:
        names: keys of `helpers.widgets.WIDGETS`.
        data: what the chapter made, for a widget that takes it (tunes: name -> tokens); None for the book's own.

    Raises:
        ValueError: no name, one that is not known, or widgets that run different models.
    """
    from helpers.widgets import WIDGETS

    unknown = [name for name in names if name not in WIDGETS]
    if unknown or not names:
        raise ValueError(f"show_widget takes names of widgets ({', '.join(WIDGETS)}), but was given {list(names)}.")
    chosen = [WIDGETS[name] for name in names]
    models = sorted({w.model for w in chosen if w.network})
    if len(models) > 1:
        raise ValueError(f"A page carries one model, but {list(names)} run {' and '.join(models)}.")
    given = () if data is None else (data,)
    picture = _png(chosen[0].figure(*given))
    specs = [
        f"{{title: {_js(w.title)}, tryFirst: {_js(w.try_first)}, notice: {_js(w.notice)}, build: {_camel(name)}, "
        f"data: {_js(w.data(*given))}}}"
        for name, w in zip(names, chosen)
    ]
    network = f"unpack({_js(_base64(packed_model(*models)))})" if models else "null"
    uid = f"darkroom-{uuid.uuid4().hex[:8]}"
    style = (MODULES / "style.css").read_text(encoding="utf-8")
    alt = html.escape(chosen[0].alt)
    markup = f"""<div id="{uid}" class="living-page"><figure>
<img alt="{alt}" src="data:image/png;base64,{_base64(picture)}">
<figcaption>{html.escape(chosen[0].title)}: this figure comes alive where scripts run.</figcaption>
</figure></div>
<script>(() => {{
"use strict";
{bundle(["mount", "network", *(f"widget_{name}" for name in names)])}
mount("{uid}", {_js(style)}, {network}, [{", ".join(specs)}]);
}})();</script>"""
    return Page(markup, picture)


def bundle(names):
    """Return the modules and all that they import as one text, dependencies first, without import and export.

    Their top-level names are all different (a test sees to it), so they can share one scope.
    """
    order = []

    def visit(name):
        if name in order:
            return
        source = (MODULES / f"{name}.js").read_text(encoding="utf-8")
        for other in re.findall(r'^import [^;]*? from "\./(\w+)\.js";', source, re.M):
            visit(other)
        order.append(name)

    for name in names:
        visit(name)
    parts = []
    for name in order:
        source = (MODULES / f"{name}.js").read_text(encoding="utf-8")
        source = re.sub(r'^import [^;]*? from "\./\w+\.js";\n', "", source, flags=re.M)
        source = re.sub(r"/\*\*.*?\*/\n?", "", source, flags=re.S)  # documentation stays in the files
        parts.append(re.sub(r"^export ", "", source, flags=re.M).strip())
    return "\n".join(parts).replace("</script", "<\\/script")


def pack(vae):
    """Return a VAE's weights in 8 bits, see `pack_layers`.

    Args:
        vae: encoder and decoder as in chapters 2 and 3.
    """
    layers = [layer for part in (vae.encoder, vae.decoder) for layer in part.layers if hasattr(layer, "kernel")]
    return pack_layers(layers, depth=sum(hasattr(layer, "kernel") for layer in vae.decoder.layers) - 2)


def pack_layers(layers, **header):
    """Return weights in 8 bits: a header, then biases, scales and weights of each dense layer.

    A column of a matrix is stored as whole numbers from -127 to 127 times a scale of its own.

    Args:
        layers: dense layers of Keras.
        header: what else the header says.
    """
    from keras.ops import convert_to_numpy  # Keras only where it is needed

    header = json.dumps({**header, "layers": [list(layer.kernel.shape) for layer in layers]}).encode()
    header += b" " * (-len(header) % 4)
    parts = [np.uint32(len(header)).tobytes(), header]
    for layer in layers:
        small, scale = quantise(convert_to_numpy(layer.kernel))
        parts += [convert_to_numpy(layer.bias).astype("<f4").tobytes(), scale.astype("<f4").tobytes(), small.tobytes()]
    return b"".join(parts)


def quantise(matrix):
    """Return a matrix as int8 and the scale of each column: matrix ≈ int8 * scale."""
    scale = np.abs(matrix).max(axis=0) / 127
    scale[scale == 0] = 1
    return np.round(matrix / scale).astype("int8"), scale.astype("float32")


@lru_cache(maxsize=2)
def packed_model(name=MODEL):
    """Return a recorded VAE of the book, packed."""
    from helpers.weights import load_vae

    return pack(load_vae(name))


@lru_cache(maxsize=1)
def pack_velocity(name):
    """Return a recorded velocity of chapter 17 (Art), packed, as a text: first what sees codes, then what is told."""
    from helpers.weights import load_velocity

    one, other, *rest = [layer for layer in load_velocity(name).layers if hasattr(layer, "kernel")]
    first = [one, other] if other.kernel.shape[0] == 8 + 11 else [other, one]  # eight waves of the time, eleven labels
    return _base64(pack_layers([*first, *rest]))


def pack_codes(codes, bits=8):
    """Return codes (n, 2) in the plane as a text of whole numbers of 8 or 16 bits (for a map with a loupe)."""
    largest = 2 ** (bits - 1) - 1
    small = np.clip(np.round(np.asarray(codes) * largest / CODE_RANGE), -largest, largest).astype(f"<i{bits // 8}")
    return _base64(small.tobytes())


def pack_images(images):
    """Return images in [0, 1], shape (n, 28, 28), as a text of 8-bit greys."""
    return _base64(np.round(255 * np.asarray(images)).astype("uint8").tobytes())


def pack_film(frames):
    """Return what images looked like at several moments as a short text, for widget_timemachine.js.

    Little changes from one moment to the next, so a pixel is stored as its step since then: one sign for each, or one
    for a run of zeros. 64 greys; a third of what the bytes take as base64.

    Args:
        frames: uint8, the moments first.
    """
    greys = np.round(np.asarray(frames) * ((len(SIGNS) - 1) / 255)).astype(int)
    steps = np.diff(greys, axis=0, prepend=0) % len(SIGNS)
    text = "".join(np.array(list(SIGNS))[steps.ravel()])
    text = re.sub(f"{SIGNS[0]}{{2,{len(RUNS) + 1}}}", lambda zeros: RUNS[len(zeros[0]) - 2], text)
    return {"text": text, "signs": SIGNS, "runs": RUNS}


def _base64(data):
    return base64.b64encode(data).decode("ascii")


def _js(value):
    """Return a value as a JavaScript literal that may stand in a script element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _png(figure, colours=128):
    """Return a figure as a PNG with a palette: half as large."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=110)
    Image.open(full).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
