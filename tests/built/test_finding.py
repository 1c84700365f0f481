"""Finding an answer in the built site: the page of questions, the lists at the ends of chapters, and the search."""

import json
import re

import pytest

from helpers.places import BOOK
from tools.build import questions

GROUPS = questions.groups()
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
READ = """(sentence) => [...document.querySelectorAll(".bd-article :is(p, li)")].some((node) => {
  const { top, bottom } = node.getBoundingClientRect();
  return node.textContent.replace(/\\s+/g, " ").includes(sentence) && bottom > 60 && top < innerHeight - 40; })"""
TEN = [  # what a reader types, if anything; what is then chosen; and what is there to read
    ("why is my kl zero", "Why is my KL zero?", "This is posterior collapse"),
    ("0.18215", "Where does 0.18215 come from?", "one over the standard deviation"),
    ("gpu slower than cpu", "My GPU is slower than my CPU", "starting one takes time"),
    ("how many latents do I need", "How many latents?", "more latent_dim than it needed did no harm"),
    ("blurry prints", "Why are the prints blurry?", "the best print is the mean of the scenes"),
    ("reparametrisation trick", "Reparameterization, trick", "so that the randomness is an input"),
    ("", "z or z_mean?", "to describe or reconstruct an image"),
    ("", "My loss is NaN", "Steps that are too large"),
    ("", "Which σ for my own pictures?", "how much KL the model will spend on it"),
    ("", "What does the guidance scale do?", "exaggerates what the label changes"),
]


def search(visit, query, **options):
    """Open the search with a query, and return the page and what was found, as [title, where, excerpt] each."""
    page = visit("search.html?q=" + query.replace(" ", "+"), **options).page
    page.wait_for_function("() => document.querySelector('.search-summary').textContent")
    parts = (
        "(rows) => rows.map((row) => ['a', '.search-where', 'p'].map((part) => row.querySelector(part).textContent))"
    )
    return page, page.eval_on_selector_all("ol.search > li", parts)


# ---- the questions


@pytest.mark.parametrize("title, group", GROUPS, ids=lambda each: each if isinstance(each, str) else "")
def test_each_question_leads_to_one_place_on_the_built_page(site, title, group):
    for each in group:
        page = (site / "book" / each.file).with_suffix(".html").read_text(encoding="utf-8")
        assert len(re.findall(f'id="{each.anchor}"', page)) == 1, each
        if each.file.endswith(".ipynb"):
            assert f'href="#{each.anchor}"' in page, each


def test_the_questions_fit_on_one_screen(visit):
    page = visit("book/questions.html").page
    bottoms = page.eval_on_selector_all(".bd-article li a", "(all) => all.map((a) => a.getBoundingClientRect().bottom)")
    assert len(bottoms) == sum(len(group) for title, group in GROUPS if title) and max(bottoms) <= 900


def test_ten_answers_are_found_in_three_steps_on_a_phone(visit):
    page = visit("book/02_encoder.html", **PHONE).page
    for typed, chosen, sentence in TEN:
        if typed:  # open the search, choose what stands on its first screen, read
            page.locator(".search-button:visible").tap()
            page.locator("dialog[open] input[name=q]").fill(typed)
            page.keyboard.press("Enter")
            page.locator("ol.search > li:nth-child(-n + 3) > a", has_text=chosen).first.tap()
        else:  # open the page of questions, choose, read
            page.locator(".primary-toggle").tap()
            page.locator("dialog[open] a", has_text="Questions and where").tap()
            page.locator(".bd-article li a", has_text=chosen).tap()
        page.wait_for_url(re.compile(r"/book/\w+\.html#[\w-]+$"))
        page.wait_for_function(READ, arg=sentence)


def test_an_answer_comes_with_what_stands_above_it_in_sight(visit):
    page = visit("book/03_decoder.html#why-blurry", **PHONE).page
    top = "document.querySelector('p:has(> a:target)').getBoundingClientRect().top"
    page.wait_for_function(f"() => {top} > 200 && {top} < innerHeight / 2")


