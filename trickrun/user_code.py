"""User code that a recipe names as ``package.module:Name``: finding it, and blaming it clearly."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from trickrun.errors import REFUSED, CompileError, TrickrunError, python_refused


def resolve(target: str, folder: Path, teach: Callable[[str], str] = str) -> Callable[..., Any]:
    """Return the callable that ``target`` (``package.module:Name``) names.

    A module beside the recipe, in ``folder``, comes before one of the environment; ``folder`` is
    then first on ``sys.path``, as a script's folder is, so that the module finds its neighbours.

    Raises CompileError if user code is refused, if the module or the name is not there, if the
    module's own code fails while it is imported (the message has the user's line), or if it names
    no callable.

    Args:
        teach: makes of a piece of advice one with an example of an object that serves.
    """
    if python_refused():
        raise CompileError(REFUSED, target)
    module_name, _, path = target.partition(":")
    found: Any = import_module(module_name, folder.resolve(), target)
    for name in path.split("."):
        if not hasattr(found, name):
            close = get_close_matches(name, dir(found), n=1)
            raise CompileError(
                f"{module_name} has no {name!r}",
                target,
                f"did you mean {close[0]!r}?" if close else f"define it in {source(found)}",
            )
        found = getattr(found, name)
    if not callable(found):
        kind = type(found).__name__
        raise CompileError(
            f"this is of type {kind}, which cannot be called", target, teach("name a function")
        )
    function: Callable[..., Any] = found
    return function


def call(
    function: Callable[..., Any],
    target: str,
    *values: Any,
    args: Mapping[str, Any],
    teach: Callable[[str], str] = str,
) -> Any:
    """Return ``function(*values, **args)``, what ``resolve(target)`` gave.

    Raises CompileError if it does not take these arguments, or fails (with the user's line), also
    by ``sys.exit``. An error that is trickrun's own goes through.
    """
    check_arguments(function, target, values, args, teach)
    try:
        return function(*values, **args)
    except TrickrunError:
        raise
    except (Exception, SystemExit) as error:
        raise blame(error, target) from error


def check_arguments(
    function: Callable[..., Any],
    target: str,
    values: tuple[Any, ...],
    args: Mapping[str, Any],
    teach: Callable[[str], str] = str,
) -> None:
    """Raise CompileError, which shows the signature, if ``function`` does not take these."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # some builtins have no signature; the call itself will tell
    try:
        signature.bind(*values, **args)
    except TypeError as error:
        advice = teach("change its signature, or args in the recipe")
        raise CompileError(f"{error}; it takes {signature}", target, advice) from error


def blame(error: BaseException, target: str) -> CompileError:
    """Return an error that names the last line of the user's code that ``error`` went through."""
    kind = type(error).__name__
    text = f"{kind}: {error}" if str(error) else kind
    if isinstance(error, SyntaxError) and error.filename:
        return CompileError(text, target, f"in {error.filename}, line {error.lineno}")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_user_code(f.filename)]
    if not frames:
        return CompileError(text, target)
    last = frames[-1]
    return CompileError(text, target, f"in {last.filename}, line {last.lineno}: {last.line}")


def is_user_code(filename: str) -> bool:
    """Whether a traceback's file is neither trickrun's, nor installed, nor Python's own."""
    file = Path(filename)
    paths = sysconfig.get_paths()
    ours = (Path(__file__).parent, Path(paths["stdlib"]), Path(paths["platstdlib"]))
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return not (
        filename.startswith("<") or installed or any(file.is_relative_to(root) for root in ours)
    )


def import_module(name: str, folder: Path, target: str) -> ModuleType:
    """Import module ``name``, beside the recipe first; CompileError says why it cannot be."""
    beside = file_beside(name, folder)
    if beside is not None:
        forget_namesakes(folder)
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        sys.path.insert(0, str(folder))
        # A file written since the last import would not be seen.
        importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if beside is None and error.name and f"{name}.".startswith(f"{error.name}."):
            raise CompileError(
                f"there is no module {name!r}",
                target,
                f"put {name.replace('.', '/')}.py beside the recipe, in {folder}, or install it",
            ) from error
        raise blame(error, target) from error
    except (Exception, SystemExit) as error:
        raise blame(error, target) from error
    if beside is not None and source(module) != str(beside):
        raise CompileError(
            f"{beside} is hidden by another module of that name, {source(module)}",
            target,
            "rename it",
        )
    return module


def file_beside(name: str, folder: Path) -> Path | None:
    """Return the source of module ``name`` under ``folder``, or None."""
    path = folder.resolve().joinpath(*name.split("."))
    candidates = (path.with_name(path.name + ".py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def file_installed(name: str) -> Path | None:
    """Return the source of module ``name`` of the environment, or None."""
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for part in rest:
        # find_spec of a whole dotted name would import, that is run, the packages that it is in.
        places = spec and spec.submodule_search_locations
        spec = PathFinder.find_spec(f"{spec.name}.{part}", places) if spec and places else None
    return Path(spec.origin) if spec and spec.origin and Path(spec.origin).is_file() else None


def forget_namesakes(folder: Path) -> None:
    """Drop imported modules that share a name with one in ``folder`` but come from another.

    Two recipes in two folders may each bring a ``model.py``. Installed modules stay: dropping
    one in use would leave two copies of it.
    """
    files = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    for file in files:
        name = file.parent.name if file.name == "__init__.py" else file.stem
        loaded = sys.modules.get(name)
        if loaded is None or source(loaded) == str(file) or not is_user_code(source(loaded)):
            continue
        for other in [n for n in sys.modules if n == name or n.startswith(f"{name}.")]:
            del sys.modules[other]


def source(module: object) -> str:
    """Return the file that a module came from, or ``<built-in>``."""
    return getattr(module, "__file__", None) or "<built-in>"


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
