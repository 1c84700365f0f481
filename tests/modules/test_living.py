"""Living pages: the packed model, the pieces that become one output, and the rules that the modules keep.

What the JavaScript computes is compared with Keras in a browser, see tests/built.
"""

import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from living_code import CHAPTERS, WIDGETS, layers, shown, unpacked

from helpers.files import base64_text
from helpers.living import pack
from helpers.living.page import _camel, _js, bundle, show_widget
from helpers.living.widgets import NAMES
from helpers.living.widgets.drawing_table import NETWORK, VELOCITY
from helpers.places import ROOT, SCRIPTS

MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.js"))}
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+\.js)";$', re.MULTILINE)


# ---- the model in 8 bits


@pytest.fixture(scope="module")
def data():
    return pack.packed_model()


def test_the_packed_model_is_small(data):
    assert len(data) <= 600_000
    assert len(base64_text(data)) < 700_000


def test_the_packed_model_has_the_recorded_weights(data):
    """Each within half a step of its column; biases as they are."""
    from helpers.weights import load_vae

    vae = load_vae(pack.MODEL)
    dense = [layer for part in (vae.encoder, vae.decoder) for layer in part.layers if hasattr(layer, "kernel")]
    parts = layers(data)
    assert [small.shape for small, _, _ in parts] == [tuple(layer.kernel.shape) for layer in dense]
    for layer, (small, scale, bias) in zip(dense, parts):
        assert np.abs(small * scale - convert_to_numpy(layer.kernel)).max() <= scale.max() * 0.501
        assert np.array_equal(bias, convert_to_numpy(layer.bias)) and np.abs(small).max() == 127


def test_the_packed_model_is_as_good_as_the_book_says(data):
    """At most 139.5 nats on the test set, and a quarter of a nat from the model that was packed."""
    from helpers.data import load_mnist
    from helpers.evaluation import evaluate_elbo
    from helpers.weights import load_vae

    _, (x, _) = load_mnist()
    models = unpacked(data), load_vae(pack.MODEL)
    small, full = (np.sum(evaluate_elbo(vae, x), axis=0).mean() for vae in models)
    assert small <= 139.5
    assert abs(small - full) < 0.25, f"packed {small:.2f} nats, recorded {full:.2f}"


def test_the_drawing_table_takes_little_along():
    """VAE and velocity together at most 600 kB; each weight within half a step of its column."""
    from helpers.weights import load_velocity

    vae, text = pack.packed_model(NETWORK), pack.pack_velocity(VELOCITY)
    packed = base64.b64decode(text)
    assert len(vae) + len(packed) <= 600_000
    dense = [layer for layer in load_velocity(VELOCITY).layers if hasattr(layer, "kernel")]
    parts = layers(packed)
    assert [small.shape for small, _, _ in parts] == [tuple(layer.kernel.shape) for layer in dense]
    for layer, (small, scale, bias) in zip(dense, parts):
        assert np.abs(small * scale - convert_to_numpy(layer.kernel)).max() <= scale.max() * 0.501
        assert np.array_equal(bias, convert_to_numpy(layer.bias))


def test_widgets_of_different_models_do_not_share_a_page():
    with pytest.raises(ValueError, match="one model, but .* run darkroom-12d and darkroom-2d"):
        show_widget("drawing_table", "darkroom")


def test_a_column_of_zeros_stays_zero():
    small, scale = pack.quantise(np.array([[0.0, 1.0], [0.0, -2.0]]))
    assert small.tolist() == [[0, 64], [0, -127]] and scale[0] == 1
    assert small.dtype == np.int8 and scale.dtype == np.float32


def test_images_and_codes_come_back():
    images = np.linspace(0, 1, 2 * 784).reshape(2, 28, 28)
    grey = np.frombuffer(base64.b64decode(pack.pack_images(images)), "uint8").reshape(2, 28, 28) / 255
    assert np.abs(grey - images).max() <= 0.5 / 255 + 1e-9
    codes = np.array([[-9.0, 0.01], [4.99, 1.0]])  # what lies outside is put on the edge
    small = np.frombuffer(base64.b64decode(pack.pack_codes(codes)), "i1").reshape(2, 2) * pack.CODE_RANGE / 127
    assert np.abs(small - np.clip(codes, -pack.CODE_RANGE, pack.CODE_RANGE)).max() <= pack.CODE_RANGE / 254 + 1e-9


