"""Every page in a real browser: complete, quiet, accessible, light, and usable without a network or scripts.

The widgets are driven in test_widgets.py, the JavaScript compared with Keras in test_javascript.py.
"""

import gzip
import inspect
import re

import pytest
from pages import contents
from serving import ENDED, limited

PAGES = [*contents(), "search.html", "search.html?q=mean"]
TEXT = re.compile(r"text/|javascript|json|svg|xml")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SETTINGS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"label-content-name-mismatch": {"enabled": True}},  # WCAG 2.5.3; axe calls its rule an experiment
    "resultTypes": ["violations"],
    "iframes": False,
    "preload": False,  # else it asks for the stylesheets once more
}
A_CHAPTER = "book/02_encoder.html"


def carries(responses, text):
    """Return whether one of the scripts that came with a page has this text in it."""
    scripts = [each for each in responses if each.ok and "/_living/" in each.url]
    return any(text in each.body() for each in scripts)


def violations(page, where, settings):
    """Return what axe finds on a page as it is now, one line for each element."""
    context = {"exclude": [["[data-alike]"]]} if settings.get("runOnly") == CONTRAST else None
    run = "async ([context, settings]) => (await axe.run(context ?? document, settings)).violations"
    found = page.evaluate(run, [context, {**SETTINGS, **settings}])
    nodes = [(rule["id"], node) for rule in found for node in rule["nodes"]]
    return [f"{where}: {rule}: {node['target']}: {node['html'][:160]}" for rule, node in nodes]


def overflow(page):
    """Return how many pixels a page can be scrolled sideways."""
    return page.evaluate("() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")


def transferred(responses):
    """Return how many bytes a first visit takes, text gzipped, as servers send it."""
    total = 0
    for response in {response.url: response for response in responses}.values():
        body = response.body() if response.ok else b""
        packed = TEXT.search(response.headers.get("content-type", ""))
        total += len(gzip.compress(body, 6)) if packed else len(body)
    return total


UNDRAWN = """() => [...document.querySelectorAll("[class*='fa-']")].filter((node) => node.checkVisibility())
  .filter((node) => getComputedStyle(node, "::before").maskImage === "none").map((node) => node.className)"""
