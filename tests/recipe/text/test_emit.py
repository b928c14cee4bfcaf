"""Plain data as text reads back as the same data."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.recipe.text.emit import block, flow, scalar
from trickrun.recipe.text.nodes import Reader
from trickrun.recipe.text.yaml12 import parse

# No recipe's text holds NUL, which no file's name could.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(CHARACTERS, max_size=20)
)
WORDS = st.text(alphabet="ab:-~.<=>'\"#&*!|%@[]{}, 01enull", max_size=8)
DATA = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(CHARACTERS, max_size=8) | WORDS, inner, max_size=4)
    ),
    max_leaves=12,
)


def read(text: str) -> Any:
    document = parse(text)
    assert document.root is not None
    reader = Reader()
    value = reader.value(document.root)
    assert not document.faults
    assert not reader.faults
    return value


@given(DATA)
def test_flow_text_reads_back(value: Any) -> None:
    text = flow(value)
    assert "\n" not in text
    assert repr(read(text)) == repr(value)


@given(
    st.dictionaries(st.text(CHARACTERS, max_size=8), DATA, min_size=1, max_size=4),
    st.integers(20, 80),
)
def test_block_text_reads_back(value: dict[str, Any], width: int) -> None:
    assert repr(read("\n".join(block(value, 0, width)))) == repr(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "1e-5"),
        (1e16, "1e16"),
        (0.001, "0.001"),
        (3.0, "3.0"),
        (-math.inf, "-.inf"),
        ("relu", "relu"),
        ("val_loss", "val_loss"),
        ("my_pkg.mod:Name", "my_pkg.mod:Name"),
        (">= 0.9", "'>= 0.9'"),
        ("1e-3", "'1e-3'"),
        ("null", "'null'"),
        ("off", "off"),
        ("10 s", "10 s"),
        ("a\nb", '"a\\nb"'),
        ("", "''"),
    ],
)
def test_scalars_look_as_people_write_them(value: object, text: str) -> None:
    assert scalar(value) == text


def test_quotes_stay_where_text_may_choose() -> None:
    assert scalar(">= 0.9", '"') == '">= 0.9"'
    assert scalar("it's", "'") == "'it''s'"
    assert scalar(3, '"') == "3"


def test_long_mappings_are_broken_into_lines() -> None:
    value = {"a": {"b": "x" * 30, "c": "y" * 30}, "d": [{"e": "z" * 40, "f": 1}]}
    assert block(value, 0, 60) == [
        "a:",
        f"  b: {'x' * 30}",
        f"  c: {'y' * 30}",
        f"d: [{{e: {'z' * 40}, f: 1}}]",
    ]
    assert block({"d": value["d"]}, 0, 40) == ["d:", f"  - e: {'z' * 40}", "    f: 1"]
