"""The answers to the exercises that check themselves, a module a chapter, and the mistakes that have a hint.

Spoilers. Each mistake is written as what somebody who makes it would answer, so that tests/book/test_exercises.py can
make it: the truth has to pass, and every mistake to get its own hint and no other. An entry's number is that of the
exercise in its chapter; the text of an exercise and its solution stand there.
"""

import importlib


def exercise(number):
    """Return the `helpers.exercises.kinds.Exercise` of a number, "5.2" or "A2.1", or None if there is none."""
    chapter = number.partition(".")[0].lower()
    try:
        module = importlib.import_module(f"{__name__}.{f'ch{chapter:0>2}' if chapter.isdigit() else chapter}")
    except ModuleNotFoundError:
        return None
    return module.EXERCISES.get(number)
