"""The cheat sheet's code runs and computes what the book's does. For its figures, see test_claims.py."""

import math
import re

import chapter_code
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers import models
from helpers.losses import gaussian_reconstruction
from helpers.places import ROOT
from helpers.world.flow import flow_pairs, follow
from helpers.world.portrait_vae import PortraitVAE

SHEET = (ROOT / "book/cheatsheet.md").read_text(encoding="utf-8")
CODE, MORE = re.findall(r"^```python\n(.*?)^```$", SHEET, re.MULTILINE | re.DOTALL)


# ---- the code


@pytest.fixture(scope="module")
def sheet(x_train):
    """The names that the code of the sheet defines, run as it stands on 500 digits."""
    keras.utils.set_random_seed(0)
    names = {"x_train": x_train[:500]}
    exec(compile(CODE, "cheatsheet.md", "exec"), names)
    return names


def test_its_lines_fit_the_sheet():
    assert max(map(len, CODE.splitlines())) <= 76  # how many there are: tests/book/test_claims.py


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


# ---- the lines for other data, a label, a second network


def run_lines(first, last, **names):
    """Run lines of the second block, counted from 1, in these names; return the names."""
    names |= {"ops": ops, "math": math}
    exec("\n".join(MORE.splitlines()[first - 1 : last]), names)
    return names


def test_all_of_its_lines_are_tested():
    assert len(MORE.splitlines()) == 9 and max(map(len, MORE.splitlines())) <= 104


def test_gaussian_likelihoods_are_those_of_chapters_5_and_12():
    x, x_hat = np.random.default_rng(0).random((2, 6, 28, 28)).astype("float32")
    found = run_lines(1, 3, x=x, x_hat=x_hat, sigma=0.3, D=784)
    assert np.allclose(found["nats"], gaussian_reconstruction(x, x_hat, 0.3), rtol=1e-5)
    learned = eval(re.search(r"to learn it instead, (.+) \(12\)$", MORE, re.MULTILINE)[1], found)
    lab = chapter_code.load(ROOT / "book/12_collapse.ipynb", "GaussianVAE", "linear_parts")
    vae = lab["GaussianVAE"](*lab["linear_parts"](2))  # its variance is learned
    nats = run_lines(3, 3, squares=found["squares"], variance=learned, D=784)["nats"]
    assert np.allclose(nats, vae.reconstruction(x, x_hat), rtol=1e-5)


def test_the_categorical_likelihood_is_that_of_chapter_16():
    rng = np.random.default_rng(0)
    tokens, logits = rng.integers(0, 27, (5, 32)), rng.normal(size=(5, 32, 27)).astype("float32")
    chapter = chapter_code.load(ROOT / "book/16_melodies.ipynb", "categorical_reconstruction")
    found = run_lines(4, 4, x=np.eye(27, dtype="float32")[tokens], logits=logits)
    assert np.allclose(found["nats"], chapter["categorical_reconstruction"](tokens, logits), rtol=1e-5)


def test_the_conditional_vae_is_that_of_chapter_15():
    vae = PortraitVAE(3, told=2)
    x, y = ops.full((4, 48, 48, 3), 0.5), ops.eye(4, 2)
    found = run_lines(5, 5, encoder=vae.encoder, x=x, y=y)
    prints, z_mean, z_log_var = vae([x, y])
    assert np.allclose(found["z_mean"], z_mean) and np.allclose(found["z_log_var"], z_log_var)
    again = run_lines(6, 6, decoder=vae.decoder, y=y, z=models.Sampling(0)([z_mean, z_log_var]))
    assert np.allclose(again["logits"], prints, atol=1e-6)


def test_flow_matching_and_guidance_are_those_of_chapter_17():
    rng = np.random.default_rng(0)
    mean, log_var = rng.normal(size=(9, 4)), np.full((9, 4), -2.0)
    (place, t, label), way = flow_pairs(mean, log_var, rng.integers(0, 10, 9), 50, rng)
    noise, guess = place - t * way, rng.normal(size=way.shape).astype("float32")
    found = run_lines(7, 8, t=t, noise=noise, z=noise + way, y=label, velocity=lambda inputs: guess)
    assert np.allclose(found["z_t"], place, atol=1e-5)
    assert np.isclose(found["loss"], np.mean((guess - way) ** 2), rtol=1e-4)

    class Velocity:  # one direction with a label, another without
        def predict_on_batch(self, inputs):
            return np.where(inputs[2][:, 10:] == 1, 1.0, 3.0).astype("float32") * np.ones((1, 4), "float32")

    start = rng.normal(size=(5, 4)).astype("float32")
    v = run_lines(9, 9, free=1.0, told=3.0, w=2.5)["v"]
    step = re.search(r"then z_t = (.+) \(17\)$", MORE, re.MULTILINE)[1]
    arrived = eval(step, {"z_t": start, "v": v, "dt": 1.0})
    assert np.allclose(arrived, follow(Velocity(), start, [0] * 5, guidance=2.5, steps=3), atol=1e-5)
