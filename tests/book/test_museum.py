"""Chapter 14: the listings are as printed, each of the forty entries has a place, each error counts once, fixes hold.

What a fix gives is compared with a calculation of another kind. The fixes are the chapter's own code
(tests/chapter_code.py). Messages are those of the pinned versions.
"""

import ast
import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from unittest.mock import MagicMock

import chapter_code
import numpy as np
import pytest

from helpers.places import ROOT
from helpers.world import museum
from helpers.world.museum import attempt, exhibit, listing, missing_names
from tools.check import notebooks

CHAPTER = ROOT / "book/14_museum.ipynb"
POST = Path(os.environ.get("SEED_POST", ROOT.parent / "shared/reference/seed-post.md"))
SHA256 = "59bf10cf84603e51c72b70e36b1e1a6916488728beb8856b8501b499331d6df1"  # of the five listings, as printed
CASES = {case["number"]: case for case in museum.museum()["exhibits"]}
UNSQUASH = {"tf.squarf.exp(z_log_var)": "tf.square(z_mean) - tf.exp(z_log_var)"}
RNG = np.random.default_rng(14)


def cells():
    return [cell["source"] for cell in notebooks.read(CHAPTER)["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def code():
    """The chapter's definitions."""
    names = ["build_parts", "kl_put_right", "kl_by_integral", "reconstruction_put_right", "loss_of_batch", "LossInFit"]
    names += ["assemble", "draw", "second_version", "MessagesAnswered", "SignTurned"]
    return chapter_code.load(CHAPTER, *names)


@pytest.fixture(scope="module")
def digits():
    from helpers.data import load_mnist

    (x, _), _ = load_mnist()
    return x[:2000].reshape(-1, 784)


@pytest.fixture(scope="module")
def room():
    """What the chapter brings to listings 1 and 2."""
    import tensorflow as tf
    from keras import layers

    room = {"tf": tf, "layers": layers, "losses": tf.keras.losses, "latent_dim": 2}
    return room | attempt(listing(1), room).names


@pytest.fixture(scope="module")
def batch(code, digits, room):
    """A batch of 32 images and what an untrained network answers: numbers for listings 3 and 4."""
    from keras import ops

    encoder, decoder = code["build_parts"](2)
    z_mean, z_log_var = encoder(digits[:32])
    names = {"encoder_inputs": digits[:32], "vae_outputs": ops.sigmoid(decoder(z_mean)), "z_mean": z_mean}
    return {"tf": room["tf"], "losses": room["losses"], **names, "z_log_var": z_log_var}


def array(x):
    from keras import ops

    return ops.convert_to_numpy(x)


def kl_on_a_grid(mean, log_var):
    """KL of one latent from the standard normal: the integral of q log(q / p), by a sum."""
    mean, log_var = float(mean), float(log_var)  # in double precision
    sigma = np.exp(log_var / 2)
    z = np.linspace(mean - 14 * sigma, mean + 14 * sigma, 20_001)
    log_q = -0.5 * ((z - mean) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)
    log_p = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
    return np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0])


def kl_of_images(z_mean, z_log_var):
    return np.array([sum(map(kl_on_a_grid, m, v)) for m, v in zip(z_mean, z_log_var)])


# ---- the collection


