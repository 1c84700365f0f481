"""The notebook checks themselves, on chapter 2 and on copies of it that are broken in one way each."""

import copy
import functools
import json
import operator
import re

import pytest

from helpers.places import BOOK
from tools.check import notebooks

CHAPTER = notebooks.read(BOOK / "02_encoder.ipynb")
FIGURE = next(at for at, cell in enumerate(CHAPTER["cells"]) if notebooks.alt(cell))
QUESTION = next(at for at, cell in enumerate(CHAPTER["cells"]) if "What do you expect" in cell["source"])
STUB = next(at for at, cell in enumerate(CHAPTER["cells"]) if 'check("2.2"' in cell["source"])  # in code
ALT = "cells", FIGURE, "metadata", "mystnb", "image", "alt"
PLAIN = r"""Braces in code: `{ref}` and `{'a': 1}` and $\frac{1}{2}$ and $\text{KL}$`x`.

```python
labels = f'{x}`'
% 2
(here)=
```

Price: 5 % of 3 digits (see)=

$$
q(z) \tag{5.1}
$$

A list:

- `simply` as a name, and a [text](https://example.org/a.md)"""


def problems(folder, change, name="02_encoder.ipynb"):
    """Return what is found in the chapter after a change, beside the other files of the book."""
    notebook = copy.deepcopy(CHAPTER)
    change(notebook)
    for path in BOOK.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / name).unlink()
    (folder / name).write_text(json.dumps(notebook), encoding="utf-8")
    return notebooks.check(folder / name)


def cell(source, kind="code", number=0):
    new = {"cell_type": kind, "metadata": {}, "source": source, "id": f"new{number}"}
    return new | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def add(text, at=2):
    """Return a change that appends text to a cell."""
    return lambda notebook: notebook["cells"][at].update(source=f"{notebook['cells'][at]['source']}\n\n{text}")


def sub(pattern, new):
    """Return a change of the text of all cells; the pattern must be there."""

    def change(notebook):
        found = 0
        for each in notebook["cells"]:
            each["source"], count = re.subn(pattern, new, each["source"], flags=re.MULTILINE)
            found += count
        assert found

    return change


def put(value, *keys):
    """Return a change that sets notebook[key][key]... to a value."""
    return lambda notebook: functools.reduce(operator.getitem, keys[:-1], notebook).update({keys[-1]: value})


def insert(source, at=4, kind="code"):
    """Return a change that puts a cell in."""
    return lambda notebook: notebook["cells"].insert(at, cell(source, kind))


BROKEN = {
    "doubled id": (put(CHAPTER["cells"][1]["id"], "cells", 2, "id"), "id"),
    "no id": (lambda notebook: notebook["cells"][2].pop("id"), "valid notebook|id"),
    "attachment": (put({"a.png": {"image/png": "AA=="}}, "cells", 2, "attachments"), "attachment"),
    "strange kernel": (put("conda-env-mine", "metadata", "kernelspec", "name"), "metadata that belongs"),
    "unknown tag": (put(["raises-exception"], "cells", 3, "metadata", "tags"), "raises-exception"),
    "large": (add("word-" * 25_000), "bytes"),
    "setup changed": (add("print(1)", 1), "tools/check/setup_cell.py"),
    "setup not folded": (put([], "cells", 1, "metadata", "tags"), "remove-cell"),
    "setup twice": (insert(notebooks.SETUP), "more than one setup"),
    "text before setup": (insert("More.", 1, "markdown"), "right after its opening"),
    "magic": (insert("%matplotlib inline"), "not plain Python"),
    "long cell": (insert("x = 1\n" * 31), "31 lines"),
    "long class": (insert("class A:\n" + "    x = 1\n" * 40), "41 lines"),
    "empty alt": (put("Figure of ten digits, each of them in another hand.", *ALT), "what the figure shows"),
    "directive": (add("```{note}\nHello\n```"), "directive"),
    "role": (add("See {ref}`there`."), "a role"),
    "target": (add("(here)=\n## There"), "a target"),
    "labelled equation": (add("$$\na = b\n$$ (eq-a)"), "labelled equation"),
    "comment": (add("% hidden"), "comment"),
    "attribute": (add("{#id .class}\nText."), "attribute"),
    "footnote": (add("Text[^1].\n\n[^1]: Note."), "footnote"),
    "too many words": (add("word " * 2600), "words"),
    "hype": (add("This is simply true."), "simply"),
    "missing page": (add("[chapter 9](09_none.ipynb)"), "09_none.ipynb, which is not a file"),
    "missing picture": (add("![Two digits](figures/none.svg)"), "none.svg"),
    "no extension": (add("[chapter 3](03_decoder)"), "not a file"),
    "title without number": (sub(r"\A# 2\. ", "# "), "numbered title"),
    "two titles": (add("# Another title"), "one title"),
    "no promise": (sub(r"\A(# .+\n)\n.+\n", r"\1"), "promise"),
    "no objectives": (sub(r"\*\*You will be able to\*\*", "Objectives"), "able to do"),
    "one objective": (sub(r"(able to\*\*\n\n- .+\n(?:  .+\n)*)(- .+\n(?:  .+\n)*)+", r"\1"), "able to do"),
    "no prerequisites": (sub(r"\*\*Before you start", "**First"), "prerequisites"),
    "no reading time": (sub("[Rr]eading", "Time"), "reading and running time"),
    "no exercises": (sub("## Exercises", "## Tasks"), "## Exercises"),
    "no summary": (sub("## Summary", "## End"), "## Summary"),
    "no next": (sub(r"\]\(\w+\.ipynb", "](references.md"), "what comes next"),
    "two exercises": (sub(r"\*\*3\. Open", "**And"), "three exercises"),
    "empty solution": (sub(r"(Solution</summary>\n\n)(.|\n)*?\n\n</de", r"\1Two.\n\n</de"), "neither code nor"),
    "no blank line after summary": (sub("</summary>\n\n", "</summary>\n"), "blank line"),
    "no blank line before end": (sub("\n\n</details>", "\n</details>"), "blank line"),
    "no question": (sub("What do you expect", "Think"), "what to expect"),
    "no question mark": (sub(r"\?</summary>", ".</summary>"), "question mark"),
    "no answer": (sub(r"(\?</summary>\n\n)(.|\n)*?\n\n</details>", r"\1One.\n\n</details>"), "8 to 80"),
    "question long before": (insert("More.", QUESTION + 1, "markdown"), "the next cell"),
    "no cell to answer in": (lambda notebook: notebook["cells"].pop(STUB), "exercise 2.2 needs"),
    "cell below its solution": (lambda notebook: notebook["cells"].append(notebook["cells"].pop(STUB)), "2.2 needs"),
}  # fmt: skip


