"""Trained models in book/weights: inference weights and a manifest that says where they come from."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).resolve().parent.parent / "book" / "weights"
NEEDED = {"architecture", "file", "sha256"}  # what loading uses of an entry
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
    arrays = list(_read(Path(folder) / entry["file"], entry["sha256"]).values())
    if [tuple(w.shape) for w in variables] != [a.shape for a in arrays]:
        raise ValueError(f"The weights in {entry['file']} do not fit the architecture in the manifest. {CURE}")
    for variable, array in zip(variables, arrays):
        variable.assign(array.astype("float32"))


def _read(path, sha256):
    """Return the arrays of a file by name, after checking its SHA-256."""
    if not path.exists():
        raise FileNotFoundError(f"The weight file {path} is missing. {CURE}")
    found = digest(path)
    if found != sha256:
        raise ValueError(
            f"{path} is damaged or altered: its SHA-256 begins with {found[:12]}, the manifest says "
            f"{sha256[:12]}. {CURE}"
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}). {CURE}") from error


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
    return _read(Path(folder) / record["file"], record["sha256"])


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
    arrays = _read(Path(folder) / record["file"], record["sha256"])
    return arrays["nats"].astype("float64"), arrays["error"].astype("float64")


def load_league(folder=WEIGHTS):
    """Return the recorded league of chapter 9 (One protocol), and a trained model of each recipe.

    Returns:
        (league, models): what `league.json` says, where `league["runs"][recipe][seed]` is a dict of "scores" (see
        `helpers.protocol.score`), "history" and "seconds"; and a dict from recipes to `helpers.protocol.RecipeVAE`
        with the stored weights, those of the seed `league["weights_seed"]`.

    Raises:
        ValueError: a file is damaged, incomplete or of another network.
        FileNotFoundError: a file is not there.
    """
    from helpers.protocol import RECIPES, RecipeVAE

    path = Path(folder) / "league.json"
    if not path.exists():
        raise FileNotFoundError(f"The recorded league, {path}, is missing. {CURE}")
    try:
        league = json.loads(path.read_text(encoding="utf-8"))
        runs = {name: {int(seed): run for seed, run in seeds.items()} for name, seeds in league["runs"].items()}
        stored, (file, sha256) = league["weights_seed"], (league["file"], league["sha256"])
        for name, seeds in runs.items():
            if name not in RECIPES or stored not in seeds:
                raise ValueError(f"{name!r} is no recipe of helpers.protocol, or lacks seed {stored}")
            if any(not {"scores", "history", "seconds"} <= set(run) for run in seeds.values()):
                raise ValueError(f"a run of {name!r} lacks its scores, history or seconds")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__}: {error}). {CURE}") from error
    arrays, models = _read(Path(folder) / file, sha256), {}
    for name in runs:
        models[name] = RecipeVAE(RECIPES[name])
        own = [array for key, array in sorted(arrays.items()) if key.startswith(f"{name}/")]
        variables = inference_weights(models[name])
        if [tuple(w.shape) for w in variables] != [a.shape for a in own]:
            raise ValueError(f"The weights of {name!r} in {file} do not fit the book's network. {CURE}")
        for variable, array in zip(variables, own):
            variable.assign(array.astype("float32"))
    return league | {"runs": runs}, models


def load_rate_distortion(folder=WEIGHTS):
    """Return the recorded models of chapter 5 (The loss terms), one for each weight of the KL term.

    Returns:
        (record, pictures): what `rate_distortion.json` says, where `record["runs"]` is a list of dicts with "beta",
        rising, "rate" and "distortion" (means over the test digits, nats), "active" (latents in use), "history" and
        "seconds"; and a dict of uint8 arrays of shape (runs, digits, 28, 28): "prints" of the test digits
        `record["digits"]` from their means, and "inventions", prints of random codes that are the same for all.

    Raises:
        ValueError: a file is damaged or incomplete.
        FileNotFoundError: a file is not there.
    """
    path = Path(folder) / "rate_distortion.json"
    if not path.exists():
        raise FileNotFoundError(f"The recorded rate-distortion curve, {path}, is missing. {CURE}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        betas, (file, sha256) = [run["beta"] for run in record["runs"]], (record["file"], record["sha256"])
        if any(not {"rate", "distortion", "active", "history", "seconds"} <= set(run) for run in record["runs"]):
            raise ValueError("a run lacks its rate, distortion, active, history or seconds")
        if betas != sorted(set(betas)):
            raise ValueError("the betas do not rise")
        shape = (len(betas), len(record["digits"]), 28, 28)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__}: {error}). {CURE}") from error
    pictures = _read(Path(folder) / file, sha256)
    if {name: array.shape for name, array in pictures.items()} != {"prints": shape, "inventions": shape}:
        raise ValueError(f"The prints in {file} are not those of the runs in {path}. {CURE}")
    return record, pictures


def load_collapse(folder=WEIGHTS):
    """Return the recorded sweeps of chapter 12 (The collapse lab), as `collapse.json` has them.

    Returns:
        A dict. "sizes": a list of dicts, one a latent size, rising: "latent_dim", "rate" and "distortion" (means over
        the test digits, nats), "active" (latents in use by `helpers.evaluation.active_units`). "cures": one dict for
        each "patient", "cure" and "seed": "reconstruction" (nats), "squares" (squared error of an image; None for
        black-and-white pixels), "told" (share of digits that a linear reading of the codes names). All have "carried",
        the mean KL term of each latent, the largest first, "history" and "seconds". "epochs": of a run of each kind.

    Raises:
        ValueError: the file is damaged or incomplete.
        FileNotFoundError: the file is not there.
    """
    path = Path(folder) / "collapse.json"
    needed = {
        "sizes": {"latent_dim", "rate", "distortion", "active", "carried", "history", "seconds"},
        "cures": {"patient", "cure", "seed", "reconstruction", "squares", "told", "carried", "history", "seconds"},
    }
    if not path.exists():
        raise FileNotFoundError(f"The record of the collapse lab, {path}, is missing. {CURE}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for kind, keys in needed.items():
            for run in record[kind]:
                if lacking := keys - set(run):
                    raise ValueError(f"a run of the {kind} lacks its {', '.join(sorted(lacking))}")
                if run["carried"] != sorted(run["carried"], reverse=True):
                    raise ValueError(f"a run of the {kind} has latents out of order")
                if any(len(values) != record["epochs"][kind] for values in run["history"].values()):
                    raise ValueError(f"a run of the {kind} has a history of another length")
        found = [run["latent_dim"] for run in record["sizes"]]
        if found != sorted(set(found)) or any(len(run["carried"]) != run["latent_dim"] for run in record["sizes"]):
            raise ValueError("the sizes do not rise, or a latent is lost")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__}: {error}). {CURE}") from error
    return record


def load_photocopier(folder=WEIGHTS):
    """Return the recorded runs of chapter 11 (Photocopier against artist), as `photocopier.json` has them.

    Returns:
        A dict. "runs": a list of dicts with "kind", "seed", "epochs", "left_out" (a digit that was not in the training
        images, or None), "history" (of the training loss, nats), "seconds" and "scores": what the chapter's `report` or
        `report_left_out` gave. No two runs agree in kind, seed, epochs and left_out.

    Raises:
        ValueError: the file is damaged or incomplete.
        FileNotFoundError: the file is not there.
    """
    path = Path(folder) / "photocopier.json"
    if not path.exists():
        raise FileNotFoundError(f"The record of chapter 11, {path}, is missing. {CURE}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        found = set()
        for run in record["runs"]:
            if lacking := {"kind", "seed", "epochs", "left_out", "history", "seconds", "scores"} - set(run):
                raise ValueError(f"a run lacks its {', '.join(sorted(lacking))}")
            if any(len(values) != run["epochs"] for values in run["history"].values()):
                raise ValueError("a run has a history of another length")
            which = (run["kind"], run["seed"], run["epochs"], run["left_out"])
            if which in found:
                raise ValueError(f"the run {which} is there twice")
            found.add(which)
        if not found:
            raise ValueError("there is no run")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({type(error).__name__}: {error}). {CURE}") from error
    return record
