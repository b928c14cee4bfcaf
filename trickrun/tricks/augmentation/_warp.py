"""Affine maps of images: the one interpolation that rotate, scale, shear and affine share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Outside = Literal["zeros", "border", "reflection"]
"""What is seen beyond an image's edge: 0, the nearest pixel, or the image mirrored."""

BORDER = "what is beyond the edge: zeros, the border's pixel, or the image mirrored"


def warp(x: torch.Tensor, matrices: torch.Tensor, outside: Outside) -> torch.Tensor:
    """Return images ``x`` [N, C, H, W] looked up through ``matrices`` [N, 2, 3], bilinearly.

    A matrix maps a place (x to the right, y down, 1), in pixels from the image's center, to the
    place of the input that is seen there: the inverse of what happens to the image.
    """
    import torch
    from torch.nn import functional

    samples, _, height, width = x.shape
    half = torch.tensor([width / 2, height / 2], dtype=x.dtype, device=x.device)
    # grid_sample counts from -1 to 1 between the edges.
    theta = matrices / half[:, None]
    # affine_grid multiplies by rows of 3 and takes four times as long as the lookup itself.
    grid = theta[:, :, :2] @ pixels(x) + theta[:, :, 2:]
    grid = grid.view(samples, 2, height, width).permute(0, 2, 3, 1)
    return functional.grid_sample(x, grid, padding_mode=outside, align_corners=False)


def pixels(x: torch.Tensor) -> torch.Tensor:
    """Return where the pixels of images ``x`` [N, C, H, W] lie: [2, H * W], x and y from the
    center."""
    import torch

    down, right = (
        torch.arange(size, dtype=x.dtype, device=x.device) - (size - 1) / 2 for size in x.shape[2:]
    )
    return torch.stack([right.repeat(len(down)), down.repeat_interleave(len(right))])


def identity(x: torch.Tensor) -> torch.Tensor:
    """Return the matrices [N, 2, 3] that leave images ``x`` [N, ...] as they are."""
    import torch

    return torch.eye(2, 3, dtype=x.dtype, device=x.device).repeat(len(x), 1, 1)


def rotation(x: torch.Tensor, degrees: torch.Tensor) -> torch.Tensor:
    """Return the matrices that turn images ``x`` by ``degrees`` [N], counter-clockwise."""
    found = identity(x)
    angle = degrees.deg2rad()
    found[:, 0, 0] = found[:, 1, 1] = angle.cos()
    found[:, 1, 0] = angle.sin()
    found[:, 0, 1] = -found[:, 1, 0]
    return found


def scaling(x: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """Return the matrices that magnify images ``x`` by ``factors`` [N] about the center."""
    found = identity(x)
    found[:, 0, 0] = found[:, 1, 1] = 1 / factors
    return found


def shearing(x: torch.Tensor, slopes: torch.Tensor, row: int = 0) -> torch.Tensor:
    """Return the matrices that slide each row of images ``x`` by ``slopes`` [N] pixels a row.

    With ``row`` 1 each column slides up or down.
    """
    found = identity(x)
    found[:, row, 1 - row] = -slopes
    return found


def translation(x: torch.Tensor, right: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """Return the matrices that move images ``x`` by pixels ``right`` [N] and ``down`` [N]."""
    found = identity(x)
    found[:, 0, 2] = -right
    found[:, 1, 2] = -down
    return found


def after(first: torch.Tensor, then: torch.Tensor) -> torch.Tensor:
    """Return the matrices [N, 2, 3] of ``first``, followed by ``then``.

    They look places up, so the last change is undone first.
    """
    import torch

    linear = first[:, :, :2] @ then[:, :, :2]
    moved = first[:, :, :2] @ then[:, :, 2:] + first[:, :, 2:]
    return torch.cat([linear, moved], dim=2)
