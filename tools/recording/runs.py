"""Maintainers: make the records of many runs again that chapters 5, 6, 9, 11, 12 and A2 show, with their own code.

The cells of a chapter that are tagged `recorder` define things and train nothing. They are run, then every run that the
record plans, and what came out goes to book/weights: NAME.json, for some NAME.npz, and their checksums in records.json.
Each run leaves a file in the work folder, so that an interrupted recording goes on where it was; one that another
version of the code left there is made again. Commit the result once an issue: the files are large.

python -m tools.recording.runs [NAME ...] [--epochs N] [--only LABEL ...] [--folder FOLDER]
"""

import argparse
import functools
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
from keras import ops

from helpers import device
from helpers.evaluation import active_units, evaluate_elbo, rate_distortion
from helpers.files import digest
from helpers.latent import develop
from helpers.places import ROOT, WEIGHTS
from helpers.weights import assign, inference_weights
from tools.build import imports
from tools.recording.keep import versions

TAG = "recorder"


class Record(NamedTuple):
    """How a record is made. `names` is what the tagged cells of the chapter define, by name."""

    chapter: str
    plan: Callable  # (names, epochs or None for the chapter's) -> a list of runs, each a tuple of plain values
    make: Callable  # (names, *run) -> what is said of the run (a dict), its history, arrays to keep by name
    collect: Callable  # (names, [(run, what is said of it, its arrays)]) -> what the record says, its arrays by name


# ---- chapter 5: a model for each beta


def plan_betas(names, epochs=None):
    """Return (beta, epochs) of every run."""
    return [(beta, epochs or names["SWEEP_EPOCHS"]) for beta in names["BETAS"]]


def make_beta(names, beta, epochs):
    """Train the model of one beta; score it, and print digits and random codes."""
    x_test, digits = names["x_test"], names["SWEEP_DIGITS"]
    model, history = names["train_beta"](beta, epochs)
    codes = {"prints": model.encoder(x_test[digits])[0], "inventions": model.prior.sample(len(digits), seed=0)}
    prints = {name: np.round(255 * develop(model.decoder, z)).astype("uint8") for name, z in codes.items()}
    return {"beta": beta, **figures(model, x_test)}, history, prints


def figures(model, x_test):
    """Return what the record says of a model of chapter 5 or 12: means over the test digits, nats."""
    rate, distortion = (float(each.mean()) for each in rate_distortion(model, x_test))
    return {"rate": rate, "distortion": distortion, "active": int(np.sum(active_units(model, x_test)))}


def collect_betas(names, made):
    """Return the record of the betas, in rising order."""
    made = sorted(made, key=lambda each: each[0])
    arrays = {key: np.stack([own[key] for _, _, own in made]) for key in ("prints", "inventions")}
    digits = [int(i) for i in names["SWEEP_DIGITS"]]
    facts = {"epochs": made[0][0][1], "digits": digits, "images": len(names["x_test"])}
    return {**facts, "runs": [said for _, said, _ in made]}, arrays


# ---- chapter 6: the settings of darkroom-2d


def plan_choice(names, epochs=None):
    """Return (setting, seed, epochs or None for its own) of every run; seeds outside, so that a look is soon there."""
    return [(name, seed, epochs) for seed in names["SEEDS"] for name in names["SETTINGS"]]


def make_choice(names, setting, seed, epochs):
    """Train with one setting and one seed; score it on the validation digits. No test digit is seen."""
    train = functools.partial(names["train_setting"], setting, seed, epochs)
    said = {"setting": setting, "seed": seed}
    return scored(said, train, lambda model: sum(evaluate_elbo(model, names["x_validation"])))


def scored(said, train, score):
    """Train, and say the mean of what `score` gives for the model, None if the loss overflows."""
    try:
        model, history = train()
    except FloatingPointError:
        return said | {"validation": None}, {"loss": [], "seconds": []}, {}
    return said | {"validation": float(np.mean(score(model)))}, history, {}


def collect_choice(names, made):
    """Return the runs as they were planned."""
    return {"runs": [said for _, said, _ in made]}, {}


# ---- appendix A2: the settings of the larger models


def plan_larger(names, epochs=None):
    """Return (model, setting, seed, epochs or None for all of its own) of every run."""
    return [
        (model, setting, seed, epochs)
        for model, seeds in names["CANDIDATE_SEEDS"].items()
        for seed in seeds
        for setting in names["CANDIDATES"][model]
    ]


def make_larger(names, model, setting, seed, epochs):
    """Train one candidate; score it on the validation digits. No test digit is seen."""
    train = functools.partial(names["make_candidate"], model, setting, seed, epochs)
    said = {"model": model, "setting": setting, "seed": seed}
    return scored(said, train, lambda vae: sum(rate_distortion(vae, names["validation_digits"](model))))


# ---- chapter 9: the league


def plan_league(names, epochs=None):
    """Return (recipe, seed, epochs) of every run; seeds outside, so that a league is soon there."""
    return [(recipe, seed, epochs or names["EPOCHS"]) for seed in (0, 1, 2) for recipe in names["RECIPES"]]


