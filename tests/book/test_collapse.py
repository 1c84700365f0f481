"""Chapter 12 (The collapse lab): its models and rules. What its record says is asserted in the chapter."""

import math

import chapter_code
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy as array

from helpers.losses import gaussian_reconstruction, kl_divergence, translate_loss
from helpers.models import build_decoder, build_encoder
from helpers.places import BOOK
from helpers.records import load_collapse
from tools.recording import runs as recorder

CHAPTER = BOOK / "12_collapse.ipynb"
NAMES = (
    "GaussianVAE", "linear_parts", "carried", "squared_error", "GuideVAE", "guide_parts", "CuredVAE", "WarmUp",
    "NeighbourVAE", "told",
)  # fmt: skip


@pytest.fixture(scope="module")
def lab():
    return chapter_code.load(CHAPTER, *NAMES)


@pytest.fixture(scope="module")
def digits(x_train):
    return x_train[:50]


# ---- the rule


def best_of_one_latent(lam, variance):
    """Minimise (12.1) by brute force over a, s and w; return the KL term and the variance that the print misses."""
    a, s, w = np.meshgrid(np.linspace(0, 2, 161), np.linspace(0.05, 1.2, 116), np.linspace(0, 3, 241), indexing="ij")
    missed = (1 - w * a) ** 2 * lam + w**2 * s**2
    kl = 0.5 * (a**2 * lam + s**2 - 1 - np.log(s**2))
    best = np.argmin(missed / (2 * variance) + kl)
    return kl.flat[best], missed.flat[best]


@pytest.mark.parametrize("lam, variance", [(5.0, 0.5), (5.0, 2.0), (2.3, 2.0), (1.7, 2.0), (1.0, 12.25)])
def test_the_rule_for_one_latent_is_the_minimum_of_the_loss(lam, variance):
    kl, missed = best_of_one_latent(lam, variance)
    assert kl == pytest.approx(max(0.0, 0.5 * math.log(lam / variance)), abs=0.01)
    assert missed == pytest.approx(min(lam, variance), rel=0.03)


def test_near_the_mean_cross_entropy_is_the_parabola_of_a_standardised_pixel():
    m, x, delta = 0.3, np.array([0.0, 0.3, 0.8, 1.0]), 0.01
    logit = math.log(m / (1 - m))
    loss = np.log1p(np.exp(logit + delta)) - x * (logit + delta) - (np.log1p(np.exp(logit)) - x * logit)
    assert loss == pytest.approx(-(x - m) * delta + 0.5 * m * (1 - m) * delta**2, abs=1e-7)
    pixel, step = (x - m) / math.sqrt(m * (1 - m)), delta * math.sqrt(m * (1 - m))
    assert loss == pytest.approx(0.5 * ((pixel - step) ** 2 - pixel**2), abs=1e-7)


# ---- the models


def test_a_given_variance_is_chapter_5s_likelihood_and_a_learned_one_the_best(lab, digits):
    x, x_hat = digits[:6], np.random.default_rng(0).random((6, 28, 28)).astype("float32")
    given = lab["GaussianVAE"](*lab["linear_parts"](2), variance=0.3)
    assert array(given.reconstruction(x, x_hat)) == pytest.approx(
        array(gaussian_reconstruction(x, x_hat, math.sqrt(0.3))), rel=1e-4
    )
    found = float(ops.mean(lab["GaussianVAE"](*lab["linear_parts"](2)).reconstruction(x, x_hat)))
    best = np.mean((x - x_hat) ** 2)
    tried = {s: float(ops.mean(gaussian_reconstruction(x, x_hat, math.sqrt(s * best)))) for s in (0.9, 1, 1.1)}
    assert found == pytest.approx(tried[1], rel=1e-5) and tried[1] < min(tried[0.9], tried[1.1])


def test_the_loss_is_both_terms(lab, digits):
    for variance in (2.0, None):
        model = lab["GaussianVAE"](*lab["linear_parts"](3), variance=variance)
        y_pred = model(digits[:5])
        loss = float(model.compute_loss(digits[:5], y_pred=y_pred))
        by_hand = ops.mean(model.reconstruction(digits[:5], y_pred[0]) + kl_divergence(*y_pred[1:]))
        assert loss == pytest.approx(float(by_hand), rel=1e-5)
        assert float(model.kl_nats.result()) == pytest.approx(float(ops.mean(kl_divergence(*y_pred[1:]))), rel=1e-5)


