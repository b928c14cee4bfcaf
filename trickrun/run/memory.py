"""Memory: what training a job takes, and running out of it told as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from trickrun.errors import TrainingFailed
from trickrun.training.job import Job
from trickrun.training.loop import take_step


@contextmanager
def out_of_memory_explained(device: str) -> Iterator[None]:
    """Turn the errors that mean out of memory into TrainingFailed."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingFailed(
            f"out of memory on {device}",
            "training",
            "use a smaller data.batch_size or model; train --dry-run estimates the memory",
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Return whether Python, a GPU's allocator or torch's CPU allocator had no memory left.

    The first two have classes of their own (torch.OutOfMemoryError is a RuntimeError); the CPU's
    has only its words.
    """
    named = type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError)
    return named or "can't allocate memory" in str(error) or "not enough memory" in str(error)


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
