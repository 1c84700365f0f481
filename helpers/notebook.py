"""What a chapter says about its own run."""


def say(text):
    """Show a sentence that depends on the run, as Markdown (plain text in a terminal)."""
    from IPython import get_ipython
    from IPython.display import Markdown, display

    if get_ipython() is None:
        print(text)
    else:
        display(Markdown(text))


def say_table(columns, rows):
    """Show a small table: `columns` are its headings, `rows` lists of texts in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    say("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
