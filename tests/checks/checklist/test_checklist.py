"""The checklist: gates, edits that feed the next step, going on after a crash, budget, contest."""

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trickrun.checks.checklist import checklist_check
from trickrun.checks.checklist.budget import Size, cost, fitted, largest_batch
from trickrun.checks.checklist.checklist_check import STEPS, is_tied, left_out
from trickrun.checks.checklist.contest import (
    Entry,
    choose,
    contest,
    judged_by,
    results_of,
    rounds,
    training_samples,
    within,
)
from trickrun.checks.checklist.context import (
    STEP_NAMES,
    ChecklistStep,
    Context,
    StepOutcome,
    checked,
    edits_of,
    own_folder,
    run_steps,
    unfinished,
)
from trickrun.checks.checklist.steps import (
    affordable,
    contestants,
    entrants,
    shortened,
    step_grid_fine,
    told,
)
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import Source
from trickrun.errors import OutOfTime
from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, derive, load
from trickrun.run.check_folder import begin, conclude
from trickrun.run.folder import RunFolder
from trickrun.run.pace import UNHURRIED, Pace, budget
from trickrun.search.executors.processes import cores
from trickrun.search.trial import Trial
from trickrun.tricks.monitor import Monitor

RECIPE = "name: tiny\ndata: {kind: iris, batch_size: 32}\nmodel: {kind: mlp, hidden: [8]}\n"


FIRST, SECOND, THIRD = STEP_NAMES[:3]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    loaded = load(path)
    runs = tmp_path / "runs"
    return Context(loaded, loaded, {}, (), runs, runs / "check" / "runs", [], UNHURRIED)


@pytest.fixture
def folder(context: Context) -> RunFolder:
    with begin(context.loaded, context.loaded, context.root, []) as made:
        made.write_json("tree.json", context.loaded.tree)
        made.write_json("checklist.json", [])
    return made


def source_of(loaded: Loaded) -> Source:
    return loaded.recipe.data.load(loaded.folder)


def step(name: str, verdict: str = "pass", **edits: object) -> ChecklistStep:
    return lambda context: StepOutcome(name, verdict, "", "", edits)


def nothing(name: str, done: StepOutcome | None) -> None:
    pass


def test_each_step_sees_the_recipe_with_the_edits_before_it(
    context: Context, folder: RunFolder
) -> None:
    seen: list[float] = []

    def look(context: Context) -> StepOutcome:
        seen.append(context.working.recipe.optimizer.lr)
        return StepOutcome("second", "pass", "", "")

    steps = {"first": step("first", **{"optimizer.lr": 0.5}), "second": look}
    run_steps(steps, context, folder, nothing, keep_going=False)
    assert seen == [0.5]
    assert context.loaded.recipe.optimizer.lr == 1e-3


@pytest.mark.parametrize(("keep_going", "taken"), [(False, ["a", "b"]), (True, ["a", "b", "c"])])
def test_a_failed_step_ends_the_checklist_unless_it_shall_go_on(
    context: Context, folder: RunFolder, keep_going: bool, taken: list[str]
) -> None:
    steps = {"a": step("a"), "b": step("b", "fail"), "c": step("c")}
    done = run_steps(steps, context, folder, nothing, keep_going)
    assert [each.name for each in done] == taken


def test_a_checklist_that_was_cut_off_goes_on_where_it_was(
    context: Context, folder: RunFolder
) -> None:
    def crash(context: Context) -> StepOutcome:
        raise KeyboardInterrupt

    steps = {FIRST: step(FIRST, **{"optimizer.lr": 0.25}), SECOND: crash}
    with pytest.raises(KeyboardInterrupt):
        run_steps(steps, context, folder, nothing, keep_going=False)
    again = unfinished(context.root, context.loaded, 2, keep_going=False)
    assert again is not None
    assert again.path == folder.path
    ran: list[str] = []

    def second(context: Context) -> StepOutcome:
        ran.append(SECOND)
        assert context.working.recipe.optimizer.lr == 0.25
        return StepOutcome(SECOND, "pass", "", "")

    def first(context: Context) -> StepOutcome:
        raise AssertionError("taken twice")

    done = run_steps({FIRST: first, SECOND: second}, context, again, nothing, keep_going=False)
    assert ran == [SECOND]
    assert [each.name for each in done] == [FIRST, SECOND]


