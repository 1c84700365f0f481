"""Chapter 13 (The gradient lab): its estimators against exact slopes, on the network's real loss and on choices."""

import chapter_code
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from keras.ops import convert_to_numpy as array

from helpers.models import VAE, build_decoder, build_encoder
from helpers.places import BOOK
from helpers.records import load_league

CHAPTER = BOOK / "13_gradients.ipynb"
NAMES = (
    "toy", "toy_variance", "score_term", "EstimatorVAE", "gumbel", "choose", "DrawerVAE", "exact_loss",
    "drawer_encoder",
)  # fmt: skip
KINDS = ("pathwise", "score function", "with baseline")


@pytest.fixture(scope="module")
def lab():
    return chapter_code.load(CHAPTER, *NAMES)


@pytest.fixture(scope="module")
def scenes(x_test):
    return x_test[:4]


# ---- the toy case


@pytest.mark.parametrize("mu, sigma", [(1.0, 0.3), (-0.7, 1.1)])
def test_the_exact_means_and_variances_of_the_toy_case(lab, mu, sigma):
    """By quadrature, exact for polynomials."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    variances = lab["toy_variance"](mu, sigma)
    assert list(variances) == list(KINDS)
    for name, g in lab["toy"](mu, sigma, nodes).items():
        assert weights @ g == pytest.approx(2 * mu)
        assert weights @ (g - 2 * mu) ** 2 == pytest.approx(variances[name])


# ---- the estimators


def test_the_score_term_has_no_value_and_the_slope_of_the_estimate(lab):
    nats, log_q = np.float32([[3, 10], [5, 4], [1, 1]]), tf.Variable(np.zeros((3, 2), "float32"))
    for baseline, expected in ((False, nats), (True, [[0, 7.5], [3, -1.5], [-3, -6]])):
        with tf.GradientTape() as tape:
            term = lab["score_term"](nats, log_q + 0.7, baseline)
            total = ops.sum(term)
        assert np.all(array(term) == 0)
        assert np.allclose(tape.gradient(total, log_q), expected)


def small_model(lab, kind, draws=2, seed=0):
    keras.utils.set_random_seed(3)
    return lab["EstimatorVAE"](build_encoder(2, 8, 1), build_decoder(2, 8, 1), kind, draws, seed=seed)


def test_all_three_have_the_value_of_the_loss_and_the_same_decoder_slopes(lab, scenes):
    found = {}
    for kind in KINDS:
        model = small_model(lab, kind)
        with tf.GradientTape() as tape:
            loss = model.compute_loss(scenes, y_pred=model(scenes))
        found[kind] = [float(loss), *map(array, tape.gradient(loss, model.decoder.trainable_weights))]
    for kind in KINDS[1:]:
        for one, other in zip(found["pathwise"], found[kind]):
            assert np.allclose(one, other, rtol=1e-4, atol=1e-4)
    plain = small_model(lab, "pathwise", draws=1)
    usual = VAE(plain.encoder, plain.decoder)
    assert float(plain.compute_loss(scenes, y_pred=plain(scenes))) == pytest.approx(
        float(usual.compute_loss(scenes, y_pred=usual(scenes))), rel=1e-5
    )  # with one draw it is the loss of chapter 6, from the same noise


# ---- choices


def test_gumbel_noise_and_the_largest_score_give_the_right_shares(lab):
    p = np.array([0.6, 0.3, 0.1])
    noise = lab["gumbel"]((50_000, 3), seed=4)
    assert np.mean(noise) == pytest.approx(np.euler_gamma, abs=0.02) and np.isfinite(noise).all()
    hard = array(lab["choose"](np.log(p).astype("float32"), noise))
    assert set(np.unique(hard)) == {0, 1} and np.all(hard.sum(axis=1) == 1)
    assert np.all(np.abs(hard.mean(axis=0) - p) < 4.5 * np.sqrt(p * (1 - p) / 50_000))
    for tau in (0.01, 1.0):
        soft = array(lab["choose"](np.log(p).astype("float32"), noise, tau))
        assert np.allclose(soft.sum(axis=1), 1, atol=1e-5)
        close = np.mean(np.abs(soft - hard).max(axis=1) < 0.01)
        assert close > 0.9 if tau == 0.01 else close < 0.2


def test_the_exact_loss_is_the_mean_over_draws(lab, scenes):
    keras.utils.set_random_seed(5)
    encoder, decoder = lab["drawer_encoder"](), build_decoder(lab["DRAWERS"], 8, 1)
    decoder.layers[-2].bias.assign(ops.full((784,), -2.0))  # dark prints, as after some training
    vae = lab["DrawerVAE"](encoder, decoder)
    exact = array(lab["exact_loss"](scenes, encoder(scenes), decoder)).mean()
    many = np.tile(scenes, (200, 1, 1))
    losses = [float(vae.compute_loss(many, y_pred=vae(many))) for _ in range(30)]
    assert abs(np.mean(losses) - exact) < 4.5 * np.std(losses) / 30**0.5
    assert np.std(losses) > 0


def test_without_a_start_at_the_mean_image_one_drawer_gets_all(lab, x_train):
    keras.utils.set_random_seed(1)
    encoder = lab["drawer_encoder"]()
    vae = lab["DrawerVAE"](encoder, build_decoder(lab["DRAWERS"], 64, 1), 0.5)
    vae.compile(keras.optimizers.Adam(3e-3), jit_compile=False, steps_per_execution=20)
    vae.fit(x_train[:12_000], batch_size=100, epochs=2, verbose=0)
    assert array(ops.mean(ops.softmax(encoder(x_train[:500])), axis=0)).max() > 0.9


def test_the_working_recipes_of_chapter_9_lie_within_eight_nats():
    league, _ = load_league()
    means = {name: np.mean([run["scores"]["grey"] for run in runs.values()]) for name, runs in league["runs"].items()}
    assert means.pop("means") > max(means.values()) + 50  # collapsed
    assert 4 < np.ptp(list(means.values())) < 8