# Formulas that are errors or stayed source, pictures that are not there, text that is cut where nothing scrolls
BROKEN = """async () => {
  document.querySelectorAll("details").forEach((each) => (each.open = true));
  const roots = [document, ...[...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot ?? [])];
  const all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const told = (what, node) => `${what}: ${(node.alt ?? node.textContent).trim().slice(0, 90)}`;
  const raw = all(".math").filter((node) => !node.querySelector("annotation") || !node.querySelector(".katex-html"));
  const flat = all(".katex-html").filter((node) => node.checkVisibility() && !(node.getBoundingClientRect().width > 3));
  const found = [...raw.map((node) => told("formula not set", node)), ...flat.map((node) => told("formula", node))];
  const edge = (node, side) => node.getBoundingClientRect()[side];
  const met = all(".katex-tag").filter((tag) => tag.checkVisibility())
    .filter((tag) => edge(tag.lastElementChild, "left") < edge(tag.previousElementSibling, "right"));
  found.push(...met.map((tag) => told("number on its formula", tag.parentElement)));
  for (const picture of all("img")) {
    picture.loading = "eager";
    await picture.decode().catch(() => {});
    if (!picture.naturalWidth) found.push(told("picture", picture));
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const up = (node) => node.parentElement ?? (node.getRootNode().host || null);
  const hides = (value) => value === "hidden" || value === "clip";
  for (const node of roots.flatMap((root) => [...root.querySelectorAll(root === document ? "main *" : "*")])) {
    const words = [...node.childNodes].filter((each) => each.nodeType === 3 && each.textContent.trim());
    if (!words.length || !node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (node.closest(".katex, script, style, svg title")) continue;
    const range = document.createRange();
    const boxes = words.flatMap((each) => (range.selectNodeContents(each), [...range.getClientRects()]));
    for (let above = node; above && above !== document.body; above = up(above)) {
      const style = getComputedStyle(above);
      if (style.clipPath !== "none" || style.clip !== "auto") break; // for screen readers only
      const [x, y] = [style.overflowX, style.overflowY];
      const box = above.getBoundingClientRect();
      const cut = boxes.some((each) =>
        (hides(x) && (each.left < box.left - 2 || each.right > box.right + 2)) ||
        (hides(y) && (each.top < box.top - 4 || each.bottom > box.bottom + 4)));
      if (cut) found.push(told(`text cut by ${above.tagName} ${above.getAttribute("class")}`, node));
      if (cut || x === "auto" || x === "scroll" || y === "auto" || y === "scroll") break;
    }
  }
  return found;
}"""
# Lines of code that are cut, and bars of folded code on the first screen
CODE = """() => [
  ...[...document.querySelectorAll(".cell_input pre")].filter((node) => node.scrollWidth > node.clientWidth + 1),
  ...[...document.querySelectorAll("details.hide")].filter((node) => node.getBoundingClientRect().top + scrollY < 900),
].map((node) => node.textContent.slice(0, 90))"""
CLICK_ALL = """() => {
  window.print = () => {};
  Element.prototype.requestFullscreen = async () => {}; // not every browser without a window grants it
  const roots = [document, ...[...document.querySelectorAll(".living-page")].flatMap((host) => host.shadowRoot ?? [])];
  const launch = /binder|colab/i;
  for (const root of roots) {
    for (const node of root.querySelectorAll("button, summary, input:not([type=file]), [role=tab]")) {
      if (!launch.test(node.outerHTML)) node.click();
    }
  }
}"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_complete_quiet_and_light(visit, measure, path):
    """Nothing is missing, nothing comes from elsewhere whatever is clicked, nothing on the console: `visit` sees to it.

    Here: the budget, the icons, that every formula is set, every picture there, no text and no line of code cut, no bar
    of folded code on the first screen, and that nothing is wider than a phone,
    or a desktop zoomed to 400 % (WCAG 1.4.10).
    """
    opened = visit(path, clock=True)
    page = opened.page
    page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    opened.wait(1000)
    assert page.title().endswith("The Digital Darkroom")
    assert page.evaluate(UNDRAWN) == []
    assert page.evaluate(BROKEN) == []
    opened.settle()
    came = opened.responses  # all that a visit takes: BROKEN waited for the pictures
    measure(
        f"{path}: first visit, gzipped",
        transferred(came) / 1e6,
        1.5 if carries(came, b"function benchState(") else 1.3 if carries(came, b", unpack(") else 0.6,
        "MB",
    )
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_timeout(300)  # the side bars move in
    assert page.evaluate(CODE) == []
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        opened.wait(300)
        assert overflow(page) <= 0, f"{width} px"
        assert page.evaluate(BROKEN) == [], f"{width} px"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(CLICK_ALL)
    opened.wait(1000)
    opened.wait(0)  # what it did has been answered


CONTRAST = ["color-contrast", "link-in-text-block"]  # what depends on colours, and takes most of the time
STRUCTURE = {"rules": SETTINGS["rules"] | {rule: {"enabled": False} for rule in CONTRAST}}
# What may differ on a phone: sizes, what scrolls, and the buttons of its menus
PHONE = {"runOnly": ["target-size", "scrollable-region-focusable", "button-name", "label-content-name-mismatch"]}
VIEWS = [
    ("light", 1280, STRUCTURE),
    ("light", 1280, {"runOnly": CONTRAST}),
    ("dark", 1280, {"runOnly": CONTRAST}),
    ("light", 360, PHONE),
]
# Code, tables and formulas have thousands of elements and few colours: words whose own kind and surroundings were there
# before are marked, those in code become plain text; formulas after the first three are emptied and keep their size
THIN = """() => {
  const seen = new Set();
  const kind = (node) => node && `${node.tagName} ${node.className} ${node.style?.cssText};${kind(node.parentElement)}`;
  const words = [...document.querySelectorAll("body *")].filter((node) => !node.childElementCount && node.textContent);
  for (const node of words) {
    const what = kind(node);
    if (!seen.has(what)) seen.add(what);
    else if (node.closest("pre")) node.replaceWith(node.textContent);
    else node.setAttribute("data-alike", "");
  }
  const formulas = [...document.querySelectorAll(".katex")].slice(3);
  const sizes = formulas.map((each) => each.getBoundingClientRect());
  formulas.forEach((each, i) => {
    each.style = `display: inline-block; width: ${sizes[i].width}px; height: ${sizes[i].height}px`;
    each.querySelectorAll(".katex-html, .katex-mathml").forEach((part) => (part.textContent = ""));
  });
}"""


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(visit, path):
    """In light, in dark, and on a phone; with everything unfolded, and each tab of a widget opened."""
    from axe_playwright_python.base import AXE_SCRIPT

    opened = visit(path, reduced_motion="reduce", color_scheme="light", clock=True)
    page = opened.page
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => (each.open = true))")
    page.evaluate(THIN)
    page.evaluate(AXE_SCRIPT)
    opened.wait(800)  # what scrolls is named after a pause
    found = []
    for scheme, width, settings in VIEWS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=scheme)
        opened.wait(600)
        found += violations(page, f"{scheme}, {width} px", settings)
        tabs = page.get_by_role("tab")
        for i in range(1, tabs.count()):
            tabs.nth(i).click()
            opened.wait(300)
            found += violations(page, f"{scheme}, {width} px, {tabs.nth(i).inner_text()}", settings)
        if tabs.count():
            tabs.first.click()
    assert found == []


@pytest.mark.parametrize(
    "html, said",
    [
        ('<span class="katex"><span class="katex-html"></span></span>', "formula:"),
        ('<p class="math">a formula that nobody sets</p>', "formula not set:"),
        ('<p><img src="data:image/png;base64,AAAA" alt="a picture"></p>', "picture:"),
        ('<p style="width: 40px; overflow: hidden; white-space: nowrap">words that do not fit</p>', "text cut"),
        ('<div style="height: 9px; overflow: clip"><p>one line</p></div>', "text cut"),
    ],
)
def test_what_is_broken_on_a_page_is_noticed(visit, html, said):
    page = visit("book/cheatsheet.html").page
    page.evaluate("html => document.querySelector('main article').insertAdjacentHTML('beforeend', html)", html)
    assert [each.startswith(said) for each in page.evaluate(BROKEN)] == [True]


def test_the_front_door_leads_to_the_landing_page(visit):
    opened = visit("book/licences.html")
    opened.page.goto(opened.base)
    opened.page.wait_for_url("**/book/index.html")
    opened.settle()


# ---- finding one's way


def test_previous_and_next_lead_through_the_book(visit):
    pages = contents()
    opened = visit(pages[0])
    page = opened.page
    for following in pages[1:]:
        page.locator("a.right-next").click()
        page.wait_for_url(f"**/{following}")
    page.locator("a.left-prev").click()
    page.wait_for_url(f"**/{pages[-2]}")
    opened.settle()


def test_a_page_read_from_the_top_waits_with_what_is_below(visit):
    """Its widget starts when one comes near; its sections are whole all the same, soon, and on other ways at once."""
    opened = visit("book/licences.html")
    page, place = opened.page, opened.base + "book/07_generation.html"
    left = "() => document.querySelectorAll('.living-page + script[data-later]').length"
    page.goto(place)
    page.wait_for_function("() => document.querySelector('link[rel=prefetch]')")
    aside = "(each) => getComputedStyle(each).contentVisibility === 'auto'"
    page.wait_for_function(f"() => ![...document.querySelectorAll('section')].some({aside})")
    assert page.evaluate(left) == 1
    page.locator(".living-page").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.living-page').shadowRoot")
    page.reload()
    page.wait_for_function("() => document.querySelector('.living-page').shadowRoot")
    assert page.evaluate("() => 'fresh' in document.documentElement.dataset") is False


HERE = """() => {
  const node = document.elementsFromPoint(innerWidth / 2, 300).find((each) => each.matches("section *"));
  return [node.textContent, node.getBoundingClientRect().top];
}"""


def test_a_page_that_comes_again_is_where_it_was_left(visit):
    """And a link to a heading leads there: site.js lays a page out bit by bit only where it is read from the top."""
    opened = visit("book/07_generation.html", viewport={"width": 390, "height": 844})
    page = opened.page
    for y in range(0, 12_000, 600):
        page.evaluate("y => scrollTo({ top: y, behavior: 'instant' })", y)
        page.wait_for_timeout(50)
    text, top = page.evaluate(HERE)
    page.reload()
    page.wait_for_timeout(1000)
    assert page.evaluate(HERE) == [text, pytest.approx(top, abs=20)]
    page.goto(opened.base + "book/licences.html")
    page.go_back()
    page.wait_for_timeout(1000)
    assert page.evaluate(HERE) == [text, pytest.approx(top, abs=20)]
    page.goto(opened.base + "book/licences.html")
    page.goto(opened.base + "book/07_generation.html#arithmetic")
    page.wait_for_timeout(1000)
    assert 0 <= page.evaluate("() => document.getElementById('arithmetic').getBoundingClientRect().top") < 100


def test_the_search_works_offline(visit):
    page = visit(A_CHAPTER).page
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox").fill("reparameterization")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=reparameterization*")
    results = page.locator("ol.search a")
    results.first.wait_for()
    assert results.count() >= 2
    results.first.click()
    page.wait_for_url("**/book/*.html*")


def test_the_colours_can_be_switched_and_are_remembered(visit):
    opened = visit(A_CHAPTER, color_scheme="light")
    page = opened.page
    shown = "() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]"
    assert page.evaluate(shown) == ["light", "rgb(255, 253, 249)"]
    switch = page.locator(".theme-switch-button")
    assert switch.get_attribute("aria-label") == "Colours: as the system"
    switch.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => getComputedStyle(document.body).backgroundColor === 'rgb(21, 17, 14)'")
    assert page.evaluate(shown)[0] == "dark"
    assert switch.get_attribute("aria-label") == "Colours: dark"
    assert page.locator("body > [role=status]").first.inner_text() == "Colours: dark"
    with page.expect_navigation():
        page.locator("a.right-next").click()
    assert page.evaluate(shown)[0] == "dark"


def test_code_can_be_copied(visit):
    opened = visit(A_CHAPTER, permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    block = page.locator(".cell_input:visible .highlight").first
    block.scroll_into_view_if_needed()
    button = block.locator("button.copybtn")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text=re.compile("^Copied$")).wait_for(state="attached")
    assert page.evaluate("() => navigator.clipboard.readText()").strip() == block.locator("pre").inner_text().strip()


def test_a_chapter_can_be_downloaded_and_its_headings_linked(visit):
    page = visit(A_CHAPTER).page
    source = page.locator(".dropdown-download-buttons a").get_attribute("href")
    assert source.endswith(".ipynb")
    assert page.request.get(page.evaluate("href => new URL(href, location).href", source)).ok
    assert page.locator("h2 a.headerlink").count() > 3


FOCUSED = """async () => {
  document.getAnimations().forEach((each) => each.finish()); // what fades in has come
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  if (!node || node === document.body) return null;
  const seen = (each) => {
    const style = getComputedStyle(each);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return (outline || style.boxShadow !== "none") && Number(style.opacity) > 0.5;
  };
  const box = node.getBoundingClientRect();
  node.visited = (node.visited ?? 0) + 1;
  return { what: node.outerHTML.slice(0, 120), times: node.visited, seen: seen(node), size: [box.width, box.height] };
}"""


@pytest.mark.parametrize("path", ["book/index.html", A_CHAPTER])
def test_the_tab_key_reaches_everything_and_shows_where_it_is(visit, path):
    page = visit(path, reduced_motion="reduce").page
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate("() => document.activeElement.textContent")
    stops = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or stop["times"] > 1:
            break
        stops.append(stop)
    assert [stop["what"] for stop in stops if not stop["seen"]] == []
    count = """() => {
      const roots = [document, ...[...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot ?? [])];
      const nodes = roots.flatMap((root) => [...root.querySelectorAll("button, select, summary, main a[href], input")]);
      return nodes.filter((node) => node.checkVisibility() && node.tabIndex >= 0 && !node.disabled).length;
    }"""
    assert len(stops) >= page.evaluate(count) - 1 - page.locator("input[type=radio]").count()


def test_the_skip_link_leads_to_the_text(visit):
    page = visit(A_CHAPTER).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


def test_wide_parts_can_be_scrolled_by_keyboard(visit):
    opened = visit(A_CHAPTER, viewport={"width": 360, "height": 740}, clock=True)
    page = opened.page
    opened.wait(800)
    wide = page.locator("[data-wide]")
    assert wide.count() > 0
    first = page.locator("pre[data-wide]:visible").first
    assert first.get_attribute("role") == "group" and "scrolls sideways" in first.get_attribute("aria-label")
    first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("node => node.scrollLeft > 0", arg=first.element_handle())
    opened = visit("book/notation.html", viewport={"width": 360, "height": 740}, clock=True)
    opened.wait(800)
    table = opened.page.locator("[data-wide=Table]:visible").first
    assert "scrolls sideways" in table.evaluate("node => getComputedStyle(node, '::before').content")


# A reader may be there when site.js has found out what is wide
UNMARK = """() => [...document.querySelectorAll("[data-wide]")].filter((node) => node.checkVisibility()).map((node) => {
  const [kind, height] = [node.dataset.wide, node.getBoundingClientRect().height];
  node.removeAttribute("data-wide");
  const grown = node.getBoundingClientRect().height - height;
  return [kind + (node.querySelector(".training-log") ? " of a training" : ""), grown];
})"""


@pytest.mark.parametrize("path", ["book/13_gradients.html", "book/notation.html"])
def test_the_mark_of_what_is_wide_takes_no_room(visit, path):
    opened = visit(path, viewport={"width": 390, "height": 844}, clock=True)
    opened.wait(800)
    found = opened.page.evaluate(UNMARK)
    kinds = {"book/13_gradients.html": {"Table of a training", "Table", "Code"}, "book/notation.html": {"Table"}}
    assert kinds[path] <= {kind for kind, _ in found}
    assert [(kind, grown) for kind, grown in found if abs(grown) > 0.1] == []


@pytest.mark.parametrize("path, part", [("07_generation", "figure[id^=player]"), ("14_museum", ".exhibit")])
def test_players_and_cards_take_the_colours_of_the_page(visit, path, part):
    for mode, dark in (("light", False), ("dark", True)):
        script = f"localStorage.setItem('mode', '{mode}'); localStorage.setItem('theme', '{mode}')"
        page = visit(f"book/{path}.html", script).page
        ground = page.locator(part).first.evaluate("node => getComputedStyle(node).backgroundColor")
        assert (max(map(int, re.findall(r"\d+", ground)[:3])) < 80) == dark


def test_a_table_of_ten_columns_fits_a_desktop(visit):
    page = visit("book/15_faces.html", viewport={"width": 1440, "height": 900}).page
    wide = page.locator("table:has(th:nth-child(10))")
    assert wide.count() >= 4
    for table in wide.all():
        assert table.evaluate("node => node.scrollWidth <= node.parentElement.clientWidth + 1")


# ---- without scripts, with less motion, on paper


@pytest.mark.parametrize("path", ["book/index.html", A_CHAPTER])
def test_a_page_without_scripts_reads_well(visit, path):
    page = visit(path, java_script_enabled=False).page
    assert page.locator("h1:visible").count() == 1
    assert page.locator(".pst-js-only:visible").count() == 0
    for host in page.locator(".living-page").all():
        picture = host.locator("img")
        assert picture.is_visible() and picture.get_attribute("alt")
        assert picture.bounding_box()["height"] > 50


def test_less_motion_means_none(visit):
    page = visit(A_CHAPTER, reduced_motion="reduce").page
    moving = """() => [...document.querySelectorAll("*")].filter((node) => {
      const { transitionDuration, scrollBehavior } = getComputedStyle(node);
      return Math.max(...transitionDuration.split(",").map(parseFloat)) > 0.001 || scrollBehavior === "smooth";
    }).map((node) => node.outerHTML.slice(0, 80))"""
    assert page.evaluate(moving) == []


@pytest.mark.parametrize("path", ["book/index.html", A_CHAPTER])
def test_a_chapter_prints_cleanly(visit, path):
    opened = visit(path, color_scheme="dark")
    page = opened.page
    folded = page.locator(".bd-article details:not(.hide)")
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    for selector in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", "footer", "button"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.locator("h1:visible").count() == 1
    assert all(each.get_attribute("open") is not None for each in folded.all())
    assert page.evaluate("() => document.documentElement.dataset.theme") == "light"
    for host in page.locator(".living-page").all():
        assert host.locator("img").is_visible()
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert all(each.get_attribute("open") is None for each in folded.all())
    page.emulate_media(media="screen")
    paper = page.pdf(prefer_css_page_size=True)
    assert paper[:5] == b"%PDF-" and len(re.findall(rb"/Type\s*/Page\b", paper)) >= 2


def test_a_tap_enlarges_a_figure_on_a_phone_and_no_click_does_on_a_desktop(visit):
    opened = visit("book/05_loss.html", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    picture = opened.page.locator(".cell_output > img").first
    small, frame = picture.bounding_box(), picture.locator("..")
    picture.tap(position={"x": small["width"] - 10, "y": 10})
    assert picture.bounding_box()["width"] == 720 and overflow(opened.page) <= 0
    assert frame.evaluate("node => node.scrollLeft + node.clientWidth >= node.scrollWidth - 1")  # there one pressed
    frame.and_(opened.page.locator("[aria-label='Figure, scrolls sideways']")).wait_for()
    picture.tap()
    assert picture.bounding_box()["width"] == small["width"]
    opened.page.locator("[aria-label='Figure, scrolls sideways']").wait_for(state="detached")
    wide = visit("book/05_loss.html").page.locator(".cell_output > img").first
    before = wide.bounding_box()["width"]
    wide.click()
    assert wide.bounding_box()["width"] == before


def test_nothing_that_no_page_asks_for_is_shipped(site):
    names = [path.relative_to(site).as_posix() for path in site.rglob("*")]
    assert [name for name in names if name.endswith(".map") or "fontawesome.js" in name or "axe" in name] == []


@pytest.mark.parametrize(
    ("limits", "code"), [((0.5,), "() => { for (;;); }"), ((60, 0.5), "() => new Promise(() => {})")]
)
def test_a_browser_that_hangs_is_ended_and_what_hung_has_another(browser, request, limits, code):
    from playwright.sync_api import Error

    page = browser.new_context().new_page()
    with limited(*limits), pytest.raises(Error, match=ENDED):
        page.evaluate(code)
    assert browser.new_context().new_page().evaluate("() => 6 * 7") == 42
    (again,) = request.node.iter_markers("flaky")
    assert again.kwargs == {"reruns": 2, "only_rerun": ENDED}
    still = inspect.signature(limited).parameters["still"].default
    assert 2 < still < 20  # shorter than what playwright waits, or a hang is not told from a late answer
