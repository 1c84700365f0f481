"""Maintainers: fetch the scripts that the built pages need into book/_static/vendor (`make vendor`).

They come from npm packages by `npm pack`, so that the pages ask no other site for anything.
manifest.json there says what each file is; tests/house/test_vendor.py checks it.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from helpers.places import BOOK

TARGET = BOOK / "_static" / "vendor"
PACKAGES = {  # package: (licence, folder, files or folders of the package to keep: where to put them)
    "mathjax@3.2.2": (
        "Apache-2.0",
        "mathjax",
        {
            "es5/tex-chtml-full.js": "tex-chtml-full.js",
            "es5/output/chtml/fonts/woff-v2": "output/chtml/fonts/woff-v2",
            "LICENSE": "LICENSE",
        },
    ),
}


def fetch(package, licence, folder, files):
    """Put the chosen files of an npm package into TARGET/folder; return its entry in the manifest."""
    home = TARGET / folder
    shutil.rmtree(home, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", package], cwd=scratch, check=True, capture_output=True)
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
            archive.extractall(scratch, filter="data")
        for source, place in files.items():
            origin, destination = Path(scratch, "package", source), home / place
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(origin, destination) if origin.is_dir() else shutil.copyfile(origin, destination)
    name, version = package.rsplit("@", 1)
    return {"package": name, "version": version, "licence": licence, "files": checksums(home)}


def checksums(home):
    """Return the SHA-256 of every file below a folder, by its path there."""
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    manifest = {entry[1]: fetch(package, *entry) for package, entry in PACKAGES.items()}
    (TARGET / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {', '.join(PACKAGES)} to {TARGET}")
