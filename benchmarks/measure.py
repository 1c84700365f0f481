"""What `make bench` measures, and the record it makes."""

from benchmarks.team import ask, interleave

TRAININGS = {  # label -> (configuration, options)
    "ours": ("ours", {}),
    "plain fit": ("plain", {}),
    "Keras example": ("example", {}),
}
LIBRARIES = {"tensorflow": ("NumPy", "TensorFlow"), "jax": ("NumPy", "JAX")}  # whose matrix products compete
LEVERS = {  # lever -> setting -> options of `ours`; the first setting is the book's
    "batch size": {"250": {}, "125": {"batch_size": 125}, "500": {"batch_size": 500}, "1000": {"batch_size": 1000}},
    "steps per execution": {"20": {}, "1": {"steps_per_execution": 1}, "60": {"steps_per_execution": 60}},
    "softplus": {"with exp(-|l|)": {}, "ops.softplus": {"kind": "softplus"}},
    "average of the weights": {"no": {}, "yes": {"average": True}},
    "XLA": {"on": {}, "off": {"jit_compile": False}},
    "input": {
        "blocks of 20 batches": {},
        "batches gathered by TensorFlow": {"data": "gathered"},
        "slices cut in Python": {"data": "slices"},
        "array, shuffled by fit": {"data": "array"},
        "images in the graph": {"data": "graph"},
    },
    "numbers": {"float32": {}, "mixed bfloat16": {"dtype": "mixed_bfloat16"}},
    "test digits after each epoch": {"no": {}, "yes": {"validation": True}},
}
OF_TENSORFLOW = ("images in the graph",)  # settings that other backends do not have
GROWTH = {  # what grows -> its values -> options of `ours`
    "images": {n: {"images": n, "whole_epochs": True} for n in (7_500, 15_000, 30_000, 60_000)},
    "width": {n: {"network": {"width": n}} for n in (96, 192, 384, 768)},
    "latent size": {n: {"network": {"latent_dim": n}} for n in (2, 8, 32, 128)},
}


def measure(seconds=14.0, repetitions=7, log=print):
    """Return the record of a benchmark, as JSON can hold it.

    Args:
        seconds: length of a segment; those of levers and growth are shorter.
        repetitions: segments of each configuration; at most 3 for levers and growth.
        log: called with lines of text.
    """
    record = {"machine": ask("machine"), "settings": {"seconds": seconds, "repetitions": repetitions}}
    backend, fewer = record["machine"]["backend"], min(3, repetitions)
    log("Throughput")
    products = {f"products, {library}": ("bound", {"library": library}) for library in LIBRARIES[backend]}
    record["throughput"] = measured = interleave({**TRAININGS, **products}, seconds, repetitions, log)
    record["limit"] = max(products, key=lambda label: measured[label]["images_per_second"])
    record["levers"] = {}
    for lever, settings in LEVERS.items():
        log(f"Lever: {lever}")
        possible = [name for name in settings if backend == "tensorflow" or name not in OF_TENSORFLOW]
        specs = {name: ("ours", settings[name]) for name in possible}
        record["levers"][lever] = against_first(interleave(specs, 0.3 * seconds, fewer, log))
    record["growth"] = {}
    for name, values in GROWTH.items():
        log(f"Growth with {name}")
        specs = {str(value): ("ours", options) for value, options in values.items()}
        measured = interleave(specs, 0.2 * seconds, fewer, log)
        record["growth"][name] = [point(name, value, measured[str(value)]) for value in values]
    for task in ("decoding", "evaluation"):
        log(task.capitalize())
        record[task] = {key: value for key, value in ask(task).items() if key != "memory_mb"}
    return record


def against_first(measured):
    """Add to every row its speed as a multiple of the first's, the book's."""
    book = next(iter(measured.values()))["images_per_second"]
    for row in measured.values():
        row["times_the_book"] = round(row["images_per_second"] / book, 2)
    return measured


def point(name, value, row):
    """Return a measured point of growth: the value, seconds an epoch, and the FLOPs of the products in an epoch."""
    images = value if name == "images" else 60_000
    width = value if name == "width" else 192
    latent_dim = value if name == "latent size" else 2
    return {
        "value": value,
        "seconds_per_epoch": round(images / row["images_per_second"], 4),
        "flops": images * flops_an_image(width, latent_dim),
    }


def flops_an_image(width=192, latent_dim=2, depth=2, pixels=784):
    """Return the operations of the products of one image: `helpers.speed.training_flops` without building a model."""
    encoder = pixels * width + depth * width**2 + 2 * width * latent_dim
    decoder = latent_dim * width + depth * width**2 + width * pixels
    return 6 * (encoder + decoder) - 2 * pixels * width
