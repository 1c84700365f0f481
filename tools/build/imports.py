"""Which files of the house a Python file imports, found without running it."""

import ast
import functools

from helpers.places import ROOT


@functools.cache
def text_of(path):
    """Return what stands in a file, which is read once."""
    return path.read_text(encoding="utf-8")


@functools.cache
def imported_by(code, root=ROOT):
    """Return the files of the house that Python code imports itself, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    names |= {".".join(parts[:n]) for parts in (name.split(".") for name in names) for n in range(1, len(parts))}
    files = [folder / name.replace(".", "/") for name in names for folder in (root, root / "tests")]
    return {each for file in files for each in (file.with_suffix(".py"), file / "__init__.py") if each.is_file()}


def modules(path, root=ROOT):
    """Return the files of the house that a Python file imports, directly or not, itself included.

    One that imports by name what lies beside it (helpers/living/widgets) counts as importing all of that.
    """
    found, ahead = set(), {path}
    while ahead:
        found |= ahead
        beside = [each.parent.glob("*.py") for each in ahead if 'import_module(f"{__name__}.' in text_of(each)]
        ahead = set().union(*(imported_by(text_of(each), root) for each in ahead), *beside) - found
    return found
