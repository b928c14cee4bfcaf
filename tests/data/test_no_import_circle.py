"""The files of trickrun.data can be read one after another: none needs what needs it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import trickrun.data

FOLDER = Path(trickrun.data.__file__).parent


def imported(node: ast.AST) -> set[str]:
    """Return the files of trickrun.data imported in ``node``, those for types alone left out."""
    found = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").startswith("trickrun.data."):
            found.add(str(child.module).split(".")[2])
        found |= imported(child)
    return found


def test_there_is_no_circle():
    needs = {file.stem: imported(ast.parse(file.read_text())) for file in FOLDER.glob("*.py")}
    assert needs["csv"] >= {"base", "table"}
    order = list(TopologicalSorter(needs).static_order())
    assert order.index("source") < order.index("files") < order.index("base")
