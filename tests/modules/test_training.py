"""Runs repeat bitwise, survive being killed, and explain what is wrong with them."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from damage import DAMAGE

from helpers import training
from helpers.blocks import several_steps
from helpers.models import VAE, NoisyInputVAE, build_decoder, build_encoder
from helpers.places import ROOT
from helpers.training import Keepsakes, ShuffledImages, set_noise, train


@pytest.fixture(scope="module")
def x(x_train):
    return x_train[:2000]


def make(optimizer=None, beta=1.0, width=32, jit=False):
    """A small VAE, the same each time, compiled (without XLA, which costs seconds a model, but where it matters)."""
    keras.utils.set_random_seed(7)
    size = dict(latent_dim=2, width=width, depth=0)
    vae = VAE(build_encoder(**size), build_decoder(**size), beta=beta)
    if optimizer is None:
        schedule = keras.optimizers.schedules.CosineDecay(1e-4, 24, warmup_target=2e-3, warmup_steps=8)
        optimizer = keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=0.9)
    vae.compile(optimizer, jit_compile=jit, steps_per_execution=4)
    return vae


def run(vae, x, epochs=3, **options):
    return train(vae, x, epochs, **{"batch_size": 250, "seed": 5, "show": False, **options})


def state(vae):
    return numbers([*vae.weights, *vae.optimizer.variables])


def numbers(variables):
    return [keras.ops.convert_to_numpy(v).copy() for v in variables]


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(u, v) for u, v in zip(a, b))


def figures(history):
    """The history without the times."""
    return {name: values for name, values in history.items() if name != "seconds"}


@pytest.fixture(scope="module")
def reference(x):
    """An uninterrupted run of three epochs, with averaged weights, a schedule and keepsakes."""
    vae, kept = make(), Keepsakes(x[:50], samples=4)
    history = run(vae, x, validation=x[:500], callbacks=[kept])
    return state(vae), history, kept.get_state()


def test_the_reference_learns(reference):
    _, history, kept = reference
    assert set(history) == {"loss", "reconstruction", "kl", "val_loss", "val_reconstruction", "val_kl", "seconds"}
    assert all(len(values) == 3 and all(type(v) is float for v in values) for values in history.values())
    assert history["loss"][2] < history["loss"][0] - 30 and history["val_loss"][2] < history["val_loss"][0] - 10
    assert history["loss"][2] == pytest.approx(history["reconstruction"][2] + history["kl"][2], rel=1e-5)
    assert kept["codes"].shape == (4, 50, 2) and kept["prints"].shape == (4, 4, 28, 28)
    assert kept["prints"].dtype == np.uint8 and len(np.unique(kept["codes"][:, 0], axis=0)) == 4


def test_seeded_runs_are_equal_bitwise_whatever_the_global_random_state(x, reference):
    """Keras shuffles the batches of a PyDataset with Python's `random`, unless it is told not to; `seed` matters."""
    vae, kept = make(), Keepsakes(x[:50], samples=4)
    keras.utils.set_random_seed(99)
    history = run(vae, x, validation=x[:500], callbacks=[kept])
    assert figures(history) == figures(reference[1]) and same(state(vae), reference[0])
    assert all(np.array_equal(kept.get_state()[name], reference[2][name]) for name in reference[2])
    assert run(make(), x, epochs=1, seed=6)["loss"][0] != history["loss"][0]


class Interrupt(keras.callbacks.Callback):
    """Stop in the given epoch (counted from 0), after a batch of it: by KeyboardInterrupt, or killed."""

    def __init__(self, epoch, kill=False):
        super().__init__()
        self.at, self.kill = epoch, kill

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.at and self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.epoch == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("fresh", [True, False], ids=["new process", "same notebook"])
def test_interrupted_run_resumes_bitwise(x, reference, tmp_path, epoch, fresh):
    vae, kept, file = make(), Keepsakes(x[:50], samples=4), tmp_path / "folder" / "run.npz"
    options = dict(validation=x[:500], checkpoint=file)
    with pytest.raises(KeyboardInterrupt):
        run(vae, x, callbacks=[kept, Interrupt(epoch)], **options)
    if fresh:  # else the half-trained model goes on, as it does when a cell is run again
        vae, kept = make(), Keepsakes(x[:50], samples=4)
    history = run(vae, x, callbacks=[kept], **options)
    assert figures(history) == figures(reference[1]) and len(history["seconds"]) == 3
    assert same(state(vae), reference[0])
    assert all(np.array_equal(kept.get_state()[name], reference[2][name]) for name in reference[2])


