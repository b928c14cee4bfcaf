"""Evaluations whose inputs were scaled by their own statistics, and those that only look so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import comes_first, found
from tests.watching.tasks import VALUES, trained

SCALED = (
    VALUES
    + """
x, new = 3 + 2 * x, 3.2 + 1.8 * torch.randn(100, 6)
mean, std = x.mean(0), x.std(0)
x = (x - mean) / std
"""
)
LOSS = "F.mse_loss(model(x[i])[:, 0], y[i])"
TESTED = "with torch.no_grad():\n    model({given})\n"
LOADED = (
    "for start in range(2):\n"
    "    with torch.no_grad():\n"
    "        for (batch,) in DataLoader(TensorDataset({given}), batch_size=25):\n"
    "            model(batch)\n"
)
ITS_OWN = "(new - new.mean(0)) / new.std(0)"
ITS_RANGE = "(new - new.min(0).values) / (new.max(0).values - new.min(0).values)"


@pytest.mark.parametrize("how", [TESTED, LOADED])
@pytest.mark.parametrize("given", [ITS_OWN, ITS_RANGE])
def test_an_evaluation_scaled_by_itself(tmp_path: Path, how: str, given: str) -> None:
    text = trained(SCALED, LOSS, 60) + how.format(given=given)
    comes_first(tmp_path, text, "TR03", given)


@pytest.mark.parametrize(
    ("given", "before"),
    [
        ("(new - mean) / std", ""),
        ("x", ""),
        ("torch.cat([x, (new - mean) / std])", ""),
        (ITS_OWN, "x[i] = (x[i] - x[i].mean(0)) / x[i].std(0)"),
    ],
    ids=["of the training", "samples of the training", "all samples", "each batch by itself"],
)
def test_evaluations_that_only_look_so(tmp_path: Path, given: str, before: str) -> None:
    text = trained(SCALED, LOSS, 60, before) + TESTED.format(given=given)
    assert "TR03" not in {one.code for one in found(tmp_path, text)}


@pytest.mark.parametrize(
    ("layer", "scale", "wrong"),
    [
        ("nn.BatchNorm1d(32)", 12, False),
        ("nn.BatchNorm1d(32)", 200, True),
        ("nn.ReLU()", 12, True),
    ],
)
def test_what_is_normalized_after_the_first_layer(
    tmp_path: Path, layer: str, scale: int, wrong: bool
) -> None:
    model = f"model = nn.Sequential(nn.Linear(6, 32), {layer}, nn.ReLU(), nn.Linear(32, 1))\n"
    text = trained(VALUES + f"x = {scale} * x\n" + model, LOSS, 60)
    assert ("TR01" in {one.code for one in found(tmp_path, text)}) is wrong
