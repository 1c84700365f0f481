"""Living pages: widgets that run the book's own model in the reader's browser, without a kernel.

`show_widget("darkroom")` in a chapter's cell returns one piece of HTML with everything in it: the JavaScript modules of
book/_static/darkroom (its README says how they fit), the weights, the data. So it works in the built site, in a page
opened from disk, in JupyterLab, and in Colab's sandboxed output frames. Where scripts are off, in print and in PDF,
a static figure stands in its place.
"""

import html
import io
import json
import uuid

from PIL import Image

from helpers.files import base64_text
from helpers.living.bundle import bundle
from helpers.living.pack import packed_model
from helpers.living.widgets import NAMES, widget
from helpers.places import SCRIPTS


class Page:
    """One or several widgets as the output of a cell: HTML, and a picture where HTML is of no use."""

    def __init__(self, markup, picture):
        self.markup, self.picture = markup, picture

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.markup, "image/png": self.picture, "text/plain": "a widget"}


def show_widget(*names, data=None):
    """Return widgets for the page, in tabs if there are several; once a chapter, for it carries the weights.

    Args:
        names: of `helpers.living.widgets.NAMES`.
        data: what the chapter made, for a widget that takes it (tunes: name -> tokens); None for the book's own.

    Raises:
        ValueError: no name, one that is not known, or widgets that run different models.
    """
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise ValueError(f"show_widget takes names of widgets ({', '.join(NAMES)}), but was given {list(names)}.")
    chosen = [widget(name) for name in names]
    models = sorted({w.NETWORK for w in chosen if w.NETWORK})
    if len(models) > 1:
        raise ValueError(f"A page carries one model, but {list(names)} run {' and '.join(models)}.")
    given = () if data is None else (data,)
    picture = _png(chosen[0].figure(*given))
    specs = [
        f"{{title: {_js(w.TITLE)}, tryFirst: {_js(w.TRY)}, notice: {_js(w.NOTICE)}, build: {_camel(name)}, "
        f"data: {_js(w.data(*given))}}}"
        for name, w in zip(names, chosen)
    ]
    network = f"unpack({_js(base64_text(packed_model(*models)))})" if models else "null"
    uid = f"darkroom-{uuid.uuid4().hex[:8]}"
    sheets = ["style", *sorted({w.STYLE for w in chosen if hasattr(w, "STYLE")})]
    style = "".join((SCRIPTS / f"{sheet}.css").read_text(encoding="utf-8") for sheet in sheets)
    alt = html.escape(chosen[0].ALT)
    markup = f"""<div id="{uid}" class="living-page"><figure>
<img alt="{alt}" src="data:image/png;base64,{base64_text(picture)}">
<figcaption>{html.escape(chosen[0].TITLE)}: this figure comes alive where scripts run.</figcaption>
</figure></div>
<script>(() => {{
"use strict";
{bundle(["mount", "network", *(f"widget_{name}" for name in names)])}
mount("{uid}", {_js(style)}, {network}, [{", ".join(specs)}]);
}})();</script>"""
    return Page(markup, picture)


def _js(value):
    """Return a value as a JavaScript literal that may stand in a script element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _png(figure, colours=128):
    """Return a figure as a PNG with a palette: half as large."""
    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png", dpi=110)
    Image.open(full).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
