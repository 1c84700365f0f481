"""What a change concerns: the tests and the pages to look at again since everything was last green.

A test file is concerned by a Python file that it imports, however indirectly, and by any other file whose name, or a
pattern that fits it, stands in the test's own text or in that of a module that it imports. That errs on the safe side.
A pattern for notebooks or modules counts where it is near: in a test, or in a tool that a test imports itself. What
sees nothing of a notebook but its code is concerned by its code alone.
`make test` and `make check` remember what was green in .executed; `make test` runs every unit test all the same.
"""

import contextlib
import functools
import json
import re
import subprocess
from pathlib import Path

import nbformat

from helpers.places import ROOT
from tools.build import store
from tools.build.imports import imported_by, modules, text_of

# what concerns every test
ALL = re.compile(r"^tests/(conftest|machine)\.py$|^(pyproject\.toml|constraints\.txt|requirements\.txt)$")
CODE = "code of "  # before a notebook's name: what of it is executed
SEES_CODE = {"chapter_code.py", "living_code.py"}  # and no prose
SEES_NOTHING = {"chapters.py", "concern.py", "imports.py"}  # they take a book as it comes
COMPUTED = "what scripts compute"
UNCHANGED = "DARKROOM_UNCHANGED_PAGES"  # what tests/built/conftest.py leaves out


def repository_files(root=ROOT):
    """Return the names of the files of the repository, new ones included, in order; none without git."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # no git, or a folder that was downloaded
        return []
    return [name for name in names if (root / name).is_file()]


def state(root=ROOT):
    """Return a dict that identifies each file of the repository, and of each notebook what is executed."""
    found = {name: store.digest_of(name, root) for name in repository_files(root)}
    for name in [name for name in found if name.endswith(".ipynb")]:
        with contextlib.suppress(ValueError):  # what cannot be read is whole, and new
            found[CODE + name] = store.digest(json.dumps(store.code_of(root / name)))
    return found


def recall(what, root=ROOT):
    """Return what `remember` wrote under that name; nothing if it is not there, or not whole."""
    try:
        return json.loads((root / store.KEPT / f"{what}.green").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def remember(what, value, root=ROOT):
    """Write down a dict that describes something which has just been found in order."""
    (root / store.KEPT).mkdir(exist_ok=True)
    (root / store.KEPT / f"{what}.green").write_text(json.dumps(value), encoding="utf-8")


def changed(now, was):
    """Return the names that differ between two dicts, those that only one of them has included."""
    return sorted(name for name in now.keys() | was.keys() if now.get(name) != was.get(name))


def unit_tests(root=ROOT):
    """Return the files of all unit tests, in order."""
    return sorted(path for path in (root / "tests").rglob("test_*.py") if "built" not in path.parts)


def tests(changes, root=ROOT):
    """Return the unit test files that changes concern, in order.

    Args:
        changes: names of files that have changed; None if nobody knows, which concerns every test.
    """
    every = unit_tests(root)
    if changes is None or any(ALL.search(name) for name in changes):
        return every
    known = {test: modules(test, root) for test in every}
    return [test for test in every if any(concerns(name, test, known[test], root) for name in changes)]


def concerns(name, test, files, root=ROOT):
    """Return whether a change of `name`, a file or what is executed of a notebook, concerns a test file.

    Args:
        files: the modules that the test imports.
    """
    path, stems = Path(name.removeprefix(CODE)), {file.stem for file in files}
    if root / path in files or "ls-files" in text_of(test):
        return True
    beside = [file for file in near(test, root) if file.name not in SEES_NOTHING]
    if path.suffix == ".ipynb":
        return any(names(file, path) for file in beside if (file.name in SEES_CODE) == name.startswith(CODE))
    if name.startswith("helpers/") and "chapter_code" in stems:  # it runs code of the chapters that it names
        run = [each for each in (root / "book").glob("*.ipynb") if any(names(file, each) for file in beside)]
        if any(root / path in modules_of(each, root) for each in run):
            return True
    if name.startswith("book/weights/") and "weights" in stems:  # by the names in the manifest
        return True
    words = [path.name] + [f"*{path.suffix}"] * bool(path.suffix) + [path.stem] * (path.suffix == ".npz")
    if path.suffix == ".py":
        return any(word in text_of(file) for word in words for file in beside)
    own = [text_of(file) for file in files if file.relative_to(root).parts[0] != "helpers"]
    helpers = [text_of(file) for file in files if file.relative_to(root).parts[0] == "helpers"]
    return any(word in text for word in words for text in own) or any(path.name in text for text in helpers)


def names(file, notebook):
    """Return whether a notebook's name, or the pattern for all notebooks, stands in a file."""
    name = notebook.stem if "_" in notebook.stem else notebook.name  # "index" and "bench" are words, too
    return name in text_of(file) or "*.ipynb" in text_of(file)


@functools.cache
def modules_of(notebook, root=ROOT):
    """Return the files of the house that the code of a notebook imports, directly or not."""
    cells = nbformat.read(notebook, 4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return set().union(*(modules(path, root) for path in imported_by(code, root)))


@functools.cache
def near(test, root=ROOT):
    """Return the files of tests and tools that a test, or a module beside it, imports itself; the test's own too."""
    found, ahead = set(), {test}
    while ahead:
        found |= ahead
        tests = [file for file in ahead if (root / "tests") in file.parents]
        ahead = set().union(*(imported_by(text_of(file), root) for file in tests)) - found
    return {file for file in found if (root / "helpers") not in file.parents}


def pages(site, root=ROOT):
    """Return a dict from each page of a built site to its digest, with two more entries.

    "beside" is what counts for all of them, COMPUTED what counts for tests that look at no page: they hold a script's
    results against those of helpers.
    """
    found = {path.relative_to(site).as_posix(): store.digest(path.read_bytes()) for path in site.rglob("*.html")}
    parts = sorted(path for path in (site / "_static").rglob("*") if path.is_file())
    parts += [root / "constraints.txt", *(root / f"tests/{name}.py" for name in ("conftest", "machine", "living_code"))]
    parts += sorted((root / "tests/built").glob("*.py"))
    other = [path for where in ("helpers", "book/data", "book/weights") for path in sorted((root / where).rglob("*"))]
    computed = [path for path in other if path.is_file() and path.suffix != ".pyc"]
    for name, files in (("beside", parts), (COMPUTED, computed)):
        found[name] = store.digest("".join(store.digest(path.read_bytes()) for path in files))
    return found


def unchanged_pages(now, was):
    """Return the pages that were in order and are as they were, with all that counts for them."""
    if now["beside"] != was.get("beside"):
        return []
    return sorted(page for page in now if page != "beside" and now[page] == was.get(page))
