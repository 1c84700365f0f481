"""Lighter pages: a Sphinx extension.

- The theme loads 1.5 MB of Font Awesome for a dozen icons. book.css draws these, so no page asks for that script.
- Pictures are stored with a palette of 64 or 256 colours where nobody could see the difference. Those that stay heavy
  become WebP, if that is less.
- What no page asks for stays out of the site: that script, source maps, translations of the theme, what sets the
  formulas during the build, the README's animation.
"""

import re
import shutil
from pathlib import Path

UNUSED = ["scripts/fontawesome.js*", "scripts/*.map", "styles/*.map", "locales", "pictures/*.webp"]  # below _static
UNUSED += ["vendor/katex/katex.min.js", "vendor/fontawesome"]
LARGE = 20_000  # bytes; a smaller picture is left as it is
FAITHFUL = 2.5  # mean square error of a channel, of 255^2, that a palette may bring (44 dB)
HEAVY = 100_000  # bytes; a picture that stays larger is stored with losses


def own_templates(app, config):
    """Let the template beside this file stand before the theme's."""
    config.templates_path.insert(0, str(Path(__file__).resolve().parent / "templates"))


def shrink(path):
    """Store an opaque PNG in less space, changing next to nothing, and return its path.

    With a palette, if that serves; if it is heavy all the same, as WebP, which brings a new name.
    """
    from PIL import Image, ImageChops, ImageStat

    if path.stat().st_size < LARGE:
        return path
    with Image.open(path) as image:
        if image.mode not in ("RGB", "RGBA") or (image.mode == "RGBA" and image.getextrema()[3][0] < 255):
            return path
        full = image.convert("RGB")
        resolution = image.info.get("dpi")
    for colours in (64, 256):
        few = full.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        if max(ImageStat.Stat(ImageChops.difference(full, few.convert("RGB"))).rms) ** 2 <= FAITHFUL:
            break
    else:
        few = full
    small = path.with_suffix(".small")
    few.save(small, format="PNG", optimize=True, **({"dpi": resolution} if resolution else {}))
    small.replace(path) if small.stat().st_size < path.stat().st_size else small.unlink()
    if path.stat().st_size > HEAVY:
        full.save(small, format="WEBP", quality=90, method=6)
        if small.stat().st_size < path.stat().st_size:
            path.unlink()
            return small.rename(path.with_suffix(".webp"))
        small.unlink()
    return path


def rename(folder, names):
    """Let the pages in a folder ask for pictures by their new names (old -> new)."""
    old = re.compile(b"|".join(re.escape(name.encode()) for name in names))
    for page in Path(folder).rglob("*.html") if names else ():
        text = page.read_bytes()
        if old.search(text):
            page.write_bytes(old.sub(lambda match: names[match[0].decode()].encode(), text))


def lighten(app, exception):
    """Shrink the site's pictures and take out what no page asks for."""
    if exception or app.builder.format != "html":
        return
    paths = {path: shrink(path) for path in sorted(Path(app.outdir, "_images").glob("*.png"))}
    rename(app.outdir, {old.name: new.name for old, new in paths.items() if old != new})
    for pattern in UNUSED:
        for path in Path(app.outdir, "_static").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.connect("config-inited", own_templates)
    app.connect("build-finished", lighten)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
