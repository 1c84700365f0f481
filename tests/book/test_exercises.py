"""Exercises that check themselves: the truth passes, each mistake gets its own hint, nothing raises."""

import importlib
import math
import re

import chapter_code
import numpy as np
import pytest

from helpers.exercises.checking import check, examine
from helpers.exercises.kinds import Exercise
from helpers.places import BOOK, ROOT
from tools.check import notebooks

WAITS = "**Exercise {}** waits for your answer. Replace the `...` above, and run the cell."
ANSWER_FILES = sorted((ROOT / "helpers/exercises/answers").glob("*[0-9].py"))
ANSWERS = [importlib.import_module(f"helpers.exercises.answers.{path.stem}") for path in ANSWER_FILES]
EXERCISES = {number: exercise for module in ANSWERS for number, exercise in module.EXERCISES.items()}
MISTAKES = [(number, hint) for number, exercise in EXERCISES.items() for hint in exercise.mistakes]


def answer(number, value):
    """Return the verdict on an answer: a dict holds numbers, in place of the true ones."""
    exercise = EXERCISES[number]
    if isinstance(value, dict):
        return examine(number, exercise, parts=exercise.truth | value)
    return examine(number, exercise, value)


def hints(number, verdict):
    """Return which of the exercise's hints a verdict gives."""
    return [hint for hint in EXERCISES[number].mistakes if hint in verdict.text]


# ---- all exercises of the book


@pytest.mark.parametrize("number", EXERCISES)
def test_the_truth_passes(number):
    verdict = answer(number, EXERCISES[number].truth)
    assert verdict and verdict.text == f"**Exercise {number}**: right."


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # the root of a negative number, by mistake
@pytest.mark.parametrize("number, hint", MISTAKES, ids=[f"{n}-{hint[:30]}" for n, hint in MISTAKES])
def test_every_mistake_gets_its_own_hint(number, hint):
    wrong = EXERCISES[number].mistakes[hint]
    for value in [{name: each} for name, each in wrong.items()] if isinstance(wrong, dict) else [wrong]:
        verdict = answer(number, value)
        assert not verdict and hints(number, verdict) == [hint] and "not yet" in verdict.text
        if isinstance(value, dict):  # and the other numbers, which are true, are not blamed
            assert verdict.text.count(": right.") == len(EXERCISES[number].truth) - 1


@pytest.mark.parametrize("number", EXERCISES)
def test_a_wrong_answer_that_nobody_foresaw_gets_a_general_remark(number):
    exercise = EXERCISES[number]
    truth = exercise.truth
    if isinstance(truth, dict):
        numbers = {name: right for name, right in truth.items() if name not in exercise.choices}
        value = {name: 0.5 if math.isinf(right) else 1.37 * right + 0.4321 for name, right in numbers.items()}
        remark = r"it should be (larger|smaller)\."
    elif callable(truth):
        value, remark = (lambda *case: 1.37 * np.asarray(truth(*case)) + 0.4321), r"For .* = .* (is|are) .* is right"
        if exercise.ask:  # a layer: the draws of another distribution
            value = lambda ends: truth(ends) ** 3 + 0.3  # noqa: E731
    else:
        value, remark = 1.37 * truth + 0.4321, "Your array has .* is right"
    verdict = answer(number, value)
    assert not verdict and hints(number, verdict) == [] and re.search(remark.replace("(is|are)", ".*"), verdict.text)


@pytest.mark.parametrize("number", EXERCISES)
def test_nothing_raises(number):
    truth, shown = EXERCISES[number].truth, []
    for nonsense in (
        None,
        -77.7,
        "three",
        [1, "a"],
        [[1], [2, 3]],
        1j,
        {},
        np.zeros((3, 3)),
        np.nan,
        object,
        lambda: 1,
        print,
    ):
        if isinstance(truth, dict):
            verdict = answer(number, dict.fromkeys(truth, nonsense))
        else:
            verdict = examine(number, EXERCISES[number], nonsense)
        assert not verdict and hints(number, verdict) == []
        shown.append(verdict.text)
    assert all(f"Exercise {number}" in text and len(text) < 1500 for text in shown)


# ---- the chapters


def stubs(path):
    """Return {number: code} of the cells that wait for an answer."""
    found = {}
    for cell in notebooks.read(path)["cells"]:
        if notebooks.is_stub(cell):
            (number,) = notebooks.checked(cell["source"])
            found[number] = cell["source"]
    return found


