"""Policy gradients, adversarial parts, dense targets, recurrent states: mistakes in programs of
rarer kinds, each named first, and their healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, found, watched
from tests.watching.tasks import (
    BEGIN,
    CLASSES,
    LOSS_OF_CLASSES,
    SEQUENCES,
    TOKENS,
    model_of,
    trained,
)
from trickrun.findings.rules.program import findings

BANDIT = (
    BEGIN
    + """
from torch.distributions import Categorical

best = torch.randn(6, 4)
policy = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
critic = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam([*policy.parameters(), *critic.parameters()], lr=1e-2)
for step in range(400):
    state = torch.randn(64, 6)
    dist, value = Categorical(logits=policy(state)), critic(state)[:, 0]
    action = dist.sample()
    reward = (action == (state @ best).argmax(1)).float()
    advantage = reward - value.detach()
    choice = -(dist.log_prob(action) * advantage).mean()
    loss = choice + F.mse_loss(value, reward) - 0.01 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
)
PRODUCT = "choice = -(dist.log_prob(action) * advantage).mean()"
RATIO = """old = dist.log_prob(action).detach()
    ratio = (dist.log_prob(action) - old).exp()
    choice = -torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()"""

ADVERSARIAL = (
    BEGIN
    + """
class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -grad


x, y = torch.randn(512, 8), torch.randint(0, 3, (512,))
x[:, :3] += 3 * F.one_hot(y, 3)
place = torch.randint(0, 2, (512,))
features, head, place_head = nn.Linear(8, 24), nn.Linear(24, 3), nn.Linear(24, 2)
nets = nn.ModuleList([features, head, place_head])
optimizer = torch.optim.Adam(nets.parameters(), lr=3e-3)
for step in range(300):
    i = torch.randint(0, 512, (64,))
    h = F.relu(features(x[i]))
    loss = F.cross_entropy(head(h), y[i]) + F.cross_entropy(place_head(Reverse.apply(h)), place[i])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
)
IMAGES = """
x = torch.randn(96, 1, 12, 12)
y = (F.avg_pool2d(x, 3, 1, 1) > 0.1).float()
model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))
"""
MASKS = "F.binary_cross_entropy_with_logits(model(x[i]), y[i])"
CLASS_MASKS = "F.cross_entropy(model(x[i]), y[i][:, 0].long())"
TWO = "model[2] = nn.Conv2d(8, 2, 3, padding=1)\n"
OTHER_MASKS = "y = y[torch.randperm(96)]\n"

MIXTURE = """
x = torch.rand(512, 1) * 4 - 2
y = (torch.randint(0, 2, (512, 1)) * 2 - 1) * (1 + x.abs()) + 0.2 * torch.randn(512, 1)
"""
DENSITY = model_of(
    "self.a = nn.Linear(1, 24)\nself.out = nn.Linear(24, 6)",
    "w, m = self.out(torch.tanh(self.a(x))).chunk(2, 1)\nreturn w.softmax({dim}), m",
)
LIKELIHOOD = "-((p[0] * (-0.5 * (y[i] - p[1]) ** 2).exp()).sum(1) + 1e-6).log().mean()"
MASKED = "x, y = (x * (torch.rand(x.shape) > 0.3)), x\n"
PER_TOKEN = model_of(
    "self.emb, self.at = nn.Embedding(V, 24), nn.Embedding(9, 24)\n"
    "self.q, self.out = nn.Linear(24, 24), nn.Linear(24, V)",
    "h = self.emb(x) + self.at.weight\n"
    "w = (self.q(h) @ h.transpose(1, 2)).softmax({dim})\nreturn self.out(h + w @ h)",
)
IN_A_ROW = "F.cross_entropy(model(x[i]).flatten(0, 1), y[i].flatten())"
BY_TIME = model_of(
    "self.emb, self.rnn = nn.Embedding(V, 24), nn.GRU(24, 24)\nself.out = nn.Linear(24, V)",
    "return self.out(self.rnn(self.emb(x))[0])",
)
ROWS_OF_TIME = "F.cross_entropy(model(x[i].T).flatten(0, 1), y[i].T.flatten())"
UNROLLED = model_of(
    "self.cell, self.out = nn.{cell}(5, 16), nn.Linear(16, 2)",
    "h = {start}\nfor step in x.unbind(1):\n    h = self.cell(step, {state})\n"
    "return self.out({last})",
)
OWN_CELL = """
class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(21, 16)

    def forward(self, x, h):
        return torch.tanh(self.a(torch.cat([x, h], 1)))


