"""What a stack's trials see and draw in a step: batches and dropout masks, shared where equal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.nn.dropout import GivenDropout, KeyedDropout, dropout_mask
from trickrun.training.job import Batch, Job, RecipeJob


@dataclass(frozen=True)
class Drawn:
    """The batch of trials that follow one another in a stack.

    Args:
        rows: theirs.
        batch: inputs and targets: [B, ...] if shared, else [K, B, ...].
        shared: whether all of them see the same batch.
    """

    rows: slice
    batch: Batch
    shared: bool

    @property
    def samples(self) -> int:
        """B."""
        return self.batch[1].shape[0 if self.shared else 1]


class Batches:
    """The training batches of a stack, from one step on.

    A batch is a function of data, seed, augmentations and step, so trials that agree in these
    share it: the usual grid, which varies neither, loads and augments one batch for all.

    Args:
        jobs: the trials' jobs.
        step: the first step, from 0.
    """

    def __init__(self, jobs: Sequence[RecipeJob], step: int) -> None:
        sources = [source_of(job) for job in jobs]
        different = list(dict.fromkeys(sources))
        self.jobs = [jobs[sources.index(source)] for source in different]
        self.which = [different.index(source) for source in sources]
        self.orders = [job.batches(step) for job in self.jobs]

    def at(self, step: int) -> list[Drawn]:
        """Return the batches of all rows, in their order: one, unless the sizes differ, as at the
        end of an epoch where trials have different numbers of samples. Steps must follow."""
        found = [
            job.training_batch(next(order), step)
            for job, order in zip(self.jobs, self.orders, strict=True)
        ]
        if len(found) == 1:
            return [Drawn(slice(0, len(self.which)), found[0], shared=True)]
        drawn, first = [], 0
        for _, rows in groupby(self.which, lambda source: len(found[source][1])):
            own = list(rows)
            drawn.append(self.together(found, own, first))
            first += len(own)
        return drawn

    def together(self, found: Sequence[Batch], which: Sequence[int], first: int) -> Drawn:
        """Return the batches of equal size ``which`` for the rows from ``first`` on."""
        rows = slice(first, first + len(which))
        if len(set(which)) == 1:
            return Drawn(rows, found[which[0]], shared=True)
        x, y = (torch.stack([found[i][part] for i in which]) for part in (0, 1))
        return Drawn(rows, (x, y), shared=False)


def source_of(job: RecipeJob) -> tuple[Hashable, ...]:
    """Return what a job's batches are a function of, beside the step."""
    return id(job.data.train.x), job.settings.seed, job.recipe.augmentation


class Masks:
    """The dropout masks of a stack: each trial's are those that it would draw alone.

    Trials of one seed share the draws and differ only in what they compare them with; where that
    is the same too, there is one mask for all.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        seeds = [job.settings.seed for job in jobs]
        different = list(dict.fromkeys(seeds))
        self.dtype = jobs[0].dtype
        self.jobs = [jobs[seeds.index(seed)] for seed in different]
        self.which = torch.tensor([different.index(seed) for seed in seeds], device=jobs[0].device)
        self.shapes = dropped_shapes(jobs[0])
        self.trials = len(jobs)
        self.keep = {name: self.kept(layers(jobs, name)) for name in self.shapes}

    def kept(self, dropped: Sequence[KeyedDropout]) -> torch.Tensor:
        """Return the probability that an entry stays, [K, 1], or [1, 1] if it is the same for
        all."""
        shares = [1 - layer.p for layer in dropped]
        different = shares[:1] if len(set(shares)) == 1 else shares
        return torch.tensor(different, dtype=self.dtype, device=self.which.device).unsqueeze(1)

    def at(self, step: int, samples: int) -> dict[str, torch.Tensor]:
        """Return each layer's masks [K, B, *shape] for a batch of ``samples``."""
        if not self.shapes:
            return {}
        for job in self.jobs:
            job.streams.at(step)
        masks = {}
        for name, shape in self.shapes.items():
            size = torch.Size((samples, *shape))
            drawn = [layer.draw(size, self.dtype) for layer in layers(self.jobs, name)]
            draws = torch.stack(drawn)[self.which] if len(drawn) > 1 else drawn[0].unsqueeze(0)
            keep = self.keep[name].reshape(-1, *[1] * len(size))
            masks[f"{name}.mask"] = dropout_mask(draws, keep).expand(self.trials, *size)
        return masks


def layers(jobs: Sequence[Job], name: str) -> list[KeyedDropout]:
    """Return the dropout layer ``name`` of each job."""
    found = [job.model.get_submodule(name) for job in jobs]
    return [layer for layer in found if isinstance(layer, KeyedDropout)]


def dropped_shapes(job: Job) -> dict[str, tuple[int, ...]]:
    """Return the shape of a sample at each dropout layer, in the order in which they draw."""
    names: dict[nn.Module, str] = {
        m: name for name, m in job.model.named_modules() if isinstance(m, KeyedDropout)
    }
    shapes: dict[str, tuple[int, ...]] = {}

    def look(layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        name = names[layer]
        if name in shapes:
            raise CompileError(f"{name} runs twice a step: a stack has one mask for it", "model")
        assert isinstance(layer, KeyedDropout)
        shapes[name] = tuple(layer.mask_shape(inputs[0].shape)[1:])

    hooks = [layer.register_forward_pre_hook(look) for layer in names]
    job.model.eval()
    with torch.no_grad():
        job.model(job.inputs(job.data.train.x[:2]))
    for hook in hooks:
        hook.remove()
    return shapes


def with_given_dropout(model: nn.Module) -> nn.Module:
    """Put GivenDropout in place of each KeyedDropout of ``model`` and return it."""
    for name, module in list(model.named_modules()):
        if isinstance(module, KeyedDropout):
            model.set_submodule(name, GivenDropout())
    return model
