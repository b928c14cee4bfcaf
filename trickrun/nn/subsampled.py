"""A convolution of kernel 1 that skips places, in a form that is safe on every CPU."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

NARROW = 8
"""Input channels below which torch's strided form is not safe: a vector of AVX2 holds 8 floats."""


class SubsampledConv2d(nn.Conv2d):
    """A convolution of kernel 1 and a stride over 1, computed with stride 1 on every n-th place.

    torch 2.13 (oneDNN 3) corrupts the heap in the strided form on a processor with AVX2 and no
    AVX-512, if the inputs or the weights have their channels last and there are 2 to 7 of them.
    Contiguous weights do not help, because the layer before leaves its channels last. The values
    are the same up to the order of sums, on all processors, and so do not depend on which one it
    is. Layers with more channels keep torch's own form, and with it their bits.
    """

    def __init__(self, entering: int, leaving: int, stride: int, bias: bool = True) -> None:
        super().__init__(entering, leaving, 1, stride, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [N, leaving, ceil(H / stride), ceil(W / stride)] for ``x`` [N, entering, H, W]."""
        rows, columns = self.stride
        return functional.conv2d(x[:, :, ::rows, ::columns], self.weight, self.bias)
