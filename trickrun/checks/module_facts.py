"""What can be read of a plain module, its loss and its optimizer, as named facts for the rules."""

from __future__ import annotations

import torch
from pydantic import ValidationError
from torch import nn

from trickrun.findings.evidence import facts
from trickrun.recipe.facts import loss_facts
from trickrun.tricks.losses._loss import Loss
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.losses.mae import MAE
from trickrun.tricks.losses.mse import MSE
from trickrun.tricks.losses.nll import NLL
from trickrun.tricks.optimizers import OPTIMIZERS, Optimizer


def known_loss(loss: object, y: torch.Tensor) -> Loss | None:
    """Return trickrun's loss that computes the same on targets ``y`` as a loss of torch.nn, so that
    its floor and its best constant are known; None if there is none."""
    if y.is_floating_point():
        if y.ndim != 2:
            return None  # trickrun's values are [N, targets]
        match loss:
            case nn.MSELoss(reduction="mean"):
                return MSE()
            case nn.L1Loss(reduction="mean"):
                return MAE()
            case nn.HuberLoss(reduction="mean", delta=delta):
                return Huber(delta=delta)
        return None
    if y.ndim != 1:
        return None
    match loss:
        case nn.CrossEntropyLoss(reduction="mean", weight=None):
            return CrossEntropy()
        case nn.CrossEntropyLoss(reduction="mean", weight=torch.Tensor() as weight):
            return CrossEntropy(class_weights=tuple(weight.tolist()))
        case nn.NLLLoss(reduction="mean", weight=None):
            return NLL()
    return None


def known_optimizer(optimizer: torch.optim.Optimizer) -> Optimizer | None:
    """Return trickrun's description of an optimizer of torch.optim, with the values of its first
    parameter group; None if there is none."""
    name = type(optimizer).__name__.lower()
    if type(optimizer).__module__.partition(".")[0] != "torch" or name not in OPTIMIZERS.files:
        return None
    kind, group = OPTIMIZERS[name], optimizer.param_groups[0]
    given = {word: group[word] for word in kind.model_fields if word in group}
    try:
        found = kind.model_validate({"kind": name, **given, "lr": float(group["lr"])})
    except ValidationError:
        return None
    assert isinstance(found, Optimizer)
    return found


def module_loss_facts(loss: object, y: torch.Tensor, task: facts.Task) -> facts.LossFacts:
    """Return what is known of a loss; next to nothing of a function of the user's own."""
    known = known_loss(loss, y)
    return facts.LossFacts(automatic=False) if known is None else loss_facts(known, task)


def shown_name(module: nn.Module) -> str:
    """Return what people call a module: its class, or that of the module which it stands for."""
    return getattr(module, "stands_for", type(module).__name__)


def network_facts(module: nn.Module) -> facts.NetworkFacts:
    """Return what is known of a module; its layers may be called in any way."""
    return facts.NetworkFacts(name=shown_name(module), own=True)


def normalization_facts(module: nn.Module) -> facts.NormalizationFacts:
    """Return what is known of a module's normalization layers: whether there is batch norm."""
    batch = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in module.modules())
    return facts.NormalizationFacts(kind="batch", over_samples=True) if batch else NO_NORMALIZATION


NO_NORMALIZATION = facts.NormalizationFacts()


def regularizer_facts(module: nn.Module, loss: object) -> facts.RegularizerFacts:
    """Return what is known of what regularizes a module: dropout layers and label smoothing."""
    chances = [m.p for m in module.modules() if isinstance(m, nn.modules.dropout._DropoutNd)]
    smoothing = getattr(loss, "label_smoothing", 0.0)
    return facts.RegularizerFacts(dropout=max(chances, default=0.0), label_smoothing=smoothing)


def run_facts(steps: int) -> facts.RunFacts:
    """Return what is known of a run of so many steps, which nothing ends early."""
    return facts.RunFacts(
        steps=steps,
        given_steps=steps,
        unfreezes=False,
    )