HERE = f"import sys\nsys.path[:0] = {[str(ROOT), str(ROOT / 'tests'), str(ROOT / 'tests/modules')]}\n"
CHILD = f"""{HERE}
from helpers.data import load_mnist
from test_training import *
x = load_mnist()[0][0][:2000]
vae, kept = make(jit=True), Keepsakes(x[:50], samples=4)
kill = [Interrupt(1, kill=True)] if sys.argv[2] == "kill" else []
history = run(vae, x, validation=x[:500], callbacks=[kept, *kill], checkpoint=sys.argv[1])
np.savez(sys.argv[1] + ".result.npz", figures=json.dumps(figures(history)), **kept.get_state(),
         **{{f"v{{i:03d}}": v for i, v in enumerate(state(vae))}})
"""


def child(file, what):
    command = [sys.executable, "-c", CHILD, str(file), what]
    return subprocess.run(command, capture_output=True, text=True, timeout=900)


def test_killed_run_resumes_bitwise(x, tmp_path):
    """SIGKILL in the second epoch of 2,000 images, with XLA: no cleaning up, no last words."""
    vae, kept = make(jit=True), Keepsakes(x[:50], samples=4)
    history = run(vae, x, validation=x[:500], callbacks=[kept])
    file = tmp_path / "run.npz"
    killed = child(file, "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert file.exists() and not (tmp_path / "run.npz.result.npz").exists()
    # as if it had been killed while it wrote the next checkpoint
    (tmp_path / "run.npz.part").write_bytes(file.read_bytes()[:1000])
    resumed = child(file, "resume")
    assert resumed.returncode == 0, resumed.stderr
    with np.load(tmp_path / "run.npz.result.npz") as result:
        assert json.loads(str(result["figures"])) == figures(history)
        assert same([result[name] for name in sorted(result.files) if name.startswith("v")], state(vae))
        assert all(np.array_equal(result[name], kept.get_state()[name]) for name in ("codes", "prints"))
    assert not (tmp_path / "run.npz.part").exists()


def test_finished_run_is_not_repeated(x, tmp_path):
    file = tmp_path / "run.npz"
    vae = make()
    history = run(vae, x, checkpoint=file)
    again = make()
    assert run(again, x, checkpoint=file) == history  # the times too: they are those of the file
    assert same(state(again), state(vae))  # the average included, though the file has the weights before it
    assert run(vae, x, checkpoint=file) == history and same(state(again), state(vae))


def test_longer_run_continues_a_shorter_one(x, tmp_path):
    """A run of one epoch is the first epoch of a run of three, averaged weights or not."""
    optimizer = lambda: keras.optimizers.Adam(1e-3, use_ema=True)  # noqa: E731
    whole, parts = make(optimizer()), make(optimizer())
    history = run(whole, x)
    for epochs in (1, 3):
        grown = run(parts, x, epochs=epochs, checkpoint=tmp_path / "run.npz")
    assert figures(grown) == figures(history) and same(state(parts), state(whole))


# --- the traps of appendix A1: what the plain ways do


def test_trap_weight_files_leave_out_the_noise(x, tmp_path):
    vae, other = make(), make()
    for model in (vae, other):
        model(x[:1])
    set_noise(vae, 1, 1)
    vae.save_weights(tmp_path / "vae.weights.h5")
    other.load_weights(tmp_path / "vae.weights.h5")
    assert same(numbers(vae.weights), numbers(other.weights))
    assert not np.array_equal(*(model.sampling.seed_generator.state for model in (vae, other)))


def test_trap_fit_ends_by_writing_the_average_over_the_weights(x):
    vae = make()
    vae.fit(ShuffledImages(x, 250, 5), epochs=1, shuffle=False, verbose=0)
    assert same(numbers(vae.trainable_variables), numbers(vae.optimizer._model_variables_moving_average))


def test_noise_differs_between_epochs_and_seeds(x):
    vae = make()
    draws = []
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0)):
        set_noise(vae, seed, epoch)
        draws.append(np.array(vae.sampling([np.zeros((3, 2), "float32"), np.zeros((3, 2), "float32")])))
    assert np.array_equal(draws[0], draws[3])
    assert not np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])


