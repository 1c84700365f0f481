"""Resolve constraints.txt from requirements.txt: every package that comes along, one version each.

Run by `make constraints`. Versions already in constraints.txt stay as long as they fit; delete the
file first to move everything to the newest. The result serves Python 3.11 to 3.13 on every system.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.places import ROOT

HEADER = """\
# Every package that the book's environment gets, by exact version, for Python 3.11 to 3.13.
# Generated from requirements.txt by `make constraints`: do not edit.
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        wanted, resolved = Path(folder, "requirements.in"), Path(folder, "constraints.txt")
        wanted.write_text(direct_packages(), encoding="utf-8")
        target = ROOT / "constraints.txt"
        if target.exists():
            resolved.write_text(target.read_text(encoding="utf-8"), encoding="utf-8")
        options = ["--universal", "--python-version=3.11", "--fork-strategy=fewest", "--no-header", "--no-annotate"]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *options]
        subprocess.run([*command, str(wanted), "-o", str(resolved)], check=True)
        target.write_text(HEADER + resolved.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"constraints.txt: {sum('==' in line for line in target.read_text().splitlines())} packages")


def direct_packages():
    """Return requirements.txt without its options (-c, -e), which are not packages."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if not line.startswith("-"))


if __name__ == "__main__":
    main()
