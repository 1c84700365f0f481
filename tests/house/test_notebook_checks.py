"""The notebook checks themselves, on a small good chapter and on copies broken in one way each."""

import copy
import json
import re

import pytest

from tools.check import notebooks

SETUP = 'REPOSITORY = ""  # the setup cell of these tests'
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
        cell(SETUP, tags=["remove-cell"]),
        cell(QUESTION, "markdown"),
        cell("from helpers import plots\n\nx = [1, 2]\nx"),
        cell("plots.image_grid(x)", mystnb={"image": {"alt": ALT}}),
        cell(EXERCISES, "markdown"),
        cell(STUB, tags=["exercise"]),
        cell(CLOSING, "markdown"),
    ]
    for number, one in enumerate(cells):
        one["id"] = f"c{number}"
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(folder, notebook, name="02_encoder.ipynb"):
    (folder / "references.md").write_text('<a id="kingma2014"></a>Kingma and Welling.\n')
    path = folder / name
    path.write_text(json.dumps(notebook))
    return path


def add(text, at=2):
    """Return a change that appends text to a cell."""

    def change(notebook):
        notebook["cells"][at]["source"].append("\n\n" + text)

    return change


def replace(old, new, at):
    """Return a change of the text of a cell; old must be there."""

    def change(notebook):
        source = "".join(notebook["cells"][at]["source"])
        assert old in source
        notebook["cells"][at]["source"] = [source.replace(old, new)]

    return change


def put(value, *keys):
    """Return a change that sets notebook[key][key]... to a value."""

    def change(notebook):
        place = notebook
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def insert(new, at):
    """Return a change that puts a cell in."""
    return lambda notebook: notebook["cells"].insert(at, new | {"id": "new"})


def test_a_good_chapter_has_no_problem(tmp_path):
    assert notebooks.check(write(tmp_path, chapter()), SETUP) == []


