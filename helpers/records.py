"""Records of many runs in book/weights, made by `make weights` from their chapters' code, with checksums."""

import json
from pathlib import Path

from helpers.files import CURE, checked, read_arrays
from helpers.places import WEIGHTS


def read_record(name, folder=WEIGHTS):
    """Return what NAME.json says, and the arrays of NAME.npz by name (none if the record has no such file).

    Raises:
        ValueError: no record of that name, or a file is damaged or altered.
        FileNotFoundError: a file is not there.
    """
    folder = Path(folder)
    sums = folder / "records.json"
    if not sums.exists():
        raise FileNotFoundError(f"The list of records, {sums}, is missing. {CURE}")
    try:
        known = dict(json.loads(sums.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{sums} cannot be read ({error}). {CURE}") from error
    said, arrays = f"{name}.json", f"{name}.npz"
    if said not in known:
        raise ValueError(f"There is no record called {name!r} in {sums}. {CURE}")
    record = json.loads(checked(folder / said, known[said]).read_text(encoding="utf-8"))
    return record, read_arrays(folder / arrays, known[arrays]) if arrays in known else {}


def load_rate_distortion(folder=WEIGHTS):
    """Return the recorded models of chapter 5 (The loss terms), one for each weight of the KL term.

    Returns:
        (record, pictures): a dict, where `record["runs"]` is a list of dicts with "beta", rising, "rate" and
        "distortion" (means over the test digits, nats), "active" (latents in use), "history" and "seconds"; and a dict
        of uint8 arrays of shape (runs, digits, 28, 28): "prints" of the test digits `record["digits"]` from their
        means, and "inventions", prints of random codes that are the same for all.

    Raises:
        ValueError, FileNotFoundError: as `read_record`.
    """
    return read_record("rate_distortion", folder)


def load_choice(folder=WEIGHTS):
    """Return the recorded runs by which chapter 6 (Training) chose the settings of its model.

    Returns:
        A dict from settings to lists of dicts, one for each seed, rising: "validation" (mean -ELBO of the validation
        digits, nats; None if the loss overflowed), "history" (of the training loss) and "seconds".

    Raises:
        ValueError, FileNotFoundError: as `read_record`.
    """
    runs = {}
    for run in sorted(read_record("choice", folder)[0]["runs"], key=lambda run: run["seed"]):
        runs.setdefault(run["setting"], []).append(run)
    return runs


def load_league(folder=WEIGHTS):
    """Return the recorded league of chapter 9 (One protocol), and a trained model of each recipe.

    Returns:
        (league, models): a dict, where `league["runs"][recipe][seed]` is a dict of "scores" (see
        `helpers.recipes.score`), "history" and "seconds"; and a dict from recipes to `helpers.recipes.RecipeVAE`
        with the stored weights, those of the seed `league["weights_seed"]`.

    Raises:
        ValueError: as `read_record`, or a recipe or the weights are not the book's.
        FileNotFoundError: as `read_record`.
    """
    from helpers.recipes import RECIPES, RecipeVAE
    from helpers.weights import assign, inference_weights

    league, arrays = read_record("league", folder)
    runs = {name: {int(seed): run for seed, run in seeds.items()} for name, seeds in league["runs"].items()}
    if unknown := set(runs) - set(RECIPES):
        raise ValueError(f"{', '.join(sorted(unknown))} is no recipe of helpers.recipes. {CURE}")
    models = {name: RecipeVAE(RECIPES[name]) for name in runs}
    for name, model in models.items():
        own = [array for key, array in sorted(arrays.items()) if key.startswith(f"{name}/")]
        if not assign(inference_weights(model), own):
            raise ValueError(f"The weights of {name!r} in league.npz do not fit the book's network. {CURE}")
    return league | {"runs": runs}, models


def load_photocopier(folder=WEIGHTS):
    """Return the recorded runs of chapter 11 (Photocopier against artist).

    Returns:
        A dict. "runs": a list of dicts with "kind", "seed", "epochs", "left_out" (a digit that was not in the training
        images, or None), "history" (of the training loss, nats), "seconds" and "scores": what the chapter's `report` or
        `report_left_out` gave. No two runs agree in kind, seed, epochs and left_out.

    Raises:
        ValueError, FileNotFoundError: as `read_record`.
    """
    return read_record("photocopier", folder)[0]


def load_collapse(folder=WEIGHTS):
    """Return the recorded sweeps of chapter 12 (The collapse lab).

    Returns:
        A dict. "sizes": a list of dicts, one a latent size, rising: "latent_dim", "rate" and "distortion" (means over
        the test digits, nats), "active" (latents in use by `helpers.evaluation.active_units`). "cures": one dict for
        each "patient", "cure" and "seed": "reconstruction" (nats), "squares" (squared error of an image; None for
        black-and-white pixels), "told" (share of digits that a linear reading of the codes names). All have "carried",
        the mean KL term of each latent, the largest first, "history" and "seconds". "epochs": of a run of each kind.

    Raises:
        ValueError, FileNotFoundError: as `read_record`.
    """
    return read_record("collapse", folder)[0]
