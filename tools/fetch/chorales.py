"""Maintainers: cut the lines of Bach's chorales into windows of two bars (book/data/chorales.npz).

A line is a voice or an instrument. The soprano alone, which has the hymn's melody, would give too few windows; the
script says how many of them each line gives.

The scores come with the package music21, which is not among the book's requirements: make a virtual
environment of its own, `pip install music21`, and run there: python -m tools.fetch.chorales

Only scores are used in whose own file nobody states a right: no <rights>, no copyright sign, no permission, no
licence, not even in the credits that are printed on the page. In version 10.5.1 that leaves 48 of 410 files; most of
the others say "PDF © 2004 Margaret Greentree, used by permission". The scores used are listed in the npz and in
book/data/README.md.
"""

import re
import sys
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

from helpers.places import DATA

OUT = DATA / "chorales.npz"
STEPS = 16  # of a bar: a step is a sixteenth
HOLD, REST, FIRST = 0, 1, 2  # tokens; FIRST is the pitch LOWEST
LOWEST, MIDDLE, HIGHEST = 57, 69, 81  # MIDI numbers: A3 to A5
PITCH = 1000  # plus a MIDI number: a pitch that is not yet a token


def text_of(path):
    """Return the score's MusicXML."""
    if path.suffix == ".xml":
        return path.read_text(encoding="utf-8", errors="replace")
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if not name.startswith("META-INF") and name.endswith("xml"))
        return archive.read(name).decode("utf-8", errors="replace")


NOTICE = r"<rights|©|&#169;|&#xA9;|\(c\)|copyright|permission|reserved|licen[sc]e|jsbchorales|greentree"


def unrestricted(path):
    """Say whether nobody states a right anywhere in the score's own file."""
    return re.search(NOTICE, text_of(path), re.IGNORECASE) is None


def tokens_of(part, shift):
    """Return a voice as HOLD, REST or PITCH + its MIDI number for each sixteenth; None for shorter notes."""
    notes = list(part.flatten().notesAndRests)
    if not notes:
        return None
    end = max(Fraction(note.offset) + Fraction(note.quarterLength) for note in notes)
    tokens = np.full(int(end * 4), HOLD)
    held = False
    for note in notes:
        start = Fraction(note.offset) * 4
        if note.duration.isGrace or note.quarterLength == 0:
            continue
        if start.denominator != 1:  # a triplet, or something shorter than a sixteenth
            return None
        if note.isRest:
            token = REST
        elif note.tie is not None and note.tie.type in ("stop", "continue") and held:
            continue
        else:
            token = PITCH + (note if note.isNote else note[-1]).pitch.midi + shift
        held = token != REST
        tokens[int(start)] = token
    return tokens


def shift_of(score):
    """Return by how many semitones a score moves to C major or A minor; None if it is not in 4/4 and one key."""
    from music21 import key, meter

    times = {time.ratioString for time in score.recurse().getElementsByClass(meter.TimeSignature)}
    signatures = {signature.sharps for signature in score.recurse().getElementsByClass(key.KeySignature)}
    if times != {"4/4"} or len(signatures) != 1:
        return None
    shift = (-7 * signatures.pop()) % 12  # to no sharps and no flats
    return shift - 12 * (shift > 6)


def windows(tokens, first):
    """Return windows as long as two bars, half a bar apart, that begin with a struck note, moved into the range.

    About half begin at a bar line, the others inside a bar: nothing that is made of them may draw bar lines.
    """
    found = []
    for start in range(first, len(tokens) - 2 * STEPS + 1, STEPS // 2):
        window = tokens[start : start + 2 * STEPS].copy()
        notes = window >= PITCH
        if not notes[0] or notes.sum() < 4:
            continue
        pitches = window[notes] - PITCH
        pitches += 12 * round((MIDDLE - (pitches.min() + pitches.max()) / 2) / 12)
        if pitches.min() >= LOWEST and pitches.max() <= HIGHEST:
            window[notes] = FIRST + pitches - LOWEST
            found.append(window.astype("uint8"))
    return found


def cut(score):
    """Return the windows of all lines of a score, and for each the name of its line."""
    shift, found, lines = shift_of(score), [], []
    for part in score.parts if shift is not None else []:
        bars = list(part.getElementsByClass("Measure"))
        tokens = tokens_of(part, shift)
        if bars and tokens is not None:
            found += windows(tokens, int(4 * bars[0].highestTime) if bars[0].highestTime < 4 else 0)
            lines += [part.partName] * (len(found) - len(lines))
    return found, lines


def main():
    """Read all scores, and write the windows."""
    import music21

    folder = Path(music21.__file__).parent / "corpus" / "bach"
    rows, origin, used, counts = [], [], [], Counter()
    for path in sorted(folder.glob("bwv*")):
        if path.suffix not in (".mxl", ".xml") or not unrestricted(path):
            continue
        score = music21.converter.parse(path)
        found, lines = cut(score)
        counts.update(lines)
        if found:
            rows += found
            origin += [len(used)] * len(found)
            used.append(path.stem)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT, windows=np.array(rows), score=np.array(origin, "uint16"), names=np.array(used))
    print(
        f"{len(rows)} windows of {len(used)} scores in {OUT.name}, {OUT.stat().st_size / 1e3:.0f} kB:",
        ", ".join(f"{line} {count}" for line, count in counts.most_common()),
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
