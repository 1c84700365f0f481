"""The bench with what matters most: Train, Pause and beta. Landing page."""

from helpers.living.widgets import bench

TITLE = "Train it yourself"
TRY = (
    "Press Train. In a few seconds the fog becomes digits. Then move β, the price of what a negative says, to about "
    "20, and back to 1."
)
NOTICE = (
    "The network begins with random numbers, here, in your browser. At β = 20 it pays to "
    "say nothing: every negative and every print is the same."
)
ALT = bench.ALT
NETWORK = None
STYLE = "bench"
data, figure = bench.data, bench.figure
