"""What a tracker is sent is what the files in the run's folder say."""

from __future__ import annotations

import json

import pytest

from trickrun.errors import RunFolderError
from trickrun.tracking.records import Log, flat, record_of


def lines_of(folder):
    return [json.loads(line) for line in folder.metrics_file.read_text().splitlines()]


def test_parameters_are_the_resolved_recipe_by_path(training):
    params = record_of(training).params
    assert params["optimizer.kind"] == "adam"
    assert params["optimizer.lr"] == 0.01
    assert params["optimizer.betas"] == "[0.9, 0.999]"
    assert params["model.hidden"] == "[8]"
    assert params["augmentation.0.kind"] == "noise"
    assert params["regularizers.l2.lambda"] == 1e-4
    assert params["early_stopping"] is None


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        ({}, {}),
        ({"a": {}}, {"a": "{}"}),
        ({"a": []}, {"a": "[]"}),
        ({"a": {"b": [1, None]}, "c": True}, {"a.b": "[1, null]", "c": True}),
        ({"a": [{"k": 1}, "word"]}, {"a.0.k": 1, "a.1": "word"}),
    ],
)
def test_flat(tree, wanted):
    assert flat(tree) == wanted


def test_points_are_the_lines_of_the_log(training):
    points = Log(training).new()
    lines = lines_of(training)
    epochs = [line for line in lines if line["kind"] == "epoch"]
    steps = [line for line in lines if line["kind"] == "step"]
    for kind, wanted in (("epoch", epochs), ("step", steps)):
        found = [point for point in points if point.kind == kind]
        assert [point.step for point in found] == [int(line["step"]) for line in wanted]
    first = next(point for point in points if point.kind == "epoch")
    assert first.values["val_loss"] == epochs[0]["val_loss"]
    assert first.values["epoch"] == 1.0
    step = next(point for point in points if point.kind == "step")
    assert step.values["batch_loss"] == steps[0]["loss"]
    assert step.values["penalty"] == steps[0]["penalty"]
    end = points[-1]
    assert (end.kind, end.step) == ("end", lines[-1]["steps"])
    assert end.values["test_accuracy"] == lines[-1]["test"]["accuracy"]


def test_tags_say_how_it_ended(training):
    record = record_of(training)
    assert record.tags["trickrun.status"] == "finished"
    assert record.tags["trickrun.verdict"] in ("pass", "warn")
    assert record.tags["trickrun.run"] == training.id == record.id
    assert record.scores["best_val_loss"] == lines_of(training)[-1]["best"]["val_loss"]
    assert {file.name for file in record.files} >= {"recipe.yaml", "resolved.yaml", "env.json"}


def test_a_missed_expectation_is_a_failed_verdict(training):
    resolved = training.path / "resolved.yaml"
    resolved.write_text(
        resolved.read_text().replace("expect: {}", "expect: {test.accuracy: '>= 1.1'}")
    )
    assert "1.1" in resolved.read_text()
    assert record_of(training).tags["trickrun.verdict"] == "fail"


def test_a_number_that_is_none_is_left_out_and_counted(training):
    lines = lines_of(training)
    place = next(i for i, line in enumerate(lines) if line["kind"] == "epoch")
    lines[place]["val_loss"] = None
    training.metrics_file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    first = next(point for point in Log(training).new() if point.kind == "epoch")
    assert "val_loss" not in first.values
    assert first.left_out == 1


def test_a_log_is_read_as_it_grows(training):
    whole = training.metrics_file.read_bytes()
    wanted = Log(training).new()
    log, found = Log(training), []
    for length in range(0, len(whole) + 1, 97):
        training.metrics_file.write_bytes(whole[:length])
        found += log.new()
    training.metrics_file.write_bytes(whole)
    found += log.new()
    told = [(point.kind, point.step, point.values) for point in found]
    assert told == [(point.kind, point.step, point.values) for point in wanted]
    assert log.new() == []


def test_what_is_written_again_after_a_resume_is_told_once(training):
    whole = training.metrics_file.read_bytes()
    log = Log(training)
    first = log.new()
    cut = whole.index(b'{"kind": "epoch"')
    training.metrics_file.write_bytes(whole[:cut])
    assert log.new() == []
    training.metrics_file.write_bytes(whole)
    assert log.new() == []
    more = json.dumps({"kind": "step", "step": 999, "loss": 0.5, "lr": 0.1}) + "\n"
    training.metrics_file.write_bytes(whole + more.encode())
    assert [point.step for point in log.new()] == [999]
    assert 999 not in [point.step for point in first]


@pytest.mark.parametrize("line", ["{", '{"kind": "step"}', "[]", '{"kind": "epoch", "step": "1"}'])
def test_a_damaged_log_is_one_error(training, line):
    training.metrics_file.write_text(f"{line}\n")
    with pytest.raises(RunFolderError, match="a damaged line"):
        Log(training).new()


def test_trials_are_children_with_what_was_searched(search):
    record = record_of(search)
    evidence = json.loads((search.path / "evidence.json").read_text())
    assert record.tags["trickrun.command"] == "grid"
    assert record.tags["trickrun.verdict"] == evidence["verdict"]
    assert len(record.children) == 2
    for child, row in zip(record.children, evidence["trials"], strict=True):
        assert child.id == f"{search.id}/{row['id']}"
        assert child.parent == search.id
        assert child.points[0].values["val_loss"] == row["values"]["val_loss"]
        assert child.params == row["params"]
        assert child.points[0].step == row["values"]["step"]
    assert any(path.suffix == ".svg" for path in record.pictures)


def test_what_cannot_be_read_of_a_check_is_told(search, training):
    own = search.own_runs / "flowers" / training.id
    own.parent.mkdir(parents=True)
    training.path.rename(own)
    (own / "env.json").write_text("no json")
    record = record_of(search)
    assert len(record.children) == 2
    assert len(record.unread) == 1
    assert "env.json" in record.unread[0]
