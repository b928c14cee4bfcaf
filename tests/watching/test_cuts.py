"""Which line cuts a gradient, and that the mode which sees it leaves the program alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.watching.scripts import changed, found, line_of, watched
from tests.watching.tasks import BEGIN
from trickrun.watching import cuts

TWO_PARTS = f"""
{BEGIN}
import numpy as np
x = torch.randn(256, 6)
y = (x[:, 0] * x[:, 1] > 0).long()
encoder = nn.Sequential(nn.Linear(6, 16), nn.Tanh())
head = nn.Linear(16, 2)
optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)
log = []
for step in range(60):
    optimizer.zero_grad()
    z = encoder(x)
    log.append(z.detach().norm().item())
    z = z * 1.0  # cut
    loss = F.cross_entropy(head(z), y)
    log.append(float(loss.detach()))
    loss.backward()
    optimizer.step()
"""

CUTTING = {
    "detach": "z = z.detach()",
    "data": "z = z.data * 2",
    "a new tensor": "z = torch.tensor(z.tolist())",
    "numpy": "z = torch.from_numpy(z.detach().numpy())",
    "the largest": "z = F.one_hot(z.argmax(1), 16).float()",
    "a comparison": "z = (z > 0).float()",
    "whole numbers": "z = (10 * z).long().float()",
    "part of another tensor": "z, old = torch.zeros(256, 16), z; z[:, 2:] = old.detach()[:, 2:]",
}


@pytest.mark.parametrize("name", CUTTING)
def test_the_line_that_cuts_the_gradient_is_named(name: str, tmp_path: Path) -> None:
    text = changed(TWO_PARTS, ("z = z * 1.0", CUTTING[name]))
    first = found(tmp_path, text)[0]
    assert (first.code, first.where) == ("TR45", "Sequential.0.weight")
    assert first.location is not None
    assert first.location["line"] == line_of(text, "# cut")


def test_a_part_that_runs_without_gradients_is_named_by_its_line(tmp_path: Path) -> None:
    text = changed(
        TWO_PARTS,
        ("    z = encoder(x)\n", "    with torch.no_grad():\n        z = encoder(x)  # here\n"),
    )
    first = found(tmp_path, text)[0]
    assert first.code == "TR45"
    assert first.location is not None
    assert first.location["line"] == line_of(text, "# here")
    assert "no_grad" in first.location["advice"]


def test_values_that_are_only_logged_cut_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, TWO_PARTS) == []


AUTOENCODER = f"""
{BEGIN}
x = torch.randn(256, 6) @ torch.randn(6, 6)
encoder, decoder = nn.Linear(6, 4), nn.Linear(2, 6)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
for step in range(60):
    mean, spread = encoder(x).chunk(2, 1)
    q = torch.distributions.Normal(mean, F.softplus(spread) + 1e-3)
    z = q.sample()
    loss = (decoder(z) - x).square().sum(1).mean()
    prior = torch.distributions.Normal(0.0, 1.0)
    loss = loss + torch.distributions.kl_divergence(q, prior).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

