"""Trained models in book/weights: inference weights and a manifest that says where they come from."""

import json
from pathlib import Path

import numpy as np

from helpers.files import CURE, WEIGHTS, digest, read_arrays

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
        (vae, history): a `helpers.faces.PortraitVAE`; a dict of lists, "loss", "reconstruction" and "kl", in nats an
        image, one entry an epoch.

    Raises:
        ValueError: no portrait model of that name, or its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.faces import PortraitVAE

    entry = _entry(name, folder)
    if "told" not in entry["architecture"]:
        raise ValueError(f"{name!r} does not print portraits: load it with load_vae or load_classifier.")
    architecture = entry["architecture"]
    vae = PortraitVAE(architecture["latent_dim"], len(architecture["told"]), architecture["beta"])
    _assign(inference_weights(vae), entry, folder)
    return vae, entry["history"]


def load_velocity(name, folder=WEIGHTS):
    """Return a recorded velocity of chapter 17 (Art), see `helpers.art.build_velocity`.

    Raises:
        ValueError: no model of that name, or its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.art import build_velocity

    entry = _entry(name, folder)
    if "blocks" not in entry["architecture"]:
        raise ValueError(f"{name!r} is no velocity: load it with load_vae, for instance.")
    velocity = build_velocity(**entry["architecture"])
    _assign(velocity.weights, entry, folder)
    return velocity


def load_classifier(folder=WEIGHTS):
    """Return the recorded judge of prints, a `helpers.quality.build_classifier` trained in chapter 8.

    Raises:
        ValueError: its file is damaged or of another shape.
        FileNotFoundError: the manifest names a file that is not there.
    """
    from helpers.quality import build_classifier

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


def write_manifest(entries, folder):
    """Write what `manifest` reads."""
    text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def save_model(model, name, entry, dtype="float32", folder=WEIGHTS):
    """Write the inference weights of a model and its manifest entry; used by `make weights`.

    Args:
        model: a trained VAE of the book's architecture, or the classifier.
        name: the model's name.
        entry: what the manifest should say: chapter, seed, epochs, architecture, test figures.
        dtype: how numbers are stored; they are loaded as float32. float16 halves the file.
        folder: where to write.
    """
    from keras import ops

    folder = Path(folder)
    arrays = [ops.convert_to_numpy(w).astype(dtype) for w in inference_weights(model)]
    file = f"{name}.npz"
    np.savez_compressed(folder / file, **{f"{i:03d}": array for i, array in enumerate(arrays)})
    entries = manifest(folder) if (folder / "manifest.json").exists() else {}
    parameters = sum(array.size for array in arrays)
    stored = {"file": file, "sha256": digest(folder / file), "parameters": parameters, "dtype": dtype}
    entries[name] = {**stored, **entry}
    write_manifest(entries, folder)


def save_epochs(name, history, keepsakes, folder=WEIGHTS):
    """Write what a training run kept of every epoch, and note it in the manifest; for `make weights`.

    Args:
        name: a model in the manifest.
        history: what `helpers.training.train` returned.
        keepsakes: the run's `helpers.training.Keepsakes`.
        folder: where to write.
    """
    folder, file = Path(folder), f"{name}-epochs.npz"
    kept = keepsakes.get_state()
    metrics = {f"metric/{key}": np.array(values, "float32") for key, values in history.items()}
    np.savez_compressed(folder / file, codes=kept["codes"].astype("float16"), prints=kept["prints"], **metrics)
    entries = manifest(folder)
    entries[name]["epochs_file"] = {"file": file, "sha256": digest(folder / file)}
    write_manifest(entries, folder)


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
