"""The house: who may import whom (CONTRIBUTING.md draws it), and how large a module may grow."""

import ast
import graphlib

import pytest

from helpers.places import ROOT

HELPERS = ROOT / "helpers"
ROOMS = sorted(path.parent.name for path in HELPERS.glob("*/__init__.py"))
TAUGHT = {"models", "losses", "latent", "evaluation", "training", "data", "judge", "recipes"}
LATER = ("living", "panels", "exercises", "world")


def name_of(path):
    """Return the dotted name of a module of helpers, that of a room for its face."""
    parts = path.relative_to(HELPERS).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in HELPERS.rglob("*.py")}


def arrows(path):
    """Return what a file imports, wherever in it: names of modules of helpers, and other packages of the house."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole.removeprefix("helpers.") in MODULES else node.module)
    return {name.removeprefix("helpers.") for name in found if name.split(".")[0] in ("helpers", "tools", "benchmarks")}


ARROWS = {name: arrows(path) for name, path in MODULES.items()}


def room(name):
    """Return the room that a module is in, or nothing for one of the ground floor."""
    return name.split(".")[0] if name.split(".")[0] in ROOMS else ""


def test_the_arrows_are_seen():
    assert "losses" in ARROWS["models"] and "living.pack" in ARROWS["living.page"] and len(ARROWS) > 50
    assert ROOMS == ["exercises", "living", "machine", "panels", "plots", "world"]


@pytest.mark.parametrize("name", ARROWS)
def test_no_module_imports_what_it_must_not(name):
    others, mine = ARROWS[name], room(name)
    assert not {other for other in others if other.startswith(("tools", "benchmarks"))}
    if name in TAUGHT:
        assert not {other for other in others if room(other) in LATER}
    if mine == "plots":
        assert {room(other) for other in others} <= {"plots", ""} and "data" not in others
    if mine in ("living", "panels"):
        assert ("panels" if mine == "living" else "living") not in map(room, others)
    if mine and name != mine:
        assert mine not in others, "a module does not import the face of its own room"


def test_there_is_no_circle():
    list(graphlib.TopologicalSorter(ARROWS).static_order())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_and_says_what_it_is_for(name):
    text = MODULES[name].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300 and ast.get_docstring(ast.parse(text))
