"""``train_loss`` is the mean over the samples of the epoch, or over their weights: as ``val_loss``.

The weights hardly move (lr 1e-30), so the training loss of an epoch is the loss of one network, and
scikit-learn knows it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_sample_weight

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical, patch_paths
from trickrun.search.executors.stacked.engine import train_stack
from trickrun.search.executors.work import run_chunk
from trickrun.search.trial import make_trial
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Evaluation, TrainedSteps
from trickrun.training.job import RecipeJob
from trickrun.training.loop import train

OWN = """
import numpy as np
from torch.nn import functional

def classes(number=3):
    drawn = np.random.default_rng(0)
    part = (drawn.normal(size=(53, 4)).astype("float32"), drawn.permutation(53) % number)
    return {"train": part, "val": part, "task": "classification"}

def values():
    drawn = np.random.default_rng(0)
    part = (drawn.normal(size=(53, 4)).astype("float32"), drawn.normal(size=(53, 2)))
    return {"train": part, "val": part, "task": "regression"}

def each(prediction, target):
    return functional.cross_entropy(prediction, target, reduction="none")

def average(prediction, target):
    return functional.cross_entropy(prediction, target)

def plain(model, batch, loss, optimizer):
    x, y = batch
    optimizer.zero_grad()
    value = loss(model(x), y)
    value.backward()
    optimizer.step()
    return value
"""

# 106 training samples: two batches of 52 and one of 2.
BASE: dict[str, Any] = {
    "data": {"kind": "iris", "batch_size": 52},
    "model": {"kind": "mlp", "hidden": [8]},
    "optimizer": {"kind": "sgd", "lr": 1e-30},
    "train": {"epochs": 2, "precision": "float64", "device": "cpu", "log_every": 1},
}
WEIGHTS = [1.0, 5.0, 0.2]
WEIGHTED = {"loss.class_weights": WEIGHTS}
SUMMED = {"loss.reduction": "sum"}
OWN_STEP = {"train.step": "own:plain"}

CASES: dict[str, dict[str, Any]] = {
    "mean": {},
    "class weights": WEIGHTED,
    "balanced weights": {"loss.class_weights": "balanced"},
    "sum": SUMMED,
    "sum with class weights": WEIGHTED | SUMMED,
    "nll": {"loss": "nll", "model.head_activation": "log_softmax"},
    "accumulation": {"data.batch_size": 13, "train.accumulate": {"batches": 4}},
    "accumulation with weights": WEIGHTED
    | {"data.batch_size": 13, "train.accumulate": {"batches": 4}},
    "own step": OWN_STEP,
    "own step with weights": OWN_STEP | WEIGHTED,
    "own step with a sum": OWN_STEP | WEIGHTED | SUMMED,
    "several blocks": {"data.batch_size": 1},
    "another order": {"data.shuffle": False},
    "one batch": {"data.batch_size": "full"},
    "sharpness-aware": {"regularizers.sam": 0.05},
    "a penalty": {"regularizers.l2": 0.1},
}


def tree_of(*changes: dict[str, Any]) -> dict[str, Any]:
    tree = canonical({**BASE, "loss": "cross_entropy"})
    for change in changes:
        tree = patch_paths(tree, change)
    return tree


@pytest.fixture
def job_of(tmp_path: Path):
    (tmp_path / "own.py").write_text(OWN)
    return lambda *changes: compile_recipe(from_tree(tree_of(*changes)), tmp_path)


def probabilities(job: RecipeJob, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return job.loss_kind.scores(job.model(job.inputs(x)), job.data.task).numpy()


def expected(job: RecipeJob) -> float:
    """The mean loss of the training samples, by scikit-learn."""
    y = job.data.train.y.numpy()
    given = getattr(job.recipe.loss, "class_weights", None)
    weights = dict(enumerate(given)) if isinstance(given, tuple) else given
    each = compute_sample_weight(weights, y)
    return log_loss(y, probabilities(job, job.data.train.x), sample_weight=each)


def train_losses(job: RecipeJob) -> list[float]:
    return [e.values["train_loss"] for e in train(job) if isinstance(e, Evaluation)]


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_mean_over_samples(job_of, name):
    job = job_of(CASES[name])
    loss = expected(job)
    assert train_losses(job) == pytest.approx([loss, loss], rel=1e-7)


def test_the_last_batch_counts_by_its_samples(job_of):
    """53 samples in batches of 52: the mean over the steps was half one sample's."""
    job = job_of({"data.subset": {"n": 53}})
    assert len(job.data.train) == 53
    loss = expected(job)
    (block, *_) = [e for e in train(job) if isinstance(e, TrainedSteps)]
    assert block.mean_loss == pytest.approx(loss, rel=1e-7)
    assert np.mean(block.losses) != pytest.approx(loss, rel=1e-3)


