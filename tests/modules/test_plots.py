"""Every figure function draws what it is given, in the book's style, and leaves no figure open."""

import inspect

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt

from helpers import plots

RNG = np.random.default_rng(0)
IMAGES, LINE = RNG.random((10, 28, 28)), RNG.random(10)
CODES, LABELS = RNG.normal(size=(10, 2)), np.arange(10)
CASES = {  # function: (arguments, what it draws: panels that are not switched off)
    "image_grid": ((IMAGES, LABELS), 0),
    "image_rows": (({"a": IMAGES, "b": IMAGES},), 20),
    "latent_map": ((CODES, LABELS), 1),
    "posterior_ellipses": ((CODES, CODES, LABELS), 1),
    "curves": (({"a": LINE, "b": LINE}, "epoch", "nats"), 1),
    "contact_sheet": ((IMAGES.reshape(2, 5, 28, 28),), 0),
    "histograms": (({"a": LINE, "b": LINE[:5]}, "sigma"), 1),
    "scatter": (({"a": (LINE, LINE)}, "x", "y"), 1),
    "dot_plot": ((["one", "two"], {"a": LINE[:2]}, "nats"), 1),
    "marked_histograms": (({"a": LINE, "b": LINE}, {"A": 0}, {"a": [0.5]}), 2),
    "density_map": ((np.outer(LINE, LINE), (-1, 1, -1, 1), (CODES[0], CODES[1])), 1),
    "plane_map": ((np.outer(LINE, LINE), 2.0, {"a": CODES}), 2),
}
OTHERS = {"use_style", "name_digit", "player"}  # no figure; the player is tested with chapter 7's functions


def test_every_figure_function_is_tested_here():
    assert {name for name, _ in inspect.getmembers(plots, inspect.isfunction)} == set(CASES) | OTHERS


@pytest.mark.parametrize("name", CASES)
def test_a_figure(name):
    plots.use_style()
    arguments, panels = CASES[name]
    figure = getattr(plots, name)(*arguments)
    assert plt.get_fignums() == []  # shown once, as the cell's value, and not again
    assert matplotlib.colors.to_hex(figure.get_facecolor()) == plots.PAPER
    assert sum(ax.axison for ax in figure.axes) == panels
    assert any(ax.images or ax.lines or ax.collections or ax.patches for ax in figure.axes)
    figure.canvas.draw()


@pytest.mark.parametrize("name", [n for n in CASES if "ax" in inspect.signature(getattr(plots, n)).parameters])
def test_a_figure_in_given_axes(name):
    figure, ax = plt.subplots()
    assert getattr(plots, name)(*CASES[name][0], ax=ax) is figure
    assert ax.images or ax.lines or ax.collections or ax.patches


def test_digits_are_named_and_never_told_by_colour_alone():
    (ax,) = plots.latent_map(CODES, LABELS).axes
    assert sorted(text.get_text() for text in ax.texts) == [str(digit) for digit in range(10)]
    assert len(set(plots.DIGITS)) == 10


def test_curves_draw_a_band_around_each_line():
    figure = plots.curves({"a": LINE, "b": 2 * LINE}, "strength", "share", errors=[0 * LINE, LINE])
    heights = [np.ptp(band.get_datalim(figure.axes[0].transData).intervaly) for band in figure.axes[0].collections]
    assert heights == pytest.approx([np.ptp(LINE), 3 * LINE.max() - LINE.min()])
