"""A pretrained network of a few units, in place of one whose weights are megabytes."""

from collections import OrderedDict

import torch
from torch import nn


def tiny_body(channels: int = 4) -> nn.Sequential:
    """Return stages from [N, 3, H, W] to [N, channels], as freshly made: stem, block1, top."""
    stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU())
    block = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels), nn.ReLU())
    top = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(OrderedDict(stem=stem, block1=block, top=top))


def tiny_state(seed: int = 3) -> dict[str, torch.Tensor]:
    """Return weights for ``tiny_body`` that were "learned" before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return tiny_body().state_dict()


def tiny_stages(
    name: str, size: tuple[int, int], state: dict[str, torch.Tensor]
) -> tuple[OrderedDict[str, nn.Module], int]:
    """Stand in for ``trickrun.models._pretrained_stages.lite_stages``."""
    body = tiny_body()
    body.load_state_dict(state)
    return OrderedDict(body.named_children()), 4
