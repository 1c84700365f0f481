"""The widgets, a module each: its texts TITLE, TRY and NOTICE, its static figure and ALT, what that shows, its data.

NETWORK is the model that it runs, or None, STYLE a style sheet of its own, if it has one; data() returns what JSON can
hold, figure() the figure. Both take no arguments, or one, if the widget takes what a chapter made. The JavaScript is in
book/_static/darkroom.
"""

import importlib

NAMES = (
    "darkroom",
    "encoder",
    "dial",
    "ledger",
    "timemachine",
    "morphing",
    "tunes",
    "drawing_table",
    "bench",
    "first_bench",
)


def widget(name):
    """Return the module of a widget; the others, and what they import, are not loaded."""
    return importlib.import_module(f"{__name__}.{name}")
