"""Every shape of loss curves: what must be found, what must not, and the known false alarm."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from trickrun.findings.evidence.curves import Curves, Setting, floor_seen
from trickrun.findings.finding import Finding
from trickrun.findings.rules.curves.shapes import SHAPES, judge, judge_together, shape

START = math.log(10)
N = 40


def falling(low: float, speed: float = 5.0, start: float = START, count: int = N) -> list[float]:
    """Return a loss that falls to ``low``, a factor e each ``speed`` epochs."""
    return [low + (start - low) * math.exp(-i / speed) for i in range(1, count + 1)]


def noisy(values: Sequence[float], deviation: float, seed: int = 0) -> list[float]:
    """Return values with normal noise."""
    draw = random.Random(seed)
    return [value + draw.gauss(0, deviation) for value in values]


def accuracy(loss: Sequence[float]) -> list[float]:
    """Return an accuracy that goes with a loss."""
    return [math.exp(-value) for value in loss]


def curves(
    train: Sequence[float],
    val: Sequence[float] = (),
    values: Sequence[float] = (),
    **changes: object,
) -> Curves:
    """Return a finished run of a classifier of ten classes."""
    judged = val or train
    best = min(range(len(judged)), key=judged.__getitem__, default=None)
    run = Curves(
        run="a",
        recipe="r",
        epochs=tuple(float(i) for i in range(1, len(train) + 1)),
        steps=tuple(20.0 * i for i in range(1, len(train) + 1)),
        lrs=(0.1,) * len(train),
        train_loss=tuple(train),
        val_loss=tuple(val),
        metric="accuracy" if values else "",
        values=tuple(values),
        maximizes=True,
        metric_is_share=bool(values),
        best_epoch=None if best is None else best + 1.0,
        stopped_by="epochs",
        non_finite=False,
        baseline=START,
        floor=0.0,
        val_samples=1000,
        setting=Setting(lr=0.1, schedule="constant", length=N, length_path="train.epochs"),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def below_zero(train: Sequence[float], val: Sequence[float] = ()) -> Curves:
    """Return a run whose loss is the user's own and goes below 0."""
    floor = floor_seen(0.0, [*train, *val])
    return curves(train, val, baseline=train[0], floor=floor)


