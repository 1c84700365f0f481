"""What each widget says, what data it takes along, and its static figure. `helpers.living` puts them into a page."""

from functools import lru_cache

import numpy as np

from helpers import plots
from helpers.living import MODEL, Contents, pack_codes, pack_film, pack_images


@lru_cache(maxsize=1)
def _model():
    from helpers.weights import load_vae

    return load_vae(MODEL)


@lru_cache(maxsize=1)
def _mnist():
    from helpers.data import load_mnist

    return load_mnist()


def _codes(x):
    return np.array(_model().encoder(x)[0])


def map_points(n=1500):
    """Return the codes of training digits for a latent map, as map.js reads them."""
    (x, labels), _ = _mnist()
    return {"codes": pack_codes(_codes(x[:n]), bits=16), "bits": 16, "labels": "".join(map(str, labels[:n]))}


def some_digits(each=2):
    """Return the first test digits of each kind, in order, and their labels."""
    _, (x, labels) = _mnist()
    rows = np.concatenate([np.flatnonzero(labels == digit)[:each] for digit in range(10)])
    return x[rows], labels[rows]


def _darkroom_data():
    images, labels = some_digits()
    return {"points": map_points(), "digits": pack_images(images), "labels": "".join(map(str, labels))}


def _darkroom_figure():
    from helpers.latent import develop

    images, _ = some_digits(1)
    codes = _codes(images)
    return plots.image_rows({"seen": images, "printed": develop(_model().decoder, codes)})


def _encoder_figure():
    from helpers.latent import develop

    images, _ = some_digits()
    z_mean, z_log_var = (np.array(part) for part in _model().encoder(images[4:5]))  # the first 2
    step = np.exp(z_log_var / 2) * np.random.default_rng(11).normal(size=(8, 2))
    return plots.image_rows({f"{s} sigma": develop(_model().decoder, z_mean + s * step) for s in (0, 1, 4, 8)})


def _dial_figure():
    mu, epsilon = np.linspace(-2, 2, 41), np.random.default_rng(2).normal(size=41)
    return plots.curves({"noise frozen": mu + 0.8 * 1.2, "noise redrawn": mu + 0.8 * epsilon}, "mu", "z", x=mu)


def _ledger_data():
    from helpers.records import load_rate_distortion

    (_, _), (x_test, y_test) = _mnist()
    (images, labels), (record, pictures) = some_digits(1), load_rate_distortion()
    runs, shown = record["runs"], record["digits"]
    sweep = {name: [run[name] for run in runs] for name in ("rate", "distortion", "active")}
    sweep |= {"betas": [run["beta"] for run in runs], "epochs": record["epochs"]}
    sweep |= {"labels": "".join(map(str, y_test[shown])), "scenes": pack_images(x_test[shown])}
    sweep |= {name: pack_images(pictures[name] / 255) for name in ("prints", "inventions")}
    return {"digits": pack_images(images), "labels": "".join(map(str, labels)), "sweep": sweep}


def _ledger_figure():
    from helpers.evaluation import evaluate_elbo, importance_bound

    images, labels = some_digits(1)
    draws = [evaluate_elbo(_model(), images, seed) for seed in range(8)]
    reconstruction, kl = np.mean(draws, axis=0)
    bound = -importance_bound(_model(), images, 200)[0]
    series = {"reconstruction": reconstruction, "-ELBO": reconstruction + kl, "bound, K = 200": bound}
    return plots.dot_plot([f"a {digit}" for digit in labels], series, "nats", joined=True)


@lru_cache(maxsize=1)
def _epochs():
    """Return the record of the run, the labels of its 1,000 test digits, and what can be said of each epoch.

    Said of each epoch: how many of 100 digits lie among their own kind (most of the 15 nearest others are of it), and
    the median way of a digit since the epoch before.
    """
    from helpers.weights import load_epochs

    record = load_epochs(MODEL)
    codes = record["codes"].astype("float32")
    labels = _mnist()[1][1][: codes.shape[1]]
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


def _timemachine_data(n=500):
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


def _timemachine_figure():
    import matplotlib.pyplot as plt

    record, labels, *_ = _epochs()
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.1), sharey=True)
    for ax, epoch in zip(axes, (0, 1, 3, 40)):
        title = f"epoch {epoch}" if epoch else "untrained"
        plots.latent_map(record["codes"][epoch, :500].astype("float32"), labels[:500], ax=ax, title=title)
        ax.set(ylabel="" if epoch else "z[1]")
    return figure


MORPH = 7, 16  # of some_digits: the second 3 and the first 8


