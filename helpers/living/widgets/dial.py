"""The epsilon dial: noise frozen or redrawn while mu or sigma moves. Chapter 4."""

import numpy as np

from helpers import plots

TITLE = "The epsilon dial"
TRY = "Press Play: mu travels along its dial, with the noise frozen. Then choose redrawn, and press Play again."
NOTICE = (
    "While the noise is frozen, every step of mu gives the slope 1, and every step of sigma gives the slope epsilon, "
    "as the arrows say. When it is redrawn, the same small steps give slopes of either sign, often beyond ten, "
    "because the difference of two noises is divided by a small step."
)
ALT = (
    "The value of z over mu, from minus 2 to 2. With frozen noise it follows a straight line of slope 1; with redrawn "
    "noise it follows a dashed line that jumps up and down at every step."
)
NETWORK = None


def figure():
    mu, epsilon = np.linspace(-2, 2, 41), np.random.default_rng(2).normal(size=41)
    return plots.curves({"noise frozen": mu + 0.8 * 1.2, "noise redrawn": mu + 0.8 * epsilon}, "mu", "z", x=mu)


def data():
    return {}
