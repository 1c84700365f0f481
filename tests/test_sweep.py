"""Chapter 5: the recorded models, one for each weight of the KL term; how they are made, read and shown."""

import ast
import json
import math

import chapter_code
import keras
import numpy as np
import pytest

from helpers import widgets
from helpers.data import MEAN_IMAGE_NATS, load_mnist
from helpers.evaluation import rate_distortion
from helpers.latent import develop
from helpers.models import VAE, build_decoder, build_encoder
from helpers.weights import WEIGHTS, digest, load_rate_distortion
from tools import make_sweep

CHAPTER = make_sweep.ROOT / "book" / f"{make_sweep.CHAPTER}.ipynb"

# ---- how the record is made


@pytest.fixture
def small_record(tmp_path):
    """A record of two betas, made by the recorder with stand-ins for the training."""
    folder, calls = tmp_path / "weights", []
    folder.mkdir()
    x = np.random.default_rng(0).random((30, 28, 28)).astype("float32")

    def train_beta(beta, epochs):
        calls.append((beta, epochs))
        keras.utils.set_random_seed(0)
        model = VAE(build_encoder(2, 8, 1), build_decoder(2, 8, 1), beta)
        return model, {"loss": [2.0] * epochs, "seconds": [1.5] * epochs}

    names = dict(train_beta=train_beta, x_test=x, SWEEP_DIGITS=[np.int64(3), 5, 8], SWEEP_EPOCHS=20)
    for beta in (4, 0.5, 4):  # the last is kept from before
        make_sweep.run(names, beta, 2, "code", tmp_path)
    assert calls == [(4, 2), (0.5, 2)]
    make_sweep.run(names, 4, None, "code", tmp_path)  # as many epochs as the chapter says
    make_sweep.run(names, 4, 2, "other code", tmp_path)  # the code has changed, so the run is made again
    assert calls[2:] == [(4, 20), (4, 2)]
    make_sweep.run(names, 4, 2, "code", tmp_path)
    make_sweep.collect(folder, tmp_path, [4, 0.5])
    model, _ = train_beta(4, 2)
    return folder, model, x


def test_what_the_recorder_keeps_can_be_read(small_record):
    folder, model, x = small_record
    record, pictures = load_rate_distortion(folder)
    assert [run["beta"] for run in record["runs"]] == [0.5, 4]
    assert (record["epochs"], record["images"], record["digits"]) == (2, 30, [3, 5, 8])
    assert {"keras", "numpy", "python"} <= set(record["versions"])
    run = record["runs"][1]
    assert run["history"] == {"loss": [2.0] * 2} and run["seconds"] == 3.0 and run["active"] in (0, 1, 2)
    rate, distortion = (each.mean() for each in rate_distortion(model, x))
    assert run["rate"] == pytest.approx(rate, abs=1e-3) and run["distortion"] == pytest.approx(distortion, abs=1e-2)
    by_hand = develop(model.decoder, model.encoder(x[[3, 5, 8]])[0])
    assert np.abs(pictures["prints"][1] / 255 - by_hand).max() < 0.003
    by_hand = develop(model.decoder, model.prior.sample(3, seed=0))
    assert np.abs(pictures["inventions"][1] / 255 - by_hand).max() < 0.003


def test_the_recorder_runs_the_chapter_up_to_its_recorded_part():
    notebook = make_sweep.sweep_notebook()
    whole = "\n".join(cell.source for cell in notebook.cells)
    assert "load_rate_distortion" not in whole and "show_widget" not in whole
    for needed in ("def train_beta(", "SWEEP_DIGITS = ", "SWEEP_EPOCHS = ", "x_test"):
        assert needed in whole
    assert "train_beta(" not in whole.replace("def train_beta(", "")  # nothing is trained before the recorder does it
    assert make_sweep.chapter_betas(notebook) == sorted(make_sweep.chapter_betas(notebook))


def test_a_chapter_without_betas_is_explained():
    notebook = make_sweep.sweep_notebook()
    notebook.cells = notebook.cells[:1]
    with pytest.raises(ValueError, match="05_loss has no list BETAS"):
        make_sweep.chapter_betas(notebook)


def test_a_change_of_the_chapter_makes_the_runs_anew():
    notebook = make_sweep.sweep_notebook()
    before = make_sweep.fingerprint(notebook)
    assert before == make_sweep.fingerprint(make_sweep.sweep_notebook())
    notebook.cells[-1].source += "\n"
    assert make_sweep.fingerprint(notebook) != before


# ---- how it is read


def edit(change):
    def damage(folder):
        record = json.loads((folder / "rate_distortion.json").read_text())
        change(record)
        (folder / "rate_distortion.json").write_text(json.dumps(record))

    return damage


