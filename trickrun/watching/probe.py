"""Asks a copy of a model what its answers depend on: other samples of the batch, or later tokens.

The copy runs in evaluation mode, in which a batch norm does not mix samples. The model itself is
not touched, and no random number of the program is used up. Where a model cannot be copied, or
the axes of its input cannot be told apart, nothing is asked.
"""

from __future__ import annotations

import copy
import math
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.optimizer import Optimizer
from torch.utils.data import DataLoader

from trickrun.findings.evidence.program import Leak
from trickrun.watching import graph as graphs
from trickrun.watching.graph import LossNode
from trickrun.watching.models import Call, is_random
from trickrun.watching.order import attends, ignores_order
from trickrun.watching.places import place_of_class
from trickrun.watching.strength import noise_of
from trickrun.watching.tensors import outputs_of
from trickrun.watching.untouched import untouched

MOST_WEIGHTS = 20_000_000
"""Entries of a model's weights up to which it is copied."""

TRIES = 2
"""Batches in which a question is asked of one model."""

ORDER_AT = 4
"""Looks after which the order of tokens is asked for: positions that are learned may begin at 0."""

LOOKS = 24
"""Looks in which one model may be asked; what it leaks, it leaks in most of its passes."""

CHANGED = 1e-4
"""Change of an answer over the largest answer from which on it is none of rounding; own."""

SEVERAL = 0.05
"""Share of the other samples that must have changed; own."""

PLACES = 16
"""Targets from which on it is no chance that they are the inputs, shifted."""

AGREE, DISAGREE = 0.95, 0.9
"""Share of the targets that are the input one place later, and the share of them that may also be
the input at their own place; own."""

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")

Answer = Callable[[torch.Tensor], list[torch.Tensor]]
"""What the copy answers to another input, tensor by tensor."""


@dataclass
class Asked:
    """What was asked of one model."""

    samples: int = 0
    future: int = 0
    dropout: int = 0
    order: int = 0
    looks: int = 0
    seen: torch.Tensor | None = None


@dataclass(frozen=True)
class Question:
    """A call of a model, and the targets of the loss that its answers enter.

    Args:
        module, call: the model and how it was called.
        targets: of the loss.
        valid: which of them count.
        batch_size: of the loader that is read; None without one.
        known: whether the targets are known; else they only say how many samples there are.
        counted: whether the loss tells that the first axis is that of the samples.
        starts: where the places that enter the loss begin, by the axis along which the answers were
            cut.
    """

    module: nn.Module
    call: Call
    targets: torch.Tensor
    valid: torch.Tensor
    batch_size: int | None
    known: bool = True
    counted: bool = False
    starts: dict[int, int] = field(default_factory=dict)


