"""The answers of helpers.device and helpers.machine: each branch of the diagnosis, the fallbacks, the prediction."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers import device
from helpers.device import predict_time, training_settings
from helpers.machine import Facts, facts, find_device
from helpers.machine.diagnosis import Device, explain
from helpers.models import VAE, build_decoder, build_encoder
from helpers.places import ROOT

TF = dict(backend="tensorflow", version="2.21.0")
READY = dict(TF, hardware=True, driver=True, driver_gpus=1)  # a machine where a GPU should be found

CAUSES = {  # facts, what the reason says, what the cure says
    "no GPU in the machine": (TF, "this machine has no NVIDIA GPU", "also runs on the CPU"),
    "no driver": (dict(TF, hardware=True), "no NVIDIA driver", "Install the driver.*and-cuda.*==2.21.0"),
    "driver lists no GPU": (dict(TF, hardware=True, driver=True), "lists no GPU", "nvidia-smi"),
    "CPU-only build": (dict(READY, gpu_build=False), "build for CPUs only", "uninstall tensorflow-cpu.*and-cuda"),
    "CUDA libraries missing": (
        dict(READY, missing=("cudnn", "cublas")),
        r"not the CUDA libraries \(cudnn, cublas\)",
        r"^Run `pip install \"tensorflow\[and-cuda\]==2.21.0\"`",
    ),
    "everything there, will not start": (READY, "could not start them.*too old", "driver.*TF_CPP_MIN_LOG_LEVEL=0"),
    "hidden by an empty variable": (dict(READY, visible=""), "CUDA_VISIBLE_DEVICES is ''", "Unset it"),
    "hidden by -1, before other causes": (dict(READY, visible="-1", gpu_build=False), "hides every GPU", "Unset it"),
    "hidden by a number too high": (dict(READY, visible="1,0"), "CUDA_VISIBLE_DEVICES is '1,0'", "Unset it"),
    "variable with a GPU's own name": (dict(READY, visible="GPU-8f3a"), "could not start", "driver"),
    "variable but no GPU to hide": (dict(TF, visible="-1"), "no NVIDIA GPU", "CPU"),
    "Colab without accelerator": (dict(TF, colab=True, container=True), "Colab", "Runtime > Change runtime type"),
    "native Windows": (dict(TF, system="Windows", machine="AMD64", gpu_build=False), "native Windows.*2.10", "WSL2"),
    "WSL2 without driver": (dict(TF, wsl=True), "WSL2 shows no", "driver in Windows.*wsl --update"),
    "Apple silicon": (
        dict(TF, system="Darwin", machine="arm64", gpu_build=False),
        "Apple's GPU",
        "tensorflow-metal.*may not load.*2.21.0",
    ),
    "Intel Mac": (dict(TF, system="Darwin", machine="x86_64", gpu_build=False), "Intel Mac", "CPU"),
    "container, GPU on the host": (
        dict(TF, container=True, hardware=True),
        "container, and the machine has an NVIDIA GPU, but it was not passed in",
        "--gpus all",
    ),
    "container, nothing known": (dict(TF, container=True), "container, and if the machine has", "--gpus all"),
    "JAX, CPU-only": (
        dict(READY, backend="jax", version="0.10.2", gpu_build=False),
        "JAX installed here is a build for CPUs only",
        r"First run `pip install \"jax\[cuda12\]==0.10.2\"`",
    ),
    "another backend": (dict(backend="numpy"), "not with numpy", "KERAS_BACKEND to tensorflow"),
}


@pytest.mark.parametrize("facts, reason, cure", CAUSES.values(), ids=CAUSES)
def test_each_cause_has_its_reason_and_cure(facts, reason, cure):
    found = explain(Facts(**facts, cpu="Some CPU", cores=4, ram_gib=16.0))
    assert (found.kind, found.name, found.count, found.memory_gib) == ("CPU", "Some CPU", 4, 16.0)
    assert re.search(reason, found.reason)
    assert re.search(cure, found.cure)
    assert f"No GPU is used: {found.reason}. {found.cure}" in found.summary()
    assert "Some CPU (4 cores, 16 GiB of memory)" in found.summary()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("count", [1, 4])
def test_gpus_are_named(backend, count):
    found = explain(Facts(backend=backend, gpus=("NVIDIA T4",) * count, gpu_gib=15.0, container=True, visible="0"))
    assert (found.kind, found.name, found.count, found.memory_gib) == ("GPU", "NVIDIA T4", count, 15.0)
    assert (found.reason, found.cure) == ("", "")
    units = "1 GPU" if count == 1 else "4 GPUs"
    assert found.summary() == f"Keras runs on {backend} and trains on the GPU: NVIDIA T4 ({units}, 15 GiB of memory)."


def test_unknown_memory_is_left_out():
    assert "GiB" not in explain(Facts(gpus=("NVIDIA T4",))).summary()
    assert "(1 core)" in explain(Facts(cpu="Some CPU")).summary()


def test_the_device_of_this_machine():
    import tensorflow as tf

    found = find_device()
    gpus = tf.config.list_physical_devices("GPU")
    assert found.backend == keras.backend.backend() == "tensorflow"
    assert found.kind == ("GPU" if gpus else "CPU")
    if not gpus:
        assert found.count == len(os.sched_getaffinity(0)) and found.reason and found.cure
        with open("/proc/meminfo") as file:
            assert found.memory_gib == pytest.approx(int(file.readline().split()[1]) / 2**20, rel=0.01)
        assert found.name in Path("/proc/cpuinfo").read_text()


SMI = """#!/bin/sh
[ "$1" = "--query-gpu=name,memory.total" ] || exit 3
"""


@pytest.mark.parametrize(
    "script, rows",
    [
        (
            "echo 'NVIDIA H100 80GB HBM3, 81559'\necho 'Tesla T4, 15360'",
            [("NVIDIA H100 80GB HBM3", 81559.0), ("Tesla T4", 15360.0)],
        ),
        ("echo 'No devices were found'", []),
        ("echo 'NVIDIA-SMI has failed because it could not communicate with the driver'; exit 9", []),
        ("true", []),
    ],
)
def test_nvidia_smi_is_read(tmp_path, monkeypatch, script, rows):
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI + script + "\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert facts._nvidia_smi() == rows


def test_gathered_facts_lead_to_the_cause(monkeypatch):
    """A machine with a driver whose list shows a GPU, and no CUDA libraries: from look to sentence."""
    monkeypatch.setattr(facts, "_nvidia_smi", lambda: [("Tesla T4", 15360.0)])
    monkeypatch.setattr(facts, "_ask_backend", lambda backend: ("2.21.0", [], True))
    monkeypatch.setattr(facts, "_loads", lambda library: library == "libcufft.so.11")
    monkeypatch.setattr(facts.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    found = find_device()
    assert found.reason.endswith("(cuda_runtime, cublas, cusolver, cusparse, cudnn)")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "hides every GPU" in find_device().reason
    monkeypatch.setattr(facts, "_ask_backend", lambda backend: ("2.21.0", ["Tesla T4"], True))
    assert find_device() == Device("GPU", "Tesla T4", 15.0, 1, "tensorflow")


def test_memory_growth(monkeypatch):
    import tensorflow as tf

    asked = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind}:0", f"{kind}:1"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: asked.append((gpu, on)))
    assert device.grow_memory() == "" and asked == [("GPU:0", True), ("GPU:1", True)]


def run(code, **env):
    """Run code in a fresh process; return what it wrote to stdout and to stderr."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


