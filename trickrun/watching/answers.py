"""Predictions beside their targets: are they any better than always answering the same?

A loss of its own says little: it may be weighted, summed or of a likelihood. The error is therefore
computed anew from what autograd keeps for the backward pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch.nn import functional as F

from trickrun.findings.evidence.program import Answers, Place, late_mean
from trickrun.watching import graph as graphs
from trickrun.watching.graph import LossNode
from trickrun.watching.hits import Hits
from trickrun.watching.learners import FOLDS, skill
from trickrun.watching.models import Call
from trickrun.watching.places import Key, place_of_key
from trickrun.watching.tensors import outputs_of

ALWAYS, OFTEN, THEN, RARER = 50, 3, 20, 1000
"""Backward passes at the beginning whose answers are read; then each of so many, up to EARLY; then
every so many are, and more rarely the more there were: twice, three times as rarely after so many,
and so on."""

EARLY = 200

MOST_VALUES = 65_536
"""Entries of one batch's predictions that are read: of more, none are."""

MOST_TARGETS = 200_000
"""Entries of the targets that are kept of one loss."""

MOST_SAMPLES, MOST_FEATURES = 512, 2048
"""Samples that are kept for the learners, and numbers of each."""

SAMPLES, FEW, SAME = 64, 8, 1e-6
"""Samples from which on it is no chance that a number of each is its target, samples that must
differ in it, and how far from 1 the correlation may be."""

RELATED = 0.2
"""Correlation from which on another number tells something of the target; own."""

PATCH, PLACES = 5, 3
"""Side of what the learners see around a place of an image, and places of it along each axis."""

VALUES, CLASSES, BINARY = "values", "classes", "yes or no"

KINDS = {
    "NllLoss": CLASSES,
    "NllLoss2D": CLASSES,
    "MseLoss": VALUES,
    "SmoothL1Loss": VALUES,
    "HuberLoss": VALUES,
    "BinaryCrossEntropy": BINARY,
    "BinaryCrossEntropyWithLogits": BINARY,
}


@dataclass
class Record:
    """The answers to one loss of one line."""

    kind: str
    node: str
    key: Key
    alone: bool
    chosen: bool
    place: Place | None = None
    steps: list[int] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    targets: list[torch.Tensor] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    room: int = MOST_TARGETS
    weight: torch.Tensor | None = None
    rows: list[torch.Tensor] = field(default_factory=list)
    wanted: list[torch.Tensor] = field(default_factory=list)
    folds: list[torch.Tensor] = field(default_factory=list)
    repeats: bool = False
    crossed: bool = False
    opposed: bool = False
    ignored: int = -1
    hits: Hits = field(default_factory=Hits)
    restores: bool = False

    def keep(self, targets: torch.Tensor) -> None:
        """Keep a batch's targets, while there is room."""
        if self.room >= targets.numel():
            self.room -= targets.numel()
            self.kept.append(len(self.errors) - 1)
            self.targets.append(targets.detach().to("cpu", copy=True))


@dataclass(frozen=True)
class Batch:
    """One batch's error, its targets, the class that is left out of it, the weights of the classes,
    and the classes that were answered."""

    error: float
    targets: torch.Tensor | None
    ignored: int = -1
    weight: torch.Tensor | None = None
    said: torch.Tensor | None = None


