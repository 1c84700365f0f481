"""Pictures to try a model of your own on: coloured signs, drawn and written into a folder as files. Appendix A3.

The folder is as mixed as one that was filled by hand: PNG and JPEG, of many sizes, upright and wide, a few stored on
their side with EXIF data that say so.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("disc", "octagon", "square", "triangle")
COLOURS = ((0.80, 0.12, 0.14), (0.10, 0.32, 0.70), (0.96, 0.72, 0.10), (0.10, 0.50, 0.36))
FINER = 2  # drawn so much larger, then reduced: soft edges
SIDEWAYS = 6  # the value of EXIF's orientation that has the picture turned clockwise to be upright
CORNERS = {"disc": 40, "octagon": 8, "square": 4, "triangle": 3}
GLYPHS = {  # outlines around (0, 0) in a sign of radius 1; y points down
    "arrow": [(-0.14, 0.5), (-0.14, 0), (-0.4, 0), (0, -0.5), (0.4, 0), (0.14, 0), (0.14, 0.5)],
    "bar": [(-0.5, -0.14), (0.5, -0.14), (0.5, 0.14), (-0.5, 0.14)],
    "bolt": [(0.2, -0.5), (-0.3, 0.1), (-0.04, 0.1), (-0.2, 0.5), (0.3, -0.1), (0.04, -0.1)],
}


def draw_sign(kind, rng):
    """Return a sign as a Pillow image: the kind as asked, all else (colour, glyph, angle, size, ground) by chance.

    Args:
        kind: one of `KINDS`.
        rng: a NumPy generator.
    """
    short = int(rng.integers(56, 121))
    width, height = [(short, short), (round(1.4 * short), short), (short, round(1.3 * short))][rng.integers(3)]
    colour = np.array(COLOURS[rng.integers(len(COLOURS))]) + rng.uniform(-0.04, 0.04, 3)
    sky, ground = np.array([[0.62, 0.78, 0.95], [0.55, 0.50, 0.38]]) * rng.uniform((0.7, 0.5), (1.05, 1.2))[:, None]
    glyph = list(GLYPHS.values())[rng.integers(len(GLYPHS))]
    radius, angle, slant = short * rng.uniform(0.32, 0.46), np.deg2rad(rng.uniform(-15, 15)), rng.uniform(0.55, 0.9)
    middle = np.array([width, height]) / 2 + rng.uniform(-0.04, 0.04, 2) * short
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    image = Image.new("RGB", (width * FINER, height * FINER), _ink(sky))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, slant * height * FINER, width * FINER, height * FINER), fill=_ink(ground))
    corners = 2 * np.pi * (np.arange(CORNERS[kind]) + (0 if kind in ("triangle", "disc") else 0.5)) / CORNERS[kind]
    outline = np.c_[np.sin(corners), -np.cos(corners)]
    for points, scale, ink in ((outline, 1, (0.97, 0.97, 0.95)), (outline, 0.85, colour), (glyph, 0.8, (1, 1, 1))):
        placed = (middle + radius * scale * np.array(points) @ turn) * FINER
        pen.polygon([tuple(point) for point in placed], fill=_ink(ink))
    return image.resize((width, height), Image.Resampling.BOX)


def write_signs(folder, n, seed=0):
    """Write n signs into a folder, named by kind and number, such as `disc-0004.png`. Returns the sorted names.

    Args:
        folder: made if it is not there.
        n: how many files.
        seed: the same seed gives the same pictures.
    """
    folder, rng, names = Path(folder), np.random.default_rng(seed), []
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n):
        kind = KINDS[k % len(KINDS)]
        image, exif = draw_sign(kind, rng), Image.Exif()
        if rng.random() < 0.1:  # as a phone stores a picture that it took on its side
            image, exif[0x0112] = image.transpose(Image.Transpose.ROTATE_90), SIDEWAYS
        png = rng.random() < 0.3
        names.append(f"{kind}-{k:04d}.{'png' if png else 'jpg'}")
        image.save(folder / names[-1], exif=exif, **({} if png else {"quality": 90}))
    return sorted(names)


def _ink(colour):
    return tuple(round(255 * float(min(max(part, 0), 1))) for part in colour)