def test_the_listings_are_as_printed():
    text = "\n\n".join(listing(number) for number in range(1, 6))
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256
    if POST.is_file():
        printed = re.findall(r"^```python\n(.*?)^```", POST.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        assert [each.rstrip("\n") for each in printed] == [listing(number) for number in range(1, 6)]


def test_each_of_the_forty_entries_has_one_place():
    counted = Counter(int(error) for case in CASES.values() for error in case["errors"])
    assert counted == Counter(range(1, 41))
    assert [row[0] for row in museum.catalogue()] == list(range(1, 41))
    assert all(len(text) > 15 and where.split(",")[0].isdigit() for _, text, where in museum.catalogue())


def test_an_error_counts_once(room, batch):
    """Each repeat and consequence is one, by running it; for 25, which repeats 17, see exhibit 8."""
    again = {int(error): first for error, first in museum.museum()["again"].items()}
    alone = museum.distinct_errors()
    assert set(alone) == set(range(1, 41)) - set(again) - {38, 39, 40} and set(again.values()) <= set(alone)
    assert again == {15: 13, 21: 4, 25: 17, 31: 16}
    assert all("latent_dim" in missing_names(listing(n)) for n in (2, 4))  # 21 repeats 4
    for number in (3, 4):  # 31 repeats 16
        repair = UNSQUASH if number == 3 else None
        found = exhibit(6, number, bring=batch | {"z": batch["z_mean"]}, repair=repair, show=False)
        assert "Incompatible shapes" in found.error
    halved = {"1 + z_log_var - tf.squarf.exp(z_log_var)": "-0.5 * (1 + z_log_var - z_mean**2 - tf.exp(z_log_var))"}
    kl = array(exhibit(5, bring=batch, repair=halved, show=False).names["kl_loss"])
    assert kl.min() >= -1e-6  # with the factor of 13 the sign, 15, is right


def test_every_listing_is_shown_whole_and_every_mark_is_shown():
    whole = {piece["listing"] for case in CASES.values() for piece in case["pieces"] if "show" not in piece}
    assert whole == {1, 2, 3, 4, 5}
    for case in CASES.values():
        assert case["pieces"] and case["errors"]
        for piece in case["pieces"]:
            lines = listing(piece["listing"]).split("\n")
            shown = museum._rows(piece.get("show"), lines)
            assert set(piece["mark"]) <= shown <= set(range(1, len(lines) + 1))
            assert museum._rows(piece.get("run"), lines) <= set(range(1, len(lines) + 1))


def test_the_chapter_has_every_exhibit_with_its_label_and_runs_it():
    prose = notebooks.prose(notebooks.read(CHAPTER))
    run = Counter(int(n) for source in cells() for n in re.findall(r"\bexhibit\((\d+)", source))
    assert set(run) == set(CASES) == set(range(1, 15))
    headings = " ".join(re.findall(r"^### (Exhibits? .*)$", prose, re.MULTILINE)).lower()
    for number, case in CASES.items():
        assert re.search(rf"\b{number}\b", headings) and case["title"].lower() in headings, case["title"]
    assert prose.count("**You would notice**") >= 11
    assert "references.md#abimbola2024" in prose and "could not be established" in " ".join(prose.split())


def test_the_program_at_the_exit_has_40_lines():
    (program,) = [source for source in cells() if "class PostVAE" in source]
    assert len(program.splitlines()) <= 40
    assert "helpers" not in program.replace("from helpers.data import load_mnist", "")
    assert "load_mnist()" in program and "x_train[" not in program  # on all of it


# ---- how an exhibit is run


def test_a_program_is_attempted_in_a_namespace_of_its_own(capsys):
    found = attempt(
        "import warnings\nwarnings.warn('careful')\nprint('loud')\na = b + 1\nraise OSError('gone\\naway')", {"b": 1}
    )
    assert found.error == "OSError: gone" and found.line == 5 and found.names["a"] == 2
    assert found.warnings == ["careful"] and capsys.readouterr().out == ""
    assert attempt("a = 1")[:2] == ("", None)
    assert attempt("a = (").error.startswith("SyntaxError")
    assert "a" not in globals()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((15,), "exhibits 1 to 14, but not 15"),
        ((1, 4), "Exhibit 1 has nothing from listing 4"),
        ((4, None, {}, {"tf.square": "x"}), "stands 0 times in what exhibit 4 runs"),
        ((4, None, {}, {"tf": "x"}), "stands 1 times|stands 2 times"),
    ],
)
def test_what_the_museum_does_not_have_is_refused(arguments, message):
    if "1 times" in message:  # a repair that fits once is made
        assert "tf" not in exhibit(*arguments, show=False).error
        return
    with pytest.raises(ValueError, match=message):
        exhibit(*arguments, show=False)
    with pytest.raises(ValueError, match="listings 1 to 5"):
        listing(6)


