"""Keep outputs and assets fresh: a Sphinx extension.

Without it, an edited helper, weight file or stylesheet changes nothing in the built site: the cache
of outputs knows only the notebooks' own code, and Sphinx knows only the pages. Here both get a
fingerprint of everything else that the site depends on. They are configuration values, so Sphinx
itself keeps them from build to build and reads (or writes) all pages again after a change.
"""

import hashlib
import shutil
import sys
from pathlib import Path

INPUTS = ["helpers", "book/data", "book/weights", "requirements.txt", "constraints.txt"]  # outputs depend on them
ASSETS = ["book/_static", "book/_ext"]  # every page refers to them or is written by them
IGNORED = {"__pycache__", ".DS_Store", ".ipynb_checkpoints"}


def fingerprint(root, names):
    """Return a checksum of the names and contents of files, and of all files in folders, below root."""
    digest = hashlib.sha256()
    for name in names:
        top = Path(root, name)
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not IGNORED & set(path.parts):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def refresh(app, config):
    """Set both fingerprints; empty the cache of outputs if it was filled from other inputs."""
    config.book_inputs = f"{fingerprint(app.srcdir, INPUTS)} Python {sys.version_info[0]}.{sys.version_info[1]}"
    config.book_assets = fingerprint(app.srcdir, ASSETS)
    if config.nb_execution_mode != "cache":
        return
    cache = Path(config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    marker = cache.with_name(cache.name + "_inputs.txt")
    if not marker.is_file() or marker.read_text(encoding="utf-8") != config.book_inputs:
        shutil.rmtree(cache, ignore_errors=True)
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(config.book_inputs, encoding="utf-8")


def setup(app):
    app.add_config_value("book_inputs", "", "env")  # a new value: every page is read (and executed) again
    app.add_config_value("book_assets", "", "html")  # a new value: every page is written, every asset copied
    app.connect("config-inited", refresh)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