@lru_cache(maxsize=1)
def _attributes(n=5000):
    """Return directions of slant and thickness in the plane, as chapter 7 fits them, and their standard deviations."""
    from helpers.latent import attribute_directions, slant, thickness

    (x, _), _ = _mnist()
    values = np.stack([slant(x[:n]), thickness(x[:n])], axis=1)
    scales = values.std(axis=0)
    return attribute_directions(_codes(x[:n]), values / scales), scales


def _morphing_data():
    directions, scales = _attributes()
    attributes = {"directions": np.round(directions, 4).tolist(), "scales": np.round(scales, 4).tolist()}
    return {**_darkroom_data(), **attributes, "start": MORPH}


def _morphing_figure():
    from helpers.latent import develop, lerp, slerp

    images, _ = some_digits()
    ends, t = _codes(images[list(MORPH)]), np.linspace(0, 1, 9)
    ways = {"straight": lerp(*ends, t), "spherical": slerp(*ends, t)}
    return plots.image_rows({name: develop(_model().decoder, path) for name, path in ways.items()})


def _some_tunes(n=3):
    from helpers.tunes import load_chorales

    return {f"Real: test tune {i + 1}": tune for i, tune in enumerate(load_chorales().x_test[::90][:n])}


def _tunes_data(chosen=None):
    from helpers.tunes import HIGHEST, LOWEST, check_tunes

    chosen = chosen or _some_tunes()
    tokens = check_tunes(np.stack(list(chosen.values())), "the player").tolist()
    rows = [{"name": name, "tokens": row} for name, row in zip(chosen, tokens)]
    return {"lowest": LOWEST, "highest": HIGHEST, "list": rows}


def _tunes_figure(chosen=None):
    chosen = chosen or _some_tunes()
    return plots.piano_rolls(dict(list(chosen.items())[:4]))


DRAWING_MODEL, DRAWING_VELOCITY = "darkroom-12d", "velocity-12d"
DRAWING = {"start": 6, "label": 8, "strength": 0.5, "guidance": 3}  # start: of some_digits, the first 3


@lru_cache(maxsize=1)
def _drawing_table_data():
    from helpers.living import pack_velocity

    images, labels = some_digits()
    digits = {"digits": pack_images(images), "labels": "".join(map(str, labels))}
    return {"velocity": pack_velocity(DRAWING_VELOCITY), **digits, **DRAWING}


def drawing_prints(strength):
    """Return what the drawing that the table opens with becomes under each label, shape (10, 28, 28)."""
    from helpers.art import follow
    from helpers.latent import develop
    from helpers.weights import load_vae, load_velocity

    vae, velocity = load_vae(DRAWING_MODEL), load_velocity(DRAWING_VELOCITY)
    z = np.array(vae.encoder(some_digits()[0][[DRAWING["start"]] * 10])[0])
    noise = np.random.default_rng(1).normal(size=(1, vae.prior.latent_dim))
    z = (1 - strength) * z + strength * noise
    return develop(vae.decoder, follow(velocity, z, np.arange(10), DRAWING["guidance"], start=1 - strength))


def _drawing_table_figure():
    drawn = some_digits()[0][[DRAWING["start"]] * 10]
    rows = {"drawn": drawn} | {f"strength {s}": drawing_prints(s) for s in (0.4, 0.6, 0.8)}
    return plots.image_rows(rows, titles=range(10))


