"""Mistakes in data, targets, losses and layers, each named first; and their healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEALTHY, changed, found
from tests.watching.tasks import (
    BACKWARD_ALSO,
    BEGIN,
    CLASSES,
    ENCODED,
    ENCODER,
    LOOKS_BACK,
    LOSS_OF_CLASSES,
    NEXT,
    SAID,
    SEQUENCES,
    TOKENS,
    VALUES,
    model_of,
    trained,
)

OTHER_ROWS = "j = torch.randint(0, len(x), (32,))"
ERROR = "F.mse_loss(model(x[i])[:, 0], y[i])"
SCORES = "F.binary_cross_entropy_with_logits(model(x[i])[:, 0], (y[{rows}] > 0).float())"
ADDED = model_of(
    "self.a = nn.Linear(6, 1)\nself.b = nn.Linear(6, 1)",
    "return self.a(x).squeeze(1) + self.b(x)",
)
BY_HAND = model_of(
    "self.a = nn.Linear(12, 32)\nself.out = nn.Linear(32, 4)",
    "h = self.a(x)\nreturn self.out(F.relu((h - h.mean(0)) / (h.std(0) + 1e-5)))",
)
ATTENTION = model_of(
    "self.q = nn.Linear(5, 5)\nself.out = nn.Linear(5, 2)",
    "w = (self.q(x) @ x.transpose(1, 2)).softmax({dim})\nreturn self.out((w @ x).mean(1))",
)
ROOT = "F.mse_loss((model(x[i])[:, 0] - model(x[{rows}])[:, 0]).pow(2){guard}.sqrt(), y[i])"
SIGN = model_of(
    "self.a = nn.Linear(12, 32)\nself.out = nn.Linear(32, 4)",
    "h = self.a(x)\nreturn self.out({sign})",
)
BY_TOKEN = model_of(
    "self.emb = nn.Embedding(V, 16)\nself.rnn = nn.GRU(16, 16, batch_first=True)\n"
    "self.out = nn.Linear(16, 3)",
    "return F.log_softmax(self.out(self.rnn(self.emb(x))[0]), {dim})",
)
LABELLED = TOKENS + "y = (x + x.roll(1, 1)) % 3\n"
TAGS = "F.nll_loss(model(x[i]).flatten(0, 1), y[i].flatten())"
MASKED = model_of(
    "self.emb = nn.Embedding(V, 16)\n"
    "self.att = nn.MultiheadAttention(16, 2, batch_first=True)\nself.out = nn.Linear(16, 2)",
    "h = self.emb(x)\nreturn self.out(self.att(h, h, h, key_padding_mask=x {sign} 0)[0].amax(1))",
)
PADDED = TOKENS + "y = (x == 5).any(1).long()\nx[: 200, 5:] = 0\nx[200:, 0] = 1\nx[::3] = 2\n"
SORTED = """
x = torch.linspace(0, 1, 640)[:, None]
y = torch.sin(6 * x)
model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(6):
    for inputs, targets in DataLoader(TensorDataset(x, y), batch_size=32, shuffle={shuffle}):
        loss = F.mse_loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
VALIDATION = """\
    model.eval()
    for inputs, targets in DataLoader(TensorDataset(x[:64], y[:64]), batch_size=32):
        loss = F.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
"""

