"""The time machine: the recorded training of the book's model, epoch by epoch. Chapter 6."""

from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots
from helpers.living.pack import MODEL, pack_codes, pack_film
from helpers.living.widgets.shared import mnist
from helpers.weights import load_epochs

TITLE = "Time machine: the recorded run"
TRY = "Press Play, and watch the map. Then go through the first five epochs one by one; choose a digit to follow."
NOTICE = (
    "Most is settled early: after epoch 3, 62 of 100 test digits lie among their own kind, after epoch 40 it is 83. "
    "From epoch 20 on the loss on test digits stays above the training loss; in the last eight epochs it falls by 0.4 "
    "nats, the training loss by 1.2."
)
ALT = (
    "Four latent maps of 500 test digits. Untrained, all kinds overlap in one clump. After epoch 1 they are drawn out, "
    "the 1s apart and most others still mixed, after epoch 3 most kinds have regions, after epoch 40 clear ones."
)
NETWORK = None


@lru_cache(maxsize=1)
def _epochs():
    """Return the record of the run, the labels of its 1,000 test digits, and what can be said of each epoch.

    Said of each epoch: how many of 100 digits lie among their own kind (most of the 15 nearest others are of it), and
    the median way of a digit since the epoch before.
    """
    record = load_epochs(MODEL)
    codes = record["codes"].astype("float32")
    labels = mnist()[1][1][: codes.shape[1]]
    return record, labels, [_among_their_kind(z, labels) for z in codes], _median_way(codes)


def _among_their_kind(codes, labels, neighbours=15):
    squared = np.sum((codes[:, None] - codes) ** 2, axis=-1)
    np.fill_diagonal(squared, np.inf)
    near = labels[np.argpartition(squared, neighbours, axis=1)[:, :neighbours]]
    votes = np.stack([np.sum(near == digit, axis=1) for digit in range(10)], axis=1)
    return 100 * float(np.mean(votes.argmax(axis=1) == labels))


def _median_way(codes):
    ways = np.median(np.linalg.norm(np.diff(codes, axis=0), axis=-1), axis=1)
    return [0.0, *ways.tolist()]


def data(n=500):
    record, labels, sorted_, moved = _epochs()
    terms = {
        name: [np.round(record[f"metric/{which}{name}"].astype(float), 2).tolist() for which in ("", "val_")]
        for name in ("loss", "reconstruction", "kl")
    }
    return {
        "codes": pack_codes(record["codes"][:, :n]),
        "labels": "".join(map(str, labels[:n])),
        "sorted": np.round(sorted_, 1).tolist(),
        "moved": np.round(moved, 3).tolist(),
        "metrics": terms,
        "prints": pack_film(record["prints"]) | {"count": record["prints"].shape[1]},
    }


def figure():
    record, labels, *_ = _epochs()
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.1), sharey=True)
    for ax, epoch in zip(axes, (0, 1, 3, 40)):
        title = f"epoch {epoch}" if epoch else "untrained"
        plots.latent_map(record["codes"][epoch, :500].astype("float32"), labels[:500], ax=ax, title=title)
        ax.set(ylabel="" if epoch else "z[1]")
    return figure
