"""Steps, rates, schedules and averages of weights: each planted fault comes first and at its line;
what is meant so is left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEAD, HEALTHY, NET, changed, comes_first, found, line_of

Change = tuple[str, str]

ADAM = "torch.optim.Adam(model.parameters(), lr=0.01)"
MADE = f"optimizer = {ADAM}\n"
LOOP = "for epoch in range(4):\n"
CLEAR = "        optimizer.zero_grad()\n"
LOSS = "F.cross_entropy(model(inputs), targets)"
BACKWARD = "        loss.backward()\n"
STEP = "        optimizer.step()\n"
EVALUATE = "    model.eval()\n"
TESTED = "            model(x[start : start + 64])"
RATES = "torch.optim.lr_scheduler."
LONGER = ("range(4)", "range(16)")


def optimizer(text: str) -> Change:
    return ADAM, f"torch.optim.{text}"


def sgd(settings: str) -> Change:
    return optimizer(f"SGD(model.parameters(), {settings})")


def made(*lines: str) -> Change:
    """Return the change that adds lines after the optimizer's."""
    return MADE, MADE + "".join(f"{line}\n" for line in lines)


def after(line: str, *lines: str) -> Change:
    """Return the change that adds lines, of the same depth, after one."""
    blanks = line[: len(line) - len(line.lstrip())]
    return line, line + "".join(f"{blanks}{one}\n" for one in lines)


def averaged(decay: float) -> list[Change]:
    """Return the changes that evaluate an average of the weights."""
    return [
        made("import copy", "average = copy.deepcopy(model)"),
        after(STEP, "with torch.no_grad():",
              "    for a, p in zip(average.parameters(), model.parameters()):",
              f"        a.lerp_(p, {1 - decay})"),
        (EVALUATE, "    average.eval()\n"),
        (TESTED, TESTED.replace("model(", "average(")),
        LONGER,
    ]  # fmt: skip


CLOSURE = """\
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            return loss
        optimizer.step(closure)
"""
BODY = f"{CLEAR}        loss = {LOSS}\n{BACKWARD}{STEP}"
LBFGS = [
    ("nn.Dropout(0.1)", "nn.Dropout(0.0)"),
    ("batch_size=32", "batch_size=256"),
    ("range(4)", "range(40)"),
    optimizer("LBFGS(model.parameters(), lr=0.1, max_iter=4)"),
    (BODY, CLOSURE),
]
SCALED = [
    sgd("lr=0.05"),
    ("lr=0.05)\n", "lr=0.05)\nscaler = torch.amp.GradScaler('cpu')\n"),
    ("loss.backward()", "scaler.scale(loss).backward()"),
]
ZEROS = "model = Net()\nfor p in model.parameters(): nn.init.zeros_(p)"
BY_HAND = """\
        with torch.no_grad():
            for p in model.parameters():
                p += 0.1 * p.grad
"""

