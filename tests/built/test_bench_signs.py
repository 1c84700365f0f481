"""The reader's own signs on the bench: drawn by mouse and keys, made into a set, trained on, morphed."""

import re

import numpy as np
import pytest
from driving import ROUND, SEVEN, Widget, line, numbers

BENCH = "book/bench.html"
LOOKS_AT = [BENCH]
QUICK = "#width=16&batch=20"
CROSS = [line((0.2, 0.2), (0.8, 0.8)), line((0.8, 0.2), (0.2, 0.8))]
SIGNS = {"A": [ROUND], "B": [SEVEN], "C": CROSS}

# Squares of 14 pixels of a canvas, row by row, as grey levels
CELLS = """(section) => {
  const cells = (label) => {
    const shown = section.querySelector(`canvas[aria-label^="${label}"]`);
    const { width, height } = shown;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(shown, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const across = width / 14;
    return Array.from({ length: (across * height) / 14 }, (_, cell) => Array.from({ length: 196 }, (_, i) => {
      const x = (cell % across) * 14 + (i % 14), y = Math.floor(cell / across) * 14 + Math.floor(i / 14);
      return data[4 * (y * width + x)];
    }));
  };
  return { scenes: cells("Held-out"), prints: cells("Their prints"), morph: cells("Ten prints") };
}"""


class Signs(Widget):
    """The bench with its panel of signs open."""

    def __init__(self, opened):
        super().__init__(opened, "bench")
        self.map, self.pad = self.find("canvas.map"), self.find("canvas.pad")
        self.look_at("digits")
        self.find("summary", has_text="Your own signs").click()

    def look_at(self, what):
        """Wait until the map shows something, and return what it is called."""
        named = re.compile(f"held-out {what}, ")
        self.section.get_by_role("img", name=named).wait_for()
        return self.map.get_attribute("aria-label")

    def add(self, strokes):
        for stroke in strokes:
            self.drag(self.pad, stroke)
        self.wait(100)
        self.button("Add this sign").click()
        self.wait(100)

    def drawn(self):
        """Return the letters of the signs in the panel."""
        return self.section.get_by_role("list", name="Your signs").locator("figcaption").all_inner_texts()

    def train_until(self, epoch):
        """Let it train, then pause."""
        self.find(".number", has_text=re.compile(r"Epoch (?!0\b)\d+")).wait_for()
        while numbers(self.find(".number", has_text="Epoch").inner_text())[0] < epoch:
            self.wait(200)
        self.button("Pause").click()
        self.wait(600)

    def cells(self):
        return {name: np.array(cells) for name, cells in self.section.evaluate(CELLS).items()}


@pytest.fixture
def signs(visit):
    return Signs(visit(BENCH + QUICK))


def test_three_signs_are_drawn_trained_on_and_morphed(signs):
    for kind, strokes in SIGNS.items():
        signs.add(strokes)
        assert signs.said() == f"Sign {kind} added. You have {len(signs.drawn())} of at most 12."
    assert signs.drawn() == ["A", "B", "C"]
    signs.button("Train on my signs").click()
    assert "(A, B, C)" in signs.look_at("signs")
    before = signs.cells()["prints"]
    signs.train_until(10)
    after = signs.cells()
    assert len(before) == len(after["prints"]) == 3 and np.abs(after["prints"] - before).mean() > 10
    errors = [[np.abs(p - s).mean() for s in after["scenes"]] for p in after["prints"]]
    assert np.argmin(errors, axis=1).tolist() == [0, 1, 2]  # each print is like its own scene
    assert "The bench trains on your signs A, B and C." in signs.section.inner_text()

    for ends in ((0, 1), (2, 0)):
        for name, end in zip(("Morph from", "Morph to"), ends):
            signs.section.get_by_role("combobox", name=name).select_option(str(end))
        signs.section.get_by_role("img", name=f"of sign {'ABC'[ends[0]]} to that of sign {'ABC'[ends[1]]}").wait_for()
        signs.wait(100)
        seen = signs.cells()
        assert np.array_equal(seen["morph"][[0, -1]], seen["prints"][list(ends)])
        assert len({cell.tobytes() for cell in seen["morph"]}) == 10

    assert "digits=" not in signs.page.url  # what is drawn stays here
    signs.button("Back to the digits").click()
    assert "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)" in signs.look_at("digits") and signs.drawn() == ["A", "B", "C"]
    signs.page.reload()
    assert Signs(signs.opened).drawn() == []


