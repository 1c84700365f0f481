"""What panels are made of: a box of ipywidgets, a line that says how things stand, and results.


Written for ipywidgets 8, and for 7, which Colab has.
"""

import html
import io
import traceback

import ipywidgets as widgets

from helpers import plots
from helpers.files import base64_text
from helpers.panels.photo import PhotoError

WRAP = {"flex_flow": "row wrap", "align_items": "center"}


class Panel:
    """What panels share: a title, controls, a line that says how things stand, and results.

    `box` is the widget to display. Whatever a callback raises is shown in the line.
    """

    def __init__(self, title, *controls):
        self.status, self.results = widgets.HTML(), widgets.HTML()
        heading = widgets.HTML(f"<b>{html.escape(title)}</b>")
        self.box = widgets.VBox([heading, *controls, self.status, self.results])

    def tell(self, text, settled=True):
        """Say how things stand; a screen reader announces it if it has settled."""
        role = ' role="status"' if settled else ""
        self.status.value = f"<p{role}>{html.escape(text)}</p>"

    def complain(self, error):
        """Say what went wrong: a sentence if we wrote it for the reader, else with Python's report folded below."""
        details = ""
        if not isinstance(error, PhotoError):
            report = "".join(traceback.format_exception(error))
            details = f"<details><summary>Python's report</summary><pre>{html.escape(report)}</pre></details>"
        self.status.value = (
            f'<div role="alert" style="border-left: 4px solid {plots.SAFELIGHT}; padding-left: 0.6em">'
            f"<p><b>That did not work.</b> {html.escape(str(error) or type(error).__name__)}</p>{details}</div>"
        )

    def show(self, *parts):
        """Show results: pieces of HTML one below the other."""
        self.results.value = "".join(parts)


def picture(figure, alt):
    """Return a figure as HTML that says what it shows."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    data = base64_text(buffer.getvalue())
    return f'<p><img style="max-width: 100%" alt="{html.escape(alt)}" src="data:image/png;base64,{data}"></p>'


def duration(seconds):
    """Return a time in words."""
    if seconds < 1.5:
        return "a second"
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"
