"""Chapter 14: the listings are as printed, each of the forty entries has a place, each error counts once.

The fixes are the chapter's own code (tests/chapter_code.py) and are asserted there. Messages are those of the pinned
versions.
"""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from unittest.mock import MagicMock

import chapter_code
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from keras.ops import convert_to_numpy as array

from helpers.data import load_mnist
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
    return chapter_code.load(CHAPTER, *names, "assemble", "second_version")


@pytest.fixture(scope="module")
def digits():
    return load_mnist()[0][0][:32].reshape(-1, 784)


@pytest.fixture(scope="module")
def room():
    """What the chapter brings to listings 1 and 2."""
    room = {"tf": tf, "layers": layers, "losses": tf.keras.losses, "latent_dim": 2}
    return room | attempt(listing(1), room).names


@pytest.fixture(scope="module")
def batch(code, digits, room):
    """A batch of 32 images and what an untrained network answers: numbers for listings 3 and 4."""
    encoder, decoder = code["build_parts"](2)
    z_mean, z_log_var = encoder(digits)
    names = {"encoder_inputs": digits, "vae_outputs": ops.sigmoid(decoder(z_mean)), "z_mean": z_mean}
    return {"tf": room["tf"], "losses": room["losses"], **names, "z_log_var": z_log_var}


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
    ],
)
def test_what_the_museum_does_not_have_is_refused(arguments, message):
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


def test_as_printed_no_listing_runs(room):
    asked = {1: "layers", 2: "layers", 3: "losses", 4: "latent_dim", 5: "tf"}
    for number, name in asked.items():
        assert attempt(listing(number)).error == f"NameError: name '{name}' is not defined"
    encoder, decoder = chapter_code.load(CHAPTER, "build_parts")["build_parts"](2)
    assembled = attempt(listing(2), room | {"encoder": encoder, "decoder": decoder})
    assert assembled.error.startswith("IndexError")  # `[2]` of two outputs


# ---- what the silent ones compute


def kl_of_images(code, z_mean, z_log_var):
    """The KL of each image, by the chapter's integral."""
    return np.array([sum(map(code["kl_by_integral"], m, v)) for m, v in zip(z_mean.tolist(), z_log_var.tolist())])


def test_exhibit_5_as_printed_the_kl_has_its_sign_turned(code, room):
    z_mean, z_log_var = RNG.normal(size=(2, 4, 2)).astype("float32")
    names = {"tf": room["tf"], "z_mean": room["tf"].constant(z_mean), "z_log_var": room["tf"].constant(z_log_var)}
    found = exhibit(5, bring=names, repair=UNSQUASH, show=False)
    printed = array(found.names["kl_loss"])
    assert not found.error and printed.shape == (4, 2)  # no sum over the latents
    assert printed.sum(axis=1) == pytest.approx(-2 * kl_of_images(code, z_mean, z_log_var), rel=1e-4)


def test_exhibit_6_with_two_images_the_images_mix(batch):
    two = batch | {name: batch[name][:2] for name in list(batch)[2:]}
    names = exhibit(6, bring=two, repair=UNSQUASH, show=False).names
    mixed, mse, kl = (array(names[name]) for name in ("vae_loss", "reconstruction_loss", "kl_loss"))
    assert mixed[0, 1] == pytest.approx(mse[1] + kl[0, 1], rel=1e-5)  # image 0's loss holds image 1's reconstruction


def test_exhibit_9_a_loss_with_arguments_left_out_has_the_message_of_the_text(code, digits):
    class Short(code["LossInFit"]):
        def compute_loss(self, x=None, y=None, y_pred=None):
            return code["loss_of_batch"](x, *y_pred)

    vae, _, _ = code["assemble"](Short)
    error = attempt("vae.fit(x, verbose=0)", {"vae": vae, "x": digits}).error
    quoted = "takes from 1 to 4 positional arguments but 5 were given"
    assert quoted in error and quoted in notebooks.prose(notebooks.read(CHAPTER)).replace("\n", " ")


def test_exhibit_11_as_printed_and_put_right(code):
    for m, v in [([1, -1], [0, 0]), ([1, 1], [0, 0]), ([0, 0], [1, 1]), ([3, -1], [0.5, -2])]:
        m, v = np.float32([m]), np.float32([v])
        own = -0.5 * (np.exp(v).mean() + 0.5 * m.mean() ** 2 - (1 + v).mean())  # the listing, by hand
        assert code["second_version"](m, v) == pytest.approx([own], abs=1e-6)
        assert array(code["kl_put_right"](m, v)) == pytest.approx(kl_of_images(code, m, v), rel=1e-4)