FAULTS: dict[str, tuple[str, list[Change], str]] = {
    "a rate a thousand times too low": (
        "TR36",
        [optimizer("Adam(model.parameters(), lr=3e-6)"), ("range(4)", "range(30)")],
        "torch.optim.Adam",
    ),
    "a rate of 0.5 for Adam": (
        "TR35",
        [optimizer("Adam(model.parameters(), lr=3.0)"), LONGER],
        "torch.optim.Adam",
    ),
    "a loss that falls only as the rate goes to 0": (
        "TR35",
        [made(f"scheduler = {RATES}CosineAnnealingLR(optimizer, 128)"),
         optimizer("Adam(model.parameters(), lr=1.0)"),
         after(STEP, "scheduler.step()"), LONGER],
        "torch.optim.Adam",
    ),
    "steps that hardly move a weight in the whole run": (
        "TR36",
        [optimizer("Adam(model.parameters(), lr=1e-5)"), ("nn.Dropout(0.1)", "nn.Dropout(0.0)"),
         ("range(4)", "range(60)")],
        "torch.optim.Adam",
    ),
    "milestones of epochs in each batch": (
        "TR118",
        [made(f"scheduler = {RATES}MultiStepLR(optimizer, [3, 6], gamma=0.3)"),
         after(STEP, "scheduler.step()"), LONGER],
        "MultiStepLR",
    ),
    "a linear decay of epochs in each batch": (
        "TR118",
        [made(f"scheduler = {RATES}LinearLR(optimizer, 1.0, 0.05, total_iters=8)"),
         after(STEP, "scheduler.step()"), LONGER],
        "LinearLR",
    ),
    "a weight decay that outweighs the data": (
        "TR50",
        [sgd("lr=0.1, weight_decay=1.0"), LONGER],
        "torch.optim.SGD",
    ),
    "a momentum of 1": ("TR81", [sgd("lr=0.3, momentum=1.0"), LONGER], "torch.optim.SGD"),
    "a bound that is a thousand times too small": (
        "TR71",
        [sgd("lr=0.05"), after(BACKWARD, "nn.utils.clip_grad_norm_(model.parameters(), 1e-3)"),
         LONGER],
        "clip_grad_norm_",
    ),
    "a decay of each epoch in each batch, without a loader": (
        "TR118",
        [("    for inputs, targets in loader:\n",
          "    for i in range(0, 256, 32):\n"
          "        inputs, targets = x[i : i + 32], y[i : i + 32]\n"),
         made(f"scheduler = {RATES}ExponentialLR(optimizer, 0.5)"),
         after(STEP, "scheduler.step()"), LONGER],
        "ExponentialLR",
    ),
    "a warm-up that never ends": (
        "TR118",
        [made(f"scheduler = {RATES}LambdaLR(optimizer, lambda n: min(1.0, (n + 1) / 1000))"),
         after(STEP, "scheduler.step()"), LONGER],
        "LambdaLR",
    ),
    "a rate of 0": (
        "TR118",
        [made(f"scheduler = {RATES}LambdaLR(optimizer, lambda n: n // 1000)"),
         after(STEP, "scheduler.step()"), LONGER],
        "LambdaLR",
    ),
    "a scheduler of another optimizer": (
        "TR118",
        [made("import warnings", "warnings.simplefilter('ignore')",
              "other = torch.optim.Adam(Net().parameters(), lr=0.01)",
              f"scheduler = {RATES}LambdaLR(other, lambda n: 0.9**n)"),
         (EVALUATE, "    scheduler.step()\n" + EVALUATE), LONGER],
        "LambdaLR",
    ),
    "a scheduler that is made in each epoch": (
        "TR118",
        [(LOOP, f"{LOOP}    scheduler = {RATES}CosineAnnealingLR(optimizer, 8)\n"),
         (EVALUATE, "    scheduler.step()\n" + EVALUATE), ("range(4)", "range(8)")],
        "CosineAnnealingLR",
    ),
    "an optimizer that is made in each step": (
        "TR118",
        [(MADE, ""), (CLEAR, f"        optimizer = {ADAM}\n{CLEAR}")],
        "torch.optim.Adam",
    ),
    "ReduceLROnPlateau of an accuracy that is to be low": (
        "TR93",
        [made(f"scheduler = {RATES}ReduceLROnPlateau(optimizer, patience=0)"),
         (EVALUATE, "    scheduler.step((model(x).argmax(1) == y).float().mean().item())\n"
          + EVALUATE), LONGER],
        "ReduceLROnPlateau",
    ),
    "gradients that LBFGS finds uncleared": (
        "TR46",
        [*LBFGS, ("            optimizer.zero_grad()\n", "")],
        "loss.backward()",
    ),
    "gradients that LBFGS finds cleared": (
        "TR116",
        [*LBFGS,
         ("            optimizer.zero_grad()\n", ""),
         ("            loss.backward()\n", "            loss.backward()\n"
          "            optimizer.zero_grad()\n")],
        "optimizer.step(closure)",
    ),
    "a loss that is a new tensor": (
        "TR116",
        [(LOSS, f"torch.tensor({LOSS}.item(), requires_grad=True)")],
        "loss.backward()",
    ),
    "a loss of an answer without gradient": (
        "TR116",
        [(LOSS, "F.cross_entropy(model(inputs).detach(), targets).requires_grad_()")],
        "loss.backward()",
    ),
    "a step once an epoch, of the last batch": (
        "TR116",
        [(STEP, ""), (EVALUATE, "    optimizer.step()\n" + EVALUATE), LONGER],
        "loss.backward()",
    ),
    "a step once an epoch": (
        "TR116",
        [(CLEAR, ""), (STEP, ""),
         (EVALUATE, "    optimizer.step()\n    optimizer.zero_grad()\n" + EVALUATE), LONGER],
        "loss.backward()",
    ),
    "one of two optimizers never steps": (
        "TR116",
        [optimizer("Adam(model.hidden.parameters(), lr=0.01)"),
         ("lr=0.01)\n", "lr=0.01)\nsecond = torch.optim.SGD(model.out.parameters(), lr=0.1)\n")],
        "torch.optim.SGD",
    ),
    "gradients with a scaler's factor": ("TR74", SCALED, "optimizer.step()"),
    "weights that are loaded again after each step": (
        "TR45",
        [made("import copy", "kept = copy.deepcopy(model.state_dict())"),
         after(STEP, "model.load_state_dict(kept)")],
        "optimizer.step()",
    ),
    "weights that are written over by .data": (
        "TR45",
        [made("kept = [p.detach().clone() for p in model.parameters()]"),
         after(STEP, "for p, k in zip(model.parameters(), kept): p.data = k.clone()")],
        "optimizer.step()",
    ),
    "an average at rest": ("TR89", averaged(0.9999), "average(x[start"),
    "a copy that is evaluated": (
        "TR115",
        [made("import copy", "old = copy.deepcopy(model)"), (EVALUATE, "    old.eval()\n"),
         (TESTED, TESTED.replace("model(", "old("))],
        "old(x[start",
    ),
    "a loss with a minus": ("TR33", [sgd("lr=0.05"), (LOSS, f"-{LOSS}")], "loss.backward()"),
    "maximize": ("TR33", [sgd("lr=0.05, maximize=True")], "torch.optim.SGD"),
    "updates by hand along the gradient": (
        "TR33",
        [(MADE, ""), (CLEAR, "        model.zero_grad()\n"), (STEP, BY_HAND)],
        "loss.backward()",
    ),
    "weights of 0": ("TR22", [("model = Net()", ZEROS)], "def forward"),
    "constant weights": (
        "TR22",
        [("model = Net()", ZEROS.replace("zeros_(p)", "constant_(p, 0.1)")),
         ("nn.Dropout(0.1)", "nn.Dropout(0.0)"), LONGER],
        "def forward",
    ),
}  # fmt: skip
"""Name: the code that must come first, how the healthy program is changed, and the line named."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_comes_first_and_at_its_line(name: str, tmp_path: Path) -> None:
    code, changes, line = FAULTS[name]
    comes_first(tmp_path, changed(HEALTHY, *changes), code, line)


TIMES_0 = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 32)
        self.out = nn.Linear(32, 3)

    def forward(self, x):
        return self.out(0.0 * self.hidden(x) + x.repeat(1, 4)[:, :32])
"""


