"""Maintainers: train the recorded models again from their chapters' own code (`make weights`).

Runs a copy of the chapter up to the first cell that loads recorded weights, then stores what it
trained in book/weights, with a manifest. Commit the result once an issue: the files are binary.
"""

import platform
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent

# model: its chapter, and the names there of what `keep` takes
RECORDED = {"darkroom-2d": ("06_training", "vae, history, keepsakes, x_test")}


def keep(name, chapter, vae, history, keepsakes, x_test, folder=ROOT / "book" / "weights"):
    """Store a trained VAE, its record of epochs and its test figures; called in the chapter's kernel."""
    import keras
    import numpy as np

    from helpers.evaluation import evaluate_elbo, mean_and_margin
    from helpers.weights import save_epochs, save_vae

    reconstruction, kl = evaluate_elbo(vae, x_test)
    mean, margin = mean_and_margin(reconstruction + kl)
    width, depth = vae.encoder.layers[2].units, sum("add" in layer.name for layer in vae.encoder.layers)
    entry = {
        "chapter": chapter,
        "seed": vae.seed,
        "epochs": len(history["seconds"]),
        "architecture": {"latent_dim": vae.prior.latent_dim, "width": width, "depth": depth},
        "test": {
            "negative_elbo": round(float(mean), 3),
            "ci95": round(float(margin), 3),
            "reconstruction": round(float(reconstruction.mean()), 3),
            "kl": round(float(kl.mean()), 3),
            "images": len(x_test),
        },
        "seconds": round(sum(history["seconds"]), 1),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            keras.backend.backend(): sys.modules[keras.backend.backend()].__version__,
            "numpy": np.__version__,
        },
    }
    save_vae(vae, name, entry, folder)
    save_epochs(name, history, keepsakes, folder)
    print(f"{name}: {mean:.2f} ± {margin:.2f} nats on {len(x_test):,} test images, {entry['seconds']} s")


def training_notebook(name):
    """Return the chapter of a recorded model up to its recorded part, with a last cell that keeps the model."""
    chapter, names = RECORDED[name]
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4)
    sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    end = next(i for i, source in enumerate(sources) if "helpers.weights" in source)
    code = f"from tools.make_weights import keep\nkeep({name!r}, {chapter!r}, {names})"
    notebook.cells = [*notebook.cells[:end], nbformat.v4.new_code_cell(code)]
    return notebook


def retrain(name):
    """Train a recorded model with its chapter's code, and keep it."""
    notebook = training_notebook(name)
    print(f"Training {name} with the code of {RECORDED[name][0]}, which takes a few minutes.", flush=True)
    resources = {"metadata": {"path": str(ROOT / "book")}}
    NotebookClient(notebook, timeout=3600, resources=resources).execute()
    print("".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream"), end="")


if __name__ == "__main__":
    for model in sys.argv[1:] or RECORDED:
        retrain(model)