# ---- one output


@pytest.mark.parametrize("names", [(), ("nothing",), ("darkroom", "nothing")])
def test_a_wrong_name_is_refused_with_the_right_ones(names):
    with pytest.raises(ValueError, match="show_widget takes names of widgets.*darkroom"):
        show_widget(*names)


@pytest.fixture(scope="module")
def page():
    return show_widget("darkroom")


def test_an_output_is_complete_in_itself(page):
    assert page.markup.count("<script>") == page.markup.count("</script>") == 1
    assert page.markup.index('class="living-page"') < page.markup.index("<script>")
    assert not re.search(r"\bsrc=\"(?!data:)|\bhref=|@import|url\(", page.markup)
    assert not re.search(r"^\s*(import|export)\b", page.markup, re.MULTILINE)


def test_an_output_has_a_picture_for_where_html_is_of_no_use(page):
    bundle = page._repr_mimebundle_()
    assert bundle["text/html"] == page.markup and bundle["image/png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert f'alt="{WIDGETS["darkroom"].ALT}"' in page.markup


def test_two_outputs_have_hosts_of_their_own():
    hosts = {re.search(r'id="(darkroom-\w+)"', show_widget("darkroom").markup)[1] for _ in range(2)}
    assert len(hosts) == 2


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_says_what_to_try_and_what_to_notice(name):
    widget = WIDGETS[name]
    for text in (widget.TITLE, widget.TRY, widget.NOTICE, widget.ALT):
        assert text and text[0].isupper() and "  " not in text
    assert all(text.endswith(".") for text in (widget.TRY, widget.NOTICE, widget.ALT)) and len(widget.ALT) > 40


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_takes_little_data_along(name):
    assert len(json.dumps(WIDGETS[name].data())) < 350_000


def test_a_script_end_in_a_text_does_not_end_the_script():
    assert "</script" not in _js({"text": "</script><b>"}) and "<" not in _js("<!--")


def test_a_player_takes_what_a_chapter_made():
    tune = [2, *[0] * 31]
    page = show_widget("tunes", data={"one <b>": np.array(tune)})
    assert "one \\u003cb>" in page.markup and json.dumps(tune) in page.markup and page.picture[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="the player"):
        show_widget("tunes", data={"too short": np.zeros(5, int)})


# ---- the modules


def names(text, exported=False):
    """Return the top-level names of a module."""
    start = r"^export " if exported else r"^(?:export )?"
    plain = re.findall(start + r"(?:async )?(?:function\*?|class|const|let|var) (\w+)", text, re.MULTILINE)
    several = re.findall(start + r"(?:const|let|var) [\[{]([^\]}]+)[\]}] =", text, re.MULTILINE)
    return [*plain, *(name.strip() for group in several for name in group.split(","))]


def imports(text):
    """Return (name, module) of everything that a module imports."""
    found = [(name.strip(), module) for group, module in IMPORT.findall(text) for name in group.split(",")]
    return [(name, module) for name, module in found if name]


def without_comments(text):
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.DOTALL)


def test_modules_have_different_top_level_names():
    everywhere = [(name, module) for module, text in MODULES.items() for name in names(text)]
    owners = {}
    for name, module in everywhere:
        owners.setdefault(name, []).append(module)
    assert {name: modules for name, modules in owners.items() if len(modules) > 1} == {}


