"""The extra mlflow: what its own client gets back of a training and a search."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("mlflow", reason="needs trickrun[mlflow]")

pytestmark = pytest.mark.filterwarnings("ignore")  # those of MLflow and SQLAlchemy


def test_mlflow_reads_what_the_run_has(tracked_by):
    from mlflow.tracking import MlflowClient

    tracked = tracked_by("mlflow")
    assert tracked.first["state"] == "new"
    client = MlflowClient(f"sqlite:///{Path('mlflow.db').resolve()}")
    experiment = client.get_experiment_by_name("flowers").experiment_id

    def of(key):
        (found,) = client.search_runs([experiment], f"tags.`trickrun.run` = '{key}'")
        return found

    def history(run, name):
        points = client.get_metric_history(run.info.run_id, name)
        assert len({point.step for point in points}) == len(points), name
        return {point.step: point.value for point in points}

    first = of(tracked.training.name).info.run_id
    for _ in range(2):  # the second time, sent again
        run = of(tracked.training.name)
        assert run.info.run_id == first
        assert (run.info.status, run.data.tags["trickrun.status"]) == ("FINISHED", "finished")
        assert run.data.params["optimizer.lr"] == "0.01"
        assert run.data.params["model.hidden"] == "[8]"
        for name in ("train_loss", "val_loss", "val_accuracy", "epoch"):
            wanted = {step: line[name] for step, line in tracked.epochs.items()}
            assert history(run, name) == wanted
        wanted = {step: line["loss"] for step, line in tracked.steps.items()}
        assert history(run, "batch_loss") == wanted
        assert run.data.metrics["test_accuracy"] == tracked.test["accuracy"]
        files = {file.path for file in client.list_artifacts(first)}
        assert files >= {"report.html", "recipe.yaml", "resolved.yaml", "pictures"}
        pictures = {file.path for file in client.list_artifacts(first, "pictures")}
        assert "pictures/curves-1.png" in pictures
        assert "checkpoints" not in files
        assert tracked.again("mlflow")["state"] == "updated"
    parent = of(tracked.search.name).info.run_id
    for key, row in tracked.trials.items():
        child = of(key)
        assert child.data.tags["mlflow.parentRunId"] == parent
        assert child.data.params == {name: str(value) for name, value in row["params"].items()}
        assert child.data.metrics["val_loss"] == row["values"]["val_loss"]
    assert len(client.search_runs([experiment])) == 4
    tracked.run("track", tracked.training, "--to", "mlflow", "--weights")
    (best,) = client.list_artifacts(first, "checkpoints")
    assert best.file_size == (tracked.training / "checkpoints" / "best.pt").stat().st_size


def test_a_deleted_experiment_is_refused(tracked_by):
    from mlflow.tracking import MlflowClient

    tracked = tracked_by("mlflow")
    client = MlflowClient(f"sqlite:///{Path('mlflow.db').resolve()}")
    client.delete_experiment(client.get_experiment_by_name("flowers").experiment_id)
    again = tracked.again("mlflow")
    assert again["state"] == "refused"
    assert "restore it" in again["message"]
