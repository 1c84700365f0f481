"""The data are the real MNIST, and a file that is anything else is refused."""

import hashlib
import pickle

import keras
import numpy as np
import pytest

from helpers import data
from helpers.data import (
    GREY_FLOOR,
    MEAN_IMAGE_NATS,
    MEAN_IMAGE_SQUARED_ERROR,
    MNIST_FILE,
    SHAPES,
    check_arrays,
    check_images,
    load_mnist,
)


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.fixture(scope="module")
def raw():
    with np.load(MNIST_FILE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_facts(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    assert (x_train.shape, y_train.shape) == ((60000, 28, 28), (60000,))
    assert (x_test.shape, y_test.shape) == ((10000, 28, 28), (10000,))
    for x, y in ((x_train, y_train), (x_test, y_test)):
        assert x.dtype == np.float32 and y.dtype == np.int64
        assert (x.min(), x.max()) == (0, 1)
        assert sorted(set(y)) == list(range(10))
    assert list(y_train[:10]) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert x_train.mean(dtype="float64") == pytest.approx(0.1307, abs=5e-5)
    assert x_train.std(dtype="float64") == pytest.approx(0.3081, abs=5e-5)


@pytest.mark.parametrize(
    "name, md5",
    [  # MD5 of the published IDX files, less their headers: recomputed from header and array
        ("x_train", "6bbc9ace898e44ae57da46a324031adb"),
        ("y_train", "a25bea736e30d166cdddb491f175f624"),
        ("x_test", "2646ac647ad5339dbf082846283269ea"),
        ("y_test", "27ae3e4e09519cfbb04c329615203637"),
    ],
)
def test_arrays_are_the_published_files(raw, name, md5):
    array = raw[name]
    magic = 2048 + array.ndim  # IDX: unsigned bytes, number of dimensions
    header = np.array([magic, *array.shape], ">u4").tobytes()
    assert hashlib.md5(header + array.tobytes()).hexdigest() == md5


def grey_entropy(x):
    p = np.arange(1, 255) / 255
    nats = np.concatenate([[0], -p * np.log(p) - (1 - p) * np.log(1 - p), [0]])
    return nats[x].sum(axis=(1, 2)).mean()


def mean_image_scores(x, mean):
    p = np.clip(mean, 1e-7, 1 - 1e-7)
    x = x / 255
    nats = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2)).mean()
    return nats, ((x - mean) ** 2).sum(axis=(1, 2)).mean()


def test_constants_are_those_of_the_test_images(raw):
    nats, squared_error = mean_image_scores(raw["x_test"], raw["x_train"].mean(axis=0) / 255)
    assert grey_entropy(raw["x_test"]) == pytest.approx(GREY_FLOOR, abs=0.006)
    assert nats == pytest.approx(MEAN_IMAGE_NATS, abs=0.06)
    assert squared_error == pytest.approx(MEAN_IMAGE_SQUARED_ERROR, abs=0.06)


def test_constants_of_the_training_images(raw):
    mean = raw["x_train"].mean(axis=0) / 255
    scores = np.mean([mean_image_scores(part, mean) for part in np.split(raw["x_train"], 12)], axis=0)
    assert np.mean([grey_entropy(part) for part in np.split(raw["x_train"], 12)]) == pytest.approx(45.76, abs=0.006)
    assert scores == pytest.approx([206.0, 52.7], abs=0.06)


LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:ee06\nsize 11266754\n"


def flip(place):
    def damage(good):
        bad = bytearray(good)
        bad[int(place * (len(bad) - 1))] ^= 1
        return bytes(bad)

    return damage


DAMAGE = {
    "empty": lambda good: b"",
    "first half": lambda good: good[: len(good) // 2],
    "last byte lost": lambda good: good[:-1],
    "a byte more": lambda good: good + b"\0",
    "Git LFS pointer": lambda good: LFS_POINTER,
    "web page": lambda good: b"<!DOCTYPE html><title>404</title>",
    "a pickle": lambda good: pickle.dumps({"x_train": [1]}),
    **{f"one bit flipped at {place:.0%}": flip(place) for place in (0, 0.001, 0.3, 0.6, 0.9, 0.9999, 1)},
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_file_is_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / "mnist.npz"
    path.write_bytes(damage(MNIST_FILE.read_bytes()))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pytest.fail("a damaged file must not be replaced"))
    with pytest.raises(ValueError, match="is not the file of this book") as error:
        load_mnist(path)
    assert "git checkout" in str(error.value) and str(path) in str(error.value)


def small(**changes):
    """Arrays of the right shapes, cheap to store, with changes."""
    arrays = {name: np.zeros(shape, "uint8") for name, shape in SHAPES.items()} | changes
    return {name: array for name, array in arrays.items() if array is not None}


WRONG = {
    "a data set of the same shapes": small(),
    "x_train cut short": small(x_train=np.zeros((59999, 28, 28), "uint8")),
    "images flat": small(x_test=np.zeros((10000, 784), "uint8")),
    "images of floats": small(x_test=np.zeros((10000, 28, 28), "float32")),
    "labels of int64": small(y_train=np.zeros(60000, "int64")),
    "a label 10": small(y_test=np.full(10000, 10, "uint8")),
    "no y_test": small(y_test=None),
    "other names": {"images": np.zeros((3, 28, 28), "uint8")},
    "a pickle inside": small(y_test=np.array([None] * 10000, dtype=object)),
}


@pytest.mark.parametrize("arrays", WRONG.values(), ids=WRONG)
def test_another_npz_is_refused(tmp_path, arrays):
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **arrays)
    with pytest.raises(ValueError, match="is not the file of this book"):
        load_mnist(path)


