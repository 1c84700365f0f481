"""Files of the bench in Python: the model is the one that was saved, and a damaged file is refused with a sentence."""

import re

import keras
import numpy as np
import pytest
from bench_files import DAMAGES, SETTINGS, WHOLE, file_of, sealed, some_theta, unpacked

from helpers.living import load_bench
from helpers.losses import bernoulli_reconstruction, gaussian_reconstruction, kl_divergence


@pytest.fixture
def saved(tmp_path):
    """Return a function that writes a text into a file and returns its path."""

    def save(text):
        path = tmp_path / "my bench.json"
        path.write_bytes(text.encode())
        return path

    return save


@pytest.fixture
def x():
    return np.random.default_rng(1).random((5, 14, 14)).astype("float32")


def silu(h):
    return h / (1 + np.exp(-h))


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "learned"])
def test_a_file_gives_the_model_that_was_saved(saved, x, likelihood):
    settings = SETTINGS | {"likelihood": likelihood}
    vae = load_bench(saved(sealed(file_of(settings))))
    t = {name: part.astype("float64") for name, part in unpacked(some_theta(), 16, 3).items()}
    hidden = silu(x.reshape(5, 196) @ t["encoderKernel"] + t["encoderBias"])
    z_mean, z_log_var = vae.encoder.predict(x, verbose=0)
    assert np.abs(z_mean - (hidden @ t["zMeanKernel"] + t["zMeanBias"])).max() < 1e-5
    assert np.abs(z_log_var - (hidden @ t["zLogVarKernel"] + t["zLogVarBias"])).max() < 1e-5
    output = silu(z_mean @ t["decoderKernel"] + t["decoderBias"]) @ t["outputKernel"] + t["outputBias"]
    assert np.abs(vae.decoder.predict(z_mean, verbose=0) - output.reshape(5, 14, 14)).max() < 1e-5
    if likelihood != "bernoulli":
        assert abs(vae.sigma - np.exp(t["logSigma"])) < 1e-5
    assert vae.bench == {"settings": settings, "figures": {"epochs": 20, "reconstruction": 42.5, "kl": 6.25}}


@pytest.mark.parametrize("terms, beta", [("sum", 4), ("mean", 4 * 196)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_its_loss_is_that_of_the_bench_and_it_trains_on(saved, x, likelihood, terms, beta):
    """The mean over the pixels, times the number of pixels: the same loss, up to a factor."""
    vae = load_bench(saved(sealed(file_of(SETTINGS | {"likelihood": likelihood, "terms": terms}))))
    y_pred = output, z_mean, z_log_var = vae(x)
    if likelihood == "bernoulli":
        cost = bernoulli_reconstruction(x, output)
    else:
        cost = gaussian_reconstruction(x, output, vae.sigma)
    loss = np.mean(cost + beta * kl_divergence(z_mean, z_log_var))
    assert float(vae.compute_loss(x, y_pred=y_pred)) == pytest.approx(loss, rel=1e-5)
    vae.compile(optimizer="adam")
    before = vae.decoder.get_weights()[0]
    vae.fit(x, epochs=1, verbose=0)
    assert not np.array_equal(before, vae.decoder.get_weights()[0])


@pytest.mark.parametrize("likelihood", ["bernoulli", "learned"])
def test_keras_saves_and_loads_it(saved, x, likelihood, tmp_path):
    vae = load_bench(saved(sealed(file_of(SETTINGS | {"likelihood": likelihood}))))
    vae(x)
    vae.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(again.encoder.predict(x, verbose=0)[0], vae.encoder.predict(x, verbose=0)[0])
    assert again.beta == vae.beta and getattr(again, "sigma", None) == getattr(vae, "sigma", None)


def test_line_ends_of_another_system_do_no_harm(saved):
    assert load_bench(saved(WHOLE.replace("\n", "\r\n"))).bench["settings"] == SETTINGS


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_refused_with_a_sentence(saved, name):
    text, says = DAMAGES[name]
    with pytest.raises(ValueError) as refused:
        load_bench(saved(text))
    sentence = str(refused.value)
    assert re.search(says, sentence) and "my bench.json" in sentence, sentence
    assert len(sentence.split()) > 6 and refused.value.__cause__ is None


def test_a_file_that_is_not_there_is_named(tmp_path):
    for path in (tmp_path / "bench.json", tmp_path, str(tmp_path / "bench.json")):
        with pytest.raises(FileNotFoundError, match="There is no file .*button"):
            load_bench(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bench.json").write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="not written by the bench, or is damaged"):
        load_bench(tmp_path / "bench.json")