def test_a_card_says_what_is_shown_what_was_done_and_what_came(capsys):
    exhibit(11, bring={"tf": MagicMock(), "z": 1, "z_log_var": 1})
    text = capsys.readouterr().out
    assert text.startswith(
        "Exhibit 11: the square of the mean\nListing 4, as printed; numbers 27, 28, 29, 30, 32 of the catalogue\n"
    )
    assert "> 20     tf.exp(z_log_var)" in text and "\n  22 )" in text
    assert "Brought along: tf, z, z_log_var\nRun: lines 19 to 22\nNo message: it runs.\n" in text
    exhibit(5, bring={"tf": None, "z_log_var": 1}, repair=UNSQUASH, then="raise KeyError(1)")
    text = capsys.readouterr().out
    assert "tf.squarf.exp(z_log_var) → tf.square" in text and "then raise KeyError(1)" in text
    assert "NameError" not in text and "AttributeError" in text and "(line 2)" in text
    exhibit(1, show=False)
    assert capsys.readouterr().out == ""


def test_a_card_in_a_notebook_is_plain_html_and_text():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as captured:
            shell.run_cell("from helpers.world.museum import exhibit\nfound = exhibit(9)")
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    page, text = output.data["text/html"], output.data["text/plain"]
    assert '<span class="bad">' in page and page.count("<pre") == page.count("</pre>") == 1
    assert "<script" not in page and "id=" not in page and "Exhibit 9" in text and "NameError" in text


# ---- exhibits 1 to 3: before anything runs


@pytest.mark.parametrize("number", range(1, 6))
def test_exhibit_1_the_missing_names_are_those_that_python_asks_for(number):
    def stand_in():  # takes whatever is done with it
        thing = MagicMock()
        thing.keras.datasets.mnist.load_data.return_value = ((thing, thing), (thing, thing))
        return thing

    brought, code = {}, re.sub("^import .*$", "", listing(number), flags=re.MULTILINE)
    while True:
        names = dict(brought)
        try:
            exec(code, names)
            if number == 1:
                names["sampling"]((stand_in(), stand_in()))
            break
        except NameError as error:
            brought[error.name] = stand_in()
    imported = {"tf"} if number == 4 else set()  # taken out above
    assert set(missing_names(listing(number))) == set(brought) - imported


def test_names_are_looked_for_as_python_does():
    assert missing_names("a = b\nb = a") == ["b"]
    assert missing_names("import os.path as p, sys\np, sys, os") == ["os"]
    assert missing_names("def f(x, *y):\n    z = x\n    return z + w\nf(z)") == ["w", "z"]
    assert missing_names("f = lambda x: x + y\nprint(len(f))") == ["y"]


def test_exhibit_1_as_printed_no_listing_runs(room):
    import keras

    asked = {1: "layers", 2: "layers", 3: "losses", 4: "latent_dim", 5: "tf"}
    for number, name in asked.items():
        assert attempt(listing(number)).error == f"NameError: name '{name}' is not defined"
    assert attempt(listing(1), {"tf": room["tf"], "layers": room["layers"]}).error.startswith(
        "NameError: name 'z_mean'"
    )
    assert not hasattr(keras.losses, "mse") and hasattr(room["tf"].keras.losses, "mse")
    used = {node.id for node in ast.walk(ast.parse(listing(5))) if isinstance(node, ast.Name)}
    assert "np" not in used and "import numpy as np" in listing(5)


def test_exhibit_2_the_parts_compute_what_their_weights_say(code, digits, room):
    assert exhibit(2, bring=room, show=False).error == "NameError: name 'decoder' is not defined"
    other = exhibit(2, 4, bring=room, show=False)
    assert "is not connected to `inputs`" in other.error and other.line == 26
    encoder, decoder = code["build_parts"](3)
    (w, b), *heads = [[array(v) for v in layer.weights] for layer in encoder.layers if layer.weights]
    h = np.maximum(digits[:5] @ w + b, 0)
    for found, (w, b) in zip(encoder(digits[:5]), heads):
        assert array(found) == pytest.approx(h @ w + b, abs=1e-4)
    z = RNG.normal(size=(5, 3)).astype("float32")
    (w, b), (w2, b2) = [[array(v) for v in layer.weights] for layer in decoder.layers if layer.weights]
    assert array(decoder(z)) == pytest.approx(np.maximum(z @ w + b, 0) @ w2 + b2, abs=1e-4)
    two_outputs = attempt(listing(2), room | {"encoder": encoder, "decoder": decoder})
    assert two_outputs.error.startswith("IndexError")  # `[2]` of two outputs


