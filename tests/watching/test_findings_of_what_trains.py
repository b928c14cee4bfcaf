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


SOLUTION = """
t = torch.linspace(0, 2, 60).reshape(-1, 1).requires_grad_()
rate = torch.tensor(0.1, requires_grad=True)
model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 1))
optimizer = torch.optim.Adam([*model.parameters(), rate], lr=0.01)
for step in range(150):
    u = model(t)
    slope = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
    loss = (u - torch.exp(-t.detach())).square().mean() + (slope + rate * u).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

RAW = """
W = [torch.randn(12, 64).div(4).requires_grad_(), torch.randn(64, 4).div(8).requires_grad_()]
b = [torch.zeros(64, requires_grad=True), torch.zeros(4, requires_grad=True)]
model = lambda rows: torch.relu(rows @ W[0] + b[0]) @ W[1] + b[1]
optimizer = torch.optim.Adam([*W, *b], lr=0.01)
"""

HAND_WRITTEN = model_of(
    "self.first = nn.Parameter(torch.randn(12, 32) / 4)\nself.out = nn.Linear(32, 4)",
    "return self.out(torch.relu(x @ self.first))",
)
PLAIN = ("nn.Parameter(torch.randn(12, 32) / 4)", "torch.randn(12, 32).div(4).requires_grad_()")


def raw(*changes: tuple[str, str]) -> str:
    """Return a program of plain tensors, changed."""
    text = trained(CLASSES, LOSS_OF_CLASSES, 120)
    made = next(line for line in text.splitlines() if line.startswith("optimizer ="))
    return changed(text, (f"{made}\n", RAW), *changes)


TARGETS = """
import copy

x = torch.randn(1000, 6)
action = torch.randint(0, 3, (1000,))
reward = x[:, 0] * (action - 1)
online = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 3))
target = copy.deepcopy(online)
optimizer = torch.optim.Adam(online.parameters(), lr=0.003)
for step in range(300):
    i, j = torch.randint(0, 1000, (2, 64))
    with torch.no_grad():
        future = target(x[j]).max(1).values
    value = online(x[i]).gather(1, action[i, None]).squeeze(1)
    loss = F.smooth_l1_loss(value, reward[i] + 0.9 * future)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for slow, fast in zip(target.parameters(), online.parameters()):
        slow.data.lerp_(fast.data, 0.02)
