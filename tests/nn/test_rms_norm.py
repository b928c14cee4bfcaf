"""RMS normalization of channels against torch.nn.RMSNorm over the same dimensions."""

import torch
from torch import nn

from trickrun.nn.norms import ChannelRMSNorm


def test_it_is_torchs_over_channels_and_positions():
    x = torch.randn(3, 4, 5, 6)
    layer = ChannelRMSNorm(4, eps=0.1)
    torch.testing.assert_close(layer(x), nn.RMSNorm([4, 5, 6], eps=0.1)(x))


def test_each_channel_has_a_scale():
    x = torch.randn(3, 2, 5)
    layer = ChannelRMSNorm(2)
    plain = layer(x)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, -3.0]))
    torch.testing.assert_close(layer(x), plain * torch.tensor([2.0, -3.0])[:, None])


def test_without_affine_it_has_no_parameters():
    assert not list(ChannelRMSNorm(2, affine=False).parameters())