def test_exhibit_3_a_lambda_does_not_come_home_and_a_sampling_layer_does(tmp_path, code, digits, room):
    import keras

    from helpers.models import Sampling

    encoder, _ = code["build_parts"](2)
    outcome = {}
    for name, layer in {"Lambda": room["layers"].Lambda(room["sampling"]), "Sampling": Sampling(seed=3)}.items():
        model = keras.Model(encoder.input, layer(encoder.output))
        model.save(tmp_path / f"{name}.keras")
        load = f"again = keras.models.load_model({str(tmp_path / name)!r} + '.keras', safe_mode=False)"
        outcome[name] = attempt(load, {"keras": keras})
    assert outcome["Lambda"].error.startswith("TypeError") and not outcome["Sampling"].error
    home = keras.models.load_model(tmp_path / "Lambda.keras", custom_objects={"sampling": room["sampling"]})
    for own, saved in zip(home.get_weights(), encoder.get_weights(), strict=True):
        assert np.array_equal(own, saved)
    z = array(outcome["Sampling"].names["again"](np.repeat(digits[:1], 20_000, axis=0)))
    mean, log_var = (array(part)[0] for part in encoder(digits[:1]))
    assert z.mean(axis=0) == pytest.approx(mean, abs=5 * np.exp(log_var / 2).max() / np.sqrt(20_000))
    assert z.std(axis=0) == pytest.approx(np.exp(log_var / 2), rel=0.04)


# ---- exhibits 4 to 9: the loss


def test_exhibit_4_the_squashed_square_has_a_message(batch):
    found = exhibit(4, bring=batch, show=False)
    assert found.error == "AttributeError: module 'tensorflow' has no attribute 'squarf'" and found.line == 2


@pytest.mark.parametrize("d", [1, 2, 7])
def test_exhibits_4_and_5_the_kl_is_the_integral(code, d):
    z_mean, z_log_var = RNG.normal(0, 2, (6, d)).astype("float32"), RNG.normal(0, 1.5, (6, d)).astype("float32")
    truth = kl_of_images(z_mean, z_log_var)
    assert array(code["kl_put_right"](z_mean, z_log_var)) == pytest.approx(truth, rel=1e-4)
    assert [
        sum(map(code["kl_by_integral"], m, v)) for m, v in zip(z_mean.tolist(), z_log_var.tolist())
    ] == pytest.approx(truth, rel=1e-6)
    assert truth.min() > 0


def test_exhibit_5_as_printed_the_kl_has_its_sign_turned(code, room):
    z_mean, z_log_var = RNG.normal(size=(4, 2)).astype("float32"), RNG.normal(size=(4, 2)).astype("float32")
    names = {"tf": room["tf"], "z_mean": room["tf"].constant(z_mean), "z_log_var": room["tf"].constant(z_log_var)}
    found = exhibit(5, bring=names, repair=UNSQUASH, show=False)
    printed = array(found.names["kl_loss"])
    assert not found.error and printed.shape == (4, 2)  # no sum over the latents
    assert printed.sum(axis=1) == pytest.approx(-2 * kl_of_images(z_mean, z_log_var), rel=1e-4)
    far = exhibit(5, bring=names | {"z_mean": 100.0, "z_log_var": 0.0}, repair=UNSQUASH, show=False)
    assert float(far.names["kl_loss"]) == -10_000


def test_exhibit_6_the_shapes_clash_or_the_images_mix(code, batch):
    loud = exhibit(6, bring=batch, repair=UNSQUASH, show=False)
    assert "Incompatible shapes: [32] vs. [32,2]" in loud.error and loud.line == 5
    other = exhibit(6, 4, bring=batch | {"z": batch["z_mean"]}, show=False)
    assert "Incompatible shapes: [32,2] vs. [32]" in other.error
    two = batch | {name: batch[name][:2] for name in list(batch)[2:]}
    names = exhibit(6, bring=two, repair=UNSQUASH, show=False).names
    mixed, mse, kl = (array(names[name]) for name in ("vae_loss", "reconstruction_loss", "kl_loss"))
    assert mixed.shape == (2, 2)
    assert mixed[0, 1] == pytest.approx(mse[1] + kl[0, 1], rel=1e-5)  # image 0's loss holds image 1's reconstruction
    right = array(code["kl_put_right"](batch["z_mean"], batch["z_log_var"]))
    alone = [
        float(code["kl_put_right"](batch["z_mean"][i : i + 1], batch["z_log_var"][i : i + 1])[0]) for i in range(32)
    ]
    assert right.shape == (32,) and right == pytest.approx(alone, rel=1e-5, abs=1e-6)


