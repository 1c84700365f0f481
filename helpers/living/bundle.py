"""JavaScript modules as one text, for a page or a worker."""

import re

from helpers.places import SCRIPTS


def bundle(names):
    """Return the modules and all that they import as one text, dependencies first, without import and export.

    Their top-level names are all different (a test sees to it), so they can share one scope.
    """
    order = []

    def visit(name):
        if name in order:
            return
        source = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        for other in re.findall(r'^import [^;]*? from "\./(\w+)\.js";', source, re.M):
            visit(other)
        order.append(name)

    for name in names:
        visit(name)
    parts = []
    for name in order:
        source = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
        source = re.sub(r'^import [^;]*? from "\./\w+\.js";\n', "", source, flags=re.M)
        source = re.sub(r"/\*\*.*?\*/\n?", "", source, flags=re.S)  # documentation stays in the files
        parts.append(re.sub(r"^export ", "", source, flags=re.M).strip())
    return "\n".join(parts).replace("</script", "<\\/script")
