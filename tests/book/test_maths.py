"""What the book's formulas promise besides what chapters 4 and 5 assert of them by a second route."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers.losses import bernoulli_reconstruction, kl_divergence
from helpers.models import VAE, Sampling, StandardNormal, build_decoder, build_encoder

RNG = np.random.default_rng(0)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def small_vae(beta=1.0):
    return VAE(build_encoder(2, 8, 1), build_decoder(2, 8, 1), beta=beta)


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


def test_bernoulli_slopes_are_p_less_x_everywhere():
    """At a logit of 0 too, where the size of a logit has a corner."""
    logits = tf.constant(np.array([-300, -20, -1, 0, 0, 2, 40], "float32").reshape(1, 1, 7))
    x = np.array([0, 1, 0.3, 0, 1, 0.7, 1], "float32").reshape(1, 1, 7)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        nats = bernoulli_reconstruction(x, logits)
    np.testing.assert_allclose(numpy(tape.gradient(nats, logits)), numpy(tf.sigmoid(logits)) - x, atol=1e-6)


def test_prior_log_density_and_seeded_samples():
    prior = StandardNormal(3)
    z = prior.sample(50_000, seed=1)
    np.testing.assert_array_equal(numpy(z), numpy(prior.sample(50_000, seed=1)))
    assert not np.array_equal(numpy(z), numpy(prior.sample(50_000, seed=2)))
    z = numpy(z).astype("float64")
    assert np.abs(z.mean(axis=0)).max() < 4.5 / math.sqrt(len(z))
    assert np.abs(z.var(axis=0) - 1).max() < 4.5 * math.sqrt(2 / len(z))
    direct = -0.5 * (z**2 + math.log(2 * math.pi)).sum(axis=1)
    np.testing.assert_allclose(numpy(prior.log_prob(z.astype("float32"))), direct, rtol=1e-5, atol=1e-5)


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
