"""From a data section to splits: shares, subsets, statistics of training only, and refusals."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trickrun.data._data import Data, Split, Subset
from trickrun.data.diabetes import Diabetes
from trickrun.data.digits import Digits
from trickrun.data.iris import Iris
from trickrun.data.normalizers._normalizer import Scaler
from trickrun.data.normalizers.none import NoNormalize
from trickrun.data.splits.prepare import Prepared, prepare
from trickrun.data.splits.source import Source, Task
from trickrun.data.synthetic import Synthetic
from trickrun.errors import DataError

HERE = Path()


class Made(Data):
    """A data set whose inputs are the sample's own number."""

    sizes: tuple[int, ...] = (40, 60)
    own: tuple[str, ...] = ()
    values: bool = False

    def load(self, folder: Path) -> Source:
        y = torch.cat([torch.full((n,), label) for label, n in enumerate(self.sizes)])
        x = torch.arange(len(y)).float().reshape(-1, 1)
        labels = tuple(f"class {i}" for i in range(len(self.sizes)))
        parts = {"train": (x, y)} | dict.fromkeys(self.own, (x[:7] + 1000, y[:7]))
        if self.values:
            return Source({"train": (x, y.float().unsqueeze(1))}, Task("regression"))
        return Source(parts, Task("classification", classes=len(labels), labels=labels))


def made(**params: Any) -> Prepared:
    return prepare(Made(**params), HERE)


def numbers(data: Prepared) -> dict[str, list[int]]:
    parts = {"train": data.train, "val": data.val, "test": data.test}
    return {
        name: data.original(part.x)[:, 0].int().tolist()
        for name, part in parts.items()
        if part is not None
    }


def test_parts_are_disjoint_and_cover_everything() -> None:
    parts = numbers(made(split=Split(val=0.2, test=0.1)))
    assert {name: len(part) for name, part in parts.items()} == {"train": 70, "val": 20, "test": 10}
    assert sorted(chain(*parts.values())) == list(range(100))


def test_each_part_keeps_the_classes_shares() -> None:
    data = made(split=Split(val=0.2, test=0.1))
    assert data.val is not None
    assert data.test is not None
    assert data.train.y.bincount().tolist() == [28, 42]
    assert data.val.y.bincount().tolist() == [8, 12]
    assert data.test.y.bincount().tolist() == [4, 6]
    assert data.task.priors == pytest.approx((0.4, 0.6))


def test_inputs_and_targets_stay_together() -> None:
    data = made()
    for part in (data.train, data.val, data.test):
        assert part is not None
        assert torch.equal(part.y, (data.original(part.x)[:, 0] >= 40).long())


def test_split_seed_decides_and_the_test_part_does_not_depend_on_val() -> None:
    first, again = made(), made()
    assert numbers(first) == numbers(again)
    assert numbers(made(split=Split(seed=1)))["test"] != numbers(first)["test"]
    assert numbers(made(split=Split(val=0.3)))["test"] == numbers(first)["test"]


def test_no_shares_no_parts() -> None:
    data = made(split=Split(val=0, test=0))
    assert (data.val, data.test) == (None, None)
    assert len(data.train) == 100


def test_own_parts_are_used_and_the_others_are_split_from_training() -> None:
    parts = numbers(made(own=("test",), split=Split(val=0.2, test=0.4)))
    assert parts["test"] == list(range(1000, 1007))
    assert (len(parts["train"]), len(parts["val"])) == (80, 20)


def test_folds_take_turns_in_validating() -> None:
    parts = [numbers(made(split=Split(folds=5, fold=i, test=0.1))) for i in range(5)]
    assert len({tuple(part["test"]) for part in parts}) == 1
    assert [len(part["val"]) for part in parts] == [18] * 5
    validated = sorted(chain(*(part["val"] for part in parts)))
    assert validated == sorted(set(range(100)) - set(parts[0]["test"]))


def test_regression_is_split_without_classes() -> None:
    assert len(made(values=True).train) == 70


def test_statistics_are_of_the_training_part_only() -> None:
    data = made()
    assert data.scaler.shift is not None
    mean = np.mean(numbers(data)["train"])
    assert data.scaler.shift.item() == pytest.approx(mean, rel=1e-12)
    assert data.train.x.mean().item() == pytest.approx(0, abs=1e-6)
    assert data.train.x.std(correction=0).item() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("stratified", [True, False])
