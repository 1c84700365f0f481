"""Portraits: deterministic, each factor seen where it belongs, clear errors."""

import builtins
import time
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.world.portraits import (
    FACTORS,
    NAMES,
    SIZE,
    draw_factors,
    draw_portraits,
    factor_table,
    load_photographs,
    load_portraits,
    scaled,
)

ORDINARY = {"hair_length": 0.3, "skin": 0.7}


def pair(name, low, high, **others):
    """Return two portraits that differ in one factor only, as floats in [0, 1]."""
    rows = factor_table([ORDINARY | others | {name: value} for value in (low, high)])
    return draw_portraits(rows).astype("float32") / 255


def test_the_same_seed_gives_the_same_portraits_and_a_longer_list_begins_alike():
    assert np.array_equal(draw_factors(5, 3), draw_factors(9, 3)[:5])
    assert not np.array_equal(draw_factors(5, 3), draw_factors(5, 4))
    factors = draw_factors(4, 0)
    prints = draw_portraits(factors)
    assert prints.shape == (4, SIZE, SIZE, 3) and prints.dtype == np.uint8
    assert np.array_equal(prints[2:3], draw_portraits(factors[2:3]))


def test_factors_are_uniform_independent_and_in_range():
    factors = draw_factors(20_000, 1)
    standard = scaled(factors)
    assert standard.min() >= -1 and standard.max() <= 1
    assert np.allclose(standard.mean(axis=0), 0, atol=0.03) and np.allclose(standard.var(axis=0), 1 / 3, atol=0.01)
    others = np.corrcoef(standard.T) - np.eye(len(FACTORS))
    assert np.abs(others).max() < 0.04


@pytest.mark.parametrize("factor", FACTORS, ids=NAMES)
def test_each_factor_changes_the_picture_smoothly(factor):
    steps = np.linspace(max(factor.low, 0.0 if factor.name == "glasses" else factor.low), factor.high, 41)
    rows = factor_table([ORDINARY | {factor.name: value} for value in steps])
    prints = draw_portraits(rows).astype("float32") / 255
    whole = np.abs(prints[-1] - prints[0]).sum()
    jumps = np.abs(np.diff(prints, axis=0)).sum(axis=(1, 2, 3))
    assert whole > 4, "hardly to be seen"
    assert jumps.max() < 0.35 * max(whole, jumps.sum() / 4), "a jump"


@pytest.mark.parametrize(
    "name, low, high, rows, columns",
    [
        ("smile", -1, 1, slice(20, 36), slice(14, 34)),  # mouth, cheeks, and eyes that narrow
        ("gaze", -1, 1, slice(20, 29), slice(14, 34)),
        ("glasses", 0, 1, slice(19, 31), slice(8, 40)),
    ],
)
def test_what_happens_in_one_place_stays_there(name, low, high, rows, columns):
    change = np.abs(np.subtract(*pair(name, low, high))).sum(axis=2)
    assert change[rows, columns].sum() > 0.9 * change.sum()


def test_glasses_are_off_up_to_zero_and_hair_greys_only_with_age():
    assert np.array_equal(*pair("glasses", -1, 0))
    young, old = pair("age", 20, 85, hair_colour=0.3)
    crown = slice(6, 9), slice(21, 27)  # the top of the head
    assert np.ptp(old[crown].mean(axis=(0, 1))) < 0.25 * np.ptp(young[crown].mean(axis=(0, 1))) + 0.05


def test_light_falls_from_the_side_that_is_said():
    for light, brighter in ((-1, 0), (1, 1)):
        print_ = draw_portraits(factor_table([{"light": light}]))[0].mean(axis=2)
        halves = print_[:, : SIZE // 2].mean(), print_[:, SIZE // 2 :].mean()
        assert np.argmax(halves) == brighter and max(halves) > 1.2 * min(halves)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: factor_table([{"beard": 1}]), "No factor is called 'beard'. They are: age"),
        (lambda: factor_table([{"age": 120}]), "age must lie between 8 and 88"),
        (lambda: draw_portraits(np.zeros((3, 4))), r"the shape \(n, 10\)"),
    ],
)
def test_bad_input_says_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_many_portraits_are_images_and_factors():
    x, factors = load_portraits(500)
    assert x.shape == (500, SIZE, SIZE, 3) and x.dtype == np.float32 and 0 <= x.min() < x.max() <= 1
    assert factors.shape == (500, len(FACTORS))


@pytest.mark.timed
def test_tens_of_thousands_take_less_than_a_minute(measure):
    start = time.perf_counter()
    load_portraits(500)
    measure("20,000 portraits are drawn", 40 * (time.perf_counter() - start), 60, "s")


@pytest.mark.parametrize("largest", [1.0, 255.0])
def test_photographs_come_in_the_portraits_size(largest):
    asked = {}

    def fetch(**options):  # stands for scikit-learn's loader: same arguments, same shape
        asked.update(options)
        rows, columns = options["slice_"]
        grey = np.linspace(0, largest, 5)[:, None, None, None]
        return SimpleNamespace(images=np.tile(grey, (1, rows.stop - rows.start, columns.stop - columns.start, 3)))

    x = load_photographs(fetch)
    assert asked["color"] and x.shape == (5, SIZE, SIZE, 3) and x.dtype == np.float32
    assert np.allclose(x.mean(axis=(1, 2, 3)), np.linspace(0, 1, 5), atol=1 / 255)


def unreachable(**options):
    raise OSError("no route to host")


@pytest.mark.parametrize(
    "fetch, error, message",
    [
        (unreachable, ConnectionError, "no route to host.*go on with drawn portraits"),
        (lambda **options: SimpleNamespace(images=np.zeros((3, 94, 94))), ValueError, "Expected colour photographs"),
        (lambda **options: SimpleNamespace(images=np.zeros((0, 94, 94, 3))), ValueError, "Expected colour photographs"),
    ],
)
def test_photographs_that_do_not_come_say_so(fetch, error, message):
    with pytest.raises(error, match=message):
        load_photographs(fetch)


def test_without_scikit_learn_the_message_names_it(monkeypatch):
    def refuse(name, *args, plain=builtins.__import__, **kwargs):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        load_photographs()
