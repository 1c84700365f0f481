"""The bench's own VAE beside Keras, float64 beside float64: gradients, steps of Adam, and what a step shows."""

import numpy as np
import pytest
from bench_files import PIXELS, unpacked

NEAR = 1e-9
WIDTH, BATCH, STEPS = 12, 7, 10  # a batch that is no multiple of the four images which are taken at a time
RECIPES = {
    "bernoulli": {"likelihood": "bernoulli", "beta": 1.0, "share": 1.0},
    "beta 20, one latent": {"likelihood": "bernoulli", "beta": 20.0, "share": 1.0, "latents": 1},
    "mean over pixels": {"likelihood": "bernoulli", "beta": 1.0, "share": 1 / PIXELS, "latents": 5},
    "no KL": {"likelihood": "bernoulli", "beta": 0.0, "share": 1.0, "latents": 16},
    "chosen sigma": {"likelihood": "gaussian", "beta": 1.0, "share": 1.0, "sigma": 0.3},
    "learned sigma": {"likelihood": "learned", "beta": 0.5, "share": 1.0, "sigma": 0.7, "latents": 3},
}

TEN_STEPS = """async ({ folder, sizes, likelihood, sigma, beta, share, x, noise, batch, steps, rate }) => {
  const { adam, addGradient, newVae, tensorsOf, workspace } = await import(`${folder}/vae.js`);
  const { normals, uniforms } = await import(`${folder}/noise.js`);
  const vae = newVae(sizes, likelihood, uniforms(3), sigma);
  const draw = normals(4); // no bias is zero, so that each is felt
  for (const [name, part] of Object.entries(vae.tensors)) {
    if (name.endsWith("Bias")) part.forEach((_, i) => (part[i] = 0.3 * draw()));
  }
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


def near(name, ours, theirs, limit):
    """Assert that two tensors agree, by the norm of their difference over that of the second."""
    theirs = np.asarray(theirs, "float64")
    error = np.linalg.norm(ours - theirs) / max(np.linalg.norm(theirs), 1e-12)
    assert np.shape(ours) == theirs.shape and error < limit, f"{name} is off by {error:.2g}"
    return error


@pytest.mark.parametrize("name", RECIPES)
def test_gradients_and_ten_steps_are_those_of_keras(blank, address, name):
    """From the same weights, with the same images and noise; the learned sigma included."""
    import keras
    import tensorflow as tf
    from bench_keras import Model

    recipe = {"sigma": 1.0, "latents": 2, **RECIPES[name]}
    latents, likelihood, rate = recipe.pop("latents"), recipe["likelihood"], 2**-7  # which float32 holds
    random = np.random.default_rng(1)
    x = random.integers(0, 16, (STEPS, BATCH, PIXELS)) / 15 * (random.random((STEPS, BATCH, PIXELS)) < 0.2)
    noise = random.normal(size=(STEPS, BATCH, latents))
    data = {"folder": f"{address}_static/darkroom", "batch": BATCH, "steps": STEPS, "rate": rate, **recipe}
    data |= {"sizes": {"pixels": PIXELS, "width": WIDTH, "latents": latents}}
    ours = blank.evaluate(TEN_STEPS, data | {"x": x.ravel().tolist(), "noise": noise.ravel().tolist()})
    model = Model(ours["begun"], WIDTH, latents)
    trained = {name: part for name, part in model.of.items() if name != "logSigma" or likelihood == "learned"}
    optimizer = keras.optimizers.Adam(rate, np.float64(0.9), np.float64(0.999))  # its own are rounded to float32
    for s in range(STEPS):
        with tf.GradientTape() as tape:
            reconstruction, kl = (tf.reduce_mean(part) for part in model.terms(x[s], noise[s], likelihood))
            loss = recipe["share"] * reconstruction + recipe["beta"] * kl
        gradients = tape.gradient(loss, [part.value for part in trained.values()])
        assert np.allclose(ours["losses"][s], [reconstruction, kl], rtol=NEAR), f"step {s}"
        if s == 0:
            theirs = dict(zip(trained, gradients))
            errors = [
                near(f"gradient of {each}", gradient, theirs.get(each, np.zeros(())), NEAR)
                for each, gradient in unpacked(ours["first"], WIDTH, latents).items()
            ]
        optimizer.apply(gradients, list(trained.values()))
    ended = unpacked(ours["ended"], WIDTH, latents)
    steps = [near(f"{each} after {STEPS} steps", ended[each], model.of[each], NEAR) for each in ended]
    print(f"{name}: gradients differ by {max(errors):.1e}, weights after {STEPS} steps by {max(steps):.1e}")


def test_a_new_model_begins_as_those_of_keras(blank, address):
    """Kernels even up to Glorot's limit, all else zero, sigma as chosen; another seed gives other numbers."""
    import keras

    begin = """async ({ folder, sizes, seeds, sigma }) => {
      const { newVae } = await import(`${folder}/vae.js`);
      const { uniforms } = await import(`${folder}/noise.js`);
      return seeds.map((seed) => [...newVae(sizes, "gaussian", uniforms(seed), sigma).theta]);
    }"""
    sizes = {"pixels": PIXELS, "width": 64, "latents": 16}
    data = {"folder": f"{address}_static/darkroom", "sizes": sizes, "seeds": [1, 1, 2], "sigma": 0.3}
    first, again, other = (unpacked(theta, 64, 16) for theta in blank.evaluate(begin, data))
    for name, part in first.items():
        assert np.array_equal(part, again[name])
        if not name.endswith("Kernel"):
            assert np.allclose(part, np.log(0.3) if name == "logSigma" else 0)
            continue
        theirs = np.array(keras.initializers.GlorotUniform(0)(part.shape))
        assert np.abs(part).max() == pytest.approx(np.abs(theirs).max(), rel=0.02)
        assert np.std(part) == pytest.approx(np.std(theirs), rel=0.05) and abs(part.mean()) < 0.1 * np.std(part)
        assert abs(np.corrcoef(part.ravel(), other[name].ravel())[0, 1]) < 0.1


