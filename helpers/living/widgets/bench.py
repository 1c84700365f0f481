"""The bench: train a VAE in the page, with all that one may change. The page "The bench"."""

from helpers import plots
from helpers.living.widgets.shared import bench_digits, bench_worker, packed_digits

TITLE = "Train a VAE"
TRY = (
    "Press Train, and watch the digits part on the map. Then move β, the price of what a negative says, to about 20 "
    "while it trains."
)
NOTICE = (
    "The prints answer the map: where the negatives of a kind lie, its digits are printed. A latent whose KL is 0 is "
    "not used; if none is used, every scene gets the same print."
)
ALT = "Twenty of the digits that the bench trains on, 14 by 14 pixels each."
NETWORK = None
STYLE = "bench"


def data():
    return {"digits": packed_digits(), "worker": bench_worker()}


def figure():
    images, _ = bench_digits()
    return plots.contact_sheet(images[:20].reshape(2, 10, 14, 14))
