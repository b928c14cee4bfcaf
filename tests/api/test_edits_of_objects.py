"""Searches and confirmed edits of a module: on copies, paired, and only what helps is kept."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import trickrun as tr
from trickrun.checks.objects.search import around, coarse_space, contest, trial
from trickrun.checks.objects.subject import subject_of
from trickrun.run.pace import UNHURRIED

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(160, 4, generator=DRAW)
Y = (X[:, 0] + 0.3 * torch.randn(160, generator=DRAW) > 0).long()
TRAIN, VAL = (X[:100], Y[:100]), (X[100:], Y[100:])
CE = nn.CrossEntropyLoss()


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))


def slow(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, 1e-5)


def test_the_searches_have_the_form_of_the_command_and_are_paired(capsys: Any) -> None:
    subject = subject_of(network(), TRAIN, CE, slow, val=VAL)
    point = {"optimizer.lr": 0.1}
    assert trial(subject, "a", point).metric == trial(subject, "b", point).metric
    rows = contest(subject.changed({"train.steps": 80}), point, UNHURRIED)
    assert len(rows) == 3
    assert all(row["best"] < row["at_hand"] for row in rows)


def test_the_weight_decay_is_searched_where_the_optimizer_has_one_for_all() -> None:
    def space(make: Any) -> dict[str, Any]:
        return dict(coarse_space(subject_of(network(), TRAIN, CE, make, val=VAL)))

    assert space(slow)["optimizer.lr"].log == (3.3e-07, 3e-4)
    assert space(slow)["optimizer.weight_decay"].log == (1e-6, 1e-2)
    assert space(torch.optim.AdamW)["optimizer.weight_decay"] == around(1e-2)

    def groups(parameters: Any) -> torch.optim.Optimizer:
        own = list(parameters)
        weights = [p for p in own if p.ndim == 2]
        biases = [p for p in own if p.ndim == 1]
        return torch.optim.SGD([{"params": weights, "weight_decay": 0.1}, {"params": biases}], 0.1)

    assert list(space(groups)) == ["optimizer.lr"]
    assert list(space(torch.optim.Rprop)) == ["optimizer.lr"]


def test_a_trial_that_diverges_is_last() -> None:
    subject = subject_of(network(), TRAIN, nn.CrossEntropyLoss(reduction="sum"), slow, val=VAL)
    found = trial(subject.changed({"train.steps": 60}), "a", {"optimizer.lr": 1e30})
    assert (found.status, found.metric) == ("diverged", None)
    assert "NaN or infinite" in found.reason


def test_an_edit_that_helps_is_confirmed(capsys: Any) -> None:
    found = tr.diagnose(network(), TRAIN, CE, slow, VAL, confirm=True, steps=200)
    told = found.result["confirmed"]
    assert told["metric"] == "val_loss"
    helping = [one for one in told["tried"] if one["helps"]]
    assert "optimizer.lr" in helping[0]["edit"]
    assert helping[0]["after"] < 0.9 * helping[0]["before"]
    first = found.findings[0]
    assert first.edit == helping[0]["edit"]
    assert first.confirmed == {"before": helping[0]["before"], "after": helping[0]["after"]}
    assert "the loss is" in found.summary
    assert "✓ helps" in capsys.readouterr().out


def test_edits_of_a_healthy_training_do_not_help(capsys: Any) -> None:
    found = tr.diagnose(
        network(), TRAIN, CE, lambda p: torch.optim.Adam(p, 1e-2), VAL, confirm=True, steps=200
    )
    assert not any(one["helps"] for one in found.result["confirmed"]["tried"])
    assert found.verdict != "fail"


def test_what_cannot_be_tried_is_told_with_its_reason(capsys: Any) -> None:
    class Blind(nn.Linear):
        """Does not look at its inputs: only another model mends that."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(torch.ones_like(x))

    found = tr.diagnose(Blind(4, 2), TRAIN, CE, torch.optim.Adam, confirm=True, steps=100)
    told = found.result["confirmed"]
    assert told["metric"] == "train_loss"
    assert any("no cure" in why for why in told["not_tried"].values()), told
    assert "not tried" in capsys.readouterr().out


def test_without_confirm_nothing_is_tried(capsys: Any) -> None:
    assert tr.diagnose(network(), TRAIN, CE, slow, steps=50).result["confirmed"] is None


def test_a_budget_leaves_parts_out(capsys: Any) -> None:
    found = tr.diagnose(network(), TRAIN, CE, slow, budget=1e-3, confirm=True)
    assert "lr_find" in found.result["left_out"]
    assert "no time was left" in found.result["confirmed"]["not_tried"].values()


@pytest.mark.parametrize("name", ["steps", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", True])
def test_lengths_are_whole_numbers(name: str, value: Any) -> None:
    with pytest.raises(tr.TrickrunError, match="give a whole number from 1"):
        tr.diagnose(network(), TRAIN, CE, slow, **{name: value})


def test_a_recipe_says_its_own_length() -> None:
    with pytest.raises(tr.TrickrunError, match="steps: a recipe says this itself"):
        tr.diagnose("recipes/iris.yaml", steps=5)
