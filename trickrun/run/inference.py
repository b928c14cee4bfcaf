"""Other ways to predict with a trained run: many dropout masks, and folded batch norms."""

from __future__ import annotations

from typing import Any

import torch

from trickrun.data.splits.source import SplitData
from trickrun.errors import CompileError
from trickrun.nn.dropout import DropConnectLinear, KeyedDropout
from trickrun.nn.fold import fold_batch_norms
from trickrun.training.device import pass_size
from trickrun.training.evaluation import predict
from trickrun.training.job import Job

ALIKE = 1e-5
"""How far folded outputs may be from the others, as a share of the largest: rounding errors."""


@torch.inference_mode()
def with_masks(job: Job, x: torch.Tensor, masks: int) -> torch.Tensor:
    """Return the outputs [masks, N, ..., outputs] for a split's inputs ``x``, dropout acting.

    The masks are keyed by the recipe's seed: those of steps that training never takes.

    Raises CompileError if nothing of the model draws.
    """
    drawing = [m for m in job.model.modules() if isinstance(m, KeyedDropout | DropConnectLinear)]
    if not drawing:
        raise CompileError(
            "the run has no dropout to sample masks from",
            "--mc-dropout",
            "train with regularizers.dropout, or omit it",
        )
    job.model.eval()
    for layer in drawing:
        layer.train()
    parts = x.split(pass_size(job.device))
    found = []
    for index in range(masks):
        job.streams.at(-1 - index)
        with job.autocast():
            outputs = [job.model(job.inputs(part)).to(job.dtype) for part in parts]
        found.append(torch.cat(outputs))
    job.model.eval()
    return torch.stack(found)


def mc_dropout(job: Job, part: SplitData, masks: int) -> tuple[torch.Tensor, dict[str, Any]]:
    """Return the outputs that stand for the mean answer of ``masks`` networks, and their spread.

    The spread is the standard deviation over the masks of the chosen class's score, or of the
    value or the label's probability, in the mean over samples; for classes also of the right and
    of the wrong answers.
    """
    outputs = with_masks(job, part.x, masks)
    mean = job.loss_kind.ensemble(outputs)
    scores = job.loss_kind.scores(outputs.flatten(0, 1), job.data.task)
    scores = job.data.in_own_unit(scores).unflatten(0, (masks, -1))
    deviation = scores.double().std(0, correction=0)
    if job.data.task.kind != "classification":
        return mean, {"masks": masks, "spread": float(deviation.mean())}
    chosen = job.loss_kind.scores(mean, job.data.task).argmax(-1)
    spread = deviation.gather(-1, chosen.unsqueeze(-1)).squeeze(-1)
    right = chosen == part.y
    return mean, {
        "masks": masks,
        "spread": float(spread.mean()),
        "spread_right": float(spread[right].mean()),
        "spread_wrong": float(spread[~right].mean()),
    }


def fold(job: Job, part: SplitData) -> dict[str, Any]:
    """Fold the batch norms of the job's model; return which, and how far the outputs moved.

    Raises CompileError if there is none to fold, or if the outputs for ``part`` are not the same.
    """
    before = predict(job, part.x)
    folded = fold_batch_norms(job.model, job.inputs(part.x[:2]))
    if not folded:
        raise CompileError(
            "no batch norm of this run comes right after a linear or convolutional layer",
            "--fold-batch-norm",
            "omit it; it needs normalization: batch, before the activation",
        )
    moved = float((predict(job, part.x) - before).abs().max())
    if moved > ALIKE * max(1.0, float(before.abs().max())):
        raise CompileError(
            f"with folded batch norms the outputs differ by {moved:.2g}",
            "--fold-batch-norm",
            "something else reads the output between a layer and its batch norm: omit it",
        )
    return {"layers": folded, "largest_difference": moved}
