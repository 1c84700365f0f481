"""`make weights`: it trains with the chapter's own code, and what it stores can be loaded and believed."""

import chapter_code
import keras
import numpy as np
import pytest

from helpers.judge import build_classifier
from helpers.models import VAE, FlowPrior, LearnedPriorVAE, build_decoder, build_encoder
from helpers.notebook import say_table
from helpers.training import Keepsakes, train
from helpers.weights import load_classifier, load_epochs, load_likelihood, load_vae, load_velocity, manifest
from helpers.world.flow import train_velocity
from tools.recording import keep
from tools.recording import models as recorded


def test_every_recorded_model_has_a_recipe_and_its_chapter():
    assert {name: entry["chapter"] for name, entry in manifest().items()} == {
        name: recipe.chapter for name, recipe in recorded.RECORDED.items()
    }


@pytest.mark.parametrize("name", recorded.RECORDED)
def test_the_recipe_is_the_chapter_up_to_its_recorded_part(name):
    *before, last = [cell.source for cell in recorded.training_notebook(name).cells if cell.cell_type == "code"]
    code = recorded.RECORDED[name].code
    assert last.endswith(code) and f"NAME, CHAPTER = {name!r}, " in last
    defined, used, _ = chapter_code.names("\n".join([*before, last]))
    assert used <= defined  # all that the recipe uses is made by visible code
    loaded = {"classifier": "load_classifier", "velocity-12d": "load_velocity("}.get(name, f'load_vae("{name}")')
    loaded = "load_portrait_vae(" if name.startswith("portraits") else loaded
    assert not any(loaded in source for source in before)


def test_what_is_kept_can_be_loaded(tmp_path):
    x = np.random.default_rng(0).random((40, 28, 28), "float32")
    vae = VAE(build_encoder(3, 8, 1), build_decoder(3, 8, 1))
    vae.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    keepsakes = Keepsakes(x[:10], samples=4)
    history = train(vae, x, epochs=2, batch_size=20, callbacks=[keepsakes], show=False)
    keep.keep_vae("small", "99_none", vae, history, x, keepsakes, folder=tmp_path)
    entry = manifest(tmp_path)["small"]
    assert entry["architecture"] == {"latent_dim": 3, "width": 8, "depth": 1} and entry["epochs"] == 2
    test = entry["test"]
    assert test["images"] == 40 and test["negative_elbo"] == pytest.approx(
        test["reconstruction"] + test["kl"], abs=2e-3
    )
    assert entry["loss"] == pytest.approx(history["loss"], abs=1e-3)
    keep.keep_likelihood("small", x[:5], samples=20, folder=tmp_path)
    nats, error = load_likelihood("small", tmp_path)
    assert nats.shape == error.shape == (5,) and manifest(tmp_path)["small"]["likelihood"]["samples"] == 20
    again = load_vae("small", tmp_path)
    assert np.array_equal(np.array(again.encoder(x)[0]), np.array(vae.encoder(x)[0]))
    assert load_epochs("small", tmp_path)["codes"].shape == (3, 10, 3)


def test_a_model_with_a_learned_prior_and_the_classifier_are_kept(tmp_path):
    x = np.random.default_rng(0).random((40, 28, 28), "float32")
    vae = LearnedPriorVAE(build_encoder(4, 8, 1), build_decoder(4, 8, 1), FlowPrior(4, steps=2, width=8))
    vae.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    history = train(vae, x, epochs=1, batch_size=20, binarise="all", show=False)
    keep.keep_vae("flow", "99_none", vae, history, x, dtype="float16", folder=tmp_path)
    assert manifest(tmp_path)["flow"]["architecture"]["prior"] == {"steps": 2, "width": 8}
    again, z = load_vae("flow", tmp_path), np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    assert np.allclose(again.prior.log_prob(z), vae.prior.log_prob(z), atol=0.01)
    classifier = build_classifier()
    keep.keep_classifier("classifier", "99_none", classifier, {"loss": [1.0]}, 0.1, folder=tmp_path)
    assert np.array_equal(load_classifier(tmp_path)(x[:3]), classifier(x[:3]))


def test_a_velocity_is_kept(tmp_path):
    rng = np.random.default_rng(0)
    codes, labels = (rng.normal(size=(50, 3)), np.full((50, 3), -3.0)), rng.integers(0, 10, 50)
    velocity = train_velocity(*codes, labels, 3, rng, width=8, batch_size=20)
    keep.keep_velocity("walker", "99_none", velocity, 3, 8, codes, labels, folder=tmp_path)
    entry = manifest(tmp_path)["walker"]
    assert entry["architecture"] == {"latent_dim": 3, "width": 8, "blocks": 3} and entry["steps"] == 3
    inputs = [rng.normal(size=(5, 3)), rng.uniform(size=(5, 1)), np.eye(11)[:5]]
    again = load_velocity("walker", tmp_path)
    np.testing.assert_allclose(again.predict_on_batch(inputs), velocity.predict_on_batch(inputs), atol=5e-3)
    assert again.predict_on_batch(inputs).any() and 0.5 < entry["test"]["squares"] < 5


def test_a_table_of_a_chapter_is_markdown(capsys):
    say_table(["model", "nats"], [["ours", 137.0], ["**floor**", "45.53"]])
    assert capsys.readouterr().out.splitlines() == [
        "| model | nats |", "| --- | --- |", "| ours | 137.0 |", "| **floor** | 45.53 |",
    ]  # fmt: skip
