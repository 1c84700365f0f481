"""Chapter 9: the loss translator, the six recipes, their judge, and the recorded league."""

import ast
import math

import chapter_code
import keras
import numpy as np
import pytest
from keras import ops

from helpers.evaluation import evaluate_elbo
from helpers.judge import build_classifier, judge
from helpers.losses import translate_loss
from helpers.places import ROOT
from helpers.recipes import BATCH_SIZE, EPOCHS, RECIPES, STEPS, Recipe, RecipeVAE, own_terms, score, start_recipe
from helpers.records import load_league
from helpers.weights import inference_weights

SEEDS = [0, 1, 2]
RNG = np.random.default_rng(0)

# ---- the translator


def test_what_the_nine_published_recipes_mean():
    """As each source has it in its code, in the chapter's order: likelihood, sigma squared, beta."""
    (published,) = [
        eval(ast.unparse(node.value))
        for node in chapter_code.body(ROOT / "book" / "09_protocol.ipynb")
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "published"
    ]
    meant = [("Bernoulli", None, beta) for beta in (1, 1, 1, 0.5, 2.048)]
    meant += [("Gaussian", sigma_squared, 1) for sigma_squared in (0.768, 0.5, 0.5, 12.25)]
    for recipe, (likelihood, sigma_squared, beta) in zip(published.values(), meant, strict=True):
        found = translate_loss(**recipe)
        assert (found.likelihood, found.sigma_squared) == (likelihood, pytest.approx(sigma_squared))
        assert found.beta == pytest.approx(beta)


def in_numpy(error, pixels, latents, pixel_weight, kl_weight, x, p, mean, log_var):
    """Return a recipe's loss for each image, in double precision and step by step as such code is written."""
    errors = {"bce": -x * np.log(p) - (1 - x) * np.log(1 - p), "mse": (x - p) ** 2}[error]
    kl = -0.5 * (1 + log_var - mean**2 - np.exp(log_var))
    reduce = {"sum": np.sum, "mean": np.mean}
    return pixel_weight * reduce[pixels](errors, axis=1) + kl_weight * reduce[latents](kl, axis=1)


@pytest.mark.parametrize("error", ["bce", "mse"])
@pytest.mark.parametrize("pixels", ["sum", "mean"])
@pytest.mark.parametrize("latents", ["sum", "mean"])
@pytest.mark.parametrize(("n", "d", "weights"), [(12, 3, (1, 1)), (50, 1, (500, 1)), (7, 20, (0.3, 4))])
def test_a_recipe_and_its_translation_differ_by_a_constant_factor(error, pixels, latents, n, d, weights):
    """Both losses of many random cases lie on one rising line: so the same minimum, and parallel gradients."""
    x, p = RNG.random((40, n)), RNG.uniform(0.01, 0.99, (40, n))
    mean, log_var = RNG.normal(size=(2, 40, d))
    recipe = in_numpy(error, pixels, latents, *weights, x, p, mean, log_var)
    likelihood, variance, beta = translate_loss(error, pixels, latents, n, d, *weights)
    kl = np.sum(0.5 * (mean**2 + np.exp(log_var) - 1 - log_var), axis=1)
    if likelihood == "Bernoulli":
        nats = -np.log(np.prod(p**x * (1 - p) ** (1 - x), axis=1))
    else:
        nats = -np.sum(np.log(np.exp(-((x - p) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)), axis=1)
    factors = np.diff(recipe) / np.diff(nats + beta * kl)
    assert factors == pytest.approx(np.full(39, factors[0]), rel=1e-6) and factors[0] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(error="l1"), "error must be 'bce' or 'mse', but was 'l1'"),
        (dict(error="bce", latents=None), "latents must be 'sum' or 'mean', but was None"),
        (dict(error="mse", pixels="mean", n_pixels=0), "n_pixels must be a whole number of at least 1, but was 0"),
        (dict(error="mse", latents="mean", latent_dim=1.5), "latent_dim must be a whole number of at least 1"),
        (dict(error="bce", kl_weight=0), "kl_weight must be above 0 and finite, but was 0: a VAE needs both terms"),
        (dict(error="bce", pixel_weight=math.nan), "pixel_weight must be above 0"),
    ],
)
def test_a_recipe_that_cannot_be_read_is_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        translate_loss(**arguments)


# ---- the recipes


