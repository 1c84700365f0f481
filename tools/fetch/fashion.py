"""Maintainers: make book/data/fashion.npz, the first 1,000 test images of Fashion-MNIST (chapter 11).

The original IDX files come from Debian's package dataset-fashion-mnist, fetched with `apt-get download` (on Debian or
Ubuntu), or from a folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, given as the only argument.
Debian packed the files anew (without name and date), so checked are the MD5s of what is inside them.

python -m tools.fetch.fashion [FOLDER]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.places import DATA
from tools.fetch.mnist import read_idx, write_npz

PACKAGE = "dataset-fashion-mnist"
TARGET = DATA / "fashion.npz"
IMAGES = 1000
FILES = {  # array: (file, MD5 of the unpacked file, header bytes)
    "x": ("t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a", 16),
    "y": ("t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965", 8),
}


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch, "usr", "share", "datasets", "fashion-mnist")
        if len(sys.argv) == 1:
            subprocess.run(["apt-get", "download", PACKAGE], cwd=scratch, check=True, capture_output=True)
            package = next(Path(scratch).glob("*.deb"))
            subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=scratch, check=True)
        arrays = {name: read_idx(folder / f"{file}.gz", *rest)[:IMAGES] for name, (file, *rest) in FILES.items()}
    write_npz(arrays, TARGET, "FASHION_SHA256")


if __name__ == "__main__":
    main()
