"""The bench trains as Keras does: after 20 epochs it is as good, and it collapses at the same beta.

Nothing is shared but the digits and the settings: initial weights, shuffles and noise are each side's own. So the means
of some runs are compared. Two workers train as the page does, while Keras trains.
"""

import numpy as np
import pytest

EPOCHS, SEEDS = 20, 3
PRESETS = {  # what the bench calls a preset, as a loss
    "good": {"beta": 1, "share": 1, "noise": 1, "latents": 2},
    "collapse": {"beta": 20, "share": 1, "noise": 1, "latents": 2},
    "many": {"beta": 1, "share": 1, "noise": 1, "latents": 16},
    "autoencoder": {"beta": 0, "share": 1, "noise": 0, "latents": 2},
}
SWEEP = {f"beta {beta}": {"beta": beta, "share": 1, "noise": 1, "latents": 2} for beta in (4, 8, 16, 32)}
SWEEP["mean"] = {"beta": 1, "share": 1 / 196, "noise": 1, "latents": 2}
COLLAPSED = 0.1  # nats of KL below which no latent is used

TRAIN = """async ({ folder, packed, runs, epochs }) => {
  const { unpackDigits } = await import(`${folder}/bench.js`);
  const { PRESETS, plainSettings } = await import(`${folder}/settings.js`);
  const source = `
    import { trainer } from "${folder}/trainer.js";
    let digits;
    onmessage = ({ data: { settings, epochs, ...rest } }) => {
      digits = rest.digits ?? digits;
      const course = trainer(settings, digits);
      for (let done = 0; done < epochs; ) {
        const said = course.advance();
        if (said === "broken") throw new Error("broken");
        if (said === "epoch") done++;
      }
      postMessage(course.takePoints().heldOut);
    };`;
  const place = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const digits = unpackDigits(packed);
  let next = 0;
  const found = [];
  const work = () => new Promise((finish, fail) => {
    const worker = new Worker(place, { type: "module" });
    const more = (first = {}) => {
      const i = next++;
      if (i >= runs.length) return finish(worker.terminate());
      const chosen = { ...plainSettings(), ...(PRESETS[runs[i].preset] ?? {}), ...(runs[i].settings ?? {}) };
      const settings = { ...chosen, noise: chosen.noise === "on" };
      worker.onmessage = ({ data }) => { found[i] = data; more(); };
      worker.postMessage({ settings, epochs, ...first });
    };
    worker.onerror = (event) => fail(new Error(event.message ?? "no worker"));
    more({ digits });
  });
  window.trained = Promise.all([work(), work()]).then(() => found);
}"""


@pytest.fixture(scope="module")
def courses(browser, address):
    """Reconstruction and KL of each run: ours and Keras's, two dicts from name to two arrays of shape (runs,)."""
    from bench_keras import train_side_by_side

    from helpers.living.widgets.shared import BENCH_TRAINED, bench_digits, packed_digits

    images, _ = bench_digits()
    runs = [{"preset": name, "settings": {"seed": seed}} for name in PRESETS for seed in range(SEEDS)]
    runs += [
        {"preset": name, "settings": {} if name == "mean" else {"beta": recipe["beta"]}}
        for name, recipe in SWEEP.items()
    ]
    names = [name for name in PRESETS for _ in range(SEEDS)] + list(SWEEP)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}_static/darkroom/trainer.js")
    data = {"folder": f"{address}_static/darkroom", "packed": packed_digits(), "runs": runs, "epochs": EPOCHS}
    page.evaluate(TRAIN, data)
    theirs = {}
    recipes = PRESETS | SWEEP
    for latents in (2, 16):
        group = [name for name, recipe in recipes.items() if recipe["latents"] == latents]
        many = [(name, seed) for name in group for seed in range(SEEDS)]
        found = train_side_by_side(
            [recipes[name] | {"seed": 100 + seed} for name, seed in many], latents, EPOCHS, images, BENCH_TRAINED
        )
        for name in group:
            theirs[name] = [part[[one == name for one, _ in many]] for part in found]
    ours = {name: ([], []) for name in recipes}
    for name, points in zip(names, page.evaluate("() => window.trained")):
        assert [point["epoch"] for point in points] == list(range(EPOCHS + 1))
        for part, term in zip(ours[name], ("reconstruction", "kl")):
            part.append(points[-1][term])
    context.close()
    return {name: [np.array(part) for part in parts] for name, parts in ours.items()}, theirs


@pytest.mark.parametrize("name", PRESETS)
def test_after_20_epochs_it_is_as_good_as_keras(courses, measure, name):
    """The mean of three seeds, within half a nat; of the autoencoder the reconstruction, all that it was trained on."""
    ours, theirs = (parts[name][0] if name == "autoencoder" else np.sum(parts[name], axis=0) for parts in courses)
    print(name, "ours", courses[0][name], "theirs", courses[1][name])
    print(f"{name}: {ours.mean():.2f} ± {ours.std(ddof=1):.2f}, Keras {theirs.mean():.2f} ± {theirs.std(ddof=1):.2f}")
    assert len(ours) == SEEDS
    measure(
        f"bench ({name}): {ours.mean():.2f} nats, from Keras's", float(abs(ours.mean() - theirs.mean())), 0.5, "nats"
    )


def test_it_collapses_at_the_same_beta_as_keras(courses):
    recipes = {"good": PRESETS["good"], "collapse": PRESETS["collapse"], **SWEEP}
    by_weight = sorted(recipes, key=lambda name: recipes[name]["beta"] / recipes[name]["share"])
    ours, theirs = ([parts[name][1].mean() for name in by_weight] for parts in courses)
    for row in zip(by_weight, ours, theirs):
        print(*row)
    for name, mine, other in zip(by_weight, ours, theirs):
        assert abs(mine - other) < 0.1 + 0.05 * other, f"{name}: KL {mine:.2f}, Keras {other:.2f}"
        assert (mine < COLLAPSED) == (other < COLLAPSED), f"{name}: KL {mine:.2f}, Keras {other:.2f}"
