"""Melodies: lines of Bach's chorales in windows of two bars, what can be measured in them.

Chapter 16 (Melodies). Source and licence: ``book/data/README.md``; ``tools/fetch/chorales.py`` makes the file. A tune
is 32 tokens, one for each sixteenth: HOLD (the note before sounds on), REST, or the pitch that is struck.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np

from helpers.files import read_arrays
from helpers.places import DATA

CHORALES_FILE = DATA / "chorales.npz"
CHORALES_SHA256 = "05d5af530f5cd6ac250e62a4092947267c14cd0156a05e7ffc9682173e458173"
CHORALES_CURE = "Restore it with `git checkout -- book/data/chorales.npz`, or run tools/fetch/chorales.py again."

STEPS, BAR, BEAT = 32, 16, 4  # sixteenths of a window, of a bar, and of a beat
HOLD, REST, FIRST = 0, 1, 2  # tokens; FIRST is the pitch LOWEST
LOWEST, HIGHEST = 57, 81  # MIDI numbers: A3 to A5
TOKENS = FIRST + HIGHEST - LOWEST + 1
IN_KEY = (0, 2, 4, 5, 7, 9, 11)  # C D E F G A B, as semitones above C
NAMES = "C C# D D# E F F# G G# A A# B".split()
# one melody, as a comparison of the sopranos shows, although not all of these scores share a window
ONE_MELODY = ("bwv135.6", "bwv244.17", "bwv248.64-6", "bwv248.64-s")


class Chorales(NamedTuple):
    """Windows of the training tunes and of the test tunes, each window once, and the names of their scores.

    x_train, x_test: tokens, int32, shape (n, 32). train_scores, test_scores: numbers in Bach's catalogue (BWV).
    """

    x_train: np.ndarray
    x_test: np.ndarray
    train_scores: tuple
    test_scores: tuple


def load_chorales(path=CHORALES_FILE, seed=0, test_share=1 / 8):
    """Return the windows, split so that no tune is on both sides.

    Bach set many tunes several times. Scores that share a window, directly or through others, count as one tune, and so
    do those of `ONE_MELODY`.

    Args:
        path: the file of this book.
        seed: of the choice of test tunes.
        test_share: share of the tunes (not of the windows) that are kept for the test.

    Returns:
        `Chorales`.

    Raises:
        ValueError: the file is not the one of this book (damaged, altered, another).
        FileNotFoundError: there is no file.
    """
    file = read_arrays(path, CHORALES_SHA256, CHORALES_CURE)
    windows, score, names = (file[name] for name in ("windows", "score", "names"))
    tune = tunes_of(windows, score)  # of each score
    kinds = np.unique(tune)
    order = np.random.default_rng(seed).permutation(kinds)
    chosen = order[: round(len(order) * test_share)]
    tested = np.isin(tune, chosen)
    same = np.isin(names, ONE_MELODY)
    tested[same] = tested[same].any()
    parts = [np.unique(windows[mask[score]], axis=0).astype("int32") for mask in (~tested, tested)]
    return Chorales(*parts, tuple(map(str, names[~tested])), tuple(map(str, names[tested])))


def tunes_of(windows, score):
    """Return which tune each score sings: scores that share a window, directly or through others, sing one.

    Args:
        windows: tokens, shape (n, 32).
        score: for each window the number of its score, shape (n,).

    Returns:
        The lowest number among the scores of the same tune, shape (scores,).
    """
    parent = list(range(int(np.max(score)) + 1))

    def root(k):
        while parent[k] != k:
            k = parent[k]
        return k

    first = {}
    for row, k in zip(map(bytes, np.asarray(windows, "uint8")), map(int, score)):
        a, b = root(first.setdefault(row, k)), root(k)
        parent[max(a, b)] = min(a, b)
    return np.array([root(k) for k in range(len(parent))])


def hymns_in(scores, path=CHORALES_FILE):
    """Return how many hymns some scores set, by what `load_chorales` takes for one hymn. Chapter 16.

    Args:
        scores: names of scores, as in `Chorales`.
        path: the file of this book.
    """
    with np.load(path, allow_pickle=False) as file:
        windows, score, names = (file[name] for name in ("windows", "score", "names"))
    hymn = dict(zip(map(str, names), tunes_of(windows, score)))
    return len({ONE_MELODY if name in ONE_MELODY else hymn[name] for name in scores})


def check_tunes(x, caller):
    """Return tunes as int32 of shape (n, 32); explain if they are none.

    Raises:
        ValueError: another shape, no tune, tokens that are not whole or not from 0 to 26.
    """
    x = np.asarray(x)
    if x.ndim == 1 and x.shape == (STEPS,):
        raise ValueError(f"{caller} takes several tunes, but was given one of shape (32,). Write x[None] for one.")
    if x.ndim != 2 or x.shape[1] != STEPS or not len(x):
        raise ValueError(f"{caller} takes tunes of shape (n, {STEPS}), but was given shape {x.shape}.")
    if x.dtype.kind not in "iu":
        raise ValueError(f"{caller} takes whole tokens, but was given type {x.dtype}. Logits become tokens by argmax.")
    if x.min() < 0 or x.max() >= TOKENS:
        raise ValueError(f"{caller} takes tokens from 0 to {TOKENS - 1}, but was given {x.min()} to {x.max()}.")
    return x.astype("int32")


# ---- reading


def struck(tunes):
    """Return where a note is struck, bool, shape (n, 32)."""
    return np.asarray(tunes) >= FIRST


def midi(tokens):
    """Return the MIDI numbers of struck tokens: 60 is middle C, one more is a semitone higher."""
    return np.asarray(tokens) + (LOWEST - FIRST)


def spell(tune):
    """Return a tune as text, a name for each note struck, `-` for a step held, `.` for a rest.

    No bar line: about half of the windows begin in the middle of a bar (book/data/README.md).
    """
    return " ".join({HOLD: "-", REST: "."}.get(int(t)) or f"{NAMES[midi(t) % 12]}{midi(t) // 12 - 1}" for t in tune)


def notes_of(tune):
    """Return what sounds in a tune: (start, length, MIDI number) of each note, in sixteenths.

    A HOLD after a rest, or before the first note, is silence.
    """
    notes = []
    for step, token in enumerate(np.asarray(tune).tolist()):
        if token >= FIRST:
            notes.append([step, 1, int(midi(token))])
        elif token == REST:
            notes.append(None)
        elif notes and notes[-1] is not None:
            notes[-1][1] += 1
    return [tuple(note) for note in notes if note is not None]


def tune_attributes(tunes):
    """Return height, number of notes and mean leap of tunes. Chapter 16 (Melodies).

    Args:
        tunes: tokens, shape (n, 32).

    Returns:
        Mean pitch of the notes struck (MIDI), how many are struck, and the mean distance between neighbours
        (semitones), shape (n, 3). A tune without notes has the middle of the range; with fewer than two, leap 0.
    """
    rows = []
    for tune in check_tunes(tunes, "tune_attributes"):
        pitches = midi(tune[tune >= FIRST])
        height = pitches.mean() if len(pitches) else (LOWEST + HIGHEST) / 2
        rows.append([height, len(pitches), np.abs(np.diff(pitches)).mean() if len(pitches) > 1 else 0])
    return np.array(rows)


# ---- measures


def share_in_key(tunes):
    """Return the share of the notes struck that are white keys (all tunes stand in C major or A minor). Chapter 16."""
    tunes = check_tunes(tunes, "share_in_key")
    return float(np.isin(midi(tunes[struck(tunes)]) % 12, IN_KEY).mean()) if struck(tunes).any() else 0.0


def repeated_bars(tunes):
    """Return the share of tunes whose second half, as long as a bar, is the first again. Chapter 16."""
    tunes = check_tunes(tunes, "repeated_bars")
    return float((tunes[:, :BAR] == tunes[:, BAR:]).all(axis=1).mean())


def intervals(tunes, n=2):
    """Count runs of n intervals between struck neighbours, in semitones. Chapter 16.

    Returns:
        A Counter from tuples such as (2, -1), up two and down one, to how often they occur in all tunes.
    """
    found = Counter()
    for tune in check_tunes(tunes, "intervals"):
        steps = np.diff(midi(tune[tune >= FIRST])).tolist()
        found.update(tuple(steps[i : i + n]) for i in range(len(steps) - n + 1))
    return found


def rhythms(tunes, beats=2):
    """Count rhythms of a few quarter notes, from every beat on: where notes are struck. Chapter 16.

    Returns:
        A Counter from tuples of 4 * beats flags to how often they occur in all tunes.
    """
    on = struck(check_tunes(tunes, "rhythms"))
    size = 4 * beats
    return Counter(tuple(row) for at in range(0, STEPS - size + 1, 4) for row in on[:, at : at + size].tolist())


def jensen_shannon(a, b):
    """Return the Jensen-Shannon divergence of two counts, in nats. Chapter 16; Lin (1991).

    The mean KL of each from their average: 0 if the shares are equal, log 2 if nothing is common.

    Args:
        a, b: Counters.

    Raises:
        ValueError: one of them is empty.
    """
    if not a or not b:
        raise ValueError("jensen_shannon compares two counts, but one of them is empty.")
    total_a, total_b = sum(a.values()), sum(b.values())
    p, q = (np.array([each[key] for key in a | b]) / total for each, total in ((a, total_a), (b, total_b)))
    middle = (p + q) / 2

    def kl(share):
        seen = share > 0
        return np.sum(share[seen] * np.log(share[seen] / middle[seen]))

    return float((kl(p) + kl(q)) / 2)


def nearest_tune(tunes, reference):
    """Find the most similar reference tune of each: fewest steps that differ (Hamming distance). Chapter 16.

    Returns:
        (index, distance), each of shape (n,).
    """
    tunes, reference = check_tunes(tunes, "nearest_tune"), check_tunes(reference, "nearest_tune")
    far = np.array([(reference != tune).sum(axis=1) for tune in tunes])
    return far.argmin(axis=1), far.min(axis=1)


# ---- rivals


class MarkovChain:
    """A rival without latents: each token depends on its step and on what was struck last. Chapter 16.

    Counts of training tunes, with a small number added so that nothing is impossible. The two halves of a window share
    their counts: step 17 is step 1 again. Windows begin at a bar line or half a bar later, so a step is no beat of a
    bar.

    Args:
        tunes: training tokens, shape (n, 32).
        extra: what is added to each count.
    """

    def __init__(self, tunes, extra=0.001):
        tunes = check_tunes(tunes, "MarkovChain")
        self.first = np.bincount(tunes[:, 0], minlength=TOKENS) + 0.0
        self.counts = np.full((BAR, TOKENS, TOKENS), extra)
        last = tunes[:, 0].copy()
        for step in range(1, STEPS):
            np.add.at(self.counts, (step % BAR, last, tunes[:, step]), 1)
            last = np.where(tunes[:, step] == HOLD, last, tunes[:, step])
        self.first /= self.first.sum()
        self.counts /= self.counts.sum(axis=2, keepdims=True)

    def sample(self, n, seed):
        """Return n tunes, int32, shape (n, 32); the same seed gives the same tunes."""
        rng = np.random.default_rng(seed)
        tunes = np.zeros((n, STEPS), "int32")
        tunes[:, 0] = last = rng.choice(TOKENS, n, p=self.first)
        for step in range(1, STEPS):
            heap = self.counts[step % BAR, last].cumsum(axis=1)
            tunes[:, step] = np.minimum((rng.random((n, 1)) > heap).sum(axis=1), TOKENS - 1)
            last = np.where(tunes[:, step] == HOLD, last, tunes[:, step])
        return tunes


def shuffled_tunes(tunes, n, seed):
    """Return n tunes by chance: each step takes the token that a random training tune has there. Chapter 16."""
    tunes = check_tunes(tunes, "shuffled_tunes")
    rows = np.random.default_rng(seed).integers(0, len(tunes), (n, STEPS))
    return tunes[rows, np.arange(STEPS)]
