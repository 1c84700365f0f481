"""The data are the real MNIST, and a file that is anything else is refused."""

import hashlib

import keras
import numpy as np
import pytest
from damage import DAMAGE

from helpers import data
from helpers.data import (
    FASHION_FILE,
    GREY_FLOOR,
    MEAN_IMAGE_NATS,
    MEAN_IMAGE_SQUARED_ERROR,
    MNIST_FILE,
    SHAPES,
    check_arrays,
    check_images,
    load_fashion,
    load_mnist,
)
from helpers.world.tunes import CHORALES_FILE, load_chorales


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


FILES = {load_mnist: MNIST_FILE, load_fashion: FASHION_FILE, load_chorales: CHORALES_FILE}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("load", FILES)
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, load, damage):
    path = tmp_path / "data.npz"
    path.write_bytes(damage(FILES[load].read_bytes()))
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: pytest.fail("a damaged file must not be replaced"))
    with pytest.raises(ValueError, match="is not the file of this book") as error:
        load(path)
    assert "git checkout" in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize("load", [load_fashion, load_chorales])
def test_a_missing_file_is_explained(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="git checkout"):
        load(tmp_path / "none.npz")


def small(**changes):
    """Arrays of the right shapes, cheap to store, with changes."""
    arrays = {name: np.zeros(shape, "uint8") for name, shape in SHAPES.items()} | changes
    return {name: array for name, array in arrays.items() if array is not None}


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            dict(x_train=np.zeros((59999, 28, 28), "uint8")),
            r"x_train .* \(59999, 28, 28\) .* expected \(60000",
        ),
        (dict(x_test=np.zeros((10000, 28, 28), "float32")), "x_test .* type float32; expected .* uint8"),
        (dict(y_test=np.full(10000, 10, "uint8")), "y_test .* label 10; digits end at 9"),
        (dict(y_test=None), "y_test is missing .* it has x_test, x_train, y_train"),
    ],
)
def test_second_line_of_defence(changes, message):
    with pytest.raises(ValueError, match=message):
        check_arrays(small(**changes), "the file")


def test_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        load_mnist(tmp_path)


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
        (GOOD[:0], r"shape \(0, 28, 28\)"),
        (3.0, r"shape \(\)"),
        (GOOD + np.nan, "NaN or infinite"),
        (GOOD + 255, "from 255 to 255.*by 255"),
        (GOOD - 1, r"from -1 to -1.*do not shift them to \[-1, 1\]"),
        (GOOD.astype("str"), "takes numbers"),
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
