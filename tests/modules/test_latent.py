"""Ways through the latent space, and the player that shows them (chapter 7)."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from statistics import NormalDist

import numpy as np
import pytest
from PIL import Image

from helpers import plots
from helpers.data import load_mnist
from helpers.latent import (
    attribute_directions,
    develop,
    lerp,
    log_aggregate,
    nearest,
    quantile_grid,
    slant,
    slerp,
    thickness,
)
from helpers.models import build_decoder

RNG = np.random.default_rng(0)


def bar(lean=0.0, width=3, height=20):
    """Return one image (1, 28, 28) of a bar, sheared by `lean` columns a row."""
    image = np.zeros((1, 28, 28))
    for row in range(14 - height // 2, 14 + height // 2):
        left = round(14 - width / 2 + lean * (13.5 - row))
        image[0, row, left : left + width] = 1
    return image


def test_quantile_grid_is_finite_and_every_code_stands_for_the_same_share_of_the_prior():
    for n in (1, 2, 7, 20):
        grid = quantile_grid(n)
        assert grid.shape == (n, n, 2) and np.isfinite(grid).all()
        shares = np.vectorize(NormalDist().cdf)(grid)
        middles = (np.arange(n) + 0.5) / n
        assert np.allclose(shares[..., 0], middles[None, :], atol=1e-9)  # z[0] grows to the right
        assert np.allclose(shares[..., 1], middles[::-1, None], atol=1e-9)  # z[1] grows upwards
    assert np.allclose(quantile_grid(20).mean(axis=(0, 1)), 0, atol=1e-12)


def test_lerp_ends_where_it_should_and_keeps_an_even_pace():
    a, b = RNG.standard_normal((2, 16))
    path = lerp(a, b, np.linspace(0, 1, 11))
    assert path.shape == (11, 16) and np.array_equal(path[0], a) and np.allclose(path[-1], b)
    assert np.allclose(np.diff(path, axis=0), (b - a) / 10)


@pytest.mark.parametrize("dimensions", [2, 16])
def test_slerp_turns_evenly_and_changes_the_norm_evenly(dimensions):
    for a, b in RNG.standard_normal((20, 2, dimensions)):
        t = np.linspace(0, 1, 9)
        path = slerp(a, b, t)
        norms = np.linalg.norm(path, axis=1)
        assert np.allclose(path[0], a) and np.allclose(path[-1], b)
        assert np.allclose(norms, (1 - t) * norms[0] + t * norms[-1])
        directions = path / norms[:, None]
        turns = np.arccos(np.clip(np.sum(directions[1:] * directions[:-1], axis=1), -1, 1))
        angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert np.allclose(turns, angle / 8, atol=1e-6)
        # the path stays in the plane of a and b
        assert np.linalg.matrix_rank(np.stack([a, b, *path]), tol=1e-8) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slerp_of_parallel_codes_is_straight(dtype):
    a = RNG.standard_normal(16).astype(dtype)
    t = np.linspace(0, 1, 5)
    for b in (a, 2 * a, a + 1e-7):
        path = slerp(a, b, t)
        assert np.isfinite(path).all() and np.allclose(path, lerp(a, b, t), atol=1e-6)


def test_slerp_does_not_jump_where_it_becomes_straight():
    def middle(angle):
        return slerp(np.array([1.0, 0.0]), 2 * np.array([np.cos(angle), np.sin(angle)]), [0.5])

    # straight turns unevenly if the norms differ, so there is a step, of a fraction of the angle
    assert np.abs(middle(0.999e-3) - middle(1.001e-3)).max() < 0.5e-3


def test_two_arcs_by_a_third_code_join_opposite_ones():
    """As chapter 7 says: at right angles to both, with the mean of their lengths."""
    a, b, third = np.array([[3.0, 0, 0], [-2.0, 0, 0], [0, 2.0, 1.5]])
    path = np.concatenate([slerp(a, third, np.linspace(0, 1, 5)), slerp(third, b, np.linspace(0, 1, 5))[1:]])
    norms = np.linalg.norm(path, axis=1)
    assert np.allclose(norms, np.linspace(3, 2, 9))
    turns = np.arccos(np.sum(path[1:] * path[:-1], axis=1) / norms[1:] / norms[:-1])
    assert np.allclose(turns, np.pi / 8)


def test_slerp_refuses_what_has_no_shortest_arc():
    a = RNG.standard_normal(16)
    for b in (-a, -3 * a):
        with pytest.raises(ValueError, match="opposite"):
            slerp(a, b, [0.5])
    for pair in ((np.zeros(16), a), (a, np.zeros(16))):
        with pytest.raises(ValueError, match="zeros"):
            slerp(*pair, [0.5])


def test_slant_measures_a_known_shear():
    for lean in (-0.5, -0.25, 0.0, 0.25, 0.5):
        assert abs(slant(bar(lean))[0] - lean) < 0.02
    image = bar(0.3)
    assert np.isclose(slant(np.roll(image, (2, -3), axis=(1, 2))), slant(image))  # wherever it stands
    assert np.isclose(slant(image / 2), slant(image))  # however bright it is
    assert np.isclose(slant(image[:, :, ::-1]), -slant(image))


def test_slant_agrees_with_a_regression_on_real_digits():
    (x, _), _ = load_mnist()
    for image in x[:5]:
        up, right = np.mgrid[13.5:-14:-1, -13.5:14]
        slope, _ = np.polyfit(up.ravel(), right.ravel(), 1, w=np.sqrt(image.ravel()))
        assert np.isclose(slant(image[None])[0], slope, atol=1e-5)


def turned_bar(degrees, width=3.0, height=16.0, finer=8):
    """Return one image (1, 28, 28) of a bar turned about the middle; grey where a pixel is covered in part."""
    y, x = (np.mgrid[: 28 * finer, : 28 * finer] + 0.5) / finer - 14
    angle = np.radians(degrees)
    across, along = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside = (abs(across) < width / 2) & (abs(along) < height / 2)
    return inside.reshape(28, finer, 28, finer).mean(axis=(1, 3))[None]


def test_thickness_grows_with_the_stroke_and_not_with_its_length_or_brightness():
    for width in (1, 2, 3, 5):
        edge = 2 * width + 2 * 20 - 4 + 2 * np.sqrt(2)  # the perimeter, cut across its four corners
        assert np.isclose(thickness(bar(width=width))[0], 2 * width * 20 / edge)
    assert abs(thickness(bar(height=24)) - thickness(bar(height=16)))[0] < 0.2
    assert np.isclose(thickness(bar() / 3), thickness(bar()))
    assert np.isclose(thickness(bar(0.4)), thickness(bar(0.4)[:, :, ::-1]))  # leaning left or right


def test_thickness_stays_when_the_stroke_is_turned():
    for degrees in (10, 20, 30, 45, 60):
        assert abs(thickness(turned_bar(degrees)) / thickness(turned_bar(0)) - 1)[0] < 0.05, degrees


def test_attribute_directions_recover_planted_ones():
    variance = np.linspace(0.5, 1.5, 16) ** 2
    codes = RNG.standard_normal((40_000, 16)) * np.sqrt(variance)
    planted = RNG.standard_normal((16, 2))
    values = codes @ planted + 3
    directions = attribute_directions(codes, values)
    assert directions.shape == (2, 16)
    # between digits that differ by direction i, attribute i differs by one, and only that
    assert np.allclose(directions @ planted, np.eye(2), atol=1e-6)
    # by hand: the mean of Gaussian codes, given the attributes
    known = np.linalg.solve(planted.T @ (variance[:, None] * planted), planted.T * variance)
    assert np.allclose(directions, known, atol=0.02)
    single = attribute_directions(codes, values[:, :1])[0]
    assert single @ planted[:, 0] == pytest.approx(1)


def test_nearest_finds_the_image_itself_and_agrees_with_the_direct_way():
    (x, _), _ = load_mnist()
    index, distance = nearest(x[[5, 7]], x[:50])
    assert index.tolist() == [5, 7] and distance.max() < 0.05
    index, distance = nearest(x[100:105], x[:50])
    direct = np.sqrt(((x[100:105, None] - x[None, :50]) ** 2).sum(axis=(2, 3)))
    assert (index == direct.argmin(axis=1)).all() and np.allclose(distance, direct.min(axis=1), atol=1e-3)


def test_develop_gives_probabilities_for_either_float():
    decoder = build_decoder()
    z = RNG.standard_normal((3, 2))
    prints = develop(decoder, z)
    assert prints.shape == (3, 28, 28) and prints.min() > 0 and prints.max() < 1
    assert np.allclose(prints, develop(decoder, z.astype("float32")), atol=1e-6)


def test_log_aggregate_is_the_density_of_a_mixture():
    z_mean, z_log_var = RNG.standard_normal((40, 2)), RNG.normal(-2, 0.5, (40, 2))
    z = RNG.standard_normal((15, 2))
    sigma = np.exp(0.5 * z_log_var)
    density = np.exp(-0.5 * ((z[:, None] - z_mean) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    assert np.allclose(log_aggregate(z, z_mean, z_log_var), np.log(density.prod(axis=2).mean(axis=1)))
    axis = np.linspace(-8, 8, 321)  # it integrates to one
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert np.isclose(np.exp(log_aggregate(plane, z_mean, z_log_var)).sum() * 0.05**2, 1, atol=1e-3)
    assert np.isfinite(log_aggregate(np.array([[60.0, 60.0]]), z_mean, z_log_var)).all()  # far from everything


# The player


class Page(HTMLParser):
    """Collects tags with their attributes, and the text of scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.unclosed = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


