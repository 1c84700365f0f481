"""The epsilon dial: noise frozen or redrawn while mu or sigma moves. Chapter 4."""

import numpy as np

from helpers import plots

TITLE = "The epsilon dial"
TRY = "Press Play: mu travels along its dial, with the noise frozen. Then choose redrawn, and press Play again."
NOTICE = (
    "Frozen, every step of mu has the slope 1 and every step of sigma the slope epsilon, as the arrows say. Redrawn, "
    "the same small steps give slopes of either sign and of tens: luck divided by a small step."
)
ALT = (
    "Plot of z against mu, from minus 2 to 2. With frozen noise a straight line of slope 1; with redrawn noise a "
    "dashed line that jumps up and down at every step."
)
NETWORK = None


def figure():
    mu, epsilon = np.linspace(-2, 2, 41), np.random.default_rng(2).normal(size=41)
    return plots.curves({"noise frozen": mu + 0.8 * 1.2, "noise redrawn": mu + 0.8 * epsilon}, "mu", "z", x=mu)


def data():
    return {}
