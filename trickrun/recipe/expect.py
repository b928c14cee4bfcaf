"""The recipe's gates: ``expect: {test.accuracy: ">= 0.96"}``."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import Any

COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
CONDITION = re.compile(r"^\s*(>=|<=|==|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*$")


def missed(expect: Mapping[str, str], result: Mapping[str, Any]) -> list[str]:
    """Return, in words, each expectation that ``result`` does not meet.

    Args:
        expect: a value's path in the result (``test.accuracy``) to its condition (``>= 0.96``).
    """
    return [
        f"{path} is {shown(value_at(result, path))}, expected {condition}"
        for path, condition in expect.items()
        if not met(value_at(result, path), condition)
    ]


def met(value: float | None, condition: str) -> bool:
    """Return whether ``value`` meets ``condition``; a missing or NaN value meets none."""
    match = CONDITION.match(condition)
    if match is None or value is None:
        return False
    return bool(COMPARISONS[match[1]](value, float(match[2])))


def value_at(result: Mapping[str, Any], path: str) -> float | None:
    """Return the number at a dotted path, or None if there is none."""
    value: Any = result
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value if isinstance(value, int | float) else None


def shown(value: float | None) -> str:
    return "not there" if value is None else f"{value:.4g}"
