"""Ways through the latent space: prints, grids, paths, directions. Chapter 7 (Generation and morphing).

Everything here takes and returns NumPy arrays.
"""

from statistics import NormalDist

import numpy as np
from keras import ops


def develop(decoder, z):
    """Return the prints of codes: the probability of ink in every pixel. Chapter 3 (The decoder).

    Args:
        decoder: model from codes to logits.
        z: codes, shape (n, latent_dim).

    Returns:
        Images in [0, 1], shape (n, 28, 28).
    """
    return ops.convert_to_numpy(ops.sigmoid(decoder(ops.cast(z, "float32"))))


def nearest(images, reference):
    """Find the most similar reference image of each image, pixel by pixel. Chapter 7.

    Args:
        images: shape (n, 28, 28).
        reference: shape (m, 28, 28).

    Returns:
        (index, distance), each of shape (n,): which reference image, and the Euclidean distance
        to it (the root of the summed squared pixel differences).
    """
    a, b = images.reshape(len(images), -1), reference.reshape(len(reference), -1)
    squared = np.sum(a**2, axis=1)[:, None] - 2 * a @ b.T + np.sum(b**2, axis=1)
    return squared.argmin(axis=1), np.sqrt(np.maximum(squared.min(axis=1), 0))


def quantile_grid(n):
    """Return n x n codes in the plane, each standing for an equal share of the prior. Chapter 7.

    The positions along an axis are the quantiles (i + 1/2) / n of the standard normal: with the
    half, the first and last are finite.

    Args:
        n: codes along each axis.

    Returns:
        Codes of shape (n, n, 2), the largest z[1] in the first row, as a picture is printed.
    """
    steps = [NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)]
    right, up = np.meshgrid(steps, steps[::-1])
    return np.stack([right, up], axis=-1)


def lerp(a, b, t):
    """Return the codes at the fractions t of the straight way from a to b. Chapter 7.

    Args:
        a, b: codes, shape (latent_dim,).
        t: fractions, shape (n,).

    Returns:
        Codes of shape (n, latent_dim).
    """
    t = np.asarray(t)[:, None]
    return (1 - t) * a + t * b


def slerp(a, b, t):
    """Return the codes at the fractions t of the spherical way from a to b. Chapter 7.

    White (2016), but the norm goes evenly from that of a to that of b, so that it cannot blow up
    when a and b have different norms and point almost opposite ways.

    Args:
        a, b: codes, shape (latent_dim,).
        t: fractions, shape (n,).

    Returns:
        Codes of shape (n, latent_dim).

    Raises:
        ValueError: a code is zero, or they point opposite ways; then there is no shortest arc.
    """
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    if norm_a == 0 or norm_b == 0:
        raise ValueError("slerp needs two directions, but a code of zeros has none.")
    angle = np.arccos(np.clip(a @ b / (norm_a * norm_b), -1, 1))
    if angle > np.pi - 1e-3:
        raise ValueError("slerp was given opposite codes: no arc between them is the shortest. Go by a third.")
    if angle < 1e-3:
        return lerp(a, b, t)  # the arc is as good as straight, and sin(angle) as good as zero
    t = np.asarray(t)[:, None]
    direction = (np.sin((1 - t) * angle) * a / norm_a + np.sin(t * angle) * b / norm_b) / np.sin(angle)
    return ((1 - t) * norm_a + t * norm_b) * direction


def slant(images):
    """Measure how far the stroke leans to the right: columns for each row upwards. Chapter 7.

    The covariance of right and up, over the variance of up, of the ink seen as a distribution.

    Args:
        images: shape (n, 28, 28), not blank.

    Returns:
        Slants, shape (n,): 0 is upright, 1 leans by 45 degrees.
    """
    up, right = np.mgrid[13.5:-14:-1, -13.5:14]

    def mean(of):
        return np.tensordot(images, of) / images.sum(axis=(1, 2))

    return (mean(right * up) - mean(right) * mean(up)) / (mean(up**2) - mean(up) ** 2)


def thickness(images):
    """Measure the width of the stroke in pixels: twice the ink over the length of its edge. Chapter 7.

    The edge is the sum of the slopes of grey, the root of down squared plus right squared in every square of four
    pixels, so that a turned stroke stays about as thick. Blur counts as thickness.

    Args:
        images: shape (n, 28, 28), not blank.

    Returns:
        Widths, shape (n,).
    """
    down, right = np.diff(images, axis=1), np.diff(images, axis=2)
    edge = np.hypot(down[:, :, 1:] + down[:, :, :-1], right[:, 1:] + right[:, :-1]).sum(axis=(1, 2)) / 2
    return 2 * images.sum(axis=(1, 2)) / edge


def attribute_directions(codes, values):
    """Find one direction for each attribute by least squares. Chapter 7 (Generation and morphing).

    Every latent is fitted as a linear function of the attributes; direction i holds the slopes of
    attribute i: how codes differ, on average, where it is higher by one and the others are equal.

    Args:
        codes: shape (n, latent_dim).
        values: attributes of the images behind the codes, shape (n, attributes).

    Returns:
        Directions, shape (attributes, latent_dim).
    """
    return np.linalg.lstsq(values - values.mean(axis=0), codes - codes.mean(axis=0), rcond=None)[0]


def log_aggregate(z, z_mean, z_log_var):
    """Return the log-density of the aggregate posterior: the mean of q(z|x) over images. Chapter 7.

    Args:
        z: where to ask, shape (n, latent_dim).
        z_mean, z_log_var: what the encoder says of m images, shape (m, latent_dim).

    Returns:
        Nats, shape (n,).
    """
    precision = np.exp(-z_log_var)
    squared = z**2 @ precision.T - 2 * z @ (z_mean * precision).T + np.sum(z_mean**2 * precision, axis=1)
    log_q = -0.5 * (squared + np.sum(z_log_var, axis=1))
    peak = log_q.max(axis=1)  # taken out, so that no exponential overflows
    mean = np.log(np.mean(np.exp(log_q - peak[:, None]), axis=1))
    return peak + mean - z.shape[1] / 2 * np.log(2 * np.pi)