def test_a_checklist_that_has_ended_or_is_of_another_recipe_is_not_gone_on_with(
    context: Context, folder: RunFolder
) -> None:
    other = derive(context.loaded, {"optimizer.lr": 0.1})
    assert unfinished(context.root, other, 2, keep_going=False) is None
    conclude(folder, Verdict("pass", {}))
    assert unfinished(context.root, context.loaded, 2, keep_going=False) is None


def finding(confirmed: dict[str, float] | None, **edit: object) -> Finding:
    return Finding("TR36", "low lr", "error", 0.9, "optimizer.lr", {}, "why", edit, confirmed)


def too_low(loaded: Loaded) -> tuple[Verdict, Loaded]:
    """A check that fails for a learning rate below 0.01."""
    if loaded.recipe.optimizer.lr >= 0.01:
        return Verdict("pass", {}, (), "fine"), loaded
    guesses = (
        finding(None, **{"optimizer.lr": 1.0}),
        finding({"before": 2.0, "after": 1.9}, **{"optimizer.lr": 0.002}),
        finding({"before": 2.0, "after": 0.1}, **{"optimizer.lr": 0.05}),
    )
    return Verdict("fail", {}, guesses, "too low"), loaded


def test_a_failed_check_is_mended_by_the_first_confirmed_edit_that_passes_it(
    context: Context,
) -> None:
    done = checked("overfit-batch", too_low, context)
    assert (done.verdict, done.edits) == ("warn", {"optimizer.lr": 0.05})
    assert done.summary == "too low\nFixed by optimizer.lr=0.05: fine"


def test_a_search_that_fits_its_time_is_left_alone_and_another_loses_trials_first() -> None:
    wanted = Size(trials=16, epochs=4)
    assert fitted(wanted, 1.0, 1000, seconds=64 / cores()) == wanted
    half = fitted(wanted, 1.0, 1000, seconds=32 / cores())
    assert (half.trials, half.epochs, half.samples) == (8, 4, None)
    assert half.shrunk == ("trials 16 -> 8",)
    less = fitted(wanted, 1.0, 1000, seconds=12 / cores())
    assert (less.trials, less.epochs, less.samples) == (6, 2, None)
    least = fitted(wanted, 1.0, 1000, seconds=3 / cores())
    assert (least.trials, least.epochs, least.samples) == (6, 1, 500)


def entries(original: list[float | None], *others: list[float | None]) -> tuple[Entry, ...]:
    named = [Entry(f"c{i}", {"x": i}, tuple(values)) for i, values in enumerate(others)]
    return (Entry("original", {}, tuple(original)), *named)


def test_a_clear_winner_is_kept_and_its_gain_is_paired() -> None:
    outcome = choose("val_loss", entries([1.0, 2.0, 3.0], [0.5, 1.5, 2.5], [0.9, 1.9, 2.9]), LOSS)
    assert outcome.winner.name == "c0"
    assert outcome.gain == pytest.approx(0.5)
    assert outcome.low == pytest.approx(0.5)


def test_a_difference_within_the_noise_changes_nothing() -> None:
    outcome = choose("val_loss", entries([1.0, 2.0, 3.0], [0.2, 2.5, 2.7]), LOSS)
    assert outcome.winner.edits == {}
    assert outcome.gain == 0.0


def test_a_better_mean_with_a_worse_worst_round_does_not_win() -> None:
    # Its gains of 5, 5, 5, 5 and -0.2 are 4 on average, with an interval from 1.1 on.
    original = [10.0, 10.0, 10.0, 10.0, 10.0]
    wild = [5.0, 5.0, 5.0, 5.0, 10.2]
    assert choose("val_loss", entries(original, wild), LOSS).winner.edits == {}
    tame = [7.0, 7.0, 7.0, 7.0, 9.0]
    assert choose("val_loss", entries(original, wild, tame), LOSS).winner.name == "c1"


def test_higher_is_better_for_accuracy() -> None:
    outcome = choose("val_accuracy", entries([0.5, 0.5], [0.9, 0.91], [0.1, 0.1]), ACCURACY)
    assert outcome.winner.name == "c0"
    assert outcome.gain == pytest.approx(0.405)


def test_a_candidate_that_did_not_finish_loses_and_an_original_that_did_not_is_replaced() -> None:
    lost = choose("val_loss", entries([1.0, 1.0], [0.1, None]), LOSS)
    assert lost.winner.name == "original"
    replaced = choose("val_loss", entries([1.0, None], [2.0, 2.0]), LOSS)
    assert replaced.winner.name == "c0"
    assert math.isnan(replaced.gain)


