"""The bench for everybody, what one takes away from it, and how fast it is. How it trains is in test_bench.py."""

import json
import statistics
import zlib
from base64 import b64encode

import numpy as np
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from driving import PHONE, Bench, numbers
from PIL import Image
from serving import throttle
from test_browser import SETTINGS, overflow
from test_widgets import ANSWERS, SMALL

from helpers.living import load_bench

LOOKS_AT = Bench.PAGES.values()
THROWS = "window.Worker = class { constructor() { throw new Error('no workers here') } };"


# ---- what one takes away


def download(it, button):
    with it.page.expect_download() as waiting:
        it.button(button).click()
    return waiting.value


def test_a_model_goes_to_python_and_back(bench, tmp_path):
    """Keras prints what the page prints, and so does the page when it opens the file."""
    it = bench("latents=3&width=32&likelihood=learned")
    it.epochs()
    it.unfold("Take it away")
    file = download(it, "Download the model")
    assert file.suggested_filename == "my-vae.json" and "load_bench" in it.said()
    file.save_as(tmp_path / "mine.json")
    vae = load_bench(tmp_path / "mine.json")
    scenes, prints = (
        np.stack(np.split(it.canvas(part), 10, axis=1)) / 255 for part in ("scenes", "prints")
    )  # 16 greys are whole numbers of 255
    z_mean, _ = vae.encoder(scenes.astype("float32"))
    assert np.abs(np.clip(vae.decoder(z_mean), 0, 1) - prints).max() < 1.5 / 255
    page = vae.bench["figures"]["heldOut"]
    written = [numbers(each)[0] for each in it.terms()]
    assert written == pytest.approx(
        [page["reconstruction"], page["kl"], page["reconstruction"] + page["kl"]], abs=0.006
    )
    assert f"{vae.sigma:.3f}" in it.find(".latents + .number").inner_text()

    other = bench()
    other.unfold("Take it away")
    other.find("input[type=file]").set_input_files(tmp_path / "mine.json")
    other.until(lambda: "mine.json is open" in other.said())
    other.until(lambda: other.terms() == it.terms())
    assert np.abs(other.canvas("prints") - it.canvas("prints")).max() <= 1
    assert "Untrained" not in other.verdict() and "of 3 latents" in other.verdict()
    assert other.section.get_by_role("slider", name="Latents").input_value() == "3"
    other.until(lambda: "latents=3" in other.page.url)
    other.epochs()
    assert other.nats() < it.nats()  # it goes on from there


