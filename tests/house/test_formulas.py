"""book/_ext/formulas.py: formulas set by KaTeX while the site is built."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

from helpers.places import BOOK

spec = importlib.util.spec_from_file_location("formulas", BOOK / "_ext/formulas.py")
formulas = importlib.util.module_from_spec(spec)
spec.loader.exec_module(formulas)


@pytest.mark.parametrize("display", [False, True])
def test_a_formula_is_seen_said_and_copied(display):
    tex = r"a < \sqrt{\sigma^2}" + r" \tag{5.1}" * display
    formula = formulas.typeset(tex, display)
    assert ("katex-display" in formula, "katex-tag" in formula) == (display, display)
    assert "<msqrt><msup><mi>σ</mi><mn>2</mn></msup></msqrt>" in formula
    assert f'<annotation encoding="application/x-tex">{tex.replace("<", "&lt;")}</annotation>' in formula


@pytest.mark.parametrize("tex", [r"\nosuchmacro", r"\frac{1}", "x % y", "a_", "}"])
def test_what_cannot_be_set_as_meant_is_an_error(tex):
    with pytest.raises(ValueError, match=r"KaTeX|LaTeX"):
        formulas.typeset(tex, True)


def test_lines_and_blank_lines_need_no_surroundings():
    def of(tex, nowrap=False):
        return formulas.aligned(nodes.math_block(tex, tex, nowrap=nowrap))

    assert of("a") == "a" and of(r"a \\ b", nowrap=True) == r"a \\ b"
    assert of("a &= 1 \\\\\n&= b") == "\\begin{split}a &= 1 \\\\\n&= b\\end{split}"
    for tex in ["a &= 1 \\\\\n&= b", "a &= b\n\n\nb &= c"]:
        formulas.typeset(of(tex), True)


def test_a_short_formula_is_not_parted_from_the_sign_after_it():
    long = "x" * (formulas.SHORT + 1)
    parts = ["So ", nodes.math("", "z"), ", and ", nodes.math("", "p"), " (or ", nodes.math("", long), "). Or ", "q."]
    said = nodes.paragraph("", "", *(nodes.Text(part) if isinstance(part, str) else part for part in parts))
    text = said.astext()
    formulas.keep_together(None, said, "a page")
    wholes = list(said.findall(nodes.inline))
    assert [whole.astext() for whole in wholes] == ["z,"] and wholes[0]["classes"] == ["whole"]
    assert said.astext() == text and len(list(said.findall(nodes.math))) == 3


def test_a_build_without_the_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "quickjs", None)
    formulas.katex.cache_clear()
    with pytest.raises(ExtensionError, match=r"quickjs-ng.*pip install -r requirements\.txt"):
        formulas.typeset("x + 1")


def test_only_a_page_with_formulas_loads_their_looks():
    loaded = []
    app = SimpleNamespace(add_css_file=loaded.append, add_js_file=lambda name, **options: loaded.append(name))
    formulas.load(app, "page", "page.html", {"body": "<p>no formula</p>"}, None)
    assert loaded == []
    formulas.load(app, "page", "page.html", {"body": f"<p>{formulas.typeset('x')}</p>"}, None)
    assert [name.rpartition(".")[2] for name in loaded] == ["css", "js"]
