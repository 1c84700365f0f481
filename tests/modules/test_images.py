"""A folder of pictures of any kind: read as it looks, in one shape, nothing lost in silence. And the drawn signs."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from helpers.data import load_images
from helpers.world.signs import KINDS, draw_sign, write_signs

RED, GREEN, BLUE, WHITE = (200, 40, 30), (20, 160, 60), (30, 60, 180), (255, 255, 255)
SIZE = 16


def quarters(width=32, height=32):
    """Return a picture with a red, a green, a blue and a white quarter, in reading order."""
    image = Image.new("RGB", (width, height), WHITE)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def middles(picture):
    """Return the colours in the middle of the four quarters of a loaded picture, from 0 to 255."""
    n = len(picture)
    return [255 * picture[y, x] for y in (n // 4, 3 * n // 4) for x in (n // 4, 3 * n // 4)]


def close(colours, wanted, by=6):
    return np.allclose(colours, wanted, atol=by)


def load(folder, **options):
    x, names = load_images(folder, SIZE, **options)
    assert x.shape == (len(names), SIZE, SIZE, 3) and x.dtype == np.float32 and 0 <= x.min() and x.max() <= 1
    return x, names


@pytest.mark.parametrize(
    "name, mode, options",
    [
        ("a.png", "RGB", {}),
        ("a.jpg", "RGB", {"quality": 95, "subsampling": 0}),
        ("a.bmp", "RGB", {}),
        ("a.tif", "RGB", {}),
        ("a.webp", "RGB", {"lossless": True}),
        ("a.png", "P", {}),
        ("a.gif", "P", {}),
        ("a.png", "RGBA", {}),
        ("a.tif", "CMYK", {}),
        ("a.jpg", "CMYK", {"quality": 95, "subsampling": 0}),
        ("a.jpg", "YCbCr", {"quality": 95, "subsampling": 0}),
        ("A.JPEG", "RGB", {"quality": 95, "subsampling": 0}),
        ("named-wrongly.jpg", "RGB", {"format": "PNG"}),
        ("without-ending", "RGB", {"format": "PNG"}),
    ],
)
def test_colour_pictures_of_every_mode_look_as_they_should(tmp_path, name, mode, options):
    quarters().convert(mode).save(tmp_path / name, **options)
    x, names = load(tmp_path)
    assert names == [name] and close(middles(x[0]), [RED, GREEN, BLUE, WHITE], by=12)


@pytest.mark.parametrize(
    "mode, name", [("L", "a.png"), ("L", "a.jpg"), ("LA", "a.png"), ("1", "a.png"), ("F", "a.tif")]
)
def test_greys_become_three_equal_colours(tmp_path, mode, name):
    grey = np.zeros((32, 32), "uint8")
    grey[:, 16:] = 255 if mode == "1" else 120
    image = Image.fromarray(grey.astype("float32") / 255) if mode == "F" else Image.fromarray(grey).convert(mode)
    assert image.mode == mode
    image.save(tmp_path / name)
    x, _ = load(tmp_path)
    assert close(middles(x[0]), [[0] * 3, [grey.max()] * 3] * 2, by=3)
    assert np.array_equal(x[..., 0], x[..., 1]) and np.array_equal(x[..., 0], x[..., 2])


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bits_of_grey_keep_their_scale(tmp_path, name):
    deep = np.full((32, 32), 6554, "uint16")  # a tenth of full brightness; 8 bits cut off would be white
    deep[16:] = 65535
    Image.fromarray(deep).save(tmp_path / name)
    x, _ = load(tmp_path)
    assert close(middles(x[0]), [[25.5] * 3] * 2 + [[255] * 3] * 2, by=1)


def test_sixteen_bits_of_colour(tmp_path):
    rows = b"".join(b"\0" + struct.pack(">3H", 65535, 32768, 0) * 20 for _ in range(20))  # Pillow writes none itself

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20, 20, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    assert close(middles(load(tmp_path)[0][0]), [[255, 128, 0]] * 4, by=2)


@pytest.mark.parametrize(
    "background, behind", [(1.0, WHITE), (0.0, (0, 0, 0)), ((0.2, 0.4, 0.6), (51, 102, 153))], ids=str
)
@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_what_is_transparent_shows_the_background(tmp_path, mode, background, behind):
    image = Image.new("RGBA", (32, 32), (90, 90, 90, 255))
    image.paste((0, 0, 0, 0), (16, 0, 32, 32))  # the right half, transparent, black below
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    assert image.has_transparency_data
    image.save(tmp_path / "a.png")
    x, _ = load(tmp_path, background=background)
    assert close(middles(x[0]), [[90] * 3, behind] * 2, by=3)


def test_what_is_half_transparent_is_mixed(tmp_path):
    Image.new("RGBA", (20, 20), (0, 0, 0, 128)).save(tmp_path / "a.png")
    assert close(middles(load(tmp_path)[0][0]), [[127] * 3] * 4, by=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_picture_is_turned_as_its_exif_data_say(tmp_path, orientation, name):
    turned = {  # how the file shows it, so that the turn undoes it
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image, exif = quarters(40, 32), Image.Exif()
    exif[0x0112] = orientation
    stored = image.transpose(turned[orientation]) if orientation > 1 else image
    stored.save(tmp_path / name, exif=exif)
    x, _ = load(tmp_path)
    assert close(middles(x[0]), [RED, GREEN, BLUE, WHITE], by=12)


@pytest.mark.parametrize("width, height", [(90, 30), (30, 90), (31, 30), (1000, 30)])
def test_the_square_in_the_middle_is_kept(tmp_path, width, height):
    image, short = Image.new("RGB", (width, height), RED), min(width, height)
    left, top = (width - short) // 2, (height - short) // 2
    image.paste(quarters(short, short), (left, top))
    image.save(tmp_path / "a.png")
    assert close(middles(load(tmp_path)[0][0]), [RED, GREEN, BLUE, WHITE], by=12)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_shrinking_averages(tmp_path, name):
    lines = np.zeros((640, 640), "uint8")
    lines[:, ::4] = 200  # one column in four; a picture of every fortieth column would be all light or all dark
    Image.fromarray(lines).save(tmp_path / name, **({"quality": 95} if name == "a.jpg" else {}))
    x, _ = load(tmp_path)
    assert np.abs(255 * x[0] - 50).max() < 6


def test_a_small_picture_is_enlarged_and_it_is_said(tmp_path, capsys):
    quarters(8, 12).save(tmp_path / "small.png")
    quarters().save(tmp_path / "large.png")
    assert load(tmp_path)[1] == ["large.png", "small.png"]
    assert capsys.readouterr().out == "Enlarged, since smaller than 16 pixels: small.png.\n"


def test_names_are_sorted_with_those_of_folders_within(tmp_path):
    for name in ("b.png", "a.png", "cats/2.png", "cats/10.png", ".hidden.png", ".cache/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        quarters().save(tmp_path / name)
    assert load(str(tmp_path))[1] == ["a.png", "b.png", "cats/10.png", "cats/2.png"]


def test_an_animation_gives_its_first_picture(tmp_path):
    first, second = Image.new("RGB", (20, 20), RED), Image.new("RGB", (20, 20), BLUE)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert close(middles(load(tmp_path)[0][0]), [RED] * 4, by=12)


# ---- what is no picture, or a damaged one


def test_other_files_are_left_out_and_named(tmp_path, capsys):
    quarters().save(tmp_path / "a.png")
    for name in ("notes.txt", "Thumbs.db", "labels.csv"):
        (tmp_path / name).write_text("nothing to see")
    assert load(tmp_path)[1] == ["a.png"]
    assert capsys.readouterr().out == "Left out, no pictures: Thumbs.db, labels.csv, notes.txt.\n"


def damage(folder, kind):
    """Write a file that should be a picture and is none; return its name."""
    name = {"heic": "phone.heic", "svg": "drawing.svg"}.get(kind, "bad.jpg" if kind == "cut short" else "bad.png")
    whole = folder / "whole.tmp"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype("uint8")
    Image.fromarray(noise).save(whole, format="JPEG" if kind == "cut short" else "PNG")
    data = whole.read_bytes()
    whole.unlink()
    middle = len(data) // 2
    content = {
        "empty": b"",
        "cut short": data[:middle],
        "header only": data[:40],
        "a web page": b"<html>404 not found</html>",
        "overwritten": data[:middle] + bytes(200) + data[middle + 200 :],
        "heic": b"\0\0\0\x18ftypheic" + bytes(40),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }[kind]
    (folder / name).write_bytes(content)
    return name


@pytest.mark.parametrize("kind", ["empty", "cut short", "header only", "a web page", "overwritten", "heic", "svg"])
def test_a_picture_that_cannot_be_read_is_named_with_a_cure(tmp_path, kind, capsys):
    quarters().save(tmp_path / "a.png")
    name = damage(tmp_path, kind)
    with pytest.raises(ValueError, match=rf"^1 picture in .* cannot be read: {name} \(.+\)\. Repair or remove them"):
        load_images(tmp_path, SIZE)
    assert load(tmp_path, skip_broken=True)[1] == ["a.png"]
    assert capsys.readouterr().out == f"Left out, cannot be read: {name}.\n"


def test_all_that_cannot_be_read_is_named_at_once(tmp_path):
    quarters().save(tmp_path / "a.png")
    for k in range(12):
        (tmp_path / f"bad{k:02d}.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"^12 pictures in .* bad00\.png \(empty: .*bad09\.png .* and 2 more\."):
        load_images(tmp_path, SIZE)


def test_a_picture_on_an_unknown_scale_is_refused(tmp_path):
    Image.fromarray(np.full((20, 20), 300, "float32")).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=r"a\.tif \(pixels of mode F on an unknown scale; save it with 8 bits\)"):
        load_images(tmp_path, SIZE)


def test_an_image_that_is_far_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    quarters().save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png \(.*exceeds limit"):
        load_images(tmp_path, SIZE)


# ---- the folder and the settings


def test_a_folder_that_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*holiday, seen from .*\. Check the spelling"):
        load_images(tmp_path / "holiday", SIZE)
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(NotADirectoryError, match=r"a\.zip is a file\. load_images takes the folder"):
        load_images(tmp_path / "a.zip", SIZE)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(ValueError, match=r"There is no picture in .*\.$"):
        load_images(tmp_path, SIZE)
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ValueError, match=r"There is no picture in .*, only notes\.txt\.$"):
        load_images(tmp_path, SIZE)


@pytest.mark.parametrize("size", [0, -3, 48.0, "48", None, True, (48, 48)])
def test_a_size_that_is_no_size(tmp_path, size):
    with pytest.raises(ValueError, match="size must be a whole number of pixels"):
        load_images(tmp_path, size)


@pytest.mark.parametrize("background", [255, -0.1, (0, 0, 255), np.nan])
def test_a_background_out_of_range(tmp_path, background):
    with pytest.raises(ValueError, match=r"background must lie in \[0, 1\]"):
        load_images(tmp_path, SIZE, background=background)


# ---- the signs of appendix A3


def test_signs_are_the_same_for_the_same_seed_and_a_mixed_folder(tmp_path):
    names = write_signs(tmp_path / "a", 80, seed=1)
    assert write_signs(tmp_path / "b", 80, seed=1) == names == sorted(names) and len(set(names)) == 80
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    opened = [Image.open(tmp_path / "a" / name) for name in names]
    assert {image.format for image in opened} == {"PNG", "JPEG"} and len({image.size for image in opened}) > 40
    assert 2 <= sum(image.getexif().get(0x0112, 1) == 6 for image in opened) <= 25
    x, loaded = load_images(tmp_path / "a", 48)
    assert loaded == names and {name.split("-")[0] for name in names} == set(KINDS)
    assert len(np.unique(x.reshape(80, -1), axis=0)) == 80


@pytest.mark.parametrize("kind", KINDS)
def test_a_sign_stands_in_the_middle_and_keeps_off_the_border(kind):
    for seed in range(20):
        image = draw_sign(kind, np.random.default_rng(seed))
        pixels, short = np.asarray(image).astype(int), min(image.size)
        top, left = (image.height - short) // 2, (image.width - short) // 2
        square = pixels[top : top + short, left : left + short]
        bright = np.all(square > 235, axis=2)  # rim and glyph
        assert bright[short // 4 : -short // 4, short // 4 : -short // 4].any()
        assert not (bright[0].any() or bright[-1].any() or bright[:, 0].any() or bright[:, -1].any()), (kind, seed)
