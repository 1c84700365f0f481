"""The pages around the chapters, built: the cheat sheet is one sheet of paper, links lead to entries and cures."""

import itertools
import re

import pytest

CUT_OFF = """() => [...document.querySelectorAll("#cheat-sheet :is(table, pre, p, .katex)")]
  .filter((node) => node.checkVisibility())
  .filter((node) => {
    const sheet = document.querySelector("#cheat-sheet").getBoundingClientRect();
    const box = node.getBoundingClientRect();
    return box.right > sheet.right + 1 || node.scrollWidth > node.clientWidth + 2 && node.matches("table, pre, p");
  }).map((node) => node.textContent.trim().slice(0, 60))"""


def pages(paper):
    """Return how many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", paper))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_cheat_sheet_is_one_sheet_of_paper(visit, scheme):
    page = visit("book/cheatsheet.html", color_scheme=scheme).page
    for format, own_margins in itertools.product(["A4", "Letter"], [True, False]):
        assert pages(page.pdf(format=format, prefer_css_page_size=own_margins)) == 1, (format, own_margins)


TALL = "cells => cells.map((cell) => cell.getBoundingClientRect().height)"


def test_a_number_in_a_table_of_a_run_stays_whole_on_paper(visit):
    page = visit("book/05_loss.html", viewport={"width": 660, "height": 1000}).page
    page.emulate_media(media="print")
    heights = page.locator("table.training-log td").evaluate_all(TALL)
    assert len(heights) > 50 and max(heights) < 1.5 * min(heights)


def test_pages_of_paper_are_counted(visit):
    assert pages(visit("book/notation.html").page.pdf()) > 3


def test_nothing_on_the_sheet_is_cut_off(visit):
    sheet = {"width": 710, "height": 1050}  # A4 less its margins, at 96 dpi
    opened = visit("book/cheatsheet.html", viewport=sheet, clock=True)
    page = opened.page
    page.emulate_media(media="print")
    opened.wait(500)
    assert page.evaluate(CUT_OFF) == []
    headings = page.locator("#cheat-sheet h2")
    assert headings.count() == 5 and all(each.is_visible() for each in headings.all())


@pytest.mark.parametrize("name", ["notation", "cheatsheet"])
def test_a_name_in_a_table_stays_whole_and_the_table_scrolls(visit, name):
    page = visit(f"book/{name}.html", viewport={"width": 360, "height": 780}).page
    broken = "nodes => nodes.filter((node) => node.getClientRects().length > 1).map((node) => node.textContent)"
    names = page.locator("td code .pre")
    assert names.count() > 10 and names.evaluate_all(broken) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_term_leads_to_its_entry_without_scripts(visit):
    page = visit("book/05_loss.html", java_script_enabled=False).page
    page.locator('a[href="notation.html#elbo"]').click()
    page.wait_for_url("**/book/notation.html#elbo")
    entry = page.locator("p", has=page.locator(":target"))
    assert entry.inner_text().startswith("ELBO")
    assert 0 <= entry.bounding_box()["y"] < 720


def test_an_error_leads_to_its_cure(visit):
    page = visit("book/cheatsheet.html").page
    page.get_by_role("link", name="KerasTensor").click()
    page.wait_for_url("**/book/troubleshooting.html#kerastensor")
    heading = page.get_by_role("heading", name="A KerasTensor cannot be used")
    assert 0 <= heading.bounding_box()["y"] < 400
