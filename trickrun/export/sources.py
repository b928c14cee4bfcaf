"""Definitions of ours as text that stands alone: each with all that it uses, in a fit order."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeGuard

from trickrun.errors import TrickrunError

OWN = "trickrun"

WIDTH = 100
"""Signs in a line."""

ALWAYS = ("numpy", "torch")
"""What every program that we write needs."""

DROPPED = "\0"
"""A line that is left out."""


class CannotExport(TrickrunError):
    """A run, or a part of one, that has no plain form."""


@dataclass(frozen=True)
class Source:
    """The source of one of our modules, by what it defines.

    Args:
        text: all of it.
        imports: what each imported name is: the module, and the name there (empty: the module).
        typing: the names that are imported for annotations alone.
        defined: the statement of each name that it defines at its top, with its docstring's.
    """

    text: str
    imports: Mapping[str, tuple[str, str]]
    typing: frozenset[str]
    defined: Mapping[str, ast.stmt]


@cache
def source_of(module: str) -> Source:
    """Return what the module ``module`` of trickrun imports and defines."""
    path = importlib.import_module(module).__file__
    assert path is not None
    text = Path(path).read_text(encoding="utf-8")
    imports: dict[str, tuple[str, str]] = {}
    typing: set[str] = set()
    defined: dict[str, ast.stmt] = {}

    def take(body: Iterable[ast.stmt], only_typing: bool) -> None:
        for node in body:
            found = imported(node)
            imports.update(found)
            if only_typing:
                typing.update(found)
            if isinstance(node, ast.If):
                take(node.body, "TYPE_CHECKING" in ast.unparse(node.test))
            for name in names_of(node):
                defined[name] = node

    take(ast.parse(text).body, False)
    return Source(text, imports, frozenset(typing), defined)


def imported(node: ast.stmt) -> dict[str, tuple[str, str]]:
    """Return the names that a statement imports; see Source."""
    if isinstance(node, ast.Import):
        return {(each.asname or each.name).split(".")[0]: (each.name, "") for each in node.names}
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        return {each.asname or each.name: (node.module or "", each.name) for each in node.names}
    return {}


def is_hoisted(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """Whether an import within a function stands at the top of what we write: not that of a library
    that only some files need."""
    return isinstance(node, ast.Import | ast.ImportFrom) and all(
        where.split(".")[0] in (OWN, *ALWAYS) for where, _ in imported(node).values()
    )


def names_of(node: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [each.id for one in targets for each in ast.walk(one) if isinstance(each, ast.Name)]
    return []


@dataclass
class Written:
    """Definitions as text, and the imports that they need.

    Args:
        instead: text that stands for a name of ours, where the plain form is a shorter one.
    """

    instead: Mapping[str, str] = field(default_factory=dict)
    imports: set[tuple[str, str, str]] = field(default_factory=set)
    typing: set[tuple[str, str, str]] = field(default_factory=set)
    definitions: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)

    def add(self, *objects: object) -> None:
        """Write out functions or classes of ours, each after what it uses."""
        for each in objects:
            self.define(each.__module__, each.__name__)  # type: ignore[attr-defined]

    def define(self, module: str, name: str) -> None:
        """Write out what ``name`` is in ``module``, unless it is there already."""
        source = source_of(module)
        if name in source.imports:
            where, original = source.imports[name]
            if where.split(".")[0] == OWN:
                self.define(where, original)
            else:
                self.bring(where, original, name, name in source.typing)
            return
        node = source.defined.get(name)
        if node is None or (module, node.lineno) in self.seen:
            return
        self.seen.add((module, node.lineno))
        if name in self.instead:
            self.definitions[name] = self.instead[name]
            return
        local, used = uses_of(module, name)
        for alias, (where, original) in local.items():
            if where.split(".")[0] == OWN:
                self.define(where, original)
            else:
                self.bring(where, original, alias, False)
        for each in used:
            self.define(module, each)
        if name in self.definitions:
            raise AssertionError(f"two definitions of ours are named {name}")
        self.definitions[name] = definition(module, name)

    def bring(self, where: str, original: str, name: str, only_typing: bool) -> None:
        """Import a name; what is for annotations alone costs nothing when the program runs."""
        alias = "" if name == (original or where).split(".")[0] else name
        if where in ("typing", "collections.abc") and name == "TYPE_CHECKING":
            return
        light = not only_typing or where.split(".")[0] in ALWAYS
        (self.imports if light else self.typing).add((where, original, alias))

    @property
    def text(self) -> str:
        """The definitions, two empty lines between them but one between constants."""
        found, large = "", False
        for text in self.definitions.values():
            was, large = large, text.startswith(("def ", "class ", "@"))
            between = "" if not found else "\n\n\n" if was or large else "\n"
            found += between + text
        return found


@cache
def uses_of(module: str, name: str) -> tuple[Mapping[str, tuple[str, str]], Sequence[str]]:
    """Return what the definition of ``name`` imports within functions, as Source has it, and the
    other names in it, sorted."""
    node = source_of(module).defined[name]
    parts = [*ast.walk(node)]
    inner = [each for each in parts if is_hoisted(each)]
    local = {alias: place for each in inner for alias, place in imported(each).items()}
    names = {each.id for each in parts if isinstance(each, ast.Name)}
    return local, sorted(names - {name, *local})


@cache
def definition(module: str, name: str) -> str:
    """Return the text of what ``name`` is in ``module``."""
    source = source_of(module)
    return text_of(source.text, source.defined[name])


def text_of(source: str, node: ast.stmt) -> str:
    """Return the text of a definition with no more of each docstring than its first paragraph."""
    lines = source.splitlines()
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    last = node.end_lineno or node.lineno
    # Imports within functions stand at the top of what we write.
    for each in sorted(ast.walk(node), key=lambda each: -getattr(each, "lineno", 0)):
        if is_hoisted(each):
            end = each.end_lineno or each.lineno
            end += end < len(lines) and not lines[end].strip()
            for place in range(each.lineno - 1, end):
                lines[place] = DROPPED
    cuts = [
        doc
        for each in ast.walk(node)
        if isinstance(each, ast.ClassDef | ast.FunctionDef)
        and isinstance(doc := each.body[0], ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    ]
    for doc in sorted(cuts, key=lambda doc: -doc.lineno):
        assert isinstance(doc.value, ast.Constant)
        paragraph = textwrap.dedent(str(doc.value.value)).strip().split("\n\n")[0]
        words = " ".join(paragraph.split())
        indent = " " * doc.col_offset
        short = f'{indent}"""{words}"""'
        told = [short]
        if len(short) > WIDTH:
            said = lines[doc.lineno - 1 : doc.end_lineno]
            end = next((n for n, line in enumerate(said) if not line.strip()), len(said))
            told = said[:end]
            if end < len(said):
                told[-1] += '"""'
        lines[doc.lineno - 1 : doc.end_lineno] = told
        last -= (doc.end_lineno or doc.lineno) - doc.lineno + 1 - len(told)
    return "\n".join(line for line in lines[first - 1 : last] if line != DROPPED)


