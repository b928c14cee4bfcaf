"""What people read is plain English: no phrase that was found odd before comes back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from trickrun.findings.faults import CATALOGUE
from trickrun.findings.words import counted
from trickrun.recipe.catalogue import catalogue

PACKAGE = Path(__file__).parents[1] / "trickrun"
ROOT = PACKAGE.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

EACH = r"(?:sample|step|class|label|layer|channel|epoch|batch|evaluation|core|row|column|trial)"
ODD = re.compile(
    rf"""\b(?:
    by\ and\ by | amiss | (?:is|are)\ no\ whole | for\ ever | of\ then | by\ heart
    | mend(?:s|ed\ by)?
    | and\ (?:its|their)\ kin | falls\ nowhere | go(?:es)?\ on\ with | anew
    | thr(?:ow|ew)s?\ the\ weights | nothing\ is\ wrong\ with\ this | puts?\ out(?!\ of)
    | stands?\ there\ twice | there\ any\ more | weighs\ (?:class|samples)
    | (?<!there\ )(?:is|are)\ no\ (?:number|tensor|array|pair|class|label|test|date)s?
    | (?:one|\d+|several|few|labels|samples|steps|weights|loss|iterations|images|line)\ an?\ {EACH}
    )(?!\w)""",
    re.VERBOSE,
)
"""Phrases that no native speaker writes, each of which people have read here. "An evaluation a
line" is one for each, for which the word is "per"."""


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that people may see, with their lines: no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            seen.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            seen |= {id(part) for part in parts}
            whole = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
            yield node.lineno, "".join(map(str, whole))
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    "odd",
    [
        "one line an evaluation",
        "adam and its kin",
        "learns them by heart",
        "several labels a sample",
        "this takes for ever",
        "'x' is no date",
        "what the head puts out",
    ],
)
def test_odd_phrases_are_found(odd):
    assert ODD.search(odd)


@pytest.mark.parametrize(
    "plain",
    [
        "one line per evaluation",
        "0 for every sample",
        "it runs out of memory",
        "there is no label of this class",
        "recommend a batch",
    ],
)
def test_plain_phrases_are_not(plain):
    assert not ODD.search(plain)


def test_no_module_has_an_odd_phrase():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r} in {text!r}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in literals(path)
        for match in [ODD.search(" ".join(text.split()))]
        if match
    ]
    assert found == []


def test_no_page_has_an_odd_phrase():
    found = [
        f"{page.relative_to(ROOT)}: {match[0]!r}"
        for page in PAGES
        for match in ODD.finditer(" ".join(page.read_text(encoding="utf-8").split()))
    ]
    assert found == []


def test_no_kind_has_an_odd_phrase():
    found = [
        (entry.path, text)
        for entry in catalogue()
        for text in (
            *(entry.summary, entry.when, entry.defaults, entry.interactions),
            *(parameter.description for parameter in entry.parameters),
        )
        if ODD.search(" ".join(text.split()))
    ]
    assert found == []


def test_what_a_fault_is_ends_with_a_full_stop():
    texts = [text for f in CATALOGUE.values() for text in (f.signal, f.threshold, f.why, f.fix)]
    assert [text for text in texts if text and not text.endswith((".", ")."))] == []


def nouns() -> Iterator[str]:
    """Yield the nouns that the package counts."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "counted" and len(node.args) == 2:
                noun = node.args[1]
                if isinstance(noun, ast.Constant) and isinstance(noun.value, str):
                    yield noun.value


def test_counted_nouns_have_a_singular_and_a_plural():
    found = set(nouns())
    assert found
    for noun in found:
        assert counted(1, noun) == f"1 {noun}"
        assert counted(2, noun).startswith(f"2 {noun}"), noun
        assert not re.search(r"[^aeiou]ys$|(?:[sx]|[cs]h)s$", counted(2, noun)), noun
        assert counted(0, noun).removeprefix("0") == counted(2, noun).removeprefix("2")