WIDGETS = {
    "darkroom": Contents(
        title="The darkroom",
        try_first=(
            "Press Clear: an empty pad gets a wide ellipse. Then draw a 3, slowly, and watch the ellipse wander over "
            "the map and shrink."
        ),
        notice=(
            "Press Keep exposing. The exposures scatter as the spread says: in the long run 39 of 100 fall in the "
            "inner ellipse and 86 in the outer. Yet the prints of a clear digit are hard to tell apart."
        ),
        data=_darkroom_data,
        figure=_darkroom_figure,
        alt="Ten test digits in a row, and below each the print of its negative.",
    ),
    "encoder": Contents(
        title="Several negatives of one digit",
        try_first="Move the spread slowly from 0 past 1, which is what the encoder says, up to 8.",
        notice=(
            "At 0 all prints are equal, and at 1 they nearly are. At 8, a third of the prints of the 2 that you find "
            "here lie among other digits on average (press New noise a few times), but only a tenth of those of the "
            "first 0 and a twentieth of those of the first 1: near the crowded centre there is less room."
        ),
        data=_darkroom_data,
        figure=_encoder_figure,
        alt=(
            "Four rows of eight prints of one handwritten 2, with its spread scaled by 0, 1, 4 and 8. The first row is "
            "all equal, the second nearly so; in the last, several prints are other digits."
        ),
    ),
    "dial": Contents(
        title="The epsilon dial",
        try_first=(
            "Press Play: mu travels along its dial, with the noise frozen. Then choose redrawn, and press Play again."
        ),
        notice=(
            "Frozen, every step of mu has the slope 1 and every step of sigma the slope epsilon, as the arrows say. "
            "Redrawn, the same small steps give slopes of either sign and of tens: luck divided by a small step."
        ),
        data=dict,
        figure=_dial_figure,
        alt=(
            "Plot of z against mu, from minus 2 to 2. With frozen noise a straight line of slope 1; with redrawn noise "
            "a dashed line that jumps up and down at every step."
        ),
        network=False,
    ),
    "ledger": Contents(
        title="The ledger",
        try_first=(
            "Draw a digit and watch the bars follow the pen. Then take the 9 among the test digits, with K = 1 and "
            "with K = 200. Below, move beta from 1 up to 30."
        ),
        notice=(
            "Nearly all of a digit's loss is reconstruction. With 50 draws, six of these ten digits gain less than two "
            "nats, but the 8 and the 9, which the encoder files badly, more than five. Of the twelve models, that "
            "with beta 1 has the lowest sum. At 15 the prints of the 2 and the 3 are hard to tell apart, at 30 all are "
            "one."
        ),
        data=_ledger_data,
        figure=_ledger_figure,
        alt=(
            "Three marks for each of ten test digits, in nats: reconstruction, -ELBO 6 to 8 nats to the right of it, "
            "and the bound with 200 draws, which lies below -ELBO by next to nothing for most and by 12 for the 9."
        ),
    ),
    "timemachine": Contents(
        title="Time machine: the recorded run",
        try_first=(
            "Press Play, and watch the map. Then go through the first five epochs one by one; choose a digit to follow."
        ),
        notice=(
            "Most is settled early: after epoch 3, 64 of 100 test digits lie among their own kind, after epoch 40 it "
            "is 80. After epoch 1, five of the sixteen prints are black on white. From epoch 17 on the loss on test "
            "digits stays above the training loss; in the last eight epochs it falls by 0.6 nats, the other by 1.4."
        ),
        data=_timemachine_data,
        figure=_timemachine_figure,
        alt=(
            "Four latent maps of 500 test digits. Untrained, all kinds overlap in one clump. After epoch 1 they "
            "are drawn out and still mixed, after epoch 3 most kinds have regions, after epoch 40 clear ones."
        ),
        network=False,
    ),
    "morphing": Contents(
        title="The morphing table",
        try_first=(
            "Press Play, then choose the spherical way. Drag the dot over the map. Then stop anywhere and move Lean."
        ),
        notice=(
            "From this 3 to this 8, the straight way passes 9s and a 7, the spherical way 1s: what lies between two "
            "digits depends on the way. Measured on 400 test digits, Lean at +1 moves the slant by +0.3 on average, "
            "and in about three of ten the wrong way: two latents leave no room for slant alone."
        ),
        data=_morphing_data,
        figure=_morphing_figure,
        alt=(
            "Two rows of nine prints between the same 3 and the same 8. The straight way passes through 9 and 7, the "
            "spherical way through several strokes that are read as 1."
        ),
    ),
    "tunes": Contents(
        title="The player",
        try_first=(
            "Press Play. Then choose another tune, move The line to the place where you want to begin, and change "
            "the tempo."
        ),
        notice=(
            "Eight beats, one voice: a strip on the roll is a note, its height the pitch, its length how long it "
            "lasts. The sound is made in your browser as you listen; nothing is recorded."
        ),
        data=_tunes_data,
        figure=_tunes_figure,
        alt="Piano rolls of up to four tunes of eight beats each: strips from left to right, their height the pitch.",
        network=False,
    ),
    "drawing_table": Contents(
        title="The drawing table",
        try_first=(
            "Make the 3 an 8, then any digit: press a label, or type a figure while the table has the focus. Move the "
            "strength from 0 to 1. Then press Clear and draw a digit of your own."
        ),
        notice=(
            "Measured on 1,000 test digits, each asked to become another: at strength 0.2 one in ten does; at 0.5 "
            "about 99 in 100, and their slant and thickness still follow the drawing (correlations of more than 0.5); "
            "at 0.8 hardly (less than 0.2). On an empty pad, or at strength 1, the label and the noise alone decide."
        ),
        data=_drawing_table_data,
        figure=_drawing_table_figure,
        alt=(
            "A drawn 3 that leans to the left, ten times; below, the prints for the labels 0 to 9 at three strengths. "
            "At 0.4 several lean left as it does and some are between two digits; at 0.8 all are the digits asked for."
        ),
        model=DRAWING_MODEL,
    ),
}
