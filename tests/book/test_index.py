"""The first page says of the chapters what they say of themselves, and what is recorded is called so."""

import re

import pytest

from helpers.data import load_mnist
from helpers.places import BOOK
from tools.check import notebooks

PAGE = notebooks.prose(notebooks.read(BOOK / "index.ipynb"))
ROWS = re.findall(r"^\| \[.+?\]\((\w+\.ipynb)\) \| .+ \| (.+?) \|$", PAGE, re.MULTILINE)
SIZES = {"half a": 0.5, "a": 1, "under a": 1, "1": 1, "two": 2, "2": 2, "three": 3, "3": 3}


def minutes(text):
    """Return the minutes that a phrase such as 'about a minute and a half' stands for."""
    size, more = re.match(r"(?:about )?([\w ]+?) minutes?( and a half)?", text).groups()
    return SIZES[size] + (0.5 if more else 0)


@pytest.mark.parametrize("name, stated", ROWS)
def test_the_running_time_is_the_chapters_own_rounded_up(name, stated):
    opening = notebooks.prose(notebooks.read(BOOK / name)).split("\n## ")[0]
    own = re.search(r"running:? (.+)", opening, re.IGNORECASE)[1].replace("about one.", "about a minute.")
    assert 0 <= minutes(stated) - minutes(own) <= 0.5, (stated, own)


def test_every_chapter_has_its_row_and_the_longest_takes_what_is_said():
    assert {name for name, _ in ROWS} == {path.name for path in BOOK.glob("*.ipynb")} - {"index.ipynb", "bench.ipynb"}
    assert max(minutes(stated) for _, stated in ROWS) == 3 and "longest chapters take two to three minutes" in PAGE


@pytest.mark.parametrize("name", [name for name, _ in ROWS])
def test_a_chapter_that_loads_a_record_says_so(name):
    """The page promises it: `What is *recorded* was computed beforehand ...; the chapters say which it is`."""
    notebook = notebooks.read(BOOK / name)
    source = "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    loads = re.search(r"^from helpers\.(weights|records) import", source, re.MULTILINE)
    assert "the chapters say which it is" in PAGE
    assert not loads or "recorded" in notebooks.prose(notebook), "loads a recorded model and does not say so"


def test_all_digits_are_there():
    (x_train, _), (x_test, _) = load_mnist()
    assert f"All {len(x_train) + len(x_test):,} digits of MNIST" in PAGE
