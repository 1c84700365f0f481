"""Maintainers: let the bench train again and keep its file, which the page "The bench" reads (`make weights`).

It is the widget itself, in Chromium, at its first settings: the same seed gives the same run.

python -m tools.recording.bench [FILE]
"""

import sys
import tempfile
from pathlib import Path

from helpers.living import show_widget
from helpers.places import DATA
from tools.recording.pictures import started

EPOCHS = 40


def record(target):
    """Train and write `target`."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "bench.html"
        page_file.write_text(f"<!doctype html><meta charset=utf-8>{show_widget('bench').markup}", encoding="utf-8")
        browser = started(playwright)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(page_file.as_uri())
        for epoch in range(1, EPOCHS + 1):
            page.get_by_role("button", name="One epoch").click()
            page.get_by_text(f"Epoch {epoch},").wait_for()
        page.get_by_text("Take it away").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the model").click()
        download.value.save_as(target)
        browser.close()


if __name__ == "__main__":
    record(sys.argv[1] if len(sys.argv) > 1 else DATA / "bench.json")
