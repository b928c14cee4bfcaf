"""The modules that a program calls itself: their mode, their inputs, which of their parts run."""

from __future__ import annotations

import math
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from trickrun.findings.evidence.program import InputLook, Place, WatchedModel
from trickrun.watching.graph import Node
from trickrun.watching.harmless import Harmless
from trickrun.watching.places import calling, place_of_class
from trickrun.watching.states import StateWatch
from trickrun.watching.tensors import in_transform, outputs_of

MOST_VALUES = 1_000_000
"""Values of an input that are looked at; of more, those of the first samples."""

MOST_INPUTS = 32

ROWS = 8
"""Samples from which on it can be told whether answers differ."""

CHANNELS = (2, 3, 4)
"""Channels that images have where the order of the axes matters."""

MOST_TIED = 20_000_000
"""Entries of two tensors that are compared."""

EVEN = 0.05
"""How near the spread of 500 values and more comes to that of an even distribution."""

NORMS = (_BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.modules.instancenorm._InstanceNorm)

DIGITS = re.compile(r"\d+")

RECALIBRATES = "swa_utils"
"""torch's own update_bn calls a model in training mode without gradients, as it should."""


@dataclass
class Call:
    """One call of a model with gradients switched on, until it is known whether it is trained on.

    Args:
        made: what autograd made the outputs of.
        in_eval: whether it was in evaluation mode.
        batch: size of the first axis of the input; None if it has no tensor.
        look: of its input, if it was a floating-point one.
        norm_values: fewest values per channel that one of its batch norms got.
        module, given, named, output: the model itself, what it was called with, what it returned.
    """

    made: list[Node]
    in_eval: bool
    batch: int | None = None
    look: InputLook | None = None
    norm_values: int | None = None
    module: nn.Module | None = None
    given: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    output: Any = None


@dataclass
class ModelRecord:
    """One module that the program called itself."""

    name: str
    place: Place | None
    random_layers: tuple[str, ...]
    batch_norms: tuple[str, ...]
    untied: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    norm_at: int
    random_frozen: tuple[str, ...] = ()
    homeless: tuple[str, ...] = ()
    trained: int = 0
    trained_in_eval: int = 0
    tested: int = 0
    tested_in_train: int = 0
    tested_at: Place | None = None
    norm_values: int | None = None
    batch_sizes: list[int] = field(default_factory=list)
    inputs: list[InputLook] = field(default_factory=list)
    waiting: list[Call] = field(default_factory=list)
    last_test: weakref.ref[torch.Tensor] | None = None
    sampled: bool = False
    evaluated: bool = False
    called: Place | None = None
    remembered: float = 1.0
    test_inputs: list[InputLook] = field(default_factory=list)

    def trained_on(self, nodes: set[Node]) -> list[Call]:
        """Take note of the calls since the last backward pass whose output is in its graph."""
        trained = []
        for call in self.waiting:
            if not any(node in nodes for node in call.made):
                continue
            trained.append(call)
            self.trained += 1
            self.trained_in_eval += call.in_eval
            if call.batch is not None:
                self.batch_sizes.append(call.batch)
            if call.look is not None and len(self.inputs) < MOST_INPUTS:
                self.inputs.append(call.look)
            # The last batch of an epoch may be small: what counts is the largest one.
            known = [n for n in (self.norm_values, call.norm_values) if n is not None]
            self.norm_values = max(known, default=None)
        self.waiting.clear()
        return trained

    def told(self) -> WatchedModel:
        """Return what was seen."""
        return WatchedModel(
            self.name,
            self.place,
            len(self.names),
            self.trained,
            self.trained_in_eval,
            # Who asks several times for the same batch samples answers: dropout acts on purpose.
            0 if self.sampled else self.tested,
            self.tested_in_train,
            self.tested_at,
            self.random_layers,
            self.batch_norms,
            self.norm_values,
            tuple(self.batch_sizes),
            tuple(self.inputs),
            self.homeless,
            self.untied,
            self.names,
            self.norm_at == 0,
            random_frozen=self.random_frozen,
            test_inputs=tuple(self.test_inputs),
            evaluated=self.evaluated,
            called=self.called,
            remembered=self.remembered,
            normalizes_first=self.norm_at == 1,
        )


