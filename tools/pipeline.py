"""What `make book`, `make test`, `make serve` and `make pdf` do once .venv is there.

python -m tools.pipeline book|test|serve|pdf|links
"""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools import chapters

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SITE = BUILD / "html"
TESTED = ROOT / ".tested"  # hidden from pytest and Sphinx, and not below _build, where nbmake looks at nothing

CHAPTERS_BUDGET = 1440  # seconds for all chapters, on two quiet cores
TEST_BUDGET = 2400  # seconds for all of make test, without installing
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
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def build(source, *options):
    """Build the site from the folder `source`, from nothing but the cache of outputs; return whether it worked."""
    for old in (SITE, BUILD / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    if jupyter_book(source, *options) or not (SITE / "index.html").is_file():
        print("\nThe site was not built: a chapter failed or Sphinx warned; see above.", file=sys.stderr)
        return False
    return True


def book():
    """Execute the chapters and build the site."""
    if not build(ROOT):
        return 1
    print(f"\nThe book is in {SITE.relative_to(ROOT)}. Open {(SITE / 'index.html').as_uri()} or run: make serve")
    return 0


def test():
    """Unit tests, chapters, site, and checks of the built site; return 0 if all is well."""
    started = time.perf_counter()
    reports = TESTED / "reports"
    copies = chapters.copy_book(ROOT, TESTED)
    reports.mkdir()
    rows, results = [], []

    def stage(name, run, report=None):
        print(f"\n=== {name}\n", flush=True)
        start = time.perf_counter()
        good = run()
        passed, failed, skipped = chapters.counts(report) if report and report.exists() else (0, not good, 0)
        results.append((passed, failed or not good, skipped))
        what = f"{passed} passed, {failed} failed, {skipped} skipped" if report else "built" if good else "failed"
        rows.append(f"{name:24s}{what:36s}{time.perf_counter() - start:7.1f} s")
        return good

    def run_tests(report, *what):
        options = ["--instafail", "--continue-on-collection-errors", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", *options, *what]
        return subprocess.run(command, cwd=ROOT).returncode == 0

    names = ("units", "chapters", "measuring", "pages", "timed")
    units, executed, measuring, pages, timed = (reports / f"{name}.xml" for name in names)
    alone = [path for path in copies if path.stem in chapters.ALONE]
    others = [path for path in copies if path not in alone]
    apart = ["--ignore=tests/built", *chapters.ABREAST, "--dist=loadfile"]  # tests of one file share what they prepare
    stage("unit tests and checks", lambda: run_tests(units, "tests", "-m", "not timed", *apart), units)
    good = stage("chapters", lambda: chapters.execute(others, executed, abreast=True) == 0, executed)
    if stage("chapters with times", lambda: chapters.execute(alone, measuring) == 0, measuring) and good:
        if stage("site", lambda: build(TESTED, "-q")):
            stage("pages", lambda: run_tests(pages, "tests/built", "-m", "not timed", *chapters.ABREAST), pages)
            stage("times", lambda: run_tests(timed, "tests", "-m", "timed"), timed)  # one at a time
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)  # they are of .tested, not of the book itself

    seconds = {}
    for report in (executed, measuring):
        seconds |= chapters.times(report) if report.exists() else {}
    print("\n=== time of each chapter, with its solutions\n")
    print("\n".join(f"{name:24s}{'':36s}{value:7.1f} s" for name, value in seconds.items()))
    print("\n=== summary\n")
    print("\n".join(rows))
    print(beside_budget("all chapters", sum(seconds.values()), CHAPTERS_BUDGET))
    print(beside_budget("make test", time.perf_counter() - started, TEST_BUDGET))
    passed, failed, skipped = (sum(int(result[i]) for result in results) for i in range(3))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(failed > 0)


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
    for old in (BUILD / "latex", BUILD / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    code = jupyter_book(ROOT, "--builder", "pdflatex")
    found = sorted((BUILD / "latex").glob("*.pdf"))
    if code or not found:
        print("\nThe PDF was not made; see above.", file=sys.stderr)
        return 1
    print(f"\nThe book is {found[0].relative_to(ROOT)}.")
    return 0


def links():
    """Check every link to another site (needs the internet); no chapter is executed."""
    chapters.copy_book(ROOT, TESTED)
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    code = jupyter_book(TESTED, "--builder", "linkcheck")
    shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    return code


def serve(port=8000):
    """Serve the built site on this machine."""
    if not (SITE / "index.html").is_file():
        print("There is no built site yet. Run: make book", file=sys.stderr)
        return 1
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"Serving the book at http://localhost:{port} until you press Ctrl+C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    commands = {"book": book, "test": test, "serve": serve, "pdf": pdf, "links": links}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"Usage: python -m tools.pipeline {'|'.join(commands)}")
    sys.exit(commands[sys.argv[1]]())
