"""Maintainers: fetch what sets the formulas of the site into book/_static/vendor (`make vendor`).

It comes from an npm package by `npm pack`: a script that the build runs (book/_ext/formulas.py), and what the pages
load, so that they ask no other site for anything. manifest.json there says what each file is;
tests/house/test_vendor.py checks it.
"""

import hashlib
import json
import shutil
import tempfile

from helpers.places import BOOK
from tools.fetch.mnist import npm_package

TARGET = BOOK / "_static" / "vendor"
PACKAGE, LICENCE = "katex@0.19.1", "MIT"
FILES = {  # files of the package to keep, by pattern: the folder to put them into
    "dist/katex.min.js": ".",
    "dist/katex.min.css": ".",
    "dist/contrib/copy-tex.min.js": ".",
    "dist/fonts/*.woff2": "fonts",
    "LICENSE": ".",
}


def checksums(home):
    """Return the SHA-256 of every file below a folder, by its path there."""
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    name, version = PACKAGE.split("@")
    home = TARGET / name
    shutil.rmtree(home, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        package = npm_package(PACKAGE, scratch)
        for pattern, place in FILES.items():
            (home / place).mkdir(parents=True, exist_ok=True)
            for source in package.glob(pattern):
                shutil.copyfile(source, home / place / source.name)
    manifest = {name: {"package": name, "version": version, "licence": LICENCE, "files": checksums(home)}}
    (TARGET / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {PACKAGE} to {TARGET}")