nn.Own = lambda *sizes: Cell()
"""
ZEROS = "x.new_zeros(len(x), 16)"


def unrolled(cell: str, state: str, start: str = ZEROS, last: str = "h") -> str:
    """Return a program with a recurrent cell that is called step by step."""
    filled = {"cell": cell, "state": state, "start": start, "last": last}
    network = UNROLLED
    for name, text in filled.items():
        network = network.replace(f"{{{name}}}", text)
    return trained(SEQUENCES + OWN_CELL + network, LOSS_OF_CLASSES, 150)


DECODED = model_of(
    "self.rnn, self.out = nn.GRU(5, 16, batch_first=True), nn.Linear(16, 2)",
    "h = None\nfor part in x.split({window}, 1):\n"
    "    made, h = self.rnn(part, None if h is None else h.detach())\n"
    "return self.out(made[:, -1])",
)
STEEP = """
x = torch.rand(512, 2) * 4 - 2
y = (x[:, 0] * x[:, 1]).sin()
"""
SQUASHED = model_of(
    "self.a, self.b = nn.Linear(2, 32), nn.Linear(32, 32)\nself.out = nn.Linear(32, 1){begin}",
    "return self.out(torch.relu(self.b(torch.sigmoid(self.a(x) * {scale}))))",
)
VALUES_OF_X = "F.mse_loss(model(x[i])[:, 0], y[i])"
TIED = model_of(
    "self.w = nn.Parameter({std} * torch.randn(8, 12))\nself.b = nn.Parameter(torch.zeros(12))",
    "return torch.tanh(x @ self.w.T) @ self.w + self.b",
)
RESTORED = "F.mse_loss(model(x[i]), x[i])"

TRIPLETS = """
c = torch.randint(0, 4, (512,))
x = torch.randn(512, 12) + 3 * F.one_hot(c, 12)
of = [(c == k).nonzero()[:, 0] for k in range(4)]


def draw(k):
    return x[torch.stack([of[j][torch.randint(0, len(of[j]), ())] for j in k])]


"""
EMBEDDED = model_of(
    "self.a = nn.Linear(12, 24)\nself.out = nn.Linear(24, 8)",
    "return F.normalize(self.out(F.relu(self.a(x))), dim={dim})",
)
DRAWN = "k = torch.randint(0, 4, (32,))\nother = (k + torch.randint(1, 4, (32,))) % 4"
MARGIN = "F.triplet_margin_loss(model(draw(k)), model(draw(k)), model(draw(other)), margin=0.5)"
CRITIC = model_of(
    "self.a, self.out = nn.Linear(2, 24), nn.Linear(25, 1)",
    "h = F.relu(self.a(x))\nreturn self.out(torch.cat([h, h.std(0).mean().expand(len(h), 1)], 1))",
)
COMPETING = """
maker = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 2))
for_critic = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for_maker = torch.optim.RMSprop(maker.parameters(), lr=1e-3)
for step in range(150):
    real, made = torch.randn(64, 2) + 2, maker(torch.randn(64, 4))
    loss = model(made.detach()).mean() - model(real).mean()
    for_critic.zero_grad()
    loss.backward()
    for_critic.step()
    for one in model.parameters():
        one.data.clamp_(-0.1, 0.1)
    wanted = -model(maker(torch.randn(64, 4))).mean()
    for_maker.zero_grad()
    wanted.backward()
    for_maker.step()
