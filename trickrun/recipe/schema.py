"""The recipe: every section's parameters in one checked, immutable object."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from trickrun.data._data import AnyData
from trickrun.models import AnyModel
from trickrun.params import Count, CountOrZero, Epochs, Params, PythonTarget, Seed, Stackable
from trickrun.recipe.grid import Grid
from trickrun.tricks.augmentation import AnyAugmentation
from trickrun.tricks.init import INITS, AnyInit
from trickrun.tricks.losses import LOSSES, AnyLoss
from trickrun.tricks.metrics import AnyMetric
from trickrun.tricks.normalization import NORMALIZATIONS, AnyNormalization
from trickrun.tricks.optimizers import OPTIMIZERS, AnyOptimizer
from trickrun.tricks.regularizers import Regularizers
from trickrun.tricks.train.accumulate import Accumulate
from trickrun.tricks.train.batch_ramp import BatchRamp
from trickrun.tricks.train.early_stopping import EarlyStopping
from trickrun.tricks.train.gradual_unfreezing import GradualUnfreezing


class CheckpointEvery(Params):
    """How often a run can be resumed from."""

    main: ClassVar[str | None] = "every"

    every: Annotated[str, Field(pattern=r"^\s*[1-9]\d{0,8}\s*(epochs?|steps?|s)\s*$")] = Field(
        default="10 s", description="N epochs, N steps or N s (seconds): what a crash can cost"
    )

    @property
    def amount(self) -> tuple[int, Literal["epochs", "steps", "s"]]:
        """The number and its unit."""
        number, unit = re.findall(r"\d+|[a-z]+", self.every)
        return int(number), "s" if unit == "s" else "epochs" if unit[0] == "e" else "steps"


class OwnStep(PythonTarget):
    """Your own training step: ``f(model, batch, loss, optimizer, **args)`` returns the loss."""

    example: ClassVar[str] = """\
def step(model, batch, loss, optimizer):
    value = loss(model(batch[0]), batch[1])
    optimizer.zero_grad(); value.backward(); optimizer.step()
    return value
"""


class Train(Params):
    """How long and on what a recipe trains."""

    main: ClassVar[str | None] = "epochs"
    alternatives: ClassVar[tuple[str, ...]] = ("epochs", "steps")

    epochs: Annotated[Epochs, Stackable()] = Field(
        default=20, description="passes over the training split"
    )
    steps: Annotated[Count, Stackable()] | None = Field(
        default=None, description="optimizer steps, instead of epochs"
    )
    eval_every: Count | None = Field(
        default=None, description="steps between evaluations; null: once per epoch"
    )
    accumulate: Accumulate | None = Field(
        default=None, description="several batches make one step; null: each makes its own"
    )
    batch_ramp: BatchRamp | None = Field(
        default=None, description="smaller batches at first; null: all as data.batch_size"
    )
    gradual_unfreezing: GradualUnfreezing | None = Field(
        default=None, description="the head first, then layer after layer; null: all from the start"
    )
    log_every: Count = Field(default=10, description="steps between lines in metrics.jsonl")
    look_every: CountOrZero = Field(
        default=200,
        description="steps between looks at each layer's activations, gradient and update; 0: none",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto",
        description="auto: CUDA if available, else MPS (Apple's GPUs), else the CPU",
    )
    threads: Count | Literal["auto"] = Field(
        default="auto", description="on a CPU; auto: one for small networks, else one per core"
    )
    precision: Literal["float32", "float64", "bf16", "fp16"] = Field(
        default="float32",
        description="bf16 and fp16 are automatic mixed precision, fp16 with a scaled loss",
    )
    compile: bool | Literal["reduce-overhead"] = Field(
        default=False,
        description="train with torch.compile: it starts later and may step faster; "
        "reduce-overhead: with CUDA graphs too, for small steps on a GPU",
    )
    deterministic: bool = Field(default=False, description="on CUDA: bitwise repeatable, slower")
    checkpoint: CheckpointEvery = CheckpointEvery()
    step: OwnStep | None = Field(
        default=None,
        description="your own training step: f(model, batch, loss, optimizer) -> loss",
    )

    @property
    def trains_alone(self) -> bool:
        """A stack has one compiled program, and no loss scale for each trial."""
        return bool(self.compile) or self.precision == "fp16"

    @property
    def batches_a_step(self) -> int:
        """How many batches make one optimizer step."""
        return self.accumulate.batches if self.accumulate is not None else 1

    @model_validator(mode="after")
    def _one_length(self) -> Train:
        if len(self.taken) > 1:
            raise ValueError("epochs and steps both say how long to train; give one of them")
        return self


class Recipe(Params):
    """A whole recipe. Only ``data`` and ``model`` have no default."""

    recipe_version: Literal[1] = Field(default=1, description="version of the recipe language")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = Field(
        default="recipe", description="names the run folder; by default the file's name"
    )
    seed: Annotated[Seed, Stackable()] = Field(
        default=0, description="of init, shuffling, dropout and augmentation"
    )
    data: AnyData = Field(description="the data to learn from")
    model: AnyModel = Field(description="the network")
    loss: AnyLoss = Field(default_factory=LOSSES.default("auto"), description="what is minimized")
    metrics: tuple[AnyMetric, ...] | None = Field(
        default=None, strict=False, description="null: accuracy, or mae and r2 for regression"
    )
    init: Annotated[AnyInit, Stackable()] = Field(
        default_factory=INITS.default("auto"), description="how the weights are initialized"
    )
    normalization: AnyNormalization = Field(
        default_factory=NORMALIZATIONS.default("none"),
        description="layers that normalize hidden activations",
    )
    regularizers: Regularizers = Field(default=Regularizers(), description="against overfitting")
    optimizer: AnyOptimizer = Field(
        default_factory=OPTIMIZERS.default("adam"), description="how weights are changed"
    )
    augmentation: Annotated[tuple[AnyAugmentation, ...], Stackable()] = Field(
        default=(), strict=False, description="random changes of training batches, in order"
    )
    early_stopping: Annotated[EarlyStopping, Stackable()] | None = Field(
        default=None, description="null: train the full length"
    )
    train: Train = Field(default=Train(), description="length and device")
    grid: Grid | None = Field(default=None, description="the search of steps 4 and 5")
    expect: dict[str, Any] = Field(
        default={},
        description=(
            "bounds on results: train exits 1 if one is missed, e.g. test.accuracy: '>= 0.9'"
        ),
    )