def test_exhibit_7_the_reconstruction_is_a_sum_of_log_probabilities(code, batch, digits):
    found = exhibit(7, bring=batch, show=False)
    squares = np.square(digits[:32] - array(batch["vae_outputs"]))
    assert array(found.names["reconstruction_loss"]) == pytest.approx(squares.sum(axis=1) / 784, rel=1e-4)  # a mean
    logits = RNG.normal(size=(32, 784)).astype("float32")
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    nats = -(digits[:32] * np.log(p) + (1 - digits[:32]) * np.log(1 - p)).sum(axis=1)
    assert array(code["reconstruction_put_right"](digits[:32], logits)) == pytest.approx(nats, rel=1e-4)


def test_exhibit_7_a_mean_over_pixels_weighs_a_mean_kl_392_times_and_a_summed_one_784_times():
    from helpers.losses import translate_loss

    assert translate_loss("bce", pixels="mean", latents="mean").beta == pytest.approx(392)
    assert translate_loss("bce", pixels="mean", latents="sum").beta == pytest.approx(784)
    assert translate_loss("mse", pixels="mean", latents="sum").sigma_squared == pytest.approx(392)  # 784 times 1/2
    assert "Binary Cross-Entropy" in listing(3) and "losses.mse" in listing(3)


def test_exhibit_8_symbols_are_refused_and_a_batch_is_not(code, batch, digits, room):
    found = exhibit(8, bring=room, show=False)
    assert found.error.startswith("ValueError: Attempt to convert a value (None)") and found.line == 18
    encoder, decoder = code["build_parts"](2)
    form = {"encoder_inputs": encoder.input, "vae_outputs": decoder(encoder.output[0])}
    form |= {"z_mean": encoder.output[0], "z_log_var": encoder.output[1]}
    other = exhibit(8, 3, bring=room | form, repair=UNSQUASH, show=False)
    assert other.error.startswith("ValueError: A KerasTensor cannot be used as input to a TensorFlow function")
    past = attempt(listing(4).replace(listing(4).split("\n")[17], ""), room | {"z": 0})  # listing 4 without line 18
    assert "KerasTensor" in past.error and past.line == 20
    logits = RNG.normal(size=(32, 784)).astype("float32")
    m, v = array(batch["z_mean"]), array(batch["z_log_var"])
    p = 1 / (1 + np.exp(-logits.astype("float64")))
    nats = -(digits[:32] * np.log(p) + (1 - digits[:32]) * np.log(1 - p)).sum(axis=1) + kl_of_images(m, v)
    assert float(code["loss_of_batch"](digits[:32], logits, m, v)) == pytest.approx(nats.mean(), rel=1e-4)


def test_exhibit_9_a_constant_has_no_gradient_and_a_recipe_has(code, digits, room):
    import keras

    encoder, decoder = code["build_parts"](2)
    x, outputs = digits[:32], decoder(encoder.output[0])
    names = {"vae": keras.Model(encoder.input, outputs), "vae_loss": encoder.output[0], "x": x}
    found = exhibit(9, bring=names, then="vae.fit(x, x, verbose=0)", show=False)
    assert (
        found.error.startswith("ValueError: Could not interpret loss identifier: <KerasTensor") and found.line is None
    )
    names = {"tf": room["tf"], "encoder_inputs": encoder.input, "outputs": outputs, "x": x}
    names |= {"reconstruction_loss": 0.2, "kl_loss": 0.1}
    other = exhibit(9, 4, bring=names, then="vae.fit(x, x, verbose=0)", show=False)
    assert other.error == "ValueError: No gradients provided for any variable."
    vae, encoder, decoder = code["assemble"](code["LossInFit"])
    before = vae.get_weights()[:-1]
    loss = float(vae.train_on_batch(x))
    assert all(np.any(old != new) for old, new in zip(before, vae.get_weights()))
    vae.set_weights([*before, vae.get_weights()[-1]])
    logits, m, v = map(array, vae.predict(x, verbose=0))
    nats = np.logaddexp(0, logits).sum(axis=1) - (x * logits).sum(axis=1) + kl_of_images(m, v)
    assert loss == pytest.approx(nats.mean(), rel=0.01)  # another draw of the noise


