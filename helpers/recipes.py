"""The published recipes for training a VAE, and one judge for all of them. Chapter 9 (One protocol)."""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from helpers.data import binarise
from helpers.device import training_settings
from helpers.evaluation import active_units, evaluate_elbo, importance_bound
from helpers.judge import frechet_distance, judge
from helpers.latent import develop
from helpers.losses import bernoulli_reconstruction, kl_divergence, translate_loss
from helpers.models import VAE, build_decoder, build_encoder
from helpers.training import set_noise, warmup_cosine

EPOCHS, BATCH_SIZE, STEPS = 24, 250, 240  # the common budget; STEPS an epoch of 60,000 digits


class Recipe(NamedTuple):
    """How a model of the league is trained. Chapter 9 (One protocol).

    `error`, `pixels` and `latents` are those of `helpers.losses.translate_loss`. `threshold`: images are made
    black and white at 0.5; `monte_carlo`: the KL term is log q - log p of the draw of z; `schedule`: chapter 6's
    learning rate and averaged weights instead of Adam's defaults.
    """

    error: str
    pixels: str
    latents: str
    threshold: bool = False
    monte_carlo: bool = False
    schedule: bool = False

    def weights(self):
        """Return the factors of the sum over 784 pixels and of the KL term over 2 latents."""
        return 1 / 784 if self.pixels == "mean" else 1, 1 / 2 if self.latents == "mean" else 1


RECIPES = {
    "Keras example": Recipe("bce", "sum", "sum"),
    "TensorFlow CVAE": Recipe("bce", "sum", "sum", threshold=True, monte_carlo=True),
    "squared error": Recipe("mse", "sum", "sum"),
    "mean KL": Recipe("bce", "sum", "mean"),
    "means": Recipe("mse", "mean", "mean"),
    "ours": Recipe("bce", "sum", "sum", schedule=True),
}


class RecipeVAE(VAE):
    """The book's network, trained on the loss of any recipe. Chapter 9 (One protocol).

    Keep its weights, see `helpers.records.load_league`: it has no configuration to save it whole.

    Args:
        recipe: a `Recipe`.
        seed: seed of the noise.
    """

    def __init__(self, recipe, seed=0):
        super().__init__(build_encoder(), build_decoder(), seed=seed)
        self.recipe = recipe

    def prepare(self, x):
        return ops.cast(x > 0.5, "float32") if self.recipe.threshold else x

    def call(self, x):
        z_mean, z_log_var = self.encoder(self.prepare(x))
        z = self.sampling([z_mean, z_log_var])
        return self.decoder(z), z_mean, z_log_var, z

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x, (logits, z_mean, z_log_var, z) = self.prepare(x), y_pred
        error = bernoulli_reconstruction(x, logits)
        if self.recipe.error == "mse":
            error = ops.sum(ops.square(x - ops.sigmoid(logits)), axis=(1, 2))
        kl = kl_divergence(z_mean, z_log_var)
        if self.recipe.monte_carlo:
            squared = ops.square(z - z_mean) * ops.exp(-z_log_var)
            log_q = -0.5 * ops.sum(squared + z_log_var + math.log(2 * math.pi), axis=1)
            kl = log_q - self.prior.log_prob(z)
        self.reconstruction_nats.update_state(error)  # sums, whatever the recipe makes of them
        self.kl_nats.update_state(kl)
        pixel_weight, kl_weight = self.recipe.weights()
        return ops.mean(pixel_weight * error + kl_weight * kl)


def start_recipe(recipe, seed):
    """Return the untrained model of a recipe, compiled for EPOCHS epochs. Chapter 9 (One protocol).

    All recipes start from the same weights if the seed is the same.
    """
    keras.utils.set_random_seed(seed)
    vae, rate = RecipeVAE(recipe, seed), 1e-3
    if recipe.schedule:
        rate = warmup_cosine(EPOCHS * STEPS, 2 * STEPS)
    optimizer = keras.optimizers.Adam(rate, use_ema=recipe.schedule, ema_momentum=0.999)
    vae.compile(optimizer, **training_settings())
    return vae


def own_terms(vae, x, seed=0, batch_size=500):
    """Return error and KL term as a recipe itself sees them: sums, means over images. Chapter 9.

    Args:
        vae: a `RecipeVAE`.
        x: images in [0, 1], shape (n, 28, 28).
        seed: seed of the noise.
        batch_size: images at a time.
    """
    set_noise(vae, seed, epoch=0)
    vae.reconstruction_nats.reset_state()
    vae.kl_nats.reset_state()
    for first in range(0, len(x), batch_size):
        batch = x[first : first + batch_size]
        vae.compute_loss(batch, y_pred=vae(batch))
    return float(vae.reconstruction_nats.result()), float(vae.kl_nats.result())


def score(vae, x, real, classifier, images=1000, samples=200, draws=10_000):
    """Return everything the league says of a model; its decoder's outputs are read as Bernoulli means. Chapter 9.

    Args:
        vae: a trained `RecipeVAE`.
        x: test digits, shape (n, 28, 28).
        real: the classifier's features of test digits, see `helpers.judge.judge`.
        classifier: see `helpers.weights.load_classifier`.
        images: about how many digits to take for the importance-weighted bound.
        samples: draws for each of them.
        draws: prints of random codes to judge.

    Returns:
        A dict of floats. In nats per image: "grey" (-ELBO on grey digits), "rate" (its KL term), "drawn" (minus
        the bound on digits drawn once in black and white), "own" (the recipe's objective under its own
        likelihood). "printed": the loss as the recipe itself scales it; "active": latents in use; "accepted":
        per cent of random prints to which the classifier gives one digit at least 95 %; "kinds": how many digits
        it sees in them, the exponential of the entropy of their shares; "frechet": their distance to the test
        digits.
    """
    error, kl = own_terms(vae, x)
    (pixel_weight, kl_weight), (_, variance, beta) = vae.recipe.weights(), translate_loss(*vae.recipe[:3])
    own = error + beta * kl
    if variance is not None:
        own = error / (2 * variance) + 784 / 2 * math.log(2 * math.pi * variance) + kl
    reconstruction, rate = evaluate_elbo(vae, x)
    some = binarise(x, seed=0)[:: max(1, len(x) // images)]
    prints = develop(vae.decoder, vae.prior.sample(draws, seed=1))
    probabilities, features = judge(classifier, prints)
    shares = np.unique(probabilities.argmax(axis=1), return_counts=True)[1] / draws
    scores = {
        "grey": np.mean(reconstruction + rate),
        "rate": np.mean(rate),
        "drawn": -np.mean(importance_bound(vae, some, samples)[0]),
        "own": own,
        "printed": pixel_weight * error + kl_weight * kl,
        "active": np.sum(active_units(vae, x)),
        "accepted": 100 * np.mean(probabilities.max(axis=1) >= 0.95),
        "kinds": np.exp(-np.sum(shares * np.log(shares))),
        "frechet": frechet_distance(features, real),
    }
    return {name: float(value) for name, value in scores.items()}
