"""What `make weights` writes into book/weights: a model, its figures, its epochs; called in chapters' kernels."""

import json
import platform
import sys
import time
from pathlib import Path

import keras
import numpy as np

from helpers.evaluation import importance_bound, mean_and_margin, rate_distortion
from helpers.files import digest
from helpers.places import WEIGHTS
from helpers.weights import inference_weights, load_portrait_vae, load_vae, load_velocity, manifest
from helpers.world.flow import flow_pairs
from helpers.world.portraits import NAMES, scaled


def versions():
    """Return the versions of what a figure depends on."""
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: sys.modules[backend].__version__,
        "numpy": np.__version__,
    }


def keep_vae(name, chapter, vae, history, x_test, keepsakes=None, dtype="float32", folder=WEIGHTS):
    """Store a trained VAE and the test figures of what is stored; called in the chapter's kernel."""
    dense = [layer.units for layer in vae.encoder.layers if hasattr(layer, "units")]
    architecture = {"latent_dim": dense[-1], "width": dense[0], "depth": len(dense) - 3}
    if hasattr(vae.prior, "couplings"):
        architecture["prior"] = {"steps": len(vae.prior.couplings), "width": vae.prior.width}
    entry = {
        "chapter": chapter,
        "seed": vae.seed,
        "epochs": len(history["seconds"]),
        "architecture": architecture,
        "seconds": round(sum(history["seconds"]), 1),
        "loss": [round(loss, 3) for loss in history["loss"]],
    }
    save_model(vae, name, entry, dtype, folder)
    if keepsakes is not None:
        save_epochs(name, history, keepsakes, folder)
    rate, distortion = rate_distortion(load_vae(name, folder), x_test)
    mean, margin = mean_and_margin(rate + distortion)
    test = {"negative_elbo": mean, "ci95": margin, "reconstruction": distortion.mean(), "kl": rate.mean()}
    add(name, {"test": {key: round(float(value), 3) for key, value in test.items()} | {"images": len(x_test)}}, folder)
    print(f"{name}: {mean:.2f} ± {margin:.2f} nats on {len(x_test):,} test images, {entry['seconds']} s")


def keep_likelihood(name, x_test, samples=5000, folder=WEIGHTS):
    """Estimate -log p(x) of every test image, and store each with its error."""
    started = time.perf_counter()
    bound, error = importance_bound(load_vae(name, folder), x_test, samples)
    file = folder / f"{name}-likelihood.npz"
    np.savez_compressed(file, nats=-bound.astype("float32"), error=error.astype("float32"))
    mean, margin = mean_and_margin(-bound)
    likelihood = {
        "file": file.name,
        "sha256": digest(file),
        "samples": samples,
        "images": len(x_test),
        "nats": round(float(mean), 3),
        "ci95": round(float(margin), 3),
        "error": round(float(np.sqrt(np.sum(error**2)) / len(error)), 4),
        "seconds": round(time.perf_counter() - started, 1),
    }
    add(name, {"likelihood": likelihood}, folder)
    print(f"{name}: -log p(x) {mean:.2f} ± {margin:.2f} nats, {likelihood['seconds']} s")


def keep_portraits(name, chapter, vae, history, told, x_test, factors_test, folder=WEIGHTS):
    """Store a trained portrait model and the test figures of what is stored; called in the chapter's kernel."""
    entry = {
        "chapter": chapter,
        "seed": vae.seed,
        "epochs": len(history["loss"]),
        "architecture": {"latent_dim": vae.prior.latent_dim, "told": list(told), "beta": vae.beta},
        "history": {key: [round(value, 3) for value in values] for key, values in history.items()},
    }
    save_model(vae, name, entry, "float16", folder)
    stored, _ = load_portrait_vae(name, folder)
    columns = scaled(factors_test)[:, [NAMES.index(factor) for factor in told]]
    z_mean, _ = stored.encoder.predict([x_test, columns], verbose=0)
    squares = float(np.sum((x_test - stored.decoder.predict([z_mean, columns], verbose=0)) ** 2, (1, 2, 3)).mean())
    add(name, {"test": {"squares": round(squares, 3), "images": len(x_test)}}, folder)
    print(f"{name}: squared error {squares:.2f}, of the means' prints of {len(x_test):,} test portraits")


