"""Maintainers: train the recorded models again from their chapters' own code (`make weights`).

Runs a copy of the chapter up to the first cell that uses the recorded model, then trains and stores the
model in book/weights, with a manifest. Commit the result once an issue: the files are binary.

python -m tools.make_weights [NAME ...]
"""

import platform
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "book" / "weights"


class Recipe(NamedTuple):
    """How a recorded model is made: its chapter, what the first cell that is left out says, and then."""

    chapter: str
    stop: str
    code: str


RECORDED = {
    "darkroom-2d": Recipe("06_training", "helpers.weights", "keep_vae(NAME, CHAPTER, vae, history, x_test, keepsakes)"),
    "darkroom-2d-large": Recipe(
        "a2_larger_prints",
        "make_large(1)",
        "keep_vae(NAME, CHAPTER, *make_large(LARGE_EPOCHS), x_test, dtype='float16')",
    ),
    "darkroom-50d": Recipe(
        "a2_larger_prints",
        "make_large(1)",
        "keep_vae(NAME, CHAPTER, *make_50d(EPOCHS), black_and_white, dtype='float16')\n"
        "keep_likelihood(NAME, black_and_white)",
    ),
    **{
        f"portraits-{name}": Recipe(
            "15_faces",
            "load_portrait_vae",
            f"told, beta = {told}, {beta}\n"
            "keep_portraits(NAME, CHAPTER, *train_portraits(told, beta, PORTRAIT_EPOCHS), told, x_test, factors_test)",
        )
        for name, told, beta in (
            ("beta1", (), 1.0),
            ("beta4", (), 4.0),
            ("told", ("age", "smile", "glasses"), 1.0),
        )
    },
    "darkroom-12d": Recipe(
        "17_art", "make_vae(1)", "keep_vae(NAME, CHAPTER, *make_vae(EPOCHS), x_test, dtype='float16')"
    ),
    "velocity-12d": Recipe(
        "17_art",
        "live = [",
        "test_codes = vae.encoder.predict(x_test, batch_size=1000, verbose=0)\n"
        "keep_velocity(NAME, CHAPTER, make_velocity(VELOCITY_STEPS, 0), VELOCITY_STEPS, WIDTH, test_codes, y_test)",
    ),
    "classifier": Recipe(
        "08_evaluation", "load_classifier", "keep_classifier(NAME, CHAPTER, classifier, history, accuracy)"
    ),
}


def versions():
    """Return the versions of what a figure depends on."""
    import keras
    import numpy as np

    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend: sys.modules[backend].__version__,
        "numpy": np.__version__,
    }


def keep_vae(name, chapter, vae, history, x_test, keepsakes=None, dtype="float32", folder=WEIGHTS):
    """Store a trained VAE and the test figures of what is stored; called in the chapter's kernel."""
    from helpers.evaluation import mean_and_margin, rate_distortion
    from helpers.weights import load_vae, save_epochs, save_model

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
        "versions": versions(),
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
    import time

    import numpy as np

    from helpers.evaluation import importance_bound, mean_and_margin
    from helpers.weights import digest, load_vae

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
    import numpy as np

    from helpers.portraits import NAMES, scaled
    from helpers.weights import load_portrait_vae, save_model

    entry = {
        "chapter": chapter,
        "seed": vae.seed,
        "epochs": len(history["loss"]),
        "architecture": {"latent_dim": vae.prior.latent_dim, "told": list(told), "beta": vae.beta},
        "history": {key: [round(value, 3) for value in values] for key, values in history.items()},
        "versions": versions(),
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
    import numpy as np

    from helpers.art import flow_pairs
    from helpers.weights import load_velocity, save_model

    dense = sum(hasattr(layer, "kernel") for layer in velocity.layers)
    entry = {
        "chapter": chapter,
        "seed": 0,
        "steps": steps,
        "architecture": {"latent_dim": test_codes[0].shape[1], "width": width, "blocks": (dense - 3) // 2},
        "versions": versions(),
    }
    save_model(velocity, name, entry, "float16", folder)
    inputs, target = flow_pairs(*test_codes, labels, 50_000, np.random.default_rng(0))
    squares = np.mean((load_velocity(name, folder).predict(inputs, batch_size=1000, verbose=0) - target) ** 2)
    add(name, {"test": {"squares": round(float(squares), 4), "images": len(labels)}}, folder)
    print(f"{name}: squared error {squares:.4f} a latent, on codes of {len(labels):,} test digits")


def keep_classifier(name, chapter, classifier, history, accuracy, folder=WEIGHTS):
    """Store the trained judge and its share of test digits read right."""
    from helpers.weights import save_model

    entry = {
        "chapter": chapter,
        "seed": 0,
        "epochs": len(history["loss"]),
        "architecture": "build_classifier",
        "test": {"accuracy": round(float(accuracy), 4), "images": 10_000},
        "versions": versions(),
    }
    save_model(classifier, name, entry, folder=folder)
    print(f"{name}: {accuracy:.2%} of the test digits")


def add(name, figures, folder):
    """Add figures to a model's entry in the manifest."""
    from helpers.weights import manifest, write_manifest

    entries = manifest(folder)
    entries[name] |= figures
    write_manifest(entries, folder)


def training_notebook(name):
    """Return the chapter of a recorded model up to its recorded part, with a last cell that trains and keeps it."""
    chapter, stop, code = RECORDED[name]
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4)
    sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    end = next(i for i, source in enumerate(sources) if stop in source)
    keepers = "from tools.make_weights import keep_classifier, keep_likelihood, keep_portraits, keep_vae, keep_velocity"
    last = f"{keepers}\n\nNAME, CHAPTER = {name!r}, {chapter!r}\n{code}"
    notebook.cells = [*notebook.cells[:end], nbformat.v4.new_code_cell(last)]
    return notebook


def retrain(name):
    """Train a recorded model with its chapter's code, and keep it."""
    notebook = training_notebook(name)
    print(f"Training {name} with the code of {RECORDED[name].chapter}, which takes a while.", flush=True)
    resources = {"metadata": {"path": str(ROOT / "book")}}
    NotebookClient(notebook, timeout=7200, resources=resources).execute()
    print("".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream"), end="")


if __name__ == "__main__":
    for model in sys.argv[1:] or RECORDED:
        retrain(model)
