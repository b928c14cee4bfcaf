"""A diagnosis from end to end, on recipes of a few units."""

import pytest

from trickrun.checks.diagnosis.candidate import together
from trickrun.checks.diagnosis.candidates import as_trial, candidates
from trickrun.checks.diagnosis.diagnosis_check import diagnose
from trickrun.checks.diagnosis.gather import Evidence
from trickrun.checks.diagnosis.proxy_run import STEPS, shorten
from trickrun.findings.finding import Finding
from trickrun.recipe.load import derive
from trickrun.run.pace import budget


def test_a_short_run_stays_as_it_is(make):
    proxy = shorten(make())
    assert (proxy.steps, proxy.span.steps, proxy.evaluations) == (56, 56, 1)
    assert proxy.recipe.recipe.data == proxy.loaded.recipe.data


def test_a_long_one_is_cut_and_watched_ones_are_evaluated(make):
    proxy = shorten(make("train.epochs=100", "early_stopping=5", "data.n=8000"))
    assert proxy.steps == STEPS
    assert len(proxy.data.train) == 4000
    assert 900 < len(proxy.data.val) < 1100
    assert proxy.recipe.recipe.train.eval_every == STEPS / 5
    assert proxy.recipe.recipe.early_stopping is None


def test_a_schedule_may_watch_a_metric_that_the_recipe_does_not_name(make):
    sine = "data: {kind: synthetic, family: sine, n: 100}\nmodel: {kind: mlp, hidden: [8]}\n"
    watched = "optimizer.schedule={kind: plateau, monitor: val_mae}"
    proxy = shorten(make(watched, text=sine))
    assert [metric.name for metric in proxy.recipe.recipe.metrics] == ["r2", "mae"]
    named = shorten(make("metrics=[rmse]", text=sine))
    assert [metric.name for metric in named.recipe.recipe.metrics] == ["r2", "rmse"]


def test_every_candidate_is_a_recipe_and_the_unusual_come_first(make):
    odd = "init={kind: normal, std: 3.0}", "regularizers.dropout=0.9", "optimizer.momentum=0.99"
    proxy = shorten(make("optimizer=sgd", *odd, "model.activation=sigmoid"))
    found = candidates(proxy, [], input_std=1.0, gap=0.0)
    for candidate in found:
        derive(proxy.recipe, candidate.trial)
        derive(proxy.loaded, candidate.edit)
    paths = [candidate.path for candidate in found]
    assert set(paths[:4]) >= {"regularizers.dropout", "init", "optimizer.momentum"}
    assert len({candidate.label for candidate in found}) == len(found)


def test_overfitting_suggests_regularizers_and_rare_classes_weights(make):
    proxy = shorten(make())
    codes = {c.code for c in candidates(proxy, [], input_std=1.0, gap=0.4)}
    assert "TR51" in codes
    assert "TR51" not in {c.code for c in candidates(proxy, [], input_std=1.0, gap=0.0)}


def test_edits_together_leave_out_what_another_replaces(make):
    proxy = shorten(make("optimizer=sgd", "init=zeros"))
    found = {c.path: c for c in candidates(proxy, [], 1.0, 0.0)}
    both = together([found["optimizer"], found["init"], found["optimizer.lr"]])
    assert set(both.edit) == {"init", "optimizer.lr"}
    assert len(both.together) == 3


def test_no_training_is_asked_about_a_leak(make):
    drop = {"data.irrelevant": 0}
    for code, expected in (("TR97", 0), ("TR08", 0), ("TR01", 1)):
        leak = Finding(code, "A leak", "error", 0.95, "data", {}, "It is.", drop)
        found = candidates(shorten(make("data.irrelevant=2")), [leak], 1.0, 0.0)
        assert sum(candidate.edit == drop for candidate in found) == expected


@pytest.mark.parametrize("confirm", [False, True])
def test_a_leak_is_an_error_after_what_keeps_the_network_from_training(make, tmp_path, confirm):
    label = [i * 7 % 3 for i in range(300)]
    rows = [f"{i * 37 % 101},{10 + k},{'abc'[k]}" for i, k in enumerate(label)]
    (tmp_path / "t.csv").write_text("\n".join(["x,code,y", *rows]) + "\n")
    text = "data: {kind: csv, path: t.csv, target: y}\nmodel: {kind: mlp, hidden: [16]}\n"
    loaded = make("init=zeros", "train.epochs=4", text=text)
    verdict, _ = diagnose(loaded, confirm, pace=budget(20 if confirm else None))
    cause, leak = verdict.findings[:2]
    assert (cause.code, cause.severity) == ("TR22", "error")
    assert (leak.code, leak.severity) == ("TR97", "error")
    assert leak.edit == {"data.drop": ["code"]}
    trains = make("init=auto", "optimizer=adam", "optimizer.lr=0.05", "train.epochs=30", text=text)
    first = diagnose(trains, confirm, pace=budget(20 if confirm else None))[0].findings[0]
    assert (first.code, first.severity) == ("TR97", "error")


