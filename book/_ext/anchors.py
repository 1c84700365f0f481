"""Let `[text](references.md#kingma2014)` reach `<a id="kingma2014"></a>`: MyST itself knows headings only."""

import re

from docutils import nodes


def register(app, doctree):
    """Add the raw HTML anchors of a page to what MyST's links between pages can reach."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.raw):
        for name in re.findall(r'<a id="([\w-]+)">', node.astext()):
            slugs[name] = (node.line, name, name)


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.connect("doctree-read", register)
    return {"version": "1", "parallel_read_safe": True}
