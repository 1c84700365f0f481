"""Every widget in Firefox and in WebKit: it draws, answers, trains, and nothing fails. Run by `make browsers`."""

import contextlib
import functools
import math
import re
import time

import pytest
from driving import LOOK, Bench, line, numbers
from living_code import WIDGETS, places
from obeying import Firefox, Listening, WebKit, until
from serving import served

HOME = {name: path for path, name in places()}
THE_KEY_HOME = "\ue011"
SECTION = """const root = document.querySelector(".living-page").shadowRoot;
const section = [...root.querySelectorAll("section")].find((node) => node.getAttribute("aria-label") === arguments[0]);
const all = (selector) => [...section.querySelectorAll(selector)].filter((node) => node.checkVisibility());
function place(node) {
  node.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = node.getBoundingClientRect();
  return [x, y, width, height];
}
"""
# pictures in which there is nothing: a canvas of one colour, a chart without a line. One draws on a pad oneself, and an
# untrained decoder prints one grey at the ring
BLANK = """return all("canvas, svg").filter((node) => {
  if (node.matches("svg")) return !node.querySelector("path, line, rect, circle, polyline, text");
  const colours = new Uint32Array(node.getContext("2d").getImageData(0, 0, node.width, node.height).data.buffer);
  return !node.matches(".pad, .ring canvas") && colours.every((colour) => colour === colours[0]);
}).map((node) => node.parentNode.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=["Firefox", "WebKit"])
def other(request, site, tmp_path_factory):
    """One of the browsers, and the address of the site."""
    with contextlib.ExitStack() as ends:
        browser = request.param(tmp_path_factory.mktemp("browser"), ends)
        browser.base = ends.enter_context(served(site, Listening))
        browser.open()
        yield browser


class Opened:
    """A widget on its page in one of the browsers."""

    def __init__(self, browser, name):
        self.browser, self.title = browser, WIDGETS[name].TITLE
        browser.do("Navigate", "url", url=browser.base + HOME[name])
        browser.run("document.querySelector('.living-page').scrollIntoView()")  # it starts when it is near
        until(lambda: browser.run("return document.querySelector('.living-page').shadowRoot != null"))
        until(lambda: self.ask("return all('canvas, svg').length > 0"))
        until(lambda: self.ask(BLANK) == [], 20)

    def ask(self, script):
        return self.browser.run(SECTION + script, self.title)

    def look(self):
        return self.ask(f"return ({LOOK})(section)")

    def settled(self):
        """Return its look when nothing changes any more."""
        look = None
        while look != (look := self.look()):
            time.sleep(0.4)
        return look

    def pictures(self):
        return [self.look()[kind] for kind in ("canvases", "charts")]

    def drag(self, node, *way):
        """Press on a node, found by an expression, and drag; places are fractions of its width and height."""
        x, y, width, height = self.ask(f"return place({node})")
        self.browser.point(*((x + a * width, y + b * height) for a, b in way))

    def click(self, label):
        self.drag(f"all('button').find((node) => node.textContent === {label!r})", (0.5, 0.5))


@pytest.fixture
def widget(other):
    """Return a function that opens a widget; nothing may have failed on its page."""
    yield functools.partial(Opened, other)
    assert other.run("return problems") == []


@pytest.mark.parametrize("name", HOME)
def test_it_draws_and_answers(widget, name):
    it = widget(name)
    text = it.ask("return section.innerText")
    assert WIDGETS[name].TRY in text and not re.search(r"\b(NaN|undefined|null|Infinity)\b", text)
    parts = (
        # a rate shows in training only, and one of the ring's sliders goes with a latent
        "all(':is(canvas.pad, canvas.live, input[type=range]:enabled):not(details *, .ring *)')"
    )
    for i in range(it.ask(f"return {parts}.length")):
        before = it.settled()
        it.drag(f"{parts}[{i}]", *line((0.3, 0.3), (0.9, 0.7)))
        until(lambda before=before: it.look() != before, 10)
        if it.ask(f"const part = {parts}[{i}]; part.focus(); return part.matches('input')"):
            before = it.settled()
            it.browser.press(THE_KEY_HOME)
            until(lambda before=before: it.look() != before, 10)
    if it.ask("return all('button.play').length"):
        before = it.pictures()
        it.click("Play")
        until(lambda: it.pictures() != before, 10)
        it.click("Pause")
    assert "bench" not in name or it.ask("return window.worked"), "it does not train in a worker"


@pytest.mark.parametrize("name", Bench.PAGES)
def test_it_trains_and_pauses(other, widget, measure, name):
    it = widget(name)

    def learned():
        verdict, *costs = it.ask("return all('.verdict, .costs td').map((node) => node.innerText)")
        if costs:
            return (numbers(costs[-1]) or [math.inf])[0] < Bench.RECOGNISABLE
        return re.search(r"\d+ latents? (is|are) used", verdict)

    untrained, start = it.look(), time.monotonic()
    assert "Untrained" in untrained["text"] and not learned()
    it.click("Train")
    until(learned, 240)
    measure(f"{name}: trained in {type(other).__name__}", time.monotonic() - start, None, "s")
    it.click("Pause")
    until(lambda: it.ask("return all('button').some((node) => node.textContent === 'Train')"))
    trained = it.settled()
    assert sum(a != b for a, b in zip(untrained["canvases"], trained["canvases"])) >= 3  # map, plane, inventions
    time.sleep(1)
    assert it.look() == trained
