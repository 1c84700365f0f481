"""Chapter 5: the recorded models, one for each weight of the KL term; what the record says, and how it is shown."""

import ast
import json
import math

import chapter_code
import numpy as np
import pytest

from helpers.data import MEAN_IMAGE_NATS, load_mnist
from helpers.living.widgets import ledger
from helpers.records import load_rate_distortion

CHAPTER = chapter_code.ROOT / "book" / "05_loss.ipynb"

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
    assert record["images"] == 10_000
    for run in record["runs"]:
        assert set(run["history"]) == {"loss", "reconstruction", "kl"} and run["seconds"] > 0
        assert all(len(values) == record["epochs"] for values in run["history"].values())
        total = np.array(run["history"]["reconstruction"]) + run["beta"] * np.array(run["history"]["kl"])
        assert run["history"]["loss"] == pytest.approx(total, rel=1e-3)  # it was trained with this beta
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
    data = ledger.data()
    sweep = data["sweep"]
    assert sweep["betas"][4] == 1 and len(data["labels"]) == 10 and sweep["labels"] == "023489"
    assert sweep["rate"] == [run["rate"] for run in stored[0]["runs"]]
    assert all(math.isfinite(value) for value in sweep["distortion"])
    assert len(json.dumps(data)) < 200_000
