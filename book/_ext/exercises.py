"""Exercises that check themselves in the page, and the answers to choose from before an experiment: a Sphinx extension.

It puts what is asked into the pages, as JSON that a browser does not show; book/_static/exercises makes forms of it.
Without scripts, and on paper, a page is as it would be without this.
"""

import json
import re

from docutils import nodes

from helpers.exercises.answers import exercise
from helpers.exercises.inpage import exercise_data, questions
from tools.check.notebooks import chapter_of, checked

FOLDED = re.compile(r"<details>\s*<summary>(What do you expect.*?)</summary>", re.DOTALL)
SCRIPTS = ("exercises/judge.js", "exercises/forms.js")  # of the pages that ask something
KEEPER = "exercises/progress.js"  # of every page: the contents say how far the reader got


def as_json(value, attributes):
    """Return an element that holds a value as JSON, which a browser does not show."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" {attributes}>{text}</script>'


def ask(app, doctree):
    """Put the data of an exercise above its cell, of a question above the fold that answers it; note their ids."""
    ids, asked = [], questions(chapter_of(app.env.docname) or "")
    for node in list(doctree.findall(lambda node: isinstance(node, nodes.container | nodes.raw))):
        if "tag_exercise" in node.get("classes", ()):
            numbers = checked(next(node.findall(nodes.literal_block)).astext())
            found = [exercise_data(number, exercise(number)) for number in numbers]
        else:
            found = [asked.get(words) for words in FOLDED.findall(node.astext()) if isinstance(node, nodes.raw)]
        for data in filter(None, found):
            ids.append(data["id"])
            node.parent.insert(node.parent.index(node), nodes.raw("", as_json(data, 'class="asked"'), format="html"))
    if ids:
        app.env.metadata[app.env.docname]["asked"] = ids


def add(app, page, template, context, doctree):
    """Give every page the ids of all that is asked, by the page; a page that asks something its scripts."""
    asked = {name: about["asked"] for name, about in app.env.metadata.items() if "asked" in about}
    whole = {f"{name.rpartition('/')[2]}.html": ids for name, ids in sorted(asked.items())}
    context["metatags"] = context.get("metatags", "") + as_json(whole, 'id="asked-in-the-book"') + "\n"
    for script in SCRIPTS if page in asked else ():
        app.add_js_file(script, loading_method="defer")


def setup(app):
    """Sphinx calls this when it loads the extension."""
    app.add_js_file(KEEPER, loading_method="defer", priority=400)
    app.connect("doctree-read", ask)
    app.connect("html-page-context", add)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
