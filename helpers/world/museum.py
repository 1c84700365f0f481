"""The post's listings as exhibits: shown, run in a namespace of their own, and what came of it.

Chapter 14 (The bug museum). The listings, verbatim, and the labels are in ``book/data/museum.json``.
"""

import ast
import builtins
import contextlib
import html
import io
import json
import traceback
import warnings
from functools import lru_cache
from typing import NamedTuple

from helpers.places import DATA
from helpers.plots import INK, PAPER, SAFELIGHT

MUSEUM_FILE = DATA / "museum.json"


class Outcome(NamedTuple):
    """What running a listing gave.

    `error` is the exception's type and first line, or "" if it ran through; `line` where in the listing
    it was raised, or None; `warnings` what was warned of, one text each; `names` the namespace afterwards.
    """

    error: str
    line: int | None
    warnings: list
    names: dict


@lru_cache(maxsize=1)
def museum():
    """Return the museum's file: the listings, a list of lines for each, and the exhibits with their errors."""
    return json.loads(MUSEUM_FILE.read_text(encoding="utf-8"))


def listing(number):
    """Return a listing of the post, 1 to 5, as printed.

    Raises:
        ValueError: the post has no such listing.
    """
    lines = museum()["listings"].get(str(number))
    if lines is None:
        raise ValueError(f"The post has listings 1 to 5, but not {number!r}.")
    return "\n".join(lines)


def missing_names(code):
    """Return the names that a program uses before it has them, each once, in order of their use.

    Read from top to bottom, as Python runs; what stands in a function counts where the function stands.
    """
    known, missing = set(dir(builtins)), []
    for statement in ast.parse(code).body:
        inner, own = set(), set()
        for node in ast.walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.Lambda)):
                inner |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                own.add(node.name)
            if isinstance(node, ast.alias):
                own.add((node.asname or node.name).split(".")[0])
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                (inner if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else own).add(node.id)
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        for node in sorted(names, key=lambda node: (node.lineno, node.col_offset)):
            if isinstance(node.ctx, ast.Load) and node.id not in known | inner and node.id not in missing:
                missing.append(node.id)
        known |= own
    return missing


def attempt(code, bring=None):
    """Run a program in a namespace of its own, silently, and return its `Outcome`; nothing is raised.

    Args:
        code: the program.
        bring: what its namespace holds beforehand, name -> value, or None.
    """
    names, error, line = dict(bring or {}), "", None
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            exec(compile(code, "<listing>", "exec"), names)
        except Exception as raised:
            text = str(raised).strip().split("\n")[0]
            error = f"{type(raised).__name__}: {text}"
            frames = traceback.extract_tb(raised.__traceback__)
            line = next((frame.lineno for frame in reversed(frames) if frame.filename == "<listing>"), None)
    names.pop("__builtins__", None)
    return Outcome(error, line, [str(each.message).split("\n")[0] for each in caught], names)


def exhibit(number, listing_number=None, bring=None, repair=None, then="", show=True):
    """Show an exhibit, run it in a namespace of its own, show what came of it, and return its `Outcome`.

    Args:
        number: of the exhibit, 1 to 14.
        listing_number: which of its pieces, if it has one from each of two listings; the first if None.
        bring: what the namespace holds beforehand, name -> value, or None.
        repair: text of the listing -> what stands in its place when it runs, or None. What is shown is the original.
        then: code to run after the listing, such as a call of `fit`.
        show: whether to display the card.

    Raises:
        ValueError: there is no such exhibit or piece, or a repair does not fit once.
    """
    case, piece = _find(number, listing_number)
    lines = listing(piece["listing"]).split("\n")
    chosen = _rows(piece.get("run"), lines)
    code = "\n".join(line if n in chosen else "" for n, line in enumerate(lines, 1))  # line numbers stay
    for old, new in (repair or {}).items():
        if code.count(old) != 1:
            raise ValueError(f"{old!r} stands {code.count(old)} times in what exhibit {number} runs; once is needed.")
        code = code.replace(old, new)
    outcome = attempt(f"{code}\n{then}", bring)
    if outcome.line is not None and outcome.line > len(lines):
        outcome = outcome._replace(line=None)  # in what came after
    if show:
        _show(case, piece, lines, chosen, bring or {}, repair or {}, then, outcome)
    return outcome


def catalogue():
    """Return a row [number, what is wrong, exhibit] for each of the forty entries, in order; what counts is said."""
    notes = {error: f" ({first} again)" for error, first in museum()["again"].items()}
    notes |= {str(error): " (no error)" for error in museum()["no_error"]}
    rows = [
        [int(error), text + notes.get(error, ""), f"{case['number']}, {case['title']}"]
        for case in museum()["exhibits"]
        for error, text in case["errors"].items()
    ]
    return sorted(rows)


def distinct_errors():
    """Return the numbers of the entries that are errors of their own: no repeat or consequence, nothing missing."""
    aside = {int(error) for error in museum()["again"]} | set(museum()["no_error"])
    return [number for number, *_ in catalogue() if number not in aside]


