"""What a data set shows: each fault with its numbers, and the false alarm known for such rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trickrun.findings.evidence.data import (
    Classes,
    Collapsed,
    Copies,
    DataEvidence,
    Drift,
    Inputs,
    Labels,
    Targets,
)
from trickrun.findings.evidence.leaks import Grouping, Leaks, Telltale, TimeColumn
from trickrun.findings.finding import Finding
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import load

RECIPES = Path(__file__).parents[2] / "recipes"

STANDARD = Inputs(1000, -3.0, 4.0, 0.0, 1.0, (1.0, 1.0, 1.0))
EQUAL = Classes(("a", "b", "c"), (330, 340, 330))
VALUES = Targets(-3.0, 3.0, 0.0, 1.0, 1.0, 1.0)
HEALTHY = DataEvidence(
    shape=(10,),
    train=STANDARD,
    splits=(("val", replace(STANDARD, samples=200)), ("test", replace(STANDARD, samples=200))),
    drift=(("val", Drift(0.05, 1.02, 200, 0.02)), ("test", Drift(0.06, 0.97, 200, 0.02))),
    classes=EQUAL,
)
CLASSES = ("data={kind: npz, path: x.npz}", "regularizers=null", "normalization=none")


def found(data: DataEvidence, *overrides: str) -> list[Finding]:
    recipe = load(RECIPES / "digits.yaml", [*CLASSES, *overrides]).recipe
    return findings(facts_of(recipe, data))


def told(data: DataEvidence, *overrides: str) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in found(data, *overrides)]


def changed(**changes: Any) -> DataEvidence:
    return replace(HEALTHY, **changes)


def inputs(low: float, high: float, std: float, sizes: tuple[float, float, float]) -> DataEvidence:
    return changed(train=replace(STANDARD, low=low, high=high, std=std, sizes=sizes))


def copies(*, shape: tuple[int, ...] = (10,), **changes: Any) -> DataEvidence:
    return changed(copies=Copies(**changes), shape=shape)


def regression(**changes: Any) -> DataEvidence:
    return changed(classes=None, targets=replace(VALUES, **changes))


def test_healthy_data_have_no_findings() -> None:
    assert told(HEALTHY) == []
    assert told(regression(), "loss=auto") == []


PIXELS = (0.0, 255.0, 90.0, (0.1, 70.0, 150.0))


@pytest.mark.parametrize(
    ("data", "overrides", "expected"),
    [
        (inputs(*PIXELS), ("data.normalize=none",), [("TR01", "error")]),
        (inputs(0, 16, 6, (0.1, 5.0, 11.0)), ("data.normalize=none",), [("TR01", "warning")]),
        # Batch norm rescales what it gets.
        (inputs(*PIXELS), ("data.normalize=none", "normalization=batch"), [("TR01", "warning")]),
        # Units that differ by more than a hundred.
        (inputs(0, 9, 2, (0.01, 1.0, 4.0)), ("data.normalize=none",), [("TR01", "warning")]),
        # Standardized data leave [-1, 1], and have rare features with large values.
        (inputs(-9, 30, 1, (0.9, 1.0, 6.0)), (), []),
        (inputs(0, 1, 0.3, (0.01, 0.3, 0.9)), ("data.normalize=none",), []),
        (inputs(0, 1, 0.3, (0.01, 0.3, 0.9)), ("data.normalize=minmax",), []),
        # Divided by 255 twice; a dim picture; a sparse code.
        (inputs(0, 4e-3, 1e-3, (1e-5, 1e-3, 2e-3)), ("data.normalize=none",), [("TR02", "error")]),
        (inputs(0, 0.1, 0.02, (0.01, 0.02, 0.05)), ("data.normalize=none",), [("TR02", "warning")]),
        (inputs(0, 1, 0.03, (0.01, 0.03, 0.05)), ("data.normalize=none",), []),
    ],
)  # fmt: skip
def test_inputs_of_wrong_size(
    data: DataEvidence, overrides: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert told(data, *overrides) == expected


@pytest.mark.parametrize(
    ("drift", "expected"),
    [
        (Drift(0.8, 1.0, 1000), [("TR03", "warning")]),
        (Drift(3.0, 1.0, 1000), [("TR03", "error")]),
        (Drift(0.1, 70.0, 1000), [("TR03", "error")]),
        (Drift(0.1, 0.3, 1000), [("TR03", "warning")]),
        # A small split scatters.
        (Drift(0.8, 1.4, 22), []),
        (Drift(0.3, 1.9, 500), []),
    ],
)
def test_splits_in_another_unit(drift: Drift, expected: list[tuple[str, str]]) -> None:
    assert told(changed(drift=(("test", drift),))) == expected


def test_the_parts_of_a_split_by_time_differ_by_design() -> None:
    far = Drift(9.0, 1.0, 1000)
    data = changed(drift=(("val", far), ("test", far)), drawn=("val", "test"))
    by_time = ("data={kind: csv, path: t.csv, target: y, split: {time: day}}",)
    assert told(data) == [("TR03", "error"), ("TR03", "error")]
    assert told(data, *by_time) == [("TR03", "info")]
    # What the data bring is not divided by the recipe.
    own = changed(drift=(("val", far), ("test", far)), drawn=("val",))
    assert told(own, *by_time) == [("TR03", "error"), ("TR03", "info")]
    near = changed(drift=(("val", Drift(0.01, 1.0, 1000)),), drawn=("val",))
    assert told(near, *by_time) == []


def test_token_ids_have_no_scale() -> None:
    data = changed(
        tokens=True,
        train=replace(STANDARD, low=0, high=255, sizes=(70.0, 90.0, 120.0)),
        drift=(("val", Drift(3.0, 9.0, 1000)),),
    )
    assert told(data, "data.normalize=none") == []


def test_constant_features() -> None:
    assert told(changed(constant=1, constant_names=("height",))) == [("TR04", "info")]
    assert told(changed(constant=8)) == [("TR04", "warning")]
    assert told(changed(constant=10)) == [("TR04", "error")]
    assert told(changed(shape=(1, 28, 28), constant=300)) == []
    # Places that only padding reaches are no columns to drop.
    assert told(changed(constant=8, tokens=True)) == []
    assert told(changed(constant=10, tokens=True)) == [("TR04", "error")]


def test_constant_columns_can_be_dropped() -> None:
    csv = "data={kind: csv, path: t.csv, target: y, drop: [id]}"
    (column,) = found(changed(constant=1, constant_names=("height",)), csv)
    assert column.edit == {"data.drop": ["id", "height"]}
    (category,) = found(changed(constant=1, constant_names=("color=red",)), csv)
    assert category.edit is None


def test_numbers_that_are_none() -> None:
    (finding,) = found(changed(train=replace(STANDARD, non_finite=3)))
    assert (finding.code, finding.severity, finding.evidence) == ("TR05", "error", {"train": 3})


@pytest.mark.parametrize(
    ("targets", "overrides", "expected"),
    [
        ({"mean": 150.0, "std": 77.0, "size": 169.0}, (), [("TR06", "warning")]),
        ({"mean": 150.0, "std": 77.0, "size": 169.0}, ("optimizer={kind: sgd, lr: 0.1}",),
         [("TR06", "error")]),
        ({"std": 0.01, "size": 0.01, "smallest": 0.01}, (), [("TR06", "warning")]),
        # The head's bias has the mean; the absolute error does not care.
        ({"mean": 150.0, "std": 2.0, "size": 150.0}, ("init={kind: auto, bias: 150.0}",), []),
        ({"mean": 150.0, "std": 2.0, "size": 150.0}, ("init.head_bias=150.0",), []),
        ({"mean": 150.0, "std": 2.0, "size": 150.0}, ("init.head_bias=prior",), []),
        ({"mean": 150.0, "std": 77.0, "size": 169.0}, ("init.head_bias=prior",),
         [("TR06", "warning")]),
        ({"mean": 150.0, "std": 77.0, "size": 169.0}, ("loss=mae",), []),
        ({"mean": 3.0, "std": 2.0, "size": 3.6}, (), []),
        ({"std": 0.0}, (), [("TR07", "error")]),
        # Labels divided by their number; counts and ratings are whole numbers.
        ({"distinct": 10, "even": True}, (), [("TR13", "warning")]),
        ({"distinct": 10, "even": True, "whole": True}, (), []),
        ({"distinct": 10}, (), []),
        # A head that cannot reach them, and one that can.
        ({}, ("model.head_activation=sigmoid",), [("TR28", "error")]),
        ({"low": 0.0, "high": 1.0}, ("model.head_activation=sigmoid",), []),
        ({"low": 0.0, "high": 9.0}, ("model.head_activation=relu",), []),
        ({}, ("model.head_activation=softmax",), [("TR27", "error")]),
    ],
)  # fmt: skip
def test_values_to_predict(
    targets: dict[str, Any], overrides: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert told(regression(**targets), "loss=auto", *overrides) == expected


STAMP = Collapsed("stamp", 547, 29, "float32")


@pytest.mark.parametrize(
    ("overrides", "edit"),
    [
        (("data.normalize=none",), {"data.normalize": {"kind": "standard"}}),
        (
            ("data.normalize={kind: fixed, mean: 0, std: 9}",),
            {"data.normalize": {"kind": "standard"}},
        ),
        ((), {"train.precision": "float64"}),
        (("data.normalize=minmax",), {"train.precision": "float64"}),
    ],
)
def test_values_that_become_one(overrides: tuple[str, ...], edit: dict[str, Any]) -> None:
    (finding,) = found(changed(collapsed=(STAMP,)), *overrides)
    assert (finding.code, finding.severity, finding.where) == ("TR109", "warning", "data.normalize")
    assert "547 distinct values of stamp become 29 numbers in float32" in finding.why
    assert finding.evidence == {"name": "stamp", "values": 547, "left": 29, "features": 1}
    assert finding.edit == edit


def test_of_many_features_the_worst_are_named() -> None:
    rest = tuple(replace(STAMP, name=f"x{i}", left=400 + i) for i in range(4))
    (finding,) = found(changed(collapsed=(*rest, STAMP)))
    assert finding.why.startswith("547 distinct values of stamp become 29 numbers; 547 distinct")
    assert "(and 2 more features)" in finding.why


def test_of_many_fractions_a_few_are_always_merged() -> None:
    assert told(changed(collapsed=(Collapsed("x", 20000, 19996, "float32"),))) == []
    assert told(changed(collapsed=(STAMP,)), "data.zero_inputs=true") == told(
        HEALTHY, "data.zero_inputs=true"
    )


def test_in_float64_there_is_no_wider_type() -> None:
    (finding,) = found(changed(collapsed=(replace(STAMP, type="float64"),)))
    assert finding.edit is None


def test_targets_that_become_one() -> None:
    data = replace(regression(), collapsed_targets=(replace(STAMP, name="due"),))
    (finding,) = found(data, "loss=auto")
    assert (finding.code, finding.where) == ("TR109", "data.scale_targets")
    assert "Targets: 547 distinct values of due become 29 numbers" in finding.why
    assert finding.edit == {"data.scale_targets": "standard"}
    (scaled,) = found(data, "loss=auto", "data.scale_targets=standard")
    assert scaled.edit == {"train.precision": "float64"}


def counted(*counts: int, labels: tuple[str, ...] = ()) -> DataEvidence:
    names = labels or tuple(f"class {i}" for i in range(len(counts)))
    return changed(classes=Classes(names, counts))


def test_class_imbalance_is_named_unless_the_recipe_weighs_classes() -> None:
    (finding,) = found(counted(900, 60))
    assert (finding.code, finding.severity) == ("TR07", "warning")
    assert finding.edit == {"loss.class_weights": "balanced"}
    (auto,) = found(counted(900, 60), "loss=auto")
    assert auto.edit == {"loss": {"kind": "cross_entropy", "class_weights": "balanced"}}
    (margin,) = found(counted(900, 60), "loss=hinge")
    assert margin.edit is None
    assert told(counted(900, 60), "loss.class_weights=balanced") == []
    assert told(counted(500, 60)) == []


def test_labels_that_count_from_another_number() -> None:
    data = changed(classes=Classes(("0", "1", "2"), (0, 500, 500), unused="0"))
    assert told(data) == [("TR12", "warning")]
    assert told(counted(500, 0, 500)) == []


def test_values_taken_for_classes() -> None:
    many = counted(*[2] * 400, labels=tuple(str(i) for i in range(400)))
    (finding,) = found(many)
    assert (finding.code, finding.severity) == ("TR30", "error")
    assert finding.edit == {"data.task": "regression", "loss": {"kind": "mse"}}
    assert told(counted(*[2] * 400)) == []
    assert told(counted(*[20] * 400, labels=tuple(str(i) for i in range(400)))) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (copies(within=0.4, conflicting=0.35), [("TR15", "error")]),
        (copies(within=0.1, conflicting=0.05), [("TR15", "warning")]),
        (copies(within=0.9, conflicting=0.5, chance=True), [("TR15", "info")]),
        (copies(within=0.02, conflicting=0.01), []),
        (copies(across=(("val", 0.3), ("test", 0.02))), [("TR08", "warning")]),
        (copies(across=(("val", 0.49), ("test", 0.5))), [("TR08", "error"), ("TR08", "warning")]),
        (copies(across=(("val", 1.0), ("test", 1.0))), [("TR08", "error")] * 2),
        (copies(across=(("val", 0.04), ("test", 0.02))), []),
        # Rows of few kinds repeat in training as often.
        (copies(within=0.8, across=(("val", 0.9),)), [("TR08", "warning")]),
        # XOR has four inputs.
        (copies(within=0.99, across=(("val", 1.0),), chance=True), []),
    ],
)
def test_samples_that_occur_more_than_once(
    data: DataEvidence, expected: list[tuple[str, str]]
) -> None:
    assert told(data) == expected


def test_copies_made_before_the_split_are_told_apart() -> None:
    (finding,) = found(copies(within=0.3, across=(("test", 0.3),)))
    assert "before it was split" in finding.why


KEEP = {"data.split.group_duplicates": True}


@pytest.mark.parametrize(
    ("drawn", "alike", "overrides", "edit"),
    [
        (("val",), 0.8, (), KEEP),
        (("val",), 0.76, ("data.split.seed=3",), KEEP),
        # The data bring their own split; copies have other targets; it is set; time decides.
        ((), 0.8, (), None),
        (("val",), 0.5, (), None),
        (("val",), 0.8, ("data.split.group_duplicates=true",), None),
        (("val",), 0.8, ("data={kind: csv, path: x.csv, target: y, split: {time: t}}",), None),
    ],
)
def test_copies_are_kept_together_where_that_mends_it(
    drawn: tuple[str, ...], alike: float, overrides: tuple[str, ...], edit: dict[str, Any] | None
) -> None:
    data = copies(within=0.5, across=(("val", 0.8),), with_target=(("val", alike),))
    (finding,) = found(replace(data, drawn=drawn), *overrides)
    assert (finding.code, finding.severity, finding.edit) == ("TR08", "error", edit)


def test_sorted_samples_are_a_fault_only_without_shuffling() -> None:
    assert told(changed(order=0.98)) == []
    assert told(changed(order=0.98), "data.shuffle=false") == [("TR17", "error")]
    assert told(changed(order=0.3), "data.shuffle=false") == [("TR17", "warning")]
    assert told(changed(order=0.02), "data.shuffle=false") == []
    assert (
        told(changed(order=0.98), "data={shuffle: false, batch_size: full}", "train.epochs=200")
        == []
    )


CSV = "data={kind: csv, path: t.csv, target: y}"


def leaks(**changes: Any) -> DataEvidence:
    return changed(leaks=Leaks(9, **changes), drawn=("val", "test"))


def tells(alone: float, others: float = 0.0, **changes: bool) -> DataEvidence:
    given = {"exact": False, "numbering": False, **changes}
    column = Telltale("f", alone=alone, others=others, distinct=90, samples=1000, **given)
    return leaks(telltales=(column,))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tells(1.0, exact=True), [("TR97", "error")]),
        (tells(1.0, 1.0, exact=True), [("TR97", "error")]),
        (tells(0.995), [("TR97", "warning")]),
        (tells(0.995, 0.95), []),
        (tells(0.95), []),
        (tells(0.95, 1.0, numbering=True), [("TR97", "error")]),
        (tells(0.6, 1.0, numbering=True), [("TR97", "warning")]),
    ],
)
def test_columns_that_tell_the_class(data: DataEvidence, expected: list[tuple[str, str]]) -> None:
    assert told(data, CSV) == expected
    # A data set that comes with trickrun holds no copy of its target.
    assert told(data, "data=digits") == []


def test_columns_that_tell_a_value_must_tell_more() -> None:
    values = {"classes": None, "targets": VALUES}
    auto = (CSV, "loss=auto")
    assert told(replace(tells(0.9995), **values), *auto) == [("TR97", "warning")]
    assert told(replace(tells(0.995), **values), *auto) == []
    # A series may well rise with its number.
    assert told(replace(tells(0.99, numbering=True), **values), *auto) == []


@pytest.mark.parametrize(
    ("related", "overrides", "expected"),
    [
        (0.9, (), [("TR98", "warning")]),
        (0.3, (), [("TR98", "info")]),
        (0.9, ("data.split.time=day",), []),
        (0.9, ("data.split.group=who",), []),
    ],
)
def test_a_random_split_across_time(
    related: float, overrides: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    data = leaks(time=TimeColumn("day", related, 1000))
    assert told(data, CSV, *overrides) == expected
    assert told(replace(data, drawn=()), CSV, *overrides) == []


@pytest.mark.parametrize(
    ("known", "new", "overrides", "expected"),
    [
        (0.9, 0.3, (), [("TR08", "warning")]),
        (0.9, 0.65, (), []),
        (0.9, 0.3, ("data.split.group=patient",), []),
        (0.9, 0.3, ("data.split.time=day",), []),
    ],
)
def test_groups_in_several_parts(
    known: float, new: float, overrides: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    data = leaks(group=Grouping("patient", 100, 0.9, 0.95, known, new))
    assert told(data, CSV, *overrides) == expected


def test_splits_of_other_classes() -> None:
    assert told(changed(drift=(("val", Drift(0.05, 1.0, 200, 0.8)),))) == [("TR83", "warning")]
    new = changed(drift=(("val", Drift(0.05, 1.0, 200, 0.02, ("cat",))),))
    assert told(new) == [("TR83", "warning")]
    (drawn,) = found(new, "data.split={stratified: false}")
    assert drawn.edit == {"data.split.stratified": True}
    assert told(changed(drift=(("val", Drift(0.05, 1.0, 20, 0.4)),))) == []


@pytest.mark.parametrize(
    ("split", "possible"),
    [
        ("{stratified: false}", True),
        ("{stratified: false, val: 0.4, test: 0.4}", False),
        ("{stratified: false, folds: 2, test: 0.0}", True),
        ("{stratified: false, folds: 2, test: 0.3}", False),
    ],
)
def test_no_stratified_split_of_classes_that_are_too_small(split: str, possible: bool) -> None:
    drift = Drift(0.05, 1.0, 200, 0.8)
    rare = changed(drift=(("val", drift),), classes=Classes(("a", "b"), (600, 4)))
    (drawn,) = (f for f in found(rare, f"data.split={split}") if f.code == "TR83")
    assert drawn.edit == ({"data.split.stratified": True} if possible else None)


def test_few_validation_samples_are_a_remark() -> None:
    few = changed(splits=(("val", replace(STANDARD, samples=20)),))
    assert told(few) == [("TR84", "info")]


def test_the_data_tell_how_long_a_run_is() -> None:
    assert told(HEALTHY, "optimizer.lr=1e-6", "train.epochs=20") == [("TR36", "warning")]
    assert told(HEALTHY, "train.epochs=3", "early_stopping=null") == [("TR55", "info")]
    assert told(HEALTHY, "optimizer.schedule.warmup=2000", "train.epochs=20") == [
        ("TR82", "warning")
    ]
    assert told(HEALTHY, "init={kind: normal, std: 0.3}", "model.hidden=[16]") == []
    wide = changed(shape=(3000,))
    assert told(wide, "init={kind: normal, std: 0.3}", "model.hidden=[16]") == [("TR23", "warning")]


UNEVEN = changed(classes=Classes(("a", "b", "c"), (900, 250, 60)))


@pytest.mark.parametrize(
    ("data", "weights", "expected"),
    [
        # The shares themselves, in place of their inverse; growing with the classes otherwise.
        (UNEVEN, "[9, 2.5, 0.6]", [("TR94", "error")]),
        (UNEVEN, "[0.74, 0.21, 0.05]", [("TR94", "error")]),
        (UNEVEN, "[4, 2, 1]", [("TR94", "warning")]),
        (UNEVEN, "[6, 2, 0.01]", [("TR94", "error")]),
        # A class that hardly counts, or not at all, whatever the classes' sizes.
        (HEALTHY, "[1, 1, 0.05]", [("TR94", "warning")]),
        (HEALTHY, "[1, 0.001, 1]", [("TR94", "error")]),
        (UNEVEN, "[1, 1, 0.05]", [("TR94", "warning")]),
        (UNEVEN, "[1, 3.6, 5000]", [("TR94", "error")]),
        # Balanced ones, to different degrees; costs that differ; next to none.
        (UNEVEN, "[0.45, 1.6, 6.7]", []),
        (UNEVEN, "[1, 1.9, 3.9]", []),
        (UNEVEN, "[1, 1, 1]", []),
        (UNEVEN, "[1, 4, 30]", []),
        (UNEVEN, "[1, 3.6, 60]", []),
        (HEALTHY, "[5, 1, 1]", []),
        (HEALTHY, "[1.01, 1, 1]", []),
        (HEALTHY, "[0.2, 1, 1]", []),
    ],
)
def test_weights_of_classes(
    data: DataEvidence, weights: str, expected: list[tuple[str, str]]
) -> None:
    loss = f"loss={{kind: cross_entropy, class_weights: {weights}}}"
    known = found(data, loss)
    assert [(finding.code, finding.severity) for finding in known] == expected
    for finding in known:
        assert finding.edit == {"loss.class_weights": "balanced"}
        assert told(data, "loss={kind: cross_entropy, class_weights: balanced}") == []


def test_two_classes_of_one_loss_are_weighed_too() -> None:
    data = changed(classes=Classes(("no", "yes"), (900, 100)))
    assert told(data, "loss={kind: bce, class_weights: [0.9, 0.1]}") == [("TR94", "error")]
    assert told(data, "loss={kind: bce, class_weights: [0.1, 0.9]}") == []
    # Ten to one by cost, on classes that are as even as one wants.
    assert told(changed(classes=Classes(("no", "yes"), (60, 50))),
                "loss={kind: bce, class_weights: [10, 1]}") == []  # fmt: skip


def test_a_class_without_samples_needs_no_weight() -> None:
    data = changed(classes=Classes(("a", "b", "c"), (500, 500, 0)))
    assert told(data, "loss={kind: cross_entropy, class_weights: [1, 1, 1e-6]}") == []


def test_weights_beside_balanced_sampling_are_too_much_first() -> None:
    loss = "loss={kind: cross_entropy, class_weights: [1, 1, 0.001]}"
    both = found(UNEVEN, loss, "data.sampling=balanced")
    assert [finding.code for finding in both] == ["TR86", "TR94"]
    assert both[1].edit == {"loss.class_weights": None}


@pytest.mark.parametrize(
    ("data", "stopping", "expected"),
    [
        # Three classes leave a loss of 1.1 to gain, standardized values one of 1.
        (HEALTHY, "{min_delta: 1.2}", [("TR106", "error")]),
        (HEALTHY, "{min_delta: 0.2}", [("TR106", "warning")]),
        (HEALTHY, "{min_delta: 0.05}", []),
        (regression(), "{min_delta: 1.0}", [("TR106", "error")]),
        (regression(size=10.0), "{min_delta: 5.0}", []),
        # One unlucky evaluation: of few samples, of many, of training samples only.
        (HEALTHY, "1", [("TR107", "warning")]),
        (HEALTHY, "2", []),
        (changed(splits=(("val", replace(STANDARD, samples=5000)),)), "1", []),
        (changed(splits=()), "{monitor: train_loss, patience: 1}", []),
        (HEALTHY, "{monitor: train_loss, patience: 2}", [("TR107", "warning")]),
    ],
)
def test_what_early_stopping_asks_of_the_data(
    data: DataEvidence, stopping: str, expected: list[tuple[str, str]]
) -> None:
    values = ("loss=mse", "metrics=null", "expect=null") if data.classes is None else ()
    known = found(data, f"early_stopping={stopping}", *values)
    assert [(f.code, f.severity) for f in known if f.code != "TR06"] == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # 640 steps, 16 an epoch: a tenth of the rate after each leaves as much as 18 whole ones.
        ("{kind: step, every: 1}", [("TR36", "error")]),
        ("{kind: exponential, gamma: 0.6}", [("TR36", "error")]),
        ("{kind: exponential, gamma: 0.79}", [("TR36", "warning")]),
        ("exponential", []),
        ("{kind: step, every: 13}", []),
        ("{kind: constant, warmup: 600}", [("TR82", "warning")]),
        ("{kind: constant, warmup: 300}", []),
    ],
)
def test_a_schedule_is_played_over_the_whole_run(
    schedule: str, expected: list[tuple[str, str]]
) -> None:
    assert told(HEALTHY, f"optimizer.schedule={schedule}", "train.epochs=40") == expected


CONVOLUTIONS = "model={kind: cnn, channels: [8]}"


def axes(shape: tuple[int, ...], *overrides: str) -> list[Finding]:
    return [f for f in found(changed(shape=shape), *overrides) if f.code == "TR103"]


def test_channels_on_the_last_axis() -> None:
    (square,) = axes((32, 32, 3), CONVOLUTIONS)
    assert (square.severity, square.edit) == ("error", {"data.channels": "last"})
    assert "32 channels of 32 x 3 pixels" in square.why
    (oblong,) = axes((24, 32, 1), CONVOLUTIONS)
    assert oblong.severity == "warning"


@pytest.mark.parametrize(
    "shape",
    [
        (3, 32, 32),
        (1, 8, 8),
        (3, 32, 3),
        (4, 4, 3),
        (16, 8, 4),
        (22, 1000, 1),
        (32, 32, 8),
        (50, 3),
    ],
)
def test_axes_that_may_be_right(shape: tuple[int, ...]) -> None:
    assert axes(shape, CONVOLUTIONS) == []


@pytest.mark.parametrize(
    "overrides",
    [
        (CONVOLUTIONS, "data.channels=first"),
        ("model={kind: mlp, hidden: [8]}",),
        (CONVOLUTIONS, "data=digits"),
    ],
    ids=["stated", "no convolutions", "a kind that knows"],
)
def test_axes_that_are_right_or_do_not_matter(overrides: tuple[str, ...]) -> None:
    assert axes((32, 32, 3), *overrides) == []


def labels(**counts: tuple[int, int]) -> DataEvidence:
    """Return data whose parts, of 200 samples each, have so many of each of two labels."""
    samples = tuple((name, 200) for name in counts)
    return changed(classes=None, labels=Labels(("wet", "hot"), samples, tuple(counts.values())))


LABELLED = ("data={kind: npz, path: x.npz, task: multilabel}", "loss=bce", "metrics=null")


def test_labels_that_vary_in_each_part_are_healthy() -> None:
    assert told(labels(train=(1, 199), val=(100, 2)), *LABELLED) == []


@pytest.mark.parametrize(
    ("data", "part", "never", "always"),
    [
        (labels(train=(100, 0), val=(100, 3)), "train", ["hot"], []),
        (labels(train=(100, 5), val=(0, 200)), "val", ["wet"], ["hot"]),
    ],
)
def test_a_label_that_does_not_vary_in_a_part(
    data: DataEvidence, part: str, never: list[str], always: list[str]
) -> None:
    (finding,) = found(data, *LABELLED)
    assert (finding.code, finding.severity, finding.where) == ("TR110", "warning", f"data ({part})")
    assert (finding.evidence["never"], finding.evidence["always"]) == (never, always)
    assert ("learned" in finding.why) == (part == "train")


def test_targets_of_0_and_1_are_labels() -> None:
    ones = regression(low=0.0, high=1.0, mean=0.5, std=0.5, outputs=2, zeros_and_ones=True)
    (finding,) = found(ones, "loss=mse", "metrics=[mae]", "expect=null")
    assert (finding.code, finding.severity) == ("TR111", "warning")
    edit = {"data.task": "multilabel", "loss": {"kind": "bce"}, "metrics": None}
    assert finding.edit == edit
    (finding,) = found(ones, "loss=auto", "metrics=null")
    assert finding.edit == {"data.task": "multilabel"}


@pytest.mark.parametrize("other", [{"outputs": 1}, {"zeros_and_ones": False}])
def test_a_single_target_and_other_values_are_left_alone(other: dict[str, Any]) -> None:
    known = {"low": 0.0, "high": 1.0, "mean": 0.5, "std": 0.5, "outputs": 2, "zeros_and_ones": True}
    assert told(regression(**{**known, **other}), "loss=mse") == []


def test_uneven_classes_whose_samples_have_weights_are_left_alone() -> None:
    uneven = changed(classes=Classes(("a", "b"), (970, 30)))
    table = "data={kind: csv, path: x.csv, target: kind}"
    assert ("TR07", "warning") in told(uneven, table)
    weighted = "data={kind: csv, path: x.csv, target: kind, weight: w}"
    assert "TR07" not in {code for code, _ in told(uneven, weighted)}