START = """
import sys
import helpers.device as device

def say():
    from tensorflow.python.eager import context
    print("running" if context.context()._initialized else "not yet running")

was = device.grow_memory
device.grow_memory = lambda: (say(), was())[1]
device.start()
say()
import keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", **device.training_settings())
model.fit(keras.ops.ones((40, 2)), keras.ops.ones((40, 1)), batch_size=2, verbose=0)
print("heard", file=sys.stderr)
"""


def test_start_sets_growth_first_is_quiet_and_stderr_stays():
    assert run(START) == ("not yet running\nrunning\n", "heard\n")


def test_start_sets_every_seed():
    def drawn(seed):
        device.start(seed=seed)
        return [*keras.random.normal((2,)).numpy(), random.random(), np.random.rand()]

    first, other, again = drawn(3), drawn(4), drawn(3)
    assert first == again and not set(first) & set(other)


def test_a_process_without_stderr_starts():
    code = "import os; os.close(2); from helpers.device import quiet\nwith quiet(): print('fine')"
    assert run(code)[0] == "fine\n"


def test_quiet_gives_stderr_back_after_an_error(capfd):
    with pytest.raises(ZeroDivisionError), device.quiet():
        os.write(2, b"unheard")
        1 / 0  # noqa: B018
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_settings_with_xla():
    device.xla_works.cache_clear()
    assert training_settings() == {"jit_compile": True, "steps_per_execution": 20}


def test_settings_without_xla(monkeypatch, capsys):
    def broken():
        calls.append(1)
        raise NotImplementedError("no XLA on this platform")

    calls = []
    works = device.xla_works
    monkeypatch.setattr(device, "xla_works", lambda: works(broken))
    for _ in range(3):
        assert training_settings() == {"jit_compile": False, "steps_per_execution": 20}
    said = capsys.readouterr().out
    assert said.count("XLA does not work here (NotImplementedError)") == 1 and len(calls) == 1  # once a process


@pytest.fixture(scope="module")
def images(x_train):
    return x_train[:10_000]


def compiled(**size):
    keras.utils.set_random_seed(1)
    vae = VAE(build_encoder(**size), build_decoder(**size))
    vae.compile(keras.optimizers.Adam(1e-3, use_ema=True), **training_settings())
    return vae


def test_prediction_grows_with_the_work(images):
    vae = compiled(width=8, depth=0)
    short = predict_time(vae, images[:30], epochs=1, batch_size=20)
    long = predict_time(vae, images, epochs=4000, batch_size=20)
    assert 0 < short < long / 4


def test_prediction_leaves_model_and_seeds_alone(images):
    vae = compiled(width=8, depth=0)
    before = [w.numpy() for w in vae.variables]
    state, numpy_state = random.getstate(), np.random.get_state()[1].copy()
    predict_time(vae, images[:500], epochs=1, batch_size=100, validation=images[:100])
    assert random.getstate() == state and np.array_equal(np.random.get_state()[1], numpy_state)
    assert all(np.array_equal(a, w.numpy()) for a, w in zip(before, vae.variables))
    assert not vae.optimizer.built  # its state is untouched as well
