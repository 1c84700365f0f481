"""Pages whose text comes first, and then holds still: a Sphinx extension.

What the theme lets a browser wait for before it shows a word is put right in the finished site:

- One stylesheet has the rules of all the theme's that can apply to these pages, and asks for no other.
- Scripts run after the text is there. The search's index is loaded where one searches. The colours are those that the
  theme's script chooses later, so that it has nothing to draw again.
- What a widget carries (its model, its data) comes from a file of its own, which site.js asks for after the pictures of
  the first screen and runs when a reader comes near. A notebook has it in the output, where Jupyter and Colab need it.
- A page that is opened at its beginning says so: what is below may wait. One that is opened anew, or at a heading, is
  to be whole at once, or the browser finds another place than the reader left.
- The letters of most formulas come within their stylesheet: a line that has them is as wide at first as later.
- The theme's script does not measure every block of code at once to learn which scrolls; site.js does, bit by bit.
- A picture says how large it is, and from the third on a page it loads when it comes near.
"""

import base64
import hashlib
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import tinycss2
from PIL import Image
from sphinx.util.logging import getLogger

logger = getLogger(__name__)
SHEET = "site.css"
LONG = 8000  # characters; a script or picture that stands in a page and is longer becomes a file
FIRST = 2  # pictures of a page that load at once
GUESSED = 'document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";'
KNOWN = """{ const { dataset } = document.documentElement;
      const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      dataset.theme = dataset.mode === "auto" ? system : dataset.mode;
      const { type } = performance.getEntriesByType("navigation")[0] ?? {};
      if (type === "navigate" && !location.hash) dataset.fresh = ""; }"""