def first_seen(module: nn.Module) -> ModelRecord:
    """Return a new record of ``module``."""
    return ModelRecord(
        type(module).__name__,
        place_of_class(type(module)),
        tuple(name for name, part in module.named_modules() if is_random(part)),
        tuple(name for name, part in module.named_modules() if isinstance(part, _BatchNorm)),
        tuple(equal_pairs(module)),
        tuple(name for name, _ in module.named_parameters()),
        place_of_norm(module),
        tuple(untrained_frozen(module)),
    )


@torch.no_grad()
def untrained_frozen(module: nn.Module) -> Iterator[str]:
    """Yield frozen matrices whose values are spread as torch's own init leaves them: evenly between
    two bounds, which training does not keep."""
    for name, part in module.named_modules():
        if not isinstance(part, nn.Linear | nn.modules.conv._ConvNd):
            continue
        weight = part.weight
        if not weight.requires_grad and is_as_made(part, weight, weight):
            yield f"{name}.weight" if name else "weight"


def is_as_made(part: nn.Module, parameter: torch.Tensor, values: torch.Tensor) -> bool:
    """Whether the values of a layer's matrix are spread as torch's own init leaves them."""
    if parameter is not getattr(part, "weight", None):
        return False
    if not 500 <= values.numel() <= MOST_TIED:
        return False
    if isinstance(part, nn.Embedding | nn.EmbeddingBag):
        return abs(float(values.std()) - 1) < EVEN and abs(float(values.mean())) < EVEN
    if not isinstance(part, nn.Linear | nn.modules.conv._ConvNd):
        return False
    bound = values[0].numel() ** -0.5
    even = float(values.abs().max()) <= bound * (1 + 1e-6)
    spread = float(values.std()) * 3**0.5 / bound
    return even and bool(abs(spread - 1) < EVEN)


def share_remembered(module: nn.Module) -> float:
    """Return how far the running statistics of a model's batch norms have come from those that they
    are made with, 1 - (1 - momentum)^batches, the least of them. Only those with a momentum below
    torch's own are asked, with which it takes a few batches; 1 without any."""
    return min(
        (
            1 - (1 - part.momentum) ** int(part.num_batches_tracked)
            for part in module.modules()
            if isinstance(part, _BatchNorm) and part.momentum is not None and part.momentum < 0.1
            if part.num_batches_tracked is not None
        ),
        default=1.0,
    )


def place_of_norm(module: nn.Module) -> int:
    """Return how many layers with parameters come before the first that normalizes what it gets:
    0 or 1; 2 for more, or none."""
    layers = (m for m in module.modules() if any(True for _ in m.parameters(False)))
    first_two = [isinstance(one, NORMS) for _, one in zip(range(2), layers, strict=False)]
    return first_two.index(True) if True in first_two else 2


def is_random(part: nn.Module) -> bool:
    """Whether a layer draws at random in training mode: dropout, or a layer that has its own."""
    if isinstance(part, _DropoutNd):
        return part.p > 0
    share = getattr(part, "dropout", 0.0)
    own = isinstance(part, nn.RNNBase | nn.MultiheadAttention)
    return own and isinstance(share, float) and share > 0


