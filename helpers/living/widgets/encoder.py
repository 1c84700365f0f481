"""Several negatives of one digit, the spread turned from 0 to 8 times. Chapter 2."""

import numpy as np

from helpers import plots
from helpers.latent import develop
from helpers.living.pack import MODEL
from helpers.living.widgets import darkroom
from helpers.living.widgets.shared import model, some_digits

TITLE = "Several negatives of one digit"
TRY = "Move the spread slowly from 0 past 1, which is what the encoder says, up to 8."
NOTICE = (
    "At 0 all prints are equal, and at 1 they nearly are. At 8, of 100 draws of this 2, about 33 lie among other "
    "digits (press New noise a few times), but only 10 of the first 0, and 7 of the first 1: of the three, the 2 lies "
    "nearest to the crowded centre."
)
ALT = (
    "Four rows of eight prints of one handwritten 2, with its spread scaled by 0, 1, 4 and 8. The first row is all "
    "equal, the second nearly so; in the last, several prints are other digits."
)
NETWORK = MODEL


def figure():
    images, _ = some_digits()
    z_mean, z_log_var = (np.array(part) for part in model().encoder(images[4:5]))  # the first 2
    step = np.exp(z_log_var / 2) * np.random.default_rng(11).normal(size=(8, 2))
    return plots.image_rows({f"{s} sigma": develop(model().decoder, z_mean + s * step) for s in (0, 1, 4, 8)})


def data():
    return darkroom.data()