def test_the_contents_open_on_a_phone_where_one_is(visit):
    page = visit("book/17_art.html", **PHONE).page
    page.locator(".primary-toggle").tap()
    place = "() => document.querySelector('dialog[open] a.current')?.getBoundingClientRect().top"
    page.wait_for_function(f"() => {{ const top = ({place})(); return top > 60 && top < innerHeight - 60; }}")


# ---- the search


def test_the_search_shows_sentences_the_words_of_the_glossary_first(visit):
    page, found = search(visit, "posterior collapse")
    assert found[0][:2] == ["Posterior collapse, collapse", "Glossary"] and "every print is the same" in found[0][2]
    assert {"Question", "5. The loss terms"} <= {where for _, where, _ in found}
    assert all(re.search("posterior|collapse", title + text, re.I) for title, _, text in found)
    assert page.locator("ol.search mark").count() > len(found)
    assert re.match(
        r"\d+ places with all of the words, \d+ with some of them\.$",
        page.locator(".search-summary[role=status]").inner_text(),
    )


@pytest.mark.parametrize(
    "query, title",
    [
        ("reparametrisation", "Reparameterization, trick"),
        ("color pictures", "Which loss for colour pictures?"),
        ("why are my images blurry", "Why are the prints blurry?"),
        ("number of latent dimensions", "How many latents?"),
        ("is the ELBO the likelihood", "How far is the ELBO from log p(x)?"),
        ("bibtex", "How do I cite the book?"),
        ("photos needed", "How many pictures do I need?"),
        ("expected loss mnist", "Which loss should I expect on MNIST?"),
    ],
)
def test_other_words_and_spellings_are_understood(visit, query, title):
    assert title in [each[0] for each in search(visit, query)[1][:3]]


def test_names_in_code_are_found_and_what_is_nowhere_is_not(visit):
    page, found = search(visit, "set_memory_growth")
    assert "TensorFlow takes all the memory of the GPU: set_memory_growth" in [each[0] for each in found[:2]]
    page.locator("input[name=q]:visible").fill("xyzzy")
    page.keyboard.press("Enter")
    assert page.locator(".search-summary").inner_text() == "Nothing in the book has these words."
    page.go_back()
    page.locator("ol.search a").first.wait_for()


def test_many_results_come_in_two_parts(visit):
    page, found = search(visit, "mean")
    assert len(found) == 20
    page.get_by_role("button", name=re.compile(r"Show all \d+")).press("Enter")
    assert page.locator("ol.search > li").count() > 60
    assert page.evaluate(
        "() => document.activeElement.closest('li') === document.querySelectorAll('ol.search > li')[20]"
    )


def test_the_words_are_marked_on_the_page_that_is_chosen_until_escape(visit):
    page, _ = search(visit, "posterior collapse")
    page.locator("ol.search a").first.click()
    page.wait_for_url("**/notation.html#collapse")
    marked = "() => [...(CSS.highlights.get('found') ?? [])].map((range) => range.toString().toLowerCase())"
    assert {"posterior", "collapse"} <= set(page.evaluate(marked))
    page.keyboard.press("Escape")
    assert page.evaluate(marked) == []


def test_what_the_search_reads_has_no_markup(site):
    script = (site / "search-text.js").read_text(encoding="utf-8")
    pages = json.loads(script.removeprefix("window.BOOK_TEXT = ").removesuffix(";\n"))
    every = [entry for page in pages for entry in page["entries"]]
    said = [text for entry in every for text in [entry["title"], *(part[1] for part in entry["text"])]]
    shown = [text for text in said if re.search(r"\\[a-z]{2,}|\$|</|\bfrac\b|mathrm", text)]
    assert shown == [] and any("σ² = ½" in text for text in said)
    assert len({entry["url"] for entry in every if entry.get("kind") == "question"}) == sum(len(g) for _, g in GROUPS)
    assert {path.stem for path in BOOK.glob("*.ipynb")} <= {
        re.search(r"\w+(?=\.html)", entry["url"])[0] for entry in every
    }


def test_the_search_works_from_disk(visit, site):
    page = visit((site / "search.html").as_uri() + "?q=why+is+my+kl+zero").page
    page.locator("ol.search a").first.click()
    page.wait_for_url("**/troubleshooting.html#why-kl-zero")
    page.wait_for_function(READ, arg="This is posterior collapse")
