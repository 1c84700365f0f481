"""What a training step costs in arithmetic, and how fast the machine could do it. Chapter 10 (Speed)."""

import json
import time

import numpy as np

from helpers.device import xla_works
from helpers.places import DATA


def training_flops(vae):
    """Return the floating-point operations of the matrix products that train a VAE on one image. Chapter 10.

    A product of (1, m) and (m, n) takes 2mn operations, m multiplications and m additions for each of n sums. A
    dense layer needs three of that size: forward, the gradient of the weights, the gradient of its input; nobody
    needs the gradient of the image. Biases, units and the optimiser are left out.
    """
    weights = [w for part in (vae.encoder, vae.decoder) for w in part.trainable_weights]
    matrices = [w.shape[0] * w.shape[1] for w in weights if len(w.shape) == 2]
    return 6 * sum(matrices) - 2 * matrices[0]


EXAMPLE_LAYERS = (  # the convolutional network of the Keras example: a layer's weights, and the places it serves
    (3 * 3 * 1 * 32, 14 * 14),  # two convolutions of stride 2, which leave 14 x 14 and 7 x 7 places
    (3 * 3 * 32 * 64, 7 * 7),
    (7 * 7 * 64 * 16, 1),  # dense layers serve one place
    (16 * 2, 1),
    (16 * 2, 1),
    (2 * 7 * 7 * 64, 1),
    (3 * 3 * 64 * 64, 7 * 7),  # three transposed convolutions, the last without stride
    (3 * 3 * 64 * 32, 14 * 14),
    (3 * 3 * 32 * 1, 28 * 28),
)


def example_flops(layers=EXAMPLE_LAYERS):
    """Return the operations that train the convolutional Keras example on one image, counted as `training_flops`.

    A convolution multiplies each of its weights once at each of its places, those at the padded edge included.

    Args:
        layers: pairs of a layer's number of weights and the number of places at which they are used.
    """
    products = [weights * places for weights, places in layers]
    return 6 * sum(products) - 2 * products[0]


def flops_of(record, label):
    """Return the operations that train one image in a way of a record, by the arithmetic of its own network."""
    return example_flops() if label == "Keras example" else record["machine"]["flops_an_image"]


def matrix_products(matmul, x, weights, back_to_x):
    """Do the matrix products of training a chain of dense layers, and nothing else. Chapter 10.

    Args:
        matmul: a function of two matrices, with `transpose_a` and `transpose_b`.
        x: input of the first layer, shape (batch, inputs).
        weights: matrices of the layers.
        back_to_x: whether the gradient of x is wanted too.

    Returns:
        The gradients of the weights, the last layer's first, and (if wanted) that of x.
    """
    inputs, gradients = [x], []
    for matrix in weights:
        inputs.append(matmul(inputs[-1], matrix))
    back = inputs.pop()  # as if it were the gradient of the outputs: any matrix of this shape will do
    for layer in reversed(range(len(weights))):
        gradients.append(matmul(inputs[layer], back, transpose_a=True))
        if layer or back_to_x:
            back = matmul(back, weights[layer], transpose_b=True)
    return gradients, back


def chains(vae):
    """Return the shapes of the matrices of encoder and decoder, those of mean and log-variance side by side."""
    encoder, decoder = [
        [tuple(layer.kernel.shape) for layer in part.layers if hasattr(layer, "kernel")]
        for part in (vae.encoder, vae.decoder)
    ]
    (width, mean), (_, log_variance) = encoder[-2:]
    return [*encoder[:-2], (width, mean + log_variance)], decoder


def array_matmul(a, b, transpose_a=False, transpose_b=False):
    """Multiply NumPy's or JAX's arrays, with TensorFlow's way to ask for a transpose."""
    return (a.T if transpose_a else a) @ (b.T if transpose_b else b)


def product_steps(vae, batch_size):
    """Return functions that do the matrix products of one training step, one for each library at hand.

    Args:
        vae: a VAE of dense layers.
        batch_size: images a step.

    Returns:
        A dict from the library's name to a function without arguments.
    """
    import keras  # here, so that records can be read without it

    random = np.random.default_rng(0)

    def draw(*shape):  # outputs as large as inputs, however many layers
        return (random.normal(size=shape) / np.sqrt(shape[0])).astype("float32")

    encoder, decoder = [[draw(*shape) for shape in chain] for chain in chains(vae)]
    arrays = draw(batch_size, encoder[0].shape[0]), encoder, draw(batch_size, decoder[0].shape[0]), decoder

    def step(matmul, x, encoder, z, decoder):
        return matrix_products(matmul, x, encoder, False)[0], matrix_products(matmul, z, decoder, True)

    steps = {"NumPy": lambda: step(array_matmul, *arrays)}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tensors = tf.nest.map_structure(tf.constant, arrays)
        graph = tf.function(lambda *tensors: step(tf.matmul, *tensors), autograph=False)
        steps["TensorFlow"] = lambda: graph(*tensors)
    if keras.backend.backend() == "jax":
        import jax

        tensors, compiled = jax.device_put(arrays), jax.jit(lambda *tensors: step(array_matmul, *tensors))
        steps["JAX"] = lambda: jax.block_until_ready(compiled(*tensors))
    return steps


