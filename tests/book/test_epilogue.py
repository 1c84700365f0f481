"""The epilogue: every row of its table leads to sections that exist, and its figures are those of asserts there."""

import ast
import re

import pytest

from helpers.places import BOOK
from tools.check import notebooks

PAGE = (BOOK / "18_epilogue.md").read_text(encoding="utf-8")
EVIDENCE = [line.strip("| ").split(" | ")[1] for line in PAGE.splitlines() if line.startswith("| ")][1:]
FIGURES = {  # a figure of the table: the chapter and its assert, as ast.unparse writes it
    "90": ("16_melodies", "verdicts['VAE'][0] > 90"),
    "2": ("16_melodies", "copies['VAE'] < 0.02"),
    "24": ("12_collapse", "max(used[-2:]) <= 24"),
    "64": ("12_collapse", "bills[64]"),
}


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_a_row_leads_to_sections_that_exist(evidence):
    named = re.findall(r"\]\((\w+)\.ipynb\), \*(.+?)\*", evidence)
    assert named or evidence.startswith("none")
    for name, section in named:
        prose = notebooks.prose(notebooks.read(BOOK / f"{name}.ipynb"))
        assert re.search(rf"^## {re.escape(section)}(:.*)? *$", prose, re.MULTILINE), section


def test_figures_are_those_of_asserts():
    assert set(re.findall(r"\d+", re.sub(r"\[\d+\]\(.*?\)", "", "\n".join(EVIDENCE)))) == set(FIGURES)
    for name, asserted in FIGURES.values():
        cells = notebooks.read(BOOK / f"{name}.ipynb")["cells"]
        code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
        asserts = [ast.unparse(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
        assert any(asserted in each for each in asserts), asserted
