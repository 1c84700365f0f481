"""Trained models in book/weights: inference weights and a manifest that says where they come from."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parent.parent / "book" / "weights"
CURE = "Restore it with `git checkout -- book/weights`, or train it again with `make weights`."


def manifest(folder=WEIGHTS):
    """Return the manifest: a dict from a model's name to its chapter, seed, figures and file."""
    return json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))


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
    arrays = read_weights(Path(folder) / entry["file"], entry["sha256"])
    parts = vae.encoder.weights + vae.decoder.weights
    if [tuple(w.shape) for w in parts] != [a.shape for a in arrays]:
        raise ValueError(f"The weights in {entry['file']} do not fit the architecture in the manifest. {CURE}")
    for weight, array in zip(parts, arrays):
        weight.assign(array.astype("float32"))
    return vae


def read_weights(path, sha256):
    """Return the arrays of a weight file in order, after checking its SHA-256."""
    if not path.exists():
        raise FileNotFoundError(f"The weight file {path} is missing. {CURE}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != sha256:
        raise ValueError(
            f"{path} is damaged or altered: its SHA-256 begins with {digest[:12]}, the manifest says "
            f"{sha256[:12]}. {CURE}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[f"{i:03d}"] for i in range(len(file.files))]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}). {CURE}") from error


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
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    entries = manifest(folder) if (folder / "manifest.json").exists() else {}
    parameters = int(sum(np.prod(w.shape) for w in weights))
    entries[name] = {"file": file, "sha256": digest, "parameters": parameters, **entry}
    text = json.dumps(entries, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
