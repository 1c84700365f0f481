"""`make bench`: workers that wait and end, arithmetic that is counted, a record that can be read."""

import contextlib
import json
import signal
import subprocess
import sys
import time
import types

import keras
import numpy as np
import psutil
import pytest

from benchmarks import __main__ as command
from benchmarks import example, measure, quality, report, team, worker
from benchmarks.configurations import CONFIGURATIONS, chapter_6_optimizer
from helpers import speed
from helpers.models import VAE, build_decoder, build_encoder
from helpers.places import BOOK
from helpers.speed import (
    EXAMPLE_LAYERS,
    array_matmul,
    chains,
    disturbances,
    example_flops,
    flops_of,
    load_speed,
    matrix_products,
    product_steps,
    take_turns,
    training_flops,
)

SHOWN = load_speed()  # the record of chapter 10

# ---- arithmetic


def small(width=4, depth=1, latent_dim=3):
    return VAE(build_encoder(latent_dim, width, depth), build_decoder(latent_dim, width, depth))


def test_flops_against_a_count_by_hand():
    # encoder 784x4, 4x4, and 4x3 twice; decoder 3x4, 4x4, 4x784: three products each, but for one of the first
    by_hand = 6 * (3136 + 16 + 12 + 12) + 6 * (12 + 16 + 3136) - 2 * 3136
    assert training_flops(small()) == by_hand == measure.flops_an_image(width=4, latent_dim=3, depth=1)
    vae = VAE(build_encoder(), build_decoder())
    parameters = vae.encoder.count_params() + vae.decoder.count_params()
    assert training_flops(vae) == measure.flops_an_image()
    assert 0.85 < training_flops(vae) / (6 * parameters) < 0.9  # the rule of thumb, less the first layer's third


def test_the_bound_does_just_these_products():
    vae, batch, done = small(), 5, []

    def counting(a, b, transpose_a=False, transpose_b=False):
        result = array_matmul(a, b, transpose_a, transpose_b)
        done.append(2 * result.shape[0] * result.shape[1] * (a.shape[0] if transpose_a else a.shape[1]))
        return result

    for chain, back_to_x in zip(chains(vae), (False, True)):
        weights = [np.ones(shape) for shape in chain]
        matrix_products(counting, np.ones((batch, chain[0][0])), weights, back_to_x)
    assert sum(done) == batch * training_flops(vae)


