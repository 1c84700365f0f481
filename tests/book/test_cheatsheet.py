"""The cheat sheet: the code runs and computes what the book's does, the figures are the records'."""

import itertools
import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers import models
from helpers.data import GREY_FLOOR, MEAN_IMAGE_NATS
from helpers.places import ROOT
from helpers.records import load_collapse, load_league, load_rate_distortion
from helpers.weights import load_likelihood, manifest

SHEET = (ROOT / "book/cheatsheet.md").read_text(encoding="utf-8")
(CODE,) = re.findall(r"^```python\n(.*?)^```$", SHEET, re.MULTILINE | re.DOTALL)


def section(page, title):
    """Return the text of one section of a page."""
    return re.search(rf"^## {re.escape(title)}[^\n]*\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]


# ---- the code


@pytest.fixture(scope="module")
def sheet(x_train):
    """The names that the code of the sheet defines, run as it stands on 500 digits."""
    keras.utils.set_random_seed(0)
    names = {"x_train": x_train[:500]}
    exec(compile(CODE, "cheatsheet.md", "exec"), names)
    return names


def test_it_is_as_short_as_it_says():
    lines = [line for line in CODE.splitlines() if line.strip()]
    said = int(re.search(r"^## The code, in (\d+) lines$", SHEET, re.MULTILINE)[1])
    assert len(lines) == said == 25 and max(map(len, lines)) <= 76


def test_it_trains_and_invents(sheet):
    losses_seen = sheet["vae"].history.history["loss"]
    assert len(losses_seen) == 10 and losses_seen[-1] < 0.6 * losses_seen[0]
    prints = eval(re.search(r"Ten new digits: `([^`]+)`", SHEET)[1], sheet)
    assert prints.shape == (10, 28, 28) and 0 <= float(ops.min(prints)) < float(ops.max(prints)) <= 1


def test_it_computes_what_the_helpers_compute(sheet):
    """The same codes, prints, losses and gradients as helpers.models.VAE, number by number."""
    parts = sheet["encoder"], sheet["decoder"]
    here, there = sheet["VAE"](*parts), models.VAE(*parts)
    x = sheet["x_train"]
    for _ in range(2):  # the second draw differs from the first, in both alike
        found = []
        for vae in (here, there):
            with tf.GradientTape() as tape:
                outputs = vae(x)
                loss = vae.compute_loss(x, None, outputs, None, training=True)
            gradients = tape.gradient(loss, parts[0].trainable_variables + parts[1].trainable_variables)
            found.append([*outputs, loss, *gradients])
        for a, b in zip(*found):
            assert np.allclose(a, b, rtol=1e-5, atol=1e-5)
    assert not np.allclose(here(x)[0], here(x)[0])


# ---- the figures


def test_the_numbers_to_expect_are_those_of_the_records():
    text = section(SHEET, "Numbers to expect")
    rows = re.findall(r"^\| ([\d.]+)(?: ± ([\d.]+))? \| (.+?) \|$", text, re.MULTILINE)
    record, (league, _) = manifest(), load_league()
    grey = {name: np.mean([run["scores"]["grey"] for run in runs.values()]) for name, runs in league["runs"].items()}
    small, large = record["darkroom-2d"]["test"], record["darkroom-2d-large"]["test"]
    expected = [
        (784 * math.log(2), "", "784 log 2"),
        (MEAN_IMAGE_NATS, "", "the mean image"),
        (grey["Keras example"], "", "Adam at 0.001, 24 epochs"),
        (small["negative_elbo"], small["ci95"], f"{small['reconstruction']:.1f} + KL {small['kl']:.1f}"),
        (large["negative_elbo"], large["ci95"], f"{large['reconstruction']:.1f} + KL {large['kl']:.1f}"),
        (GREY_FLOOR, "", "entropy of the greys"),
    ]
    assert len(rows) == len(expected)
    for (value, margin, what), (nats, ci95, words) in zip(rows, expected):
        assert value == f"{nats:.1f}" and margin == (f"{ci95:.1f}" if ci95 else "") and words in what, what
    assert all(entry["test"]["images"] == 10_000 for entry in (record["darkroom-2d"], record["darkroom-2d-large"]))
    assert abs(grey["means"] - MEAN_IMAGE_NATS) < 1.5  # "a collapsed VAE scores near it"
    assert league["epochs"] == 24


def test_the_other_numbers_too():
    text = section(SHEET, "Numbers to expect")
    nats, _ = load_likelihood("darkroom-50d")
    margin = 1.96 * nats.std(ddof=1) / math.sqrt(len(nats))
    assert f"at most {nats.mean():.1f} ± {margin:.1f}" in text
    rates = {f"{run['beta']:g}": run["rate"] for run in load_rate_distortion()[0]["runs"]}
    said = re.findall(r"([\d.]+): ([\d.]+\d)(?: nats)?[,.]", text)
    assert len(said) == 6 and said == [(beta, f"{rates[beta]:.1f}") for beta, _ in said]
    assert f"1 nat = {1 / math.log(2):.2f} bits" in SHEET


def test_more_latents_sharpen_reconstructions():
    sizes = {run["latent_dim"]: run["distortion"] for run in load_collapse()["sizes"]}
    lost = [sizes[latents] for latents in (1, 2, 4, 8, 16)]
    assert all(few > many + 5 for few, many in itertools.pairwise(lost))
    assert "| of given images: more latents |" in SHEET