def setting(**changes: object) -> Setting:
    """Return what `curves` takes as the recipe, changed."""
    usual = Setting(
        lr=0.1,
        schedule="constant",
        length=N,
        length_path="train.epochs",
        hidden_path="model.hidden",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def shapes(run: Curves) -> list[str]:
    return [SHAPES[finding.code] for finding in judge(run)]


def find(run: Curves, wanted: str) -> Finding:
    """Return the finding of a shape; the test fails without it."""
    return next(finding for finding in judge(run) if SHAPES[finding.code] == wanted)


GOOD = curves(falling(0.1), noisy(falling(0.2), 0.005), accuracy(falling(0.2)))


def test_healthy_curves_are_healthy() -> None:
    (finding,) = judge(GOOD)
    assert (finding.code, finding.severity) == ("TR65", "info")
    assert finding.evidence["left"] == pytest.approx(0.1 / START, rel=0.05)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("deviation", [0.0, 0.01, 0.03])
def test_noise_alone_is_no_fault(seed: int, deviation: float) -> None:
    val = noisy(falling(0.4), deviation, seed)
    values = noisy(accuracy(falling(0.4)), deviation / 5, seed + 200)
    run = curves(noisy(falling(0.3), deviation / 2, seed + 100), val, values)
    assert shapes(run) == ["healthy"]


# Diverged


def test_a_loss_that_is_no_number_has_diverged_even_before_the_first_evaluation() -> None:
    (finding,) = judge(curves([], non_finite=True, stopped_by="failed"))
    assert (finding.code, finding.severity) == ("TR60", "error")
    assert finding.edit == {"optimizer.lr": 0.01}


def test_a_loss_that_grows_beyond_a_constant_answers_has_diverged() -> None:
    assert shapes(curves([2.2 * 1.1**i for i in range(N)])) == ["diverged"]


def test_a_loss_that_falls_back_to_a_constant_answers_has_diverged() -> None:
    lost = falling(0.3)[:20] + [START] * 20
    assert shapes(curves(lost, lost)) == ["diverged"]


def test_a_validation_loss_that_explodes_is_overfitting_not_divergence() -> None:
    val = falling(0.5)[:15] + [0.55 + 0.15 * i for i in range(25)]
    assert val[-1] > 1.5 * START
    assert "overfit" in shapes(curves(falling(0.001), val))


def test_a_loss_that_stays_above_a_constant_answers_may_be_the_inits_fault() -> None:
    (finding,) = judge(curves([40.0] * N))
    assert finding.code == "TR60"
    assert "initial-loss" in finding.why


def test_a_spike_that_heals_is_no_divergence() -> None:
    spiked = [8.0 if i == 20 else loss for i, loss in enumerate(falling(0.1))]
    assert shapes(curves(spiked, falling(0.2))) == ["healthy"]


def test_a_bad_start_that_improves_is_no_divergence() -> None:
    assert "diverged" not in shapes(curves(falling(1.0, speed=30.0, start=40.0)))


# Plateau


def test_a_loss_that_never_moves_is_a_plateau() -> None:
    flat = noisy([START] * N, 0.01)
    (finding,) = judge(curves(flat, noisy(flat, 0.01, 1)))
    assert (finding.code, finding.severity) == ("TR61", "error")
    assert finding.edit is None


def test_a_plateau_under_much_dropout_wants_less_of_it() -> None:
    (finding,) = judge(curves([START] * N, setting=setting(dropout=0.95)))
    assert finding.edit == {"regularizers.dropout": 0.3}


def test_a_line_that_falls_slowly_wants_a_higher_learning_rate() -> None:
    for slope in (0.002, 0.02):
        (finding,) = judge(curves(noisy([START - slope * i for i in range(N)], 0.004)))
        assert finding.code == "TR36"
        assert finding.edit == {"optimizer.lr": 1.0}


def test_a_schedule_that_ends_at_zero_does_not_hide_the_slope() -> None:
    lrs = [0.5 + 0.5 * math.cos(math.pi * i / N) for i in range(N)]
    loss = [START - 0.04 * sum(lrs[:i]) for i in range(N)]
    assert shapes(curves(loss, lrs=tuple(lrs))) == ["too_slow"]


def test_a_curve_that_levels_off_is_not_slow() -> None:
    assert shapes(curves(falling(1.6, 5.0))) == ["underfit"]


def test_a_late_start_is_a_plateau_whose_first_suspect_is_the_init() -> None:
    late = [START] * 12 + falling(0.1, count=28)
    finding = find(curves(late, late, setting=setting(usual_init=False)), "plateau")
    assert finding.evidence["started_at"] == pytest.approx(14, abs=1)
    assert finding.edit == {"init": {"kind": "auto"}}


def test_flat_after_convergence_is_no_fault() -> None:
    fitted = falling(0.01, speed=1.0)
    assert shapes(curves(fitted, noisy(fitted, 0.002), [0.99] * N)) == ["healthy"]


def test_a_slope_is_no_waiting() -> None:
    slow = falling(0.1, speed=80.0)
    assert "plateau" not in shapes(curves(slow, slow))


def test_a_slow_first_epoch_is_no_plateau() -> None:
    late = [START] * 2 + falling(0.1, count=38)
    assert shapes(curves(late, late)) == ["healthy"]


# Oscillation


def swinging(size: float, until: int = N) -> Curves:
    """Return a run whose accuracy and loss swing by ``size`` and more every second epoch."""
    swing = [size if i % 4 < 2 and i < until else 0.0 for i in range(N)]
    loss = [value + 2 * up for value, up in zip(falling(0.2), swing, strict=True)]
    return replace(GOOD, val_loss=tuple(loss), values=tuple(0.9 - up for up in swing))


def test_a_rate_far_below_the_usual_one_is_raised_to_that() -> None:
    slow = [START * (1 - 0.01 * i) for i in range(20)]
    run = curves(slow, slow)
    for usual, wanted in ((0.01, 0.01), (1e-6, 1e-5), (None, 1e-5)):
        setting = replace(run.setting, lr=1e-6, usual_lr=usual)
        finding = find(replace(run, setting=setting), "too_slow")
        assert finding.edit == {"optimizer.lr": wanted}


def test_a_loss_is_told_beside_that_of_always_the_same_answer() -> None:
    run = curves([START])
    assert run.beside_constant(START * 0.94).startswith("94% of what always giving the same answer")
    assert run.beside_constant(START * 3.36).startswith("3.4 times what always giving the same")
    below = replace(run, floor=-2.0)
    assert below.beside_constant(-1.0).startswith("-1, where always giving the same answer costs")


def test_swings_to_the_end_are_an_oscillation() -> None:
    finding = find(swinging(0.1), "oscillating")
    assert finding.edit == {"optimizer.schedule": {"kind": "cosine"}}
    assert finding.evidence["val_accuracy"]["largest"] == pytest.approx(0.1)


def test_an_oscillation_under_a_schedule_wants_a_smaller_learning_rate() -> None:
    run = replace(swinging(0.1), setting=setting(schedule="cosine"))
    assert find(run, "oscillating").edit == {"optimizer.lr": 0.033}


@pytest.mark.parametrize(
    "run",
    [
        swinging(0.02),
        swinging(0.2, until=18),
        replace(swinging(0.1), val_samples=22),
        replace(swinging(0.1), val_loss=GOOD.val_loss),
    ],
    ids=["small", "calmed by the schedule", "two samples of a small split", "a steady loss"],
)
def test_swings_that_mean_nothing(run: Curves) -> None:
    assert "oscillating" not in shapes(run)


def test_without_an_accuracy_the_training_loss_is_watched() -> None:
    wild = [0.5 + 0.4 * (i % 2) for i in range(N)]
    assert shapes(curves(wild)) == ["oscillating"]
    assert shapes(curves([0.5 + 0.1 * (i % 2) for i in range(N)])) == ["healthy"]


# Overfitting


def rising(rate: float, turn: int = 12) -> list[float]:
    """Return a validation loss that turns up after epoch ``turn``."""
    down = falling(0.5, speed=3.0)[:turn]
    return down + [down[-1] + rate * (i + 1) for i in range(N - turn)]


def test_overfitting_begins_where_validation_turns() -> None:
    finding = find(curves(falling(0.01), noisy(rising(0.02), 0.01)), "overfit")
    assert finding.evidence["from_epoch"] == pytest.approx(12, abs=2)
    assert finding.code == "TR51"


def test_the_edit_is_a_regularizer_that_the_recipe_does_not_have() -> None:
    run = curves(falling(0.01), rising(0.02))
    assert judge(replace(run, setting=setting(hidden=(64,))))[0].edit == {
        "regularizers.dropout": 0.3
    }
    dropped = replace(run, setting=setting(hidden=(64,), dropout=0.3))
    assert judge(dropped)[0].code == "TR56"
    assert judge(dropped)[0].edit == {"regularizers.l2": 1e-4}
    both = setting(dropout=0.3, penalties=("regularizers.l2",))
    assert judge(replace(run, setting=both))[0].edit == {"early_stopping": {"patience": 4}}


def test_a_metric_that_does_not_suffer_is_told() -> None:
    better = [0.5 + 0.01 * i for i in range(N)]
    finding = find(curves(falling(0.01), rising(0.02), better), "overfit")
    assert "does not suffer" in finding.why
    worse = [0.9 - 0.01 * i for i in range(N)]
    assert "does not suffer" not in find(curves(falling(0.01), rising(0.02), worse), "overfit").why


def test_a_gap_that_stays_is_overfitting_too() -> None:
    finding = find(curves(falling(0.01, 3.0), falling(0.5, 3.0)), "overfit")
    assert finding.evidence["gap"] == pytest.approx(0.49, abs=0.02)
    small = curves(falling(0.01, 3.0), falling(0.5, 3.0), val_samples=20)
    assert "overfit" not in shapes(small)


@pytest.mark.parametrize(
    "val",
    [
        [loss + 0.3 * (i == 30) for i, loss in enumerate(falling(0.2))],
        [loss + 0.3 * (i == N - 1) for i, loss in enumerate(falling(0.2))],
        [0.2 + 0.0002 * i for i in range(N)],
    ],
    ids=["one bad epoch", "a bad last epoch", "a rise of 4 %"],
)
def test_rises_that_mean_nothing(val: list[float]) -> None:
    assert shapes(curves(falling(0.1), val)) == ["healthy"]


def test_a_rise_of_a_tiny_loss_is_none() -> None:
    tiny = falling(0.001, 2.0)[:20] + [0.001 + 0.00005 * i for i in range(20)]
    assert shapes(curves(falling(0.0005, 2.0), tiny)) == ["healthy"]


def test_validation_that_worsens_with_training_is_not_overfitting() -> None:
    both = rising(0.02)
    assert "overfit" not in shapes(curves([loss - 0.1 for loss in both], both))


# Underfitting


def test_training_that_ends_high_is_underfitting() -> None:
    high = falling(1.6, 3.0)
    run = curves(high, noisy(high, 0.01))
    assert shapes(run) == ["underfit"]
    assert judge(replace(run, setting=setting(dropout=0.8)))[0].edit == {
        "regularizers.dropout": 0.4
    }
    penalized = setting(penalties=("regularizers.l2",), hidden=(8,))
    assert judge(replace(run, setting=penalized))[0].edit == {"regularizers.l2": None}
    decayed = setting(penalties=("optimizer.weight_decay",))
    assert judge(replace(run, setting=decayed))[0].edit == {"optimizer.weight_decay": 0.0}
    assert judge(replace(run, setting=setting(hidden=(8, 4))))[0].edit == {"model.hidden": [16, 8]}


def test_a_noisy_problem_half_explained_is_not_underfitting() -> None:
    half = falling(0.5 * START, 3.0)
    assert shapes(curves(half, noisy(half, 0.01))) == ["healthy"]


def test_label_smoothing_leaves_a_floor_that_is_not_underfitting() -> None:
    smoothed = falling(1.5, 3.0)
    assert shapes(curves(smoothed, smoothed)) == ["underfit"]
    assert shapes(curves(smoothed, smoothed, floor=1.4)) == ["healthy"]


# Too few epochs


def test_a_loss_that_still_falls_at_the_end_wants_more_epochs() -> None:
    slow = falling(0.1, speed=30.0)
    (finding,) = judge(curves(slow, noisy(slow, 0.005)))
    assert finding.code == "TR55"
    assert finding.edit == {"train.epochs": 80}


def test_far_up_in_its_fall_a_run_is_slow_and_neither_short_nor_underfitting() -> None:
    slow = falling(0.1, speed=80.0)
    assert shapes(curves(slow, slow)) == ["too_slow"]


@pytest.mark.parametrize(
    "run",
    [
        curves(falling(1e-4, 8.0), falling(1e-4, 8.0), [1.0] * N),
        replace(GOOD, stopped_by="early_stopping"),
        curves(noisy(falling(0.5), 0.05), noisy(falling(0.5), 0.05, 1)),
    ],
    ids=["all right already, and surer and surer", "early stopping ended it", "noise"],
)
def test_falls_that_mean_nothing(run: Curves) -> None:
    assert "too_few_epochs" not in shapes(run)


def test_an_interrupted_run_is_not_called_too_short() -> None:
    slow = falling(0.1, speed=30.0)
    assert "too_few_epochs" not in shapes(curves(slow, slow, stopped_by="interrupted"))


# Luck and splits


def test_an_outlier_early_on_is_luck() -> None:
    val = noisy(falling(0.5, 2.0), 0.01)
    val[8] = 0.35
    finding = find(curves(falling(0.3), val, setting=setting(val_share=0.15)), "lucky_epoch")
    assert finding.evidence["epoch"] == 9.0
    assert finding.edit == {"data.split.val": 0.3}


def test_the_best_of_many_equal_epochs_is_no_outlier() -> None:
    for seed in range(50):
        val = noisy(falling(0.5, 2.0), 0.02, seed)
        assert "lucky_epoch" not in shapes(curves(falling(0.3, 2.0), val))


def test_an_early_best_with_good_neighbours_is_overfitting_and_not_luck() -> None:
    assert "lucky_epoch" not in shapes(curves(falling(0.01), rising(0.02)))


def test_validation_better_than_training_is_suspicious() -> None:
    run = curves(falling(0.6), falling(0.3))
    assert find(run, "val_better_than_train").evidence["ahead"] == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    "run",
    [
        curves(falling(0.6), falling(0.3), setting=setting(dropout=0.5)),
        curves(falling(0.6), falling(0.3), setting=setting(augmented=True)),
        curves(falling(0.1, 5.0), falling(0.1, 3.0)),
        curves(falling(0.6), falling(0.3), val_samples=20),
    ],
    ids=["dropout", "augmentation", "fast improvement within the epoch", "few samples"],
)
def test_validation_may_be_better(run: Curves) -> None:
    assert "val_better_than_train" not in shapes(run)


