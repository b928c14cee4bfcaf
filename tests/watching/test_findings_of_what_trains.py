"""Parts that do not train, or hardly: in programs of several optimizers, losses written by hand,
and models with more than one input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEALTHY, changed, found
from tests.watching.tasks import BEGIN, CLASSES, LOSS_OF_CLASSES, VALUES, model_of, trained

PINBALL = "(y[i] - model(x[i])[:, 0]).abs().clamp(min=0.01).mean()"
BEST = (
    "\nbest = {k: v.clone() for k, v in model.state_dict().items()}\nmodel.load_state_dict(best)\n"
)

BAGS = """
words = torch.randint(0, 50, (400, 12))
y = (words < 10).float().mean(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(50, 8, sparse=True)
        self.head = nn.Linear(8, 1)

    def forward(self, words):
        return self.head(self.bag(words)).squeeze(1)
"""

TWO_OPTIMIZERS = """

def main():
    model = Net()
    optimizers = [
        torch.optim.SparseAdam(list(model.bag.parameters()), lr=0.02),
        torch.optim.Adam(model.head.parameters(), lr=0.02),
    ]
    for step in range(120):
        i = torch.randint(0, len(words), (32,))
        loss = F.mse_loss(model(words[i]), y[i])
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


main()
"""

NEIGHBOURS = model_of(
    "self.one = nn.Linear(12, 32)\nself.two = nn.Linear(32, 4)",
    "h = F.dropout(F.relu(self.one(A @ x)), 0.3, self.training)\nreturn self.two(A @ h)",
)
GRAPH = (
    BEGIN
    + CLASSES
    + "A = torch.eye(512)\n"
    + NEIGHBOURS
    + """
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
known = torch.arange(0, 512, 2)
for step in range(60):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(x).log_softmax(1)[known], y[known])
    loss.backward()
    optimizer.step()
model.eval()
print((model(x).argmax(1) == y)[1::2].float().mean())
"""
)


FAULTS = {
    "TR36 weights that are put back at the end": trained(VALUES, PINBALL, 300, lr=3e-6) + BEST,
    "TR36 a loss that stays": trained(CLASSES, LOSS_OF_CLASSES, 120, lr=3e-6),
    "TR116 the last optimizer of a list": changed(
        BEGIN + BAGS + TWO_OPTIMIZERS,
        (
            "in optimizers:\n            optimizer.step()",
            "in ():\n            pass\n        optimizer.step()",
        ),
    ),
    "TR47 dropout as a function, evaluated with gradients": changed(GRAPH, (", self.training", "")),
}

HEALTHY_PROGRAMS = {
    "weights that are put back at the end": trained(VALUES, PINBALL, 300) + BEST,
    "a step of each optimizer of a list": BEGIN + BAGS + TWO_OPTIMIZERS,
    "dropout as a function, with the mode": GRAPH,
    "dropout as a function, never evaluated": changed(
        GRAPH, (", self.training", ""), ("model.eval()\n", "")
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_comes_first(name: str, tmp_path: Path) -> None:
    first = found(tmp_path, FAULTS[name])[0]
    assert first.code == name.split()[0], first


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_in_its_healthy_relative_nothing_is_found(name: str, tmp_path: Path) -> None:
    assert [one for one in found(tmp_path, HEALTHY_PROGRAMS[name]) if one.severity != "info"] == []


def test_what_a_cut_off_part_brings_about_is_not_taken_for_a_fault_of_the_targets(
    tmp_path: Path,
) -> None:
    text = changed(HEALTHY, ("self.hidden(x))", "self.hidden(x)).detach()"))
    codes = [one.code for one in found(tmp_path, text)]
    assert codes[0] == "TR45"
    assert "TR10" not in codes
