"""How the tests operate widgets: find their parts, move over them with mouse and finger, and see what changed."""

import io
import itertools
import math
import re
import time
import zlib
from base64 import b64decode

import numpy as np
from living_code import WIDGETS
from PIL import Image
from serving import A_FRAME

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PAUSE = 900  # milliseconds after which every widget has settled, by the page's clock

CANVASES = "(section) => [...section.querySelectorAll('canvas')].map((node) => node.toDataURL())"

# What a widget shows now. Sliders are left out: that a slider moves is no answer.
LOOK = """(section) => {
  const rest = section.cloneNode(true);
  rest.querySelectorAll(".slider, svg, summary").forEach((node) => node.remove());
  return {
    canvases: [...section.querySelectorAll("canvas")].map((node) => node.toDataURL()),
    marks: [...section.querySelectorAll(".now")].map((node) => node.parentNode.textContent),
    charts: [...section.querySelectorAll("svg")].map((node) => node.outerHTML),
    text: rest.textContent,
  };
}"""


class Widget:
    """One widget on an opened page; its tab is chosen, if it has one."""

    def __init__(self, opened, name):
        self.opened, self.page, self.title = opened, opened.page, WIDGETS[name].TITLE
        self.host = self.page.locator(".living-page")
        tab = self.host.get_by_role("tab", name=self.title, exact=True)
        if tab.count():
            tab.click()
        self.section = self.host.locator(f'section[aria-label="{self.title}"]')
        self.section.locator("canvas, svg, button").first.wait_for()
        self.wait()

    def look(self):
        """Return what it shows, to compare with what it shows later."""
        return self.section.evaluate(LOOK)

    def said(self):
        """Return what it announced last."""
        return self.host.locator("[role=status]").inner_text()

    def find(self, selector, **options):
        return self.section.locator(selector, **options)

    def button(self, name):
        return self.section.get_by_role("button", name=name, exact=True)

    def wait(self, milliseconds=PAUSE):
        self.opened.wait(milliseconds)

    def drag(self, part, way, touch=False, pause=0):
        """Draw a line over a part, with the mouse or a finger; places are fractions of its width and height."""
        part.evaluate("node => node.scrollIntoView({ block: 'center' })")
        box = part.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]
        if touch:
            client = self.page.context.new_cdp_session(self.page)
            for i, (x, y) in enumerate(places):
                kind = "touchMove" if i else "touchStart"
                client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
                self.page.wait_for_timeout(pause or 5)
            client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            client.detach()
            return
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for x, y in places[1:]:
            self.page.mouse.move(x, y)
            self.page.wait_for_timeout(pause or 5)
        self.page.mouse.up()


class Bench(Widget):
    """A bench on an opened page."""

    RECOGNISABLE = 50  # nats an image, -ELBO on held-out digits: below it one tells the digits of the prints
    PAGES = {"bench": "book/bench.html", "first_bench": "book/index.html"}  # noqa: RUF012

    @classmethod
    def opened(cls, visit, settings="", name="bench", **options):
        """Open one with settings in its address, and wait for its first look."""
        it = cls(visit(cls.PAGES[name] + f"#{settings}" * bool(settings), **options), name)
        it.until(lambda: name != "bench" or it.nats() < np.inf)
        return it

    def aim(self):
        """Return what it says a step makes smaller."""
        return self.find(".at-figures .caption").first.inner_text()

    def until(self, holds, seconds=60):
        """Wait until something holds, however slow the machine is."""
        end = time.monotonic() + seconds
        while not (found := holds()):
            if time.monotonic() > end:
                self.page.evaluate(A_FRAME)  # a browser that draws nothing any more is ended here: see conftest.py
                raise AssertionError(f"waited {seconds} s in vain: {self.verdict()}")
            self.wait(30)
        return found

    def verdict(self):
        return self.find(".verdict").inner_text()

    def progress(self):
        """Return epochs, steps, and seconds of training."""
        return numbers(self.find(".at-figures .number").last.inner_text().replace(",", ""))

    def terms(self):
        """Return reconstruction, KL and -ELBO as they are written; nothing before they are."""
        return [cell.strip() for cell in self.find(".costs td").all_inner_texts()]

    def nats(self):
        return (numbers(self.terms()[-1]) or [np.inf])[0]

    def epochs(self, count=1):
        """Train for some epochs."""
        for _ in range(count):
            done = self.progress()[0]
            self.button("One epoch").click()
            self.until(lambda done=done: self.progress()[0] == done + 1 and self.button("Train").count())
        return self.terms()

    def go(self, settings):
        """Ask for settings as a link on the page does, and begin."""
        self.page.evaluate("hash => { location.hash = hash }", settings)
        self.wait(50)
        self.button("Reset").click()
        self.until(lambda: self.progress()[1] == 0 and self.nats() < np.inf)

    def unfold(self, *titles):
        for title in titles:
            self.section.get_by_text(title, exact=True).click()

    def drawn(self):
        """Wait until the last look is in the pictures: they are drawn one a frame."""
        frames = "async (count) => { for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame); }"
        if not self.opened.clock:
            self.page.evaluate(frames, 6)

    def pictures(self):
        """Return the pictures of the model, in few letters: map, plane, prints and inventions."""
        self.drawn()
        parts = self.find("canvas").evaluate_all(
            "nodes => nodes.map((node) => [node.toDataURL(), node.closest('.at-follow')])"
        )
        return [zlib.crc32(address.encode()) for address, followed in parts if not followed]

    def canvas(self, part, which=0):
        """Return what a canvas shows, grey from 0 to 255."""
        self.drawn()
        address = self.find(f".at-{part} canvas").nth(which).evaluate("node => node.toDataURL()")
        return np.asarray(Image.open(io.BytesIO(b64decode(address.split(",")[1]))).convert("L")).astype(int)


def line(*corners, steps=8):
    """Return places on the line through some corners."""
    way = [corners[0]]
    for (ax, ay), (bx, by) in itertools.pairwise(corners):
        way += [(ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps) for i in range(1, steps + 1)]
    return way


SEVEN = line((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))
ROUND = [(0.5 + 0.3 * math.sin(i / 4), 0.5 - 0.3 * math.cos(i / 4)) for i in range(27)]


def numbers(text):
    """Return the numbers in a text, with real minus signs too."""
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text.replace("\u2212", "-"))]
