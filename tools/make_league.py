"""Maintainers: record the league of chapter 9 again, with the chapter's own code.

Runs a copy of the chapter up to the first cell that loads the recorded league. Then, in the same kernel, trains
every recipe with every seed, judges it, and stores figures and weights in book/weights (league.json, league.npz).
Each run leaves a file in the work folder, so an interrupted recording goes on where it was; a run that another
version of the code left there is made again. Commit the result once an issue: the weights are binary.

python -m tools.make_league [--epochs N] [--seeds 0 1 2] [--recipes NAME ...] [--folder FOLDER] [--work FOLDER]
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = "09_protocol"
STOP = "load_league"  # the first cell with this, and all after it, is left out
NEEDED = [
    ROOT / "helpers" / f"{name}.py"
    for name in ("data", "evaluation", "latent", "losses", "models", "quality", "training")
]


def league_notebook():
    """Return the chapter's code cells up to its recorded part."""
    notebook = nbformat.read(ROOT / "book" / f"{CHAPTER}.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = code[: next(i for i, cell in enumerate(code) if STOP in cell.source)]
    return notebook


def fingerprint(notebook):
    """Return a short text that changes with what a run depends on: the chapter, the helpers, the judge."""
    sources = [cell.source.encode() for cell in notebook.cells]
    files = [*NEEDED, ROOT / "book" / "weights" / "classifier.npz"]
    return hashlib.sha256(b"\n".join([*sources, *(file.read_bytes() for file in files)])).hexdigest()[:12]


def part(work, name, seed):
    """Return the file of one run in the work folder; its weights lie beside it."""
    return Path(work) / f"{name.replace(' ', '-')}-{seed}.json"


def run(names, name, seed, epochs, keep_weights, code, work):
    """Train one recipe with one seed and judge it; called in the chapter's kernel with its names.

    The weights are rounded to float16, as they are stored, before they are judged.
    """
    from keras import ops

    from helpers.weights import inference_weights
    from tools.make_weights import versions

    file, epochs = part(work, name, seed), epochs or names["EPOCHS"]
    identity = {"code": code, "epochs": epochs, "recipe": list(names["RECIPES"][name]), "weights": keep_weights}
    kept = file.exists() and (file.with_suffix(".npz").exists() or not keep_weights)
    if kept and json.loads(file.read_text())["identity"] == identity:
        print(f"{name}, seed {seed}: kept from before")
        return
    vae = names["start_recipe"](names["RECIPES"][name], seed)
    history = names["train"](vae, names["x_train"], epochs, names["BATCH_SIZE"], seed=seed, show=False)
    variables = inference_weights(vae)
    arrays = [ops.convert_to_numpy(variable).astype("float16") for variable in variables]
    for variable, array in zip(variables, arrays):
        variable.assign(array.astype("float32"))
    scores = names["score"](vae, names["x_test"], names["real"], names["classifier"])
    if keep_weights:
        np.savez(file.with_suffix(".npz"), **{f"{name}/{i:03d}": array for i, array in enumerate(arrays)})
    seconds = history.pop("seconds")
    record = {
        "scores": {key: round(value, 5) for key, value in scores.items()},
        "history": {key: [round(value, 5) for value in values] for key, values in history.items()},
        "seconds": round(sum(seconds), 1),
    }
    temporary = file.with_suffix(".part")
    temporary.write_text(json.dumps({"identity": identity, "versions": versions(), "record": record}))
    os.replace(temporary, file)
    print(f"{name}, seed {seed}: {record['seconds']} s, " + ", ".join(f"{k} {v:.4g}" for k, v in scores.items()))


def collect(folder, work, recipes, seeds):
    """Write league.json and league.npz from the runs in the work folder."""
    from helpers.weights import digest

    parts = {name: {seed: json.loads(part(work, name, seed).read_text()) for seed in seeds} for name in recipes}
    arrays = {}
    for name in recipes:
        with np.load(part(work, name, seeds[0]).with_suffix(".npz"), allow_pickle=False) as file:
            arrays |= {key: file[key] for key in file.files}
    np.savez_compressed(folder / "league.npz", **arrays)
    first = parts[recipes[0]][seeds[0]]
    league = {
        "chapter": CHAPTER,
        "epochs": first["identity"]["epochs"],
        "file": "league.npz",
        "sha256": digest(folder / "league.npz"),
        "weights_seed": seeds[0],
        "versions": first["versions"],
        "runs": {name: {seed: each["record"] for seed, each in runs.items()} for name, runs in parts.items()},
    }
    (folder / "league.json").write_text(json.dumps(league, indent=1) + "\n", encoding="utf-8")


def record_league(folder=ROOT / "book" / "weights", epochs=None, seeds=(0, 1, 2), recipes=None, work=None):
    """Train every recipe with every seed by the chapter's own code, and store the league.

    Args:
        folder: where league.json and league.npz go.
        epochs: epochs of each run; those of the chapter if None.
        seeds: seeds; the weights of the first are stored.
        recipes: names of recipes; all if None.
        work: folder for what each run leaves; _build/league if None.
    """
    from helpers.protocol import RECIPES

    folder, work = Path(folder).resolve(), Path(work or ROOT / "_build" / "league").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    recipes, seeds = list(recipes or RECIPES), list(seeds)
    notebook = league_notebook()
    first, code = len(notebook.cells), fingerprint(notebook)
    for seed in seeds:  # seeds outside, so that a first league is there after a third of the time
        for name in recipes:
            arguments = f"{name!r}, {seed}, {epochs}, {seed == seeds[0]}, {code!r}, {str(work)!r}"
            source = f"from tools.make_league import run\nrun(globals(), {arguments})"
            notebook.cells.append(nbformat.v4.new_code_cell(source))

    def show(cell, cell_index, **_):
        if cell_index >= first:
            text = (
                output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout"
            )
            print("".join(text), end="", flush=True)

    print(f"{len(recipes)} recipes, {len(seeds)} seeds; what is done lies in {work}", flush=True)
    resources = {"metadata": {"path": str(ROOT / "book")}}
    NotebookClient(notebook, timeout=3600, resources=resources, on_cell_executed=show).execute()
    collect(folder, work, recipes, seeds)
    print(f"wrote league.json and league.npz ({(folder / 'league.npz').stat().st_size / 1e6:.1f} MB) in {folder}")


def main(arguments):
    """Record the league as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_league", description="Record chapter 9's league.")
    parser.add_argument("--epochs", type=int, help="epochs of each run, for a trial (the chapter's if left out)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="+", help="names of recipes, for a trial (all if left out)")
    parser.add_argument("--folder", default=ROOT / "book" / "weights", help="where the league goes")
    parser.add_argument("--work", help="where runs are kept until all are done (_build/league)")
    options = parser.parse_args(arguments)
    record_league(options.folder, options.epochs, options.seeds, options.recipes, options.work)


if __name__ == "__main__":
    main(sys.argv[1:])
