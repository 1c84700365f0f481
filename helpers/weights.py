"""Trained models in book/weights: inference weights and a manifest that says where they come from."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parent.parent / "book" / "weights"
NEEDED = {"architecture", "file", "sha256"}  # what load_vae uses of an entry
CURE = "Restore it with `git checkout -- book/weights`, or train it again with `make weights`."


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
    from helpers.models import VAE, build_decoder, build_encoder

    entries = manifest(folder)
    if name not in entries:
        raise ValueError(f"There is no trained model called {name!r}; there is {', '.join(sorted(entries))}.")
    entry = entries[name]
    vae = VAE(build_encoder(**entry["architecture"]), build_decoder(**entry["architecture"]))
    arrays = list(_read(Path(folder) / entry["file"], entry["sha256"]).values())
    parts = vae.encoder.weights + vae.decoder.weights
    if [tuple(w.shape) for w in parts] != [a.shape for a in arrays]:
        raise ValueError(f"The weights in {entry['file']} do not fit the architecture in the manifest. {CURE}")
    for weight, array in zip(parts, arrays):
        weight.assign(array.astype("float32"))
    return vae


def _read(path, sha256):
    """Return the arrays of a file by name, after checking its SHA-256."""
    if not path.exists():
        raise FileNotFoundError(f"The weight file {path} is missing. {CURE}")
    digest = _digest(path)
    if digest != sha256:
        raise ValueError(
            f"{path} is damaged or altered: its SHA-256 begins with {digest[:12]}, the manifest says "
            f"{sha256[:12]}. {CURE}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}). {CURE}") from error


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_manifest(entries, folder):
    text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def save_vae(vae, name, entry, folder=WEIGHTS):
    """Write the inference weights of `vae` and its manifest entry; used by `make weights`.

    Args:
        vae: a trained VAE of the book's architecture.
        name: the model's name.
        entry: what the manifest should say: chapter, seed, epochs, architecture, test figures.
        folder: where to write.
    """
    from keras import ops

    folder = Path(folder)
    weights = vae.encoder.weights + vae.decoder.weights
    file = f"{name}.npz"
    np.savez_compressed(folder / file, **{f"{i:03d}": ops.convert_to_numpy(w) for i, w in enumerate(weights)})
    entries = manifest(folder) if (folder / "manifest.json").exists() else {}
    parameters = int(sum(np.prod(w.shape) for w in weights))
    entries[name] = {"file": file, "sha256": _digest(folder / file), "parameters": parameters, **entry}
    _write_manifest(entries, folder)


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
    entries[name]["epochs_file"] = {"file": file, "sha256": _digest(folder / file)}
    _write_manifest(entries, folder)


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
    return _read(Path(folder) / record["file"], record["sha256"])