def test_the_products_are_those_of_a_gradient():
    """With a sum of squares halved as its loss, a chain's output is its own gradient."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    x, *weights = [tf.Variable(random.normal(size=shape)) for shape in ((5, 7), (7, 4), (4, 4), (4, 3))]
    with tf.GradientTape() as tape:
        out = x
        for matrix in weights:
            out = out @ matrix
        loss = tf.reduce_sum(out**2) / 2
    *expected, of_x = tape.gradient(loss, [*reversed(weights), x])
    gradients, back = matrix_products(array_matmul, x.numpy(), [w.numpy() for w in weights], True)
    assert all(np.allclose(a, b) for a, b in zip(gradients, expected)) and np.allclose(back, of_x)
    assert matrix_products(array_matmul, x.numpy(), [w.numpy() for w in weights], False)[1].shape == (5, 4)


def test_every_library_does_the_same_products():
    steps = product_steps(small(), batch_size=6)
    assert tuple(steps) == measure.LIBRARIES["tensorflow"]
    of_encoder, (of_decoder, back) = steps["NumPy"]()
    again, (of_decoder_again, back_again) = steps["TensorFlow"]()
    for a, b in zip([*of_encoder, *of_decoder, back], [*again, *of_decoder_again, back_again]):
        assert np.allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", [keras.layers.Conv2D, keras.layers.Conv2DTranspose])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_uses_each_weight_once_at_each_place(kind, stride):
    """Of ones alone, each product is one, so that all that comes out is the number of products."""
    layer = kind(5, 3, strides=stride, use_bias=False, kernel_initializer="ones")
    image = np.ones((1, 7, 5, 2), "float32")
    out = np.array(layer(image))
    places = (image if kind is keras.layers.Conv2DTranspose else out).shape[1:3]
    assert out.sum() == np.prod(layer.kernel.shape) * np.prod(places)


def layers_of(model):
    """Return weights and places of the layers of a model: inputs of transposed convolutions, outputs of the others."""
    found = []
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            shape = (layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output).shape
            found.append((int(np.prod(layer.kernel.shape)), int(np.prod(shape[1:-1]))))
    return found


def test_the_examples_arithmetic_is_that_of_its_layers():
    encoder, decoder = example.convolutional_encoder(), example.convolutional_decoder()
    assert (*layers_of(encoder), *layers_of(decoder)) == EXAMPLE_LAYERS
    vae = small()  # counted in the same way, dense layers give what is counted for ours
    assert example_flops(layers_of(vae.encoder) + layers_of(vae.decoder)) == training_flops(vae)


def test_shares_of_the_limit_are_those_of_each_networks_own_arithmetic():
    rate = {name: row["images_per_second"] * flops_of(SHOWN, name) for name, row in SHOWN["throughput"].items()}
    limit = rate[SHOWN["limit"]]
    assert rate["ours"] / limit == pytest.approx(0.781, abs=0.001)
    assert 0.78 < rate["Keras example"] / limit < 0.84 and rate["ours"] < rate["Keras example"] < limit
    text = report.report(SHOWN)
    lines = [line.split() for line in text.splitlines()]
    assert text.startswith("Measured on ") and "\nDecoding 900 codes: " in text and lines[-1][0] == "ours"
    (shares,) = [line[3:] for line in lines if line[:1] == ["Keras"] and "%" in line[-3]]
    assert shares[:4] == ["3,062", "39.9", "122", "81%"]


def test_a_disturbed_run_is_noticed():
    quiet = {"ours": np.array([30.0, 33, 31]), "plain fit": np.array([7.0, 7.5, 7.2])}
    products = [np.array([58.0, 60, 55]), np.array([52.0, 61, 59])]
    assert disturbances(quiet, products) == []
    uneven = disturbances({**quiet, "ours": np.array([30.0, 12, 31])}, products)
    assert uneven == ["the rounds of 'ours' differ by a factor of 2.6"]
    apart = disturbances(quiet, [products[0], products[1] * 0.6])  # measured again when something else was running
    assert len(apart) == 1 and "matrix products" in apart[0]
    impossible = disturbances(quiet, [np.array([29.0, 30, 30]), np.array([38.0, 40, 39])])
    assert impossible == ["'ours' passes the limit, which on a quiet machine it should not"]
    assert disturbances(quiet) == [] and disturbances({"ours": np.array([30.0, 12, 31])}) == uneven


def test_a_disturbance_that_lasts_is_noticed(monkeypatch):
    """Rounds are then alike: other programs' processor time tells. A machine may have more processors than it gives."""
    before = speed.processor_use()
    while speed.processor_use()[1] < before[1] + 0.3:
        pass
    used, own, could = speed.processor_use() - before
    assert 0.29 < own < used + 0.1 and own < could + 0.1
    for used, own, noticed in ((20, 19, []), (20, 10, ["other programs had 50% of busy processors"]), (12, 2, [])):
        monkeypatch.setattr(speed, "processor_use", lambda used=used, own=own: np.array([used, own, 20.0]))
        assert speed.busy_with_others(np.zeros(3)) == noticed


@pytest.mark.parametrize("others", [[], ["other programs had 40% of busy processors"]])
@pytest.mark.parametrize("slow", [1.0, 0.3])
@pytest.mark.parametrize("chapter", ["10_speed", "a1_your_machine"])
def test_chapters_that_measure_speed_compare_nothing_in_a_disturbed_run(chapter, slow, others):
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = next(text for cell in cells if "disturbed = disturbances(" in (text := "".join(cell["source"])))
    told, table = [], []
    names = {"np": np, "disturbances": disturbances, "say": told.append, "median": lambda speeds: {
        name: float(np.median(rounds)) for name, rounds in speeds.items()
    }}  # fmt: skip
    names["say_table"] = lambda header, rows: table.extend(rows)
    names |= {"ways": ["XLA", "none"], "few": range(8_000), "losses": np.zeros((2, 4))}
    names["seconds"] = np.array([[5, 1, 1, 1], [3, 2, 2, 2 / slow]])
    names["live"] = {"ours": np.array([30, 31, 30 * slow]), "plain fit": np.full(3, 7), "products": np.full(3, 58)}
    names |= {"limits": {"NumPy": np.full(3, 57)}, "fastest": "NumPy", "others": others}
    exec(code, names)
    disturbed = slow < 1 or others != []
    assert any("This run was disturbed" in line for line in told) == disturbed
    assert any("differ by a factor of 3." in line for line in told) == (slow < 1)
    assert any("had 40%" in line for line in told) == (others != [])
    compared = any("%" in row[-1] for row in table) if chapter == "10_speed" else " to " not in table[0][1]
    assert compared != disturbed


