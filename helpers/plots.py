"""Figures of the book: one style, arrays in, figure out.

Every function returns a figure that is already closed for pyplot, so that it is shown once when
it is the last line of a cell. Functions with an `ax` argument draw into it and return its figure.
"""

import base64
import html
import io
import itertools
import json
import uuid

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse
from matplotlib.ticker import LogLocator, NullFormatter

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
                ax.set_title(str(titles[i]), fontsize=9, pad=3)
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
        axes[r, 0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8, fontsize=12)
    for ax, title in zip(axes[0], titles if titles is not None else []):
        ax.set_title(str(title), fontsize=10, pad=3)
    return _done(figure)


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
    figure, ax = _canvas(ax, (5.2, 5.2))
    for digit in np.unique(labels):
        mine = codes[labels == digit]
        ax.scatter(*mine.T, s=5, alpha=0.45, color=DIGITS[digit], linewidths=0)
    for digit in np.unique(labels) if names else []:
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
    figure, ax = _canvas(ax, size)
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
    return _done(figure)


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
    figure, ax = _canvas(ax, (size * columns / longest, size * rows / longest))
    ax.imshow(sheet, vmin=0, vmax=1, cmap=cmap, extent=extent, aspect="equal" if extent is None else "auto")
    if extent is None:
        ax.axis("off")
    else:
        ax.set(xlabel="z[0]", ylabel="z[1]")
    ax.set_title(title or "")
    return _done(figure)


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
    return _done(figure)


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
    return _done(figure)


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
    figure, ax = _canvas(ax, size)
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
    return _done(figure)


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
    return _done(figure)


def contours(x, y, values, levels, xlabel, ylabel, ax=None, size=(5.6, 4.2), title=None):
    """Show a function of two variables as shading with labelled contour lines.

    Args:
        x, y: positions, shapes (m,) and (n,).
        values: shape (n, m).
        levels: values of the lines, rising.
        xlabel, ylabel: names of the axes.
        ax: axes to draw into, or None for a new figure.
        size: inches, for a new figure.
        title: a text above.
    """
    figure, ax = _canvas(ax, size)
    ax.contourf(x, y, values, levels=levels, cmap="YlOrBr", alpha=0.7, extend="both")
    lines = ax.contour(x, y, values, levels=levels, colors=INK, linewidths=0.9)
    ax.clabel(lines, fontsize=9, fmt="%g")
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    return _done(figure)


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
    figure, ax = _canvas(ax, size)
    ax.imshow(density, origin="lower", extent=extent, cmap="YlOrBr", aspect="auto", interpolation="bilinear")
    if ellipse is not None:
        mean, sigma = np.asarray(ellipse[0]), np.exp(0.5 * np.asarray(ellipse[1]))
        ax.add_patch(Ellipse(mean, *(4 * sigma), fill=False, edgecolor=BLUE, linewidth=2, label=label))
        ax.plot(*mean, "+", color=BLUE, markersize=9)
        if label:
            ax.legend(loc="upper right")
    ax.set(xlabel="z[0]", ylabel="z[1]", title=title)
    return _done(figure)