def test_a_sign_among_the_digits(signs):
    signs.button("Train on signs and digits").click()
    assert signs.said() == "To train on them takes at least one sign: you have none."
    signs.add(CROSS)
    signs.button("Train on my signs").click()
    assert signs.said().startswith("To train on them takes at least 2 signs")
    signs.button("Train on signs and digits").click()
    assert "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, A)" in signs.look_at("digits and signs")
    signs.train_until(1)
    assert signs.cells()["prints"][:11].any(axis=1).all()
    signs.section.get_by_role("checkbox", name="4").uncheck()
    signs.find(".caption", has_text="some of the digits, and your sign A").wait_for()
    signs.page.wait_for_function("() => location.hash.endsWith('digits=012356789')")  # a moment later


def test_signs_by_keyboard_alone(signs):
    def press(name):
        signs.button(name).focus()
        signs.page.keyboard.press("Enter")
        signs.wait(100)

    for keys in ("ArrowDown", "ArrowRight"):
        signs.pad.focus()
        for key in ("Space", *[keys] * 8, "Space"):
            signs.page.keyboard.press(key)
        signs.wait(100)
        press("Add this sign")
    assert signs.drawn() == ["A", "B"]
    press("Train on my signs")
    assert "(A, B)" in signs.look_at("signs")


def test_signs_are_removed_and_an_empty_pad_is_refused(signs):
    signs.button("Add this sign").click()
    assert signs.said() == "The pad is empty: draw a sign first." and signs.drawn() == []
    signs.drag(signs.pad, SEVEN)
    signs.button("Undo").click()
    signs.button("Add this sign").click()
    assert signs.drawn() == []
    for strokes in SIGNS.values():
        signs.add(strokes)
    signs.button("Remove sign B").click()
    assert signs.drawn() == ["A", "C"] and signs.said() == "Sign B removed."
    assert signs.button("Remove sign C").evaluate("node => node.getRootNode().activeElement === node")
    signs.add(CROSS)
    assert signs.drawn() == ["A", "B", "C"]  # a letter that is free is given again; the others keep theirs
    for _ in range(9):
        signs.add(CROSS)
    assert len(signs.drawn()) == 12
    signs.add(CROSS)
    assert signs.said() == "There is room for 12 signs: remove one first." and len(signs.drawn()) == 12


VARIANTS = """async ({ folder, strokes }) => {
  const { asMnist } = await import(`${folder}/pad.js`);
  const { signSet } = await import(`${folder}/signs.js`);
  const signs = strokes.map((each, i) => ({ kind: "AB"[i], drawing: asMnist(each) }));
  const digits = { images: new Uint8Array(20 * 196).fill(7), labels: "01234567890123456789", trained: 10, levels: 15 };
  const plain = ({ images, labels, trained }) => ({ images: [...images], labels, trained });
  const sets = [signSet(signs, digits, false), signSet(signs, digits, false), signSet(signs.slice(1), digits, true)];
  return { drawings: signs.map(({ drawing }) => [...drawing]), sets: sets.map(plain) };
}"""


def test_variants_differ_stay_near_their_sign_and_are_the_same_each_time(visit, address):
    strokes = [[[{"x": x, "y": y} for x, y in stroke] for stroke in sign] for sign in ([SEVEN], CROSS)]
    blank = visit("book/licences.html").page
    made = blank.evaluate(VARIANTS, {"folder": f"{address}_static/darkroom", "strokes": strokes})
    first, again, among = made["sets"]
    assert first == again
    images, labels = np.reshape(first["images"], (-1, 14, 14)), np.array(list(first["labels"]))
    assert first["trained"] == 800 and first["labels"] == "AB" * 480
    mixed, kinds = np.reshape(among["images"], (-1, 14, 14)), np.array(list(among["labels"]))
    assert among["trained"] == 410 and among["labels"].startswith("B0123456789B")
    assert np.array_equal(mixed[kinds == "B"], images[labels == "B"])  # without A it is the same B
    for kind, drawing in zip("AB", np.reshape(made["drawings"], (-1, 28, 28))):
        variants = images[labels == kind]
        assert len({each.tobytes() for each in variants}) == 480 and variants.max() == 15
        sign = drawing.reshape(14, 2, 14, 2).mean(axis=(1, 3))
        ink = variants.sum(axis=(1, 2)) / 15 / sign.sum()
        assert 0.5 < ink.min() < 0.8 and 1.1 < ink.max() < 2 and abs(np.median(ink) - 1) < 0.15
        far = np.linalg.norm(middles(variants) - middles(sign[None]), axis=1)
        assert 0.3 < np.median(far) < 1 and far.max() < 2.5  # pixels of 14


def middles(images):
    """Return the centre of mass of each image, in pixels."""
    places = np.arange(14)
    ink = images.sum(axis=(1, 2))
    return np.stack([images.sum(axis=axis) @ places / ink for axis in (2, 1)], axis=1)