def damaged(text):
    """Return what may have happened to a file: name and content."""
    file = json.loads(text)
    nan = b64encode(np.full(len(file["weights"]) * 3 // 16, np.nan, "<f4").tobytes()).decode()

    def but(**changes):
        return json.dumps({**file, **changes})

    return {
        "cut off": text[: len(text) // 2],
        "another": "[1, 2]",
        "of another format": but(format="darkroom-bench 2"),
        "changed": but(weights="A" + file["weights"][1:] if file["weights"][0] != "A" else "B" + file["weights"][1:]),
        "no settings": but(settings=None),
        "other settings": but(settings={**file["settings"], "latents": 5}),
        "settings out of bounds": but(settings={**file["settings"], "beta": 1e9}),
        "too short": but(weights="AAAA", checksum=zlib.crc32(b"AAAA")),
        "no signs of it": but(weights="?", checksum=zlib.crc32(b"?")),
        "not a number": but(weights=nan, checksum=zlib.crc32(nan.encode())),
    }


def test_a_damaged_file_changes_nothing_and_is_explained(bench, tmp_path):
    it = bench("width=16&digits=01&beta=2")
    it.epochs()
    it.unfold("Take it away")
    download(it, "Download the model").save_as(tmp_path / "mine.json")
    before, terms, aim = it.pictures(), it.terms(), it.aim()
    said = set()
    for what, text in damaged((tmp_path / "mine.json").read_text("utf-8")).items():
        (tmp_path / "bad.json").write_text(text, "utf-8")
        it.find("input[type=file]").set_input_files(tmp_path / "bad.json")
        it.until(lambda: it.find(".at-figures .caption").last.inner_text().endswith(". Nothing was changed."))
        it.wait(100)
        sentence = it.find(".at-figures .caption").last.inner_text()
        assert sentence == it.said() and "failed" not in sentence.lower(), (what, sentence)
        said.add(sentence)
        assert (it.pictures(), it.terms(), it.aim()) == (before, terms, aim), what
        it.section.evaluate("node => node.querySelector('.at-figures details:last-child .caption').textContent = ''")
    assert len(said) == 3  # no JSON, not of the bench, another checksum: test_bench_files.py has what lies behind these


def test_the_plane_can_be_kept_as_a_picture(bench):
    it = bench()
    it.unfold("Take it away")
    file = download(it, "Save the plane as a picture")
    picture = Image.open(file.path())
    assert file.suggested_filename == "plane.png" and picture.format == "PNG"
    assert picture.size == (4 * 13 * 14, 4 * 13 * 14)
    assert (np.asarray(picture.convert("L"), int)[1::4, 1::4] == it.canvas("plane")).all()


def test_the_exact_likelihood_lies_below_both_bounds(bench):
    it = bench("width=32")
    it.unfold("Exact likelihood (two latents)")
    compute, note = it.button("Compute"), it.find("details", has=it.page.get_by_text("Compute")).locator(".caption")
    it.epochs(2)
    compute.click()
    it.until(lambda: "Half the grid gives the same" in note.inner_text())
    elbo, bound, exact, gap = (numbers(row)[-1] for row in it.find("details[open] tbody tr").all_inner_texts())
    assert elbo > bound > exact > 30 and gap == pytest.approx(elbo - exact, abs=0.011)
    assert f"{exact:.2f}" in it.said()
    latents = it.section.get_by_role("slider", name="Latents")
    latents.press("ArrowRight")
    it.until(lambda: "choose 2" in note.inner_text())
    assert compute.is_disabled() and "nats" not in " ".join(it.find("details[open] tbody td").all_inner_texts())
    latents.press("ArrowLeft")
    it.until(lambda: compute.is_enabled())
    assert "choose 2" not in note.inner_text() and "100 held-out digits" in note.inner_text()


# ---- for everybody

FOCUSED = """() => {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return (node.labels?.[0]?.textContent ?? node.textContent).trim();
}"""


def test_the_keyboard_is_enough(bench):
    it = bench()

    def tab_to(name, key="Tab"):
        for _ in range(150):
            if it.page.evaluate(FOCUSED) == name:
                return
            it.page.keyboard.press(key)
        raise AssertionError(f"{name} is not reached by {key}")

    tab_to("Train")
    it.page.keyboard.press("Enter")
    it.until(lambda: it.page.evaluate(FOCUSED) == "Pause")
    it.until(lambda: it.progress()[1] > 0)
    tab_to("β")
    it.page.keyboard.press("End")
    it.until(lambda: "+ 100 × KL" in it.aim())
    tab_to("Pause", "Shift+Tab")
    it.page.keyboard.press("Space")
    it.until(lambda: "nats on held-out images" in it.said())
    tab_to("Tour")
    texts, parts = set(), set()
    it.page.keyboard.press("Enter")
    for _ in range(6):
        assert it.page.evaluate(FOCUSED) in ("Next", "End") and it.said() == it.find(".tour .said").inner_text()
        texts.add(it.said())
        parts.add(it.find(".shown").get_attribute("class"))
        it.page.keyboard.press("Enter")
    assert len(texts) == len(parts) == 6 and it.page.evaluate(FOCUSED) == "Tour"
    it.page.keyboard.press("Enter")
    tab_to("Leave the tour")
    it.page.keyboard.press("Enter")
    assert it.page.evaluate(FOCUSED) == "Tour" and it.find(".tour:visible, .shown").count() == 0
    tab_to("Take it away")
    it.page.keyboard.press("Enter")
    tab_to("Open a model")
    field = it.find("input[type=file]")  # the browser's own, which keys open
    assert field.evaluate("node => node === node.getRootNode().activeElement") and field.is_enabled()


WITHIN = """node => {
  const { top, bottom } = node.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight + 1;
}"""


def test_on_a_phone_what_one_presses_stays_at_the_thumb_and_the_tour_shows_its_part(bench):
    it = bench(**PHONE)
    for part in (".at-map", ".at-figures", ".at-controls"):
        it.find(part).evaluate("node => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
        assert it.find(".at-bar").evaluate(WITHIN), part
    it.button("Tour").tap()
    for _ in range(5):
        it.until(lambda: it.find(".tour").evaluate(WITHIN))
        shown, tour = it.find(".shown").element_handle(), it.find(".tour").element_handle()
        # it scrolls there smoothly
        it.until(lambda at=shown, tour=tour: 60 < at.bounding_box()["y"] < tour.bounding_box()["y"] - 60)
        it.button("Next").tap()
    it.find(".at-map canvas").first.tap()  # wherever the focus is
    it.page.keyboard.press("Escape")
    assert it.find(".tour:visible, .shown").count() == 0 and it.page.evaluate(FOCUSED) == "Tour"


KEPT = """node => {
  const [real, style] = [node.offsetHeight, node.getAttribute("style")];
  node.removeAttribute("style");
  const kept = parseFloat(getComputedStyle(node).minHeight);
  node.setAttribute("style", style);
  return real - kept;
}"""


@pytest.mark.parametrize("name", Bench.PAGES)
@pytest.mark.parametrize("size", [(390, 844), (1280, 900), (1440, 900)])
def test_the_height_that_is_kept_free_is_the_benchs_own(bench, name, size):
    it = bench(name=name, viewport=dict(zip(("width", "height"), size)))
    assert abs(it.host.evaluate(KEPT)) < 30


def test_on_a_laptop_who_presses_train_sees_the_map_and_the_button(bench):
    it = bench(viewport={"width": 1280, "height": 720})
    train, shown = it.button("Train"), it.find(".at-map canvas").first
    it.page.evaluate("() => scrollTo({ top: 0, behavior: 'instant' })")
    assert not shown.evaluate(WITHIN)
    train.evaluate("node => node.click()")  # no test's click may scroll
    it.until(lambda: shown.evaluate(WITHIN))
    assert it.button("Pause").evaluate(WITHIN)
    left = [it.find(part).bounding_box()["x"] for part in (".at-map", ".at-plane", ".at-figures")]
    assert left[0] < left[1] < left[2], "beside each other"


def test_on_a_desktop_the_tour_stays_in_sight(bench):
    it = bench(viewport={"width": 1440, "height": 900})
    it.button("Tour").click()
    for _ in range(6):
        shown, tour = it.find(".shown").element_handle(), it.find(".tour").element_handle()
        it.until(lambda at=shown: 60 < at.bounding_box()["y"] < 700)
        it.wait(400)  # it scrolls there smoothly
        box, part = tour.bounding_box(), shown.bounding_box()
        assert 0 < box["y"] and box["y"] + box["height"] < 900, it.said()
        assert part["y"] >= box["y"] + box["height"] or part["y"] + part["height"] <= box["y"], it.said()
        it.find(".tour .go").click()


def test_slow_motion_is_seen_on_a_phone_and_shows_what_it_follows(bench):
    it = bench(**PHONE)
    it.button("Slow motion").tap()
    it.until(lambda: it.find(".following").count() and it.find(".following").is_visible())
    it.until(lambda: 0 < it.find(".following").bounding_box()["y"] < 400)


def test_the_small_bench_is_seen_as_a_whole(bench):
    it = bench(name="first_bench", viewport={"width": 1440, "height": 900})
    assert it.section.bounding_box()["height"] < 700
    parts = [it.find(part).bounding_box() for part in (".at-map", ".at-plane", ".at-prints")]
    assert len({round(part["x"]) for part in parts}) == len(parts), "beside each other"


AXE = """async (settings) => (await axe.run(".living-page", settings)).violations.flatMap(
  ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`))"""


def test_axe_finds_nothing_with_everything_open(bench):
    it = bench("latents=3&likelihood=learned", reduced_motion="reduce", color_scheme="light")
    it.epochs()
    it.section.evaluate("node => node.querySelectorAll('details').forEach((each) => (each.open = true))")
    it.button("Tour").click()
    it.button("One step").click()
    it.find(".following").wait_for()
    it.page.evaluate(AXE_SCRIPT)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)):
        if width == 360 and it.find(".tour").is_visible():
            it.button("Leave the tour").click()  # on a phone it lies over the rest
        it.page.emulate_media(color_scheme=scheme)
        it.page.set_viewport_size({"width": width, "height": 900})
        it.wait(600)
        assert it.host.get_attribute("data-mode") == scheme
        assert it.page.evaluate(AXE, SETTINGS) == [] == it.section.evaluate(SMALL), (scheme, width)
        assert overflow(it.page) <= 0


@pytest.mark.parametrize("path", ["book/bench.html", "book/index.html"])
def test_without_scripts_a_figure_says_what_is_missing(visit, path):
    host = visit(path, java_script_enabled=False).page.locator(".living-page")
    assert host.locator("img").bounding_box()["height"] > 50 and "digits" in host.locator("img").get_attribute("alt")
    assert "this figure comes alive where scripts run" in host.inner_text()


# ---- how fast


@pytest.mark.timed
def test_training_is_as_fast_as_it_says(bench, measure):
    """By its own count, and Keras on the same digits in the same minute."""
    import keras

    from helpers.living.widgets.shared import bench_digits
    from helpers.models import VAE

    it = bench()
    started = it.page.evaluate("() => performance.now()")
    it.button("Train").click()
    it.until(lambda: it.nats() < Bench.RECOGNISABLE)
    seconds = (it.page.evaluate("() => performance.now()") - started) / 1000
    it.until(lambda: it.progress()[0] >= 15)
    epochs, _, busy = it.progress()
    it.button("Pause").click()
    measure(f"bench: from Train to {Bench.RECOGNISABLE} nats", seconds, 5, "s")
    measure("bench: an epoch, by its own count", busy / (epochs + 0.5), 0.5, "s")
    image, z = keras.Input((14, 14)), keras.Input((2,))
    h = keras.layers.Dense(64, activation="silu")(keras.layers.Flatten()(image))
    encoder = keras.Model(image, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    h = keras.layers.Dense(196)(keras.layers.Dense(64, activation="silu")(z))
    vae = VAE(encoder, keras.Model(z, keras.layers.Reshape((14, 14))(h)))
    vae.compile(keras.optimizers.Adam(0.01))
    x = bench_digits()[0][:5000]
    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            times.append(it.page.evaluate("() => performance.now()"))

    vae.fit(x, x, batch_size=50, epochs=6, verbose=0, callbacks=[Clock()])
    measure("Keras: the same epoch", statistics.median(np.diff(times)[1:]) / 1000, None, "s")


@pytest.mark.timed
@pytest.mark.parametrize("script, budget", [("", 33), (THROWS, 100)], ids=["worker", "page"])
def test_it_answers_while_it_trains(bench, measure, script, budget):
    """A slider's readout, and the layout behind it, with the processor of a phone; the best of three."""
    it = bench(script=ANSWERS + script)
    throttle(it.page)
    it.button("Train").click()
    beta, late = it.section.get_by_role("slider", name="β", exact=True), []
    for _ in range(3):
        it.page.evaluate("() => void (window.answers = [])")
        it.drag(beta, [(0.3 + i / 100, 0.5) for i in range(40)], pause=25)
        it.wait(300)
        answers = sorted(answer for answer, _ in it.page.evaluate("() => window.answers"))
        assert len(answers) > 20
        late.append(answers[int(0.95 * len(answers))])
        if late[-1] <= budget:
            break
    place = "on the page" if script else "in a worker"
    measure(f"bench: answer while it trains {place}, 95th percentile", min(late), budget, "ms")


def test_memory_does_not_grow_with_epochs(bench, measure):
    """Of page and worker, after the garbage is collected."""
    it = bench("digits=0&width=16")
    client = it.page.context.new_cdp_session(it.page)
    worker, answers = [], {}
    client.on("Target.attachedToTarget", lambda event: worker.append(event["sessionId"]))
    client.on("Target.receivedMessageFromTarget", lambda event: answers.update({0: json.loads(event["message"])}))
    client.send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False})

    def ask_worker(method):
        answers.clear()
        message = json.dumps({"id": 1, "method": method})
        client.send("Target.sendMessageToTarget", {"sessionId": worker[0], "message": message})
        return it.until(lambda: answers.get(0))["result"]

    def megabytes():
        it.button("Pause").click()
        it.wait(500)
        for ask in (client.send, ask_worker):
            ask("HeapProfiler.collectGarbage")
        used = [client.send("Runtime.getHeapUsage"), ask_worker("Runtime.getHeapUsage")]
        it.button("Train").click()
        return sum(heap["usedSize"] + heap.get("backingStorageSize", 0) for heap in used) / 1e6

    it.button("Train").click()
    it.until(lambda: it.progress()[0] >= 20)
    early = megabytes()
    it.until(lambda: it.progress()[0] >= 200)
    measure("bench: memory after 20 epochs, page and worker", early, None, "MB")
    measure("bench: more of it after 200", megabytes() - early, 2, "MB")