def test_the_chapter_has_the_same_recipes_and_budget():
    def assigned(nodes):
        return {ast.unparse(node.targets[0]): ast.unparse(node.value) for node in nodes if isinstance(node, ast.Assign)}

    here = assigned(chapter_code.body(ROOT / "book" / "09_protocol.ipynb"))
    there = assigned(ast.parse((ROOT / "helpers/recipes.py").read_text(encoding="utf-8")).body)
    names = ["RECIPES", "(EPOCHS, BATCH_SIZE, STEPS)"]
    assert [here[name] for name in names] == [there[name] for name in names]
    assert STEPS * BATCH_SIZE == 60_000


def by_hand(name, x, logits, mean, log_var, z):
    """Return a recipe's loss of a batch, from its description, in NumPy."""
    p = 1 / (1 + np.exp(-logits))
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)

    def cross_entropy(x):
        return (-x * np.log(p) - (1 - x) * np.log(1 - p)).sum(axis=(1, 2))

    def normal(z, m, v):
        return (-0.5 * (z - m) ** 2 / v - 0.5 * np.log(2 * np.pi * v)).sum(axis=1)

    loss = {
        "Keras example": cross_entropy(x) + kl.sum(axis=1),
        "TensorFlow CVAE": cross_entropy(np.where(x > 0.5, 1.0, 0.0))
        + normal(z, mean, np.exp(log_var))
        - normal(z, np.zeros(2), np.ones(2)),
        "squared error": ((x - p) ** 2).sum(axis=(1, 2)) + kl.sum(axis=1),
        "mean KL": cross_entropy(x) + kl.mean(axis=1),
        "means": ((x - p) ** 2).mean(axis=(1, 2)) + kl.mean(axis=1),
        "ours": cross_entropy(x) + kl.sum(axis=1),
    }
    return loss[name].mean()


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_of_a_recipe_is_what_its_description_says(name):
    x, logits = RNG.random((5, 28, 28)), RNG.normal(scale=2, size=(5, 28, 28))
    mean, log_var, z = RNG.normal(size=(3, 5, 2))
    vae = RecipeVAE(RECIPES[name])
    parts = [part.astype("float32") for part in (x, logits, mean, log_var, z)]
    loss = float(vae.compute_loss(parts[0], y_pred=tuple(parts[1:])))
    assert loss == pytest.approx(by_hand(name, x, logits, mean, log_var, z), rel=1e-5)
    a, b = vae.recipe.weights()
    recorded = a * float(vae.reconstruction_nats.result()) + b * float(vae.kl_nats.result())
    assert loss == pytest.approx(recorded, rel=1e-5)  # the record keeps sums, whatever the recipe makes of them


def test_the_monte_carlo_kl_is_the_kl_on_average():
    keras.utils.set_random_seed(0)
    vae, n = RecipeVAE(RECIPES["TensorFlow CVAE"]), 100_000
    mean, log_var = np.tile(np.float32([0.7, -1.2]), (n, 1)), np.tile(np.float32([-1.5, 0.4]), (n, 1))
    z = ops.convert_to_numpy(vae.sampling([mean, log_var]))
    blank = np.zeros((n, 1, 1), "float32")  # one pixel, logit 0: log 2 of reconstruction
    ratio = float(vae.compute_loss(blank, y_pred=(blank, mean, log_var, z))) - math.log(2)
    exact = 0.5 * np.sum(mean[0] ** 2 + np.exp(log_var[0]) - 1 - log_var[0])
    assert ratio == pytest.approx(exact, abs=4.5 * 1.6 / math.sqrt(n))


def test_only_the_cvae_sees_thresholded_images():
    x = RNG.random((6, 28, 28)).astype("float32")
    for name, recipe in RECIPES.items():
        vae = RecipeVAE(recipe)
        grey, black = (ops.convert_to_numpy(vae.encoder(each)[0]) for each in (x, np.float32(x > 0.5)))
        seen = ops.convert_to_numpy(vae(x)[1])
        assert np.allclose(seen, black if name == "TensorFlow CVAE" else grey, atol=1e-5)
        assert not np.allclose(grey, black, atol=1e-3)


def test_objectives_differ_in_the_objective_only_and_ours_in_the_method_only():
    models = {name: start_recipe(recipe, seed=4) for name, recipe in RECIPES.items()}
    first = [ops.convert_to_numpy(w) for w in inference_weights(models["ours"])]
    for vae in models.values():  # one network, one beginning
        assert all(np.array_equal(a, b) for a, b in zip(first, inference_weights(vae)))
    plain = models["Keras example"].optimizer.get_config()
    assert plain["learning_rate"] == pytest.approx(1e-3) and not plain["use_ema"]
    for name, vae in models.items():
        config = vae.optimizer.get_config()
        same = {key for key in plain if key != "name" and config[key] == plain[key]}
        assert set(plain) - {"name"} - same == ({"learning_rate", "use_ema"} if name == "ours" else set())
        assert type(vae.optimizer) is keras.optimizers.Adam
    rate = models["ours"].optimizer._learning_rate  # a schedule for the whole budget
    peak, end = float(rate(2 * STEPS)), float(rate(EPOCHS * STEPS))
    assert peak == pytest.approx(3e-3) and end == pytest.approx(3e-5, rel=1e-3) and float(rate(0)) < 2e-4


