"""Chapters 5 to 7, beyond what their own cells assert: a bound, the recorded sweep, thirty lines, fifty latents."""

import chapter_code
import keras
import numpy as np
import pytest
from keras import ops

from helpers.evaluation import evaluate_elbo, exact_log_likelihood
from helpers.judge import judge
from helpers.latent import develop, log_aggregate
from helpers.losses import kl_divergence
from helpers.models import VAE, build_decoder, build_encoder
from helpers.places import BOOK
from helpers.records import load_choice, load_rate_distortion
from helpers.weights import load_classifier, load_epochs, load_vae
from tools.check import notebooks


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


def prose(chapter):
    return notebooks.prose(notebooks.read(BOOK / f"{chapter}.ipynb"))


def test_some_prints_of_a_nine_could_be_a_seven(x_test, mnist):
    """Chapter 2, of the scene whose draws it prints."""
    vae, scene = load_vae("darkroom-2d"), x_test[9:10]
    mean, log_var = (ops.convert_to_numpy(each) for each in vae.encoder(scene))
    draws = mean + np.exp(log_var / 2) * ops.convert_to_numpy(keras.random.normal((10000, 2), seed=1))[:6]
    read = judge(load_classifier(), develop(vae.decoder, draws))[0].argmax(axis=1)
    assert mnist[1][1][9] == 9 and {7, 9} <= set(read.tolist())
    assert "so that some of the prints could be a 7" in prose("02_encoder")


def test_a_hundredth_of_the_weight_saves_less_than_4_of_135_nats():
    """Chapter 3, on the ways to sharper prints."""
    lost = {run["beta"]: run["distortion"] for run in load_rate_distortion()[0]["runs"]}
    assert abs(lost[1] - 135) < 0.5 and 3 < lost[1] - lost[0.01] < 4
    assert "a hundredth of it saves less than 4 of 135 nats" in prose("03_decoder")


def test_34_seeds_find_half_a_nat_in_four_tries_of_five():
    """Chapter 6, exercise 3: for settings whose differences vary by a nat, as those of wider networks do."""
    choice = {name: np.array([run["validation"] for run in runs], float) for name, runs in load_choice().items()}
    varied = {name: np.std(each - choice["the book's"], ddof=1) for name, each in choice.items()}
    assert {"peak 0.005", "1 block", "width 256"} == {name for name, each in varied.items() if 0.8 < each < 1.2}
    tries = np.random.default_rng(0).normal(0.5, 1, (20_000, 34))  # at a standard deviation of a nat
    found = tries.mean(axis=1) > 2.035 * tries.std(axis=1, ddof=1) / np.sqrt(34)  # by Student's t
    assert found.mean() == pytest.approx(0.8, abs=0.02)
    assert "a true half nat in four tries of five takes some 34 seeds" in prose("06_training")


def test_in_the_last_epoch_the_model_hardly_changes(x_train):
    """Chapter 6: so the last mean over a running epoch is that of the model at its end; the first is not."""
    record = load_epochs("darkroom-2d")
    after = np.mean(sum(evaluate_elbo(load_vae("darkroom-2d"), x_train)))
    assert record["metric/loss"][-1] == pytest.approx(after, abs=0.2)
    assert (record["metric/loss"] > record["metric/val_loss"])[:5].all()


def test_the_thirty_lines_report_their_terms_apart(x_test):
    parts = chapter_code.load(BOOK / "06_training.ipynb", "SmallVAE", "reconstruction")
    small, x = parts["SmallVAE"](), x_test[:300].reshape(-1, 784)
    small.compile("adam", loss=parts["reconstruction"], metrics=[parts["reconstruction"]])
    assert set(small.fit(x, x, batch_size=100, verbose=0).history) == {"loss", "reconstruction"}
    found = small.evaluate(x, x, batch_size=100, verbose=0, return_dict=True)
    z_mean, z_log_var = np.split(ops.convert_to_numpy(small.encoder(x)), 2, axis=1)
    kl = ops.convert_to_numpy(kl_divergence(z_mean, z_log_var)).mean()
    assert found["loss"] - found["reconstruction"] == pytest.approx(kl, abs=1e-3) and kl > 0.1


def test_a_program_that_has_not_imported_the_class_cannot_load(tmp_path, monkeypatch):
    vae = VAE(build_encoder(2, 8, 1), build_decoder(2, 8, 1))
    vae(np.zeros((1, 28, 28), "float32"))
    vae.save(tmp_path / "vae.keras")
    assert keras.models.load_model(tmp_path / "vae.keras").beta == 1
    monkeypatch.delitem(keras.saving.get_custom_objects(), "darkroom>VAE")
    with pytest.raises(TypeError, match="Could not locate class 'VAE'"):
        keras.models.load_model(tmp_path / "vae.keras")


@pytest.mark.parametrize("images", [10_000, 60_000])
def test_with_fifty_latents_the_information_is_at_its_limit(x_train, images):
    """Chapter 7: (7.4) for `darkroom-50d`, by draws from q(z); and what draws from its prior give."""
    vae, rng = load_vae("darkroom-50d"), np.random.default_rng(0)
    m, v = (np.array(part, "float64") for part in vae.encoder.predict(x_train[:images], batch_size=1000, verbose=0))
    chosen, epsilon = rng.integers(images, size=200), rng.standard_normal((200, m.shape[1]))
    z = m[chosen] + np.exp(v[chosen] / 2) * epsilon
    own = -0.5 * np.sum(epsilon**2 + v[chosen] + np.log(2 * np.pi), axis=1)
    heap = np.concatenate([log_aggregate(part, m, v) for part in np.array_split(z, 5)])
    mismatch = np.mean(heap - ops.convert_to_numpy(vae.prior.log_prob(z.astype("float32"))))
    assert 0 <= np.log(images) - np.mean(own - heap) < 0.2 and mismatch > 10
    z = ops.convert_to_numpy(vae.prior.sample(200, seed=2))
    heap = np.concatenate([log_aggregate(part.astype("float64"), m, v) for part in np.array_split(z, 5)])
    r = np.exp(heap - ops.convert_to_numpy(vae.prior.log_prob(z)))
    assert np.median(r) < 1e-6 and r.mean() < 0.2 and np.mean(r * np.log(r) - r + 1) < mismatch / 5


def test_with_fifty_latents_the_mismatch_falls_with_more_digits(x_train):
    """Chapter 7: it is the mean KL less the information, and that is within 0.2 nats of log N (above)."""
    vae, rng, kl = load_vae("darkroom-50d"), np.random.default_rng(0), {}
    m, v = (np.array(part, "float64") for part in vae.encoder.predict(x_train, batch_size=1000, verbose=0))
    for images in (10_000, 60_000):
        chosen, epsilon = rng.integers(images, size=20_000), rng.standard_normal((20_000, m.shape[1]))
        z = (m[chosen] + np.exp(v[chosen] / 2) * epsilon).astype("float32")
        own = -0.5 * np.sum(epsilon**2 + v[chosen] + np.log(2 * np.pi), axis=1)
        kl[images] = np.mean(own - ops.convert_to_numpy(vae.prior.log_prob(z)))
    fall = np.log(6) + kl[10_000] - kl[60_000]  # to 0.2 nats, and the error of the draws
    assert 1.3 < fall < 1.8
