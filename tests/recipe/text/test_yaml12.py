"""YAML text to nodes and plain data: YAML 1.2 scalars, positions, and clear faults."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.recipe.text.nodes import Mapping, Reader, Scalar, Sequence, TooLarge, plain_value
from trickrun.recipe.text.yaml12 import parse


def read(text: str) -> Any:
    document = parse(text)
    assert document.root is not None, document.faults
    reader = Reader()
    value = reader.value(document.root)
    assert not document.faults
    assert not reader.faults
    return value


def faults(text: str) -> list[tuple[str, str]]:
    """The faulty piece of the text, and what is said about it."""
    document = parse(text)
    reader = Reader()
    if document.root is not None:
        reader.value(document.root)
    return [(text[f.start : f.end], f.message) for f in document.faults + reader.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("1.", 1.0),
        (".5", 0.5),
        ("+1", 1),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-.inf", -math.inf),
        (".Inf", math.inf),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("y", "y"),
        ("True", True),
        ("false", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("", None),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30", "12:30"),
        ("2024-01-31", "2024-01-31"),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert plain_value(text) == value
    assert type(plain_value(text)) is type(value)


def test_nan_is_a_number() -> None:
    assert math.isnan(plain_value(".nan"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back_from_its_shortest_form(value: float) -> None:
    assert plain_value(repr(value)) == value


def test_a_quoted_scalar_is_text() -> None:
    assert read("a: '1e-3'\nb: \"off\"\nc: 'null'") == {"a": "1e-3", "b": "off", "c": "null"}


def test_nodes_know_where_their_content_stands() -> None:
    text = "a: &x {b: 1}  # said\nc:\n  - &y two\n  - 'th''ree'\nd: |\n  text\n\ne: \n"
    root = parse(text).root
    assert isinstance(root, Mapping)
    values = {entry.key.text: entry.value for entry in root.entries}  # type: ignore[attr-defined]
    assert text[values["a"].start : values["a"].end] == "{b: 1}"
    listed = values["c"]
    assert isinstance(listed, Sequence)
    assert text[listed.start : listed.end] == "- &y two\n  - 'th''ree'"
    assert [text[item.start : item.end] for item in listed.items] == ["two", "'th''ree'"]
    assert text[values["d"].start : values["d"].end] == "|\n  text"
    assert values["e"].start == values["e"].end == text.index("e:") + 2


def test_positions_hold_with_a_byte_order_mark_and_windows_line_ends() -> None:
    text = "\ufeffa: 1\r\nb:\r\n  c: zwölf 模\r\n"
    root = parse(text).root
    assert isinstance(root, Mapping)
    inner = root.entries[1].value
    assert text[inner.start : inner.end] == "c: zwölf 模"


def test_aliases_repeat_and_merge_keys_give_way() -> None:
    text = (
        "base: &a {x: 1, y: 2}\nmore: &b {<<: *a, y: 3, z: 4}\n"
        "both: {<<: [*b, {w: 5, z: 6}], x: 9}\nsame: *a\n"
    )
    assert read(text)["both"] == {"x": 9, "y": 3, "z": 4, "w": 5}
    assert read(text)["same"] == {"x": 1, "y": 2}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert read("a: {'<<': 1}") == {"a": {"<<": 1}}


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a: 1\nb: 2\na: 3", "a", "a second time"),
        ("{a: 1, a: 2}", "a", "a second time"),
        ("a: {<<: {b: 1}, <<: {c: 1}}", "<<", "a second time"),
        ("1: x", "1", "a key must be text"),
        ("true: x", "true", "a key must be text"),
        ("? [a]\n: 1", "[a]", "a key must be text"),
        ("a: {b:7}", "b:7", "no blank after the colon"),
        ("{a:x, b: 2}", "a:x", "no blank after the colon"),
        ("a: {b:'x'}", "b:'x'", "no blank after the colon"),
        ("a: *b", "*b", "has no anchor before it"),
        ("a: &b [*b]", "*b", "inside its own anchor"),
        ("a: {<<: 3}", "3", "<< needs a mapping"),
        ("a: !!python/object/apply:os.system [x]", "!!python/object/apply:os.system", "tags"),
        ("a: !!str 1", "!!str", "tags"),
        ("a: 1\n---\nb: 2", "---", "second document"),
        ("a: [1, 2", "", "not closed"),
        ("a: {b: 1\nc: 2", ":", "not closed"),
        ("a: 'x", "", "quoted text is not closed"),
        ("a:\n\tb: 1", "\t", "a tab cannot"),
        ("a: 1\n b: 2", ":", "a colon is not allowed"),
        ("a: 1\n- b", "-", "does not fit the lines before"),
        ("a: @x", "@", "cannot begin a value"),
        ("a: >= 0.9", "=", "begin a text of several lines"),
        ("a: [1,, 2]", ",", "a value is missing"),
        ('a: "\\q"', "q", "not an escape"),
        ("a: x\x07", "\x07", "U+0007 is not allowed"),
        ("a: " + "9" * 5000, "9" * 5000, "too many digits"),
        ("[" * 60, "[", "nested too deeply"),
    ],
)
def test_faults_say_what_and_where(text: str, where: str, message: str) -> None:
    ((place, said), *others) = faults(text)
    assert place == where
    assert message in said
    assert not others


def test_a_missing_blank_is_told_with_what_to_write() -> None:
    document = parse("train: {epochs:7}")
    assert document.root is not None
    reader = Reader()
    reader.value(document.root)
    assert [fault.hint for fault in reader.faults] == ["write epochs: 7"]


def test_keys_with_colons_that_are_meant_are_keys() -> None:
    assert read("a: {'b:7': }") == {"a": {"b:7": None}}
    assert read("a: {b:7: 1, ':x': , 2:x: }") == {"a": {"b:7": 1, ":x": None, "2:x": None}}
    assert read("a: {b: , c}") == {"a": {"b": None, "c": None}}


def test_all_duplicate_keys_are_told() -> None:
    assert len(faults("a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\nb: 1")) == 4


def test_a_document_without_content_has_no_root() -> None:
    for text in ("", "\n\n", "# only a comment\n"):
        document = parse(text)
        assert document.root is None
        assert not document.faults


def test_aliases_cannot_blow_up_the_tree() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    document = parse("\n".join(lines))
    assert document.root is not None
    with pytest.raises(TooLarge):
        Reader().value(document.root)


@given(st.text(alphabet="ab:-[]{}'\"&*<>|!#,? \n\t01", max_size=40))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    document = parse(text)
    if document.root is not None:
        value = Reader().value(document.root)
        assert isinstance(value, dict | list | str | int | float | None)
        assert 0 <= document.root.start <= document.root.end <= len(text)
    for fault in document.faults:
        assert fault.message
        assert 0 <= fault.start <= len(text)


def test_scalar_nodes_keep_their_quotes_apart() -> None:
    root = parse("'a'").root
    assert isinstance(root, Scalar)
    assert (root.text, root.style) == ("a", "'")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('a: "\\U00110000"', "0"),
        ('a: "\\Uffffffff"', "f"),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1", "9"),
    ],
)
def test_a_number_that_python_refuses_is_a_fault_where_it_stands(text: str, place: str) -> None:
    assert faults(text) == [(place, "the number here, perhaps that of a character, is too large")]