@dataclass
class Probe:
    """Asks copies of the models of one program."""

    leaks: list[Leak] = field(default_factory=list)
    asked: weakref.WeakKeyDictionary[nn.Module, Asked] = field(
        default_factory=weakref.WeakKeyDictionary
    )

    def ask(self, calls: list[Call], loss: torch.Tensor, batch_size: int | None) -> None:
        """Ask about the calls of a looked-at pass what has not been answered yet."""
        if all(self.was_offered(call) for call in calls):
            return
        for question in questions(calls, graphs.loss_nodes(loss), batch_size):
            asked = self.asked.setdefault(question.module, Asked())
            asked.looks += 1
            kinds = (self.future, self.samples) if question.known else (self.samples,)
            for leak in (kind(question, asked) for kind in kinds):
                if leak is not None:
                    self.leaks.append(leak)
            if (leak := self.order(question, asked, loss)) is not None:
                self.leaks.append(leak)
        for call in calls:
            if (leak := self.dropout(call)) is not None:
                self.leaks.append(leak)

    def was_offered(self, call: Call) -> bool:
        """Whether a model has had its chances."""
        known = self.asked.get(call.module) if call.module is not None else None
        return known is not None and known.looks >= LOOKS

    def future(self, question: Question, asked: Asked) -> Leak | None:
        """Return whether earlier answers depend on later tokens, where the targets are these."""
        if asked.future >= TRIES:
            return None
        found = next(shifted(question), None)
        if found is None:
            return None
        given, axis, relation = found
        asked.future += 1
        later = other_last(given, axis)
        moved = None
        with answers(question, given) as answer:
            if later is not None and answer is not None:
                moved = moved_places(answer(given), answer(later), given, axis)
        if moved is None:
            return None
        early, last = moved
        if (relation == "future" and early) or (relation == "same" and last and not early):
            asked.future = TRIES
            return leak_of(question, relation)
        return None

    def samples(self, question: Question, asked: Asked) -> Leak | None:
        """Return whether the answers to other samples depend on the first one."""
        given = the_input(question)
        if asked.samples >= TRIES or given is None or not may_ask(question, given):
            return None
        either = not may_tell(question, given)
        start = given.flatten()[:1000].clone()
        before, asked.seen = asked.seen, start
        # One batch of all samples may be a graph, whose nodes are meant to be mixed.
        if before is None or torch.equal(before, start):
            return None
        asked.samples += 1
        axes = (0, 1) if either else (0,)
        parts: list[tuple[str, str]] = []
        moved = False
        with answers(question, given, parts) as answer:
            if answer is not None:
                moved = all(mixes(answer, given, axis) for axis in axes)
        if not moved:
            return None
        asked.samples = TRIES
        sure = question.known and (either or given.ndim > 2 or question.batch_size == len(given))
        sure = sure or question.counted
        name, kind = parts[0] if parts else ("", "")
        return leak_of(question, "samples", name, kind, sure)

    def order(self, question: Question, asked: Asked, loss: torch.Tensor) -> Leak | None:
        """Return whether a model with attention cannot tell the order of its tokens."""
        if asked.looks < ORDER_AT or asked.order >= TRIES:
            return None
        tokens = [
            (given, axis)
            for given in outputs_of([question.call.given, question.call.named])
            if given.ndim == 2 and given.dtype in (torch.int64, torch.int32)
            for axis in (1, 0)
            if min(given.shape) > 2
        ]
        if not tokens:
            return None
        asked.order += 1
        nodes = graphs.read(loss).nodes
        for given, axis in tokens:
            if not attends(nodes, given.shape[axis]):
                continue
            with answers(question, given) as answer:
                if answer is not None and ignores_order(answer, given, axis):
                    asked.order = TRIES
                    return leak_of(question, "order")
        return None

    def dropout(self, call: Call) -> Leak | None:
        """Return whether dropout acts in evaluation mode; None for a model that has a layer of its
        own for it, which may act so on purpose."""
        module = call.module
        if module is None or self.asked.setdefault(module, Asked()).dropout:
            return None
        self.asked[module].dropout += 1
        own = (is_random(part) and not is_of_torch(part) for part in module.modules())
        if any(own) or not any(map(drops, outputs_of(call.output))) or not can_be_copied(module):
            return None
        given = next(outputs_of([call.given, call.named]), None)
        if given is None:
            return None
        nothing = given.new_zeros(0)
        question = Question(module, call, nothing, nothing.bool(), None, known=False)
        found = False
        with answers(question, given) as answer:
            if answer is not None:
                with torch.enable_grad():
                    found = any(drops(one) for one in answer(given))
        return leak_of(question, "dropout") if found else None


def is_of_torch(part: nn.Module) -> bool:
    """Whether a layer's class is one of torch's own."""
    return type(part).__module__.startswith("torch.")


def drops(output: torch.Tensor) -> bool:
    """Whether dropout acted on the way to an output."""
    return any(is_dropout(node) for node in graphs.read(output).nodes)


def is_dropout(node: Any) -> bool:
    """Whether an operation is dropout: on a CPU a product with zeros and one other number."""
    return graphs.kind_of(node) == "NativeDropout" or noise_of(node) is not None


def leak_of(
    question: Question, relation: str, part: str = "", kind: str = "", sure: bool = True
) -> Leak:
    """Return what was found of a model."""
    model = type(question.module)
    return Leak(relation, model.__name__, place_of_class(model), part, kind, sure)