def player(frames, title, readout=None, seconds=4.0, size=190, strip=9):
    """Show an animation that the reader starts, pauses and moves by hand; it stands still at first.

    Plain HTML in one piece: no request, no library, works in the page, JupyterLab and Colab. Where
    scripts are off, the strip of a few frames above the controls is what remains.

    Args:
        frames: shape (n, height, width), values in [0, 1]; or a dict from labels to such arrays,
            of one shape, shown side by side.
        title: what moves, for the line above and for screen readers.
        readout: n short texts, one a frame, or None to count the frames.
        seconds: time from the first frame to the last.
        size: width of one panel in CSS pixels.
        strip: frames in the strip.
    """
    from IPython.display import HTML

    panels = frames if isinstance(frames, dict) else {"": frames}
    panels = {label: np.asarray(images, "float64") for label, images in panels.items()}
    shape, *others = {images.shape for images in panels.values()}
    if others or len(shape) != 3 or shape[0] < 2:
        raise ValueError(
            "player takes arrays of one shape (n, height, width), n at least 2, but was given "
            f"{', '.join(str(images.shape) for images in panels.values())}."
        )
    n, height = shape[:2]
    readout = [f"frame {i + 1} of {n}" for i in range(n)] if readout is None else [str(text) for text in readout]
    if len(readout) != n:
        raise ValueError(f"player was given {n} frames, but {len(readout)} texts to read out.")

    uid, title = f"player-{uuid.uuid4().hex[:8]}", html.escape(title)
    few = np.unique(np.linspace(0, n - 1, strip).round().astype(int))
    strips = "".join(
        f'<span>{html.escape(label)}</span><img class="dark-light" alt="{html.escape(label)} {title}: {len(few)} '
        f'frames from first to last" src="{_png(np.concatenate(images[few], axis=1))}">'
        for label, images in panels.items()
    )
    gap = np.full((n, height, 2), 0.97)  # paper between the panels
    row = [part for images in panels.values() for part in (gap, images)][1:]
    sheet = np.concatenate(row, axis=2)  # (n, height, all panels)
    names = "".join(f"<span>{html.escape(label)}</span>" for label in panels)
    setup = {"id": uid, "n": n, "height": height, "width": sheet.shape[2], "seconds": seconds, "readout": readout}
    setup["sprite"] = _png(np.concatenate(sheet, axis=0))
    columns = f"grid-template-columns:repeat({len(panels)},1fr)"
    return HTML(f"""<style>{_PLAYER_STYLE.replace("ROOT", "#" + uid)}</style>
<figure id="{uid}" role="group" aria-labelledby="{uid}-title">
<figcaption id="{uid}-title">{title}</figcaption>
<div class="strip">{strips}</div>
<div class="screen" style="max-width:{size * len(panels)}px" hidden>
<div class="names" style="{columns}">{names}</div>
<canvas width="{sheet.shape[2]}" height="{height}" role="img" aria-label="{title}"></canvas>
</div>
<div class="controls" hidden>
<button type="button">Play</button>
<label for="{uid}-place">Place</label>
<input id="{uid}-place" type="range" min="0" max="{n - 1}" step="1" value="0">
<output for="{uid}-place" aria-live="off"></output>
</div>
</figure>
<script>({_PLAYER_SCRIPT})({json.dumps(setup).replace("<", chr(92) + "u003c")});</script>""")


