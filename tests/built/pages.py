"""The pages of the book, for the tests of the built site."""

import yaml

from helpers.places import ROOT


def contents():
    """Return the address of every page of the table of contents, in order."""
    table = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = [table["root"], *(chapter["file"] for part in table["parts"] for chapter in part["chapters"])]
    return [f"{name}.html" for name in names]