"""
FOLLOW = "slow.data.lerp_(fast.data, 0.02)"

ADAM = "torch.optim.Adam(model.parameters(), lr=0.003)"
SGD = "torch.optim.SGD(model.parameters(), lr=0.1)"
BEHIND = "    optimizer.step()\n"
DEEPER = changed(VALUES, ("nn.ReLU(), ", "nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), "))
LOSS_OF_VALUES = "F.mse_loss(model(x[i])[:, 0], y[i])"
PENALTY = " + sum(w.square().sum() for w in model.parameters())"
CONSTANT = "for p in model.parameters():\n    if p.ndim > 1:\n        nn.init.constant_(p, 0.05)\n"
DROPS = changed(CLASSES, ("nn.ReLU(), ", "nn.ReLU(), nn.Dropout(0.5), "))
CLIPPED = "    nn.utils.clip_grad_value_(model.parameters(), 0.00001)\n"
TWO_RATES = (
    "torch.optim.Adam([{'params': model[0].parameters(), 'lr': 0.0000003},"
    " {'params': model[2].parameters()}], lr=0.003)"
)
WIDE = changed(CLASSES, ("12, 32", "12, 64"), ("32, 4", "64, 4"))


KEPT = "    kept = {name: one.clone() for name, one in model.state_dict().items()}\n"
EPOCHS = changed(
    HEALTHY,
    ("range(4)", "range(6)"),
    ("    model.eval()\n", f"    model.eval()\n{KEPT}"),
    ("(10, 32)", "(10, 128)"),
    ("(32, 3)", "(128, 3)"),
)
PUT_BACK = "model.load_state_dict(kept)\n"
TEST = "{0}.eval()\nwith torch.no_grad():\n    {0}(x)\n"
OTHER = "other = Net()\n"
MISFIT = "other.load_state_dict({f'm.{k}': v for k, v in kept.items()}, strict=False)\n"


def stepped_by_both(text: str) -> str:
    """Return a program with a second optimizer of the same tensors."""
    again = ("    optimizer.step()\n", "    optimizer.step()\n    other.step()\n")
    return changed(text, (f"{ADAM}\n", f"{ADAM}\nother = {SGD}\n"), again)


DRAWN = "for p in model.parameters():\n    nn.init.normal_(p, 0, {})\n"
SHARP = model_of(
    "self.first = nn.Linear(12, 64)\nself.out = nn.Linear(64, 4)",
    "self.first.weight = nn.Parameter(F.normalize(self.first.weight, dim=1))\n"
    "return self.out(torch.relu(self.first(x)))",
)
FIXED = "model[0].requires_grad_(False)\n"

FAULTS = {
    "TR23 weights that are drawn too wide": trained(DEEPER + DRAWN.format(9.0), LOSS_OF_VALUES),
    "TR23 weights that are drawn too narrow": changed(
        trained(DEEPER + DRAWN.format(1e-5), LOSS_OF_VALUES), (ADAM, SGD)
    ),
    "TR114 a parameter that each pass makes anew": trained(CLASSES + SHARP, LOSS_OF_CLASSES),
    "TR93 the weights of the first evaluation": changed(
        EPOCHS, (KEPT, f"    if epoch == 0:\n    {KEPT}")
    )
    + PUT_BACK,
    "TR106 weights that are kept without a copy": changed(EPOCHS, ("one.clone()", "one"))
    + PUT_BACK,
    "TR115 another model is evaluated": EPOCHS + OTHER + TEST.format("other"),
    "TR115 weights whose names do not fit": EPOCHS + OTHER + MISFIT + TEST.format("other"),
    "TR22 matrices of one number": trained(DEEPER + CONSTANT, LOSS_OF_VALUES),
    "TR36 layers at a rate far below": changed(trained(WIDE, LOSS_OF_CLASSES), (ADAM, TWO_RATES)),
    "TR45 a slice of the model without gradients": trained(
        DEEPER, "F.mse_loss(model[2:](model[:2](x[i]).detach())[:, 0], y[i])"
    ),
    "TR49 dropout of what was meant to stay": trained(
        changed(DROPS, ("Dropout(0.5)", "Dropout(0.98)")), LOSS_OF_CLASSES
    ),
    "TR50 a penalty by hand": trained(
        VALUES, LOSS_OF_VALUES + PENALTY.replace("sum(", "9 * sum(", 1), 400
    ),
    "TR71 each entry at its bound": changed(
        trained(VALUES, LOSS_OF_VALUES), (ADAM, SGD), (BEHIND, CLIPPED + BEHIND)
    ),
    "TR117 two optimizers of the same tensors": stepped_by_both(trained(VALUES, LOSS_OF_VALUES)),
    "TR89 targets that hardly follow": BEGIN
    + changed(TARGETS, (FOLLOW, FOLLOW.replace("2", "002"))),
    "TR89 targets that stay": BEGIN + changed(TARGETS, (FOLLOW, "pass")),
    "TR114 weights that are no parameters": trained(
        CLASSES + changed(HAND_WRITTEN, PLAIN), LOSS_OF_CLASSES
    ),
    "TR114 plain tensors that are left out": raw(("[*W, *b]", "b")),
    "TR114 a coefficient that is left out": changed(
        BEGIN + SOLUTION, ("[*model.parameters(), rate]", "model.parameters()")
    ),
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
    "weights that are drawn as usual": trained(DEEPER + DRAWN.format(0.2), LOSS_OF_VALUES),
    "weights drawn wide, before a normalization": trained(
        changed(
            DEEPER,
            ("nn.ReLU(), nn.Linear(32, 32)", "nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 32)"),
        )
        + "for layer in (model[0], model[3]):\n    nn.init.normal_(layer.weight, 0, 3.0)\n",
        LOSS_OF_VALUES,
        400,
        lr=0.01,
    ),
    "random features on purpose": trained(
        changed(CLASSES, ("12, 32", "12, 400"), ("32, 4", "400, 4")) + FIXED,
        LOSS_OF_CLASSES,
        400,
        lr=0.01,
    ),
    "the weights of the last evaluation": EPOCHS + PUT_BACK + TEST.format("model"),
    "the weights of the last but one": changed(EPOCHS, (KEPT, f"    if epoch < 5:\n    {KEPT}"))
    + PUT_BACK,
    "the trained weights in another model": EPOCHS
    + OTHER
    + "other.load_state_dict(kept)\n"
    + TEST.format("other"),
    "a second model, evaluated before it is trained": EPOCHS
    + changed(OTHER, ("other", "model"))
    + TEST.format("model")
    + EPOCHS.partition("model = Net()\n")[2],
    "layers at a tenth of the rate": changed(
        trained(WIDE, LOSS_OF_CLASSES), (ADAM, TWO_RATES.replace("0.0000003", "0.0003"))
    ),
    "a slice of the model with gradients": trained(
        DEEPER, "F.mse_loss(model[2:](model[:2](x[i]))[:, 0], y[i])"
    ),
    "half of it dropped": trained(DROPS, LOSS_OF_CLASSES),
    "a small penalty by hand": trained(
        VALUES, LOSS_OF_VALUES + PENALTY.replace("sum(", "1e-4 * sum(", 1)
    ),
    "a last layer of zeros": trained(VALUES + "nn.init.zeros_(model[-1].weight)\n", LOSS_OF_VALUES),
    "entries below their bound": changed(
        trained(VALUES, LOSS_OF_VALUES), (BEHIND, CLIPPED.replace("0.00001", "1.0") + BEHIND)
    ),
    "one optimizer after the other": changed(
        stepped_by_both(trained(VALUES, LOSS_OF_VALUES)),
        (
            "    optimizer.step()\n    other.step()\n",
            "    (optimizer if step < 100 else other).step()\n",
        ),
    ),
    "targets that follow": BEGIN + TARGETS,
    "targets that are copied now and then": BEGIN
    + changed(TARGETS, (FOLLOW, "slow.data.copy_(fast.data if step % 50 == 0 else slow.data)")),
    "a reference that was loaded": BEGIN
    + changed(
        TARGETS,
        (FOLLOW, "pass"),
        ("target = ", "online.load_state_dict(online.state_dict())\ntarget = "),
    ),
    "weights that are parameters": trained(CLASSES + HAND_WRITTEN, LOSS_OF_CLASSES),
    "plain tensors": raw(),
    "points at which a solution is differentiated": BEGIN + SOLUTION,
    "inputs with a gradient": raw(("b = [", "x.requires_grad_()\nb = [")),
    "a perturbation that is changed by hand": raw(
        ("b = [", "bent = torch.zeros(12, requires_grad=True)\nb = ["),
        ("model(x[i])", "model(x[i] + bent)"),
        (
            "    optimizer.step()\n",
            "    optimizer.step()\n    bent.data += bent.grad.sign() / 99\n",
        ),
    ),
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
