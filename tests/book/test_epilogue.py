"""The epilogue: every row of its table leads to chapters and sections that exist, and rests on their asserts."""

import ast
import re

import pytest

from helpers.places import ROOT
from tools.check import notebooks

PAGE = (ROOT / "book/18_epilogue.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
EVIDENCE = {row[0]: row[1] for row in ROWS}
# what a row says of a chapter, as the assert in that chapter has it (as ast.unparse writes it)
ASSERTED = {
    "VAEs generate new images": {
        "07_generation": ["abs(test - middle) < margin"],
        "08_evaluation": ["quality['test digits'][0] > quality['darkroom-2d'][0]"],
    },
    "They invent faces": {"15_faces": ["new > 2 * floor"]},
    "They show you in twenty years": {"15_faces": ["got[20] > "]},
    "They morph": {
        "07_generation": ["grey > 2 * abs(grey_on_arc)"],
        "11_photocopier": ["np.ptp(means['jump']) < 0.25", "fade['jump'] + 0.03 < min(means['jump'])"],
    },
    "They write melodies": {
        "16_melodies": [
            "verdicts['VAE'][0] > 90",
            "verdicts['VAE'][1] < verdicts['chance'][1] - 0.1",
            "verdicts['Markov chain'][1] + 0.02 < verdicts['VAE'][1]",
            "copies['VAE'] < 0.02",
        ]
    },
    "They turn a pet photo": {"17_art": ["found[1, 1:].min() > 0.5"]},
    "They work behind art generators": {  # a table of papers and configuration files, see below, and a rival
        "17_art": ["abs(ten[2] - told[2]) < 3", "< min(ten_seeds)", "best[2] < min(told[2], ten[2]) - 1"]
    },
    "They capture the essence": {
        "12_collapse": ["max(used[-2:]) <= 24"],
        "15_faces": ["g.mean() < 0.3"],
    },
    "The encoder takes": {"02_encoder": ["spreads['own'] < 0.7 * spreads['equal']"]},
    "The decoder adds": {"03_decoder": ["np.array_equal(once, again)"]},
    "Plain autoencoders": {
        "01_darkroom": ["GREY_FLOOR < copier_nats < from_mean"],
        "11_photocopier": [
            "found['accepted'].min() > artist['accepted'].max() + 0.05",
            "fitted['photocopier']['accepted'].min() > fitted['artist']['accepted'].max()",
        ],
    },
    "The trick": {"13_gradients": ["bill['pathwise'][1] + 5 < bill['score function'].min()"]},
    "They mirror human creativity": {},
}
NUMBERS = {
    "90": "verdicts['VAE'][0] > 90",
    "2": "copies['VAE'] < 0.02",
    "24": "max(used[-2:]) <= 24",
    "64": "bills[64]",
}


def chapter(name):
    """Return the headings of a chapter and its asserts, one text."""
    notebook = notebooks.read(ROOT / f"book/{name}.ipynb")
    code = "\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    asserts = [ast.unparse(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    return re.findall(r"^## (.+?) *$", notebooks.prose(notebook), re.MULTILINE), "\n".join(asserts)


def test_the_links_lead_somewhere():
    assert list(notebooks.broken_links(ROOT / "book/18_epilogue.md", PAGE)) == []
    assert len(ROWS) >= 10 and all(len(row) == 3 and all(cell.strip() for cell in row) for row in ROWS)


def test_every_row_has_its_place_here():
    assert [[start for start in ASSERTED if claim.startswith(start)] for claim in EVIDENCE] == [[s] for s in ASSERTED]


@pytest.mark.parametrize("start", ASSERTED)
def test_a_row_rests_on_the_asserts_of_the_chapters_it_names(start):
    (evidence,) = (text for claim, text in EVIDENCE.items() if claim.startswith(start))
    named = re.findall(r"\]\((\w+)\.ipynb\), \*(.+?)\*", evidence)
    assert {name for name, _ in named} == set(ASSERTED[start])
    for name, section in named:
        headings, asserts = chapter(name)
        assert any(heading == section or heading.startswith(f"{section}:") for heading in headings), section
        assert [part for part in ASSERTED[start][name] if part not in asserts] == []


def test_figures_are_those_of_the_asserts():
    for claim, evidence in EVIDENCE.items():
        said = re.findall(r"\d+", re.sub(r"\[\d+\]\(.*?\)", "", evidence))
        (rests,) = (parts for start, parts in ASSERTED.items() if claim.startswith(start))
        asserts = "\n".join(chapter(name)[1] for name in rests)
        assert [number for number in said if number not in NUMBERS or NUMBERS[number] not in asserts] == []
    other = re.sub(r"\[[^]]*\]\([^)]*\)", "", "\n".join(line for line in PAGE.splitlines()[1:] if line[:1] != "|"))
    assert re.findall(r"\d+", other) == ["2"]  # VQ-VAE-2; years stand in links


def test_the_map_says_how_little_filing_rule_there_is():
    assert "KL term with weight $10^{-6}$" in notebooks.prose(notebooks.read(ROOT / "book/17_art.ipynb"))
