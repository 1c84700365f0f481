"""Check chapters (book/*.ipynb): `check` reads a notebook as it is kept, `check_executed` a copy that was run.

Each returns a list of sentences, one a problem, that say what to do. Not looked at here is what is noticed anyway:
outputs (nbstripout), solutions that do not run (make test), anchors and ipywidgets (the tests of the built site).
"""

import ast
import itertools
import json
import re
from pathlib import Path

import nbformat

from helpers.places import ROOT

SETUP = (ROOT / "tools/check/setup_cell.py").read_text(encoding="utf-8").rstrip("\n")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MOST_CELLS, MOST_LINES, MOST_CLASS, MOST_WORDS, MOST_BYTES = 25, 30, 40, 2600, 100_000
LIVING = re.compile(r"^(show_widget|\w+_panel)\(", re.MULTILINE)  # a cell to use, not to read
EXERCISE = "exercise"  # the tag of a cell that waits for a reader's answer
# "recorder": see tools/recording/runs.py; "listing": tests/book/test_chapters.py runs this cell alone
TAGS = {"remove-cell", "remove-input", "hide-input", "hide-output", "recorder", "listing", EXERCISE}
IMAGES = ("image/png", "image/svg+xml", "image/jpeg")

# What only MyST understands; looked for outside code, with inline code and mathematics taken out.
MYST = {
    "a directive": re.compile(r"^ *(`{3,}|~{3,}|:{3,}) *\{[\w:-]+\}", re.MULTILINE),
    "a colon fence": re.compile(r"^ *:{3,}", re.MULTILINE),
    "a role": re.compile(r"\{[a-z][\w:-]*\}`[^`\n]+`"),
    "a target": re.compile(r"^ *\([\w:-]+\)= *$", re.MULTILINE),
    "a labelled equation": re.compile(r"\$\$ *\([\w:-]+\) *$", re.MULTILINE),
    "a comment": re.compile(r"^% ", re.MULTILINE),
    "an attribute": re.compile(r"^ *\{[#.][\w .#=-]+\} *$", re.MULTILINE),
    "a footnote": re.compile(r"\[\^[\w-]+\]"),
}
HYPE = re.compile(
    r"\b(simply|obviously|trivially|of course|needless to say|magic(al(ly)?)?|amazing(ly)?|awesome|stunning(ly)?|"
    r"incredibl[ey]|revolutionary|cutting-edge|state-of-the-art|game-chang\w+|unleash\w*|delve\w*)\b",
    re.IGNORECASE,
)
ANCHOR = re.compile(r'<a id="[\w-]+"></a>')
LISTED = re.compile(r"\n\n\*\*This (?:chapter|appendix) answers\*\*\n(?:\n- \[.+)+")  # by tools/build/questions.py

OPENING = {  # what the first cell must have, and what to say if it does not
    r"\A# \d+\. \S": "must open with its numbered title (# 2. The encoder)",
    r"\A.+\n+[A-Z].*[.!?]$": "must have a promise after its title: a sentence in a line of its own",
    r"\*\*You will be able to:?\*\*:?\n+(- .+\n(  .*\n)*){2,}": (
        "must list what the reader will be able to do (**You will be able to** and bullets)"
    ),
    r"\*\*Before you start[.:]?\*\*": "must state its prerequisites (**Before you start:**)",
    r"(?is)(?=.*reading)(?=.*running).*minute": "must state its reading and running time",
}


def read(path):
    """Return a notebook as a dictionary with every source joined to one string."""
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def prose(notebook):
    """Return all Markdown of a notebook as one text."""
    return "\n\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def without_code(text):
    """Return Markdown without fenced code."""
    return re.sub(r"^( *)(`{3,}|~{3,})(?! *\{).*?^ *\2 *$", "", text, flags=re.MULTILINE | re.DOTALL)


def without_signposts(text):
    """Return Markdown without what only leads to answers: anchors, and the list of questions at a chapter's end."""
    return ANCHOR.sub("", LISTED.sub("", text))


def alt(cell):
    """Return the alt text in a cell's metadata, or an empty string."""
    return cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


def is_stub(cell):
    """Say whether a cell waits for a reader's answer."""
    return cell["cell_type"] == "code" and EXERCISE in cell["metadata"].get("tags", [])


def is_hidden(cell):
    """Say whether the site leaves out the code of a cell: one that guards the build, or that puts a result in words."""
    return bool({"remove-cell", "remove-input"} & set(cell["metadata"].get("tags", [])))


def chapter_of(path):
    """Return a chapter as its exercises' numbers begin with it: "5" for 05_loss.ipynb, "A2" for that appendix."""
    found = re.match(r"0?(\d+|a\d)_", Path(path).name)
    return found[1].upper() if found else None