MEASURES = re.compile(r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)')
UNNEEDED = re.compile(r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>')
STYLES = re.compile(r'\s*<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]*)[^"]*"[^>]*>')


# ---- styles


def whole(path):
    """Return a stylesheet with what it imports in place."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r'@import\s+(?:url\()?["\']?([^"\')]+)["\']?\)?;', lambda found: whole(path.parent / found[1]), text)


def named(selector):
    """Return the classes and ids that an element, or those around it, must have for a selector to apply."""
    names = {token.value for token in selector if token.type == "hash"}
    return names | {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def split(tokens):
    """Return the selectors of a list of them."""
    parts = [[]]
    for token in tokens:
        parts.append([]) if token == "," else parts[-1].append(token)
    return parts


def used(rules, words):
    """Return the rules, as text, that can apply where only these words are classes and ids."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [each for each in split(rule.prelude) if named(each) <= words]
            if selectors:
                rule.prelude = [token for each in selectors for token in [*each, tinycss2.ast.LiteralToken(0, 0, ",")]]
                rule.prelude.pop()
                kept.append(rule.serialize())
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = used(tinycss2.parse_rule_list(rule.content, True, True), words)
            kept += [f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"] if inner else []
        elif rule.type == "at-rule" and "Font Awesome" not in rule.serialize():  # book.css draws the icons
            kept.append(rule.serialize())
    return "\n".join(kept)


def merge(paths, words):
    """Return one stylesheet of several, less what cannot apply."""
    rules = tinycss2.parse_stylesheet("\n".join(map(whole, paths)), skip_comments=True, skip_whitespace=True)
    return used(rules, words)


LETTERS = ["KaTeX_Main-Regular", "KaTeX_Math-Italic"]  # those of which nearly every formula has some


def lettered(sheet, fonts):
    """Return KaTeX's stylesheet with LETTERS in it, and of all fonts only the format that is there."""
    sheet = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)', "", sheet)
    for name in LETTERS:
        font = base64.b64encode((fonts / f"{name}.woff2").read_bytes()).decode("ascii")
        sheet = sheet.replace(f"url(fonts/{name}.woff2)", f"url(data:font/woff2;base64,{font})")
    return sheet


# ---- pages


def styled(text, sheet):
    """Return a page that asks for one stylesheet in place of the theme's; those of formulas stay."""
    first = []

    def replaced(found):
        if "/katex/" in found[1]:
            return found[0]
        first.append(found[1])
        return f'\n<link rel="stylesheet" href="{sheet}" />' if len(first) == 1 else ""

    return STYLES.sub(replaced, text)


def patient(text, options):
    """Return a page that runs no script from a file before its text is there.

    Args:
        options: the script on which those in the page depend; it is short, and stands in the page instead.
    """
    head, body = text.split("</head>", 1)
    head = re.sub(r'\s*<link rel="preload" as="script"[^>]*>', "", UNNEEDED.sub("", head))
    head = head.replace(GUESSED, KNOWN)
    own = re.compile(r'<script src="[^"]*documentation_options\.js[^"]*"></script>')
    head = own.sub(lambda _: f"<script>{options}</script>", head)
    return re.sub(r"<script src=", '<script defer="defer" src=', head) + "</head>" + body


def outside(text, folder, back):
    """Return a page whose long scripts and pictures are files of their own in a folder, which is at `back` from it."""

    def filed(content, ending):
        name = hashlib.sha256(content).hexdigest()[:20] + ending
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        return f"{back}{folder.name}/{name}"

    def script(found):
        if len(found[1]) < LONG:
            return found[0]
        return f'<script type="text/plain" data-later="{filed(found[1].encode(), ".js")}"></script>'

    def picture(found):
        return filed(base64.b64decode(found[2]), f".{found[1]}") if len(found[2]) > LONG else found[0]

    text = re.sub(r"<script>(.*?)</script>", script, text, flags=re.S)
    return re.sub(r"(?<=src=\")data:image/(png|webp);base64,([^\"]+)(?=\")", picture, text)


@cache
def size(path):
    """Return width and height of a picture."""
    if path.suffix != ".svg":
        with Image.open(path) as image:
            return image.size
    box = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', path.read_text(encoding="utf-8"))
    return box[1], box[2]


def steady(text, page):
    """Return a page whose pictures say their size, and load when they are near."""
    count = 0

    def placed(found):
        nonlocal count
        tag, source = found[0], found[1]
        inside = source.startswith("data:")
        more = ""
        if not inside and " width=" not in tag:
            width, height = size((page.parent / source).resolve())
            more += f' width="{width}" height="{height}"'
        if not inside and not source.endswith(".svg"):
            count += 1
            more += ' fetchpriority="high"' if count == 1 else ' loading="lazy"' if count > FIRST else ""
        return tag.replace("<img", f"<img{more}", 1)

    return re.sub(r'<img\b[^>]*?\bsrc="([^"]+)"[^>]*>', placed, text)


def finish(app, exception):
    """Put the pages of the finished site right."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html") if static not in page.parents}
    done = [page for page, text in pages.items() if f"_static/{SHEET}" in text]  # by an earlier build
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    styles = {}
    for page, text in pages.items():
        styles |= {(page.parent / name).resolve(): None for name in STYLES.findall(text) if "/katex/" not in name}
    styles.pop(static / SHEET, None)
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*.js") if "vendor" not in path.parts]
    named_by = [value for text in pages.values() for value in re.findall(r'\b(?:class|id)="([^"]*)"', text)]
    named_by += [value for text in scripts for _, value in re.findall(r"([\"'`])(.*?)\1", text)]
    words = set(re.findall(r"[\w-]+", " ".join(named_by)))
    if styles:
        (static / SHEET).write_bytes(merge(styles, words).encode())
    sheet = (static / SHEET).read_bytes()
    for path in styles:
        path.unlink()
    formulas = static / "vendor/katex/katex.min.css"
    formulas.write_text(lettered(formulas.read_text(encoding="utf-8"), formulas.parent / "fonts"), encoding="utf-8")
    theme = static / "scripts/pydata-sphinx-theme.js"
    script, found = MEASURES.subn("0", theme.read_text(encoding="utf-8"))
    theme.write_text(script, encoding="utf-8")
    guessed = any(GUESSED in text for text in pages.values())
    for what, there in {"measures what scrolls": found, "guesses the colours": guessed}.items():
        if not there and not done:
            logger.warning("early.py does not find where the theme %s", what)
    for page, text in pages.items():
        if page in done:
            continue
        back = "../" * (len(page.relative_to(site).parts) - 1)
        text = styled(text, f"{back}_static/{SHEET}?v={hashlib.sha256(sheet).hexdigest()[:8]}")
        if "</head>" in text and page.name != "search.html":
            text = patient(text, options)
        page.write_text(steady(outside(text, site / "_living", back), page), encoding="utf-8")


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.connect("build-finished", finish, priority=900)  # after those that write pages and pictures
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