@torch.no_grad()
def equal_pairs(module: nn.Module) -> Iterator[tuple[str, str]]:
    """Yield pairs of matrices that have equal values and are two tensors: copied, not tied.

    Constant ones, which many inits make, are no copies of each other.
    """
    known: dict[tuple[int, ...], list[tuple[str, torch.Tensor]]] = {}
    for name, one in module.named_parameters():
        if one.ndim != 2 or one.numel() > MOST_TIED or one.device.type == "meta":
            continue
        for other_name, other in known.setdefault(tuple(one.shape), []):
            shared = one.data_ptr() == other.data_ptr()
            # Layers of a stack that were made as copies of one layer are not meant to be one.
            siblings = DIGITS.sub("", other_name) == DIGITS.sub("", name)
            both = one.requires_grad and other.requires_grad
            if shared or siblings or not both or not torch.equal(one, other):
                continue
            if whole_copies(module, other_name, name):
                continue
            if bool((one != one.flatten()[0]).any()):
                yield other_name, name
        known[tuple(one.shape)].append((name, one))


def whole_copies(module: nn.Module, one: str, other: str) -> bool:
    """Whether the layers of two tensors are copies in all their tensors: then one layer was copied
    as a beginning of the other, and no single tensor was meant to be shared."""
    parts = [module.get_submodule(name.rpartition(".")[0]) for name in (one, other)]
    tensors = [[t for _, t in part.named_parameters(recurse=False)] for part in parts]
    if len(tensors[0]) < 2 or len(tensors[0]) != len(tensors[1]) or parts[0] is parts[1]:
        return False
    return all(a.shape == b.shape and torch.equal(a, b) for a, b in zip(*tensors, strict=True))