def checked(code):
    """Return the numbers of the exercises that a piece of code (text or syntax tree) checks, in order."""
    calls = [
        node for node in ast.walk(ast.parse(code) if isinstance(code, str) else code) if isinstance(node, ast.Call)
    ]
    calls = [call for call in calls if ast.unparse(call.func) == "check" and call.args]
    return [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]


def check(path):
    """Return the problems of a notebook as it is kept; one whose name begins with two digits is a chapter."""
    path = Path(path)
    try:
        notebook = read(path)
        nbformat.validate(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4))
    except Exception as error:
        return [f"is not a valid notebook: {str(error).splitlines()[0]}"]
    found = [*form(path, notebook), *setup_cells(notebook), *code(notebook), *text(path, notebook)]
    if not re.match(r"\d\d_", path.name):
        return found
    return [*found, *parts(notebook), *expectations(notebook), *answers(path, notebook)]


def form(path, notebook):
    """Yield problems of the file: cell ids, metadata, size."""
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        yield "has cells without an id of their own"
    if notebook["metadata"] != METADATA:
        yield f"has metadata that belongs to one machine or tool; it should have {METADATA}"
    for number, cell in enumerate(notebook["cells"]):
        extra = {"attachments"} & set(cell) | set(cell["metadata"]) - {"tags", "mystnb"}
        extra |= set(cell["metadata"].get("tags", [])) - TAGS
        if extra:
            yield f"cell {number} has attachments, metadata or tags that the book does not use: {sorted(extra)}"
    if path.stat().st_size > MOST_BYTES:
        yield f"has {path.stat().st_size:,} bytes; a notebook without outputs stays below {MOST_BYTES:,}"


