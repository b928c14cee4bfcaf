"""A hash of the user's code: a trial of code that has changed is another trial."""

from __future__ import annotations

import ast
import hashlib
import warnings
from functools import cache
from pathlib import Path

from trickrun.targets import file_beside, file_installed, is_user_code


def source_hash(target: str, folder: Path) -> str | None:
    """Return a hash of the target's source, without importing it; None if there is no source.

    For a module in a package, every file of the package counts; and every module beside the recipe
    (of user code that is elsewhere: beside it) that any of these files imports, directly or not.
    """
    found = find_source(target.partition(":")[0], folder)
    if found is None:
        return None
    return hash_of(*found) if is_user_code(str(found[1])) else hash_of_installed(*found)


def hash_of(root: Path, file: Path) -> str:
    """Return a hash of ``file``, whose module's top is in ``root``, and of all that counts."""
    digest = hashlib.blake2b(digest_size=16)
    for counted in sorted(source_files(root, file)):
        name = counted.relative_to(root).as_posix()
        digest.update(name.encode() + b"\0" + counted.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def hash_of_installed(root: Path, file: Path) -> str:
    """Return ``hash_of`` an installed package, which is large and stays as it is meanwhile."""
    return hash_of(root, file)


def find_source(name: str, folder: Path) -> tuple[Path, Path] | None:
    """Return where the top of module ``name`` is, and its file; None if it has no source."""
    beside = file_beside(name, folder)
    if beside is not None:
        return folder.resolve(), beside
    file = file_installed(name)
    if file is None:
        return None
    root = file.parents[name.count(".") + (file.name == "__init__.py")]
    return root.resolve(), root.resolve() / file.relative_to(root)


def source_files(root: Path, file: Path) -> set[Path]:
    """Return ``file``, its package, and what they import below ``root``, directly or not.

    What installed packages import is left out.
    """
    top = file.relative_to(root).parts[0]
    found = {file} if file.parent == root else {file, *(root / top).rglob("*.py")}
    left = list(found) if is_user_code(str(file)) else []
    while left:
        for name in imported(left.pop(), root):
            new = file_beside(name, root)
            if new is not None and new not in found:
                found.add(new)
                left.append(new)
    return found


def imported(file: Path, root: Path) -> set[str]:
    """Return the names of all modules that ``file`` may import, from the packages that they are in
    on; none if it is no Python."""
    package = file.parent.relative_to(root).parts
    names = set[str]()
    for level, dotted in import_statements(file.read_bytes()):
        base = package[: max(0, len(package) - level + 1)] if level else ()
        parts = (*base, *dotted.split("."))
        names |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return names


@cache
def import_statements(source: bytes) -> frozenset[tuple[int, str]]:
    """Return what Python source imports, wherever in it: the dots before a relative name (0: it is
    not relative) and the dotted name. Of ``from a import b``, b may be a module or not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code, which nobody runs here
            nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return frozenset()
    found = set[tuple[int, str]]()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {(0, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [node.module] if node.module else []
            found |= {(node.level, ".".join([*base, alias.name])) for alias in node.names}
    return frozenset(found)
