"""Set the book's address everywhere, or take it out: `make repository URL=https://github.com/owner/name`.

One address gives: the repository and launch keys of _config.yml, and there the site's address on GitHub Pages, the
REPOSITORY line of every setup cell, the launch links in README.md, and repository-code in CITATION.cff. An empty
address takes all of it out again, byte for byte.
"""

import json
import os
import re
import sys

from helpers.places import ROOT

SETUP = re.compile(r'^( *"?REPOSITORY = )(\\?").*?(\\?")(?=  # the book\'s address)', re.MULTILINE)
ADDRESS = re.compile(
    r"https://github\.com/(?P<owner>[a-z0-9](-?[a-z0-9]){0,38})/(?P<name>[\w.-]{1,100}?)(\.git)?/*", re.ASCII | re.I
)
CONFIG = """\
repository:
  url: {url}
  branch: main
  path_to_book: ""  # page names already begin with book/
launch_buttons:
  notebook_interface: jupyterlab
  binderhub_url: https://mybinder.org
  colab_url: https://colab.research.google.com
"""
BUTTONS = """\
  baseurl: {site}  # for preview cards (book/_ext/cards.py) and search engines
  use_repository_button: true
  use_issues_button: true
  use_edit_page_button: true
"""


class AddressError(ValueError):
    """The address, or a file that should carry it, is not as it must be."""


def normalise(url):
    """Return https://github.com/owner/name for an address, "" for none; raise AddressError for anything else."""
    url = url.strip()
    found = ADDRESS.fullmatch(url)
    if url and (not found or found["name"] in (".", "..", ".git")):
        raise AddressError(
            f"{url!r} is not the address of a GitHub repository. It must look like https://github.com/owner/name "
            "(an empty URL takes the address out)."
        )
    return f"https://github.com/{found['owner']}/{found['name']}" if url else ""


def pages_address(url):
    """Return where GitHub Pages shows the site of a repository."""
    owner, name = url.removeprefix("https://github.com/").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def notebooks(root):
    """Return the names of the book's notebooks in order, the landing page first."""
    paths = sorted((root / "book").glob("*.ipynb"), key=lambda path: (path.stem != "index", path.name))
    return [f"book/{path.name}" for path in paths]


def launch_table(root, url):
    """Return README's table of launch links, plain text links only."""
    slug = url.removeprefix("https://github.com/")
    rows = ["| chapter | Colab | Binder |", "|---|---|---|"]
    for name in notebooks(root):
        first = json.loads((root / name).read_text(encoding="utf-8"))["cells"][0]
        colab = f"https://colab.research.google.com/github/{slug}/blob/main/{name}"
        binder = f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/{name}"
        title = first["source"][0].strip("# \n")
        rows.append(f"| [{title}]({name}) | [open in Colab]({colab}) | [open in Binder]({binder}) |")
    return "\n".join(rows) + "\n"


def between(path, text, start, end, body):
    """Return text with body as all that stands between the lines `start` and `end`."""
    pattern = re.compile(
        rf"(^[ ]*{re.escape(start)}[^\n]*\n).*?(^[ ]*{re.escape(end)}[ \r]*$)", re.MULTILINE | re.DOTALL
    )
    text, count = pattern.subn(lambda found: found[1] + body + found[2], text)
    if count != 1:
        raise AddressError(f"{path} needs the lines {start!r} and {end!r}, once each and in this order.")
    return text


def rewrite(root, url):
    """Return {path: new text} for every file that carries the address; nothing is written."""
    names = ["_config.yml", "README.md", "CITATION.cff", "tools/check/setup_cell.py", *notebooks(root)]
    new = {name: (root / name).read_bytes().decode("utf-8") for name in names}  # as it is: line ends too
    table = f"\n{launch_table(root, url)}\n" if url else ""
    site = pages_address(url) if url else ""
    for name, start, end, body in (
        ("_config.yml", "# >>> repository (written by make repository)", "# <<< repository", CONFIG.format(url=url)),
        ("_config.yml", "# >>> repository buttons", "# <<< repository buttons", BUTTONS.format(site=site)),
        ("README.md", "<!-- >>> launch -->", "<!-- <<< launch -->", table),
    ):
        new[name] = between(name, new[name], start, end, body if url else "")
    citation = re.sub(r"^repository-code:.*\n", "", new["CITATION.cff"], flags=re.MULTILINE)
    new["CITATION.cff"] = citation + (f"repository-code: {url}\n" if url else "")
    for name in names[3:]:
        text, count = SETUP.subn(rf"\g<1>\g<2>{url}\g<3>", new[name])
        if count != 1:
            raise AddressError(f"{name} needs one setup cell with its line `REPOSITORY = ...`; it has {count}.")
        new[name] = text
    return new


def apply(root, url):
    """Write the address everywhere below root and return the names of the files that changed."""
    new = rewrite(root, normalise(url))  # everything is checked before anything is written
    changed = [name for name, text in new.items() if (root / name).read_bytes() != text.encode("utf-8")]
    for name in changed:
        (root / name).write_bytes(new[name].encode("utf-8"))
    return changed


def main(arguments):
    """Apply the address given on the command line; return the exit status."""
    try:
        changed = apply(ROOT, arguments[0] if arguments else "")
    except AddressError as error:
        print(error, file=sys.stderr)
        return 1
    except FileNotFoundError as error:
        print(f"{error.filename} is missing. Restore it with: git checkout -- {error.filename}", file=sys.stderr)
        return 1
    print("\n".join(f"wrote {name}" for name in changed) or "nothing to change")
    if "tools/check/setup_cell.py" in changed:
        warning = "::warning::" if os.environ.get("GITHUB_ACTIONS") else ""
        print(f"{warning}Commit these changes: Colab and Binder open the chapters as they are on the branch main.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
