"""Melodies: the right file, no tune on both sides, measures that mean what they say, sound at the right pitch."""

import io
import math
import re
import wave
from collections import Counter

import numpy as np
import pytest

from helpers.world import playing, tunes
from helpers.world.tunes import (
    FIRST,
    HOLD,
    LOWEST,
    REST,
    MarkovChain,
    check_tunes,
    hymns_in,
    intervals,
    jensen_shannon,
    load_chorales,
    nearest_tune,
    notes_of,
    repeated_bars,
    rhythms,
    share_in_key,
    shuffled_tunes,
    spell,
    tune_attributes,
    tunes_of,
)


def tune(*notes):
    """Return a window from (pitch, sixteenths): None is a rest."""
    tokens = []
    for pitch, length in notes:
        tokens += [REST if pitch is None else FIRST + pitch - LOWEST] + [HOLD] * (length - 1)
    return np.array(tokens + [REST] * (32 - len(tokens)), "int32")


SCALE = tune(*((pitch, 4) for pitch in (60, 62, 64, 65, 67, 69, 71, 72)))
TWICE = tune(*((pitch, 4) for pitch in (60, 61, 64, 60) * 2))


@pytest.fixture(scope="module")
def chorales():
    return load_chorales()


# ---- the file


def test_facts(chorales):
    x_train, x_test, *_ = chorales
    assert x_train.dtype == x_test.dtype == np.int32 and x_train.shape[1] == x_test.shape[1] == 32
    assert len(x_train) + len(x_test) == 3742 and 200 < len(x_test) < 900
    for part in (x_train, x_test):
        assert len(np.unique(part, axis=0)) == len(part) and (part[:, 0] >= FIRST).all()
        assert part.max() < tunes.TOKENS and ((part >= FIRST).sum(axis=1) >= 4).all()
    assert len(chorales.train_scores) + len(chorales.test_scores) == 43
    hymns = [hymns_in(scores) for scores in (chorales.train_scores, chorales.test_scores)]
    assert sum(hymns) == hymns_in(chorales.train_scores + chorales.test_scores) and hymns_in(tunes.ONE_MELODY) == 1


def test_no_tune_is_on_both_sides(chorales):
    """By a second route: the scores' windows are followed through everything that they share."""
    with np.load(tunes.CHORALES_FILE) as file:
        windows, score, names = (file[name] for name in ("windows", "score", "names"))
    of = {str(name): {bytes(row) for row in windows[score == k]} for k, name in enumerate(names)}
    reached = set().union(*(of[name] for name in chorales.test_scores))
    for name in chorales.train_scores:
        assert not of[name] & reached
    assert {bytes(row) for row in chorales.x_test.astype("uint8")} == reached


def test_the_split_follows_its_seed(chorales):
    assert np.array_equal(load_chorales().x_test, chorales.x_test)
    assert set(load_chorales(seed=1).test_scores) != set(chorales.test_scores)


def test_scores_that_share_a_window_through_others_sing_one_tune():
    a, b, c, d = (tune((60 + k, 4)) for k in range(4))
    windows, score = np.array([a, b, b, c, c, d]), np.array([0, 0, 2, 2, 1, 3])
    assert tunes_of(windows, score).tolist() == [0, 0, 0, 3]


def test_the_passion_chorale_is_on_one_side():
    """Its four scores do not all share a window; without ONE_MELODY some seeds would tear them apart."""
    for seed in range(12):
        chorales = load_chorales(seed=seed)
        assert len(set(tunes.ONE_MELODY) & set(chorales.test_scores)) in (0, 4)
    assert set(tunes.ONE_MELODY) < set(chorales.train_scores + chorales.test_scores)
    with np.load(tunes.CHORALES_FILE) as file:
        windows, score, names = (file[name] for name in ("windows", "score", "names"))
    kinds = {kind for name, kind in zip(names, tunes_of(windows, score)) if name in tunes.ONE_MELODY}
    assert len(kinds) > 1


def test_the_scores_used_are_listed(chorales):
    readme = (tunes.DATA / "README.md").read_text(encoding="utf-8")
    listed = set(readme.split())
    numbers = {name.removeprefix("bwv") for name in chorales.train_scores + chorales.test_scores}
    assert {number for number in numbers if number not in listed and f"{number}," not in listed} == set()
    assert tunes.CHORALES_SHA256 in readme


