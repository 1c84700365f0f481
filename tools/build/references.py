"""Write book/references.md from book/references.bib: `make references`."""

import codecs
import unicodedata

import latexcodec  # noqa: F401  (comes with pybtex; registers the codec "ulatex")
from pybtex.database import parse_string

from helpers.places import ROOT

HEAD = """# References

<!-- Written by `make references` from references.bib: edit that file. -->

What the chapters cite, in alphabetical order. arXiv copies are free to read.
"""


def plain(text):
    """Turn the LaTeX of a .bib value into text."""
    return codecs.decode(text, "ulatex").replace("{", "").replace("}", "")


def names(people):
    """Return 'Family, A. B. and Family, C.' for pybtex people."""
    each = []
    for person in people:
        initials = [f"{plain(name)[0]}." for name in person.first_names + person.middle_names]  # none: an organisation
        family = plain(" ".join(person.prelast_names + person.last_names))
        each.append(", ".join([family, *([" ".join(initials)] if initials else [])]))
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def line(key, entry):
    """Return one entry as Markdown, with an anchor that both Sphinx (book/_ext/anchors.py) and plain viewers have."""
    get = {name.lower(): plain(value) for name, value in entry.fields.items()}.get
    where = get("journal") or get("booktitle") or get("howpublished") or ""
    if get("journal"):
        number = f"({get('number')})" if get("number") else ""
        where = f"*{where}* {get('volume')}{number}, {get('pages')}"
    elif get("pages"):
        where += f", {get('pages')}"
    links = [f"[doi:{get('doi')}](https://doi.org/{get('doi')})"] if get("doi") else []
    links += [f"[arXiv:{get('eprint')}](https://arxiv.org/abs/{get('eprint')})"] if get("eprint") else []
    links += [f"[{get('url').split('/')[2]}]({get('url')})"] if get("url") else []
    parts = [f"{names(entry.persons['author'])} ({get('year')})", f"**{get('title')}**", where, ", ".join(links)]
    text = ""
    for part in filter(None, parts):  # no full stop after "Don't Blame the ELBO!", one after everything else
        text += part + (" " if part.rstrip("*")[-1] in "!?" else ". ")
    return f'<a id="{key}"></a>{text.strip()}'


def page(bib):
    """Return references.md for the text of a .bib file; raise an error on a doubled or incomplete entry."""
    entries = parse_string(bib, "bibtex").entries
    for key, entry in entries.items():
        missing = {"title", "year"} - {name.lower() for name in entry.fields}
        if missing or not entry.persons.get("author"):
            raise ValueError(f"references.bib: {key} needs an author, a title and a year")

    def place(key):  # accents do not count, nor do capitals
        author = unicodedata.normalize("NFKD", names(entries[key].persons["author"]).lower())
        return author.encode("ascii", "ignore"), entries[key].fields["year"]

    order = sorted(entries, key=place)
    return HEAD + "".join(f"\n{line(key, entries[key])}\n" for key in order)


if __name__ == "__main__":
    target = ROOT / "book/references.md"
    target.write_text(page(target.with_suffix(".bib").read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {target.relative_to(ROOT)}")