class AnswerWatch:
    """Reads the predictions and targets of losses."""

    def __init__(self) -> None:
        self.records: dict[tuple[Key, int, str], Record] = {}
        self.rewarded: set[Key] = set()
        self.next = 0

    @torch.no_grad()
    def read(
        self,
        nodes: list[LossNode],
        key: Key,
        at: int,
        calls: list[Call],
    ) -> None:
        """Read the answers of one backward pass.

        Args:
            nodes: its losses.
            key: of its line.
            at: backward passes before it.
            calls: of models, where they were seen.
        """
        self.next = due_after(at)
        outputs: dict[object, torch.Tensor] = {
            one.grad_fn: one for call in calls for one in outputs_of(call.output)
        }
        for number, one in enumerate(nodes[:8]):
            batch = batch_of(one, outputs)
            if batch is None:
                continue
            kind = graphs.kind_of(one.node)
            record = self.records.get((key, number, kind))
            if record is None:
                alone = len(nodes) == 1 and not (one.weighted or one.added)
                record = self.records[key, number, kind] = Record(
                    kind_of(one), kind, key, alone, is_chosen(one)
                )
                record.opposed = not alone and graphs.is_opposed(one)
                record.weight = batch.weight.double().cpu() if batch.weight is not None else None
            record.place = record.place or graphs.place_of_node(one.node)
            record.steps.append(at)
            record.errors.append(batch.error)
            if batch.targets is not None:
                record.hits.add(at, batch.said, batch.targets, batch.ignored)
                record.crossed = record.crossed or is_crossed(one, batch.targets)
                record.ignored = batch.ignored
                record.keep(batch.targets)
                if calls:
                    inputs = rows_chosen(one.predictions, inputs_of(calls, batch.targets))
                    keep_rows(record, inputs, batch.targets)
                    record.restores = record.restores or restores(calls, batch.targets)

    def told(self) -> tuple[Answers, ...]:
        """Return what was seen of each loss."""
        return tuple(
            told(record, record.key in self.rewarded)
            for record in self.records.values()
            if record.errors
        )