@pytest.mark.parametrize("share, alike, fails", [(0.13, True, False), (0.04, True, True), (0.04, False, False)])
def test_shares_are_held_against_the_record_on_its_own_processor_only(share, alike, fails):
    cells = json.loads((BOOK / "10_speed.ipynb").read_text(encoding="utf-8"))["cells"]
    shown, compared = [text for cell in cells if 'speed["limit"]' in (text := "".join(cell["source"]))][:2]
    told, recorded = [], SHOWN["machine"]["device"]
    names = {
        "np": np,
        "say": told.append,
        "say_table": lambda *table: None,
        "flops": SHOWN["machine"]["flops_an_image"],
    }
    names["device"] = types.SimpleNamespace(name=recorded if alike else "Other")
    names |= {"trainings": ["plain fit"], "disturbed": [], "images_per_s": {"plain fit": share, "products": 1}}
    exec(shown, names)
    with pytest.raises(AssertionError, match="plain fit: 4.0% of the limit") if fails else contextlib.nullcontext():
        exec(compared, names)
    assert told[-1].startswith(f"'plain fit' reaches {share:.0%} of the limit here and now")
    assert (f"on another processor, {recorded}, " in told[-1]) != alike


def test_taking_turns(monkeypatch):
    calls, now = [], [0.0]
    monkeypatch.setattr(speed, "time", types.SimpleNamespace(perf_counter=lambda: now[0]))  # a clock of its own

    def way(name, work, pause):
        def run():
            calls.append(name)
            now[0] += pause
            return work

        return run

    speeds = take_turns({"slow": way("slow", 1, 0.25), "fast": way("fast", 10, 0.25)}, seconds=0.6, rounds=2)
    assert {name: each.tolist() for name, each in speeds.items()} == {"slow": [4, 4], "fast": [40, 40]}
    assert calls == ["slow", "fast"] + 2 * (3 * ["slow"] + 3 * ["fast"])  # once to compile, then in turns


# ---- workers

TOY = """
import json, os, sys
from benchmarks.worker import Pace
name, options = sys.argv[1], json.loads(sys.argv[2])
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
print("something a library prints")
if name == "broken":
    raise ValueError("no such thing")
pace = Pace(sys.stdin, replies)
import time
for step in range(10**9):
    if name == "dies" and step == 3:
        os.kill(os.getpid(), 9)
    time.sleep(0.01)
    pace.count(options.get("images", 2))
"""


@pytest.fixture
def toy(monkeypatch):
    """Workers that need no Keras."""
    monkeypatch.setattr(team, "COMMAND", [sys.executable, "-c", TOY])


def gone(process):
    return process.poll() is not None


def test_a_worker_works_for_its_time_and_waits(toy):
    with team.Worker("fine", {"images": 3}) as one:
        assert one.first["images"] == 3 and 0 < one.start_up < 30
        first = one.run(0.2)
        assert 0.2 <= first["seconds"] < 0.5 and 0 < first["images"] <= 3 * first["seconds"] / 0.01
        assert first["images"] % 3 == 0 and 5 < first["memory_mb"] < 300
        time.sleep(0.3)  # nothing is done, and nothing counted, between segments
        assert one.run(0.05)["images"] <= 3 * 6 and not gone(one.process)
    assert gone(one.process)


