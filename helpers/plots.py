"""Figures of the book: one style, arrays in, figure out.

Every function returns a figure that is already closed for pyplot, so that it is shown once when
it is the last line of a cell. Functions with an `ax` argument draw into it and return its figure.
"""

import base64
import html
import io
import json
import uuid

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

PAPER, INK, FAINT = "#fbf8f3", "#24211d", "#8d857a"
SAFELIGHT, BLUE, GREEN = "#c2410c", "#1f5f99", "#23704a"  # accents, also apart in grey and for the colour-blind
DIGITS = [  # Paul Tol's muted set and a grey; figures name the digit as well, colour never stands alone
    "#332288", "#cc6677", "#117733", "#88ccee", "#ddaa33", "#882255", "#44aa99", "#777777", "#aa4499", "#999933",
]  # fmt: skip


def use_style():
    """Set matplotlib's defaults to the book's: a light print that sits on light and dark pages."""
    plt.rcParams.update(
        {
            "figure.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": FAINT,
            "axes.titlecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=[SAFELIGHT, BLUE, GREEN, INK, FAINT]),
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.fontsize": 9,
            "legend.frameon": False,
            "font.size": 10,
            "figure.dpi": 130,
            "figure.figsize": (7, 3.6),
            "figure.constrained_layout.use": True,
            "lines.linewidth": 1.8,
            "image.cmap": "gray",
        }
    )


def _canvas(ax, size):
    if ax is not None:
        return ax.figure, ax
    return plt.subplots(figsize=size)


def _done(figure):
    plt.close(figure)
    return figure


def image_grid(images, titles=None, columns=10, size=0.72):
    """Show images as a grid.

    Args:
        images: shape (n, 28, 28), values in [0, 1].
        titles: n short texts above the images, or None.
        columns: images in a row.
        size: inches an image.
    """
    images = np.asarray(images)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = size * rows * (1.28 if titles is not None else 1)
    figure, axes = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(images):
            ax.imshow(images[i], vmin=0, vmax=1)
            if titles is not None:
                ax.set_title(str(titles[i]), fontsize=8, pad=2)
    return _done(figure)


def image_rows(rows, size=0.72, titles=None):
    """Show one labelled row of images for each entry of a dict: scenes above their prints.

    Args:
        rows: label -> images of shape (n, 28, 28), the same n in every row.
        size: inches an image.
        titles: n short texts above the first row, or None.
    """
    n = len(next(iter(rows.values())))
    figure, axes = plt.subplots(len(rows), n, figsize=(size * n + 1.4, size * len(rows) * 1.05), squeeze=False)
    for r, (label, images) in enumerate(rows.items()):
        for ax, image in zip(axes[r], np.asarray(images)):
            ax.imshow(image, vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        axes[r, 0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    for ax, title in zip(axes[0], titles if titles is not None else []):
        ax.set_title(str(title), fontsize=8, pad=2)
    return _done(figure)


def latent_map(codes, labels, ax=None, limit=4.0, title=None):
    """Show codes in the plane, coloured by digit, each digit named at the median of its codes.

    Args:
        codes: shape (n, 2).
        labels: shape (n,), digits 0 to 9.
        ax: axes to draw into, or None for a new figure.
        limit: half the width of the plane; None to fit the codes.
        title: a text above.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    figure, ax = _canvas(ax, (5.2, 5.2))
    for digit in np.unique(labels):
        mine = codes[labels == digit]
        ax.scatter(*mine.T, s=5, alpha=0.45, color=DIGITS[digit], linewidths=0)
    for digit in np.unique(labels):
        name_digit(ax, np.median(codes[labels == digit], axis=0), digit)
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    ax.set(xlabel="z[0]", ylabel="z[1]", title=title)
    ax.set_aspect("equal")
    return _done(figure)


def name_digit(ax, place, digit):
    """Write a digit's name into a map, in its colour, on a patch of paper."""
    box = dict(boxstyle="circle,pad=0.18", facecolor=PAPER, edgecolor=DIGITS[digit], linewidth=1.4)
    ax.text(*place, str(digit), ha="center", va="center", fontsize=10, fontweight="bold", bbox=box, clip_on=True)


def posterior_ellipses(z_mean, z_log_var, labels, ax=None, deviations=2.0, limit=4.0, title=None):
    """Show q(z|x) of many images as ellipses of `deviations` standard deviations.

    Args:
        z_mean, z_log_var: shape (n, 2).
        labels: shape (n,), digits 0 to 9.
        ax: axes to draw into, or None for a new figure.
        deviations: half axes of the ellipses, in standard deviations.
        limit: half the width of the plane; None to fit the codes.
        title: a text above.
    """
    z_mean, labels = np.asarray(z_mean), np.asarray(labels)
    width = 2 * deviations * np.exp(0.5 * np.asarray(z_log_var))
    figure, ax = _canvas(ax, (5.2, 5.2))
    for place, (w, h), digit in zip(z_mean, width, labels):
        color = DIGITS[digit]
        ax.add_patch(Ellipse(place, w, h, facecolor=color, edgecolor=color, alpha=0.35, linewidth=0.8))
    for digit in np.unique(labels):
        name_digit(ax, np.median(z_mean[labels == digit], axis=0), digit)
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    else:
        ax.autoscale_view()
    ax.set(xlabel="z[0]", ylabel="z[1]", title=title)
    ax.set_aspect("equal")
    return _done(figure)


def curves(series, xlabel, ylabel, ax=None, x=None, title=None, size=(7, 3.2)):
    """Show lines, each named at its end (no legend to look up).

    Args:
        series: label -> values, shape (n,).
        xlabel, ylabel: names of the axes, with units.
        ax: axes to draw into, or None for a new figure.
        x: positions, shape (n,); 1 to n if None.
        title: a text above.
        size: inches, for a new figure.
    """
    figure, ax = _canvas(ax, size)
    styles = ["-", "--", "-.", ":"]
    for i, (label, values) in enumerate(series.items()):
        positions = np.arange(1, len(values) + 1) if x is None else x
        ax.plot(positions, values, styles[i % 4], label=label)
    if len(series) > 1:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return _done(figure)


def contact_sheet(images, ax=None, extent=None, size=6.0, title=None):
    """Show a grid of images edge to edge, like a contact sheet.

    Args:
        images: shape (rows, columns, 28, 28), values in [0, 1].
        ax: axes to draw into, or None for a new figure.
        extent: (left, right, bottom, top) of the plane shown, or None for no axes.
        size: inches of the longer side.
        title: a text above.
    """
    images = np.asarray(images)
    rows, columns, height, width = images.shape
    sheet = images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    longest = max(rows, columns)
    figure, ax = _canvas(ax, (size * columns / longest, size * rows / longest))
    ax.imshow(sheet, vmin=0, vmax=1, extent=extent, aspect="equal" if extent is None else "auto")
    if extent is None:
        ax.axis("off")
    else:
        ax.set(xlabel="z[0]", ylabel="z[1]")
    ax.set_title(title or "")
    return _done(figure)
