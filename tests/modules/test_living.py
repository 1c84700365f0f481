"""Living pages: the packed model, the pieces that become one output, and the rules that the modules keep.

What the JavaScript computes is compared with Keras in a browser, see tests/built.
"""

import base64
import gzip
import json
import re

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from living_code import CHAPTERS, WIDGETS, layers, shown, unpacked

from helpers.evaluation import evaluate_elbo
from helpers.living import pack
from helpers.living.bundle import bundle
from helpers.living.page import _camel, _js, show_widget
from helpers.living.widgets import NAMES
from helpers.living.widgets.drawing_table import NETWORK, VELOCITY
from helpers.places import SCRIPTS
from helpers.weights import load_vae, load_velocity

MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.js"))}


# ---- the model in 8 bits


@pytest.fixture(scope="module")
def data():
    return pack.packed_model()


def assert_packed(data, *parts):
    """Assert that the weights of some models were packed: each within half a step of its column, biases as they are."""
    dense = [layer for part in parts for layer in part.layers if hasattr(layer, "kernel")]
    found = layers(data)
    assert [small.shape for small, _, _ in found] == [tuple(layer.kernel.shape) for layer in dense]
    for layer, (small, scale, bias) in zip(dense, found):
        assert np.abs(small * scale - convert_to_numpy(layer.kernel)).max() <= scale.max() * 0.501
        assert np.array_equal(bias, convert_to_numpy(layer.bias)) and np.abs(small).max() == 127


def test_the_packed_model_is_small_and_has_the_recorded_weights(data):
    vae = load_vae(pack.MODEL)
    assert_packed(data, vae.encoder, vae.decoder)
    assert len(data) <= 600_000


def test_the_packed_model_is_as_good_as_the_book_says(data, x_test):
    """At most 139.5 nats on the test set, and a quarter of a nat from the model that was packed."""
    models = unpacked(data), load_vae(pack.MODEL)
    small, full = (np.sum(evaluate_elbo(vae, x_test), axis=0).mean() for vae in models)
    assert small <= 139.5
    assert abs(small - full) < 0.25, f"packed {small:.2f} nats, recorded {full:.2f}"


def test_the_drawing_table_takes_little_along():
    """VAE and velocity together at most 600 kB."""
    vae, velocity = pack.packed_model(NETWORK), base64.b64decode(pack.pack_velocity(VELOCITY))
    assert len(vae) + len(velocity) <= 600_000
    assert_packed(velocity, load_velocity(VELOCITY))


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
def test_a_widget_takes_little_data_along(name):
    assert len(gzip.compress(json.dumps(WIDGETS[name].data()).encode())) < 260_000


def test_a_script_end_in_a_text_does_not_end_the_script():
    assert "</script" not in _js({"text": "</script><b>"}) and "<" not in _js("<!--")


def test_a_player_takes_what_a_chapter_made():
    tune = [2, *[0] * 31]
    page = show_widget("tunes", data={"one <b>": np.array(tune)})
    assert "one \\u003cb>" in page.markup and json.dumps(tune) in page.markup and page.picture[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="the player"):
        show_widget("tunes", data={"too short": np.zeros(5, int)})


# ---- the modules


def without_comments(text):
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.DOTALL)


def test_modules_ask_for_nothing_and_run_no_text():
    forbidden = r"\bfetch\b|XMLHttpRequest|\bimport\(|WebSocket|sendBeacon|EventSource|importScripts|\beval\b"
    forbidden += r"|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\w+Storage|//(?!www\.w3\.org)"
    found = [(name, match) for name, text in MODULES.items() for match in re.findall(forbidden, without_comments(text))]
    assert found == []


def test_every_widget_has_its_module_and_every_module_its_widget():
    files = {name.removeprefix("widget_").removesuffix(".js") for name in MODULES if name.startswith("widget_")}
    assert files == set(NAMES)
    for name in WIDGETS:
        exported = re.findall(r"^export (?:async )?\w+ (\w+)", MODULES[f"widget_{name}.js"], re.MULTILINE)
        assert exported == [_camel(name)]


def test_a_bundle_has_each_module_once_with_what_it_needs_before_it():
    for name in WIDGETS:
        text = bundle(["mount", "network", f"widget_{name}"])
        defined = re.findall(r"^(?:async )?(?:function|const) (\w+)", text, re.MULTILINE)
        assert len(defined) == len(set(defined))
        assert not re.search(r"^(import|export)\b|/\*\*|</script", text, re.MULTILINE)
        order = [text.index(f"function {each}(") for each in ("el", "mount", _camel(name))]
        assert order[0] == min(order)


# ---- the chapters


def test_a_chapter_carries_the_model_once_and_every_widget_is_shown():
    calls = {path.name: shown(path) for path in CHAPTERS}
    assert {name: found for name, found in calls.items() if len(found) > 1} == {}
    assert {name for found in calls.values() for names in found for name in names} == set(WIDGETS)