def import_lines(imports: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return import statements, sorted: the standard library's, then the others."""
    whole = {each for each in imports if not each[1]}
    several: dict[str, set[str]] = {}
    for where, name, alias in imports:
        if name:
            several.setdefault(where, set()).add(f"{name} as {alias}" if alias else name)
    lines = [
        (where, 0, f"import {where}" + (f" as {alias}" if alias else ""))
        for where, _, alias in whole
    ]
    lines += [
        (where, 1, f"from {where} import {', '.join(sorted(names))}")
        for where, names in several.items()
    ]
    standard = [each for each in lines if each[0].split(".")[0] in sys.stdlib_module_names]
    others = [each for each in lines if each not in standard]

    def ordered(found: list[tuple[str, int, str]]) -> list[str]:
        return [text for _, _, text in sorted(found, key=lambda each: (each[1], each[0]))]

    between = [""] if standard and others else []
    return [*ordered(standard), *between, *ordered(others)]


def assembled(written: Written, head: str, main: str) -> str:
    """Return a whole program: docstring, imports, definitions and ``main``, what stands after
    them."""
    typing = ""
    if written.typing:
        written.imports.add(("typing", "TYPE_CHECKING", ""))
        lines = "\n".join(f"    {line}" for line in import_lines(written.typing) if line)
        typing = f"\nif TYPE_CHECKING:\n{lines}\n"
    imports = "\n".join(import_lines(written.imports))
    # A run's folder may be a stranger's, and called anything.
    head = head.replace("\\", "/").replace('"', "'")
    start = f'"""{head}"""\n\nfrom __future__ import annotations\n\n{imports}\n{typing}'
    text = f"{written.text}\n\n" if written.definitions else ""
    whole = re.sub(r"\n{4,}", "\n\n\n", f"{start}\n\n{text}\n{main}")
    return whole.strip("\n") + "\n"