STEP = """async ({ folder, packed, settings }) => {
  const { desk } = await import(`${folder}/desk.js`);
  const { unpackDigits } = await import(`${folder}/bench.js`);
  const [said, queue] = [[], []];
  const ask = desk((message) => said.push(message), 0, (work) => queue.push(work)); // a piece at a time
  const work = (n = Infinity) => { for (; n > 0 && queue.length; n--) queue.shift()(); };
  const last = (what) => said.filter((message) => message.say === what).at(-1);
  ask({ ask: "start", settings, digits: unpackDigits(packed) });
  work();
  ask({ ask: "run" });
  work(90); // 50 for the held-out digits, 25 for a step: in the middle of one, and so it stays
  ask({ ask: "pause" });
  work();
  const { steps } = last("look");
  const weights = () => (ask({ ask: "weights" }), [...last("weights").theta]);
  ask({ ask: "step" });
  const begun = weights();
  let before = begun;
  while (String(before) === String(begun)) { // what was left of the step before
    work(1);
    before = weights();
  }
  work();
  const plain = (parts) => Object.fromEntries(Object.entries(parts).map(([k, v]) => [k, v.length ? [...v] : v]));
  const followed = plain(last("followed").followed);
  followed.push = plain(followed.push);
  return { before, after: weights(), followed, steps, then: last("followed").steps, paused: said.at(-2).say };
}"""


@pytest.mark.parametrize("terms", ["sum", "mean"])
def test_one_step_shows_what_pushes_the_negative(blank, address, terms):
    """One step, begun where a pause fell into another: both terms of its first image, and their slopes by its code."""
    import tensorflow as tf
    from bench_keras import Model, forward

    from helpers.living.widgets.shared import packed_digits

    settings = {"latents": 2, "width": 16, "rate": 0.005, "batch": 500, "beta": 3, "likelihood": "bernoulli"}
    settings |= {"sigma": 0.2, "terms": terms, "noise": True, "digits": "0123456789", "seed": 1}
    data = {"folder": f"{address}_static/darkroom", "packed": packed_digits(), "settings": settings}
    ours = blank.evaluate(STEP, data)
    seen = ours["followed"]
    assert ours["paused"] == "paused" and ours["then"] - ours["steps"] == 2
    assert not np.array_equal(ours["before"], ours["after"])
    model = Model(ours["before"], 16, 2)  # weights as float32 hold them
    x, epsilon = np.reshape(seen["x"], (1, PIXELS)), np.reshape(seen["epsilon"], (1, 2))
    assert x.max() <= 1 and x.sum() > 5
    output, z_mean, z_log_var = forward(model.of, tf.constant(x), tf.constant(epsilon))
    reconstruction, kl = (float(part[0]) for part in model.terms(x, epsilon, "bernoulli"))
    near("output", seen["output"], output[0], 1e-5)
    near("z_mean", seen["zMean"], z_mean[0], 1e-5)
    near("z_log_var", seen["zLogVar"], z_log_var[0], 1e-5)
    near("z", seen["z"], z_mean[0] + np.exp(0.5 * z_log_var[0]) * epsilon[0], 1e-5)
    near("terms", [seen["reconstruction"], sum(seen["kl"])], [reconstruction, kl], 1e-5)

    share = 1 / PIXELS if terms == "mean" else 1
    code = [tf.Variable(z_mean), tf.Variable(z_log_var)]

    def cost(mean, log_var):
        h = (mean + tf.exp(0.5 * log_var) * epsilon) @ model.of["decoderKernel"] + model.of["decoderBias"]
        logits = tf.nn.silu(h) @ model.of["outputKernel"] + model.of["outputBias"]
        return share * tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(tf.constant(x), logits))

    def divergence(mean, log_var):
        return settings["beta"] * 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_var) - 1 - log_var)

    for name, term in {"ByPrint": cost, "ByKl": divergence}.items():
        with tf.GradientTape() as tape:
            value = term(*code)
        for part, slope in zip(("mean", "spread"), tape.gradient(value, code)):
            near(part + name, seen["push"][part + name], -slope[0], 1e-4)