# --- the shuffle


def test_shuffle_depends_on_seed_and_epoch_alone(x):
    data = ShuffledImages(x, 300, seed=5)
    assert len(data) == 7 and data[6][0].shape == (200, 28, 28)
    orders = []
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        orders.append(np.concatenate([data[i][0] for i in range(len(data))]))
    assert np.array_equal(orders[0], orders[2]) and not np.array_equal(orders[0], orders[1])
    assert np.array_equal(np.sort(orders[1].sum(axis=(1, 2))), np.sort(x.sum(axis=(1, 2))))  # each image once
    assert not np.array_equal(ShuffledImages(x, 300, seed=6).order, ShuffledImages(x, 300, seed=5).order)


def test_gathered_or_sliced_the_run_is_the_same_bitwise(x, reference, monkeypatch):
    monkeypatch.setattr(ShuffledImages, "for_fit", lambda self: self)  # as on other backends
    vae = make()
    history = run(vae, x, validation=x[:500])
    assert figures(history) == figures(reference[1]) and same(state(vae), reference[0])


class Numbers(keras.callbacks.Callback):
    """Keeps the numbers of the batches that it is told of."""

    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(batch)


def test_several_steps_in_one_program_change_nothing(x, monkeypatch):
    """Bit by bit, whatever is called before and after; and the model is left as it was."""
    found = []
    for way in (several_steps, lambda model, data, callbacks: contextlib.nullcontext((data.for_fit(), callbacks))):
        monkeypatch.setattr(training, "several_steps", way)
        vae, kept, numbers = make(jit=True), Keepsakes(x[:50], samples=4), Numbers()
        first = run(vae, x, epochs=2, validation=x[:500], callbacks=[kept, numbers])
        judged = vae.evaluate(x[:500], batch_size=100, verbose=0)
        vae.fit(x[:500], batch_size=100, shuffle=False, verbose=0)
        again = run(vae, x, epochs=1)
        found.append((figures(first), figures(again), judged, kept.get_state(), numbers.told, state(vae)))
        assert vae.steps_per_execution == 4 and "train_step" not in vars(vae)
    (*ours, kept, told, variables), (*keras_own, kept_by_keras, told_by_keras, by_keras) = found
    assert ours == keras_own and same(variables, by_keras) and told == told_by_keras == [3, 7] * 2
    assert all(np.array_equal(kept[name], kept_by_keras[name]) for name in kept)


def test_a_model_that_is_compiled_anew_trains_with_its_new_beta(x):
    """As in Keras: what `compile` is called for is seen by the next run, also if the optimiser is the same."""
    vae = make(jit=True)
    first = run(vae, x, epochs=1)
    vae.beta = 100.0
    vae.compile(vae.optimizer, jit_compile=True, steps_per_execution=4)
    second = run(vae, x, epochs=1)
    for beta, history in ((1, first), (100, second)):
        assert history["loss"][0] == pytest.approx(history["reconstruction"][0] + beta * history["kl"][0], rel=1e-4)


def test_fit_gets_blocks_where_one_program_can_do_them(x):
    vae, data = make(jit=True), ShuffledImages(x, 250, seed=5)
    with several_steps(vae, data, []) as (fed, _):
        assert "train_step" in vars(vae) and vae.steps_per_execution == 1
        (blocks,) = zip(*fed)
        assert [block.shape for block in blocks] == [(4, 250, 28, 28)] * 2
        assert np.array_equal(np.concatenate(np.concatenate(blocks)), x[data.order])


@pytest.mark.parametrize("why", ["without XLA", "step by step", "coins", "batches left over", "another backend"])
def test_keras_does_the_steps_where_one_program_cannot(x, why, monkeypatch):
    vae = make(jit=why != "without XLA")
    vae.steps_per_execution = 1 if why == "step by step" else 4
    if why == "another backend":
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    data = ShuffledImages(x[: 1900 if why == "batches left over" else 2000], 250, 5, "all" if why == "coins" else None)
    callbacks = [Numbers()]
    with several_steps(vae, data, callbacks) as (_, told):
        assert told is callbacks and "train_step" not in vars(vae)


