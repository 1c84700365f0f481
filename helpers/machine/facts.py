"""What can be seen of the machine."""

import contextlib
import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


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
