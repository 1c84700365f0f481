"""Check chapters: `check` reads a notebook as it is kept, `check_executed` a copy that was run.

Each returns a list of sentences, one a problem, that say what to do. From the command line:
`python -m tools.check.notebooks [--executed] book/*.ipynb` (exit status 1 if there is any problem).
"""

import ast
import json
import re
import sys
from pathlib import Path

import nbformat

from helpers.places import ROOT
from tools.build import chapters

SETUP = ROOT / "tools/check/setup_cell.py"
MOST_CELLS, MOST_LINES, MOST_CLASS, MOST_WORDS, MOST_BYTES = 25, 30, 40, 2600, 100_000
LIVING = re.compile(r"^(show_widget|\w+_panel)\(", re.MULTILINE)  # a cell to use, not to read
EXERCISE = "exercise"  # the tag of a cell that waits for a reader's answer
TAGS = {  # recorder: see tools/recording/runs.py
    "remove-cell",
    "remove-input",
    "hide-input",
    "hide-output",
    "recorder",
    EXERCISE,
}
PIANO = "piano_rolls"  # the one function outside helpers.plots that returns a figure
NO_FIGURE = {"use_style", "player"}  # of helpers.plots; player returns HTML that brings its own alt texts
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


ANCHORED = {  # pages whose entries are linked, and what is wrong with a link to an entry that is not there
    "references.md": "cites {}, which references.bib does not have",
    "notation.md": "links to notation.md#{}, which the glossary does not have",
    "troubleshooting.md": "links to troubleshooting.md#{}, which is no entry there",
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


def solutions(path):
    """Return the code of the folded solutions, and the problem that keeps it from being read, if any."""
    try:
        return chapters.solutions(nbformat.read(path, as_version=4), "it"), None
    except ValueError as error:
        return [], str(error)


def alt(cell):
    """Return the alt text in a cell's metadata, or an empty string."""
    return cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


def is_stub(cell):
    """Say whether a cell waits for a reader's answer."""
    return cell["cell_type"] == "code" and EXERCISE in cell["metadata"].get("tags", [])


def checked(code):
    """Return the numbers of the exercises that a piece of code (text or syntax tree) checks, in order."""
    calls = [
        node for node in ast.walk(ast.parse(code) if isinstance(code, str) else code) if isinstance(node, ast.Call)
    ]
    calls = [call for call in calls if ast.unparse(call.func) == "check" and call.args]
    return [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]


def makes_figure(source):
    """Say whether a code cell shows a picture, as far as its text tells.

    It does if its last line calls a function of helpers.plots or names a figure, or if it makes a pyplot figure at
    its top level (which Jupyter shows on its own). What the text cannot tell, check_executed sees.
    """
    tree = ast.parse(source)
    imported = {name.asname or name.name for node in tree.body if isinstance(node, ast.ImportFrom)
                if node.module == "helpers.plots" for name in node.names}  # fmt: skip
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        value = last.value
        if isinstance(value, ast.Name) and re.fullmatch(r"(fig|figure)\d*", value.id):
            return True
        if isinstance(value, ast.Call):
            name = ast.unparse(value.func)
            module, _, function = name.rpartition(".")
            if (
                (module == "plots" or name in imported or name == PIANO)
                and function not in NO_FIGURE
                and name not in NO_FIGURE
            ):
                return True
    top = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    calls = {ast.unparse(node.func) for part in top for node in ast.walk(part) if isinstance(node, ast.Call)}
    closed = {"plt.close"} & calls
    return bool({"plt.subplots", "plt.figure", "plt.imshow", "plt.plot", "plt.show"} & calls) and not closed


def check(path, setup=None, chapter=None):
    """Return the problems of a notebook as it is kept in the repository.

    Args:
        path: the notebook.
        setup: text of the setup cell; that of tools/check/setup_cell.py if None.
        chapter: whether it must have a chapter's parts; None: if its name begins with two digits.
    """
    path = Path(path)
    setup = (SETUP.read_text(encoding="utf-8") if setup is None else setup).rstrip("\n")
    chapter = bool(re.match(r"\d\d_", path.name)) if chapter is None else chapter
    try:
        notebook = read(path)
        nbformat.validate(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4))
    except Exception as error:
        return [f"is not a valid notebook: {str(error).splitlines()[0]}"]
    found = [*form(path, notebook), *setup_cells(notebook, setup), *code(path, notebook, setup), *text(path, notebook)]
    if not chapter:
        return found
    return [*found, *parts(path, notebook), *expectations(notebook), *answers(path, notebook)]


