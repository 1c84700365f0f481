"""Run a chapter as on Colab, with the TensorFlow and Keras that Colab has: `make colab-check CHAPTER=02_encoder`.

For each set of versions: a virtual environment (.venv-colab-*, kept for the next time), the chapter alone in an empty
folder, a stand-in for the package google.colab, and the working tree as a git repository to clone from. Colab itself
is not reached. The exit status is 1 if a chapter fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.places import ROOT
from tools.build import concern
from tools.build.repository import SETUP
from tools.check.notebooks import check_executed

COLAB = ["numpy==2.0.2", "matplotlib==3.10.0", "ipython==7.34.0", "ipykernel==6.17.1"]  # as Colab has them
VERSIONS = {  # the wheels for CPUs are the same code as Colab's and a third of the size
    "2.19": ["tensorflow-cpu==2.19.0", "keras==3.10.0", *COLAB, "nbclient"],
    "2.20": ["tensorflow-cpu==2.20.0", "keras==3.13.2", *COLAB, "nbclient"],
}
RUN = "from nbclient.cli import main; main()"


def python():
    """Return a Python 3.12, which Colab has, or this one, saying so."""
    found = shutil.which("python3.12")
    if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
        return found
    print(f"There is no working python3.12 on PATH; using Python {sys.version.split()[0]}, which Colab does not have.")
    return sys.executable


def environment(name, packages):
    """Return the Python of the environment .venv-colab-<name>, made and filled if it is not there yet."""
    folder = ROOT / f".venv-colab-{name}"
    stamp = folder / "packages.txt"
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not stamp.is_file() or stamp.read_text() != "\n".join(packages):
        print(f"Making {folder.name}: {' '.join(packages)}", flush=True)
        subprocess.run([python(), "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(inside), "-m", "pip", "install", "--quiet", *packages], check=True)
        stamp.write_text("\n".join(packages))
    return inside


def snapshot(root, target):
    """Make a git repository at target of every file below root that git would commit, and return its address."""
    for name in concern.repository_files(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name)
    who = ["-c", "user.name=check", "-c", "user.email=check@localhost", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A", "-f"], [*who, "commit", "-q", "-m", "snapshot"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target.resolve().as_uri()


def stand_in(folder):
    """Make a package google.colab in folder that is loaded when a Python starts, as Colab's kernel has it.

    The book itself is taken from that Python's path, should it be installed there: on Colab it is not.
    """
    (folder / "google/colab").mkdir(parents=True)
    (folder / "google/colab/__init__.py").write_text("")
    hide = f"sys.path[:] = [place for place in sys.path if place != {str(ROOT)!r}]"
    (folder / "sitecustomize.py").write_text(f"import google.colab\nimport sys\n\n{hide}\n")
    return folder


def alone(chapter, folder, address):
    """Put a chapter into an empty folder, with `address` in its setup cell, and return its path."""
    folder.mkdir()
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = SETUP.sub(rf"\g<1>\g<2>{address}\g<3>", "".join(cell["source"]))
        cell["source"] = source.splitlines(keepends=True)
    path = folder / chapter.name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def run(inside, path, colab):
    """Execute the notebook at path with the Python `inside`, google.colab from the folder colab; return a verdict."""
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MPLBACKEND", "VIRTUAL_ENV")}
    variables |= {"PYTHONPATH": str(colab), "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1"}
    command = [str(inside), "-c", RUN, "--inplace", "--timeout=900", str(path)]
    result = subprocess.run(command, env=variables, capture_output=True, text=True)
    if result.returncode:
        return [result.stderr.strip()[-3000:]]
    return check_executed(path)


def main(arguments):
    """Check the chapter named (02_encoder if none) with every set of versions; return the exit status."""
    chapter = ROOT / "book" / f"{(arguments or ['02_encoder'])[0].removesuffix('.ipynb')}.ipynb"
    if not chapter.is_file():
        print(f"There is no {chapter.relative_to(ROOT)}. Name a chapter: make colab-check CHAPTER=02_encoder")
        return 1
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        (temporary / "clone").mkdir()
        address = snapshot(ROOT, temporary / "clone")
        colab = stand_in(temporary / "stand-in")
        for name, packages in VERSIONS.items():
            inside = environment(name, packages)
            path = alone(chapter, temporary / name, address)
            start = time.perf_counter()
            problems = run(inside, path, colab)
            failed |= bool(problems)
            verdict = "failed" if problems else "passed"
            print(
                f"{chapter.stem} {verdict} in {time.perf_counter() - start:.0f} s with {packages[0]}, {packages[1]}",
                flush=True,
            )
            print("".join(f"  {problem}\n" for problem in problems), end="")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
