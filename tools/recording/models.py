"""Maintainers: train the recorded models again from their chapters' own code (`make weights`).

Runs a copy of the chapter up to the first cell that uses the recorded model, then trains and stores the
model in book/weights, with a manifest. Commit the result once an issue: the files are binary.

python -m tools.recording.models [NAME ...]
"""

import re
import sys
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

from helpers.places import ROOT


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


def training_notebook(name):
    """Return the chapter of a recorded model up to its recorded part, with a last cell that trains and keeps it."""
    chapter, stop, code = RECORDED[name]
    notebook = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4)
    sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
    end = next(i for i, source in enumerate(sources) if stop in source)
    keepers = ", ".join(re.findall(r"keep_\w+", code))
    last = f"from tools.recording.keep import {keepers}\n\nNAME, CHAPTER = {name!r}, {chapter!r}\n{code}"
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
