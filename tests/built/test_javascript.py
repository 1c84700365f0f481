"""The pages' JavaScript beside Keras: the same model, the same digits, the same noise, to a part in ten thousand."""

import base64

import numpy as np
import pytest

DIGITS, DRAWS = 200, 16
NEAR = 1e-4

RUN = """async ({ folder, packed, digits, noise, draws }) => {
  const net = await import(`${folder}/network.js`);
  const maths = await import(`${folder}/maths.js`);
  const network = net.unpack(packed);
  const bytes = net.bytesOf(digits);
  const out = { mean: [], logVar: [], logits: [], kl: [], z: [], pixels: [], elbo: [], bound: [] };
  for (let i = 0; i < bytes.length / 784; i++) {
    const x = Float32Array.from(bytes.subarray(784 * i, 784 * (i + 1)), (grey) => grey / 255);
    const code = net.encode(network, x);
    const epsilons = Array.from({ length: draws }, (_, k) => noise.slice(2 * (draws * i + k), 2 * (draws * i + k + 1)));
    const z = maths.expose(code, epsilons[0]);
    const logits = net.decode(network, z);
    out.mean.push([...code.zMean]);
    out.logVar.push([...code.zLogVar]);
    out.z.push([...z]);
    out.logits.push([...logits]);
    out.kl.push([...maths.klPerLatent(code)]);
    out.pixels.push([...maths.pixelNats(x, logits)]);
    out.elbo.push(maths.importanceBound(network, x, code, epsilons.slice(0, 1)));
    out.bound.push(maths.importanceBound(network, x, code, epsilons));
  }
  return out;
}"""


@pytest.fixture(scope="module")
def digits():
    """The first test digits, as bytes and as numbers in [0, 1]."""
    from helpers.data import load_mnist

    _, (x, _) = load_mnist()
    x = np.asarray(x[:DIGITS], "float32")
    return np.round(255 * x).astype("uint8"), x


@pytest.fixture(scope="module")
def packed():
    from helpers.living.pack import packed_model

    return packed_model()


@pytest.fixture(scope="module")
def keras_vae(packed):
    from living_code import unpacked

    return unpacked(packed)


def close(name, ours, theirs):
    """Assert that two arrays agree to NEAR of the larger one's largest value."""
    ours, theirs = np.asarray(ours, "float64"), np.asarray(theirs, "float64")
    error = np.abs(ours - theirs).max() / max(1, np.abs(theirs).max())
    assert ours.shape == theirs.shape and error < NEAR, f"{name}: {ours.shape}, off by {error:.2g}"


def test_the_browser_computes_what_keras_computes(blank, address, digits, packed, keras_vae):
    from keras import ops

    from helpers.losses import bernoulli_reconstruction, kl_divergence

    raw, x = digits
    noise = np.random.default_rng(5).normal(size=(DIGITS, DRAWS, 2)).astype("float32")
    ours = blank.evaluate(
        RUN,
        {
            "folder": f"{address}_static/darkroom",
            "packed": base64.b64encode(packed).decode(),
            "digits": base64.b64encode(raw.tobytes()).decode(),
            "noise": noise.ravel().tolist(),
            "draws": DRAWS,
        },
    )
    mean, log_var = (np.array(part) for part in keras_vae.encoder(x))
    z = mean[:, None] + np.exp(0.5 * log_var[:, None]) * noise
    logits = np.array(keras_vae.decoder(z.reshape(-1, 2))).reshape(DIGITS, DRAWS, 28, 28)
    close("mean", ours["mean"], mean)
    close("log variance", ours["logVar"], log_var)
    close("exposure", ours["z"], z[:, 0])
    close("logits", ours["logits"], logits[:, 0].reshape(DIGITS, 784))
    close("KL of each latent", ours["kl"], 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var))
    close("KL", np.sum(ours["kl"], axis=1), ops.convert_to_numpy(kl_divergence(mean, log_var)))
    cost = ops.convert_to_numpy(bernoulli_reconstruction(x, logits[:, 0]))
    close("reconstruction", np.sum(ours["pixels"], axis=1), cost)

    repeated = np.repeat(x, DRAWS, axis=0)
    costs = bernoulli_reconstruction(repeated, logits.reshape(-1, 28, 28))
    costs = ops.convert_to_numpy(costs).reshape(DIGITS, DRAWS)
    log_prior, log_posterior = -0.5 * (z**2).sum(2), -0.5 * (noise**2 + log_var[:, None]).sum(2)  # 2 pi cancels
    weights = (log_prior - log_posterior - costs).astype("float64")
    close("one draw of the ELBO", ours["elbo"], weights[:, 0])
    close("bound", ours["bound"], np.logaddexp.reduce(weights, axis=1) - np.log(DRAWS))


