"""The memory that training a job takes, found by a training step on a few samples."""

from __future__ import annotations

import torch

from trickrun.training.job import Job
from trickrun.training.loop import take_step

PROBE = 2
"""Samples of the step that is taken to measure memory; one alone has no batch statistics."""


def footprint(job: Job) -> dict[str, int]:
    """Return the bytes that training needs, by what they are for; the best weights are a copy.

    One training step is taken, so the job is used up.
    """
    weights = sum(p.numel() * p.element_size() for p in job.model.parameters())
    parts = (job.data.train, job.data.val, job.data.test)
    activations = kept_for_backward(job) * job.batch_size // PROBE
    state = [v for entry in job.optimizer.state.values() for v in entry.values()]
    needed = {
        "data": sum(part.x.nbytes + part.y.nbytes for part in parts if part is not None),
        "parameters": weights,
        "gradients": weights,
        "optimizer": sum(v.nbytes for v in state if isinstance(v, torch.Tensor)),
        "activations": activations,
        "best_weights": weights,
    }
    if job.average is not None:
        needed["averaged_weights"] = weights
    return {**needed, "total": sum(needed.values())}


def kept_for_backward(job: Job) -> int:
    """Take a training step on PROBE samples; return the bytes that forward keeps for backward."""
    parameters = {p.untyped_storage().data_ptr() for p in job.model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in parameters:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    indices = torch.arange(min(PROBE, len(job.data.train)), device=job.device)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        take_step(job, indices, 0, [], False)
    return sum(kept.values())