CHAPTERS = [path for path in sorted(BOOK.glob("*.ipynb")) if notebooks.chapter_of(path)]
OPEN = {"A1.1": "its numbers are those of the reader's machine"}  # by hand, and not checked
STUBS = [(path, number) for path in CHAPTERS for number in stubs(path)]


def test_every_answer_belongs_to_an_exercise_of_a_chapter_and_the_reverse():
    assert sorted(number for _, number in STUBS) == sorted(EXERCISES)
    assert all(number.split(".")[0] == notebooks.chapter_of(path) for path, number in STUBS)


def test_every_exercise_by_hand_checks_itself():
    by_hand = {
        f"{notebooks.chapter_of(path)}.{number}"
        for path in CHAPTERS
        for number in re.findall(r"^\*\*(\d)\. By hand", notebooks.prose(notebooks.read(path)), re.MULTILINE)
    }
    assert len(by_hand) == len(CHAPTERS) == 20 and by_hand - OPEN.keys() <= EXERCISES.keys()


@pytest.mark.parametrize("path, number", STUBS, ids=[number for _, number in STUBS])
def test_an_unsolved_exercise_runs_and_waits(path, number, capsys):
    exec(stubs(path)[number], chapter_code.load(path))  # what the chapter imports, and no result of it
    assert capsys.readouterr().out.strip() == WAITS.format(number)


# ---- the comparison itself

AREA = Exercise(
    truth=lambda width, height: width * height,
    mistakes={"That is the way around it.": lambda width, height: 2 * (width + height)},
    cases=lambda rng: [(5.0, 7.0), (2.0, 2.0), (1.0, 3.0)],
)


def test_the_smallest_input_that_fails_is_shown():
    verdict = examine("0.1", AREA, lambda width, height: 4.0 if width == 2 else width + height)
    assert verdict.text == (
        "**Exercise 0.1**: not yet. For width = 1, height = 3, your function gives 4; 3 is right."
    )  # by size, (2, 2) and (1, 3) are equal: both hold two numbers that add up to 4
    late = examine("0.1", AREA, lambda width, height: width * height if width < 5 else 0.0)
    assert "For width = 5, height = 7, your function gives 0; 35 is right." in late.text


def test_a_hint_needs_the_mistake_in_every_case():
    assert "way around" in examine("0.1", AREA, AREA.mistakes["That is the way around it."]).text
    once = examine("0.1", AREA, lambda width, height: 2 * (width + height) if width < 5 else 1.0)
    assert "way around" not in once.text


@pytest.mark.parametrize(
    "given, remark",
    [
        (
            lambda width: width,
            "raised `TypeError: .*takes 1 positional argument but 2 were given`. It is called with (width, height)",
        ),
        (lambda width, height: 1 / 0, "With width = 2, height = 2 it raised `ZeroDivisionError: division by zero`."),
        (lambda width, height: {}["x" * 5000], "it raised `KeyError: 'xxx"),  # of which the beginning is shown
        (lambda width, height: print(end=""), "returns `None`. Is the `return` missing"),
        (lambda width, height: "9", "returns of type str"),
        (lambda width, height: [width * height], "shape (1,); a single number should come out"),
        (lambda width, height: math.nan, "gives nan; 4 is right"),
        (15.0, "without calling it"),
        (type("Square", (), {}), "That is a class; give an object of it"),
    ],
)
def test_what_is_no_answer_is_described(given, remark):
    verdict = examine("0.1", AREA, given)
    pattern = ".*".join(map(re.escape, remark.split(".*")))
    assert not verdict and re.search(pattern, verdict.text) and len(verdict.text) < 500, verdict.text


def stub_with_docstring(width, height):
    """Return the area."""
    ...


@pytest.mark.parametrize("stub", [..., lambda width, height: ..., lambda width, height: None, stub_with_docstring])
def test_a_stub_waits(stub):
    verdict = examine("0.1", AREA, stub)
    assert verdict.waits and not verdict and verdict.text == WAITS.format("0.1")


def test_inputs_are_the_readers_to_change():
    def careless(width, height):
        width[0] = 9
        return float(height)

    exercise = Exercise(
        truth=lambda width, height: width[0] * height,
        mistakes={"That is the height.": lambda width, height: float(height)},
        cases=lambda rng: [(np.array([2.0]), 3.0), (np.array([4.0]), 5.0)],
    )
    assert "That is the height." in examine("0.1", exercise, careless).text