def test_a_gradient_that_is_exactly_0_is_told(tmp_path: Path) -> None:
    text = changed(HEALTHY, (NET.strip() + "\n", TIMES_0))
    first = found(tmp_path, text)[0]
    assert (first.code, first.where) == ("TR45", "Net.hidden.weight")


FROZEN = "model = Net()\nmodel.hidden = nn.Linear(10, 64)\nmodel.out = nn.Linear(64, 3)\n"
PRETRAINED = (
    FROZEN
    + """\
first = torch.optim.Adam(model.parameters(), lr=0.05)
for step in range(60):
    first.zero_grad()
    F.cross_entropy(model(x), y).backward()
    first.step()
"""
)


def test_random_layers_that_are_frozen_are_told_from_trained_ones(tmp_path: Path) -> None:
    freeze = "model.hidden.requires_grad_(False)"
    text = changed(HEALTHY, ("model = Net()", FROZEN + freeze))
    first = found(tmp_path, text)[0]
    assert (first.code, first.severity) == ("TR45", "warning")
    trained = changed(HEALTHY, ("model = Net()", PRETRAINED + freeze))
    assert "TR45" not in [finding.code for finding in found(tmp_path, trained)]


def test_tensors_that_an_update_by_hand_leaves_out_are_told(tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        (MADE, ""),
        (CLEAR, "        model.zero_grad()\n"),
        (STEP, BY_HAND.replace("+=", "-=").replace("model.", "model.out.")),
    )
    assert found(tmp_path, text)[0].code == "TR114"


