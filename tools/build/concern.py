"""What a change concerns: the tests and the pages to look at again since everything was last green.

A test file is concerned by a Python file that it imports, however indirectly, and by any other file whose name, or a
pattern that fits it, stands in the test's own text or in that of a module that it imports. That errs on the safe side.
`make test` and `make check` remember what was green in .executed; `make test` runs every unit test all the same.
"""

import json
import re
import subprocess
from pathlib import Path

from helpers.places import ROOT
from tools.build import store
from tools.build.imports import modules, text_of

# what concerns every test
ALL = re.compile(r"^tests/(conftest|machine)\.py$|^(pyproject\.toml|constraints\.txt|requirements\.txt)$")
UNCHANGED = "DARKROOM_UNCHANGED_PAGES"  # what tests/built/conftest.py leaves out


def state(root=ROOT):
    """Return a dict from each file of the repository, new ones included, to its digest; an empty one without git."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):  # no git, or a folder that was downloaded
        return {}
    return {name: store.digest_of(name, root) for name in names if (root / name).is_file()}


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
    """Return whether a change of the file `name` concerns a test file, `files` being the modules that it imports."""
    path, stems = Path(name), {file.stem for file in files}
    if root / path in files or "ls-files" in text_of(test):
        return True
    if name.startswith("helpers/") and "chapter_code" in stems:  # it runs code of any chapter
        return True
    if name.startswith("book/weights/") and "weights" in stems:  # by the names in the manifest
        return True
    words = [path.name] + [f"*{path.suffix}"] * bool(path.suffix) + [path.stem] * (path.suffix in (".ipynb", ".npz"))
    own = [text_of(file) for file in files if file.relative_to(root).parts[0] != "helpers"]
    helpers = [text_of(file) for file in files if file.relative_to(root).parts[0] == "helpers"]
    return any(word in text for word in words for text in own) or any(path.name in text for text in helpers)


def pages(site, root=ROOT):
    """Return a dict from each page of a built site to its digest, "beside" being what counts for all of them."""
    found = {path.relative_to(site).as_posix(): store.digest(path.read_bytes()) for path in site.rglob("*.html")}
    parts = sorted(path for path in (site / "_static").rglob("*") if path.is_file())
    parts += [root / "constraints.txt", *(root / f"tests/{name}.py" for name in ("conftest", "machine", "living_code"))]
    parts += sorted((root / "tests/built").glob("*.py"))
    return found | {"beside": store.digest("".join(store.digest(path.read_bytes()) for path in parts))}


def unchanged_pages(now, was):
    """Return the pages that were in order and are as they were, with all that counts for them."""
    if now["beside"] != was.get("beside"):
        return []
    return sorted(page for page in now if page != "beside" and now[page] == was.get(page))
