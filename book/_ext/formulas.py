r"""Formulas that are set while the site is built: a Sphinx extension.

KaTeX (book/_static/vendor/katex, by `make vendor`) runs inside Python, in QuickJS (quickjs-ng). A page gets HTML that
looks like the formula, and MathML that a screen reader says, with the TeX in it, which a copy of the formula gives. So
a browser runs no script for a formula, and nothing moves. A formula that KaTeX cannot set is a warning, which ends the
build.
"""

import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

KATEX = "vendor/katex"  # below _static
SHORT = 30  # signs of TeX: a longer formula may be wider than a phone
SCRIPT = Path(__file__).resolve().parents[1] / "_static" / KATEX / "katex.min.js"
NEEDS = "Formulas are set by quickjs-ng, which is not installed: pip install -r requirements.txt"
logger = logging.getLogger(__name__)


@cache
def katex():
    """Return the function of JavaScript that makes HTML of TeX."""
    try:
        from quickjs import Context
    except ImportError as error:
        raise ExtensionError(NEEDS) from error
    engine = Context()
    engine.eval(SCRIPT.read_text(encoding="utf-8"))
    options = 'displayMode, output: "htmlAndMathml", throwOnError: true, strict: "error"'
    # joined, because quickjs-ng cannot hand over a string that is still in pieces
    return engine.eval(f'(tex, displayMode) => [katex.renderToString(tex, {{ {options} }})].join("")')


@cache
def typeset(tex, display=False):
    """Return a formula as HTML.

    Raises:
        ValueError: TeX that KaTeX does not know, or would set otherwise than LaTeX does.
    """
    function = katex()
    from quickjs import JSException

    try:
        return function(tex, display)
    except JSException as error:
        raise ValueError(str(error).splitlines()[0]) from error


def aligned(node):
    """Return the TeX of a displayed formula as Sphinx means it: lines and blank lines need no surroundings."""
    if node["nowrap"]:  # an environment of its own
        return node.astext()
    parts = [part for part in node.astext().split("\n\n") if part.strip()]
    parts = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    return parts[0] if len(parts) == 1 else r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"


def put(translator, node, tag, tex, display):
    """Write a formula into the page."""
    try:
        formula = typeset(tex, display)
    except ValueError as error:
        logger.warning("KaTeX cannot set the formula %s (%s)", tex, error, location=node)
        formula = translator.encode(tex)
    begin = translator.starttag(node, tag, "", CLASS="math notranslate nohighlight")
    translator.body.append(f"{begin}{formula}</{tag}>")
    raise nodes.SkipNode


def inline(translator, node):
    """Write a formula that stands in a sentence."""
    put(translator, node, "span", node.astext(), False)


def displayed(translator, node):
    """Write a formula that stands by itself, with its number if it has one."""
    number = rf"\tag{{{get_node_equation_number(translator, node)}}}" if node["number"] else ""
    put(translator, node, "div", aligned(node) + number, True)


def keep_together(app, doctree, name):
    """Put a short formula and the sign after it into a span of their own: the end of a line must not part them."""
    for formula in list(doctree.findall(nodes.math)):
        parent, after = formula.parent, formula.next_node(descend=False, siblings=True)
        sign = re.match(r"[.,;:?!)]+", after) if isinstance(after, nodes.Text) else None
        if sign and len(formula.astext()) <= SHORT:
            at = parent.index(formula)
            whole = nodes.inline("", "", classes=["whole"])
            parent[at : at + 2] = [whole, nodes.Text(after[sign.end() :])]
            whole += [formula, nodes.Text(sign[0])]


def load(app, page, template, context, doctree):
    """Let a page with formulas load how they look, and what copies their TeX."""
    if 'class="katex' in context.get("body", ""):
        app.add_css_file(f"{KATEX}/katex.min.css")
        app.add_js_file(f"{KATEX}/copy-tex.min.js", defer="defer")


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.add_html_math_renderer("katex", (inline, None), (displayed, None))
    app.connect("html-page-context", load)
    app.connect("doctree-resolved", keep_together)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
