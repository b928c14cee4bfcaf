"""Layers that follow each other without an activation, statistics and averages that stay behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEALTHY, LOOP, changed, comes_first, found

RELU = "self.drop(F.relu(self.hidden(x)))"
NORM = ("self.drop = nn.Dropout(0.1)", "self.drop = nn.BatchNorm1d(32{options})")

AVERAGED = (
    HEALTHY.split(LOOP)[0]
    + """
import copy
model = Net()
average = copy.deepcopy(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)

@torch.no_grad()
def update():
    for mine, other in zip(average.parameters(), model.parameters()):
        mine.lerp_(other, 0.1)
    for mine, other in zip(average.buffers(), model.buffers()):
        mine.copy_(other)

for epoch in range(5):
    model.train()
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        update()
    average.eval()
    with torch.no_grad():
        average(x)
"""
)
COPY_BUFFERS = """\
    for mine, other in zip(average.buffers(), model.buffers()):
        mine.copy_(other)
"""

RAW = """
import torch
torch.manual_seed(0)
x = torch.randn(256, 6)
y = (x[:, 0] * x[:, 1] > 0).long()
w1 = torch.nn.Parameter(torch.randn(6, 24) * 0.4)
w2 = torch.nn.Parameter(torch.randn(24, 24) * 0.2)
w3 = torch.nn.Parameter(torch.randn(24, 2) * 0.2)
optimizer = torch.optim.Adam([w1, w2, w3], lr=0.01)
for step in range(80):
    scores = ((x @ w1).tanh() @ w2).tanh() @ w3
    loss = -scores.log_softmax(1)[torch.arange(256), y].mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

FAULTS = {
    "no activation": ("TR52", HEALTHY, [(RELU, "self.drop(self.hidden(x))")]),
    "a batch norm and no activation": (
        "TR52",
        HEALTHY,
        [(NORM[0], NORM[1].format(options="")), (RELU, "self.drop(self.hidden(x))")],
    ),
    "products of plain tensors": (
        "TR52", RAW, [("(x @ w1).tanh() @ w2).tanh()", "x @ w1 @ w2)")],
    ),
    "a mask of samples": (
        "TR52", HEALTHY, [(RELU, "self.drop(self.hidden(x)) * torch.ones(len(x), 1)")],
    ),
    "convolutions": (
        "TR52",
        HEALTHY,
        [("self.hidden = nn.Linear(10, 32)",
          "self.hidden = nn.Conv1d(1, 8, 3)\n        self.more = nn.Conv1d(8, 4, 5)"),
         (RELU, "self.more(self.hidden(x[:, None])).flatten(1)"),
         ("nn.Linear(32, 3)", "nn.Linear(16, 3)")],
    ),
    "a batch norm that hardly remembers": (
        "TR48", HEALTHY, [(NORM[0], NORM[1].format(options=", momentum=0.001"))],
    ),
    "an average once an epoch": ("TR89", AVERAGED, [
        ("        update()\n", ""), ("    average.eval()\n", "    update()\n    average.eval()\n"),
    ]),
    "an average of the weights only": (
        "TR89", AVERAGED, [(NORM[0], NORM[1].format(options="")), (COPY_BUFFERS, "")],
    ),
}  # fmt: skip

HEALTHY_ONES = {
    "a model without hidden layers": [(RELU, "x"), ("nn.Linear(32, 3)", "nn.Linear(10, 3)")],
    "a narrow layer between wide ones": [
        ("nn.Linear(32, 3)", "nn.Sequential(nn.Linear(32, 2), nn.Linear(2, 3))"),
    ],
    "a recurrent layer of a straight one": [
        ("self.hidden = nn.Linear(10, 32)",
         "self.hidden = nn.Linear(1, 16)\n        self.rnn = nn.LSTM(16, 32, batch_first=True)"),
        (RELU, "self.drop(self.rnn(self.hidden(x[:, :, None]))[0][:, -1])"),
    ],
    "attention": [
        ("self.hidden = nn.Linear(10, 32)",
         "self.hidden = nn.Linear(1, 32)\n"
         "        self.mixed = nn.MultiheadAttention(32, 2, batch_first=True)"),
        (RELU, "self.drop(self.attended(self.hidden(x[:, :, None])))"),
        ("    def forward(self, x):",
         "    def attended(self, h):\n        return F.relu(h + self.mixed(h, h, h)[0]).mean(1)\n\n"
         "    def forward(self, x):"),
    ],
    "a residual sum": [
        ("self.hidden = nn.Linear(10, 32)",
         "self.hidden = nn.Linear(10, 32)\n        self.more = nn.Linear(32, 32)"),
        (RELU, "self.drop(self.residual(F.relu(self.hidden(x))))"),
        ("    def forward(self, x):",
         "    def residual(self, h):\n        return h + self.more(h).relu()\n\n"
         "    def forward(self, x):"),
    ],
    "a depthwise convolution before a pointwise one": [
        ("self.hidden = nn.Linear(10, 32)",
         "self.first = nn.Conv1d(1, 8, 3)\n        self.each = nn.Conv1d(8, 8, 3, groups=8)\n"
         "        self.all = nn.Conv1d(8, 8, 1)"),
        (RELU, "F.relu(self.all(self.each(F.relu(self.first(x[:, None]))))).flatten(1)"),
        ("nn.Linear(32, 3)", "nn.Linear(48, 3)"),
    ],
    "a ReLU by hand": [
        (RELU, "self.drop(self.rectified(self.hidden(x)))"),
        ("    def forward(self, x):",
         "    def rectified(self, h):\n        return h * (h > 0).float()\n\n"
         "    def forward(self, x):"),
    ],
    "a straight-through estimator": [
        (RELU, "self.drop(self.rounded(self.hidden(x)))"),
        ("    def forward(self, x):",
         "    def rounded(self, h):\n        return h + (h.round() - h).detach()\n\n"
         "    def forward(self, x):"),
    ],
    "a usual batch norm": [(NORM[0], NORM[1].format(options=""))],
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_comes_first(tmp_path: Path, name: str) -> None:
    code, text, changes = FAULTS[name]
    first = found(tmp_path, changed(text, *changes))[0]
    assert first.code == code, first
    assert first.location is not None


@pytest.mark.parametrize("name", HEALTHY_ONES)
def test_no_such_fault_is_found_in(tmp_path: Path, name: str) -> None:
    codes = {one.code for one in found(tmp_path, changed(HEALTHY, *HEALTHY_ONES[name]))}
    assert codes.isdisjoint({"TR48", "TR52", "TR89"})


@pytest.mark.parametrize("text", [RAW, AVERAGED], ids=["tensors", "average"])
def test_nothing_is_found_in_the_whole_ones(tmp_path: Path, text: str) -> None:
    assert not found(tmp_path, text)


def test_the_place_is_that_of_the_first_straight_layer(tmp_path: Path) -> None:
    text = changed(HEALTHY, (RELU, "self.drop(self.hidden(x))"))
    comes_first(tmp_path, text, "TR52", "self.drop(self.hidden(x))")