def _png(image):
    """Return a grey image (height, width) in [0, 1] as a data address."""
    from PIL import Image

    buffer = io.BytesIO()
    pixels = np.round(255 * np.clip(image, 0, 1)).astype("uint8")
    Image.fromarray(pixels).save(buffer, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


_PLAYER_STYLE = """
ROOT{all:revert;box-sizing:border-box;max-width:46rem;margin:0.5rem 0;padding:0.9rem 1rem;border-radius:6px;
background:PAPER;color:INK;color-scheme:light;font-family:system-ui,sans-serif;font-size:1rem;line-height:1.4}
ROOT *{color:inherit;box-sizing:border-box}
ROOT figcaption{margin:0 0 0.6rem;padding:0;font-weight:600;text-align:left}
ROOT .strip{display:grid;grid-template-columns:auto 1fr;gap:2px 0.6rem;align-items:center;font-size:0.875rem}
ROOT .strip img{width:100%;max-width:30rem;height:auto;margin:0;padding:0;border-radius:0;image-rendering:pixelated}
ROOT .screen{margin:0.8rem 0 0}
ROOT .names{display:grid;text-align:center;font-size:0.875rem}
ROOT canvas{display:block;width:100%;height:auto;background:#000;image-rendering:pixelated}
ROOT .controls{display:flex;flex-wrap:wrap;gap:0.4rem 0.8rem;align-items:center;margin:0.8rem 0 0}
ROOT [hidden]{display:none}
ROOT button{min-width:5.5rem;min-height:2.75rem;padding:0 1rem;border:0;border-radius:4px;cursor:pointer;
background:INK;color:PAPER;font:inherit;font-weight:600}
ROOT input{flex:1 1 10rem;min-width:8rem;height:2.75rem;margin:0;accent-color:SAFELIGHT;cursor:pointer}
ROOT output{min-width:7rem;font-variant-numeric:tabular-nums}
ROOT button:focus-visible,ROOT input:focus-visible{outline:3px solid BLUE;outline-offset:2px}
"""
for _name, _colour in dict(PAPER=PAPER, INK=INK, SAFELIGHT=SAFELIGHT, BLUE=BLUE).items():
    _PLAYER_STYLE = _PLAYER_STYLE.replace(_name, _colour)

_PLAYER_SCRIPT = """function (setup) {
  const root = document.getElementById(setup.id);
  const find = (name) => root.querySelector(name);
  const canvas = find("canvas"), button = find("button"), slider = find("input"), output = find("output");
  const sprite = new Image();
  const last = setup.n - 1;
  let timer = null, step = 1;
  function show(i) {
    slider.value = i;
    output.textContent = setup.readout[i];
    slider.setAttribute("aria-valuetext", setup.readout[i]);
    canvas.getContext("2d").drawImage(
      sprite, 0, i * setup.height, setup.width, setup.height, 0, 0, setup.width, setup.height);
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }
  function play() {
    // who asks for less motion gets a few still frames, once, instead of a loop
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const stride = calm ? Math.max(1, Math.round(last / 6)) : 1;
    let i = Number(slider.value);
    if (i === last) { if (calm) { i = 0; show(i); } else { step = -1; } }
    if (i === 0 || calm) { step = 1; }
    button.textContent = "Pause";
    timer = setInterval(() => {
      if (!root.isConnected) { pause(); return; }
      i = Math.min(last, Math.max(0, i + step * stride));
      show(i);
      if (i === last && calm) { pause(); return; }
      if (i === last) { step = -1; }
      if (i === 0) { step = 1; }
    }, calm ? 1200 : 1000 * setup.seconds / last);
  }
  button.addEventListener("click", () => { if (timer === null) { play(); } else { pause(); } });
  slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
  sprite.onload = () => {
    find(".screen").hidden = false;
    find(".controls").hidden = false;
    show(0);
  };
  sprite.src = setup.sprite;
}"""


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
    return _done(figure)


def piano_rolls(rows, columns=2, size=(3.9, 1.35)):
    """Show tunes as notes on a grid: time to the right, the beats of the window counted from 1, and pitch upwards.

    No bar line is drawn: a window may begin in the middle of a bar (book/data/README.md).

    Args:
        rows: name -> tokens of a tune, shape (32,), see `helpers.tunes`.
        columns: tunes side by side.
        size: inches of each.
    """
    from helpers.tunes import BEAT, HIGHEST, LOWEST, STEPS, notes_of

    lines = -(-len(rows) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(size[0] * columns, size[1] * lines), squeeze=False, sharex=True, sharey=True
    )
    for ax, (name, tune) in itertools.zip_longest(axes.flat, rows.items(), fillvalue=(None, None)):
        if name is None:
            ax.axis("off")
            continue
        for start, length, pitch in notes_of(tune):
            ax.barh(pitch, length - 0.25, left=start, height=0.9, color=SAFELIGHT, edgecolor=INK, linewidth=0.4)
        ax.set(xlim=(-0.5, STEPS), ylim=(LOWEST - 1, HIGHEST + 1), yticks=[60, 72], yticklabels=["C4", "C5"])
        ax.set_xticks(range(0, STEPS, BEAT), [1 + step // BEAT for step in range(0, STEPS, BEAT)])
        ax.tick_params(axis="x", labelsize=8)
        ax.grid(axis="y", color=FAINT, alpha=0.25)
        ax.set_title(name, fontsize=9.5)
    return _done(figure)