def test_each_round_validates_on_a_fold_of_its_own(context: Context) -> None:
    tested, validated = [], []
    for changes in rounds(context.loaded, source_of(context.loaded), 5):
        derived = derive(context.loaded, changes)
        data = prepare(derived.recipe.data, derived.folder)
        assert data.val is not None
        assert data.test is not None
        validated += data.rows["val"].tolist()
        tested.append(data.rows["test"].tolist())
        assert len(data.train) + len(data.val) + len(data.test) == 150
    assert all(test == tested[0] for test in tested)
    whole = prepare(context.loaded.recipe.data, context.loaded.folder)
    assert whole.test is not None
    assert tested[0] == whole.rows["test"].tolist()
    assert len(set(validated)) == len(validated) == 150 - len(whole.test)


def test_data_with_its_own_validation_keeps_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        f"{x}_{part}": rng.random((9, 2)) if x == "x" else rng.integers(0, 2, 9)
        for x in "xy"
        for part in ("train", "val")
    }
    np.savez(tmp_path / "data.npz", **parts)
    path = tmp_path / "own.yaml"
    path.write_text("seed: 4\ndata: {kind: npz, path: data.npz}\nmodel: {kind: mlp, hidden: [8]}\n")
    loaded = load(path)
    assert rounds(loaded, source_of(loaded), 2) == [{"seed": 4}, {"seed": 5}]


def in_time(folder: Path) -> Loaded:
    """A recipe for 100 rows that are split by time."""
    rows = [
        f"2024-{i // 28 + 1:02}-{i % 28 + 1:02},{i * 7 % 13},{i * 5 % 11 / 2}" for i in range(100)
    ]
    (folder / "t.csv").write_text("\n".join(["day,x,y", *rows]))
    path = folder / "t.yaml"
    path.write_text(
        "data: {kind: csv, path: t.csv, target: y, task: regression, batch_size: 16, "
        "split: {val: 0.1, test: 0.1, time: day}}\nmodel: {kind: mlp, hidden: [8]}\n"
        "train: {epochs: 1}\n"
    )
    return load(path)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"data.subset.n": 60}, ["subset 30 batch 16", "subset 60 batch 16"]),
        ({"data.batch_size": 50}, ["subset None batch 30", "subset None batch 50"]),
        (
            {"data.subset.n": 55, "data.batch_size": 40},
            ["subset 30 batch 30", "subset 55 batch 40"],
        ),
        ({"data.subset.n": 20}, ["subset 20 batch 16"] * 2),
        ({"data.batch_size": "full"}, ["subset None batch full"] * 2),
    ],
)
def test_a_round_asks_for_no_more_samples_than_its_fold_trains_on(
    tmp_path: Path, changes: dict[str, Any], wanted: list[str]
) -> None:
    loaded = in_time(tmp_path)
    source, whole, found = source_of(loaded), 80, []
    for changed in rounds(loaded, source, 2):
        recipe = derive(loaded, {**changes, **changed}).recipe
        samples = training_samples(recipe, source)
        data = derive(loaded, {**changes, **changed, **within(recipe, samples, whole)}).recipe.data
        found.append(f"subset {data.subset and data.subset.n} batch {data.batch_size}")
        prepare(data, loaded.folder)
    assert found == wanted


def test_a_contest_over_a_split_by_time_finishes_with_a_subset(tmp_path: Path) -> None:
    loaded = in_time(tmp_path)
    assert prepare(loaded.recipe.data, loaded.folder).rows["train"].shape == (80,)
    outcome = contest(loaded, [Entry("a", {"data.batch_size": 40})], 2, {"data.subset.n": 60})
    assert [entry.reason for entry in outcome.entries] == ["", ""]
    asked = contest(loaded, [Entry("a", {})], 2, {"data.subset.n": 90})
    assert all("90 samples are wanted" in entry.reason for entry in asked.entries)


LOSS, ACCURACY = Monitor(monitor="val_loss"), Monitor(monitor="val_accuracy")


def test_keep_going_takes_the_steps_that_are_left_and_no_more(
    context: Context, folder: RunFolder
) -> None:
    steps = {FIRST: step(FIRST, "fail"), SECOND: step(SECOND), THIRD: step(THIRD)}
    run_steps(steps, context, folder, nothing, keep_going=False)
    conclude(folder, Verdict("fail", {}))
    assert unfinished(context.root, context.loaded, 3, keep_going=False) is None
    again = unfinished(context.root, context.loaded, 3, keep_going=True)
    assert again is not None
    run_steps(steps, context, again, nothing, keep_going=True)
    assert unfinished(context.root, context.loaded, 3, keep_going=True) is None