POLICY = f"""
{BEGIN}
x = torch.randn(64, 6)
policy = nn.Linear(6, 2)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for step in range(60):
    mean = policy(x)
    q = torch.distributions.Normal(mean, 1.0)
    action = q.sample()
    reward = -(action - x[:, :2]).square().sum(1)
    reward = reward - reward.mean()
    loss = -(q.log_prob(action).sum(1) * reward).mean() - 0.01 * q.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

CRITIC = f"""
{BEGIN}
x = torch.randn(64, 6)
policy, critic = nn.Linear(6, 2), nn.Linear(8, 1)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
other = torch.optim.Adam(critic.parameters(), lr=0.01)
for step in range(60):
    q = torch.distributions.Normal(policy(x), 1.0)
    action = q.sample()
    reward = -(action - x[:, :2]).square().sum(1)
    loss = (critic(torch.cat([x, action], 1))[:, 0] - reward).square().mean()
    other.zero_grad()
    loss.backward()
    other.step()
    loss = -critic(torch.cat([x, torch.distributions.Normal(policy(x), 1.0).rsample()], 1)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def test_a_draw_without_gradient_is_named(tmp_path: Path) -> None:
    first = found(tmp_path, AUTOENCODER)[0]
    assert first.code == "TR45"
    assert "Linear.weight" in first.why
    assert first.location is not None
    assert first.location["line"] == line_of(AUTOENCODER, "q.sample()")
    assert "rsample" in first.location["advice"]


SCORED_BY_HAND = changed(POLICY, ("q.log_prob(action)", "(-0.5 * (action - mean).square())"))


@pytest.mark.parametrize(
    "text",
    [changed(AUTOENCODER, ("q.sample()", "q.rsample()")), POLICY, SCORED_BY_HAND, CRITIC],
    ids=["rsample", "a policy gradient", "one written by hand", "actions for a critic"],
)
def test_draws_that_need_no_gradient_are_silent(text: str, tmp_path: Path) -> None:
    assert "TR45" not in [finding.code for finding in found(tmp_path, text)]


OWN_MODE = """
from torch.overrides import TorchFunctionMode

class Counting(TorchFunctionMode):
    seen = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        Counting.seen += func is torch.Tensor.backward
        return func(*args, **(kwargs or {}))
"""


def depth() -> int:
    return torch._C._len_torch_function_stack()


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("", "with Counting():\n        loss.backward()"),
        ("torch.set_default_device('cpu')\n", "with Counting():\n        loss.backward()"),
        ("", "Counting.seen += 1; loss.backward()"),
    ],
    ids=["entered after it", "with a default device", "none"],
)
def test_a_mode_of_the_program_is_left_where_it_is(
    before: str, inside: str, tmp_path: Path
) -> None:
    text = changed(
        TWO_PARTS,
        ("import numpy as np\n", OWN_MODE + before),
        ("    loss.backward()", f"    {inside}"),
        ("z = z * 1.0", "z = z.detach()"),
    )
    text += "assert Counting.seen == 60, Counting.seen\ntorch.set_default_device(None)\n"
    text += "assert torch._C._len_torch_function_stack() == 0\n"
    program, ended = watched(tmp_path, text)
    assert (ended.how, ended.error, program.failure) == ("finished", "", "")
    assert depth() == 0


def test_under_a_mode_of_the_program_none_is_entered(tmp_path: Path) -> None:
    text = changed(
        TWO_PARTS, ("import numpy as np\n", OWN_MODE + "outer = Counting()\nouter.__enter__()\n")
    )
    text += "assert torch._C._get_function_stack_at(0) is outer\nouter.__exit__(None, None, None)\n"
    program, ended = watched(tmp_path, text)
    assert (ended.how, ended.error, program.failure) == ("finished", "", "")
    assert depth() == 0


WORKERS = """
class Depths(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, place):
        return torch._C._len_torch_function_stack()
"""


def test_a_worker_that_is_forked_meanwhile_has_no_mode(tmp_path: Path) -> None:
    text = changed(
        TWO_PARTS,
        ("import numpy as np\n", WORKERS),
        (
            "    loss.backward()",
            "    if step == 0:\n        assert torch._C._len_torch_function_stack() == 1\n"
            "        loader = torch.utils.data.DataLoader(Depths(), num_workers=1)\n"
            "        assert sum(int(one) for one in loader) == 0\n    loss.backward()",
        ),
    )
    program, ended = watched(tmp_path, text)
    assert (ended.how, ended.error, program.failure) == ("finished", "", "")


def test_compiled_models_are_left_alone() -> None:
    plain, inside = nn.Linear(2, 2), nn.Linear(2, 2)
    whole = torch.compile(nn.Linear(2, 2), backend="eager")
    inside.compile(backend="eager")
    assert [cuts.is_compiled(one) for one in (plain, whole, inside)] == [False, True, True]