def keep_velocity(name, chapter, velocity, steps, width, test_codes, labels, folder=WEIGHTS):
    """Store a trained velocity and how far it is from the directions of test digits; called in the chapter's kernel."""
    dense = sum(hasattr(layer, "kernel") for layer in velocity.layers)
    entry = {
        "chapter": chapter,
        "seed": 0,
        "steps": steps,
        "architecture": {"latent_dim": test_codes[0].shape[1], "width": width, "blocks": (dense - 3) // 2},
    }
    save_model(velocity, name, entry, "float16", folder)
    inputs, target = flow_pairs(*test_codes, labels, 50_000, np.random.default_rng(0))
    squares = np.mean((load_velocity(name, folder).predict(inputs, batch_size=1000, verbose=0) - target) ** 2)
    add(name, {"test": {"squares": round(float(squares), 4), "images": len(labels)}}, folder)
    print(f"{name}: squared error {squares:.4f} a latent, on codes of {len(labels):,} test digits")


def keep_classifier(name, chapter, classifier, history, accuracy, folder=WEIGHTS):
    """Store the trained judge and its share of test digits read right."""
    entry = {
        "chapter": chapter,
        "seed": 0,
        "epochs": len(history["loss"]),
        "architecture": "build_classifier",
        "test": {"accuracy": round(float(accuracy), 4), "images": 10_000},
    }
    save_model(classifier, name, entry, folder=folder)
    print(f"{name}: {accuracy:.2%} of the test digits")


def add(name, figures, folder):
    """Add figures to a model's entry in the manifest."""
    entries = manifest(folder)
    entries[name] |= figures
    write_manifest(entries, folder)


def write_manifest(entries, folder):
    """Write what `manifest` reads."""
    text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def save_model(model, name, entry, dtype="float32", folder=WEIGHTS):
    """Write the inference weights of a model and its manifest entry; used by `make weights`.

    Args:
        model: a trained VAE of the book's architecture, or the classifier.
        name: the model's name.
        entry: what the manifest should say: chapter, seed, epochs, architecture, test figures.
        dtype: how numbers are stored; they are loaded as float32. float16 halves the file.
        folder: where to write.
    """
    folder = Path(folder)
    arrays = [keras.ops.convert_to_numpy(w).astype(dtype) for w in inference_weights(model)]
    file = f"{name}.npz"
    np.savez_compressed(folder / file, **{f"{i:03d}": array for i, array in enumerate(arrays)})
    entries = manifest(folder) if (folder / "manifest.json").exists() else {}
    parameters = sum(array.size for array in arrays)
    stored = {"file": file, "sha256": digest(folder / file), "parameters": parameters, "dtype": dtype}
    entries[name] = {**stored, "versions": versions(), **entry}
    write_manifest(entries, folder)


def save_epochs(name, history, keepsakes, folder=WEIGHTS):
    """Write what a training run kept of every epoch, and note it in the manifest; for `make weights`.

    Args:
        name: a model in the manifest.
        history: what `helpers.training.train` returned.
        keepsakes: the run's `helpers.training.Keepsakes`.
        folder: where to write.
    """
    file = Path(folder) / f"{name}-epochs.npz"
    kept = keepsakes.get_state()
    metrics = {f"metric/{key}": np.array(values, "float32") for key, values in history.items()}
    np.savez_compressed(file, codes=kept["codes"].astype("float16"), prints=kept["prints"], **metrics)
    add(name, {"epochs_file": {"file": file.name, "sha256": digest(file)}}, folder)
