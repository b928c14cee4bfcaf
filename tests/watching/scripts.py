"""Small training programs: a healthy one in parts, and how to write it to a file and watch it."""

from __future__ import annotations

from pathlib import Path

from trickrun.findings.evidence.program import Program
from trickrun.findings.finding import Finding
from trickrun.findings.rules.program import findings
from trickrun.watching.script import Ended, run_watched
from trickrun.watching.watch import Watch

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
torch.set_num_threads(1)
x = torch.randn(256, 10)
y = x[:, :3].argmax(1)
"""

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 32)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        return self.out(self.drop(F.relu(self.hidden(x))))
"""

LOOP = """
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
for epoch in range(4):
    model.train()
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for start in range(0, 256, 64):
            model(x[start : start + 64])
"""

HEALTHY = HEAD + NET + LOOP


def watched(folder: Path, text: str, every: int = 100) -> tuple[Program, Ended]:
    """Return what watching a script with this text saw, and how the script ended."""
    file = folder / "train.py"
    file.write_text(text, encoding="utf-8")
    watch = Watch(file.name, every)
    ended = run_watched(str(file), [], False, watch)
    return watch.program(ended.how, ended.error), ended


def found(folder: Path, text: str, every: int = 100) -> list[Finding]:
    """Return what is found wrong with a script, without symptoms."""
    program, _ = watched(folder, text, every)
    return [finding for finding in findings(program) if finding.explained_by is None]


def comes_first(folder: Path, text: str, code: str, part: str) -> None:
    """Assert that the first thing found wrong with a script has this code, at the first line that
    holds ``part``."""
    first = found(folder, text)[0]
    assert first.code == code, first
    assert first.location is not None
    assert first.location["line"] == line_of(text, part), first


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return a text with some of its parts exchanged; each must be there."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


def line_of(text: str, part: str) -> int:
    """Return the number, from 1, of the first line that holds ``part``."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)
