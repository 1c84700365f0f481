"""What the chapters define: equal to the helpers of that name, and doing what the text says.

The definitions are read from the notebooks themselves (tests/chapter_code.py).
"""

import ast
import json
import re

import chapter_code
import numpy as np
import pytest

from helpers.places import ROOT

HELPERS = {
    ".".join(path.relative_to(ROOT / "helpers").with_suffix("").parts): chapter_code.definitions(path)
    for path in sorted((ROOT / "helpers").rglob("*.py"))
}
TAUGHT = (
    "models losses evaluation latent judge recipes world.portrait_vae world.flow".split()
)  # taught: every definition


def chapter(number):
    """Return the notebook of a chapter (9) or an appendix ("A2")."""
    name = f"{number:02d}" if isinstance(number, int) else number.lower()
    (path,) = (ROOT / "book").glob(f"{name}_*.ipynb")
    return path


def shared():
    """Return (chapter, module, name) for every definition of a chapter that helpers has by the same name."""
    return [
        (path, module, name)
        for path in chapter_code.chapters()
        for name in chapter_code.definitions(path)
        for module, found in HELPERS.items()
        if name in found
    ]


@pytest.mark.parametrize(
    "path, module, name", [pytest.param(*each, id=f"{each[0].stem}-{each[2]}") for each in shared()]
)
def test_a_chapter_defines_what_helpers_defines(path, module, name):
    here, there = chapter_code.definitions(path)[name], HELPERS[module][name]
    assert chapter_code.bare(here) == chapter_code.bare(there)


@pytest.mark.parametrize(
    "module, name", [(m, name) for m in TAUGHT for name in HELPERS.get(m, {}) if not name.startswith("_")]
)
def test_a_helper_names_the_chapters_that_define_it(module, name):
    docstring = ast.get_docstring(HELPERS[module][name]) or ""
    found = re.search(r"\b(?:Chapters?|Appendix) (A?\d+(?:(?:, | and )\d+)*)", docstring)
    assert found, f"helpers.{module}.{name} should say in its docstring which chapter derives it"
    for number in re.findall(r"A?\d+", found[1]):
        path = chapter(int(number) if number.isdigit() else number)
        assert name in chapter_code.definitions(path), f"chapter {number} does not define {name}"


# ---- the reader itself


def notebook(folder, *cells):
    cells = [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in cells]
    (folder / "a.ipynb").write_text(json.dumps({"cells": cells}))
    return folder / "a.ipynb"


def test_the_reader_runs_imports_constants_and_what_is_asked_for(tmp_path):
    path = notebook(
        tmp_path,
        'REPOSITORY = ""\nraise SystemExit',
        "import math\n\nsize = 2\nlarge = print('not run')",
        "@broken\ndef area(x: int) -> int:\n    return math.pi * size * x\n\n\ndef other(x=large):\n    return x",
    )
    assert chapter_code.load(path, "area")["area"](1) == pytest.approx(6.2832, rel=1e-4)
    assert list(chapter_code.definitions(path)) == ["area", "other"]
    with pytest.raises(KeyError, match="does not define volume"):
        chapter_code.load(path, "volume")
    with pytest.raises(ValueError, match="area twice"):
        chapter_code.definitions(notebook(tmp_path, "def area(): pass", "def area(): return 1"))


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        ('@register\ndef f(x: int, y=1) -> float:\n    """Add."""\n    return x + y  # the sum', True),
        ("def f(x, y = 1):\n    return (x + y)", True),
        ("def f(x, y=2):\n    return x + y", False),
        ("def f(x, y=1):\n    return y + x", False),
        ("def f(x, *, y=1):\n    return x + y", False),
        ("def f(x, y=1):\n    'A string that is a docstring.'\n    'and one that is not'\n    return x + y", False),
    ],
)
def test_equal_but_for_docstrings_annotations_and_decorators(tmp_path, other, equal):
    one = chapter_code.definitions(notebook(tmp_path, "def f(x, y=1):\n    return x + y"))["f"]
    two = chapter_code.definitions(notebook(tmp_path, other))["f"]
    assert (chapter_code.bare(one) == chapter_code.bare(two)) is equal


def test_methods_are_compared_too(tmp_path):
    one = 'class A:\n    """A."""\n\n    def f(self):\n        """F."""\n        return 1'
    two, three = "class A:\n    def f(self) -> int:\n        return 1", "class A:\n    def f(self):\n        return 2"
    nodes = [chapter_code.definitions(notebook(tmp_path, code))["A"] for code in (one, two, three)]
    texts = [chapter_code.bare(node) for node in nodes]
    assert texts[0] == texts[1] != texts[2]


# ---- the definitions at work


@pytest.fixture(scope="module")
def digits():
    from helpers.data import load_mnist

    (x_train, _), _ = load_mnist()
    return x_train[:600]


def array(x):
    from keras import ops

    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_chapter_2_encodes_and_chapter_3_decodes(digits, latent_dim):
    encoder = chapter_code.load(chapter(2), "build_encoder")["build_encoder"](latent_dim)
    decoder = chapter_code.load(chapter(3), "build_decoder")["build_decoder"](latent_dim)
    z_mean, z_log_var = encoder(digits[:7])
    assert z_mean.shape == z_log_var.shape == (7, latent_dim)
    logits = array(decoder(z_mean))
    assert logits.shape == (7, 28, 28) and np.isfinite(logits).all() and logits.min() < 0 < logits.max()


