"""What `make book`, `make test`, `make check`, `make serve` and `make pdf` do once .venv is there.

python -m tools.build.pipeline book|test|check|serve|pdf|links
"""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from helpers.places import ROOT
from tools.build import chapters, concern, store

BUILD = ROOT / "_build"
SITE = BUILD / "html"
TESTED = ROOT / chapters.WORK
REPORTS = TESTED / "reports"

CHAPTERS_BUDGET = 1440  # seconds for all chapters, on two quiet cores
BUDGETS = {"make test": 1440, "make book": 840}  # seconds, with nothing kept from before and all installed
TEX_TOOLS = ["make", "latexmk", "xelatex"]
TEX_PACKAGES = (  # of Debian and Ubuntu
    "latexmk texlive-latex-recommended texlive-latex-extra texlive-fonts-recommended texlive-xetex tex-gyre "
    "fonts-freefont-otf"
)


def jupyter_book(source, *options):
    """Run Jupyter Book on the folder `source`, warnings as errors, into _build; return its exit code."""
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]  # its script breaks on a move
    command += ["build", str(source), "--path-output", str(ROOT), "-W", "--keep-going", "-n", *options]
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    environment.pop("MPLBACKEND", None)
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)  # they are of the copy, not of the book itself
    return code


def execute(stage=lambda name, run, report: run()):
    """Execute the chapters for which no kept execution will do, on a copy of the book; return whether all passed.

    Args:
        stage: calls what it is given, by its name and with the place of its report, and returns what that returns.
    """
    started = time.time()
    copies = chapters.copy_book(ROOT, TESTED)
    REPORTS.mkdir()
    again = store.sort_out(copies, fresh())
    print("\n".join(f"{path.stem} is executed: {reason}" for path, reason in again.items()))
    unchanged = [path.stem for path in copies if path not in again]
    print(f"unchanged, not run: {', '.join(unchanged) or 'none'}", flush=True)
    groups = {"chapters": [path for path in again if path.stem not in chapters.ALONE]}
    groups["chapters with times"] = [path for path in again if path.stem in chapters.ALONE]
    good = True
    for name, paths in groups.items():
        if paths:
            report, abreast = REPORTS / f"{name}.xml", name == "chapters"
            good &= stage(name, functools.partial(run_chapters, paths, report, abreast, started), report)
    return good


def run_chapters(paths, report, abreast, started):
    """Execute copies of chapters and keep those that pass; return whether all did."""
    code = chapters.execute(paths, report, abreast)
    names = chapters.passed(report) if report.exists() else []
    for path in [path for path in paths if path.stem in names]:
        if problem := store.keep(path, report.with_name(f"{path.stem}.reads"), started):
            print(f"{path.stem} is not kept: {problem}", flush=True)
    return code == 0


def site(*options):
    """Build the site from the copy of the book that was executed; return whether it worked."""
    shutil.rmtree(SITE, ignore_errors=True)
    good = jupyter_book(TESTED, *options) == 0 and (SITE / "index.html").is_file()
    if not good:
        print("\nThe site was not built: Sphinx warned; see above.", file=sys.stderr)
    return good


def book():
    """Execute the chapters that need it and build the site."""
    started = time.perf_counter()
    if not execute():
        print("\nThe site was not built: a chapter failed; see above.", file=sys.stderr)
        return 1
    if not site():
        return 1
    print(f"\nThe book is in {SITE.relative_to(ROOT)}. Open {(SITE / 'index.html').as_uri()} or run: make serve")
    print(beside_budget("make book", time.perf_counter() - started, BUDGETS["make book"]))
    return 0


def run_tests(report, *what, **environment):
    """Run pytest, its report in `report`; return whether all passed."""
    options = ["--instafail", "--continue-on-collection-errors", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *options, *what]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode == 0


