"""Figures of the book: one style, arrays in, figure out.

Every function returns a figure that is already closed for pyplot, so that it is shown once when
it is the last line of a cell. Functions with an `ax` argument draw into it and return its figure.
"""

from helpers.plots.charts import curves, dot_plot, histograms, marked_histograms, scatter
from helpers.plots.pictures import (
    contact_sheet,
    density_map,
    image_grid,
    image_rows,
    latent_map,
    name_digit,
    plane_map,
    posterior_ellipses,
)
from helpers.plots.player import player
from helpers.plots.style import BLUE, DIGITS, FAINT, GREEN, INK, PAPER, SAFELIGHT, use_style
