"""Exercises in the page: judged as the kernel judges them, for every truth and every mistake; kept, shown, cleared."""

import itertools
import json
import re

import numpy as np
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from pages import contents
from test_browser import SETTINGS, overflow

from helpers.exercises.answers import exercise
from helpers.exercises.checking import examine
from helpers.exercises.inpage import exercise_data, questions
from helpers.places import ROOT
from tools.check.notebooks import chapter_of

CHAPTERS = {path: chapter_of(path) for path in contents() if chapter_of(path)}
BY_HAND = {}  # {page: number, Exercise} of those that ask for numbers
for page, chapter in CHAPTERS.items():
    if exercise_data("", found := exercise(f"{chapter}.1")):
        BY_HAND[page] = f"{chapter}.1", found
ASKING = [page for page, chapter in CHAPTERS.items() if page in BY_HAND or questions(chapter)]
A_CHAPTER = "book/02_encoder.html"  # it asks for numbers, and for one of two texts

JUDGED = """([exercise, all]) => all.map((given) => exerciseJudge.text(exercise, Object.fromEntries(exercise.parts.map(
  (part) => [part.name, exerciseJudge.judge(exercise, part, Number.isNaN(Number(given[part.name]))
    ? given[part.name] : Number(given[part.name]))]))))"""
READ = (
    "(all) => all.map((typed) => { const { value, remark } = exerciseJudge.read(typed); return remark ?? `${value}`; })"
)
# types each set of answers into a form; returns what was said of it, and the remarks that are seen
TYPED = """([form, all]) => all.map((given) => {
  for (const [name, value] of Object.entries(given)) {
    for (const field of [...form.elements].filter((each) => (each.name || each.id).endsWith(`-${name}`))) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
  form.requestSubmit();
  const hints = [...form.querySelectorAll(".asked-hint")].map((hint) => hint.textContent.replace(/^[✓✗] /, ""));
  return [form.dataset.said, hints, form.querySelector(".asked-status").textContent];
})"""
CLICKED = """(group) => [...group.querySelectorAll("button")].map((button) => {
  button.click();
  return [button.textContent, group.querySelector(".asked-status").textContent, button.getAttribute("aria-pressed")];
})"""
KEPT = "() => localStorage.getItem('darkroom.answers.1')"


def typed(value):
    """Return an answer as a reader types it."""
    return value if isinstance(value, str) else repr(float(value))


def as_number(value):
    """Return an answer for the judge of the page; JSON has no infinity."""
    return value if isinstance(value, str) or np.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def answers(exercise):
    """Return sets of answers to an exercise: the truth, each mistake, and numbers near to either and far from both."""
    truth, found = exercise.truth, [exercise.truth]
    for wrong in exercise.mistakes.values():
        found += [{**truth, name: value} for name, value in wrong.items()]
    for name in truth.keys() - exercise.choices.keys():
        known = [truth[name], *(wrong[name] for wrong in exercise.mistakes.values() if name in wrong)]
        near = [
            v * by for v in map(float, known) if np.isfinite(v) for by in (0.989, 0.991, 0.9999, 1.0099, 1.0101, -1)
        ]
        beside = [v + by for v in map(float, known) for by in (-0.0101, -1e-5, 1e-9, 2e-5, 0.0099)]
        found += [{**truth, name: value} for value in (*near, *beside, 0.0, -1e6, 1e6, np.inf, -np.inf)]
    return found


def plain(text):
    """Return a hint as the page shows it."""
    return text.replace("`", "")


@pytest.fixture
def judge(blank):
    """A page with the judge alone."""
    blank.evaluate((ROOT / "book/_static/exercises/judge.js").read_text(encoding="utf-8"))
    return blank


def test_the_page_judges_as_the_kernel_does(judge):
    for number, each in BY_HAND.values():
        tried = answers(each)
        given = [{name: as_number(value) for name, value in one.items()} for one in tried]
        said = judge.evaluate(JUDGED, [exercise_data(number, each), given])
        expected = [examine(number, each, parts=one).text for one in tried]
        assert [pair for pair in zip(tried, said, expected) if pair[1] != pair[2]] == []


@pytest.mark.parametrize(
    "texts, value",
    [
        (
            ["0.25", "0,25", ".25", " 1/4 ", "25 %", "25%", "2.5e-1", "2,5E-1", "2.5·10^-1", "2.5 × 10^-1", "+0.25"],
            0.25,
        ),
        (["-3", "−3", "–3", "-3.0", "-9/3"], -3),
        (["9600", "9 600", "9\u202f600", "9'600", "9600.0"], 9600),
        (["1,234,567", "1 234 567", "1234567"], 1234567),
        (["120", "120°", "120 °"], 120),
        (["inf", "∞", "Infinity", "without limit"], "Infinity"),
        (["", "  "], "undefined"),
        (["9,600", "-9,600", "9,600/1"], "may mean"),
        (
            ["abc", "two", "log(9)", "1.2.3", "--3", "1/0", "1/2/3", "0x10", "1e400", "NaN", "1 2", "...", "%"],
            "is not read",
        ),
    ],
)
def test_what_is_typed_is_read(judge, texts, value):
    found = judge.evaluate(READ, texts)
    wanted = f"{value}"
    assert [
        pair
        for pair in zip(texts, found)
        if not pair[1].startswith(wanted) or (pair[1] != wanted and " " not in pair[1])
    ] == []


