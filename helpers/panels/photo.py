"""A photo of a handwritten digit, made like MNIST's images: for the panel of chapter 2 (The encoder).

Only Pillow and NumPy, and everything by rules that can be seen: the result is what the camera sees.
"""

import io
import warnings

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

MOST_BYTES = 8_000_000  # Jupyter's servers refuse messages above 10 MiB
MOST_PIXELS = 60_000_000
SIZE = 256  # longer side, in pixels, of the copy in which the digit is looked for
INK = 0.4  # what stands out at least this far, of 1, belongs to a line
BOX = 20  # a digit of MNIST fits into a box of this size; around it is black
STROKE = 1.9  # pixels, about the mean of MNIST, whose pens were thick; thinner lines are thickened to it


class PhotoError(ValueError):
    """What is wrong with a photo, in a sentence for whoever chose it."""


def like_mnist(data):
    """Return the digit in an image file as MNIST would show it, and the photo in grey.

    Light on black whatever the paper, uneven light taken out, cropped, scaled to fit a box of 20 x 20 pixels, thin
    lines thickened, and the centre of its ink in the middle of 28 x 28 pixels, as LeCun et al. made MNIST.

    Args:
        data: the bytes of an image file.

    Returns:
        (image, grey): float32 in [0, 1], the image (28, 28), the photo with its longer side 256.

    Raises:
        PhotoError: no image, a damaged or too large one, or nothing on it that stands out.
    """
    grey = read_grey(data)
    ink = keep_digit(find_ink(grey))
    return centre(fit_box(ink)), grey


