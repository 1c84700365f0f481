"""The questions: each answer stands where its link leads, and the page and the chapters are as `make questions` writes
them.
"""

import json
import re

import pytest

from helpers.places import BOOK
from tools.build import questions
from tools.check import notebooks

GROUPS = questions.groups()
EVERY = [each for _, group in GROUPS for each in group]
CHAPTERS = sorted(path.name for path in BOOK.glob("*.ipynb") if re.match(r"\d\d_|a\d_", path.name))


def markdown(file):
    """Return the Markdown of a page (*.md) or chapter (*.ipynb) of the book."""
    path = BOOK / file
    return notebooks.prose(notebooks.read(path)) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def answer(text, anchor):
    """Return the paragraph that an anchor begins."""
    return text.split(f'<a id="{anchor}"></a>')[1].split("\n\n")[0]


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.anchor)
def test_the_answer_stands_where_the_link_leads(each):
    text = markdown(each.file)
    assert text.count(f'<a id="{each.anchor}"></a>') == 1
    plain = re.sub(r"[*_`]|\]\([^)]*\)|\[", "", answer(text, each.anchor))
    assert each.key.replace("_", "").lower() in " ".join(plain.split()).lower()


def test_the_page_is_what_the_list_gives():
    assert questions.page(GROUPS) == questions.PAGE.read_text(encoding="utf-8"), "run: make questions"


def test_each_chapter_ends_with_three_questions_as_the_list_has_them():
    found = questions.of_chapters(GROUPS)
    assert sorted(found) == CHAPTERS
    for file, group in found.items():
        notebook = json.loads((BOOK / file).read_text(encoding="utf-8"))
        before = json.dumps(notebook)
        assert len(group) == 3, file
        assert json.dumps(questions.with_list(file, group, notebook)) == before, f"{file}: run: make questions"
        assert markdown(file).count("](#") == 3 and len(notebooks.LISTED.findall(markdown(file))) == 1, file


def test_no_question_stands_twice():
    words = [each.words for each in EVERY]
    assert sorted(set(words)) == sorted(words)


def test_what_leads_to_answers_does_not_count_as_words():
    text = "An answer.\n\n**This chapter answers**\n\n- [Why?](#why)\n- [How?](#how)\n\n## References"
    assert notebooks.without_signposts(f'<a id="why"></a>{text}') == "An answer.\n\n## References"
