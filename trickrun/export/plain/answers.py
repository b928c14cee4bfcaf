"""What an exported program makes of a network's outputs: rows of a csv file."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def normalized(x: torch.Tensor, said: dict[str, Any]) -> torch.Tensor:
    """Return samples [N, *shape] as the network takes them; token ids as they are."""
    if said["vocabulary"]:
        return x
    dtype = getattr(torch, said["dtype"])
    # Numbers are normalized in float64 before they are narrowed; bytes need no such care.
    wide = torch.float64 if said["normalized"] else torch.float32
    x = x.double() if said["normalized"] else x.to(dtype)
    if said["shift"] is not None:
        shift, scale = (torch.tensor(said[name], dtype=wide) for name in ("shift", "scale"))
        x = (x - shift) / scale
    return x.to(dtype)


@torch.inference_mode()
def outputs_for(network: nn.Module, x: torch.Tensor, said: dict[str, Any]) -> torch.Tensor:
    """Return the network's outputs [N, ..., outputs] for inputs that are normalized."""
    half = HALF.get(said["precision"])
    context = nullcontext() if half is None else torch.autocast("cpu", half)
    dtype = getattr(torch, said["dtype"])
    with context:
        return torch.cat([network(batch).to(dtype) for batch in x.split(1024)])


def scores_of(outputs: torch.Tensor, said: dict[str, Any]) -> torch.Tensor:
    """Return class scores [N, classes], the probability of each label, or values [N, targets]."""
    if said["next_token"]:
        outputs = outputs[:, -1]
    if said["scores"] == "softmax":
        return outputs.softmax(-1)
    if said["scores"] == "exp":
        return outputs.exp()
    if said["scores"] == "sigmoid":
        return outputs.sigmoid()
    if said["scores"] == "two":
        return torch.cat([(-outputs).sigmoid(), outputs.sigmoid()], 1)
    return in_own_unit(outputs.double(), said) if said["task"] == "regression" else outputs


def in_own_unit(y: torch.Tensor, said: dict[str, Any]) -> torch.Tensor:
    """Return values [N, targets] in the data's own unit, not in that of the loss."""
    if said.get("target_form") == "quantile":
        columns = zip(y.unbind(-1), said["target_curves"], strict=True)
        return torch.stack([along(column, curve) for column, curve in columns], -1)
    if said["target_shift"] is not None:
        shift, scale = (
            torch.tensor(said[name], dtype=torch.float64)
            for name in ("target_shift", "target_scale")
        )
        y = y * scale + shift
    return y.exp() if said.get("target_form") == "log" else y


def along(x: torch.Tensor, curve: dict[str, Any]) -> torch.Tensor:
    """Return the values of scores [N] on a piecewise linear curve that goes on beyond its ends."""
    places, values = (torch.tensor(curve[n], dtype=torch.float64) for n in ("scores", "values"))
    right = torch.searchsorted(places, x.contiguous()).clamp(1, len(places) - 1)
    low, high = places[right - 1], places[right]
    inside = torch.lerp(values[right - 1], values[right], (x - low) / (high - low))
    below = values[0] + (x - places[0]) * curve["spread"]
    above = values[-1] + (x - places[-1]) * curve["spread"]
    beyond = torch.where(x < places[0], below, above)
    return torch.where((x < places[0]) | (x > places[-1]), beyond, inside)


def rows_of(scores: torch.Tensor, said: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns of predictions, and a row for each sample."""
    labels = said["labels"]
    if said["task"] == "regression":
        names = labels or [f"prediction_{n}" for n in range(scores.shape[1])]
        return list(names), scores.tolist()
    written = [[written_as(value) for value in row] for row in scores.numpy()]
    if said["task"] == "multilabel":
        names = [*labels, *(f"p_{label}" for label in labels)]
        decided = (scores > 0.5).long().tolist()
        return names, [[*own, *row] for own, row in zip(decided, written, strict=True)]
    sums = (scores.double().sum(1) - 1).abs()
    prefix = "p" if bool((sums < 1e-3).all()) and bool((scores >= 0).all()) else "score"
    names = ["prediction", *(f"{prefix}_{label}" for label in labels)]
    chosen = scores.argmax(1).tolist()
    return names, [[labels[n], *row] for n, row in zip(chosen, written, strict=True)]


def written_as(value: Any) -> float:
    """Return a number with the fewest digits that tell it apart in its own type."""
    return float(str(value))