def test_segments_take_turns_and_medians_are_kept(toy):
    lines = []
    specs = {"a": ("fine", {"images": 2}), "b": ("fine", {"images": 20})}
    measured = team.interleave(specs, seconds=0.1, repetitions=3, log=lines.append)
    assert list(measured) == ["a", "b"] and len(lines) == 3 and lines[0].startswith("round 1 of 3: a ")
    for row in measured.values():
        assert len(row["segments"]) == 3 and row["images_per_second"] == sorted(row["segments"])[1]
        assert row["memory_mb"] > 5 and row["start_up_s"] > 0
    a, b = (measured[label]["images_per_second"] for label in "ab")
    assert 4 < b / a < 25  # 10 on a quiet machine


@pytest.mark.parametrize(("name", "words"), [("broken", "ValueError: no such thing"), ("dies", "code -9")])
def test_a_worker_that_dies_says_why_and_takes_the_others_along(toy, monkeypatch, name, words):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(team.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    with pytest.raises(RuntimeError, match=f"The worker '{name}' ended with code") as caught:
        team.interleave({"good": ("fine", {}), "bad": (name, {})}, seconds=1.0, repetitions=3)
    assert words in str(caught.value)
    assert len(started) == 2 and all(gone(process) for process in started)


PARENT = """
import signal, sys
from benchmarks import team
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
team.COMMAND = [sys.executable, "-c", sys.argv[1]]
try:
    team.interleave({"a": ("fine", {}), "b": ("fine", {})}, 0.2, 1000, lambda text: print(text, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_no_worker_outlives_its_parent(root, how):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, TOY], stdout=subprocess.PIPE, text=True, cwd=root)
    assert parent.stdout.readline().startswith("round 1 ")
    pids = [worker.pid for worker in psutil.Process(parent.pid).children()]
    assert len(pids) == 2
    parent.send_signal(how)
    rest = parent.communicate(timeout=30)[0]
    assert ("interrupted" in rest) is (how == signal.SIGINT)
    deadline = time.time() + 10
    while any(alive(pid) for pid in pids) and time.time() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_the_parent_loads_no_framework(root):
    """A parent that did would hold memory and threads beside its workers."""
    code = "import sys, benchmarks.__main__; sys.exit(bool({'keras', 'tensorflow', 'jax'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0


def test_peak_memory_is_a_peak():
    before = worker.peak_memory()
    block = np.ones(50_000_000 // 8)  # 50 MB
    block += 1
    del block
    assert worker.peak_memory() >= before and worker.peak_memory() > 100


# ---- configurations, in processes of their own as in the benchmark


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ours", {"images": 3000, "network": {"width": 16}}),
        ("ours", {"images": 3000, "network": {"width": 16}, "data": "graph", "dtype": "mixed_bfloat16"}),
        ("bound", {"library": "TensorFlow"}),
        ("example", {}),
    ],
    ids=["ours", "graph and bfloat16", "bound", "example"],
)
def test_a_configuration_can_be_paced(name, options):
    with team.Worker(name, options) as one:
        answer = one.run(0.2)
    assert answer["images"] > 0 and answer["seconds"] >= 0.2 and answer["memory_mb"] > 100


class Tape:
    """A pace that notes what it is told, and ends the run."""

    def __init__(self, counts):
        self.counts, self.told = counts, []

    def due(self):
        return True

    def count(self, images):
        self.told.append(images)
        if len(self.told) == self.counts:
            raise KeyboardInterrupt


OURS = {"images": 1200, "jit_compile": False, "steps_per_execution": 2, "network": {"width": 8, "depth": 0}}


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("ours", OURS, [500, 500, 200, 500]),
        ("ours", OURS | {"data": "array"}, [500, 500, 200, 500]),
        ("ours", OURS | {"data": "gathered"}, [500, 500, 200, 500]),
        ("ours", OURS | {"data": "slices"}, [500, 500, 200, 500]),
        ("ours", OURS | {"kind": "softplus"}, [500, 500, 200, 500]),
        ("ours", OURS | {"whole_epochs": True}, [1200, 1200]),
        ("plain", {}, [32, 32, 32]),
    ],
)
def test_every_image_is_counted_once(name, options, told):
    tape = Tape(len(told))
    with pytest.raises(KeyboardInterrupt):
        CONFIGURATIONS[name](tape, **options)
    assert tape.told == told


def test_the_schedule_is_chapter_6s_and_scales():
    forty, four = chapter_6_optimizer(240), chapter_6_optimizer(240, 4)
    assert not forty.use_ema and chapter_6_optimizer(240, average=True).use_ema
    rate = lambda optimizer, step: float(optimizer._learning_rate(step))  # noqa: E731
    assert rate(forty, 480) == pytest.approx(3e-3, rel=1e-5) and rate(four, 48) == pytest.approx(3e-3, rel=1e-5)
    assert rate(forty, 9600) == pytest.approx(rate(four, 960)) == pytest.approx(3e-5, rel=1e-3)


def test_the_example_has_the_published_numbers_of_parameters():
    vae = example.build_example()
    assert vae.encoder.count_params() == 69_076 and vae.decoder.count_params() == 65_089
    x = np.random.default_rng(0).random((256, 28, 28), "float32")
    before = quality.judged(example.as_judged(vae), x)
    assert before["negative_elbo"] == pytest.approx(784 * np.log(2), rel=0.02)
    history = vae.fit(x[..., None], batch_size=128, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["loss"][-1] == pytest.approx(history["reconstruction"][-1] + history["kl"][-1], rel=1e-4)
    after = quality.judged(example.as_judged(vae), x)["negative_elbo"]
    assert after == pytest.approx(float(vae.compute_loss(x[..., None], y_pred=vae(x[..., None]))), rel=0.01)


def test_tasks_that_are_done_once():
    decoding = CONFIGURATIONS["decoding"](None, side=6, calls=5)
    assert decoding["codes"] == 36 and decoding["calls_timed"] == 5
    assert decoding["one_call_s"] < decoding["predict_calls_s"]
    evaluation = CONFIGURATIONS["evaluation"](None, images=500, samples=20, sampled_images=10)
    assert evaluation["elbo_images_per_second"] > 100 and evaluation["importance_samples_per_second"] > 10


# ---- quality


def test_quality_goes_on_where_it_was(tmp_path, monkeypatch):
    folder = str(tmp_path)
    fit = keras.Model.fit
    asked = []
    monkeypatch.setattr(keras.Model, "fit", lambda *a, **k: asked.append(k["initial_epoch"]) or fit(*a, **k))
    first = quality.train_example(None, 1, folder, images=256, tested=500)
    (tmp_path / "example-1-256.npz").rename(tmp_path / "example-2-256.npz")  # as if two had been asked for
    second = quality.train_example(None, 2, folder, images=256, tested=500)
    assert asked == [0, 1] and second["seconds"] > first["seconds"] > 0
    assert second["negative_elbo"] < first["negative_elbo"]
    assert quality.train_example(None, 2, folder, images=256, tested=500) == second
    assert asked == [0, 1]  # nothing was left to do


def test_quality_of_ours_learns_in_its_time(monkeypatch):
    monkeypatch.setattr("helpers.device.training_settings", lambda: {"jit_compile": False})  # no waiting for XLA
    monkeypatch.setattr("helpers.device.predict_time", lambda vae, x, epochs, *rest, **options: 2.0 * epochs)
    result = quality.train_ours(None, 60.0, images=1000, tested=500)
    assert result["epochs"] == 28 and result["seconds"] <= 60 and 100 < result["negative_elbo"] < 300
    assert result["negative_elbo"] == pytest.approx(result["reconstruction"] + result["kl"], abs=0.01)


def test_quality_of_ours_is_done_again_if_it_took_too_long(monkeypatch):
    asked = []

    def slow(vae, x, epochs, *rest, **options):
        asked.append(epochs)
        time.sleep(0.1 * epochs)

    monkeypatch.setattr("helpers.training.train", slow)
    monkeypatch.setattr("helpers.device.predict_time", lambda vae, x, epochs, *rest, **options: 0.05 * epochs)
    result = quality.train_ours(None, 0.75, images=500, tested=20)
    assert asked[0] == 14 and asked[1] < 8 and result["epochs"] == asked[-1] < asked[0]
    assert 0 < result["seconds"] <= 0.75


# ---- the record


def made_up(name, options):
    """What a worker might answer."""
    speeds = {"bound": 50_000 if options.get("library") == "NumPy" else 45_000, "plain": 9_000, "example": 2_500}
    speed = speeds.get(name, 30_000 / options.get("images", 60_000) * 6e4)
    return {"images_per_second": speed, "segments": [speed] * 3, "memory_mb": 1200, "start_up_s": 9.5}


@pytest.fixture
def record(monkeypatch):
    tasks = {
        "machine": SHOWN["machine"],
        "decoding": {"codes": 900, "one_call_s": 0.01, "predict_calls_s": 40.0, "calls_timed": 900, "memory_mb": 1},
        "evaluation": {"elbo_images_per_second": 9e4, "importance_samples_per_second": 1e5, "memory_mb": 1},
    }
    asked = []

    def interleave(specs, seconds, repetitions, log):
        asked.append((list(specs), seconds, repetitions))
        return {label: made_up(*spec) for label, spec in specs.items()}

    monkeypatch.setattr(measure, "interleave", interleave)
    monkeypatch.setattr(measure, "ask", lambda name: tasks[name])
    made = measure.measure(20.0, 5, log=lambda text: None)
    total = sum(len(labels) * seconds * repetitions for labels, seconds, repetitions in asked)
    starts = sum(len(labels) for labels, _, _ in asked) + 3
    assert total + 10 * starts < 25 * 60  # 10 s a start
    assert max(len(labels) for labels, _, _ in asked) <= 5  # that many hold their memory at a time
    return made


def test_the_record_says_what_it_should(record):
    assert json.loads(json.dumps(record)) == record and record["limit"] == "products, NumPy"
    assert all(next(iter(settings.values())) == {} for settings in measure.LEVERS.values())  # the book's, first
    assert {next(iter(rows.values()))["times_the_book"] for rows in record["levers"].values()} == {1}
    point = record["growth"]["width"][1]
    assert point["flops"] == 60_000 * measure.flops_an_image() and point["seconds_per_epoch"] == 2.0
    assert "memory_mb" not in record["decoding"]


def test_what_the_backend_cannot_is_left_out(monkeypatch, record):
    monkeypatch.setitem(SHOWN["machine"], "backend", "jax")
    other = measure.measure(log=lambda text: None)
    assert "products, JAX" in other["throughput"] and "images in the graph" not in other["levers"]["input"]


def test_the_command_writes_and_keeps_what_it_did_not_measure(monkeypatch, tmp_path, capsys):
    file = tmp_path / "new" / "speed.json"
    monkeypatch.setattr(command, "quality", lambda: SHOWN["quality"])
    monkeypatch.setattr(command, "measure", lambda *arguments: {k: v for k, v in SHOWN.items() if k != "quality"})
    for arguments in (["quality"], ["--seconds", "1", "--repetitions", "2"]):
        command.main([*arguments, "--output", str(file)])
        assert capsys.readouterr().out.count("Measured on") == len(arguments) // 4
    assert json.loads(file.read_text()) == SHOWN and [path.name for path in file.parent.iterdir()] == ["speed.json"]


def test_the_record_that_chapter_10_shows_is_of_this_form(record):
    assert set(SHOWN) == set(record) | {"quality"} and SHOWN["settings"] == {"seconds": 14.0, "repetitions": 7}
    assert set(SHOWN["throughput"]) == set(record["throughput"]) and SHOWN["limit"] in SHOWN["throughput"]
    for lever, rows in record["levers"].items():
        assert [*SHOWN["levers"][lever]] == [*rows], lever
    assert set(SHOWN["levers"]) == set(record["levers"])
    for name, points in SHOWN["growth"].items():
        assert [(p["value"], p["flops"]) for p in points] == [(p["value"], p["flops"]) for p in record["growth"][name]]
    for row in SHOWN["throughput"].values():
        assert len(row["segments"]) == 7 and row["images_per_second"] == sorted(row["segments"])[3]
    assert SHOWN["machine"]["flops_an_image"] == measure.flops_an_image()
    race = SHOWN["quality"]
    assert race["Keras example"]["epochs"] == quality.EPOCHS and race["share"] == quality.SHARE
    assert race["ours"]["seconds"] <= race["budget_s"] == pytest.approx(race["Keras example"]["seconds"] / 30, abs=0.01)
