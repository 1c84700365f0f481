"""Make .venv and install the book's requirements there, if that is not done yet.

Run by every make target that needs the environment; without make: `python tools/bootstrap.py`.
Written so that even Python 2 and the oldest Python 3 can read it, and say what is missing.
"""

import hashlib
import os
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
WINDOWS = os.name == "nt"
VENV_PYTHON = os.path.join(VENV, "Scripts" if WINDOWS else "bin", "python.exe" if WINDOWS else "python")
STAMP = os.path.join(VENV, "installed.txt")
INPUTS = ["requirements.txt", "constraints.txt", "pyproject.toml"]


def main():
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return stop(
            "The book needs Python 3.11, 3.12 or 3.13, and this is Python %s (%s). Install one of them, or "
            "name it if you have it: make book PYTHON=python3.12"
            % (".".join(str(part) for part in sys.version_info[:3]), sys.executable)
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return stop(
            "This Python (%s) cannot make virtual environments: its venv module is not complete. On Debian and "
            "Ubuntu it is a package of its own: sudo apt-get install python%d.%d-venv"
            % (sys.executable, sys.version_info[0], sys.version_info[1])
        )
    if installed() == wanted():
        return 0
    if not works():
        print("Making the virtual environment .venv with Python %d.%d" % sys.version_info[:2])
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
            return stop("The virtual environment .venv could not be made; the lines above say why.")
    print("Installing the book's requirements into .venv (about 2 GB, some minutes the first time)")
    sys.stdout.flush()
    if not install():
        return stop("The requirements could not be installed; the lines above say why. Run the command again to go on.")
    with open(STAMP, "w") as file:
        file.write(wanted())
    return 0


def install():
    """Install by uv, which is several times as fast, or by pip where uv cannot; return whether it worked."""
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = [VENV_PYTHON, "-m", "uv", "pip", "install", "--quiet", "--system-certs", "--python", VENV_PYTHON]
    uv.append("--compile-bytecode")  # as pip does: else every start compiles TensorFlow where nothing may be written
    pins = ["-c", "constraints.txt"]
    for steps in ([pip + ["uv"], uv + ["-r", "requirements.txt"]], [pip + ["-r", "requirements.txt"]]):
        if not any(subprocess.call(step + pins, cwd=ROOT) for step in steps):
            return True
    return False


def works():
    """Return whether .venv is there, belongs to this folder and this Python, and has pip."""
    if not os.path.exists(VENV_PYTHON):
        return False
    if installed() and installed().splitlines()[:2] != wanted().splitlines()[:2]:
        return False  # the folder was moved, or another Python was chosen
    code = "import sys, pip; sys.exit(sys.version_info[:2] != (%d, %d))" % sys.version_info[:2]
    with open(os.devnull, "w") as sink:
        return subprocess.call([VENV_PYTHON, "-c", code], stdout=sink, stderr=sink) == 0


def installed():
    """Return what the last complete installation into .venv was made from, or nothing."""
    if not (os.path.exists(STAMP) and os.path.exists(VENV_PYTHON)):
        return ""
    with open(STAMP) as file:
        return file.read()


def wanted():
    """Return what .venv should be made from: Python, folder, and a checksum of each input."""
    lines = ["python %d.%d" % sys.version_info[:2], ROOT]
    for name in INPUTS:
        with open(os.path.join(ROOT, name), "rb") as file:
            lines.append("%s %s" % (name, hashlib.sha256(file.read()).hexdigest()))
    return "\n".join(lines) + "\n"


def stop(message):
    sys.stderr.write(message + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
