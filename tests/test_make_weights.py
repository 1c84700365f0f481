"""`make weights`: it trains with the chapter's own code, and what it stores can be loaded and believed."""

import keras
import numpy as np
import pytest

from helpers.models import VAE, build_decoder, build_encoder
from helpers.notebook import say_table
from helpers.training import Keepsakes, train
from helpers.weights import load_epochs, load_vae, manifest
from tools import make_weights


def test_every_recorded_model_has_a_recipe_and_its_chapter():
    assert {name: entry["chapter"] for name, entry in manifest().items()} == {
        name: chapter for name, (chapter, _) in make_weights.RECORDED.items()
    }


@pytest.mark.parametrize("name", make_weights.RECORDED)
def test_the_recipe_is_the_chapter_up_to_its_recorded_part(name):
    *before, last = [cell.source for cell in make_weights.training_notebook(name).cells if cell.cell_type == "code"]
    assert last.splitlines()[-1].startswith(f"keep('{name}', ")
    assert not any("load_vae" in source for source in before)  # trains, and loads nothing
    assert sum("train(vae, x_train" in source for source in before) == 1


def test_what_is_kept_can_be_loaded(tmp_path):
    x = np.random.default_rng(0).random((40, 28, 28), "float32")
    vae = VAE(build_encoder(3, 8, 1), build_decoder(3, 8, 1))
    vae.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    keepsakes = Keepsakes(x[:10], samples=4)
    history = train(vae, x, epochs=2, batch_size=20, callbacks=[keepsakes], show=False)
    make_weights.keep("small", "99_none", vae, history, keepsakes, x, folder=tmp_path)
    entry = manifest(tmp_path)["small"]
    assert entry["architecture"] == {"latent_dim": 3, "width": 8, "depth": 1} and entry["epochs"] == 2
    test = entry["test"]
    assert test["images"] == 40 and test["negative_elbo"] == pytest.approx(
        test["reconstruction"] + test["kl"], abs=2e-3
    )
    again = load_vae("small", tmp_path)
    assert np.array_equal(np.array(again.encoder(x)[0]), np.array(vae.encoder(x)[0]))
    assert load_epochs("small", tmp_path)["codes"].shape == (3, 10, 3)


def test_a_table_of_a_chapter_is_markdown(capsys):
    say_table(["model", "nats"], [["ours", 137.0], ["**floor**", "45.53"]])
    assert capsys.readouterr().out.splitlines() == [
        "| model | nats |", "| --- | --- |", "| ours | 137.0 |", "| **floor** | 45.53 |",
    ]  # fmt: skip
