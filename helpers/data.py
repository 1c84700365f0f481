"""The 70,000 digits of MNIST and 1,000 clothes of Fashion-MNIST, from the files in this repository; your own pictures.

Source and licence: ``book/data/README.md``. ``tools/fetch/mnist.py`` and ``tools/fetch/fashion.py`` make the files.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.files import read_arrays
from helpers.notebook import say
from helpers.places import DATA

MNIST_FILE = DATA / "mnist.npz"
MNIST_SHA256 = "ee068f36682cba7f38bafdedc77b0f873ebbcf877036f7ebde566966146ac146"
SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}
CURE = "Restore it with `git checkout -- book/data/mnist.npz`, or make it again with `make data`."

FASHION_FILE = DATA / "fashion.npz"
FASHION_SHA256 = "10ddc3ad900097f82baf1fe419cf3105e4d400c4a1f6a9ea74eaedce0bc47cf6"
FASHION_CURE = "Restore it with `git checkout -- book/data/fashion.npz`, or run `python -m tools.fetch.fashion`."
CLOTHES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]

# Three constants to read a figure on the 10,000 test images by; tests/modules/test_data.py recomputes them.
# On the 60,000 training images they are 45.76, 206.0 and 52.7.
GREY_FLOOR = 45.53  # nats an image: entropy of the grey levels; no Bernoulli model can score less
MEAN_IMAGE_NATS = 205.8  # nats an image: predicting the mean training image for every digit
MEAN_IMAGE_SQUARED_ERROR = 52.9  # the same prediction's squared error, summed over the pixels


def load_mnist(path=MNIST_FILE):
    """Return all of MNIST as ``(x_train, y_train), (x_test, y_test)``.

    Images are float32 in [0, 1], of shape (60000, 28, 28) and (10000, 28, 28); labels are int64
    of shape (60000,) and (10000,). The bundled file is used if it is there, after its
    checksum; otherwise Keras downloads its own copy.

    Raises:
        ValueError: the file is there but is not the published MNIST (damaged, altered, another).
        FileNotFoundError: there is no file and the download failed too.
    """
    path = Path(path)
    arrays = _read(path) if path.exists() else _download(path)
    x_train, y_train, x_test, y_test = (arrays[name] for name in SHAPES)
    return (
        (x_train.astype("float32") / 255, y_train.astype("int64")),
        (x_test.astype("float32") / 255, y_test.astype("int64")),
    )


def _read(path):
    if not path.is_file():
        raise ValueError(f"{path} should be a file, but is a folder. {CURE}")
    return read_arrays(path, MNIST_SHA256, CURE)


def _download(path):
    import keras

    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises what its URL library raises
        raise FileNotFoundError(
            f"MNIST is not at {path}, and Keras could not download it ({error}). {CURE} Or connect "
            "to the internet and run this again."
        ) from error
    arrays = dict(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return check_arrays(arrays, "Keras's download")


def check_arrays(arrays, source):
    """Return ``arrays`` if they have MNIST's shapes, type and labels; raise ValueError if not."""
    for name, shape in SHAPES.items():
        if name not in arrays:
            raise ValueError(f"{name} is missing from {source}; it has {', '.join(sorted(arrays))}. {CURE}")
        array = np.asarray(arrays[name])
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"{name} in {source} has shape {array.shape} and type {array.dtype}; expected {shape} and uint8. {CURE}"
            )
        if name.startswith("y") and array.max() > 9:
            raise ValueError(f"{name} in {source} has the label {array.max()}; digits end at 9. {CURE}")
    return arrays


def load_fashion(path=FASHION_FILE):
    """Return the first 1,000 test images of Fashion-MNIST (Xiao et al., 2017) as ``x, y``.

    Images are float32 in [0, 1], shape (1000, 28, 28); labels are int64, shape (1000,): places in ``CLOTHES``.

    Raises:
        ValueError: the file is not the one of this book (damaged, altered, another).
        FileNotFoundError: there is no file.
    """
    file = read_arrays(path, FASHION_SHA256, FASHION_CURE)
    return file["x"].astype("float32") / 255, file["y"].astype("int64")


# Endings that promise a picture: a file with one of them that cannot be read is an error, not something else.
PICTURES = set(".avif .bmp .cr2 .dng .gif .heic .heif .jfif .jpe .jpeg .jpg .nef .pbm .pgm .png .ppm .psd".split())
PICTURES |= set(".svg .tga .tif .tiff .webp".split())


