"""Chapter 11 (Photocopier against artist): its machines and measures, its clothes, its record."""

import hashlib

import chapter_code
import numpy as np
import pytest
from keras import ops

from helpers.data import CLOTHES, FASHION_FILE, FASHION_SHA256, GREY_FLOOR, load_fashion
from helpers.places import ROOT
from helpers.records import load_photocopier
from tools.fetch import fashion as fetch_fashion
from tools.recording import runs as recorder

CHAPTER = ROOT / "book" / "11_photocopier.ipynb"
NAMES = (
    "Autoencoder", "train_machine", "negatives", "damage", "print_nats", "accepted", "hole_share", "component_logs",
    "fit_mixture", "draw", "random_codes", "walk", "score_way", "minus_elbo", "suspicion", "auc", "roc",
    "linear_error", "grey_floor", "report", "report_left_out",
)  # fmt: skip


@pytest.fixture(scope="module")
def lab(mnist):
    names = chapter_code.load(CHAPTER, *NAMES)
    (x, y), (names["x_test"], names["y_test"]) = mnist
    names["x_train"], names["y_train"] = x[:300], y[:300]
    return names


# ---- the clothes


def test_the_clothes_are_a_thousand_images_of_fashion_mnist():
    x, y = load_fashion()
    assert x.shape == (1000, 28, 28) and x.dtype == np.float32 and (x.min(), x.max()) == (0, 1)
    assert y.shape == (1000,) and list(y[:10]) == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]  # as published: ankle boot first
    assert CLOTHES[y[0]] == "ankle boot" and sorted(set(y)) == list(range(len(CLOTHES)))
    assert x.mean() == pytest.approx(0.29, abs=0.01)  # the published test set: 0.2868
    assert FASHION_FILE.stat().st_size < 1_000_000


def test_the_clothes_are_described_as_they_are():
    text = (ROOT / "book/data/README.md").read_text(encoding="utf-8")
    data = FASHION_FILE.read_bytes()
    assert hashlib.sha256(data).hexdigest() == FASHION_SHA256
    assert FASHION_SHA256 in text and f"{len(data):,} bytes" in text and "2017 Zalando SE" in text
    assert f"`{fetch_fashion.PACKAGE}`" in text and "WITHOUT WARRANTY OF ANY KIND" in text
    for file, md5, _ in fetch_fashion.FILES.values():
        assert f"`{file}`" in text and md5 in text
    licences = (ROOT / "book/licences.md").read_text(encoding="utf-8")
    (row,) = [line for line in licences.splitlines() if "fashion.npz" in line]
    assert "[MIT]" in row and "Zalando" in row and "Han Xiao" in row


# ---- the machines


@pytest.fixture(scope="module")
def machines(lab):
    return {kind: lab["train_machine"](kind, 0, 1)[0] for kind in lab["KINDS"]}


def test_all_machines_start_from_the_same_weights(lab, monkeypatch):
    monkeypatch.setitem(lab, "train", lambda machine, x, *args, **options: {"images": len(x)})
    made = {kind: lab["train_machine"](kind, 3, 1)[0] for kind in lab["KINDS"]}
    first, *others = [[*m.encoder.get_weights()[:6], *m.decoder.get_weights()] for m in made.values()]
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert np.ptp(first[0]) > 0
    assert made["photocopier"].noise == 0 and made["retoucher"].noise == lab["NOISE"] == 0.3
    _, history = lab["train_machine"]("artist", 0, 1, left_out=1)
    assert history["images"] == np.sum(lab["y_train"] != 1) < 300


