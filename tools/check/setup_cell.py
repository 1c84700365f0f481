# Setup, the same in every chapter: find the book's own helpers; on Colab, fetch the book first.
import pathlib
import subprocess
import sys

REPOSITORY = ""  # the book's address; `make repository URL=...` writes it here
VERSION = "v1.1.0"  # the tag that this notebook belongs to; where there is none, the newest is fetched


def is_book(folder):
    marker = folder / "helpers" / "__init__.py"
    return marker.is_file() and 'BOOK = "The Digital Darkroom"' in marker.read_text("utf-8", "replace")


here = pathlib.Path.cwd()
clone = here / "digital-darkroom"
places = [here, *here.parents, clone, *map(pathlib.Path, sys.path)]
if REPOSITORY and "google.colab" in sys.modules and not any(map(is_book, places)):
    fetch = ["git", "clone", "--quiet", "--depth=1", REPOSITORY, str(clone)]
    if subprocess.run([*fetch, "--branch", VERSION], stderr=subprocess.DEVNULL).returncode:
        subprocess.run(fetch)
book = next(filter(is_book, places), None)
if book is None:
    fetch = f"Fetch it with `git clone {REPOSITORY}`" if REPOSITORY else "Its address is not set here: download it"
    raise ModuleNotFoundError(
        "This chapter needs the rest of the book: helpers, data and trained models. "
        f"{fetch}, and open the chapter from the book's own folder book/."
    )
sys.path.insert(0, str(book))
if not hasattr(sys.modules.get("helpers"), "BOOK"):  # another package of that name, loaded before
    for name in [name for name in sys.modules if name.split(".")[0] == "helpers"]:
        del sys.modules[name]

from helpers.device import start

start(seed=0)  # loads Keras quietly, lets GPU memory grow, sets the seeds and the figure style
