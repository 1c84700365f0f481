"""The chapters as make test executed them: every cell ran, nothing on stderr, an alt text for each picture."""

from pathlib import Path

import pytest

from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent.parent
CHAPTERS = sorted(path.name for path in (ROOT / "book").glob("*.ipynb"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_an_executed_chapter_has_no_problem(name):
    path = ROOT / ".tested/book" / name
    assert path.is_file(), "run: make test"
    assert notebooks.check_executed(path) == []
