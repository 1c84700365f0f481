"""The instruments of chapter 8, each against an answer that is known another way."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as array

from helpers.data import binarise
from helpers.evaluation import (
    active_units,
    exact_log_likelihood,
    grid_log_joint,
    importance_bound,
    latent_grid,
    log_weights,
    mean_and_margin,
    rate_distortion,
)
from helpers.judge import build_classifier, frechet_distance, judge
from helpers.losses import bernoulli_reconstruction, kl_divergence
from helpers.models import FlowPrior, StandardNormal
from helpers.weights import load_classifier, load_likelihood, load_vae, manifest


@pytest.fixture(scope="module")
def vae():
    return load_vae("darkroom-2d")


def test_grey_pixels_give_a_lower_bound_on_the_average_over_their_coins():
    """All 64 black-and-white images of six pixels, weighed by how probable the greys make them."""
    dense = keras.layers.Dense(6, kernel_initializer=keras.initializers.RandomNormal(0, 2, seed=0))
    decoder = keras.Sequential([keras.Input((2,)), dense, keras.layers.Reshape((2, 3))])
    model = SimpleNamespace(encoder=lambda x: (ops.zeros((len(x), 2)),) * 2, decoder=decoder, prior=StandardNormal(2))
    grey = np.float32([0.1, 0.4, 0.5, 0.7, 0.9, 0.2])
    coins = np.float32([[i >> k & 1 for k in range(6)] for i in range(64)])
    chance = np.prod(np.where(coins == 1, grey, 1 - grey), axis=1)
    of_grey, of_coins = (exact_log_likelihood(model, x.reshape(-1, 2, 3), points=201)[0] for x in (grey[None], coins))
    assert chance.sum() == pytest.approx(1, abs=1e-5) and np.exp(of_coins).sum() == pytest.approx(1, abs=1e-3)
    entropy = -np.sum(grey * np.log(grey) + (1 - grey) * np.log(1 - grey))
    assert of_grey[0] < chance @ of_coins - 0.01
    assert abs(of_grey[0] - (chance @ of_coins - entropy)) > 0.1  # not "the average less the entropy"


@pytest.mark.parametrize(("images", "blocks"), [(7, 1), (1, 3)])
def test_the_bound_is_the_logarithm_of_the_mean_weight(vae, x_test, images, blocks):
    x, noise = x_test[:images], keras.random.SeedGenerator(4)
    log_w = np.concatenate([log_weights(vae, x, 30 // blocks, noise) for _ in range(blocks)]).astype("float64")
    bound, error = importance_bound(vae, x, 30, seed=4, rows=30 * images // blocks)
    w = np.exp(log_w - log_w.max(axis=0))
    assert bound == pytest.approx(np.log(w.mean(axis=0)) + log_w.max(axis=0))
    assert error == pytest.approx(w.std(axis=0, ddof=1) / w.mean(axis=0) / np.sqrt(30), rel=1e-6)
    assert np.isnan(importance_bound(vae, x, 1)[1]).all()


@pytest.mark.parametrize(("samples", "rows"), [(3, 10), (25, 10), (10, 10), (1, 1)])
def test_no_more_codes_are_decoded_at_a_time_than_allowed(vae, x_test, samples, rows):
    seen = []

    def decoder(z):
        seen.append(len(z))
        return vae.decoder(z)

    spy = SimpleNamespace(encoder=vae.encoder, decoder=decoder, prior=vae.prior)
    bound, _ = importance_bound(spy, x_test[:5], samples, rows=rows)
    assert bound.shape == (5,) and max(seen) <= rows and sum(seen) == 5 * samples


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": 5, "rows": 0}])
def test_the_bound_needs_samples(vae, x_test, wrong):
    with pytest.raises(ValueError, match="must be 1 or more"):
        importance_bound(vae, x_test[:2], **wrong)


def test_rate_and_distortion_are_the_two_terms(vae, x_test):
    x = x_test[:300]
    rate, distortion = rate_distortion(vae, x, samples=50)
    closed = array(kl_divergence(*vae.encoder(x)))
    assert np.mean(rate - closed) == pytest.approx(0, abs=4 * np.std(rate - closed) / np.sqrt(300))
    log_w = array(log_weights(vae, x, 50, keras.random.SeedGenerator(9)))
    apart, margin = mean_and_margin(rate + distortion + log_w.mean(axis=0))
    assert abs(apart) < 2 * margin


def test_active_units_are_those_whose_mean_moves(x_test):
    ink = x_test.mean(axis=(1, 2), keepdims=False)
    scale = np.array([0.0, 0.05, 0.5, 5.0]) / ink.std()
    fake = SimpleNamespace(encoder=lambda x: (ops.convert_to_tensor(np.outer(x.mean(axis=(1, 2)), scale)), None))
    assert active_units(fake, x_test).tolist() == [False, False, True, True]  # variances 0, 0.0025, 0.25, 25


def test_a_grid_holds_all_of_the_prior():
    codes, area = latent_grid(6.0, 121)
    assert codes.shape == (121**2, 2) and area == pytest.approx(0.01) and codes[0].tolist() == [-6, 6]
    density = np.exp(array(StandardNormal(2).log_prob(codes)).astype("float64"))
    assert density.sum() * area == pytest.approx(1, abs=1e-4)


def test_the_joint_is_likelihood_times_prior(vae, x_test):
    codes = np.float32([[0, 0], [1, -2], [0.5, 0.3]])
    joint = array(grid_log_joint(vae, x_test[:4], codes))
    for i, x in enumerate(x_test[:4]):
        nats = bernoulli_reconstruction(np.stack([x] * 3), vae.decoder(codes))
        assert joint[i] == pytest.approx(array(vae.prior.log_prob(codes) - nats), abs=1e-2)


def test_a_decoder_that_ignores_its_code_has_a_known_likelihood(vae, x_test):
    logits = np.random.default_rng(0).normal(size=(1, 28, 28)).astype("float32")
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda z: 0 * z[:, :1, None] + logits)])
    blind = SimpleNamespace(encoder=vae.encoder, decoder=decoder, prior=vae.prior)
    log_p, gap = exact_log_likelihood(blind, x_test[:20])
    assert log_p == pytest.approx(-array(bernoulli_reconstruction(x_test[:20], logits)), abs=0.01)
    assert gap == pytest.approx(array(kl_divergence(*vae.encoder(x_test[:20]))), abs=0.02)  # p(z|x) is the prior


def test_a_grid_needs_a_plane(x_test):
    with pytest.raises(ValueError, match="latents in the plane.*importance_bound"):
        exact_log_likelihood(load_vae("darkroom-50d"), x_test[:2])


def test_a_flow_that_has_learned_nothing_is_the_standard_normal():
    z = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")
    assert array(FlowPrior(6).log_prob(z)) == pytest.approx(array(StandardNormal(6).log_prob(z)), abs=1e-4)


def test_coins_are_thrown_with_the_grey_as_probability(x_test):
    thrown = binarise(np.repeat(x_test[:1], 2000, axis=0), seed=0)
    assert set(np.unique(thrown)) == {0, 1} and thrown.dtype == np.float32
    assert np.abs(thrown.mean(axis=0) - x_test[0]).max() < 0.06
    assert np.array_equal(binarise(x_test[:3], 5), binarise(x_test[:3], 5))
    assert not np.array_equal(binarise(x_test[:3], 5), binarise(x_test[:3], 6))


# ---- the recorded likelihood of darkroom-50d


def test_the_recorded_likelihood_is_what_the_manifest_says():
    said, (nats, error) = manifest()["darkroom-50d"]["likelihood"], load_likelihood("darkroom-50d")
    assert said["samples"] == 5000 and len(nats) == said["images"] == 10_000
    assert nats.mean() == pytest.approx(said["nats"], abs=0.001) and said["nats"] <= 83.5
    assert np.sqrt(np.sum(error**2)) / len(error) == pytest.approx(said["error"], abs=1e-4) and said["error"] < 0.02


# ---- the judge of prints


def test_the_judge_reads_digits(mnist):
    (x_test, labels), classifier = mnist[1], load_classifier()
    probabilities, features = judge(classifier, x_test)
    assert probabilities.shape == (10_000, 10) and features.shape == (10_000, 64)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    accuracy = np.mean(probabilities.argmax(axis=1) == labels)
    assert accuracy >= 0.985 and accuracy == pytest.approx(manifest()["classifier"]["test"]["accuracy"], abs=1e-3)
    assert classifier.count_params() == build_classifier().count_params() < 100_000


def test_frechet_distance_of_known_gaussians():
    rng = np.random.default_rng(0)
    a, mix = rng.normal(size=(200_000, 3)), np.array([[1.0, 0.5, 0], [0, 2, 0.3], [0, 0, 0.5]])
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(a, a + [1, 2, 0]) == pytest.approx(5, abs=1e-6)
    b = rng.normal(size=(200_000, 3)) @ mix
    # by hand: between N(0, I) and N(0, C) it is the sum of (1 - root of eigenvalue)^2
    known = np.sum((1 - np.sqrt(np.linalg.eigvalsh(mix.T @ mix))) ** 2)
    assert frechet_distance(a, b) == pytest.approx(known, abs=0.02)
    assert frechet_distance(b, a) == pytest.approx(frechet_distance(a, b), abs=1e-6)