def make_league(names, recipe, seed, epochs):
    """Train one recipe with one seed, round its weights to float16, as they are stored, and judge it."""
    vae = names["start_recipe"](names["RECIPES"][recipe], seed)
    history = names["train"](vae, names["x_train"], epochs, names["BATCH_SIZE"], seed=seed, show=False)
    variables = inference_weights(vae)
    arrays = [ops.convert_to_numpy(variable).astype("float16") for variable in variables]
    assign(variables, arrays)
    scores = names["score"](vae, names["x_test"], names["real"], names["classifier"])
    return {"scores": scores}, history, {f"{recipe}/{i:03d}": array for i, array in enumerate(arrays)}


def collect_league(names, made):
    """Return the league, and the weights of the first seed."""
    (_, first, epochs), runs, arrays = made[0][0], {}, {}
    for (recipe, seed, _), said, own in made:
        runs.setdefault(recipe, {})[seed] = said
        arrays |= own if seed == first else {}
    return {"epochs": epochs, "weights_seed": first, "runs": runs}, arrays


# ---- chapter 11: photocopier, retoucher, artist


def plan_photocopier(names, epochs=None):
    """Return (kind, seed, epochs, digit left out) of every run, the shortest first; a trial takes one epoch more."""
    short, full = (epochs, epochs + 1) if epochs else (names["LIVE_EPOCHS"], names["EPOCHS"])
    seeds, kinds = names["SEEDS"], names["KINDS"]
    whole = [(kind, seed, budget, None) for budget in (short, full) for seed in seeds for kind in kinds]
    return whole + [(kind, seed, short, digit) for seed in seeds for digit in names["LEFT_OUT"] for kind in kinds]


def make_photocopier(names, kind, seed, epochs, left_out):
    """Train one machine and score it."""
    machine, history = names["train_machine"](kind, seed, epochs, left_out)
    scores = names["report"](machine) if left_out is None else names["report_left_out"](machine, left_out)
    return {"kind": kind, "seed": seed, "epochs": epochs, "left_out": left_out, "scores": scores}, history, {}


def collect_photocopier(names, made):
    """Return the record of all machines."""
    return {"runs": [said for _, said, _ in made]}, {}


# ---- chapter 12: latent sizes, and cures


def plan_collapse(names, epochs=None):
    """Return ("sizes", latents, epochs) and ("cures", patient, cure, seed, epochs) of every run."""
    sizes = [("sizes", size, epochs or names["SIZE_EPOCHS"]) for size in names["SIZES"]]
    pairs = [(patient, cure) for patient, cures in names["PATIENTS"].items() for cure in cures]
    epochs = epochs or names["CURE_EPOCHS"]
    return sizes + [("cures", *pair, seed, epochs) for seed in names["CURE_SEEDS"] for pair in pairs]


def make_collapse(names, kind, *arguments):
    """Train one model and score it: of a size, or of a patient, a cure and a seed."""
    model, history = names["train_size" if kind == "sizes" else "train_cured"](*arguments)
    return (score_size if kind == "sizes" else score_cure)(names, model, *arguments[:-1]), history, {}


def score_size(names, model, latent_dim):
    """Return what the record says of a model of one size."""
    x_test = names["x_test"]
    return {"latent_dim": latent_dim, **figures(model, x_test), "carried": list(names["carried"](model, x_test))}


def score_cure(names, model, patient, cure, seed):
    """Return what the record says of a patient: "squares" is the squared error, None if its pixels are coins."""
    x = np.round(names["x_test"]) if patient == "self-helper" else names["x_test"]
    prints = model(x)[0]
    squares = None if patient == "self-helper" else float(ops.sum(ops.square(x - prints))) / len(x)
    reconstruction = float(ops.mean(model.reconstruction(x, prints)))
    told, carried = float(names["told"](model, x, names["y_test"])), list(names["carried"](model, x))
    about = {"patient": patient, "cure": cure, "seed": seed}
    return about | {"reconstruction": reconstruction, "squares": squares, "told": told, "carried": carried}


def collect_collapse(names, made):
    """Return the record of the sizes and of the cures."""
    parts = {kind: [(run, said) for run, said, _ in made if run[0] == kind] for kind in ("sizes", "cures")}
    epochs = {kind: runs[0][0][-1] for kind, runs in parts.items() if runs}
    said = {kind: [said for _, said in runs] for kind, runs in parts.items()}
    return {"images": len(names["x_test"]), "epochs": epochs, **said}, {}


RECORDS = {
    "rate_distortion": Record("05_loss", plan_betas, make_beta, collect_betas),
    "choice": Record("06_training", plan_choice, make_choice, collect_choice),
    "choice_larger": Record("a2_larger_prints", plan_larger, make_larger, collect_choice),
    "league": Record("09_protocol", plan_league, make_league, collect_league),
    "photocopier": Record("11_photocopier", plan_photocopier, make_photocopier, collect_photocopier),
    "collapse": Record("12_collapse", plan_collapse, make_collapse, collect_collapse),
}


