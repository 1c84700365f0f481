"""A photo of a digit becomes an image like MNIST's, or a sentence that says what is wrong with it."""

import numpy as np
import pytest
from photos import enlarged, file, on_paper
from PIL import Image, ImageDraw

from helpers.panels import photo
from helpers.panels.photo import PhotoError, like_mnist


@pytest.fixture(scope="module")
def digits(x_test):
    return x_test[:6]


def alike(image, digit):
    return np.corrcoef(image.ravel(), digit.ravel())[0, 1]


def shaded(picture):
    rows, columns = (np.linspace(0, 1, n) for n in picture.shape)
    return picture - 0.3 * columns - 0.15 * rows[:, None]


def on_a_table(picture):
    table = np.random.default_rng(1).normal(0.2, 0.05, (800, 1000))
    table[120:720, 150:950] = picture
    return table


def speckled(picture):
    picture = picture + np.random.default_rng(2).normal(0, 0.03, picture.shape)
    picture[::50] -= 0.1  # lines
    picture[50:58, 80:88] = 0.2  # a speck
    return picture


VIEWS = {
    "dark on light": lambda picture: picture,
    "light on dark": lambda picture: 1 - picture,
    "uneven light": shaded,
    "on a dark table": on_a_table,
    "noise, lines and a speck": speckled,
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_photo_of_a_digit_gives_the_digit(digits, view):
    likeness = []
    for digit, kind in zip(digits, ["png", "jpeg", "webp", "bmp", "gif", "tiff"]):
        image, grey = like_mnist(file(view(on_paper(digit)), kind))
        assert image.shape == (28, 28) and image.dtype == np.float32 and image.min() == 0 and image.max() == 1
        assert max(grey.shape) == 256 and 0 <= grey.min() <= grey.max() <= 1
        likeness.append(alike(image, digit))
    assert np.median(likeness) > 0.9 and min(likeness) > 0.7, likeness


def test_an_image_of_mnist_itself_stays_as_it_is(digits):
    assert np.median([alike(like_mnist(file(digit))[0], digit) for digit in digits[:6]]) > 0.9


def test_place_and_size_do_not_matter(digits):
    images = [
        like_mnist(file(on_paper(digits[0], size=size, at=at)))[0] for size, at in ((400, (50, 30)), (150, (400, 600)))
    ]
    assert alike(*images) > 0.85


@pytest.mark.parametrize("number", range(4))
def test_it_is_centred_as_mnist_is(digits, number):
    image, _ = like_mnist(file(on_paper(digits[number])))
    rows, columns = np.flatnonzero(image.sum(axis=1)), np.flatnonzero(image.sum(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    for axis, places in ((1, rows), (0, columns)):
        centre = image.sum(axis=axis) @ np.arange(28) / image.sum()
        assert (
            abs(centre - 14) <= 0.51 or places[0] == 0 or places[-1] == 27
        )  # the middle, or as near as the box can go


def test_thin_lines_are_thickened_and_thick_ones_kept():
    ink = []
    for width in (4, 60):
        picture = Image.new("L", (1000, 1000), 240)
        ImageDraw.Draw(picture).line([(300, 250), (700, 250), (450, 800)], fill=30, width=width)
        ink.append(like_mnist(file(picture))[0].sum())
    assert ink[0] > 35 and ink[1] < 1.8 * ink[0]  # 15 times as thick on paper


def test_a_phone_held_sideways(digits):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    picture = on_paper(digits[0], at=(200, 250))
    turned, _ = like_mnist(file(np.rot90(picture), "jpeg", exif=exif.tobytes()))
    assert alike(turned, digits[0]) > 0.9


@pytest.mark.parametrize("ink", [0, 255])
def test_what_is_transparent_is_paper(digits, ink):
    alpha = np.round(255 * enlarged(digits[0])).astype("uint8")
    pixels = np.dstack([np.full((300, 300, 3), ink, "uint8"), alpha])
    assert alike(like_mnist(file(Image.fromarray(pixels)))[0], digits[0]) > 0.9


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "CMYK", "I;16"])
def test_other_kinds_of_pixels(digits, mode):
    grey = on_paper(digits[0])
    if mode == "I;16":
        picture = Image.fromarray(np.round(40000 * grey).astype("uint16"))
    else:
        picture = Image.fromarray(np.round(255 * grey).astype("uint8")).convert(mode)
    assert picture.mode == mode
    assert alike(like_mnist(file(picture, "tiff"))[0], digits[0]) > 0.85


GOOD = file(on_paper(np.eye(28)))
BAD = {
    "no image": (b"Dear diary, today I wrote a digit.", "no image"),
    "half of an image": (GOOD[: len(GOOD) // 2], "damaged"),
    "too many bytes": (bytes(photo.MOST_BYTES + 1), "8.0 MB; at most 8 MB"),
    "too many pixels": (file(Image.new("1", (10_000, 7_000))), "70 million pixels"),
    "far too many pixels": (file(Image.new("1", (20_000, 20_000))), "many pixels|million pixels"),
    "a strip": (file(np.ones((20, 900))), "too narrow"),
    "a blank page in uneven light": (file(shaded(np.full((300, 400), 0.9))), "Nothing stands out"),
    "a blank page with noise": (
        file(np.random.default_rng(0).normal(0.8, 0.03, (300, 400))), "Nothing stands out"),
    "nothing but transparency": (file(Image.new("RGBA", (100, 100))), "Nothing stands out"),
}  # fmt: skip


@pytest.mark.parametrize("data, expected", BAD.values(), ids=BAD)
def test_what_is_wrong_is_said(data, expected):
    with pytest.raises(PhotoError, match=expected):
        like_mnist(data)
