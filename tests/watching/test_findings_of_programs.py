"""Each fault that `watch` knows, planted in a program, comes first, at its line; no trap does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import HEAD, HEALTHY, LOOP, NET, changed, comes_first, found

BACKWARD = "loss.backward()"
CLEAR = "        optimizer.zero_grad()\n"
STEP = "        optimizer.step()"
ADAM = "torch.optim.Adam(model.parameters(), lr=0.01)"
SGD = "torch.optim.SGD(model.parameters(), lr=0.05)"
MADE = "lr=0.01)\n"
LABELS = "y = x[:, :3].argmax(1)"
LOSS = "F.cross_entropy(model(inputs), targets)"
SQUARES = "((model(inputs) - targets) ** 2).mean()"
HEAD_LAYER, ONE = "nn.Linear(32, 3)", "nn.Linear(32, 1)"
SCHEDULE = "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.1)\n"
CLIP = "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
EACH = "    for inputs, targets in loader:\n"
NUMBERED = "    for i, (inputs, targets) in enumerate(loader):\n"
FOURTH = """\
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()"""
LAYERS = "self.out = nn.Linear(32, 3)"
COPIED = f"""\
self.back = nn.Linear(10, 32)
        self.back.weight = nn.Parameter(self.hidden.weight.detach().clone())
        {LAYERS}"""
TIED = f"""\
self.back = nn.Linear(10, 32)
        self.back.weight = self.hidden.weight
        {LAYERS}"""
BOTH = ("F.relu(self.hidden(x))", "F.relu(self.hidden(x) + self.back(x))")
SORTED = f"""\
{LABELS}
order = y.argsort()
x, y = x[order], y[order]"""
LBFGS = "torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)"
CLOSURE = """\
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            return loss
        optimizer.step(closure)"""
BODY = f"""\
        optimizer.zero_grad()
        loss = {LOSS}
        loss.backward()
        optimizer.step()"""
BY_HAND = """\
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad"""

FAULTS = {
    "TR46 never cleared": ("TR46", [(CLEAR, "")], BACKWARD),
    "TR116 cleared before use": (
        "TR116",
        [
            (CLEAR, ""),
            (STEP, CLEAR + STEP),
        ],
        "optimizer.step()",
    ),
    "TR116 no step": ("TR116", [(STEP + "\n", "")], BACKWARD),
    "TR114 a layer after those that train": (
        "TR114",
        [("model.parameters()", "model.hidden.parameters()")],
        "torch.optim.Adam",
    ),
    "TR115 the optimizer of a model that was replaced": (
        "TR115",
        [(MADE, MADE + "model = Net()\n")],
        "torch.optim.Adam",
    ),
    "TR45 cut off": (
        "TR45",
        [("F.relu(self.hidden(x))", "F.relu(self.hidden(x)).detach()")],
        ".detach()",
    ),
    "TR26 softmax before cross-entropy": (
        "TR26",
        [
            (
                "return self.out(self.drop(F.relu(self.hidden(x))))",
                "return F.softmax(self.out(self.drop(F.relu(self.hidden(x)))), dim=1)",
            )
        ],
        "F.softmax",
    ),
    "TR29 ReLU before cross-entropy": (
        "TR29",
        [("return self.out(", "return F.relu(self.out("), ("(x))))", "(x)))))")],
        "F.relu(self.out",
    ),
    "TR25 nll of logits": ("TR25", [("F.cross_entropy", "F.nll_loss")], "F.nll_loss"),
    "TR32 softmax over the samples": (
        "TR32",
        [
            (
                LOSS,
                "F.nll_loss(F.log_softmax(model(inputs), dim=0), targets)",
            )
        ],
        "F.nll_loss",
    ),
    "TR32 broadcast": (
        "TR32",
        [
            (LABELS, "y = x[:, 0]"),
            (HEAD_LAYER, ONE),
            (LOSS, SQUARES),
        ],
        "** 2).mean()",
    ),
    "TR27 softmax of one output": (
        "TR27",
        [
            (LABELS, "y = (x[:, 0] > 0).float()"),
            (HEAD_LAYER, ONE),
            (
                LOSS,
                "F.binary_cross_entropy(model(inputs).softmax(1).squeeze(1), targets)",
            ),
        ],
        ".softmax(1)",
    ),
    "TR28 targets that no probability reaches": (
        "TR28",
        [
            (LABELS, "y = 50 + 10 * x[:, :1]"),
            (HEAD_LAYER, ONE),
            (
                LOSS,
                "F.mse_loss(model(inputs).sigmoid(), targets)",
            ),
        ],
        ".sigmoid()",
    ),
    "TR47 trained in evaluation mode": (
        "TR47",
        [("    model.train()", "    model.eval()")],
        BACKWARD,
    ),
    "TR47 tested in training mode": ("TR47", [("    model.eval()\n", "")], "model(x[start"),
    "TR48 batch norm of two samples": (
        "TR48",
        [("nn.Dropout(0.1)", "nn.BatchNorm1d(32)"), ("batch_size=32", "batch_size=2")],
        "def forward",
    ),
    "TR17 sorted by class": (
        "TR17",
        [(LABELS, SORTED), ("shuffle=True", "shuffle=False")],
        "DataLoader(Tensor",
    ),
    "TR01 unscaled inputs": (
        "TR01",
        [("x = torch.randn(256, 10)", "x = 300 * torch.randn(256, 10)")],
        "def forward",
    ),
    "TR05 NaN in the inputs": (
        "TR05",
        [(LABELS, LABELS + "\nx[::7, 4] = float('nan')")],
        "def forward",
    ),
    "TR35 a rate that throws the weights about": (
        "TR35",
        [(ADAM, SGD.replace("0.05", "500"))],
        "torch.optim.SGD",
    ),
    "TR36 a rate that moves nothing": ("TR36", [("lr=0.01", "lr=1e-8")], "torch.optim.Adam"),
    "TR121 logarithm of 0": (
        "TR121",
        [
            (
                LOSS,
                "-torch.log((model(inputs).softmax(1) - 0.9).relu()).mean()",
            )
        ],
        "torch.log",
    ),
    "TR118 a schedule of epochs in batches": (
        "TR118",
        [
            (MADE, MADE + SCHEDULE),
            (STEP, STEP + "\n        scheduler.step()"),
            ("range(4)", "range(8)"),
        ],
        "lr_scheduler",
    ),
    "TR118 a schedule that is never stepped": (
        "TR118",
        [(MADE, MADE + SCHEDULE), ("range(4)", "range(8)")],
        "lr_scheduler",
    ),
    "TR119 clipped after the step": (
        "TR119",
        [
            (
                STEP,
                f"{STEP}\n{CLIP}",
            )
        ],
        "clip_grad_norm_",
    ),
    "TR117 accumulated, not averaged": (
        "TR117",
        [
            (ADAM, SGD),
            (EACH + CLEAR, NUMBERED),
            (STEP, FOURTH),
        ],
        BACKWARD,
    ),
    "TR120 weights that were copied": (
        "TR120",
        [
            (LAYERS, COPIED),
            BOTH,
        ],
        "def forward",
    ),
}
"""Name: the code that must come first, how the healthy program is changed, and the line named."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_comes_first_and_at_its_line(name: str, tmp_path: Path) -> None:
    code, changes, line = FAULTS[name]
    comes_first(tmp_path, changed(HEALTHY, *changes), code, line)