def test_the_guides_loss_is_two_means_and_means_a_variance_of_12(lab, digits):
    model = lab["GuideVAE"](*lab["guide_parts"](32))
    pairs = []
    for seed in range(3):  # the loss is a multiple of squares / (2 · 12.25) + KL, whatever the prints and codes
        rng = np.random.default_rng(seed)
        logits, z_mean, z_log_var = (
            rng.normal(size=s).astype("float32") for s in ((5, 28, 28), (5, 32), (5, 32))
        )  # fmt: skip
        found = float(model.compute_loss(digits[:5], y_pred=(logits, z_mean, z_log_var)))
        squares = np.sum((digits[:5] - 1 / (1 + np.exp(-logits))) ** 2, axis=(1, 2))
        variance = translate_loss("mse", "mean", "mean", latent_dim=32).sigma_squared
        pairs.append((found, np.mean(squares / (2 * variance) + array(kl_divergence(z_mean, z_log_var)))))
    ratios = np.array([a / b for a, b in pairs])
    assert ratios == pytest.approx(np.full(3, 1 / 32), rel=1e-4)


def test_free_bits_are_paid_whether_used_or_not_and_warmth_is_a_factor(lab):
    parts = build_encoder(3, 8, 1), build_decoder(3, 8, 1)
    z_mean = np.array([[2.0, 0.1, 0.0], [-2.0, -0.1, 0.0]], "float32")
    z_log_var = np.zeros((2, 3), "float32")  # KL terms of 2, 0.005 and 0
    plain, free = (lab["CuredVAE"](*parts, 1.0, f) for f in (0.0, 0.25))
    assert float(plain.filing(z_mean, z_log_var)) == pytest.approx(2.005, rel=1e-4)
    assert float(free.filing(z_mean, z_log_var)) == pytest.approx(2 + 0.25 + 0.25, rel=1e-4)
    callback = lab["WarmUp"](4)
    callback.set_model(plain)
    found = []
    for epoch in range(6):
        callback.on_epoch_begin(epoch)
        found.append(float(plain.filing(z_mean, z_log_var)) / 2.005)
    assert found == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1], abs=1e-3)


def test_the_self_helper_sees_only_what_comes_before(lab, digits):
    model = lab["NeighbourVAE"](build_encoder(2, 8, 1), build_decoder(2, 8, 1))
    model.neighbours.assign(np.random.default_rng(0).normal(size=(784, 784)).astype("float32"))
    x = np.round(digits[:2])
    x[1] = x[0]
    x[1, 10, 14] = 1 - x[1, 10, 14]

    class Fixed:
        input_shape = model.decoder.input_shape

        def __call__(self, z):
            return ops.zeros((2, 28, 28))

    model.decoder = Fixed()
    changed = np.abs(np.diff(array(model(x)[0]), axis=0))[0].ravel() > 1e-6
    place = 10 * 28 + 14
    assert not changed[: place + 1].any() and changed[place + 1 :].all()


def test_what_a_latent_carries_is_its_kl_term(lab, digits):
    model = lab["GaussianVAE"](*lab["linear_parts"](4), variance=1.0)
    nats = lab["carried"](model, digits)
    assert nats.shape == (4,) and np.all(np.diff(nats) <= 0)
    assert nats.sum() == pytest.approx(float(ops.mean(kl_divergence(*model.encoder(digits)))), rel=1e-4)
    by_hand = [np.sum((digits - array(model(digits)[0])) ** 2) / 50 for _ in range(3)]  # three draws
    assert lab["squared_error"](model, digits) == pytest.approx(np.mean(by_hand), rel=0.1)


def test_a_line_reads_codes_that_name_the_digit_and_no_others(lab):
    class Sure:  # a camera that files each digit in a place of its own, and one that files all alike
        sampling = staticmethod(lambda parts: parts[0])

        def __init__(self, spread):
            self.encoder = lambda x: (spread * np.eye(10)[x] + np.random.default_rng(0).normal(size=(len(x), 10)), None)

    y = np.random.default_rng(1).integers(0, 10, 2000)
    assert lab["told"](Sure(8.0), y, y) > 0.98
    assert lab["told"](Sure(0.0), y, y) == pytest.approx(0.1, abs=0.03)


# ---- the record


def test_the_stored_record_is_that_of_the_chapter(lab):
    stored = load_collapse()
    assert stored["images"] == 10_000
    assert stored["epochs"] == {"sizes": lab["SIZE_EPOCHS"], "cures": lab["CURE_EPOCHS"]}
    runs = [("sizes", run["latent_dim"]) for run in stored["sizes"]]
    runs += [("cures", run["patient"], run["cure"], run["seed"]) for run in stored["cures"]]
    assert runs == [run[:-1] for run in recorder.plan_collapse(lab)]
    for kind in ("sizes", "cures"):
        for run in stored[kind]:
            assert run["carried"] == sorted(run["carried"], reverse=True)
            assert all(len(values) == stored["epochs"][kind] for values in run["history"].values())
    assert all(len(run["carried"]) == run["latent_dim"] for run in stored["sizes"])
    for run in stored["sizes"]:
        assert sum(run["carried"]) == pytest.approx(run["rate"], rel=0.02)
        total = np.array(run["history"]["reconstruction"]) + run["history"]["kl"]
        assert run["history"]["loss"] == pytest.approx(total, rel=1e-3)
