"""Token dropout: which tokens it replaces, and how many."""

import pytest
import torch

from trickrun.data.formats.tokens import PADDING, UNKNOWN
from trickrun.tricks.augmentation.token_dropout import TokenDropout


def dropped(p: float, x: torch.Tensor) -> torch.Tensor:
    y = torch.zeros(len(x))
    out, same = TokenDropout(p=p).apply(x, y, torch.Generator().manual_seed(0))
    assert same is y
    return out


def test_a_share_of_the_tokens_becomes_unknown():
    x = torch.full((100, 100), 7)
    out = dropped(0.2, x)
    assert set(out.unique().tolist()) == {UNKNOWN, 7}
    assert float((out == UNKNOWN).double().mean()) == pytest.approx(0.2, abs=0.02)
    assert torch.equal(x, torch.full((100, 100), 7))


def test_padding_stays():
    assert dropped(1.0, torch.tensor([[5, 6, 0, 0]])).tolist() == [[1, 1, PADDING, PADDING]]