HEALTHY_PROGRAMS = {
    "as it is": [],
    "cleared after the step": [
        (CLEAR, ""),
        (STEP, f"{STEP}\n{CLEAR}"),
    ],
    "cleared by hand": [("optimizer.zero_grad()", "for p in model.parameters(): p.grad = None")],
    "cleared with zeros": [("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)")],
    "accumulated and divided": [
        (EACH + CLEAR, NUMBERED),
        ("        loss.backward()", "        (loss / 4).backward()"),
        (STEP, FOURTH),
    ],
    "a frozen layer": [("model = Net()", "model = Net()\nmodel.hidden.requires_grad_(False)")],
    "clipped": [(STEP, f"{CLIP}\n{STEP}")],
    "a schedule once an epoch": [
        (
            MADE,
            MADE + SCHEDULE,
        ),
        ("    model.eval()\n", "    scheduler.step()\n    model.eval()\n"),
    ],
    "log_softmax before nll": [(LOSS, "F.nll_loss(model(inputs).log_softmax(1), targets)")],
    "some rows of a log_softmax": [
        (
            LOSS,
            "F.nll_loss(model(inputs).log_softmax(1)[targets >= 0], targets[targets >= 0])",
        )
    ],
    "values of shape [N, 1]": [
        (LABELS, "y = x[:, :1]"),
        (HEAD_LAYER, ONE),
        (LOSS, SQUARES),
    ],
    "sigmoid and binary cross-entropy": [
        (LABELS, "y = (x[:, :1] > 0).float()"),
        (HEAD_LAYER, ONE),
        (LOSS, "F.binary_cross_entropy(model(inputs).sigmoid(), targets)"),
    ],
    "not shuffled, classes mixed": [("shuffle=True", "shuffle=False")],
    "tied weights": [
        (LAYERS, TIED),
        BOTH,
    ],
    "LBFGS": [
        ("nn.Dropout(0.1)", "nn.Dropout(0.0)"),
        ("batch_size=32", "batch_size=256"),
        ("range(4)", "range(40)"),
        (ADAM, LBFGS),
        (BODY, CLOSURE),
    ],
    "updates by hand": [
        ("optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n", ""),
        (CLEAR, "        model.zero_grad()\n"),
        (STEP, BY_HAND),
    ],
}
"""Programs that are well, though something in them looks like a fault."""


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_in_a_healthy_program_nothing_is_found(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, changed(HEALTHY, *HEALTHY_PROGRAMS[name])) == []


