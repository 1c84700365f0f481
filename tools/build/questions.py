"""Write what leads to the answers, from book/questions.toml: `make questions`.

That is the page book/questions.md, and the list at the end of each chapter, of the questions that it answers.
"""

import json
import re
import tomllib
from typing import NamedTuple

from helpers.places import BOOK
from tools.check import notebooks

SOURCE = BOOK / "questions.toml"
PAGE = BOOK / "questions.md"
HEAD = """---
html_theme.sidebar_secondary.remove: true
---

# Questions and where they are answered

<!-- Written by `make questions` from questions.toml: edit that file. -->

Each line leads to the paragraph that answers it. Words are explained in the [glossary](notation.md).
"""


class Question(NamedTuple):
    """A question, the file and the anchor of its answer, and words that stand in the paragraph there."""

    words: str
    file: str
    anchor: str
    key: str


def groups(source=None):
    """Return the groups of questions.toml, each a title ("" if it is not on the page) and its questions."""
    source = SOURCE.read_text(encoding="utf-8") if source is None else source
    found = []
    for group in tomllib.loads(source)["group"]:
        each = [Question(words, *place.split("#"), key) for words, place, key in group["questions"]]
        found.append((group.get("title", ""), each))
    return found


def page(found):
    """Return questions.md for groups of questions."""
    parts = [HEAD]
    for title, questions in found:
        if title:
            lines = [f"- [{each.words}]({each.file}#{each.anchor})" for each in questions]
            parts.append("\n".join([f"\n## {title}\n", *lines, ""]))
    return "".join(parts)


def of_chapters(found):
    """Return {file of a chapter: its questions}, for groups of questions."""
    every = [each for _, questions in found for each in questions if each.file.endswith(".ipynb")]
    return {file: [each for each in every if each.file == file] for file in sorted({each.file for each in every})}


def listed(file, questions, text):
    """Return the list of questions for the end of a chapter with this text, in the order of their answers there."""
    kind = "appendix" if file.startswith("a") else "chapter"
    order = sorted(questions, key=lambda each: text.find(f'<a id="{each.anchor}"></a>'))
    return "\n".join([f"\n\n**This {kind} answers**\n", *(f"- [{each.words}](#{each.anchor})" for each in order)])


def with_list(file, questions, notebook):
    """Return the notebook with the list of questions at the end of its summary, in place of an older one."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    texts = ["".join(cell["source"]) for cell in cells]
    wanted = listed(file, questions, "\n".join(texts))
    for cell, text in zip(cells, texts):
        if re.search(r"^## Summary$", text, re.MULTILINE):
            text = notebooks.LISTED.sub("", text)
            start = text.index("## Summary")
            after = re.search(r"\n\n(## References|\*\*References:\*\*)|\Z", text[start:])
            place = start + after.start()
            cell["source"] = (text[:place] + wanted + text[place:]).splitlines(keepends=True)
    return notebook


def write():
    """Write the page and the lists."""
    found = groups()
    PAGE.write_text(page(found), encoding="utf-8")
    for file, questions in of_chapters(found).items():
        notebook = with_list(file, questions, json.loads((BOOK / file).read_text(encoding="utf-8")))
        (BOOK / file).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE.name} and the lists of questions in the chapters")