def test_it_is_of_the_samples_since_the_evaluation_before(job_of):
    """Batches that are left out, or not whole yet, count by what they have."""
    changes = {"data.drop_last": True, "train.batch_ramp": 0.25, "train.eval_every": 3}
    job = job_of(WEIGHTED, changes, {"data.batch_size": 20, "train.epochs": 4})
    batches, sums, found = job.batches(0), [], []
    y, p = job.data.train.y.numpy(), probabilities(job, job.data.train.x)
    for step in range(job.span.steps):
        indices = next(batches).numpy()
        weights = np.array(WEIGHTS)[y[indices]]
        sums.append((weights @ -np.log(p[indices, y[indices]]), weights.sum()))
        if job.span.is_evaluation(step + 1, 3):
            found.append(np.divide(*np.sum(sums, axis=0)))
            sums = []
    assert len(found) == 7  # 20 steps
    assert train_losses(job) == pytest.approx(found, rel=1e-7)


def test_a_mixed_batch_counts_by_the_weights_of_its_samples(job_of):
    job = job_of(WEIGHTED, {"regularizers.mixup": 0.4, "train.epochs": 1})
    totals, weights, own = [], 0.0, np.array(WEIGHTS)
    batches = job.batches(0)
    for step in range(job.span.steps):
        x, y = job.training_batch(next(batches), step)
        mixed, targets = job.mix(x, y, step)
        with torch.no_grad():
            p = job.loss_kind.scores(job.model(mixed), job.data.task).numpy()
        for share, label in ((targets.share, y.numpy()), (1 - targets.share, targets.other)):
            totals += list(share * own[label] * -np.log(p[np.arange(len(p)), label]))
        weights += own[y.numpy()].sum()
    assert train_losses(job) == pytest.approx([sum(totals) / weights], rel=1e-7)


DATA = {"kind": "python", "batch_size": 52, "split": {"val": 0.0, "test": 0.0}}
CLASSES = {"data": {**DATA, "target": "own:classes"}}
TWO = {"data": {**DATA, "target": "own:classes", "args": {"number": 2}}}
VALUES = {"data": {**DATA, "target": "own:values"}}

LOSSES = {
    "cross_entropy": CLASSES,
    "weighted": CLASSES | WEIGHTED,
    "smoothed": CLASSES | WEIGHTED | {"regularizers.label_smoothing": 0.1},
    "hinge": CLASSES | {"loss": {"kind": "hinge"}},
    "one-hot": CLASSES | {"loss": {"kind": "mse"}},
    "bce": TWO | {"loss": {"kind": "bce", "class_weights": "balanced"}},
    "mse": VALUES | {"loss": {"kind": "mse"}},
    "mae": VALUES | {"loss": {"kind": "mae"}},
    "huber": VALUES | {"loss": {"kind": "huber", "reduction": "sum"}},
    "own, each": CLASSES | {"loss": {"kind": "python", "target": "own:each"}},
    "own, average": CLASSES | {"loss": {"kind": "python", "target": "own:average"}},
    "own, summed": CLASSES
    | {"loss": {"kind": "python", "target": "own:average", "reduction": "sum"}},
}


@pytest.mark.parametrize("name", LOSSES)
def test_it_is_what_val_loss_is_of_the_same_samples(job_of, name):
    job = job_of(LOSSES[name])
    for evaluation in (e for e in train(job) if isinstance(e, Evaluation)):
        values = evaluation.values
        assert values["train_loss"] == pytest.approx(values["val_loss"], rel=1e-7)


@pytest.mark.parametrize(
    "name", ["mean", "class weights", "balanced weights", "sum with class weights"]
)
def test_a_stack_of_trials_has_the_same(job_of, name):
    jobs = [job_of(CASES[name], change) for change in ({"seed": 0}, {"seed": 1}, {"seed": 2})]
    losses = [expected(job) for job in jobs]
    ends = dict(train_stack(jobs))
    found = [ends[place].best["train_loss"] for place in range(3)]
    assert found == pytest.approx(losses, rel=1e-7)
    assert len(set(found)) == 3


def test_what_watches_it_watches_that(tmp_path):
    """Early stopping by it ends a trial alone and in a stack at the same evaluation."""
    stopping = {"early_stopping": {"monitor": "train_loss", "patience": 2}, "train.epochs": 60}
    changes = WEIGHTED | stopping | {"regularizers.dropout": 0.5}
    trees = [tree_of(changes, {"optimizer.lr": lr}) for lr in (0.1, 0.3)]
    trials = [make_trial(tree, {}, tmp_path) for tree in trees]
    stacked = run_chunk(trials, tmp_path, "train_loss")
    alone = [run_chunk([trial], tmp_path, "train_loss")[0] for trial in trials]
    assert {(r.engine, r.status) for r in stacked} == {("stacked", "finished")}
    by_id = {result.id: result for result in stacked}
    for result in alone:
        assert by_id[result.id].values == pytest.approx(result.values, rel=1e-6)
        assert result.values["epoch"] < 60
