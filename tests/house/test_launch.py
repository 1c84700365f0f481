"""Opening a chapter anywhere: the setup cell, the book's address, and the links that follow from it."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from launching import CELL, URL, file_of, helpers, launch_links, run_setup, started

from helpers.places import ROOT
from tools.build import chapters, repository
from tools.check import colab_check

COLAB = "import types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"


@pytest.fixture
def origin(tmp_path):
    """The address of a small git repository with the book's marker in it."""
    folder = helpers(tmp_path / "working-tree")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (tmp_path / "origin").mkdir()
    return colab_check.snapshot(folder, tmp_path / "origin")


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


# ---- the setup cell


@pytest.mark.parametrize("below", ["", "book", "book/deeper/still"])
def test_the_clone_it_stands_in_is_used(tmp_path, below):
    clone = helpers(tmp_path / "a clone with spaces")
    (clone / below).mkdir(parents=True, exist_ok=True)
    assert started(run_setup(clone / below)) == clone


def test_an_editable_install_is_used(tmp_path, empty):
    book = helpers(tmp_path / "installed")
    assert started(run_setup(empty, before=f"sys.path.append({str(book)!r})\n")) == book
    # which needs this folder, and not an import hook, on the path of an editable install
    assert 'package-dir = { "" = "." }' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_another_package_called_helpers_is_not_taken(tmp_path, empty):
    other = helpers(tmp_path / "other", "VERSION = 'caf\xe9'\n")  # not even UTF-8
    first = f"sys.path.insert(0, {str(other)!r})\n"
    result = run_setup(empty, before=first)
    assert result.returncode and "This chapter needs the rest of the book" in result.stderr
    book = helpers(tmp_path / "book")
    assert started(run_setup(empty, before=first + f"sys.path.append({str(book)!r})\n")) == book


def test_another_package_called_helpers_that_is_loaded_is_put_aside(tmp_path):
    other, book = helpers(tmp_path / "other", ""), helpers(tmp_path / "book")
    first = f"sys.path.insert(0, {str(other)!r})\nimport helpers.device\n"
    assert started(run_setup(book, before=first)) == book


def test_a_second_run_keeps_what_is_loaded(tmp_path):
    book = helpers(tmp_path / "book")
    check = "import helpers\nassert helpers.note == 1\n"
    result = run_setup(book, after="import helpers\nhelpers.note = 1\n" + CELL + check)
    assert started(result) == book


@pytest.mark.parametrize("before", ["", COLAB])
def test_without_book_and_address_it_explains_itself(empty, before):
    result = run_setup(empty, before=before)
    assert result.returncode
    message = result.stderr.splitlines()[-1]
    assert "ModuleNotFoundError" in message and "address is not set" in message and "download" in message
    assert not list(empty.iterdir())


def test_outside_colab_nothing_is_fetched(empty, origin):
    result = run_setup(empty, address=origin)
    assert result.returncode and f"git clone {origin}" in result.stderr.splitlines()[-1]
    assert not list(empty.iterdir())


def test_on_colab_the_book_is_cloned_once(tmp_path, empty, origin):
    first = run_setup(empty, address=origin, before=COLAB)
    assert started(first) == empty / "digital-darkroom" and first.stderr == ""
    shutil.rmtree(tmp_path / "origin")
    again = run_setup(empty, address=origin, before=COLAB)
    assert started(again) == empty / "digital-darkroom" and again.stderr == ""


def test_on_colab_a_notebook_gets_the_book_of_its_own_version(tmp_path, empty, origin):
    """So a copy that somebody saved goes on running when modules have been renamed since."""
    git = ["git", "-C", str(tmp_path / "origin"), "-c", "user.name=check", "-c", "user.email=check@localhost"]
    version = re.search(r'^VERSION = "(v[\d.]+)"', CELL, re.MULTILINE)[1]
    subprocess.run([*git, "tag", version], check=True)
    (tmp_path / "origin/helpers/device.py").rename(tmp_path / "origin/helpers/machine.py")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "renamed"], check=True)
    assert started(run_setup(empty, address=origin, before=COLAB)) == empty / "digital-darkroom"
    for name in ("pyproject.toml", "CITATION.cff", "README.md", "book/licences.md"):
        assert version[1:] in (ROOT / name).read_text(encoding="utf-8"), name
    assert f"## {version[1:]}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_on_colab_a_clone_that_fails_is_explained(tmp_path, empty):
    result = run_setup(empty, address=(tmp_path / "nowhere").as_uri(), before=COLAB)
    assert result.returncode and "fatal:" in result.stderr  # git's own words
    assert "This chapter needs the rest of the book" in result.stderr.splitlines()[-1]


