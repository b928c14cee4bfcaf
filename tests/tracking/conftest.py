"""A training and a search, which the tests of trackers only read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.fake_library import FakeWandb
from trickrun.run.folder import RunFolder

RECIPE = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
regularizers: {l2: 1e-4}
augmentation: [{kind: noise, std: 0.1}]
train: {epochs: 3, log_every: 2}
grid: {coarse: {trials: 2, epochs: 1, space: {optimizer.lr: {log: [1e-3, 1e-1]}}}}
"""


@pytest.fixture(scope="session")
def kept(run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of a training and a search."""
    folder = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("TRICKRUN_RUNS", raising=False)
        (folder / "flowers.yaml").write_text(RECIPE)
        commands = {"train": ["train"], "grid": ["grid", "coarse"]}
        return {
            name: folder / run(*words, "flowers.yaml", "--json").json["run"]
            for name, words in commands.items()
        }


@pytest.fixture
def training(kept: dict[str, Path], tmp_path: Path) -> RunFolder:
    """The training, in a runs folder of the test's own."""
    own = tmp_path / "runs" / "flowers" / kept["train"].name
    shutil.copytree(kept["train"], own)
    return RunFolder(own)


@pytest.fixture
def search(kept: dict[str, Path], tmp_path: Path) -> RunFolder:
    """The search, in a runs folder of the test's own."""
    own = tmp_path / "runs" / "flowers" / kept["grid"].name
    shutil.copytree(kept["grid"], own)
    return RunFolder(own)


@pytest.fixture
def wandb(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> FakeWandb:
    """The fake library, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return FakeWandb(monkeypatch, tmp_path_factory.mktemp("calls"))
