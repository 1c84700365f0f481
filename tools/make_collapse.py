"""Maintainers: record the two sweeps of chapter 12 (The collapse lab) again, with the chapter's own code.

Runs the cells of the chapter that only define things. Then, in the same kernel, trains one model for each latent size,
and one for each patient, cure and seed, scores them on the test digits, and stores the figures in
book/weights/collapse.json. Each run leaves a file in the work folder, so an interrupted recording goes on where it
was; a run that another version of the code left there is made again.

python -m tools.make_collapse [--epochs N] [--only sizes|cures] [--folder FOLDER] [--work FOLDER]
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
CHAPTER = "12_collapse"
NEEDED = [ROOT / "helpers" / f"{name}.py" for name in ("data", "device", "evaluation", "losses", "models", "training")]
KINDS = ("sizes", "cures")


def defines_only(source):
    """Say whether a cell only imports, defines, gives names to literals, or reads the digits."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value) != "load_mnist()":
            try:
                ast.literal_eval(node.value)
            except ValueError:
                return False
        elif not isinstance(node, (ast.Assign, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            return False
    return True


def lab_notebook():
    """Return the chapter's setup cell and those that only define things."""
    notebook = nbformat.read(ROOT / "book" / f"{CHAPTER}.ipynb", 4)
    setup, *others = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [setup, *(cell for cell in others if defines_only(cell.source))]
    return notebook


def fingerprint(notebook):
    """Return a short text that changes with what a run depends on: the definitions and the helpers."""
    sources = [cell.source.encode() for cell in notebook.cells]
    return hashlib.sha256(b"\n".join([*sources, *(file.read_bytes() for file in NEEDED)])).hexdigest()[:12]


def constants(notebook):
    """Return the literals that the chapter assigns, by name."""
    nodes = [
        node for cell in notebook.cells[1:] for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)
    ]
    found = {}
    for node in nodes:
        names, values = node.targets[0], node.value
        pairs = zip(names.elts, values.elts) if isinstance(values, ast.Tuple) else [(names, values)]
        for name, value in pairs:
            if isinstance(name, ast.Name):
                found[name.id] = ast.literal_eval(value)
    return found


def plan(values, only=None):
    """Return (kind, arguments) of every run, given the chapter's constants."""
    sizes = [("sizes", [size]) for size in values["SIZES"]]
    cures = [
        ("cures", [patient, cure, seed])
        for seed in values["CURE_SEEDS"]
        for patient, cures in values["PATIENTS"].items()
        for cure in cures
    ]
    return [run for run in [*sizes, *cures] if only in (None, run[0])]


def part(work, kind, arguments):
    """Return the file of one run in the work folder."""
    return Path(work) / f"{'-'.join([kind, *map(str, arguments)]).replace(' ', '_')}.json"


def run(names, kind, arguments, epochs, code, work):
    """Train one model and score it; called in the chapter's kernel with its names."""
    from tools.make_weights import versions

    epochs = epochs or names[{"sizes": "SIZE_EPOCHS", "cures": "CURE_EPOCHS"}[kind]]
    file, identity = part(work, kind, arguments), {"code": code, "epochs": epochs, "arguments": arguments}
    label = f"{kind}: {', '.join(map(str, arguments))}"
    if file.exists() and json.loads(file.read_text())["identity"] == identity:
        print(f"{label}: kept from before")
        return
    model, history = names[{"sizes": "train_size", "cures": "train_cured"}[kind]](*arguments, epochs)
    record = (score_size if kind == "sizes" else score_cure)(names, model, *arguments)
    seconds = history.pop("seconds")
    record["history"] = {key: [round(value, 4) for value in values] for key, values in history.items()}
    record["seconds"] = round(sum(seconds), 1)
    facts = {"images": len(names["x_test"]), "versions": versions()}
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps({"identity": identity, "facts": facts, "record": record}))
    os.replace(temporary, file)
    print(f"{label}: {sum(record['carried']):.2f} nats, {record['seconds']} s")


