"""What the search reads: a Sphinx extension that writes the book's sentences into search-text.js.

Sphinx's own index knows which words are on which page; it shows a sentence only by fetching that page, which a page
opened from disk may not. So the sentences themselves are the index: book/_static/search.js reads them through. An
entry is a section, a word of the glossary, or a question of questions.toml, each with the address of its place.
"""

import builtins
import json
import keyword
import re
import unicodedata
from pathlib import Path

from docutils import nodes

from tools.build.questions import groups

GLOSSARY, QUESTIONS = "book/notation", "book/questions"
UNUSED = ["searchindex.js", "_static/searchtools.js"]  # Sphinx's own search, which the theme loads on every page
ANCHOR = re.compile(r'<a id="([\w-]+)">')
SENTENCE = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][)\"”]))(?<!\bal\.)(?<!^Why\.)(?<!^Cure\.)\s+(?=[A-Z(\"“‘'])")
NAME = re.compile(r"[A-Za-z_]\w{2,}")  # in code
PYTHON = {*keyword.kwlist, *dir(builtins)}  # not worth looking for

LETTERS = {
    "lambda": "λ",
    "Lambda": "Λ",
    "ell": "ℓ",
    "varepsilon": "ε",
    "epsilon": "ε",
    "infty": "∞",
    "partial": "∂",
    "nabla": "∇",
    "sum": "Σ",
}
SIGNS = {
    "mid": "|",
    "Vert": "‖",
    "|": "‖",
    "lVert": "‖",
    "rVert": "‖",
    "cdot": "·",
    "times": "×",
    "approx": "≈",
    "le": "≤",
}
SIGNS |= {"ge": "≥", "pm": "±", "sim": "~", "to": "→", "in": "∈", "sqrt": "√", "dots": "…", "ldots": "…", "int": "∫"}
SIGNS |= {"top": "T", "odot": "⊙", "propto": "∝", "circ": "°"}
FONTS = r"\\(?:mathcal|mathbb|mathrm|mathbf|text|textstyle|operatorname|big|Big|left|right|bigl|bigr|tfrac12)\b"
FUNCTIONS = {"log", "exp", "sin", "cos", "det", "max", "min"}
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}


