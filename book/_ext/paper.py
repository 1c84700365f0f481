"""The book on paper: what the LaTeX builder needs (`make pdf`), a Sphinx extension.

A solution keeps its title, a reference its anchor; folded code is left out, as it is when a page is printed. The
number of a formula stands where LaTeX wants it.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class Paper(SphinxPostTransform):
    """Turn what only a browser understands into what stands on paper."""

    default_priority = 5  # before raw HTML is dropped
    formats = ("latex",)

    def run(self, **kwargs):
        for node in list(self.document.findall(nodes.raw)):
            if "html" in node.get("format", ""):
                self.replace(node)
        for block in list(self.document.findall(nodes.literal_block)):
            if block.astext().startswith("<IPython.core.display."):  # what only a browser can show
                block.parent.remove(block)
        for block in self.document.findall(nodes.math_block):
            tag = re.search(r"\\tag\{[^}]*\}", block.astext())
            if tag:  # Sphinx would put it inside split, where it must not be
                body = block.astext().replace(tag[0], "").strip()
                whole = rf"\begin{{equation*}}\begin{{split}}{body}\end{{split}}{tag[0]}\end{{equation*}}"
                block.clear()
                block += nodes.Text(whole)
                block["nowrap"] = True
        for cell in list(self.document.findall(nodes.container)):
            if "tag_hide-input" in cell.get("classes", ()):
                for part in [part for part in cell.children if "cell_input" in part.get("classes", ())]:
                    cell.remove(part)

    def replace(self, node):
        """Keep the summaries and anchors of a piece of HTML."""
        summaries = re.findall(r"<summary>(.*?)</summary>", node.astext(), re.DOTALL)
        anchors = re.findall(r'<a id="([\w-]+)">', node.astext())
        titles = [nodes.paragraph("", "", nodes.strong("", title.strip())) for title in summaries]
        targets = [nodes.target("", "", ids=[anchor]) for anchor in anchors]
        if titles or targets:
            node.replace_self([*titles, *targets])


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.add_post_transform(Paper)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
