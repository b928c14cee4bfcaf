"""Training programs in a few lines each: other tasks than classes, and a loop that fits them."""

from __future__ import annotations

BEGIN = """
import warnings

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter("ignore")  # torch warns of shapes that are broadcast
torch.manual_seed(0)
torch.set_num_threads(1)
"""

VALUES = """
x = torch.randn(512, 6)
y = x[:, 0] - 2 * x[:, 1]
model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
"""

CLASSES = """
x = torch.randn(512, 12)
y = x[:, :4].argmax(1)
model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
"""

SEQUENCES = """
x = torch.randn(512, 7, 5)
y = (x[:, :, 0].sum(1) > 0).long()
"""

TOKENS = """
V = 11
x = (torch.randint(0, V, (400, 1)) + 3 * torch.arange(9)) % V
"""

LOSS_OF_CLASSES = "F.cross_entropy(model(x[i]), y[i])"


def trained(
    task: str, loss: str, steps: int = 200, before: str = "", lr: float = 3e-3, batch: int = 32
) -> str:
    """Return a program that trains ``model`` of a task with a loss of the samples ``x[i]``."""
    inner = "".join(f"    {line}\n" for line in before.strip().splitlines())
    return (
        f"{BEGIN}{task}\n"
        f"optimizer = torch.optim.Adam(model.parameters(), lr={lr})\n"
        f"for step in range({steps}):\n"
        f"    i = torch.randint(0, len(x), ({batch},))\n"
        f"{inner}"
        f"    loss = {loss}\n"
        "    optimizer.zero_grad()\n"
        "    loss.backward()\n"
        "    optimizer.step()\n"
    )


def model_of(init: str, forward: str) -> str:
    """Return the class of a model, and a model of it."""
    lines = "".join(f"        {line}\n" for line in init.strip().splitlines())
    body = "".join(f"        {line}\n" for line in forward.strip().splitlines())
    return (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"{lines}\n    def forward(self, x):\n{body}\n\nmodel = Net()\n"
    )


ENCODER = (
    "self.inp = nn.Linear(5, 16)\n"
    "self.enc = nn.TransformerEncoderLayer(16, 2, 32, {options})\n"
    "self.out = nn.Linear(16, 2)"
)
ENCODED = "return self.out(self.enc(self.inp(x)).mean(1))"

LANGUAGE = (
    "self.emb = nn.Embedding(V, 16)\nself.rnn = nn.GRU(16, {units}, batch_first=True{options})\n"
    "self.out = nn.Linear({width}, V)"
)
SAID = "return self.out(self.rnn(self.emb(x))[0])"
NEXT = "F.cross_entropy(model(x[i][:, :-1]).flatten(0, 1), x[i][:, 1:].flatten())"
BACKWARD_ALSO = LANGUAGE.format(units=8, width=16, options=", bidirectional=True")
LOOKS_BACK = LANGUAGE.format(units=16, width=16, options="")
