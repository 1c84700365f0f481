"""The recorder of chapters 5, 6, 9, 11, 12 and A2: it runs the chapters' code, and what it keeps can be read."""

import ast
import json
import math
import re

import chapter_code
import keras
import numpy as np
import pytest
from keras import ops

from helpers.evaluation import rate_distortion
from helpers.latent import develop
from helpers.losses import kl_divergence
from helpers.models import VAE, build_decoder, build_encoder
from helpers.places import BOOK, WEIGHTS
from helpers.recipes import BATCH_SIZE, EPOCHS, RECIPES, RecipeVAE
from helpers.records import load_choice, load_collapse, load_league, load_photocopier, load_rate_distortion, read_record
from tools.build import imports
from tools.recording import runs as recorder

ROOT = recorder.ROOT
NEEDED = {  # what plans and runs use
    "rate_distortion": "BETAS SWEEP_EPOCHS SWEEP_DIGITS train_beta x_test",
    "choice": "SETTINGS SEEDS train_setting x_validation",
    "choice_larger": "CANDIDATES CANDIDATE_SEEDS make_candidate validation_digits",
    "league": "RECIPES EPOCHS BATCH_SIZE start_recipe train score x_train x_test real classifier",
    "photocopier": "KINDS SEEDS LIVE_EPOCHS EPOCHS LEFT_OUT train_machine report report_left_out",
    "collapse": "SIZES SIZE_EPOCHS PATIENTS CURE_EPOCHS CURE_SEEDS train_size train_cured carried told x_test y_test",
}

# ---- what it runs


@pytest.mark.parametrize("name", recorder.RECORDS)
def test_the_tagged_cells_define_all_that_is_needed_and_train_nothing(name):
    sources = recorder.tagged(recorder.RECORDS[name].chapter)
    defined, used, outside = chapter_code.names("\n".join(sources))
    assert used <= defined and set(NEEDED[name].split()) <= outside
    whole = "\n".join(sources)
    for absent in ("load_record", *(f"load_{other}" for other in NEEDED), "plots.", "check(", "show_widget"):
        assert absent not in whole.replace("from helpers import plots", "")
    for trained in ("start_recipe", *re.findall(r"^def (train_\w+)", whole, re.MULTILINE)):
        assert f"{trained}(" not in whole.replace(f"def {trained}(", "")


def test_cells_run_one_after_the_other_and_an_error_ends_it():
    names = recorder.run_cells(["a = 1", "b = a + 1"])
    assert (names["a"], names["b"]) == (1, 2)
    with pytest.raises(NameError):
        recorder.run_cells(["c = a"])  # nothing is left of an earlier chapter


def test_a_change_of_the_chapter_its_modules_or_versions_makes_the_runs_anew(monkeypatch):
    sources, asked, modules = recorder.tagged("12_collapse"), [], imports.modules
    monkeypatch.setattr(imports, "modules", lambda file: asked.append(file.name) or modules(file))
    before = recorder.fingerprint(sources)
    assert {"runs.py", "models.py", "training.py"} <= set(asked)
    assert before == recorder.fingerprint(list(sources)) != recorder.fingerprint([*sources, "\n"])
    monkeypatch.setattr(imports, "modules", lambda file: modules(file) - {ROOT / "helpers/evaluation.py"})
    assert recorder.fingerprint(sources) != before  # what only the recorder imports counts, too
    monkeypatch.setattr(imports, "modules", modules)
    monkeypatch.setattr(recorder, "versions", lambda: {"keras": "0"})
    assert recorder.fingerprint(sources) != before


