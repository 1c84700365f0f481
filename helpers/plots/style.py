"""The colours of the book, its defaults for matplotlib, and how a figure begins and ends."""

import matplotlib.pyplot as plt

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


def canvas(ax, size):
    """Return the figure and axes to draw into: those given, or new ones."""
    if ax is not None:
        return ax.figure, ax
    return plt.subplots(figsize=size)


def done(figure):
    """Return a figure, closed for pyplot, so that it is shown once."""
    plt.close(figure)
    return figure
