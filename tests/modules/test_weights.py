"""The recorded models are what the manifest says, keep their contract, and run on JAX as well."""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from damage import DAMAGE, flipped
from keras import ops

from helpers.data import binarise
from helpers.evaluation import mean_and_margin, rate_distortion
from helpers.places import ROOT, WEIGHTS
from helpers.weights import (
    inference_weights,
    load_epochs,
    load_likelihood,
    load_portrait_vae,
    load_vae,
    load_velocity,
    manifest,
)
from helpers.world.flow import flow_pairs

NAMES = sorted(name for name in manifest() if name.startswith("darkroom"))  # the VAEs of digits
PORTRAITS = sorted(name for name in manifest() if name.startswith("portraits"))  # more in test_faces.py
FILES = ("epochs_file", "likelihood")  # entries that have a file of their own
STORED = [entry[key]["file"] for entry in manifest().values() for key in FILES if key in entry]
RECORDS = {  # of many runs; each says itself where it comes from
    "records.json",
    *json.loads((WEIGHTS / "records.json").read_text(encoding="utf-8")),
}


@pytest.fixture(scope="module")
def models():
    return {name: load_vae(name) for name in NAMES} | {name: load_portrait_vae(name)[0] for name in PORTRAITS}


def test_the_manifest_lists_every_file():
    files = {"manifest.json"} | RECORDS
    files |= {entry["file"] for entry in manifest().values()} | set(STORED)
    assert {path.name for path in WEIGHTS.iterdir()} - {"README.md"} == files
    assert "darkroom-2d" in NAMES


