"""The book's formulas, each against a second route: sampling, direct sums, Keras's own, differences."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers.losses import bernoulli_reconstruction, gaussian_reconstruction, kl_divergence
from helpers.models import VAE, Sampling, StandardNormal, build_decoder, build_encoder

RNG = np.random.default_rng(0)
CODES = [  # z_mean and z_log_var of two latents
    pytest.param([[0.3, -1.2]], [[0.4, -0.8]], id="ordinary"),
    pytest.param([[3.0, 0.0]], [[-6.0, 0.0]], id="narrow and far"),
    pytest.param([[0.0, 0.0]], [[2.0, -2.0]], id="at the centre"),
]


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def normal_log_density(value, mean, sigma):
    """log N(value; mean, sigma^2), written out."""
    return -((value - mean) ** 2) / (2 * sigma**2) - np.log(sigma) - 0.5 * math.log(2 * math.pi)


def small_vae(beta=1.0):
    return VAE(build_encoder(2, 8, 1), build_decoder(2, 8, 1), beta=beta)


@pytest.mark.parametrize("z_mean, z_log_var", CODES)
def test_kl_agrees_with_monte_carlo(z_mean, z_log_var):
    mean, sigma = np.array(z_mean), np.exp(0.5 * np.array(z_log_var))
    z = mean + sigma * RNG.standard_normal((200_000, 2))
    terms = (normal_log_density(z, mean, sigma) - normal_log_density(z, 0, 1)).sum(axis=1)
    error = terms.std() / math.sqrt(len(terms))
    closed = numpy(kl_divergence(ops.array(z_mean), ops.array(z_log_var)))[0]
    assert abs(closed - terms.mean()) < 4.5 * error
    assert error < 0.01 * max(closed, 0.5)  # the comparison is sharp enough to see a wrong factor


def test_kl_is_zero_at_the_prior_alone_and_adds_over_latents():
    z_mean = RNG.normal(0, 2, (500, 3)).astype("float32")
    z_log_var = RNG.normal(0, 2, (500, 3)).astype("float32")
    kl = numpy(kl_divergence(z_mean, z_log_var))
    assert kl.shape == (500,) and kl.min() > 0
    parts = [numpy(kl_divergence(z_mean[:, [j]], z_log_var[:, [j]])) for j in range(3)]
    np.testing.assert_allclose(kl, sum(parts), rtol=1e-5)
    assert numpy(kl_divergence(np.zeros((1, 3)), np.zeros((1, 3)))) == 0
    for nudge in (-0.01, 0.01):
        assert numpy(kl_divergence(np.full((1, 1), nudge), np.zeros((1, 1)))) > 0
        assert numpy(kl_divergence(np.zeros((1, 1)), np.full((1, 1), nudge))) > 0


@pytest.mark.parametrize("kind", ["grey", "black and white"])
def test_bernoulli_agrees_with_keras_and_with_the_definition(kind):
    x = RNG.random((5, 28, 28)).astype("float32")
    x = np.round(x) if kind == "black and white" else x
    logits = RNG.normal(0, 3, x.shape).astype("float32")
    nats = numpy(bernoulli_reconstruction(x, logits))
    mean_over_columns = keras.losses.binary_crossentropy(x, logits, from_logits=True)  # shape (5, 28)
    np.testing.assert_allclose(nats, 28 * numpy(mean_over_columns).sum(axis=1), rtol=1e-5)
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    np.testing.assert_allclose(nats, -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2)), rtol=1e-5)


def test_bernoulli_is_finite_where_the_naive_formula_is_not():
    logits = np.zeros((2, 28, 28), "float32")
    logits[:, 0, 0] = 500, -500  # sure and right, sure and wrong, about a white pixel
    x = np.zeros_like(logits)
    x[:, 0, 0] = 1
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-logits))
        assert not np.isfinite(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2))).all()
    right, wrong = numpy(bernoulli_reconstruction(x, logits))
    assert right == pytest.approx(783 * math.log(2), rel=1e-5)
    assert wrong == pytest.approx(783 * math.log(2) + 500, rel=1e-5)


def test_no_grey_target_scores_below_its_entropy():
    x = RNG.random((4, 28, 28)).astype("float32") * 0.98 + 0.01
    entropy = -(x * np.log(x) + (1 - x) * np.log(1 - x)).sum(axis=(1, 2))
    best = np.log(x / (1 - x))
    np.testing.assert_allclose(numpy(bernoulli_reconstruction(x, best)), entropy, rtol=1e-4)
    for shift in (-0.1, 0.1):
        assert (numpy(bernoulli_reconstruction(x, best + shift)) > entropy).all()


@pytest.mark.parametrize("sigma", [0.1, 0.7, 1.0, 5.0])
def test_gaussian_agrees_with_the_log_density(sigma):
    x, x_hat = RNG.random((2, 3, 28, 28))
    nats = numpy(gaussian_reconstruction(ops.array(x, "float32"), ops.array(x_hat, "float32"), sigma))
    np.testing.assert_allclose(nats, -normal_log_density(x, x_hat, sigma).sum(axis=(1, 2)), rtol=1e-4, atol=1e-2)


def test_prior_log_density_and_seeded_samples():
    prior = StandardNormal(3)
    z = prior.sample(50_000, seed=1)
    np.testing.assert_array_equal(numpy(z), numpy(prior.sample(50_000, seed=1)))
    assert not np.array_equal(numpy(z), numpy(prior.sample(50_000, seed=2)))
    z = numpy(z).astype("float64")
    assert np.abs(z.mean(axis=0)).max() < 4.5 / math.sqrt(len(z))
    assert np.abs(z.var(axis=0) - 1).max() < 4.5 * math.sqrt(2 / len(z))
    direct = normal_log_density(z, 0, 1).sum(axis=1)
    np.testing.assert_allclose(numpy(prior.log_prob(z.astype("float32"))), direct, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("z_mean, z_log_var", CODES)
def test_sampling_has_the_mean_and_the_spread_it_is_given(z_mean, z_log_var):
    n = 100_000
    z = numpy(Sampling(seed=4)([np.repeat(z_mean, n, axis=0), np.repeat(z_log_var, n, axis=0)]))
    sigma = np.exp(0.5 * np.array(z_log_var[0]))
    assert (np.abs(z.mean(axis=0) - z_mean[0]) < 4.5 * sigma / math.sqrt(n)).all()
    assert (np.abs(z.std(axis=0) / sigma - 1) < 4.5 / math.sqrt(2 * n)).all()
    assert abs(np.corrcoef(z.T)[0, 1]) < 4.5 / math.sqrt(n)


def test_sampling_repeats_by_seed_and_moves_on_by_call():
    code = [np.zeros((4, 2), "float32"), np.zeros((4, 2), "float32")]
    layer = Sampling(seed=7)
    first, second = numpy(layer(code)), numpy(layer(code))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, numpy(Sampling(seed=7)(code)))
    assert not np.array_equal(first, numpy(Sampling(seed=8)(code)))


def test_saved_models_reload_as_the_same_models(tmp_path):
    x = RNG.random((3, 28, 28)).astype("float32")
    image = keras.Input((28, 28))
    drawn = keras.Model(image, Sampling(seed=5)(build_encoder(2, 8, 1)(image)))
    vae = small_vae(beta=3.0)
    vae(x)
    vae.sampling.seed_generator.state.assign(Sampling(0).seed_generator.state)
    for name, model in {"drawn": drawn, "vae": vae}.items():
        model.save(tmp_path / f"{name}.keras")
        again = keras.models.load_model(tmp_path / f"{name}.keras")
        for ours, theirs in zip(tf.nest.flatten(model(x)), tf.nest.flatten(again(x))):
            np.testing.assert_array_equal(numpy(ours), numpy(theirs))
    assert again.beta == 3.0


@pytest.mark.parametrize("z_mean, z_log_var", CODES)
def test_gradients_of_sampling_three_ways(z_mean, z_log_var):
    """The gradient of sum(z^2) through one draw: by hand, by autodiff, by finite differences."""
    mean, log_var = tf.Variable(z_mean), tf.Variable(z_log_var)
    with tf.GradientTape() as tape:
        z = Sampling(seed=3)([mean, log_var])
        loss = ops.sum(z**2)
    by_autodiff = np.concatenate([numpy(g) for g in tape.gradient(loss, [mean, log_var])])

    m, lv = np.array(z_mean), np.array(z_log_var)
    # the layer's own noise, read off where sigma = 1
    epsilon = numpy(Sampling(seed=3)([np.zeros((1, 2), "float32"), np.zeros((1, 2), "float32")])).astype("float64")

    def value(m, lv):
        return ((m + np.exp(0.5 * lv) * epsilon) ** 2).sum()

    drawn = m + np.exp(0.5 * lv) * epsilon
    by_hand = np.concatenate([2 * drawn, 2 * drawn * np.exp(0.5 * lv) * epsilon / 2])
    h = 1e-5
    steps = h * np.eye(2)
    by_differences = np.array(
        [
            [(value(m + s, lv) - value(m - s, lv)) / (2 * h) for s in steps],
            [(value(m, lv + s) - value(m, lv - s)) / (2 * h) for s in steps],
        ]
    )
    np.testing.assert_allclose(by_autodiff, by_hand, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_differences, by_hand, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_compute_loss_is_the_sum_of_its_parts(beta):
    x = RNG.random((6, 28, 28)).astype("float32")
    vae = small_vae(beta)
    logits, z_mean, z_log_var = vae(x)
    reconstruction = numpy(bernoulli_reconstruction(x, logits)).mean()
    kl = numpy(kl_divergence(z_mean, z_log_var)).mean()
    loss = numpy(vae.compute_loss(x, y_pred=(logits, z_mean, z_log_var)))
    assert loss == pytest.approx(reconstruction + beta * kl, rel=1e-5)
    assert numpy(vae.reconstruction_nats.result()) == pytest.approx(reconstruction, rel=1e-5)
    assert numpy(vae.kl_nats.result()) == pytest.approx(kl, rel=1e-5)
