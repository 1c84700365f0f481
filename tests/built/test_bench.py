"""The two benches in a real browser: trained, changed, broken, taken away, operated without a mouse, and timed."""

import numpy as np
import pytest
from driving import Bench, numbers

HOME = Bench.PAGES
LOOKS_AT = HOME.values()
SMALL_RUN = "width=16&digits=01"  # an epoch of it takes a moment
PRESETS = ["good", "collapse", "mean", "autoencoder", "many", "without"]
THROWS = "window.Worker = class { constructor() { throw new Error('no workers here') } };"
LATE = """window.Worker = class extends Worker {
  set onmessage(hear) { super.onmessage = (event) => setTimeout(() => hear(event), 300); }
};"""
KEEPS_SILENT = "window.Worker = class { postMessage() {} terminate() {} };"
HIDE = """() => {
  Object.defineProperty(document, "hidden", { get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


# ---- training


def test_training_gives_digits_and_can_be_paused(bench):
    it = bench()
    (empty, *_), inventions = it.terms(), it.canvas("prints", 1)
    assert it.verdict().startswith("Untrained") and inventions.std() < 10  # fog
    it.section.evaluate("""section => {
      window.said = [];
      const status = section.getRootNode().querySelector("[role=status]");
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
    }""")
    it.button("Train").click()
    it.until(lambda: it.nats() < Bench.RECOGNISABLE)
    assert it.page.evaluate("() => window.said") == [], "a look is no event for a screen reader"
    assert it.canvas("prints", 1).std() > 40
    it.button("Pause").click()
    it.until(lambda: "nats on held-out images" in it.said())
    it.drawn()
    still = it.look()
    it.wait(700)
    assert it.look() == still and it.terms()[0] != empty and it.button("Train").count() == 1
    assert len(it.page.evaluate("() => window.said")) == 1 and f"{it.nats():.1f} nats" in it.said()


def test_the_same_seed_gives_the_same_run_in_whatever_pieces(bench):
    it = bench(SMALL_RUN, script=LATE)
    begun = it.pictures()
    it.epochs(2)
    whole, prints = it.terms(), it.pictures()
    it.button("Train").click()
    it.until(lambda: it.progress()[0] > 2)
    it.button("Reset").click()
    it.wait(700)
    assert it.progress() == [0, 0, 0] and it.pictures() == begun != prints
    assert it.find("circle.held").count() == 0, "what came late from the old run counted"
    for _ in range(3):
        it.button("One step").click()
    it.until(lambda: it.progress()[1] == 3)
    it.epochs(2)
    assert it.terms() == whole and it.pictures() == prints
    it.go(f"{SMALL_RUN}&seed=1")
    assert it.epochs(2) != whole


def test_slow_motion_takes_a_step_at_a_time_and_shows_one_scene(bench):
    """Less motion changes nothing here: nothing glides, and nothing moves before someone asks for it."""
    it = bench("latents=3", clock=True, reduced_motion="reduce")
    it.wait(3000)
    assert it.progress()[1] == 0
    it.button("Train").click()
    it.until(lambda: it.progress()[1] > 5)
    it.button("Slow motion").click()  # it stops in the midst of a step
    it.until(lambda: it.find(".following").is_visible())
    it.page.wait_for_timeout(500)  # for the look behind it
    it.wait(50)
    for _ in range(3):
        steps = it.progress()[1]
        scene = it.canvas("follow")
        it.wait(2500)
        it.until(lambda steps=steps: it.progress()[1] != steps)
        assert it.progress()[1] == steps + 1 and (it.canvas("follow") != scene).any()
    assert it.section.evaluate("node => node.getRootNode().getAnimations?.().length ?? 0") == 0
    rows = it.find(".following tbody tr").all_inner_texts()
    for row in rows:
        mean, spread, epsilon, z, by_print, by_kl, *_ = numbers(row.split("\t", 1)[1])
        assert abs(mean + spread * epsilon - z) < 0.03 and abs(by_kl + mean) < 0.02 and by_print != 0
    assert len(rows) == 3 and len(numbers(it.find(".following .number").inner_text())) == 3
    it.button("Slow motion").click()
    it.wait(300)
    steps = it.progress()[1]
    it.wait(6000)
    assert it.progress()[1] == steps and it.button("Slow motion").get_attribute("aria-pressed") == "false"
    it.button("Slow motion").click()
    it.button("Train").click()  # ends it
    it.wait(2600)
    assert it.button("Pause").count() and it.button("Slow motion").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("name", HOME)
def test_a_hidden_tab_pauses(bench, name):
    it = bench(name=name)
    it.button("Train").click()
    it.until(lambda: "latents are used" in it.verdict())
    it.page.evaluate(HIDE)
    it.button("Train").wait_for()
    it.wait(300)
    still = it.pictures()
    it.wait(600)
    assert it.pictures() == still


def test_the_small_bench_collapses_recovers_and_begins_again(bench):
    it = bench(name="first_bench")
    begun = it.pictures()
    it.button("Train").click()
    it.until(lambda: "2 of 2 latents are used" in it.verdict())
    beta = it.section.get_by_role("slider")
    value = beta.input_value()
    beta.fill("0.835")
    it.until(lambda: "the price of what they say" in it.verdict())
    beta.fill(value)
    it.until(lambda: "2 of 2 latents are used" in it.verdict())
    it.button("Reset").click()
    it.until(lambda: it.verdict().startswith("Untrained"))
    it.until(lambda: it.pictures() == begun)


# ---- settings


def test_every_control_changes_the_run(bench):
    it = bench(SMALL_RUN)
    it.unfold("More settings")
    seen = {"": it.epochs()}
    sliders = {"β": "beta=1.2", "Latents": "latents=3", "Width": "width=32", "Batch": "batch=100"}
    choices = {"mean": "terms=mean", "Gaussian, chosen σ": "likelihood=gaussian", "take z_mean": "noise=off"}
    controls = [(it.section.get_by_role("slider", name=name, exact=True), then) for name, then in sliders.items()]
    controls += [(it.section.get_by_role("slider", name="Seed"), "seed=1")]
    controls += [(it.section.get_by_role("slider", name="Learning rate"), "rate=")]
    controls += [(it.section.get_by_role("radio", name=name, exact=True), then) for name, then in choices.items()]
    controls += [(it.section.get_by_role("radio", name="Gaussian, learned σ"), "likelihood=learned")]
    controls += [(it.section.get_by_role("checkbox", name="2"), "digits=012")]
    for control, then in controls:
        it.go(SMALL_RUN)
        control.focus()
        it.page.keyboard.press("ArrowRight" if control.get_attribute("type") == "range" else "Space")
        it.until(lambda then=then: then in it.page.url)
        seen[then] = it.epochs()
    it.go(f"{SMALL_RUN}&likelihood=gaussian")
    seen["gaussian"] = it.epochs()
    it.section.get_by_role("slider", name="σ of a pixel").press("PageUp")
    it.until(lambda: "sigma=" in it.page.url)
    seen["sigma"] = it.epochs()
    alike = {then: sorted(name for name in seen if seen[name] == seen[then]) for then in seen}
    assert {then: others for then, others in alike.items() if len(others) > 1} == {
        then: ["gaussian", "likelihood=gaussian"] for then in ("gaussian", "likelihood=gaussian")
    }


def test_what_cannot_be_set_says_so(bench):
    """The last digit, and the sigma of a likelihood that has none."""
    it = bench("width=16&digits=1")
    last = it.section.get_by_role("checkbox", name="1")
    it.section.get_by_text("1", exact=True).and_(it.find(".digits label")).click()
    it.until(lambda: "at least one digit" in it.said())
    assert last.is_checked() and it.find(".digits").get_by_text("It needs at least one digit.").is_visible()
    it.section.get_by_role("checkbox", name="2").press("Space")
    it.until(lambda: "digits=12" in it.page.url)
    assert not it.find(".digits").get_by_text("It needs at least one digit.").is_visible()
    it.unfold("More settings")
    sigma = it.section.get_by_role("slider", name="σ of a pixel")
    assert sigma.is_disabled()
    it.section.get_by_role("radio", name="Gaussian, chosen σ").press("Space")
    it.until(sigma.is_enabled)


def test_a_press_on_the_map_gives_the_print_of_that_place(bench):
    """The plane has the same print at the same place; a press on it, or on a scene, does the same.

    Keys do it too, and it is printed anew while it trains.
    """
    it = bench("width=16&digits=017")
    it.epochs()
    ring = it.canvas("ring")
    for across, up in ((2, 3), (9, 6), (5, 11)):
        it.drag(it.find("canvas.map"), [((across + 0.5) / 13, (up + 0.5) / 13)])
        it.until(lambda before=ring: (it.canvas("ring") != before).any())
        ring = it.canvas("ring")
        tile = it.canvas("plane")[14 * up : 14 * (up + 1), 14 * across : 14 * (across + 1)]
        assert np.abs(ring - tile).max() < 6 < tile.max()  # a press is on a pixel of the screen
    for press, where, expected in (
        (it.find(".at-plane canvas"), (4.5 / 13, 8.5 / 13), it.canvas("plane")[14 * 8 : 14 * 9, 14 * 4 : 14 * 5]),
        (it.find(".at-scenes canvas"), (0.15, 0.5), it.canvas("prints")[:, 14:28]),  # the second of ten
    ):
        it.drag(press, [where])
        it.until(lambda expected=expected: np.abs(it.canvas("ring") - expected).max() < 4)
    ring = it.canvas("ring")
    it.section.get_by_role("slider", name="z[1]").press("End")
    it.until(lambda: (it.canvas("ring") != ring).any())
    ring = it.canvas("ring")
    it.epochs()
    assert (it.canvas("ring") != ring).any()


def test_beta_and_rate_change_while_it_trains(bench):
    it = bench()
    it.unfold("More settings")
    it.epochs(2)
    it.button("Train").click()
    for name, key, then in (("β", "End", "+ 100 ×"), ("Learning rate", "ArrowRight", "rate of 0.011")):
        steps = it.progress()[1]
        it.section.get_by_role("slider", name=name, exact=True).press(key)
        it.until(lambda steps=steps: it.progress()[1] > steps)
        assert then in it.aim() and it.button("Pause").count()
    it.until(lambda: "Collapse" in it.verdict() and "more than 100 nats" in it.verdict())
    it.section.get_by_role("slider", name="Learning rate").press("Home")
    said = it.said()
    it.button("Pause").click()
    it.until(lambda: it.said() != said)  # its last look is on the way before
    before = it.nats()
    it.epochs()
    assert abs(it.nats() - before) < 1  # steps of a hundredth: hardly anything moves


def test_beta_can_be_typed(bench):
    it = bench(SMALL_RUN)
    it.unfold("More settings")
    slider, typed = (it.section.get_by_role(role, name=name, exact=True) for role, name in
                     (("slider", "β"), ("spinbutton", "β exactly")))  # fmt: skip
    typed.fill("2.345")
    typed.press("Tab")
    assert "+ 2.345 ×" in it.aim() and slider.get_attribute("aria-valuetext") == "2.345"
    for wrong in ("101", "-1", ""):
        typed.fill(wrong)
        typed.press("Tab")
        assert "+ 2.345 ×" in it.aim()
    slider.press("End")
    assert typed.input_value() == "100" and "+ 100 ×" in it.aim()
    it.go("beta=0.5&" + SMALL_RUN)
    assert typed.input_value() == "0.5"


def test_a_link_opens_the_same_bench(bench):
    it = bench("beta=20&latents=3&seed=2&width=16&rate=0.0123")
    aim, terms = it.aim(), it.epochs()
    assert "+ 20 × KL" in aim and "rate of 0.0123" in aim
    assert it.section.get_by_role("slider", name="Latents").input_value() == "3"
    assert it.section.get_by_text("0.0123", exact=True).count() == 1
    other = bench(it.page.url.split("#")[1])
    assert other.epochs() == terms and other.aim() == aim
    menu = it.section.get_by_label("A lesson to try")
    assert menu.input_value() == "own"
    for name in [*PRESETS[1:], PRESETS[0]]:
        it.go(name)
        aim = it.aim()
        assert menu.input_value() == name
        it.wait(350)
        address = it.page.url.split("#")[1]
        menu.select_option("collapse" if name == "mean" else "mean")
        menu.select_option(name)
        it.wait(350)
        assert it.aim() == aim and it.page.url.split("#")[1] == address


BAD = ["beta=1e9", "latents=two", "nonsense=1", "digits=", "beta=", "rate=0", "width=65", "%E0%A4%A", "beta=2&seed=%ZZ"]


def test_a_bad_address_changes_nothing_and_is_explained(bench):
    it = bench("beta=20&" + SMALL_RUN)
    it.epochs()
    terms, pictures = it.terms(), it.pictures()
    for address in BAD:
        it.page.evaluate("hash => { location.hash = hash }", address)
        it.until(lambda address=address: address[:9] in it.verdict() or ("%" in address and "damaged" in it.verdict()))
        assert "The address" in it.verdict() and "nothing was changed" in it.verdict() and it.said() == it.verdict()
        assert it.terms() == terms and it.pictures() == pictures and it.progress()[0] == 1
    it.epochs()
    assert "address" not in it.verdict() and "+ 20 × KL" in it.section.inner_text()
    it.drawn()
    text = it.look()["text"]
    it.page.evaluate("() => { location.hash = 'what-you-see' }")  # a place on the page
    it.wait(300)
    assert it.look()["text"] == text
    for address in ("beta=1e9", "%E0%A4%A"):
        fresh = bench(address)
        assert "nothing was changed" in fresh.verdict() and "+ 1 × KL" in fresh.section.inner_text()


@pytest.mark.parametrize("script", [None, THROWS], ids=["worker", "page"])
def test_extreme_settings_leave_the_page_alive(bench, script):
    it = bench("beta=100&latents=16&likelihood=gaussian&sigma=0.01&width=256&batch=500&digits=1", script=script)
    it.button("Train").click()
    it.until(lambda: it.progress()[1] > 0)
    it.section.get_by_role("slider", name="β", exact=True).press("Home")
    it.button("Pause").click()
    it.button("Train").wait_for()
    assert "reconstruction + 0 × KL" in it.section.inner_text()


BREAKS = ["rate=1&beta=100&latents=16", "rate=1&likelihood=learned&sigma=0.01"]


@pytest.mark.parametrize("settings", BREAKS)
def test_what_is_no_number_is_caught_and_explained(bench, settings):
    it = bench(settings)
    it.unfold("More settings")
    it.button("Train").click()
    it.until(lambda: "infinite or no number" in it.verdict())
    assert "Press Reset" in it.verdict() and "smaller learning rate" in it.verdict() and it.said() == it.verdict()
    assert not any(word in it.section.inner_text() for word in ("NaN", "Infinity", "undefined"))
    it.button("Train").click()  # without a cure it says so again
    it.until(lambda: it.button("Train").count() and "infinite or no number" in it.verdict())
    it.section.get_by_role("slider", name="Learning rate").press("Home")
    it.button("Reset").click()
    it.until(lambda: it.verdict().startswith("Untrained"))
    it.epochs()
    assert it.nats() < np.inf and "infinite" not in it.verdict()


@pytest.mark.parametrize("script", [THROWS, KEEPS_SILENT], ids=["refused", "silent"])
def test_without_workers_it_trains_on_the_page(bench, script):
    with_one = bench(SMALL_RUN).epochs(2)
    it = bench(SMALL_RUN, script=script)
    assert it.epochs(2) == with_one
    it.button("Train").click()
    it.until(lambda: it.progress()[0] > 2)
    it.button("Pause").click()
    it.button("Train").wait_for()