def test_coins_and_other_backends_are_served_by_the_dataset_itself(x, monkeypatch):
    coins = ShuffledImages(x, 300, seed=5, binarise="all")
    assert coins.for_fit() is coins
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    data = ShuffledImages(x, 300, seed=5)
    assert data.for_fit() is data


# --- checkpoints that do not fit


def test_coins_are_thrown_afresh_in_every_epoch_and_again_when_resumed(x):
    data = ShuffledImages(x, 300, seed=5, binarise="input")
    first, grey = data[0]
    assert np.array_equal(grey, ShuffledImages(x, 300, seed=5)[0][0])
    assert set(np.unique(first)) == {0, 1} and not np.any(first[grey == 0]) and np.all(first[grey == 1])
    assert first.mean() == pytest.approx(grey.mean(), abs=0.005)
    assert np.array_equal(data[0][0], first) and not np.array_equal(data[1][0], first)
    everything = ShuffledImages(x, 300, seed=5, binarise="all")
    assert len(everything[0]) == 1 and np.array_equal(everything[0][0], first)
    data.set_epoch(1)
    data.order = everything.order  # the same images in another epoch
    assert not np.array_equal(data[0][0], first) and np.array_equal(data[0][1], grey)


@pytest.mark.parametrize("binarise", ["all", "input"])
def test_a_run_with_coins_resumes_bitwise(x, tmp_path, binarise):
    def small(epochs, coins=binarise, **options):
        keras.utils.set_random_seed(7)
        vae = NoisyInputVAE(build_encoder(2, 16, 0), build_decoder(2, 16, 0))
        vae.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
        return figures(run(vae, x, epochs, binarise=coins, **options))

    whole = small(3)
    small(1, checkpoint=tmp_path / "run.npz")
    assert small(3, checkpoint=tmp_path / "run.npz") == whole and whole["loss"][-1] < whole["loss"][0] - 10
    with pytest.raises(ValueError, match="another run: its binarise"):
        small(3, coins=None, checkpoint=tmp_path / "run.npz")


@pytest.fixture(scope="module")
def good(x, tmp_path_factory):
    file = tmp_path_factory.mktemp("good") / "run.npz"
    run(make(), x, epochs=2, checkpoint=file)
    return file.read_bytes()


def adam(**options):
    return keras.optimizers.Adam(**{"learning_rate": 1e-3, **options})


OTHER_RUNS = {
    "batch size": (dict(batch_size=500), {}, "its batch_size is 250, here it is 500"),
    "images": ({}, {}, "its images is [0-9a-f]{12}, here"),
    "beta": ({}, dict(beta=4.0), "its beta is 1.0, here it is 4.0"),
    "optimiser": ({}, dict(optimizer=adam), "its optimizer's .* is"),
    "keepsakes": ("kept", {}, r"its kept callbacks is \[\], here it is \['Keepsakes'\]"),
    "fewer epochs": (dict(epochs=1), {}, "has 2 epochs, but epochs=1"),
}