def test(check=False):
    """Unit tests, chapters, site, and checks of the built site; return 0 if all is well.

    Args:
        check: whether style is looked at first, and then only what changes since the last green run concern.
    """
    started, rows, results, seconds = time.perf_counter(), [], [], {}

    def stage(name, run, report=None):
        print(f"\n=== {name}\n", flush=True)
        start = time.perf_counter()
        good = run()
        passed, failed, skipped = chapters.counts(report) if report and report.exists() else (0, not good, 0)
        results.append((passed, failed or not good, skipped))
        what = f"{passed} passed, {failed} failed, {skipped} skipped" if report else "done" if good else "failed"
        rows.append(f"{name:24s}{what:36s}{time.perf_counter() - start:7.1f} s")
        if name.startswith("chapters") and report.exists():
            seconds.update(chapters.times(report))
        return good

    BUILD.mkdir(exist_ok=True)
    units, before = BUILD / "units.xml", concern.state()
    apart = ["-m", "not timed", *chapters.ABREAST]
    wanted = ["tests"]
    if check:
        hooks = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        stage("lint", lambda: subprocess.run(hooks, cwd=ROOT).returncode == 0)
        green = {} if fresh() else concern.recall("files")
        wanted = [str(path) for path in concern.tests(concern.changed(before, green) if before else None)]
        print(f"\nunit tests concerned: {', '.join(Path(path).stem for path in wanted) or 'none'}")
    if wanted:  # tests of one file share what they prepare
        run = functools.partial(run_tests, units, *wanted, "--ignore=tests/built", "--dist=loadfile", *apart)
        stage("unit tests and checks", run, units)
    if execute(stage) and stage("site", lambda: site("-q")):
        now = concern.pages(SITE)

        def built(name, where, *which):
            same = [] if fresh() else concern.unchanged_pages(now, concern.recall(name))
            print(f"\npages unchanged, what is checked on each by itself is not run: {', '.join(same) or 'none'}")
            report = REPORTS / f"{name}.xml"
            run = functools.partial(run_tests, report, where, *which, **{concern.UNCHANGED: json.dumps(same)})
            if stage(name, run, report) and chapters.counts(report)[2] == 0:
                concern.remember(name, now)  # what was skipped, for want of a browser perhaps, is not in order

        built("pages", "tests/built", *apart)
        if not check:
            built("times", "tests", "-m", "timed")  # one at a time
    passed, failed, skipped = (sum(int(result[i]) for result in results) for i in range(3))
    if not failed and not skipped:
        concern.remember("files", before)

    print("\n=== time of each chapter that was executed, with its solutions\n")
    print("\n".join(f"{name:24s}{'':36s}{value:7.1f} s" for name, value in seconds.items()))
    print("\n=== summary\n")
    print("\n".join(rows))
    print(beside_budget("all chapters", sum(seconds.values()), CHAPTERS_BUDGET))
    taken = time.perf_counter() - started
    print(f"{'make check':60s}{taken:7.1f} s" if check else beside_budget("make test", taken, BUDGETS["make test"]))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(failed > 0)


def fresh():
    """Return whether nothing that is kept may be used: in CI, and where FRESH is set."""
    return any(os.environ.get(name) for name in ("FRESH", "CI"))


def beside_budget(name, seconds, allowed):
    """Return the line that sets a time beside its budget; being late is no failure, since a machine may be busy."""
    late = " over budget: is the machine busy?" if seconds > allowed else ""
    return f"{name:24s}{f'budget {allowed} s':36s}{seconds:7.1f} s{late}"


def pdf():
    """Execute the chapters and set the whole book with LaTeX."""
    missing = [tool for tool in TEX_TOOLS if shutil.which(tool) is None]
    if missing:
        print(
            f"make pdf sets the book with LaTeX, and finds no {', no '.join(missing)}. On Debian and Ubuntu: sudo "
            f"apt-get install make {TEX_PACKAGES}\nA single chapter needs none of these: print its page in a browser.",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(BUILD / "latex", ignore_errors=True)
    good = execute() and jupyter_book(TESTED, "--builder", "pdflatex") == 0
    found = sorted((BUILD / "latex").glob("*.pdf"))
    if not good or not found:
        print("\nThe PDF was not made; see above.", file=sys.stderr)
        return 1
    print(f"\nThe book is {found[0].relative_to(ROOT)}.")
    return 0


def links():
    """Check every link to another site (needs the internet); no chapter is executed."""
    chapters.copy_book(ROOT, TESTED)
    return jupyter_book(TESTED, "--builder", "linkcheck")


def serve():
    """Serve the built site on this machine."""
    if not (SITE / "index.html").is_file():
        print("There is no built site yet. Run: make book", file=sys.stderr)
        return 1
    print("Serving the book at http://localhost:8000 until you press Ctrl+C", flush=True)
    command = [sys.executable, "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", str(SITE)]
    with contextlib.suppress(KeyboardInterrupt):
        subprocess.run(command)
    return 0


if __name__ == "__main__":
    commands = {"book": book, "test": test, "serve": serve, "pdf": pdf, "links": links}
    commands["check"] = functools.partial(test, check=True)
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"Usage: python -m tools.build.pipeline {'|'.join(commands)}")
    sys.exit(commands[sys.argv[1]]())