def test_the_first_steps_of_a_second_optimizer_are_looked_at(tmp_path: Path) -> None:
    """After a first phase of many steps, the body is frozen and the optimizer has only that."""
    phase = made(
        "for step in range(60):",
        "    optimizer.zero_grad()",
        "    F.cross_entropy(model(x), y).backward()",
        "    optimizer.step()",
        "model.hidden.requires_grad_(False)",
        "model.out = nn.Linear(32, 3)",
        "optimizer = torch.optim.SGD(model.hidden.parameters(), lr=0.1)",
    )
    text = changed(HEALTHY, phase)
    first = found(tmp_path, text)[0]
    assert first.code == "TR114"
    assert first.location is not None
    assert first.location["line"] == line_of(text, "torch.optim.SGD")


SEQUENCE = (
    f"scheduler = {RATES}SequentialLR(optimizer, [{RATES}LinearLR(optimizer, 0.1, total_iters=3), "
    f"{RATES}CosineAnnealingLR(optimizer, 90)], [100])"
)

HEALTHY_PROGRAMS: dict[str, list[Change]] = {
    "fine-tuning at a small rate": [
        made("for i in range(60):", "    optimizer.zero_grad()",
             "    F.cross_entropy(model(x), y).backward()", "    optimizer.step()",
             "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)"),
        LONGER,
    ],
    "weights that were loaded, and a small rate": [
        made("for i in range(60):", "    optimizer.zero_grad()",
             "    F.cross_entropy(model(x), y).backward()", "    optimizer.step()",
             "state = model.state_dict()", "model = Net()", "model.load_state_dict(state)",
             "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)"),
        LONGER,
    ],
    "Adagrad at 0.1": [optimizer("Adagrad(model.parameters(), lr=0.1)")],
    "Adadelta at 1": [optimizer("Adadelta(model.parameters(), lr=1.0)"), LONGER],
    "Rprop": [optimizer("Rprop(model.parameters(), lr=0.01)"), ("batch_size=32", "batch_size=256"),
              ("range(4)", "range(40)"), ("nn.Dropout(0.1)", "nn.Dropout(0.0)")],
    "AdamW with a decay of 0.1": [optimizer("AdamW(model.parameters(), lr=0.01, weight_decay=0.1)"),
                                  LONGER],
    "a warm-up that ends, of two schedules": [made(SEQUENCE), after(STEP, "scheduler.step()"),
                                              LONGER],
    "milestones of batches in each batch": [
        made(f"scheduler = {RATES}MultiStepLR(optimizer, [60, 100], gamma=0.3)"),
        after(STEP, "scheduler.step()"), LONGER],
    "milestones of epochs in each epoch": [
        made(f"scheduler = {RATES}MultiStepLR(optimizer, [3, 6], gamma=0.3)"),
        (EVALUATE, "    scheduler.step()\n" + EVALUATE), LONGER],
    "a loss that falls at a high rate, stays, and falls again": [
        made(f"scheduler = {RATES}MultiStepLR(optimizer, [10], gamma=0.1)"),
        sgd("lr=0.3, momentum=0.9"),
        (EVALUATE, "    scheduler.step()\n" + EVALUATE), LONGER],
    "a careful rate that learns": [
        optimizer("Adam(model.parameters(), lr=2e-4)"), ("range(4)", "range(30)")],
    "cosine with restarts": [
        made(f"scheduler = {RATES}CosineAnnealingWarmRestarts(optimizer, 2)"),
        (EVALUATE, "    scheduler.step()\n" + EVALUATE), LONGER],
    "one cycle": [made(f"scheduler = {RATES}OneCycleLR(optimizer, 0.02, total_steps=128)"),
                  after(STEP, "scheduler.step()"), LONGER],
    "a mild decay in each batch": [made(f"scheduler = {RATES}ExponentialLR(optimizer, 0.99)"),
                                   after(STEP, "scheduler.step()"), LONGER],
    "ReduceLROnPlateau of an accuracy that is to be high": [
        made(f"scheduler = {RATES}ReduceLROnPlateau(optimizer, mode='max', patience=0)"),
        (EVALUATE, "    scheduler.step((model(x).argmax(1) == y).float().mean().item())\n"
         + EVALUATE), LONGER],
    "a head that begins at 0": [
        ("model = Net()", "model = Net()\nnn.init.zeros_(model.out.weight)")],
    "an average that follows": averaged(0.9),
    "weights of the average for each evaluation": [
        made("import copy", "average = copy.deepcopy(model.state_dict())"),
        after(STEP, "for k, v in model.state_dict().items(): average[k].lerp_(v, 0.1)"),
        (EVALUATE, "    kept = copy.deepcopy(model.state_dict())\n"
         "    model.load_state_dict(average)\n" + EVALUATE),
        (TESTED, TESTED + "\n    model.load_state_dict(kept)"),
    ],
    "a scaler that is asked to step": [
        *SCALED, ("optimizer.step()", "scaler.step(optimizer); scaler.update()")],
    "a bound that only Adam's rate undoes": [
        after(BACKWARD, "nn.utils.clip_grad_norm_(model.parameters(), 0.01)")],
    "several models in turn": [
        ("model = Net()", "for fold in range(4):\n    model = Net()\n    optimizer = "
         + ADAM + "\n    for inputs, targets in DataLoader(TensorDataset(x, y), batch_size=16):\n"
         "        optimizer.zero_grad()\n"
         "        F.cross_entropy(model(inputs), targets).backward()\n"
         "        optimizer.step()\nmodel = Net()"), LONGER],
    "LBFGS": LBFGS,
    "the gradient of each sample, added up by the program": [
        sgd("lr=0.3"),
        (BODY, """\
        total = [torch.zeros_like(p) for p in model.parameters()]
        for one, its in zip(inputs, targets):
            model.zero_grad()
            F.cross_entropy(model(one[None]), its[None]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for t, p in zip(total, model.parameters()):
                t += p.grad / len(inputs)
        for t, p in zip(total, model.parameters()):
            p.grad = t
        optimizer.step()
"""),
    ],
    "gradients that the program sets itself": [
        made("other = nn.Linear(10, 1)", "second = torch.optim.Adam(other.parameters(), lr=0.01)"),
        (BODY, """\
        loss = F.cross_entropy(model(inputs), targets)
        found = torch.autograd.grad(loss, list(model.parameters()))
        for p, g in zip(model.parameters(), found):
            p.grad = g
        optimizer.step()
        second.zero_grad()
        F.mse_loss(other(inputs), inputs[:, :1]).backward()
        second.step()
"""),
    ],
    "an input that is made to fool the network": [
        ("model = Net()", "model = Net().requires_grad_(False)\n"
            "noise = torch.zeros(256, 10, requires_grad=True)"),
        optimizer("SGD([noise], lr=1.0)"),
        (LOSS, "-F.cross_entropy(model(inputs + noise[: len(inputs)]), targets)"),
    ],
    "phases of one cycle each": [
        ("model = Net()\n", "model = Net()\nfor phase in range(5):\n"
         "    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n"
         f"    scheduler = {RATES}OneCycleLR(optimizer, 0.01, total_steps=16)\n"
         "    for step in range(16):\n"
         "        optimizer.zero_grad()\n        F.cross_entropy(model(x), y).backward()\n"
         "        optimizer.step()\n        scheduler.step()\n"),
    ],
    "sharpness-aware steps": [
        sgd("lr=0.1, momentum=0.9"),
        (BODY, """\
        F.cross_entropy(model(inputs), targets).backward()
        with torch.no_grad():
            moves = [0.05 * p.grad / (p.grad.norm() + 1e-9) for p in model.parameters()]
            for p, move in zip(model.parameters(), moves):
                p.add_(move)
        model.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves):
                p.sub_(move)
        optimizer.step()
        optimizer.zero_grad()
"""),
    ],
}  # fmt: skip
"""Programs that are well, though something in them looks like a fault."""


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_in_a_healthy_program_nothing_is_found(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, changed(HEALTHY, *HEALTHY_PROGRAMS[name])) == []


