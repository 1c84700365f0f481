"""Portraits that are drawn, not photographed: ten factors in, a face of 48 x 48 pixels out. Chapter 15 (Faces).

Nobody sat for them. Since we draw them ourselves we know of each what no collection of photographs can tell
exactly: how old it is, how much it smiles, where the light comes from.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from helpers.world.sitter import SIZE, portrait


class Factor(NamedTuple):
    """One thing that varies between portraits: its name, its range, and what its ends look like."""

    name: str
    low: float
    high: float
    ends: tuple


FACTORS = (
    Factor("age", 8, 88, ("eight years", "eighty-eight years")),
    Factor("smile", -1, 1, ("corners of the mouth down", "a broad smile")),
    Factor("glasses", -1, 1, ("none, up to 0", "heavy frames")),
    Factor("hair_colour", 0, 1, ("black", "fair")),
    Factor("hair_length", 0, 1, ("cropped", "to the shoulders")),
    Factor("skin", 0, 1, ("dark", "pale")),
    Factor("face_shape", -1, 1, ("narrow", "wide")),
    Factor("gaze", -1, 1, ("to the left of the print", "to the right")),
    Factor("light", -1, 1, ("from the left", "from the right")),
    Factor("backdrop", 0, 1, ("red", "blue")),
)
NAMES = tuple(factor.name for factor in FACTORS)


def draw_factors(n, seed):
    """Return the factors of n portraits, each uniform in its range and independent of the others.

    Args:
        n: how many.
        seed: the same seed gives the same factors, and the first of them whatever n is.

    Returns:
        An array (n, 10) of float32 in the order of `NAMES`.
    """
    low, high = np.array([[factor.low, factor.high] for factor in FACTORS]).T
    return (low + (high - low) * np.random.default_rng(seed).random((n, len(FACTORS)))).astype("float32")


def scaled(factors):
    """Return factors with each range mapped to -1 ... 1, shape as given: (n, 10)."""
    low, high = np.array([[factor.low, factor.high] for factor in FACTORS], "float32").T
    return (2 * (np.asarray(factors) - low) / (high - low) - 1).astype("float32")


def factor_table(portraits):
    """Return the factors of portraits given by name, as an array (n, 10); what is not named is ordinary.

    Args:
        portraits: a list of dicts such as {"age": 70, "smile": 1.0}.

    Raises:
        ValueError: for a name that is no factor, or a value out of its range.
    """
    ordinary = {factor.name: (factor.low + factor.high) / 2 for factor in FACTORS} | {"age": 35, "glasses": -1}
    rows = []
    for wanted in portraits:
        unknown = set(wanted) - set(NAMES)
        if unknown:
            raise ValueError(f"No factor is called {sorted(unknown)[0]!r}. They are: {', '.join(NAMES)}.")
        rows.append([(ordinary | wanted)[name] for name in NAMES])
    return _check(np.array(rows, "float32").reshape(-1, len(FACTORS)))


def draw_portraits(factors):
    """Return the portraits that factors describe.

    Args:
        factors: array (n, 10) in the order of `NAMES`, each within its range.

    Returns:
        uint8 (n, 48, 48, 3), red, green, blue.

    Raises:
        ValueError: if factors have another shape or lie out of range.
    """
    factors = _check(factors)
    prints = np.empty((len(factors), SIZE, SIZE, 3), "uint8")
    for k, values in enumerate(factors):
        prints[k] = portrait(**dict(zip(NAMES, map(float, values))))
    return prints


def load_portraits(n, seed=0):
    """Draw n portraits with random factors. Returns x float32 (n, 48, 48, 3) in [0, 1], and factors (n, 10)."""
    factors = draw_factors(n, seed)
    return draw_portraits(factors).astype("float32") / 255, factors


def load_photographs(fetch=None):
    """Return photographs of faces from Labeled Faces in the Wild, at the size of our portraits.

    Huang et al. (2007), "Labeled Faces in the Wild". scikit-learn's loader fetches about 200 MB at its first use
    and keeps them in `scikit_learn_data` in your home folder. There are no factors: nobody knows them.

    Args:
        fetch: the loader; `sklearn.datasets.fetch_lfw_people` if None.

    Returns:
        float32 (n, 48, 48, 3) in [0, 1]; n is about 13,000.

    Raises:
        ImportError: scikit-learn is not installed.
        ConnectionError: the photographs could not be fetched.
        ValueError: what came is not colour images of faces.
    """
    if fetch is None:
        try:
            from sklearn.datasets import fetch_lfw_people as fetch
        except ImportError as error:
            raise ImportError("Photographs come through scikit-learn. Install it: pip install scikit-learn") from error
    middle = slice(78, 172)  # a square around the face, in photographs of 250 x 250 pixels
    try:
        faces = np.asarray(fetch(color=True, resize=1.0, slice_=(middle, middle)).images)
    except OSError as error:
        raise ConnectionError(
            f"The photographs could not be fetched ({error}). Try again with a network, or go on with drawn portraits."
        ) from error
    if faces.ndim != 4 or faces.shape[-1] != 3 or not len(faces) or min(faces.shape[1:3]) < SIZE:
        raise ValueError(f"Expected colour photographs of at least {SIZE} x {SIZE} pixels, got an array {faces.shape}.")
    if faces.max() <= 1:  # scikit-learn from 1.2 on; before, 0 to 255
        faces = faces * 255
    shrunk = (Image.fromarray(face.astype("uint8")).resize((SIZE, SIZE), Image.Resampling.BOX) for face in faces)
    return np.stack([np.asarray(face) for face in shrunk]).astype("float32") / 255


def _check(factors):
    factors = np.asarray(factors, "float32")
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(f"Factors must have the shape (n, {len(FACTORS)}), one column each for {', '.join(NAMES)}.")
    for factor, column in zip(FACTORS, factors.T):
        if not np.all((column >= factor.low) & (column <= factor.high)):  # not a number fails too
            raise ValueError(f"{factor.name} must lie between {factor.low:g} and {factor.high:g}.")
    return factors
