"""The likelihood that the bench computes on a grid, and its bounds, beside numpy with a grid and noise of its own."""

import numpy as np
import pytest
from bench_files import PIXELS, unpacked

WIDTH, IMAGES, DRAWS, ROUNDS = 16, 12, 20, 200
CASES = {
    "untrained": {"likelihood": "bernoulli", "epochs": 0},
    "Bernoulli": {"likelihood": "bernoulli", "epochs": 3},
    "Gaussian": {"likelihood": "gaussian", "sigma": 0.25, "epochs": 3},
    "learned sigma": {"likelihood": "learned", "epochs": 2},
}
SETTINGS = {"latents": 2, "width": WIDTH, "rate": 0.005, "batch": 50, "beta": 1, "sigma": 0.3, "terms": "sum"}
SETTINGS |= {"noise": True, "digits": "0123456789", "seed": 2}

MEASURE = """async ({ folder, packed, settings, images, epochs }) => {
  const { trainer } = await import(`${folder}/trainer.js`);
  const { pixelsOf } = await import(`${folder}/desk.js`);
  const { unpackDigits } = await import(`${folder}/bench.js`);
  const { exactLikelihood } = await import(`${folder}/exact.js`);
  const digits = unpackDigits(packed);
  const course = trainer(settings, digits);
  while (course.state.epoch < epochs) course.advance();
  const x = pixelsOf(digits, course.judged.slice(0, images));
  const work = exactLikelihood(course.vae, x);
  let at = work.next();
  while (!at.done) at = work.next();
  return { ...at.value, theta: [...course.vae.theta], x: [...x] };
}"""


def silu(h):
    return h / (1 + np.exp(-h))


class Model:
    """The same model in numpy."""

    def __init__(self, theta, likelihood):
        self.of, self.likelihood = unpacked(np.array(theta), WIDTH, 2), likelihood

    def encode(self, x):
        t = self.of
        hidden = silu(x @ t["encoderKernel"] + t["encoderBias"])
        return hidden @ t["zMeanKernel"] + t["zMeanBias"], hidden @ t["zLogVarKernel"] + t["zLogVarBias"]

    def log_likelihoods(self, x, z):
        """Return log p(x|z) of every image with every code, shape (images, codes)."""
        t = self.of
        output = silu(z @ t["decoderKernel"] + t["decoderBias"]) @ t["outputKernel"] + t["outputBias"]
        if self.likelihood == "bernoulli":
            log_ink, log_paper = -np.logaddexp(0, -output), -np.logaddexp(0, output)
            return x @ log_ink.T + (1 - x) @ log_paper.T
        sigma = np.exp(t["logSigma"])
        squares = np.stack([np.sum((one - output) ** 2, axis=1) for one in x])
        return -0.5 * squares / sigma**2 - PIXELS * np.log(sigma * np.sqrt(2 * np.pi))


def log_normal(z):
    return -0.5 * np.sum(z**2, axis=-1) - np.log(2 * np.pi)


def on_a_grid(model, x, reach=7.0, along=281):
    """Return -log p(x) of each image: the sum of p(x|z) p(z) over a grid."""
    places = np.linspace(-reach, reach, along)
    total = np.full(len(x), -np.inf)
    for up in places:
        z = np.stack([places, np.full(along, up)], axis=1)
        total = np.logaddexp(total, np.logaddexp.reduce(model.log_likelihoods(x, z) + log_normal(z), axis=1))
    return -total - 2 * np.log(places[1] - places[0])


def by_draws(model, x):
    """Return -ELBO and minus the bound of several draws, many times each, shape (rounds,): means over the images."""
    noise = np.random.default_rng(8).normal(size=(len(x), ROUNDS * DRAWS, 2))
    elbos, bounds = [], []
    for one, mean, log_var, epsilon in zip(x, *model.encode(x), noise):
        z = mean + np.exp(0.5 * log_var) * epsilon
        log_p = model.log_likelihoods(one[None], z)[0]
        weights = log_p + log_normal(z) - log_normal(epsilon) + 0.5 * np.sum(log_var)
        kl = 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var)
        elbos.append(kl - log_p.reshape(ROUNDS, DRAWS).mean(axis=1))
        bounds.append(np.log(DRAWS) - np.logaddexp.reduce(weights.reshape(ROUNDS, DRAWS), axis=1))
    return np.mean(elbos, axis=0), np.mean(bounds, axis=0)


@pytest.mark.parametrize("name", CASES)
def test_the_exact_likelihood_and_its_bounds_are_those_of_numpy(blank, address, name):
    from helpers.living.widgets.shared import packed_digits

    case = CASES[name]
    settings = SETTINGS | {name: value for name, value in case.items() if name != "epochs"}
    data = {"folder": f"{address}_static/darkroom", "packed": packed_digits(), "settings": settings}
    ours = blank.evaluate(MEASURE, data | {"images": IMAGES, "epochs": case["epochs"]})
    model, x = Model(ours["theta"], case["likelihood"]), np.reshape(ours["x"], (IMAGES, PIXELS))
    exact = on_a_grid(model, x).mean()
    elbos, bounds = by_draws(model, x)
    print(name, {k: v for k, v in ours.items() if k not in ("theta", "x")}, exact)
    print(elbos.mean(), elbos.std(), bounds.mean(), bounds.std())
    assert ours["images"] == IMAGES
    assert abs(ours["exact"] - exact) < 1e-3
    assert abs(ours["coarse"] - ours["exact"]) < 1e-2
    for mine, theirs in ((ours["elbo"], elbos), (ours["bound"], bounds)):
        assert abs(mine - theirs.mean()) < 4 * theirs.std() + 1e-6
    assert exact < bounds.mean() < elbos.mean(), "exact, then the bound of several draws, then that of one, on average"
    assert elbos.mean() - exact > max(0.1, elbos.std()), "a gap that is seen in spite of the draws"


def test_a_model_with_other_latents_is_refused_and_training_goes_on(blank, address):
    """The desk says why, and trains on."""
    from helpers.living.widgets.shared import packed_digits

    asked = """async ({ folder, packed, settings }) => {
      const { desk } = await import(`${folder}/desk.js`);
      const { unpackDigits } = await import(`${folder}/bench.js`);
      const [said, queue] = [[], []];
      const ask = desk((message) => said.push(message), 0, (work) => queue.push(work));
      const work = () => { while (queue.length) queue.shift()(); };
      ask({ ask: "start", settings, digits: unpackDigits(packed) });
      work();
      ask({ ask: "exact" });
      work();
      const refused = said.filter((message) => message.say === "refused");
      ask({ ask: "epoch" });
      work();
      return { refused, epoch: said.filter((message) => message.say === "look").at(-1).epoch };
    }"""
    settings = SETTINGS | {"latents": 3, "likelihood": "bernoulli", "digits": "1"}
    data = {"folder": f"{address}_static/darkroom", "packed": packed_digits(), "settings": settings}
    assert blank.evaluate(asked, data) == {
        "refused": [{"say": "refused", "why": "the grid is for two latents", "turn": 0}],
        "epoch": 1,
    }
