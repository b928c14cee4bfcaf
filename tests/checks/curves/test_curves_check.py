"""Reading runs' curves: from a folder to plain data, a verdict and pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trickrun.checks.curves.curves_check import folder_for, read_runs, train_runs
from trickrun.checks.curves.evidence import bounds, read_curves, setting_of
from trickrun.data.splits.source import Task
from trickrun.errors import RunFolderError
from trickrun.findings.verdict import Verdict
from trickrun.recipe.load import Loaded, from_tree, load
from trickrun.recipe.patch import canonical
from trickrun.reporting.curve_pictures import panels, pictures
from trickrun.run.check_folder import conclude
from trickrun.run.folder import RunFolder
from trickrun.run.sink import Sink
from trickrun.training.job import Job

CLASSES = """
name: small
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 1e-2}
train: {epochs: 8, log_every: 1}
"""

VALUES = """
name: values
data: {kind: diabetes, batch_size: full}
model: {kind: mlp, hidden: []}
optimizer: {kind: sgd, lr: 1e-2}
train: {epochs: 5, log_every: 1}
"""


@contextmanager
def unwatched(job: Job, folder: RunFolder) -> Iterator[Sink]:
    yield lambda record: None


def recipe(folder: Path, text: str, *overrides: str) -> Loaded:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return load(path, overrides)


def trained(folder: Path, text: str, *overrides: str, seeds: int = 1) -> list[RunFolder]:
    loaded = recipe(folder, text, *overrides)
    return train_runs(loaded, folder / "runs", [], unwatched, seeds)


def drawn(verdict: Verdict) -> str:
    """Return all pictures of curves, one after the other."""
    return "".join(pictures(verdict).values())


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    (folder,) = trained(tmp_path, CLASSES)
    curves = read_curves(folder)
    records = [json.loads(line) for line in folder.metrics_file.read_text().splitlines()]
    evaluations = [record for record in records if record["kind"] == "epoch"]
    assert list(curves.val_loss) == [e["val_loss"] for e in evaluations]
    assert curves.epochs == tuple(range(1, 9))
    assert (curves.metric, curves.maximizes) == ("accuracy", True)
    assert curves.best_epoch == [e["epoch"] for e in evaluations if e["best"]][-1]
    assert curves.stopped_by == "epochs"
    assert curves.val_samples == 22
    assert curves.baseline == pytest.approx(math.log(3), abs=1e-3)
    assert curves.setting.hidden == (8,)


def test_the_constant_answers_loss_is_that_of_the_targets(tmp_path: Path) -> None:
    (folder,) = trained(tmp_path, VALUES, "metrics=[r2]")
    from trickrun.data.splits.prepare import prepare
    from trickrun.recipe.load import load

    loaded = load(folder.path / "resolved.yaml")
    data = prepare(loaded.recipe.data, tmp_path)
    assert data.val is not None
    found = read_curves(folder)
    assert found.baseline == pytest.approx(float(data.train.y.var(correction=0)), rel=1e-9)
    assert found.constant is not None
    of_val = float((data.val.y - data.train.y.mean()).square().mean())
    assert found.constant.loss == pytest.approx(of_val, rel=1e-9)


def test_of_a_run_of_an_older_version_the_variance_follows_from_r2(tmp_path: Path) -> None:
    (folder,) = trained(tmp_path, VALUES, "metrics=[r2]")
    from trickrun.data.splits.prepare import prepare
    from trickrun.recipe.load import load

    facts = folder.read_json("data.json")
    del facts["constant_answer"]
    folder.write_json("data.json", facts)
    loaded = load(folder.path / "resolved.yaml")
    val = prepare(loaded.recipe.data, tmp_path).val
    assert val is not None
    found = read_curves(folder)
    assert found.baseline == pytest.approx(float(val.y.var(correction=0)), rel=1e-4)
    assert found.constant is None


TASK = Task("classification", classes=4, priors=(0.7, 0.1, 0.1, 0.1))


def test_the_constant_answer_follows_class_weights_and_label_smoothing(tmp_path: Path) -> None:
    def of(*overrides: str) -> tuple[float, float]:
        return bounds(recipe(tmp_path, CLASSES, *overrides).recipe, TASK, [], [])

    entropy = -0.7 * math.log(0.7) - 0.3 * math.log(0.1)
    assert of() == pytest.approx((entropy, 0.0))
    assert of("loss={kind: cross_entropy, class_weights: balanced}")[0] == pytest.approx(
        math.log(4)
    )
    weighted = of("loss={kind: cross_entropy, class_weights: [0.1, 0.7, 0.7, 0.7]}")
    assert weighted[0] == pytest.approx(math.log(4))
    high, low = of("regularizers.label_smoothing=0.2")
    assert low == pytest.approx(-0.85 * math.log(0.85) - 0.15 * math.log(0.05))
    assert low < high < math.log(4)
    assert of("loss=hinge")[0] != of("loss=hinge")[0]  # not known without a record: not a number


def test_a_class_without_training_samples_is_no_part_of_the_balanced_constant_answer(
    tmp_path: Path,
) -> None:
    balanced = "loss={kind: cross_entropy, class_weights: balanced}"
    lost = Task("classification", classes=4, priors=(0.8, 0.1, 0.1, 0.0))
    assert bounds(recipe(tmp_path, CLASSES, balanced).recipe, lost, [], [])[0] == pytest.approx(
        math.log(3)
    )


def test_a_run_that_diverges_is_a_result(tmp_path: Path) -> None:
    folders = trained(tmp_path, VALUES, "optimizer.lr=1e6", "train.epochs=500")
    verdict = read_runs(folders)
    assert verdict.verdict == "fail"
    assert verdict.result["runs"][0]["shape"] == "diverged"
    assert [panel.title for panel in panels(verdict)][-1] == "Gradient norm before clipping"


def test_a_run_that_diverges_before_anything_is_logged_has_an_empty_picture(tmp_path: Path) -> None:
    folders = trained(tmp_path, VALUES, "optimizer.lr=1e30", "train.log_every=100")
    assert read_curves(folders[0]).epochs == ()
    assert [panel.title for panel in panels(read_runs(folders))] == ["Loss"]
    assert drawn(read_runs(folders)).endswith("</svg>\n")


def test_seeds_of_a_recipe_are_compared_and_recorded_in_a_folder_of_their_own(
    tmp_path: Path,
) -> None:
    folders = trained(tmp_path, CLASSES, seeds=2)
    curves = [read_curves(folder) for folder in folders]
    assert curves[0].recipe == curves[1].recipe
    assert curves[0].val_loss != curves[1].val_loss
    verdict = read_runs(folders)
    with folder_for(folders, tmp_path / "runs", ["trickrun"]) as check:
        conclude(check, verdict)
    assert check not in folders
    assert {f.where.split(" of ")[1] for f in verdict.findings} == {"seed 0", "seed 1"}
    assert [run["name"] for run in verdict.result["runs"]] == ["seed 0", "seed 1"]
    assert verdict.summary.startswith("seed 0: ")
    evidence = check.read_json("evidence.json")
    assert [run["run"] for run in evidence["runs"]] == [folder.id for folder in folders]
    assert check.read_json("env.json")["recipe_folder"] == str(tmp_path)
    with folder_for(folders[:1], tmp_path / "runs", []) as own:
        assert own == folders[0]
        with folder_for(folders[:1], tmp_path / "runs", []) as other:
            assert other != folders[0]


def test_the_picture_names_its_lines_and_marks_the_best_epoch(tmp_path: Path) -> None:
    folders = trained(tmp_path, CLASSES, seeds=2)
    single = drawn(read_runs(folders[:1]))
    for text in ("Loss", "Validation accuracy", "Learning rate", "training", "best"):
        assert f">{text}<" in single
    both = drawn(read_runs(folders))
    assert all(f">{name}<" in both for name in ("seed 0", "seed 1"))
    assert ">best<" not in both


def test_a_run_without_validation_is_judged_by_its_training_loss(tmp_path: Path) -> None:
    folders = trained(tmp_path, CLASSES, "data.split.val=0")
    curves = read_curves(folders[0])
    assert (curves.val_loss, curves.metric, curves.val_samples) == ((), "", None)
    verdict = read_runs(folders)
    assert [panel.title for panel in panels(verdict)][:2] == ["Loss", "Learning rate"]
    assert ">validation<" not in drawn(verdict)


def test_a_check_has_no_curves(tmp_path: Path) -> None:
    folders = trained(tmp_path, CLASSES, seeds=2)
    with folder_for(folders, tmp_path / "runs", []) as check:
        pass
    with pytest.raises(RunFolderError, match="has no curves"):
        read_curves(check)


def test_a_loss_below_0_has_its_lowest_value_as_the_floor(tmp_path: Path) -> None:
    (tmp_path / "below.py").write_text("def loss(z, y): return (z - y).square().mean(1) - 1e5\n")
    own = "loss={kind: python, target: 'below:loss'}"
    (folder,) = trained(tmp_path, VALUES, own)
    found = read_curves(folder)
    assert found.floor == min(*found.train_loss, *found.val_loss) < found.baseline < 0
    (usual,) = trained(tmp_path, VALUES)
    assert read_curves(usual).floor == 0.0


@pytest.mark.parametrize(
    ("model", "hidden"), [({"kind": "mlp", "hidden": [8, 4]}, (8, 4)), ("cnn", ()), ("lstm", ())]
)
def test_only_a_recipe_that_lists_all_hidden_layers_can_widen_them(model, hidden):
    found = setting_of(from_tree(canonical({"data": "digits", "model": model})))
    assert found.hidden == hidden
    assert found.hidden_path == ("model.hidden" if hidden else "")
