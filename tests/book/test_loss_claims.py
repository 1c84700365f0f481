"""Chapters 5 and 6, beyond what their own cells assert: what the -ELBO of grey digits bounds; the recorded sweep."""

import chapter_code
import numpy as np
import pytest
from keras import ops

from helpers.evaluation import exact_log_likelihood
from helpers.losses import kl_divergence
from helpers.places import BOOK
from helpers.records import load_rate_distortion
from helpers.weights import load_vae


def test_the_elbo_of_grey_digits_bounds_the_likelihood_of_thrown_ones(mnist):
    """Ten digits, 20 throws of each, log p(b) by a grid over the plane; the encoder sees the grey digit alone."""
    vae, (_, (x_test, y_test)) = load_vae("darkroom-2d"), mnist
    grey = x_test[[int(np.flatnonzero(y_test == digit)[0]) for digit in range(10)]]
    throws = (np.random.default_rng(0).random((20, *grey.shape)) < grey).astype("float32")
    surprise = -exact_log_likelihood(vae, throws.reshape(-1, 28, 28), points=301)[0].reshape(20, 10)

    z_mean, z_log_var = map(ops.convert_to_numpy, vae.encoder(grey))
    epsilon = np.random.default_rng(1).normal(size=(200, 10, 2))
    z = (z_mean + np.exp(0.5 * z_log_var) * epsilon).reshape(-1, 2).astype("float32")
    logits = ops.reshape(vae.decoder(z), (200, 10, 784))
    softplus = ops.convert_to_numpy(ops.mean(ops.sum(ops.softplus(logits), axis=2), axis=0))
    mean_logits = np.reshape(ops.convert_to_numpy(ops.mean(logits, axis=0)), grey.shape)
    kl = ops.convert_to_numpy(kl_divergence(z_mean, z_log_var))
    bound_of_grey = softplus - np.sum(grey * mean_logits, axis=(1, 2)) + kl
    bounds = softplus - np.sum(throws * mean_logits, axis=(2, 3)) + kl  # of each throw, by the code of the grey digit
    assert np.all(bounds - surprise > -0.5)  # a bound for every throw, less the errors of the grid and the draws
    error = bounds.std(axis=0) / np.sqrt(20)
    assert np.all(np.abs(bounds.mean(axis=0) - bound_of_grey) < 4.5 * error)
    assert 0 < (bound_of_grey - surprise.mean(axis=0)).mean() < 20  # and no empty one


def test_the_stored_sweep_is_that_of_chapter_5(mnist):
    (record, _), chapter = load_rate_distortion(), chapter_code.load(BOOK / "05_loss.ipynb")
    assert [run["beta"] for run in record["runs"]] == chapter["BETAS"]
    assert record["epochs"] == chapter["SWEEP_EPOCHS"] and record["images"] == 10_000
    for run in record["runs"]:
        assert set(run["history"]) == {"loss", "reconstruction", "kl"} and run["seconds"] > 0
        assert all(len(values) == record["epochs"] for values in run["history"].values())
        total = np.array(run["history"]["reconstruction"]) + run["beta"] * np.array(run["history"]["kl"])
        assert run["history"]["loss"] == pytest.approx(total, rel=1e-3)  # it was trained with this beta
    _, (_, y_test) = mnist
    assert list(y_test[record["digits"]]) == [0, 2, 3, 4, 8, 9]
