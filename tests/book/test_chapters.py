"""What the chapters define: equal to the helpers of that name, which have tests of their own.

The definitions are read from the notebooks themselves (tests/chapter_code.py).
"""

import ast
import json
import os
import re
import subprocess
import sys

import chapter_code
import numpy as np
import pytest

from helpers.places import DATA, ROOT

HELPERS = {
    ".".join(path.relative_to(ROOT / "helpers").with_suffix("").parts): chapter_code.definitions(path)
    for path in sorted((ROOT / "helpers").rglob("*.py"))
}
TAUGHT = (
    "models losses evaluation latent judge recipes world.portrait_vae world.flow".split()
)  # taught: every definition


def chapter(number):
    """Return the notebook of a chapter (9) or an appendix ("A2")."""
    name = f"{number:02d}" if isinstance(number, int) else number.lower()
    (path,) = (ROOT / "book").glob(f"{name}_*.ipynb")
    return path


def shared():
    """Return (chapter, module, name) for every definition of a chapter that helpers has by the same name."""
    return [
        (path, module, name)
        for path in sorted((ROOT / "book").glob("*.ipynb"))
        for name in chapter_code.definitions(path)
        for module, found in HELPERS.items()
        if name in found
    ]


@pytest.mark.parametrize(
    "path, module, name", [pytest.param(*each, id=f"{each[0].stem}-{each[2]}") for each in shared()]
)
def test_a_chapter_defines_what_helpers_defines(path, module, name):
    here, there = chapter_code.definitions(path)[name], HELPERS[module][name]
    assert chapter_code.bare(here) == chapter_code.bare(there)


@pytest.mark.parametrize(
    "module, name", [(m, name) for m in TAUGHT for name in HELPERS.get(m, {}) if not name.startswith("_")]
)
def test_a_helper_names_the_chapters_that_define_it(module, name):
    docstring = ast.get_docstring(HELPERS[module][name]) or ""
    found = re.search(r"\b(?:Chapters?|Appendix) (A?\d+(?:(?:, | and )\d+)*)", docstring)
    assert found, f"helpers.{module}.{name} should say in its docstring which chapter derives it"
    for number in re.findall(r"A?\d+", found[1]):
        path = chapter(int(number) if number.isdigit() else number)
        assert name in chapter_code.definitions(path), f"chapter {number} does not define {name}"


def test_the_thirty_lines_of_chapter_6_run_alone(tmp_path):
    """In an empty folder, with a file of 1,000 digits and no part of this book; the chapter runs them on all."""
    cells = json.loads(chapter(6).read_text(encoding="utf-8"))["cells"]
    (listing,) = ["".join(cell["source"]) for cell in cells if "listing" in cell["metadata"].get("tags", [])]
    assert sum(map(bool, listing.splitlines())) <= 30
    with np.load(DATA / "mnist.npz") as mnist:
        np.savez(tmp_path / "mnist.npz", x_train=mnist["x_train"][:1000], x_test=mnist["x_test"][:1000])
    (tmp_path / "vae.py").write_text(f'file = "mnist.npz"\n{listing}\n', encoding="utf-8")
    settings = {"MPLBACKEND": "agg", "PYTHONPATH": "", "PYTHONSAFEPATH": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, "vae.py"], cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    nats = float(re.search(r"([\d.]+) nats per image", run.stdout)[1])
    assert 150 < nats < 260  # it has learned something: an untrained one pays 543
    assert "helpers" not in listing


# ---- the reader itself


def notebook(folder, *cells):
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in cells]
    (folder / "a.ipynb").write_text(json.dumps({"cells": cells}))
    return folder / "a.ipynb"


def test_the_reader_runs_imports_constants_and_what_is_asked_for(tmp_path):
    path = notebook(
        tmp_path,
        'REPOSITORY = ""\nraise SystemExit',
        "import math\n\nsize = 2\nlarge = print('not run')",
        "@broken\ndef area(x: int) -> int:\n    return math.pi * size * x\n\n\ndef other(x=large):\n    return x",
    )
    assert chapter_code.load(path, "area")["area"](1) == pytest.approx(6.2832, rel=1e-4)
    assert list(chapter_code.definitions(path)) == ["area", "other"]
    with pytest.raises(KeyError, match="does not define volume"):
        chapter_code.load(path, "volume")
    with pytest.raises(ValueError, match="area twice"):
        chapter_code.definitions(notebook(tmp_path, "def area(): pass", "def area(): return 1"))


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ('@register\ndef f(x: int, y=1) -> float:\n    """Add."""\n    return x + y  # the sum', True),
        ("def f(x, y = 1):\n    return (x + y)", True),
        ("def f(x, y=2):\n    return x + y", False),
        ("def f(x, y=1):\n    return y + x", False),
        ("def f(x, *, y=1):\n    return x + y", False),
        ("def f(x, y=1):\n    'A string that is a docstring.'\n    'and one that is not'\n    return x + y", False),
    ],
)
def test_equal_but_for_docstrings_annotations_and_decorators(tmp_path, other, equal):
    one = chapter_code.definitions(notebook(tmp_path, "def f(x, y=1):\n    return x + y"))["f"]
    two = chapter_code.definitions(notebook(tmp_path, other))["f"]
    assert (chapter_code.bare(one) == chapter_code.bare(two)) is equal


def test_methods_are_compared_too(tmp_path):
    one = 'class A:\n    """A."""\n\n    def f(self):\n        """F."""\n        return 1'
    two, three = "class A:\n    def f(self) -> int:\n        return 1", "class A:\n    def f(self):\n        return 2"
    nodes = [chapter_code.definitions(notebook(tmp_path, code))["A"] for code in (one, two, three)]
    texts = [chapter_code.bare(node) for node in nodes]
    assert texts[0] == texts[1] != texts[2]
