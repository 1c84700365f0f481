"""What the site asks in its pages, as plain data: exercises by hand, and the questions before experiments.

No chapter imports this. book/_static/exercises/judge.js judges by these data as `helpers.exercises.checking` does;
tests/built/test_exercises_page.py holds the two equal.
"""

import tomllib
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from helpers.exercises.checking import BY_HAND

QUESTIONS = Path(__file__).with_name("expected.toml")


def exercise_data(number, exercise):
    """Return what the page has to know of an Exercise by hand: a dict for JSON, or None if it is not by hand."""
    if exercise is None or not isinstance(exercise.truth, dict):
        return None
    return {
        "id": number,
        "rtol": BY_HAND if exercise.rtol is None else exercise.rtol,
        "atol": exercise.atol,
        "keypad": _keypad(exercise),
        "parts": [_part(exercise, name) for name in exercise.truth],
    }


@cache
def questions(chapter):
    """Return {words: dict for JSON} of the questions of a chapter, "5" or "A3", before its experiments."""
    found = tomllib.loads(QUESTIONS.read_text(encoding="utf-8")).get(chapter, [])
    return {each["question"]: _question(each) for each in found}


def _question(entry):
    """Return a question of the file as the page has it: its id stays the same for as long as its words do."""
    words = entry["question"]
    return {"id": f"q{zlib.crc32(words.encode()):08x}", "question": words, "choices": list(entry["choices"].items())}


def _part(exercise, name):
    """Return one part of an exercise: its words, the truth and the known mistakes in their order."""
    mistakes = [(hint, wrong[name]) for hint, wrong in exercise.mistakes.items() if name in wrong]
    return {
        "name": name,
        "label": exercise.labels.get(name, name.replace("_", " ")),
        "choices": list(exercise.choices.get(name, ())),
        "truth": _plain(exercise.truth[name]),
        "mistakes": [{"hint": hint, "answer": _plain(wrong)} for hint, wrong in mistakes],
    }


def _plain(value):
    """Return a number as {value, whole}, whole if it has to be met exactly; JSON has no infinity, so as a text."""
    if isinstance(value, str):
        return value
    number = float(value)
    written = number if np.isfinite(number) else "Infinity" if number > 0 else "-Infinity"
    return {"value": written, "whole": np.asarray(value).dtype.kind in "biu"}


def _keypad(exercise):
    """Return which keyboard a phone should show: the one for decimals has no minus sign on some."""
    answers = [exercise.truth, *exercise.mistakes.values()]
    numbers = [value for each in answers for name, value in each.items() if name not in exercise.choices]
    return "decimal" if all(0 <= value < np.inf for value in numbers) else "text"