def test_only_the_retoucher_sees_damage_and_only_in_training(lab, machines):
    x = lab["x_test"][:20]
    for kind in ("photocopier", "retoucher"):
        quiet, again, trained = (
            ops.convert_to_numpy(machines[kind](x, training=training)) for training in (False, False, True)
        )
        assert np.array_equal(quiet, again)
        assert np.allclose(quiet, trained, atol=1e-4) == (kind == "photocopier")
    panes = ops.convert_to_numpy(machines["retoucher"].panes)
    assert panes.shape == (lab["PANES"], 28, 28) and set(np.unique(panes)) == {0, 1}
    assert 1 - panes.mean() == pytest.approx(0.3, abs=0.002) and not np.array_equal(panes[0], panes[1])
    ink = x > 0
    assert 1 - np.mean(lab["damage"](x)[ink] > 0) == pytest.approx(0.3, abs=0.05)
    loss = machines["retoucher"].compute_loss(x, y_pred=ops.zeros((20, 28, 28)))
    assert float(loss) == pytest.approx(784 * np.log(2), rel=1e-5)


def test_the_artist_blurs_its_negatives_if_asked(lab, machines):
    x = lab["x_test"][:500]
    still, blurred = (lab["negatives"](machines["artist"], x, blurred) for blurred in (False, True))
    z_mean, z_log_var = map(ops.convert_to_numpy, machines["artist"].encoder(x))
    assert np.array_equal(still, z_mean)
    assert np.std((blurred - z_mean) / np.exp(z_log_var / 2)) == pytest.approx(1, abs=0.05)
    copier = machines["photocopier"]
    assert np.array_equal(lab["negatives"](copier, x), lab["negatives"](copier, x, blurred=True))


# ---- the measures


@pytest.fixture(scope="module")
def bells():
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(2, 3, 3))
    return np.array([0.3, 0.7]), rng.normal(size=(2, 3)) * 6, roots @ roots.transpose(0, 2, 1) + 0.3 * np.eye(3)


def test_the_density_of_a_mixture_is_its_formula(lab, bells):
    z = np.random.default_rng(1).normal(size=(5, 3))
    for k, (share, mean, cov) in enumerate(zip(*bells)):
        away = z - mean
        squares = np.einsum("ni,ij,nj->n", away, np.linalg.inv(cov), away)
        density = share * np.exp(-squares / 2) / np.sqrt((2 * np.pi) ** 3 * np.linalg.det(cov))
        assert np.exp(lab["component_logs"](z, bells)[:, k]) == pytest.approx(density, rel=1e-6)


def test_one_component_is_the_bell_curve_of_the_codes(lab):
    z = np.random.default_rng(2).normal(size=(500, 3)) * [1, 2, 30]
    shares, means, covs = lab["fit_mixture"](z, 1)
    assert shares == pytest.approx([1]) and means[0] == pytest.approx(z.mean(axis=0))
    assert covs[0] == pytest.approx(np.cov(z.T), rel=1e-3)


def test_the_area_is_the_chance_of_a_pair(lab):
    rng = np.random.default_rng(3)
    known, odd = rng.integers(0, 9, 70).astype(float), rng.integers(3, 12, 50).astype(float)  # with ties
    pairs = np.mean((odd[:, None] > known) + 0.5 * (odd[:, None] == known))
    assert lab["auc"](known, odd) == pytest.approx(pairs)
    assert lab["auc"](odd, known) == pytest.approx(1 - pairs)
    known, odd = rng.normal(0, 1, 5000), rng.normal(1, 1, 5000)
    caught = lab["roc"](known, odd)
    area = np.mean((caught[1:] + caught[:-1]) / 2)
    assert area == pytest.approx(lab["auc"](known, odd), abs=0.005) and np.all(np.diff(caught) >= 0)
    assert lab["auc"](known, odd) == pytest.approx(0.760, abs=0.02)  # of two normals one deviation apart


def test_the_grey_floor_is_that_of_the_book(lab):
    assert lab["grey_floor"](lab["x_test"]).mean() == pytest.approx(GREY_FLOOR, abs=0.02)  # it clips at 1e-6
    assert lab["grey_floor"](np.full((1, 28, 28), 0.5)) == pytest.approx(784 * np.log(2))


