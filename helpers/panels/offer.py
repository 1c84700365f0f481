"""Panels for whoever has a running kernel: retrain, photograph a digit of one's own, morph any two test digits.

What a panel does is in the module of its name. Where nobody could use it (in the built site, in tests, whenever a
whole notebook is executed), its place says how to run it, and no widget is made.
"""

from helpers.notebook import say

NEEDED = "This panel needs a running kernel: open this chapter with the launch button or in JupyterLab."
MISSING = "This panel needs the package ipywidgets: run `pip install ipywidgets`, and restart the kernel."


def retrain_panel(x_train, x_test, seconds):
    """Offer to train the book's network with another beta or number of latents. Chapter 6 (Training).

    Args:
        x_train, x_test: images, shape (n, 28, 28).
        seconds: what each epoch of an earlier run on these images took, for the estimate.
    """

    def panel(title):
        from helpers.panels.retrain import RetrainPanel

        return RetrainPanel(title, x_train, x_test, seconds)

    offer("Train it yourself", panel)


def encode_panel(vae, codes, labels):
    """Offer to encode a photo of a digit. Chapter 2 (The encoder).

    Args:
        vae: a trained model.
        codes: means of known digits, shape (n, latent_dim), among which the photo's neighbours are looked for.
        labels: their labels, shape (n,).
    """

    def panel(title):
        from helpers.panels.encode import EncodePanel

        return EncodePanel(title, vae, codes, labels)

    offer("Photograph a digit of your own", panel)


def morph_panel(archives, x, labels, start=0, end=1):
    """Offer to morph any two images, chosen by index. Chapter 7 (Generation and morphing).

    Args:
        archives: a dict from names to (vae, codes), the codes of all images, shape (n, latent_dim).
        x: the images, shape (n, 28, 28).
        labels: their labels, shape (n,).
        start, end: the indices chosen at first.
    """

    def panel(title):
        from helpers.panels.morph import MorphPanel

        return MorphPanel(title, archives, x, labels, start, end)

    offer("Choose two digits by index", panel)


def offer(title, panel):
    """Show what `panel(title)` makes, or a note where it would be dead."""
    if not has_front_end():
        say(f"**{title}.** {NEEDED}")
        return
    try:
        made = panel(title)
    except ImportError:
        say(f"**{title}.** {MISSING}")
        return
    from IPython.display import display

    display(made.box)


def has_front_end():
    """Return whether somebody can answer the cell that runs.

    Every request to run a cell says whether `input()` would be answered. JupyterLab, Notebook, VS Code and Colab say
    yes; nbclient says no, with which Jupyter Book, nbmake, nbconvert and papermill execute whole notebooks.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent() if kernel is not None else {}
    return bool(request.get("content", {}).get("allow_stdin"))
