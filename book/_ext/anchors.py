"""Let links reach `<a id="kingma2014"></a>`, on its page and from others: MyST itself knows headings only."""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform


class Anchors(SphinxTransform):
    """Add the raw HTML anchors of a page to what MyST's links can reach, `(#key)` and `(references.md#key)`."""

    default_priority = 870  # before MyST looks where links of the first kind lead

    def apply(self, **kwargs):
        slugs = self.env.metadata[self.env.docname].setdefault("myst_slugs", {})
        self.document.myst_slugs = slugs
        for node in self.document.findall(nodes.raw):
            for name in re.findall(r'<a id="([\w-]+)">', node.astext()):
                slugs[name] = (node.line, name, name)


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.add_transform(Anchors)
    return {"version": "1", "parallel_read_safe": True}
