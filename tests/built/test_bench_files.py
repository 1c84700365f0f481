"""The page's files of the bench: what it writes, Python reads; what is damaged, the page refuses as Python does."""

import re

import numpy as np
import pytest
from bench_files import DAMAGES, SETTINGS, WHOLE, file_of, sealed, some_theta

WRITE = """async ({ folder, settings, x, codes }) => {
  const { newVae, workspace, encodeBatch, decodeBatch } = await import(`${folder}/vae.js`);
  const { uniforms, normals } = await import(`${folder}/noise.js`);
  const { writeBench, readBench } = await import(`${folder}/bench_file.js`);
  const sizes = { pixels: 196, width: settings.width, latents: settings.latents };
  const vae = newVae(sizes, settings.likelihood, uniforms(9), settings.sigma);
  const draw = normals(4);
  vae.theta.forEach((value, i) => (vae.theta[i] = value + 0.05 * draw()));
  const theta = Float32Array.from(vae.theta);
  const text = writeBench(settings, theta, 196, { epochs: 3, elbo: 150.25 });
  const again = readBench(text, 196);
  const work = workspace(sizes, 5);
  work.x.set(x);
  encodeBatch(vae, work, 5);
  const [zMean, zLogVar] = [work.zMean, work.zLogVar].map((part) => [...part.subarray(0, 5 * sizes.latents)]);
  work.z.set(codes);
  decodeBatch(vae, work, 5);
  const same = again.theta.length === theta.length && again.theta.every((value, i) => value === theta[i]);
  const output = [...work.output.subarray(0, 5 * 196)];
  return { text, settings: again.settings, same, zMean, zLogVar, output, sigma: Math.exp(vae.tensors.logSigma[0]) };
}"""

READ = """async ({ folder, texts }) => {
  const { readBench } = await import(`${folder}/bench_file.js`);
  return texts.map((text) => {
    try {
      const { settings, theta } = readBench(text, 196);
      return { settings, theta: [...theta] };
    } catch (error) {
      return `${error.name}: ${error.message}`;
    }
  });
}"""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"likelihood": "gaussian", "latents": 1, "sigma": 0.37},
        {"likelihood": "learned", "latents": 16, "width": 32},
    ],
    ids=["Bernoulli", "Gaussian", "learned sigma"],
)
def test_python_reads_what_the_page_writes(blank, address, tmp_path, changes):
    """Encoder, decoder and sigma give the same; page and Python read the same settings."""
    from helpers.living import load_bench

    settings = SETTINGS | changes
    random = np.random.default_rng(6)
    x, z = random.random((5, 14, 14)), random.normal(size=(5, settings["latents"]))
    data = {"settings": settings, "x": x.ravel().tolist(), "codes": z.ravel().tolist()}
    ours = blank.evaluate(WRITE, {"folder": f"{address}_static/darkroom", **data})
    assert ours["same"] and ours["settings"] == settings
    (tmp_path / "bench.json").write_text(ours["text"], encoding="utf-8")
    vae = load_bench(tmp_path / "bench.json")
    theirs = [*vae.encoder.predict(x, verbose=0), vae.decoder.predict(z, verbose=0)]
    for name, part in zip(("zMean", "zLogVar", "output"), theirs):
        assert np.ptp(part) > 0.1 and np.abs(np.ravel(part) - ours[name]).max() < 1e-5, name
    if settings["likelihood"] != "bernoulli":
        assert abs(vae.sigma - ours["sigma"]) < 1e-5
    assert vae.bench == {"settings": settings, "figures": {"epochs": 3, "elbo": 150.25}}


def test_the_page_reads_what_python_takes_and_refuses_what_it_refuses(blank, address):
    texts = [WHOLE, WHOLE.replace("\n", "\r\n"), *(text for text, _ in DAMAGES.values())]
    whole, other_ends, *damaged = blank.evaluate(READ, {"folder": f"{address}_static/darkroom", "texts": texts})
    for read in (whole, other_ends):
        assert read["settings"] == SETTINGS and np.array_equal(read["theta"], some_theta())
    for (name, (_, says)), said in zip(DAMAGES.items(), damaged):
        assert isinstance(said, str), f"{name} is not noticed"
        assert re.fullmatch(r"Error: [A-Z].*\.", said) and re.search(says, said), f"{name}: {said}"


def test_page_and_python_know_the_same_settings(blank, address):
    """The least and the largest of each setting, or all that it may be."""
    from helpers.living.bench_file import AMONG, NUMBERS

    asked = "async (folder) => (await import(`${folder}/settings.js`)).LIMITS"
    limits = blank.evaluate(asked, f"{address}_static/darkroom")
    assert set(limits) == {*NUMBERS, *AMONG, "digits"}
    for name, limit in limits.items():
        if name in NUMBERS:
            assert NUMBERS[name] == (limit["from"], limit["to"])
        elif name in AMONG:
            among = limit["among"] if "among" in limit else range(limit["from"], limit["to"] + 1)
            assert list(AMONG[name]) == list(among)
    assert {name: limit["start"] for name, limit in limits.items() if name in ("digits", "noise")} == {
        "digits": "0123456789",
        "noise": "on",
    }


def test_a_file_is_what_it_says(blank, address):
    """Names and shapes of the tensors in a file are those by which Python takes it apart."""
    import json

    data = {"settings": SETTINGS, "x": [0] * 980, "codes": [0] * 15}
    ours = json.loads(blank.evaluate(WRITE, {"folder": f"{address}_static/darkroom", **data})["text"])
    assert list(ours) == [*file_of(), "checksum"] and ours["tensors"] == file_of()["tensors"]
    assert list(ours) == list(json.loads(sealed(file_of())))
