"""The files in book/weights: where they are, and reading them after their SHA-256 has been checked."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parent.parent / "book" / "weights"
CURE = "Restore it with `git checkout -- book/weights`, or train it again with `make weights`."


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(path, sha256):
    """Return the path of a file whose SHA-256 is what it should be.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: it is damaged or altered.
    """
    if not path.exists():
        raise FileNotFoundError(f"The file {path} is missing. {CURE}")
    found = digest(path)
    if found != sha256:
        raise ValueError(
            f"{path} is damaged or altered: its SHA-256 begins with {found[:12]}, not with {sha256[:12]}. {CURE}"
        )
    return path


def read_arrays(path, sha256):
    """Return the arrays of a file by name, see `checked`.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: it is damaged or altered, or holds no arrays.
    """
    checked(path, sha256)
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}). {CURE}") from error