@pytest.mark.parametrize(
    "name, message",
    [
        ("x_train cut short", r"x_train .* shape \(59999, 28, 28\) .* expected \(60000, 28, 28\)"),
        ("images flat", r"x_test .* shape \(10000, 784\)"),
        ("images of floats", "x_test .* type float32; expected .* uint8"),
        ("labels of int64", "y_train .* type int64"),
        ("a label 10", "y_test .* label 10; digits end at 9"),
        ("no y_test", "y_test is missing .* it has x_test, x_train, y_train"),
        ("other names", "x_train is missing .* it has images"),
        ("a pickle inside", "y_test .* type object"),
    ],
)
def test_second_line_of_defence(name, message):
    with pytest.raises(ValueError, match=message):
        check_arrays(WRONG[name], "the file")


def test_pickle_is_not_executed(tmp_path, monkeypatch):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was executed",))

    path = tmp_path / "mnist.npz"
    np.savez(path, **small(y_test=np.array([Trap()] * 3, dtype=object)))
    # even if its checksum were the right one
    monkeypatch.setattr(data, "MNIST_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_mnist(path)


def test_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        load_mnist(tmp_path)


def test_file_changed_after_it_was_read_is_refused(tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_bytes(MNIST_FILE.read_bytes())
    load_mnist(path)
    path.write_bytes(flip(0.5)(MNIST_FILE.read_bytes()))
    with pytest.raises(ValueError, match="is not the file of this book"):
        load_mnist(path)


def test_absent_file_is_downloaded_by_keras(tmp_path, monkeypatch, raw, mnist):
    answer = (raw["x_train"], raw["y_train"]), (raw["x_test"], raw["y_test"])
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: answer)
    (_, y_train), (x_test, _) = load_mnist(tmp_path / "none.npz")
    assert x_test.dtype == np.float32 and np.array_equal(x_test, mnist[1][0])
    assert y_train.dtype == np.int64 and np.array_equal(y_train, mnist[0][1])


def test_wrong_download_is_refused(tmp_path, monkeypatch, raw):
    answer = (raw["x_train"][:10], raw["y_train"][:10]), (raw["x_test"], raw["y_test"])
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: answer)
    with pytest.raises(ValueError, match="x_train in Keras's download has shape"):
        load_mnist(tmp_path / "none.npz")


def test_absent_file_and_no_network(tmp_path, monkeypatch):
    def no_network():
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", no_network)
    with pytest.raises(FileNotFoundError, match="no route to host.*make data.*internet"):
        load_mnist(tmp_path / "none.npz")


GOOD = np.zeros((2, 28, 28), "float32")


@pytest.mark.parametrize(
    "x, message",
    [
        (GOOD[0], r"train takes a batch of images.*Write x\[None\]"),
        (GOOD.reshape(2, 784), r"shape \(2, 784\).*reshape\(-1, 28, 28\)"),
        (GOOD[..., None], r"shape \(2, 28, 28, 1\)"),
        (GOOD[:0], r"shape \(0, 28, 28\)"),
        (GOOD[:, :27], r"shape \(2, 27, 28\)"),
        (3.0, r"shape \(\)"),
        ([], r"shape \(0,\)"),
        (GOOD + np.nan, "NaN or infinite"),
        (GOOD + np.inf, "NaN or infinite"),
        (GOOD + 255, "from 255 to 255.*by 255"),
        (GOOD - 1, r"from -1 to -1.*do not shift them to \[-1, 1\]"),
        (GOOD.astype("str"), "takes numbers"),
        (GOOD.astype("complex64"), "takes numbers"),
    ],
)
def test_unusable_images_are_explained(x, message):
    with pytest.raises(ValueError, match=message):
        check_images(x, "train")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "bool"])
def test_usable_images_become_float32(dtype):
    x = check_images(np.ones((3, 28, 28), dtype), "train")
    assert x.dtype == np.float32 and x.shape == (3, 28, 28) and (x == 1).all()


def test_good_images_are_not_copied():
    assert check_images(GOOD, "train") is GOOD
