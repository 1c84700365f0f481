"""Reading files after their SHA-256 has been checked, and bytes as text."""

import base64
import hashlib
import zipfile
from pathlib import Path

import numpy as np

CURE = "Restore it with `git checkout -- book/weights`, or train it again with `make weights`."


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(path, sha256, cure=CURE):
    """Return the path of a file whose SHA-256 is what it should be.

    Args:
        path: the file.
        sha256: what it should be.
        cure: what an error tells the reader to do.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: it is damaged, altered, or another.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"The file {path} is missing. {cure}")
    found = digest(path)
    if found != sha256:
        raise ValueError(
            f"{path} is not the file of this book: its SHA-256 begins with {found[:12]}, expected {sha256[:12]} "
            f"({path.stat().st_size:,} bytes). It may be truncated, altered, or a Git LFS pointer. {cure}"
        )
    return path


def read_arrays(path, sha256, cure=CURE):
    """Return the arrays of a file by name, see `checked`.

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: it is damaged, altered, another, or holds no arrays.
    """
    path = checked(path, sha256, cure)
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}). {cure}") from error


def base64_text(data):
    """Return bytes as the text that HTML and JavaScript take."""
    return base64.b64encode(data).decode("ascii")