def test_subset_makes_training_smaller_and_leaves_the_rest(stratified: bool) -> None:
    whole = made()
    small = made(subset=Subset(n=10, stratified=stratified))
    assert len(small.train) == 10
    assert set(numbers(small)["train"]) <= set(numbers(whole)["train"])
    assert numbers(small)["val"] == numbers(whole)["val"]
    if stratified:
        assert small.train.y.bincount().tolist() == [4, 6]


def test_subset_is_normalized_by_itself() -> None:
    data = made(subset=Subset(n=10))
    assert data.train.x.mean().item() == pytest.approx(0, abs=1e-6)


def test_zero_inputs() -> None:
    data = prepare(Digits(zero_inputs=True), HERE)
    for part in (data.train, data.val, data.test):
        assert part is not None
        assert not part.x.any()
    assert not data.scaler(data.train.x.float()).any()
    assert torch.equal(data.train.y, prepare(Digits(), HERE).train.y)


def test_digits_stay_bytes() -> None:
    data = prepare(Digits(), HERE)
    assert data.train.x.dtype == torch.uint8
    assert data.shape == (1, 8, 8)


def test_none_normalizes_nothing() -> None:
    assert prepare(Iris(normalize=NoNormalize()), HERE).scaler == Scaler()


def test_priors_are_empty_for_values() -> None:
    assert prepare(Synthetic(family="sine"), HERE).task.priors == ()


@pytest.mark.parametrize(
    ("params", "message", "where"),
    [
        ({"sizes": (1, 40)}, "class 'class 0' is too small to be split: it has 1 of 41", "split"),
        (
            {"split": Split(val=0.5, test=0.5)},
            "none of the 100 samples is left to train on",
            "split",
        ),
        (
            {"split": Split(val=0.9, test=0.9)},
            "none of the 100 samples is left to train on",
            "split",
        ),
        ({"split": Split(val=0.001)}, "0.001 of 100 samples is none", "split.val"),
        ({"split": Split(folds=99)}, "85 samples do not make 99 folds", "split.folds"),
        (
            {"split": Split(folds=2), "own": ("val",)},
            "its own validation split",
            "split.folds",
        ),
        (
            {"subset": Subset(n=71)},
            "71 samples are wanted, but the training split has 70",
            "subset.n",
        ),
    ],
)
def test_sections_that_are_refused(params: dict[str, Any], message: str, where: str) -> None:
    with pytest.raises(DataError) as caught:
        made(**params)
    assert message in caught.value.message
    assert caught.value.where == f"data.{where}"


def test_class_of_one_sample_without_stratification() -> None:
    assert len(made(sizes=(1, 40), split=Split(stratified=False)).train) == 29


def test_class_of_one_sample_that_is_not_split() -> None:
    assert len(made(sizes=(1, 40), split=Split(val=0, test=0)).train) == 41


@pytest.mark.parametrize(
    ("data", "val", "train"),
    [
        (Digits(), [1, 2, 8, 11, 25, 33], [0, 4, 5, 6, 7, 9]),
        (Iris(split=Split(folds=3, fold=1)), [2, 5, 8, 9, 10, 13], [0, 1, 3, 4, 7, 11]),
        (
            Diabetes(split=Split(stratified=False, seed=4), subset=Subset(n=50)),
            [8, 12, 13, 14, 20, 32],
            [7, 18, 41, 50, 72, 78],
        ),
    ],
)
def test_a_split_stays_what_it_was(data: Data, val: list[int], train: list[int]) -> None:
    """Stored runs are scored on the samples that they were not trained on."""
    rows = prepare(data, HERE).rows
    assert (rows["val"][:6].tolist(), rows["train"][:6].tolist()) == (val, train)


def hint_of(**params: Any) -> str:
    with pytest.raises(DataError) as caught:
        made(**params)
    return caught.value.hint


def test_a_plain_split_is_advised_only_where_it_trains_on_every_class() -> None:
    seeds = {seed: Split(seed=seed) for seed in range(20)}
    advised = {s: "stratified: false" in hint_of(sizes=(1, 40), split=seeds[s]) for s in seeds}
    plain = {s: made(sizes=(1, 40), split=Split(seed=s, stratified=False)) for s in seeds}
    assert advised == {s: 0 in plain[s].train.y for s in seeds}
    assert set(advised.values()) == {True, False}
    assert hint_of(sizes=(1, 40), split=seeds[min(s for s in seeds if not advised[s])]) == (
        "add samples of it, or leave it out"
    )


def test_a_task_that_cannot_be_set_is_not_to_be_set() -> None:
    assert hint_of(scale_targets="standard") == "remove it"
