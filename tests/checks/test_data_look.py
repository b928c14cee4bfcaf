"""What is measured of a data set: scales, drift, copies, classes, order."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from shipped import shipped
from work import elements

from trickrun.checks.data_look import copies, few_possible, look, measure, order
from trickrun.checks.leakage.times import between_blocks, between_class_blocks
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.splits.hashes import row_hashes
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import SplitData, Task
from trickrun.data.splits.split import mixed
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe

RECIPES = Path(__file__).parents[2] / "recipes"
N = 600


def recipe(*overrides: str) -> Recipe:
    plain = ["data={kind: npz, path: x.npz}", "regularizers=null", "loss=auto"]
    return load(RECIPES / "digits.yaml", [*plain, *overrides]).recipe


def drawn(rows: int, seed: int, features: int = 5) -> torch.Tensor:
    return torch.randn(rows, features, generator=torch.Generator().manual_seed(seed))


def prepared(
    change: Callable[[SplitData, SplitData], tuple[SplitData, SplitData]] = lambda train, val: (
        train,
        val,
    ),
    classes: int = 3,
    normalize: str = "standard",
) -> Prepared:
    """Return a training and a validation split of a table, changed before the scaler is fitted."""
    parts = []
    for rows, seed in ((N, 1), (200, 2)):
        x = drawn(rows, seed)
        y = (x.abs().sum(1) * 10).long() % classes if classes else x.sum(1, keepdim=True)
        parts.append(SplitData(x, y))
    train, val = change(*parts)
    names = tuple(f"class {i}" for i in range(classes))
    task = Task("regression") if not classes else Task("classification", classes, labels=names)
    scaler = recipe(f"data.normalize={normalize}").data.normalize.fit(train.x)
    return Prepared(train, val, None, task, scaler)


def test_scales_are_those_that_the_network_gets() -> None:
    def loud(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        return SplitData(train.x * 100 + 300, train.y), SplitData(val.x * 100 + 300, val.y)

    raw = measure(recipe(), prepared(loud, normalize="none")).train
    assert raw.samples == N
    assert raw.sizes == pytest.approx((316, 316, 316), rel=0.05)
    scaled = measure(recipe(), prepared(loud)).train
    assert scaled.sizes == pytest.approx((1, 1, 1), rel=1e-4)
    assert (scaled.mean, scaled.std) == pytest.approx((0, 1), abs=1e-4)


def test_healthy_splits_do_not_drift_and_have_no_copies() -> None:
    found = measure(recipe(), prepared())
    ((name, drift),) = found.drift
    assert (name, drift.samples, drift.new_classes) == ("val", 200, ())
    assert drift.mean < 0.2
    assert 0.9 < drift.scale < 1.1
    assert (found.copies.within, found.copies.across) == (0.0, ())
    assert look(recipe(), prepared()) == []


def test_a_split_in_another_unit_drifts() -> None:
    def unscaled(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        return train, SplitData(val.x * 50 + 100, val.y)

    ((_, drift),) = measure(recipe(), prepared(unscaled)).drift
    assert drift.mean == pytest.approx(100, rel=0.1)
    assert drift.scale == pytest.approx(50, rel=0.1)
    assert look(recipe(), prepared(unscaled))[0].code == "TR03"


def test_rare_features_do_not_make_a_small_split_drift() -> None:
    def rare(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        marks = torch.zeros(N, 40)
        marks[torch.arange(40) * 10, torch.arange(40)] = 1.0
        x = torch.cat([train.x, marks], 1)
        return SplitData(x, train.y), SplitData(
            torch.cat([val.x, torch.zeros(len(val), 40)], 1), val.y
        )

    assert look(recipe(), prepared(rare)) == []


def test_constant_features_are_counted_on_all_samples() -> None:
    def still(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        x = train.x.clone()
        x[:, 2] = 7.0
        return SplitData(x, train.y), val

    found = measure(recipe(), prepared(still))
    assert (found.constant, found.constant_names) == (1, ("2",))


def test_leaked_and_contradicting_samples_are_found() -> None:
    def leak(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        x = torch.cat([train.x[:100], val.x[100:]])
        twice = torch.cat([train.x[:300], train.x[:300]])
        other = torch.cat([train.y[:300], (train.y[:300] + (torch.arange(300) < 60)) % 3])
        return SplitData(twice, other), SplitData(x, val.y)

    found = measure(recipe(), prepared(leak)).copies
    assert found.within == 0.5
    assert found.across == (("val", 0.5),)
    assert dict(found.with_target)["val"] < 0.5
    assert found.conflicting == pytest.approx(120 / 600)
    assert not found.chance


def test_doubled_samples_are_an_error_that_its_edit_mends(tmp_path: Path) -> None:
    x = drawn(100, 1).numpy()
    y = (x[:, 0] + x[:, 1] > 0).astype("int64")
    np.savez(tmp_path / "x.npz", x=np.concatenate([x] * 3), y=np.concatenate([y] * 3))
    first = recipe()
    found = look(first, prepare(first.data, tmp_path))
    assert {(f.code, f.severity) for f in found} == {("TR08", "error")}
    assert {f.where for f in found} == {"data (val)", "data (test)"}
    (edit,) = {key: value for f in found for key, value in (f.edit or {}).items()}.items()
    mended = recipe(f"{edit[0]}={str(edit[1]).lower()}")
    assert look(mended, prepare(mended.data, tmp_path)) == []


def test_equal_inputs_with_nearly_equal_values_do_not_contradict() -> None:
    x = drawn(50, 3).repeat(2, 1)
    values = torch.linspace(0, 10, 50)
    near, far = (torch.cat([values, twin])[:, None] for twin in (values + 0.1, values.flip(0)))
    assert copies({"train": SplitData(x, near)}, classes=False).conflicting == 0.0
    assert copies({"train": SplitData(x, far)}, classes=False).conflicting > 0.5


def test_few_possible_inputs_are_told_from_copies() -> None:
    corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(50, 1)
    assert few_possible(corners)
    assert not few_possible(drawn(50, 3).repeat(4, 1))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.int64])
def test_only_equal_samples_have_equal_hashes(dtype: torch.dtype) -> None:
    # Signs that flip in several places, and lengths that are no multiple of a word.
    signs = torch.tensor([[(row >> bit & 1) * 2 - 1 for bit in range(9)] for row in range(512)])
    x = (signs + (1 if dtype == torch.uint8 else 0)).to(dtype)
    assert len(row_hashes(x).unique()) == 512
    assert torch.equal(row_hashes(x), row_hashes(x.flip(0)).flip(0))


def test_classes_are_counted_and_unused_ends_named() -> None:
    def from_one(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        return SplitData(train.x, train.y.clamp(min=1)), SplitData(val.x, val.y.clamp(min=1))

    found = measure(recipe(), prepared(from_one)).classes
    assert found is not None
    assert (found.counts[0], sum(found.counts), found.unused) == (0, N, "class 0")


def test_new_classes_of_a_split_are_named() -> None:
    def sorted_away(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        return SplitData(train.x, train.y.clamp(max=1)), SplitData(val.x, torch.full_like(val.y, 2))

    ((_, drift),) = measure(recipe(), prepared(sorted_away)).drift
    assert drift.new_classes == ("class 2",)
    assert drift.classes == pytest.approx(1.0)


def test_targets_are_described_as_the_loss_sees_them() -> None:
    def scaled_labels(train: SplitData, val: SplitData) -> tuple[SplitData, SplitData]:
        return SplitData(train.x, torch.arange(N).remainder(10)[:, None] / 10), SplitData(
            val.x, val.y
        )

    labels = measure(recipe(), prepared(scaled_labels, classes=0)).targets
    assert labels is not None
    assert (labels.distinct, labels.even, labels.whole) == (10, True, False)
    values = measure(recipe(), prepared(classes=0)).targets
    assert values is not None
    assert (values.distinct, values.outputs) == (0, 1)
    assert values.std == pytest.approx(math.sqrt(5), rel=0.1)


def test_the_order_of_samples_is_measured_by_batches() -> None:
    y = torch.arange(N) * 3 // N
    assert order(y, 32) > 0.9
    shuffled = mixed(torch.arange(N), None, 0, "test")
    assert order(y[shuffled], 32) < 0.1
    # Runs that are shorter than a batch do no harm.
    assert order(torch.arange(N) // 4 % 3, 48) < 0.05
    assert order(y, "full") == 0.0
    assert order(y.float()[:, None], 1) > 0.9


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.integers(2, 9))
def test_classes_in_blocks_are_as_their_one_hot_values(classes: list[int], size: int) -> None:
    y = torch.tensor(classes)
    one_hot = torch.nn.functional.one_hot(y).double()
    assert between_class_blocks(y, size) == pytest.approx(between_blocks(one_hot, size), abs=1e-12)


def test_the_order_of_many_classes_is_hardly_more_work_than_that_of_few() -> None:
    few, many = (torch.arange(4000) % classes for classes in (10, 1000))
    assert elements(lambda: order(many, 64)) < 2 * elements(lambda: order(few, 64))


def test_next_tokens_are_no_classes_of_samples() -> None:
    x = torch.randint(0, 50, (N, 8), generator=torch.Generator().manual_seed(0))
    vocabulary = tuple(str(i) for i in range(50))
    task = Task("classification", 50, labels=vocabulary, vocabulary=vocabulary, next_token=True)
    data = Prepared(SplitData(x, x), SplitData(x[:50], x[:50]), None, task, Scaler())
    found = measure(recipe(), data)
    assert (found.tokens, found.classes, found.order) == (True, None, 0.0)
    assert look(recipe("data.normalize=none"), data) == []


@pytest.mark.parametrize("path", shipped())
def test_no_shipped_recipe_has_an_error(path: Path) -> None:
    loaded = load(path)
    found = look(loaded.recipe, prepare(loaded.recipe.data, loaded.folder))
    assert not [finding for finding in found if finding.severity == "error"]
    # reviews.csv has copies, whose share is no error; no column tells anything.
    assert not {"TR97", "TR98"} & {finding.code for finding in found}
    assert "data.split.group" not in {finding.where for finding in found}
