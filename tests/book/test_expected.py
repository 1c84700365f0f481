"""What the site asks in its pages: every question of the chapters has its few answers, and all of it is plain data."""

import json
import re
import tomllib

import pytest

from helpers.exercises.answers import exercise
from helpers.exercises.inpage import QUESTIONS, exercise_data, questions
from helpers.places import BOOK
from tools.check import notebooks

ASKED = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
CHAPTERS = {notebooks.chapter_of(path): path for path in sorted(BOOK.glob("*.ipynb")) if notebooks.chapter_of(path)}
ENTRIES = [(chapter, each) for chapter, entries in ASKED.items() for each in entries]


def flat(text):
    """Return code on one line, with single blanks."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_question_of_a_chapter_has_its_answers_and_the_reverse(chapter):
    summaries = re.findall(
        r"<summary>(What do you expect.*?)</summary>", notebooks.prose(notebooks.read(CHAPTERS[chapter]))
    )
    assert sorted(summaries) == sorted(each["question"] for each in ASKED.get(chapter, []))
    assert len(set(summaries)) == len(summaries) and list(questions(chapter)) == [
        e["question"] for e in ASKED.get(chapter, [])
    ]


@pytest.mark.parametrize("chapter, entry", ENTRIES, ids=[f"{c}-{e['question'][:50]}" for c, e in ENTRIES])
def test_one_answer_is_borne_out_by_the_code_and_the_others_have_a_hint(chapter, entry):
    code = flat("\n".join(c["source"] for c in notebooks.read(CHAPTERS[chapter])["cells"] if c["cell_type"] == "code"))
    assert entry["borne_by"] and [each for each in entry["borne_by"] if each not in code] == []
    said = list(entry["choices"].values())
    hints = [hint for hint in said if hint is not True]
    assert said.count(True) == 1 and 2 <= len(hints) == len(set(hints))
    assert all(re.match(r"[a-z`(\d].*\.$", hint) for hint in hints)  # it goes on after a colon


def test_questions_and_exercises_are_told_apart():
    ids = [each["id"] for chapter in CHAPTERS for each in questions(chapter).values()]
    assert len(set(ids)) == len(ids) == len(ENTRIES) > 30


def test_an_exercise_by_hand_is_plain_data():
    assert exercise_data("5.2", exercise("5.2")) is None and exercise_data("5.9", exercise("5.9")) is None
    data = exercise_data("8.1", exercise("8.1"))
    assert json.loads(json.dumps(data, allow_nan=False)) == data and (data["rtol"], data["atol"]) == (0, 0.01)
    elbo, _, most = data["parts"]
    assert elbo["truth"] == {"value": -102.0, "whole": True} and most["truth"] == {"value": "Infinity", "whole": False}
    assert list(elbo["mistakes"][0]) == ["hint", "answer"] and data["keypad"] == "text"  # a minus sign is needed
    possible = exercise_data("2.1", exercise("2.1"))["parts"][-1]
    assert possible["choices"] == ["yes", "no"] and possible["truth"] == "no"
    assert exercise_data("1.1", exercise("1.1"))["keypad"] == "decimal"
