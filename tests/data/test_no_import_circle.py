"""The files of trickrun.data can be read one after another: none needs what needs it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import trickrun.data

FOLDER = Path(trickrun.data.__file__).parent


def imported(node: ast.AST) -> set[str]:
    """Return the modules of trickrun.data imported in ``node``, those for types alone left out."""
    found = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom) and (child.module or "").startswith("trickrun.data."):
            found.add(str(child.module).removeprefix("trickrun.data."))
        found |= imported(child)
    return found


def name_of(file: Path) -> str:
    parts = file.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_there_is_no_circle():
    needs = {name_of(file): imported(ast.parse(file.read_text())) for file in FOLDER.rglob("*.py")}
    assert needs["csv"] >= {"_data", "formats.table"}
    order = list(TopologicalSorter(needs).static_order())
    assert order.index("splits.source") < order.index("formats.files") < order.index("_data")