# Several runs, and few evaluations


def seeds(*bests: float) -> list[Curves]:
    """Return runs of one recipe with the best accuracies given."""
    return [
        replace(GOOD, run=str(i), values=tuple(best * v / max(GOOD.values) for v in GOOD.values))
        for i, best in enumerate(bests)
    ]


def test_seeds_that_end_apart_are_unstable() -> None:
    (finding,) = judge_together(seeds(0.90, 0.91, 0.80))
    assert finding.code == "TR64"
    assert finding.evidence["spread"] == pytest.approx(0.11)


def test_seeds_that_end_close_are_not() -> None:
    assert judge_together(seeds(0.90, 0.91, 0.92)) == []
    assert judge_together([replace(r, val_samples=22) for r in seeds(0.86, 0.91, 1.0)]) == []


def test_a_seed_that_diverges_among_others_is_unstable() -> None:
    lost = curves([], non_finite=True)
    (finding,) = judge_together([GOOD, replace(GOOD, run="b"), replace(lost, metric="accuracy")])
    assert finding.evidence["shapes"] == ["healthy", "healthy", "diverged"]
    assert judge_together([lost, lost]) == []


def test_runs_of_other_recipes_are_not_compared() -> None:
    assert judge_together([GOOD, replace(seeds(0.5)[0], recipe="other")]) == []


