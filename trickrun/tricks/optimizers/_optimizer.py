"""What every optimizer shares: a learning rate, schedule, clipping, how parameters differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import KindFolder, NonNegative, Params, Positive, Stackable
from trickrun.tricks.ledger import LedgerEntry, counted
from trickrun.tricks.schedules import SCHEDULES, AnySchedule
from trickrun.tricks.updates._lr_scale import scales
from trickrun.tricks.updates.clip import Clip
from trickrun.tricks.updates.layer_decay import LayerDecay
from trickrun.tricks.updates.lookahead import Lookahead

if TYPE_CHECKING:
    import torch
    from torch import nn

LearningRate = Annotated[
    Positive, Stackable(), Field(description="size of a step; what the schedule scales")
]
WeightDecay = Annotated[
    NonNegative, Stackable(), Field(description="times the weights, added to the gradient")
]
Epsilon = Annotated[Positive, Stackable(), Field(description="keeps the division finite")]

Settings = dict[str, dict[str, Any]]
"""Parameter name to what its group sets apart from the optimizer's own values."""


class Optimizer(Params):
    """Parameters that every optimizer takes beside its own.

    The class attributes say what findings and checks must know of a kind. None means unknown, and
    then nothing is said: of a user's own optimizer all are.
    """

    usual_lr: ClassVar[tuple[float, float] | None] = None
    """Learning rates between which most recipes lie; where momentum multiplies lr, without it."""

    high_lr: ClassVar[float | None] = None
    """Learning rate from which on few networks train; where momentum multiplies lr, of both
    together; where a step is proportional to the gradient, at 256 samples a step."""

    least_travel: ClassVar[float | None] = None
    """Sum of the learning rate over a run below which the weights cannot have moved far."""

    adaptive: ClassVar[bool | None] = None
    """Whether the rule divides by the gradient's own size, so that a gradient ten times as large
    makes the same step; if not, a step is proportional to the gradient."""

    steps_proportional_to_lr: ClassVar[bool | None] = None
    """Whether twice the lr is twice the way at any time of a run; not if the rule has a decay or a
    unit of its own."""

    momentum_multiplies_lr: ClassVar[bool] = False
    """Whether momentum m sums gradients up, so that steps get 1/(1-m) times as long as lr says; if
    not, momentum is a mean, which leaves their length."""

    eps_bounds_steps: ClassVar[bool] = False
    """Whether eps alone keeps an entry with hardly any gradient from a whole step."""

    entrywise: ClassVar[bool] = False
    """Whether each entry's step depends on that entry alone, in every parameter alike, so that one
    row of all parameters trains as they do. Nothing is drawn at random, and all that is kept from
    step to step stands in the groups and, as numbers and tensors of the parameter's shape, in the
    state. Only then do trials train in stacks. A class states it for itself: what a base class
    states does not count."""

    direction_ignores_lr: ClassVar[bool] = False
    """Whether each step is lr times a direction that is the same whatever the weights and the lr of
    this step and those before are, but for the weight decay of ``Decaying``. Then a stack may work
    out the directions of all its rows at once. A class states it for itself, as above."""

    lr: LearningRate = 1e-3
    schedule: Annotated[AnySchedule, Stackable()] = Field(
        default_factory=SCHEDULES.default("constant"), description="the lr over the run's steps"
    )
    clip: Annotated[Clip, Stackable()] | None = Field(
        default=None, description="bounds on the gradient"
    )
    layer_decay: LayerDecay | None = Field(
        default=None, description="a smaller lr the farther a layer is from the head"
    )
    lr_scale: dict[str, Positive] = Field(
        default={}, description="factors of lr by parameter name, e.g. 'linear1.*': 0.1"
    )
    lookahead: Lookahead | None = Field(
        default=None, description="slow weights that follow the optimizer's"
    )

    @property
    def trains_alone(self) -> bool:
        """A stacked trial has one row of parameters, in which none is set apart."""
        return not self.states("entrywise") or self.layer_decay is not None or bool(self.lr_scale)

    @property
    def kept_for_each(self) -> int:
        """How many numbers the rule keeps from step to step for each weight, at least; 0 if nobody
        knows, or if it is less than one."""
        return 0

    @property
    def kept_per_weight(self) -> int:
        """``kept_for_each``, with what lookahead keeps."""
        return self.kept_for_each + (self.lookahead is not None)

    @property
    def steps_in_one_direction(self) -> bool:
        """Whether ``direction_ignores_lr`` holds; overridden where it depends on a parameter."""
        return self.states("direction_ignores_lr")

    def states(self, claim: Literal["entrywise", "direction_ignores_lr"]) -> bool:
        """Return whether the object's own class claims this; a subclass may step in another way."""
        return vars(type(self)).get(claim) is True

    def contradictions(self) -> Iterator[tuple[str, str, str]]:
        """Yield what its parameters must not say together: one of them, what is wrong, a hint."""
        yield from ()

    def settings(self, model: nn.Module) -> Settings:
        """Return what sets parameters of ``model`` apart; the others are left out.

        The key ``lr_scale`` is a factor that the loop multiplies each step's lr by.
        """
        found: Settings = {}
        factors = [scales(model, self.lr_scale)]
        if self.layer_decay is not None:
            factors.append(self.layer_decay.scales(model))
        for name, factor in (item for each in factors for item in each.items()):
            setting = found.setdefault(name, {"lr_scale": 1.0})
            setting["lr_scale"] *= factor
        return found

    def groups(self, model: nn.Module) -> list[dict[str, Any]]:
        """Return the parameters of ``model`` in groups of equal settings, as torch.optim takes
        them."""
        settings = self.settings(model)
        groups: list[dict[str, Any]] = []
        for name, parameter in model.named_parameters():
            wanted = settings.get(name, {})
            for group in groups:
                if {k: v for k, v in group.items() if k != "params"} == wanted:
                    group["params"].append(parameter)
                    break
            else:
                groups.append({"params": [parameter], **wanted})
        return groups or [{"params": []}]

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        """Return the ledger's lines of what sets parameters apart."""
        entries = [
            LedgerEntry(
                "optimizer", "lr_scale", f"{pattern}: {counted(len(names), 'parameter')}", 1
            )
            for pattern in self.lr_scale
            if (names := scales(model, {pattern: 1.0}))
        ]
        if self.layer_decay is not None:
            entries.append(self.layer_decay.ledger_entry(model))
        if self.lookahead is not None:
            entries.append(self.lookahead.ledger_entry())
        return entries

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        """Return the torch optimizer over parameter ``groups`` (as torch.optim takes them).

        Args:
            groups: each a mapping with ``params``, and whatever it sets apart from the others.
            folder: the recipe's folder, where user code is looked for first.
        """
        raise NotImplementedError

    def over(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        """Return what ``build`` does, with what acts around each of its steps."""
        optimizer = self.build(groups, folder)
        if self.lookahead is not None:
            self.lookahead.attach(optimizer)
        return optimizer


class Decaying(Optimizer):
    """Parameters of the optimizers that have a weight decay."""

    couples_decay: ClassVar[bool] = True
    """Whether the decay is added to the gradient, and so goes through all that is done to it."""

    weight_decay: WeightDecay = 0.0
    decay: Literal["all", "weights"] = Field(
        default="all", description="what weight_decay acts on; weights: no biases or norm scales"
    )

    @property
    def decay_decoupled(self) -> bool:
        """Whether the decay takes a share of the weights, times lr, beside the gradient's step."""
        return not self.couples_decay

    @property
    def trains_alone(self) -> bool:
        spares = self.decay == "weights" and self.weight_decay > 0
        return spares or super().trains_alone

    def settings(self, model: nn.Module) -> Settings:
        found = super().settings(model)
        if self.decay == "weights" and self.weight_decay > 0:
            decayed = {id(p) for p in decayed_weights(model)}
            for name, parameter in model.named_parameters():
                if id(parameter) not in decayed:
                    found.setdefault(name, {})["weight_decay"] = 0.0
        return found

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        entries = super().ledger_entries(model)
        if self.decay == "weights" and self.weight_decay > 0:
            count = len(decayed_weights(model))
            entries.append(
                LedgerEntry("optimizer", "weight_decay", counted(count, "weight"), count)
            )
        return entries


def decayed_weights(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that decay: weights of layers that carry any, as for penalties."""
    from trickrun.nn.layers import weight_layers, weights

    return list(dict.fromkeys(p for _, layer in weight_layers(model) for _, p in weights(layer)))


OPTIMIZERS = KindFolder("trickrun.tricks.optimizers", "_optimizer.Optimizer")

AnyOptimizer = Annotated[Optimizer, OPTIMIZERS]
"""One of the optimizers, chosen by its kind."""
