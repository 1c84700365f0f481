"""Execute chapters as tests: once, on a copy, with the network refused, solutions included.

A solution is a python block inside <details> in a Markdown cell. In the copy, solutions stand as code
cells at the end of their chapter, so that they run in its kernel and may use its names; once they have
run they are taken out again, and the copy is what the site is built from.
"""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat

from helpers.places import ROOT

WORK = ".tested"  # the copy that is executed: hidden from pytest and Sphinx, and not below _build, which nbmake ignores
OFFLINE = ROOT / "tests" / "offline"
DEAD_PROXY = "http://127.0.0.1:9"

ALONE = ["10_speed", "a1_your_machine"]  # chapters that measure time: they run with nothing beside them
LONGEST = ["06_training", "08_evaluation", "12_collapse", "15_faces", "16_melodies", "17_art"]
LONGEST += ["a2_larger_prints", "a3_your_pictures"]  # first: no core waits for one
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
ABREAST = ["-n", "2"]  # two at a time, for two cores; by pytest-xdist
# once more where a kernel could not start: too late on a busy machine, or another had just taken its port
AGAIN = ["--reruns=1", "--only-rerun=Kernel (didn't respond|died before replying)"]

LOGS = "DARKROOM_LOGS"  # the folder for what chapters read; the next name is that of tests/offline/sitecustomize.py
LOG = "DARKROOM_READS"

DETAILS = re.compile(r"<details\b[^>]*>(.*?)</details>", re.DOTALL)
FENCE = re.compile(r"^(`{3,})[ \t]*([^\n`]*)\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE)


def solutions(notebook, name="notebook"):
    """Return the code of every solution in a notebook, in order.

    Raises:
        ValueError: a <details> that does not end in its cell, or a block of Python by another name,
            which would not run.
    """
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        text, where = cell.source, f"{name}, cell {number}"
        if not text.count("<details") == text.count("</details>") == len(DETAILS.findall(text)):
            raise ValueError(f"{where}: <details> and </details> must stand in pairs, in one cell.")
        for inside in DETAILS.findall(text):
            blocks = FENCE.findall(inside)
            if inside.count("```") != 2 * len(blocks):
                raise ValueError(f"{where}: a code block in <details> is not closed, or is indented.")
            for _, language, code in blocks:
                language = language.strip()
                if language == "python":
                    found.append(f"# solution in {where}\n{code}")
                elif language.lower().lstrip("{").startswith(("py", "ipy")):
                    raise ValueError(f"{where}: write ```python, so that the solution runs, not ```{language}.")
    return found


def append_solutions(notebook, name):
    """Add the solutions to the end of a notebook, as marked code cells."""
    for i, code in enumerate(solutions(notebook, name)):
        cell = nbformat.v4.new_code_cell(code, id=f"solution-{i}", metadata={"solution": True})
        notebook.cells.append(cell)


def remove_solutions(notebook):
    """Take out what append_solutions added, and when each cell ran, which differs from run to run."""
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("solution")]
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)


def rewrite(path, change, *args):
    """Read a notebook, change it, write it back."""
    notebook = nbformat.read(path, 4)
    change(notebook, *args)
    nbformat.write(notebook, path)


def copy_book(root, work):
    """Copy what the site is built from to the folder `work`; return the copied chapters.

    The copy never executes: its outputs are those of the tests.
    """
    shutil.rmtree(work, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "checkpoints")
    shutil.copytree(root / "book", work / "book", ignore=ignored)
    shutil.copy(root / "_toc.yml", work)
    config = (root / "_config.yml").read_text(encoding="utf-8")
    config, found = re.subn(r"(?m)^(  execute_notebooks:).*", r'\1 "off"', config)
    if found != 1:
        raise ValueError("_config.yml should say execute_notebooks exactly once.")
    (work / "_config.yml").write_text(config, encoding="utf-8")
    return sorted((work / "book").glob("*.ipynb"))


def execute(chapters, report, abreast=False):
    """Execute notebooks in place, with their solutions, by nbmake; return pytest's exit code.

    Args:
        chapters: paths of the copies.
        report: where to write pytest's JUnit report; beside it, in NAME.reads, stands what each chapter read.
        abreast: two at a time, the longest first, with one thread each; otherwise one after the other.
    """
    if not chapters:
        raise ValueError("There is no chapter to execute.")
    for path in chapters:
        rewrite(path, append_solutions, path.stem)
        report.with_name(f"{path.stem}.reads").unlink(missing_ok=True)
    options = "--nbmake --overwrite -v --tb=short --instafail -p no:cacheprovider -p no:warnings".split()
    options += [*AGAIN, "-p", "tools.build.chapters"]
    if abreast:
        options += [*ABREAST, "--maxschedchunk=1"]  # in the order given
    command = [sys.executable, "-m", "pytest", *options, f"--rootdir={ROOT}", f"-c{ROOT / 'pyproject.toml'}"]
    command += [f"--junitxml={report}", *map(str, sorted(chapters, key=lambda path: path.stem not in LONGEST))]
    environment = offline(os.environ) | {LOGS: str(report.parent)} | (ONE_THREAD if abreast else {})
    try:
        return subprocess.run(command, cwd=ROOT, env=environment).returncode
    finally:
        for path in chapters:
            rewrite(path, remove_solutions)


def pytest_runtest_setup(item):
    """Tell the kernel of a chapter where to write what it reads; `execute` loads this module as a plugin of pytest."""
    os.environ[LOG] = os.path.join(os.environ[LOGS], f"{item.path.stem}.reads")


def offline(environment):
    """Return the environment in which chapters run: no network, none of the user's own settings."""
    environment = dict(environment)
    paths = [str(OFFLINE), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    for name in ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"):
        environment[name] = environment[name.upper()] = DEAD_PROXY
    environment["no_proxy"] = environment["NO_PROXY"] = "localhost,127.0.0.1,::1"
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, not another of that name
    for name in ("MPLBACKEND", "PYTHONPYCACHEPREFIX"):  # the latter would hide which modules are read
        environment.pop(name, None)
    return environment


def counts(report):
    """Return how many tests a JUnit report has: passed, failed, skipped."""
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    numbers = [[int(s.get(key)) for key in ("tests", "failures", "errors", "skipped")] for s in suites]
    tests, failures, errors, skipped = (sum(column) for column in zip(*numbers))
    return tests - failures - errors - skipped, failures + errors, skipped


def cases(report):
    """Return (chapter, entry) for each entry of a JUnit report; a second attempt has an entry of its own."""
    return [(Path(case.get("name")).stem, case) for case in ElementTree.parse(report).getroot().iter("testcase")]


def passed(report):
    """Return the names of the chapters that passed in a JUnit report."""
    bad = {name for name, case in cases(report) if {"failure", "error", "skipped"} & {part.tag for part in case}}
    return sorted({name for name, _ in cases(report)} - bad)


def times(report):
    """Return a dict from each chapter in a JUnit report to its seconds."""
    return {name: float(case.get("time")) for name, case in cases(report)}