@pytest.mark.parametrize("name", [*NAMES, *PORTRAITS])
def test_entry_is_complete_and_true(name, models):
    entry = manifest()[name]
    needed = {"chapter", "seed", "epochs", "architecture", "test", "versions", "parameters", "file", "sha256"}
    assert needed <= set(entry)
    assert {"keras", "tensorflow", "numpy", "python"} <= set(entry["versions"])
    data = (WEIGHTS / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    parameters = sum(math.prod(w.shape) for w in inference_weights(models[name]))
    assert parameters == entry["parameters"]
    with np.load(WEIGHTS / entry["file"], allow_pickle=False) as file:  # inference weights, nothing else
        assert sum(file[part].size for part in file.files) == parameters
        assert {file[part].dtype for part in file.files} == {np.dtype(entry["dtype"])}
    assert len(data) < (1.05 * np.dtype(entry["dtype"]).itemsize) * parameters <= 8.4e6
    assert (ROOT / "book" / f"{entry['chapter']}.ipynb").exists()


@pytest.mark.parametrize("name", NAMES)
def test_contract(name, models, x_test):
    vae, d = models[name], manifest()[name]["architecture"]["latent_dim"]
    z_mean, z_log_var = vae.encoder(x_test[:7])
    assert z_mean.shape == z_log_var.shape == (7, d)
    logits = ops.convert_to_numpy(vae.decoder(z_mean))
    assert logits.shape == (7, 28, 28) and logits.dtype == np.float32
    assert logits.min() < -1 and logits.max() > 1  # logits, not probabilities
    z = vae.prior.sample(5, seed=3)
    assert z.shape == (5, d) and vae.prior.log_prob(z).shape == (5,)
    assert np.array_equal(z, vae.prior.sample(5, seed=3)) and not np.array_equal(z, vae.prior.sample(5, seed=4))


@pytest.mark.parametrize(("name", "nats"), [("darkroom-2d", 139.0), ("darkroom-2d-large", 136.0)])
def test_the_models_of_the_plane_are_good_enough(name, nats):
    assert manifest()[name]["architecture"]["latent_dim"] == 2 and manifest()[name]["test"]["negative_elbo"] <= nats


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_recomputed(name, models, x_test):
    said = manifest()[name]["test"]
    x = binarise(x_test, seed=0) if name == "darkroom-50d" else x_test
    kl, reconstruction = rate_distortion(models[name], x)
    mean, margin = mean_and_margin(reconstruction + kl)
    assert len(reconstruction) == said["images"] == 10_000
    assert mean == pytest.approx(said["negative_elbo"], abs=0.01)
    assert margin == pytest.approx(said["ci95"], abs=0.01)
    assert reconstruction.mean() == pytest.approx(said["reconstruction"], abs=0.01)
    assert kl.mean() == pytest.approx(said["kl"], abs=0.01)
    other = sum(rate_distortion(models[name], x, seed=1)).mean()  # other noise: the figure is no lucky draw
    assert other == pytest.approx(mean, abs=0.5) and other != mean


def test_the_recorded_velocity_is_what_the_manifest_says(models, mnist):
    entry = manifest()["velocity-12d"]
    velocity = load_velocity("velocity-12d")
    assert velocity.count_params() == entry["parameters"] and entry["chapter"] == "17_art"
    assert (WEIGHTS / entry["file"]).stat().st_size < 300_000
    x_test, labels = mnist[1]
    codes = models["darkroom-12d"].encoder.predict(x_test, batch_size=1000, verbose=0)
    inputs, target = flow_pairs(*codes, labels, 50_000, np.random.default_rng(0))
    squares = np.mean((velocity.predict(inputs, batch_size=1000, verbose=0) - target) ** 2)
    assert squares == pytest.approx(entry["test"]["squares"], abs=1e-3) and squares < 0.8 * np.mean(target**2)


@pytest.mark.parametrize(
    ("load", "name"),
    [
        (load_vae, "velocity-12d"),
        (load_vae, "portraits-told"),
        (load_velocity, "darkroom-12d"),
        (load_portrait_vae, "darkroom-2d"),
    ],
)
def test_a_model_of_another_kind_is_refused(load, name):
    with pytest.raises(ValueError, match=f"'{name}' .*: load it with"):
        load(name)


@pytest.fixture
def folder(tmp_path):
    """A copy of what the tests below damage."""
    for name in ("manifest.json", "darkroom-2d.npz", *STORED):
        shutil.copy(WEIGHTS / name, tmp_path)
    return tmp_path


def test_unknown_name():
    with pytest.raises(ValueError, match="no trained model called 'darkroom'; there is .*darkroom-2d"):
        load_vae("darkroom")


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_weights(folder, damage):
    path = folder / "darkroom-2d.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="is not the file of this book: its SHA-256 .*git checkout -- book/weights"):
        load_vae("darkroom-2d", folder)


def test_missing_weights(folder):
    (folder / "darkroom-2d.npz").unlink()
    with pytest.raises(FileNotFoundError, match="is missing.*make weights"):
        load_vae("darkroom-2d", folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="manifest.json, is missing"):
        load_vae("darkroom-2d", folder)


@pytest.mark.parametrize("text", ["[1]", "{", '{"darkroom-2d": {}}'])
def test_damaged_manifest(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"manifest.json cannot be read .*git checkout"):
        load_vae("darkroom-2d", folder)


@pytest.mark.parametrize(
    ("load", "name", "file", "kept"),
    [
        (load_epochs, "darkroom-2d", "epochs_file", "record of epochs"),
        (load_likelihood, "darkroom-50d", "likelihood", "likelihood"),
    ],
)
def test_what_is_kept_beside_a_model_is_damaged_or_not_there(folder, load, name, file, kept):
    with pytest.raises(ValueError, match=f"No {kept} is kept for a model called 'none'"):
        load("none", folder)
    path = folder / manifest(folder)[name][file]["file"]
    path.write_bytes(flipped(path.read_bytes()))
    with pytest.raises(ValueError, match="is not the file of this book"):
        load(name, folder)


def test_right_checksum_but_no_weights(folder):
    entries, path = manifest(folder), folder / "darkroom-2d.npz"

    def put():
        entries["darkroom-2d"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(entries))

    path.write_bytes(b"not a zip")
    put()
    with pytest.raises(ValueError, match="cannot be read"):
        load_vae("darkroom-2d", folder)
    np.savez(path, x=np.zeros(3))
    put()
    with pytest.raises(ValueError, match="do not fit the architecture"):
        load_vae("darkroom-2d", folder)


@pytest.mark.parametrize("name", [name for name in NAMES if "epochs_file" in manifest()[name]])
def test_record_of_epochs(name):
    record, entry = load_epochs(name), manifest()[name]
    epochs, d = entry["epochs"], entry["architecture"]["latent_dim"]
    assert record["codes"].shape == (epochs + 1, 1000, d) and np.isfinite(record["codes"]).all()
    assert record["prints"].shape == (epochs + 1, 16, 28, 28) and record["prints"].dtype == np.uint8
    metrics = {key: values for key, values in record.items() if key.startswith("metric/")}
    assert {"metric/loss", "metric/val_loss"} <= set(metrics) and all(len(v) == epochs for v in metrics.values())
    assert metrics["metric/val_loss"][-1] < metrics["metric/val_loss"][0]


JAX = """
import sys
import numpy as np
from helpers.device import start, training_settings
from helpers.machine import find_device
start()
import keras
assert keras.backend.backend() == "jax"
assert find_device().backend == "jax"
from helpers.data import binarise, load_mnist
from helpers.evaluation import evaluate_elbo
from helpers.models import VAE, build_decoder, build_encoder
from helpers.training import train
from helpers.weights import load_vae
(x, _), (x_test, _) = load_mnist()
vae = load_vae("darkroom-2d")
z_mean, z_log_var = vae.encoder(x_test[:100])
logits = vae.decoder(z_mean)
elbo = sum(evaluate_elbo(vae, x_test)).mean()
def run(epochs, **options):
    keras.utils.set_random_seed(7)
    small = VAE(build_encoder(width=16, depth=0), build_decoder(width=16, depth=0))
    small.compile(keras.optimizers.Adam(1e-3, use_ema=True), **training_settings())
    return train(small, x[:2000], epochs, seed=5, show=False, **options)["loss"]
whole = run(2)
for epochs in (1, 2):
    resumed = run(epochs, checkpoint=sys.argv[2])
np.savez(sys.argv[1], z_mean=z_mean, z_log_var=z_log_var, logits=logits, elbo=elbo, whole=whole, resumed=resumed)
"""


def test_models_run_on_jax(tmp_path, models, x_test):
    """The same code on Keras's JAX backend: the same codes and prints, and a run that resumes bitwise."""
    env = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-c", JAX, str(tmp_path / "jax.npz"), str(tmp_path / "run.npz")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    result = np.load(tmp_path / "jax.npz")
    vae = models["darkroom-2d"]
    z_mean, z_log_var = vae.encoder(x_test[:100])
    assert np.allclose(result["z_mean"], z_mean, atol=1e-3) and np.allclose(result["z_log_var"], z_log_var, atol=1e-3)
    assert np.allclose(result["logits"], vae.decoder(z_mean), atol=0.02)
    said = manifest()["darkroom-2d"]["test"]["negative_elbo"]
    assert float(result["elbo"]) == pytest.approx(said, abs=0.5)  # JAX draws other noise
    assert np.array_equal(result["whole"], result["resumed"]) and result["whole"][1] < result["whole"][0] - 10
