"""The notebook checks themselves, on a small good chapter and on copies broken in one way each."""

import copy
import functools
import json
import operator
import re

import pytest

from tools.check import notebooks

OPENING = """# 2. The encoder

In this chapter a test reads a chapter that is as short as can be.

**You will be able to**

- say what a good chapter has;
- break it in one place
  and see that it is noticed.

**Before you start:** nothing. Reading takes a minute, running a second."""
QUESTION = """## An idea

A line of text.

<details>
<summary>What do you expect: a figure of one digit, or of two?</summary>

Of one digit, since a list with two numbers is no picture at all.

</details>"""
EXERCISE = "**{n}. {kind}.** What is {n} plus {n}?"
SOLUTION = """<details>
<summary>Solution</summary>

Add the two, as you learned it at school, and check what comes out with the line below.

```python
assert {n} + {n} == {sum}
```

</details>"""
STUB = """def double(n):
    ...  # your answer


check("2.2", double)"""
ONE, TWO, THREE = (
    (EXERCISE.format(n=n, kind=kind), SOLUTION.format(n=n, sum=2 * n))
    for n, kind in enumerate(["By hand", "In code", "Open"], 1)
)
TWO_SOLVED = TWO[1].replace("assert 2 + 2 == 4", 'assert check("2.2", lambda n: 2 * n)')
EXERCISES = "\n\n".join(["## Exercises", *ONE, TWO[0]])
CLOSING = f"""{TWO_SOLVED}

{THREE[0]}

{THREE[1]}

## Summary

- Small parts first.

Next comes [the same chapter](02_encoder.ipynb), with mathematics: $\\sigma = \\exp(z)$ and `{{"a": 1}}`.

## References

[Kingma & Welling (2014)](references.md#kingma2014)"""
ALT = "Ten digits in a row, white on black, each in another hand."


def cell(source, kind="code", **metadata):
    new = {"cell_type": kind, "metadata": metadata, "source": source.splitlines(keepends=True)}
    return new | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def chapter():
    """Return a notebook without any problem: opening, setup, text, code, a figure, closing."""
    cells = [
        cell(OPENING, "markdown"),
        cell(notebooks.SETUP, tags=["remove-cell"]),
        cell(QUESTION, "markdown"),
        cell("from helpers import plots\n\nx = [1, 2]\nx"),
        cell("plots.image_grid(x)", mystnb={"image": {"alt": ALT}}),
        cell(EXERCISES, "markdown"),
        cell(STUB, tags=["exercise"]),
        cell(CLOSING, "markdown"),
    ]
    for number, one in enumerate(cells):
        one["id"] = f"c{number}"
    return {"cells": cells, "metadata": copy.deepcopy(notebooks.METADATA), "nbformat": 4, "nbformat_minor": 5}


def write(folder, notebook, name="02_encoder.ipynb"):
    (folder / "references.md").write_text('<a id="kingma2014"></a>Kingma and Welling.\n')
    path = folder / name
    path.write_text(json.dumps(notebook))
    return path


def add(text, at=2):
    """Return a change that appends text to a cell."""
    return lambda notebook: notebook["cells"][at]["source"].append("\n\n" + text)


def replace(old, new, at):
    """Return a change of the text of a cell; old must be there."""

    def change(notebook):
        source = "".join(notebook["cells"][at]["source"])
        assert old in source
        notebook["cells"][at]["source"] = [source.replace(old, new)]

    return change


def put(value, *keys):
    """Return a change that sets notebook[key][key]... to a value."""
    return lambda notebook: functools.reduce(operator.getitem, keys[:-1], notebook).update({keys[-1]: value})


def insert(new, at):
    """Return a change that puts a cell in."""
    return lambda notebook: notebook["cells"].insert(at, new | {"id": "new"})


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


def test_a_good_chapter_has_no_problem(tmp_path):
    notebook = chapter()
    add(PLAIN, 7)(notebook)
    assert notebooks.check(write(tmp_path, notebook)) == []


