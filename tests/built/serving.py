"""A server that has the built site under a sub-path, as GitHub Pages does; a browser, and what is said without one."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
import time

import psutil
import pytest
from machine import own_use

PREFIX = "/repo-name/"
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
WITHOUT_WINDOWS = ["chromium-headless-shell"]  # Chromium too; the tests of pages take a quarter less time in it
A_FRAME = "() => document.body.animate({}, 1).finished"  # two frames: animations keep real time where timers do not
ENDED = "browser has been closed"  # what playwright says of one that was ended
# Seconds; a test and its browser that use less than one second of the processors in them do nothing more. Shorter than
# what playwright waits for an answer (20, or 30): what hung is tried again, what only came late is not
STILL = 15
# How long a browser takes to lay out a text, in milliseconds. A phone takes four times as long as the machine that the
# budgets were set on, at its best; this one is slowed down by what is missing, which changes within the hour
LAYOUT = """() => {
  const host = document.body.appendChild(document.createElement("div"));
  const times = Array.from({ length: 24 }, (_, round) => {
    const start = performance.now();
    host.innerHTML = `<p>${`round ${round} <b>has</b> words, and <i>layout</i> `.repeat(200)}</p>`;
    host.getBoundingClientRect();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[8];
}"""
PHONE_LAYOUT = 20
OPTIONS = ["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of connections that the browser closed."""


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def translate_path(self, path):
        """Serve what is below PREFIX, and nothing else."""
        inside = path.startswith(PREFIX)
        return super().translate_path(path[len(PREFIX) - 1 :] if inside else "/there/is/no/such/page")

    def log_message(self, *arguments):
        """Keep the tests' output to itself."""


@contextlib.contextmanager
def served(folder, handler=Handler):
    """Serve a folder; gives its address."""
    with Server(("127.0.0.1", 0), functools.partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()


def missing(what):
    """Skip on a reader's machine, fail where all tests must run (CI is set by .ci/run and by GitHub)."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"These tests drive a real browser, but {what}.")


class Browser:
    """The system's Chromium or Chrome; nothing is downloaded. Where `limited` ended it, the next test has a new one.

    Of the names of programs, the first that is there is started.
    """

    def __init__(self, playwright, names=BROWSERS):
        from playwright.sync_api import Error

        found = next(filter(None, map(shutil.which, names)), None)
        # Chrome has no name on the PATH of macOS and Windows, but playwright knows its place
        place = {"executable_path": found} if found else {"channel": "chrome"}
        self.start = lambda: playwright.chromium.launch(args=OPTIONS, **place)
        try:
            self.started = self.start()
        except Error as error:
            missing(f"none could be started ({', '.join(BROWSERS)}): {str(error).splitlines()[0]}")

    def new_context(self, **options):
        if not self.started.is_connected():
            self.started = self.start()
        return self.started.new_context(**options)


def throttle(page):
    """Let the page's processor be as slow as a phone's; return the client that can end it."""
    blank = page.context.browser.new_page()  # in a context of its own
    rate = PHONE_LAYOUT / blank.evaluate(LAYOUT)
    blank.close()
    client = page.context.new_cdp_session(page)
    client.send("Emulation.setCPUThrottlingRate", {"rate": max(1, rate)})
    return client


@contextlib.contextmanager
def limited(seconds, still=STILL):
    """End the browser if what is done with it takes longer, or if nothing is done; what waits for its answer fails."""
    over = threading.Event()

    def watch():
        began = moved = time.monotonic()
        used = own_use()
        while not over.wait(min(seconds, still) / 5):
            now, use = time.monotonic(), own_use()
            if abs(use - used) > 1:  # it falls where a process ends
                moved, used = now, use
            if now - began > seconds or now - moved > still:
                return end_browser()

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def end_browser():
    """End every process of the browser."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "chrom" in process.name().lower():
                process.kill()
