"""Muon for the matrices and AdamW for everything else, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class MuonAdamW(torch.optim.Optimizer):
    """Steps the groups marked ``muon`` by torch.optim.Muon and the others by torch.optim.AdamW.

    Both read everything from groups and states, so they share those of this optimizer: one state
    dict, one set of learning rates.

    Args:
        groups: parameter groups with the key ``muon``; those of Muon hold matrices only.
        muon, adamw: the arguments of the two beside the groups.
    """

    def __init__(
        self, groups: list[dict[str, Any]], muon: dict[str, Any], adamw: dict[str, Any]
    ) -> None:
        matrices = [group for group in groups if group["muon"]]
        others = [group for group in groups if not group["muon"]]
        self.parts: dict[bool, torch.optim.Optimizer] = {}
        if matrices:
            self.parts[True] = torch.optim.Muon(matrices, **muon)
        if others:
            self.parts[False] = torch.optim.AdamW(others, **adamw)
        super().__init__([g for part in self.parts.values() for g in part.param_groups], {})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Change all parameters that have a gradient. ``closure`` is not used."""
        for is_muon, part in self.parts.items():
            # Loading a state dict replaces groups and states, so they are taken anew each time.
            part.param_groups = [g for g in self.param_groups if g["muon"] is is_muon]
            part.state = self.state
            part.step()