def due_after(at: int) -> int:
    """Return the next backward pass whose answers are read after one."""
    if at + 1 < EARLY:
        return at + (1 if at + 1 < ALWAYS else OFTEN)
    every = THEN * (1 + at // RARER)
    return (at // every + 1) * every


def kind_of(one: LossNode) -> str:
    """Return what a loss asks for."""
    if one.form == "picked":
        return CLASSES
    return KINDS.get(graphs.kind_of(one.node), VALUES)


def is_chosen(one: LossNode) -> bool:
    """Whether the predictions were looked up among several, as the values of actions are."""
    picked = graphs.shaped(one.predictions)
    return graphs.kind_of(picked) in graphs.PICKING and chosen_rows(picked) is None


def chosen_rows(node: graphs.Node) -> torch.Tensor | None:
    """Return which rows a node chose of what it got; None if it did not choose whole rows."""
    kind = graphs.kind_of(node)
    if kind == "IndexSelect" and graphs.signed(node._saved_dim) == 0:
        return node._saved_index  # type: ignore[no-any-return]
    indices = list(getattr(node, "_saved_indices", ())) if kind == "Index" else []
    rows = indices[0] if len(indices) == 1 else None
    if not isinstance(rows, torch.Tensor) or rows.ndim != 1:
        return None
    return rows.nonzero()[:, 0] if rows.dtype == torch.bool else rows


def rows_chosen(predictions: graphs.Node, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the inputs' rows of which the predictions entered a loss, as those of labelled nodes:
    all of them, if none were chosen."""
    node = graphs.shaped(predictions)
    rows = chosen_rows(node)
    if rows is None:
        return inputs
    count = int(node._saved_self_sym_sizes[0])
    return [one[rows] if one.ndim and len(one) == count else one for one in inputs]


def batch_of(one: LossNode, outputs: dict[object, torch.Tensor]) -> Batch | None:
    """Return the error and the targets of one batch; None where they are not to be known, or
    weights make the error another one than was trained."""
    if one.form == "difference":
        return of_difference(one, outputs)
    if one.each and kind_of(one) != VALUES:
        return None  # rewards, or weights that shift what is best
    if one.form == "picked":
        return of_picked(one)
    kind = KINDS.get(graphs.kind_of(one.node)) if one.form == "own" else None
    given = getattr(one.node, "_saved_self", None)
    targets = graphs.targets_of(one)
    if kind is None or not isinstance(given, torch.Tensor) or targets is None:
        return None
    none = getattr(one.node, "_saved_reduction", 1) == 0
    weight = getattr(one.node, "_saved_weight", None)
    if none or (kind == BINARY and weight is not None):
        return None
    if given.numel() > MOST_VALUES or given.numel() == 0:
        return None
    predictions = given.detach()
    if kind == VALUES:
        return Batch(float((predictions - targets).square().mean()), targets)
    if kind == CLASSES:
        return of_classes(one, predictions, targets, weight)
    if graphs.kind_of(one.node) == "BinaryCrossEntropy":
        predictions = predictions.clamp(1e-7, 1 - 1e-7).logit()
    weight = getattr(one.node, "_saved_pos_weight", None)
    error = F.binary_cross_entropy_with_logits(predictions, targets, pos_weight=weight)
    return Batch(float(error), targets, weight=weight, said=predictions > 0)


def of_classes(
    one: LossNode, given: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None
) -> Batch | None:
    """Return a batch of log-probabilities; None if they are none."""
    ignored = graphs.signed(getattr(one.node, "_saved_ignore_index", -100))
    made = graphs.shaped(one.predictions)
    if chosen_rows(made) is not None:
        made = graphs.shaped(graphs.inputs_of(made)[0])
    if graphs.kind_of(made) != "LogSoftmax":
        return None
    own = weight.float() if weight is not None else None
    error = F.nll_loss(given.float(), targets, own, ignore_index=ignored)
    return Batch(float(error), targets, ignored, own, given.argmax(1))


def of_picked(one: LossNode) -> Batch | None:
    """Return a batch of log-probabilities that were looked up by hand."""
    source, classes = graphs.shaped(one.predictions), graphs.picked_classes(one.node)
    result = getattr(source, "_saved_result", None)
    if graphs.kind_of(source) != "LogSoftmax" or not isinstance(result, torch.Tensor):
        return None
    if classes is None or result.ndim != 2 or classes.shape != result.shape[:1]:
        return None
    error = F.nll_loss(result.detach().float(), classes)
    return Batch(float(error), classes, said=result.argmax(1))


def of_difference(one: LossNode, outputs: dict[object, torch.Tensor]) -> Batch | None:
    """Return a batch of squared differences that the program wrote itself, whose targets are known
    where the model's output was seen."""
    difference = getattr(one.node, "_saved_self", None)
    exponent = getattr(one.node, "_saved_exponent", 2)
    if not isinstance(difference, torch.Tensor) or exponent != 2 or difference.numel() == 0:
        return None
    if len(graphs.inputs_of(one.difference)) > 1 or difference.numel() > MOST_VALUES:
        return None  # both sides are trained: a distance, no target
    difference = difference.detach()
    made = graphs.shaped(one.predictions)
    # Activations keep what they put out.
    output = outputs.get(made, outputs.get(one.predictions, getattr(made, "_saved_result", None)))
    targets = None
    if isinstance(output, torch.Tensor) and output.numel() == difference.numel():
        first = one.difference.next_functions[0][0] is not None
        sign = 1.0 if first == (graphs.kind_of(one.difference) == "Sub") else -1.0
        targets = output.detach().reshape(difference.shape) - sign * difference
    return Batch(float(difference.square().mean()), targets)


def is_crossed(one: LossNode, targets: torch.Tensor) -> bool:
    """Whether targets of an error written by hand are one row, repeated for each sample."""
    square = targets.ndim == 2 and targets.shape[0] == targets.shape[1] > 1
    if not square or one.form != "difference":
        return False
    spread = float(targets.std(0).max())
    return spread < 1e-4 * float(targets.std(1).max())


def restores(calls: list[Call], targets: torch.Tensor) -> bool:
    """Whether the targets are what a model was called with, as in an autoencoder."""
    if not targets.is_floating_point() or targets.ndim < 2:
        return False
    given = (t for call in calls for t in outputs_of([call.given, call.named]))
    return any(
        one.numel() == targets.numel()
        and one.device == targets.device
        and torch.allclose(one.detach().flatten().to(targets.dtype), targets.flatten(), 1e-3, 1e-4)
        for one in given
        if one.layout == torch.strided and one.is_floating_point()
    )


def inputs_of(calls: list[Call], targets: torch.Tensor) -> list[torch.Tensor]:
    """Return the tensors that models were called with, without the targets themselves."""
    given = [t for call in calls for t in outputs_of([call.given, call.named])]
    dense = [one.detach() for one in given if one.layout == torch.strided]
    return [
        one
        for one in dense
        if one.numel() != targets.numel()
        or one.device != targets.device
        or not torch.equal(one.flatten(), targets.flatten())
    ]


def keep_rows(record: Record, inputs: list[torch.Tensor], targets: torch.Tensor) -> None:
    """Keep the samples of a batch for the learners: a row of numbers each, and what is wanted."""
    kept = sum(len(one) for one in record.rows)
    if kept >= MOST_SAMPLES or are_places(targets):
        return
    if is_dense(inputs, targets):
        keep_patches(record, inputs[0], targets)
        return
    rows = rows_of(inputs, targets)
    # Learners need samples of one length.
    if rows is None or (record.rows and record.rows[0].shape[1] != rows.shape[1]):
        return
    # Equal tokens are many samples; equal rows of values are one sample, in several epochs.
    record.repeats = any(one.is_floating_point() for one in inputs)
    wanted = targets.detach().reshape(len(rows), -1)[:, :64]
    record.rows.append(rows[: MOST_SAMPLES - kept].to("cpu", torch.float32, copy=True))
    record.wanted.append(wanted[: MOST_SAMPLES - kept].to("cpu", copy=True))


def are_places(targets: torch.Tensor) -> bool:
    """Whether each sample is its own class, as where pairs are compared: nobody can tell its place
    in the batch from it."""
    if targets.is_floating_point() or targets.ndim != 1 or len(targets) < 2:
        return False
    ordered = torch.arange(len(targets), device=targets.device)
    return torch.equal(targets.long(), ordered)


def is_dense(inputs: list[torch.Tensor], targets: torch.Tensor) -> bool:
    """Whether each place of an image has a target of its own."""
    images = inputs[0] if len(inputs) == 1 else None
    return (
        images is not None
        and images.is_floating_point()
        and images.ndim == 4
        and targets.ndim in (3, 4)
        and len(images) == len(targets)
        and images.shape[2:] == targets.shape[-2:]
        and min(images.shape[2:]) > PATCH
    )


def keep_patches(record: Record, images: torch.Tensor, targets: torch.Tensor) -> None:
    """Keep some places of images for the learners: what is around each, and what is wanted there.

    Places of one image are alike, so that each image is in one fold, whichever batch it comes in.
    """
    room = MOST_SAMPLES - sum(len(one) for one in record.rows)
    rows, columns = (torch.linspace(1, size - 2, PLACES).long() for size in images.shape[2:])
    few = images.detach()[: -(-room // PLACES**2)].to("cpu", torch.float32)
    around = F.pad(few, [PATCH // 2] * 4).unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    around = around[:, :, rows][:, :, :, columns].permute(0, 2, 3, 1, 4, 5)
    patches = around.reshape(len(few) * PLACES**2, -1)[:, :MOST_FEATURES]
    if record.rows and record.rows[0].shape[1] != patches.shape[1]:
        return
    wanted = targets.detach()[: len(few)].to("cpu")
    wanted = wanted[:, None] if wanted.ndim == 3 else wanted
    wanted = wanted[:, :, rows][:, :, :, columns].permute(0, 2, 3, 1)
    fold = (few.double().sum((1, 2, 3)) * 1e6).long() % FOLDS
    record.rows.append(patches[:room].clone())
    record.wanted.append(wanted.reshape(len(patches), -1)[:room, :64].clone())
    record.folds.append(fold.repeat_interleave(PLACES**2)[:room])


def rows_of(inputs: list[torch.Tensor], targets: torch.Tensor) -> torch.Tensor | None:
    """Return each sample's inputs as numbers; None if they cannot be paired with the targets.

    Tokens become counts, or where each has a target of its own, an indicator.
    """
    if not inputs:
        return None
    first = inputs[0]
    if first.ndim == 0 or targets.ndim == 0:
        return None
    whole = not first.is_floating_point()
    if whole and first.ndim > 1 and targets.numel() == first.numel():
        return indicators(first.reshape(-1))
    if first.shape[0] != targets.shape[0]:
        return None
    if targets.numel() // len(targets) > MOST_FEATURES:
        return None
    parts = [one for one in inputs if one.ndim and len(one) == len(first)]
    rows = [one.reshape(len(one), -1) if one.is_floating_point() else indicators(one)
            for one in parts]  # fmt: skip
    together = torch.cat([one.float().cpu() for one in rows], 1)
    every = -(-together.shape[1] // MOST_FEATURES)
    return together[:, ::every]


def indicators(whole: torch.Tensor) -> torch.Tensor:
    """Return how often each number occurs in each row, and where rows have several numbers, which
    one stands at each place; what is beyond the room shares columns."""
    numbers = whole.long().reshape(len(whole), -1).cpu()
    counts = counted(numbers, 512)
    if numbers.shape[1] < 2:
        return counts
    # Sparse enough for a shared column to be rare, and the order of tokens may be the answer.
    places = torch.arange(numbers.shape[1]) * (int(numbers.max()) + 1) + numbers
    return torch.cat([counts, counted(places, MOST_FEATURES - 512)], 1)


def counted(numbers: torch.Tensor, room: int) -> torch.Tensor:
    """Return how often each number, beyond the room modulo the room, occurs in each row."""
    ones = torch.ones(numbers.shape, dtype=torch.float32)
    return torch.zeros(len(numbers), room).scatter_add_(1, numbers % room, ones)


def told(record: Record, rewarded: bool = False) -> Answers:
    """Return what was seen of one loss."""
    without_ignored(record)
    constant, size, between = statistics(record)
    learned, chance, samples = None, 0.0, 0
    if record.rows and stuck(record, constant):
        rows, wanted = torch.cat(record.rows), same_width(record.wanted)
        folds = torch.cat(record.folds) if record.folds else torch.arange(len(rows)) % FOLDS
        if wanted is not None and record.repeats:
            once = first_of_each(rows, wanted)
            rows, wanted, folds = rows[once], wanted[once], folds[: len(once)]
        if wanted is not None and record.kind == CLASSES:
            known = wanted[:, 0] >= 0
            rows, wanted, folds = rows[known], wanted[known], folds[known]
            wanted = F.one_hot(wanted[:, 0].long()) if len(wanted) else wanted
        # Masked tokens are all alike: learners that see only them prove nothing.
        if wanted is not None and len(rows) >= 100 and len(rows.unique(dim=0)) > 2:
            samples = len(rows)
            learned, chance = skill(rows, wanted.float(), folds)
    return Answers(
        record.place or place_of_key(record.key),
        place_of_key(record.key),
        record.kind,
        tuple(record.steps),
        tuple(record.errors),
        constant,
        constants(record),
        size,
        *bounds(record),
        between,
        recurring(record),
        record.crossed,
        record.alone,
        record.chosen,
        learned,
        chance,
        samples,
        record.opposed,
        rewarded,
        weighted(record),
        copied(record),
        record.hits.late(),
        labels(record),
        record.restores,
    )


def labels(record: Record) -> int:
    """Return the answers of yes or no for each sample."""
    several = record.kind == BINARY and record.targets and record.targets[-1].ndim == 2
    return record.targets[-1].shape[1] if several else 1


def without_ignored(record: Record) -> None:
    """Mark the targets that a loss leaves out, as class -1."""
    if record.ignored != -1:
        for kept in (record.targets, record.wanted):
            kept[:] = [torch.where(one == record.ignored, -1, one) for one in kept]
        record.ignored = -1


def first_of_each(rows: torch.Tensor, wanted: torch.Tensor) -> list[int]:
    """Return the places of samples that were not seen before, in an earlier epoch."""
    pairs = torch.cat([rows, wanted.float().reshape(len(rows), -1)], 1)
    return list({row.numpy().tobytes(): place for place, row in enumerate(pairs)}.values())


def stuck(record: Record, constant: float) -> bool:
    """Whether the learners are to be asked: the errors are, or long were, near a constant's."""
    count = len(record.errors)
    if count < 20:
        return False
    early = record.errors[10:40]
    late = late_mean(record.steps, record.errors)
    return max(late, sum(early) / len(early)) > 0.95 * constant


def same_width(parts: list[torch.Tensor]) -> torch.Tensor | None:
    """Return batches as one; None if they differ in more than their number of samples."""
    return torch.cat(parts) if len({one.shape[1:] for one in parts}) == 1 else None


def bounds(record: Record) -> tuple[float, float]:
    """Return the smallest and the largest of the kept targets; NaN without any."""
    kept = [one for one in record.targets if one.numel()]
    if not kept:
        return math.nan, math.nan
    return min(float(one.min()) for one in kept), max(float(one.max()) for one in kept)


def constants(record: Record) -> tuple[float, ...]:
    """Return what the best constant answer to all kept targets costs in each batch."""
    together = same_width(record.targets) if record.targets else None
    if together is None or not len(together):
        return ()
    costs = [math.nan] * len(record.errors)
    if record.kind == CLASSES:
        counts = class_shares(record, together)
        table = -counts.log()
        weight = weights_of(record, counts)
        for place, one in zip(record.kept, record.targets, strict=True):
            classes = one[one >= 0].long()
            costs[place] = float((weight * table)[classes].sum() / weight[classes].sum())
        return tuple(costs)
    mean = together.double().mean(0)
    for place, one in zip(record.kept, record.targets, strict=True):
        values = one.double()
        if record.kind == BINARY:
            p, weight = share_of_yes(record, mean), yes_weight(record)
            p = p.clamp(1e-7, 1 - 1e-7)
            cost = -(weight * values * p.log() + (1 - values) * (1 - p).log())
        else:
            cost = (values - mean).square()
        costs[place] = float(cost.mean())
    return tuple(costs)


def class_shares(record: Record, targets: torch.Tensor) -> torch.Tensor:
    """Return the shares of the classes, as the loss weighs them: the best constant answer."""
    counts = torch.bincount(targets[targets >= 0].flatten().long()).double()
    counts = counts * weights_of(record, counts)
    return counts / counts.sum()


@torch.no_grad()
def copied(record: Record) -> int | None:
    """Return which of the numbers of a sample is its target, or a multiple of it; None if none is,
    or a sample has several targets, as where inputs are to be restored, or sequences continued."""
    wanted = same_width(record.wanted) if record.wanted else None
    if wanted is None or record.folds or not record.repeats or len(wanted) < SAMPLES:
        return None
    if record.kind != CLASSES and wanted.shape[1] > 1:
        return None
    rows = torch.cat(record.rows).double()
    if record.kind == CLASSES:
        rows, wanted = rows[wanted[:, 0] >= 0], wanted[wanted[:, 0] >= 0]
        wanted = F.one_hot(wanted[:, 0].long())[:, 1:] if len(wanted) else wanted
    if not len(rows) or rows.shape[1] < 2 or 2 * wanted.shape[1] > rows.shape[1]:
        return None
    columns, targets = standard(rows), standard(wanted.double())
    alike = (columns.T @ targets).abs() / len(rows)
    best = alike.max(1).values
    same = best > 1 - SAME
    # In a task that was made up of one input, the others tell nothing of it.
    told = float(best[~same].max()) if bool((~same).any()) else 0.0
    related = told > max(RELATED, 5 / len(rows) ** 0.5)
    return int(best.argmax()) if bool(same.any()) and related else None


def standard(values: torch.Tensor) -> torch.Tensor:
    """Return columns of mean 0 and deviation 1; 0 where a column has hardly any other value."""
    values = torch.nan_to_num(values - values.mean(0), posinf=0.0, neginf=0.0)
    spread = values.std(0, correction=0)
    few = (values != values.mode(0).values).sum(0) < FEW
    return torch.where((spread > 0) & ~few, values / spread.clamp(min=1e-300), 0.0)


def weighted(record: Record) -> tuple[tuple[int, float], ...]:
    """Return how often each class occurs, and its weight; () without weights."""
    together = same_width(record.targets) if record.targets else None
    if record.weight is None or together is None or not len(together):
        return ()
    if record.kind == BINARY:
        yes = int((together > 0.5).sum())
        return (together.numel() - yes, 1.0), (yes, float(record.weight.mean()))
    counts = torch.bincount(together[together >= 0].flatten().long())
    pairs = zip(counts.tolist(), record.weight.tolist(), strict=False)
    return tuple((int(count), float(weight)) for count, weight in pairs)


def weights_of(record: Record, counts: torch.Tensor) -> torch.Tensor:
    """Return the weights of as many classes as were counted."""
    if record.weight is None or len(record.weight) < len(counts):
        return torch.ones_like(counts)
    return record.weight[: len(counts)]


def yes_weight(record: Record) -> torch.Tensor:
    """Return how much more a yes counts than a no."""
    return record.weight if record.weight is not None else torch.ones((), dtype=torch.float64)


def share_of_yes(record: Record, share: torch.Tensor) -> torch.Tensor:
    """Return the best constant answer where so large a share of the answers is yes."""
    weighed = yes_weight(record) * share
    return weighed / (weighed + 1 - share)


def recurring(record: Record) -> float:
    """Return the share of the batches whose targets' mean is that of an earlier one."""
    means = [round(float(one.double().mean()), 6) for one in record.targets]
    return 1 - len(set(means)) / len(means) if means else 0.0


def statistics(record: Record) -> tuple[float, float, float]:
    """Return the cost of the best constant answer to the kept targets, their size, and the share of
    their variance between batches; NaN where it is not known."""
    together = same_width(record.targets) if record.targets else None
    if together is None or not len(together):
        return math.nan, math.nan, math.nan
    if record.kind == CLASSES:
        shares = class_shares(record, together)
        cost = float(-torch.xlogy(shares, shares).sum())
        return (cost if int((shares > 0).sum()) > 1 else math.nan), math.nan, math.nan
    values = together.double()
    if record.kind == BINARY:
        p, weight = values.mean(0).clamp(0, 1), yes_weight(record)
        q = share_of_yes(record, p)
        cost = float(-(weight * torch.xlogy(p, q) + torch.xlogy(1 - p, 1 - q)).mean())
        return (cost if cost > 0 else math.nan), math.nan, math.nan
    if values.ndim > 1 and values[0].numel() > 1 and len(values) < 64:
        # A constant of its own for each of many places would fit them too well.
        spread = float(values.var(correction=0))
    else:
        spread = float(values.var(0, correction=0).mean())
    means = torch.stack([one.double().mean() for one in record.targets])
    between = float(means.var(correction=0)) / spread if spread > 0 else math.nan
    return (spread if spread > 0 else math.nan), float(values.square().mean().sqrt()), between