def test_what_is_imported_is_exported_and_used():
    wrong = []
    for module, text in MODULES.items():
        lines = [line for line in text.splitlines() if line.startswith("import ")]
        assert len(lines) == len(IMPORT.findall(text)), f"{module}: write an import in one line, with names in braces"
        body = without_comments(IMPORT.sub("", text))
        for name, source in imports(text):
            if name not in names(MODULES[source], exported=True):
                wrong.append(f"{module} imports {name}, which {source} does not export")
            if not re.search(rf"\b{re.escape(name)}\b", body):
                wrong.append(f"{module} imports {name} and does not use it")
    assert wrong == []


def test_every_export_is_used_elsewhere():
    used = {(name, module) for text in MODULES.values() for name, module in imports(text)}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/built").glob("*.py"))
    entry = {_camel(name) for name in WIDGETS} | {"mount", "unpack"}  # called by show_widget
    unused = [
        f"{module}: {name}"
        for module, text in MODULES.items()
        for name in names(text, exported=True)
        if (name, module) not in used and name not in entry and not re.search(rf"\b{name}\b", tests)
    ]
    assert unused == []


def test_modules_ask_for_nothing_and_run_no_text():
    forbidden = r"\bfetch\b|XMLHttpRequest|\bimport\(|WebSocket|sendBeacon|EventSource|importScripts|\beval\b"
    forbidden += r"|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\w+Storage|//(?!www\.w3\.org)"
    found = [(name, match) for name, text in MODULES.items() for match in re.findall(forbidden, without_comments(text))]
    assert found == []


def test_the_readme_of_the_modules_lists_them():
    readme = (SCRIPTS / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w.]+)` \|", readme, re.MULTILINE)) - {"widget_NAME.js"}
    there = {path.name for path in SCRIPTS.iterdir() if path.name != "README.md"}
    assert listed == {name for name in there if not name.startswith("widget_")}


def test_every_widget_has_its_module_and_every_module_its_widget():
    files = {name.removeprefix("widget_").removesuffix(".js") for name in MODULES if name.startswith("widget_")}
    assert files == set(NAMES)
    for name in WIDGETS:
        assert names(MODULES[f"widget_{name}.js"], exported=True) == [_camel(name)]


def test_a_bundle_has_each_module_once_with_what_it_needs_before_it():
    for name in WIDGETS:
        text = bundle(["mount", "network", f"widget_{name}"])
        defined = re.findall(r"^(?:async )?(?:function|const) (\w+)", text, re.MULTILINE)
        assert len(defined) == len(set(defined))
        assert not re.search(r"^(import|export)\b|/\*\*|</script", text, re.MULTILINE)
        order = [text.index(f"function {each}(") for each in ("el", "mount", _camel(name))]
        assert order[0] == min(order)


# ---- the chapters


def test_a_chapter_carries_the_model_once():
    calls = {path.name: shown(path) for path in CHAPTERS}
    assert {name: found for name, found in calls.items() if len(found) > 1} == {}
    assert all(set(names) <= set(WIDGETS) for found in calls.values() for names in found)


def test_every_widget_is_shown_where_it_belongs():
    calls = {path.stem: [name for call in shown(path) for name in call] for path in CHAPTERS}
    places = {"index": "darkroom", "01_darkroom": "darkroom", "02_encoder": "encoder", "04_reparameterization": "dial"}
    places |= {"05_loss": "ledger", "06_training": "timemachine", "07_generation": "morphing"}
    places |= {"16_melodies": "tunes", "17_art": "drawing_table"}
    assert {chapter: name for chapter, name in places.items() if name not in calls[chapter]} == {}
    assert {name for names in calls.values() for name in names} == set(WIDGETS)


def test_no_widget_manager_is_shipped():
    vendored = (ROOT / "book/_static/vendor/manifest.json").read_text(encoding="utf-8")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert "widgets" not in vendored and "nb_ipywidgets_js: {}" in config


def test_every_script_is_well_formed():
    """As far as node can tell, where it is installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for path in [ROOT / "book/_static/site.js", *SCRIPTS.glob("*.js")]:
        command = [node, "--input-type=module", "--check"]
        done = subprocess.run(command, input=path.read_text(encoding="utf-8"), capture_output=True, text=True)
        assert done.returncode == 0, f"{path.name}: {done.stderr}"
