"""Whether a range test is better than a constant answer: on the same batches, beyond its noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from trickrun.checks.lr_find.curve import Reading
from trickrun.checks.lr_find.guessing import guesses, lead_over_guessing, learned_nothing, no_better
from trickrun.recipe.load import load
from trickrun.training.compile import compile_recipe
from trickrun.training.loop import take_step

LRS = np.geomspace(1e-7, 10, 200).tolist()


def readings(losses: Sequence[Sequence[float]]) -> list[Reading]:
    return [Reading(LRS[: len(each)], each, each, each[0]) for each in losses]


@pytest.mark.parametrize("seed", range(5))
def test_what_batches_happen_to_be_does_not_hide_a_lead(seed: int) -> None:
    draw = np.random.default_rng(seed)
    # Rare classes: a batch's loss swings by as much as there is to learn.
    guessed = [0.2 + 0.08 * draw.normal(size=200) for _ in range(3)]
    fall = 0.5 / (1 + np.exp(np.linspace(-6, 6, 200)))
    lead = 0.03 * np.linspace(0, 1, 200) ** 4
    noise = [0.005 * draw.normal(size=200) for _ in range(3)]

    def found(size: float) -> str:
        losses = [
            (g + fall - size * lead + n).tolist() for g, n in zip(guessed, noise, strict=True)
        ]
        told = lead_over_guessing(LRS, readings(losses), [g.tolist() for g in guessed])
        assert told.loss == pytest.approx(0.2, abs=0.02)
        return no_better(told)

    assert found(1.0) == ""
    refused = found(0.0)
    assert "no better than always giving the same answer (0." in refused


def test_its_finding_has_both_losses() -> None:
    level = [[0.7] * 200] * 2
    lead = lead_over_guessing(LRS, readings(level), [[0.69] * 200] * 2)
    finding = learned_nothing(lead)
    assert (finding.code, finding.severity) == ("TR112", "error")
    assert finding.evidence["loss"] == pytest.approx(0.7)
    assert finding.evidence["constant"] == pytest.approx(0.69)


@pytest.mark.parametrize(
    "overrides",
    [(), ("loss={kind: cross_entropy, reduction: sum}",), ("regularizers.label_smoothing=0.1",)],
)
def test_a_network_that_gives_the_constant_answer_has_its_losses(
    tmp_path: Path, overrides: tuple[str, ...]
) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {kind: iris, batch_size: 16, drop_last: true}\nmodel: {kind: mlp, hidden: []}\n"
        "init: {kind: zeros, head_bias: prior}\noptimizer: {kind: sgd, lr: 1e-12}\n"
        "train: {epochs: 3, device: cpu}\n"
    )
    job = compile_recipe(load(path, overrides).recipe, tmp_path)
    guessed = guesses(job, 10)
    assert guessed is not None
    batches = job.batches(0)
    measured = [float(take_step(job, next(batches), step, [], False).loss) for step in range(10)]
    # Smoothing moves the best answer a little from the shares.
    assert guessed == pytest.approx(measured, rel=2e-3 if overrides else 1e-5)