def test_plans():
    assert recorder.plan_betas({"BETAS": [1, 4], "SWEEP_EPOCHS": 9}) == [(1, 9), (4, 9)]
    names = {"CANDIDATE_SEEDS": {"a": (0, 1), "b": (0,)}, "CANDIDATES": {"a": {"ours": {}, "x": {}}, "b": {"ours": {}}}}
    runs = [("a", "ours", 0, 3), ("a", "x", 0, 3), ("a", "ours", 1, 3), ("a", "x", 1, 3), ("b", "ours", 0, 3)]
    assert recorder.plan_larger(names, 3) == runs
    league = recorder.plan_league({"RECIPES": {"a": 0, "b": 0}, "EPOCHS": 5}, 2)
    assert len(league) == 6 and league[:3] == [("a", 0, 2), ("b", 0, 2), ("a", 1, 2)]
    values = {"KINDS": ["x", "y"], "SEEDS": [0, 5], "LIVE_EPOCHS": 2, "EPOCHS": 8, "LEFT_OUT": [1]}
    runs = recorder.plan_photocopier(values)
    assert len(runs) == len(set(runs)) == 4 + 4 + 4 and runs[4] == ("x", 0, 8, None) and runs[-1] == ("y", 5, 2, 1)
    assert recorder.plan_photocopier(values, 1)[4] == ("x", 0, 2, None)
    values = {"SIZES": [1, 4], "SIZE_EPOCHS": 3, "CURE_EPOCHS": 6, "CURE_SEEDS": [0, 1]}
    runs = recorder.plan_collapse(values | {"PATIENTS": {"a": ["none", "x"], "b": ["none"]}})
    assert len(runs) == 2 + 2 * 3 and runs[0] == ("sizes", 1, 3) and ("cures", "b", "none", 1, 6) in runs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "1"], "say where its records go, with --folder"),
        (["league", "--only", "ours, 0, 24"], "say where its records go, with --folder"),
        (["none"], "no record called none; there is rate_distortion, choice, choice_larger, league"),
    ],
)
def test_a_trial_does_not_replace_the_books_records(arguments, message, capsys):
    with pytest.raises(SystemExit):
        recorder.main(arguments)
    assert message in capsys.readouterr().err