def test_exhibit_9_a_loss_with_arguments_left_out_has_the_message_of_the_text(code, digits):
    class Short(code["LossInFit"]):
        def compute_loss(self, x=None, y=None, y_pred=None):
            return code["loss_of_batch"](x, *y_pred)

    vae, _, _ = code["assemble"](Short)
    error = attempt("vae.fit(x, verbose=0)", {"vae": vae, "x": digits[:32]}).error
    quoted = "takes from 1 to 4 positional arguments but 5 were given"
    assert quoted in error and quoted in notebooks.prose(notebooks.read(CHAPTER)).replace("\n", " ")


# ---- exhibits 10 to 14: the practical example


def test_exhibit_10_one_draw_has_the_mean_the_spread_and_the_slopes(code, batch):
    found = exhibit(10, bring=batch, show=False)
    assert found.error == "NameError: name 'z' is not defined"
    mean, log_var = np.array([0.5, -2.0]), np.array([-1.0, 0.8])
    epsilon = RNG.normal(size=(100_000, 2))
    z = array(code["draw"](mean, log_var, epsilon))
    sigma = np.sqrt(np.exp(log_var))
    assert z.mean(axis=0) == pytest.approx(mean, abs=0.03) and z.std(axis=0) == pytest.approx(sigma, rel=0.02)
    step = 1e-5  # the slopes, by differences: 1 and sigma epsilon / 2
    by_mean = (code["draw"](mean + step, log_var, epsilon[0]) - z[0]) / step
    by_log_var = (code["draw"](mean, log_var + step, epsilon[0]) - z[0]) / step
    assert array(by_mean) == pytest.approx([1, 1], rel=1e-3)
    assert array(by_log_var) == pytest.approx(sigma * epsilon[0] / 2, rel=1e-3)


def test_exhibit_11_as_printed_and_put_right(code):
    second, right = code["second_version"], code["kl_put_right"]
    for m, v in [([1, -1], [0, 0]), ([1, 1], [0, 0]), ([0, 0], [1, 1]), ([3, -1], [0.5, -2])]:
        m, v = np.float32([m]), np.float32([v])
        own = -0.5 * (np.exp(v).mean() + 0.5 * m.mean() ** 2 - (1 + v).mean())  # the listing, by hand
        assert second(m, v) == pytest.approx([own], abs=1e-6)
        assert array(right(m, v)) == pytest.approx(kl_of_images(m, v), rel=1e-4)
    assert second([[1, -1]], [[0, 0]])[0] == 0
    assert second([[1, 1]], [[0, 0]])[0] == -0.25 and second([[0, 0]], [[1, 1]])[0] == pytest.approx(-0.359, abs=1e-3)
    zeros = np.zeros((2, 2), "float32")
    near, far = zeros, np.float32([[0, 0], [4, 4]])
    assert second(zeros, near)[0] != second(zeros, far)[0]  # the neighbour counts
    assert float(right(zeros, near)[0]) == float(right(zeros, far)[0]) == 0


def test_exhibit_12_no_sigmoid_reaches_the_posts_pixels():
    from helpers.data import load_mnist

    (x, _), _ = load_mnist()
    count = np.bincount(np.round(255 * x).astype("uint8").ravel(), minlength=256) / x.size  # all 60,000, by their greys
    grey = np.arange(256)
    shifted = exhibit(12, bring={"X_train": np.tile(grey, (784, 1)).astype("uint8")}, show=False).names["X_train"]
    ink = np.sort(np.unique(shifted))
    assert ink == pytest.approx(grey / 127.5 - 1, abs=1e-6)
    assert count[ink < 0].sum() == pytest.approx(0.868, abs=0.001)
    answers = np.linspace(0, 1, 1001)  # of a sigmoid; the best for each pixel, tried one by one
    best = ((ink[:, None] - answers) ** 2).min(axis=1)
    assert count @ best == pytest.approx(0.833, abs=0.001)
    squares = float(np.mean(x.reshape(-1, 784).var(axis=0)))  # of printing the average digit
    assert squares == pytest.approx(0.067, abs=0.001)
    assert ((grey / 255)[:, None] - answers).__abs__().min(axis=1).max() < 1e-3  # /255: within reach