def test_a_longer_run_is_tried_only_where_the_short_one_is_the_whole(make):
    assert as_trial(shorten(make()), {"train.epochs": 16})["train.steps"] == 112
    assert as_trial(shorten(make("train.epochs=100")), {"train.epochs": 200}) is None


@pytest.mark.parametrize("confirm", [False, True])
def test_a_healthy_recipe_has_no_error(make, confirm):
    verdict, _ = diagnose(make(), confirm)
    assert verdict.verdict != "fail", verdict.findings
    assert verdict.result["failed"] == {}


def test_two_faults_are_mended_together(make):
    loaded = make("init={kind: constant, value: 0.5}", "optimizer.lr=1e-6")
    verdict, _ = diagnose(loaded, confirm=True, pace=budget(300))
    first = verdict.findings[0]
    assert first.severity == "error"
    assert set(first.edit) == {"init", "optimizer.lr"}
    assert first.confirmed["after"] > 0.8


def test_labels_without_relation_to_inputs_are_named(make):
    loaded = make("data={kind: python, target: 'mine:shuffled_labels'}")
    verdict, _ = diagnose(loaded, confirm=True)
    errors = [f for f in verdict.findings if f.severity == "error"]
    assert [(f.code, f.where) for f in errors] == [("TR10", "mine:shuffled_labels")]


def test_samples_mixed_in_a_network_are_the_cause_of_what_a_plain_one_mends(make):
    loaded = make("model={kind: python, target: 'mine:Net', args: {mistake: batch axis}}")
    verdict, _ = diagnose(loaded, confirm=True)
    assert (verdict.findings[0].code, verdict.findings[0].severity) == ("TR32", "error")


def test_a_network_that_freezes_itself_is_the_cause_of_what_follows(make):
    loaded = make("model={kind: python, target: 'mine:Net', args: {mistake: bias trains}}")
    first, *_ = diagnose(loaded)[0].findings
    assert (first.code, first.severity, first.where) == ("TR45", "error", "mine:Net")
    assert first.evidence["frozen"] == pytest.approx(128 / 131)


@pytest.mark.parametrize("mistake", ["all frozen", "cut off"])
def test_a_network_without_anything_to_train_is_a_finding(make, mistake):
    loaded = make(f"model={{kind: python, target: 'mine:Net', args: {{mistake: {mistake}}}}}")
    (found,) = diagnose(loaded)[0].findings
    assert (found.code, found.severity, found.where) == ("TR45", "error", "mine:Net")


def test_a_loss_without_a_gradient_is_a_finding(make):
    loaded = make("loss={kind: python, target: 'mine:loss', args: {mistake: rounded}}")
    (found,) = diagnose(loaded)[0].findings
    assert (found.code, found.severity, found.where) == ("TR96", "error", "mine:loss")


def test_code_that_fails_is_evidence_and_stops_nothing_else(make, tmp_path):
    loaded = make("loss={kind: python, target: 'mine:loss', args: {mistake: softmax}}")
    verdict, _ = diagnose(loaded)
    assert verdict.findings[0].code == "TR26"
    timed = verdict.result["part_seconds"].keys()
    assert {"static", "training", "user_loss", "grad_check"} <= timed


def test_inputs_that_are_all_alike_are_the_cause_and_no_network_that_ignores_them(make, tmp_path):
    rows = [f"1,7,{'ab'[i * 7 % 2]}" for i in range(200)]
    (tmp_path / "t.csv").write_text("\n".join(["u,v,y", *rows]) + "\n")
    text = "data: {kind: csv, path: t.csv, target: y}\nmodel: {kind: mlp, hidden: [16]}\n"
    first, *others = diagnose(make("train.epochs=4", text=text))[0].findings
    assert (first.code, first.severity, first.name) == ("TR04", "error", "All inputs alike")
    assert {"TR14", "TR10"} <= {finding.code for finding in others}


def test_a_bias_of_the_head_that_is_far_off_is_named_by_no_other_finding(make):
    sine = "data: {kind: synthetic, family: sine, n: 300}\nmodel: {kind: mlp, hidden: [16]}\n"
    bias = "init={kind: auto, head: {kind: auto, bias: 30.0}}"
    loaded = make(bias, "optimizer={kind: sgd, lr: 0.01}", "train.epochs=8", text=sine)
    first, *others = diagnose(loaded)[0].findings
    assert (first.code, first.where) == ("TR24", "init.head_bias")
    assert not any("init" in path for finding in others for path in finding.edit or ())


def test_what_never_helped_a_diagnosis_is_measured_and_not_weighed():
    codes = (("TR44", "warning"), ("TR84", "info"), ("TR04", "info"), ("TR04", "error"))
    found = [Finding(code, "n", severity, 0.9, "data", {}, "w") for code, severity in codes]
    evidence = Evidence(findings=[*found, Finding("TR01", "n", "info", 0.9, "data", {}, "w")])
    assert [finding.code for finding in evidence.weighed] == ["TR04", "TR01"]
    assert len(evidence.as_json()["findings"]) == 5
