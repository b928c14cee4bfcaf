"""Policy gradients, adversarial parts, dense targets, recurrent states: mistakes in programs of
rarer kinds, each named first, and their healthy relatives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, found
from tests.watching.tasks import BEGIN, model_of, trained

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

FAULTS = {
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
