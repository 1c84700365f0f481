"""Chapter 15: the darkroom for colour, the mutual information gap, the recorded portrait models, the photographs."""

import ast

import keras
import nbformat
import numpy as np
import pytest

from helpers import plots
from helpers.losses import kl_divergence
from helpers.places import ROOT
from helpers.weights import load_portrait_vae, manifest
from helpers.world.portrait_vae import PortraitVAE, information_gap, mutual_information
from helpers.world.portraits import NAMES, draw_portraits, load_photographs, load_portraits, scaled

PORTRAITS = sorted(name for name in manifest() if name.startswith("portraits-"))
TOLD = ("age", "smile", "glasses")


@pytest.fixture(scope="module")
def sitters():
    return load_portraits(400, seed=1)  # the first of the chapter's test portraits


def told_of(factors, told):
    return scaled(factors)[:, [NAMES.index(name) for name in told]]


@pytest.mark.parametrize("told", [0, 3])
def test_shapes_and_the_loss_by_hand(told, sitters):
    keras.utils.set_random_seed(0)
    images, c = sitters[0][:6], np.ones((6, told), "float32")
    vae = PortraitVAE(5, told, beta=4.0)
    prints, z_mean, z_log_var = (keras.ops.convert_to_numpy(part) for part in vae([images, c]))
    assert prints.shape == images.shape and z_mean.shape == z_log_var.shape == (6, 5)
    assert 0 <= prints.min() and prints.max() <= 1
    density = -((images - prints) ** 2) / (2 * 0.1**2)  # of a Gaussian with sigma 0.1, without its constant
    by_hand = -density.sum(axis=(1, 2, 3)) + 4 * np.asarray(kl_divergence(z_mean, z_log_var))
    loss = vae.compute_loss(x=[images, c], y_pred=(prints, z_mean, z_log_var))
    assert float(loss) == pytest.approx(by_hand.mean(), rel=1e-4)
    assert vae.prior.sample(7, seed=0).shape == (7, 5)


def test_what_is_told_reaches_both_networks(sitters):
    vae, _ = load_portrait_vae("portraits-told")
    images, c = sitters[0][:20], told_of(sitters[1][:20], TOLD)
    for part, first in ((vae.encoder, images), (vae.decoder, np.zeros((20, 16), "float32"))):
        one, other = (keras.tree.flatten(part([first, told]))[0] for told in (c, -c))
        assert np.abs(keras.ops.convert_to_numpy(one - other)).mean() > 0.01


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_mutual_information_of_gaussians(rho):
    """The second route: for two Gaussians it is -log(1 - rho^2) / 2."""
    a, b = np.random.default_rng(0).normal(size=(2, 100_000))
    known = -np.log(1 - rho**2) / 2
    found = mutual_information(a, rho * a + np.sqrt(1 - rho**2) * b, bins=50)
    assert found == pytest.approx(known, abs=0.03)  # bins lose a little
    assert mutual_information(np.exp(a), rho * a + np.sqrt(1 - rho**2) * b, bins=50) == pytest.approx(
        found
    )  # only order counts


def test_information_gap():
    factors = np.random.default_rng(1).uniform(-1, 1, (5000, 4))
    assert information_gap(factors, factors).min() > 0.9
    assert information_gap(np.c_[factors, factors], factors).max() == pytest.approx(0)  # two know it equally well
    assert information_gap(np.random.default_rng(2).normal(size=(5000, 3)), factors).max() < 0.02
    turned = factors @ np.linalg.qr(np.random.default_rng(3).normal(size=(4, 4)))[0]
    assert information_gap(turned, factors).mean() < 0.4


@pytest.mark.parametrize("name", PORTRAITS)
def test_recorded_portraits(name):
    vae, log = load_portrait_vae(name)
    entry = manifest()[name]
    x, factors = load_portraits(1000, seed=1)
    c = told_of(factors, entry["architecture"]["told"])
    prints = vae.decoder.predict([vae.encoder.predict([x, c], verbose=0)[0], c], verbose=0)
    squares = float(np.sum((x - prints) ** 2, axis=(1, 2, 3)).mean())
    assert squares == pytest.approx(entry["test"]["squares"], rel=0.02) and entry["test"]["images"] == len(x)
    assert squares < (8 if vae.beta == 1 else 16)
    assert len(log["loss"]) == entry["epochs"] == 26 and log["loss"][-1] < log["loss"][0] / 4
    by_hand = np.add(log["reconstruction"], vae.beta * np.array(log["kl"]))
    assert by_hand == pytest.approx(log["loss"], rel=2e-3)  # means over batches of equal size


def test_the_photographs_cell_runs_when_it_is_asked_to(sitters):
    """The chapter's own cell, with PHOTOGRAPHS = True and a stand-in for what scikit-learn brings."""
    notebook = nbformat.read(ROOT / "book" / "15_faces.ipynb", 4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    cell = next(source for source in sources if source.startswith("PHOTOGRAPHS = False"))
    assert "epochs=15" in cell
    large = draw_portraits(sitters[1][:100]).repeat(2, axis=1).repeat(2, axis=2)[:, 1:95, 1:95]  # 94 x 94 pixels

    class Bunch:
        images = large / np.float32(255)

    shown = []
    names = {"keras": keras, "np": np, "scaled": scaled, "NAMES": NAMES, "PortraitVAE": PortraitVAE, "vae": None}
    names |= {"plots": plots, "display": shown.append, "load_photographs": lambda: load_photographs(lambda **_: Bunch)}
    for function in ast.walk(ast.parse("\n".join(sources))):  # the chapter's own
        if isinstance(function, ast.FunctionDef) and function.name in ("told_of", "codes_of", "faces_of"):
            exec(ast.unparse(function), names)
    exec(cell.replace("PHOTOGRAPHS = False", "PHOTOGRAPHS = True").replace("epochs=15", "epochs=1, verbose=0"), names)
    assert len(shown) == 1 and names["photographs"].shape == (100, 48, 48, 3)
    assert {name: rows.shape for name, rows in names["pictures"].items()} == dict.fromkeys(
        ("scene", "print", "new"), (10, 48, 48, 3)
    )