def test_the_command_line(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr("helpers.device.start", lambda: calls.append("start"))
    monkeypatch.setattr(recorder, "run_cells", lambda sources: {"cells": sources})
    monkeypatch.setattr(recorder, "make_record", lambda *arguments: calls.append(arguments))
    recorder.main(["league", "--epochs", "1", "--folder", str(tmp_path)])
    sources = recorder.tagged("09_protocol")
    code = recorder.fingerprint(sources)
    assert calls == ["start", ("league", {"cells": sources}, code, tmp_path, 1, None)]
    recorder.main([])
    assert [call[0] for call in calls[3:]] == list(recorder.RECORDS)
    assert calls[-1][3:] == (WEIGHTS, None, None)


# ---- what it keeps


def history(epochs, **more):
    return {"loss": [2.0] * epochs, "seconds": [1.5] * epochs} | more


def test_the_choice_is_made_on_the_last_5000_training_digits():
    targets = {ast.unparse(node.targets[0]): node for node in chapter_code.body(BOOK / "06_training.ipynb")
               if isinstance(node, ast.Assign)}  # fmt: skip
    names = {"x_train": np.arange(60_000), "x_test": -np.ones(10_000)}
    exec(ast.unparse(targets["(x_fit, x_validation)"]), names)
    assert list(names["x_fit"]) == list(range(55_000)) and list(names["x_validation"]) == list(range(55_000, 60_000))


def test_a_choice_sees_no_test_digit_and_can_be_read(tmp_path, mnist):
    """The chapter's own code, twice: with the test digits, and with noise in their place."""
    (x_train, _), (x_test, _) = mnist
    noise, runs = np.random.default_rng(0).random(x_test[:100].shape).astype("float32"), []
    for number, x in enumerate((x_test[:100], noise)):
        chapter = chapter_code.load(BOOK / "06_training.ipynb", "VAE", "with_units", "train_setting")
        chapter |= {"x_test": x, "x_fit": x_train[:300], "x_validation": x_train[-100:], "SEEDS": (1, 0)}
        chapter["training_settings"] = lambda: {"jit_compile": False}  # to compile six runs takes longer than they do
        folder = tmp_path / str(number)
        recorder.make_record("choice", chapter, "code", folder, epochs=1, work=folder / "work",
                             only=["the book's, 1, 1", "the book's, 0, 1", "peak 0.005, 0, 1"])  # fmt: skip
        runs.append(load_choice(folder))
    assert [run["seed"] for run in runs[0]["the book's"]] == [0, 1] and list(runs[0]) == ["the book's", "peak 0.005"]
    scores = [[run["validation"] for each in known.values() for run in each] for known in runs]
    assert scores[0] == scores[1] and len(set(scores[0])) == 3


def test_each_setting_of_darkroom_2d_is_what_it_is_called():
    """Networks, rate, batch and epochs, without training; units are swapped and begin with the same weights."""
    chapter = chapter_code.load(BOOK / "06_training.ipynb", "VAE", "with_units", "train_setting")
    chapter["train"] = lambda model, x, epochs, batch_size, **options: (epochs, batch_size)
    chapter["x_fit"] = np.zeros((55_000, 1))
    made = {name: chapter["train_setting"](name, seed=0) for name in chapter["SETTINGS"]}
    dense = {name: [each for each in vae.encoder.layers if hasattr(each, "units")] for name, (vae, _) in made.items()}
    sizes = {name: (len(layers) - 3, layers[0].units, layers[0].activation.__name__) for name, layers in dense.items()}
    expected = {"1 block": (1, 192, "silu"), "3 blocks": (3, 192, "silu"), "width 256": (2, 256, "silu")}
    expected |= {f"{name} units": (2, 192, name.lower()) for name in ("ReLU", "GELU")}
    assert sizes == dict.fromkeys(made, (2, 192, "silu")) | expected
    told = {"20 epochs": (20, 250), "80 epochs": (80, 250), "batch of 500": (40, 500)}
    assert {name: said for name, (_, said) in made.items()} == dict.fromkeys(made, (40, 250)) | told
    optimizers = {name: vae.optimizer for name, (vae, _) in made.items()}
    peaks = {name: each._learning_rate.warmup_target for name, each in optimizers.items()}
    assert peaks == dict.fromkeys(made, 3e-3) | {"peak 0.002": 2e-3, "peak 0.005": 5e-3}
    steps = {name: each._learning_rate.decay_steps for name, each in optimizers.items()}
    assert steps == dict.fromkeys(made, 38 * 220) | {"20 epochs": 18 * 220, "80 epochs": 78 * 220, "batch of 500": 4180}
    assert [name for name, each in optimizers.items() if each.use_ema] == ["averaged weights"]
    ours, swapped = (made[name][0].decoder for name in ("the book's", "GELU units"))
    assert all(map(np.array_equal, ours.get_weights(), swapped.get_weights()))
    z = np.ones((1, 2), "float32")
    assert not np.allclose(ours(z), swapped(z))


@pytest.fixture(scope="module")
def larger():
    """What the tagged cells of appendix A2 define."""
    return recorder.run_cells(recorder.tagged("a2_larger_prints"))


def test_the_larger_models_are_chosen_without_a_test_digit(larger):
    x_train = larger["x_train"]
    assert np.array_equal(larger["x_fit"], x_train[:55_000])
    assert np.array_equal(larger["x_validation"], x_train[55_000:]) and len(x_train) == 60_000
    for name, thrown in {"darkroom-2d-large": False, "darkroom-50d": True, "darkroom-12d": False}.items():
        digits = larger["validation_digits"](name)
        assert np.array_equal(np.unique(digits), [0, 1]) if thrown else digits is larger["x_validation"]
    assert not {"x_test", "y_test"} & chapter_code.names("\n".join(recorder.tagged("a2_larger_prints")))[1]


def test_a_larger_candidate_is_made_scored_and_read(larger, tmp_path, monkeypatch):
    monkeypatch.setitem(larger, "x_fit", larger["x_train"][:500])
    monkeypatch.setitem(larger, "x_validation", larger["x_train"][-100:])
    labels = ["darkroom-12d, ours, 0, 1", "darkroom-12d, ours, 1, 1", "darkroom-12d, peak 0.003, 0, 1"]
    recorder.make_record("choice_larger", larger, "code", tmp_path, epochs=1, only=labels, work=tmp_path / "work")
    runs = read_record("choice_larger", tmp_path)[0]["runs"]
    assert [(run["setting"], run["seed"]) for run in runs] == [("ours", 0), ("peak 0.003", 0), ("ours", 1)]
    assert len({run["validation"] for run in runs}) == 3 and all(250 < run["validation"] < 600 for run in runs)


def test_a_candidate_whose_loss_overflows_has_no_score(tmp_path, capsys):
    def overflow(*run):
        raise FloatingPointError("The loss became inf in epoch 6.")

    for name, names in {
        "choice": {"SETTINGS": {"ours": {}}, "SEEDS": (0,), "train_setting": overflow},
        "choice_larger": {
            "CANDIDATES": {"a": {"ours": {}}},
            "CANDIDATE_SEEDS": {"a": (0,)},
            "make_candidate": overflow,
        },
    }.items():
        recorder.make_record(name, names, "code", tmp_path, work=tmp_path / name)
        (run,) = read_record(name, tmp_path)[0]["runs"]
        assert (run["setting"], run["validation"]) == ("ours", None)
        assert "the loss overflowed" in capsys.readouterr().out


def test_each_seed_prefers_the_peak_of_the_archive_with_twelve_latents():
    """As appendix A2 says of the recorded runs, beside the means that it asserts."""
    scores = {}
    for run in read_record("choice_larger")[0]["runs"]:
        if run["model"] == "darkroom-12d":
            scores.setdefault(run["setting"], []).append(run["validation"])
    before, half, ours = (np.array(scores[name]) for name in ("peak 0.003", "peak 0.006", "ours"))
    assert len(ours) == 3 and np.all(half < before) and np.all(ours < half)


def test_the_archive_with_twelve_latents_is_trained_as_in_its_own_chapter(larger):
    own, x = chapter_code.load(BOOK / "17_art.ipynb", "make_vae"), larger["x_train"][:1000]
    own["x_train"] = x
    ours, theirs = larger["make_12d"](1, x)[1], own["make_vae"](1)[1]
    assert ours["loss"] == theirs["loss"]


def test_the_betas_can_be_read(tmp_path, capsys):
    x, calls = np.random.default_rng(0).random((30, 28, 28)).astype("float32"), []

    def train_beta(beta, epochs):
        calls.append((beta, epochs))
        keras.utils.set_random_seed(0)
        return VAE(build_encoder(2, 8, 1), build_decoder(2, 8, 1), beta), history(epochs)

    names = dict(train_beta=train_beta, x_test=x, SWEEP_DIGITS=[np.int64(3), 5, 8], SWEEP_EPOCHS=2, BETAS=[4, 0.5])
    folder, work = tmp_path / "weights", tmp_path / "work"

    def make(code, **options):
        recorder.make_record("rate_distortion", names, code, folder, work=work, **options)

    make("code", only=["0.5, 2"])  # a recording that stops half way
    make("code")  # what is there is kept
    assert calls == [(0.5, 2), (4, 2)] and "0.5, 2: kept from before" in capsys.readouterr().out
    make("other code", epochs=1)  # the code has changed, so the runs are made again
    assert calls[2:] == [(4, 1), (0.5, 1)]
    make("code")
    with pytest.raises(ValueError, match="No run of rate_distortion is called so; there is 4, 2; 0.5, 2"):
        make("code", only=["seven"])
    record, pictures = load_rate_distortion(folder)
    assert [run["beta"] for run in record["runs"]] == [0.5, 4] and record["chapter"] == "05_loss"
    assert (record["epochs"], record["images"], record["digits"]) == (2, 30, [3, 5, 8])
    assert {"keras", "numpy", "python"} <= set(record["versions"])
    run, (model, _) = record["runs"][1], train_beta(4, 2)
    assert run["history"] == {"loss": [2.0] * 2} and run["seconds"] == 3.0 and run["active"] in (0, 1, 2)
    rate, distortion = (each.mean() for each in rate_distortion(model, x))
    assert run["rate"] == pytest.approx(rate, abs=1e-3) and run["distortion"] == pytest.approx(distortion, abs=1e-2)
    codes = {"prints": model.encoder(x[[3, 5, 8]])[0], "inventions": model.prior.sample(3, seed=0)}
    for name, z in codes.items():
        assert np.abs(pictures[name][1] / 255 - develop(model.decoder, z)).max() < 0.003


def test_the_league_can_be_read(tmp_path):
    calls = []

    def train(vae, x, epochs, batch_size, seed, show):
        calls.append((epochs, batch_size, seed))
        return history(epochs)

    names = dict(RECIPES={"mean KL": RECIPES["mean KL"]}, EPOCHS=EPOCHS, BATCH_SIZE=BATCH_SIZE, train=train)
    names |= dict.fromkeys(("x_train", "x_test", "real", "classifier"))
    names["start_recipe"] = lambda recipe, seed: RecipeVAE(recipe, seed)
    names["score"] = lambda vae, x, real, classifier: {"grey": np.float32(np.sum(vae.encoder.weights[0]))}
    recorder.make_record("league", names, "code", tmp_path, epochs=3, work=tmp_path / "work")
    assert calls == [(3, BATCH_SIZE, seed) for seed in (0, 1, 2)]
    league, models = load_league(tmp_path)
    assert list(models) == ["mean KL"] and list(league["runs"]["mean KL"]) == [0, 1, 2]
    run = league["runs"]["mean KL"][0]
    assert run["history"] == {"loss": [2.0] * 3} and run["seconds"] == 4.5 and league["epochs"] == 3
    assert models["mean KL"].recipe == RECIPES["mean KL"] and league["weights_seed"] == 0
    # the figures are those of the weights as they are stored
    assert run["scores"]["grey"] == pytest.approx(float(np.sum(models["mean KL"].encoder.weights[0])), abs=1e-4)
    said = json.loads((tmp_path / "league.json").read_text())
    recorder.write("league", said | {"runs": {"theirs": {}}}, {}, tmp_path)
    with pytest.raises(ValueError, match="theirs is no recipe of helpers.recipes.*make weights"):
        load_league(tmp_path)
    recorder.write("league", said, {"mean KL/000": np.zeros((3, 3), "float16")}, tmp_path)
    with pytest.raises(ValueError, match="weights of 'mean KL' in league.npz do not fit.*make weights"):
        load_league(tmp_path)


def test_the_photocopier_can_be_read(tmp_path):
    calls = []

    def train_machine(*which):
        calls.append(which)
        return which, {"loss": [200.0] * which[2], "seconds": [1.5] * which[2]}

    names = dict(KINDS=["artist"], SEEDS=[0, 1], LIVE_EPOCHS=2, EPOCHS=3, LEFT_OUT=[7], train_machine=train_machine)
    names["report"] = lambda machine: {"copy": np.float32(machine[1]), "rules": {"standard": {"holes": 0.123456789}}}
    names["report_left_out"] = lambda machine, digit: {"print": digit / 10}
    recorder.make_record("photocopier", names, "code", tmp_path, work=tmp_path / "work")
    record = load_photocopier(tmp_path)
    assert calls == recorder.plan_photocopier(names)
    assert [(run["kind"], run["seed"], run["epochs"], run["left_out"]) for run in record["runs"]] == calls
    first, second, longer, _, without, _ = record["runs"]
    assert first["scores"] == {"copy": 0.0, "rules": {"standard": {"holes": 0.12346}}} and second["scores"]["copy"] == 1
    assert longer["history"] == {"loss": [200.0] * 3} and longer["seconds"] == 4.5
    assert without["scores"] == {"print": 0.7}


def test_the_collapse_can_be_read(tmp_path):
    lab = chapter_code.load(
        ROOT / "book/12_collapse.ipynb", "GaussianVAE", "CuredVAE", "NeighbourVAE", "carried", "told"
    )
    x, models = np.random.default_rng(0).random((40, 28, 28)).astype("float32"), {}

    def train_size(latent_dim, epochs):
        return lab["VAE"](build_encoder(latent_dim, 8, 1), build_decoder(latent_dim, 8, 1)), history(epochs)

    def train_cured(patient, cure, seed, epochs):
        kind = "NeighbourVAE" if patient == "self-helper" else "CuredVAE"
        models[patient] = lab[kind](build_encoder(3, 8, 1), build_decoder(3, 8, 1), variance=2.0)
        return models[patient], history(epochs, kl=[1.0] * epochs)

    names = dict(train_size=train_size, train_cured=train_cured, x_test=x, y_test=np.arange(40) % 10, SIZES=[2, 5])
    names |= dict(carried=lab["carried"], told=lab["told"], SIZE_EPOCHS=3, CURE_EPOCHS=4, CURE_SEEDS=[1])
    names["PATIENTS"] = {"dear archive": ["warm-up"], "self-helper": ["none"]}
    recorder.make_record("collapse", names, "code", tmp_path, work=tmp_path / "work")
    record = load_collapse(tmp_path)
    assert [run["latent_dim"] for run in record["sizes"]] == [2, 5] and record["images"] == 40
    assert record["epochs"] == {"sizes": 3, "cures": 4}
    for run in record["sizes"]:
        assert len(run["carried"]) == run["latent_dim"] and 0 <= run["active"] <= run["latent_dim"]
        assert sum(run["carried"]) == pytest.approx(run["rate"], abs=0.5)  # exact, and from one draw
    dear, helper = record["cures"]
    assert (dear["patient"], dear["cure"], dear["seed"]) == ("dear archive", "warm-up", 1) and dear["seconds"] == 6.0
    assert dear["reconstruction"] == pytest.approx(dear["squares"] / 4 + 392 * math.log(4 * math.pi), rel=1e-4)
    assert helper["squares"] is None and helper["reconstruction"] > 0 and 0 <= helper["told"] <= 1
    kl = float(ops.mean(kl_divergence(*models["self-helper"].encoder(np.round(x)))))
    assert sum(helper["carried"]) == pytest.approx(kl, abs=1e-3)


# ---- how records are read


def test_every_stored_record_is_whole():
    known = json.loads((WEIGHTS / "records.json").read_text(encoding="utf-8"))
    for name, each in recorder.RECORDS.items():
        record, arrays = read_record(name)
        assert record["chapter"] == each.chapter and bool(arrays) == (name in ("league", "rate_distortion"))
        assert {"keras", "tensorflow", "numpy", "python"} <= set(record["versions"])
    assert set(known) == {*(f"{name}.json" for name in recorder.RECORDS), "league.npz", "rate_distortion.npz"}


@pytest.mark.parametrize(
    ("name", "text", "kind", "message"),  # no text: the file is gone
    [
        ("one.npz", None, FileNotFoundError, "one.npz is missing"),
        ("one.json", "{}", ValueError, "one.json is not the file of this book"),
        ("records.json", None, FileNotFoundError, "list of records, .*, is missing"),
        ("records.json", "{", ValueError, "records.json cannot be read"),
        ("records.json", "{}", ValueError, "no record called 'one'"),
    ],
)
def test_a_damaged_record_is_explained(tmp_path, name, text, kind, message):
    recorder.write("one", {"runs": [1]}, {"prints": np.arange(3)}, tmp_path)
    record, arrays = read_record("one", tmp_path)
    assert record == {"runs": [1]} and list(arrays["prints"]) == [0, 1, 2]
    (tmp_path / name).unlink() if text is None else (tmp_path / name).write_text(text)
    with pytest.raises(kind, match=message) as caught:
        read_record("one", tmp_path)
    assert "make weights" in str(caught.value)  # what to do
