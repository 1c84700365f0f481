"""The chapters as make test executed them: every cell ran, nothing on stderr, an alt text for each picture; and what is
kept of them is used again after the edits for which it may be, and after no other."""

from pathlib import Path

import nbformat
import pytest

from helpers.places import ROOT
from tools.build import concern, store
from tools.check import notebooks

CHAPTERS = sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_an_executed_chapter_has_no_problem(name):
    path = ROOT / ".tested/book" / name
    assert path.is_file(), "run: make test"
    assert notebooks.check_executed(path) == []


# ---- what is kept


def records():
    """Return a dict from each chapter to what its kept execution was made from."""
    return {name: store.record_of(Path(name).stem) or {} for name in CHAPTERS}


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_modules_that_it_read_are_those_that_it_imports(name):
    read = {each for each in records()[name] if each.startswith(("helpers/", "benchmarks/")) and each.endswith(".py")}
    assert "helpers/device.py" in read
    imported = {path.relative_to(ROOT).as_posix() for path in concern.modules_of(ROOT / ".tested/book" / name)}
    assert read <= imported  # fewer, where a branch was not taken


def test_every_chapter_is_kept_after_the_tests():
    assert {name: store.why_again(ROOT / ".tested/book" / name) for name in CHAPTERS} == dict.fromkeys(CHAPTERS, "")


def test_an_edit_of_a_file_executes_the_chapters_that_read_it(monkeypatch):
    known, was = records(), store.digest_of
    assert "book/data/mnist.npz" in known["06_training.ipynb"] and "helpers/models.py" in known["06_training.ipynb"]
    edited = "helpers/world/portraits.py"
    assert {name for name, record in known.items() if edited in record} == {"15_faces.ipynb"}
    monkeypatch.setattr(store, "digest_of", lambda each, root=ROOT: "new" if each == edited else was(each, root))
    reasons = {name: store.why_again(ROOT / ".tested/book" / name) for name in CHAPTERS}
    assert reasons == dict.fromkeys(CHAPTERS, "") | {"15_faces.ipynb": f"{edited} changed"}


@pytest.mark.parametrize("kind", ["markdown", "code"])
def test_an_edit_of_prose_executes_nothing_and_one_of_code_the_chapter(tmp_path, kind):
    for name in CHAPTERS:
        notebook = nbformat.read(ROOT / ".tested/book" / name, 4)
        next(cell for cell in notebook.cells if cell.cell_type == kind).source += "\n\n# One line more."
        nbformat.write(notebook, tmp_path / name)
        assert store.why_again(tmp_path / name) == ("its code changed" if kind == "code" else ""), name