def test_a_good_chapter_has_no_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "MOST_WORDS", 2 * notebooks.MOST_WORDS)  # the chapter may be at the limit
    assert problems(tmp_path, add(PLAIN)) == []


@pytest.mark.filterwarnings("ignore::Warning:nbformat")  # about the ids that are broken on purpose
@pytest.mark.parametrize("change, expected", BROKEN.values(), ids=BROKEN)
def test_a_broken_chapter_is_noticed(tmp_path, change, expected):
    found = problems(tmp_path, change)
    assert any(re.search(expected, problem) for problem in found), found


def test_something_that_is_not_a_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    assert "valid notebook" in notebooks.check(tmp_path / "a.ipynb")[0]


@pytest.mark.parametrize(
    "source, tags, many",
    [("x = 1", [], True), ("x = 1", ["remove-cell"], False), ("x = 1", ["remove-input"], False)]
    + [('show_widget("encoder")', [], False), ("a_panel(x)", [], False)],
)
def test_too_many_cells(tmp_path, source, tags, many):
    more = [cell(source, number=number) for number in range(26)]
    for each in more:
        each["metadata"]["tags"] = tags
    found = problems(tmp_path, lambda notebook: notebook["cells"].extend(more))
    assert ("code cells; at most 25" in "".join(found)) is many  # what is not there to be read does not count


def test_other_pages_need_no_exercises(tmp_path):
    assert problems(tmp_path, put(CHAPTER["cells"][:2], "cells"), "index.ipynb") == []


def shows(kind, what):
    return {"output_type": "display_data", "data": {kind: what}, "metadata": {}}


def test_a_bad_run_is_noticed(tmp_path):
    text, figure, stub = (cell("x") | {"execution_count": 1} for _ in range(3))
    figure["metadata"], stub["metadata"] = CHAPTER["cells"][FIGURE]["metadata"], {"tags": ["exercise"]}
    picture = shows("image/png", "AA==")
    figure["outputs"] = [picture]
    stub["outputs"] = [shows("text/markdown", ["**Exercise 2.2** waits for your answer."])]

    def found():
        (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell("More.", "markdown"), text, figure, stub]}))
        return notebooks.check_executed(tmp_path / "a.ipynb")

    assert found() == []
    text["execution_count"] = None
    text["outputs"] = [{"output_type": "stream", "name": "stderr", "text": ["a\n", "W0000 GPU"]}, picture]
    figure["outputs"] = [picture, picture]
    stub["outputs"] = [shows("text/markdown", ["**Exercise 2.2**: right."])]
    assert found() == [
        "cell 1 was not run",
        "cell 1 wrote to stderr: 'W0000 GPU'",
        "cell 1 shows a picture without alt text in its metadata (mystnb.image.alt)",
        "cell 2 shows 2 pictures; one a cell, so that each has its own alt text",
        "cell 3 does not wait for an answer: leave a blank (...) in it",
    ]
    figure["outputs"] = []
    assert "cell 2 has an alt text and shows no picture" in found()
