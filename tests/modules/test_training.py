"""Runs repeat bitwise, survive being killed, and explain what is wrong with them."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from helpers.data import load_mnist
from helpers.models import VAE, NoisyInputVAE, build_decoder, build_encoder
from helpers.places import ROOT
from helpers.training import Keepsakes, ShuffledImages, set_noise, train


@pytest.fixture(scope="module")
def x():
    return load_mnist()[0][0][:2000]


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


def test_two_seeded_runs_are_equal_bitwise(x, reference):
    vae, kept = make(), Keepsakes(x[:50], samples=4)
    history = run(vae, x, validation=x[:500], callbacks=[kept])
    assert figures(history) == figures(reference[1]) and same(state(vae), reference[0])
    assert all(np.array_equal(kept.get_state()[name], reference[2][name]) for name in reference[2])


def test_global_random_state_does_not_matter(x, reference):
    """Keras shuffles the batches of a PyDataset with Python's `random`, unless it is told not to."""
    vae = make()
    keras.utils.set_random_seed(99)
    history = run(vae, x, epochs=3, validation=x[:500])
    assert figures(history) == figures(reference[1]) and same(state(vae), reference[0])


def test_another_seed_gives_another_run(x, reference):
    history = run(make(), x, epochs=1, seed=6)
    assert history["loss"][0] != reference[1]["loss"][0]


class Interrupt(keras.callbacks.Callback):
    """Raise KeyboardInterrupt in the given epoch (counted from 0), after a batch of it."""

    def __init__(self, epoch):
        super().__init__()
        self.at, self.epoch = epoch, -1

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
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


CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, os.path.join(sys.argv[1], "tests", "modules"))
from test_training import *

class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)

x = load_mnist()[0][0][:2000]
vae, kept = make(jit=True), Keepsakes(x[:50], samples=4)
kill = [Kill()] if sys.argv[3] == "kill" else []
history = run(vae, x, validation=x[:500], callbacks=[kept, *kill], checkpoint=sys.argv[2])
np.savez(sys.argv[2] + ".result.npz", figures=json.dumps(figures(history)), **kept.get_state(),
         **{f"v{i:03d}": v for i, v in enumerate(state(vae))})
"""


def child(file, what):
    command = [sys.executable, "-c", CHILD, str(ROOT), str(file), what]
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


# --- the traps: what the plain ways do


def test_trap_load_weights_and_initial_epoch(x, tmp_path):
    """Saved weights and `initial_epoch` do not continue a run: Adam's moments and the noise are lost."""
    whole = run(make(keras.optimizers.Adam(1e-3)), x, epochs=2)
    vae = make(keras.optimizers.Adam(1e-3))
    run(vae, x, epochs=1)
    vae.save_weights(tmp_path / "one.weights.h5")
    naive = make(keras.optimizers.Adam(1e-3))
    naive(x[:1])
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        naive.load_weights(tmp_path / "one.weights.h5")  # the optimizer is not built yet
    data = ShuffledImages(x, 250, 5)
    data.set_epoch(1)
    set_noise(naive, 5, 1)  # even with the right shuffle and the right noise
    naive.optimizer.build(naive.trainable_variables)
    moments = numbers(naive.optimizer.variables)
    curve = naive.fit(data, epochs=2, initial_epoch=1, shuffle=False, verbose=0).history["loss"]
    assert abs(curve[0] - whole["loss"][1]) > 0.01
    assert not same(moments, numbers(vae.optimizer.variables))


def noise_state(vae):
    return numbers(v for v in vae.variables if v.name == "seed_generator_state")


def test_trap_weight_files_leave_out_the_noise(x, tmp_path):
    """`.weights.h5` of a VAE does not bring the seed generator back; `set_noise` needs no file."""
    vae = make()
    run(vae, x[:500], epochs=1)
    assert len(noise_state(vae)) == 1 and not any("seed" in w.name for w in vae.weights)
    vae.save_weights(tmp_path / "vae.weights.h5")
    other = make()
    other(x[:1])
    set_noise(other, 1, 1)
    other.load_weights(tmp_path / "vae.weights.h5")
    assert not same(noise_state(vae), noise_state(other))
    for model in (vae, other):
        set_noise(model, 1, 2)
    assert same(noise_state(vae), noise_state(other))


def test_noise_differs_between_epochs_and_seeds(x):
    vae = make()
    draws = []
    for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0)):
        set_noise(vae, seed, epoch)
        draws.append(np.array(vae.sampling([np.zeros((3, 2), "float32"), np.zeros((3, 2), "float32")])))
    assert np.array_equal(draws[0], draws[3])
    assert not np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])


def test_trap_optimizer_not_built(x, tmp_path, reference):
    """A new optimiser has no state to load into: `train` builds it first."""
    vae = make()
    assert len(vae.optimizer.variables) < len(reference[0]) - len(vae.weights)
    run(vae, x, epochs=1, checkpoint=tmp_path / "run.npz")
    resumed = make()
    run(resumed, x, epochs=1, checkpoint=tmp_path / "run.npz")
    assert same(state(resumed), state(vae)) and int(np.array(resumed.optimizer.iterations)) == 8


