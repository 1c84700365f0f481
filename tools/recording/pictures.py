"""Maintainers: make the two pictures at the head of README again, from the model and the built site (`make pictures`).

The decoded plane is what chapter 7 prints of `darkroom-2d`; the preview cards of the site (book/_ext/cards.py) show it
too. The animation is the morphing table of chapter 7 at work: the straight way there, the spherical way back.

python -m tools.recording.pictures [FOLDER OF THE BUILT SITE]
"""

import io
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.latent import develop, quantile_grid
from helpers.places import BOOK, ROOT
from helpers.weights import load_vae

PLANE = BOOK / "_static/pictures/plane.png"
MORPHING = BOOK / "_static/pictures/morphing.webp"
PAGE = "book/07_generation.html"
PRINTS = 20  # along each side, as in chapter 7
ENLARGED = 2  # times; a large preview card is about 1,000 pixels wide
STEPS = 24  # of the dot on each way
MOVING, RESTING = 110, 600  # milliseconds that a frame is shown, on the way and at its ends
MARGIN = 6  # pixels around the part of the table that is shown
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MOVE = "(node, value) => { node.value = value; node.dispatchEvent(new Event('input', { bubbles: true })); }"


class PictureError(RuntimeError):
    """What a picture is made from is missing."""


def plane():
    """Return the decoded plane of `darkroom-2d` as an image in greys."""
    prints = develop(load_vae("darkroom-2d").decoder, quantile_grid(PRINTS).reshape(-1, 2))
    sheet = prints.reshape(PRINTS, PRINTS, 28, 28).transpose(0, 2, 1, 3).reshape(PRINTS * 28, PRINTS * 28)
    image = Image.fromarray(np.rint(255 * sheet).astype("uint8"))
    return image.resize((ENLARGED * image.width, ENLARGED * image.height), Image.Resampling.NEAREST)


def started(playwright):
    """Return the system's Chromium or Chrome, started."""
    from playwright.sync_api import Error

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:  # Chrome has no name on the PATH of macOS and Windows, but playwright knows its place
        return playwright.chromium.launch(**({"executable_path": found} if found else {"channel": "chrome"}))
    except Error as error:
        reason = f"none could be started: {str(error).splitlines()[0]}"
        raise PictureError(f"This needs Chromium or Chrome, and {reason}") from error


def morphing(site):
    """Return the frames of the animation: the morphing table in the built site, at one place after the other."""
    if not (site / PAGE).is_file():
        raise PictureError(f"There is no built site in {site}: run make book first.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = started(playwright)
        page = browser.new_page(viewport={"width": 1100, "height": 1000}, color_scheme="light", locale="en-GB")
        page.goto((site / PAGE).resolve().as_uri())
        page.locator(".living-page").evaluate("node => node.scrollIntoView()")  # it starts when it is near
        table = page.locator('section[aria-label="The morphing table"]')
        slider = table.get_by_role("slider", name="On the way")
        slider.evaluate("node => node.closest('section').scrollIntoView()")
        first, last = (table.locator(f".at-{part}").bounding_box() for part in ("map", "strip"))
        width, height = last["width"], last["y"] + last["height"] - first["y"]
        clip = {"x": last["x"] - MARGIN, "y": first["y"] - MARGIN}
        clip |= {"width": width + 2 * MARGIN, "height": height + 2 * MARGIN}
        frames = []
        for way, places in (("straight", range(STEPS + 1)), ("spherical", range(STEPS, -1, -1))):
            table.get_by_role("radio", name=way).evaluate("node => node.click()")  # no mouse rests on it
            for place in places:
                slider.evaluate(MOVE, place / STEPS)
                page.wait_for_timeout(150)  # it draws with the next frame of the browser
                frames.append(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB"))
        browser.close()
    return frames


def main(arguments):
    """Write both pictures; return the exit status."""
    try:
        first, *others = morphing(Path(arguments[0]) if arguments else ROOT / "_build/html")
    except PictureError as error:
        print(error, file=sys.stderr)
        return 1
    one_way = [RESTING] + [MOVING] * (STEPS - 1) + [RESTING]
    PLANE.parent.mkdir(exist_ok=True)
    plane().save(PLANE, optimize=True)
    # as a GIF with 64 colours, the same frames take about 2 MB
    first.save(MORPHING, save_all=True, append_images=others, duration=2 * one_way, loop=0, lossless=True, method=6)
    for path in (PLANE, MORPHING):
        print(f"wrote {path.relative_to(ROOT)}, {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