def test_a_checklist_that_another_process_takes_is_left_to_it(
    context: Context, folder: RunFolder
) -> None:
    with folder.locked():
        assert unfinished(context.root, context.loaded, 3, keep_going=False) is None
    assert unfinished(context.root, context.loaded, 3, keep_going=False) is not None


def test_of_two_that_want_to_go_on_one_begins_anew(
    context: Context, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one locks it, or even ends it, after it was found."""
    monkeypatch.setattr(checklist_check, "unfinished", lambda *_: folder)
    with checklist_check.opened(context.loaded, context.root, [], False) as mine:
        assert mine == folder
        with checklist_check.opened(context.loaded, context.root, [], False) as other:
            assert other != folder
            assert other.read_json("tree.json") == context.loaded.tree
            assert other.read_json("checklist.json") == []
            assert other.busy
        conclude(mine, Verdict("pass", {}))
    with checklist_check.opened(context.loaded, context.root, [], False) as other:
        assert other != folder
    assert not folder.busy


def test_a_later_edit_of_a_section_takes_the_place_of_what_is_below_it() -> None:
    done = [
        StepOutcome("lr-find", "pass", "", "", {"optimizer.lr": 0.04, "init": "zeros"}),
        StepOutcome("grid coarse", "pass", "", "", {"optimizer": {"kind": "adam", "lr": 0.2}}),
        StepOutcome("grid fine", "pass", "", "", {"optimizer.beta1": 0.8}),
    ]
    adam = {"kind": "adam", "lr": 0.2}
    assert edits_of(done) == {"init": "zeros", "optimizer": adam, "optimizer.beta1": 0.8}
    assert edits_of(done[:1]) == {"optimizer.lr": 0.04, "init": "zeros"}


def test_contestants_have_all_edits_that_they_were_found_with(
    context: Context, folder: RunFolder
) -> None:
    rows = [{"status": "diverged", "params": {}}]
    rows += [{"status": "finished", "params": {"optimizer.lr": lr}} for lr in (0.01, 0.02, 0.03)]
    folder.write_json("evidence.json", {"trials": rows})
    done = (
        StepOutcome("lr-find", "pass", "", "", {"optimizer.lr": 0.04}),
        StepOutcome("grid coarse", "pass", "", "", {"model.hidden": [64]}),
        StepOutcome("grid fine", "pass", str(folder.path), "", {"optimizer.lr": 0.01}),
    )
    found = contestants(replace(context, done=done))
    assert [entry.edits for entry in found] == [
        {"optimizer.lr": 0.04},
        {"model.hidden": [64], "optimizer.lr": 0.01},
        {"model.hidden": [64], "optimizer.lr": 0.02},
    ]


@pytest.mark.parametrize(("seconds", "names"), [(None, ["mended", "grid fine 1"]), (1e-6, [])])
def test_a_rate_that_is_not_tried_at_length_is_no_contestant(
    context: Context, folder: RunFolder, seconds: float | None, names: list[str]
) -> None:
    rows = [{"status": "finished", "params": {"optimizer.lr": 0.01}}]
    folder.write_json("evidence.json", {"trials": rows})
    done = (
        StepOutcome("lr-find", "pass", "", "", {"optimizer.lr": 0.04}),
        StepOutcome("grid fine", "pass", str(folder.path), "", {"optimizer.lr": 0.01}),
    )
    loaded = derive(context.loaded, {"train.epochs": 20})
    whole = replace(context, loaded=loaded, working=loaded, done=done, pace=budget(seconds))
    found, short, told = entrants(whole)
    assert [entry.name for entry in found] == names
    assert (short.share < 0.5, len(told)) == ((False, 0) if names else (True, 1))
    mend = StepOutcome("overfit-batch", "warn", "", "", {"init": "zeros"})
    found, _, _ = entrants(replace(whole, done=(mend, *done)))
    assert found[0].edits == ({"init": "zeros", "optimizer.lr": 0.04} if names else mend.edits)


def test_without_a_coarse_result_there_is_nothing_to_search_around(context: Context) -> None:
    coarse = StepOutcome("grid coarse", "fail", "runs/x", "nothing finished")
    found = step_grid_fine(replace(context, done=(coarse,)))
    assert (found.name, found.verdict, found.run) == ("grid fine", "fail", "runs/x")
    with pytest.raises(OutOfTime, match="the coarse search was left out"):
        step_grid_fine(context)


def test_entries_with_other_losses_are_judged_by_the_metric(context: Context) -> None:
    original = Entry("original", {})
    rate, loss = Entry("a", {"optimizer.lr": 0.1}), Entry("b", {"loss": "hinge"})
    smoothed = Entry("c", {"regularizers.label_smoothing": 0.2})
    assert judged_by(context.loaded, [original, rate]).monitor == "val_loss"
    for other in (loss, smoothed):
        assert judged_by(context.loaded, [original, rate, other]).monitor == "val_accuracy"
    mine = derive(context.loaded, {"metrics": [{"kind": "python", "target": "m:f"}, "f1_macro"]})
    assert judged_by(mine, [original, loss]).monitor == "val_f1_macro"


def test_why_nothing_finished_is_told(context: Context) -> None:
    entry = Entry("a", {"data.batch_size": 1000}, reason="x")
    outcome = contest(context.loaded, [entry], 2, {"data.batch_size": 1000})
    assert all("larger than the training split" in each.reason for each in outcome.entries)
    assert "original did not finish: " in told(outcome)


def test_a_subset_fills_the_largest_batch(context: Context) -> None:
    assert largest_batch(context.loaded.recipe) == 32
    space = {"data.batch_size": {"choice": [8, 512]}}
    searched = derive(context.loaded, {"data.batch_size": 64, "grid.coarse.space": space})
    assert largest_batch(searched.recipe) == 512
    wanted = Size(trials=6, epochs=1)
    assert fitted(wanted, 1.0, 4000, 0.01, smallest=512).samples == 512


@pytest.mark.parametrize(("seconds", "steps"), [(None, None), (1e6, None), (1e-6, 1)])
def test_a_recipe_in_steps_loses_steps_to_the_budget(
    context: Context, seconds: float | None, steps: int | None
) -> None:
    loaded = derive(context.loaded, {"train.epochs": None, "train.steps": 50})
    short = replace(context, loaded=loaded, working=loaded, pace=budget(seconds))
    found = shortened(short, runs=10)
    assert found.changes == ({} if steps is None else {"train.steps": steps})
    assert found.said == (() if steps is None else (f"steps 50 -> {steps}",))
    assert found.share == (steps or 50) / 50


@pytest.mark.parametrize(
    ("text", "overrides", "tied"),
    [
        (RECIPE, [], False),
        (RECIPE, ["optimizer.lr=0.1"], False),
        ("data: {kind: csv, path: t.csv, target: y}\nmodel: mlp\n", [], True),
        ("data: {kind: csv, path: /t.csv, target: y}\nmodel: mlp\n", [], False),
        ("data: iris\nmodel: {kind: python, target: 'm:Net'}\n", [], True),
        ("extends: tiny.yaml\n", [], True),
    ],
)
def test_what_must_stay_beside_its_files(
    context: Context, tmp_path: Path, text: str, overrides: list[str], tied: bool
) -> None:
    (tmp_path / "other.yaml").write_text(text)
    assert is_tied(load(tmp_path / "other.yaml", overrides)) is tied


class Clock:
    """A clock that moves only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_step_without_time_is_left_out_and_the_others_are_taken(
    context: Context, folder: RunFolder
) -> None:
    told: list[tuple[str, str]] = []

    def tell(name: str, done: StepOutcome | OutOfTime | None) -> None:
        told.append((name, type(done).__name__))

    def slow(context: Context) -> StepOutcome:
        context.pace.ask("b", 200.0)
        raise AssertionError("taken without time")

    clock = Clock()
    hurried = replace(context, pace=Pace(100.0, clock=clock))
    steps = {"a": step("a"), "b": slow, "c": step("c")}
    done = run_steps(steps, hurried, folder, tell, keep_going=False)
    assert [each.name for each in done] == ["a", "c"]
    assert told == [
        ("a", "NoneType"),
        ("a", "StepOutcome"),
        ("b", "NoneType"),
        ("b", "OutOfTime"),
        ("c", "NoneType"),
        ("c", "StepOutcome"),
    ]


def test_when_the_time_is_up_no_step_is_begun(context: Context, folder: RunFolder) -> None:
    clock = Clock()
    hurried = replace(context, pace=Pace(100.0, clock=clock))

    def long(context: Context) -> StepOutcome:
        clock.now = 101.0
        return StepOutcome("a", "pass", "", "")

    done = run_steps({"a": long, "b": step("b")}, hurried, folder, nothing, keep_going=False)
    assert [each.name for each in done] == ["a"]


def test_what_was_left_out_is_named(context: Context) -> None:
    hurried = replace(context, pace=Pace(100.0, clock=Clock()))
    taken = [StepOutcome(name, "pass", "", "") for name in STEPS if name != "lr-find"]
    taken[-1] = replace(taken[-1], cut=["2 of 5 rounds of the contest"])
    assert left_out(taken, hurried.pace) == ["lr-find", "curves: 2 of 5 rounds of the contest"]
    assert left_out(taken, UNHURRIED) == ["curves: 2 of 5 rounds of the contest"]
    failed = [StepOutcome("initial-loss", "fail", "", "")]
    assert left_out(failed, hurried.pace) == [], "steps behind one that failed were not to be taken"


def rounds_held(monkeypatch: pytest.MonkeyPatch, seconds: float, limit: float) -> int:
    """Return how many rounds of five are whole if one takes so long.

    Args:
        seconds: of a round.
        limit: seconds for all of them.
    """
    clock = Clock()

    def run(trials: list[Trial], folder: Path, metric: str, what: str, pace: Pace) -> Any:
        clock.now += seconds
        return [SimpleNamespace(id=trial.id) for trial in trials if not pace.over()]

    monkeypatch.setattr("trickrun.checks.checklist.contest.run_trials", run)
    by_round = [[Trial(f"{entry}{number}", {}, {}) for entry in "ab"] for number in range(5)]
    results, taken = results_of(by_round, Path(), "val_loss", Pace(limit, clock=clock))
    assert {f"{entry}{number}" for entry in "ab" for number in range(taken)} <= results.keys()
    return taken


@pytest.mark.parametrize(("limit", "taken"), [(1000.0, 5), (35.0, 3), (31.0, 3), (11.0, 1)])
def test_only_whole_rounds_of_the_contest_count(
    monkeypatch: pytest.MonkeyPatch, limit: float, taken: int
) -> None:
    assert rounds_held(monkeypatch, 10.0, limit) == taken


def test_a_contest_without_a_whole_round_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutOfTime, match="no round of the contest"):
        rounds_held(monkeypatch, 10.0, 9.0)


