"""What a page carries in a few bytes: weights, codes and images, as the scripts of the widgets read them."""

import json
import re
from functools import lru_cache

import numpy as np
from keras.ops import convert_to_numpy

from helpers.files import base64_text
from helpers.weights import load_vae, load_velocity

MODEL = "darkroom-2d"
CODE_RANGE = 5.0  # codes are stored as whole numbers over ±5; map.js reads them
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # one a grey
RUNS = "!#%&()*,-.:;=?@[]^_{|}~"  # of 2, 3, 4 ... zeros


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
    return pack(load_vae(name))


@lru_cache(maxsize=1)
def pack_velocity(name):
    """Return a recorded velocity of chapter 17 (Art), packed, as a text: first what sees codes, then what is told."""
    one, other, *rest = [layer for layer in load_velocity(name).layers if hasattr(layer, "kernel")]
    first = [one, other] if other.kernel.shape[0] == 8 + 11 else [other, one]  # eight waves of the time, eleven labels
    return base64_text(pack_layers([*first, *rest]))


def pack_codes(codes, bits=8):
    """Return codes (n, 2) in the plane as a text of whole numbers of 8 or 16 bits (for a map with a loupe)."""
    largest = 2 ** (bits - 1) - 1
    small = np.clip(np.round(np.asarray(codes) * largest / CODE_RANGE), -largest, largest).astype(f"<i{bits // 8}")
    return base64_text(small.tobytes())


def pack_images(images):
    """Return images in [0, 1], shape (n, 28, 28), as a text of 8-bit greys."""
    return base64_text(np.round(255 * np.asarray(images)).astype("uint8").tobytes())


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
    return {"text": shorten(text, SIGNS[0]), "signs": SIGNS, "runs": RUNS}


def shorten(text, zero):
    """Return a text with one sign of RUNS for each run of zeros."""
    return re.sub(f"{zero}{{2,{len(RUNS) + 1}}}", lambda zeros: RUNS[len(zeros[0]) - 2], text)