FRAMES = RNG.random((6, 28, 28))


def test_player_makes_no_request_and_its_parts_are_named():
    text = plots.player({"straight": FRAMES, "spherical": FRAMES}, "A 4 becomes a 9").data
    page = Page(text)
    assert not page.open
    assert not re.search(r"(https?:)?//[a-z]", re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text))
    addresses = [attrs[name] for _, attrs in page.tags for name in ("src", "href") if name in attrs]
    assert addresses and all(address.startswith("data:image/png;base64,") for address in addresses)
    assert "url(" not in text and "@import" not in text and "fetch" not in text
    (canvas,), (button,), (slider,), (label,) = map(page.all, ("canvas", "button", "input", "label"))
    assert canvas["role"] == "img" and "A 4 becomes a 9" in canvas["aria-label"]
    assert button["type"] == "button" and slider["type"] == "range" and slider["max"] == "5"
    assert label["for"] == slider["id"]
    assert all(attrs["alt"] for attrs in page.all("img")) and len(page.all("img")) == 2
    assert "prefers-reduced-motion" in text and "autoplay" not in text


def test_players_on_one_page_share_no_id_and_style_only_themselves():
    texts = [plots.player(FRAMES, "one").data for _ in range(3)]
    ids = [attrs["id"] for text in texts for _, attrs in Page(text).tags if "id" in attrs]
    assert len(ids) == len(set(ids)) == 9
    for text in texts:
        root = next(attrs["id"] for tag, attrs in Page(text).tags if tag == "figure")
        style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
        for selectors in re.findall(r"([^{}]+)\{", style):
            assert all(part.strip().startswith("#" + root) for part in selectors.split(","))


