"""A model that was trained on the bench, the page "The bench", as a Keras model."""

import base64
import json
import re
import zlib
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from helpers.losses import gaussian_reconstruction, kl_divergence
from helpers.models import VAE

FORMAT = "darkroom-bench 1"
SIDE = 14
NUMBERS = {"beta": (0, 100), "sigma": (0.01, 2), "rate": (0.0001, 1)}  # from, to, as LIMITS in settings.js
AMONG = {
    "latents": range(1, 17),
    "terms": ("sum", "mean"),
    "likelihood": ("bernoulli", "gaussian", "learned"),
    "noise": ("on", "off"),
    "width": (16, 32, 64, 128, 256),
    "batch": (10, 20, 50, 100, 200, 500),
    "seed": range(10_000),
}


@keras.saving.register_keras_serializable(package="darkroom")
class GaussianBench(VAE):
    """A VAE whose decoder gives the means of Gaussian pixels, with one standard deviation `sigma` for all."""

    def __init__(self, encoder, decoder, sigma, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.sigma = sigma

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x_hat, z_mean, z_log_var = y_pred
        reconstruction = gaussian_reconstruction(x, x_hat, self.sigma)
        kl = kl_divergence(z_mean, z_log_var)
        self.reconstruction_nats.update_state(reconstruction)
        self.kl_nats.update_state(kl)
        return ops.mean(reconstruction + self.beta * kl)

    def get_config(self):
        return {**super().get_config(), "sigma": self.sigma}


def load_bench(path):
    """Return what the bench's button "Download the model" wrote, as a Keras model with the same outputs.

    Args:
        path: the file.

    Returns:
        A `VAE` for images (n, 14, 14) in [0, 1]: `encoder` gives z_mean and z_log_var, `decoder` the logits of the
        pixels, or their means where the likelihood is Gaussian (then its `sigma` is theirs). Its `beta` weighs the KL
        term against the sum over the pixels: 196 times what was chosen, if the bench took their mean. Its attribute
        `bench` has the settings and what the page measured (nats an image, held-out digits).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or not of the bench.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}: name the one that the bench's button downloaded.")
    text = Path(path).read_bytes()
    try:
        file = json.loads(text)
        said = file["format"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} was not written by the bench, or is damaged: download the model again.") from None
    if said != FORMAT:
        raise ValueError(f"{path} has the format {said!r}, and this book reads {FORMAT!r}.")
    before = text[: text.rfind(b'"checksum"')].replace(b"\r\n", b"\n")
    if file.get("checksum") != zlib.crc32(before):
        raise ValueError(f"{path} is damaged, its checksum is another one: download the model again.")
    settings = file.get("settings")
    _check_settings(settings, path)
    tensors = _tensors(file.get("weights"), settings, path)
    vae = _model(tensors, settings)
    vae.bench = {"settings": settings, "figures": file.get("figures", {})}
    return vae


def _check_settings(settings, path):
    """Raise ValueError unless each setting is there, and one that the bench has."""
    if not isinstance(settings, dict):
        raise ValueError(f"{path} has no settings: download the model again.")

    def fits(name, value):
        if name == "digits":
            return isinstance(value, str) and re.fullmatch("[0-9A-V]+", value)
        if isinstance(value, bool):
            return False
        if name in AMONG:
            return value in AMONG[name]
        return isinstance(value, int | float) and NUMBERS[name][0] <= value <= NUMBERS[name][1]

    for name in [*NUMBERS, *AMONG, "digits"]:
        if not fits(name, settings.get(name)):
            raise ValueError(f"The setting {name!r} in {path} is none that the bench knows: download the model again.")


def _tensors(weights, settings, path):
    """Return the tensors by name, in the order of `shapesOf` in vae.js."""
    width, latents = int(settings["width"]), int(settings["latents"])
    sides = [(SIDE**2, width), (width, latents), (width, latents), (latents, width), (width, SIDE**2)]
    shapes = {}
    for name, side in zip(("encoder", "zMean", "zLogVar", "decoder", "output"), sides):
        shapes |= {f"{name}Kernel": side, f"{name}Bias": side[1:]}
    shapes["logSigma"] = ()
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    try:
        numbers = np.frombuffer(base64.b64decode(weights, validate=True), "<f4")
    except (TypeError, ValueError):  # no text, no base64, no whole numbers
        numbers = np.zeros(0)
    if len(numbers) != ends[-1]:
        raise ValueError(f"The weights in {path} are not those of its settings: download the model again.")
    if not np.isfinite(numbers).all():
        raise ValueError(f"There are weights in {path} that are no numbers: train with a smaller learning rate.")
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), np.split(numbers, ends))}


def _model(tensors, settings):
    """Return the model with these tensors."""
    latents, width = int(settings["latents"]), int(settings["width"])
    image, z = keras.Input((SIDE, SIDE), name="image"), keras.Input((latents,), name="z")
    h = layers.Dense(width, activation="silu", name="encoder")(layers.Flatten()(image))
    heads = [layers.Dense(latents, name=name)(h) for name in ("zMean", "zLogVar")]
    encoder = keras.Model(image, heads, name="encoder")
    h = layers.Dense(width, activation="silu", name="decoder")(z)
    decoder = keras.Model(z, layers.Reshape((SIDE, SIDE))(layers.Dense(SIDE**2, name="output")(h)), name="decoder")
    for layer in [*encoder.layers, *decoder.layers]:
        if layer.weights:
            layer.set_weights([tensors[f"{layer.name}Kernel"], tensors[f"{layer.name}Bias"]])
    beta = settings["beta"] * (SIDE**2 if settings["terms"] == "mean" else 1)
    if settings["likelihood"] == "bernoulli":
        return VAE(encoder, decoder, beta=beta)
    return GaussianBench(encoder, decoder, float(np.exp(tensors["logSigma"])), beta=beta)
