"""Read the code of a chapter without running the chapter: its imports, literal constants and definitions."""

import ast
import builtins
import json
from pathlib import Path

DEFINITION = (ast.FunctionDef, ast.ClassDef)


def body(path):
    """Return the top-level statements of a chapter, less its setup cell."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [node for text in code if "REPOSITORY =" not in text for node in ast.parse(text).body]


def definitions(path):
    """Return {name: syntax tree} of the functions and classes of a chapter or a module.

    Raises:
        ValueError: a name is defined twice, and which one counts would be a guess.
    """
    path = Path(path)
    nodes = body(path) if path.suffix == ".ipynb" else ast.parse(path.read_text(encoding="utf-8")).body
    found = {}
    for node in nodes:
        if isinstance(node, DEFINITION):
            if node.name in found:
                raise ValueError(f"{path.name} defines {node.name} twice")
            found[node.name] = node
    return found


def bare(node):
    """Return a definition as text without docstrings, annotations and decorators, which may differ."""
    node = ast.parse(ast.unparse(node)).body[0]  # a copy
    for part in ast.walk(node):
        if isinstance(part, DEFINITION):
            part.decorator_list = []
            if ast.get_docstring(part) is not None:
                part.body = part.body[1:] or [ast.Pass()]
        if isinstance(part, ast.FunctionDef):
            part.returns = None
        if isinstance(part, ast.arg):
            part.annotation = None
    return ast.unparse(node)


def names(code):
    """Return three sets of names: what code defines anywhere, built-in ones included; uses; and defines outside."""
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    found = [node for node in nodes if isinstance(node, ast.Name)]
    defined = set(dir(builtins)) | {node.id for node in found if isinstance(node.ctx, ast.Store)}
    defined |= {node.name for node in nodes if isinstance(node, DEFINITION)}
    defined |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    imports = [alias for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names]
    imported = {alias.asname or alias.name.partition(".")[0] for alias in imports}
    outside = imported | {node.name for node in tree.body if isinstance(node, DEFINITION)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    outside |= {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return defined | imported, {node.id for node in found if isinstance(node.ctx, ast.Load)}, outside


def is_literal(node):
    """Say whether a statement gives a name a value that can be read off, such as latent_dim = 2."""
    if not isinstance(node, ast.Assign):
        return False
    targets = [each for target in node.targets for each in getattr(target, "elts", [target])]
    if not all(isinstance(target, ast.Name) for target in targets):
        return False
    try:
        return ast.literal_eval(node.value) is not None
    except (ValueError, TypeError):
        return False


def load(path, *names):
    """Return the namespace of a chapter's imports, literal constants and the definitions called `names`.

    Decorators are left out: they would register the chapter's classes with Keras in place of the helpers'.
    """
    missing = set(names) - set(definitions(path))
    if missing:
        raise KeyError(f"{Path(path).name} does not define {', '.join(sorted(missing))}")
    wanted = []
    for node in body(path):
        if isinstance(node, DEFINITION) and node.name in names:
            node.decorator_list = []
            wanted.append(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) or is_literal(node):
            wanted.append(node)
    namespace = {"__name__": Path(path).stem}
    exec(compile(ast.Module(wanted, []), f"<{Path(path).name}>", "exec"), namespace)
    return namespace