VALUES = (
    HEAD
    + """
import copy
q = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))
target = copy.deepcopy(q)
optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(400):
    s = torch.randn(32, 10)
    a = torch.randint(0, 3, (32, 1))
    with torch.no_grad():
        goal = 1 + 0.1 * s[:, 0] + 0.97 * target(s + 0.1 * torch.randn(32, 10)).max(1)[0]
    loss = F.smooth_l1_loss(q(s).gather(1, a)[:, 0], goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        target.load_state_dict(q.state_dict())
"""
)

CLIPPED_WEIGHTS = (
    HEAD
    + """
G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 10))
D = nn.Sequential(nn.Linear(10, 32), nn.LeakyReLU(), nn.Linear(32, 1))
opt_g = torch.optim.RMSprop(G.parameters(), lr=5e-5)
opt_d = torch.optim.RMSprop(D.parameters(), lr=5e-5)
for step in range(60):
    for _ in range(5):
        fake = G(torch.randn(32, 4)).detach()
        opt_d.zero_grad()
        (D(fake).mean() - D(x[torch.randint(0, 256, (32,))]).mean()).backward()
        opt_d.step()
        for p in D.parameters():
            p.data.clamp_(-0.05, 0.05)
    opt_g.zero_grad()
    (-D(G(torch.randn(32, 4))).mean()).backward()
    opt_g.step()
"""
)

