"""Tunes as piano rolls and as sound. Chapter 16 (Melodies)."""

import html
import io
import itertools
import wave

import matplotlib.pyplot as plt
import numpy as np

from helpers.files import base64_text
from helpers.plots.style import FAINT, INK, SAFELIGHT, done
from helpers.world.tunes import BEAT, HIGHEST, LOWEST, STEPS, check_tunes, notes_of, spell

TEMPO = 120  # quarter notes a minute
RATE = 8000  # samples a second


def piano_rolls(rows, columns=2, size=(3.9, 1.35)):
    """Show tunes as notes on a grid: time to the right, the beats of the window counted from 1, and pitch upwards.

    No bar line is drawn: a window may begin in the middle of a bar (book/data/README.md).

    Args:
        rows: name -> tokens of a tune, shape (32,), see `helpers.world.tunes`.
        columns: tunes side by side.
        size: inches of each.
    """
    lines = -(-len(rows) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(size[0] * columns, size[1] * lines), squeeze=False, sharex=True, sharey=True
    )
    for ax, (name, tune) in itertools.zip_longest(axes.flat, rows.items(), fillvalue=(None, None)):
        if name is None:
            ax.axis("off")
            continue
        for start, length, pitch in notes_of(tune):
            ax.barh(pitch, length - 0.25, left=start, height=0.9, color=SAFELIGHT, edgecolor=INK, linewidth=0.4)
        ax.set(xlim=(-0.5, STEPS), ylim=(LOWEST - 1, HIGHEST + 1), yticks=[60, 72], yticklabels=["C4", "C5"])
        ax.set_xticks(range(0, STEPS, BEAT), [1 + step // BEAT for step in range(0, STEPS, BEAT)])
        ax.tick_params(axis="x", labelsize=8)
        ax.grid(axis="y", color=FAINT, alpha=0.25)
        ax.set_title(name, fontsize=9.5)
    return done(figure)


def synthesise(tune, tempo=TEMPO, rate=RATE):
    """Return a tune as the bytes of a WAV file: one voice, 8 bits, mono.

    A note is four partials, each fading faster than the one below, with a short fade-in and fade-out.

    Args:
        tune: tokens, shape (m,): one window, or several in a row.
        tempo: quarter notes a minute.
        rate: samples a second.
    """
    step = 15 / tempo  # seconds
    sound = np.zeros(int(rate * (len(tune) * step + 0.3)))
    for start, length, pitch in notes_of(tune):
        t = np.arange(int(rate * length * step)) / rate
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(
            np.sin(2 * np.pi * k * hertz * t) * np.exp(-k * t) / k**2 for k in (1, 2, 3, 4) if k * hertz < rate / 2
        )
        edges = np.minimum(1, np.minimum(t / 0.01, (t[-1] - t) / 0.03))
        at = int(rate * start * step)
        sound[at : at + len(t)] += 0.6 * tone * edges
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(128 + 120 * sound / max(1, np.abs(sound).max())), 0, 255).astype("uint8"))
    return out.getvalue()


class Listen:
    """Tunes as plain audio elements, each with its name and its notes as text; the output of a cell."""

    def __init__(self, tunes, tempo=TEMPO):
        self.tunes, self.tempo = tunes, tempo

    def __repr__(self):
        return "\n".join(f"{name}: {spell(tune)}" for name, tune in self.tunes.items())

    def _repr_html_(self):
        rows = []
        for name, tune in self.tunes.items():
            sound = base64_text(synthesise(tune, self.tempo))
            rows.append(
                f'<figure style="margin: 0.5rem 0"><figcaption>{html.escape(name)}</figcaption>'
                f'<audio controls preload="none" style="max-width: 100%" aria-label="{html.escape(name, quote=True)}" '
                f'src="data:audio/wav;base64,{sound}"></audio></figure>'
            )
        return f'<div class="listen">{"".join(rows)}</div>'


def listen(tunes, tempo=TEMPO):
    """Return tunes as plain audio elements for the page.

    Args:
        tunes: dictionary from names to tokens, shape (32,).
        tempo: quarter notes a minute.
    """
    return Listen({name: check_tunes(np.asarray(tune)[None], "listen")[0] for name, tune in tunes.items()}, tempo)
