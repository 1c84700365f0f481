"""The hand that draws a sitter from ten factors, part by part. `helpers.world.portraits` says what the factors are.

Lengths are shares of the picture's side; y points down.
"""

from types import SimpleNamespace

import numpy as np
from PIL import Image, ImageDraw

SIZE = 48  # pixels
FINER = 4  # drawn so much larger, then averaged: soft edges

SKIN = ((0.33, 0.20, 0.14), (0.55, 0.36, 0.25), (0.78, 0.57, 0.43), (0.95, 0.79, 0.68))
HAIR = ((0.08, 0.06, 0.06), (0.28, 0.16, 0.09), (0.55, 0.34, 0.15), (0.87, 0.70, 0.40))
BACKDROP = ((0.62, 0.27, 0.22), (0.72, 0.55, 0.30), (0.38, 0.52, 0.42), (0.27, 0.42, 0.56))
CLOTH = ((0.20, 0.21, 0.28), (0.30, 0.22, 0.24), (0.42, 0.27, 0.25), (0.55, 0.42, 0.33))
WHITE, GREY, DARK = np.array([0.97, 0.96, 0.94]), np.array([0.80, 0.80, 0.81]), np.array([0.09, 0.08, 0.09])


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


class Pen:
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


def measures(**factors):
    """Return what the parts share: the factors by name, colours, and where things are in the face."""
    f = SimpleNamespace(**factors)
    f.child, f.old = 1 - _ramp(f.age, 8, 24), _ramp(f.age, 35, 88)
    f.flesh = _between(SKIN, f.skin) * (1 - 0.05 * f.old)
    f.shade, f.deep, f.rosy = f.flesh * 0.80, f.flesh * 0.55, f.flesh * np.array([1.04, 0.84, 0.80])
    f.hair = _between(HAIR, f.hair_colour) + (GREY - _between(HAIR, f.hair_colour)) * _ramp(f.age, 42, 80)
    f.cloth, f.behind = _between(CLOTH, 1 - f.backdrop), _between(BACKDROP, f.backdrop)

    # The head: an ellipse whose lower half narrows to the chin; the jaw broadens with the years.
    f.x, f.y = 0.5, 0.485 + 0.02 * f.child
    f.a, f.b = 0.225 + 0.028 * f.face_shape + 0.012 * f.child, 0.295 - 0.035 * f.child
    f.sin, f.cos = np.sin(ANGLES), np.cos(ANGLES)
    f.chin = np.clip(f.sin, 0, 1) ** 2
    f.jaw = 0.16 + 0.10 * f.child - 0.15 * f.old - 0.05 * f.face_shape
    f.outline = np.c_[f.x + f.a * f.cos * (1 - f.jaw * f.chin), f.y + f.b * f.sin * (1 + 0.05 * f.chin)]
    f.eye_y, f.eye_x = f.y + 0.015 + 0.035 * f.child, 0.095 + 0.012 * f.face_shape
    f.mouth_y = f.y + 0.172 + 0.005 * f.child
    f.hanging = _ramp(f.hair_length, 0, 0.4)
    f.length, f.spread = (
        f.y - 0.06 + 0.14 * f.hanging + 0.38 * f.hair_length,
        f.a + 0.05 * f.hanging + 0.03 * f.hair_length,
    )
    return f


def back(pen, f):
    """Draw the backdrop, the hair behind the head, and the shoulders."""
    left, right = f.x - f.spread, f.x + f.spread  # of the hair behind the head; cropped hair hides there
    pen.ellipse(f.x, f.y - 0.05, f.spread, f.b + 0.01 * f.hanging, f.hair)
    pen.shape(
        [
            (left, f.y - 0.05),
            (right, f.y - 0.05),
            (right + 0.02 * f.hanging, f.length),
            (left - 0.02 * f.hanging, f.length),
        ],
        f.hair,
    )
    pen.ellipse(0.5, 1.10, 0.43 - 0.07 * f.child, 0.27, f.cloth)
    pen.shape(
        [(f.x - 0.10, f.y + 0.15), (f.x + 0.10, f.y + 0.15), (f.x + 0.115, 0.88), (f.x, 0.94), (f.x - 0.115, 0.88)],
        f.shade,
    )
    for side in (-1, 1):
        pen.ellipse(f.x + side * (f.a - 0.002), f.eye_y + 0.035, 0.035, 0.058 + 0.012 * f.old, f.shade)