LEARNERS = (
    HEAD
    + """
from torch.func import functional_call
m = nn.Sequential(nn.Linear(1, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(m.parameters(), lr=1e-3)
for step in range(60):
    total = 0.0
    for _ in range(3):
        a = 6 * torch.rand(20, 1) - 3
        b = torch.sin(a + 3 * torch.rand(1))
        weights = dict(m.named_parameters())
        inner = F.mse_loss(functional_call(m, weights, (a[:10],)), b[:10])
        slopes = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
        moved = {k: p - 0.05 * s for (k, p), s in zip(weights.items(), slopes)}
        total = total + F.mse_loss(functional_call(m, moved, (a[10:],)), b[10:])
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
"""
)


@pytest.mark.parametrize("text", [VALUES, CLIPPED_WEIGHTS, LEARNERS])
def test_losses_that_mean_something_else_are_left_in_peace(text: str, tmp_path: Path) -> None:
    """Values that are learned from themselves rise; critics and inner steps follow others."""
    assert [one for one in found(tmp_path, text) if one.severity == "error"] == []


def test_a_layer_that_a_closure_does_not_reach_is_told(tmp_path: Path) -> None:
    """All looks of so short a program fall into its first step."""
    net = NET.strip() + "\n"
    cut = net.replace("self.out = ", "self.more = nn.Linear(10, 32)\n        self.out = ").replace(
        "self.hidden(x)", "self.hidden(x) + self.more(x).detach()"
    )
    text = changed(
        HEALTHY, (net, cut), *LBFGS, ("range(40)", "range(3)"), ("max_iter=4", "max_iter=9")
    )
    first = found(tmp_path, text)[0]
    assert (first.code, first.where) == ("TR45", "Net.more.weight")


DEAF = (
    HEAD
    + """
x = torch.randn(640, 10)
y = {targets}
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
optimizer = torch.optim.Adam(model.parameters(), lr={lr})
for step in range(160):
    i = torch.randint(0, 640, (32,))
    optimizer.zero_grad()
    F.cross_entropy(model(x[i]), y[i]).backward()
    optimizer.step()
"""
)
PARITY = "((x[:, 0] * x[:, 1] * x[:, 2] > 0).long() * 2 + (x[:, 3] * x[:, 4] * x[:, 5] > 0).long())"


@pytest.mark.parametrize("targets", [PARITY, "torch.randint(0, 4, (640,))"])
def test_a_network_that_cannot_move_proves_nothing_of_its_targets(
    targets: str, tmp_path: Path
) -> None:
    """The rate comes first; at a usual rate, targets without relation are told."""
    slow = [one.code for one in found(tmp_path, DEAF.format(targets=targets, lr=1e-7))]
    assert slow[0] == "TR36"
    assert "TR10" not in slow


def test_targets_without_relation_are_told_at_a_usual_rate(tmp_path: Path) -> None:
    text = DEAF.format(targets="torch.randint(0, 4, (640,))", lr=1e-3)
    assert "TR10" in [one.code for one in found(tmp_path, text)]