def test_player_keeps_texts_as_texts():
    title = "</script><b>& \"quotes\" 'too'"
    text = plots.player({"<i>": FRAMES}, title, readout=["</script>"] * 6).data
    page = Page(text)
    assert [name for name, _ in page.tags].count("script") == 1 and not page.all("b") and not page.all("i")
    assert page.all("canvas")[0]["aria-label"] == title


def test_player_sprite_holds_every_frame_exactly():
    text = plots.player({"a": FRAMES, "b": 1 - FRAMES}, "two").data
    setup = json.loads(re.search(r"\}\)\((\{.*\})\);</script>", text, re.S).group(1))
    sprite = np.asarray(Image.open(io.BytesIO(base64.b64decode(setup["sprite"].split(",")[1]))))
    assert sprite.shape == (setup["n"] * setup["height"], setup["width"]) == (6 * 28, 28 + 2 + 28)
    third = sprite[2 * 28 : 3 * 28]
    assert np.array_equal(third[:, :28], np.round(255 * FRAMES[2])) and setup["readout"][2] == "frame 3 of 6"
    assert np.array_equal(third[:, 30:], np.round(255 * (1 - FRAMES[2])))


def test_player_says_what_it_was_given_wrong():
    with pytest.raises(ValueError, match="one shape"):
        plots.player({"a": FRAMES, "b": FRAMES[:3]}, "uneven")
    with pytest.raises(ValueError, match="6 frames, but 2 texts"):
        plots.player(FRAMES, "texts", readout=["a", "b"])
