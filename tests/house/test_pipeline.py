"""The tools behind make: do they run what they should, and fail when they should?"""

import ast
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import machine
import nbformat
import psutil
import pytest
import yaml

from tools import bootstrap
from tools.build import chapters, concern, pipeline


def notebook(*cells):
    """Return a notebook; cells that begin with a bar are Markdown."""
    new = nbformat.v4
    made = [new.new_markdown_cell(c[1:]) if c.startswith("|") else new.new_code_cell(c) for c in cells]
    return new.new_notebook(cells=made, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def folded(code, fence="python"):
    """Return a Markdown cell with a folded solution."""
    return f"|<details><summary>Solution</summary>\n\nTry it:\n\n```{fence}\n{code}\n```\n\n</details>\n"


def python(code, cwd=None, **environment):
    """Run code in a Python of its own; return exit code, output and errors."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


# --- solutions


def test_only_python_blocks_inside_details_are_solutions():
    shown = "|```python\nraise SystemExit\n```"
    two = folded("a = 1").replace("</details>", "```text\nno code\n```\n\n```python\nb = a\n```\n</details>")
    found = chapters.solutions(notebook(shown, "x = 1", two, folded("c = 3")))
    assert [code.partition("\n")[2] for code in found] == ["a = 1\n", "b = a\n", "c = 3\n"]
    assert "cell 2" in found[0] and "cell 3" in found[2]


@pytest.mark.parametrize(
    "cell, message",
    [
        ("|```python\na\n```\n\n</details>", "in pairs"),
        (folded("a = 1", "py"), "write ```python"),
        (folded("a = 1", "{python}"), "write ```python"),
        ("|<details><summary>Solution</summary>\n\n```python\na = 1\n\n</details>", "not closed"),
        ("|<details><summary>Solution</summary>\n\n  ```python\n  a = 1\n  ```\n\n</details>", "indented"),
    ],
)
def test_a_solution_that_would_not_run_is_refused(cell, message):
    with pytest.raises(ValueError, match=message):
        chapters.solutions(notebook("x = 1", cell), "05_loss")


# --- executing chapters

CHAPTERS = {
    "good": notebook("negatives = 40 + 2\nnegatives", folded("twice = 2 * negatives"), folded("assert twice == 84")),
    "broken_solution": notebook("negatives = 42", folded("assert negatives == 41, 'the solution is wrong'")),
    "failing": notebook("1 / 0"),
    "network": notebook("import urllib.request", "urllib.request.urlopen('http://nowhere.invalid', timeout=5)"),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chapters with a space")
    paths = [folder / f"{name}.ipynb" for name in CHAPTERS]
    for path in paths:
        nbformat.write(CHAPTERS[path.stem], path)
    report = folder / "report.xml"
    code = chapters.execute(paths, report)
    return folder, report, code


def test_one_good_chapter_passes_and_three_bad_ones_fail(executed):
    _, report, code = executed
    assert code == 1
    assert chapters.counts(report) == (1, 3, 0)
    assert set(chapters.times(report)) == set(CHAPTERS)
    assert min(chapters.times(report).values()) > 0


@pytest.mark.parametrize(
    "name, error",
    [
        ("broken_solution", "the solution is wrong"),
        ("failing", "division by zero"),
        ("network", "the network is refused here"),
    ],
)
def test_a_bad_chapter_fails_for_its_own_reason(executed, name, error):
    failures = re.findall(r'<testcase [^>]*name="([^"]*)"[^>]*><failure(.*?)</failure>', executed[1].read_text(), re.S)
    assert error in {os.path.basename(where): text for where, text in failures}[f"{name}.ipynb"]


def test_a_chapter_whose_second_attempt_fails_has_not_passed(tmp_path):
    cases = '<testcase name="a.ipynb"/><testcase name="b.ipynb"/><testcase name="a.ipynb"><failure/></testcase>'
    (tmp_path / "report.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    assert chapters.passed(tmp_path / "report.xml") == ["b"]


def test_outputs_are_kept_and_solutions_are_not(executed):
    for path in executed[0].glob("*.ipynb"):
        book = nbformat.read(path, 4)
        assert [cell.source for cell in book.cells] == [cell.source for cell in CHAPTERS[path.stem].cells]
        assert not any("execution" in cell.metadata for cell in book.cells)
    good = nbformat.read(executed[0] / "good.ipynb", 4)
    assert good.cells[0].outputs[0].data["text/plain"] == "42"


def test_no_chapters_is_no_success(tmp_path):
    with pytest.raises(ValueError, match="no chapter"):
        chapters.execute([], tmp_path / "report.xml")


def test_two_chapters_at_a_time_but_those_that_measure_time(root, tmp_path, monkeypatch):
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (root / "book").glob("*.ipynb")}
    assert {stem for stem, text in sources.items() if "perf_counter" in text} == set(chapters.ALONE)
    assert set(chapters.LONGEST) < set(sources) - set(chapters.ALONE)
    paths = [tmp_path / f"{stem}.ipynb" for stem in ("01_darkroom", *chapters.LONGEST)]
    for path in paths:
        nbformat.write(CHAPTERS["good"], path)
    called = []

    def run(command, cwd, env):
        called.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(chapters.subprocess, "run", run)
    for abreast in (True, False):
        assert chapters.execute(paths, tmp_path / "report.xml", abreast) == 0
    (two, threads), (one, _) = called
    assert " -n 2 " in " ".join(two) and "-n" not in one and threads["OMP_NUM_THREADS"] == "1"
    (again,) = (option.partition("=")[2] for option in two if option.startswith("--only-rerun"))
    for message in ("Kernel didn't respond in 60 seconds", "Kernel died before replying to kernel_info"):
        assert re.search(again, message)  # what jupyter_client says of one that did not start
    assert not re.search(again, "Kernel died")  # in the middle of a chapter
    assert two[-1] == str(paths[0]) and {"--instafail", *chapters.AGAIN} < set(two) & set(one)


def test_the_copy_has_everything_and_does_not_execute(root, tmp_path):
    copies = chapters.copy_book(root, tmp_path / "work")
    assert [path.name for path in copies] == sorted(path.name for path in (root / "book").glob("*.ipynb"))
    ours, theirs = (yaml.safe_load((folder / "_config.yml").read_text()) for folder in (root, tmp_path / "work"))
    assert (ours["execute"].pop("execute_notebooks"), theirs["execute"].pop("execute_notebooks")) == ("cache", "off")
    assert ours == theirs
    assert (tmp_path / "work/book/data/mnist.npz").is_file() and (tmp_path / "work/_toc.yml").is_file()


# --- the network is refused


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=5)",
        "socket.create_connection(('2001:db8::1', 80), timeout=5)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
        "socket.getaddrinfo('nowhere.invalid', 80)",
        "socket.gethostbyname('nowhere.invalid')",
        "urllib.request.urlopen('http://nowhere.invalid')",
    ],
)
def test_python_is_refused_the_network(attempt):
    code, _, errors = python(f"import socket, urllib.request; {attempt}", **chapters.offline(os.environ))
    assert code == 1 and "the network is refused here" in errors


def test_this_machine_stays_reachable():
    talk = """
        import socket
        for family, host in [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "localhost")]:
            server = socket.create_server((host, 0), family=family)
            socket.create_connection(server.getsockname()[:2]).sendall(b"x")
        socket.getaddrinfo(None, 0), socket.getaddrinfo("::1", 0)
    """
    assert python(talk, **chapters.offline(os.environ)) == (0, "", "")


def test_another_sitecustomize_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('the other one')")
    environment = chapters.offline({**os.environ, "PYTHONPATH": str(tmp_path)})
    assert python("pass", **environment) == (0, "the other one\n", "")


# --- time


def test_a_cell_may_take_as_long_in_the_build_as_in_the_tests(root, pytestconfig):
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert config["execute"]["timeout"] == pytestconfig.getoption("nbmake_timeout") == 900


@pytest.mark.parametrize(
    "unit, busy, own, stood_still, verdict",  # busy and own: of all processors, in percent
    [
        ("ms", 5, 0, 0.5, pytest.skip.Exception),
        ("ms", 90, 0, 0.0, pytest.skip.Exception),
        ("ms", 90, 80, 0.0, pytest.fail.Exception),  # the browser of the test itself
        ("ms", 5, 0, 0.0, pytest.fail.Exception),
        ("kB", 90, 0, 0.5, pytest.fail.Exception),
    ],
)
def test_a_time_is_not_judged_on_a_disturbed_machine(
    request, measure, monkeypatch, unit, busy, own, stood_still, verdict
):
    used = iter([0.0, 0.5 * psutil.cpu_count() * own / 100])
    monkeypatch.setattr(machine, "stalled", lambda: stood_still)
    monkeypatch.setattr(machine, "own_use", lambda: next(used))
    monkeypatch.setattr("psutil.cpu_percent", lambda seconds: busy)
    measure("within its budget", 10, 10, unit)
    with pytest.raises(verdict, match="a thing: 31 "):
        measure("a thing", 31, 10, unit)
    request.node.user_properties.clear()  # these are no measurements


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("skipped", [0, 1])
@pytest.mark.parametrize("fresh", ["", "1"])
def test_check_runs_what_is_concerned_and_test_everything(monkeypatch, tmp_path, capsys, check, skipped, fresh):
    ran, remembered = [], []

    def run_tests(report, *what, **environment):
        report.write_text(f'<testsuite tests="3" failures="0" errors="0" skipped="{skipped}"/>')
        ran.append((report.stem, what[0], environment.get(concern.UNCHANGED)))
        return True

    def lint(command, cwd):
        ran.append(("lint", command[2], None))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setenv("FRESH", fresh)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(pipeline, "run_tests", run_tests)
    monkeypatch.setattr(pipeline, "BUILD", tmp_path)
    monkeypatch.setattr(pipeline, "REPORTS", tmp_path)
    monkeypatch.setattr(pipeline, "execute", lambda stage: True)
    monkeypatch.setattr(pipeline, "site", lambda *options: True)
    monkeypatch.setattr(pipeline.subprocess, "run", lint)
    monkeypatch.setattr(concern, "state", lambda: {"a": "new"})
    green = {"files": {"a": "old", "b": "gone"}, "pages": {"p": 1}, "times": {"p": 1}}
    monkeypatch.setattr(concern, "recall", lambda what: green[what])
    monkeypatch.setattr(concern, "tests", lambda changes: [Path("tests/test_" + "_".join(changes))])
    monkeypatch.setattr(concern, "pages", lambda site: {"p": 1, "beside": 0})
    monkeypatch.setattr(concern, "unchanged_pages", lambda now, was: ["p"])
    monkeypatch.setattr(concern, "remember", lambda what, value: remembered.append(what))
    assert pipeline.test(check) == 0
    same = "[]" if fresh else '["p"]'
    pages = ("pages", "tests/built", same)
    units = ("units", "tests/test_a" + "_b" * (not fresh), None)
    everything = [("units", "tests", None), pages, ("times", "tests", same)]
    assert ran == ([("lint", "pre_commit", None), units, pages] if check else everything)
    assert remembered == ([] if skipped else ["pages", *["times"] * (not check), "files"])
    said = capsys.readouterr().out
    assert f"what is checked on each by itself is not run: {'none' if fresh else 'p'}\n" in said


# --- the environment


class Bare:
    """A copy of the set-up on a machine on which nothing is but what the test puts there."""

    def __init__(self, root, folder):
        self.folder, self.bin = folder, folder / "bin"
        self.environment = {"PATH": str(self.bin), "HOME": str(folder), "PYENV_ROOT": str(folder / "pyenv")}
        for name in ("tools/bootstrap.py", "Makefile", "constraints.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)

    def put(self, place, script):
        """Put a program there; AGAIN is a Python that says where it stands, and what it runs, and ends with 7."""
        program = self.folder / place
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def start(self, state, executable=None):
        """Start the set-up by a Python in that state; return exit code, output and errors."""
        executable = executable or self.put("bin/python3", "echo No module named pip >&2; exit 1")
        state += f"; sys.executable = {str(executable)!r}"
        run = f"runpy.run_path({str(self.folder / 'tools/bootstrap.py')!r}, run_name='__main__')"
        command = [sys.executable, "-c", f"import runpy, sys; {state}; {run}"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr


AGAIN = 'case "$1" in -c) echo "$0" ;; *) echo "$0 runs $1"; exit 7 ;; esac'
UNFIT = 'case "$1" in -c) echo ;; *) echo "not this one" ;; esac'
STATES = {
    "3.10": ("sys.version_info = (3, 10, 13)", "this is Python 3.10.13"),
    "3.14": ("sys.version_info = (3, 14, 0)", "this is Python 3.14.0"),
    "no venv": ("sys.modules['ensurepip'] = None", "without it"),
}


@pytest.fixture
def bare(root, tmp_path):
    return Bare(root, tmp_path / "a machine")


@pytest.mark.parametrize("state, message", STATES.values(), ids=STATES)
@pytest.mark.parametrize("uv", ["", "exit 1", 'case "$1" in run) echo no network >&2; exit 2 ;; *) echo uv ;; esac'])
def test_what_is_missing_is_said_in_one_sentence(bare, state, message, uv):
    bare.put("bin/python3.12", UNFIT)
    if uv:
        bare.put("bin/uv", uv)
    code, output, errors = bare.start(state)
    *before, last = errors.splitlines()
    assert code == 1 and output.endswith("Fetching Python 3.12.12 into .python\n")
    assert message in last and last.endswith(
        "Install Python 3.12 or uv (https://docs.astral.sh/uv/) and run the command again."
    )
    assert before == (["no network"] if "network" in uv else ["No module named pip"])  # who could not says why


@pytest.mark.parametrize("state, message", STATES.values(), ids=STATES)
@pytest.mark.parametrize("place", ["bin/python3.13", "bin/python3.11", "pyenv/versions/3.11.9/bin/python"])
def test_another_python_at_hand_takes_over(bare, place, state, message):
    bare.put("bin/python3.12", UNFIT)
    other = bare.put(place, AGAIN)
    assert bare.start(state) == (7, f"{other} runs {bare.folder / 'tools/bootstrap.py'}\n", "")


@pytest.mark.parametrize("from_pip", [False, True], ids=["uv on the PATH", "uv by pip"])
def test_uv_fetches_a_python_where_none_fits(bare, from_pip):
    private = bare.folder / ".python"
    fetched = bare.put("fetched/python", AGAIN)
    checks = f'[ "$UV_PYTHON_INSTALL_DIR" = "{private}" ] && [ "$UV_CACHE_DIR" = "{private}/cache" ] || exit 3'
    uv = bare.put("bin/uv", f'[ "$1" = --version ] && echo uv && exit\n{checks}\necho "{fetched}"')
    pip = None
    if from_pip:
        uv = uv.rename(bare.folder / "to be installed")
        wanted = f"-m pip install --quiet --disable-pip-version-check --target {private} uv -c constraints.txt"
        pip = f'[ "$*" = "{wanted}" ] && mkdir -p "{private}/bin" && cp "{uv}" "{private}/bin/uv"'
        pip = bare.put("bin/python3", f"PATH=/usr/bin:/bin\n{pip}")
    code, output, errors = bare.start("sys.version_info = (3, 14, 0)", pip)
    said = ["Fetching uv into .python"] * from_pip + ["Fetching Python 3.12.12 into .python"]
    assert (code, errors) == (7, "")
    assert output.splitlines() == [*said, f"{fetched} runs {bare.folder / 'tools/bootstrap.py'}"]


def test_make_needs_nothing_but_uv(bare):
    def make(*arguments):
        command = [shutil.which("make"), "install", *arguments]
        done = subprocess.run(command, cwd=bare.folder, env=bare.environment, capture_output=True, text=True)
        return done.returncode, done.stdout.strip(), done.stderr

    code, output, errors = make()
    assert code and output == "" and "no working Python called python3. Install Python 3.12 or uv" in errors
    bare.put("bin/uv", 'echo "$UV_PYTHON_INSTALL_DIR $UV_CACHE_DIR $*"')
    run = f"run --no-project --no-config --python {bootstrap.FETCHED} tools/bootstrap.py"
    assert make() == (0, f".python .python/cache {run}", "")
    code, output, errors = make("PYTHON=python3.99")  # who names one wants that one
    assert code and output == "" and "no working Python called python3.99" in errors


def test_old_pythons_can_read_the_message(root):
    ast.parse((root / "tools/bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 4))


def test_the_environment_is_made_again_when_it_must(root, tmp_path, monkeypatch):
    for name in bootstrap.INPUTS:
        shutil.copy(root / name, tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "STAMP", str(tmp_path / "installed.txt"))
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", sys.executable)
    assert bootstrap.works() and bootstrap.installed() == ""  # made by hand: kept, installed into
    (tmp_path / "installed.txt").write_text(bootstrap.wanted())
    assert bootstrap.works() and bootstrap.installed() == bootstrap.wanted()
    (tmp_path / "requirements.txt").write_text("keras==0\n")
    assert bootstrap.works() and bootstrap.installed() != bootstrap.wanted()  # installed into again
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path / "moved"))
    (tmp_path / "moved").mkdir()
    for name in bootstrap.INPUTS:
        shutil.copy(root / name, tmp_path / "moved")
    assert not bootstrap.works()  # its scripts and its link to helpers lead to the old place
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", str(tmp_path / "bin/python"))
    assert bootstrap.installed() == "" and not bootstrap.works()


@pytest.mark.parametrize(
    "broken, ways, worked",
    [("", ["pip", "uv"], True), ("uv", ["pip", "uv", "pip"], True), ("pip uv", ["pip", "pip"], False)],
)
def test_pip_installs_where_uv_cannot(monkeypatch, broken, ways, worked):
    called = []

    def call(command, cwd):
        called.append(command[2])
        return command[2] in broken.split()

    monkeypatch.setattr(bootstrap.subprocess, "call", call)
    assert bootstrap.install() is worked and called == ways


# --- building


@pytest.fixture(scope="module")
def tiny(root, tmp_path_factory):
    """A book of one chapter with the real settings and extension, and what tools leave lying about."""
    book = tmp_path_factory.mktemp("tiny") / "a book"
    shutil.copytree(root / "book/_ext", book / "book/_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "book/_static", book / "book/_static")
    shutil.copy(root / "_config.yml", book)
    (book / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: book/01_tiny\n")
    (book / "book/index.md").write_text("# Tiny\n\n[Next](01_tiny.ipynb)\n")
    nbformat.write(notebook("|# 1. Tiny", "import helpers.tiny\nhelpers.tiny.WORD"), book / "book/01_tiny.ipynb")
    shutil.copy(root / "book/questions.toml", book / "book")
    for name in ("helpers/exercises", "tools/check"):  # what the extensions import
        shutil.copytree(root / name, book / name, ignore=shutil.ignore_patterns("__pycache__"))
    (book / "tools/build").mkdir()
    for name in ("helpers/__init__.py", "helpers/notebook.py", "helpers/places.py", "tools/build/questions.py"):
        shutil.copy(root / name, book / name)
    (book / "helpers/tiny.py").write_text("WORD = 'negative'\n")
    for litter in (".pytest_cache", ".venv/lib", ".tested/book", "node_modules/x", "tests", "_build/old", ".git"):
        (book / litter).mkdir(parents=True)
        (book / litter / "README.md").write_text("# Litter\n\n[nowhere](nowhere.md)\n")
    return book


def build(book, *options):
    """Run the owner's plain command; return exit code and all output."""
    run = "import sys; from jupyter_book.cli.main import main; sys.argv[0] = 'jupyter-book'; main()"
    command = [sys.executable, "-c", run, "build", ".", *options]
    environment = {**os.environ, "PYTHONPATH": str(book)}
    done = subprocess.run(command, cwd=book, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_edits_of_helpers_and_assets_reach_the_site(tiny):
    page, style = tiny / "_build/html/book/01_tiny.html", tiny / "_build/html/_static/site.css"
    code, log = build(tiny, "-W", "--keep-going", "-n")
    assert code == 0, log
    assert "negative" in page.read_text()

    (tiny / "helpers/tiny.py").write_text("WORD = 'print'\n")
    assert build(tiny)[0] == 0
    assert "print" in page.read_text() and "negative" not in page.read_text()

    with open(tiny / "book/_static/book.css", "a") as file:
        file.write("body { --a-new-rule: 1 }\n")
    before = page.read_text()
    code, log = build(tiny)
    assert code == 0 and "Executing notebook" not in log
    assert "a-new-rule" in style.read_text() and page.read_text() != before  # the page asks for the new file

    before = page.stat().st_mtime_ns
    assert build(tiny)[0] == 0 and page.stat().st_mtime_ns == before  # nothing changed, nothing done
    assert "a-new-rule" in style.read_text()


def test_a_failing_chapter_fails_the_plain_build(tiny):
    (tiny / "helpers/tiny.py").write_text("raise RuntimeError('no film in the camera')\n")
    code, log = build(tiny)
    assert code != 0 and "no film in the camera" in log


# --- commands and style


def test_every_command_of_the_makefile_has_its_tool(root):
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    tools = set(re.findall(r"-m (tools[.\w]+)", makefile))
    assert len(tools) >= 6
    assert [name for name in sorted(tools) if not (root / f"{name.replace('.', '/')}.py").is_file()] == []


def test_ci_calls_make_test(root):
    assert subprocess.run(["bash", "-n", str(root / ".ci/run")]).returncode == 0
    assert re.search(r"(?m)^make test ", (root / ".ci/run").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "tool",
    ["ruff check .", "ruff format --check .", "codespell_lib .", "nbstripout --verify --keep-id book/*.ipynb"],
)
def test_style(root, tool):
    command = f'"{sys.executable}" -m {tool}'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\nRun make lint: it repairs what can be repaired."
