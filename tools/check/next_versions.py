"""Maintainers: try the next TensorFlow, before its release too, and the Keras of the day (`make next`).

An environment of its own (.venv-next), made anew each time: every pin but these two. There the unit tests of helpers
and chapters run, and two chapters. What fails is said; nothing depends on it, so the exit status is 0.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.places import ROOT
from tools.build import chapters
from tools.fetch.constraints import direct_packages

NEXT = ["tensorflow>=2.22.0rc0", "keras"]
CHAPTERS = ["02_encoder", "05_loss"]
FOLDER = ROOT / ".venv-next"


def packages():
    """Return what is installed: requirements.txt, with these two as new as they are."""
    names = [line.partition(">")[0] for line in NEXT]
    pins = [line.partition(" ")[0] for line in direct_packages().splitlines() if "==" in line]
    return [*NEXT, *(pin for pin in pins if pin.partition("==")[0] not in names)]


def main():
    """Make the environment, run the tests and the chapters in it, and print what came out."""
    uv = [sys.executable, "-m", "uv"]
    inside = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    shutil.rmtree(FOLDER, ignore_errors=True)
    install = [*uv, "pip", "install", "--quiet", "--system-certs", "--python", str(inside)]
    for command in ([*uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)], [*install, *packages()]):
        if subprocess.run(command, cwd=ROOT).returncode:
            print("The next versions could not be installed; the lines above say why.")
            return 0
    with tempfile.TemporaryDirectory() as temporary:
        copies = chapters.copy_book(ROOT, Path(temporary) / "next")
        wanted = [str(path) for path in copies if path.stem in CHAPTERS]
        environment = chapters.offline(os.environ) | {"PYTHONPATH": os.pathsep.join([str(chapters.OFFLINE), str(ROOT)])}
        options = ["-q", "-p", "no:cacheprovider", "--tb=line", *chapters.ABREAST]
        for what in (["tests/modules", "tests/book", "-m", "not timed"], ["--nbmake", *wanted]):
            subprocess.run([str(inside), "-m", "pytest", *options, *what], cwd=ROOT, env=environment)
    shown = (
        "import keras, tensorflow; print('That was TensorFlow', tensorflow.__version__, 'and Keras', keras.__version__)"
    )
    subprocess.run([str(inside), "-c", shown], env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