def _find(number, listing_number):
    for case in museum()["exhibits"]:
        if case["number"] == number:
            for piece in case["pieces"]:
                if listing_number in (None, piece["listing"]):
                    return case, piece
            raise ValueError(f"Exhibit {number} has nothing from listing {listing_number!r}.")
    raise ValueError(f"The museum has exhibits 1 to {len(museum()['exhibits'])}, but not {number!r}.")


def _rows(ranges, lines):
    """Return the line numbers of [first, last] pairs; all of them for None."""
    return {n for first, last in ranges or [[1, len(lines)]] for n in range(first, last + 1)}


def _in_words(numbers):
    """Return sorted line numbers as text: "1 to 14 and 26"."""
    spans = []
    for n in sorted(numbers):
        if spans and spans[-1][1] == n - 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    return " and ".join(f"{first} to {last}" if last > first else str(first) for first, last in spans)


def _show(case, piece, lines, chosen, bring, repair, then, outcome):
    """Display the card of an exhibit: HTML with a plain version for terminals and paper."""
    from IPython import get_ipython
    from IPython.display import display

    errors = list(case["errors"])
    title = f"Exhibit {case['number']}: {case['title']}"
    source = (
        f"Listing {piece['listing']}, as printed; number{'s' * (len(errors) > 1)} {', '.join(errors)} of the catalogue"
    )
    rows = []
    for n, line in enumerate(lines, 1):
        if n in _rows(piece.get("show"), lines):
            rows.append((n, line))
        elif rows and rows[-1][0]:
            rows.append((0, "..."))
    if rows[-1][0] == 0:
        rows.pop()
    before = []
    if bring:
        before.append(("Brought along", ", ".join(sorted(bring))))
    before += [("Repaired before it ran", f"{old} → {new}") for old, new in repair.items()]
    if len(chosen) < len(lines):
        one = len(chosen) == 1
        before.append(("Run", f"line{'s' * (not one)} {_in_words(chosen)}{', then ' + then if then else ''}"))
    elif then:
        before.append(("Run", f"all, then {then}"))
    where = f" (line {outcome.line})" if outcome.line else ""
    result = f"{_shorten(outcome.error)}{where}" if outcome.error else "No message: it runs."
    plain = [title, source, ""]
    plain += [f"{'>' if n in piece['mark'] else ' '}{n or '':>3} {line}".rstrip() for n, line in rows]
    plain += ["", *(f"{label}: {text}" for label, text in before)]
    plain += [*(f"Warning: {text}" for text in outcome.warnings), result]
    text = "\n".join(plain)
    if get_ipython() is None:
        print(text)
        return
    code = "".join(
        f'<span class="{"bad" if n in piece["mark"] else "line"}">'
        f"<i>{'▸' if n in piece['mark'] else ' '}{n or '':>3} </i>{html.escape(line)}\n</span>"
        for n, line in rows
    )
    notes = "".join(f"<p>{html.escape(label)}: <code>{html.escape(text)}</code></p>" for label, text in before)
    notes += "".join(f"<p>Warning: {html.escape(_shorten(text))}</p>" for text in outcome.warnings)
    kind = "error" if outcome.error else "silent"
    card = (
        f'<style>{_STYLE}</style><div class="exhibit"><p class="label"><b>{html.escape(title)}</b> '
        f"<span>{html.escape(source)}</span></p><pre>{code}</pre>{notes}"
        f'<p class="{kind}">{html.escape(result)}</p></div>'
    )
    display({"text/html": card, "text/plain": text}, raw=True)


def _shorten(text, most=230):
    return text if len(text) <= most else text[: most - 2].rsplit(" ", 1)[0] + " ..."


_STYLE = f"""
.exhibit{{all:revert;display:block;box-sizing:border-box;max-width:46rem;margin:.5rem 0;padding:.9rem 1rem;
border:1px solid var(--sheet-line,#cbbfab);border-radius:6px;background:var(--sheet,{PAPER});
color:var(--sheet-ink,{INK});color-scheme:var(--sheet-scheme,light);
font-family:system-ui,sans-serif;font-size:.9rem;line-height:1.45}}
.exhibit *{{color:inherit}}
.exhibit p{{margin:.35rem 0;overflow-wrap:anywhere}}
.exhibit .label{{margin:0 0 .6rem;padding-bottom:.45rem;border-bottom:1px solid var(--sheet-line,#cbbfab)}}
.exhibit .label b{{font-size:1rem}}
.exhibit .label span{{display:block;font-size:.82rem}}
.exhibit pre{{margin:0 0 .6rem;padding:.5rem 0;border:0;background:none;
font-size:.82rem;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere}}
.exhibit pre span{{display:block;padding-left:8ch;text-indent:-8ch}}
.exhibit pre i{{font-style:normal;opacity:.75;user-select:none;white-space:pre}}
.exhibit pre .bad{{background:var(--sheet-mark,#f6d9c8);font-weight:600}}
.exhibit code{{padding:0;border:0;background:none;font-size:.92em;overflow-wrap:anywhere}}
.exhibit .error,.exhibit .silent{{padding:.45rem .7rem;border-left:4px solid {SAFELIGHT};
background:var(--sheet-note,#f3ebdf);font-family:ui-monospace,monospace;font-size:.85rem}}
.exhibit .silent{{border-left-style:dashed}}
"""
