"""Keyed randomness: every random draw comes from a stream named by what it is for.

A stream is a function of the recipe's seed and its names alone, never of what was drawn before.
So a resumed run needs no generator state, and switching one trick off leaves the draws of the
others unchanged.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def key(seed: int, *names: str | int) -> int:
    """Return a 63-bit seed for the stream ``names`` of a run with ``seed``."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *names: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh generator at the start of the stream ``names``."""
    import torch

    return torch.Generator(device=device).manual_seed(key(seed, *names))


class StepStream:
    """A trick's stream that starts anew at each training step: (seed, trick, step).

    The loop calls :meth:`at` before each step; the trick draws from :attr:`generator`.
    """

    def __init__(self, seed: int, name: str, device: torch.device | str = "cpu") -> None:
        self.seed = seed
        self.name = name
        self.generator = generator(seed, name, 0, device=device)

    def at(self, step: int) -> None:
        self.generator.manual_seed(key(self.seed, self.name, step))

    def __deepcopy__(self, memo: object) -> StepStream:
        """A copied model draws from the same named stream, on a generator of its own."""
        return StepStream(self.seed, self.name, self.generator.device)


class LayerStreams:
    """The streams that the layers of one model draw from: one for each trick."""

    def __init__(self, seed: int, device: torch.device | str = "cpu") -> None:
        self.seed = seed
        self.device = device
        self.named: dict[str, StepStream] = {}

    def of(self, trick: str) -> StepStream:
        """Return the stream that all layers of ``trick`` share."""
        return self.named.setdefault(trick, StepStream(self.seed, trick, self.device))

    def at(self, step: int) -> None:
        """Start all of them anew at ``step``."""
        for stream in self.named.values():
            stream.at(step)
