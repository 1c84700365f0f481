"""Where things are in the book's folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
DATA = BOOK / "data"
WEIGHTS = BOOK / "weights"
SCRIPTS = BOOK / "_static" / "darkroom"  # of the widgets
