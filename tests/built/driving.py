"""How the tests operate widgets: find their parts, move over them with mouse and finger, and see what changed."""

import itertools
import math
import re

from living_code import WIDGETS

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