def form(path, notebook):
    """Yield problems of the file: outputs, cell ids, metadata, size."""
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        yield "has cells without an id of their own"
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5):
        yield "must be in notebook format 4.5"
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        yield "must name the kernel python3"
    extra = set(notebook["metadata"]) - {"kernelspec", "language_info"}
    if extra or set(notebook["metadata"].get("language_info", {})) - {"name"}:
        yield f"has metadata that belongs to one machine or tool: {sorted(extra) or 'language_info'}"
    for number, cell in enumerate(notebook["cells"]):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {number} has outputs: run `nbstripout {path.name}`"
        if not cell["source"].strip():
            yield f"cell {number} is empty"
        if cell.get("attachments"):
            yield f"cell {number} has an attachment: keep pictures as files"
        extra = set(cell["metadata"]) - {"tags", "mystnb"}
        tags = set(cell["metadata"].get("tags", [])) - TAGS
        if extra or tags:
            yield f"cell {number} has metadata or tags that the book does not use: {sorted(extra | tags)}"
    if path.stat().st_size > MOST_BYTES:
        yield f"has {path.stat().st_size:,} bytes; a notebook without outputs stays below {MOST_BYTES:,}"


def setup_cells(notebook, setup):
    """Yield problems of the setup cell: it is the first code cell, once, equal to its source, not in the site."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not cells or cells[0]["source"] != setup:
        yield "must have the text of tools/check/setup_cell.py as its first code cell"
    elif cells[0]["metadata"].get("tags") != ["remove-cell"]:
        yield "must tag the setup cell remove-cell"
    if sum("REPOSITORY =" in cell["source"] for cell in cells) > 1:
        yield "has more than one setup cell"


def code(path, notebook, setup):
    """Yield problems of the code cells: length, plain Python, alt texts, solutions that are Python."""
    cells = [(n, c) for n, c in enumerate(notebook["cells"]) if c["cell_type"] == "code" and c["source"] != setup]
    to_read = [cell for _, cell in cells if not LIVING.search(cell["source"]) and not is_stub(cell)]
    if len(to_read) > MOST_CELLS:
        yield f"has {len(to_read)} code cells; at most {MOST_CELLS}, widgets, panels and exercises not counted"
    for number, cell in cells:
        lines = len(cell["source"].splitlines())
        most = MOST_CLASS if re.search(r"^class ", cell["source"], re.MULTILINE) else MOST_LINES
        if lines > most:
            yield f"cell {number} has {lines} lines; at most {most}"
        try:
            figure = makes_figure(cell["source"])
        except SyntaxError as error:
            yield f"cell {number} is not plain Python ({error.msg}): no magics, no shell lines"
            continue
        if figure and not alt(cell):
            yield f"cell {number} shows a figure without alt text in its metadata (mystnb.image.alt)"
        if alt(cell) and (
            len(alt(cell)) < 30 or re.match(r"(a |an |the )?(figure|plot|image|picture)\b", alt(cell), re.I)
        ):
            yield f"cell {number}: its alt text must say what the figure shows: {alt(cell)!r}"
    blocks, problem = solutions(path)
    if problem:
        yield f"has a solution that cannot be run: {problem}"
    for block in blocks:
        try:
            ast.parse(block)
        except SyntaxError as error:
            yield f"has a solution that is not Python ({error.msg}): {block.splitlines()[0].removeprefix('# ')}"


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
    if len(bare.split()) > MOST_WORDS:
        yield f"has {len(bare.split()):,} words of Markdown; at most {MOST_WORDS:,}"
    if re.search(r"</summary>(?!\n\n)", bare) or re.search(r"(?<!\n\n)</details>", whole):
        yield "needs a blank line after </summary> and before </details>, or Markdown inside stays raw"
    for word in sorted({found[0].lower() for found in HYPE.finditer(re.sub(r"\[[^]]*\]\([^)]*\)", "", plain))}):
        yield f"uses the word {word!r}: say what is meant"
    yield from broken_links(path, whole)


def broken_links(path, markdown):
    """Yield problems of the relative links of a page: the file exists, a reference has its anchor."""
    plain = re.sub(r"`[^`\n]*`", "", without_code(markdown))
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", plain) + re.findall(r"\b(?:src|href)=\"([^\"]+)\"", plain)
    for target in dict.fromkeys(targets):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        name, _, anchor = target.partition("#")
        file = Path(path).parent / name
        if not file.is_file():
            yield f"links to {target}, which is not a file (keep the extension; folders cannot be linked)"
        elif anchor and file.name in ANCHORED:
            if f'<a id="{anchor}"></a>' not in file.read_text(encoding="utf-8"):
                yield ANCHORED[file.name].format(anchor)


def parts(path, notebook):
    """Yield the parts of a chapter that are missing: title, promise, objectives, exercises, summary."""
    cells, whole = notebook["cells"], prose(notebook)
    opening = cells[0]["source"] if cells[0]["cell_type"] == "markdown" else ""
    lines = [line for line in opening.splitlines() if line.strip()]
    if not lines or not re.match(r"# \d+\. \S", lines[0]):
        yield "must open with its numbered title (# 2. The encoder)"
    if len(lines) < 2 or not re.match(r"[A-Z].*[.!?]$", lines[1]):
        yield "must have a promise after its title: a sentence in a line of its own"
    if len(re.findall(r"^# ", without_code(whole), re.MULTILINE)) != 1:
        yield "must have one title; other headings begin with ## or ###"
    if not re.search(r"\*\*You will be able to:?\*\*:?\n+(- .+\n(  .*\n)*){2,}", opening + "\n"):
        yield "must list what the reader will be able to do (**You will be able to** and bullets)"
    if not re.search(r"\*\*Before you start[.:]?\*\*", opening):
        yield "must state its prerequisites (**Before you start:**)"
    if not all(word in opening.lower() for word in ("reading", "running", "minute")):
        yield "must state its reading and running time"
    if len(cells) < 2 or cells[1]["cell_type"] != "code":
        yield "must have the setup cell right after its opening"
    headings = re.findall(r"^## +(.+?) *$", without_code(whole), re.MULTILINE)
    for heading in ("Exercises", "Summary"):
        if heading not in headings:
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
    if not any("assert" in block for block in solutions(path)[0]):
        yield "has no solution that asserts anything"


def expectations(notebook):
    """Yield problems of the questions that are asked before an experiment: one at least, short, with an answer."""
    asked = 0
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "markdown":
            continue
        before, exercises, _ = cell["source"].partition("## Exercises")
        for question, answer in re.findall(
            r"<summary>What do you expect\b(.*?)</summary>(.*?)</details>", before, re.DOTALL
        ):
            asked += 1
            if not question.strip().endswith("?") or not 8 <= len(answer.split()) <= 80:
                yield f"cell {number} asks what to expect: end with a question mark, and answer in 8 to 80 words"
            after = notebook["cells"][number + 1 :][:1]
            if exercises or not after or after[0]["cell_type"] != "code" or is_stub(after[0]):
                yield f"cell {number} asks what to expect: the experiment should be the next cell"
        if exercises:
            break
    if not asked:
        yield "must ask before an experiment what to expect (<summary>What do you expect: ...?</summary> in <details>)"


def answers(path, notebook):
    """Yield problems of the cells below exercises: there if it is in code, with a blank, solved by its solution."""
    chapter, exercise, folded = int(path.name[:2]), None, {}
    kinds, answered = {}, {}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "markdown":
            for found in re.finditer(
                r"^\*\*(\d)\. (By hand|In code|Open)|<details>(.*?)</details>", cell["source"], re.M | re.S
            ):
                if found[1]:
                    exercise = int(found[1])
                    kinds[exercise] = found[2]
                elif exercise:
                    folded[exercise] = found[3]
            continue
        try:
            numbers = checked(cell["source"])
        except SyntaxError:
            continue  # code() says so
        if not is_stub(cell):
            if numbers:
                yield f"cell {number} checks an answer: tag it {EXERCISE}"
            continue
        answered[exercise] = number
        if numbers != [f"{chapter}.{exercise}"] or exercise in folded:
            yield f'cell {number} should stand between an exercise and its solution and call check("{chapter}.N", ...)'
        if "..." not in cell["source"]:
            yield f"cell {number} has no blank (...) for the answer"
    for exercise, kind in kinds.items():
        call = f'check("{chapter}.{exercise}"'
        if kind == "In code" and exercise not in answered:
            yield f"exercise {exercise} is in code and has no cell to answer in (tag {EXERCISE}, {call}, ...))"
        if exercise in answered and f"assert {call}" not in folded.get(exercise, ""):
            yield f"solution {exercise} should end in assert {call}, ...)"


def check_executed(path):
    """Return the problems of an executed copy: errors, stderr, cells not run, figures without alt text, ipywidgets."""
    found = []
    notebook = read(path)
    if "widgets" in notebook["metadata"]:
        found.append("keeps the state of ipywidgets, which nothing in a page can use (helpers.panels makes none there)")
    kept = Path(path).name
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        if cell.get("execution_count") is None:
            found.append(f"cell {number} was not run")
        images = 0
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"cell {number} raised {output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                line = "".join(output["text"]).strip().splitlines()
                found.append(f"cell {number} wrote to stderr: {line[-1] if line else ''!r}")
            if any("widget" in kind for kind in output.get("data", {})):
                found.append(f"cell {number} shows an ipywidget, dead in a page: offer it by helpers.panels")
            images += any(kind in output.get("data", {}) for kind in IMAGES)
            html = "".join(output.get("data", {}).get("text/html", ""))
            if any(" alt=" not in tag for tag in re.findall(r"<img\b[^>]*>", html)):
                found.append(f"cell {number} shows HTML with a picture without alt text")
        if is_stub(cell) and "waits for your answer" not in json.dumps(cell["outputs"]):
            found.append(f"cell {number} does not wait for an answer: leave a blank (...) in it")
        if images and not alt(cell):
            found.append(f"cell {number} shows a picture without alt text in its metadata (mystnb.image.alt)")
        if images > 1:
            found.append(f"cell {number} shows {images} pictures; one a cell, so that each has its own alt text")
        if alt(cell) and not images:
            found.append(f"cell {number} has an alt text and shows no picture")
    if not notebook["cells"]:
        found.append(f"{kept} has no cells")
    return found


def main(arguments):
    """Check the notebooks named on the command line (all of the book's if none); return the exit status."""
    checker = check_executed if "--executed" in arguments else check
    paths = [Path(name) for name in arguments if not name.startswith("-")] or sorted((ROOT / "book").glob("*.ipynb"))
    problems = [f"{path.name} {problem}" for path in paths for problem in checker(path)]
    print("\n".join(problems) or f"{len(paths)} notebooks, no problem")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
