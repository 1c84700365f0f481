"""What a search engine and a messenger show of a page: a Sphinx extension.

A page says its title, its first paragraph and a picture, in the meta tags that such programs read. They want whole
addresses, which need html.baseurl in _config.yml (`make repository` writes it); without it the picture's is relative.
The library sphinxext-opengraph would run on into what follows the first paragraph, and without an address it leads
from a page in book/ to a picture that is not there.
"""

import textwrap
from html import escape
from pathlib import Path

from docutils import nodes

PICTURE = "_static/pictures/plane.png"  # below the site; by tools/recording/pictures.py
ALT = "400 prints of handwritten digits, which turn into each other from place to place in the latent plane."
LONGEST = 300  # characters of a description


def promise(doctree):
    """Return the first paragraph of a page that stands by itself: no item of a list, no cell of a table, no output."""
    own = (node for node in doctree.findall(nodes.paragraph) if isinstance(node.parent, nodes.section))
    return textwrap.shorten(next(own, nodes.paragraph()).astext(), LONGEST, placeholder=" ...")


def tags(app, name, doctree, picture):
    """Return the meta tags of the page `name`, `picture` being where the picture is seen from there."""
    said = {"og:type": "website", "og:site_name": app.config.html_title, "og:title": app.env.titles[name].astext()}
    text = promise(doctree)
    said |= {"og:description": text, "og:image": picture, "og:image:alt": ALT}
    if base := app.config.html_baseurl:
        said |= {"og:url": base + app.builder.get_target_uri(name), "og:image": base + PICTURE}
    lines = [f'<meta property="{key}" content="{escape(text)}" />' for key, text in said.items()]
    lines.append(f'<meta name="description" content="{escape(text)}" />')
    return "\n".join([*lines, '<meta name="twitter:card" content="summary_large_image" />', ""])


def add(app, page, template, context, doctree):
    """Add its tags to a page that has a text: not to that of the search."""
    if doctree:
        context["metatags"] = context.get("metatags", "") + tags(app, page, doctree, context["pathto"](PICTURE, 1))


def lead(app, exception):
    """Write the page at the root, which leads to the first page and has its tags: the address that people share."""
    first, root = app.config.root_doc, Path(app.outdir, "index.html")
    if exception or app.builder.format != "html" or first == "index":
        return
    head = '<!DOCTYPE html>\n<meta charset="utf-8" />\n'
    head += f'<meta http-equiv="Refresh" content="0; url={app.builder.get_target_uri(first)}" />\n'
    head += f'<link rel="icon" href="_static/{Path(app.config.html_favicon).name}" />\n'  # else browsers ask elsewhere
    root.write_text(head + tags(app, first, app.env.get_doctree(first), PICTURE), encoding="utf-8")


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.connect("html-page-context", add)
    app.connect("build-finished", lead)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
