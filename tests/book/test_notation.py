"""The glossary: every symbol, code name and darkroom word has its entry, and chapters lead to it at the first use."""

import ast
import inspect
import json
import math
import re

import numpy as np
import pytest

from helpers.data import GREY_FLOOR
from helpers.evaluation import active_units
from helpers.latent import log_aggregate
from helpers.places import ROOT
from helpers.weights import load_vae
from tools.check import glossary, notebooks

PAGE = glossary.PAGE.read_text(encoding="utf-8")
ENTRIES = glossary.entries()
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| ")][
    1:
]


# ---- the page


def test_no_name_has_two_entries():
    names = [name.lower() for entry in ENTRIES.values() for name in entry.names]
    assert sorted(set(names)) == sorted(names)


def test_links_within_the_page_lead_to_entries():
    assert set(re.findall(r"notation\.md#([\w-]+)", PAGE)) <= set(ENTRIES)


def written_names():
    """Return every name that the helpers and the chapters define or use."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py")]
    for path in CHAPTERS:
        sources += [cell["source"] for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "code"]
    found = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        found |= {getattr(node, key) for key in ("id", "attr", "arg", "name") if isinstance(getattr(node, key, 0), str)}
    return found


def test_every_code_name_is_one_of_the_book():
    known = written_names()
    codes = [code for row in ROWS for code in re.findall(r"`([^`]+)`", row[1])]
    codes += [code for entry in ENTRIES.values() for code in re.findall(r"`([^`]+)`", entry.text)]
    assert len(codes) > 50
    for code in codes:
        nodes = ast.walk(ast.parse(code))
        names = {getattr(node, key) for node in nodes for key in ("id", "attr", "arg") if hasattr(node, key)}
        assert names and names <= known, code


def test_the_figures_on_the_page_are_right():
    assert f"{GREY_FLOOR} nats per image" in ENTRIES["floor"].text
    assert f"{1 / math.log(2):.2f}$ bits" in ENTRIES["nat"].text
    assert f"exceeds {inspect.signature(active_units).parameters['threshold'].default}" in ENTRIES["active-unit"].text
    assert f"{math.log(2):.2f}$ if it is fair" in ENTRIES["entropy"].text
    one, most = (math.erf(width / math.sqrt(2)) for width in (1, 1.96))
    assert f"{one:.0%}".replace("%", " %") in ENTRIES["normal-distribution"].text and f"{most:.3f}" == "0.950"


def test_the_rate_bounds_the_information_as_its_entry_says(x_test):
    """Mean KL = information + KL(q(z) || p(z)), the last two from draws and the heap of all test digits' curves."""
    stated = load_vae("darkroom-2d").encoder.predict(x_test, batch_size=1000, verbose=0)
    m, v = (np.array(part, "float64") for part in stated)
    rate = np.mean(np.sum(m**2 + np.exp(v) - 1 - v, axis=1)) / 2
    some, rng = np.arange(0, len(m), 2), np.random.default_rng(0)
    z = m[some] + np.exp(v[some] / 2) * rng.normal(size=(len(some), 2))
    own = -0.5 * np.sum((z - m[some]) ** 2 / np.exp(v[some]) + v[some] + np.log(2 * np.pi), axis=1)
    heap = np.concatenate([log_aggregate(part, m, v) for part in np.array_split(z, 100)])
    prior = -0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=1)
    information, mismatch = np.mean(own - heap), np.mean(heap - prior)
    assert abs(information + mismatch - rate) < 0.1 and rate - information > 0.2
    text = ENTRIES["rate"].text
    assert "upper bound on the information" in text and f"a rate of {rate:.2f} nats" in text
    said = [float(text.split(word)[0].split()[-1]) for word in (" of information", " of mismatch")]
    assert said == pytest.approx([information, mismatch], abs=0.08) and sum(said) == pytest.approx(rate, abs=0.011)


# ---- the chapters


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_leads_to_the_glossary_at_the_first_use(path):
    assert glossary.check(path, ENTRIES) == []


def test_every_chapter_leads_there():
    listed = {chapter for entry in ENTRIES.values() for chapter in entry.chapters}
    assert listed == {path.name for path in CHAPTERS} - {"index.ipynb", "bench.ipynb"}


ENTRY = '<a id="elbo"></a>**ELBO**, a bound. Chapter [1](c.ipynb).\n\n'
ENTRY += '<a id="post"></a>**Posterior**: what is believed. Chapter [1](c.ipynb).\n\n'
ENTRY += '<a id="agg"></a>**Aggregate posterior**: the average. Explained in [chapter 1](c.ipynb).\n\n'
ENTRY += '<a id="mean"></a>**`z_mean`**: a mean. Chapter [1](c.ipynb).\n'
GOOD = """## The ELBO

An aggregate posterior, and $ELBO$, and `ELBO`.

| ELBO | posterior |
|---|---|

What is the -[ELBO](notation.md#elbo) of [`z_mean`](notation.md#mean)? See [ELBO](other.md).

The ELBO again, and **[posteriors](notation.md#post)**.

## Exercises

The posterior."""


def problems(tmp_path, text, page=ENTRY):
    cells = [{"cell_type": "markdown", "source": ["# 1. The ELBO and the posterior"]}, *(
        {"cell_type": "markdown", "source": [part]} for part in text.split("%%"))]  # fmt: skip
    path = tmp_path / "c.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return glossary.check(path, glossary.entries(page))


def test_a_chapter_in_order_has_no_problem(tmp_path):
    assert problems(tmp_path, GOOD) == []
    assert problems(tmp_path, GOOD.replace("What is", "<details>\n\nThe ELBO.\n\n</details>\n\n%%What is")) == []


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("[ELBO](notation.md#elbo)", "ELBO", "should lead to notation.md#elbo .*What is the"),
        ("[`z_mean`](notation.md#mean)", "`z_mean`", "should lead to notation.md#mean"),
        ("**[posteriors](notation.md#post)**", "**posteriors**", "should lead to notation.md#post"),
        ("The ELBO again", "The [ELBO](notation.md#elbo) again", "elbo 2 times"),
        ("An aggregate posterior", "An aggregate posterior, a posterior", "#post where it first says so: An aggregate"),
        ("The ELBO again", "The [aggregate](notation.md#agg)", "#agg, whose entry does not list this chapter"),
        ("The ELBO again", "The [ELBA](notation.md#elba)", "#elba, which the glossary does not have"),
        ("The ELBO again, and **[posteriors](notation.md#post)**.", "", "listed at notation.md#post, but"),
    ],
)
def test_a_link_that_is_not_in_order_is_noticed(tmp_path, old, new, message):
    assert GOOD.count(old) == 1
    (found,) = problems(tmp_path, GOOD.replace(old, new))
    assert re.search(message, found)


@pytest.mark.parametrize(
    "page",
    [
        ENTRY + ENTRY.splitlines()[0],
        '<a id="a"></a>A thing. Chapter [1](c.ipynb).',
        '<a id="a"></a>**A** thing.',
    ],
)
def test_a_wrong_entry_is_refused(page):
    with pytest.raises(ValueError, match="there twice, or has no name in bold, or leads to no chapter"):
        glossary.entries(page)
