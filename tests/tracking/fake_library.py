"""A library that stands for a tracker's own: it writes down what it is called with, or fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).parent / "fake"


class FakeWandb:
    """The fake ``wandb``, for this process and those that it starts.

    Args:
        folder: a folder of the test's own.
    """

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.patch, self.file = patch, folder / "calls.jsonl"
        patch.syspath_prepend(str(FAKE))
        patch.setenv("PYTHONPATH", str(FAKE))
        patch.setenv("FAKE_WANDB_CALLS", str(self.file))
        patch.setenv("WANDB_MODE", "offline")
        patch.setenv("WANDB_ERROR_REPORTING", "false")
        patch.delenv("TRICKRUN_TRACK", raising=False)

    def fails(self, how: str) -> None:
        """Let it raise, exit, hang or die at a place: ``hang@init``."""
        self.patch.setenv("FAKE_WANDB", how)

    def calls(self, name: str) -> list[Any]:
        """Return the arguments of each call of a function."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [call[1:] for call in map(json.loads, lines) if call[0] == name]

    def forget(self) -> None:
        """Forget all calls."""
        if self.file.exists():
            os.unlink(self.file)
