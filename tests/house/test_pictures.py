"""The pictures at the head of README: those of the recorded model, small, moving, and described."""

import re

import numpy as np
import pytest
from PIL import Image

from helpers.places import ROOT
from tools.recording import pictures


def test_the_pictures_are_there_and_light():
    assert sum(path.stat().st_size for path in (pictures.PLANE, pictures.MORPHING)) < 1_000_000


def test_the_plane_is_that_of_the_recorded_model():
    with Image.open(pictures.PLANE) as image:
        kept = np.asarray(image.convert("L"), "float32")
    fresh = np.asarray(pictures.plane(), "float32")
    assert kept.shape == fresh.shape and np.abs(kept - fresh).mean() < 0.5  # of 255; the wrong way up it is over 20
    assert np.abs(kept - fresh[::-1]).mean() > 20


def test_the_animation_moves_and_begins_anew():
    with Image.open(pictures.MORPHING) as image:
        frames, first = image.n_frames, np.asarray(image.convert("L"), "float32")
        image.seek(frames // 4)
        assert np.abs(np.asarray(image.convert("L"), "float32") - first).mean() > 0.5
        assert frames == 2 * (pictures.STEPS + 1) and image.info["loop"] == 0


def test_the_readme_begins_with_both_and_says_what_they_show():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    head = readme[: readme.index("\n## ")]
    shown = dict(re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', head))
    assert list(shown) == [path.relative_to(ROOT).as_posix() for path in (pictures.PLANE, pictures.MORPHING)]
    assert all(len(alt) > 80 for alt in shown.values())


def test_what_is_missing_is_said_in_a_sentence(tmp_path, monkeypatch, capsys):
    assert pictures.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"There is no built site in {tmp_path}: run make book first.\n"
    (tmp_path / "book").mkdir()
    (tmp_path / pictures.PAGE).touch()
    monkeypatch.setattr(pictures.shutil, "which", lambda name: str(tmp_path / "no-browser"))
    with pytest.raises(pictures.PictureError, match="needs Chromium or Chrome, and none could be started: "):
        pictures.morphing(tmp_path)