@pytest.mark.parametrize("path", ASKING)
def test_a_page_judges_what_is_typed_and_chosen(visit, path):
    it = visit(path).page
    forms = it.locator("form.asked-form")
    assert forms.count() == (path in BY_HAND)
    if path in BY_HAND:
        number, each = BY_HAND[path]
        tried = [each.truth, *({**each.truth, n: v} for wrong in each.mistakes.values() for n, v in wrong.items())]
        given = [{name: typed(value) for name, value in one.items()} for one in tried]
        comma = {name: value.replace(".", ",") for name, value in given[0].items()}
        three = re.compile(r"-?[1-9]\d{0,2},\d{3}$")  # which may mean thousands
        given += [comma if not any(map(three.match, comma.values())) else given[0]]
        nonsense = {name: "three" for name in each.truth if name not in each.choices}
        results = it.evaluate(TYPED, [forms.element_handle(), [*given, nonsense]])
        expected = [examine(number, each, parts=one) for one in [*tried, each.truth]]
        assert [said for said, _, _ in results[:-1]] == [verdict.text for verdict in expected]
        assert results[0][2].startswith("✓")
        for wrong, (_, hints, status) in zip(tried[1:], results[1:-2]):
            name = next(
                name for name in wrong if wrong[name] is not each.truth[name] and wrong[name] != each.truth[name]
            )
            assert plain(re.search(rf"`{name}`: (.*)", examine(number, each, parts=wrong).text)[1]) in hints
            assert status.startswith("Not yet")
        assert all("is not read as a number" in hint for hint in results[-1][1][: len(nonsense)])
        forms.get_by_role("button", name="Open the solution").click()
        assert (
            it.evaluate("() => document.activeElement.closest('details').open && document.activeElement.textContent")
            == "Solution"
        )
    asked = questions(CHAPTERS[path])
    for words, entry in asked.items():
        group = it.get_by_role("group", name=plain(words), exact=True)
        for (choice, said), (shown, status, pressed) in zip(
            entry["choices"], it.evaluate(CLICKED, group.element_handle())
        ):
            right = said is True
            told = "✓ The run bears it out." if right else f"✗ The run does not bear it out: {plain(said)}"
            assert (shown, status, pressed) == (plain(choice), told, "true")
    assert it.locator("details > summary:text('What the run shows')").count() == len(asked)


def test_answers_are_kept_shown_and_cleared(visit):
    it = visit(A_CHAPTER).page
    seen = it.locator("nav.bd-links .answered")
    form = it.locator("form.asked-form")
    assert seen.count() == 0 and not it.get_by_role("button", name="Clear my answers").first.is_visible()
    form.get_by_label("z_mean").fill("0,0")
    form.get_by_label("sigma", exact=True).fill("0.368")
    form.get_by_label("light for sigma").fill("2.30")
    form.get_by_label("light for sigma").press("Enter")
    assert form.locator(".asked-status").inner_text().startswith("Not yet: 3 of 4") and seen.count() == 0
    form.get_by_label("no", exact=True).check()
    form.get_by_role("button", name="Check").click()
    assert form.locator(".asked-status").inner_text() == "✓ Exercise 2.1: right."
    assert seen.all_text_contents() == ["1/3, 1 of 3 questions answered"]
    it.locator(".asked-before button").first.click()
    assert (
        seen.all_text_contents() == ["2/3, 2 of 3 questions answered"]
        and "You answered 2." in it.locator(".answers-here").inner_text()
    )
    it.goto(it.url.replace("02_encoder", "notation"))  # any other page says so too
    assert "2/3" in it.locator("nav.bd-links li:has(a[href='02_encoder.html'])").inner_text()
    it.go_back()
    assert (
        form.get_by_label("light for sigma").input_value() == "2.30"
        and form.get_by_label("no", exact=True).is_checked()
    )
    assert form.locator(".asked-status").inner_text() == "✓ Exercise 2.1: right."
    assert it.locator(".asked-before button").first.get_attribute("aria-pressed") == "true"
    it.once("dialog", lambda dialog: dialog.dismiss())
    it.locator("nav.bd-links").get_by_role("button", name="Clear my answers").click()
    assert seen.count() == 1
    it.once("dialog", lambda dialog: dialog.accept())
    it.locator("nav.bd-links").get_by_role("button", name="Clear my answers").click()
    assert seen.count() == 0 and it.evaluate(KEPT) is None
    assert it.evaluate("() => document.activeElement.textContent") == "Your answers are cleared."
    assert form.get_by_label("light for sigma").input_value() == "" and form.locator(".asked-status").inner_text() == ""
    assert it.locator(".asked-before [aria-pressed='true']").count() == 0