@torch.no_grad()
def look_at(given: torch.Tensor) -> InputLook | None:
    """Return what an input is like; None for whole numbers, sparse ones, or without samples."""
    if given.layout != torch.strided or given.is_nested:
        return None
    if not given.is_floating_point() or given.numel() == 0 or given.ndim == 0:
        return None
    rows = max(1, MOST_VALUES // max(1, given[0].numel()))
    values = given.detach()[:rows]
    values = values.float() if values.dtype != torch.float64 else values
    low, high = (float(one) for one in values.aminmax())
    finite = math.isfinite(low) and math.isfinite(high)
    bad = 0 if finite else int((~values.isfinite()).sum())
    deviation, mean = torch.std_mean(values, correction=0)
    flat = values.reshape(len(values), -1)
    # One sample has one value in every feature.
    constant = float((flat == flat[:1]).all(0).float().mean()) if len(flat) > 1 else 0.0
    return InputLook(
        tuple(given.shape),
        float(mean),
        float(deviation),
        low,
        high,
        constant,
        bad,
        comb(values),
    )


def comb(images: torch.Tensor) -> float:
    """Return how unlike values are at the distance of the channels, over how unlike neighbours are,
    along the last axis of images: below 1 where the channels of each pixel lie side by side; 1 for
    anything else."""
    if images.ndim != 4 or images.shape[1] not in CHANNELS:
        return 1.0
    channels, width = images.shape[1], images.shape[3]
    if width < 2 * channels:
        return 1.0
    near = float((images[..., 1:] - images[..., :-1]).abs().mean())
    far = float((images[..., channels:] - images[..., :-channels]).abs().mean())
    return far / near if near > 0 and math.isfinite(near) else 1.0


@dataclass
class Modes:
    """The modes of the models that were trained, step by step.

    Args:
        in_train, in_eval: steps in either mode.
        last_in_eval: steps in evaluation mode since the last one in training mode.
    """

    in_train: int = 0
    in_eval: int = 0
    last_in_eval: int = 0

    def add(self, in_eval: bool, steps: int = 1) -> None:
        """Count steps in one mode."""
        if in_eval:
            self.in_eval += steps
            self.last_in_eval += steps
        elif steps:
            self.in_train += steps
            self.last_in_eval = 0


class ForwardWatch:
    """Sees module calls while it is switched on; switched off it costs nothing.

    Only what the program calls itself is a model: what a model calls is a part of it.

    Args:
        harmless: keeps its own failures from the program.
    """

    def __init__(self, harmless: Harmless) -> None:
        self.harmless = harmless
        self.models: weakref.WeakKeyDictionary[nn.Module, ModelRecord] = weakref.WeakKeyDictionary()
        self.records: list[ModelRecord] = []
        # A model may be called in pieces that are made for each call, such as a slice of it.
        self.parts: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self.called: set[int] = set()
        self.called_without_gradients: set[int] = set()
        self.handles: list[Any] = []
        self.depth = 0
        self.norm_values: int | None = None
        self.tests_left = 0
        self.training = False
        self.on_test: Callable[[nn.Module], None] = lambda module: None
        self.on_training: Callable[[nn.Module], None] = lambda module: None
        self.on_test_input: Callable[[torch.Tensor | None], None] = lambda given: None
        self.calls: list[Call] = []
        self.attended = self.attended_nothing = 0
        self.last_trained: weakref.ref[nn.Module] | None = None
        self.states = StateWatch()
        self.helpers: weakref.WeakKeyDictionary[nn.Module, Place | None] = (
            weakref.WeakKeyDictionary()
        )

    def see_training(self) -> None:
        """See all calls until the next backward pass."""
        self.training = True
        self.switch_on()

    def see_tests(self, count: int) -> None:
        """See the next calls of models without gradients, up to so many."""
        self.tests_left = count
        for record in self.records:
            record.last_test = None
        self.switch_on()

    def switch_on(self) -> None:
        """See the calls from now on."""
        if not self.handles and self.depth == 0:
            register = nn.modules.module
            self.handles = [
                register.register_module_forward_pre_hook(self.harmless(self.begins)),
                register.register_module_forward_hook(
                    self.harmless(self.ended), with_kwargs=True, always_call=True
                ),
            ]

    def switch_off(self) -> None:
        """See no more calls."""
        self.training, self.tests_left = False, 0
        if self.depth == 0:
            for handle in self.handles:
                handle.remove()
                # torch leaves this mark behind, and compiled models then warn of hooks.
                nn.modules.module._global_forward_hooks_with_kwargs.pop(handle.id, None)
            self.handles = []

    def begins(self, module: nn.Module, given: tuple[Any, ...]) -> None:
        """A module is called."""
        self.depth += 1
        known = self.called if torch.is_grad_enabled() else self.called_without_gradients
        known.add(id(module))
        self.parts.add(module)
        if self.depth == 1 and self.training:
            self.on_training(module)
        if isinstance(module, _BatchNorm) and module.training and given:
            values = given[0].numel() // max(1, given[0].shape[1] if given[0].ndim > 1 else 1)
            self.norm_values = min(values, self.norm_values or values)

    def ended(self, module: nn.Module, given: tuple[Any, ...], *rest: Any) -> None:
        """A module has returned.

        Args:
            rest: the arguments given by name, which torch leaves out where the module raised an
                exception, and the output, then None.
        """
        named, output = rest if len(rest) == 2 else ({}, rest[0])
        self.depth = max(0, self.depth - 1)
        if in_transform():
            return
        if isinstance(module, nn.MultiheadAttention) and output is not None:
            self.attended += 1
            self.attended_nothing += masks_all(named.get("key_padding_mask"))
        if output is not None and torch.is_grad_enabled():
            self.states.called(module, given, output)
        if self.depth or output is None:
            return
        fewest, self.norm_values = self.norm_values, None
        if next(module.parameters(), None) is None:
            return
        record = self.known(module)
        first = next((one for one in given if isinstance(one, torch.Tensor)), None)
        if torch.is_grad_enabled():
            self.helps(module)
            call = Call([], not module.training, None, None, fewest, module, given, named, output)
            self.maybe_trained(record, call, first)
        elif self.training and not self.tests_left:
            self.helps(module)
        elif self.tests_left and not recalibrates():
            before = record.last_test() if record.last_test is not None else None
            if before is not None and before is first:
                record.sampled = True
                return
            record.last_test = weakref.ref(first) if first is not None else None
            look = look_at(first) if first is not None else None
            if look is not None and len(record.test_inputs) < MOST_INPUTS:
                record.test_inputs.append(look)
            record.tested += 1
            record.tested_in_train += module.training
            if module.training or record.tested_at is None:
                record.tested_at = calling()
            if not record.trained:
                self.on_test(module)
            self.on_test_input(first)
            self.tests_left -= 1
            if not self.tests_left and not self.training:
                self.switch_off()

    def helps(self, module: nn.Module) -> None:
        """Take note of a model's call before a backward pass, which may not be trained by it."""
        if module not in self.helpers:
            self.helpers[module] = calling()

    def known(self, module: nn.Module) -> ModelRecord:
        """Return the record of a model, a new one if there is none."""
        record = self.models.get(module)
        if record is None:
            record = self.models[module] = first_seen(module)
            record.called = calling()
            self.records.append(record)
        return record

    def maybe_trained(self, record: ModelRecord, call: Call, given: torch.Tensor | None) -> None:
        """Keep a call until the next backward pass tells whether it was trained on."""
        call.made = [one.grad_fn for one in outputs_of(call.output) if one.grad_fn is not None]
        if not call.made:
            return
        if given is not None:
            call.look = look_at(given) if len(record.inputs) < MOST_INPUTS else None
            call.batch = int(given.shape[0]) if given.ndim else None
        record.waiting.append(call)
        # Calls that nothing is trained on must not keep their graphs for long.
        del record.waiting[:-8]

    def backward(self, nodes: set[Node]) -> None:
        """A looked-at backward pass begins, whose graph has these nodes."""
        self.calls = [call for record in self.records for call in record.trained_on(nodes)]
        self.states.pass_ends()
        if self.calls and (module := self.calls[-1].module) is not None:
            self.last_trained = weakref.ref(module)

    def made(self) -> set[Node]:
        """Return what made the outputs that the last looked-at loss depends on."""
        return {node for call in self.calls for node in call.made}

    def last_in_eval(self) -> bool:
        """Whether the model that was last seen to be trained is in evaluation mode now."""
        module = self.last_trained() if self.last_trained is not None else None
        return module is not None and not module.training

    def forget(self) -> None:
        """Let go of all calls."""
        self.calls = []
        self.helpers.clear()
        self.states.forget()
        for record in self.records:
            record.waiting.clear()


def rows_of_samples(calls: list[Call]) -> Iterator[int]:
    """Yield the sizes of the batches of models that answer a row for each row they are given: of a
    set, such as the instances of a bag, the answer is one."""
    for call in calls:
        given = next((one for one in outputs_of([call.given]) if one.is_floating_point()), None)
        made = list(outputs_of(call.output))
        if given is None or given.ndim not in (2, 4) or not made:
            continue
        if all(one.ndim > 1 and len(one) == len(given) for one in made):
            yield len(given)


@torch.no_grad()
def spread_of(calls: list[Call]) -> float:
    """Return how unlike the answers to different samples are, over their size, the least of several
    calls; NaN where answers are not rows of several numbers."""
    found = [
        float(one.float().std(0, correction=0).square().mean().sqrt() / size)
        for call in calls
        for one in outputs_of(call.output)
        if one.is_floating_point() and one.ndim == 2 and len(one) >= ROWS and one.shape[1] > 1
        if (size := one.float().square().mean().sqrt()) > 0
    ]
    return min(found, default=math.nan)


def masks_all(mask: Any) -> bool:
    """Whether a mask of padding leaves nothing of a sample."""
    if not isinstance(mask, torch.Tensor) or mask.ndim != 2 or mask.numel() == 0:
        return False
    masked = mask == -torch.inf if mask.is_floating_point() else mask.bool()
    return bool(masked.all(1).any())


def recalibrates() -> bool:
    """Whether a call comes from torch's own recalibration of batch norms."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if RECALIBRATES in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