def test_the_licences_give_a_reason_for_each_score(chorales):
    page = (tunes.DATA.parent / "licences.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("**Why these scores.**")[1].splitlines() if line.startswith("| ")][1:]
    reasons = {score: row.split(" | ")[1] for row in rows for score in row.split(" | ")[0].strip("| ").split(", ")}
    scores = chorales.train_scores + chorales.test_scores
    assert set(reasons) == {name.removeprefix("bwv") for name in scores} and all(map(str.strip, reasons.values()))


def test_the_lines_add_up(chorales):
    """As tools/fetch/chorales.py counted them; the chapter says that the soprano's are a fifth."""
    said = (tunes.DATA / "README.md").read_text(encoding="utf-8").split("- **Which lines.**")[1].split("- **")[0]
    whole, soprano, differ, *others = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", said))
    with np.load(tunes.CHORALES_FILE) as file:
        assert whole == len(file["windows"]) == soprano + sum(others) and differ < soprano
    assert 0.15 < soprano / whole < 0.25


# ---- measures


@pytest.mark.parametrize(
    "wrong, hint",
    [
        (SCALE, r"x\[None\]"),
        (np.zeros((2, 31), int), "shape"),
        (np.zeros((0, 32), int), "shape"),
        (np.zeros((1, 32)), "argmax"),
        (np.full((1, 32), 27), "0 to 26"),
    ],
)
def test_what_is_no_tune_is_refused(wrong, hint):
    with pytest.raises(ValueError, match=hint):
        check_tunes(wrong, "it")


def test_a_tune_is_spelt_and_its_notes_are_found():
    song = tune((60, 4), (None, 4), (73, 8), (60, 1))
    assert spell(song).startswith("C4 - - - . - - - C#5 - - - - - - - C4 . .")
    assert "|" not in spell(song)
    assert notes_of(song) == [(0, 4, 60), (8, 8, 73), (16, 1, 60)]
    assert notes_of(np.array([HOLD, HOLD, 5])) == [(2, 1, 60)]  # nothing is held before the first note


def test_attributes_by_hand():
    height, notes, leap = tune_attributes(SCALE[None])[0]
    assert (height, notes, leap) == (pytest.approx(66.25), 8, pytest.approx(12 / 7))
    assert tune_attributes(np.full((1, 32), REST))[0].tolist() == [69, 0, 0]


def test_key_and_repeats_by_hand():
    both = np.stack([SCALE, TWICE])
    assert share_in_key(SCALE[None]) == 1 and share_in_key(both) == pytest.approx(14 / 16)
    assert repeated_bars(both) == 0.5
    assert share_in_key(np.full((1, 32), REST)) == 0


def test_runs_are_counted():
    assert intervals(SCALE[None], 1) == Counter({(2,): 5, (1,): 2})
    assert intervals(SCALE[None], 2)[(2, 2)] == 3 and sum(intervals(SCALE[None], 2).values()) == 6
    assert rhythms(SCALE[None]) == Counter({(True, False, False, False) * 2: 7})


def test_the_divergence_is_a_distance_of_shares():
    a, b = Counter(x=3, y=1), Counter(y=5)
    assert jensen_shannon(a, a) == 0 and jensen_shannon(a, Counter(x=6, y=2)) == pytest.approx(0)
    assert jensen_shannon(Counter(x=1), b) == pytest.approx(math.log(2))
    p, q, m = (0.75, 0.25), (0, 1), (0.375, 0.625)
    by_hand = (p[0] * math.log(p[0] / m[0]) + p[1] * math.log(p[1] / m[1]) + q[1] * math.log(q[1] / m[1])) / 2
    assert jensen_shannon(a, b) == jensen_shannon(b, a) == pytest.approx(by_hand)
    with pytest.raises(ValueError, match="empty"):
        jensen_shannon(a, Counter())


def test_the_nearest_tune():
    other = SCALE.copy()
    other[[3, 9]] = FIRST
    index, distance = nearest_tune(np.stack([other, TWICE]), np.stack([TWICE, SCALE]))
    assert index.tolist() == [1, 0] and distance.tolist() == [2, 0]


# ---- rivals


def test_the_chain_learns_what_it_was_shown():
    chain = MarkovChain(np.stack([SCALE] * 3))
    assert (chain.sample(20, 0) == SCALE).mean() > 0.9
    assert np.allclose(chain.counts.sum(axis=2), 1) and np.isclose(chain.first.sum(), 1)


def test_the_rivals_draw_tunes_from_their_seed(chorales):
    x = chorales.x_train
    for draw in (MarkovChain(x).sample, lambda n, seed: shuffled_tunes(x, n, seed)):
        some = check_tunes(draw(200, 1), "it")
        assert np.array_equal(some, draw(200, 1)) and not np.array_equal(some, draw(200, 2))
        assert abs((some >= FIRST).sum(axis=1).mean() - (x >= FIRST).sum(axis=1).mean()) < 1


# ---- sound


def read(sound):
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 1, playing.RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "uint8").astype(float) - 128


@pytest.mark.parametrize("pitch", [57, 69, 81])
def test_a_note_sounds_at_its_pitch(pitch):
    sound = read(playing.synthesise(tune((pitch, 32))))[:8000]
    peak = np.abs(np.fft.rfft(sound)).argmax()  # one second: a bin is a hertz
    assert abs(peak - 440 * 2 ** ((pitch - 69) / 12)) <= 1.5


def test_sound_follows_tempo_and_rests():
    slow, fast = (read(playing.synthesise(SCALE, tempo=tempo)) for tempo in (60, 120))
    assert len(slow) == pytest.approx(2 * len(fast), rel=0.1)
    sound = read(playing.synthesise(tune((60, 16), (None, 16))))
    assert np.abs(sound[:16000]).max() > 50 and np.abs(sound[16100:]).max() == 0


def test_audio_elements_have_names_and_no_addresses():
    page = playing.listen({'a "scale"': SCALE, "<b>": TWICE})
    markup = page._repr_html_()
    assert markup.count("<audio controls") == 2 and markup.count("data:audio/wav;base64,") == 2
    assert "<b>" not in markup and 'a "scale"' not in markup and "http" not in markup
    assert "C4 - - - D4" in repr(page)
