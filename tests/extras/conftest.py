"""A training and a search, with a finished checklist's shape, for the trackers' own libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RECIPE = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 3, log_every: 2}
grid: {coarse: {trials: 2, epochs: 1}}
"""


@dataclass(frozen=True)
class Tracked:
    """Two tracked runs in an empty working folder.

    Args:
        run: the command line.
        training, search: their folders.
        first: what `train` told of its tracker.
    """

    run: Callable[..., Any]
    training: Path
    search: Path
    first: dict[str, Any]

    @property
    def epochs(self) -> dict[int, dict[str, Any]]:
        """The evaluations of the training by their step."""
        return {int(line["step"]): line for line in self.lines if line["kind"] == "epoch"}

    @property
    def steps(self) -> dict[int, dict[str, Any]]:
        """The logged steps of the training."""
        return {int(line["step"]): line for line in self.lines if line["kind"] == "step"}

    @property
    def test(self) -> dict[str, float]:
        """The scores of the training on the test split."""
        scores: dict[str, float] = self.lines[-1]["test"]
        return scores

    @property
    def lines(self) -> list[dict[str, Any]]:
        file = self.training / "metrics.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    @property
    def trials(self) -> dict[str, dict[str, Any]]:
        """The trials of the search by the id that a tracker has of each."""
        evidence = json.loads((self.search / "evidence.json").read_text())
        return {f"{self.search.name}/{row['id']}": row for row in evidence["trials"]}

    def again(self, to: str) -> dict[str, Any]:
        """Send the training once more; return what came of it."""
        # In a process of its own: libraries keep the settings that they find when imported.
        command = [sys.executable, "-m", "trickrun", "track", str(self.training), "--to", to]
        done = subprocess.run([*command, "--json"], capture_output=True, text=True)
        told: dict[str, Any] = json.loads(done.stdout)["result"]["tracked"][0]
        return told


@pytest.fixture
def tracked_by(
    trickrun: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], Tracked]:
    """Return what trains and searches with a tracker, in an empty working folder."""
    settings = ("TRICKRUN_TRACK", "TRICKRUN_TENSORBOARD", "MLFLOW_TRACKING_URI", "WANDB_MODE",
                "WANDB_DIR", "TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")  # fmt: skip
    for name in settings:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("TRICKRUN_TRACK_SECONDS", "600")  # however busy the machine is

    def tracked(to: str) -> Tracked:
        Path("flowers.yaml").write_text(RECIPE)
        train = trickrun("train", "flowers.yaml", "--track", to, "--report", "--json").json
        grid = trickrun("grid", "coarse", "flowers.yaml", "--track", to, "--json").json
        assert grid["result"]["tracked"][0]["runs"] == 3, grid["result"]["tracked"]
        folders = [tmp_path / one["run"] for one in (train, grid)]
        return Tracked(trickrun, *folders, train["result"]["tracked"][0])

    return tracked