def test_the_linear_control_is_what_eight_components_leave(lab):
    x, seen = lab["x_test"][:40], lab["x_test"][1000:3000]
    flat, mean = x.reshape(-1, 784), seen.reshape(-1, 784).mean(axis=0)
    axes = np.linalg.svd(seen.reshape(-1, 784) - mean, full_matrices=False)[2][: lab["LATENT_DIM"]]
    kept = (flat - mean) @ axes.T
    assert lab["linear_error"](x, seen) == pytest.approx(
        np.sum((flat - mean) ** 2, axis=1) - np.sum(kept**2, axis=1), rel=1e-3
    )


def test_holes_are_where_nothing_was_filed(lab, machines):
    machine = machines["photocopier"]
    own = lab["negatives"](machine, lab["x_test"][2000:4000])
    assert lab["hole_share"](machine, own) < 0.05
    assert lab["hole_share"](machine, own + 50 * own.std()) == 1


def test_a_way_is_scored_by_its_steps(lab, monkeypatch):
    n = lab["STEPS"]
    even, jumpy = np.linspace(0, 8, n), np.r_[np.zeros(n - 1), 8.0]
    sure = np.full((2 * n, 10), 0.99)
    features = np.concatenate([even, jumpy])[:, None] * np.ones(64)
    monkeypatch.setitem(lab, "judge", lambda classifier, prints: (sure, features))
    monkeypatch.setitem(lab, "classifier", None)
    monkeypatch.setitem(lab, "real_probabilities", np.full((10, 10), 0.9))
    found = lab["score_way"](np.zeros((2 * n, 28, 28)))
    assert found["accepted"] == 1 and found["detour"] == pytest.approx(1)
    assert found["jump"] == pytest.approx((1 + (n - 1)) / 2)  # the median of an even way and one jump
    sure[n // 3 : n - n // 3] = 0.1
    assert lab["score_way"](np.zeros((2 * n, 28, 28)))["accepted"] == 0.5


def test_ways_lead_from_one_digit_to_another(lab):
    ends = np.stack([lab["y_test"], np.arange(10_000)], axis=1).astype(float)
    ways = lab["walk"](ends, pairs=50).reshape(50, lab["STEPS"], 2)
    assert np.all(ways[:, 0, 0] != ways[:, -1, 0])
    assert np.allclose(np.diff(ways, 2, axis=1), 0)  # even steps
    assert np.all(lab["y_test"][ways[:, 0, 1].astype(int)] == ways[:, 0, 0])


def test_suspicion_adds_up(lab, machines):
    x = lab["x_test"][:30]
    artist = lab["suspicion"](machines["artist"], x, lab["x_train"])
    assert set(artist) == {"print", "-ELBO"} and artist["print"] == pytest.approx(
        lab["print_nats"](machines["artist"], x)
    )
    kept = [lab["minus_elbo"](machines["artist"], x, draws=50).mean(), artist["-ELBO"].mean()]
    assert kept[0] == pytest.approx(kept[1], rel=0.02) and kept[0] > artist["print"].mean()
    copier = lab["suspicion"](machines["photocopier"], x, lab["x_train"])
    mixture = lab["fit_mixture"](lab["negatives"](machines["photocopier"], lab["x_train"]), 10)
    place = -np.logaddexp.reduce(lab["component_logs"](lab["negatives"](machines["photocopier"], x), mixture), axis=1)
    assert copier["print and place"] - copier["print"] == pytest.approx(place, rel=1e-3)


# ---- the record


def test_the_stored_record_is_that_of_the_chapter(lab):
    stored = load_photocopier()["runs"]
    runs = recorder.plan_photocopier(lab)
    assert [(run["kind"], run["seed"], run["epochs"], run["left_out"]) for run in stored] == runs
    assert all(run["seconds"] > 0 and run["history"]["loss"][0] > run["history"]["loss"][-1] for run in stored)
    assert len(runs) == len(set(runs)) and all(len(run["history"]["loss"]) == run["epochs"] for run in stored)
