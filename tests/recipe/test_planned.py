"""A run as it is planned: what watches the evaluations is played on made-up ones."""

from __future__ import annotations

import math

import pytest

from trickrun.recipe.planned import (
    LONGEST,
    averaged,
    evaluations_of,
    monitor_facts,
    played,
    shape_of,
    spans_alike,
    unfrozen,
)
from trickrun.recipe.schema import Recipe, Train
from trickrun.tricks.optimizers.sgd import SGD
from trickrun.tricks.regularizers.swa import SWA
from trickrun.tricks.schedules import Span
from trickrun.tricks.schedules.plateau import Plateau
from trickrun.tricks.train.early_stopping import EarlyStopping
from trickrun.tricks.train.gradual_unfreezing import GradualUnfreezing


@pytest.mark.parametrize("steps", [1, 9, 10, 11, 40])
@pytest.mark.parametrize("every", [1, 3, 10, 50])
def test_evaluations_are_counted_as_the_loop_makes_them(steps: int, every: int) -> None:
    span = Span(steps, 10)
    assert span.evaluations(every) == sum(
        span.is_evaluation(step, every) for step in range(1, steps + 1)
    )


def test_only_the_data_tell_the_evaluations_of_some_runs() -> None:
    assert evaluations_of(Train(epochs=7), None) == 7
    assert evaluations_of(Train(epochs=7, eval_every=5), None) is None
    assert evaluations_of(Train(steps=70), None) is None
    assert evaluations_of(Train(steps=70), Span(70, 30)) == 3
    assert evaluations_of(Train(epochs=7, eval_every=50), Span(70, 10)) == 2


@pytest.mark.parametrize("patience", [1, 2, 8])
@pytest.mark.parametrize("min_delta", [0.0, 0.5, 3.0])
def test_early_stopping_is_played_until_it_stops(patience: int, min_delta: float) -> None:
    stopping = EarlyStopping(patience=patience, min_delta=min_delta)
    facts = played(stopping, patience, stopping.stop)
    assert (facts.blind, facts.acts_after, facts.mode) == (False, patience + 1, "min")
    wrong = stopping.model_copy(update={"mode": "max"})
    facts = played(wrong, patience, wrong.stop)
    assert (facts.blind, facts.acts_after, facts.mode) == (True, patience + 1, "max")


def test_plateau_lets_one_evaluation_more_pass() -> None:
    recipe = Recipe.model_validate(
        {
            "data": {"kind": "digits"},
            "model": {"kind": "mlp"},
            "early_stopping": EarlyStopping(monitor="val_accuracy", patience=6),
            "optimizer": {"kind": "sgd", "schedule": Plateau(patience=4, cooldown=3)},
        }
    )
    stopping, plateau = monitor_facts(recipe)
    assert (stopping.acts_after, plateau.acts_after) == (7, 6)
    assert (stopping.blind, plateau.blind) == (False, False)
    assert (stopping.range, plateau.range) == (1.0, None)


def test_a_metric_of_the_users_own_is_not_judged_and_endless_patience_never_acts() -> None:
    mine = EarlyStopping(monitor="val_mine", mode="min")
    assert played(mine, mine.patience, mine.stop).blind is None
    patient = EarlyStopping(mode="max", patience=LONGEST + 1)
    facts = played(patient, patient.patience, patient.stop)
    assert (facts.blind, facts.acts_after) == (True, None)


def test_a_rate_at_its_lowest_never_falls() -> None:
    plateau = Plateau(min_lr=1.0)
    facts = played(plateau, plateau.patience, lambda history: plateau.scale(0.1, history) < 1)
    assert facts.acts_after == math.inf


EPOCHS = (Span(2000, 50), Span(20000, 500))
"""Two runs of 40 epochs."""


def rates(**schedule: object) -> SGD:
    return SGD.model_validate({"lr": 0.1, "schedule": schedule})


def test_the_shape_of_a_schedule_is_its_formulas() -> None:
    cosine = shape_of(rates(kind="cosine"), EPOCHS)
    assert cosine is not None
    assert (cosine.peak, cosine.peak_at) == (pytest.approx(0.1, rel=1e-3), 0.0)
    assert cosine.mean == pytest.approx(0.5, abs=0.01)
    # Half of a cosine's second half: 1/2 - 1/pi.
    assert cosine.late == pytest.approx(0.5 - 1 / math.pi, abs=0.01)
    step = shape_of(rates(kind="step", every=1), EPOCHS)
    assert step is not None
    assert step.mean == pytest.approx(1 / 0.9 / 40, rel=0.1)
    warm = shape_of(rates(kind="constant", warmup=0.8), EPOCHS)
    assert warm is not None
    assert warm.peak_at == pytest.approx(0.8, abs=0.02)
    rises = shape_of(rates(kind="exponential", gamma=1.1), EPOCHS)
    assert rises is not None
    assert rises.peak == pytest.approx(0.1 * 1.1**39)


def test_a_shape_that_hangs_on_the_unknown_length_of_an_epoch_is_unknown() -> None:
    assert shape_of(rates(kind="constant", warmup=1500), EPOCHS) is None
    assert shape_of(rates(kind="constant", warmup=1500), EPOCHS[1:]) is not None
    by_steps = spans_alike(Train(steps=2000), Span(2000, 2000), exact=False)
    assert shape_of(rates(kind="exponential", gamma=0.5), by_steps) is None
    assert shape_of(rates(kind="cosine"), by_steps) is not None
    assert spans_alike(Train(steps=2000), Span(2000, 30), exact=True) == (Span(2000, 30),)
    assert spans_alike(Train(epochs=40), None, exact=False) == EPOCHS


def test_a_rate_that_grows_beyond_all_numbers_is_infinite() -> None:
    endless = shape_of(rates(kind="exponential", gamma=1e300), EPOCHS)
    assert endless is not None
    assert endless.peak == math.inf


@pytest.mark.parametrize("start", [0.0, 0.5, 0.74, 0.75, 0.9, 0.99])
@pytest.mark.parametrize("every", [None, 1, 7, 300])
def test_averaged_weights_are_counted_as_training_takes_them(
    start: float, every: int | None
) -> None:
    swa, span = SWA(start=start, every=every), Span(200, 50)
    count = 0
    for step in range(1, span.steps + 1):
        count += swa.share(step, count, span) is not None
    assert averaged(swa, span) == min(count, 2)


def test_layers_have_their_turn_by_epochs() -> None:
    four = Span(200, 50)
    layers = [unfrozen(GradualUnfreezing(every=epochs), four) for epochs in (1, 2, 3, 4)]
    assert layers == [4, 2, 2, 1]
