"""Batch norm over parts of the batch, against torch's on each part."""

import pytest
import torch
from torch import nn

from trickrun.nn.norms import GhostBatchNorm1d, GhostBatchNorm2d


@pytest.mark.parametrize(
    ("ghost", "plain", "shape"),
    [
        (GhostBatchNorm1d, nn.BatchNorm1d, (8, 3)),
        (GhostBatchNorm1d, nn.BatchNorm1d, (8, 3, 2)),
        (GhostBatchNorm2d, nn.BatchNorm2d, (8, 3, 2, 2)),
    ],
)
def test_each_part_by_itself(ghost, plain, shape):
    norm, reference = ghost(4, 3), plain(3)
    x = torch.randn(shape) * 3 + 1
    expected = torch.cat([reference(x[:4]), reference(x[4:])])
    assert torch.equal(norm(x), expected)
    assert torch.equal(norm.running_var, reference.running_var)
    assert torch.equal(norm.eval()(x), reference.eval()(x))


@pytest.mark.parametrize(("samples", "parts"), [(3, [3]), (9, [5, 4]), (11, [6, 5])])
def test_parts_are_never_smaller_than_asked_for(samples, parts):
    norm, reference = GhostBatchNorm1d(4, 2), nn.BatchNorm1d(2)
    x = torch.randn(samples, 2)
    assert torch.equal(norm(x), torch.cat([reference(part) for part in x.split(parts)]))


def test_a_part_as_large_as_the_batch_is_batch_norm():
    x = torch.randn(6, 2)
    assert torch.equal(GhostBatchNorm1d(6, 2)(x), nn.BatchNorm1d(2)(x))