def skin(pen, f):
    """Draw the face, its cheeks, and the lines of age."""
    pen.shape(f.outline, f.flesh)

    for side in (-1, 1):  # cheeks
        pen.ellipse(
            f.x + side * 0.115,
            f.y + 0.115,
            0.05,
            0.038 + 0.008 * f.smile,
            f.flesh + (f.rosy - f.flesh) * (0.35 + 0.3 * f.child),
        )
    line = f.flesh + (f.deep - f.flesh) * 0.85 * f.old
    if f.old > 0.02:  # lines of age: across the forehead, beside the nose, below and beside the eyes
        for k in range(3):
            level = f.y - 0.13 + 0.042 * k - 0.05 * f.old
            pen.line(_arc((f.x - 0.10, level), (f.x, level - 0.015), (f.x + 0.10, level)), line, 0.011)
        for side in (-1, 1):
            fold = [
                (f.x + side * 0.048, f.y + 0.105),
                (f.x + side * 0.115, f.y + 0.13),
                (f.x + side * 0.10, f.mouth_y + 0.035),
            ]
            pen.line(_arc(*fold), line, 0.013)
            bag = [(f.x + side * (f.eye_x - 0.045), f.eye_y + 0.045), (f.x + side * f.eye_x, f.eye_y + 0.075)]
            pen.line(_arc(*bag, (f.x + side * (f.eye_x + 0.05), f.eye_y + 0.04)), line, 0.010)
            for k in (-1, 1):
                foot = [
                    (f.x + side * (f.eye_x + 0.062), f.eye_y + 0.006 * k),
                    (f.x + side * (f.eye_x + 0.098), f.eye_y + 0.024 * k),
                ]
                pen.line(foot, line, 0.010)


def eyes(pen, f):
    """Draw the eyes, large in a child, under drooping lids in age."""
    wide, high = 0.047 + 0.008 * f.child, 0.030 + 0.010 * f.child - 0.006 * f.old - 0.005 * max(f.smile, 0)
    for side in (-1, 1):
        at = f.x + side * f.eye_x
        pen.ellipse(at, f.eye_y, wide, high, WHITE)
        iris = at + 0.024 * f.gaze
        pen.ellipse(iris, f.eye_y, 0.024, min(0.028, high), (0.27, 0.20, 0.15))
        pen.ellipse(iris, f.eye_y, 0.012, min(0.014, high), DARK)
        lid = _arc(
            (at - wide - 0.006, f.eye_y + 0.004), (at, f.eye_y - 2.1 * high), (at + wide + 0.006, f.eye_y + 0.004)
        )
        pen.line(lid, f.deep * 0.7, 0.013)
        brow_y = f.eye_y - 0.068 - 0.006 * f.child
        brow = _arc(
            (at - side * 0.055, brow_y + 0.008),
            (at, brow_y - 0.03),
            (at + side * 0.062, brow_y + 0.008 + 0.012 * f.old),
        )
        pen.line(brow, f.hair * 0.8 + 0.2 * f.deep, 0.020 - 0.006 * f.child)


def nose(pen, f):
    """Draw the nose, its dark side away from the light."""
    dark_side = -1 if f.light > 0 else 1
    tip = f.y + 0.098 + 0.012 * f.old - 0.01 * f.child
    pen.line(
        _arc(
            (f.x + dark_side * 0.014, f.eye_y + 0.02),
            (f.x + dark_side * 0.022, tip - 0.03),
            (f.x + dark_side * 0.040, tip),
        ),
        f.shade,
        0.015,
    )
    pen.line(
        _arc((f.x - 0.034 - 0.006 * f.old, tip), (f.x, tip + 0.026), (f.x + 0.034 + 0.006 * f.old, tip)), f.deep, 0.013
    )


