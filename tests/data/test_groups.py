"""Parts that keep groups whole: disjoint, complete, near their shares, drawn by a seed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trickrun.data.splits.groups import joined, spread, take_whole, take_whole_fold
from trickrun.data.splits.split import take, take_fold


def drawn_groups(n: int, groups: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    codes = torch.randint(0, groups, (n,), generator=draw) * 7 - 3
    return codes, torch.randint(0, 3, (n,), generator=draw)


@given(
    n=st.integers(2, 150),
    groups=st.integers(1, 80),
    share=st.floats(0, 1),
    stratified=st.booleans(),
    seed=st.integers(0, 100),
)
def test_no_group_is_cut_and_nothing_is_lost(
    n: int, groups: int, share: float, stratified: bool, seed: int
) -> None:
    codes, y = drawn_groups(n, groups, seed)
    candidates = torch.arange(n)[torch.arange(n) % 5 > 0]
    count = round(share * len(candidates))
    strata = y if stratified else None
    drawn, rest = take_whole(candidates, codes, strata, count, seed, "val")
    assert torch.equal(torch.cat([drawn, rest]).sort().values, candidates)
    assert torch.equal(drawn, drawn.sort().values)
    assert not set(codes[drawn].tolist()) & set(codes[rest].tolist())
    # No group could be added that would bring the part nearer to its size.
    missing = count - len(drawn)
    sizes = torch.unique(codes[rest], return_counts=True)[1].tolist()
    assert all(abs(missing - size) >= abs(missing) for size in sizes)


@given(n=st.integers(10, 120), groups=st.integers(2, 60), folds=st.integers(2, 5))
def test_folds_cut_no_group_and_cover_all(n: int, groups: int, folds: int) -> None:
    codes, y = drawn_groups(n, groups, n)
    candidates = torch.arange(n)
    parts = [take_whole_fold(candidates, codes, y, folds, fold, seed=1) for fold in range(folds)]
    for drawn, rest in parts:
        assert torch.equal(torch.cat([drawn, rest]).sort().values, candidates)
        assert not set(codes[drawn].tolist()) & set(codes[rest].tolist())
    assert torch.equal(torch.cat([drawn for drawn, _ in parts]).sort().values, candidates)


def test_samples_that_are_all_alone_are_split_as_without_groups() -> None:
    candidates, y = torch.arange(100), torch.arange(100) % 3
    codes = torch.arange(100).flip(0)
    for strata in (y, None):
        for mine, plain in (
            (take_whole(candidates, codes, strata, 17, 3, "val"),
             take(candidates, strata, 17, 3, "val")),
            (take_whole_fold(candidates, codes, strata, 4, 1, 3),
             take_fold(candidates, strata, 4, 1, 3)),
        ):  # fmt: skip
            assert torch.equal(mine[0], plain[0])
            assert torch.equal(mine[1], plain[1])


def test_classes_keep_about_their_share_in_groups() -> None:
    # 60 groups of five; a tenth of the samples is of class 1, in groups of its own.
    codes = torch.arange(300) // 5
    y = (codes % 10 == 0).long()
    drawn, _ = take_whole(torch.arange(300), codes, y, 100, 0, "val")
    assert len(drawn) == 100
    assert int(y[drawn].sum()) == 10
    folds = [take_whole_fold(torch.arange(300), codes, y, 3, fold, 0)[0] for fold in range(3)]
    assert [(len(part), int(y[part].sum())) for part in folds] == [(100, 10)] * 3


def test_grouped_and_single_samples_are_drawn_alike() -> None:
    # Half of the samples are pairs: they must neither fill the part nor stay out of it.
    codes = torch.cat([torch.arange(50).repeat_interleave(2), torch.arange(50, 150)])
    drawn, _ = take_whole(torch.arange(200), codes, None, 40, 0, "val")
    assert len(drawn) == 40
    assert int((drawn < 100).sum()) == 20


def test_seed_and_name_decide_the_draw_of_groups() -> None:
    candidates, codes = torch.arange(200), torch.arange(200) // 4
    draws = [take_whole(candidates, codes, None, 40, seed, name)[0] for seed, name in
             [(0, "val"), (0, "val"), (1, "val"), (0, "test")]]  # fmt: skip
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[3])


def test_a_large_group_does_not_crowd_out_small_ones() -> None:
    codes = torch.cat([torch.zeros(29, dtype=torch.int64), torch.arange(1, 10).repeat(8)])
    for seed in range(20):
        drawn, _ = take_whole(torch.arange(101), codes, None, 15, seed, "val")
        assert len(drawn) == 16


@pytest.mark.parametrize(
    ("loads", "count", "shares"), [([0, 0, 0], 7, [3, 2, 2]), ([5, 0, 1], 6, [0, 4, 2])]
)
def test_single_samples_level_the_parts(loads: list[int], count: int, shares: list[int]) -> None:
    assert spread(loads, count).bincount(minlength=3).sort().values.tolist() == sorted(shares)
    assert (torch.tensor(loads) + spread(loads, count).bincount(minlength=3)).sum() == count + sum(
        loads
    )


def test_codes_of_either_kind_connect() -> None:
    first = torch.tensor([0, 0, 1, 2, 3, 4])
    second = torch.tensor([9, 8, 8, 7, 6, 6])
    assert joined(first, second).tolist() == [0, 0, 0, 3, 4, 4]
