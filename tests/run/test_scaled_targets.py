"""Targets that are scaled for the loss: everything that people read stays in the data's unit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from exactness import ending, go_on, same, train

from trickrun.checks.data_look import look, measure
from trickrun.checks.initial_loss.measure import constants_of
from trickrun.data.splits.prepare import prepare
from trickrun.errors import DataError
from trickrun.recipe.load import load
from trickrun.run.folder import RunFolder
from trickrun.run.scoring import file_part, full_scores, predictions
from trickrun.run.trained import open_run
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import evaluate, mean_loss, score
from trickrun.training.events import Checkpoint, Event
from trickrun.training.job import Job

RECIPE = """\
name: r
data: {kind: csv, path: t.csv, target: [price, weight], batch_size: 16, scale_targets: standard}
model: {kind: mlp, hidden: [8]}
metrics: [mae, rmse, r2]
optimizer: {kind: adam, lr: 1e-2}
train: {epochs: 2, device: cpu}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of two targets: one about 5000, one that is 3 in training and validation."""
    monkeypatch.chdir(tmp_path)
    draw = torch.Generator().manual_seed(0)
    rows = torch.randn(80, 3, generator=draw)
    lines = [f"{a},{b},{c},{5000 + 300 * a},3" for a, b, c in rows.tolist()]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,price,weight", *lines]))
    (tmp_path / "r.yaml").write_text(RECIPE)
    return tmp_path / "r.yaml"


def job_of(recipe: Path, *overrides: str) -> Job:
    loaded = load(recipe, overrides)
    return compile_recipe(loaded.recipe, loaded.folder)


def test_the_scaler_is_fitted_on_the_training_split_alone(recipe: Path) -> None:
    scaled, raw = (job_of(recipe, f"data.scale_targets={how}").data for how in ("standard", "none"))
    y = scaled.train.y.double()
    torch.testing.assert_close(y.mean(0), torch.zeros(2).double(), atol=1e-4, rtol=0)
    # A target that is constant in training keeps its scale.
    torch.testing.assert_close(y.std(0, correction=0), torch.tensor([1.0, 0.0]).double())
    assert scaled.val is not None
    assert raw.val is not None
    assert abs(float(scaled.val.y[:, 0].mean())) > 1e-3
    torch.testing.assert_close(scaled.in_own_unit(scaled.val.y), raw.val.y)


def test_classes_have_no_scale() -> None:
    loaded = load(Path("recipes/iris.yaml").resolve(), ["data.scale_targets=standard"])
    with pytest.raises(DataError, match="classes") as caught:
        prepare(loaded.recipe.data, loaded.folder)
    assert caught.value.where == "data.scale_targets"


def test_the_loss_sees_scaled_values_and_metrics_those_of_the_data(recipe: Path) -> None:
    job, raw = job_of(recipe), job_of(recipe, "data.scale_targets=none")
    assert raw.data.val is not None
    assert job.data.val is not None
    zeros = torch.zeros(len(job.data.val), 2)
    scores = score(job, zeros, job.data.val, job.targets["val"])
    mean = raw.data.train.y.mean(0)
    assert scores["mae"] == pytest.approx(float((raw.data.val.y - mean).abs().mean()), rel=1e-4)
    assert scores["loss"] == pytest.approx(float(job.targets["val"].square().mean()))
    assert scores["loss"] < 2 < scores["rmse"]
    known = constants_of(job, torch.arange(len(job.data.train)))
    assert known.of(known.uniform) == pytest.approx(0.5, rel=1e-4)
    assert mean_loss(job, torch.zeros_like(job.targets["train"]), job.targets["train"]) == (
        pytest.approx(0.5, rel=1e-4)
    )


def test_scaling_is_the_same_as_scaling_the_table_by_hand(recipe: Path) -> None:
    job, raw = job_of(recipe), job_of(recipe, "data.scale_targets=none")
    y = raw.data.train.y
    std = torch.tensor([float(y[:, 0].std(correction=0)), 1.0]).double()
    wanted = (y - y.mean(0)) / std
    torch.testing.assert_close(job.targets["train"].double(), wanted, atol=1e-6, rtol=0)


def test_the_edit_for_unscaled_targets_mends_them(recipe: Path) -> None:
    raw = job_of(recipe, "data.scale_targets=none", "data.target=price")
    (finding,) = [f for f in look(raw.recipe, raw.data) if f.code == "TR06"]
    assert finding.edit == {"data.scale_targets": "standard"}
    job = job_of(recipe, "data.target=price")
    assert "TR06" not in [f.code for f in look(job.recipe, job.data)]
    targets = measure(job.recipe, job.data).targets
    assert targets is not None
    assert targets.scaled
    assert targets.size == pytest.approx(1.0, rel=1e-4)


def test_a_run_remembers_its_scale(recipe: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    ran = trickrun("train", "r.yaml", "--json")
    assert ran.code == 0, ran.err
    folder = RunFolder(Path(ran.json["run"]))
    job, fresh = open_run(folder), job_of(recipe)
    facts = json.loads((folder.path / "data.json").read_text())
    assert fresh.data.target_scaler.shift is not None
    assert facts["target_shift"] == fresh.data.target_scaler.shift.tolist()
    fresh.model.load_state_dict(job.model.state_dict())
    assert fresh.data.test is not None
    test = evaluate(fresh, fresh.data.test, fresh.targets["test"])
    assert ran.json["result"]["test"] == pytest.approx(test)
    # What is scored from the file and what is predicted for it is in the file's unit.
    part = file_part(job, Path("t.csv"))
    told = full_scores(job, part)
    samples = job.recipe.data.load_file(Path("t.csv"), job.data.task, (3,))
    rows = list(predictions(job, samples.x))
    assert all(4000 < row["price"] < 6000 for row in rows)
    lines = Path("t.csv").read_text().splitlines()[1:]
    actual = [float(line.split(",")[3]) for line in lines]
    errors = [abs(row["price"] - y) for row, y in zip(rows, actual, strict=True)]
    assert told["per_target"][0]["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-12)
    assert told["scores"]["loss"] < 10


def test_a_resumed_run_ends_to_the_bit_like_an_uninterrupted_one(
    recipe: Path, tmp_path: Path
) -> None:
    changes = ["train.checkpoint=1 step"]
    whole = train(recipe, tmp_path / "whole", changes=changes)

    def cut(record: Event) -> None:
        if isinstance(record, Checkpoint):
            raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        train(recipe, tmp_path / "cut", [cut], changes)
    resumed = go_on(tmp_path / "cut")
    assert same(ending(resumed.folder), ending(whole.folder))
    assert resumed.result["test"] == whole.result["test"]


@pytest.mark.parametrize("scale", ["log", "quantile"])
def test_a_run_remembers_logarithms_and_quantiles(recipe: Path, trickrun, scale: str) -> None:  # type: ignore[no-untyped-def]
    change = f"data.scale_targets={scale}"
    ran = trickrun("train", "r.yaml", change, "--json")
    assert ran.code == 0, ran.err
    folder = RunFolder(Path(ran.json["run"]))
    job, fresh = open_run(folder), job_of(recipe, change)
    y = torch.tensor([[5000.0, 3.0], [1e5, 4.0], [1.0, 2.0]]).double()
    assert torch.equal(job.data.target_scaler(y), fresh.data.target_scaler(y))
    fresh.model.load_state_dict(job.model.state_dict())
    assert fresh.data.test is not None
    test = evaluate(fresh, fresh.data.test, fresh.targets["test"])
    assert ran.json["result"]["test"] == pytest.approx(test)
    # Metrics are of the file's own values, computed here from what predict writes for them.
    told = trickrun("eval", folder.id, "--data", "t.csv", "--json").json["result"]
    rows = trickrun("predict", folder.id, "t.csv").out.splitlines()[1:]
    prices = [float(line.split(",")[3]) for line in Path("t.csv").read_text().splitlines()[1:]]
    errors = [abs(float(row.split(",")[0]) - y) for row, y in zip(rows, prices, strict=True)]
    assert told["per_target"][0]["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-9)


def test_the_curves_know_what_a_constant_costs_under_a_logarithm(recipe: Path) -> None:
    from trickrun.checks.curves.evidence import bounds

    for scale, wanted in (("log", 1.0), ("quantile", 1.0), ("standard", 0.5 / (1 - 0.5))):
        job = job_of(recipe, f"data.scale_targets={scale}")
        seen = [{"val_loss": 0.5, "val_r2": 0.5, "train_loss": 0.5}]
        assert bounds(job.recipe, job.data.task, seen, seen)[0] == pytest.approx(wanted)


def test_a_target_of_0_has_no_logarithm(recipe: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    lines = Path("t.csv").read_text().splitlines()
    Path("t.csv").write_text("\n".join([*lines, "1,1,1,0,3", "1,2,1,-4,3"]))
    ran = trickrun("train", "r.yaml", "data.scale_targets=log")
    assert ran.code == 2
    assert "no logarithm, such as" in ran.err
    assert "quantile and standard take all" in ran.err
    assert trickrun("train", "r.yaml", "data.scale_targets=quantile").code == 0


@pytest.mark.parametrize("broken", [{"target_form": "cube"}, {"target_form": "log"}])
def test_a_scale_that_no_run_writes_is_refused(
    recipe: Path, trickrun, broken: dict[str, object]
) -> None:  # type: ignore[no-untyped-def]
    ran = trickrun("train", "r.yaml", "data.scale_targets=none", "--json")
    folder = RunFolder(Path(ran.json["run"]))
    facts = json.loads((folder.path / "data.json").read_text())
    (folder.path / "data.json").write_text(json.dumps(facts | broken))
    again = trickrun("predict", folder.id, "t.csv")
    assert again.code == 2
    assert "data.json" in again.err


def test_a_run_with_a_plateau_is_scored_and_predicts(recipe: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    ran = trickrun("train", "r.yaml", "optimizer.schedule=plateau", "--json")
    assert ran.code == 0, ran.err
    assert trickrun("eval", ran.json["run"]).code == 0
    assert trickrun("predict", ran.json["run"], "t.csv").code == 0