@pytest.mark.parametrize("options, model, message", OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_checkpoint_of_another_run(x, good, tmp_path, options, model, message):
    file = tmp_path / "run.npz"
    file.write_bytes(good)
    if options == "kept":
        options = dict(callbacks=[Keepsakes(x[:5], samples=1)])
    images = x[::-1] if "images" in message else x
    model = {name: value() if name == "optimizer" else value for name, value in model.items()}
    vae = make(**model)
    before = numbers(vae.weights)
    with pytest.raises(ValueError, match=message) as error:
        run(vae, images, **{"epochs": 3, **options}, checkpoint=file)
    assert f"Delete {file} to start again" in str(error.value)
    assert file.read_bytes() == good and same(numbers(vae.weights), before)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_checkpoint(x, good, tmp_path, damage):
    file = tmp_path / "run.npz"
    file.write_bytes(damage(good))
    bad, vae = file.read_bytes(), make()
    before = numbers(vae.weights)
    with pytest.raises(ValueError, match="cannot be read: it is damaged or no checkpoint") as error:
        run(vae, x, checkpoint=file)
    assert f"Delete {file} to start again" in str(error.value)
    assert file.read_bytes() == bad and same(numbers(vae.weights), before)


def test_checkpoint_must_not_be_a_folder(x, tmp_path):
    with pytest.raises(ValueError, match="is a folder") as error:
        run(make(), x, checkpoint=tmp_path)
    assert "Delete" not in str(error.value)


# --- what goes wrong


class Exploding(VAE):
    """A VAE whose loss overflows after some steps."""

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        steps = keras.ops.cast(self.optimizer.iterations, "float32")
        return loss * keras.ops.where(steps >= 9, float("nan"), 1.0)


def test_nan_stops_with_an_explanation(x, tmp_path):
    keras.utils.set_random_seed(0)
    size = dict(width=16, depth=0)
    vae = Exploding(build_encoder(**size), build_decoder(**size))
    vae.compile(adam(), jit_compile=False, steps_per_execution=2)
    with pytest.raises(FloatingPointError, match=r"became nan in epoch 2.*learning rate.*z_log_var.*logits"):
        run(vae, x, epochs=5, checkpoint=tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:  # the last one before it: one epoch, all finite
        assert len(json.loads(str(file["meta"]))["history"]["loss"]) == 1
        assert all(np.isfinite(file[name]).all() for name in file.files if name != "meta")


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(epochs=0), "epochs must be a whole number of at least 1, but was 0"),
        (dict(epochs=True), "epochs must be .* but was True"),
        (dict(batch_size=2001), "batch_size must be .* at least 1 and at most 2000 .* but was 2001"),
        (dict(seed=None), "seed must be .* but was None"),
        (dict(validation=np.zeros((3, 784))), r"train \(validation\) takes images of .* given shape \(3, 784\)"),
        (dict(binarise=True), 'binarise must be None, "all" or "input", but was True'),
        (dict(callbacks=Keepsakes(np.zeros((1, 28, 28)))), "callbacks must be a list"),
    ],
)
def test_bad_arguments(x, options, message):
    with pytest.raises(ValueError, match=message):
        run(make(), x, **options)


def test_bad_images_and_models(x):
    with pytest.raises(ValueError, match="train takes pixels in .* Divide pictures of 0 to 255 by 255"):
        run(make(), x * 255)
    with pytest.raises(ValueError, match="not compiled. Call vae.compile"):
        run(VAE(build_encoder(width=4, depth=0), build_decoder(width=4, depth=0)), x)
    with pytest.raises(ValueError, match="Keepsakes takes images of shape"):
        Keepsakes(np.zeros((2, 784)))


def test_whole_numbers_of_numpy_are_welcome(x):
    assert len(run(make(), x[:500], epochs=np.int64(1), batch_size=np.int32(250))["loss"]) == 1


# --- what the reader sees


def test_terminal_output_is_plain_lines(x, capsys):
    run(make(), x, epochs=3, validation=x[:500], show=True)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and len(lines) == 4 and not set("\r\b\x1b") & set(out)
    assert lines[0].split("  ")[0] == "epoch" and "held-out reconstruction" in lines[0] and "val_" not in out
    for epoch, line in enumerate(lines[1:], 1):
        assert line.split()[0] == str(epoch) and f"(Epoch {epoch} of 3, " in line
    assert "s left)" in lines[1] and lines[3].endswith("s in all)")


def test_silence_on_request(x, capsys):
    run(make(), x[:500], epochs=1, show=False)
    assert capsys.readouterr() == ("", "")


NOTEBOOK = f"""{HERE}
from helpers.device import start
start()
from test_training import make
from helpers.data import load_mnist
from helpers.training import train
x = load_mnist()[0][0][:1000]
"""


def test_notebook_output_is_one_table(tmp_path):
    import nbclient
    import nbformat

    cells = [NOTEBOOK, "history = train(make(), x, epochs=9, batch_size=250, validation=x[:250], seed=5)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[0].outputs == []
    (output,) = notebook.cells[1].outputs  # no stderr, no second table
    assert output.output_type == "display_data"
    page = output.data["text/html"]
    assert page.count("<table") == 1 and "Epoch 9 of 9" in page and "s in all" in page
    assert page.count("<tr>") <= 9 and "<td>1</td>" in page and "<td>9</td>" in page
    assert "<script" not in page and "held-out loss" in page