def letter(match):
    """Return what a command of TeX means in plain text, or the command where that is unknown."""
    name = match[1]
    if name in LETTERS | SIGNS:
        return (LETTERS | SIGNS)[name]
    if name in FUNCTIONS:
        return name + " " * bool(match[2])  # log σ, but log(1 - p)
    try:
        return unicodedata.lookup(f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER {name.upper()}")
    except KeyError:
        return match[0]


def words(tex):
    r"""Return a formula as plain text, or … if it is more than a line can hold: `\tfrac12\sigma^2` is ½σ²."""
    text = tex.replace(r"\tfrac12", "½").replace(r"\frac12", "½")
    text = re.sub(r"\\(hat|bar|tilde)\s*\{?(\w|\\\w+)\}?", lambda found: found[2] + ACCENTS[found[1]], text)
    text = re.sub(FONTS, "", text)
    text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\([A-Za-z]+|\|)(?=(\w|\\)?)", letter, text)
    text = re.sub(r"\^(?:\{(-?\d+)\}|(\d))", lambda found: raised(found[1] or found[2]), text)
    text = re.sub(r"\\[,;:! %]|[{}_~]", "", text)
    text = re.sub(r"\s+", " ", text).strip()
    return "…" if "\\" in text or "^" in text or len(text) > 60 else text


def raised(digits):
    """Return digits as superscripts."""
    return digits.translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def text_of(node):
    """Return the text of a paragraph with its formulas as words."""
    if isinstance(node, nodes.math):
        return words(node.astext())
    if isinstance(node, (nodes.raw, nodes.math_block, nodes.image, nodes.comment)):
        return ""
    if isinstance(node, nodes.Text):
        return str(node)
    return "".join(text_of(child) for child in node.children)


def sentences(node):
    """Return a paragraph as its sentences, one a line."""
    text = unicodedata.normalize("NFC", re.sub(r"\s+", " ", text_of(node)).strip())
    return "\n".join(SENTENCE.split(text))


def own_anchor(paragraph):
    """Return the id of the anchor with which a paragraph begins, or an empty string."""
    first = next(iter(paragraph.children), None)
    found = ANCHOR.match(first.astext()) if isinstance(first, nodes.raw) else None
    return found[1] if found else ""


def entries(doctree, page, glossary=False):
    """Return the entries of a page, its sections: title, url, paragraphs (anchor, sentences), the names in its code.

    Where an anchor stands before a heading, it is the section's place. Of the glossary, each word is an entry.
    """
    found, before = [], []
    for section in doctree.findall(nodes.section):
        title, place = text_of(section.next_node(nodes.title)), (before or section["ids"])[0]
        entry, code, before = {"title": title, "url": f"{page}#{place}", "text": []}, {}, []
        found.append(entry)
        for node in (node for node in section.findall() if inside(node) is section):
            if isinstance(node, nodes.paragraph) and not isinstance(node.parent, nodes.entry) and not leads_on(node):
                anchor, said = own_anchor(node), sentences(node)
                if anchor and not said:
                    before.append(anchor)
                elif anchor and glossary:
                    names = ", ".join(text_of(name) for name in node.findall(nodes.strong))
                    found.append({"title": names, "url": f"{page}#{anchor}", "text": [["", said]], "kind": "glossary"})
                elif said:
                    entry["text"].append([anchor, said])
            elif isinstance(node, nodes.row):
                entry["text"].append(["", " · ".join(filter(None, (text_of(cell).strip() for cell in node.children)))])
            elif isinstance(node, nodes.literal_block):
                code |= dict.fromkeys(NAME.findall(node.astext()))
        entry["code"] = " ".join(name for name in code if name not in PYTHON)
    return found


def leads_on(paragraph):
    """Return whether a paragraph is a link within its page and nothing else, as in the list at a chapter's end."""
    return len(paragraph) == 1 and isinstance(paragraph[0], nodes.reference) and "refid" in paragraph[0]


def inside(node):
    """Return the section that a node stands in."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    return node


def questions(groups, pages):
    """Return the entries of the questions, each with the sentence that has its key, and the one after it.

    A question whose page is not among these is left out: a part of the book can be built alone.
    """
    found = []
    for asked in (each for _, group in groups for each in group):
        page = f"book/{Path(asked.file).stem}"
        if page not in pages:
            continue
        own = (said for entry in pages[page]["entries"] for name, said in entry["text"] if name == asked.anchor)
        lines = next(own).split("\n")
        at = next((at for at, line in enumerate(lines) if asked.key.lower() in line.lower()), 0)
        said, url = " ".join(lines[at : at + 2]), f"{page}.html#{asked.anchor}"
        found.append({"title": asked.words, "url": url, "text": [["", said]], "kind": "question"})
    return found


def write(app, exception):
    """Write search-text.js beside the pages' folder, and take out what Sphinx's search would read."""
    if exception or app.builder.format != "html":
        return
    pages = {}
    for name in sorted(app.env.found_docs, key=order(app)):
        doctree, page = app.env.get_and_resolve_doctree(name, app.builder), app.builder.get_target_uri(name)
        if name != QUESTIONS:  # they come with their answers, below
            found = entries(doctree, page, name == GLOSSARY)
            pages[name] = {"title": text_of(app.env.titles[name]), "entries": found}
    source = Path(app.srcdir, "book/questions.toml").read_text(encoding="utf-8")
    asked = questions(groups(source), pages)
    found = [*pages.values(), {"title": "Question", "entries": asked}]
    script = f"window.BOOK_TEXT = {json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n"
    Path(app.outdir, "search-text.js").write_text(script, encoding="utf-8")
    for unused in UNUSED:
        Path(app.outdir, unused).unlink(missing_ok=True)


def order(app):
    """Return the key by which pages stand in the order of the contents."""
    place = {name: number for number, name in enumerate(app.env.toctree_includes.get(app.config.root_doc, []))}
    return lambda name: place.get(name, -1)


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
