"""What happens to files, for tests that they are then refused."""

import pickle


def flipped(data):
    """Return bytes with one bit in the middle turned."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGE = {
    "empty": lambda data: b"",
    "end lost": lambda data: data[:-1],
    "one bit flipped": flipped,
    "Git LFS pointer": lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:ee06\nsize 11266754\n",
    "a pickle": lambda data: pickle.dumps({"x_train": [1]}),
}
