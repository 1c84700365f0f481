"""The darkroom: draw a digit, watch its negative on the map, expose it, and see the prints. Chapter 1."""

from helpers import plots
from helpers.latent import develop
from helpers.living.pack import MODEL, pack_images
from helpers.living.widgets.shared import map_points, model, some_digits, z_means

TITLE = "The darkroom"
TRY = (
    "Press Clear: an empty pad gets a wide ellipse. Then draw a 3, slowly, and watch the ellipse wander over the map "
    "and shrink."
)
NOTICE = (
    "The ellipses lie one and two spreads from the mean. Press Keep exposing: in the long run 39 of 100 fall in the "
    "inner ellipse and 86 in the outer. Yet the prints of a clear digit are hard to tell apart."
)
ALT = "Ten test digits in a row, and below each the print of its negative."
NETWORK = MODEL


def data():
    images, labels = some_digits()
    return {"points": map_points(), "digits": pack_images(images), "labels": "".join(map(str, labels))}


def figure():
    images, _ = some_digits(1)
    codes = z_means(images)
    return plots.image_rows({"seen": images, "printed": develop(model().decoder, codes)})
