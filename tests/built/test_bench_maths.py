"""The bench's own VAE beside Keras, float64 beside float64: gradients and steps of Adam."""

import numpy as np
import pytest

NEAR = 1e-9
PIXELS, WIDTH, BATCH = 196, 12, 7  # a batch that is no multiple of the four images which are taken at a time
NAMES = ["encoder", "zMean", "zLogVar", "decoder", "output"]
RECIPES = {
    "bernoulli": {"likelihood": "bernoulli", "beta": 1.0, "share": 1.0},
    "beta 20, one latent": {"likelihood": "bernoulli", "beta": 20.0, "share": 1.0, "latents": 1},
    "mean over pixels": {"likelihood": "bernoulli", "beta": 1.0, "share": 1 / PIXELS, "latents": 5},
    "no KL": {"likelihood": "bernoulli", "beta": 0.0, "share": 1.0, "latents": 16},
    "chosen sigma": {"likelihood": "gaussian", "beta": 1.0, "share": 1.0, "sigma": 0.3},
    "learned sigma": {"likelihood": "learned", "beta": 0.5, "share": 1.0, "sigma": 0.7, "latents": 3},
}

STEPS = """async ({ folder, sizes, likelihood, sigma, beta, share, x, noise, batch, steps, rate }) => {
  const { adam, addGradient, newVae, tensorsOf, workspace } = await import(`${folder}/vae.js`);
  const { uniforms } = await import(`${folder}/noise.js`);
  const vae = newVae(sizes, likelihood, uniforms(3), sigma);
  const work = workspace(sizes, batch);
  const flat = new Float64Array(vae.theta.length);
  const step = adam(flat.length);
  const begun = [...vae.theta];
  const losses = [];
  let first = null;
  for (let s = 0; s < steps; s++) {
    flat.fill(0);
    work.x.fill(0);
    work.x.set(x.slice(s * batch * sizes.pixels, (s + 1) * batch * sizes.pixels));
    work.epsilon.set(noise.slice(s * batch * sizes.latents, (s + 1) * batch * sizes.latents));
    addGradient(vae, work, batch, { beta, share }, tensorsOf(flat, sizes), batch);
    first = first ?? [...flat];
    const sum = (values, n) => values.slice(0, n).reduce((a, b) => a + b, 0) / batch;
    losses.push([sum(work.reconstruction, batch), sum(work.kl, batch * sizes.latents)]);
    step(vae.theta, flat, rate);
  }
  return { begun, first, losses, ended: [...vae.theta] };
}"""


def shapes(latents, width=WIDTH):
    """Return name and shape of each tensor, as they follow each other in theta."""
    sides = [(PIXELS, width), (width, latents), (width, latents), (latents, width), (width, PIXELS)]
    pairs = [part for name, side in zip(NAMES, sides) for part in ((f"{name}Kernel", side), (f"{name}Bias", side[1:]))]
    return [*pairs, ("logSigma", ())]


def unpacked(theta, latents):
    """Return the tensors of theta by name."""
    found, place = {}, 0
    for name, shape in shapes(latents):
        size = int(np.prod(shape))
        found[name] = np.reshape(theta[place : place + size], shape)
        place += size
    assert place == len(theta)
    return found


class Model:
    """The same model by Keras's operations, in float64."""

    def __init__(self, theta, latents):
        from keras import Variable

        self.of = {name: Variable(value, dtype="float64") for name, value in unpacked(theta, latents).items()}

    def affine(self, x, name):
        return x @ self.of[f"{name}Kernel"] + self.of[f"{name}Bias"]

    def loss(self, x, epsilon, likelihood, beta, share, **_):
        """Return the loss, the reconstruction and the KL of a batch."""
        from keras import ops

        from helpers.losses import bernoulli_reconstruction, kl_divergence

        hidden = ops.silu(self.affine(x, "encoder"))
        mean, log_var = self.affine(hidden, "zMean"), self.affine(hidden, "zLogVar")
        z = mean + ops.exp(0.5 * log_var) * epsilon
        output = self.affine(ops.silu(self.affine(z, "decoder")), "output")
        if likelihood == "bernoulli":
            sheet = (-1, 14, 14)
            reconstruction = bernoulli_reconstruction(ops.reshape(x, sheet), ops.reshape(output, sheet))
        else:
            log_sigma = self.of["logSigma"]
            squares = ops.sum(ops.square((x - output) * ops.exp(-log_sigma)), axis=1)
            reconstruction = 0.5 * squares + PIXELS * (log_sigma + 0.5 * np.log(2 * np.pi))
        kl = kl_divergence(mean, log_var)
        return ops.mean(share * reconstruction + beta * kl), ops.mean(reconstruction), ops.mean(kl)


@pytest.fixture
def blank(visit):
    """A page from which the modules can be imported."""
    return visit("book/licences.html", formulas=False).page


@pytest.mark.parametrize("name", RECIPES)
def test_gradients_and_ten_steps_are_those_of_keras(blank, address, name):
    import keras
    import tensorflow as tf

    recipe = {"sigma": 1.0, "latents": 2, **RECIPES[name]}
    latents, steps, rate = recipe.pop("latents"), 10, 0.01
    random = np.random.default_rng(1)
    x = random.integers(0, 16, (steps, BATCH, PIXELS)) / 15 * (random.random((steps, BATCH, PIXELS)) < 0.2)
    noise = random.normal(size=(steps, BATCH, latents))
    ours = blank.evaluate(
        STEPS,
        {
            **recipe,
            **{"folder": f"{address}_static/darkroom", "batch": BATCH, "steps": steps, "rate": rate},
            "sizes": {"pixels": PIXELS, "width": WIDTH, "latents": latents},
            **{"x": x.ravel().tolist(), "noise": noise.ravel().tolist()},
        },
    )
    model = Model(ours["begun"], latents)
    variables = [
        variable for each, variable in model.of.items() if each != "logSigma" or recipe["likelihood"] == "learned"
    ]
    optimizer = keras.optimizers.Adam(rate)
    for s in range(steps):
        with tf.GradientTape() as tape:
            loss, reconstruction, kl = model.loss(x[s], noise[s], **recipe)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        assert np.allclose(ours["losses"][s], [reconstruction, kl], rtol=1e-7), f"step {s}"
        if s == 0:
            theirs = dict(zip([each for each in model.of], gradients))
            for each, gradient in unpacked(ours["first"], latents).items():
                if each in theirs:
                    near(f"gradient of {each}", gradient, theirs[each], NEAR)
        optimizer.apply(gradients, variables)
    for each, value in unpacked(ours["ended"], latents).items():
        near(f"{each} after {steps} steps", value, model.of[each], 1e-4)


def near(name, ours, theirs, limit):
    """Assert that two tensors agree, by the norm of their difference over that of the second."""
    theirs = np.asarray(theirs, "float64")
    error = np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-12)
    assert np.shape(ours) == theirs.shape and error < limit, f"{name} is off by {error:.2g}"