"""
TWO_PARTS = """
encoder = nn.Sequential(nn.Linear(12, 24), nn.ReLU())
head = nn.Linear(24, 4)
first = torch.optim.Adam(encoder.parameters(), lr=3e-3)
second = torch.optim.Adam(head.parameters(), lr=3e-3)
for step in range(200):
    i = torch.randint(0, len(x), (32,))
    loss = F.cross_entropy(head(encoder(x[i]){cut}), y[i])
    first.zero_grad()
    second.zero_grad()
    loss.backward()
    first.step()
    second.step()
"""

FAULTS = {
    "TR32 embeddings of triplets normalized over the batch": (
        "TR32",
        trained(TRIPLETS + EMBEDDED.replace("{dim}", "0"), MARGIN, 150, DRAWN),
    ),
    "TR45 an encoder with an optimizer of its own that is cut off": (
        "TR45",
        BEGIN + CLASSES + TWO_PARTS.replace("{cut}", ".detach()"),
    ),
    "TR32 weights of a mixture over the batch": (
        "TR32",
        trained(MIXTURE + DENSITY.replace("{dim}", "0"), LIKELIHOOD, 200, "p = model(x[i])"),
    ),
    "TR32 attention of masked tokens over the batch": (
        "TR32",
        trained(TOKENS + MASKED + PER_TOKEN.replace("{dim}", "0"), IN_A_ROW),
    ),
    "TR45 a cell's state detached": ("TR45", unrolled("GRUCell", "h.detach()")),
    "TR45 the state and the memory detached": (
        "TR45",
        unrolled("LSTMCell", "tuple(one.detach() for one in h)", f"({ZEROS}, {ZEROS})", "h[0]"),
    ),
    "TR45 the data of the state of one's own cell": ("TR45", unrolled("Own", "h.data")),
    "TR45 a layer's state detached at each step": (
        "TR45",
        trained(SEQUENCES + DECODED.replace("{window}", "1"), LOSS_OF_CLASSES, 150),
    ),
    "TR42 steep from the beginning, though it learns": (
        "TR42",
        trained(
            STEEP + SQUASHED.replace("{scale}", "500").replace("{begin}", ""), VALUES_OF_X, 400
        ),
    ),
    "TR42 a large init whose loss falls from far above": (
        "TR42",
        trained(CLASSES + TIED.replace("{std}", "10"), RESTORED, 300, lr=0.03),
    ),
    "TR33 rewards made smaller": ("TR33", changed(BANDIT, (PRODUCT, PRODUCT.replace("-", "")))),
    "TR33 rewards made smaller, from a cross-entropy": (
        "TR33",
        changed(
            BANDIT,
            (
                PRODUCT,
                "logits = dist.logits\n    choice = "
                "-(F.cross_entropy(logits, action, reduction='none') * advantage).mean()",
            ),
        ),
    ),
    "TR33 rewards made smaller, of several steps": (
        "TR33",
        changed(
            BANDIT,
            (
                PRODUCT,
                "seen = torch.stack([dist.log_prob(action)] * 2)\n"
                "    choice = ((seen * advantage + 0.1) * (reward >= 0)).mean()",
            ),
        ),
    ),
    "TR10 masks of other images": ("TR10", trained(IMAGES + OTHER_MASKS, MASKS, batch=24)),
    "TR10 classes of other images' pixels": (
        "TR10",
        trained(IMAGES + TWO + OTHER_MASKS, CLASS_MASKS, batch=24),
    ),
    "TR10 values of other rows, of two lengths": (
        "TR10",
        trained(
            "x, y = torch.randn(512, 8), torch.randn(512)\n"
            + model_of("self.out = nn.Linear(1, 1)", "return self.out(x.mean(1, keepdim=True))"),
            "F.mse_loss(model(x[i, : 8 - step % 2])[:, 0], y[i])",
            400,
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_mistake_comes_first(name: str, tmp_path: Path) -> None:
    code, text = FAULTS[name]
    assert found(tmp_path, text)[0].code == code


HEALTHY_PROGRAMS = {
    "embeddings of triplets": trained(
        TRIPLETS + EMBEDDED.replace("{dim}", "1"), MARGIN, 150, DRAWN
    ),
    "a critic that compares the samples of a batch": BEGIN + CRITIC + COMPETING,
    "an encoder with an optimizer of its own": BEGIN + CLASSES + TWO_PARTS.replace("{cut}", ""),
    "weights of a mixture": trained(
        MIXTURE + DENSITY.replace("{dim}", "1"), LIKELIHOOD, 200, "p = model(x[i])"
    ),
    "attention of masked tokens": trained(
        TOKENS + MASKED + PER_TOKEN.replace("{dim}", "2"), IN_A_ROW
    ),
    "tokens with time first": trained(TOKENS + MASKED + BY_TIME, ROWS_OF_TIME, lr=1e-2),
    "a state that is handed on": unrolled("GRUCell", "h"),
    "a cell of one's own": unrolled("Own", "h"),
    "a state that is detached between windows": trained(
        SEQUENCES.replace("(x[:, :, 0].sum(1)", "(x[:, 4:, 0].sum(1)")
        + DECODED.replace("{window}", "4"),
        LOSS_OF_CLASSES,
        150,
    ),
    "steep, but not too steep": trained(
        STEEP + SQUASHED.replace("{scale}", "2").replace("{begin}", ""), VALUES_OF_X, 400
    ),
    "gates that begin closed": trained(
        STEEP
        + SQUASHED.replace("{scale}", "1").replace(
            "{begin}", "\nnn.init.constant_(self.a.bias, -5.0)"
        ),
        VALUES_OF_X,
        400,
    ),
    "a tied weight": trained(CLASSES + TIED.replace("{std}", "0.2"), RESTORED, 300),
    "a policy gradient with a critic": BANDIT,
    "a ratio of probabilities": changed(BANDIT, (PRODUCT, RATIO)),
    "costs that are made smaller": changed(
        BANDIT,
        ("advantage = reward - value.detach()", "excess = value.detach() - reward"),
        (PRODUCT, "choice = (dist.log_prob(action) * excess).mean()"),
    ),
    "an advantage that is the other way round": changed(
        BANDIT,
        ("advantage = reward - value.detach()", "advantage = value.detach() - reward"),
        (PRODUCT, PRODUCT.replace("-", "")),
    ),
    "features that tell nothing of the place": ADVERSARIAL,
    "masks": trained(IMAGES, MASKS, batch=24),
    "classes of pixels": trained(IMAGES + TWO, CLASS_MASKS, batch=24),
}


@pytest.mark.parametrize("name", HEALTHY_PROGRAMS)
def test_in_its_healthy_relative_nothing_is_found(name: str, tmp_path: Path) -> None:
    assert [one for one in found(tmp_path, HEALTHY_PROGRAMS[name]) if one.severity != "info"] == []


def test_targets_of_other_samples_are_told_beside_an_adversary(tmp_path: Path) -> None:
    """Only the loss that is to be failed at is left in peace."""
    other = changed(ADVERSARIAL, ("head(h), y[i])", "head(h), y[i.roll(1)])"))
    assert "TR10" in {one.code for one in found(tmp_path, other)}


def test_models_in_vmap_and_grad_are_not_read(tmp_path: Path) -> None:
    """The tensors that a transformed function sees have no values."""
    text = """
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

torch.manual_seed(0)
x = torch.randn(256, 10)
y = x[:, :3].argmax(1)
nets = [nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3)) for _ in range(3)]
weights, buffers = stack_module_state(nets)
optimizer = torch.optim.Adam(weights.values(), lr=0.01)
call = vmap(lambda w, b, x: functional_call(nets[0], (w, b), (x,)), (0, 0, None))
for step in range(60):
    optimizer.zero_grad()
    answers = call(weights, buffers, x)
    loss = nn.functional.cross_entropy(answers.flatten(0, 1), y.repeat(3))
    loss.backward()
    optimizer.step()
"""
    program, ended = watched(tmp_path, text)
    assert ended.how == "finished"
    assert program.failure == ""
    assert [one for one in findings(program) if one.severity == "error"] == []
