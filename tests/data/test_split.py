"""Splits: seeded, disjoint, complete, each class's share kept; and folds."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trickrun.data._data import Split
from trickrun.data.splits.split import take, take_fold


@given(
    n=st.integers(1, 200),
    share=st.floats(0, 1),
    classes=st.integers(0, 5),
    seed=st.integers(0, 1000),
)
def test_take_is_disjoint_complete_and_keeps_shares(
    n: int, share: float, classes: int, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    strata = torch.randint(0, classes, (2 * n,), generator=draw) if classes else None
    candidates = torch.randperm(2 * n, generator=draw)[:n].sort().values
    count = round(share * n)
    drawn, rest = take(candidates, strata, count, seed, "val")
    assert len(drawn) == count
    assert torch.equal(torch.cat([drawn, rest]).sort().values, candidates)
    assert torch.equal(drawn, drawn.sort().values)
    if strata is not None:
        wanted = strata[candidates].bincount(minlength=classes) * count / n
        assert (strata[drawn].bincount(minlength=classes) - wanted).abs().max() <= 1


@given(n=st.integers(2, 100), folds=st.integers(2, 7), classes=st.integers(0, 4))
def test_folds_are_disjoint_complete_and_keep_shares(n: int, folds: int, classes: int) -> None:
    draw = torch.Generator().manual_seed(n)
    strata = torch.randint(0, classes, (n,), generator=draw) if classes else None
    candidates = torch.arange(n)
    parts = [take_fold(candidates, strata, folds, fold, seed=0) for fold in range(folds)]
    for drawn, rest in parts:
        assert torch.equal(torch.cat([drawn, rest]).sort().values, candidates)
        assert n // folds <= len(drawn) <= -(-n // folds)
        if strata is not None:
            share = strata.bincount(minlength=classes) / folds
            assert (strata[drawn].bincount(minlength=classes) - share).abs().max() <= 1
    assert torch.equal(torch.cat([drawn for drawn, _ in parts]).sort().values, candidates)


def test_seed_and_name_decide_the_draw() -> None:
    candidates = torch.arange(100)
    draws = [take(candidates, None, 20, seed, name)[0] for seed, name in
             [(0, "val"), (0, "val"), (1, "val"), (0, "test")]]  # fmt: skip
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_the_draw_is_no_run_of_neighbours() -> None:
    drawn, _ = take(torch.arange(1000), None, 100, 0, "val")
    assert drawn.float().mean().item() == pytest.approx(500, abs=100)
    assert (drawn.diff() == 1).float().mean() < 0.3


def test_even_distances_stay_exact_for_many_samples() -> None:
    n = 100_000
    drawn, rest = take(torch.arange(n), torch.zeros(n, dtype=torch.int64), n - 1, 0, "val")
    assert (len(drawn), len(rest)) == (n - 1, 1)


@pytest.mark.parametrize(("folds", "fold"), [(5, 5), (None, 1)])
def test_fold_must_be_one_of_the_folds(folds: int | None, fold: int) -> None:
    with pytest.raises(ValidationError, match=f"fold {fold} of {folds or 'no'} folds"):
        Split(folds=folds, fold=fold)