WALK = """async ({ folder, packed, velocity, digits, noise, labels, strengths, how }) => {
  const net = await import(`${folder}/network.js`);
  const flow = await import(`${folder}/velocity.js`);
  const [network, second] = [net.unpack(packed), flow.unpackVelocity(velocity)];
  const bytes = net.bytesOf(digits);
  const out = { mean: [], logits: [], direction: [], free: [], end: [] };
  labels.forEach((label, i) => {
    const x = Float32Array.from(bytes.subarray(784 * i, 784 * (i + 1)), (grey) => grey / 255);
    const { zMean } = net.encode(network, x);
    const z = zMean.map((value, k) => (1 - strengths[i]) * value + strengths[i] * noise[i][k]);
    out.mean.push([...zMean]);
    out.logits.push([...net.decode(network, noise[i])]);
    out.direction.push([...flow.directionAt(second, z, 1 - strengths[i], label)]);
    out.free.push([...flow.directionAt(second, z, 1 - strengths[i], 10)]);
    const places = flow.guidedWalk(second, z, label, { ...how, start: 1 - strengths[i] });
    if (places.length !== how.steps + 1) throw new Error("steps");
    out.end.push([...places[how.steps]]);
  });
  return out;
}"""


def test_the_drawing_table_walks_as_keras_does(blank, address, digits):
    """Encoder and decoder of twelve latents, the direction with and without a label, and the guided walk."""
    from living_code import unpacked, unpacked_velocity

    from helpers.files import base64_text
    from helpers.living.pack import pack_velocity, packed_model
    from helpers.living.widgets.drawing_table import DRAWING, NETWORK, VELOCITY
    from helpers.world.flow import follow

    raw, x = (part[:40] for part in digits)
    packed, text = packed_model(NETWORK), pack_velocity(VELOCITY)
    vae, velocity = unpacked(packed, NETWORK), unpacked_velocity(base64.b64decode(text), VELOCITY)
    rng = np.random.default_rng(2)
    noise, labels = rng.normal(size=(40, vae.prior.latent_dim)).astype("float32"), np.arange(40) % 10
    strengths = np.repeat([0.25, 0.5, 0.75, 1.0], 10)  # one walk in Keras for each
    data = {
        "packed": base64_text(packed),
        "velocity": text,
        "digits": base64_text(raw.tobytes()),
        "noise": noise.tolist(),
    }
    data |= {"labels": labels.tolist(), "strengths": strengths.tolist()}
    data |= {"folder": f"{address}_static/darkroom", "how": {"guidance": DRAWING["guidance"], "steps": 10}}
    ours = blank.evaluate(WALK, data)
    mean = np.array(vae.encoder(x)[0])
    close("mean of twelve", ours["mean"], mean)
    close("logits of twelve", ours["logits"], np.array(vae.decoder(noise)).reshape(40, 784))
    s = strengths[:, None].astype("float32")
    z = (1 - s) * mean + s * noise
    told, free = (np.eye(11, dtype="float32")[row] for row in (labels, [10] * 40))
    close("direction", ours["direction"], velocity.predict_on_batch([z, 1 - s, told]))
    close("direction without label", ours["free"], velocity.predict_on_batch([z, 1 - s, free]))
    ends = [
        follow(velocity, z[rows], labels[rows], DRAWING["guidance"], start=1 - strengths[rows[0]])
        for rows in np.arange(40).reshape(4, 10)
    ]
    close("walk", ours["end"], np.concatenate(ends))