FAULTS = {
    "TR10 values of other rows": (
        "TR10",
        trained(VALUES, "F.mse_loss(model(x[i])[:, 0], y[j])", 400, OTHER_ROWS),
    ),
    "TR10 an error by hand, of other rows": (
        "TR10",
        trained(VALUES, "((model(x[i])[:, 0] - y[j]) ** 2).mean()", 400, OTHER_ROWS),
    ),
    "TR10 yes or no of other rows": (
        "TR10",
        trained(VALUES, SCORES.format(rows="j"), 400, OTHER_ROWS),
    ),
    "TR02 divided twice": ("TR02", trained(CLASSES + "x = x / 255 / 4\n", LOSS_OF_CLASSES)),
    "TR03 evaluated in another unit": (
        "TR03",
        changed(HEALTHY, ("model(x[start : start + 64])", "model(40 * x[start : start + 64])")),
    ),
    "TR06 values far from 1": (
        "TR06",
        trained(VALUES + "y = 300 * y + 4000\n", ERROR, 300),
    ),
    "TR08 steps on validation data": (
        "TR08",
        changed(HEALTHY[: HEALTHY.index("    with torch.no_grad()")], ("    model.eval()\n", ""))
        + VALIDATION
        + "        optimizer.step()\n",
    ),
    "TR17 sorted values": ("TR17", BEGIN + SORTED.format(shuffle=False)),
    "TR25 no logarithm, by hand": (
        "TR25",
        trained(CLASSES, "-model(x[i]).softmax(1)[torch.arange(32), y[i]].mean()"),
    ),
    "TR26 softmax before soft targets": (
        "TR26",
        trained(CLASSES, "F.cross_entropy(model(x[i]).softmax(1), F.one_hot(y[i], 4).float())"),
    ),
    "TR26 sigmoid of a sigmoid": (
        "TR26",
        trained(
            VALUES,
            "F.binary_cross_entropy(model(x[i])[:, 0].sigmoid().sigmoid(), (y[i] > 0).float())",
        ),
    ),
    "TR28 an error by hand, beyond the sigmoid": (
        "TR28",
        trained(VALUES, "((model(x[i])[:, 0].sigmoid() - y[i]) ** 2).mean()"),
    ),
    "TR32 [N, 1] against [N], smooth": (
        "TR32",
        trained(VALUES, "F.smooth_l1_loss(model(x[i]), y[i])"),
    ),
    "TR32 [N] + [N, 1] in the model": (
        "TR32",
        trained(VALUES + ADDED, "F.mse_loss(model(x[i]), y[i])"),
    ),
    "TR32 the same with an error by hand": (
        "TR32",
        trained(VALUES + ADDED, "((model(x[i]) - y[i]) ** 2).mean()"),
    ),
    "TR32 statistics of the batch by hand": ("TR32", trained(CLASSES + BY_HAND, LOSS_OF_CLASSES)),
    "TR32 attention between samples": (
        "TR32",
        trained(
            SEQUENCES + model_of(ENCODER.format(options="dropout=0.1"), ENCODED),
            LOSS_OF_CLASSES,
            60,
        ),
    ),
    "TR32 a softmax over the samples": (
        "TR32",
        trained(SEQUENCES + ATTENTION.replace("{dim}", "0"), LOSS_OF_CLASSES, 60),
    ),
    "TR32 a softmax over time": (
        "TR32",
        trained(LABELLED + BY_TOKEN.replace("{dim}", "1"), TAGS, 60),
    ),
    "TR45 a sign": (
        "TR45",
        trained(CLASSES + SIGN.replace("{sign}", "torch.sign(h)"), LOSS_OF_CLASSES),
    ),
    "TR47 training that goes on in evaluation mode": (
        "TR47",
        changed(HEALTHY, ("    model.train()\n", "")),
    ),
    "TR47 dropout as a function": (
        "TR47",
        changed(HEALTHY, ("self.drop = nn.Dropout(0.1)\n", "pass\n"), ("self.drop(", "F.dropout(")),
    ),
    "TR97 a model that looks ahead": (
        "TR97",
        trained(TOKENS + model_of(BACKWARD_ALSO, SAID), NEXT),
    ),
    "TR97 targets that are not shifted": (
        "TR97",
        trained(
            TOKENS + model_of(LOOKS_BACK, SAID),
            "F.cross_entropy(model(x[i]).flatten(0, 1), x[i].flatten())",
        ),
    ),
    "TR121 the gradient of a root of 0": (
        "TR121",
        trained(VALUES, ROOT.format(rows="i", guard="")),
    ),
    "TR121 the same, where no look is": (
        "TR121",
        trained(VALUES, ROOT.format(rows="i if step == 40 else i.roll(1)", guard="")),
    ),
    "TR121 all targets ignored": (
        "TR121",
        trained(CLASSES, "F.cross_entropy(model(x[i]), y[i] if step != 9 else -100 + 0 * y[i])"),
    ),
    "TR121 a mask the wrong way round": (
        "TR121",
        trained(PADDED + MASKED.replace("{sign}", "!="), LOSS_OF_CLASSES, 60),
    ),
}
"""Name: the code that must come first, and the program."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_comes_first(name: str, tmp_path: Path) -> None:
    code, text = FAULTS[name]
    assert found(tmp_path, text)[0].code == code


PAIRS = model_of(
    "self.a = nn.Linear(6, 8)\nself.b = nn.Linear(6, 8)",
    "return F.normalize(self.a(x[:, :6]), dim=1) @ F.normalize(self.b(x[:, 6:]), dim=1).T / 0.2",
)
GRAPH = """
edges = ((torch.rand(64, 64) < 0.1).float() + torch.eye(64)).clamp(max=1)
edges = edges / edges.sum(1, keepdim=True)
x = torch.randn(64, 6)
y = (edges @ x)[:, :3].argmax(1)
"""
NODES = model_of(
    "self.edges = edges\nself.a = nn.Linear(6, 32)\nself.out = nn.Linear(32, 3)",
    "return self.out(self.edges @ F.relu(self.a(self.edges @ x)))",
)
BAGS = """
x, y = torch.randn(64, 10, 8), torch.randint(0, 2, (64,))
x[:, 3, 0] += 4 * y
"""
INSTANCES = model_of(
    "self.att = nn.Linear(8, 1)\nself.out = nn.Linear(8, 2)",
    "return self.out((self.att(x).softmax(0) * x).sum(0, keepdim=True))",
)
OWN_NORM = """
class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(12))

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
            return x - x.mean(0)
        return x - self.mean


