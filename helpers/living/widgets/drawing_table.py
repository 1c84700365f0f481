"""The drawing table: a drawing becomes any digit asked for. Chapter 17."""

from functools import lru_cache

import numpy as np

from helpers import plots
from helpers.latent import develop
from helpers.living.pack import pack_images, pack_velocity
from helpers.living.widgets.shared import some_digits
from helpers.weights import load_vae, load_velocity
from helpers.world.flow import follow

TITLE = "The drawing table"
TRY = (
    "Make the 3 an 8, then any digit: press a label, or type a figure while the table has the focus. Move the strength "
    "from 0 to 1. Then press Clear and draw a digit of your own."
)
NOTICE = (
    "Measured on 1,000 test digits, each asked to become another: at strength 0.2 one in eight does; at 0.5 about 99 "
    "in 100, and their slant and thickness still follow the drawing (correlations of more than 0.5); at 0.8 hardly "
    "(less than 0.25). On an empty pad, or at strength 1, the label and the noise alone decide."
)
ALT = (
    "A drawn 3 that leans to the left, ten times; below, the prints for the labels 0 to 9 at three strengths. At 0.4 "
    "several lean left as it does and some are between two digits; at 0.8 all are the digits asked for."
)
NETWORK = "darkroom-12d"
VELOCITY = "velocity-12d"
DRAWING = {"start": 6, "label": 8, "strength": 0.5, "guidance": 3}  # start: of some_digits, the first 3


@lru_cache(maxsize=1)
def data():
    images, labels = some_digits()
    digits = {"digits": pack_images(images), "labels": "".join(map(str, labels))}
    return {"velocity": pack_velocity(VELOCITY), **digits, **DRAWING}


def drawing_prints(strength):
    """Return what the drawing that the table opens with becomes under each label, shape (10, 28, 28)."""
    vae, velocity = load_vae(NETWORK), load_velocity(VELOCITY)
    z = np.array(vae.encoder(some_digits()[0][[DRAWING["start"]] * 10])[0])
    noise = np.random.default_rng(1).normal(size=(1, vae.prior.latent_dim))
    z = (1 - strength) * z + strength * noise
    return develop(vae.decoder, follow(velocity, z, np.arange(10), DRAWING["guidance"], start=1 - strength))


def figure():
    drawn = some_digits()[0][[DRAWING["start"]] * 10]
    rows = {"drawn": drawn} | {f"strength {s}": drawing_prints(s) for s in (0.4, 0.6, 0.8)}
    return plots.image_rows(rows, titles=range(10))