def score_size(names, model, latent_dim):
    """Return what the record says of a model of one size: means over the test digits, nats."""
    from helpers.evaluation import active_units, rate_distortion

    rate, distortion = (round(float(each.mean()), 4) for each in rate_distortion(model, names["x_test"]))
    carried = [round(float(nats), 4) for nats in names["carried"](model, names["x_test"])]
    active = int(np.sum(active_units(model, names["x_test"])))
    return {"latent_dim": latent_dim, "rate": rate, "distortion": distortion, "active": active, "carried": carried}


def score_cure(names, model, patient, cure, seed):
    """Return what the record says of a patient: "squares" is the squared error, None if its pixels are coins."""
    from keras import ops

    x = np.round(names["x_test"]) if patient == "self-helper" else names["x_test"]
    prints = model(x)[0]
    squares = None if patient == "self-helper" else round(float(ops.sum(ops.square(x - prints))) / len(x), 4)
    reconstruction = round(float(ops.mean(model.reconstruction(x, prints))), 4)
    carried = [round(float(nats), 4) for nats in names["carried"](model, x)]
    about = {"patient": patient, "cure": cure, "seed": seed}
    told = round(float(names["told"](model, x, names["y_test"])), 4)
    return about | {"reconstruction": reconstruction, "squares": squares, "told": told, "carried": carried}


def collect(folder, work, runs):
    """Write collapse.json from the runs in the work folder."""
    parts = {kind: [json.loads(part(work, k, a).read_text()) for k, a in runs if k == kind] for kind in KINDS}
    first = next(each for found in parts.values() for each in found)
    record = {
        "chapter": CHAPTER,
        **first["facts"],
        "epochs": {kind: found[0]["identity"]["epochs"] for kind, found in parts.items() if found},
        **{kind: [each["record"] for each in found] for kind, found in parts.items()},
    }
    (Path(folder) / "collapse.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def record_collapse(folder=ROOT / "book" / "weights", epochs=None, only=None, work=None):
    """Train all models by the chapter's own code, and store what came out.

    Args:
        folder: where collapse.json goes.
        epochs: epochs of each run; those of the chapter if None.
        only: "sizes" or "cures", for a trial; both if None.
        work: folder for what each run leaves; _build/collapse if None.
    """
    folder, work = Path(folder).resolve(), Path(work or ROOT / "_build" / "collapse").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    notebook = lab_notebook()
    first, code = len(notebook.cells), fingerprint(notebook)
    runs = plan(constants(notebook), only)
    for kind, arguments in runs:
        call = f"run(globals(), {kind!r}, {arguments!r}, {epochs}, {code!r}, {str(work)!r})"
        notebook.cells.append(nbformat.v4.new_code_cell(f"from tools.make_collapse import run\n{call}"))

    def show(cell, cell_index, **_):
        if cell_index >= first:
            text = (
                output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
            )
            print("".join(text), end="", flush=True)

    print(f"{len(runs)} runs; what is done lies in {work}", flush=True)
    resources = {"metadata": {"path": str(ROOT / "book")}}
    NotebookClient(notebook, timeout=3600, resources=resources, on_cell_executed=show).execute()
    collect(folder, work, runs)
    print(f"wrote collapse.json in {folder}")


def main(arguments):
    """Record the sweeps as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_collapse", description="Record chapter 12's sweeps.")
    parser.add_argument("--epochs", type=int, help="epochs of each run, for a trial (the chapter's if left out)")
    parser.add_argument("--only", choices=KINDS, help="one of the sweeps, for a trial")
    parser.add_argument("--folder", default=ROOT / "book" / "weights", help="where the record goes")
    parser.add_argument("--work", help="where runs are kept until all are done (_build/collapse)")
    options = parser.parse_args(arguments)
    record_collapse(options.folder, options.epochs, options.only, options.work)


if __name__ == "__main__":
    main(sys.argv[1:])
