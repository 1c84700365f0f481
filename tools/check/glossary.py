"""Links from the chapters to the glossary: `check` says where one is missing.

The glossary is book/notation.md. An entry there begins with its anchor, has its names in bold, and ends with the
chapters that use the term and lead to it: at the first paragraph of their running text that has one of the names.
Headings, tables, code, formulas, folded parts, the opening and what follows the heading Exercises do not count as
uses; a name of code in bold (`z_mean`) does. An entry that ends "Explained in" a chapter asks for no links.
"""

import re
from pathlib import Path
from typing import NamedTuple

from helpers.places import ROOT
from tools.check import notebooks

PAGE = ROOT / "book/notation.md"
LINK = re.compile(r"\]\(notation\.md#([\w-]+)\)")


class Entry(NamedTuple):
    """An entry of the glossary: its names, its text, and the chapters (file names) that lead to it."""

    names: tuple
    text: str
    chapters: tuple


def entries(page=None):
    """Return {anchor: Entry} of the glossary.

    Raises:
        ValueError: an anchor is there twice, or an entry has no name in bold or leads to no chapter.
    """
    page = PAGE.read_text(encoding="utf-8") if page is None else page
    found = {}
    for anchor, text in re.findall(r'^<a id="([\w-]+)"></a>(.+)$', page, re.MULTILINE):
        head, _, ending = text.partition(" Chapter")
        names = tuple(re.findall(r"\*\*(.+?)\*\*", head))
        if anchor in found or not names or ".ipynb)" not in text:
            raise ValueError(f"notation.md: {anchor} is there twice, or has no name in bold, or leads to no chapter")
        found[anchor] = Entry(names, head, tuple(re.findall(r"\]\((\w+\.ipynb)\)", ending)))
    return found


def paragraphs(notebook, names=()):
    """Return the paragraphs of a chapter's running text, without formulas, other links, and code but these names."""
    cells = [cell["source"] for cell in notebook["cells"][1:] if cell["cell_type"] == "markdown"]
    text = "\n\n".join(cells).split("\n## Exercises")[0]
    text = re.sub(r"<details>.*?</details>", "", notebooks.without_code(text), flags=re.DOTALL)
    text = notebooks.without_signposts(re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL))
    kept = []
    for part in re.split(r"\n\s*\n", text):
        if part.strip() and not part.lstrip().startswith(("#", "|", "<")):
            part = re.sub(r"\$[^$]+\$|`[^`]+`", lambda found: found[0] if found[0] in names else " ", part)
            kept.append(re.sub(r"\[[^]]*\]\((?!notation\.md)[^)]*\)", " ", part))
    return kept


def pattern(names):
    """Return the regular expression that finds any of the names, in the singular or plural, in any case."""
    names = sorted(names, key=len, reverse=True)  # of "latent dimension" and "latent", the first
    words = [r"[-\s]+".join(map(re.escape, re.split(r"[-\s]+", name))) for name in names]
    return re.compile(rf"(?<!\w)(?<!\w-)(?:{'|'.join(words)})(?:e?s)?(?!\w)", re.IGNORECASE)


def longer(names, glossary):
    """Return the names of other entries that have one of these inside, as 'aggregate posterior' has 'posterior'."""
    others = [other for entry in glossary.values() for other in entry.names if other not in names]
    return [other for other in others if any(pattern([name]).search(other.replace("-", " ")) for name in names)]


def check(path, glossary=None):
    """Return the problems of one chapter: links that are missing, late, doubled, or not in the glossary's lists."""
    glossary = entries() if glossary is None else glossary
    notebook, name, found = notebooks.read(path), Path(path).name, []
    parts = paragraphs(notebook, {part for entry in glossary.values() for part in entry.names})
    linked = LINK.findall(notebooks.prose(notebook))
    for anchor in dict.fromkeys(linked):
        if anchor not in glossary:
            found.append(f"leads to notation.md#{anchor}, which the glossary does not have")
        elif name not in glossary[anchor].chapters:
            found.append(f"leads to notation.md#{anchor}, whose entry does not list this chapter")
        elif linked.count(anchor) > 1:
            found.append(f"leads to notation.md#{anchor} {linked.count(anchor)} times; once is enough")
    for anchor, entry in glossary.items():
        if name not in entry.chapters:
            continue
        hidden = longer(entry.names, glossary)
        bare = [pattern(hidden).sub(" ", part) if hidden else part for part in parts]
        uses = [part for part, text in zip(parts, bare) if pattern(entry.names).search(text)]
        if not uses:
            found.append(f"is listed at notation.md#{anchor}, but its text does not use {' or '.join(entry.names)}")
        elif anchor not in LINK.findall(uses[0]):
            found.append(
                f"should lead to notation.md#{anchor} where it first says so: {' '.join(uses[0].split())[:90]}"
            )
    return found
