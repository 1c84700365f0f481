"""Appendix A3: the loss of a colour picture at every scale, the model that is told, and the likelihood of a table."""

import ast
import math
import re

import chapter_code
import numpy as np
import pytest
from PIL import Image

from helpers.data import load_images
from helpers.losses import bernoulli_reconstruction, translate_loss
from helpers.places import BOOK
from tools.check import notebooks

PATH = BOOK / "a3_your_pictures.ipynb"
NAMES = "build_colour_encoder build_colour_decoder ColourVAE CoinVAE ToldVAE table_reconstruction".split()


@pytest.fixture(scope="module")
def chapter():
    space = chapter_code.load(PATH, *NAMES)
    space["VALUES"] = space["SIZE"] ** 2 * 3
    return space


def colour_vae(chapter, kind="ColourVAE", latent_dim=3, **options):
    parts = chapter["build_colour_encoder"](latent_dim), chapter["build_colour_decoder"](latent_dim)
    return chapter[kind](*parts, **options)


def test_the_readers_own_folder_is_read_and_not_written():
    """`folder` may be the reader's: it is set, and given to `load_images`. What is written goes to the drawn signs."""
    code = [ast.unparse(node) for node in chapter_code.body(PATH)]
    uses = [line for text in code for line in text.splitlines() if re.search(r"\bfolder\b", line)]
    assert uses == ["folder = signs", "x, names = load_images(folder, SIZE)"]


def test_what_the_page_says_of_memory_and_of_few_pictures():
    text = notebooks.prose(notebooks.read(PATH))
    here, many = 3000 * 48 * 48 * 3 * 4, 20_000 * 256 * 256 * 3 * 4
    assert f"here {here / 1e6:.0f} MB, but {many / 1e9:.1f} GB for 20,000 pictures of 256 by 256" in text
    held_out = min(500, 300 // 5)
    steps = [6 * -(-pictures // 25) for pictures in (300 - held_out, 2500)]
    few = f"of 300 pictures the code below trains on {300 - held_out}, and 6 epochs are then {steps[0]} steps."
    few += f" With our 2,500, they are {steps[1]} steps."
    assert few in text and "multiply `EPOCHS` and `LONGER` by ten" in text and steps[1] == 10 * steps[0]
    code = [ast.unparse(node) for node in chapter_code.body(PATH)]
    assert "held_out = min(500, len(x) // 5)" in code and any("batch_size=25" in each for each in code)
    assert "EPOCHS, LONGER = (6, 16)" in code
    fits = [each for text in code for each in re.findall(r"(?<!def )fit\([^()]*?, (\w+)[,)]", text)]
    assert len(fits) == 4 and set(fits) == {"EPOCHS", "LONGER"}  # no epochs are written down elsewhere


def test_a_folder_within_the_folder_stays_in_the_name(tmp_path):
    (tmp_path / "cats").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "cats" / "7.jpg")
    names = load_images(tmp_path, 8)[1]
    assert names == ["cats/7.jpg"] and "stay in the name: `cats/7.jpg`" in notebooks.prose(notebooks.read(PATH))
    assert sorted({name.split("/")[0] for name in names}) == ["cats"]


def test_both_terms_have_one_number_for_each_picture(chapter):
    x = np.random.default_rng(0).random((4, 48, 48, 3)).astype("float32")
    for kind in ("ColourVAE", "CoinVAE"):
        vae = colour_vae(chapter, kind, sigma=1.0)
        logits, z_mean, z_log_var = vae(x)
        assert logits.shape == x.shape and z_mean.shape == z_log_var.shape == (4, 3)
        assert vae.reconstruction(x, logits).shape == (4,)
    summed = np.sum(bernoulli_reconstruction(x, logits), axis=-1)
    assert np.allclose(vae.reconstruction(x, logits), summed, rtol=1e-5)


def test_a_batch_of_three_hides_the_wrong_sum():
    nats, kl = np.asarray(bernoulli_reconstruction(np.zeros((3, 4, 4, 3)), np.zeros((3, 4, 4, 3)))), np.zeros(3)
    assert (nats + kl).shape == (3, 3)
    with pytest.raises(ValueError, match="broadcast"):
        np.zeros((5, 3)) + np.zeros(5)


@pytest.mark.parametrize("pixels", ["mean", "sum"])
def test_a_recipe_is_a_gaussian_with_the_sigma_that_it_implies(chapter, pixels):
    rng = np.random.default_rng(1)
    x, logits = rng.random((2, 5, 48, 48, 3)).astype("float32")
    vae = colour_vae(chapter, sigma=math.sqrt(translate_loss("mse", pixels, n_pixels=6912).sigma_squared))
    squares = np.sum((x - 1 / (1 + np.exp(-logits))) ** 2, axis=(1, 2, 3), dtype="float64")
    recipe = squares / (6912 if pixels == "mean" else 1)
    offset = np.asarray(vae.reconstruction(x, logits)) - recipe
    assert np.ptp(offset) < 0.02 and not [w for w in vae.trainable_weights if w.name == "log_sigma"]


def test_sigma_is_a_weight_where_it_is_learned(chapter):
    vae = colour_vae(chapter)
    assert [w.name for w in vae.trainable_weights].count("log_sigma") == 1
    assert float(vae.log_sigma) == pytest.approx(math.log(0.25))


@pytest.mark.parametrize("size", [32, 64])
def test_another_size_takes_one_change(chapter, size, monkeypatch):
    monkeypatch.setitem(chapter, "SIZE", size)
    encoder, decoder = chapter["build_colour_encoder"](4), chapter["build_colour_decoder"](4)
    assert encoder.input_shape[1:] == decoder.output_shape[1:] == (size, size, 3)


def test_the_table_is_scored_column_by_column(chapter):
    rng = np.random.default_rng(2)
    real, mean, log_sigma = rng.normal(size=(6, 2)), rng.normal(size=(6, 2)), rng.normal(size=2)
    logits = [rng.normal(size=(6, 3)), rng.normal(size=(6, 5))]
    picks = [rng.integers(3, size=6), rng.integers(5, size=6)]
    choices = [np.eye(k)[pick] for k, pick in zip((3, 5), picks)]
    nats = np.zeros(6)
    for row in range(6):
        for value, m, s in zip(real[row], mean[row], np.exp(log_sigma)):
            nats[row] -= math.log(math.exp(-(((value - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi)))
        for logit, pick in zip(logits, picks):
            nats[row] -= math.log(math.exp(logit[row, pick[row]]) / np.exp(logit[row]).sum())
    found = chapter["table_reconstruction"](real, choices, mean, log_sigma, logits)
    assert found.shape == (6,) and np.allclose(found, nats, rtol=1e-4)


def test_the_told_model_hears_the_label_in_both_halves(chapter):
    told = chapter["ToldVAE"](chapter["build_colour_encoder"](3, 7), chapter["build_colour_decoder"](7))
    x, labels = np.full((2, 48, 48, 3), 0.5, "float32"), np.eye(4, dtype="float32")
    (first, mean, _), (second, other, _) = told([x, labels[[0, 1]]]), told([x, labels[[2, 3]]])
    assert first.shape == x.shape and mean.shape == (2, 3)
    assert not np.allclose(mean, other) and not np.allclose(first, second)
    loss = told.compute_loss([x, labels[:2]], y_pred=told([x, labels[:2]]))
    assert loss.shape == () and np.isfinite(float(loss))
