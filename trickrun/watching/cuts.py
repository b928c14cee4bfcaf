"""Operations that cut a gradient: what goes in depends on parameters, what comes out does not.

Autograd keeps no trace of them, and what runs without gradients it does not see at all. So a
function mode sees the operations between the first call of a model and the backward pass, in passes
that are looked into only: in every pass it would cost a third of the time.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.distributions
from torch import nn
from torch._C import _get_function_stack_at, _len_torch_function_stack  # nothing public tells it
from torch.overrides import TorchFunctionMode
from torch.utils._device import DeviceContext

from trickrun.findings.evidence.program import Cut
from trickrun.watching import graph as graphs
from trickrun.watching.harmless import Harmless
from trickrun.watching.places import Key, caller_key, place_of_key
from trickrun.watching.tensors import in_transform, outputs_of

MOST_OPERATIONS = 20_000
"""Operations of one pass that are seen: a program that gathers experience with its model calls
very many before the backward pass."""

MOST_CUTS = 64
"""Lines that are told apart."""

ARRAYS = frozenset({"tolist", "numpy", "__array__"})
NUMBERS = frozenset({"item", "__float__", "__int__", "__index__"})
"""Operations that make an array, or one number, of a tensor, which cannot be followed further."""

VALUELESS = frozenset(
    {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "grad"}
)
"""Operations whose result has the shape of a tensor, and none of its values; so has ``new_…``."""

DISTANCES = frozenset(
    {"sub", "__sub__", "__rsub__", "rsub", "subtract", "mse_loss", "gaussian_nll_loss"}
)

MOST_TIMES = 16
"""How often the parameters before one line are looked up."""

DISTRIBUTIONS = str(Path(torch.distributions.__file__).parent)


@dataclass(eq=False)
class CutRecord:
    """A line that cut a gradient.

    Args:
        operation, redrawn: see Cut.
        parameters: those that what was cut depends on, by identity.
        shapes: of what came out.
        times: how often it was looked at.
        reached: whether what came out reached a loss.
        shared: whether that loss depends on one of these parameters in another way too.
        left: whether it was made an array, which may have come back as a tensor; a number, as is
            made for a log, rarely does.
        scored: whether its probability was computed, as a policy gradient does.
    """

    operation: str
    key: Key
    redrawn: bool = False
    parameters: dict[int, weakref.ref[torch.Tensor]] = field(default_factory=dict)
    shapes: set[tuple[int, ...]] = field(default_factory=set)
    times: int = 0
    reached: bool = False
    shared: bool = False
    left: bool = False
    scored: bool = False

    def holds(self, parameter: torch.Tensor) -> bool:
        """Whether what was cut depends on a parameter."""
        reference = self.parameters.get(id(parameter))
        return reference is not None and reference() is parameter

    def told(self) -> Cut:
        """Return what was seen."""
        return Cut(self.operation, place_of_key(self.key), self.redrawn)


class Cuts(TorchFunctionMode):
    """Sees which operations cut gradients, while it is open.

    Args:
        harmless: keeps its own failures from the program.
    """

    def __init__(self, harmless: Harmless) -> None:
        super().__init__()
        self.harmless = harmless
        self.found: dict[tuple[Key, str], CutRecord] = {}
        self.carriers: dict[int, tuple[weakref.ref[torch.Tensor], frozenset[CutRecord]]] = {}
        self.on = self.entered = False
        self.operations = 0

    def open(self, module: nn.Module) -> None:
        """See the operations from now on, unless the model is compiled: torch would compile it once
        more for the mode."""
        if self.on or is_compiled(module) or in_transform():
            return
        if not self.entered:
            if not may_enter():
                return
            self.__enter__()  # type: ignore[no-untyped-call]
            self.entered = True
            global _entered
            _entered = weakref.ref(self)
        self.on, self.operations = True, 0

    def close(self) -> None:
        """See no more operations; what was followed is let go."""
        self.on = False
        self.carriers.clear()
        self.leave()

    def leave(self) -> None:
        """Leave the mode, if it is closed. Tensor.backward is one of the operations, and within one
        the mode is off the stack, so it cannot be left where most looks end; and a mode that the
        program has entered since must not be left in the place of this one."""
        if self.entered and not self.on and is_innermost(self):
            self.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self.entered = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if not self.on:
            return func(*args, **(kwargs or {}))
        # An operation in place may change what it is given.
        given = [*outputs_of(args), *outputs_of(kwargs or {})]
        needed = [one for one in given if one.requires_grad]
        result = func(*args, **(kwargs or {}))
        try:
            self.see(func, given, needed, result)
        except Exception as error:
            self.harmless.failed(error)
        return result

    def see(
        self,
        func: Callable[..., Any],
        given: list[torch.Tensor],
        needed: list[torch.Tensor],
        result: Any,
    ) -> None:
        """See an operation.

        Args:
            given: the tensors that it was given.
            needed: those of them that needed a gradient.
            result: what it returned.
        """
        self.operations += 1
        if self.operations > MOST_OPERATIONS or in_transform():
            self.on = False
            return
        if not given:
            return
        name, made = name_of(func), list(outputs_of(result))
        carried = self.carried(given)
        for record in carried:
            record.scored = record.scored or is_scored(record, name, given, needed)
            record.left = record.left or name in ARRAYS
        if needed and name in ARRAYS | NUMBERS:
            for record in self.cut(name, needed, []):
                record.left = name in ARRAYS
        elif made and needed and not any(one.requires_grad for one in made):
            if name not in VALUELESS and not name.startswith("new_"):
                carried |= self.cut(name, needed, made)
        elif result is None:
            made = given[:1]  # part of it was assigned to
        if carried:
            for one in made:
                self.carriers[id(one)] = weakref.ref(one), carried | self.carried([one])

    def carried(self, given: Sequence[torch.Tensor]) -> frozenset[CutRecord]:
        """Return the cuts that tensors come from."""
        found: set[CutRecord] = set()
        for one in given:
            carrier, cuts = self.carriers.get(id(one), NOTHING)
            if carrier() is one:
                found |= cuts
        return frozenset(found)

    def cut(
        self, name: str, needed: list[torch.Tensor], made: list[torch.Tensor]
    ) -> frozenset[CutRecord]:
        """Take note of a cut; return it, or nothing if there are too many."""
        drawn_by = None
        if not torch.is_grad_enabled():
            drawn_by = sampling()
            name = "no_grad" if drawn_by is None else "sample"
        key = caller_key()
        record = self.found.get((key, name))
        if record is None:
            if len(self.found) >= MOST_CUTS:
                return frozenset()
            redrawn = bool(getattr(drawn_by, "has_rsample", False))
            record = self.found[key, name] = CutRecord(name, key, redrawn)
        record.shapes.update(tuple(one.shape) for one in made)
        record.times += 1
        if record.times <= MOST_TIMES:
            for one in needed:
                record.parameters.update({id(leaf): weakref.ref(leaf) for leaf in leaves_of(one)})
        return frozenset([record])

    def reach(self, loss: torch.Tensor, leaves: Iterable[torch.Tensor]) -> None:
        """A backward pass begins: see which cuts its loss comes from.

        Args:
            leaves: what the loss depends on through autograd.
        """
        records = self.carried([loss])
        for record in records:
            record.reached = True
            record.shared = record.shared or any(map(record.holds, leaves))

    def before(self, parameter: torch.Tensor) -> Cut | None:
        """Return what most likely cuts a parameter off from the loss: of the lines that it goes
        into, one that reaches the loss, else one that makes an array; None if there is neither."""
        known = [one for one in self.found.values() if one.holds(parameter)]
        likely = [one for one in known if one.reached] or [one for one in known if one.left]
        return likely[-1].told() if likely else None

    def samples(self, names: dict[int, str]) -> tuple[Cut, ...]:
        """Return the draws through which a loss could train the parameters before them, and does
        not, though it trains them in another way: where a loss has nothing else to do with them,
        the draws may be just its data, and where their probability is computed, rewards train them.

        Args:
            names: of the parameters, by identity.
        """
        return tuple(
            replace(one.told(), names=known)
            for one in self.found.values()
            if one.redrawn and one.shared and not one.scored
            if (known := tuple(name for key, name in names.items() if key in one.parameters))
        )


def leaves_of(needed: torch.Tensor) -> Sequence[torch.Tensor]:
    """Return the parameters that a tensor depends on."""
    # Without gradients, a view still says that it needs one, and does not say of what.
    base = needed._base if needed.grad_fn is None else None
    source = base if base is not None else needed
    return [source] if source.grad_fn is None else graphs.read(source).leaves


def name_of(func: Callable[..., Any]) -> str:
    """Return what people call an operation; of an attribute, its name."""
    name = getattr(func, "__name__", "")
    return getattr(getattr(func, "__self__", None), "__name__", name) if name == "__get__" else name


def is_scored(
    record: CutRecord, name: str, given: list[torch.Tensor], needed: list[torch.Tensor]
) -> bool:
    """Whether an operation is part of computing the probability of what was drawn: by torch's own
    distributions, or of its distance from what it was drawn around."""
    if record.operation != "sample":
        return False
    if name in DISTANCES and needed and any(tuple(one.shape) in record.shapes for one in given):
        return True
    return any(frame.f_code.co_name == "log_prob" for frame in in_distributions())


def sampling() -> Any:
    """Return the distribution that draws now, the one that the program asked; None if none does."""
    frames = [one for one in in_distributions() if one.f_code.co_name == "sample"]
    return frames[-1].f_locals.get("self") if frames else None


def in_distributions() -> Iterator[FrameType]:
    """Yield the frames of torch's distributions on the stack, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(DISTRIBUTIONS):
            yield frame
        frame = frame.f_back


def is_compiled(module: nn.Module) -> bool:
    """Whether a module is what torch.compile returned, or was compiled in place."""
    return hasattr(module, "_orig_mod") or module._compiled_call_impl is not None


def may_enter() -> bool:
    """Whether a mode can be entered here and left later: under a mode of the program's own, leaving
    that would take this one off the stack. The mode of a default device takes care of others."""
    stack = [_get_function_stack_at(place) for place in range(_len_torch_function_stack())]
    return all(isinstance(mode, DeviceContext) for mode in stack)


def is_innermost(mode: TorchFunctionMode) -> bool:
    """Whether a mode is the one that was entered last."""
    length = _len_torch_function_stack()
    return length > 0 and _get_function_stack_at(length - 1) is mode


_entered: weakref.ref[Cuts] | None = None
"""The mode that is entered; a process that was forked has it too."""


def leave_in_child() -> None:
    """Leave the mode in a process that was forked, such as a loader's worker."""
    mode = _entered() if _entered is not None else None
    if mode is not None:
        mode.close()


os.register_at_fork(after_in_child=leave_in_child)

NOTHING: tuple[Callable[[], None], frozenset[CutRecord]] = (lambda: None), frozenset()
