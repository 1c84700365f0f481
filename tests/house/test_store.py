"""Kept executions of chapters: used again when nothing has changed that they were made from, and only then."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time

import nbformat
import pytest

from tools.build import chapters, store

CONFIG = "title: A toy\nexecute:\n  execute_notebooks: cache\n  timeout: 900\n"
SOLUTION = "<details><summary>Solution</summary>\n\n```python\nassert half\n```\n\n</details>\n"


def notebook(prose="# One", code="half = 1 / 2\nhalf", solution=SOLUTION, tags=()):
    new = nbformat.v4
    cells = [new.new_markdown_cell(prose), new.new_code_cell(code, metadata={"tags": list(tags)})]
    return new.new_notebook(cells=[*cells, new.new_markdown_cell(solution)])


# ---- what a process reads


def test_what_a_process_reads_is_written_down(root, tmp_path):
    for name, text in {
        "helpers/__init__.py": "",
        "helpers/a.py": "from helpers import b",
        "helpers/b.py": "",
        "helpers/unused.py": "",
        "book/data/x.txt": "",
        "book/data/of_a_child.txt": "",
        "book/data/unread.txt": "",
        ".tested/book/data/y.txt": "",
        ".git/HEAD": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    code = """
        import os, pathlib, subprocess, sys
        import helpers.a
        open("book/data/x.txt").close()
        pathlib.Path(".tested/book/data/y.txt").read_bytes()
        pathlib.Path(".git/HEAD").read_bytes()
        os.listdir("book/data")
        with open("written.txt", "w") as file:
            file.write("new")
        open("written.txt").close()
        try:
            open("book/data/absent.txt")
        except FileNotFoundError:
            pass
        subprocess.run([sys.executable, "-c", "open('book/data/of_a_child.txt')"], check=True)
    """
    for run in ("from source", "compiled"):
        log = tmp_path / f"{run}.reads"
        environment = chapters.offline(os.environ) | {chapters.LOG: str(log)}
        environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, env=environment, check=True)
        data = {f"book/data/{name}" for name in ("", "x.txt", "y.txt", "absent.txt", "of_a_child.txt")}
        modules = {f"helpers/{name}.py" for name in ("__init__", "a", "b")}
        assert set(store.read_by(log, tmp_path)) == data | modules, run
    assert list((tmp_path / "helpers/__pycache__").glob("b.*"))  # so that the second run did read compiled files


# ---- when a kept execution will do


@pytest.fixture
def book(tmp_path):
    """A book of one chapter that has been executed and kept; the chapter read a module, a data file and a folder."""
    files = {name: f"of {name}" for name in [*store.ALWAYS, "helpers/a.py", "helpers/other.py", "book/data/x.npz"]}
    for name, text in {**files, "_config.yml": CONFIG}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (1, 1))
    os.utime(tmp_path / "book/data", (1, 1))
    copy = tmp_path / chapters.WORK / "book/01_one.ipynb"
    copy.parent.mkdir(parents=True)
    executed = notebook()
    executed.cells[1].outputs = [nbformat.v4.new_output("stream", text="0.5")]
    executed.cells[1].execution_count = 1
    executed.metadata["widgets"] = {"state": {}}
    nbformat.write(executed, copy)
    reads = {"helpers/a.py": "read", "book/data/x.npz": "read", "book/data": "listed"}
    log = tmp_path / "01_one.reads"
    log.write_text("".join(f"{kind} {tmp_path / name}\n" for name, kind in reads.items()))
    assert store.keep(copy, log, time.time(), tmp_path) == ""
    return tmp_path, copy


def change(name):
    return lambda root, _: (root / name).write_text("changed")


def edit(**what):
    return lambda _, copy: nbformat.write(notebook(**what), copy)


def spoil(name, text):
    return lambda root, _: (root / store.KEPT / name).write_text(text)


def more_prose(_, copy):
    page = notebook()
    page.cells.insert(0, nbformat.v4.new_markdown_cell("Before all."))
    nbformat.write(page, copy)


EDITS = {  # what is done, why the chapter is executed again
    "nothing": (lambda root, copy: None, ""),
    "prose": (edit(prose="# The first\n\nLonger."), ""),
    "prose of a solution": (edit(solution=SOLUTION.replace("\n\n```p", "\n\nTry it:\n\n```p")), ""),
    "a cell of prose more": (more_prose, ""),
    "a hidden file more in a folder": (change("book/data/.x.swp"), ""),
    "a tag for the page": (edit(tags=["hide-input"]), ""),
    "a module that it does not read": (change("helpers/other.py"), ""),
    "how the plain build executes": (lambda r, _: (r / "_config.yml").write_text(CONFIG.replace("cache", "off")), ""),
    "code": (edit(code="half = 0.5\nhalf"), "its code changed"),
    "a tag that steers": (edit(tags=["raises-exception"]), "its code changed"),
    "a solution": (edit(solution=SOLUTION.replace("half", "half == 0.5")), "its solutions changed"),
    "a module": (change("helpers/a.py"), "helpers/a.py changed"),
    "a module that is gone": (lambda root, _: (root / "helpers/a.py").unlink(), "helpers/a.py changed"),
    "data": (change("book/data/x.npz"), "book/data/x.npz changed"),
    "a file more in a folder": (change("book/data/y.npz"), "book/data/ changed"),
    "the time limit": (
        lambda root, _: (root / "_config.yml").write_text(CONFIG.replace("900", "90")),
        "execute in _config.yml changed",
    ),
    **{name: (change(name), f"{name} changed") for name in store.ALWAYS},
    "the kept execution is not whole": (spoil("01_one.ipynb", "{"), "it is not kept"),
    "the record is of another form": (spoil("01_one.json", "{}"), "it is not kept"),
    "nothing is kept": (lambda root, _: shutil.rmtree(root / store.KEPT), "it is not kept"),
}


@pytest.mark.parametrize("what, reason", EDITS.values(), ids=EDITS)
def test_what_is_executed_again_and_why(book, what, reason):
    root, copy = book
    what(root, copy)
    assert store.why_again(copy, root) == reason


def test_another_python_or_backend_executes_again(book, monkeypatch):
    root, copy = book
    with monkeypatch.context() as patched:
        patched.setattr(store.platform, "python_version", lambda: "3.12.0")
        assert store.why_again(copy, root) == "Python changed"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert store.why_again(copy, root) == "KERAS_BACKEND changed"


def test_new_prose_gets_the_kept_outputs(book):
    root, copy = book
    edit(prose="# New words")(root, copy)
    assert store.sort_out([copy], root=root) == {}
    page = nbformat.read(copy, 4)
    assert page.cells[0].source == "# New words" and page.cells[1].outputs[0].text == "0.5"
    assert page.cells[1].execution_count == 1 and page.metadata.widgets == {"state": {}}


def test_fresh_uses_nothing_that_is_kept(book):
    root, copy = book
    edit()(root, copy)
    assert store.sort_out([copy], fresh=True, root=root) == {copy: "all are wanted fresh"}
    assert nbformat.read(copy, 4).cells[1].outputs == []


@pytest.mark.parametrize("name", ["helpers/a.py", "constraints.txt", "_config.yml"])
def test_what_changes_while_a_chapter_runs_is_not_trusted(book, name):
    root, copy = book
    shutil.rmtree(root / store.KEPT)
    os.utime(root / name)
    assert store.keep(copy, root / "01_one.reads", 2, root) == f"{name} changed while it ran"
    assert store.why_again(copy, root) == "it is not kept"


def test_a_chapter_that_did_not_run_or_that_nobody_watched_is_not_kept(book):
    root, copy = book
    assert store.keep(copy, root / "other.reads", time.time(), root) == "nobody wrote down what it read"
    edit()(root, copy)
    assert store.keep(copy, root / "01_one.reads", time.time(), root) == "not every cell of it ran"


def test_what_counts_since_a_later_version_executes_again(book, monkeypatch):
    root, copy = book
    monkeypatch.setattr(store, "ALWAYS", [*store.ALWAYS, "later.txt"])
    assert store.why_again(copy, root) == "later.txt counts now"


# ---- the whole way, in kernels


@pytest.fixture
def toy(root, tmp_path):
    """A book of two chapters with the house's own tools; the second reads a module and a data file."""
    tools = [f"tools/build/{name}.py" for name in ("chapters", "store", "concern", "pipeline", "imports")]
    pins = ["pyproject.toml", "requirements.txt", "constraints.txt"]
    for name in [*tools, *pins, "helpers/places.py", "tests/offline/sitecustomize.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    two = "import sys\nsys.path.insert(0, '../..')\nfrom helpers.a import WORD\nprint(WORD, open('data/x.txt').read())"
    texts = {"_config.yml": CONFIG, "_toc.yml": "", "helpers/__init__.py": "", "book/data/x.txt": "1"}
    texts["helpers/a.py"] = "WORD = 'negative'"
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    nbformat.write(notebook(), tmp_path / "book/01_one.ipynb")
    nbformat.write(notebook(code=f"half = 1\n{two}"), tmp_path / "book/02_two.ipynb")
    return tmp_path


def executed(toy, **environment):
    """Execute what is stale; return the verdict, the names of the chapters that ran, and what the second printed."""
    environment = {**os.environ, "PYTHONPATH": str(toy), "CI": "", "FRESH": "", **environment}
    command = [sys.executable, "-c", "import sys; from tools.build import pipeline; sys.exit(not pipeline.execute())"]
    done = subprocess.run(command, cwd=toy, env=environment, capture_output=True, text=True)
    ran = [name for name in ("01_one", "02_two") if f"{name} is executed: " in done.stdout]
    outputs = nbformat.read(toy / ".tested/book/02_two.ipynb", 4).cells[1].outputs
    return done.returncode, ran, outputs[-1].get("text") if outputs else None


def test_each_edit_executes_the_chapters_concerned_and_no_other(toy):
    time.sleep(0.05)  # else the files just written might have changed while the chapters ran
    assert executed(toy) == (0, ["01_one", "02_two"], "negative 1\n")
    record = json.loads((toy / ".executed/02_two.json").read_text())["made from"]
    assert {"helpers/a.py", "book/data/x.txt"} < set(record)
    nbformat.write(notebook(prose="# Other words"), toy / "book/01_one.ipynb")
    assert executed(toy) == (0, [], "negative 1\n")
    (toy / "helpers/a.py").write_text("WORD = 'print'")
    time.sleep(0.05)
    assert executed(toy) == (0, ["02_two"], "print 1\n")
    (toy / "book/data/x.txt").write_text("2")
    assert executed(toy)[1:] == (["02_two"], "print 2\n")
    assert executed(toy, FRESH="1")[:2] == (0, ["01_one", "02_two"])
