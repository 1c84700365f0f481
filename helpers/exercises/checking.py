"""Exercises that check themselves: an answer is held against the truth, and a known mistake gets its own hint.

A chapter calls `check` in the cell below an exercise. What is right, and which wrong answers are known, stands in
`helpers.exercises.answers`; here is how the two are compared. Nothing is raised for a wrong answer, only said.
"""

import copy
import dis
import inspect

import numpy as np

from helpers.exercises.answers import exercise
from helpers.exercises.kinds import Verdict
from helpers.notebook import say

BY_HAND, IN_CODE = 1e-2, 1e-3  # relative tolerance: of numbers that a reader may round, of what a function gives
SHOWN = 8  # numbers of an array that a remark prints


def check(number, answer=..., /, **parts):
    """Compare a reader's answer with the truth, and say what came out.

    Args:
        number: the exercise, as "5.2" for the second of chapter 5.
        answer: an array, a function (not called) or a layer. `...` waits.
        parts: of an exercise by hand, each number or text by its name. `...` waits.

    Returns:
        A Verdict, true if all is right. A wrong answer never raises.
    """
    verdict = examine(str(number), exercise(str(number)), answer, parts)
    say(verdict.text)
    return verdict


def examine(number, exercise, answer=..., parts=None):
    """Return the Verdict on an answer to an Exercise; `check` looks the exercise up and says the text."""
    parts = parts or {}
    if exercise is None:
        return Verdict(f"There is no exercise {number} that checks itself.")
    if isinstance(exercise.truth, dict):
        found = _judge_numbers(number, exercise, answer, parts)
    elif parts:
        found = f'this exercise takes one answer, without a name: `check("{number}", ...)`.'
    else:
        found = (_judge_function if callable(exercise.truth) else _judge_array)(number, exercise, answer)
    name = f"**Exercise {number}**"
    if found is ...:
        return Verdict(f"{name} waits for your answer. Replace the `...` above, and run the cell.", waits=True)
    if found is True:
        return Verdict(f"{name}: right.", right=True)
    return Verdict(f"{name}: {found}")


def _judge_numbers(number, exercise, answer, parts):
    """Return True, `...` or a remark on what was worked out by hand."""
    truth = exercise.truth
    blanks = ", ".join(f"{name}=..." for name in truth)
    if answer is not ... and len(truth) == 1 and not parts:
        parts = {name: answer for name in truth}
    elif answer is not ... or not parts.keys() <= truth.keys():
        return f'give every number by its name, `check("{number}", {blanks})`.'
    judges = {name: _judge_choice if name in exercise.choices else _judge_number for name in truth}
    found = {name: judges[name](exercise, name, parts.get(name, ...)) for name in truth}
    if all(value is ... for value in found.values()):
        return ...
    if all(value is True for value in found.values()):
        return True
    words = {True: "right.", ...: "waits for your answer."}
    return "not yet.\n\n" + "\n".join(f"- `{name}`: {words.get(value, value)}" for name, value in found.items())


def _judge_number(exercise, name, value):
    """Return True, `...` or a remark on one number."""
    if value is ...:
        return ...
    right = exercise.truth[name]
    try:
        given = _numbers(value)
    except TypeError as error:
        return f"should be a number, and is {error}."
    if _same(given, right, exercise, BY_HAND):
        return True
    for hint, wrong in exercise.mistakes.items():
        if name in wrong and _same(given, wrong[name], exercise, BY_HAND):
            return hint
    if given.shape != np.shape(right):
        return f"has {_size(given)}; {_size(np.asarray(right))} should come out."
    if given.ndim or np.isnan(given):
        return "not this."
    return f"it should be {'larger' if given < right else 'smaller'}."


def _judge_choice(exercise, name, value):
    """Return True, `...` or a remark on one of a few texts."""
    if value is ...:
        return ...
    given = value.strip().lower() if isinstance(value, str) else None
    if given not in exercise.choices[name]:
        return f"should be {' or '.join(map(repr, exercise.choices[name]))}."
    if given == exercise.truth[name]:
        return True
    return next((hint for hint, wrong in exercise.mistakes.items() if wrong.get(name) == given), "not this.")


def _judge_array(number, exercise, answer):
    """Return True, `...` or a remark on an array."""
    if answer is ...:
        return ...
    try:
        given = _numbers(answer)
    except TypeError as error:
        return f"not yet. The answer should be an array of numbers, and is {error}."
    right = np.asarray(exercise.truth)
    if _same(given, right, exercise, IN_CODE):
        return True
    for hint, wrong in exercise.mistakes.items():
        if _same(given, wrong, exercise, IN_CODE):
            return f"not yet. {hint}"
    return f"not yet. {_difference('Your array has', given, right, exercise)}"