def read_grey(data):
    """Return an image file as a grey picture, shape (height, width), its longer side 256, upright.

    Raises:
        PhotoError: no image, damaged, too large, or too narrow.
    """
    if len(data) > MOST_BYTES:
        raise PhotoError(
            f"The file has {len(data) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read. "
            "Crop the photo to the digit, or save it smaller."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow thinks of odd files; its errors are caught
            image = Image.open(io.BytesIO(data))
            check_size(*image.size)
            image.draft("L", (2 * SIZE, 2 * SIZE))  # lets a JPEG be read at a fraction of its size
            image = ImageOps.exif_transpose(image)  # as the phone was held
            grey = to_grey(image)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(
            "This file is no image that can be read here. JPEG, PNG, WebP, GIF, BMP and TIFF can; HEIC, which many "
            "phones write, and SVG cannot."
        ) from error
    except Image.DecompressionBombError as error:
        raise PhotoError("The image has far too many pixels. Save it smaller.") from error
    except Exception as error:  # what damage raises differs from format to format
        raise PhotoError(f"The image is damaged and cannot be read to its end ({error}).") from error
    picture = ImageOps.contain(Image.fromarray(grey), (SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(picture), 0, 1)


def check_size(width, height):
    """Raise PhotoError if an image is too large, or too narrow to hold a digit."""
    if width * height > MOST_PIXELS:
        raise PhotoError(
            f"The image has {width * height / 1e6:.0f} million pixels; at most {MOST_PIXELS / 1e6:.0f} million are "
            "read. Save it smaller."
        )
    if min(width, height) < 8 or max(width, height) > 16 * min(width, height):
        raise PhotoError(f"The image has {width} by {height} pixels: too few, or too narrow, to hold a digit.")


def to_grey(image):
    """Return a Pillow image as greys in [0, 1]; what is transparent becomes paper, light or dark as the ink needs."""
    if image.mode.startswith(("I", "F")):  # more than 256 greys, on a scale of its own
        grey = np.asarray(image, "float32")
        return (grey - grey.min()) / max(float(np.ptp(grey)), 1e-6)
    image = image.convert("RGBA") if image.has_transparency_data else image.convert("RGB")
    grey = np.asarray(image.convert("L"), "float32") / 255
    if image.mode == "RGB":
        return grey
    opaque = np.asarray(image.getchannel("A"), "float32") / 255
    light_ink = (grey * opaque).sum() > 0.5 * opaque.sum()
    return grey * opaque + (1 - opaque) * (0 if light_ink else 1)


def find_ink(grey):
    """Return how far every pixel stands out from the paper: 0 for paper, 1 for the strongest ink.

    Whichever side reaches further from the paper is the ink, so that chalk on a board works too.

    Raises:
        PhotoError: nothing stands out.
    """
    smooth = Image.fromarray(np.round(255 * grey).astype("uint8")).filter(ImageFilter.MedianFilter(3))
    away = np.asarray(smooth, "float32") / 255
    away = away - fit_paper(away)
    below, above = np.percentile(away, [0.1, 99.9])
    away = away if above > -below else -away
    peak, noise = max(above, -below), 1.5 * np.median(np.abs(away))
    if peak < max(0.08, 6 * noise):
        raise PhotoError(
            "Nothing stands out from the paper: the picture is blank, or too pale or too dark. Write one digit with a "
            "thick pen, and let it fill most of the picture."
        )
    return np.clip((away / peak - 0.2) / 0.5, 0, 1)


def fit_paper(grey):
    """Return how light the paper is in every pixel: a smooth surface of second degree, fitted without the ink."""
    up, right = np.meshgrid(*(np.linspace(-1, 1, n) for n in grey.shape), indexing="ij")
    terms = np.stack([np.ones_like(up), up, right, up * up, up * right, right * right], axis=-1).reshape(-1, 6)
    light = grey.ravel()
    paper = np.full_like(light, np.median(light))
    for _ in range(6):
        rest = np.abs(light - paper)
        kept = rest <= max(0.03, 2.5 * np.median(rest))  # the ink is what does not fit
        paper = terms @ np.linalg.lstsq(terms[kept], light[kept], rcond=None)[0]
    return paper.reshape(grey.shape)


def keep_digit(ink):
    """Return ink without specks, and without what reaches in from the edge, such as the rim of the paper."""
    islands = number_islands(ink > INK)
    sizes = np.bincount(islands.ravel())
    sizes[0] = 0
    inside = sizes.copy()
    inside[np.unique(np.concatenate([islands[0], islands[-1], islands[:, 0], islands[:, -1]]))] = 0
    sizes = inside if inside.max() > 0.0015 * ink.size else sizes
    kept = np.flatnonzero(sizes >= max(1, 0.05 * sizes.max()))
    mask = Image.fromarray(255 * np.isin(islands, kept).astype("uint8")).filter(ImageFilter.MaxFilter(5))
    return ink * (np.asarray(mask) > 0)


def number_islands(mask):
    """Return an array that is 0 outside the mask, and holds one number for each connected part of it."""
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before, padded = numbers, np.pad(numbers, 1)
        height, width = mask.shape
        around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
        numbers = np.where(mask, np.maximum.reduce(around), 0)  # the largest number of an island spreads over it
        if np.array_equal(numbers, before):
            return np.unique(numbers, return_inverse=True)[1].reshape(mask.shape)


def fit_box(ink):
    """Return ink cropped and scaled so that its longer side is 20 pixels, its lines no thinner than MNIST's."""
    ink = np.pad(ink, SIZE // 8)  # room for thicker lines
    box = crop(ink)
    scale = BOX / max(box.shape)
    edge = sum(np.abs(np.diff(box, axis=axis, prepend=0, append=0)).sum() for axis in (0, 1))
    line = 2 * box.sum() / edge  # the width of a line, as chapter 7 measures it
    picture = Image.fromarray(np.round(255 * ink).astype("uint8"))
    for _ in range(round(max(0, STROKE / scale - line) / 2)):
        picture = picture.filter(ImageFilter.MaxFilter(3))  # one pixel thicker on every side
    box = crop(np.asarray(picture, "float32") / 255)
    height, width = (max(1, round(BOX * side / max(box.shape))) for side in box.shape)
    small = np.asarray(Image.fromarray(box).resize((width, height), Image.Resampling.BILINEAR))
    return small / small.max()


def crop(ink):
    """Return the smallest rectangle that holds all ink."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > INK) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def centre(box):
    """Return a picture of 28 x 28 pixels with the centre of a box's ink in its middle, to the nearest pixel."""
    image = np.zeros((28, 28), "float32")
    height, width = box.shape
    down = np.arange(height) @ box.sum(axis=1) / box.sum()
    right = np.arange(width) @ box.sum(axis=0) / box.sum()
    top = int(np.clip(round(14 - down), 0, 28 - height))
    left = int(np.clip(round(14 - right), 0, 28 - width))
    image[top : top + height, left : left + width] = box
    return image
