"""Executed chapters, kept in .executed and used again for as long as nothing that they were made from has changed.

A chapter is made from its code and solutions, the pins, the settings, the Python, and every file of the repository that
its kernel opened: modules, data, weights. What was opened is not guessed but written down while the chapter runs, by an
audit hook (tests/offline/sitecustomize.py). Prose is not among it: outputs are put into the chapter as it is now.

What no hook sees: files that compiled code opens by itself, and a question whether a file exists.
"""

import hashlib
import importlib.util
import json
import os
import platform
import time
from pathlib import Path

import nbformat
import yaml

from helpers.places import ROOT
from tools.build import chapters

KEPT = ".executed"
ALWAYS = ["requirements.txt", "constraints.txt", "tools/build/chapters.py", "tests/offline/sitecustomize.py"]


def read_by(log, root=ROOT):
    """Return what of the repository the kernels of a log read: files, and with a stroke at the end folders listed.

    Left out is what the kernels wrote before they read it, and what lies outside. A compiled module counts as its
    source, a file in the copy that is executed as the one that it was copied from.
    """
    found, written = {}, set()
    for line in Path(log).read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        kind, _, place = line.partition(" ")
        if place.endswith(".pyc"):
            place = importlib.util.source_from_cache(place) if "__pycache__" in place else place
        for base in (root / chapters.WORK, root):
            if Path(place).is_relative_to(base):
                name = Path(place).relative_to(base).as_posix() + "/" * (kind == "listed")
                if kind == "wrote":
                    written.add(name)
                elif name not in written and not name.startswith((".", "_build/")) and ".egg-info/" not in name:
                    found[name] = None
                break
    return list(found)


def digest(what):
    """Return the SHA-256 of bytes or of a text."""
    return hashlib.sha256(what if isinstance(what, bytes) else what.encode("utf-8")).hexdigest()


def digest_of(name, root=ROOT):
    """Return the digest of a file, or of the names in a folder, less hidden ones; nothing if it is not there."""
    path = root / name
    if name.endswith("/") and path.is_dir():
        return digest("\n".join(sorted(each for each in os.listdir(path) if not each.startswith((".", "__pycache__")))))
    return digest(path.read_bytes()) if path.is_file() else None


def code_of(chapter):
    """Return a dict that identifies what of a notebook is executed: its code, tags that steer it, and solutions."""
    notebook = nbformat.read(chapter, 4)
    steering = {"raises-exception", "skip-execution"}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code = [[cell.source, sorted(steering & set(cell.metadata.get("tags", [])))] for cell in cells]
    solutions = chapters.solutions(notebook, chapter.stem)  # the first line of each says where it stands
    return {
        "its code": digest(json.dumps(code)),
        "its solutions": digest(json.dumps([code.partition("\n")[2] for code in solutions])),
    }


def made_from(chapter, reads, root=ROOT):
    """Return a dict from all that a chapter is made from to what identifies it.

    Args:
        chapter: path of the notebook, of which only code, solutions and tags that steer the execution count.
        reads: files and folders that its kernel read, see `read_by`.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    execute = {name: value for name, value in config["execute"].items() if name != "execute_notebooks"}
    return {
        **code_of(chapter),
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", ""),
        "execute in _config.yml": digest(json.dumps(execute)),
        **{name: digest_of(name, root) for name in [*ALWAYS, *reads]},
    }


def record_of(name, root=ROOT):
    """Return what a kept chapter was made from; nothing if none is kept, or not whole."""
    try:
        record = json.loads((root / KEPT / f"{name}.json").read_text(encoding="utf-8"))
        whole = digest_of(f"{KEPT}/{name}.ipynb", root) == record["executed"]
        return record["made from"] if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def why_again(chapter, root=ROOT):
    """Return why a chapter has to be executed, or nothing if the kept one will do."""
    record = record_of(chapter.stem, root)
    if record is None:
        return "it is not kept"
    now = made_from(chapter, [], root)
    for name, was in record.items():
        if (now[name] if name in now else digest_of(name, root)) != was:
            return f"{name} changed"
    return next((f"{name} counts now" for name in now if name not in record), "")


def keep(chapter, log, started, root=ROOT):
    """Keep an executed chapter, without its solutions; return why it is not kept, or nothing if it is.

    Args:
        chapter: path of the executed copy.
        log: what the audit hook wrote while it ran.
        started: time before it was copied, in seconds since 1970: what changed since then may have been read as it was.
    """
    if not Path(log).exists():
        return "nobody wrote down what it read"
    if any(cell.execution_count is None for cell in nbformat.read(chapter, 4).cells if cell.cell_type == "code"):
        return "not every cell of it ran"
    names = read_by(log, root)
    for name in [*ALWAYS, *names, "_config.yml"]:
        if (root / name).is_file() and started <= (root / name).stat().st_mtime <= time.time():
            return f"{name} changed while it ran"
    executed, record = chapter.read_bytes(), made_from(chapter, names, root)
    (root / KEPT).mkdir(exist_ok=True)
    (root / KEPT / chapter.name).write_bytes(executed)
    text = json.dumps({"executed": digest(executed), "made from": record}, indent=1)
    (root / KEPT / f"{chapter.stem}.json").write_text(text + "\n", encoding="utf-8")
    return ""


def put_outputs(chapter, root=ROOT):
    """Give a chapter, as it is now, the outputs of its kept execution."""
    notebook, kept = nbformat.read(chapter, 4), nbformat.read(root / KEPT / chapter.name, 4)
    ours, theirs = [[cell for cell in each.cells if cell.cell_type == "code"] for each in (notebook, kept)]
    for cell, source in zip(ours, theirs, strict=True):
        cell.outputs, cell.execution_count = source.outputs, source.execution_count
    for name in ("language_info", "widgets"):  # what the kernel says of itself, and the state of ipywidgets
        if name in kept.metadata:
            notebook.metadata[name] = kept.metadata[name]
    nbformat.write(notebook, chapter)


def sort_out(copies, fresh=False, root=ROOT):
    """Give every copy whose kept execution will do its outputs; return the others, each with the reason.

    Args:
        copies: paths of chapters.
        fresh: whether to use nothing that is kept.
    """
    again = {path: "all are wanted fresh" if fresh else why_again(path, root) for path in copies}
    for path in [path for path, reason in again.items() if not reason]:
        put_outputs(path, root)
    return {path: reason for path, reason in again.items() if reason}