def test_trap_repeated_fit_with_averaged_weights(x):
    """`fit` ends by writing the average over the weights, so three fits are not one of three epochs."""

    def fits(vae, parts):
        for epoch, epochs in parts:
            data = ShuffledImages(x, 250, 5)
            set_noise(vae, 5, epoch)
            vae.fit(data, initial_epoch=epoch, epochs=epochs, shuffle=False, verbose=0)
        return vae

    once = fits(make(), [(0, 1)])
    average = numbers(once.optimizer._model_variables_moving_average)
    assert same(numbers(once.trainable_variables), average)
    plain = make(keras.optimizers.Adam(1e-3))
    assert not same(numbers(fits(plain, [(0, 1)]).trainable_variables), average)
    again = run(fits(make(), [(0, 1)]), x, epochs=1)["loss"]
    assert again != run(make(), x, epochs=1)["loss"]


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


def test_tensorflow_gathers_the_same_batches(x):
    data, plain = ShuffledImages(x, 300, seed=5), ShuffledImages(x, 300, seed=5)
    gathered = data.for_fit()
    assert len(gathered) == 7
    for epoch in (0, 3, 0):
        data.set_epoch(epoch)
        plain.set_epoch(epoch)
        assert same([batch.numpy() for (batch,) in gathered], [plain[i][0] for i in range(7)])


def test_gathered_or_sliced_the_run_is_the_same_bitwise(x, reference, monkeypatch):
    monkeypatch.setattr(ShuffledImages, "for_fit", lambda self: self)  # as on other backends
    vae = make()
    history = run(vae, x, validation=x[:500])
    assert figures(history) == figures(reference[1]) and same(state(vae), reference[0])


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
    "seed": (dict(seed=6), {}, "its seed is 5, here it is 6"),
    "batch size": (dict(batch_size=500), {}, "its batch_size is 250, here it is 500"),
    "images": ({}, {}, "its images is [0-9a-f]{12}, here"),
    "width": ({}, dict(width=16), "its weight shapes"),
    "beta": ({}, dict(beta=4.0), "its beta is 1.0, here it is 4.0"),
    "optimiser": ({}, dict(optimizer=lambda: keras.optimizers.Nadam(1e-3)), "its optimizer is Adam, here it is Nadam"),
    "no average": ({}, dict(optimizer=adam), "its optimizer's .* is"),
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


def test_lower_learning_rate_is_another_run(x, tmp_path):
    run(make(adam()), x[:500], epochs=1, checkpoint=tmp_path / "run.npz")
    with pytest.raises(ValueError, match="its optimizer's learning_rate is 0.001.*, here it is 0.0005"):
        run(make(adam(learning_rate=5e-4)), x[:500], epochs=2, checkpoint=tmp_path / "run.npz")


def flip(place):
    def damage(data):
        bad = bytearray(data)
        bad[int(place * len(bad))] ^= 0xFF
        return bytes(bad)

    return damage


def other_npz(data):
    file = io.BytesIO()
    np.savez(file, x_train=np.zeros(3))
    return file.getvalue()


DAMAGE = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "end lost": lambda data: data[:-30],
    "text": lambda data: b"epoch,loss\n1,200\n",
    "another npz": other_npz,
    "a pickle": lambda data: pickle.dumps([1, 2]),
    **{f"byte at {place:.0%}": flip(place) for place in (0.0, 0.1, 0.4, 0.7)},
}


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


def test_leftover_part_file_is_harmless(x, reference, tmp_path):
    file = tmp_path / "run.npz"
    (tmp_path / "run.npz.part").write_bytes(b"half a checkpoint")
    history = run(make(), x, validation=x[:500], checkpoint=file)
    assert figures(history) == figures(reference[1])
    assert os.listdir(tmp_path) == ["run.npz"]


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


def test_learning_rate_too_high_is_caught(x):
    with pytest.raises(FloatingPointError, match="The loss became (nan|inf)"):
        run(make(keras.optimizers.SGD(1e4)), x, epochs=5)


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(epochs=0), "epochs must be a whole number of at least 1, but was 0"),
        (dict(epochs=2.0), r"epochs must be .* but was 2\.0"),
        (dict(epochs=True), "epochs must be .* but was True"),
        (dict(epochs="3"), "epochs must be .* but was '3'"),
        (dict(batch_size=0), "batch_size must be .* at least 1 and at most 2000 .* but was 0"),
        (dict(batch_size=2001), "batch_size must be .* but was 2001"),
        (dict(batch_size=None), "batch_size must be .* but was None"),
        (dict(seed=-1), "seed must be a whole number of at least 0, but was -1"),
        (dict(seed=None), "seed must be .* but was None"),
        (dict(validation=np.zeros((3, 784))), r"train \(validation\) takes images of .* given shape \(3, 784\)"),
        (dict(validation=np.full((3, 28, 28), 255)), r"train \(validation\) takes pixels in \[0, 1\]"),
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
    with pytest.raises(ValueError, match=r"Write x\[None\]"):
        run(make(), x[0])
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


NOTEBOOK = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests/modules")!r}]
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