def test_chapter_4_draws_around_the_mean_by_sigma():
    sampling = chapter_code.load(chapter(4), "Sampling")["Sampling"]
    z_mean = np.tile(np.float32([1, -2]), (20_000, 1))
    z_log_var = np.tile(np.log(np.float32([0.25, 4])), (20_000, 1))
    first = sampling(seed=3)
    z = array(first([z_mean, z_log_var]))
    error = np.array([0.5, 2]) / np.sqrt(20_000)
    assert np.all(np.abs(z.mean(axis=0) - [1, -2]) < 4 * error)
    assert np.all(np.abs(z.std(axis=0) - [0.5, 2]) < 4 * error)
    assert np.array_equal(z, array(sampling(seed=3)([z_mean, z_log_var])))
    assert not np.array_equal(z, array(first([z_mean, z_log_var])))  # the layer's next draw is another one


def test_chapter_5_has_the_divergence_that_its_prior_implies():
    code = chapter_code.load(chapter(5), "kl_divergence", "StandardNormal")
    z_mean, z_log_var = np.float32([[0.5, -1.0]]), np.float32([[-1.0, 0.3]])
    rng = np.random.default_rng(0)
    epsilon = rng.normal(size=(100_000, 2))
    z = (z_mean + np.exp(z_log_var / 2) * epsilon).astype("float32")
    log_q = -0.5 * (epsilon**2 + np.log(2 * np.pi) + z_log_var).sum(axis=1)
    ratio = log_q - array(code["StandardNormal"](2).log_prob(z))
    kl = float(array(code["kl_divergence"](z_mean, z_log_var))[0])
    assert abs(kl - ratio.mean()) < 4 * ratio.std() / np.sqrt(len(ratio))
    assert array(code["kl_divergence"](np.zeros((3, 2), "float32"), np.zeros((3, 2), "float32"))) == pytest.approx(0)


def test_chapter_5_has_the_likelihoods_of_coins_and_of_bell_curves(digits):
    code = chapter_code.load(chapter(5), "bernoulli_reconstruction", "gaussian_reconstruction")
    x = digits[:5]
    logits = np.random.default_rng(1).normal(size=x.shape).astype("float32")
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2))
    assert array(code["bernoulli_reconstruction"](x, logits)) == pytest.approx(entropy, rel=1e-5)
    density = np.exp(-((x - p) ** 2) / (2 * 0.3**2)) / (0.3 * np.sqrt(2 * np.pi))
    found = array(code["gaussian_reconstruction"](x, p.astype("float32"), 0.3))
    assert found == pytest.approx(-np.log(density).sum(axis=(1, 2)), rel=1e-4)


def test_chapter_6_learns(digits):
    import keras

    code = chapter_code.load(chapter(6), "VAE")
    build = {2: "build_encoder", 3: "build_decoder"}
    encoder, decoder = (chapter_code.load(chapter(n), name)[name](2) for n, name in build.items())
    keras.utils.set_random_seed(0)
    vae = code["VAE"](encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(2e-3))
    history = vae.fit(digits, batch_size=100, epochs=8, verbose=0).history
    assert history["loss"][-1] < 0.75 * history["loss"][0]
    assert history["loss"][-1] == pytest.approx(history["reconstruction"][-1] + history["kl"][-1], rel=1e-3)
    assert [tuple(part.shape) for part in vae(digits[:3])] == [(3, 28, 28), (3, 2), (3, 2)]


def test_chapter_7_walks_straight_and_along_the_sphere():
    code = chapter_code.load(chapter(7), "lerp", "slerp")
    a, b, t = np.array([3.0, 0]), np.array([0, 1.0]), np.linspace(0, 1, 9)
    for way in ("lerp", "slerp"):
        path = code[way](a, b, t)
        assert path.shape == (9, 2) and np.allclose(path[[0, -1]], [a, b])
    straight, arc = code["lerp"](a, a[::-1], t), code["slerp"](a, a[::-1], t)
    assert np.linalg.norm(straight[4]) == pytest.approx(3 / np.sqrt(2))  # the chord cuts the corner
    assert np.allclose(np.linalg.norm(arc, axis=1), 3)
    angles = np.arctan2(arc[:, 1], arc[:, 0])
    assert np.allclose(np.diff(angles), np.pi / 16)  # and evenly


def test_chapter_7_lays_a_grid_of_equal_shares():
    grid = chapter_code.load(chapter(7), "quantile_grid")["quantile_grid"](10)
    assert grid.shape == (10, 10, 2) and np.isfinite(grid).all()
    assert np.all(grid[0, :, 1] == grid[0, 0, 1]) and grid[0, 0, 1] > grid[-1, 0, 1]
    draws = np.random.default_rng(0).normal(size=200_000)
    borders = (grid[0, 1:, 0] + grid[0, :-1, 0]) / 2
    assert (np.digitize(draws, borders) == 4).mean() == pytest.approx(0.1, abs=0.005)  # one cell of the ten


def test_chapter_7_measures_slant_and_thickness():
    code = chapter_code.load(chapter(7), "slant", "thickness")
    upright, leaning, wide = np.zeros((3, 28, 28), "float32")
    upright[4:24, 13:15] = wide[4:24, 11:17] = 1
    for row in range(4, 24):
        leaning[row, 18 - row // 2] = 1  # half a column to the right for each row upwards
    slants = code["slant"](np.stack([upright, leaning, leaning[:, ::-1]]))
    assert slants == pytest.approx([0, 0.5, -0.5], abs=0.03)
    widths = code["thickness"](np.stack([upright, wide]))
    assert 1.5 < widths[0] < 2.5 and widths[1] / widths[0] == pytest.approx(3, rel=0.25)
