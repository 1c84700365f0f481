"""What a chapter says about its own run."""


def say(text):
    """Show a sentence that depends on the run, as Markdown (plain text in a terminal)."""
    from IPython import get_ipython
    from IPython.display import Markdown, display

    if get_ipython() is None:
        print(text)
    else:
        display(Markdown(text))
