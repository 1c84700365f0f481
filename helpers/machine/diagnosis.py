"""What training runs on, and if that is no GPU, why, and what to do about it."""

from dataclasses import dataclass

from helpers.machine.facts import gather_facts


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
    install = f'un `pip install "{package}"` and restart the kernel.'
    fine = "Every chapter also runs on the CPU."
    mac, there = facts.system == "Darwin", "the machine has an NVIDIA GPU, but"
    causes = [  # whether it is this, the reason, the cure
        (
            facts.backend not in ("tensorflow", "jax"),
            f"this book looks for GPUs with TensorFlow and JAX only, not with {facts.backend}",
            "Set the environment variable KERAS_BACKEND to tensorflow and restart the kernel.",
        ),
        (
            mac and facts.machine == "arm64",
            f"{name} itself does not use Apple's GPU; Apple's separate add-on does",
            f"{fine} The add-on (tensorflow-metal, jax-metal) is made for certain older versions and may not "
            f"load beside {name} {facts.version}.",
        ),
        (mac, f"{name} does not use the GPU of an Intel Mac", fine),
        (
            facts.system == "Windows",
            f"{name} uses no GPU in native Windows (TensorFlow's last version that did was 2.10)",
            f"Install WSL2 and set the book up inside it. {fine}",
        ),
        (
            facts.colab and not facts.driver_gpus,
            "this Colab runtime has no accelerator",
            "Choose Runtime > Change runtime type > GPU, then run the chapter from the top.",
        ),
        (
            facts.driver_gpus and _hides_all(facts.visible, facts.driver_gpus),
            f"the environment variable CUDA_VISIBLE_DEVICES is {facts.visible!r}, which hides every GPU",
            "Unset it and restart the kernel.",
        ),
        (
            facts.driver_gpus and not facts.gpu_build,
            f"the {name} installed here is a build for CPUs only",
            f"First {'`pip uninstall tensorflow-cpu`, then ' if tf else ''}r{install}",
        ),
        (
            facts.driver_gpus and facts.missing,
            f"the GPU and its driver are there, but not the CUDA libraries ({', '.join(facts.missing)})",
            f"R{install}",
        ),
        (
            facts.driver_gpus,
            f"GPU, driver and CUDA libraries are there, but {name} {facts.version} could not start them; "
            "often the driver or the GPU is too old for this version",
            "Update NVIDIA's driver. To read the cause, restart the kernel with TF_CPP_MIN_LOG_LEVEL=0 set.",
        ),
        (
            facts.wsl,
            "WSL2 shows no NVIDIA GPU",
            "If the computer has one, install NVIDIA's driver in Windows (none inside WSL2) and run "
            f"`wsl --update`. {fine}",
        ),
        (
            facts.container and not facts.driver,
            f"this is a container, and {there if facts.hardware else 'if the machine has an NVIDIA GPU,'} it was not "
            "passed in",
            f"Start the container with `--gpus all` (needs NVIDIA's container toolkit on the host). {fine}",
        ),
        (
            facts.driver,
            "NVIDIA's driver is installed, but it lists no GPU",
            "Run `nvidia-smi`: it says what is wrong (often the driver was updated: restart the machine).",
        ),
        (
            facts.hardware,
            "there is an NVIDIA GPU, but no NVIDIA driver (neither libcuda nor nvidia-smi)",
            f"Install the driver from your system's packages and restart. Then: r{install}",
        ),
        (True, "this machine has no NVIDIA GPU", f"{fine} Colab lends GPUs for short sessions."),
    ]
    return next((reason, cure) for holds, reason, cure in causes if holds)


def _hides_all(visible, count):
    """CUDA's rule: the list ends at the first entry that is no GPU, so such a first entry hides all."""
    if visible is None:
        return False
    first = visible.split(",")[0].strip()
    return not first.startswith(("GPU-", "MIG-")) and not (first.isdigit() and int(first) < count)