def test_few_evaluations_are_not_judged_except_that_they_diverged() -> None:
    (finding,) = judge(curves([2.0, 1.0, 0.5], [2.0, 1.0, 0.5]))
    assert (finding.code, finding.severity) == ("TR66", "info")
    assert finding.edit == {"train.epochs": 160}
    assert shape(curves([2.0, 9.0, 40.0])) == "diverged"


def test_the_floor_is_the_lowest_loss_only_below_0() -> None:
    assert floor_seen(0.0, [2.0, 1.0]) == 0.0
    assert floor_seen(0.3, [2.0, 0.2]) == 0.3  # label smoothing
    assert floor_seen(0.0, []) == 0.0
    assert floor_seen(0.0, [-6.0, -9.0, -8.0]) == -9.0


def test_a_loss_below_0_is_judged_by_how_far_it_came() -> None:
    """A Poisson loss: it starts below 0, and a constant answer's is below 0 too."""
    train = noisy(falling(-9.0, start=-6.0), 0.01)
    (found,) = judge(below_zero(train, noisy(falling(-8.0, start=-5.5), 0.01)))
    assert found.code == "TR65"
    assert 0 <= found.evidence["left"] < 0.05
    assert 0 <= found.evidence["val_left"] < 0.5
    falls = [-(2.0**i) for i in range(N)]
    assert all(0 <= share <= 1 for share in below_zero(falls).left)


def test_a_run_that_keeps_its_last_weights_is_not_said_to_keep_the_best() -> None:
    val = [*falling(0.3)[:20], *(0.3 + 0.02 * i for i in range(N - 20))]
    overfit = curves(falling(0.05), val, setting=setting())
    kept = find(overfit, "overfit").why
    assert f"The run keeps the weights of epoch {overfit.best_epoch:.3g}." in kept
    last = find(replace(overfit, setting=setting(keeps_best=False)), "overfit").why
    assert "keeps the weights" not in last
    assert "early_stopping.restore_best: false" in last
