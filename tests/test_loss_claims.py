"""Chapters 5 and 6: what their sentences say about the two terms beyond what their own cells assert."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.data import load_mnist
from helpers.evaluation import exact_log_likelihood
from helpers.losses import kl_divergence
from helpers.weights import load_vae

# ---- -ELBO of a grey scene bounds the average -log p of its throws


@pytest.fixture(scope="module")
def vae():
    return load_vae("darkroom-2d")


def log_normal(z, mean, sigma):
    """Log density of a diagonal Gaussian, summed over the last axis."""
    return np.sum(-0.5 * ((z - mean) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi), axis=-1)


def test_the_elbo_of_grey_digits_bounds_the_likelihood_of_thrown_ones(vae):
    """Ten digits, 20 throws of each, log p(b) by a grid over the plane; the encoder sees the grey digit alone."""
    (_, _), (x_test, y_test) = load_mnist()
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


# ---- the mean rate is an upper bound on information


def test_the_rate_is_information_and_a_mismatch(vae):
    """Over n digits: mean KL(q(z|x) || p) = I + KL(q || p), q the mean of their Gaussians; both parts above 0."""
    x = load_mnist()[1][0][:2000]
    mean, log_var = map(ops.convert_to_numpy, vae.encoder(x))
    sigma = np.exp(0.5 * log_var)
    rate = float(ops.mean(kl_divergence(mean, log_var)))
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(4):
        z = mean + sigma * rng.normal(size=mean.shape)
        filed = np.concatenate([log_normal(some[:, None], mean, sigma) for some in np.array_split(z, 20)])
        top = filed.max(axis=1)
        aggregate = top + np.log(np.mean(np.exp(filed - top[:, None]), axis=1))
        own = log_normal(z, mean, sigma)
        draws.append([own - aggregate, aggregate - log_normal(z, 0.0, 1.0)])
    information, mismatch = np.mean(draws, axis=(0, 2))
    error = np.std(draws, axis=(0, 2)) / np.sqrt(len(x))
    assert information + mismatch == pytest.approx(rate, abs=0.1)
    assert 5 < information < np.log(len(x)) and mismatch > 4.5 * error[1] + 0.1
    assert information < rate - 0.2


# ---- a Lambda layer saves, and loads only with its function


def test_a_lambda_loads_with_its_function_and_not_without(tmp_path):
    def sampling(args):
        return args[0] + ops.exp(0.5 * args[1])

    inputs = keras.Input((2,)), keras.Input((2,))
    model = keras.Model(inputs, layers.Lambda(sampling, output_shape=(2,))(inputs))
    model.save(tmp_path / "it.keras")
    with pytest.raises(TypeError, match="Could not locate function 'sampling'"):
        keras.models.load_model(tmp_path / "it.keras")
    again = keras.models.load_model(tmp_path / "it.keras", custom_objects={"sampling": sampling})
    x = [np.ones((1, 2), "float32"), np.zeros((1, 2), "float32")]
    assert np.allclose(again(x), 2)
