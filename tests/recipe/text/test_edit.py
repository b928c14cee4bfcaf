"""Edits of a recipe's text: they mean the patched recipe, and touch nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trickrun.recipe.difference import as_patch, differences, same
from trickrun.recipe.patch import ROOT, PathError, canonical, patch, patch_paths
from trickrun.recipe.text.edit import EditError, edit_text
from trickrun.recipe.text.emit import flow, scalar
from trickrun.recipe.text.nodes import Reader
from trickrun.recipe.text.problems import Problem
from trickrun.recipe.text.sources import read_override
from trickrun.recipe.text.yaml12 import parse

Draw = Callable[[st.SearchStrategy[Any]], Any]


def parsed(text: str) -> dict[str, Any]:
    document = parse(text)
    reader = Reader()
    assert document.root is not None, document.faults
    value = reader.value(document.root)
    assert not document.faults
    assert not reader.faults
    assert isinstance(value, dict)
    return value


# What people write in each section, shorthand and all.
NOISE = st.sampled_from(["noise", {"kind": "noise", "std": 0.1}, {"kind": "noise"}])
SCHEDULE = st.sampled_from(["cosine", {"kind": "cosine", "warmup": 0.1}, {"warmup": 5.0}])
CLIP = st.sampled_from([1.0, {"norm": 1.0, "value": 2.0}, None, {"value": 3.0}])
OPTIMIZER = st.one_of(
    st.just("sgd"),
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.just("adam"),
            "lr": st.sampled_from([1e-3, 0.1]),
            "betas": st.just([0.9, 0.99]),
            "schedule": SCHEDULE,
            "clip": CLIP,
        },
    ),
    st.fixed_dictionaries({"kind": st.just("sgd")}, optional={"clip": CLIP, "lr": st.just(1)}),
)
DROPOUT = st.sampled_from([0.3, {"keep": 0.7}, {"p": 0.1, "layers": "last"}, {}])
SPACE = st.fixed_dictionaries(
    {},
    optional={
        "optimizer.lr": st.sampled_from([{"log": [1e-4, 0.1]}, [0.1, 0.2]]),
        "optimizer": st.lists(OPTIMIZER, min_size=1, max_size=2),
    },
)
SECTIONS: dict[str, st.SearchStrategy[Any]] = {
    "data": st.sampled_from(
        ["digits", {"kind": "digits", "split": {"val": 0.2}, "batch_size": "full"}]
    ),
    "model": st.sampled_from(["mlp", {"kind": "mlp", "hidden": [3, 4], "activation": "tanh"}]),
    "optimizer": OPTIMIZER,
    "regularizers": st.fixed_dictionaries({}, optional={"dropout": DROPOUT, "l2": st.just(1e-4)}),
    "augmentation": st.lists(NOISE, max_size=3),
    "early_stopping": st.sampled_from([None, 5, {"patience": 3, "monitor": "val_loss"}]),
    "train": st.sampled_from([10, {"epochs": 3}, {"steps": 100, "checkpoint": "1 epoch"}]),
    "grid": st.fixed_dictionaries({"coarse": st.fixed_dictionaries({"space": SPACE})}),
    "expect": st.just({"test.accuracy": ">= 0.9"}),
    "name": st.sampled_from(["plain", "it's: 'quoted' # so", "模型"]),
}
DOCUMENTS = st.fixed_dictionaries({}, optional=SECTIONS).filter(bool)

CHANGES: dict[str, st.SearchStrategy[Any]] = {
    **SECTIONS,
    "optimizer.lr": st.sampled_from([1e-3, 0.5, 1, None]),
    "optimizer.kind": st.sampled_from(["sgd", "adam"]),
    "optimizer.clip": CLIP,
    "optimizer.clip.value": st.sampled_from([9.0, None]),
    "optimizer.schedule": SCHEDULE,
    "optimizer.schedule.warmup": st.sampled_from([0.2, None]),
    "regularizers.dropout.p": st.sampled_from([0.3, 0.45]),
    "regularizers.dropout": st.one_of(DROPOUT, st.none()),
    "regularizers.l2": st.sampled_from([1e-4, 0.0, None]),
    "regularizers.l2.lambda": st.just(1e-5),
    "model.hidden": st.sampled_from([[8], [3], [], [3, 4, 5]]),
    "model.hidden.0": st.just(16),
    "data.split.val": st.just(0.1),
    "data.split": st.none(),
    "data.subset": st.just(100),
    "augmentation.0": st.one_of(NOISE, st.none()),
    "augmentation.1.std": st.sampled_from([0.5, None]),
    "early_stopping.patience": st.sampled_from([2, None]),
    "early_stopping": st.sampled_from([None, 4]),
    "train.steps": st.just(7),
    "train.epochs": st.sampled_from([8, None]),
    "expect.test.accuracy": st.sampled_from([">= 0.95", None]),
    "expect.test.loss": st.just("< 0.3"),
    "grid": st.none(),
    "grid.coarse.space.optimizer.lr": st.just({"uniform": [0.1, 0.2]}),
    "grid.coarse.trials": st.just(4),
}
EDITS = st.fixed_dictionaries({}, optional=CHANGES)


class Layout:
    """Writes data as YAML in a layout drawn at random."""

    def __init__(self, draw: Draw, anchors: bool) -> None:
        self.draw = draw
        self.anchors = anchors
        self.step = draw(st.sampled_from([1, 2, 4]))
        self.made: list[tuple[str, Any]] = []
        self.comments = 0

    def document(self, data: dict[str, Any]) -> str:
        if not self.anchors and self.draw(st.integers(0, 3)) == 0:
            text = flow(data) + "\n"
        else:
            text = "\n".join(self.mapping(data, 0)) + "\n"
        text = self.draw(st.sampled_from(["", "# first\n\n", "---\n"])) + text
        if self.draw(st.booleans()):
            text = text.replace("\n", "\r\n")
        return text if self.draw(st.booleans()) else text.rstrip("\r\n")

    def mapping(self, data: dict[str, Any], indent: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            if self.draw(st.integers(0, 5)) == 0:
                lines.append(" " * indent + self.comment())
            head = " " * indent + scalar(key, self.draw(st.sampled_from([None, None, '"']))) + ":"
            lines += self.value(head, value, indent, list_step=self.draw(st.sampled_from([0, 2])))
        return lines

    def value(self, head: str, value: Any, indent: int, list_step: int) -> list[str]:
        alias = self.alias(value)
        if alias:
            return [f"{head} {alias}{self.tail()}"]
        anchor = self.anchor(value)
        if isinstance(value, dict | list) and value and self.in_block():
            if isinstance(value, dict):
                inner = self.mapping(value, indent + self.step)
            else:
                inner = self.sequence(value, indent + list_step)
            return [f"{head}{anchor}{self.tail()}", *inner]
        return [f"{head}{anchor} {self.inline(value)}{self.tail()}"]

    def sequence(self, data: list[Any], indent: int) -> list[str]:
        lines: list[str] = []
        for value in data:
            head = " " * indent + "-"
            if isinstance(value, dict) and value and self.draw(st.booleans()):
                first, *others = self.mapping_without_comments(value, indent + 2)
                lines += [head + " " + first.lstrip(), *others]
            else:
                lines.append(f"{head} {self.alias(value) or self.inline(value)}{self.tail()}")
        return lines

    def mapping_without_comments(self, value: dict[str, Any], indent: int) -> list[str]:
        return [" " * indent + f"{scalar(k)}: {flow(v)}" for k, v in value.items()]

    def inline(self, value: Any) -> str:
        if isinstance(value, str):
            return scalar(value, self.draw(st.sampled_from([None, "'", '"'])))
        if value is None:
            return self.draw(st.sampled_from(["null", "~", ""]))
        if isinstance(value, dict) and value and self.draw(st.booleans()):
            return "{ " + " , ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + " ,}"
        return flow(value)

    def anchor(self, value: Any) -> str:
        if not self.anchors or not isinstance(value, dict | list | float) or self.rarely():
            return ""
        name = f"a{len(self.made)}"
        self.made.append((name, value))
        return f" &{name}"

    def alias(self, value: Any) -> str:
        """Repeat an anchored value, as an alias or, for a mapping, by a merge key."""
        for name, made in self.made:
            if same(made, value) and not self.rarely():
                merged = isinstance(value, dict) and self.draw(st.booleans())
                return f"{{<<: *{name}, }}" if merged else f"*{name}"
        return ""

    def in_block(self) -> bool:
        # An alias stands for a whole value, which the flow style of this writer never shows.
        return not self.rarely() if self.anchors else bool(self.draw(st.booleans()))

    def rarely(self) -> bool:
        return bool(self.draw(st.integers(0, 2)) == 0)

    def tail(self) -> str:
        return "  " + self.comment() if self.draw(st.integers(0, 3)) == 0 else ""

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments}: {{x}}, 'y"


@st.composite
def texts(draw: Draw, anchors: bool) -> tuple[str, dict[str, Any]]:
    data = draw(DOCUMENTS)
    if anchors:
        optimizer = draw(OPTIMIZER.filter(lambda value: isinstance(value, dict)))
        search = {"space": {"optimizer": [optimizer, *draw(st.lists(OPTIMIZER, max_size=1))]}}
        data |= {"optimizer": optimizer, "grid": {"coarse": search, "fine": search}}
    text = Layout(draw, anchors).document(data)
    # The writer of the test is not what is tested.
    assert repr(parsed(text)) == repr(data) or anchors
    return text, parsed(text)


def patched(tree: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    try:
        return patch_paths(tree, values)
    except PathError:
        assume(False)
        raise


@settings(max_examples=60)
@given(texts(anchors=False), EDITS)
def test_an_edited_file_means_the_patched_recipe(
    written: tuple[str, dict[str, Any]], values: dict[str, Any]
) -> None:
    text, data = written
    wanted = patched(canonical(data), values)
    edited = edit_text(text, values)
    assert not differences(canonical(parsed(edited)), wanted, ROOT)
    assert ("\r\n" in edited) == ("\r\n" in text) or "\n" not in edited.replace("\r\n", "")


@settings(max_examples=60)
@given(texts(anchors=True), EDITS)
def test_anchors_and_merges_keep_their_meaning_elsewhere(
    written: tuple[str, dict[str, Any]], values: dict[str, Any]
) -> None:
    text, data = written
    wanted = patched(canonical(data), values)
    assert not differences(canonical(parsed(edit_text(text, values))), wanted, ROOT)


@settings(max_examples=60)
@given(DOCUMENTS, texts(anchors=False), EDITS)
def test_a_file_that_extends_another_is_edited_alone(
    base: dict[str, Any], written: tuple[str, dict[str, Any]], values: dict[str, Any]
) -> None:
    text, data = written
    parent = canonical(base)
    wanted = patched(patch(parent, data), values)
    edited = edit_text(text, values, parent)
    assert not differences(patch(parent, parsed(edited)), wanted, ROOT)


@settings(max_examples=30)
@given(texts(anchors=False), EDITS)
def test_editing_again_changes_nothing(
    written: tuple[str, dict[str, Any]], values: dict[str, Any]
) -> None:
    text, data = written
    # A deleted list element moves the others, and what one path said of a section may be gone when
    # another has changed its kind: then the same paths mean something else the next time.
    wanted = patched(canonical(data), values)
    assume(same(patched(wanted, values), wanted))
    edited = edit_text(text, values)
    assert edit_text(edited, values) == edited


RECIPE = """\
# my recipe
data: {kind: digits, batch_size: 64}   # small
model: mlp
regularizers:
  dropout: 0.3   # strong
  l2: 1e-4

