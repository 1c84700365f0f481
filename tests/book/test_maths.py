"""What the book's formulas promise besides what the chapters assert of them by a second route."""

import math
from statistics import NormalDist

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from helpers.losses import bernoulli_reconstruction, gaussian_reconstruction, kl_divergence
from helpers.models import VAE, Sampling, StandardNormal, build_decoder, build_encoder
from helpers.places import BOOK
from helpers.training import warmup_cosine
from tools.check import notebooks

RNG = np.random.default_rng(0)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def prose(chapter):
    (path,) = BOOK.glob(f"{chapter}_*.ipynb")
    return notebooks.prose(notebooks.read(path))


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


def test_a_grey_pixel_costs_what_chapter_1_says():
    grey, logit = np.full((1, 1, 1), 0.2, "float32"), np.full((1, 1, 1), math.log(0.2 / 0.8), "float32")
    assert f"= {float(bernoulli_reconstruction(grey, logit)[0]):.2f}$ nats" in prose("01")


def test_the_shares_of_normal_draws_are_those_of_chapters_1_and_2():
    rng = np.random.default_rng(0)
    lengths = np.linalg.norm(rng.normal(size=(400_000, 8)), axis=1)
    assert "radius of 3.94" in prose("01") and np.quantile(lengths, 0.95) == pytest.approx(3.94, abs=0.01)
    plane, room = (np.quantile(np.linalg.norm(rng.normal(size=(100_000, d)), axis=1), 0.95) for d in (2, 32))
    assert "3.94 (to 2.45 and 6.80)" in prose("01") and (plane, room) == pytest.approx((2.45, 6.80), abs=0.02)
    two, three = (np.mean(np.sum(rng.normal(size=(400_000, d)) ** 2, axis=1) < 2**2) for d in (2, 3))
    assert two == pytest.approx(1 - math.exp(-2), abs=0.003)
    assert f"or {two:.0%}, of the draws" in prose("02") and f"stays below $k^2$: {three:.0%} in three" in prose("02")


def test_a_move_along_both_axes_costs_both_terms_and_a_mixed_one():
    """Chapter 2, (2.3), for logits that are straight lines; what is proportional to the move is taken out."""
    logits, slopes, x = RNG.normal(size=30), RNG.normal(size=(2, 30)), RNG.random(30)
    p = 1 / (1 + np.exp(-logits))
    first, mixed, second = (np.sum(p * (1 - p) * slopes[i] * slopes[j]) for i, j in ((0, 0), (0, 1), (1, 1)))

    def cost(move):
        moved = logits + move @ slopes
        return np.sum(np.logaddexp(0, moved) - x * moved)

    for a, b in 1e-3 * RNG.normal(size=(5, 2)):
        rise = (cost(np.array([a, b])) + cost(np.array([-a, -b]))) / 2 - cost(np.zeros(2))
        assert rise == pytest.approx(first * a**2 / 2 + second * b**2 / 2 + mixed * a * b, rel=1e-3)


def test_what_a_tenth_of_sigma_costs_and_that_a_density_can_exceed_one():
    """Chapter 5, (5.3) and (5.2)."""
    sigma = np.array([5.0, 1.0, 0.01])
    cost = np.diff([(s**2 - 1 - 2 * np.log(s)) / 2 for s in (sigma, sigma / 10)], axis=0)[0]
    assert cost.max() < math.log(10) and cost[2] == pytest.approx(math.log(10), abs=1e-4)
    assert f"(from 1 to 0.1: {cost[1]:.1f})" in prose("05") and f"10 \\approx {math.log(10):.1f}$" in prose("05")
    blank = np.full((1, 28, 28), 0.3, "float32")
    assert float(gaussian_reconstruction(blank, blank, 0.1)[0]) < 0


def test_the_rate_climbs_in_a_straight_line():
    rate = warmup_cosine(9600, 480)
    found = [float(rate(step)) for step in (0, 120, 240, 480)]
    assert found == pytest.approx([1e-4, 1e-4 + 2.9e-3 / 4, 1e-4 + 2.9e-3 / 2, 3e-3], rel=1e-4)
    assert "in a straight line from 0.0001 to 0.003" in prose("06")


def test_none_of_a_thousand_leaves_room_for_three():
    assert (1 - 0.003) ** 1000 == pytest.approx(0.05, abs=0.001)
    assert "and none among 1,000 prints." in prose("07") and "So at most 0.3 % of all prints" in prose("07")


def test_the_largest_of_80_comparisons_is_near_what_chapter_4_says():
    """Half of all largest values are below the size that one of 80 stays below with probability 0.5^(1/80)."""
    size = NormalDist().inv_cdf((1 + 0.5 ** (1 / 80)) / 2)
    largest = np.abs(np.random.default_rng(0).normal(size=(20_000, 80))).max(axis=1)
    assert np.median(largest) == pytest.approx(size, abs=0.02) and f"would be near\n{size:.1f}:" in prose("04")
