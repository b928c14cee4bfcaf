"""The coarse and fine searches: journal, order, importance, verdict."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from trickrun.checks.grid_check import results_of, run_search
from trickrun.errors import CannotWrite, RunFolderError, TrickrunError
from trickrun.recipe.grid import Range
from trickrun.recipe.load import Loaded, derive, load
from trickrun.run.check_folder import begin, conclude
from trickrun.search import run_trials
from trickrun.search.executors.choose import Layout
from trickrun.search.executors.work import run_trial
from trickrun.search.journal import (
    JOURNAL,
    PLAN,
    append,
    journal,
    known_results,
    new_search,
    newest_coarse,
    open_search,
)
from trickrun.search.judge import best_first, importances, judge
from trickrun.search.plan import plan
from trickrun.search.trial import TrialResult
from trickrun.tricks.monitor import Monitor

RECIPE = """
name: tiny
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
grid:
  coarse: {trials: 6, epochs: 2, space: {optimizer.lr: {log: [1e-3, 1e-1]}}}
  fine: {trials: 3, epochs: 3}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return load(path)


def result(
    name: str, metric: float | None, status: str = "finished", **params: object
) -> TrialResult:
    values = {} if metric is None else {"val_loss": metric, "val_accuracy": 1 - metric}
    return TrialResult(name, params, status, metric, values, 1.0, "processes")  # type: ignore[arg-type]


def test_the_order_is_by_metric_and_what_did_not_finish_comes_last() -> None:
    rows = [result("a", 0.5), result("b", None, "diverged"), result("c", 0.2), result("d", 0.9)]
    assert [r.id for r in best_first(rows, Monitor(monitor="val_loss"), "val_loss")] == list("cadb")
    rank = Monitor(monitor="val_accuracy")
    assert [r.id for r in best_first(rows, rank, "val_accuracy")] == list("dacb")


def test_importance_goes_to_the_parameter_that_decides() -> None:
    space = {"x": Range(uniform=(0.0, 1.0)), "y": Range(uniform=(0.0, 1.0))}
    rows = [result(str(i), i / 20, x=i / 20, y=(i * 7 % 20) / 20) for i in range(20)]
    found = importances(space, rows)
    assert found["x"] > 0.9
    assert sum(found.values()) == pytest.approx(1.0)
    assert importances(space, rows[:5]) == {}


def test_a_trial_is_one_recipe_whatever_it_is_called(loaded: Loaded) -> None:
    first = plan(loaded, "coarse")
    path = loaded.path.with_name("other.yaml")
    path.write_text(RECIPE.replace("name: tiny", "name: other"))
    assert [t.id for t in plan(load(path), "coarse").trials] == [t.id for t in first.trials]
    path.write_text(RECIPE.replace("hidden: [8]", "hidden: [9]"))
    changed = {t.id for t in plan(load(path), "coarse").trials}
    assert not changed & {t.id for t in first.trials}


