"""Running statistics taken anew: the mean over batches, and nothing else changes."""

import torch
from torch import nn

from trickrun.nn.norms import recalibrate


class Frozen(nn.Sequential):
    """Its first layer stays in evaluation mode."""

    def train(self, mode: bool = True) -> nn.Module:
        super().train(mode)
        self[0].eval()
        return self


def test_frozen_statistics_stay():
    model = Frozen(nn.BatchNorm1d(2), nn.BatchNorm1d(2))
    recalibrate(model, [torch.randn(5, 2) * 3 + 1])
    first, second = model
    assert torch.equal(first.running_mean, torch.zeros(2))
    assert not torch.equal(second.running_mean, torch.zeros(2))


def test_statistics_are_the_mean_over_batches():
    model = nn.Sequential(nn.BatchNorm1d(2, momentum=0.3), nn.Dropout(0.5), nn.BatchNorm1d(2))
    batches = [torch.randn(5, 2) * 3 + 1 for _ in range(4)]
    model(torch.full((3, 2), 100.0))  # to be forgotten
    before = {name: value.clone() for name, value in model.named_parameters()}
    recalibrate(model, batches)
    first, _, second = model
    means = torch.stack([batch.mean(0) for batch in batches])
    variances = torch.stack([batch.var(0) for batch in batches])
    torch.testing.assert_close(first.running_mean, means.mean(0))
    torch.testing.assert_close(first.running_var, variances.mean(0))
    # Without dropout what enters the second one has mean 0.
    torch.testing.assert_close(second.running_mean, torch.zeros(2), atol=1e-6, rtol=0)
    assert not any(module.training for module in model.modules())
    assert first.momentum == 0.3
    assert all(torch.equal(before[name], value) for name, value in model.named_parameters())
