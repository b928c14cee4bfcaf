"""Whether workers draw alike is told from the code: no sample is made for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from trickrun.watching.workers import drawn_alike


class Noisy(Dataset[torch.Tensor]):
    def __init__(self, generator: Any, draw: str) -> None:
        self.transforms = [generator]
        self.draw, self.made = draw, 0

    def __len__(self) -> int:
        return 8

    def __getitem__(self, place: int) -> torch.Tensor:
        self.made += 1
        rng = self.transforms[0]
        if self.draw == "torch":
            return torch.randn(3, generator=rng)
        return torch.tensor(getattr(rng, self.draw)())


class Part:
    """A transform that has a generator."""

    def __init__(self, rng: Any) -> None:
        self.rng = rng

    def random(self) -> float:
        return float(self.rng.random())


@pytest.mark.parametrize(
    ("generator", "draw"),
    [
        (np.random.default_rng(0), "random"),
        (np.random.RandomState(0), "rand"),
        (random.Random(0), "random"),
        (torch.Generator().manual_seed(0), "torch"),
        (Part(np.random.default_rng(0)), "random"),
    ],
)
def test_a_generator_is_found(generator: Any, draw: str) -> None:
    data = Noisy(generator, draw)
    assert drawn_alike(DataLoader(data, num_workers=2)) == "generator"
    assert drawn_alike(DataLoader(data)) == ""
    assert data.made == 0


def test_a_generator_that_makes_no_sample() -> None:
    class Plain(Noisy):
        def __getitem__(self, place: int) -> torch.Tensor:
            return torch.zeros(3)

    assert drawn_alike(DataLoader(Plain(np.random.default_rng(0), ""), num_workers=2)) == ""


def test_one_worker_that_lives_on_draws_on() -> None:
    loader = DataLoader(Noisy(random.Random(0), "random"), num_workers=1, persistent_workers=True)
    assert drawn_alike(loader) == ""


class Shifted(Dataset[float]):
    def __len__(self) -> int:
        return 8

    def __getitem__(self, place: int) -> float:
        return place + float(np.random.rand())


class Sorted(Dataset[float]):
    def __len__(self) -> int:
        return 8

    def __getitem__(self, place: int) -> float:
        return float(place)


def alike(worker: int) -> None:
    np.random.seed(0)


def apart(worker: int) -> None:
    np.random.seed(worker)


@pytest.mark.parametrize(
    ("data", "begins", "found"),
    [(Shifted(), alike, "seed"), (Shifted(), apart, ""), (Sorted(), alike, "")],
    ids=["the same seed", "seeds of their own", "nothing is drawn"],
)
def test_a_seed_of_the_workers(
    data: Dataset[float], begins: Callable[[int], None], found: str
) -> None:
    assert drawn_alike(DataLoader(data, num_workers=2, worker_init_fn=begins)) == found
