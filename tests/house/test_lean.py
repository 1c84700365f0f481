"""book/_ext/lean.py: pictures of the site in less space."""

import importlib.util

import numpy as np
import pytest
from PIL import Image

from helpers.places import BOOK

spec = importlib.util.spec_from_file_location("lean", BOOK / "_ext/lean.py")
lean = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lean)

rng = np.random.default_rng(0)
FLAT = rng.integers(0, 20, (400, 400, 1)).repeat(3, axis=2) * 12  # twenty greys
MANY = np.linspace(0, 200, 400)[:, None, None] + rng.uniform(0, 50, (400, 400, 3))  # no palette will do


@pytest.mark.parametrize(("pixels", "name"), [(FLAT[:20, :20], "a.png"), (FLAT, "a.png"), (MANY, "a.webp")])
def test_a_picture_is_stored_in_less_space_and_still_asked_for(tmp_path, pixels, name):
    path, page = tmp_path / "a.png", tmp_path / "page.html"
    Image.fromarray(pixels.astype("uint8")).save(path)
    page.write_text('<img src="_images/a.png"> and <img src="_images/b.png">', encoding="utf-8")
    before = path.stat().st_size
    after = lean.shrink(path)
    assert after.name == name and path.exists() == (after == path)
    assert after.stat().st_size < before or before < lean.LARGE
    with Image.open(after) as image:
        assert np.mean((np.asarray(image.convert("RGB")) - pixels) ** 2) < (200 if name == "a.webp" else lean.FAITHFUL)
    lean.rename(tmp_path, {path.name: after.name} if after != path else {})
    assert page.read_text(encoding="utf-8") == f'<img src="_images/{name}"> and <img src="_images/b.png">'
