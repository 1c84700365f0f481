"""Answers of chapter 10. Spoilers."""

from helpers.exercises.kinds import Exercise

EXERCISES = {}


_CONVOLUTIONS = 9 * (1 * 32 * 14**2 + 32 * 64 * 7**2 + 64 * 64 * 7**2 + 64 * 32 * 14**2 + 32 * 1 * 28**2)
_DENSE = 3136 * 16 + 2 * 16 * 2 + 2 * 3136
_WEIGHTS = 9 * (1 * 32 + 32 * 64 + 64 * 64 + 64 * 32 + 32 * 1) + _DENSE
_OURS = 2 * 784 * 192 + 4 * 192**2 + 3 * 2 * 192  # multiplications, and weights, of the book's network

EXERCISES["10.1"] = Exercise(
    truth={"millions": (_CONVOLUTIONS + _DENSE) / 1e6, "times_ours": (_CONVOLUTIONS + _DENSE) / _OURS},
    labels={"millions": "millions of multiplications", "times_ours": "how many times ours"},
    rtol=0.02,
    mistakes={
        "a filter has 3 × 3 places: 9 weights for each pair of channels.": {
            "millions": (_CONVOLUTIONS / 9 + _DENSE) / 1e6
        },
        "these are additions too; count the multiplications.": {"millions": 2 * (_CONVOLUTIONS + _DENSE) / 1e6},
        "that counts each weight once; a convolution uses it at every place.": {"millions": _WEIGHTS / 1e6},
        "upside down: how many times as many as ours?": {"times_ours": _OURS / (_CONVOLUTIONS + _DENSE)},
        "that compares parameters; compare multiplications.": {"times_ours": _WEIGHTS / _OURS},
    },
)

EXERCISES["10.2"] = Exercise(
    truth=lambda batch, m, n: 2 * batch * m * n / (m * n + batch * m + batch * n),
    cases=lambda rng: [(1, 2, 3), (5, 192, 192), (250, 784, 192)],
    mistakes={
        "You forgot the additions: each product is added to a sum, which makes 2 FLOPs.": (
            lambda batch, m, n: batch * m * n / (m * n + batch * m + batch * n)
        ),
        "The inputs have to be read and the outputs written too.": lambda batch, m, n: 2.0 * batch,
        "The outputs have to be written too.": lambda batch, m, n: 2 * batch * m * n / (m * n + batch * m),
        "The inputs have to be read too.": lambda batch, m, n: 2 * batch * m * n / (m * n + batch * n),
        "The weights are read once for the whole batch, not once an image.": (
            lambda batch, m, n: 2 * batch * m * n / (batch * (m * n + m + n))
        ),
        "Upside down: FLOPs over numbers moved.": (
            lambda batch, m, n: (m * n + batch * m + batch * n) / (2 * batch * m * n)
        ),
    },
)