def mouth(pen, f):
    """Draw the mouth; an open smile shows the teeth."""
    half = 0.092 + 0.036 * f.smile - 0.008 * f.child
    lift, lips = 0.052 * f.smile, f.flesh * np.array([0.80, 0.42, 0.42]) * (1 - 0.06 * f.old)
    corners = (f.x - half, f.mouth_y - lift), (f.x + half, f.mouth_y - lift)
    full = 0.034 - 0.012 * f.old
    upper = _arc(corners[0], (f.x, f.mouth_y + 1.1 * lift - full), corners[1])
    lower = _arc(corners[1], (f.x, f.mouth_y + 2.2 * lift + 1.3 * full), corners[0])
    pen.shape(np.concatenate([upper, lower]), lips)
    gap = 0.13 * max(f.smile, 0)  # an open smile shows the teeth
    inner = [(f.x - 0.82 * half, f.mouth_y - 0.72 * lift), (f.x + 0.82 * half, f.mouth_y - 0.72 * lift)]
    if gap > 0:
        teeth = (
            _arc(inner[0], (f.x, f.mouth_y + 0.9 * lift), inner[1]),
            _arc(inner[1], (f.x, f.mouth_y + 0.9 * lift + gap), inner[0]),
        )
        pen.shape(np.concatenate(teeth), WHITE)
    pen.line(_arc(inner[0], (f.x, f.mouth_y + 1.1 * lift), inner[1]), f.deep * 0.8, 0.010)


def front_hair(pen, f):
    """Draw the hair between the top of the head and a hairline that climbs with age, first at the temples."""
    over = 0.022 + 0.022 * f.hair_length * (1 - 0.5 * f.old)
    top = np.c_[f.x + (f.a + over) * f.cos, f.y + (f.b + over) * f.sin]
    temple, climb = f.y - 0.055 - 0.055 * f.old + 0.02 * f.child, 0.125 * f.old
    crown = top[top[:, 1] < temple]
    crown = crown[np.argsort(crown[:, 0])]
    middle = f.y - 0.165 - climb + 0.01 * f.child
    peak = 0.035 * f.old  # a widow's peak between bare temples
    right, left = crown[-1], crown[0]
    fringe = np.concatenate(
        [
            _arc(right, (f.x + 0.15, middle - peak), (f.x + 0.03, middle + peak), 8),
            _arc((f.x + 0.03, middle + peak), (f.x - 0.13, middle - peak - 0.02), left, 8),
        ]
    )
    pen.shape(np.concatenate([crown, fringe]), f.hair)
    for side in (-1, 1):  # strands beside the face
        inside, outside = (
            f.x + side * (f.a - 0.015 * f.hanging),
            f.x + side * (f.a + 0.012 + 0.063 * f.hair_length * f.hanging),
        )
        strand = [(inside, temple - 0.02), (outside, temple), (outside + side * 0.015 * f.hanging, f.length)]
        pen.shape([*strand, (f.x + side * (f.a + 0.005), f.length), (inside, min(f.y + 0.08, f.length))], f.hair)


def spectacles(pen, f):
    """Draw glasses, if there are any."""
    if f.glasses > 0:
        frame, rim = f.flesh + (DARK - f.flesh) * _ramp(f.glasses, 0, 0.5), 0.010 + 0.014 * f.glasses
        for side in (-1, 1):
            pen.ellipse(f.x + side * f.eye_x, f.eye_y + 0.004, 0.074, 0.066, None, frame, rim)
            pen.line(
                [(f.x + side * (f.eye_x + 0.072), f.eye_y - 0.01), (f.x + side * (f.a + 0.005), f.eye_y - 0.015)],
                frame,
                rim,
            )
        pen.line(
            _arc((f.x - f.eye_x + 0.070, f.eye_y), (f.x, f.eye_y - 0.022), (f.x + f.eye_x - 0.070, f.eye_y)), frame, rim
        )


PARTS = (back, skin, eyes, nose, mouth, front_hair, spectacles)


def portrait(**factors):
    """Return one portrait, uint8 (48, 48, 3)."""
    f = measures(**factors)
    pen = Pen(f.behind)
    for part in PARTS:
        part(pen, f)
    small = np.asarray(pen.picture.resize((SIZE, SIZE), Image.Resampling.BOX), "float32")
    bright = 1 + 0.28 * f.light * np.tanh(4 * (ACROSS - 0.5)) - 0.10 * (DOWN - 0.4)
    return np.clip(small * bright[:, :, None], 0, 255).astype("uint8")
