"""Numbers as curves, dots and bars."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from helpers.plots.style import BLUE, FAINT, INK, SAFELIGHT, canvas, done


def curves(series, xlabel, ylabel, ax=None, x=None, title=None, size=(7, 3.2), errors=None):
    """Show lines, each named at its end (no legend to look up).

    Args:
        series: label -> values, shape (n,).
        xlabel, ylabel: names of the axes, with units.
        ax: axes to draw into, or None for a new figure.
        x: positions, shape (n,); 1 to n if None.
        title: a text above.
        size: inches, for a new figure.
        errors: for each line the half width of its band, shape (n,), or None for no bands.
    """
    figure, ax = canvas(ax, size)
    styles = ["-", "--", "-.", ":"]
    for i, (label, values) in enumerate(series.items()):
        positions = np.arange(1, len(values) + 1) if x is None else x
        (line,) = ax.plot(positions, values, styles[i % 4], label=label)
        if errors is not None:
            low, high = np.asarray(values) - errors[i], np.asarray(values) + errors[i]
            ax.fill_between(positions, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    if len(series) > 1:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return done(figure)


def _plain_ticks(*axes):
    """Label logarithmic axes at 1, 2 and 5 times powers of ten, with plain numbers."""
    for axis in axes:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())


def histograms(groups, xlabel, bins=40, log=False, size=(7, 3.0), title=None):
    """Show the distribution of each group as an outlined histogram of the same area.

    Args:
        groups: label -> values, shape (n,), n may differ.
        xlabel: name of the axis, with unit.
        bins: number of bins, shared by the groups.
        log: whether the axis is logarithmic.
        size: inches.
        title: a text above.
    """
    values = np.concatenate([np.asarray(v).ravel() for v in groups.values()])
    space = np.geomspace if log else np.linspace
    edges = space(values.min(), values.max(), bins + 1)
    figure, ax = plt.subplots(figsize=size)
    for i, (label, group) in enumerate(groups.items()):
        share = np.full(np.size(group), 1 / np.size(group))
        ax.hist(np.ravel(group), edges, weights=share, histtype="step", linestyle=["-", "--", ":"][i % 3], label=label,
                linewidth=1.8)  # fmt: skip
    if log:
        ax.set_xscale("log")
        _plain_ticks(ax.xaxis)
    if len(groups) > 1:
        ax.legend()
    ax.set(xlabel=xlabel, ylabel="share", title=title)
    return done(figure)


def scatter(series, xlabel, ylabel, log=False, guide=None, size=(5.6, 4.2), title=None):
    """Show clouds of points, each with its own colour and marker.

    Args:
        series: label -> (x, y), each of shape (n,).
        xlabel, ylabel: names of the axes, with units.
        log: whether both axes are logarithmic.
        guide: (label, x, y) of a line to compare with, or None.
        size: inches.
        title: a text above.
    """
    figure, ax = plt.subplots(figsize=size)
    for i, (label, (x, y)) in enumerate(series.items()):
        ax.scatter(x, y, s=9, alpha=0.45, marker="o^s"[i % 3], linewidths=0, label=label)
    if guide is not None:
        label, x, y = guide
        ax.plot(x, y, "--", color=INK, label=label)
    if log:
        ax.set(xscale="log", yscale="log")
        _plain_ticks(ax.xaxis, ax.yaxis)
    ax.legend(markerscale=2)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return done(figure)


def dot_plot(labels, series, xlabel, errors=None, log=False, joined=False, ax=None, size=(7, 3.6), title=None):
    """Show one row of dots for each label: one dot, with its own marker, for each entry of a dict.

    Args:
        labels: n texts, the first on top.
        series: name -> values, shape (n,).
        xlabel: name of the axis, with units.
        errors: name -> half widths of the error bars, shape (n,), or None.
        log: whether the axis is logarithmic.
        joined: whether to draw a line between the dots of a row.
        ax: axes to draw into, or None for a new figure.
        size: inches, for a new figure.
        title: a text above.
    """
    figure, ax = canvas(ax, size)
    rows = np.arange(len(labels))[::-1]
    values = np.array([np.asarray(v) for v in series.values()])
    if joined:
        ax.hlines(rows, values.min(axis=0), values.max(axis=0), color=FAINT, linewidth=1.2)
    for (name, v), marker in zip(series.items(), "osD^"):
        bars = None if errors is None else errors[name]
        ax.errorbar(v, rows, xerr=bars, fmt=marker, markersize=6.5, capsize=2.5, elinewidth=1.2, label=name)
    if log:
        ax.set_xscale("log")
    ax.set(yticks=rows, yticklabels=[str(label) for label in labels], xlabel=xlabel)
    ax.grid(axis="x", color=FAINT, alpha=0.25)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(series))
    ax.set_title(title or "")
    return done(figure)


def marked_histograms(panels, marks=None, bounds=None, bins=50, size=(7, 3.0)):
    """Show one histogram a panel, side by side, with the same named draws marked in each.

    Args:
        panels: name of the axis -> values, shape (n,).
        marks: letter -> position of that draw among the values, or None.
        bounds: name of the axis -> positions of dashed lines, or None.
        bins: bars of a histogram.
        size: inches.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=size)
    for (name, values), ax in zip(panels.items(), np.atleast_1d(axes)):
        values = np.asarray(values)
        counts, _, _ = ax.hist(values, bins=bins, density=True, color=BLUE, alpha=0.35)
        top = counts.max()
        for place in (bounds or {}).get(name, ()):
            ax.axvline(place, color=FAINT, linestyle="--", linewidth=1.2)
        for letter, i in (marks or {}).items():
            ax.plot(values[i], 0.06 * top, "o", color=SAFELIGHT, markersize=6)
            ax.annotate(letter, (values[i], 0.06 * top), (0, 6), textcoords="offset points", ha="center")
        ax.set(xlabel=name, yticks=[])
        ax.spines["left"].set_visible(False)
    return done(figure)
