"""What several widgets take along: the book's model, digits, and their codes."""

from functools import lru_cache

import numpy as np

from helpers.data import load_mnist
from helpers.living.bundle import bundle
from helpers.living.pack import MODEL, RUNS, SIGNS, pack_codes, shorten
from helpers.weights import load_vae

BENCH_TRAINED, BENCH_HELD_OUT, BENCH_LEVELS = 5000, 1000, 15


@lru_cache(maxsize=1)
def model():
    """Return the book's model with two latents."""
    return load_vae(MODEL)


@lru_cache(maxsize=1)
def mnist():
    """Return MNIST, see `helpers.data.load_mnist`."""
    return load_mnist()


def z_means(x):
    """Return z_mean of images by that model, shape (n, 2)."""
    return np.array(model().encoder(x)[0])


def map_points(n=1500):
    """Return the codes of training digits for a latent map, as map.js reads them."""
    (x, labels), _ = mnist()
    return {"codes": pack_codes(z_means(x[:n]), bits=16), "bits": 16, "labels": "".join(map(str, labels[:n]))}


def some_digits(each=2):
    """Return the first test digits of each kind, in order, and their labels."""
    _, (x, labels) = mnist()
    rows = np.concatenate([np.flatnonzero(labels == digit)[:each] for digit in range(10)])
    return x[rows], labels[rows]


def bench_digits():
    """Return what the bench trains on and judges by: digits of 14 by 14 pixels in 16 greys, and their labels.

    The first 5,000 training digits to train on, and the last 1,000 of the training set, which are held out. A pixel is
    the mean of four.

    Returns:
        images, float32 in [0, 1], shape (6000, 14, 14), and labels (6000,).
    """
    (x, labels), _ = mnist()
    rows = np.r_[:BENCH_TRAINED, -BENCH_HELD_OUT:0]
    small = x[rows].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
    return np.round(small * BENCH_LEVELS).astype("float32") / BENCH_LEVELS, labels[rows]


def packed_digits():
    """Return the bench's digits as bench.js reads them: a sign a pixel, one sign for a run of blank ones."""
    images, labels = bench_digits()
    signs = SIGNS[: BENCH_LEVELS + 1]
    text = "".join(np.array(list(signs))[np.round(images * BENCH_LEVELS).astype(int).ravel()])
    text = shorten(text, signs[0])
    return {"text": text, "labels": "".join(map(str, labels)), "signs": signs, "runs": RUNS, "trained": BENCH_TRAINED}


def bench_worker():
    """Return what the bench's worker is made of, see engine.js."""
    return bundle(["desk"])
