"""Fixtures for the built site: a server that has it under a sub-path, as GitHub Pages does, and the system's Chromium.

A page opened by `visit` records what it asked for and said; at the end of its test all of that must have been in order.
"""

import contextlib
import functools
import json
import os
import re

import pytest
from pages import ROOT
from serving import A_FRAME, BROWSERS, ENDED, WITHOUT_WINDOWS, Browser, limited, missing, served

from tools.build import concern

UNCHANGED = frozenset(json.loads(os.environ.get(concern.UNCHANGED, "[]")))  # pages in order, and as they were
# Widgets start when a reader comes near (book/_static/site.js): come near to each, and go back
COME_NEAR = """async () => {
  const [from, selector] = [scrollY, ".living-page:has(+ script[data-later])"];
  for (let frames = 0; document.querySelector(selector); frames++) {
    if (frames > 600) throw new Error("a widget does not start");
    document.querySelector(selector).scrollIntoView({ behavior: "instant" });
    await document.body.animate({}, 1).finished;
  }
  scrollTo({ top: from, behavior: "instant" });
}"""
LONGEST = 240  # seconds for a test; a module may have its own. What is asked of a browser that hangs is never answered

OTHERS = "test_other_browsers.py"
collect_ignore = [OTHERS]  # unless it is asked for by its name


def pytest_report_header(config):
    """Say what is left out."""
    if not any(OTHERS in argument for argument in config.args):
        return f"Firefox and WebKit are left out: make browsers runs {OTHERS} on the built site, and so does weekly.yml"


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of pages that have not changed; tests of the site as a whole always run.

    A test whose browser had to be ended runs up to twice more: it may hang where other programs have the processors.
    """
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=ENDED))
    left = [item for item in items if (pages := pages_of(item)) and pages <= UNCHANGED]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]


def pages_of(item):
    """Return the pages that a test is about: by its parameter (an address, or a widget's name), or all of its module's.

    An empty set if it is about the whole site, or about nothing that one page has. A blank page is there for scripts.
    """
    if "blank" in item.fixturenames:
        return {concern.COMPUTED}
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    page = parameters.get("path") or getattr(item.module, "HOME", {}).get(parameters.get("name"))
    return {page} if page else set(getattr(item.module, "LOOKS_AT", ()))


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    folder = ROOT / "_build/html"
    assert (folder / "index.html").is_file(), "There is no built site: run make book first."
    return folder


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served."""
    with served(site) as address:
        yield address


@pytest.fixture(scope="session")
def browsers():
    """Return a function that starts the first browser of some names, or returns it if it has been started."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install -r requirements.txt")
    with sync_playwright() as playwright, contextlib.ExitStack() as ends:

        @functools.cache
        def started(*names):
            browser = Browser(playwright, names)
            ends.callback(lambda: browser.started.close())  # the last that was started
            return browser

        yield started


@pytest.fixture
def browser(request, browsers):
    """Times are those of a browser that readers have."""
    timed = request.node.get_closest_marker("timed")
    return browsers(*([] if timed else WITHOUT_WINDOWS), *BROWSERS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Let nothing wait for ever; what follows is the same for the test itself."""
    with limited(getattr(item.module, "LONGEST", LONGEST)):
        return (yield)


pytest_runtest_call = pytest_runtest_setup


class Visit:
    """One page in the browser, and what was not in order there."""

    def __init__(self, page, base, clock):
        self.page, self.base, self.clock, self.problems, self.responses = page, base, clock, [], []
        page.on("request", self.on_request)
        page.on("requestfailed", self.on_failure)
        page.on("response", self.on_response)
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))

    def on_request(self, request):
        if not request.url.startswith((self.base, "data:", "blob:", "about:")):
            self.problems.append(f"asks another place: {request.url}")

    def on_failure(self, request):
        # a browser without scripts does not want those that it is to load early; who leaves a page waits for no more
        if request.failure not in ("csp", "net::ERR_ABORTED"):
            self.problems.append(f"failed: {request.url} ({request.failure})")

    def on_response(self, response):
        self.responses.append(response)
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")

    def on_console(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def settle(self):
        """Wait until formulas are in their letters."""
        self.page.evaluate("() => document.fonts.ready.then(() => {})")

    def wait(self, milliseconds):
        """Wait; with a clock at once, after the browser has seen to what came last (a size, a scheme, a finger)."""
        if not self.clock:
            return self.page.wait_for_timeout(milliseconds)
        self.page.evaluate(A_FRAME)
        self.page.clock.run_for(milliseconds)


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page of the site, by its path or a whole address.

    With `clock`, a call of `wait` lets timers and frames of animation pass at once.
    """
    visits, contexts = [], []

    def open_page(path="", script=None, clock=False, **options):
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(20_000)
        if script:
            contexts[-1].add_init_script(script)
        if clock:
            contexts[-1].clock.install()
        whole = re.match(r"\w+:", path)
        visits.append(Visit(contexts[-1].new_page(), re.match(r"file:|\w+:", path)[0] if whole else address, clock))
        visits[-1].page.goto(path if whole else address + path)
        if options.get("java_script_enabled", True):
            visits[-1].settle()
            visits[-1].page.evaluate(COME_NEAR)
        return visits[-1]

    yield open_page
    problems = [problem for each in visits for problem in each.problems]
    for context in contexts:
        with contextlib.suppress(Exception):
            context.close()
    assert problems == []


@pytest.fixture
def blank(visit):
    """A page from which the modules can be imported."""
    return visit("book/licences.html").page


@pytest.fixture
def bench(visit):
    """Return a function that opens a bench with settings in its address, and waits for its first look."""
    from driving import Bench

    return lambda settings="", **options: Bench.opened(visit, settings, **options)
