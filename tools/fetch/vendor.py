"""Maintainers: fetch the scripts that the built pages need into book/_static/vendor (`make vendor`).

They come from an npm package by `npm pack`, so that the pages ask no other site for anything.
manifest.json there says what each file is; tests/house/test_vendor.py checks it.
"""

import hashlib
import json
import shutil
import tempfile

from helpers.places import BOOK
from tools.fetch.mnist import npm_package

TARGET = BOOK / "_static" / "vendor"
PACKAGE, LICENCE = "mathjax@3.2.2", "Apache-2.0"
FILES = {  # files or folders of the package to keep: where to put them
    "es5/tex-chtml-full.js": "tex-chtml-full.js",
    "es5/output/chtml/fonts/woff-v2": "output/chtml/fonts/woff-v2",
    "LICENSE": "LICENSE",
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
        for source, place in FILES.items():
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (package / source).is_dir() else shutil.copyfile)(package / source, home / place)
    manifest = {name: {"package": name, "version": version, "licence": LICENCE, "files": checksums(home)}}
    (TARGET / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {PACKAGE} to {TARGET}")
