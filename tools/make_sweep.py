"""Maintainers: record the rate-distortion curve of chapter 5 again, with the chapter's own code.

Runs a copy of the chapter up to the first cell that loads the record. Then, in the same kernel, trains one model
for each beta, scores it on the test digits, and stores figures and prints in book/weights (rate_distortion.json,
rate_distortion.npz). Each run leaves its files in the work folder, so an interrupted recording goes on where it was;
a run that another version of the code left there is made again.

python -m tools.make_sweep [--epochs N] [--betas 0.1 1 10] [--folder FOLDER] [--work FOLDER]
"""

import argparse
import ast
import hashlib
import json
import os
import sys
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "05_loss"
STOP = "load_rate_distortion"  # the first cell with this, and all after it, is left out
NEEDED = [
    ROOT / "helpers" / f"{name}.py"
    for name in ("data", "device", "evaluation", "latent", "losses", "models", "training")
]


def sweep_notebook():
    """Return the chapter's code cells up to its recorded part."""
    notebook = nbformat.read(ROOT / "book" / f"{CHAPTER}.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = code[: next(i for i, cell in enumerate(code) if STOP in cell.source)]
    return notebook


def fingerprint(notebook):
    """Return a short text that changes with what a run depends on: the chapter and the helpers."""
    sources = [cell.source.encode() for cell in notebook.cells]
    return hashlib.sha256(b"\n".join([*sources, *(file.read_bytes() for file in NEEDED)])).hexdigest()[:12]


def part(work, beta):
    """Return the file of one run in the work folder; its prints lie beside it."""
    return Path(work) / f"beta-{beta:g}.json"


def run(names, beta, epochs, code, work):
    """Train the model of one beta and score it; called in the chapter's kernel with its names."""
    from helpers.evaluation import active_units, rate_distortion
    from helpers.latent import develop
    from tools.make_weights import versions

    file, epochs, x_test = part(work, beta), epochs or names["SWEEP_EPOCHS"], names["x_test"]
    digits = [int(i) for i in names["SWEEP_DIGITS"]]
    identity = {"code": code, "epochs": epochs, "beta": beta}
    if file.exists() and json.loads(file.read_text())["identity"] == identity:
        print(f"beta {beta:g}: kept from before")
        return
    model, history = names["train_beta"](beta, epochs)
    rate, distortion = (float(each.mean()) for each in rate_distortion(model, x_test))
    codes = {"prints": model.encoder(x_test[digits])[0], "inventions": model.prior.sample(len(digits), seed=0)}
    prints = {name: np.round(255 * develop(model.decoder, z)).astype("uint8") for name, z in codes.items()}
    np.savez(file.with_suffix(".npz"), **prints)
    seconds = history.pop("seconds")
    record = {
        "beta": beta,
        "rate": round(rate, 4),
        "distortion": round(distortion, 4),
        "active": int(np.sum(active_units(model, x_test))),
        "history": {key: [round(value, 4) for value in values] for key, values in history.items()},
        "seconds": round(sum(seconds), 1),
    }
    facts = {"digits": digits, "images": len(x_test), "versions": versions()}
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps({"identity": identity, "facts": facts, "record": record}))
    os.replace(temporary, file)
    print(f"beta {beta:g}: rate {rate:.2f}, distortion {distortion:.2f}, {record['seconds']} s")


def collect(folder, work, betas):
    """Write rate_distortion.json and rate_distortion.npz from the runs in the work folder."""
    from helpers.weights import digest

    folder, parts, prints = Path(folder), [], []
    for beta in sorted(betas):
        parts.append(json.loads(part(work, beta).read_text()))
        with np.load(part(work, beta).with_suffix(".npz"), allow_pickle=False) as file:
            prints.append({key: file[key] for key in file.files})
    file = folder / "rate_distortion.npz"
    np.savez_compressed(file, **{key: np.stack([each[key] for each in prints]) for key in prints[0]})
    record = {
        "chapter": CHAPTER,
        "epochs": parts[0]["identity"]["epochs"],
        "file": file.name,
        "sha256": digest(file),
        **parts[0]["facts"],
        "runs": [each["record"] for each in parts],
    }
    (folder / "rate_distortion.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def record_sweep(folder=ROOT / "book" / "weights", epochs=None, betas=None, work=None):
    """Train a model for every beta by the chapter's own code, and store the curve.

    Args:
        folder: where rate_distortion.json and rate_distortion.npz go.
        epochs: epochs of each run; those of the chapter if None.
        betas: weights of the KL term; those of the chapter if None.
        work: folder for what each run leaves; _build/sweep if None.
    """
    folder, work = Path(folder).resolve(), Path(work or ROOT / "_build" / "sweep").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    notebook = sweep_notebook()
    first, code = len(notebook.cells), fingerprint(notebook)
    chosen = list(betas or chapter_betas(notebook))
    for beta in chosen:
        source = f"from tools.make_sweep import run\nrun(globals(), {beta}, {epochs}, {code!r}, {str(work)!r})"
        notebook.cells.append(nbformat.v4.new_code_cell(source))

    def show(cell, cell_index, **_):
        if cell_index >= first:
            text = (
                output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
            )
            print("".join(text), end="", flush=True)

    print(f"{len(chosen)} betas; what is done lies in {work}", flush=True)
    resources = {"metadata": {"path": str(ROOT / "book")}}
    NotebookClient(notebook, timeout=3600, resources=resources, on_cell_executed=show).execute()
    collect(folder, work, chosen)
    print(f"wrote rate_distortion.json and rate_distortion.npz in {folder}")


def chapter_betas(notebook):
    """Return the list BETAS of the chapter."""
    for cell in notebook.cells:
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BETAS":
                return ast.literal_eval(node.value)
    raise ValueError(f"{CHAPTER} has no list BETAS before it loads the record.")


def main(arguments):
    """Record the curve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_sweep", description="Record chapter 5's curve.")
    parser.add_argument("--epochs", type=int, help="epochs of each run, for a trial (the chapter's if left out)")
    parser.add_argument("--betas", type=float, nargs="+", help="weights of the KL term, for a trial")
    parser.add_argument("--folder", default=ROOT / "book" / "weights", help="where the curve goes")
    parser.add_argument("--work", help="where runs are kept until all are done (_build/sweep)")
    options = parser.parse_args(arguments)
    record_sweep(options.folder, options.epochs, options.betas, options.work)


if __name__ == "__main__":
    main(sys.argv[1:])