def test_competing_networks_are_well(tmp_path: Path) -> None:
    """Two optimizers, gradients that reach the other network's weights, and a sampling of the
    generator in each step without gradients."""
    text = (
        HEAD
        + """
G = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
D = nn.Sequential(nn.Linear(10, 32), nn.LeakyReLU(), nn.Linear(32, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)
one, zero = torch.ones(32, 1), torch.zeros(32, 1)
for step in range(60):
    real = x[torch.randint(0, 256, (32,))]
    with torch.no_grad():
        fake = G(torch.randn(32, 4))
    opt_d.zero_grad()
    real_loss = F.binary_cross_entropy_with_logits(D(real), one)
    fake_loss = F.binary_cross_entropy_with_logits(D(fake), zero)
    (real_loss + fake_loss).backward()
    opt_d.step()
    opt_g.zero_grad()
    F.binary_cross_entropy_with_logits(D(G(torch.randn(32, 4))), one).backward()
    opt_g.step()
"""
    )
    assert found(tmp_path, text) == []


def test_the_head_alone_may_be_trained(tmp_path: Path) -> None:
    text = changed(HEAD + NET + LOOP, ("model.parameters()", "model.out.parameters()"))
    (only,) = found(tmp_path, text)
    assert (only.code, only.severity) == ("TR114", "warning")


def test_answers_that_are_sampled_with_dropout_on_purpose_are_well(tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        ("    model.eval()\n", ""),
        ("            model(x[start : start + 64])", "            batch = x[:64]\n"
         "            answers = [model(batch) for _ in range(9)]"),
    )  # fmt: skip
    assert found(tmp_path, text) == []


def test_layers_in_a_plain_list_are_named(tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        ("self.drop =", "self.more = [nn.Linear(32, 32)]\n        self.drop ="),
        ("F.relu(self.hidden(x))", "F.relu(self.more[0](F.relu(self.hidden(x))))"),
    )  # fmt: skip
    first = found(tmp_path, text)[0]
    assert first.code == "TR114"
    assert first.location is not None
    assert "nn.ModuleList" in first.location["advice"]


BY_DATA = """        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-0.1)"""
"""An update that changes no tensor's count of changes, and a clipping that changes gradients."""


@pytest.mark.parametrize("update", [BY_HAND, BY_DATA])
def test_updates_by_hand_that_keep_the_gradients_are_found(update: str, tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        (f"optimizer = {ADAM}\n", ""),
        (CLEAR, ""),
        (STEP, update),
        ("range(4)", "range(40)"),
    )
    assert found(tmp_path, text, every=10)[0].code == "TR46"


def test_a_model_that_is_gone_at_the_end_was_trained_all_the_same(tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        (f"optimizer = {ADAM}\n", ""),
        (CLEAR, "        model.zero_grad()\n"),
        (STEP, BY_DATA),
    )
    assert found(tmp_path, text + "model = Net()\n") == []


def test_every_optimizer_of_a_step_is_looked_at(tmp_path: Path) -> None:
    text = changed(
        HEALTHY,
        (ADAM, "torch.optim.Adam(model.hidden.parameters(), lr=0.01)\n"
         "second = torch.optim.SGD(model.out.parameters(), lr=0.1)"),
        (CLEAR, CLEAR + "        second.zero_grad()\n"),
        (STEP, STEP + "\n        second.step()"),
    )  # fmt: skip
    assert found(tmp_path, text) == []


def test_targets_that_nothing_predicts_are_told(tmp_path: Path) -> None:
    """Inputs and targets of different samples: the loss stays where the classes' shares are."""
    text = changed(HEALTHY, ("y = x[:, :3].argmax(1)", "y = torch.randint(0, 3, (256,))"),
                   ("lr=0.01", "lr=0.0003"), ("range(4)", "range(16)"))  # fmt: skip
    assert [finding.code for finding in found(tmp_path, text)] == ["TR10"]


def test_inputs_of_a_model_of_torchs_own_class_are_told_at_the_line_that_calls_it(
    tmp_path: Path,
) -> None:
    text = changed(
        HEALTHY,
        ("model = Net()", "model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))"),
        ("x = torch.randn(256, 10)", "x = torch.randn(256, 10) * 5000"),
    )
    comes_first(tmp_path, text, "TR01", LOSS)
