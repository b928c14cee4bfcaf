"""What two arms' results say of each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trickrun.checks.comparison.arms import Arm
from trickrun.checks.comparison.check import judge_arms, judge_seeds
from trickrun.checks.comparison.differences import Trained, direction
from trickrun.checks.comparison.samples import per_class, per_sample
from trickrun.recipe.load import Loaded, load
from trickrun.search.details import Details
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

LOSS = Monitor(monitor="val_loss")


@pytest.fixture
def recipe(tmp_path: Path) -> Loaded:
    path = tmp_path / "small.yaml"
    path.write_text("data: iris\nmodel: {kind: mlp, hidden: [4]}\n")
    return load(path)


def details(answers=None, truth=None, part="test", samples="same") -> Details:
    scores = {"loss": 0.5, "accuracy": 0.9}
    columns = {"epoch": [1.0, 2.0], "val_loss": [0.9, 0.5]}
    labels = ["a", "b"] if answers else []
    return Details(columns, part, scores, answers, truth, labels, samples, 10, 4, 40, (20, 5, 6))


def arm(loaded, name, losses, accuracies=None, found=None, over="seeds", **changes) -> Trained:
    results = {}
    for number, loss in enumerate(losses):
        values = {"val_loss": loss, "epoch": 2.0, "step": 4.0, "lr": 0.1}
        if accuracies:
            values["val_accuracy"] = accuracies[number]
        results[number] = TrialResult(
            f"{name}{number}", {"seed": number}, "finished", loss, values, 1.0, "processes",
            details=found,
        )  # fmt: skip
    return Trained(Arm(name, loaded, **changes), results, over)


def failed(loaded, name, count) -> Trained:
    results = {
        n: TrialResult(f"{name}{n}", {"seed": n}, "diverged", None, {}, 1.0, "processes", "inf")
        for n in range(count)
    }
    return Trained(Arm(name, loaded), results)


def test_a_lower_loss_is_better_and_a_lower_accuracy_is_worse(recipe):
    low, high = [0.2, 0.22, 0.21, 0.2], [0.5, 0.52, 0.5, 0.51]
    verdict = judge_arms([arm(recipe, "a", high), arm(recipe, "b", low)], LOSS)
    assert verdict.result["comparisons"][0]["answer"] == "better"
    verdict = judge_arms([arm(recipe, "a", low), arm(recipe, "b", high)], LOSS)
    assert verdict.result["comparisons"][0]["answer"] == "worse"
    accuracy = Monitor(monitor="val_accuracy")
    arms = [arm(recipe, "a", low, high), arm(recipe, "b", high, low)]
    assert judge_arms(arms, accuracy).result["comparisons"][0]["answer"] == "worse"
    assert [direction(m, LOSS) for m in ("val_loss", "test_accuracy", "val_own")] == [
        False, True, None
    ]  # fmt: skip


def test_what_speaks_against_an_answer_is_said(recipe):
    first = arm(recipe, "a", [0.5, 0.52, 0.5, 0.51], [0.9, 0.91, 0.9, 0.905])
    second = arm(recipe, "b", [0.2, 0.22, 0.21, 0.2], [0.8, 0.81, 0.82, 0.8])
    one = judge_arms([first, second], LOSS).result["comparisons"][0]
    assert (one["answer"], one["against"]) == ("better", ["val_accuracy"])
    assert one["sentence"].endswith("; but val_accuracy is worse: -0.0963")


def test_what_seeds_cannot_tell_is_said_with_how_many_would(recipe):
    first, second = [0.50, 0.40, 0.45, 0.60], [0.40, 0.43, 0.50, 0.45]
    verdict = judge_arms([arm(recipe, "a", first), arm(recipe, "b", second)], LOSS)
    one = verdict.result["comparisons"][0]
    assert (verdict.verdict, one["answer"]) == ("warn", "cannot tell")
    assert one["needed"] > 4
    assert f"about {one['needed']} would" in verdict.summary


def test_a_recipe_beside_itself_is_the_same_but_for_rounding(recipe):
    values = [0.5, 0.4, 0.45]
    verdict = judge_arms(
        [arm(recipe, "a", values), arm(recipe, "b", [v + 1e-9 for v in values])], LOSS
    )
    assert (verdict.verdict, verdict.result["comparisons"][0]["answer"]) == ("pass", "same")


def test_several_comparisons_are_corrected_by_holm(recipe):
    first, second = [0.50, 0.51, 0.52, 0.50], [0.49, 0.505, 0.50, 0.49]
    alone = judge_arms([arm(recipe, "a", first), arm(recipe, "b", second)], LOSS)
    others = [arm(recipe, name, second) for name in "bcd"]
    together = judge_arms([arm(recipe, "a", first), *others], LOSS)
    p = alone.result["comparisons"][0]["differences"]["val_loss"]["p"]
    rows = [one["differences"]["val_loss"] for one in together.result["comparisons"]]
    assert [row["p"] for row in rows] == pytest.approx([p] * 3)
    assert [row["p_holm"] for row in rows] == pytest.approx([min(1, 3 * p)] * 3)
    assert alone.result["comparisons"][0]["answer"] == "better"
    assert together.result["comparisons"][0]["answer"] == "cannot tell"
    assert "Holm over 3" in together.result["correction"]


def test_seeds_that_only_one_arm_finished_are_left_out_and_told(recipe):
    first, second = arm(recipe, "a", [0.5, 0.5, 0.6, 0.55]), arm(recipe, "b", [0.2, 0.25, 0.3])
    lost = {3: TrialResult("b3", {"seed": 3}, "diverged", None, {}, 1.0, "processes", "inf")}
    second = Trained(second.arm, {**second.results, **lost})
    one = judge_arms([first, second], LOSS).result["comparisons"][0]
    assert one["differences"]["val_loss"]["n"] == 3
    assert one["unfinished"] == [[], [{"round": 3, "status": "diverged", "reason": "inf"}]]


def test_an_arm_that_never_finishes_is_worse(recipe):
    one = judge_arms([arm(recipe, "a", [0.5, 0.6]), failed(recipe, "b", 2)], LOSS)
    assert one.result["comparisons"][0]["answer"] == "worse"
    assert "none of its 2 trainings finished: inf" in one.summary
    assert judge_arms([failed(recipe, "a", 2), failed(recipe, "b", 2)], LOSS).verdict == "fail"


def test_rounds_that_are_no_pairs_are_compared_without(recipe):
    first, second = arm(recipe, "a", [0.5, 0.52, 0.51]), arm(recipe, "b", [0.4, 0.42, 0.43])
    moved = Trained(second.arm, {n + 10: r for n, r in second.results.items()})
    row = judge_arms([first, moved], LOSS).result["comparisons"][0]["differences"]["val_loss"]
    assert row["method"] == "Welch t"


def test_losses_of_different_kinds_are_not_compared(recipe):
    smooth = load(recipe.path, ["regularizers.label_smoothing=0.1"])
    values = [0.5, 0.6, 0.4]
    arms = [arm(recipe, "a", values, values), arm(smooth, "b", values, [0.9, 0.8, 0.7])]
    one = judge_arms(arms, Monitor(monitor="val_accuracy")).result["comparisons"][0]
    assert [*one["differences"]] == ["val_accuracy"]
    assert "different losses" in one["not_compared"]["val_loss"]


def test_splits_of_their_own_are_corrected_for(recipe):
    pair = [arm(recipe, n, v, found=details(), over="splits")
            for n, v in (("a", [0.5, 0.6, 0.4]), ("b", [0.4, 0.55, 0.35]))]  # fmt: skip
    verdict = judge_arms(pair, LOSS)
    row = verdict.result["comparisons"][0]["differences"]["val_loss"]
    assert "resplitting" in row["method"]
    assert "which samples" in verdict.result["covers"]


def test_who_is_right_where_the_other_is_wrong(recipe):
    truth = [0, 0, 0, 1, 1, 1]
    first = arm(recipe, "a", [0.5], found=details([0, 0, 1, 1, 0, 0], truth))
    second = arm(recipe, "b", [0.4], found=details([0, 1, 0, 1, 1, 0], truth))
    found, why_not = per_sample(first, second)
    assert why_not == ""
    (pair,) = found["pairs"]
    assert {k: pair[k] for k in ("both", "only_first", "only_second", "neither")} == {
        "both": 2, "only_first": 1, "only_second": 2, "neither": 1,
    }  # fmt: skip
    assert pair["p"] == 1.0
    assert found["first_right"] == [{"sample": 1, "pairs": 1, "other_way": 0}]
    assert [row["sample"] for row in found["second_right"]] == [2, 4]
    a, b = per_class(first, second)
    assert (a["label"], a["support"], a["first"], a["second"]) == ("a", 3, 2 / 3, 2 / 3)
    assert (b["first"], b["second"]) == (1 / 3, 2 / 3)


def test_other_samples_are_not_compared_one_by_one(recipe):
    first = arm(recipe, "a", [0.5], found=details([0, 1], [0, 1]))
    second = arm(recipe, "b", [0.4], found=details([0, 1], [0, 1], samples="other"))
    assert per_sample(first, second) == (None, "they are not scored on the same samples")
    assert per_class(first, second) is None


def test_the_odd_seed_is_named(recipe):
    values = [0.30, 0.31, 0.29, 0.30, 0.32, 0.95, 0.31, 0.30]
    verdict = judge_seeds(arm(recipe, "a", values), LOSS)
    assert verdict.verdict == "warn"
    assert [row["seed"] for row in verdict.result["odd"]] == [5]
    assert "far above" in verdict.result["odd"][0]["why"]
    calm = judge_seeds(arm(recipe, "a", values[:5]), LOSS)
    assert (calm.verdict, calm.result["odd"]) == ("pass", [])
    assert "over 5 seeds" in calm.summary


def test_curves_are_summed_up_over_seeds(recipe):
    verdict = judge_seeds(arm(recipe, "a", [0.5, 0.4], found=details()), LOSS)
    course = verdict.result["evaluations"]["a"]["metrics"]["val_loss"]
    assert course == {"epoch": [1.0, 2.0], "mean": [0.9, 0.5], "low": [0.9, 0.5],
                      "high": [0.9, 0.5]}  # fmt: skip


def test_details_that_somebody_changed_break_nothing(recipe):
    short = arm(recipe, "a", [0.5, 0.6], found=details([0], [0, 1]))
    bare = replace(details(), evaluations={"val_loss": [0.9], "epoch": [1.0, 2.0]})
    none = arm(recipe, "b", [0.4, 0.5], found=replace(bare, answers=[0, 1], truth=[0, 1],
                                                      labels=["a", "b"]))  # fmt: skip
    result = judge_arms([short, none], LOSS).result
    assert result["comparisons"][0]["no_per_sample"] == "their answers are damaged"
    assert result["evaluations"]["b"]["metrics"]["val_loss"]["epoch"] == [1.0]
    lost = replace(details(), evaluations={"val_loss": [0.9]})
    verdict = judge_arms([short, arm(recipe, "b", [0.4, 0.5], found=lost)], LOSS)
    assert verdict.result["evaluations"]["b"]["metrics"] == {}