def test_another_seed_begins_elsewhere():
    a, b = (start_recipe(RECIPES["ours"], seed) for seed in (0, 1))
    assert not np.array_equal(a.encoder.weights[0], b.encoder.weights[0])


# ---- the judge


@pytest.fixture(scope="module")
def digits(x_test):
    return x_test[:300]


@pytest.mark.parametrize("name", ["means", "mean KL", "TensorFlow CVAE"])
def test_the_judge_adds_up(name, digits):
    keras.utils.set_random_seed(0)
    classifier, vae = build_classifier(), RecipeVAE(RECIPES[name])
    real = judge(classifier, digits)[1]
    found = score(vae, digits, real, classifier, images=20, samples=5, draws=100)
    assert found == score(vae, digits, real, classifier, images=20, samples=5, draws=100)  # repeats exactly
    assert all(isinstance(value, float) and math.isfinite(value) for value in found.values())
    error, kl = own_terms(vae, digits)
    assert found["printed"] == pytest.approx(
        {"means": error / 784 + kl / 2, "mean KL": error + kl / 2}.get(name, error + kl)
    )
    gaussian = error / (2 * 196) + 392 * math.log(2 * math.pi * 196) + kl
    assert found["own"] == pytest.approx({"means": gaussian, "mean KL": error + kl / 2}.get(name, error + kl))
    reconstruction, rate = evaluate_elbo(vae, digits)
    assert found["grey"] == pytest.approx(np.mean(reconstruction + rate))
    assert 1 <= found["kinds"] <= 10 and found["frechet"] >= 0 and 0 <= found["accepted"] <= 100


def test_the_judge_tells_many_kinds_of_print_from_one(digits):
    """Stand-ins: a decoder that prints real digits, and one that prints the same digit for every code."""
    classifier = build_classifier()
    real = judge(classifier, digits)[1]

    def stand_in(images):
        vae = RecipeVAE(RECIPES["Keras example"])
        p = 0.98 * images + 0.01
        logits = ops.convert_to_tensor(np.log(p / (1 - p)))
        vae.decoder = lambda z: ops.take(logits, ops.arange(z.shape[0]) % len(images), axis=0)
        return vae

    many, one = (score(stand_in(images), digits, real, classifier, 5, 2, 300) for images in (digits, digits[:1]))
    assert many["kinds"] >= one["kinds"] == pytest.approx(1) and many["frechet"] < one["frechet"]


# ---- the recorded league


@pytest.fixture(scope="module")
def stored():
    return load_league()


def test_the_stored_league_is_complete(stored):
    league, models = stored
    assert list(league["runs"]) == list(models) == list(RECIPES)
    assert league["epochs"] == EPOCHS and league["weights_seed"] == 0
    columns = {"grey", "rate", "drawn", "own", "printed", "active", "accepted", "kinds", "frechet"}
    for runs in league["runs"].values():
        assert list(runs) == SEEDS
        for run in runs.values():
            assert set(run["scores"]) == columns and all(math.isfinite(value) for value in run["scores"].values())
            assert set(run["history"]) == {"loss", "reconstruction", "kl"} and run["seconds"] > 0
            assert all(len(values) == EPOCHS for values in run["history"].values())
            assert run["history"]["loss"][-1] < run["history"]["loss"][0]


@pytest.mark.parametrize("name", RECIPES)
def test_the_stored_weights_have_the_recorded_scores(name, stored, x_test):
    league, models = stored
    said = league["runs"][name][league["weights_seed"]]["scores"]
    reconstruction, rate = evaluate_elbo(models[name], x_test)
    assert np.mean(reconstruction + rate) == pytest.approx(said["grey"], abs=0.05)
    assert np.mean(rate) == pytest.approx(said["rate"], abs=0.05)


def test_a_recipe_is_a_tuple_that_keras_keeps_as_it_is():
    recipe = Recipe("bce", "sum", "mean", threshold=True)
    assert RecipeVAE(recipe).recipe == recipe and recipe.weights() == (1, 0.5)
