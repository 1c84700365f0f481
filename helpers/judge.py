"""How good the samples of a model are, by measures that know no latents. Chapter 8 (How good is it?)."""

import keras
import numpy as np
from keras import layers, ops


def build_classifier():
    """Return the book's classifier: images to the logits of the ten digits. Chapter 8 (How good is it?).

    Two convolutions, then 64 features, then one linear layer.

    Returns:
        A Keras model from images (n, 28, 28) to logits (n, 10).
    """
    image = keras.Input((28, 28), name="image")
    h = layers.Reshape((28, 28, 1))(image)
    h = layers.Conv2D(16, 5, strides=2, activation="silu")(h)  # 28 x 28 -> 12 x 12
    h = layers.Conv2D(32, 3, strides=2, activation="silu")(h)  # 12 x 12 -> 5 x 5
    h = layers.Dense(64, activation="silu", name="features")(layers.Flatten()(h))
    return keras.Model(image, layers.Dense(10, name="logits")(h), name="classifier")


def judge(classifier, images, batch_size=500):
    """Return what the classifier thinks of images. Chapter 8 (How good is it?).

    Args:
        classifier: see `build_classifier` and `helpers.weights.load_classifier`.
        images: shape (n, 28, 28), in [0, 1].
        batch_size: images at a time.

    Returns:
        (probabilities, features): NumPy arrays of shape (n, 10) and (n, 64).
    """
    both = keras.Model(classifier.input, [classifier.output, classifier.get_layer("features").output])
    logits, features = both.predict(np.asarray(images, "float32"), batch_size=batch_size, verbose=0)
    return ops.convert_to_numpy(ops.softmax(logits)), features


def frechet_distance(a, b):
    """Return the Fréchet distance between two sets of features, seen as Gaussians. Chapter 8.

    Heusel et al. (2017), equation 6; there with the features of another network, so figures can only be
    compared within this book.

    Args:
        a, b: features, shape (n, d) and (m, d), with n and m well above d.

    Returns:
        The squared distance: 0 for equal means and covariances.
    """
    mean = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(cov_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cross = np.linalg.eigvalsh(root @ cov_b @ root)  # the eigenvalues of cov_a cov_b, from a symmetric matrix
    return mean + np.trace(cov_a) + np.trace(cov_b) - 2 * np.sum(np.sqrt(np.maximum(cross, 0)))
