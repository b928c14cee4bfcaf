"""train_loss and val_loss of weighted samples and of labels, as scikit-learn has them.

The weights of the network hardly move (lr 1e-30), so an epoch's training loss is that of one
network.
"""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.recipe.schema import Recipe
from trickrun.training.compile import check_weighting, compile_recipe
from trickrun.training.evaluation import predict
from trickrun.training.events import Evaluation
from trickrun.training.job import RecipeJob
from trickrun.training.loop import train

BASE: dict[str, Any] = {
    "data": {
        "kind": "csv",
        "path": "t.csv",
        "target": "kind",
        "weight": "w",
        "drop": ["wet", "hot"],
        "batch_size": 13,
    },
    "model": {"kind": "mlp", "hidden": [8]},
    "optimizer": {"kind": "sgd", "lr": 1e-30},
    "train": {"epochs": 1, "precision": "float64", "device": "cpu"},
}
LABELS = {
    "data.target": ["wet", "hot"],
    "data.task": "multilabel",
    "data.drop": ["kind"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = random.Random(1)
    lines = ["a,b,w,kind,wet,hot"]
    for _ in range(80):
        a, b, w = draw.gauss(0, 1), draw.gauss(0, 1), draw.choice([0, 0.5, 3])
        lines.append(f"{a},{b},{w},{'xyz'[draw.randrange(3)]},{int(a > b)},{int(b > 1)}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "own.py").write_text("def step(*a): pass\ndef more(x, y, generator): return x, y\n")
    return tmp_path


def compiled(folder: Path, changes: dict[str, Any]) -> RecipeJob:
    return compile_recipe(from_tree(patch_paths(canonical(BASE), changes)), folder)


@pytest.mark.parametrize(
    "changes",
    [{}, {"loss.class_weights": [1.0, 5.0, 0.2]}, {"train.accumulate": {"batches": 3}}],
    ids=["plain", "class weights", "accumulation"],
)
def test_classes(folder: Path, changes: dict[str, Any]) -> None:
    job = compiled(folder, {"loss": "cross_entropy", **changes})
    (epoch,) = [event for event in train(job) if isinstance(event, Evaluation)]
    by_class = np.array(changes.get("loss.class_weights", [1.0, 1.0, 1.0]))
    for name, part in (("train", job.data.train), ("val", job.data.val)):
        assert part is not None
        assert part.w is not None
        p = predict(job, part.x).softmax(1).numpy()
        weight = part.w.numpy() * by_class[part.y.numpy()]
        expected = log_loss(part.y.numpy(), p, sample_weight=weight, labels=[0, 1, 2])
        assert epoch.values[f"{name}_loss"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("weighted", [True, False])
def test_labels(folder: Path, weighted: bool) -> None:
    changes = LABELS if weighted else {**LABELS, "data.weight": None, "data.drop": ["kind", "w"]}
    job = compiled(folder, changes)
    (epoch,) = [event for event in train(job) if isinstance(event, Evaluation)]
    for name, part in (("train", job.data.train), ("val", job.data.val)):
        assert part is not None
        assert (part.w is not None) == weighted
        p, y = predict(job, part.x).sigmoid().numpy(), part.y.numpy()
        w = None if part.w is None else part.w.numpy()
        each = [log_loss(y[:, i], p[:, i], sample_weight=w, labels=[0, 1]) for i in range(2)]
        assert epoch.values[f"{name}_loss"] == pytest.approx(np.mean(each), rel=1e-9)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_mixing_takes_each_samples_weight_along(folder: Path, loss: str) -> None:
    changes: dict[str, Any] = {"loss": loss, "regularizers": {"mixup": 0.4}}
    job = compiled(folder, changes)
    indices = torch.arange(13)
    x, targets = job.mix(*job.training_batch(indices, 0), 0)
    z = job.model(x)
    w = job.data.train.w
    assert w is not None
    w, y = w[:13], job.data.train.y[:13]
    one_hot = torch.nn.functional.one_hot(y, 3).double()
    if loss == "mse":
        each = [(z - t).square().mean(1) for t in (one_hot, one_hot.roll(1, 0))]
    else:
        each = [-(z.log_softmax(1) * t).sum(1) for t in (one_hot, one_hot.roll(1, 0))]
    own, other = ((v * e).sum() / v.sum() for v, e in zip((w, w.roll(1, 0)), each, strict=True))
    expected = targets.share * own + (1 - targets.share) * other
    torch.testing.assert_close(targets.loss(job.loss, z), expected)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"data.sampling": "balanced"}, "data.sampling"),
        ({"train.step": "own:step"}, "train.step"),
        ({"augmentation": [{"kind": "python", "target": "own:more"}]}, "augmentation"),
    ],
)
def test_what_does_not_go_with_weights(folder: Path, changes: dict[str, Any], where: str) -> None:
    recipe = Recipe.model_validate(patch_paths(canonical(BASE), changes))
    with pytest.raises(CompileError) as caught:
        check_weighting(recipe)
    assert caught.value.where == where