NUMBERS = Exercise(truth={"whole": 128, "part": 0.3679}, mistakes={"the half of it.": {"whole": 64}})


def test_numbers_are_judged_one_by_one():
    verdict = examine("0.2", NUMBERS, parts={"whole": 64, "part": 0.37})
    assert verdict.text == "**Exercise 0.2**: not yet.\n\n- `whole`: the half of it.\n- `part`: right."
    assert "`whole`: it should be larger." in examine("0.2", NUMBERS, parts={"whole": 127}).text
    assert "`part`: waits" in examine("0.2", NUMBERS, parts={"whole": 128}).text
    assert examine("0.2", NUMBERS, parts={"whole": 128.0, "part": np.float32(0.367)})
    assert not examine("0.2", NUMBERS, parts={"whole": 128, "part": 0.36})  # beyond one in a hundred
    assert examine("0.2", NUMBERS, parts={"whole": ..., "part": ...}).waits
    assert "`part`: should be a number, and is of type str." in examine("0.2", NUMBERS, parts={"part": "0.37"}).text
    for given in ({"answer": 128}, {"parts": {"all": 128}}):
        assert 'check("0.2", whole=..., part=...)' in examine("0.2", NUMBERS, **given).text


def test_one_of_a_few_texts_is_an_answer():
    exercise = Exercise(
        truth={"sign": "minus"},
        mistakes={"the derivative turns it.": {"sign": "plus"}},
        choices={"sign": ("plus", "minus", "none")},
    )
    assert examine("0.3", exercise, "minus") and examine("0.3", exercise, parts={"sign": " Minus"})
    assert "the derivative turns it." in examine("0.3", exercise, "plus").text
    assert "not this." in examine("0.3", exercise, "none").text
    for nonsense in ("minos", 1, None, -1.0):
        assert "should be 'plus' or 'minus' or 'none'." in examine("0.3", exercise, nonsense).text


def test_one_number_needs_no_name():
    assert examine("0.3", Exercise(truth={"sum": 7}, mistakes={}), 7)


def test_arrays_are_compared_place_by_place():
    exercise = Exercise(truth=np.eye(4), mistakes={"Upside down.": np.eye(4)[::-1]})
    wrong = np.eye(4)
    wrong[2, 3] = 5
    assert "5 at [2, 3]; 0 is right there." in examine("0.4", exercise, wrong).text
    assert "shape (4,); shape (4, 4) should come out." in examine("0.4", exercise, np.ones(4)).text
    assert "Upside down." in examine("0.4", exercise, np.eye(4)[::-1].tolist()).text
    assert examine("0.4", exercise, np.eye(4).tolist()) and examine("0.4", exercise, ...).waits


def test_tensors_and_layers_are_answers():
    import keras
    from keras import ops

    class Double(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    class Stub(keras.layers.Layer):
        def call(self, x): ...

    exercise = Exercise(
        truth=lambda x: 2 * x,
        mistakes={"That is the square.": lambda x: x**2},
        cases=lambda rng: [(np.float32([3]),), (np.float32(rng.normal(size=(2, 2))),)],
    )
    assert examine("0.5", exercise, Double()) and examine("0.5", exercise, lambda x: ops.multiply(x, 2))
    assert "That is the square." in examine("0.5", exercise, keras.layers.Lambda(ops.square)).text
    assert examine("0.5", exercise, Stub()).waits
    assert '`check("0.5", Double())`' in examine("0.5", exercise, Double).text
    symbolic = examine("0.5", exercise, lambda x: keras.Input((2,)))
    assert "returns of type KerasTensor" in symbolic.text


def test_check_says_its_verdict_and_looks_up_the_exercise(capsys):
    assert check("5.2", EXERCISES["5.2"].truth)
    assert check(5.2, ...).waits
    assert not check("5.9", ...)
    said = capsys.readouterr().out.split("\n")
    assert said[:2] == ["**Exercise 5.2**: right.", WAITS.format("5.2")]
    assert "There is no exercise 5.9" in said[2]


def test_a_cell_that_ends_in_a_check_shows_it_once():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as captured:
            shell.run_cell("from helpers.exercises import check\n\ncheck('5.2', ...)")
    finally:
        InteractiveShell.clear_instance()
    shown = [output.data.get("text/markdown") for output in captured.outputs]
    assert shown == [WAITS.format("5.2")] and "Verdict" not in captured.stdout