def replace_pictures(folder):
    np.savez(folder / "rate_distortion.npz", prints=np.zeros((2, 3, 28, 28), "uint8"))
    edit(lambda record: record.update(sha256=digest(folder / "rate_distortion.npz")))(folder)


@pytest.mark.parametrize(
    ("damage", "kind", "message"),
    [
        (lambda f: (f / "rate_distortion.json").unlink(), FileNotFoundError, "rate-distortion curve, .*, is missing"),
        (lambda f: (f / "rate_distortion.npz").unlink(), FileNotFoundError, "rate_distortion.npz is missing"),
        (lambda f: (f / "rate_distortion.json").write_text("{"), ValueError, "rate_distortion.json cannot be read"),
        (lambda f: (f / "rate_distortion.json").write_text("[]"), ValueError, "rate_distortion.json cannot be read"),
        (lambda f: (f / "rate_distortion.npz").write_bytes(b"PK"), ValueError, "rate_distortion.npz is damaged"),
        (edit(lambda record: record.pop("sha256")), ValueError, "cannot be read .*'sha256'"),
        (edit(lambda record: record["runs"][0].pop("rate")), ValueError, "a run lacks its rate"),
        (edit(lambda record: record["runs"].reverse()), ValueError, "the betas do not rise"),
        (edit(lambda record: record["runs"].pop()), ValueError, "prints in .* are not those of the runs"),
        (replace_pictures, ValueError, "prints in .* are not those of the runs"),
    ],
)  # fmt: skip
def test_a_damaged_record_is_explained(small_record, damage, kind, message):
    folder, _, _ = small_record
    damage(folder)
    with pytest.raises(kind, match=message) as caught:
        load_rate_distortion(folder)
    assert "make weights" in str(caught.value)  # what to do


# ---- what it says


@pytest.fixture(scope="module")
def stored():
    return load_rate_distortion()


def column(stored, name):
    return np.array([run[name] for run in stored[0]["runs"]])


def assigned(name):
    """Return a literal that the chapter assigns."""
    (node,) = [
        node.value
        for node in chapter_code.body(CHAPTER)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    return ast.literal_eval(node)


def test_the_stored_record_is_that_of_the_chapter(stored):
    record, _ = stored
    assert list(column(stored, "beta")) == assigned("BETAS") and record["epochs"] == assigned("SWEEP_EPOCHS")
    assert record["chapter"] == make_sweep.CHAPTER and record["images"] == 10_000
    assert {"keras", "tensorflow", "numpy", "python"} <= set(record["versions"])
    for run in record["runs"]:
        assert set(run["history"]) == {"loss", "reconstruction", "kl"} and run["seconds"] > 0
        assert all(len(values) == record["epochs"] for values in run["history"].values())
        total = np.array(run["history"]["reconstruction"]) + run["beta"] * np.array(run["history"]["kl"])
        assert run["history"]["loss"] == pytest.approx(total, rel=1e-3)  # it was trained with this beta
    assert (WEIGHTS / record["file"]).stat().st_size < 200_000
    _, (_, y_test) = load_mnist()
    assert list(y_test[record["digits"]]) == [0, 2, 3, 4, 8, 9]


def test_a_higher_price_buys_less_and_prints_worse(stored):
    rate, distortion, active = (column(stored, name) for name in ("rate", "distortion", "active"))
    assert np.all(np.diff(rate) < 0.02) and rate[0] > 10 and abs(rate[-1]) < 0.02
    assert np.all(np.diff(distortion) > -1.5) and distortion[-1] == pytest.approx(MEAN_IMAGE_NATS, abs=1)
    assert active[0] == 2 and active[-1] == 0 and np.all(np.diff(active) <= 0)
    elbo, one = rate + distortion, list(column(stored, "beta")).index(1)
    assert elbo[one] < elbo.min() + 1 and elbo[one] < 145  # the price that the bound itself asks is about the best


def test_the_prints_show_what_is_lost(stored):
    record, pictures = stored
    prints, inventions = (pictures[name] / 255 for name in ("prints", "inventions"))
    x_test = load_mnist()[1][0][record["digits"]]
    error = np.abs(prints - x_test).mean(axis=(1, 2, 3))
    assert error[0] < error[-1] - 0.03
    apart = [each.std(axis=0).mean() for each in prints]
    assert apart[0] > 0.1 and apart[-1] < 0.005  # in the end all prints are the same
    assert inventions[-1].std(axis=0).mean() < 0.005


# ---- what the widget takes along


def test_the_ledger_takes_the_record_along(stored):
    data = widgets.WIDGETS["ledger"].data()
    sweep = data["sweep"]
    assert sweep["betas"][4] == 1 and len(data["labels"]) == 10 and sweep["labels"] == "023489"
    assert sweep["rate"] == [run["rate"] for run in stored[0]["runs"]]
    assert all(math.isfinite(value) for value in sweep["distortion"])
    assert len(json.dumps(data)) < 200_000
