"""Files of the bench, whole and damaged, for the tests of `load_bench` and of the page that reads them."""

import base64
import json
import zlib

import numpy as np

PIXELS = 196
NAMES = ("encoder", "zMean", "zLogVar", "decoder", "output")
SETTINGS = {"beta": 4, "latents": 3, "terms": "sum", "likelihood": "bernoulli", "sigma": 0.2, "noise": "on"}
SETTINGS |= {"width": 16, "rate": 0.005, "batch": 50, "digits": "0123456789", "seed": 7}


def shapes(width, latents):
    """Return name and shape of each tensor, as they follow each other in a file and in vae.js."""
    sides = [(PIXELS, width), (width, latents), (width, latents), (latents, width), (width, PIXELS)]
    pairs = [part for name, side in zip(NAMES, sides) for part in ((f"{name}Kernel", side), (f"{name}Bias", side[1:]))]
    return [*pairs, ("logSigma", ())]


def unpacked(theta, width, latents):
    """Return the tensors of theta by name."""
    found, place = {}, 0
    for name, shape in shapes(width, latents):
        size = int(np.prod(shape))
        found[name] = np.reshape(theta[place : place + size], shape)
        place += size
    assert place == len(theta)
    return found


def some_theta(settings=SETTINGS):
    """Return weights of a model with these settings, float32."""
    length = sum(int(np.prod(shape)) for _, shape in shapes(settings["width"], settings["latents"]))
    return np.random.default_rng(3).normal(0, 0.2, length).astype("float32")


def file_of(settings=SETTINGS, theta=None):
    """Return what a file of the bench holds."""
    theta = some_theta(settings) if theta is None else theta
    tensors = [
        [name, *(shape if len(shape) == 2 else (1, *(shape or (1,))))]
        for name, shape in shapes(settings["width"], settings["latents"])
    ]
    weights = base64.b64encode(theta.astype("<f4").tobytes()).decode()
    return {
        "format": "darkroom-bench 1",
        "settings": settings,
        "figures": {"epochs": 20, "reconstruction": 42.5, "kl": 6.25},
        "tensors": tensors,
        "weights": weights,
    }


def sealed(file):
    """Return a file of the bench as text, with its checksum."""
    text = json.dumps(file | {"checksum": 0}, indent=1)
    crc = zlib.crc32(text[: text.rindex('"checksum"')].encode())
    return text.removesuffix("0\n}") + f"{crc}\n}}\n"


def other(**parts):
    """Return a whole file in which some parts are others."""
    return sealed(file_of() | parts)


def with_setting(name, value):
    return other(settings=SETTINGS | {name: value})


def changed_sign(text, after):
    """Return a text in which one sign is another, ten signs behind some words."""
    place = text.index(after) + len(after) + 10
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


def weights_of(*numbers, length=None):
    """Return a file whose weights begin with these numbers, or are so many."""
    theta = some_theta()[:length]
    theta[: len(numbers)] = numbers
    return sealed(file_of(theta=theta))


WHOLE = sealed(file_of())
# what is wrong -> the text, and what the page and `load_bench` say of it
ALIEN, DAMAGED, SETTING = "not written by the bench|no JSON", "damaged", "setting.*{}.*none that the bench knows"
OTHERS, NO_NUMBERS = "not those of its settings", "no numbers"
DAMAGES = {
    "empty": ("", ALIEN),
    "cut": (WHOLE[: len(WHOLE) // 2], ALIEN),
    "other text": ("It was a dark and stormy night.", ALIEN),
    "other JSON": ('{"cells": []}', "not written by the bench"),
    "a list": ("[1, 2]", "not written by the bench"),
    "a number": ("17", "not written by the bench"),
    "nothing": ("null", "not written by the bench"),
    "other format": (other(format="darkroom-bench 2"), "has the format 'darkroom-bench 2'|not written by the bench"),
    "changed weight": (changed_sign(WHOLE, '"weights": "'), DAMAGED),
    "changed setting": (WHOLE.replace('"beta": 4', '"beta": 9'), DAMAGED),
    "changed figure": (WHOLE.replace("42.5", "41.5"), DAMAGED),
    "changed checksum": (WHOLE.replace('"checksum": ', '"checksum": 1'), DAMAGED),
    "checksum of another kind": (WHOLE.replace('"checksum": ', '"checksum": "').replace("\n}\n", '"\n}\n'), DAMAGED),
    "no checksum": (WHOLE[: WHOLE.rindex(",")] + "\n}\n", DAMAGED),
    "no settings": (sealed({k: v for k, v in file_of().items() if k != "settings"}), "setting"),
    "settings a list": (other(settings=[1]), "setting"),
    "no weights": (sealed({k: v for k, v in file_of().items() if k != "weights"}), OTHERS),
    "weights a list": (other(weights=[1, 2]), OTHERS),
    "weights no base64": (other(weights="{}" + file_of()["weights"]), OTHERS),
    "a byte too few": (other(weights=base64.b64encode(some_theta().tobytes()[:-1]).decode()), OTHERS),
    "a number too few": (weights_of(length=-1), OTHERS),
    "weights of other settings": (with_setting("latents", 4), OTHERS),
    "NaN": (weights_of(0, np.nan), NO_NUMBERS),
    "infinite": (weights_of(-np.inf), NO_NUMBERS),
}
for name in SETTINGS:
    rest = {k: v for k, v in SETTINGS.items() if k != name}
    DAMAGES[f"no {name}"] = (other(settings=rest), SETTING.format(name))
for name, value in {
    **{"beta": "4", "latents": 2.5, "terms": "product", "likelihood": "poisson", "sigma": None, "noise": True},
    **{"width": [16], "rate": "fast", "batch": 51, "digits": 123, "seed": -1},
}.items():
    DAMAGES[f"{name} {value}"] = (with_setting(name, value), SETTING.format(name))
for name, value in {"beta": 101, "latents": 17, "sigma": 0, "digits": "12a", "seed": True, "rate": -0.1}.items():
    DAMAGES[f"{name} {value}"] = (with_setting(name, value), SETTING.format(name))