def load_images(folder, size, background=1.0, skip_broken=False):
    """Read the pictures of a folder and of the folders in it, as square colour pictures of one size. Appendix A3.

    Each is turned as its EXIF data say, cut to the square in its middle, and scaled with a Lanczos filter. Grey,
    palette, CMYK and 16-bit pictures become red, green, blue. Of an animation, the first picture is taken.

    Args:
        folder: where the pictures are.
        size: pixels of a side.
        background: what shows through where a picture is transparent: a brightness, or red, green, blue, in [0, 1].
        skip_broken: leave out pictures that cannot be read, and say which, instead of raising an error.

    Returns:
        (x, names): float32 (n, size, size, 3) in [0, 1], and the n file names within the folder, sorted. What was
        left out (files that are no pictures) or enlarged is said; files whose names begin with a dot do not count.

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such folder.
        ValueError: unusable settings, no picture, or pictures that cannot be read; the message names them.
    """
    folder = Path(folder)
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}, seen from {Path.cwd()}. Check the spelling of its path.")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file. load_images takes the folder that the pictures are in.")
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
        raise ValueError(f"size must be a whole number of pixels, such as 48, but was {size!r}.")
    paper = np.broadcast_to(np.asarray(background, "float64"), 3)
    if not (paper.min() >= 0 and paper.max() <= 1):
        raise ValueError(f"background must lie in [0, 1], but was {background!r}. Divide colours of 0 to 255 by 255.")
    pictures, names, broken, others, small = [], [], [], [], []
    within = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(name for name in within if not any(part.startswith(".") for part in name.split("/"))):
        try:
            picture, shorter = _read_picture(within[name], size, paper)
        except UnidentifiedImageError:
            if within[name].suffix.lower() in PICTURES:
                broken.append(
                    (name, "of a kind that is not read here, as HEIC, SVG and raw files are; save it as JPEG")
                )
            else:
                others.append(name)
        except Exception as error:  # what damage raises differs from format to format
            broken.append((name, str(error) or type(error).__name__))
        else:
            pictures.append(picture)
            names.append(name)
            small += [name] if shorter < size else []
    if broken and not skip_broken:
        raise ValueError(
            f"{_count(broken, 'picture')} in {folder} cannot be read: {_some([f'{n} ({why})' for n, why in broken])}. "
            "Repair or remove them, or leave them out with load_images(..., skip_broken=True)."
        )
    if not pictures:
        raise ValueError(f"There is no picture in {folder}" + (f", only {_some(others)}." if others else "."))
    for left_out, why in ((others, "no pictures"), ([name for name, _ in broken], "cannot be read")):
        if left_out:
            say(f"Left out, {why}: {_some(left_out)}.")
    if small:
        say(f"Enlarged, since smaller than {size} pixels: {_some(small)}.")
    return np.stack(pictures), names


def _read_picture(path, size, paper):
    """Return a picture file as float32 (size, size, 3) in [0, 1], and the shorter side that it has in the file."""
    if not path.stat().st_size:
        raise ValueError("empty: 0 bytes; copy it again")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow thinks of odd files; its errors are caught
        with Image.open(path) as image:
            shorter = min(image.size)
            image.draft(None, (2 * size, 2 * size))  # lets a large JPEG be read at a fraction of its size
            picture = ImageOps.exif_transpose(image)
            if picture.mode.startswith(("I", "F")):  # 16 bits of grey, or fractions
                grey = np.asarray(picture, "float32") / (1 if picture.mode == "F" else 65535)
                if not (grey.min() >= 0 and grey.max() <= 1):
                    raise ValueError(f"pixels of mode {picture.mode} on an unknown scale; save it with 8 bits")
                picture = Image.fromarray(grey)
            elif picture.has_transparency_data:
                picture = picture.convert("RGBA")
                sheet = Image.new("RGBA", picture.size, tuple(round(255 * part) for part in paper))
                picture = Image.alpha_composite(sheet, picture).convert("RGB")
            else:
                picture = picture.convert("RGB")
    picture = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    pixels = np.asarray(picture, "float32") / (1 if picture.mode == "F" else 255)
    pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    return np.clip(pixels, 0, 1), shorter


def _count(things, noun):
    return f"{len(things)} {noun}" + ("s" if len(things) != 1 else "")


def _some(names, most=10):
    """Return the first names of a list, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def check_images(x, caller):
    """Return ``x`` as a float32 array if it is a batch of images in [0, 1]; explain if it is not.

    Args:
        x: images, shape (n, 28, 28).
        caller: the function's name, for the message.

    Raises:
        ValueError: wrong shape, no image, a value that is not finite or outside [0, 1].
    """
    x = np.asarray(x)
    if x.ndim == 2 and x.shape == (28, 28):
        raise ValueError(
            f"{caller} takes a batch of images, but was given one image of shape (28, 28). "
            "Write x[None] for a batch of one."
        )
    if x.ndim != 3 or x.shape[1:] != (28, 28) or not len(x):
        raise ValueError(
            f"{caller} takes images of shape (n, 28, 28), but was given shape {x.shape}. "
            "Flat images become pictures with x.reshape(-1, 28, 28)."
        )
    if x.dtype.kind not in "fiub":
        raise ValueError(f"{caller} takes numbers, but was given an array of type {x.dtype}.")
    low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"{caller} was given images with NaN or infinite pixels.")
    if low < 0 or high > 1:
        raise ValueError(
            f"{caller} takes pixels in [0, 1], but was given values from {low:g} to {high:g}. "
            "Divide pictures of 0 to 255 by 255; do not shift them to [-1, 1]."
        )
    return x.astype("float32", copy=False)


def binarise(x, seed):
    """Return a black-and-white version of grey images: each pixel is 1 with its grey as probability.

    Salakhutdinov & Murray (2008); the same seed gives the same version.

    Args:
        x: images in [0, 1], shape (n, 28, 28).
        seed: an integer, or a list of integers.
    """
    return (np.random.default_rng(seed).random(x.shape, "float32") < x).astype("float32")
