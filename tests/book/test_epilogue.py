"""The epilogue: every row of its table leads to sections that exist. For what it claims, see test_claims.py."""

import re

import pytest

from helpers.places import BOOK
from tools.check import notebooks

PAGE = (BOOK / "18_epilogue.md").read_text(encoding="utf-8")
EVIDENCE = [line.strip("| ").split(" | ")[1] for line in PAGE.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("evidence", EVIDENCE)
def test_a_row_leads_to_sections_that_exist(evidence):
    named = re.findall(r"\]\((\w+)\.ipynb\), \*(.+?)\*", evidence)
    assert named or evidence.startswith("none")
    for name, section in named:
        prose = notebooks.prose(notebooks.read(BOOK / f"{name}.ipynb"))
        assert re.search(rf"^## {re.escape(section)}(:.*)? *$", prose, re.MULTILINE), section