optimizer:
  kind: adam
  lr: 1e-3       # found by hand
  clip:   # none yet
augmentation:
- noise      # first
- kind: noise
  std: 0.2   # second
train: {epochs: 40}
expect: {test.accuracy: ">= 0.96"}
# the end
"""


@pytest.mark.parametrize(
    ("values", "old", "new"),
    [
        ({"optimizer.lr": 3e-4}, "lr: 1e-3       # found", "lr: 0.0003     # found"),
        ({"optimizer.lr": 1e-5}, "lr: 1e-3  ", "lr: 1e-5  "),
        ({"optimizer.clip.norm": 2.0}, "clip:   #", "clip: {norm: 2.0}  #"),
        ({"optimizer.eps": 1e-6}, "none yet\n", "none yet\n  eps: 1e-6\n"),
        ({"optimizer": "sgd"}, "\n  kind: adam\n  lr: 1e-3       # found by hand\n  clip:", " sgd"),
        ({"regularizers.dropout.p": 0.5}, "dropout: 0.3", "dropout: 0.5"),
        ({"regularizers.dropout": 0.5}, "dropout: 0.3", "dropout: 0.5"),
        (
            {"regularizers.dropout.input": 0.1},
            "dropout: 0.3   #",
            "dropout: {p: 0.3, input: 0.1}  #",
        ),
        ({"regularizers.dropout": None}, "  dropout: 0.3   # strong\n", ""),
        ({"regularizers.l1": 1e-6}, "l2: 1e-4\n", "l2: 1e-4\n  l1: {lambda: 1e-6}\n"),
        ({"model.hidden": [64]}, "model: mlp", "model: {kind: mlp, hidden: [64]}"),
        ({"data.batch_size": None}, "{kind: digits, batch_size: 64}", "{kind: digits}"),
        ({"data.subset.n": 9}, "64}", "64, subset: {n: 9}}"),
        ({"augmentation.0.std": 0.1}, "- noise      #", "- {kind: noise, std: 0.1}  #"),
        ({"augmentation.1.std": 0.1}, "std: 0.2 ", "std: 0.1 "),
        ({"augmentation.0": None}, "- noise      # first\n", ""),
        ({"augmentation.1": None}, "- kind: noise\n  std: 0.2   # second\n", ""),
        ({"train.steps": 100}, "{epochs: 40}", "{steps: 100}"),
        ({"expect.test.accuracy": ">= 0.9"}, '">= 0.96"', '">= 0.9"'),
        ({"expect.best.val_loss": "< 1"}, '0.96"}', "0.96\", best.val_loss: '< 1'}"),
        ({"seed": 3}, '0.96"}\n', '0.96"}\nseed: 3\n'),
        ({"optimizer.lr": 1e-3, "early_stopping": None}, "", ""),
        (
            {"augmentation": ["flip"]},
            "- noise      # first\n- kind: noise\n  std: 0.2   #",
            "- flip   #",
        ),
    ],
)
def test_an_edit_is_as_small_as_it_can_be(values: dict[str, Any], old: str, new: str) -> None:
    assert old in RECIPE
    assert edit_text(RECIPE, values) == RECIPE.replace(old, new, 1)
    crlf = RECIPE.replace("\n", "\r\n")
    assert edit_text(crlf, values) == crlf.replace(
        old.replace("\n", "\r\n"), new.replace("\n", "\r\n"), 1
    )


def test_what_is_inherited_gets_a_key_of_its_own() -> None:
    text = "optimizer: &o {kind: adam, lr: 1e-3}\ngrid: {coarse: {space: {optimizer: [*o]}}}\n"
    edited = edit_text(text + "train: {<<: &t {epochs: 3}}\n", {"train.epochs": 4})
    assert edited == text + "train: {<<: &t {epochs: 3}, epochs: 4}\n"
    assert edit_text("seed: 1\n", {"optimizer.lr": 0.1}, {"optimizer": {"kind": "sgd"}}) == (
        "seed: 1\noptimizer: {lr: 0.1}\n"
    )


def test_an_alias_becomes_a_merge_with_a_key_of_its_own() -> None:
    text = "early_stopping: &e {patience: 3}\nregularizers: *e\n"
    assert edit_text(text, {"regularizers.patience": 4}) == (
        "early_stopping: &e {patience: 3}\nregularizers: {<<: *e, patience: 4}\n"
    )


def test_an_anchor_moves_to_its_first_alias() -> None:
    text = "optimizer: &o {kind: adam, lr: 1e-3}\ngrid: {coarse: {space: {optimizer: [*o, sgd]}}}\n"
    assert edit_text(text, {"optimizer.lr": 0.5}) == (
        "optimizer: {kind: adam, lr: 0.5}\n"
        "grid: {coarse: {space: {optimizer: [&o {kind: adam, lr: 0.001}, sgd]}}}\n"
    )


def test_a_deletion_of_what_a_parent_says_is_a_null() -> None:
    parent = canonical({"early_stopping": 3, "regularizers": {"l2": 1.0, "l1": 2.0}})
    text = "seed: 1\nregularizers: {l2: 0.5}\n"
    assert edit_text(text, {"early_stopping": None, "regularizers.l2": None}, parent) == (
        "seed: 1\nregularizers: {l2: null}\nearly_stopping: null\n"
    )


@pytest.mark.parametrize("text", ["", "- a\n", "a: [1", "a: 1\na: 2\n"])
def test_a_text_that_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        edit_text(text, {"seed": 1})


def test_a_path_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(PathError):
        edit_text("seed: 1\n", {"augmentation.3": "noise"})


@settings(max_examples=50)
@given(DOCUMENTS, DOCUMENTS)
def test_patching_twice_is_patching_once(data: dict[str, Any], change: dict[str, Any]) -> None:
    once = patch(canonical(data), change)
    assert same(patch(once, change), once)


@settings(max_examples=50)
@given(DOCUMENTS, DOCUMENTS)
def test_patches_of_different_sections_can_change_places(
    data: dict[str, Any], change: dict[str, Any]
) -> None:
    base = canonical(data)
    one = {key: value for index, (key, value) in enumerate(change.items()) if index % 2}
    other = {key: value for key, value in change.items() if key not in one}
    assert same(patch(patch(base, one), other), patch(patch(base, other), one))
    assert same(patch(patch(base, one), other), patch(base, change))


@settings(max_examples=50)
@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_from_one_tree_to_another_leads_there(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    base, wanted = canonical(one), canonical(other)
    assert not differences(patch(base, as_patch(base, wanted, ROOT)), wanted, ROOT)


@settings(max_examples=60)
@given(DOCUMENTS, EDITS)
def test_overrides_mean_what_edits_mean(data: dict[str, Any], values: dict[str, Any]) -> None:
    problems: list[Problem] = []
    read = [read_override(f"{path}={flow(value)}", problems) for path, value in values.items()]
    texts = dict(found for found in read if found)
    assert not problems
    assert same({path: text.value for path, text in texts.items()}, values)
    overridden = patched(canonical(data), {path: text.value for path, text in texts.items()})
    assert not differences(canonical(parsed(edit_text(flow(data), values))), overridden, ROOT)


def test_a_comment_that_ends_in_a_colon_is_no_key() -> None:
    text = "optimizer:  # mine:\n  kind: sgd\n  lr: 1\n"
    assert edit_text(text, {"optimizer": "adam"}) == "optimizer:  # mine:\n  adam\n"


@pytest.mark.parametrize(
    ("ends", "after"),
    [
        ("\r" * 4, "\r" * 4),
        (["\r\n"] * 4, ["\r\n"] * 4),
        (["\r", "\n", "\r\n", "\r"], "\n" * 4),
    ],
)
def test_line_ends_stay_where_all_are_alike(ends: Sequence[str], after: Sequence[str]) -> None:
    lines = ["data: digits", "model: mlp  # small", "optimizer: {lr: 0.1}", "seed: 3"]
    text = "".join(map("".join, zip(lines, ends, strict=True)))
    edited = edit_text(text, {"optimizer.lr": 0.2})
    wanted = "".join(map("".join, zip(lines, after, strict=True)))
    assert edited == wanted.replace("0.1", "0.2")
    assert edit_text(text, {"optimizer.lr": 0.1}) == text
    added = edit_text(text, {"train.epochs": 7})
    assert canonical(parsed(added))["train"] == {"epochs": 7}
    assert ("\n" in added) == ("\n" in wanted)