def test_exhibit_13_fit_needs_targets_or_a_loss_that_does_not(code, digits):
    import keras

    encoder, decoder = code["build_parts"](2)
    model = keras.Model(encoder.input, keras.ops.sigmoid(decoder(encoder.output[0])))
    model.compile(optimizer="adam", loss="mse")
    found = exhibit(13, bring={"vae": model, "X_train": digits[:64]}, show=False)
    assert found.error == "ValueError: None values not supported." and found.line == 6
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse", jit_compile=False)
    own = np.square(digits[:64] - array(model(digits[:64]))).mean()
    assert model.fit(digits[:64], digits[:64], verbose=0).history["loss"][0] == pytest.approx(own, rel=1e-4)
    vae, encoder, decoder = code["assemble"](code["LossInFit"])
    losses = vae.fit(digits, batch_size=50, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < 0.75 * losses[0] < 500


def test_exhibit_14_the_40_lines_give_what_the_post_promises(monkeypatch, digits):
    """The cell itself, on 2,000 images in place of 60,000; the chapter runs it on all."""
    from helpers import data
    from helpers.losses import bernoulli_reconstruction, kl_divergence

    x = digits.reshape(-1, 28, 28)
    monkeypatch.setattr(data, "load_mnist", lambda: ((x, np.zeros(2000)), (x[:300], np.zeros(300))))
    (program,) = [source for source in cells() if "class PostVAE" in source]
    names = {"__name__": "museum"}
    exec(program, names)
    curve = names["history"]["val_loss"]
    assert len(curve) == 5 and curve[-1] < curve[0] - 20
    logits, m, v = names["vae"].predict(digits[:300], verbose=0)
    nats = bernoulli_reconstruction(x[:300], logits.reshape(-1, 28, 28)) + kl_divergence(m, v)
    assert array(nats).mean() == pytest.approx(curve[-1], abs=2.5)  # another draw of the noise
    assert array(kl_divergence(m, v)) == pytest.approx(kl_of_images(m, v), rel=1e-3, abs=1e-3)
    for name in ("prints", "new", "path"):
        pictures = array(names[name])
        assert pictures.shape == (8, 784) and 0 <= pictures.min() and pictures.max() <= 1
    ends = array(names["encoder"](digits[[0, 4]])[0])
    print_of = lambda z: 1 / (1 + np.exp(-array(names["decoder"](z[None]))))  # noqa: E731
    assert array(names["path"])[[0]] == pytest.approx(print_of(ends[0]), abs=1e-4)
    assert array(names["path"])[[-1]] == pytest.approx(print_of(ends[1]), abs=1e-4)


def test_exhibit_14_our_program_that_answers_the_messages_runs_into_nan(code, digits):
    vae, _, _ = code["assemble"](code["MessagesAnswered"])
    losses = [float(vae.train_on_batch(2 * digits[i : i + 32] - 1)) for i in range(0, 1600, 32)]
    assert min(loss for loss in losses if np.isfinite(loss)) < -1000 and not np.isfinite(losses[-1])
    m, v = RNG.normal(size=(5, 2)).astype("float32"), RNG.normal(size=(5, 2)).astype("float32")
    logits = np.zeros((5, 784), "float32")
    one = [code[kind].factor for kind in ("MessagesAnswered", "SignTurned")]
    loss = float(vae.compute_loss(digits[:5], y_pred=(logits, m, v)))
    by_hand = np.exp(v) + 0.5 * m.mean(axis=1, keepdims=True) ** 2 - (1 + v).mean()
    assert one == [-0.5, 0.5]
    assert loss == pytest.approx(np.square(digits[:5] - 0.5).mean() - 0.5 * by_hand.mean(), rel=1e-4)
