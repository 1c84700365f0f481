"""A model that was trained on the bench, the page "The bench", as a Keras model."""

import base64
import binascii
import json
import zlib
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from helpers.losses import gaussian_reconstruction, kl_divergence
from helpers.models import VAE

FORMAT = "darkroom-bench 1"
SIDE = 14
LIKELIHOODS = ("bernoulli", "gaussian", "learned")


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


def load_bench(path):
    """Return what the bench's button "Download the model" wrote, as a Keras model with the same outputs.

    Args:
        path: the file.

    Returns:
        A `VAE` for images (n, 14, 14) in [0, 1]: `encoder` gives z_mean and z_log_var, `decoder` the logits of the
        pixels, or their means where the likelihood is Gaussian (then its `sigma` is theirs). Its attribute `bench` has
        the settings and what the page measured (nats an image, held-out digits).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or not of the bench.
    """
    text = Path(path).read_bytes()
    try:
        file = json.loads(text)
        said = file["format"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} was not written by the bench, or is damaged: download the model again.") from None
    if said != FORMAT:
        raise ValueError(f"{path} has the format {said!r}, and this book reads {FORMAT!r}.")
    tensors, settings = _tensors(file, path), file["settings"]
    latents, width = int(settings["latents"]), int(settings["width"])
    image, z = keras.Input((SIDE, SIDE), name="image"), keras.Input((latents,), name="z")
    h = layers.Dense(width, activation="silu", name="encoder")(layers.Flatten()(image))
    heads = [layers.Dense(latents, name=name)(h) for name in ("zMean", "zLogVar")]
    encoder = keras.Model(image, heads, name="encoder")
    h = layers.Dense(width, activation="silu", name="decoder")(z)
    decoder = keras.Model(z, layers.Reshape((SIDE, SIDE))(layers.Dense(SIDE**2, name="output")(h)), name="decoder")
    for layer in [*encoder.layers, *decoder.layers]:
        if layer.weights:
            layer.set_weights([tensors[f"{layer.name}Kernel"], tensors[f"{layer.name}Bias"][0]])
    if settings["likelihood"] == "bernoulli":
        vae = VAE(encoder, decoder, beta=settings["beta"])
    else:
        vae = GaussianBench(encoder, decoder, float(np.exp(tensors["logSigma"].item())), beta=settings["beta"])
    vae.bench = {"settings": settings, "figures": file.get("figures", {})}
    return vae


def _tensors(file, path):
    """Return the tensors of a file by name."""
    damaged = ValueError(f"The weights in {path} are damaged: download the model again.")
    try:
        weights, shapes = file["weights"], file["tensors"]
        if zlib.crc32(weights.encode()) != file["checksum"] or file["settings"]["likelihood"] not in LIKELIHOODS:
            raise damaged
        numbers = np.frombuffer(base64.b64decode(weights, validate=True), "<f4")
        ends = np.cumsum([rows * columns for _, rows, columns in shapes])
        parts = np.split(numbers, ends)
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise damaged from None
    if len(parts.pop()) or not np.isfinite(numbers).all() or len(numbers) != ends[-1]:
        raise damaged
    return {name: part.reshape(rows, columns) for (name, rows, columns), part in zip(shapes, parts)}
