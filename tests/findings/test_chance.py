"""Whether scores are better than a constant answer's, or a linear model's, by more than chance."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.findings.test_curves import curves, falling, setting, shapes
from trickrun.findings.evidence.constant import Constant
from trickrun.findings.evidence.reference import Reference
from trickrun.findings.rules.chance import at_chance, behind_linear
from trickrun.findings.rules.curves.shapes import judge

THREE = Constant(loss=math.log(3), chance=1 / 600, samples=300, accuracy=1 / 3)


@pytest.mark.parametrize(
    ("loss", "accuracy", "tries", "severity"),
    [
        (1.2, None, 1, "error"),
        (1.0986, 0.34, 1, "error"),
        (1.09, 0.36, 1, "error"),  # 0.0086 is less than 9 / 600
        (1.08, None, 1, None),
        (1.08, None, 50, "error"),  # the best of 50 has 9 + 2 ln 50 = 16.8
        (1.06, None, 50, None),
        (1.5, 0.45, 1, None),  # too sure of its errors, and yet it knows something
        (1.5, 0.41, 1, "error"),  # three standard errors are 0.082
    ],
)
def test_a_lead_must_be_more_than_chance(
    loss: float, accuracy: float | None, tries: int, severity: str | None
) -> None:
    found = at_chance(THREE, loss, accuracy, tries=tries)
    assert (None if found is None else found.severity) == severity


def test_the_sentence_says_both_numbers() -> None:
    found = at_chance(THREE, 1.2, 0.3, then="Next.")
    assert found is not None
    assert found.why == (
        "val_loss is 1.2, and always giving the same answer costs 1.099. "
        "The network has learned nothing. Next."
    )
    assert found.evidence["constant_accuracy"] == pytest.approx(1 / 3)


def test_too_few_samples_to_tell_are_a_warning() -> None:
    few = Constant(loss=math.log(2), chance=1 / 20, samples=10, accuracy=0.5)
    found = at_chance(few, 0.4)
    assert found is not None
    assert found.severity == "warning"
    assert "too few" in found.why
    worse = at_chance(few, 0.75)
    assert worse is not None
    assert worse.severity == "error"
    assert at_chance(few, 0.1) is None


def test_what_nobody_knows_is_no_finding() -> None:
    assert at_chance(None, 10.0) is None
    assert at_chance(Constant(math.nan, math.nan, math.nan), 10.0) is None
    assert at_chance(THREE, math.inf) is None


def test_answers_that_know_nothing_hardly_ever_pass() -> None:
    # Logits drawn at random and scaled to their best size: the most that chance can do.
    draw = np.random.default_rng(0)
    count, passed = 200, 0
    constant = Constant(math.log(2), 1 / (2 * count), count)
    for _ in range(1000):
        z = draw.normal(size=count) * draw.choice([-1, 1], size=count)
        scales = np.linspace(0, 0.5, 26)[:, None]
        passed += constant.beaten(float(np.log1p(np.exp(-scales * z)).mean(1).min()))
    assert passed <= 5


def test_a_run_at_chance_is_one_whatever_else_its_curves_show() -> None:
    level = [math.log(10)] * 40
    known = Constant(loss=math.log(10), chance=1 / 2000, samples=1000, accuracy=0.1)
    assert shapes(curves(level, level, constant=known)) == ["at_chance", "plateau"]
    by_heart = curves(falling(0.1), [2.4] * 40, constant=known)
    assert shapes(by_heart)[0] == "at_chance"
    assert shapes(curves(falling(0.1), falling(0.2), constant=known)) == ["healthy"]
    few = curves(level[:2], level[:2], constant=known)
    assert shapes(few) == ["at_chance"]


def test_the_evaluation_that_is_kept_is_judged() -> None:
    known = Constant(loss=math.log(10), chance=1 / 2000, samples=1000, accuracy=0.1)
    val = [*falling(0.2)[:20], *[3.0] * 20]
    kept = curves(falling(0.1), val, constant=known)
    assert "at_chance" not in shapes(kept)
    last = curves(falling(0.1), val, constant=known, setting=setting(keeps_best=False))
    assert "at_chance" in shapes(last)


def test_a_test_split_that_says_otherwise_is_a_warning() -> None:
    known = Constant(loss=math.log(10), chance=1 / 2000, samples=1000, accuracy=0.1)
    fine = curves(falling(0.1), falling(0.2), constant=known, test_constant=known)
    assert shapes(fine) == ["healthy"]
    assert shapes(replace(fine, test_loss=1.0)) == ["healthy"]
    assert shapes(replace(fine, test_loss=2.5, test_accuracy=0.11)) == ["healthy"]
    (found,) = judge(replace(fine, test_loss=2.5, test_accuracy=0.09))
    assert (found.code, found.severity) == ("TR112", "warning")
    assert found.why.startswith("test_loss is 2.5, and always giving the same answer costs 2.303")


@pytest.mark.parametrize(
    ("epochs", "steps", "warmup", "val", "expected"),
    [
        (0.5, 10.0, 0, 2.3, ("TR66", "warning")),
        (0.5, 10.0, 0, 1.0, ("TR66", "warning")),
        (2.0, 10.0, 20, 2.3, ("TR66", "warning")),
        (2.0, 40.0, 20, 2.3, ("TR112", "error")),
        (2.0, 40.0, 20, 1.0, ("TR66", "info")),
    ],
)
def test_shorter_than_an_epoch_or_the_warm_up_is_too_short(
    epochs: float, steps: float, warmup: int, val: float, expected: tuple[str, str]
) -> None:
    known = Constant(loss=2.3, chance=1 / 2000, samples=1000)
    run = curves(
        [val],
        [val],
        epochs=(epochs,),
        steps=(steps,),
        best_epoch=epochs,
        warmup=warmup,
        constant=known,
    )
    (found,) = judge(run)
    assert (found.code, found.severity) == expected


def test_many_evaluations_of_less_than_an_epoch_that_learn_are_judged() -> None:
    known = Constant(loss=math.log(10), chance=1 / 2000, samples=1000)
    part = tuple(i / 50 for i in range(1, 41))
    run = curves(falling(0.1), falling(0.2), epochs=part, best_epoch=part[-1], constant=known)
    assert shapes(run) == ["healthy"]


def test_a_linear_model_must_be_ahead_by_a_standard_error() -> None:
    linear = Reference("accuracy", linear=0.9, trees=0.95, error=0.02, fitted=100)
    assert behind_linear(linear, 0.89, "val") is None
    assert behind_linear(linear, None, "val") is None
    assert behind_linear(None, 0.1, "val") is None
    found = behind_linear(linear, 0.8, "test")
    assert found is not None
    assert (found.code, found.severity) == ("TR113", "warning")
    assert found.why.startswith(
        "test_accuracy is 0.8. On the same samples a linear model reaches 0.9"
    )
