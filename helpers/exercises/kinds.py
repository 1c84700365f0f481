"""What an exercise that checks itself is made of, and what comes out."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """What is right in an exercise, and what people answer who made a known mistake.

    The truth says what kind of answer is asked for: a dict {name: number} for what is worked out by hand, an array,
    or a function (also a layer: whatever can be called). A number or array of whole numbers has to be met exactly.
    What is worked out by hand may also be one of a few texts, which `choices` lists. The site asks for it in the page.

    Args:
        truth: the right answer.
        mistakes: {hint: the answer that deserves it}, of the same kind as the truth; of numbers, the wrong ones only.
        cases: for a function: takes a numpy Generator, returns a list of inputs, each the tuple of its arguments.
            Let one of them be tiny: remarks show the smallest input that fails.
        ask: for answers that are not compared by what they return: ask(answer, *case) returns what to compare.
        gives: for remarks, the words for what `ask` returns, with a verb.
        choices: {name: the few texts, in small letters, of which the truth is one}.
        labels: {name: what the page calls a part, in words}; without one, the name.
        rtol: relative tolerance; by default 0.01 for numbers, else 0.001.
        atol: absolute tolerance.
    """

    truth: dict | np.ndarray | Callable
    mistakes: dict
    cases: Callable | None = None
    ask: Callable | None = None
    gives: str = "your function gives"
    choices: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    rtol: float | None = None
    atol: float = 1e-5


@dataclass(frozen=True)
class Verdict:
    """What `check` found: true if the answer is right. Its text has been shown, so a cell that ends in it is quiet."""

    text: str
    right: bool = False
    waits: bool = False

    def __bool__(self):
        return self.right

    def _ipython_display_(self):
        pass