BLOCKED = """for (const name of ["getItem", "setItem"]) {
  const usual = Storage.prototype[name];
  Storage.prototype[name] = function (key, ...more) { // the theme does not bear it
    if (/^(darkroom|found)/.test(key)) throw new DOMException("blocked", "SecurityError");
    return usual.call(this, key, ...more);
  };
}"""
STRANGE = "try { localStorage.setItem('darkroom.answers.1', '[1, {'); } catch {}"


@pytest.mark.parametrize("script", [BLOCKED, STRANGE], ids=["blocked", "strange"])
def test_without_storage_the_page_judges_all_the_same(visit, script):
    it = visit("book/17_art.html", script=script).page
    it.get_by_label("factor").fill("64")
    it.get_by_role("button", name="Check").click()
    assert "the picture has 3 channels" in it.locator(".asked-hint").inner_text()
    it.get_by_label("factor").fill("48")
    it.get_by_role("button", name="Check").click()
    assert it.locator("nav.bd-links .answered-seen").inner_text() == "1/3"


def test_the_keyboard_is_enough_and_what_comes_out_is_announced(visit):
    it = visit("book/17_art.html").page
    assert it.locator("form .asked-status").get_attribute("role") == "status"
    it.locator(".asked-before button").first.focus()
    it.keyboard.press("Space")
    assert it.locator(".asked-before [role=status]").first.inner_text().startswith("✗")
    field = it.get_by_label("factor")
    field.focus()
    it.keyboard.type("8")
    it.keyboard.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert (
        it.locator(f"#{field.get_attribute('aria-describedby')}").inner_text()
        == "✗ you divided the sides only; count all numbers of both."
    )
    assert "factor: ✗ you divided" in it.locator("form .asked-status").text_content()
    it.keyboard.press("Tab")
    it.keyboard.press("Tab")
    it.keyboard.press("Enter")
    assert it.evaluate("() => document.activeElement.closest('details').open")


FINGERS = ".asked-form :is(button, input[type='text'], label:has(input)), .answers-kept button, .asked-code > summary"
SMALL = """(fingers) => [...document.querySelectorAll(fingers)].filter((node) => node.checkVisibility()
  && node.getBoundingClientRect().height < 43.9).map((node) => node.outerHTML)"""
PLACES = {"include": [[".asked-form"], [".answers-here"], ["nav.bd-links"]]}
AXE = """async ([places, settings]) => (await axe.run(places, settings)).violations.flatMap(
  ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`))"""


def test_axe_finds_nothing_in_answered_forms(visit):
    it = visit(A_CHAPTER, reduced_motion="reduce").page
    it.get_by_label("sigma", exact=True).fill("0.1353")
    it.get_by_label("z_mean").fill("0")
    it.get_by_role("button", name="Check").click()
    for button in it.locator(".asked-before button:last-child").all():
        button.click()
    it.evaluate(AXE_SCRIPT)
    for scheme, width in itertools.product(("light", "dark"), (1280, 360)):
        it.emulate_media(color_scheme=scheme)
        it.set_viewport_size({"width": width, "height": 900})
        it.wait_for_timeout(200)
        assert it.evaluate(AXE, [PLACES, SETTINGS]) == [] == it.evaluate(SMALL, FINGERS) and overflow(it) <= 0, (
            scheme,
            width,
        )


def test_on_paper_and_without_scripts_the_cell_stands_there(visit):
    without = visit(A_CHAPTER, java_script_enabled=False).page
    assert without.locator(".asked-form").count() == 0 and without.locator(".tag_exercise").first.is_visible()
    assert without.locator("summary:text('What do you expect')").count() == len(questions("2"))
    paper = visit(A_CHAPTER).page
    assert not paper.locator(".tag_exercise").first.is_visible()
    paper.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    paper.emulate_media(media="print")
    assert paper.locator(".tag_exercise").first.is_visible() and not paper.locator("form.asked-form").is_visible()
    assert paper.locator(".asked-title").first.is_visible() and not paper.locator(".asked-choices").first.is_visible()


def test_the_truth_is_not_asked_for_elsewhere(site):
    for path in (*ASKING, "book/index.html"):
        text = (site / path).read_text(encoding="utf-8")
        whole = json.loads(re.search(r'id="asked-in-the-book">(.*?)</script>', text)[1])
        assert sorted(whole) == sorted(page.removeprefix("book/") for page in ASKING)
        assert len(re.findall(r'class="asked">', text)) == len(whole.get(path.removeprefix("book/"), []))
