"""Float64 where a device has none: Apple's GPUs (MPS)."""

from __future__ import annotations

import torch


def has_float64(device: torch.device) -> bool:
    """Return whether tensors in float64 can be on ``device``: Metal, and so MPS, has no such type
    (https://developer.apple.com/metal/Metal-Shading-Language-Specification.pdf, table 2.1)."""
    return device.type != "mps"


def widened(x: torch.Tensor) -> torch.Tensor:
    """Return ``x`` in float64: on its device, or on the CPU if the device has no such type."""
    return x.double() if has_float64(x.device) else x.cpu().double()
