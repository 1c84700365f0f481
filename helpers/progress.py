"""A small table that a training run shows and keeps up to date. `helpers.training.train` uses it."""

from helpers.notebook import html_table

NAMES = {"val_loss": "held-out loss", "val_reconstruction": "held-out reconstruction", "val_kl": "held-out kl"}


class LiveTable:
    """A table in the output of a cell that replaces itself; in a terminal, its last row as a line each time.

    `shown`: whether there is anything to see yet.
    """

    def __init__(self):
        self.shown, self.handle = False, None

    def show(self, title, table):
        """Show the table, its first row the names of the columns; all cells are texts."""
        table = [[NAMES.get(cell, cell) for cell in table[0]], *table[1:]]
        if in_notebook():
            self._show_html(title, table)
        else:
            if not self.shown:
                print("  ".join(table[0]))
            print("  ".join(table[-1]), f"({title})", flush=True)
        self.shown = True

    def _show_html(self, title, table):
        from IPython.display import HTML, display

        page = HTML(html_table(table[0], table[1:], title, 'class="training-log"'))
        if self.handle is None:
            self.handle = display(page, display_id=True)
        else:
            self.handle.update(page)


def in_notebook():
    """Return whether output goes to a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
