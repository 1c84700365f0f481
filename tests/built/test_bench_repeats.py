"""The same settings give the same run, bit by bit: whole, in pieces with looks in between, in a worker, on the page."""

import numpy as np
import pytest

LOOKS_AT = ["book/bench.html"]
EPOCHS = 3
SETTINGS = {"latents": 2, "width": 16, "rate": 0.005, "batch": 50, "beta": 1, "likelihood": "learned", "sigma": 0.3}
SETTINGS |= {"terms": "sum", "noise": True, "digits": "17", "seed": 5}
BETWEEN = {3: "run", 90: "pause", 91: "look", 200: "step", 201: "weights", 260: "exact", 262: "run", 300: "pause"}
PIECES = {  # milliseconds of a slice, and what comes in between, by the number of slices done
    "one epoch after the other": (25, {}),
    "a piece at a time": (0, {}),
    "with looks in between": (25, {1: "epoch", 2: "look", 3: "pause", 6: "step"}),
    "a piece at a time, and much in between": (0, BETWEEN),
}

WHOLE = """async ({ folder, packed, settings, epochs }) => {
  const { trainer } = await import(`${folder}/trainer.js`);
  const { unpackDigits } = await import(`${folder}/bench.js`);
  const course = trainer(settings, unpackDigits(packed));
  for (let done = 0; done < epochs; ) if (course.advance() === "epoch") done++;
  return { theta: [...Float32Array.from(course.vae.theta)], ...course.takePoints() };
}"""

SLICED = """async ({ folder, packed, settings, epochs, slice, between }) => {
  const { desk } = await import(`${folder}/desk.js`);
  const { unpackDigits } = await import(`${folder}/bench.js`);
  const [said, queue] = [[], []];
  const ask = desk((message) => said.push(message), slice, (work) => queue.push(work));
  const looks = () => said.filter((message) => message.say === "look");
  ask({ ask: "start", settings, digits: unpackDigits(packed) });
  for (let turn = 0; ; turn++) {
    if (between[turn]) ask({ ask: between[turn], axes: [1, 0] });
    else if (queue.length) queue.shift()();
    else if (looks().at(-1).epoch < epochs) ask({ ask: "epoch" });
    else break;
  }
  ask({ ask: "weights" });
  const points = (name) => looks().flatMap((look) => look[name]);
  return {
    theta: [...said.at(-1).theta], heldOut: points("heldOut"), training: points("training"), looks: looks().length,
    said: [...new Set(said.map((message) => message.say))],
  };
}"""

ENGINE = """async ({ folder, packed, source, settings, epochs, refuse }) => {
  const { engine } = await import(`${folder}/engine.js`);
  const { unpackDigits } = await import(`${folder}/bench.js`);
  if (refuse) window.Worker = class { constructor() { throw new Error("no workers here"); } };
  const looks = [];
  let paused = 0;
  return await new Promise((finish, fail) => {
    setTimeout(() => fail(new Error("the engine does not answer")), 60_000);
    const points = (name) => looks.flatMap((look) => look[name]);
    const motor = engine(source, (message) => {
      if (message.say === "look") looks.push(message);
      if (message.say === "paused") motor.ask({ ask: ++paused < epochs ? "epoch" : "weights" });
      if (message.say !== "weights") return;
      const curves = { heldOut: points("heldOut"), training: points("training") };
      finish({ theta: [...message.theta], ...curves, where: motor.where() });
      motor.stop();
    });
    motor.ask({ ask: "start", settings, digits: unpackDigits(packed) });
    motor.ask({ ask: "epoch" });
  });
}"""


@pytest.fixture
def asked(blank, address):
    """Return a function that runs a script with the settings, and what else it needs."""
    from helpers.living.widgets.shared import packed_digits

    data = {"folder": f"{address}_static/darkroom", "packed": packed_digits(), "epochs": EPOCHS}
    return lambda script, settings=SETTINGS, **more: blank.evaluate(script, data | {"settings": settings} | more)


def assert_same(run, other):
    """Assert that two runs have the same weights, and the same points of both curves, bit by bit."""
    assert len(run["theta"]) > 6000 and np.isfinite(run["theta"]).all()
    assert [point["epoch"] for point in run["heldOut"]] == list(range(EPOCHS + 1))
    assert len(run["training"]) == 4 * EPOCHS
    for part in ("theta", "heldOut", "training"):
        same = run[part] == other[part]  # pytest would take minutes to show how two long lists differ
        assert same, f"{part} is another"


def test_a_run_is_the_same_in_whatever_pieces(asked):
    whole = asked(WHOLE)
    for name, (slice_, between) in PIECES.items():
        run = asked(SLICED, slice=slice_, between=between)
        assert_same(run, whole)
        print(name, run["looks"], run["said"])
        expected = {"look", "paused"} | ({"followed"} if "step" in between.values() else set())
        assert expected | ({"exact", "weights"} & set(between.values())) <= set(run["said"]) | {"weights"}


def test_another_setting_gives_another_run(asked):
    """Else the tests above would say nothing. The order in which digits are named is no setting."""
    first = asked(WHOLE, epochs=1)["theta"]
    others = {"seed": 6, "beta": 1.01, "noise": False, "digits": "71", "batch": 20}
    same = [
        name for name, value in others.items() if asked(WHOLE, SETTINGS | {name: value}, epochs=1)["theta"] == first
    ]
    assert same == ["digits"]


def test_a_run_is_the_same_in_a_worker_and_on_the_page(asked):
    """On the page where there are no workers, and where one fails at once."""
    from helpers.living.widgets.shared import bench_worker

    whole = asked(WHOLE)
    for place, how in {
        "worker": {"source": bench_worker(), "refuse": False},
        "page": {"source": "throw new Error('not here');", "refuse": False},
        "page ": {"source": bench_worker(), "refuse": True},  # from here on there are none
    }.items():
        run = asked(ENGINE, **how)
        assert run["where"] == place.strip()
        assert_same(run, whole)