# ---- what all records share


def tagged(chapter):
    """Return the code of a chapter's cells that are tagged `recorder`, in order."""
    cells = nbformat.read(ROOT / "book" / f"{chapter}.ipynb", 4).cells
    return [cell.source for cell in cells if TAG in cell.metadata.get("tags", [])]


def run_cells(sources):
    """Run cells as a notebook does, one after the other, and return the names that they define."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()  # not the one of this process, so that what is said is printed
    for source in sources:
        shell.run_cell(source).raise_error()
    return shell.user_ns


def fingerprint(sources):
    """Return a short text that changes with what a run depends on: cells, modules behind them, versions, the judge."""
    code = "\n".join(sources)
    files = set().union(*(imports.modules(file) for file in [Path(__file__), *imports.imported_by(code)]))
    parts = [code.encode(), json.dumps(versions()).encode()]
    parts += [file.read_bytes() for file in sorted([*files, WEIGHTS / "classifier.npz"])]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()[:12]


def plain(value):
    """Return dicts and lists of numbers as JSON has them, rounded to five decimals."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return round(float(value), 5) if isinstance(value, (float, np.floating)) else value


def label(run):
    """Return a run as text."""
    return ", ".join(str(part) for part in run if part is not None)


def one_run(record, names, run, code, work):
    """Return what is said of a run and its arrays, made now or taken from the work folder."""
    file = Path(work) / f"{re.sub(r'[^0-9A-Za-z.]+', '-', label(run))}.npz"
    if file.exists():
        with np.load(file, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
        about = json.loads(str(arrays.pop("about")))
        if about["code"] == code:
            print(f"{label(run)}: kept from before", flush=True)
            return about["said"], arrays
    said, history, arrays = record.make(names, *run)
    seconds = sum(history.pop("seconds"))
    said = plain(said) | {"history": plain(history), "seconds": round(seconds, 1)}
    buffer = io.BytesIO()
    np.savez(buffer, about=json.dumps({"code": code, "said": said}), **arrays)
    file.with_suffix(".part").write_bytes(buffer.getvalue())
    os.replace(file.with_suffix(".part"), file)
    last = f"loss {history['loss'][-1]:.2f}" if history["loss"] else "the loss overflowed"
    print(f"{label(run)}: {last}, {seconds:.1f} s", flush=True)
    return said, arrays


def write(name, said, arrays, folder):
    """Write a record and, if it has any, its arrays, and note their checksums."""
    files = [folder / f"{name}.json"]
    files[0].write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    if arrays:
        files.append(folder / f"{name}.npz")
        np.savez_compressed(files[1], **arrays)
    sums = folder / "records.json"
    known = json.loads(sums.read_text(encoding="utf-8")) if sums.exists() else {}
    known |= {file.name: digest(file) for file in files}
    sums.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def make_record(name, names, code, folder=WEIGHTS, epochs=None, only=None, work=None):
    """Make every run of a record, and store what came out.

    Args:
        name: a key of RECORDS.
        names: what the tagged cells of its chapter define.
        code: the fingerprint of what a run depends on.
        folder: where NAME.json, NAME.npz and records.json go.
        epochs: epochs of each run, for a trial; those of the chapter if None.
        only: labels of runs, for a trial, as they are printed; all runs if None.
        work: folder for what each run leaves; _build/records/NAME if None.
    """
    record, work = RECORDS[name], Path(work or ROOT / "_build" / "records" / name)
    planned = record.plan(names, epochs)
    runs = [run for run in planned if not only or label(run) in only]
    if not runs:
        raise ValueError(f"No run of {name} is called so; there is {'; '.join(map(label, planned))}.")
    work.mkdir(parents=True, exist_ok=True)
    Path(folder).mkdir(parents=True, exist_ok=True)
    print(f"{name}: {len(runs)} runs; what is done lies in {work}", flush=True)
    said, arrays = record.collect(names, [(run, *one_run(record, names, run, code, work)) for run in runs])
    write(name, {"chapter": record.chapter, "versions": versions(), **said}, arrays, Path(folder))


def main(arguments):
    """Make records as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.recording.runs", description="Make records of runs again.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RECORDS)}; all if left out")
    parser.add_argument("--epochs", type=int, help="epochs of each run, for a trial (the chapter's if left out)")
    parser.add_argument("--only", nargs="+", help="labels of runs, as they are printed, for a trial")
    parser.add_argument("--folder", type=Path, help="where the records go (book/weights; a trial has to name one)")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(RECORDS)):
        parser.error(f"there is no record called {', '.join(unknown)}; there is {', '.join(RECORDS)}")
    if (options.epochs or options.only) and not options.folder:
        parser.error("a trial would replace the book's own records: say where its records go, with --folder")
    device.start()
    for name in options.names or RECORDS:
        sources = tagged(RECORDS[name].chapter)
        names, code, folder = run_cells(sources), fingerprint(sources), options.folder or WEIGHTS
        make_record(name, names, code, folder, options.epochs, options.only)


if __name__ == "__main__":
    main(sys.argv[1:])
