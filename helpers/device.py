"""The machine: start a chapter, find a GPU or say why there is none, choose how to train.

The appendix "Your machine" (book/a1_your_machine.ipynb) shows all of this at work.
"""

import contextlib
import ctypes
import functools
import importlib.util
import logging
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.notebook import say


@contextlib.contextmanager
def quiet():
    """Silence what C++ libraries write to stderr while they load; Python's own messages stay."""
    try:
        saved = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    try:
        with open(os.devnull, "w") as sink:
            os.dup2(sink.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def start(seed=0):
    """Prepare a chapter: load Keras quietly, let GPU memory grow, set the seeds and figure style."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX's way to let GPU memory grow
    with quiet():
        import keras

        problem = grow_memory() if keras.backend.backend() == "tensorflow" else ""
        keras.ops.zeros(1)  # what starts the backend
        keras.utils.set_random_seed(seed)  # loads TensorFlow, if it is there, with any backend
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no hints about retracing in the pages
    if problem:
        say(problem)
    from helpers.plots import use_style

    use_style()


def grow_memory():
    """Let TensorFlow take GPU memory as it needs it, not all at once; return "" or what is wrong."""
    import tensorflow as tf

    try:
        for gpu in tf.config.list_physical_devices("GPU"):  # all alike, or TensorFlow refuses
            tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):
        return (
            "TensorFlow was already running when this chapter started, so it may hold the whole memory of "
            "the GPU. To share the GPU with other programs, restart the kernel and run the setup cell first."
        )
    return ""


@dataclass(frozen=True)
class Device:
    """What training runs on, and if that is no GPU, why and what to do about it."""

    kind: str  # "GPU" or "CPU"
    name: str
    memory_gib: float | None  # of one GPU, or of the machine; None if unknown
    count: int  # GPUs, or cores that this process may use
    backend: str
    reason: str = ""  # why there is no GPU
    cure: str = ""

    def summary(self):
        """Return two or three sentences to show."""
        memory = f", {self.memory_gib:.0f} GiB of memory" if self.memory_gib else ""
        units = "GPU" if self.kind == "GPU" else "core"
        units = f"{self.count} {units}{'s' if self.count != 1 else ''}"
        text = f"Keras runs on {self.backend} and trains on the {self.kind}: {self.name} ({units}{memory})."
        return f"{text} No GPU is used: {self.reason}. {self.cure}" if self.kind == "CPU" else text


@dataclass(frozen=True)
class Facts:
    """What can be seen of the machine; `explain` reads nothing else."""

    backend: str = "tensorflow"
    version: str = ""  # of the backend
    gpus: tuple = ()  # names of the GPUs that the backend sees
    gpu_gib: float | None = None
    cpu: str = "unknown processor"
    cores: int = 1
    ram_gib: float | None = None
    system: str = "Linux"  # or "Windows", "Darwin"
    machine: str = "x86_64"
    gpu_build: bool = True  # the backend was built for (or comes with) CUDA
    hardware: bool = False  # an NVIDIA device is on the bus
    driver: bool = False  # NVIDIA's driver library can be loaded
    driver_gpus: int = 0  # GPUs that nvidia-smi lists
    missing: tuple = ()  # CUDA libraries that cannot be found
    visible: str | None = None  # CUDA_VISIBLE_DEVICES
    colab: bool = False
    container: bool = False
    wsl: bool = False


def find_device():
    """Return the `Device` that Keras trains on here."""
    return explain(gather_facts())


def explain(facts):
    """Return the `Device` for these facts; a pure function, so that every branch has its test."""
    if facts.gpus:
        return Device("GPU", facts.gpus[0], facts.gpu_gib, len(facts.gpus), facts.backend)
    reason, cure = why_no_gpu(facts)
    return Device("CPU", facts.cpu, facts.ram_gib, facts.cores, facts.backend, reason, cure)


def why_no_gpu(facts):
    """Return (reason, cure) for facts without a GPU, the nearest cause first."""
    tf = facts.backend == "tensorflow"
    name = "TensorFlow" if tf else "JAX"
    package = f"tensorflow[and-cuda]=={facts.version}" if tf else f"jax[cuda12]=={facts.version}"
    install = f'Run `pip install "{package}"` and restart the kernel.'
    fine = "Every chapter also runs on the CPU."
    if facts.backend not in ("tensorflow", "jax"):
        return (
            f"this book looks for GPUs with TensorFlow and JAX only, not with {facts.backend}",
            "Set the environment variable KERAS_BACKEND to tensorflow and restart the kernel.",
        )
    if facts.system == "Darwin" and facts.machine == "arm64":
        return (
            f"{name} itself does not use Apple's GPU; Apple's separate add-on does",
            f"{fine} The add-on (tensorflow-metal, jax-metal) is made for certain older versions and may not "
            f"load beside {name} {facts.version}.",
        )
    if facts.system == "Darwin":
        return f"{name} does not use the GPU of an Intel Mac", fine
    if facts.system == "Windows":
        return (
            f"{name} uses no GPU in native Windows (TensorFlow's last version that did was 2.10)",
            "Install WSL2 and set the book up inside it. " + fine,
        )
    if facts.colab and not facts.driver_gpus:
        return (
            "this Colab runtime has no accelerator",
            "Choose Runtime > Change runtime type > GPU, then run the chapter from the top.",
        )
    if facts.driver_gpus and _hides_all(facts.visible, facts.driver_gpus):
        return (
            f"the environment variable CUDA_VISIBLE_DEVICES is {facts.visible!r}, which hides every GPU",
            "Unset it and restart the kernel.",
        )
    if facts.driver_gpus and not facts.gpu_build:
        remove = "`pip uninstall tensorflow-cpu`, then " if tf else ""
        return f"the {name} installed here is a build for CPUs only", f"First {remove}{install[0].lower()}{install[1:]}"
    if facts.driver_gpus and facts.missing:
        return f"the GPU and its driver are there, but not the CUDA libraries ({', '.join(facts.missing)})", install
    if facts.driver_gpus:
        return (
            f"GPU, driver and CUDA libraries are there, but {name} {facts.version} could not start them; "
            "often the driver or the GPU is too old for this version",
            "Update NVIDIA's driver. To read the cause, restart the kernel with TF_CPP_MIN_LOG_LEVEL=0 set.",
        )
    if facts.wsl:
        return (
            "WSL2 shows no NVIDIA GPU",
            "If the computer has one, install NVIDIA's driver in Windows (none inside WSL2) and run "
            "`wsl --update`. " + fine,
        )
    if facts.container and not facts.driver:
        there = "the machine has an NVIDIA GPU, but" if facts.hardware else "if the machine has an NVIDIA GPU,"
        return (
            f"this is a container, and {there} it was not passed in",
            "Start the container with `--gpus all` (needs NVIDIA's container toolkit on the host). " + fine,
        )
    if facts.driver:
        return (
            "NVIDIA's driver is installed, but it lists no GPU",
            "Run `nvidia-smi`: it says what is wrong (often the driver was updated: restart the machine).",
        )
    if facts.hardware:
        return (
            "there is an NVIDIA GPU, but no NVIDIA driver (neither libcuda nor nvidia-smi)",
            f"Install the driver from your system's packages and restart. Then: {install[0].lower()}{install[1:]}",
        )
    return "this machine has no NVIDIA GPU", fine + " Colab lends GPUs for short sessions."


def _hides_all(visible, count):
    """CUDA's rule: the list ends at the first entry that is no GPU, so such a first entry hides all."""
    if visible is None:
        return False
    first = visible.split(",")[0].strip()
    return not first.startswith(("GPU-", "MIG-")) and not (first.isdigit() and int(first) < count)


def gather_facts():
    """Look at this machine and return its `Facts`."""
    import keras

    backend = keras.backend.backend()
    rows = _nvidia_smi()
    version, gpus, gpu_build = _ask_backend(backend)
    memory = [mib / 1024 for name, mib in rows if gpus and name == gpus[0]]
    return Facts(
        backend=backend,
        version=version,
        gpus=tuple(gpus),
        gpu_gib=memory[0] if memory else None,
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        ram_gib=_ram_gib(),
        system=platform.system(),
        machine=platform.machine(),
        gpu_build=gpu_build,
        hardware=_on_the_bus(),
        driver=bool(rows) or _loads("libcuda.so.1"),
        driver_gpus=len(rows),
        missing=_missing_libraries() if backend == "tensorflow" and rows and not gpus else (),
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
        colab="google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ,
        container=Path("/.dockerenv").exists() or Path("/run/.containerenv").exists(),
        wsl="microsoft" in platform.release().lower(),
    )


def _ask_backend(backend):
    """Return the backend's version, the names of the GPUs that it sees, and if it was built for them."""
    if backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details
        gpus = [details(gpu).get("device_name", gpu.name) for gpu in tf.config.list_physical_devices("GPU")]
        return tf.__version__, gpus, tf.test.is_built_with_cuda()
    if backend == "jax":
        import jax

        gpus = [device.device_kind for device in jax.devices() if device.platform == "gpu"]
        return jax.__version__, gpus, any(importlib.util.find_spec(f"jax_cuda{n}_plugin") for n in (12, 13))
    return "", [], False


def _nvidia_smi():
    """Return (name, memory in MiB) of each GPU that NVIDIA's driver lists."""
    program = shutil.which("nvidia-smi") or "/usr/lib/wsl/lib/nvidia-smi"
    try:
        command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
        listing = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        rows = [line.rsplit(",", 1) for line in listing.strip().splitlines()]
        return [(name.strip(), float(mib)) for name, mib in rows]
    except (OSError, ValueError, subprocess.SubprocessError):  # no program, no driver, no GPU
        return []


CUDA_LIBRARIES = {  # what TensorFlow's CUDA 12 build loads: part of the pip extra `and-cuda`, and file
    "cuda_runtime": "libcudart.so.12",
    "cublas": "libcublas.so.12",
    "cufft": "libcufft.so.11",
    "cusolver": "libcusolver.so.11",
    "cusparse": "libcusparse.so.12",
    "cudnn": "libcudnn.so.9",
}


def _missing_libraries():
    pip = importlib.util.find_spec("nvidia") is not None
    return tuple(
        part
        for part, file in CUDA_LIBRARIES.items()
        if not (pip and importlib.util.find_spec(f"nvidia.{part}")) and not _loads(file)
    )


def _loads(library):
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _on_the_bus():
    for vendor in Path("/sys/bus/pci/devices").glob("*/vendor"):
        with contextlib.suppress(OSError):
            if vendor.read_text().strip() == "0x10de":  # NVIDIA
                return True
    return False


def _cpu_name():
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _ram_gib():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        return None


def training_settings():
    """Return keyword arguments for `compile` that suit this machine.

    `jit_compile`: whether XLA compiles the training step; True if it compiles a tiny function
    here, else False and a sentence that says so. `steps_per_execution`: how many steps the
    backend takes before it returns to Python.

    The batch size is not among them: it is 250 everywhere in this book, with or without a GPU,
    because it changes what is learned (fewer, smoother steps an epoch when it is larger), and
    the recorded figures would no longer be those of your run.
    """
    return {"jit_compile": xla_works(), "steps_per_execution": 20}


def compile_tiny():
    """Compile and run a tiny function with XLA; raise if that does not work here."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        double = tf.function(lambda x: tf.reduce_sum(x @ x), jit_compile=True, autograph=False)
        assert float(double(tf.ones((4, 4)))) == 64


@functools.cache  # once a process
def xla_works(probe=compile_tiny):
    """Return whether XLA compiles here; say so if not. JAX always compiles with XLA."""
    try:
        with quiet():
            probe()
    except Exception as error:  # whatever this platform raises
        say(
            f"XLA does not work here ({type(error).__name__}), so training runs without it: slower, and "
            "with other noise, so figures differ a little from those in the text."
        )
        return False
    return True


def predict_time(vae, x, epochs, batch_size, validation=None, blocks=4):
    """Predict how many seconds `helpers.training.train` would take with these arguments.

    Trains a copy of the compiled model for a few blocks of `steps_per_execution` steps; the model
    and the seeds stay as they are.

    Args:
        vae: a compiled model with `get_config` and `from_config`.
        x: training images, shape (n, 28, 28).
        epochs: epochs of the run.
        batch_size: images a step.
        validation: images evaluated after each epoch, or None.
        blocks: blocks to time.

    Returns:
        Seconds, compiling included.
    """
    import keras

    from helpers.training import train

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            times.append(time.perf_counter())

    states = random.getstate(), np.random.get_state()  # a new model draws the seeds of its layers from here
    copy = type(vae).from_config(vae.get_config())
    optimizer = type(vae.optimizer).from_config(vae.optimizer.get_config())
    block = vae.steps_per_execution
    copy.compile(optimizer, jit_compile=vae.jit_compile, steps_per_execution=block)
    few = x[np.arange(batch_size * block * (blocks + 1)) % len(x)]
    times = [time.perf_counter()]
    train(copy, few, epochs=1, batch_size=batch_size, callbacks=[Clock()], show=False)
    seconds = np.diff(times)  # the first block compiles
    one = np.median(seconds[1:])
    steps = -(-len(x) // batch_size)
    total = max(0.0, seconds[0] - one) + epochs * one * steps / block
    if validation is not None:
        evaluate = functools.partial(copy.evaluate, validation, batch_size=min(500, len(validation)), verbose=0)
        times = [time.perf_counter()]
        for _ in range(2):  # the first compiles
            evaluate()
            times.append(time.perf_counter())
        one = times[2] - times[1]
        total += max(0.0, times[1] - times[0] - one) + epochs * one
    random.setstate(states[0])
    np.random.set_state(states[1])
    return float(total)