def noise_step(rows, latents):
    """Return a function that draws the noise of one training step, compiled as the step is. Chapter 10.

    Args:
        rows: images a step.
        latents: size of z.
    """
    import keras

    if keras.backend.backend() == "jax":
        import jax

        compiled = jax.jit(lambda seed: keras.random.normal((rows, latents), seed=seed))
        return lambda: jax.block_until_ready(compiled(np.zeros(2, "uint32")))
    import tensorflow as tf

    generator = keras.random.SeedGenerator(0)
    draw = tf.function(lambda: keras.random.normal((rows, latents), seed=generator), jit_compile=xla_works())
    return lambda: draw().numpy()


def take_turns(ways, seconds, rounds):
    """Return the speed of each way in each round, measured in turns, so that a lasting disturbance slows all alike.

    Args:
        ways: a dict from a name to a function that does some work and returns how much (images, say).
        seconds: how long a turn lasts at least.
        rounds: turns of each.

    Returns:
        A dict from the name to an array of the work done in a second, one number for each round.
    """
    speeds = {name: [] for name in ways}
    for way in ways.values():
        way()  # what is compiled is compiled here
    for _ in range(rounds):
        for name, way in ways.items():
            started, done = time.perf_counter(), 0
            while time.perf_counter() - started < seconds:
                done += way()
            speeds[name].append(done / (time.perf_counter() - started))
    return {name: np.array(values) for name, values in speeds.items()}


def disturbances(trainings, products=(), most=1.5):
    """Return reasons not to trust a measurement, an empty list if there is none. Chapter 10 (Speed).

    Args:
        trainings: a dict from a name to the speeds of its rounds, see `take_turns`.
        products: several arrays of the speeds of the matrix products, measured at different times, if they were.
        most: how many times the slowest round the fastest may be.
    """
    reasons = []
    measured = {**trainings, "matrix products": np.concatenate(products)} if products else trainings
    for name, rounds in measured.items():
        factor = np.max(rounds) / np.min(rounds)
        if factor > most:
            reasons.append(f"the rounds of '{name}' differ by a factor of {factor:.1f}")
    limit = min(map(np.median, products), default=np.inf)
    for name, rounds in trainings.items():
        if np.median(rounds) > limit:
            reasons.append(f"'{name}' passes the limit, which on a quiet machine it should not")
    return reasons


def processor_use():
    """Return seconds of processor time: what all programs used so far, what this one did, what there was to use."""
    import psutil  # comes with Jupyter's kernel

    everybody, own = psutil.cpu_times(), psutil.Process().cpu_times()
    return np.array(
        [everybody.user + everybody.system, own.user + own.system, time.perf_counter() * psutil.cpu_count()]
    )


def busy_with_others(since, share=0.15):
    """Return a reason not to trust a measurement, as `disturbances` does: other programs had the processors, too.

    Rounds may be alike and yet too slow, if something else runs all the time.

    Args:
        since: what `processor_use` returned before the measurement, which has just ended.
        share: of the processor time that was used, what others may have. In a container, others are all of the host's.
    """
    used, own, could = processor_use() - since
    if used < 0.85 * could or used - own < share * used:
        return []
    return [f"other programs had {1 - own / used:.0%} of busy processors"]


def load_speed(path=DATA / "speed.json"):
    """Return the record of `make bench` that the book shows, a dict; see `benchmarks.measure`."""
    if not path.exists():
        raise FileNotFoundError(
            f"The recorded speeds, {path}, are missing. Restore them with `git checkout -- book/data/speed.json`, "
            "or measure again with `make bench`."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def measured_on(record):
    """Return a phrase that says on which machine, and with which versions, a record was made."""
    machine = record["machine"]
    units = f"{machine['units']} {'GPU' if machine['kind'] == 'GPU' else 'core'}{'s' if machine['units'] != 1 else ''}"
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{machine['device']}, {units}, {machine['system']}; Keras on {machine['backend']}; {versions}"
