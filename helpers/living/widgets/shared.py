"""What several widgets take along: the book's model, digits, and their codes."""

from functools import lru_cache

import numpy as np

from helpers.data import load_mnist
from helpers.living.pack import MODEL, pack_codes
from helpers.weights import load_vae


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