def test_a_cut_journal_line_is_left_out_and_its_trial_runs_again(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(loaded, "coarse")
    with begin(loaded, planned.loaded, tmp_path / "runs", []) as folder:
        pass
    lines = [json.dumps(result(t.id, 0.1).as_json()) for t in planned.trials[:4]]
    (folder.path / JOURNAL).write_text("\n".join([*lines[:3], lines[3][:-9]]))
    ran: list[str] = []

    def run(layout, folder, metric, wanted, **how):
        ran.extend(trial.id for trial in planned.trials if trial.id in wanted)
        yield from [result(name, 0.2) for name in wanted]

    monkeypatch.setattr(run_trials, "run_layout", run)
    seen: list[tuple[int, int]] = []
    run_trials.search(planned, folder, {}, lambda result, done, total: seen.append((done, total)))
    assert ran == [t.id for t in planned.trials[3:]]
    assert seen == [(4, 6), (5, 6), (6, 6)]
    assert {r.id for r in journal(folder)} == {t.id for t in planned.trials}


def test_what_another_search_finished_is_not_run_again(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(loaded, "coarse")
    monkeypatch.setattr(
        run_trials, "run_layout", lambda *arguments, **how: (result for result in ())
    )
    with begin(loaded, planned.loaded, tmp_path / "runs", []) as folder:
        pass
    known = {t.id: result(t.id, 0.3) for t in planned.trials}
    run_trials.search(planned, folder, known, lambda *_: None)
    assert len(journal(folder)) == 6
    assert set(known_results(tmp_path / "runs", planned)) == set(known)


def test_a_search_that_goes_on_trains_where_it_began_to(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(loaded, "coarse")
    with begin(loaded, planned.loaded, tmp_path / "runs", []) as folder:
        pass
    layouts: list[Layout] = []

    def cut_off(layout, folder, metric, wanted, **how):
        layouts.append(layout)
        yield result(planned.trials[len(layouts)].id, 0.2)

    first, *others = planned.trials
    monkeypatch.setattr(
        "trickrun.search.journal.lay_out", lambda trials, folder, pace: Layout(here=[tuple(trials)])
    )
    monkeypatch.setattr(run_trials, "run_layout", cut_off)
    known = {first.id: result(first.id, 0.1)}
    run_trials.search(planned, folder, known, lambda *_: None)
    run_trials.search(planned, folder, known, lambda *_: None)
    # The result from elsewhere is gone, as is its run folder: it is one more trial to train.
    (folder.path / JOURNAL).unlink()
    run_trials.search(planned, folder, {}, lambda *_: None)
    stack = [trial.id for trial in others]
    assert [layout.as_json()["here"] for layout in layouts] == [
        [stack], [stack], [stack, [first.id]]
    ]  # fmt: skip


def test_a_diverged_trial_is_a_result_and_a_crashed_one_is_run_again(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(loaded, "coarse")
    with begin(loaded, planned.loaded, tmp_path / "runs", []) as folder:
        pass
    diverged, crashed, *rest = planned.trials
    done = [result(diverged.id, None, "diverged"), result(crashed.id, None, "crashed")]
    done += [result(t.id, 0.1) for t in rest]
    (folder.path / JOURNAL).write_text("".join(json.dumps(r.as_json()) + "\n" for r in done))
    ran: list[str] = []

    def run(layout, folder, metric, wanted, **how):
        ran.extend(wanted)
        yield from ()

    monkeypatch.setattr(run_trials, "run_layout", run)
    run_trials.search(planned, folder, {}, lambda *_: None)
    assert ran == [crashed.id]


def test_the_verdict_warns_at_an_edge_and_fails_if_nothing_finished(loaded: Loaded) -> None:
    planned = plan(loaded, "coarse")
    inside = [
        TrialResult(t.id, t.params, "finished", abs(t.params["optimizer.lr"] - 0.01), {}, 1.0, "p")
        for t in planned.trials
    ]
    assert judge(planned, inside).verdict == "pass"
    edge = TrialResult("e", {"optimizer.lr": 0.099}, "finished", 0.0, {}, 1.0, "p")
    warned = judge(planned, [*inside, edge])
    assert (warned.verdict, warned.findings[0].code) == ("warn", "TR37")
    assert warned.result["next_space"]["optimizer.lr"]["log"][1] > 0.1
    none = judge(planned, [result("a", None, "diverged")])
    assert none.verdict == "fail"
    assert none.result["best"] is None


def test_an_edge_of_what_hardly_matters_is_no_finding(loaded: Loaded) -> None:
    space = {"optimizer.lr": {"log": [1e-3, 1e-1]}, "regularizers.l2": {"log": [1e-6, 1e-2]}}
    coarse = {"trials": 20, "epochs": 2, "space": space}
    planned = plan(derive(loaded, {"grid.coarse": coarse}), "coarse")
    points = [(1e-3 * 100 ** (k / 19), 1e-6 * 1e4 ** ((7 * k % 20) / 19)) for k in range(20)]
    rows = [
        result(str(k), abs(k - 3.2), **{"optimizer.lr": lr, "regularizers.l2": l2})
        for k, (lr, l2) in enumerate(points)
    ]
    rows[3].params["regularizers.l2"] = 1e-6
    verdict = judge(planned, rows)
    assert [edge["path"] for edge in verdict.result["edges"]] == ["regularizers.l2"]
    assert verdict.findings == ()


def test_fine_starts_from_the_newest_finished_coarse(loaded: Loaded, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    with pytest.raises(RunFolderError, match="no finished coarse search of tiny"):
        newest_coarse(root, loaded)
    planned = plan(loaded, "coarse")
    with begin(loaded, planned.loaded, root, []) as folder:
        pass
    (folder.path / JOURNAL).touch()
    results = [
        TrialResult(t.id, t.params, "finished", float(i), {}, 1.0, "p")
        for i, t in enumerate(planned.trials)
    ]
    verdict = judge(planned, results)
    conclude(folder, verdict)
    coarse = newest_coarse(root, loaded)
    assert coarse.path == folder.path
    fine = plan(loaded, "fine", coarse)
    low, high = verdict.result["next_space"]["optimizer.lr"]["log"]
    assert all(low <= t.params["optimizer.lr"] <= high for t in fine.trials)
    assert fine.loaded.recipe.train.epochs == 3


def test_a_space_with_an_impossible_value_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.replace("{log: [1e-3, 1e-1]}", "[0.1, -1.0]"))
    with pytest.raises(TrickrunError, match=r"optimizer\.lr"):
        plan(load(path), "coarse")


def test_results_of_another_search_get_this_ones_parameters_and_metric(
    loaded: Loaded, tmp_path: Path
) -> None:
    planned = plan(loaded, "coarse")
    first, second, third, *_ = (trial.id for trial in planned.trials)
    with new_search(planned, loaded, tmp_path, []) as folder:
        pass
    append(folder, result(first, 0.25))
    append(folder, result(second, None, "diverged"))
    append(folder, replace(result(third, 0.5), values={"val_loss": 0.5}))
    other = plan(derive(loaded, {"grid.metric": "val_accuracy"}), "coarse")
    known = known_results(tmp_path, other)
    assert {name: known[name].metric for name in known} == {first: 0.75, second: None}
    assert known[first].params == other.trials[0].params


def test_a_search_by_another_metric_is_another_search(loaded: Loaded, tmp_path: Path) -> None:
    planned = plan(loaded, "coarse")
    with new_search(planned, loaded, tmp_path, []) as folder:
        pass
    assert open_search(tmp_path, planned) == folder
    for changes in ({"grid.metric": "val_accuracy"}, {"grid.mode": "max"}):
        assert open_search(tmp_path, plan(derive(loaded, changes), "coarse")) is None
    with folder.locked():
        assert open_search(tmp_path, planned) is None
    (folder.path / PLAN).write_text("{")
    assert open_search(tmp_path, planned) is None


def test_a_wider_space_takes_over_what_it_shares(loaded: Loaded, tmp_path: Path) -> None:
    points = {"sampler": "grid", "trials": 2, "space": {"optimizer.lr": {"choice": [0.01, 0.1]}}}
    run_search(derive(loaded, {"grid.coarse": points}), "coarse", tmp_path, [], lambda *_: None)
    points["space"] |= {"model.hidden": {"choice": [[8], [16]]}}
    wider = derive(loaded, {"grid.coarse": points | {"trials": 4}})
    seen = []
    verdict, _ = run_search(wider, "coarse", tmp_path, [], lambda r, *_: seen.append(r))
    assert len(verdict.result["trials"]) == 4
    assert all(set(r.params) == {"optimizer.lr", "model.hidden"} for r in seen)


def test_a_search_by_another_metric_ranks_by_it(loaded: Loaded, tmp_path: Path) -> None:
    first, _ = run_search(loaded, "coarse", tmp_path, [], lambda *_: None)
    other = derive(loaded, {"grid.metric": "val_accuracy"})
    second, _ = run_search(other, "coarse", tmp_path, [], lambda *_: None)
    rows = {row["id"]: row for row in first.result["trials"]}
    assert set(rows) == {row["id"] for row in second.result["trials"]}
    accuracies = [row["metric"] for row in second.result["trials"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies == [rows[r["id"]]["values"]["val_accuracy"] for r in second.result["trials"]]
    assert all(rows[r["id"]]["seconds"] == r["seconds"] for r in second.result["trials"])


def test_the_workers_stop_at_once_if_the_journal_cannot_be_written(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = plan(loaded, "coarse")
    with new_search(planned, loaded, tmp_path, []) as folder:
        pass
    ended: list[bool] = []

    def run(layout, folder, metric, wanted, **how):
        try:
            yield from [result(name, 0.2) for name in wanted]
        finally:
            ended.append(True)

    def full(folder, result):
        raise CannotWrite("no space", str(folder.path))

    monkeypatch.setattr(run_trials, "run_layout", run)
    monkeypatch.setattr(run_trials, "append", full)
    with pytest.raises(CannotWrite) as caught:
        run_trials.search(planned, folder, {}, lambda *_: None)
    assert ended == [True]
    assert caught.value.__traceback__ is not None  # it is still there, as in the command


@pytest.mark.parametrize("evidence", [None, {"stage": "fine"}, {"stage": "coarse"}, {"curves": []}])
def test_a_fine_search_needs_a_coarse_one(
    loaded: Loaded, tmp_path: Path, evidence: dict[str, object] | None
) -> None:
    with new_search(plan(loaded, "coarse"), loaded, tmp_path, []) as folder:
        pass
    if evidence is not None:
        folder.write_json("evidence.json", evidence)
    with pytest.raises(RunFolderError, match="not a coarse search with a finished trial"):
        run_search(loaded, "fine", tmp_path, [], lambda *_: None, coarse=folder)
    with pytest.raises(RunFolderError, match="no finished coarse search of tiny"):
        run_search(loaded, "fine", tmp_path, [], lambda *_: None)


def test_the_fine_space_ends_where_the_recipe_does(loaded: Loaded) -> None:
    space = {
        "regularizers.dropout.p": {"log": [0.01, 0.8]},
        "optimizer.lr": {"log": [1e-3, 1e-1]},
        "model.hidden": {"choice": [[8], [16]]},
    }
    planned = plan(derive(loaded, {"grid.coarse.space": space}), "coarse")
    # The higher, the better.
    rows = [
        replace(result(t.id, -t.params["optimizer.lr"] * t.params["regularizers.dropout.p"]),
                params={**t.params, "regularizers.dropout.p": 0.79, "optimizer.lr": 0.099})
        for t in planned.trials
    ]  # fmt: skip
    verdict = judge(planned, rows)
    found = verdict.result["next_space"]
    assert found["regularizers.dropout.p"]["log"][1] == 0.8
    assert found["optimizer.lr"]["log"][1] > 0.1
    told = {finding.where: finding.why for finding in verdict.findings}
    assert "The fine search covers that side." in told["optimizer.lr"]
    # The recipe refuses what lies beyond, and a space of its own is not derived from this one.
    assert "widen the range in grid.coarse.space" in told["regularizers.dropout.p"]
    given = {"grid.coarse.space": space, "grid.fine.space": {"optimizer.lr": {"log": [1e-3, 1.0]}}}
    own = replace(planned, loaded=derive(loaded, given))
    assert all("widen the range" in finding.why for finding in judge(own, rows).findings)
    fine = replace(planned, stage="fine")
    assert "widen the range in grid.fine.space" in judge(fine, rows).findings[0].why


def test_a_journal_that_tells_other_parameters_is_not_believed(
    loaded: Loaded, tmp_path: Path
) -> None:
    planned = plan(loaded, "coarse")
    with new_search(planned, loaded, tmp_path, []) as folder:
        append(folder, result(planned.trials[0].id, 0.5))
        append(folder, result("of no trial", 0.1))
        found = results_of(planned, folder)
    assert {name: row.params for name, row in found.items()} == {
        planned.trials[0].id: planned.trials[0].params
    }


def test_results_with_details_are_known_without_them(loaded: Loaded, tmp_path: Path) -> None:
    planned = plan(loaded, "coarse")
    first = replace(planned.trials[0], detailed=True)
    detailed = run_trial(first, loaded.folder, "val_loss")
    assert detailed.details is not None
    with new_search(planned, loaded, tmp_path, []) as folder:
        append(folder, detailed)
    known = known_results(tmp_path, planned)
    assert known == {first.id: replace(detailed, params=first.params, details=None)}
    # Where details are wanted, a result without them is as good as none.
    wanted = replace(planned, trials=(first,))
    assert known_results(tmp_path, wanted)[first.id].details == detailed.details
    with new_search(planned, loaded, tmp_path / "else", []) as folder:
        append(folder, replace(detailed, details=None))
    assert known_results(tmp_path / "else", wanted) == {}
