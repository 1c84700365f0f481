"""What tests of starting a chapter use: a small book, the setup cell run in it, and where launch links lead."""

import re
import subprocess
import sys
from pathlib import Path

from helpers.places import ROOT

CELL = (ROOT / "tools/check/setup_cell.py").read_text(encoding="utf-8")
URL = "https://github.com/someone/a-book"
STARTED = "started by "


def helpers(folder, marker='BOOK = "The Digital Darkroom"\n'):
    """Make a package helpers below folder whose start() says where it is; the book's own, unless told otherwise."""
    (folder / "helpers").mkdir(parents=True)
    (folder / "helpers/__init__.py").write_bytes(marker.encode("latin-1"))
    (folder / "helpers/device.py").write_text(f"def start(seed=0):\n    print({STARTED!r} + __file__)\n")
    return folder


def run_setup(folder, address="", before="", after="", times=1):
    """Run the setup cell in `folder` with a Python that sees no installed package; return what happened."""
    cell = re.sub('REPOSITORY = ".*?"', f'REPOSITORY = "{address}"', CELL, count=1)  # whatever its address is
    code = "import sys\n" + before + cell * times + after
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def started(result):
    """Return the folder of the book that a run of the setup cell took."""
    lines = [line for line in result.stdout.splitlines() if line.startswith(STARTED)]
    assert result.returncode == 0 and lines, result.stderr
    return Path(lines[-1].removeprefix(STARTED)).parent.parent


def file_of(link, url=URL):
    """Return the file of the repository that a launch or edit link opens; fail if it leads anywhere else."""
    slug = re.escape(url.removeprefix("https://github.com/"))
    for form in (
        rf"https://colab\.research\.google\.com/github/{slug}/blob/main/(.+)",
        rf"https://mybinder\.org/v2/gh/{slug}/main\?urlpath=lab/tree/(.+)",
        rf"https://github\.com/{slug}/edit/main/(.+)",
        rf"https://github\.com/{slug}(?:/issues/new\?.*|/?)()",
    ):
        if found := re.fullmatch(form, link):
            return found[1]
    raise AssertionError(f"{link} leads elsewhere")


def launch_links(text):
    """Return the links that lead to Colab, Binder or GitHub, less those that a chapter's text cites."""
    hosts = r"(?:colab\.research\.google\.com|mybinder\.org|github\.com)"
    text = re.sub(r'<a class="reference external"[^>]*>|<pre>.*?</pre>', "", text, flags=re.DOTALL)
    return re.findall(rf"https?://{hosts}/[^\s\"')<>]*", text.replace("&amp;", "&"))
