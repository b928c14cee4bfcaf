"""From a run folder to its curves as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from statistics import median

from trickrun.data.splits.source import DATA_FILE, Task
from trickrun.errors import RunFolderError
from trickrun.findings.evidence.curves import Curves, Setting, floor_seen
from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.recipe.facts import optimizer_facts
from trickrun.recipe.load import load
from trickrun.recipe.schema import Recipe
from trickrun.run.folder import Metrics, RunFolder
from trickrun.run.trained import constant_scores, task_of
from trickrun.tricks.metrics import metric_named
from trickrun.tricks.monitor import higher_is_better
from trickrun.tricks.optimizers import Decaying
from trickrun.tricks.schedules import WarmedUp


def read_curves(folder: RunFolder) -> Curves:
    """Return what judging a run's curves needs.

    Raises RunFolderError if its files cannot be read, or it has trained nothing yet.
    """
    recipe = load(folder.path / "resolved.yaml").recipe
    records = folder.metrics()
    evaluations = [record for record in records if record["kind"] == "epoch"]
    steps = [record for record in records if record["kind"] == "step"]
    if not records:
        raise RunFolderError(
            "this run has no curves because it has not trained yet", str(folder.path)
        )
    end = records[-1] if records[-1]["kind"] == "end" else {}
    facts = folder.read_json(DATA_FILE)
    task = task_of(folder, facts)
    # A loss that is no number is written as null.
    finite = [e for e in evaluations if None not in (e["train_loss"], e.get("val_loss", 0.0))]
    metric = metric_of(recipe, finite)
    train_loss = column(finite, "train_loss")
    validated = [e for e in finite if "val_loss" in e]
    if validated and len(validated) < len(finite):
        raise RunFolderError("some evaluations have no val_loss", str(folder.metrics_file))
    val_loss = column(validated, "val_loss")
    baseline, floor = bounds(recipe, task, finite, steps)
    in_training = constant_scores(facts, "train")
    if in_training is not None:
        baseline = in_training.loss
    accuracies = all("val_accuracy" in e for e in finite)
    kept = [e["epoch"] for e in finite if e["best"]]
    return Curves(
        run=folder.id,
        recipe=identity(recipe),
        epochs=column(finite, "epoch"),
        steps=column(finite, "step"),
        lrs=column(finite, "lr"),
        train_loss=train_loss,
        val_loss=val_loss,
        metric=metric,
        values=column(finite, f"val_{metric}") if metric else (),
        maximizes=bool(higher_is_better(metric)),
        metric_is_share=kind.is_share if (kind := metric_named(metric)) else False,
        best_epoch=kept[-1] if kept else None,
        stopped_by=str(end.get("stopped_by", "")),
        non_finite=end.get("cause") == "non_finite" or len(finite) < len(evaluations),
        baseline=baseline,
        floor=floor_seen(floor, (*train_loss, *val_loss)),
        val_samples=facts.get("val_samples") or None,
        setting=setting_of(recipe),
        constant=constant_scores(facts, "val") if val_loss else in_training,
        accuracies=column(finite, "val_accuracy") if accuracies else (),
        warmup=warmup_of(recipe),
        test_loss=end.get("test", {}).get("loss"),
        test_accuracy=end.get("test", {}).get("accuracy"),
        test_constant=constant_scores(facts, "test"),
    )


def warmup_of(recipe: Recipe) -> int:
    """Return the steps of the warm-up that the recipe gives as a number; a share of the run is over
    before the run is, unless something stops it."""
    schedule = recipe.optimizer.schedule
    return int(schedule.warmup) if isinstance(schedule, WarmedUp) and schedule.warmup >= 1 else 0


def looks_of(folder: RunFolder) -> list[Look]:
    """Return the looks that a run took whose numbers are all finite."""
    found = []
    for line in folder.metrics():
        if line["kind"] == "look" and None not in [layer["std"] for layer in line["layers"]]:
            layers = tuple(
                LayerLook(**{field.name: layer[field.name] for field in fields(LayerLook)})
                for layer in line["layers"]
            )
            found.append(Look(line["step"], layers))
    return found


def column(records: Metrics, name: str) -> tuple[float, ...]:
    """Return one value of each record."""
    return tuple(float(record[name]) for record in records)


def identity(recipe: Recipe) -> str:
    """Return a text that is equal for recipes whose training differs in the seed alone."""
    training = recipe.model_dump(
        mode="json", by_alias=True, exclude={"seed", "name", "grid", "expect"}
    )
    return json.dumps(training, sort_keys=True)


def metric_of(recipe: Recipe, evaluations: Metrics) -> str:
    """Return the metric to watch: the one that early stopping monitors, or the first one whose
    values are all finite; empty if there is none."""
    names = [metric.name for metric in recipe.metrics or ()] or ["accuracy", "r2"]
    if recipe.early_stopping is not None:
        names.insert(0, recipe.early_stopping.name)
    for name in names:
        values = [e.get(f"val_{name}") for e in evaluations]
        if name != "loss" and values and None not in values:
            return name
    return ""


def bounds(recipe: Recipe, task: Task, evaluations: Metrics, steps: Metrics) -> tuple[float, float]:
    """Return the loss of the best constant answer, or the nearest known, and a perfect network's.

    For likelihoods the first is the entropy of the (weighted, smoothed) class shares, for labels
    the mean of their binary entropies. For values it follows from r2, which is
    1 - loss / variance under mse. Targets scaled by their logarithm or quantile have variance 1.
    Otherwise it is the loss of the
    untrained network, as the first record has it.
    """
    loss = recipe.loss.chosen(task)
    # Of a likelihood, the constant answer costs the entropy of the class shares.
    if task.kind == "classification" and loss.takes in ("logits", "log_probabilities"):
        smoothing = recipe.regularizers.label_smoothing
        epsilon = smoothing.epsilon if smoothing else 0.0
        shares = weighted(task.priors, getattr(loss, "class_weights", None))
        sure = [1.0, *[0.0] * (task.classes - 1)]
        return entropy(mixed(shares, epsilon)), entropy(mixed(sure, epsilon))
    if task.kind == "multilabel" and loss.takes == "logits":
        smoothing = recipe.regularizers.label_smoothing
        epsilon = smoothing.epsilon if smoothing else 0.0
        each = [entropy(mixed([p, 1 - p], epsilon)) for p in task.priors]
        return sum(each) / len(each), entropy(mixed([1.0, 0.0], epsilon))
    squared = task.kind == "regression" and loss.kind_name == "mse"
    if squared and recipe.data.scale_targets in ("log", "quantile"):
        return 1.0, 0.0  # the variance of what the loss sees; r2 is of the data's own unit
    squared = squared and all("val_loss" in e for e in evaluations)
    explained = [e for e in evaluations if squared and (e.get("val_r2") or 1.0) < 1.0]
    if explained:
        return median(e["val_loss"] / (1 - e["val_r2"]) for e in explained), 0.0
    start = [e["train_loss"] for e in evaluations[:1]]
    if loss.reduction == "mean":
        start += [step["loss"] for step in steps[:1] if step["loss"] is not None]
    return max(start, default=math.nan), 0.0


def weighted(shares: Sequence[float], weights: str | tuple[float, ...] | None) -> list[float]:
    """Return the class shares as class weights make the loss see them."""
    if weights is None:
        return list(shares)
    if isinstance(weights, str):  # balanced; a class that the training split lacks weighs 0
        present = [float(share > 0) for share in shares]
        return [share / sum(present) for share in present]
    counted = [share * weight for share, weight in zip(shares, weights, strict=True)]
    return [count / sum(counted) for count in counted]


def mixed(shares: Sequence[float], epsilon: float) -> list[float]:
    """Return class shares after label smoothing."""
    return [(1 - epsilon) * share + epsilon / len(shares) for share in shares]


def entropy(shares: Sequence[float]) -> float:
    """Return the entropy of class shares, in nats."""
    return -sum(share * math.log(share) for share in shares if share > 0)


def evaluated_otherwise(recipe: Recipe) -> bool:
    """Return whether training sees other batches or another network, dropout aside."""
    of = recipe.regularizers
    in_training = (of.spatial_dropout, of.dropconnect, of.stochastic_depth, of.mixup, of.cutmix)
    return any(
        trick is not None and not trick.off
        for trick in (*recipe.augmentation, *in_training, of.ema, of.swa)
    )


def setting_of(recipe: Recipe) -> Setting:
    """Return what of a recipe explains its curves, or would change them."""
    regularizers, optimizer, train = recipe.regularizers, recipe.optimizer, recipe.train
    penalties = [f"regularizers.{p.kind_name}" for p in regularizers.penalties if not p.off]
    if isinstance(optimizer, Decaying) and optimizer.weight_decay > 0:
        penalties.append("optimizer.weight_decay")
    dropout, smoothing = regularizers.dropout, regularizers.label_smoothing
    model, split = recipe.model, recipe.data.split
    # Of a network with convolutions they are not all of its hidden layers.
    lists_all = model.units_parameter is not None and not model.hidden_channels
    return Setting(
        lr=optimizer.lr,
        schedule=optimizer.schedule.kind_name,
        usual_lr=optimizer_facts(optimizer).usual_rate,
        length=train.steps or train.epochs,
        length_path="train.steps" if train.steps else "train.epochs",
        usual_init=recipe.init.usual,
        dropout=max(dropout.p, dropout.input) if dropout else 0.0,
        penalties=tuple(penalties),
        augmented=evaluated_otherwise(recipe),
        smoothed_labels=smoothing is not None and not smoothing.off,
        early_stopping=recipe.early_stopping is not None,
        averages_last_weights=regularizers.swa is not None and not regularizers.swa.off,
        keeps_best=recipe.early_stopping is None or recipe.early_stopping.restore_best,
        val_share=split.val if split.folds is None and not recipe.data.own_split else 0.0,
        hidden=(model.hidden_units or ()) if lists_all else (),
        hidden_path=f"model.{model.units_parameter}" if lists_all else "",
    )