model = nn.Sequential(Norm(), nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 4))
"""
TIME_FIRST = model_of(
    "self.rnn = nn.GRU(5, 16)\nself.out = nn.Linear(16, 5)", "return self.out(self.rnn(x)[0])"
)
BOTTLENECK = model_of(
    "self.emb = nn.Embedding(V, 16)\nself.enc = nn.GRU(16, 24, batch_first=True)\n"
    "self.dec = nn.GRU(24, 24, batch_first=True)\nself.out = nn.Linear(24, V)",
    "code = self.enc(self.emb(x))[0][:, -1:]\n"
    "return self.out(self.dec(code.expand(-1, 9, -1).contiguous())[0])",
)
MOVED_AHEAD = """
import copy
target = copy.deepcopy(model)
act = torch.randint(0, 2, (512, 1))
reward = ((x[:, 0] > 0).long() == act[:, 0]).float()
model, target = [nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2)) for _ in range(2)]
"""
BELLMAN = "with torch.no_grad():\n    t = reward[i] + 0.9 * target(x[i.roll(1)]).amax(1)"
NOISE = """
t = torch.rand(32, 1)
e = torch.randn(32, 6)
"""
DENOISED = "F.mse_loss(model((1 - t).sqrt() * x[i] + t.sqrt() * e), e[:, :1])"

HEALTHY_PROGRAMS = {
    "values": trained(VALUES, ERROR, 300),
    "values of size 20 that are learned": trained(VALUES + "y = y + 20\n", ERROR, 500, lr=3e-2),
    "yes or no": trained(VALUES, SCORES.format(rows="i"), 300),
    "rare classes with weights": trained(
        CLASSES + "y = (x[:, 0] > 1.4).long()\nw = torch.tensor([1.0, 12.0, 1.0, 1.0])\n",
        "F.cross_entropy(model(x[i]), y[i], weight=w)",
        300,
    ),
    "a focal loss": trained(
        CLASSES,
        "((1 - (-c).exp()) ** 2 * c).mean()",
        300,
        "c = F.cross_entropy(model(x[i]), y[i], reduction='none')",
    ),
    "mixed samples": trained(
        CLASSES,
        "0.3 * F.cross_entropy(o, y[i]) + 0.7 * F.cross_entropy(o, y[i.roll(1)])",
        300,
        "o = model(0.3 * x[i] + 0.7 * x[i.roll(1)])",
    ),
    "many inputs of which one is 1": trained(
        CLASSES + "k = torch.randint(0, 500, (512,))\nx, y = F.one_hot(k, 500).float(), k % 4\n"
        "model[0] = nn.Linear(500, 32)\n",
        LOSS_OF_CLASSES,
    ),
    "small inputs that the network normalizes": trained(
        CLASSES + "x = x / 1000\nmodel.insert(0, nn.BatchNorm1d(12))\n", LOSS_OF_CLASSES
    ),
    "shuffled values": BEGIN + SORTED.format(shuffle=True),
    "gradients in evaluation, without steps": changed(
        HEALTHY[: HEALTHY.index("    with torch.no_grad()")], ("    model.eval()\n", "")
    )
    + VALIDATION,
    "dropout as a function, with the mode": changed(
        HEALTHY,
        ("self.drop = nn.Dropout(0.1)\n", "pass\n"),
        (
            "self.drop(F.relu(self.hidden(x)))",
            "F.dropout(F.relu(self.hidden(x)), 0.1, self.training)",
        ),
    ),
    "pairs": trained(
        CLASSES + "x[:, 6:] += 2 * x[:, :6]\n" + PAIRS,
        "F.cross_entropy(model(x[i]), torch.arange(32))",
    ),
    "a graph": trained(GRAPH + NODES, "F.cross_entropy(model(x + 0.01 * torch.randn(64, 6)), y)"),
    "attention within samples": trained(
        SEQUENCES + model_of(ENCODER.format(options="batch_first=True"), ENCODED),
        LOSS_OF_CLASSES,
        60,
    ),
    "a softmax over the instances of a bag": trained(
        BAGS + INSTANCES, "F.cross_entropy(model(x[i[0]]), y[i[:1]])", 600, lr=1e-2
    ),
    "a batch norm of one's own": trained(CLASSES + OWN_NORM, LOSS_OF_CLASSES),
    "time on the first axis": trained(
        SEQUENCES + TIME_FIRST,
        "F.mse_loss(model(x[i].transpose(0, 1)), x[i].transpose(0, 1).cumsum(0) / 3)",
    ),
    "the next token, looking back": trained(TOKENS + model_of(LOOKS_BACK, SAID), NEXT),
    "tokens through a bottleneck": trained(
        TOKENS + BOTTLENECK, "F.cross_entropy(model(x[i]).transpose(1, 2), x[i])", lr=1e-2
    ),
    "tags of tokens, in both directions": trained(LABELLED + BY_TOKEN.replace("{dim}", "-1"), TAGS),
    "a sign that is passed by": trained(
        CLASSES + SIGN.replace("{sign}", "h + (torch.sign(h) - h).detach()"), LOSS_OF_CLASSES
    ),
    "an adapter that begins at 0": trained(
        CLASSES + "nn.init.zeros_(model[2].weight)\n", LOSS_OF_CLASSES
    ),
    "a root that is kept from 0": trained(
        VALUES, ROOT.format(rows="i.roll(1)", guard=".add(1e-6)")
    ),
    "a mask of padding": trained(PADDED + MASKED.replace("{sign}", "=="), LOSS_OF_CLASSES, 60),
    "values of actions": trained(
        VALUES + MOVED_AHEAD,
        "F.smooth_l1_loss(model(x[i]).gather(1, act[i])[:, 0], t)",
        300,
        BELLMAN,
    ),
    "noise that is to be predicted": trained(VALUES, DENOISED, 200, NOISE),
}


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_its_healthy_relative_has_no_error(name: str, tmp_path: Path) -> None:
    assert [one for one in found(tmp_path, HEALTHY_PROGRAMS[name]) if one.severity != "info"] == []


def test_one_call_in_training_mode_is_a_warning(tmp_path: Path) -> None:
    """A program that evaluates once, at the end."""
    text = changed(
        HEALTHY,
        ("    model.eval()\n", ""),
        ("    with torch.no_grad():\n        for start in range(0, 256, 64):\n"
         "            model(x[start : start + 64])", "with torch.no_grad():\n    model(x)"),
    )  # fmt: skip
    (only,) = found(tmp_path, text)
    assert (only.code, only.severity) == ("TR47", "warning")
