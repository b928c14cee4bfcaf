"""Augmentations as plain functions: the source of each one's ``apply`` with its numbers put in."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trickrun.export.sources import Written, source_of, text_of
from trickrun.tricks.augmentation import AnyAugmentation
from trickrun.tricks.augmentation._augmentation import Augmentation, Stage

OWN = re.compile(r"\bself\.(\w+)")


@dataclass(frozen=True)
class PlainAugmentation:
    """An augmentation as a function.

    Args:
        name: the function's.
        text: its definition.
        stream: the name of what it draws from.
        stage: whether it acts before or after normalization.
    """

    name: str
    text: str
    stream: str
    stage: Stage


def plain_augmentations(
    augmentations: Sequence[AnyAugmentation], written: Written
) -> tuple[list[PlainAugmentation], list[str]]:
    """Return the augmentations that have a plain form, and the kinds of those that have none.

    Args:
        written: gets what they use.
    """
    found: list[PlainAugmentation] = []
    without: list[str] = []
    repeats: Counter[str] = Counter()
    for augmentation in augmentations:
        kind = augmentation.kind_name
        number = repeats[kind]
        repeats[kind] += 1
        if augmentation.off:
            continue
        name = f"{kind}_{number + 1}" if number else kind
        text = function_of(augmentation, name, written)
        if text is None:
            without.append(f"augmentation {kind}")
        else:
            stream = f"augmentation.{kind}.{number}"
            found.append(PlainAugmentation(name, text, stream, augmentation.stage))
    return found, without


def function_of(augmentation: Augmentation, name: str, written: Written) -> str | None:
    """Return an augmentation's function; None if it is more than its ``apply`` and its numbers."""
    kind = type(augmentation)
    alone = kind.build is Augmentation.build and "apply" in vars(kind)
    if not alone or augmentation.is_user_code:
        return None
    used = {*OWN.findall(inspect.getsource(kind.apply))}
    values = {each: getattr(augmentation, each) for each in used & {*kind.model_fields}}
    plain = all(value is None or isinstance(value, bool | int | float | str | tuple)
                for value in values.values())  # fmt: skip
    if used - {*values} or not plain:
        return None
    source = source_of(kind.__module__)
    owner = source.defined[kind.__name__]
    assert isinstance(owner, ast.ClassDef)
    node = next(n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "apply")
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    for each in sorted(names - {"self", "torch"}):
        written.define(kind.__module__, each)
    text = textwrap.dedent(text_of(source.text, node))
    text = re.sub(r"def apply\(\s*self,\s*", f"def {name}(\n    ", text, count=1)
    return OWN.sub(lambda match: repr(values[match[1]]), text)
