"""The player of tunes, which takes what the chapter made. Chapter 16."""

import numpy as np

from helpers.world.playing import piano_rolls
from helpers.world.tunes import HIGHEST, LOWEST, check_tunes, load_chorales

TITLE = "The player"
TRY = "Press Play. Then choose another tune, move The line to the place where you want to begin, and change the tempo."
NOTICE = (
    "Eight beats, one voice: a strip on the roll is a note, its height the pitch, its length how long it lasts. The "
    "sound is made in your browser as you listen; nothing is recorded."
)
ALT = "Piano rolls of up to four tunes of eight beats each: strips from left to right, their height the pitch."
NETWORK = None


def _some_tunes(n=3):
    return {f"Real: test tune {i + 1}": tune for i, tune in enumerate(load_chorales().x_test[::90][:n])}


def data(chosen=None):
    chosen = chosen or _some_tunes()
    tokens = check_tunes(np.stack(list(chosen.values())), "the player").tolist()
    rows = [{"name": name, "tokens": row} for name, row in zip(chosen, tokens)]
    return {"lowest": LOWEST, "highest": HIGHEST, "list": rows}


def figure(chosen=None):
    chosen = chosen or _some_tunes()
    return piano_rolls(dict(list(chosen.items())[:4]))