BROKEN = {
    "output": (put([{"output_type": "stream", "name": "stdout", "text": "1"}], "cells", 3, "outputs"), "has outputs"),
    "execution count": (put(1, "cells", 3, "execution_count"), "has outputs"),
    "doubled id": (put("c1", "cells", 2, "id"), "id"),
    "no id": (lambda notebook: notebook["cells"][2].pop("id"), "valid notebook|id"),
    "old format": (put(4, "nbformat_minor"), "valid notebook|4.5"),
    "empty cell": (put([], "cells", 3, "source"), "cell 3 is empty"),
    "attachment": (put({"a.png": {"image/png": "AA=="}}, "cells", 2, "attachments"), "attachment"),
    "strange kernel": (put("conda-env-mine", "metadata", "kernelspec", "name"), "kernel python3"),
    "widget state": (put({}, "metadata", "widgets"), "metadata that belongs"),
    "kernel's version": (put("3.11.7", "metadata", "language_info", "version"), "metadata that belongs"),
    "unknown tag": (put(["raises-exception"], "cells", 3, "metadata", "tags"), "raises-exception"),
    "unknown metadata": (put(True, "cells", 3, "metadata", "collapsed"), "collapsed"),
    "large": (add("word-" * 25_000), "bytes"),
    "setup changed": (add("print(1)", 1), "tools/check/setup_cell.py"),
    "setup missing": (lambda notebook: notebook["cells"].pop(1), "tools/check/setup_cell.py"),
    "setup not folded": (put([], "cells", 1, "metadata", "tags"), "remove-cell"),
    "setup not first": (insert(cell("x = 1"), 1), "first code cell"),
    "setup twice": (insert(cell(SETUP), 4), "more than one setup"),
    "text before setup": (insert(cell("More.", "markdown"), 1), "right after its opening"),
    "magic": (insert(cell("%matplotlib inline"), 4), "not plain Python"),
    "shell": (insert(cell("!pip install x"), 4), "not plain Python"),
    "long cell": (insert(cell("x = 1\n" * 31), 4), "31 lines"),
    "long class": (insert(cell("class A:\n" + "    x = 1\n" * 40), 4), "41 lines"),
    "figure without alt": (put({}, "cells", 4, "metadata"), "without alt text"),
    "short alt": (put("Digits.", "cells", 4, "metadata", "mystnb", "image", "alt"), "what the figure shows"),
    "empty alt": (put("Figure of " + ALT, "cells", 4, "metadata", "mystnb", "image", "alt"), "what the figure shows"),
    "directive": (add("```{note}\nHello\n```"), "directive"),
    "nested directive": (add("- ```{figure} a.png\n  ```\n\n  ````{tip}\n  x\n  ````"), "directive"),
    "colon directive": (add(":::{note}\nHello\n:::"), "directive|colon fence"),
    "role": (add("See {ref}`there`."), "a role"),
    "domain role": (add("See {py:func}`there`."), "a role"),
    "target": (add("(here)=\n## There"), "a target"),
    "labelled equation": (add("$$\na = b\n$$ (eq-a)"), "labelled equation"),
    "comment": (add("% hidden"), "comment"),
    "attribute": (add("{#id .class}\nText."), "attribute"),
    "footnote": (add("Text[^1].\n\n[^1]: Note."), "footnote"),
    "too many words": (add("word " * 2600), "words"),
    "hype": (add("This is simply true."), "simply"),
    "missing page": (add("[chapter 9](09_none.ipynb)"), "09_none.ipynb, which is not a file"),
    "missing picture": (add("![Two digits](figures/none.svg)"), "none.svg"),
    "missing picture in HTML": (add('<img src="none.png" alt="Two digits">'), "none.png"),
    "no extension": (add("[chapter 2](02_encoder)"), "not a file"),
    "unknown reference": (add("[A (1999)](references.md#a1999)"), "a1999"),
    "no title": (replace("# 2. The encoder", "The encoder", 0), "numbered title"),
    "title without number": (replace("# 2. The", "# The", 0), "numbered title"),
    "two titles": (add("# Another title"), "one title"),
    "no promise": (replace("In this chapter a test reads a chapter that is as short as can be.\n\n", "", 0), "promise"),
    "no objectives": (replace("**You will be able to**", "Objectives", 0), "able to do"),
    "one objective": (replace("- say what a good chapter has;\n", "", 0), "able to do"),
    "no prerequisites": (replace("**Before you start:**", "First:", 0), "prerequisites"),
    "no reading time": (replace("Reading takes a minute, ", "", 0), "reading and running time"),
    "no running time": (replace(", running a second", "", 0), "reading and running time"),
    "no exercises": (replace("## Exercises", "## Tasks", 5), "## Exercises"),
    "no summary": (replace("## Summary", "## End", 7), "## Summary"),
    "no next": (replace("[the same chapter](02_encoder.ipynb)", "nothing", 7), "what comes next"),
    "two exercises": (replace("**3. Open.**", "And", 7), "three exercises"),
    "no fold": (replace("<details>\n<summary>Solution</summary>", "", 5), "pairs|fold three"),
    "fold left open": (replace("</details>", "", 5), "pairs"),
    "no blank line after summary": (replace("</summary>\n\n", "</summary>\n", 5), "blank line"),
    "no blank line before end": (replace("\n\n</details>", "\n</details>", 5), "blank line"),
    "solution in no Python": (replace("assert 1 + 1 == 2", "assert 1 + 1 ==", 5), "solution that is not Python"),
    "solution that would not run": (replace("```python", "```py", 5), "write ```python"),
    "solution open": (replace("\n```\n", "\n", 5), "not closed"),
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
    notebook = copy.deepcopy(chapter())
    change(notebook)
    problems = notebooks.check(write(tmp_path, notebook), SETUP)
    assert any(re.search(expected, problem) for problem in problems), problems


def test_a_solution_needs_code_or_a_reason(tmp_path):
    notebook = chapter()
    text = re.sub(r"Add the two.*?```\n\n", "Two.\n\n", EXERCISES, count=1, flags=re.DOTALL)
    notebook["cells"][5]["source"] = [text]
    assert notebooks.check(write(tmp_path, notebook), SETUP) == ["solution 1 has neither code nor a reason"]


def test_something_that_is_not_a_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    assert "valid notebook" in notebooks.check(tmp_path / "a.ipynb", SETUP)[0]


def test_too_many_cells(tmp_path):
    notebook = chapter()
    notebook["cells"] += [cell("x = 1") | {"id": f"more{i}"} for i in range(24)]
    (problem,) = notebooks.check(write(tmp_path, notebook), SETUP)
    assert problem.startswith("has 26 code cells; at most 25")
    notebook["cells"][-1]["source"] = ["from helpers.living import show_widget\n", "\n", 'show_widget("encoder")']
    notebook["cells"][-2]["source"] = ["encode_panel(vae, z_mean, y_test)"]
    assert notebooks.check(write(tmp_path, notebook), SETUP) == []  # these are not there to be read


def test_other_pages_need_no_exercises(tmp_path):
    notebook = chapter()
    notebook["cells"] = [cell("# Welcome\n\nHello.", "markdown") | {"id": "a"}, notebook["cells"][1]]
    assert notebooks.check(write(tmp_path, notebook, "index.ipynb"), SETUP) == []
    assert notebooks.check(write(tmp_path, notebook, "02_encoder.ipynb"), SETUP) != []


@pytest.mark.parametrize(
    "text",
    [
        "Braces in code: `{ref}` and `{'a': 1}` and $\\frac{1}{2}$ and $\\text{KL}$`x`.",
        "```python\nlabels = f'{x}`'\n% 2\n(here)=\n```",
        "Price: 5 % of 3 digits (see)=",
        "$$\nq(z) \\tag{5.1}\n$$",
        "A list:\n\n- `simply` as a name",
        "[text](https://example.org/a.md)",
    ],
)
def test_plain_markdown_is_left_alone(tmp_path, text):
    notebook = chapter()
    add(text)(notebook)
    assert notebooks.check(write(tmp_path, notebook), SETUP) == []


@pytest.mark.parametrize(
    "source, expected",
    [
        ("plots.image_grid(x)", True),
        ("figure = plots.image_grid(x)", False),
        ("figure = plots.image_grid(x)\nfigure", True),
        ("from helpers.plots import image_grid\nimage_grid(x)", True),
        ("from helpers.plots import image_grid as grid\ngrid(x)", True),
        ("from helpers.other import image_grid\nimage_grid(x)", False),
        ("piano_rolls(x)", True),
        ("plots.use_style()", False),
        ("plots.player(x, 'Digits')", False),
        ("fig, ax = plt.subplots()\nax.plot(x)", True),
        ("fig, ax = plt.subplots()\nplt.close()", False),
        ("plt.plot(x)\nplt.show()", True),
        ("for x in y:\n    plt.figure()", True),
        ("def draw():\n    return plt.subplots()", False),
        ("print(plots)", False),
        ("x", False),
        ("# nothing", False),
    ],
)
def test_what_makes_a_figure(source, expected):
    assert notebooks.makes_figure(source) is expected


def executed():
    """Return the good chapter as it is after a run."""
    notebook = chapter()
    for count, one in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        one["execution_count"] = count
    picture = {"output_type": "display_data", "data": {"image/png": "AA==", "text/plain": "<Figure>"}, "metadata": {}}
    notebook["cells"][4]["outputs"] = [picture]
    waits = {"text/markdown": ["**Exercise 2.2** waits for your answer."]}
    notebook["cells"][6]["outputs"] = [{"output_type": "display_data", "data": waits, "metadata": {}}]
    return notebook


def test_a_good_run_has_no_problem(tmp_path):
    assert notebooks.check_executed(write(tmp_path, executed())) == []


BAD_RUNS = {
    "error": (3, {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}, "raised ValueError"),
    "warning": (3, {"output_type": "stream", "name": "stderr", "text": ["a\n", "W0000 GPU"]}, "stderr: 'W0000 GPU'"),
    "picture without alt": (
        3, {"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}, "without alt"),
    "vector without alt": (
        3, {"output_type": "execute_result", "data": {"image/svg+xml": ""}, "metadata": {}}, "without alt"),
    "HTML without alt": (
        3, {"output_type": "display_data", "data": {"text/html": ["<p>", "<img src='a'>"]}, "metadata": {}}, "HTML"),
    "ipywidget": (3, {"output_type": "display_data", "metadata": {},
                      "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}}, "an ipywidget"),
    "two pictures": (4, {"output_type": "display_data", "data": {"image/png": ""}, "metadata": {}}, "2 pictures"),
}  # fmt: skip


@pytest.mark.parametrize("at, output, expected", BAD_RUNS.values(), ids=BAD_RUNS)
def test_a_bad_run_is_noticed(tmp_path, at, output, expected):
    notebook = executed()
    notebook["cells"][at]["outputs"].append(output)
    (problem,) = notebooks.check_executed(write(tmp_path, notebook))
    assert expected in problem and f"cell {at}" in problem


def test_an_answer_left_in_a_chapter_is_noticed(tmp_path):
    notebook = executed()
    notebook["cells"][6]["outputs"][0]["data"]["text/markdown"] = ["**Exercise 2.2**: right."]
    assert notebooks.check_executed(write(tmp_path, notebook)) == [
        "cell 6 does not wait for an answer: leave a blank (...) in it"
    ]


def test_the_state_of_ipywidgets_is_noticed(tmp_path):
    notebook = executed()
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    (problem,) = notebooks.check_executed(write(tmp_path, notebook))
    assert "state of ipywidgets" in problem


def test_a_run_that_stopped_or_showed_nothing_is_noticed(tmp_path):
    notebook = executed()
    notebook["cells"][3]["execution_count"] = None
    notebook["cells"][4]["outputs"] = []
    problems = notebooks.check_executed(write(tmp_path, notebook))
    assert problems == ["cell 3 was not run", "cell 4 has an alt text and shows no picture"]


def test_the_command_line_says_what_is_wrong(tmp_path, capsys):
    notebook = chapter()
    notebook["cells"][1]["source"] = [notebooks.SETUP.read_text(encoding="utf-8").rstrip("\n")]
    path = write(tmp_path, notebook)
    assert notebooks.main([str(path)]) == 0 and "1 notebooks, no problem" in capsys.readouterr().out
    notebook["cells"][4]["metadata"] = {}
    write(tmp_path, notebook)
    assert notebooks.main([str(path)]) == 1 and "02_encoder.ipynb cell 4 shows a figure" in capsys.readouterr().out
