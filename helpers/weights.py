"""Trained models in book/weights: inference weights and a manifest that says where they come from."""

import json
from pathlib import Path

from helpers.files import CURE, read_arrays
from helpers.places import WEIGHTS

NEEDED = {"architecture", "file", "sha256"}  # what loading uses of an entry


def manifest(folder=WEIGHTS):
    """Return the manifest: a dict from a model's name to its chapter, seed, figures and file."""
    path = Path(folder) / "manifest.json"
    if not path.exists():
        raise FileNotFoundError(f"The list of trained models, {path}, is missing. {CURE}")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not all(NEEDED <= set(entry) for entry in entries.values()):
            raise ValueError(f"an entry lacks one of {', '.join(sorted(NEEDED))}")
        return entries
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}). {CURE}") from error


def load_vae(name, folder=WEIGHTS):
    """Return the trained model `name` as a `helpers.models.VAE`.

    Its `.encoder` maps images (n, 28, 28) in [0, 1] to (z_mean, z_log_var), each (n, latent_dim);
    its `.decoder` maps z (n, latent_dim) to logits (n, 28, 28); its `.prior` has `sample(n, seed)`
    and `log_prob(z)`.

    Raises:
        ValueError: no model of that name, or its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.models import VAE, FlowPrior, LearnedPriorVAE, build_decoder, build_encoder

    entry = _entry(name, folder)
    if "blocks" in entry["architecture"]:
        raise ValueError(f"{name!r} is no VAE: load it with load_velocity.")
    if "told" in entry["architecture"]:
        raise ValueError(f"{name!r} prints portraits: load it with load_portrait_vae.")
    architecture = dict(entry["architecture"])
    prior = architecture.pop("prior", None)
    parts = build_encoder(**architecture), build_decoder(**architecture)
    if prior is None:
        vae = VAE(*parts)
    else:
        vae = LearnedPriorVAE(*parts, FlowPrior(architecture["latent_dim"], **prior))
    _assign(inference_weights(vae), entry, folder)
    return vae


def load_portrait_vae(name, folder=WEIGHTS):
    """Return the recorded portrait model `name` of chapter 15 (Faces), and its training log.

    Returns:
        (vae, history): a `helpers.world.portrait_vae.PortraitVAE`; a dict of lists, "loss", "reconstruction" and "kl",
        in nats an image, one entry an epoch.

    Raises:
        ValueError: no portrait model of that name, or its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.world.portrait_vae import PortraitVAE

    entry = _entry(name, folder)
    if "told" not in entry["architecture"]:
        raise ValueError(f"{name!r} does not print portraits: load it with load_vae or load_classifier.")
    architecture = entry["architecture"]
    vae = PortraitVAE(architecture["latent_dim"], len(architecture["told"]), architecture["beta"])
    _assign(inference_weights(vae), entry, folder)
    return vae, entry["history"]


def load_velocity(name, folder=WEIGHTS):
    """Return a recorded velocity of chapter 17 (Art), see `helpers.world.flow.build_velocity`.

    Raises:
        ValueError: no model of that name, or its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.world.flow import build_velocity

    entry = _entry(name, folder)
    if "blocks" not in entry["architecture"]:
        raise ValueError(f"{name!r} is no velocity: load it with load_vae, for instance.")
    velocity = build_velocity(**entry["architecture"])
    _assign(velocity.weights, entry, folder)
    return velocity


def load_classifier(folder=WEIGHTS):
    """Return the recorded judge of prints, a `helpers.judge.build_classifier` trained in chapter 8.

    Raises:
        ValueError: its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.judge import build_classifier

    classifier = build_classifier()
    _assign(classifier.weights, _entry("classifier", folder), folder)
    return classifier


def inference_weights(model):
    """Return the variables that are stored: encoder, decoder and prior of a VAE, or those of a classifier."""
    if not hasattr(model, "encoder"):
        return model.weights
    return model.encoder.weights + model.decoder.weights + list(getattr(model.prior, "weights", []))


def _entry(name, folder):
    entries = manifest(folder)
    if name not in entries:
        raise ValueError(f"There is no trained model called {name!r}; there is {', '.join(sorted(entries))}.")
    return entries[name]


def _assign(variables, entry, folder):
    arrays = list(read_arrays(Path(folder) / entry["file"], entry["sha256"]).values())
    if not assign(variables, arrays):
        raise ValueError(f"The weights in {entry['file']} do not fit the architecture in the manifest. {CURE}")


def assign(variables, arrays):
    """Give variables the values of stored arrays, in order; return whether they fit, and change nothing if not."""
    fit = [tuple(w.shape) for w in variables] == [a.shape for a in arrays]
    for variable, array in zip(variables, arrays if fit else []):
        variable.assign(array.astype("float32"))
    return fit


def load_epochs(name, folder=WEIGHTS):
    """Return what the recorded run of a model kept of every epoch, as a dict of arrays.

    `codes` (epochs + 1, 1000, latent_dim): means of the first 1,000 test digits; `prints`
    (epochs + 1, 16, 28, 28): uint8 prints of 16 fixed prior samples; `metric/...` (epochs,):
    the columns of the training log. Entry 0 of codes and prints is the untrained model.

    Raises:
        ValueError: the model has no such record, or its file is damaged.
        FileNotFoundError: the manifest names a file that is not there.
    """
    record = manifest(folder).get(name, {}).get("epochs_file")
    if record is None:
        raise ValueError(f"No record of epochs is kept for a model called {name!r}.")
    return read_arrays(Path(folder) / record["file"], record["sha256"])


def load_likelihood(name, folder=WEIGHTS):
    """Return the recorded estimates of -log p(x) of a model's test images, and their standard errors.

    Returns:
        (nats, error): NumPy arrays of shape (10000,).

    Raises:
        ValueError: the model has no such record, or its file is damaged.
        FileNotFoundError: the manifest names a file that is not there.
    """
    record = manifest(folder).get(name, {}).get("likelihood")
    if record is None:
        raise ValueError(f"No likelihood is kept for a model called {name!r}.")
    arrays = read_arrays(Path(folder) / record["file"], record["sha256"])
    return arrays["nats"].astype("float64"), arrays["error"].astype("float64")