def questions(
    calls: list[Call], losses: list[LossNode], batch_size: int | None
) -> Iterator[Question]:
    """Yield the calls whose answers enter a loss with known targets."""
    counts = {len(t) for one in losses if (t := graphs.targets_of(one)) is not None and t.ndim}
    asked = False
    for loss in losses:
        targets = graphs.targets_of(loss)
        if targets is None or targets.ndim == 0 or len(targets) < 2:
            continue
        ignored = getattr(loss.node, "_saved_ignore_index", None)
        valid = torch.ones_like(targets, dtype=torch.bool)
        if isinstance(ignored, int):
            valid = targets != graphs.signed(ignored)
        fed = dict(feeding(loss.predictions))
        for call in calls:
            made = [one.grad_fn for one in outputs_of(call.output) if one.grad_fn in fed]
            if made and call.module is not None and can_be_copied(call.module):
                asked = True
                starts = fed[made[0]]
                yield Question(call.module, call, targets, valid, batch_size, starts=starts)
    if not asked:
        yield from without_targets(calls, batch_size, counts)


def without_targets(
    calls: list[Call], batch_size: int | None, counts: set[int]
) -> Iterator[Question]:
    """Yield the calls that answer a row for each row they are given, where no loss of these answers
    is known, as in losses of pairs and triplets, or likelihoods written by hand.

    Args:
        counts: of the targets that are known, such as the places of pairs.
    """
    for call in calls:
        given = next((one for one in outputs_of([call.given]) if one.is_floating_point()), None)
        made = list(outputs_of(call.output))
        if given is None or call.module is None or not made:
            continue
        counted = given.ndim > 1 and len(given) in counts
        if not counted and not has_rows(given, call.module):
            continue
        rows = all(one.ndim > 1 and len(one) == len(given) for one in made)
        if rows and can_be_copied(call.module):
            targets = given.new_zeros(len(given))
            valid = torch.ones_like(targets, dtype=torch.bool)
            yield Question(call.module, call, targets, valid, batch_size, False, counted)


def has_rows(given: torch.Tensor, module: nn.Module) -> bool:
    """Whether the first axis can only be that of the samples."""
    if given.ndim != 3:
        return given.ndim in (2, 4)
    parts = list(module.modules())
    in_order = any(isinstance(part, nn.RNNBase | nn.MultiheadAttention) for part in parts)
    return not in_order and any(isinstance(part, nn.Conv1d) for part in parts)


def feeding(node: Any) -> Iterator[tuple[Any, dict[int, int]]]:
    """Yield what predictions were before a softmax, or a change of shape, and where along each axis
    of it they begin."""
    starts: dict[int, int] = {}
    while node is not None:
        yield node, dict(starts)
        kind = graphs.kind_of(node)
        if kind == "Slice":
            size = node._saved_self_sym_sizes[graphs.signed(node._saved_dim)]
            start = graphs.signed(node._saved_start)
            begins = start if start >= 0 else int(size) + start
            axis = graphs.signed(node._saved_dim) % len(node._saved_self_sym_sizes)
            starts[axis] = starts.get(axis, 0) + begins
        elif kind in ("Transpose", "Permute", "T"):
            starts = {}
        single = kind in graphs.SHAPING | graphs.NORMALIZING | {"Sigmoid"}
        inner = graphs.inputs_of(node) if single else []
        node = inner[0] if inner else None


def can_be_copied(module: nn.Module) -> bool:
    """Whether a model is a plain one, of moderate size, without hooks and optimizers of its own."""
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return False
    if sum(one.numel() for one in module.parameters()) > MOST_WEIGHTS:
        return False
    for part in module.modules():
        own = vars(part)
        if any(own.get(name) for name in HOOKS) or "_trainer" in own or "trainer" in own:
            return False
        if any(isinstance(one, Optimizer | DataLoader) for one in own.values()):
            return False
        # By its own choice it normalizes with the batch in evaluation too.
        if isinstance(part, _BatchNorm) and part.running_mean is None:
            return False
    return True


