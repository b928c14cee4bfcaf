"""A user's own file is checked against the types of the Python API."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RIGHT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import trickrun

run: trickrun.Run = trickrun.train("recipe.yaml", "train.epochs=3")
best: float = run.best["val_loss"]
table: dict[str, list[object]] = run.metrics
network: nn.Module = run.model()
runs: list[trickrun.Run] = trickrun.runs("iris")

model = nn.Linear(2, 2)
optimizer = torch.optim.Adam(model.parameters())
x, y = torch.zeros(4, 2), torch.zeros(4).long()
loader = DataLoader(TensorDataset(x, y), 2)
loss = nn.CrossEntropyLoss()
found: trickrun.Verdict = trickrun.checklist(model, loader, loss, optimizer, (x, y), steps=100)
trickrun.diagnose(model, loader, loss, optimizer, confirm=True)
trickrun.diagnose("recipe.yaml", "optimizer.lr=0.1", confirm=True, budget=60.0)
trickrun.lr_find(lambda: nn.Linear(2, 2), (x, y), loss, lambda p: torch.optim.SGD(p, 0.1))
trickrun.overfit_batch(model, loader, steps=20)
names: list[str] = [finding.name for finding in found.findings]

with trickrun.watch(model, optimizer, loss) as watching:
    pass
with trickrun.watch([model], [optimizer]) as watching:
    pass
losses: dict[str, list[object]] = watching.losses
"""

WRONG = """
import trickrun

trickrun.train("recipe.yaml", epochs=3)
trickrun.lr_find("recipe.yaml", steps="many")
trickrun.watch(3)
text: str = trickrun.runs("iris")[0].best
trickrun.trian
"""


def checked(program: str, folder: Path) -> str:
    """Return what mypy says of a program."""
    file = folder / "program.py"
    file.write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache")]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, cwd=folder)
    return done.stdout + done.stderr


def test_types_are_those_of_the_documentation(tmp_path: Path) -> None:
    told = checked(RIGHT + WRONG.replace("import trickrun\n", ""), tmp_path)
    lines = [line for line in told.splitlines() if ": error: " in line]
    first = RIGHT.count("\n") + 2
    assert [int(line.split(":")[1]) - first for line in lines] == [1, 2, 3, 4, 5], told
