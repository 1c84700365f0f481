"""Portraits that are drawn, not photographed: ten factors in, a face of 48 x 48 pixels out. Chapter 15 (Faces).

Nobody sat for them. Since we draw them ourselves we know of each what no collection of photographs can tell
exactly: how old it is, how much it smiles, where the light comes from.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

SIZE = 48  # pixels
FINER = 4  # drawn so much larger, then averaged: soft edges


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

SKIN = ((0.33, 0.20, 0.14), (0.55, 0.36, 0.25), (0.78, 0.57, 0.43), (0.95, 0.79, 0.68))
HAIR = ((0.08, 0.06, 0.06), (0.28, 0.16, 0.09), (0.55, 0.34, 0.15), (0.87, 0.70, 0.40))
BACKDROP = ((0.62, 0.27, 0.22), (0.72, 0.55, 0.30), (0.38, 0.52, 0.42), (0.27, 0.42, 0.56))
CLOTH = ((0.20, 0.21, 0.28), (0.30, 0.22, 0.24), (0.42, 0.27, 0.25), (0.55, 0.42, 0.33))
WHITE, GREY, DARK = np.array([0.97, 0.96, 0.94]), np.array([0.80, 0.80, 0.81]), np.array([0.09, 0.08, 0.09])


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
        prints[k] = _portrait(**dict(zip(NAMES, map(float, values))))
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


def _between(colours, t):
    """Return the colour at t in [0, 1] along a list of colours."""
    colours = np.array(colours)
    place = t * (len(colours) - 1)
    k = min(int(place), len(colours) - 2)
    return colours[k] + (colours[k + 1] - colours[k]) * (place - k)


def _ramp(value, start, end):
    """Return 0 before start, 1 after end, and a smooth step between."""
    t = min(max((value - start) / (end - start), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _arc(start, control, end, n=14):
    """Return n points of the quadratic Bezier curve."""
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) ** 2 * np.array(start) + 2 * t * (1 - t) * np.array(control) + t**2 * np.array(end)


class _Pen:
    """Draws in a picture whose sides have length 1."""

    def __init__(self, colour):
        self.scale = SIZE * FINER
        self.picture = Image.new("RGB", (self.scale, self.scale), self.ink(colour))
        self.draw = ImageDraw.Draw(self.picture)

    @staticmethod
    def ink(colour):
        return tuple(round(255 * float(min(max(part, 0), 1))) for part in colour)

    def shape(self, points, colour):
        self.draw.polygon([tuple(point) for point in np.asarray(points) * self.scale], fill=self.ink(colour))

    def line(self, points, colour, width):
        points = [tuple(point) for point in np.asarray(points) * self.scale]
        self.draw.line(points, fill=self.ink(colour), width=max(1, round(width * self.scale)), joint="curve")

    def ellipse(self, x, y, a, b, colour=None, rim=None, width=0.0):
        box = [(x - a) * self.scale, (y - b) * self.scale, (x + a) * self.scale, (y + b) * self.scale]
        fill, outline = (None if each is None else self.ink(each) for each in (colour, rim))
        self.draw.ellipse(box, fill=fill, outline=outline, width=round(width * self.scale))


ANGLES = np.linspace(0, 2 * np.pi, 60, endpoint=False)
ACROSS, DOWN = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE)


def _portrait(age, smile, glasses, hair_colour, hair_length, skin, face_shape, gaze, light, backdrop):
    """Return one portrait, uint8 (48, 48, 3). Lengths are shares of the picture's side; y points down."""
    child, old = 1 - _ramp(age, 8, 24), _ramp(age, 35, 88)
    flesh = _between(SKIN, skin) * (1 - 0.05 * old)
    shade, deep, rosy = flesh * 0.80, flesh * 0.55, flesh * np.array([1.04, 0.84, 0.80])
    hair = _between(HAIR, hair_colour) + (GREY - _between(HAIR, hair_colour)) * _ramp(age, 42, 80)
    cloth, behind = _between(CLOTH, 1 - backdrop), _between(BACKDROP, backdrop)

    # The head: an ellipse whose lower half narrows to the chin; the jaw broadens with the years.
    x, y = 0.5, 0.485 + 0.02 * child
    a, b = 0.225 + 0.028 * face_shape + 0.012 * child, 0.295 - 0.035 * child
    sin, cos = np.sin(ANGLES), np.cos(ANGLES)
    chin = np.clip(sin, 0, 1) ** 2
    jaw = 0.16 + 0.10 * child - 0.15 * old - 0.05 * face_shape
    outline = np.c_[x + a * cos * (1 - jaw * chin), y + b * sin * (1 + 0.05 * chin)]
    eye_y, eye_x = y + 0.015 + 0.035 * child, 0.095 + 0.012 * face_shape
    mouth_y = y + 0.172 + 0.005 * child

    pen = _Pen(behind)
    hanging = _ramp(hair_length, 0, 0.4)
    length, spread = y - 0.06 + 0.14 * hanging + 0.38 * hair_length, a + 0.05 * hanging + 0.03 * hair_length
    left, right = x - spread, x + spread  # of the hair behind the head; cropped hair hides there
    pen.ellipse(x, y - 0.05, spread, b + 0.01 * hanging, hair)
    pen.shape(
        [(left, y - 0.05), (right, y - 0.05), (right + 0.02 * hanging, length), (left - 0.02 * hanging, length)], hair
    )
    pen.ellipse(0.5, 1.10, 0.43 - 0.07 * child, 0.27, cloth)
    pen.shape([(x - 0.10, y + 0.15), (x + 0.10, y + 0.15), (x + 0.115, 0.88), (x, 0.94), (x - 0.115, 0.88)], shade)
    for side in (-1, 1):
        pen.ellipse(x + side * (a - 0.002), eye_y + 0.035, 0.035, 0.058 + 0.012 * old, shade)
    pen.shape(outline, flesh)

    for side in (-1, 1):  # cheeks
        pen.ellipse(
            x + side * 0.115, y + 0.115, 0.05, 0.038 + 0.008 * smile, flesh + (rosy - flesh) * (0.35 + 0.3 * child)
        )
    line = flesh + (deep - flesh) * 0.85 * old
    if old > 0.02:  # lines of age: across the forehead, beside the nose, below and beside the eyes
        for k in range(3):
            level = y - 0.13 + 0.042 * k - 0.05 * old
            pen.line(_arc((x - 0.10, level), (x, level - 0.015), (x + 0.10, level)), line, 0.011)
        for side in (-1, 1):
            fold = [(x + side * 0.048, y + 0.105), (x + side * 0.115, y + 0.13), (x + side * 0.10, mouth_y + 0.035)]
            pen.line(_arc(*fold), line, 0.013)
            bag = [(x + side * (eye_x - 0.045), eye_y + 0.045), (x + side * eye_x, eye_y + 0.075)]
            pen.line(_arc(*bag, (x + side * (eye_x + 0.05), eye_y + 0.04)), line, 0.010)
            for k in (-1, 1):
                foot = [
                    (x + side * (eye_x + 0.062), eye_y + 0.006 * k),
                    (x + side * (eye_x + 0.098), eye_y + 0.024 * k),
                ]
                pen.line(foot, line, 0.010)

    # Eyes: large in a child, under drooping lids in age.
    wide, high = 0.047 + 0.008 * child, 0.030 + 0.010 * child - 0.006 * old - 0.005 * max(smile, 0)
    for side in (-1, 1):
        at = x + side * eye_x
        pen.ellipse(at, eye_y, wide, high, WHITE)
        iris = at + 0.024 * gaze
        pen.ellipse(iris, eye_y, 0.024, min(0.028, high), (0.27, 0.20, 0.15))
        pen.ellipse(iris, eye_y, 0.012, min(0.014, high), DARK)
        lid = _arc((at - wide - 0.006, eye_y + 0.004), (at, eye_y - 2.1 * high), (at + wide + 0.006, eye_y + 0.004))
        pen.line(lid, deep * 0.7, 0.013)
        brow_y = eye_y - 0.068 - 0.006 * child
        brow = _arc(
            (at - side * 0.055, brow_y + 0.008), (at, brow_y - 0.03), (at + side * 0.062, brow_y + 0.008 + 0.012 * old)
        )
        pen.line(brow, hair * 0.8 + 0.2 * deep, 0.020 - 0.006 * child)

    dark_side = -1 if light > 0 else 1
    tip = y + 0.098 + 0.012 * old - 0.01 * child
    pen.line(
        _arc((x + dark_side * 0.014, eye_y + 0.02), (x + dark_side * 0.022, tip - 0.03), (x + dark_side * 0.040, tip)),
        shade,
        0.015,
    )
    pen.line(_arc((x - 0.034 - 0.006 * old, tip), (x, tip + 0.026), (x + 0.034 + 0.006 * old, tip)), deep, 0.013)

    half = 0.092 + 0.036 * smile - 0.008 * child
    lift, lips = 0.052 * smile, flesh * np.array([0.80, 0.42, 0.42]) * (1 - 0.06 * old)
    corners = (x - half, mouth_y - lift), (x + half, mouth_y - lift)
    full = 0.034 - 0.012 * old
    upper = _arc(corners[0], (x, mouth_y + 1.1 * lift - full), corners[1])
    lower = _arc(corners[1], (x, mouth_y + 2.2 * lift + 1.3 * full), corners[0])
    pen.shape(np.concatenate([upper, lower]), lips)
    gap = 0.13 * max(smile, 0)  # an open smile shows the teeth
    inner = [(x - 0.82 * half, mouth_y - 0.72 * lift), (x + 0.82 * half, mouth_y - 0.72 * lift)]
    if gap > 0:
        teeth = (
            _arc(inner[0], (x, mouth_y + 0.9 * lift), inner[1]),
            _arc(inner[1], (x, mouth_y + 0.9 * lift + gap), inner[0]),
        )
        pen.shape(np.concatenate(teeth), WHITE)
    pen.line(_arc(inner[0], (x, mouth_y + 1.1 * lift), inner[1]), deep * 0.8, 0.010)

    # Hair in front: between the top of the head and a hairline that climbs with age, first at the temples.
    over = 0.022 + 0.022 * hair_length * (1 - 0.5 * old)
    top = np.c_[x + (a + over) * cos, y + (b + over) * sin]
    temple, climb = y - 0.055 - 0.055 * old + 0.02 * child, 0.125 * old
    crown = top[top[:, 1] < temple]
    crown = crown[np.argsort(crown[:, 0])]
    middle = y - 0.165 - climb + 0.01 * child
    peak = 0.035 * old  # a widow's peak between bare temples
    right, left = crown[-1], crown[0]
    fringe = np.concatenate(
        [
            _arc(right, (x + 0.15, middle - peak), (x + 0.03, middle + peak), 8),
            _arc((x + 0.03, middle + peak), (x - 0.13, middle - peak - 0.02), left, 8),
        ]
    )
    pen.shape(np.concatenate([crown, fringe]), hair)
    for side in (-1, 1):  # strands beside the face
        inside, outside = x + side * (a - 0.015 * hanging), x + side * (a + 0.012 + 0.063 * hair_length * hanging)
        strand = [(inside, temple - 0.02), (outside, temple), (outside + side * 0.015 * hanging, length)]
        pen.shape([*strand, (x + side * (a + 0.005), length), (inside, min(y + 0.08, length))], hair)

    if glasses > 0:
        frame, rim = flesh + (DARK - flesh) * _ramp(glasses, 0, 0.5), 0.010 + 0.014 * glasses
        for side in (-1, 1):
            pen.ellipse(x + side * eye_x, eye_y + 0.004, 0.074, 0.066, None, frame, rim)
            pen.line([(x + side * (eye_x + 0.072), eye_y - 0.01), (x + side * (a + 0.005), eye_y - 0.015)], frame, rim)
        pen.line(_arc((x - eye_x + 0.070, eye_y), (x, eye_y - 0.022), (x + eye_x - 0.070, eye_y)), frame, rim)

    small = np.asarray(pen.picture.resize((SIZE, SIZE), Image.Resampling.BOX), "float32")
    bright = 1 + 0.28 * light * np.tanh(4 * (ACROSS - 0.5)) - 0.10 * (DOWN - 0.4)
    return np.clip(small * bright[:, :, None], 0, 255).astype("uint8")
