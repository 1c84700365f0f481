"""What a change concerns: no test and no page too few."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from tools.build import concern


def stems(*changes):
    return [path.stem for path in concern.tests(changes)]


@pytest.mark.parametrize(
    "change, among, not_among",
    [
        ("helpers/world/tunes.py", ["test_tunes", "test_living"], ["test_portraits", "test_photo"]),
        ("helpers/losses.py", ["test_maths", "test_training", "test_faces"], ["test_portraits", "test_vendor"]),
        ("tests/book/test_art.py", ["test_art"], ["test_portraits", "test_tunes"]),
        ("tests/chapter_code.py", ["test_chapters", "test_protocol"], ["test_portraits"]),
        (
            "book/03_decoder.ipynb",
            ["test_notebook_checks", "test_chapters", "test_repo", "test_loss_claims", "test_claims", "test_notation"],
            ["test_portraits", "test_photo", "test_troubleshooting", "test_runs", "test_store", "test_living"],
        ),
        ("code of book/03_decoder.ipynb", ["test_living"], ["test_store", "test_protocol", "test_troubleshooting"]),
        (
            "book/12_collapse.ipynb",
            ["test_collapse", "test_cheatsheet", "test_runs"],
            ["test_protocol", "test_troubleshooting"],
        ),
        ("helpers/speed.py", ["test_benchmarks", "test_exercises"], ["test_protocol", "test_launch", "test_store"]),
        ("helpers/plots/charts.py", ["test_plots", "test_runs", "test_chapters"], ["test_launch"]),
        ("book/troubleshooting.md", ["test_troubleshooting", "test_repo"], ["test_portraits"]),
        ("book/data/chorales.npz", ["test_tunes"], ["test_portraits"]),
        ("book/data/mnist.npz", ["test_data", "test_training"], ["test_portraits"]),
        ("tools/check/setup_cell.py", ["test_launch", "test_repo"], ["test_portraits"]),
        ("_config.yml", ["test_pipeline"], ["test_portraits"]),
    ],
)
def test_an_edit_concerns_the_tests_that_may_see_it(change, among, not_among):
    found = stems(change)
    assert set(among) <= set(found) and not set(not_among) & set(found), found


@pytest.mark.parametrize("change", ["tests/conftest.py", "tests/machine.py", "constraints.txt", "pyproject.toml"])
def test_what_concerns_every_test(root, change):
    assert stems(change) == [path.stem for path in concern.unit_tests()]


def test_no_change_concerns_no_test():
    assert stems() == []


def test_every_file_of_the_repository_concerns_a_test(root):
    helpers = [
        name for name in concern.repository_files() if name.startswith("helpers/") and name != "helpers/__init__.py"
    ]
    assert len(helpers) > 20
    assert [name for name in helpers if not stems(name)] == []


def test_without_git_every_test_is_concerned(root, tmp_path):
    assert concern.state(tmp_path) == {}
    assert concern.tests(None) == concern.unit_tests()


def test_changes_are_seen_since_everything_was_green(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "gone.py").write_text("1")
    (tmp_path / ".gitignore").write_text(".executed/\n_build/\n")
    (tmp_path / "_build").mkdir()
    (tmp_path / "_build/x").write_text("1")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    now = concern.state(tmp_path)
    assert set(now) == {"a.py", "gone.py", ".gitignore"}
    assert concern.changed(now, concern.recall("files", tmp_path)) == sorted(now)  # nothing was ever green
    concern.remember("files", now, tmp_path)
    assert concern.changed(concern.state(tmp_path), concern.recall("files", tmp_path)) == []
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new.md").write_text("")
    assert concern.changed(concern.state(tmp_path), concern.recall("files", tmp_path)) == ["a.py", "gone.py", "new.md"]
    (tmp_path / ".executed/files.green").write_text("{")
    assert concern.recall("files", tmp_path) == {}


def test_prose_and_code_of_a_notebook_are_told_apart(tmp_path):
    path = tmp_path / "a.ipynb"
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("Once"), v4.new_code_cell("x = 1")])
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    def state():
        nbformat.write(notebook, path)
        return concern.state(tmp_path)

    was = state()
    notebook.cells[0].source = "Twice"
    assert concern.changed(state(), was) == ["a.ipynb"]
    notebook.cells[0].source = "<details>\n\n```python\nx = 2\n```\n\n</details>"
    assert concern.changed(state(), was) == ["a.ipynb", "code of a.ipynb"]
    notebook.cells[:] = [v4.new_markdown_cell("Once"), v4.new_code_cell("x = 2")]
    assert concern.changed(state(), was) == ["a.ipynb", "code of a.ipynb"]
    path.write_text("{")
    assert concern.changed(concern.state(tmp_path), was) == ["a.ipynb", "code of a.ipynb"]


def test_pages_are_checked_again_when_they_or_what_they_share_changed(tmp_path):
    site = tmp_path / "site"
    for name in ("book/a.html", "book/b.html", "_static/book.css", "../tests/built/test_x.py", "../constraints.txt"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)
    for name in ("tests/conftest.py", "tests/machine.py", "tests/living_code.py"):
        (tmp_path / name).write_text("")
    was = concern.pages(site, tmp_path)
    assert concern.unchanged_pages(was, {}) == []
    assert concern.unchanged_pages(was, was) == ["book/a.html", "book/b.html", concern.COMPUTED]
    (site / "book/a.html").write_text("new")
    assert concern.unchanged_pages(concern.pages(site, tmp_path), was) == ["book/b.html", concern.COMPUTED]
    for name in ("helpers/losses.py", "book/data/digits.npz", "book/weights/one.npz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
        assert concern.unchanged_pages(concern.pages(site, tmp_path), was) == ["book/b.html"], name
        (tmp_path / name).unlink()
    for name in ("site/_static/book.css", "tests/built/test_x.py", "constraints.txt"):
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text("new")
        assert concern.unchanged_pages(concern.pages(site, tmp_path), was) == [], name
        (tmp_path / name).write_text(text)


PAGES = """
import pytest
HOME = {"wheel": "book/b.html"}
@pytest.mark.parametrize("path", ["book/a.html", "book/b.html"])
def test_page(path): pass
@pytest.mark.parametrize("name", ["wheel", "unknown"])
def test_widget(name): pass
@pytest.mark.parametrize("width", [360])
def test_site(width): pass
@pytest.fixture
def blank(): pass
def test_scripts(blank): pass
"""
OF_ONE_PAGE = """
LOOKS_AT = ["book/{page}.html"]
def test_button(): pass
"""


def test_tests_of_unchanged_pages_are_left_out_and_counted_apart(root, tmp_path):
    (tmp_path / "conftest.py").write_text((root / "tests/built/conftest.py").read_text(encoding="utf-8"))
    (tmp_path / "test_pages.py").write_text(PAGES)
    for page in "ab":
        (tmp_path / f"test_{page}.py").write_text(OF_ONE_PAGE.format(page=page))
    paths = os.pathsep.join([str(root), str(root / "tests"), str(root / "tests/built")])
    environment = {**os.environ, "PYTHONPATH": paths, concern.UNCHANGED: json.dumps(["book/b.html", concern.COMPUTED])}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert "4 passed, 4 deselected" in done.stdout, done.stdout + done.stderr
    assert all(f"{each}] PASSED" in done.stdout for each in ("test_page[book/a.html", "widget[unknown", "site[360"))
    assert "test_a.py::test_button PASSED" in done.stdout