BROKEN = {
    "doubled id": (put("c1", "cells", 2, "id"), "id"),
    "no id": (lambda notebook: notebook["cells"][2].pop("id"), "valid notebook|id"),
    "attachment": (put({"a.png": {"image/png": "AA=="}}, "cells", 2, "attachments"), "attachment"),
    "strange kernel": (put("conda-env-mine", "metadata", "kernelspec", "name"), "metadata that belongs"),
    "unknown tag": (put(["raises-exception"], "cells", 3, "metadata", "tags"), "raises-exception"),
    "unknown metadata": (put(True, "cells", 3, "metadata", "collapsed"), "collapsed"),
    "large": (add("word-" * 25_000), "bytes"),
    "setup changed": (add("print(1)", 1), "tools/check/setup_cell.py"),
    "setup not folded": (put([], "cells", 1, "metadata", "tags"), "remove-cell"),
    "setup twice": (insert(cell(notebooks.SETUP), 4), "more than one setup"),
    "text before setup": (insert(cell("More.", "markdown"), 1), "right after its opening"),
    "magic": (insert(cell("%matplotlib inline"), 4), "not plain Python"),
    "long cell": (insert(cell("x = 1\n" * 31), 4), "31 lines"),
    "long class": (insert(cell("class A:\n" + "    x = 1\n" * 40), 4), "41 lines"),
    "short alt": (put("Digits.", "cells", 4, "metadata", "mystnb", "image", "alt"), "what the figure shows"),
    "empty alt": (put("Figure of " + ALT, "cells", 4, "metadata", "mystnb", "image", "alt"), "what the figure shows"),
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
    "no extension": (add("[chapter 2](02_encoder)"), "not a file"),
    "title without number": (replace("# 2. The", "# The", 0), "numbered title"),
    "two titles": (add("# Another title"), "one title"),
    "no promise": (replace("In this chapter a test reads a chapter that is as short as can be.\n\n", "", 0), "promise"),
    "no objectives": (replace("**You will be able to**", "Objectives", 0), "able to do"),
    "one objective": (replace("- say what a good chapter has;\n", "", 0), "able to do"),
    "no prerequisites": (replace("**Before you start:**", "First:", 0), "prerequisites"),
    "no reading time": (replace("Reading takes a minute, ", "", 0), "reading and running time"),
    "no exercises": (replace("## Exercises", "## Tasks", 5), "## Exercises"),
    "no summary": (replace("## Summary", "## End", 7), "## Summary"),
    "no next": (replace("[the same chapter](02_encoder.ipynb)", "nothing", 7), "what comes next"),
    "two exercises": (replace("**3. Open.**", "And", 7), "three exercises"),
    "no blank line after summary": (replace("</summary>\n\n", "</summary>\n", 5), "blank line"),
    "no blank line before end": (replace("\n\n</details>", "\n</details>", 5), "blank line"),
    "no question": (replace("What do you expect", "Think", 2), "what to expect"),
    "no question mark": (replace("or of two?", "or of two.", 2), "question mark"),
    "no answer": (replace("Of one digit, since a list with two numbers is no picture at all.", "One.", 2), "8 to 80"),
    "question long before": (insert(cell("More.", "markdown"), 3), "the next cell"),
    "no cell to answer in": (lambda notebook: notebook["cells"].pop(6), "no cell to answer in"),
    "cell to answer in not marked": (put([], "cells", 6, "metadata", "tags"), "tag it exercise"),
    "cell below its solution": (lambda notebook: notebook["cells"].append(notebook["cells"].pop(6)), "stand between"),
    "check of another exercise": (replace("2.2", "2.3", 6), "call check"),
    "cell without a check": (replace('check("2.2", double)', "double", 6), "call check"),
    "answer left in": (replace("...  # your answer", "return 2 * n", 6), "no blank"),
    "solution not checked": (replace("assert check", "check", 7), 'should end in assert check\\("2.2"'),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::Warning:nbformat")  # about the ids that are broken on purpose
@pytest.mark.parametrize("change, expected", BROKEN.values(), ids=BROKEN)
def test_a_broken_chapter_is_noticed(tmp_path, change, expected):
    notebook = chapter()
    change(notebook)
    problems = notebooks.check(write(tmp_path, notebook))
    assert any(re.search(expected, problem) for problem in problems), problems


def test_a_solution_needs_code_or_a_reason(tmp_path):
    notebook = chapter()
    text = re.sub(r"Add the two.*?```\n\n", "Two.\n\n", EXERCISES, count=1, flags=re.DOTALL)
    notebook["cells"][5]["source"] = [text]
    assert notebooks.check(write(tmp_path, notebook)) == ["solution 1 has neither code nor a reason"]


def test_something_that_is_not_a_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    assert "valid notebook" in notebooks.check(tmp_path / "a.ipynb")[0]


def test_too_many_cells(tmp_path):
    notebook = chapter()
    notebook["cells"] += [cell("x = 1") | {"id": f"more{i}"} for i in range(24)]
    (problem,) = notebooks.check(write(tmp_path, notebook))
    assert problem.startswith("has 26 code cells; at most 25")
    notebook["cells"][-1]["source"] = ["from helpers.living import show_widget\n", "\n", 'show_widget("encoder")']
    notebook["cells"][-2]["source"] = ["encode_panel(vae, z_mean, y_test)"]
    assert notebooks.check(write(tmp_path, notebook)) == []  # these are not there to be read


def test_other_pages_need_no_exercises(tmp_path):
    notebook = chapter()
    notebook["cells"] = [cell("# Welcome\n\nHello.", "markdown") | {"id": "a"}, notebook["cells"][1]]
    assert notebooks.check(write(tmp_path, notebook, "index.ipynb")) == []
    assert notebooks.check(write(tmp_path, notebook, "02_encoder.ipynb")) != []


def shows(kind, what):
    return {"output_type": "display_data", "data": {kind: what}, "metadata": {}}


def test_a_bad_run_is_noticed(tmp_path):
    notebook = chapter()
    first, text, figure, stub = (notebook["cells"][at] for at in (1, 3, 4, 6))
    for count, one in enumerate((first, text, figure, stub), 1):
        one["execution_count"] = count
    picture = shows("image/png", "AA==")
    figure["outputs"] = [picture]
    stub["outputs"] = [shows("text/markdown", ["**Exercise 2.2** waits for your answer."])]
    assert notebooks.check_executed(write(tmp_path, notebook)) == []
    first["execution_count"] = None
    text["outputs"] = [{"output_type": "stream", "name": "stderr", "text": ["a\n", "W0000 GPU"]}, picture]
    figure["outputs"] = [picture, picture]
    stub["outputs"] = [shows("text/markdown", ["**Exercise 2.2**: right."])]
    assert notebooks.check_executed(write(tmp_path, notebook)) == [
        "cell 1 was not run",
        "cell 3 wrote to stderr: 'W0000 GPU'",
        "cell 3 shows a picture without alt text in its metadata (mystnb.image.alt)",
        "cell 4 shows 2 pictures; one a cell, so that each has its own alt text",
        "cell 6 does not wait for an answer: leave a blank (...) in it",
    ]
    figure["outputs"] = []
    assert "cell 4 has an alt text and shows no picture" in notebooks.check_executed(write(tmp_path, notebook))