def test_the_cell_is_short_plain_python_of_the_standard_library():
    imports = [node for node in ast.walk(ast.parse(CELL)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = {getattr(node, "module", None) or node.names[0].name for node in imports}
    assert modules == {"pathlib", "subprocess", "sys", "helpers.device"}
    assert len(CELL.splitlines()) <= 40
    assert not re.search(r"\bpip\b|tensorflow|^[!%]", CELL, re.MULTILINE)  # Colab keeps its own


def write(path, *sources):
    """Write a notebook of code cells and return its path."""
    new = nbformat.v4
    nbformat.write(new.new_notebook(cells=[new.new_code_cell(source) for source in sources]), path)
    return path


def test_a_chapter_alone_as_on_colab(tmp_path):
    """A chapter with the real helpers and data, in a kernel, in an empty folder, cloned from this working tree."""
    (tmp_path / "clone").mkdir()
    address = colab_check.snapshot(ROOT, tmp_path / "clone")
    shown = "import helpers\nfrom helpers.data import load_mnist\n\nprint(helpers.__file__, load_mnist()[1][0].shape)"
    chapter = write(tmp_path / "chapter.ipynb", CELL, shown)
    path = colab_check.alone(chapter, tmp_path / "colab", address)
    assert colab_check.run(sys.executable, path, colab_check.stand_in(tmp_path / "stand-in")) == []
    output = "".join(json.loads(path.read_text())["cells"][1]["outputs"][0]["text"])
    assert output == f"{tmp_path / 'colab/digital-darkroom/helpers/__init__.py'} (10000, 28, 28)\n"


def test_a_failing_chapter_fails_the_colab_check(tmp_path):
    path = colab_check.alone(write(tmp_path / "chapter.ipynb", "1 / 0"), tmp_path / "colab", "")
    problems = colab_check.run(sys.executable, path, colab_check.stand_in(tmp_path / "stand-in"))
    assert len(problems) == 1 and "ZeroDivisionError" in problems[0]


# ---- the book's address


@pytest.mark.parametrize(
    "given", [URL, URL + "/", URL + ".git", f"  {URL}.git/ ", URL.replace("github.com", "GitHub.com")]
)
def test_addresses_are_brought_to_one_form(given):
    assert repository.normalise(given) == URL


@pytest.mark.parametrize(
    "given",
    [
        "http://github.com/a/b",
        "git@github.com:a/b.git",
        "https://github.com/a",
        "https://github.com/a/b/tree/main",
        "https://github.com.example.org/a/b",
        "https://user:secret@github.com/a/b",
        "https://github.com:443/a/b",
        "https://github.com/-a/b",
        "https://github.com/a/..",
        'https://github.com/a/b"c',
        "https://github.com/a/\\g<1>",
    ],
)
def test_other_addresses_are_refused(given):
    with pytest.raises(repository.AddressError, match=r"https://github.com/owner/name"):
        repository.normalise(given)


@pytest.mark.parametrize(
    ("repo", "site"), [("Some-One/Book", "some-one.github.io/Book/"), ("Me/me.github.io", "me.github.io/")]
)
def test_the_address_of_the_site_is_that_of_github_pages(repo, site):
    assert repository.pages_address(f"https://github.com/{repo}") == f"https://{site}"


@pytest.fixture
def tree(tmp_path):
    """A copy of everything that carries the address, with the address taken out."""
    copy = tmp_path / "tree"
    chapters.copy_book(ROOT, copy)  # _config.yml, _toc.yml, book/
    (copy / "tools/check").mkdir(parents=True)
    for name in ("README.md", "CITATION.cff", "tools/check/setup_cell.py"):
        shutil.copy(ROOT / name, copy / name)
    repository.apply(copy, "")
    return copy


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_address_goes_in_and_comes_out_byte_for_byte(tree):
    before = contents(tree)
    assert repository.apply(tree, "") == []
    changed = repository.apply(tree, URL + ".git")
    notebooks = [f"book/{path.name}" for path in (tree / "book").glob("*.ipynb")]
    assert sorted(changed) == sorted(
        ["_config.yml", "README.md", "CITATION.cff", "tools/check/setup_cell.py", *notebooks]
    )
    inside = contents(tree)
    assert repository.apply(tree, URL) == []
    repository.apply(tree, "https://github.com/another/name")
    assert not any(b"someone/a-book" in text for text in contents(tree).values())
    repository.apply(tree, URL)
    assert contents(tree) == inside
    repository.apply(tree, "")
    assert contents(tree) == before


def test_every_file_says_the_address_in_its_own_way(tree):
    repository.apply(tree, URL)
    config = yaml.safe_load((tree / "_config.yml").read_text(encoding="utf-8"))
    assert config["repository"] == {"url": URL, "branch": "main", "path_to_book": ""}
    assert set(config["launch_buttons"]) == {"notebook_interface", "binderhub_url", "colab_url"}
    assert all(config["html"][f"use_{name}_button"] for name in ("repository", "issues", "edit_page"))
    assert config["html"]["baseurl"] == "https://someone.github.io/a-book/"
    assert yaml.safe_load((tree / "CITATION.cff").read_text(encoding="utf-8"))["repository-code"] == URL
    source = (tree / "tools/check/setup_cell.py").read_text(encoding="utf-8").rstrip("\n")
    assert f'REPOSITORY = "{URL}"' in source
    for path in (tree / "book").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert source in ["".join(cell["source"]) for cell in cells], path.name
    repository.apply(tree, "")
    config = yaml.safe_load((tree / "_config.yml").read_text(encoding="utf-8"))
    keys = [*config, *config["html"]]
    assert not [key for key in keys if re.match(r"repository|launch_buttons|baseurl|use_.*_button", key)]
    assert "repository-code" not in (tree / "CITATION.cff").read_text(encoding="utf-8")
    assert launch_links((tree / "README.md").read_text(encoding="utf-8")) == []


def test_the_launch_links_of_the_readme_open_every_chapter(tree):
    repository.apply(tree, URL)
    text = (tree / "README.md").read_text(encoding="utf-8")
    links = launch_links(text)
    pages = sorted(f"book/{path.name}" for path in (ROOT / "book").glob("*.ipynb"))
    for host in ("https://colab", "https://mybinder"):
        assert sorted(file_of(link) for link in links if link.startswith(host)) == pages
    launch = text[text.index("<!-- >>> launch") : text.index("<!-- <<< launch")]
    assert "![" not in launch and "<img" not in launch  # nothing that another site has to draw


def test_a_missing_marker_is_named_and_nothing_is_written(tree):
    for name, marker in (
        ("_config.yml", "# >>> repository (written by make repository)"),
        ("README.md", "<!-- >>> launch"),
        ("book/02_encoder.ipynb", "REPOSITORY ="),
    ):
        whole = (tree / name).read_text(encoding="utf-8")
        (tree / name).write_text(whole.replace(marker, "gone"), encoding="utf-8")
        before = contents(tree)
        with pytest.raises(repository.AddressError, match=re.escape(name)):
            repository.apply(tree, URL)
        assert contents(tree) == before
        (tree / name).write_text(whole, encoding="utf-8")
    assert repository.apply(tree, URL)


def test_a_file_that_is_not_there_is_named_in_a_sentence(tree, monkeypatch, capsys):
    (tree / "CITATION.cff").unlink()
    monkeypatch.setattr(repository, "ROOT", tree)
    assert repository.main([URL]) == 1
    assert re.search(r"CITATION\.cff is missing\. Restore it with: git checkout", capsys.readouterr().err)


def test_this_tree_is_as_make_repository_leaves_it():
    address = re.search(r'^REPOSITORY = "(.*)"', CELL, re.MULTILINE)[1]
    stale = [
        name for name, text in repository.rewrite(ROOT, address).items()
        if (ROOT / name).read_bytes() != text.encode("utf-8")
    ]  # fmt: skip
    assert stale == [], f"run: make repository URL={address}"


def build(tree, out):
    """Build three pages of the book in `tree`, not executed; return the launch links of each page."""
    pages = ["book/index.ipynb", "book/02_encoder.ipynb", "book/licences.md"]  # front page, chapter, text
    first, *others = [page.partition(".")[0] for page in pages]
    contents = {"format": "jb-book", "root": first, "chapters": [{"file": page} for page in others]}
    (tree / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "-q", str(tree)]
    result = subprocess.run([*command, "--path-output", str(out)], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr  # warnings are of the links to pages left out
    html = {page: out / "_build/html" / Path(page).with_suffix(".html") for page in pages}
    return {page: launch_links(path.read_text(encoding="utf-8")) for page, path in html.items()}


def test_the_built_site_links_to_this_repository_or_to_none(tree, tmp_path):
    shutil.rmtree(tree / "book/data")  # not needed to build, and large
    assert not any(build(tree, tmp_path / "without").values())
    repository.apply(tree, URL)
    for page, links in build(tree, tmp_path / "with").items():
        assert {file_of(link) for link in links} == {page, ""}  # this page, and the repository as a whole
        assert (ROOT / page).is_file()
        hosts = {link.split("/")[2] for link in links if file_of(link) == page}
        launch = {"colab.research.google.com", "mybinder.org"} if page.endswith(".ipynb") else set()
        assert hosts == {"github.com"} | launch, page
