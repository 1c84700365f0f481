"""Images, and what lies in the latent plane."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

from helpers.plots.style import BLUE, DIGITS, INK, PAPER, canvas, done


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
                ax.set_title(str(titles[i]), fontsize=9, pad=3)
    return done(figure)


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
        axes[r, 0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8, fontsize=12)
    for ax, title in zip(axes[0], titles if titles is not None else []):
        ax.set_title(str(title), fontsize=10, pad=3)
    return done(figure)


def latent_map(codes, labels, ax=None, limit=4.0, title=None, names=True):
    """Show codes in the plane, coloured by digit, each digit named at the median of its codes.

    Args:
        codes: shape (n, 2).
        labels: shape (n,), digits 0 to 9.
        ax: axes to draw into, or None for a new figure.
        limit: half the width of the plane; None to fit the codes.
        title: a text above.
        names: whether to name the digits in the map.
    """
    codes, labels = np.asarray(codes), np.asarray(labels)
    figure, ax = canvas(ax, (5.2, 5.2))
    for digit in np.unique(labels):
        mine = codes[labels == digit]
        ax.scatter(*mine.T, s=5, alpha=0.45, color=DIGITS[digit], linewidths=0)
    for digit in np.unique(labels) if names else []:
        name_digit(ax, np.median(codes[labels == digit], axis=0), digit)
    if limit is not None:
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    ax.set(xlabel="z[0]", ylabel="z[1]", title=title)
    ax.set_aspect("equal")
    return done(figure)


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
    figure, ax = canvas(ax, (5.2, 5.2))
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
    return done(figure)


def contact_sheet(images, ax=None, extent=None, size=6.0, title=None, cmap=None):
    """Show a grid of images edge to edge, like a contact sheet.

    Args:
        images: shape (rows, columns, 28, 28), values in [0, 1].
        ax: axes to draw into, or None for a new figure.
        extent: (left, right, bottom, top) of the plane shown, or None for no axes.
        size: inches of the longer side.
        title: a text above.
        cmap: colour map, or None for grey.
    """
    images = np.asarray(images)
    rows, columns, height, width = images.shape
    sheet = images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    longest = max(rows, columns)
    figure, ax = canvas(ax, (size * columns / longest, size * rows / longest))
    ax.imshow(sheet, vmin=0, vmax=1, cmap=cmap, extent=extent, aspect="equal" if extent is None else "auto")
    if extent is None:
        ax.axis("off")
    else:
        ax.set(xlabel="z[0]", ylabel="z[1]")
    ax.set_title(title or "")
    return done(figure)


def density_map(density, extent, ellipse=None, label="", ax=None, size=(4.6, 4.6), title=None):
    """Show a density over a piece of the latent plane, and one Gaussian as an ellipse.

    Args:
        density: shape (rows, columns), the first row at the bottom.
        extent: (left, right, bottom, top).
        ellipse: (z_mean, z_log_var), each (2,): drawn at two standard deviations; or None.
        label: name of the ellipse.
        ax: axes to draw into, or None for a new figure.
        size: inches, for a new figure.
        title: a text above.
    """
    figure, ax = canvas(ax, size)
    ax.imshow(density, origin="lower", extent=extent, cmap="YlOrBr", aspect="auto", interpolation="bilinear")
    if ellipse is not None:
        mean, sigma = np.asarray(ellipse[0]), np.exp(0.5 * np.asarray(ellipse[1]))
        ax.add_patch(Ellipse(mean, *(4 * sigma), fill=False, edgecolor=BLUE, linewidth=2, label=label))
        ax.plot(*mean, "+", color=BLUE, markersize=9)
        if label:
            ax.legend(loc="upper right")
    ax.set(xlabel="z[0]", ylabel="z[1]", title=title)
    return done(figure)


def plane_map(values, limit, points=None, rings=(1, 2), label="", bound=None, size=(6.2, 5.2), title=None):
    """Show a signed quantity over the latent plane: blue below zero, red above, and marked points.

    Args:
        values: shape (n, n), the largest z[1] in the first row.
        limit: half the width of the plane.
        points: name -> codes (m, 2), marked with a cross, a circle, ...; or None.
        rings: radii of dashed circles around the origin.
        label: what the colours say, with units.
        bound: colours end at plus and minus this value; None to fit.
        size: inches.
        title: a text above.
    """
    bound = np.nanmax(np.abs(values)) if bound is None else bound
    figure, ax = plt.subplots(figsize=size)
    extent = (-limit, limit, -limit, limit)
    picture = ax.imshow(values, cmap="RdBu_r", vmin=-bound, vmax=bound, extent=extent, interpolation="bilinear")
    figure.colorbar(picture, ax=ax, label=label, shrink=0.85, extend="both")
    for radius in rings:
        ax.add_patch(plt.Circle((0, 0), radius, fill=False, linestyle="--", color=INK, linewidth=1))
    for (name, codes), marker in zip((points or {}).items(), "xo^"):
        ax.scatter(*np.asarray(codes).T, marker=marker, s=26, color=INK, linewidths=1.2, label=name)
    if points:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(points))
    ax.set(xlim=extent[:2], ylim=extent[2:], xlabel="z[0]", ylabel="z[1]", title=title)
    return done(figure)
