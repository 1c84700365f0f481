"""Make .venv and install the book's requirements there, if that is not done yet.

Run by every make target that needs the environment; without make: `python tools/bootstrap.py`, by any Python. One that
cannot make the environment looks for one that can, or has uv fetch it, and lets that run this file again.
Written so that even Python 2 and the oldest Python 3 can read it.
"""

import hashlib
import os
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)  # for these there is a TensorFlow
FETCHED = "3.12.12"  # the Python that uv fetches where there is none of them
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PRIVATE = os.path.join(ROOT, ".python")  # what is fetched for that; nothing outside the book's folder is touched
WINDOWS = os.name == "nt"
VENV_PYTHON = os.path.join(VENV, "Scripts" if WINDOWS else "bin", "python.exe" if WINDOWS else "python")
STAMP = os.path.join(VENV, "installed.txt")
INPUTS = ["requirements.txt", "constraints.txt", "pyproject.toml"]


def main():
    problem = unfit()
    if problem:
        python = at_hand() or fetched()
        if python:
            return subprocess.call([python, os.path.abspath(__file__)])
        return stop(
            "The book needs Python 3.11, 3.12 or 3.13 with its venv module; %s, none of them was found, and uv could "
            "not fetch one. Install Python 3.12 or uv (https://docs.astral.sh/uv/) and run the command again." % problem
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


def unfit():
    """Return why this Python cannot make the environment, or nothing if it can."""
    here = "Python %s (%s)" % (".".join(str(part) for part in sys.version_info[:3]), sys.executable)
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return "this is %s" % here
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:  # on Debian and Ubuntu they are a package of their own
        return "this is %s, without it" % here
    return ""


def at_hand():
    """Return a Python on the PATH or in pyenv that can make the environment, or nothing."""
    versions = ["3.12", "3.13", "3.11"]
    commands = [["py", "-" + version] if WINDOWS else ["python" + version] for version in versions]
    pyenv = os.path.join(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "versions")
    if os.path.isdir(pyenv):
        commands += [[os.path.join(pyenv, name, "bin", "python")] for name in sorted(os.listdir(pyenv))]
    code = "import ensurepip, sys, venv; print(sys.executable if %r <= sys.version_info[:2] <= %r else '')"
    for command in commands:
        found = answer(command + ["-c", code % (OLDEST, NEWEST)])
        if found:
            return found
    return ""


def fetched():
    """Return a Python that uv fetches into .python, or nothing; pip fetches uv itself if it is not on the PATH."""
    uv = "uv"
    if not answer([uv, "--version"]):
        uv = os.path.join(PRIVATE, "bin", "uv")
        if not answer([uv, "--version"]):
            print("Fetching uv into .python")
            sys.stdout.flush()
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.call(pip + ["--target", PRIVATE, "uv", "-c", "constraints.txt"], cwd=ROOT)
    print("Fetching Python %s into .python" % FETCHED)
    sys.stdout.flush()
    code = "import os, sys; print(os.path.realpath(sys.executable))"
    run = [uv, "run", "--no-project", "--no-config", "--python", FETCHED, "python", "-c", code]
    places = {"UV_PYTHON_INSTALL_DIR": PRIVATE, "UV_CACHE_DIR": os.path.join(PRIVATE, "cache")}
    places["UV_PYTHON_PREFERENCE"] = "only-managed"  # one that is here already was found unfit
    return answer(run, quiet=False, env=dict(os.environ, **places))  # uv says itself why it cannot


def answer(command, quiet=True, env=None):
    """Return what a command prints, or nothing if it fails or is not there; `quiet` keeps its errors back."""
    with open(os.devnull, "w") as sink:
        try:
            return subprocess.check_output(command, stderr=sink if quiet else None, env=env).decode().strip()
        except (OSError, subprocess.CalledProcessError):
            return ""


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
