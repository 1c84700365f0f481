"""What a chapter says about its own run, and tables."""

import html


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


def html_table(columns, rows, caption="", attributes=""):
    """Return a table as HTML; all cells and the caption are plain texts, `attributes` are of the table element."""

    def line(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag.split()[0]}>" for cell in cells) + "</tr>"

    caption = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head, body = line(columns, 'th scope="col"'), "".join(line(row, "td") for row in rows)
    return f"<table {attributes}>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>"