def test_ways_between_codes_are_those_of_chapter_7(blank, address):
    from helpers.latent import lerp, slerp

    pairs = np.random.default_rng(1).normal(size=(20, 2, 2))
    fractions = np.linspace(0, 1, 7)
    ways = """async ({ folder, pairs, fractions }) => {
      const { lerp, slerp } = await import(`${folder}/maths.js`);
      return [lerp, slerp].map((way) => pairs.map(([a, b]) => fractions.map((t) => [...way(a, b, t)])));
    }"""
    data = {"folder": f"{address}_static/darkroom", "pairs": pairs.tolist(), "fractions": fractions.tolist()}
    for ours, theirs in zip(blank.evaluate(ways, data), (lerp, slerp)):
        close(theirs.__name__, ours, [theirs(a, b, fractions) for a, b in pairs])


def test_slant_and_thickness_are_those_of_chapter_7(blank, address, digits):
    from helpers.latent import slant, thickness

    measures = """async ({ folder, images }) => {
      const { slant, thickness } = await import(`${folder}/attributes.js`);
      return [slant, thickness].map((of) => images.map(of));
    }"""
    _, x = digits
    images = x[:50].astype("float64")
    data = {"folder": f"{address}_static/darkroom", "images": images.reshape(50, 784).tolist()}
    for ours, theirs in zip(blank.evaluate(measures, data), (slant, thickness)):
        close(theirs.__name__, ours, theirs(images))


def test_noise_is_normal_and_comes_again_from_its_seed(blank, address):
    many = """async (folder) => {
      const { normals } = await import(`${folder}/noise.js`);
      const take = (seed, n) => Array.from({ length: n }, normals(seed));
      return [take(3, 20000), take(3, 5), take(4, 5)];
    }"""
    noise, again, other = blank.evaluate(many, f"{address}_static/darkroom")
    assert noise[:5] == again != other
    assert abs(np.mean(noise)) < 0.03 and abs(np.std(noise) - 1) < 0.02  # four standard errors
    assert abs(np.mean(np.abs(noise) < 1) - 0.6827) < 0.014


def test_a_drawing_becomes_a_picture_as_mnist_has_them(blank, address):
    """Fitted into 20 x 20 pixels, its centre of mass in the middle, wherever and however large it was drawn."""
    draw = """async (folder) => {
      const { asMnist } = await import(`${folder}/pad.js`);
      const line = [[0, 0], [0.5, 0], [1, 0], [0.7, 0.5], [0.4, 1]];
      const seven = (x, y, s) => [line.map(([a, b]) => ({ x: x + s * a, y: y + s * b }))];
      return [seven(0.2, 0.2, 0.6), seven(0.6, 0.1, 0.3), []].map((strokes) => [...asMnist(strokes)]);
    }"""
    large, small, empty = (np.reshape(each, (28, 28)) for each in blank.evaluate(draw, f"{address}_static/darkroom"))
    assert empty.sum() == 0
    assert np.abs(large - small).max() < 0.05
    rows, columns = np.nonzero(large > 0.5)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    centre = [(large.sum(axis=axis) * (np.arange(28) + 0.5)).sum() / large.sum() for axis in (0, 1)]
    assert np.abs(np.array(centre) - 14).max() < 0.3


CURVE = """async ({ folder }) => {
  const { thinned } = await import(`${folder}/bench.js`);
  let curve = [];
  const lengths = [];
  for (let look = 0; look < 3000; look++) {
    curve = thinned(curve, Array.from({ length: 10 }, (_, i) => ({ epoch: look + (i + 1) / 10 })));
    lengths.push(curve.length);
  }
  return { lengths, epochs: curve.map(({ epoch }) => epoch) };
}"""


def test_a_long_curve_stays_short_and_is_as_coarse_everywhere(blank, address):
    found = blank.evaluate(CURVE, {"folder": f"{address}_static/darkroom"})
    epochs = np.array(found["epochs"])
    gaps = np.diff(epochs)[:-1]  # before the last point, which is always there
    assert found["lengths"][3] == 40 and 200 < found["lengths"][-1] <= max(found["lengths"]) <= 402
    assert epochs[0] < 1 and epochs[-1] == 3000 and gaps.max() < 4 * gaps.min()
