"""Folded batch norms: equal outputs, and no folding where it would change them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trickrun.nn.fold import fold_batch_norms
from trickrun.nn.norms import GhostBatchNorm1d


def used(model: nn.Module, x: torch.Tensor) -> nn.Module:
    """Give the batch norms statistics, scales and shifts that are not those of the start."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 2.0)
            nn.init.normal_(module.bias)
    for _ in range(5):
        model(x + torch.randn_like(x))
    return model.eval()


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["linear", "ghost", "conv1d", "conv2d", "conv3d"])
def test_outputs_are_equal(kind, bias, affine):
    layer, norm, shape = {
        "linear": (nn.Linear(6, 4, bias=bias), nn.BatchNorm1d(4, affine=affine), (9, 6)),
        "ghost": (nn.Linear(6, 4, bias=bias), GhostBatchNorm1d(4, 4, affine=affine), (9, 6)),
        "conv1d": (nn.Conv1d(6, 4, 3, bias=bias), nn.BatchNorm1d(4, affine=affine), (9, 6, 5)),
        "conv2d": (
            nn.Conv2d(6, 4, 3, stride=2, padding=1, groups=2, bias=bias),
            nn.BatchNorm2d(4, affine=affine),
            (9, 6, 5, 5),
        ),
        "conv3d": (
            nn.Conv3d(6, 4, 2, bias=bias),
            nn.BatchNorm3d(4, affine=affine),
            (9, 6, 3, 3, 3),
        ),
    }[kind]
    x = torch.randn(shape) * 2 + 1
    model = used(nn.Sequential(layer, norm, nn.ReLU()), x)
    expected = model(x)
    assert fold_batch_norms(model, x[:2]) == ["1"]
    assert type(model[1]) is nn.Identity
    torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-5)


class Twice(nn.Module):
    """What leaves the layer is read by the batch norm and once more."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.layer, self.norm, self.times = nn.Linear(3, 3), nn.BatchNorm1d(3), times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.times):
            x = self.norm(self.layer(x))
        return x


def test_only_what_follows_right_away_is_folded():
    x = torch.randn(8, 3)
    after = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.BatchNorm1d(3))
    in_place = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True), nn.BatchNorm1d(3))
    shared = Twice(2)
    for model in (after, in_place, shared):
        used(model, x)
        expected = model(x)
        assert fold_batch_norms(model, x) == []
        assert torch.equal(model(x), expected)
    assert fold_batch_norms(used(Twice(1), x), x) == ["norm"]


def test_rows_of_features_are_left_alone():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))  # its channels are the rows
    x = torch.randn(8, 4, 3)
    used(model, x)
    assert fold_batch_norms(model, x) == []


def test_weights_that_others_use_too_are_left_alone():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))
    model[2].weight = model[0].weight
    assert fold_batch_norms(used(model, torch.randn(8, 3)), torch.randn(2, 3)) == []
