"""Maintainers: record the runs of chapter 11 (Photocopier against artist) again, with the chapter's own code.

Runs the cells of the chapter that only define things. Then, in the same kernel, trains every machine for each seed,
at the live and at the full budget, and those with a digit left out; scores them as the chapter does, and stores the
figures in book/weights/photocopier.json. Each run leaves a file in the work folder, so an interrupted recording goes on
where it was; a run that another version of the code left there is made again.

python -m tools.make_photocopier [--epochs N] [--seeds 0 1] [--folder FOLDER] [--work FOLDER]
"""

import argparse
import ast
import hashlib
import json
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "11_photocopier"
NEEDED = [
    ROOT / "helpers" / f"{name}.py" for name in ("data", "device", "latent", "losses", "models", "quality", "training")
]
LOADS = {"load_mnist()", "load_fashion()", "load_classifier()", "judge(classifier, x_test)"}  # definitions need these


def defines_only(source):
    """Say whether a cell only imports, defines, gives names to literals, or loads data and the classifier."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value) not in LOADS:
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
    definitions = [cell for cell in others if defines_only(cell.source)]
    notebook.cells = [setup, *(cell for cell in definitions if "load_photocopier()" not in cell.source)]
    return notebook


def fingerprint(notebook):
    """Return a short text that changes with what a run depends on: the definitions and the helpers."""
    sources = [cell.source.encode() for cell in notebook.cells]
    return hashlib.sha256(b"\n".join([*sources, *(file.read_bytes() for file in NEEDED)])).hexdigest()[:12]


def constants(notebook):
    """Return the literals that the chapter assigns, by name."""
    found = {}
    for cell in notebook.cells[1:]:
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.value) not in LOADS:
                names, values = node.targets[0], ast.literal_eval(node.value)
                pairs = zip(names.elts, values) if isinstance(names, ast.Tuple) else [(names, values)]
                found |= {name.id: value for name, value in pairs}
    return found


def plan(values, epochs=None, seeds=None):
    """Return (kind, seed, epochs, left_out) of every run, the shortest first, given the chapter's constants."""
    short, full = (epochs, epochs + 1) if epochs else (values["LIVE_EPOCHS"], values["EPOCHS"])
    seeds, kinds = seeds or values["SEEDS"], values["KINDS"]
    whole = [(kind, seed, budget, None) for budget in (short, full) for seed in seeds for kind in kinds]
    left_out = [(kind, seed, short, digit) for seed in seeds for digit in values["LEFT_OUT"] for kind in kinds]
    return [*whole, *left_out]


def part(work, kind, seed, epochs, left_out):
    """Return the file of one run in the work folder."""
    return Path(work) / f"{kind}-{seed}-{epochs}-{left_out}.json"


def tidy(scores):
    """Return nested dicts of numbers as plain, rounded floats."""
    if isinstance(scores, dict):
        return {str(key): tidy(value) for key, value in scores.items()}
    return round(float(scores), 5)


def run(names, kind, seed, epochs, left_out, code, work):
    """Train one machine and score it; called in the chapter's kernel with its names."""
    from tools.make_weights import versions

    file, identity = part(work, kind, seed, epochs, left_out), {"code": code}
    label = f"{kind}, seed {seed}, {epochs} epochs" + ("" if left_out is None else f", without {left_out}")
    if file.exists() and json.loads(file.read_text())["identity"] == identity:
        print(f"{label}: kept from before")
        return
    machine, history = names["train_machine"](kind, seed, epochs, left_out)
    scores = names["report"](machine) if left_out is None else names["report_left_out"](machine, left_out)
    seconds = history.pop("seconds")
    record = {
        "kind": kind,
        "seed": seed,
        "epochs": epochs,
        "left_out": left_out,
        "history": {key: [round(value, 4) for value in values] for key, values in history.items()},
        "seconds": round(sum(seconds), 1),
        "scores": tidy(scores),
    }
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps({"identity": identity, "versions": versions(), "record": record}))
    os.replace(temporary, file)
    print(f"{label}: loss {history['loss'][-1]:.2f}, {record['seconds']} s")


def collect(folder, work, runs):
    """Write photocopier.json from the runs in the work folder."""
    parts = [json.loads(part(work, *each).read_text()) for each in runs]
    record = {"chapter": CHAPTER, "versions": parts[0]["versions"], "runs": [each["record"] for each in parts]}
    (Path(folder) / "photocopier.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def record_photocopier(folder=ROOT / "book" / "weights", epochs=None, seeds=None, work=None):
    """Train all machines by the chapter's own code, and store what came out.

    Args:
        folder: where photocopier.json goes.
        epochs: epochs of the short runs, for a trial (the long ones take one more); those of the chapter if None.
        seeds: seeds, for a trial; those of the chapter if None.
        work: folder for what each run leaves; _build/photocopier if None.
    """
    folder, work = Path(folder).resolve(), Path(work or ROOT / "_build" / "photocopier").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    notebook = lab_notebook()
    first, code = len(notebook.cells), fingerprint(notebook)
    runs = plan(constants(notebook), epochs, seeds)
    for each in runs:
        call = f"run(globals(), {', '.join(map(repr, each))}, {code!r}, {str(work)!r})"
        notebook.cells.append(nbformat.v4.new_code_cell(f"from tools.make_photocopier import run\n{call}"))

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
    print(f"wrote photocopier.json in {folder}")


def main(arguments):
    """Record the runs as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_photocopier", description="Record chapter 11's runs.")
    parser.add_argument("--epochs", type=int, help="epochs of the short runs, for a trial (the chapter's if left out)")
    parser.add_argument("--seeds", type=int, nargs="+", help="seeds, for a trial")
    parser.add_argument("--folder", default=ROOT / "book" / "weights", help="where the record goes")
    parser.add_argument("--work", help="where runs are kept until all are done (_build/photocopier)")
    options = parser.parse_args(arguments)
    record_photocopier(options.folder, options.epochs, options.seeds, options.work)


if __name__ == "__main__":
    main(sys.argv[1:])