def test_one_round_keeps_nothing() -> None:
    outcome = choose("val_loss", entries([1.0], [0.1]), LOSS)
    assert outcome.winner.edits == {}
    assert told(outcome).startswith("Over 1 fold nothing beats the original")


def test_what_trainings_cost_follows_from_their_size() -> None:
    assert cost(Size(trials=4, epochs=3), 2.0, 1000) == pytest.approx(24 / cores())
    half = Size(trials=4, epochs=3, samples=500)
    assert cost(half, 2.0, 1000) == pytest.approx(12 / cores())


def test_a_search_whose_least_takes_too_long_is_not_begun(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trickrun.checks.checklist.steps.epoch_seconds", lambda _: (50.0, 106))
    hurried = replace(context, pace=Pace(100.0, clock=Clock()))
    with pytest.raises(OutOfTime, match="it takes about"):
        affordable("grid coarse", Size(16, 3), hurried)
    assert affordable("grid coarse", Size(16, 3), context) == Size(16, 3)


def test_a_step_s_folder_is_never_one_elsewhere(tmp_path: Path) -> None:
    """A path in a stranger's checklist.json leads nowhere else."""
    checklist, outside = RunFolder(tmp_path / "tiny" / "check"), tmp_path / "outside"
    for folder in (checklist.own_runs / "tiny" / "step", outside):
        folder.mkdir(parents=True)
        (folder / "resolved.yaml").write_text("")
    mine = StepOutcome("curves", "pass", "runs/tiny/check/runs/tiny/step", "")
    assert own_folder(checklist.own_runs, "tiny", mine) == RunFolder(
        checklist.own_runs / "tiny" / "step"
    )
    for run in (str(outside), "..", "../step", "", "/"):
        found = own_folder(checklist.own_runs, "tiny", StepOutcome("curves", "pass", run, ""))
        assert found is None or found.path.parent == checklist.own_runs / "tiny"