@contextmanager
def answers(
    question: Question, given: torch.Tensor, parts: list[tuple[str, str]] | None = None
) -> Iterator[Answer | None]:
    """Give what a copy of the model answers to inputs in the place of ``given``; None if it cannot
    be copied or called.

    Args:
        parts: filled with the names and classes of the parts, in the order they return, in which
            other samples than the first one differ between two inputs.
    """
    call = question.call
    with untouched():
        try:
            model = copy.deepcopy(question.module).eval()
            seen = follow(model, len(given), parts) if parts is not None else {}

            def answer(other: torch.Tensor) -> list[torch.Tensor]:
                torch.default_generator.manual_seed(0)
                if given.is_cuda:
                    torch.cuda.manual_seed_all(0)
                seen.clear()
                arguments, named = exchanged((call.given, call.named), given, other)
                arguments, named = copy.deepcopy((arguments, named))
                output = model(*arguments, **named)
                return [one for one in outputs_of(output) if one.is_floating_point()]

            answer(given)
        except Exception:
            # What only works once, or with gradients, is no model to be asked.
            yield None
            return
        try:
            yield answer
        except Exception:
            return


def exchanged(value: Any, before: torch.Tensor, after: torch.Tensor) -> Any:
    """Return arguments with one tensor in the place of another."""
    if value is before:
        return after
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, dict):
        return {key: exchanged(one, before, after) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(exchanged(one, before, after) for one in value)
    return value


def follow(model: nn.Module, samples: int, parts: list[tuple[str, str]]) -> dict[str, torch.Tensor]:
    """Note in which parts of a copy other samples' values change from call to call."""
    before: dict[str, torch.Tensor] = {}
    seen: dict[str, torch.Tensor] = {}

    def noting(name: str) -> Callable[..., None]:
        def note(part: nn.Module, given: Any, output: Any) -> None:
            first = next(outputs_of(output), None)
            if first is None or first.ndim < 2 or len(first) != samples or name in seen:
                return
            seen[name] = first
            if name in before and rows_moved(before[name], first, samples):
                parts.append((name, type(part).__name__))
            before[name] = first

        return note

    for name, part in model.named_modules():
        if name:
            part.register_forward_hook(noting(name))
    return seen


def the_input(question: Question) -> torch.Tensor | None:
    """Return the only tensor of samples that a model was called with; None where others might
    belong to several samples, such as the edges of a graph."""
    every = list(outputs_of([question.call.given, question.call.named]))
    if any(one.layout != torch.strided for one in every):
        return None
    targets = question.targets
    every = [one for one in every if one.ndim and not same(one, targets)]
    # Targets of places are often given to the loss in one row.
    every = [one for one in every if not same(one.flatten(), targets)]
    if not every:
        return None
    samples = len(every[0]) if is_by_place(every[0], targets) else len(targets)
    if any(len(one) != samples for one in every):
        return None
    whole = [one for one in every if not one.is_floating_point()]
    values = [one for one in every if one.is_floating_point()]
    if len(values) > 1 or (not values and len(whole) != 1):
        return None
    return values[0] if values else whole[0]


def is_by_place(given: torch.Tensor, targets: torch.Tensor) -> bool:
    """Whether each place of sequences has a target, all in one row."""
    return (
        given.ndim in (2, 3)
        and min(given.shape[:2]) > 2
        and targets.ndim == 1
        and len(targets) == given.shape[0] * given.shape[1]
    )


def may_tell(question: Question, given: torch.Tensor) -> bool:
    """Whether it is known that the first axis is that of the samples, not that of time.

    Else answers must change along both: one of the two is that of the samples.
    """
    targets = question.targets
    along = targets.ndim > 1 and given.ndim in (2, 3) and targets.shape[:2] == given.shape[:2]
    return question.batch_size == len(given) or not (along or is_by_place(given, targets))


def mixes(answer: Answer, given: torch.Tensor, axis: int) -> bool:
    """Whether answers along an axis change with the first entry along it, or with the last one,
    where a recurrent layer has forgotten the first."""
    count = given.shape[axis]
    for place in (0, -1):
        changed = other_sample(given.transpose(0, axis), place)
        if changed is None:
            return False
        made = (answer(given), answer(changed.transpose(0, axis)), answer(given))
        once, other, again = ([along_axis(one, given, axis) for one in each] for each in made)
        # Answers that differ without a cause tell nothing.
        if any_moved(once, again, count, place):
            return False
        if any_moved(once, other, count, place):
            return True
    return False


def along_axis(one: torch.Tensor, given: torch.Tensor, axis: int) -> torch.Tensor:
    """Return an answer with an axis of the input as its first one, where it has that axis."""
    rows = given.shape[:2]
    if axis == 0 and len(one.shape) and len(one) == len(given):
        return one
    if one.ndim and len(one) == math.prod(rows):
        one = one.reshape(*rows, -1)
    return one.transpose(0, axis) if one.ndim > 1 and one.shape[:2] == rows else one


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and one.device == other.device and torch.equal(one, other)


def may_ask(question: Question, given: torch.Tensor) -> bool:
    """Whether the first axis is that of the samples: no sequence, no graph, no pairs."""
    samples, targets = len(given), question.targets
    loaded = question.batch_size == samples
    if samples < 4 or (given.ndim > 1 and given.shape[1] == samples):
        return False
    if given.ndim == 1 and not loaded:
        return False
    if not targets.is_floating_point() and targets.ndim == 1:
        ordered = torch.arange(samples, device=targets.device)
        if torch.equal(targets.long(), ordered):
            return False  # each sample is its own class: pairs are compared
    if not may_tell(question, given):
        return given.ndim == 2 or not has_images(question.module)
    sequences = (nn.RNNBase, nn.MultiheadAttention, nn.Conv1d)
    parts = list(question.module.modules())
    maybe_one = given.ndim == 2 and given.is_floating_point() and not loaded
    if maybe_one and any(isinstance(part, sequences) for part in parts):
        return False
    tensors = (one for part in parts for one in tensors_of(part))
    return not any(one.is_sparse or is_graph(one, samples) for one in tensors)


def has_images(module: nn.Module) -> bool:
    """Whether a model has layers of images, which take a single one without an axis of samples."""
    return any(isinstance(part, nn.Conv2d) for part in module.modules())


def tensors_of(part: nn.Module) -> Iterator[torch.Tensor]:
    """Yield a module's own tensors, without its weights."""
    yield from (one for one in part.buffers(recurse=False))
    yield from (one for one in vars(part).values() if isinstance(one, torch.Tensor))


def is_graph(one: torch.Tensor, samples: int) -> bool:
    """Whether a tensor may tell which samples are neighbours."""
    edges = one.ndim == 2 and len(one) == 2 and not one.is_floating_point()
    return edges or (one.ndim == 2 and one.shape == (samples, samples))


def other_sample(given: torch.Tensor, place: int) -> torch.Tensor | None:
    """Return a batch whose sample at a place is another one; None if all are alike."""
    unlike = (given != given[place]).reshape(len(given), -1).any(1).nonzero()
    if len(unlike) == 0:
        return None
    changed = given.detach().clone()
    changed[place] = given[int(unlike[0])]
    return changed


def any_moved(
    once: list[torch.Tensor], other: list[torch.Tensor], samples: int, place: int
) -> bool:
    """Whether other samples than that at a place have changed in one of several answers."""
    return any(rows_moved(*pair, samples, place) for pair in zip(once, other, strict=False))


def rows_moved(one: torch.Tensor, other: torch.Tensor, samples: int, place: int = 0) -> bool:
    """Whether several samples, the first or the last one left out, have changed: a recurrent layer
    along them forgets the first one soon."""
    if one.shape != other.shape or one.ndim == 0 or len(one) != samples:
        return False
    if one.shape[1:] == (samples,):
        return False  # each sample against each
    largest = float(one.abs().max())
    change = (one - other).abs().reshape(samples, -1).amax(1)
    change = change[1:] if place == 0 else change[:-1]
    return float((change > CHANGED * largest).float().mean()) >= SEVERAL


def shifted(question: Question) -> Iterator[tuple[torch.Tensor, int, str]]:
    """Yield inputs that the targets are made of: the tensor, its axis of time, and whether the
    targets are one place later (``future``) or at the same place (``same``)."""
    targets, valid = question.targets.flatten(), question.valid.flatten()
    for given in outputs_of([question.call.given, question.call.named]):
        if given.layout != torch.strided or given.device != targets.device:
            continue
        if given.ndim < 2 or (same(given, question.targets) and given.is_floating_point()):
            continue
        for axis in (1, 0):
            count = given.shape[axis]
            if count < 3 or (given.is_floating_point() and given.ndim > 3):
                continue
            late = given.narrow(axis, 1, count - 1)
            if targets.numel() == given.numel():
                shape = given.shape
                goal = targets.reshape(shape).narrow(axis, 0, count - 1)
                counted = valid.reshape(shape).narrow(axis, 0, count - 1)
                own = given.narrow(axis, 0, count - 1)
            elif targets.numel() == late.numel():
                goal, counted = targets.reshape(late.shape), valid.reshape(late.shape)
                own = given.narrow(axis, 0, count - 1)
            elif (some := part_of(question, given, axis)) is not None:
                goal, counted, own, late = some
            else:
                continue
            if int(counted.sum()) < PLACES:
                continue
            later = agreement(goal, late, counted)
            here = agreement(goal, own, counted)
            if later >= AGREE and here < DISAGREE:
                yield given, axis, "future"
            elif here >= AGREE and later < DISAGREE and not given.is_floating_point():
                yield given, axis, "same"


def part_of(
    question: Question, given: torch.Tensor, axis: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None:
    """Return the same where only some places enter the loss, as those after a prompt: the targets,
    which of them count, and the inputs at their places and one place later."""
    start, count = question.starts.get(axis), given.shape[axis]
    rows = given.numel() // count
    if start is None or given.ndim != 2 or question.targets.numel() % rows:
        return None
    places = min(question.targets.numel() // rows, count - start - 1)
    shape = list(given.shape)
    shape[axis] = question.targets.numel() // rows
    if places < 2 or shape[axis] > count:
        return None
    goal, counted = (
        one.reshape(shape).narrow(axis, 0, places) for one in (question.targets, question.valid)
    )
    own, late = (given.narrow(axis, start + later, places) for later in (0, 1))
    return goal, counted, own, late


def agreement(targets: torch.Tensor, given: torch.Tensor, counted: torch.Tensor) -> float:
    """Return the share of the counted targets that are equal to the input at their place."""
    return float((targets == given)[counted].float().mean())


def other_last(given: torch.Tensor, axis: int) -> torch.Tensor | None:
    """Return the input with other last tokens; None if there are none."""
    changed = given.detach().clone()
    last = changed.select(axis, given.shape[axis] - 1)
    if given.is_floating_point():
        last += given.std() + 0.1
        return changed
    for step in range(1, given.shape[axis]):
        other = given.select(axis, given.shape[axis] - 1 - step)
        if bool((other != last).any()):
            last.copy_(other)
            return changed
    return None


def moved_places(
    once: list[torch.Tensor], other: list[torch.Tensor], given: torch.Tensor, axis: int
) -> tuple[bool, bool] | None:
    """Return whether the answers before the last place have changed, and those at it; None if the
    places of the answers cannot be told."""
    for one, two in zip(once, other, strict=False):
        pair = [by_place(each, given, axis) for each in (one, two)]
        if pair[0] is None or pair[1] is None or pair[0].shape != pair[1].shape:
            continue
        changed = (pair[0] - pair[1]).abs().amax((0, 2)) > CHANGED * float(pair[0].abs().max())
        return bool(changed[:-1].any()), bool(changed[-1])
    return None


def by_place(answer: torch.Tensor, given: torch.Tensor, axis: int) -> torch.Tensor | None:
    """Return answers as ``[sequences, places, numbers]``; None if they are not by place."""
    rows, columns = given.shape[:2]
    if (answer.ndim >= 2 and answer.shape[:2] == (rows, columns)) or (
        answer.ndim == 2 and len(answer) == rows * columns
    ):
        by = answer.reshape(rows, columns, -1)
    elif answer.ndim == 3 and axis == 1 and (len(answer), answer.shape[2]) == (rows, columns):
        by = answer.transpose(1, 2)
    else:
        return None
    return by if axis == 1 else by.transpose(0, 1)