def setup_cells(notebook):
    """Yield problems of the setup cell: it is the first code cell, once, equal to its source, not in the site."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not cells or cells[0]["source"] != SETUP:
        yield "must have the text of tools/check/setup_cell.py as its first code cell"
    elif cells[0]["metadata"].get("tags") != ["remove-cell"]:
        yield "must tag the setup cell remove-cell"
    if sum("REPOSITORY =" in cell["source"] for cell in cells) > 1:
        yield "has more than one setup cell"


def code(notebook):
    """Yield problems of the code cells: number, length, plain Python, alt texts that say nothing."""
    cells = [(n, c) for n, c in enumerate(notebook["cells"]) if c["cell_type"] == "code" and c["source"] != SETUP]
    to_read = [c for _, c in cells if not (LIVING.search(c["source"]) or is_stub(c) or is_hidden(c))]
    if len(to_read) > MOST_CELLS:
        yield f"has {len(to_read)} code cells; at most {MOST_CELLS}, without widgets, panels, exercises and hidden ones"
    for number, cell in cells:
        lines = len(cell["source"].splitlines())
        most = MOST_CLASS if re.search(r"^class ", cell["source"], re.MULTILINE) else MOST_LINES
        if lines > most:
            yield f"cell {number} has {lines} lines; at most {most}"
        try:
            ast.parse(cell["source"])
        except SyntaxError as error:
            yield f"cell {number} is not plain Python ({error.msg}): no magics, no shell lines"
        said = alt(cell)
        if said and (len(said) < 30 or re.match(r"(a |an |the )?(figure|plot|image|picture)\b", said, re.I)):
            yield f"cell {number}: its alt text must say what the figure shows: {said!r}"


def text(path, notebook):
    """Yield problems of the Markdown: MyST syntax, details blocks, links, length, words."""
    whole = prose(notebook)
    bare = without_code(whole)
    inline = re.compile(rf"({MYST['a role'].pattern})|(`+)[^`].*?\2")  # a role, or code that only looks like one
    plain = inline.sub(lambda found: found[1] or "` `", bare)
    for name, pattern in MYST.items():
        found = pattern.search(whole if name == "a directive" else plain)
        if found:
            yield f"has {name} of MyST, which Jupyter and Colab show raw: {found[0].strip()!r}"
    words = len(without_signposts(bare).split())
    if words > MOST_WORDS:
        yield f"has {words:,} words of Markdown; at most {MOST_WORDS:,}"
    if re.search(r"</summary>(?!\n\n)", bare) or re.search(r"(?<!\n\n)</details>", whole):
        yield "needs a blank line after </summary> and before </details>, or Markdown inside stays raw"
    for word in sorted({found[0].lower() for found in HYPE.finditer(re.sub(r"\[[^]]*\]\([^)]*\)", "", plain))}):
        yield f"uses the word {word!r}: say what is meant"
    yield from broken_links(path, whole)


def broken_links(path, markdown):
    """Yield problems of the relative links of a page: each leads to a file, by its whole name."""
    plain = re.sub(r"`[^`\n]*`", "", without_code(markdown))
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", plain) + re.findall(r"\b(?:src|href)=\"([^\"]+)\"", plain)
    for target in dict.fromkeys(targets):
        if not re.match(r"[a-z]+:|#", target) and not (Path(path).parent / target.partition("#")[0]).is_file():
            yield f"links to {target}, which is not a file (keep the extension; folders cannot be linked)"


def parts(notebook):
    """Yield the parts of a chapter that are missing: title, promise, objectives, exercises, summary."""
    cells, whole = notebook["cells"], prose(notebook)
    bare, opening = without_code(whole), cells[0]["source"] + "\n"
    yield from (problem for pattern, problem in OPENING.items() if not re.search(pattern, opening, re.MULTILINE))
    if len(re.findall(r"^# ", bare, re.MULTILINE)) != 1:
        yield "must have one title; other headings begin with ## or ###"
    if len(cells) < 2 or cells[1]["cell_type"] != "code":
        yield "must have the setup cell right after its opening"
    for heading in ("Exercises", "Summary"):
        if not re.search(rf"^## +{heading} *$", bare, re.MULTILINE):
            yield f"must have a section '## {heading}'"
    summary = whole[whole.find("## Summary") :].split("\n## References")[0]
    if not re.search(r"\]\(\w+\.ipynb", summary):
        yield "must link to what comes next after its summary"
    exercises = whole[whole.find("## Exercises") :].split("\n## Summary")[0]
    if (count := len(re.findall(r"^\*\*\d\. (By hand|In code|Open)", exercises, re.MULTILINE))) != 3:
        yield f"must have three exercises (**1. By hand.** **2. In code.** **3. Open.**); found {count}"
    folded = re.findall(r"<details>(.*?)</details>", exercises, re.DOTALL)
    if len(folded) != 3:
        yield f"must fold three solutions (<details>); found {len(folded)}"
    for number, solution in enumerate(folded, 1):
        words = len(re.sub(r"<summary>.*?</summary>", "", solution, flags=re.DOTALL).split())
        if "```python\n" not in solution and words < 15:
            yield f"solution {number} has neither code nor a reason"
    if not any(re.search(r"^assert\b", solution, re.MULTILINE) for solution in folded):
        yield "has no solution that asserts anything"


def expectations(notebook):
    """Yield problems of the questions that are asked before an experiment: one at least, short, with an answer."""
    asked, cells = 0, notebook["cells"]
    last = next((number for number, cell in enumerate(cells) if "## Exercises" in cell["source"]), len(cells) - 1)
    question = re.compile(r"<summary>What do you expect\b(.*?)</summary>(.*?)</details>", re.DOTALL)
    for number, (cell, after) in enumerate(itertools.pairwise(cells[: last + 1])):
        for words, answer in question.findall(cell["source"] if cell["cell_type"] == "markdown" else ""):
            asked += 1
            if not words.strip().endswith("?") or not 8 <= len(answer.split()) <= 80:
                yield f"cell {number} asks what to expect: end with a question mark, and answer in 8 to 80 words"
            if after["cell_type"] != "code" or is_stub(after):
                yield f"cell {number} asks what to expect: the experiment should be the next cell"
    if not asked:
        yield "must ask before an experiment what to expect (<summary>What do you expect: ...?</summary> in <details>)"


def answers(path, notebook):
    """Yield the exercises whose cell for the answer is missing or not in its place; tests/book runs these cells."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown" or is_stub(cell)]
    whole = "\n\n".join(cell["source"] for cell in cells)
    exercise = re.compile(r"^\*\*(\d)\. (By hand|In code|Open)(.*?)<details>", re.MULTILINE | re.DOTALL)
    for number, kind, before in exercise.findall(whole):
        number, found = f"{chapter_of(path)}.{number}", re.findall(r'^check\("(.+?)"', before, re.MULTILINE)
        if found != [number] and (found or kind == "In code"):
            yield f'exercise {number} needs above its solution a cell, tagged {EXERCISE}, with check("{number}", ...)'


def check_executed(path):
    """Return the problems of an executed copy: stderr, cells not run, cells with no alt text for one picture."""
    found, notebook = [], read(path)
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        if cell.get("execution_count") is None:
            found.append(f"cell {number} was not run")
        images = 0
        for output in cell["outputs"]:
            if output.get("name") == "stderr":
                line = "".join(output["text"]).strip().splitlines()
                found.append(f"cell {number} wrote to stderr: {line[-1] if line else ''!r}")
            images += any(kind in output.get("data", {}) for kind in IMAGES)
        if is_stub(cell) and "waits for your answer" not in json.dumps(cell["outputs"]):
            found.append(f"cell {number} does not wait for an answer: leave a blank (...) in it")
        if images and not alt(cell):
            found.append(f"cell {number} shows a picture without alt text in its metadata (mystnb.image.alt)")
        if images > 1:
            found.append(f"cell {number} shows {images} pictures; one a cell, so that each has its own alt text")
        if alt(cell) and not images:
            found.append(f"cell {number} has an alt text and shows no picture")
    return found