def _judge_function(number, exercise, answer):
    """Return True, `...` or a remark on a function or a layer."""
    ask = exercise.ask or (lambda function, *case: function(*case))
    names = list(inspect.signature(exercise.ask or exercise.truth).parameters)[1 if exercise.ask else 0 :]
    takes = f"It is called with ({', '.join(names)})."
    if answer is ...:
        return ...
    if inspect.isclass(answer):
        return f'not yet. That is a class; give an object of it: `check("{number}", {answer.__name__}())`.'
    if not callable(answer):
        return f'not yet. Give a function without calling it, `check("{number}", name_of_it)`. {takes}'
    if _is_empty(answer):
        return ...
    cases = sorted(exercise.cases(np.random.default_rng(0)), key=_effort)
    given = []
    for case in cases:
        try:
            result = ask(answer, *copy.deepcopy(case))
        except Exception as error:
            said = f"{type(error).__name__}: {error}".splitlines()[0][:200].replace("`", "'")
            return f"not yet. With {_inputs(names, case)} it raised `{said.rstrip()}`. {takes}"
        if result is ...:
            return ...
        if result is None:
            return "not yet. It returns `None`. Is the `return` missing?"
        try:
            given.append(_numbers(result))
        except TypeError as error:
            return f"not yet. It should return numbers, and returns {error}."

    def answers(function):
        with np.errstate(all="ignore"):  # a mistake may divide by zero
            return [np.asarray(ask(function, *copy.deepcopy(case))) for case in cases]

    def equal(others):
        return [_same(one, other, exercise, IN_CODE) for one, other in zip(given, others)]

    right = answers(exercise.truth)
    if all(equal(right)):
        return True
    for hint, wrong in exercise.mistakes.items():
        if all(equal(answers(wrong))):
            return f"not yet. {hint}"
    first = equal(right).index(False)
    where = f"For {_inputs(names, cases[first])}, {exercise.gives}"
    return f"not yet. {_difference(where, given[first], right[first], exercise)}"


def _is_empty(function):
    """Say whether nothing was written into a function (or the call of a layer) but a docstring, `...` or pass."""
    body = getattr(getattr(type(function), "call", function), "__code__", None)
    if body is None or len(body.co_code) > len((lambda: None).__code__.co_code):
        return False
    returned = [step.argval for step in dis.get_instructions(body) if step.opname.endswith("_CONST")]
    return returned in ([None], [...])


def _numbers(value):
    """Return a value as an array of floats; a TypeError says what else it is."""
    kind = "`None`" if value is None else f"of type {type(value).__name__}"
    try:
        array = np.asarray(value)
        if value is None or array.dtype.kind in "USc":
            raise TypeError(kind)
        return array.astype("float64")
    except Exception:
        raise TypeError(kind) from None


def _same(given, right, exercise, tolerance):
    """Say whether two arrays are equal: whole numbers exactly, others within the tolerance."""
    right = np.asarray(right)
    if given.shape != right.shape:
        return False
    if right.dtype.kind in "biu":
        return np.allclose(given, right, rtol=1e-9, atol=1e-9)
    rtol = tolerance if exercise.rtol is None else exercise.rtol
    return np.allclose(given, right, rtol=rtol, atol=exercise.atol, equal_nan=True)


def _effort(case):
    """Return by what inputs are ordered: how many numbers they hold, then how large these are."""
    arrays = [np.asarray(part, "float64") for part in case]
    return sum(array.size for array in arrays), float(sum(np.abs(array).sum() for array in arrays))


def _difference(where, given, right, exercise):
    """Return the sentence on what an answer is and should be: its size, all of it if short, else the first place."""
    if given.shape != right.shape:
        return f"{where} {_size(given)}; {_size(right)} should come out."
    if right.size <= SHOWN:
        return f"{where} {_text(given)}; {_text(right)} is right."
    places = map(tuple, np.argwhere(np.ones(right.shape, bool)).tolist())
    place = next(each for each in places if not _same(given[each], right[each], exercise, IN_CODE))
    return f"{where} {_text(given[place])} at {list(place)}; {_text(right[place])} is right there."


def _inputs(names, case):
    """Return the arguments of a call as text."""
    return ", ".join(f"{name} = {_text(value)}" for name, value in zip(names, case))


def _size(array):
    """Return the shape of an array in words."""
    return f"shape {array.shape}" if array.ndim else "a single number"


def _text(value):
    """Return numbers as text, fractions with four digits; of a large array, its shape."""
    array = np.asarray(value)
    if array.size > SHOWN:
        return f"an array of {_size(array)}"
    digits = {"float_kind": lambda number: f"{number:.4g}"}
    return np.array2string(array, formatter=digits, separator=", ").replace("\n", "")
