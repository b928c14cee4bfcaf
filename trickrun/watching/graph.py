"""Reads the graph that autograd has built behind a loss: its loss operations, what they are fed
with, activations, and the parameters that it reaches.

The graph says what is differentiated, whatever a program calls: functions, methods or modules. It
is read before the backward pass frees it, and reading changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from trickrun.findings.evidence.program import (
    Activity,
    Exchanged,
    LossTerm,
    NonFinite,
    Operation,
    Targets,
)
from trickrun.nn.precision import widened
from trickrun.watching.places import place_in

MOST_NODES = 20_000
"""Nodes of a graph that are read: a long recurrent network has more, all alike."""

MOST_ACTIVITIES = 64

MOST_AXES = 8

MOST_BETWEEN = 200
"""Operations between models and a loss that are read."""

FEWEST_SAMPLES = 4
"""Samples from which on a square of them is no chance."""

JOINED = frozenset({"Mul", "Sub", "Rsub", "Add", "Div", "Maximum", "Minimum", "Where", "Pow"})

SPREADING = frozenset({"Unsqueeze", "Expand", "Repeat", "Index", "Slice"})
"""Operations that set something up to meet all others: x[:, None] is a slice too."""

LOSSES = frozenset(
    {
        "NllLoss",
        "NllLoss2D",
        "BinaryCrossEntropy",
        "BinaryCrossEntropyWithLogits",
        "MseLoss",
        "SmoothL1Loss",
        "HuberLoss",
        "KlDiv",
        "MultiMargin",
        "MultilabelMarginLoss",
        "SoftMarginLoss",
        "CtcLoss",
        "CudnnCtcLoss",
    }
)
"""Operations of autograd that are a loss by themselves."""

SHAPING = frozenset(
    {
        "View",
        "UnsafeView",
        "ReshapeAlias",
        "Squeeze",
        "Unsqueeze",
        "Expand",
        "Transpose",
        "Permute",
        "T",
        "Clone",
        "ToCopy",
        "Slice",
        "Select",
        "Alias",
        "AsStrided",
        "Detach",
        "Split",
        "SplitWithSizes",
        "Unbind",
        "Narrow",
        "Contiguous",
    }
)
"""Operations that change the shape or the type of what they get, and no value."""

SCALING = frozenset({"Mul", "Div", "Add", "Sub", "Neg", "Mean", "Sum", "Stack", "Cat", *SHAPING})
"""Operations between a loss and what backward is called on: weights, sums, means."""

NORMALIZING = frozenset({"Softmax", "LogSoftmax"})

CHOOSING = frozenset({"Index", "Gather", "MaskedSelect", "IndexSelect"})
"""Operations that choose some of the entries of what they get."""

SELECTING = frozenset({*CHOOSING, "Sqrt"})
"""Operations that leave some of the samples out of a loss, and the root of a mean square."""

PICKING = frozenset({"Index", "Gather"})
"""Operations that look up the entries of the targets' classes."""

UNCHANGING = SHAPING | CHOOSING
"""Operations whose result has no other values than what they get: some of them, or all."""

RANGES = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0)}

RECTIFIED = frozenset({"Relu", "Threshold"})

SATURATED = 0.85
"""Mean distance from the middle of the range, as a share of half of it: TheDeepChecker's bound."""

REDUCTIONS = {0: "none", 1: "mean", 2: "sum"}

CLASSES = 1000
"""Largest number of classes that are counted."""

Node = Any


def kind_of(node: Node) -> str:
    """Return a node's name without autograd's ending."""
    name = str(node.name()).rsplit("::", 1)[-1]
    head, found, _ = name.partition("Backward")
    return head if found else name


def shape_of(node: Node) -> tuple[int, ...]:
    """Return the shape of a node's first output; () if autograd does not tell it."""
    described = getattr(node, "_input_metadata", None)
    return tuple(int(size) for size in described[0].shape) if described else ()


def place_of_node(node: Node) -> Any:
    """Return the line that called the operation, where anomaly mode recorded it."""
    frames = node.metadata.get("traceback_")
    return place_in(frames) if isinstance(frames, list) else None


def operation(node: Node) -> Operation:
    """Return what a node is, with its line."""
    shape, dim = shape_of(node), None
    if kind_of(node) in NORMALIZING:
        # Autograd keeps the axis as an unsigned number.
        dim = signed(node._saved_dim) % max(len(shape), 1)
    return Operation(kind_of(node), shape, place_of_node(node), dim)


def signed(number: int) -> int:
    """Return a 64-bit number that was kept without its sign."""
    return number - 2**64 if number >= 2**63 else number


@dataclass(frozen=True)
class Graph:
    """What lies behind a loss.

    Args:
        nodes: in breadth-first order, the loss's own first.
        leaves: the tensors that get a gradient.
    """

    nodes: tuple[Node, ...]
    leaves: tuple[torch.Tensor, ...]


def read(loss: torch.Tensor) -> Graph:
    """Return the graph behind ``loss``, up to MOST_NODES."""
    if loss.grad_fn is None:
        return Graph((), ())
    nodes = nodes_behind(loss.grad_fn)
    leaves = [node.variable for node in nodes if hasattr(node, "variable")]
    return Graph(tuple(nodes), tuple(leaves))


def nodes_behind(first: Node) -> list[Node]:
    """Return a node and those behind it, in breadth-first order, up to MOST_NODES."""
    nodes, known = [first], {first}
    for node in nodes:
        for further, _ in node.next_functions:
            if further is not None and further not in known and len(nodes) < MOST_NODES:
                known.add(further)
                nodes.append(further)
    return nodes


@dataclass(frozen=True)
class LossNode:
    """A node that is a loss.

    Args:
        node: torch's own loss, or what makes an error out of predictions: a square, an absolute
            value, a choice of the targets' classes, a product with the targets.
        predictions: what its predictions come from.
        form: ``own`` for torch's, ``difference``, ``picked`` or ``weighed``.
        weighted: whether the loss is multiplied or divided before backward is called on it.
        each: whether that is done with a number for each sample, as rewards or weights are.
        difference: the subtraction, for a difference.
        negative: whether it is subtracted.
        added: whether something else that is trained is added to it.
    """

    node: Node
    predictions: Node
    form: str
    weighted: bool
    each: bool = False
    difference: Node = None
    negative: bool = False
    added: bool = False


def loss_nodes(loss: torch.Tensor) -> list[LossNode]:
    """Return the loss operations that ``loss`` is made of."""
    found: list[LossNode] = []
    waiting: list[tuple[Node, bool, bool, bool, bool]] = []
    if loss.grad_fn is not None:
        waiting.append((loss.grad_fn, False, False, False, False))
    known = {one[0] for one in waiting}
    while waiting:
        node, weighted, each, negative, added = waiting.pop(0)
        kind = kind_of(node)
        if (one := loss_node(node, kind, weighted)) is not None:
            found.append(replace(one, each=each, negative=negative, added=added))
        elif kind in SCALING or kind in SELECTING:
            further = signed_inputs(node)
            if kind in ("Mul", "Div"):
                weighted, each = True, each or has_numbers(node)
            added = added or (kind in ("Add", "Sub") and len(further) > 1)
            waiting.extend(
                (one, weighted, each, negative != turned, added)
                for one, turned in further
                if one not in known
            )
            known.update(one for one, _ in further)
    return found


def signed_inputs(node: Node) -> list[tuple[Node, bool]]:
    """Return the nodes that a node gets its inputs from, and whether it turns their signs."""
    kind = kind_of(node)
    factor = getattr(node, "_saved_other", None) if kind in ("Mul", "Div") else None
    below = isinstance(factor, torch.Tensor) and factor.ndim == 0 and float(factor) < 0
    turned = kind == "Neg" or below
    subtracted = {"Sub": 1, "Rsub": 0}.get(kind)
    return [
        (one, turned or place == subtracted)
        for place, (one, _) in enumerate(node.next_functions)
        if one is not None
    ]


def is_opposed(one: LossNode) -> bool:
    """Whether a part of the network may be trained against a loss: it is subtracted, or a function
    of the program's own lies behind it, which may reverse the gradient."""
    return one.negative or any(map(is_own_function, nodes_behind(one.predictions)))


def is_own_function(node: Node) -> bool:
    """Whether an operation is a ``torch.autograd.Function``, with a backward of its own."""
    return isinstance(node, torch.autograd.function.BackwardCFunction)


def is_negated(loss: torch.Tensor) -> bool:
    """Whether a loss of torch's own was given the other sign, as a whole."""
    node, negated = loss.grad_fn, False
    while node is not None and kind_of(node) in ("Neg", "Mul", "Mean", "Sum", *SHAPING):
        if kind_of(node) == "Neg":
            negated = not negated
        factor = getattr(node, "_saved_other", None)
        if isinstance(factor, torch.Tensor) and factor.ndim == 0 and float(factor) < 0:
            negated = not negated
        further = inputs_of(node)
        node = further[0] if len(further) == 1 else None
    return negated and node is not None and kind_of(node) in LOSSES


def summed(loss: torch.Tensor) -> int:
    """Return of how many samples a loss is the sum, as a whole and divided by nothing; 0 if it is
    none."""
    node = loss.grad_fn
    while node is not None:
        kind, inner = kind_of(node), inputs_of(node)
        if kind == "Sum":
            size = shape_of(inner[0]) if inner else ()
            return size[0] if size else 0
        if kind in LOSSES:
            kept = getattr(node, "_saved_self", None)
            if getattr(node, "_saved_reduction", 1) != 2 or not isinstance(kept, torch.Tensor):
                return 0
            return len(kept) if kept.ndim else 0
        node = inner[0] if len(inner) == 1 and kind in ("Neg", *SHAPING) else None
    return 0


def has_numbers(node: Node) -> bool:
    """Whether a product or quotient is one with several numbers."""
    kept = (getattr(node, name, None) for name in ("_saved_self", "_saved_other"))
    return any(isinstance(one, torch.Tensor) and one.numel() > 1 for one in kept)


def loss_node(node: Node, kind: str, weighted: bool) -> LossNode | None:
    """Return what kind of loss a node is; None if it is none."""
    if kind in LOSSES:
        # Given in the other order, the targets come first, which have no gradient.
        first = next(iter(inputs_of(node)), None)
        return LossNode(node, first, "own", weighted) if first is not None else None
    if (difference := squared_or_absolute(node)) is not None:
        # Of two inputs the one that has a gradient is the prediction.
        predictions = inputs_of(difference)[0]
        return LossNode(node, predictions, "difference", weighted, difference=difference)
    inner = inputs_of(node)
    if kind in PICKING and kind_of(shaped(inner[0])) in NORMALIZING:
        return LossNode(node, inner[0], "picked", weighted)
    if kind == "Mul" and len(inner) == 1 and kind_of(shaped(inner[0])) == "LogSoftmax":
        return LossNode(node, inner[0], "weighed", weighted)
    return None


def inputs_of(node: Node) -> list[Node]:
    """Return the nodes that a node gets its inputs from, of those that have a gradient."""
    return [one for one, _ in node.next_functions if one is not None]


def shaped(node: Node) -> Node:
    """Return what a tensor was before its shape or type was changed."""
    while kind_of(node) in SHAPING and (inner := inputs_of(node)):
        node = inner[0]
    return node


def terms(nodes: list[LossNode]) -> list[LossTerm]:
    """Return loss operations with what they are fed with."""
    return [term(one) if one.form != "difference" else own_term(one) for one in nodes]


def squared_or_absolute(node: Node) -> Node | None:
    """Return the subtraction that is squared or made positive here: an error written by hand."""
    kind = kind_of(node)
    inner = inputs_of(node)
    squares = kind == "Mul" and len(inner) == 2 and inner[0] is inner[1]
    if (kind in ("Pow", "Abs") or squares) and inner:
        difference = shaped(inner[0])
        if kind_of(difference) in ("Sub", "Rsub") and inputs_of(difference):
            return difference
    return None


def targets_of(one: LossNode) -> torch.Tensor | None:
    """Return the targets of a loss, where autograd keeps them."""
    if one.form == "picked":
        return picked_classes(one.node)
    names = ("_saved_other", "_saved_self") if one.form == "weighed" else ("_saved_target",)
    kept = (getattr(one.node, name, None) for name in names)
    return next((t.detach() for t in kept if isinstance(t, torch.Tensor) and t.ndim), None)


def picked_classes(node: Node) -> torch.Tensor | None:
    """Return the classes at which log-probabilities were looked up, ``[N]``."""
    if kind_of(node) == "Gather":
        classes = getattr(node, "_saved_index", None)
        return classes.squeeze(-1) if isinstance(classes, torch.Tensor) else None
    indices: tuple[Any, ...] = getattr(node, "_saved_indices", None) or ()
    last = indices[-1] if len(indices) == 2 else None
    whole = isinstance(last, torch.Tensor) and last.dtype == torch.int64
    return last if whole else None


def term(one: LossNode) -> LossTerm:
    """Return a loss operation of torch's own, or one of log-probabilities."""
    node = one.node
    behind, prediction = chain(one.predictions)
    compared = getattr(node, "_saved_self", None) if one.form == "own" else None
    targets = targets_of(one)
    reduction = getattr(node, "_saved_reduction", None)
    what = operation(node)
    if one.form != "own":
        what = replace(what, kind="Picked" if one.form == "picked" else "SoftNll")
    return LossTerm(
        what,
        behind,
        prediction,
        described(targets) if targets is not None else None,
        REDUCTIONS.get(reduction, "") if reduction is not None else "",
        tuple(compared.shape) if isinstance(compared, torch.Tensor) else (),
        one.weighted,
        crossed(compared, targets),
        one.form == "own" and node.next_functions[0][0] is None,
    )


def crossed(predictions: Any, targets: torch.Tensor | None) -> bool:
    """Whether each sample's prediction met the targets of all samples: the targets were repeated
    along the first axis, and the predictions along another one, or in the model already."""
    if not isinstance(predictions, torch.Tensor) or targets is None or targets.ndim < 2:
        return False
    square = targets.ndim == 2 and targets.shape[0] == targets.shape[1]
    each = targets.shape[0] > 1 and targets.stride(0) == 0
    return each and (square or is_repeated(predictions))


def is_repeated(tensor: torch.Tensor) -> bool:
    """Whether the values along an axis are the same place in memory."""
    return any(
        size > 1 and stride == 0 for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
    )


def own_term(one: LossNode) -> LossTerm:
    """Return a squared or absolute difference that the program wrote itself.

    Its own shape is that of the difference: larger than the predictions' where something was
    broadcast.
    """
    behind, prediction = chain(one.predictions)
    shape = shape_of(one.difference)
    whole = Operation("Difference", shape, place_of_node(one.difference))
    return LossTerm(whole, behind, prediction, compared=shape, weighted=one.weighted)


def chain(node: Node) -> tuple[tuple[Operation, ...], tuple[int, ...]]:
    """Return the operations that lead to ``node``, the last first, up to the first one that has
    weights of its own, and the shape of the predictions before any was broadcast."""
    behind: list[Operation] = []
    prediction: tuple[int, ...] = ()
    while node is not None and len(behind) < 4:
        kind = kind_of(node)
        if kind not in UNCHANGING:
            behind.append(operation(node))
        # What is broadcast was smaller before.
        if kind != "Expand" and not prediction:
            prediction = shape_of(node)
        further = inputs_of(node)
        # A bias or a weight is a leaf; what has two inputs is no chain any more.
        if kind not in UNCHANGING and len(further) != 1:
            break
        node = further[0] if further else None
    return tuple(behind), prediction


def described(targets: torch.Tensor) -> Targets | None:
    """Return what targets are like; None if there are none."""
    if targets.numel() == 0:
        return None
    values = targets.detach()
    low, high = float(values.min()), float(values.max())
    counts = class_counts(values)
    return Targets(str(values.dtype).removeprefix("torch."), tuple(values.shape), low, high, counts)


def are_whole(targets: torch.Tensor | None) -> bool:
    """Whether there are targets, and they are whole numbers."""
    return targets is not None and not (targets.is_floating_point() or targets.is_complex())


def class_counts(targets: torch.Tensor | None) -> tuple[int, ...]:
    """Return how often each class occurs; () if the targets are no classes."""
    if targets is None or not are_whole(targets):
        return ()
    values = targets.detach().flatten()
    low, high = values.aminmax() if values.numel() else (-1, 0)
    if low < 0 or high >= CLASSES:
        return ()
    return tuple(torch.bincount(values.long()).tolist())


def activities(graph: Graph) -> list[Activity]:
    """Return what the activation functions put out, in the order of the forward pass."""
    found = [
        one
        for node in graph.nodes
        if kind_of(node) in RECTIFIED or kind_of(node) in RANGES
        if (one := activity(node)) is not None
    ]
    return found[::-1][:MOST_ACTIVITIES]


@torch.no_grad()
def activity(node: Node) -> Activity | None:
    """Return what an activation put out; None if autograd does not keep it."""
    result = getattr(node, "_saved_result", None)
    if not isinstance(result, torch.Tensor) or result.ndim < 2 or result.numel() == 0:
        return None
    values = result.detach()
    # Units of images are channels on the second axis; of sequences features on the last one.
    units = values.movedim(1, -1) if values.ndim == 4 else values
    units = units.reshape(-1, units.shape[-1])
    kind = kind_of(node)
    dead = saturated = rarer = 0.0
    if kind in RECTIFIED:
        dead = 1 - int(units.any(0).sum()) / units.shape[1]
    else:
        low, high = RANGES[kind]
        off = ((units - low) * (2 / (high - low)) - 1).abs().mean(0)
        saturated = float(widened(off > SATURATED).mean())
        upper = float(widened(units > (low + high) / 2).mean())
        rarer = min(upper, 1 - upper)
    return Activity(operation(node), len(units), units.shape[1], dead, saturated, rarer)


def mixing(graph: Graph, samples: set[int]) -> list[Operation]:
    """Return the softmax operations over the axis of the samples, of outputs [samples, classes].

    Args:
        samples: of the targets, or of the batch where these are unknown. A softmax over anything
            else, such as the instances of a bag, is none over samples.
    """
    return [
        found
        for node in graph.nodes
        if kind_of(node) in NORMALIZING
        if (found := operation(node)).dim == 0 and len(found.shape) == 2
        if found.shape[0] > 1 and found.shape[0] in samples and found.shape[0] != found.shape[1]
    ]


def outer(loss: torch.Tensor, made: set[Node]) -> Iterator[Operation]:
    """Yield the operations between models and a loss in which ``[N]`` met ``[N, 1]``: their result
    has each sample with each.

    Args:
        made: what made the models' outputs.
    """
    waiting = [loss.grad_fn] if loss.grad_fn is not None else []
    known = set(waiting)
    while waiting and len(known) < MOST_BETWEEN:
        node = waiting.pop(0)
        inner = inputs_of(node)
        if node in made or any(hasattr(one, "variable") for one in inner):
            continue
        if len(inner) == 1 and kind_of(node) in JOINED and is_square(node, inner[0]):
            yield operation(node)
        further = [one for one in inner if one not in known]
        known.update(further)
        waiting += further


def is_square(node: Node, inner: Node) -> bool:
    """Whether an operation made each with each out of as many numbers; not so where these were set
    up for it, or the other side is a table of pairs."""
    before, after = shape_of(inner), shape_of(node)
    if len(after) < 2 or after[0] != after[1] or after[0] < FEWEST_SAMPLES:
        return False
    count, rest = after[0], after[2:]
    if before not in ((count, 1, *rest), (count, *rest)) or kind_of(inner) in SPREADING:
        return False
    other = getattr(node, "_saved_other", None)
    return not isinstance(other, torch.Tensor) or other.numel() < math.prod(after)


def single(graph: Graph) -> Iterator[Operation]:
    """Yield the softmax operations over one number each, which are always 1."""
    for node in graph.nodes:
        if kind_of(node) in NORMALIZING:
            made = operation(node)
            if made.dim is not None and made.shape and made.shape[made.dim] == 1:
                yield made


RESHAPING = frozenset({"View", "UnsafeView", "ReshapeAlias"})


def exchanged(graph: Graph) -> Iterator[Exchanged]:
    """Yield the reshapes that were to exchange axes, and cut the values into other rows instead."""
    for node in graph.nodes:
        if kind_of(node) not in RESHAPING:
            continue
        before = getattr(node, "_saved_self_sym_sizes", None)
        sizes = (
            ()
            if before is None or len(before) > MOST_AXES
            else tuple(signed(int(size)) for size in before)
        )
        if are_exchanged(sizes, shape_of(node)) and not is_shifted(node):
            yield Exchanged(operation(node), sizes)


def are_exchanged(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Whether two shapes have the same axes, those of one place left out, in another order."""
    one, other = ([size for size in shape if size != 1] for shape in (before, after))
    return one != other and sorted(one) == sorted(other)


def is_shifted(node: Node) -> bool:
    """Whether rows that were made longer are cut anew to shift each of them, as attention with
    relative positions does."""
    inner = inputs_of(node)
    return bool(inner) and kind_of(shaped(inner[0])) in ("Cat", "ConstantPadNd")


def is_nan(values: torch.Tensor) -> torch.Tensor:
    return values.isnan().any()


UNDEFINED: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor], str]] = {
    "Log": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log2": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log10": ("_saved_self", lambda x: (x <= 0).any(), "the smallest number it got is {low:.3g}"),
    "Log1P": ("_saved_self", lambda x: (x <= -1).any(), "the smallest number it got is {low:.3g}"),
    "Div": ("_saved_other", lambda x: (x == 0).any(), "it divided by 0"),
    "Reciprocal": ("_saved_result", lambda x: ~x.isfinite().all(), "it divided by 0"),
    "Exp": ("_saved_result", lambda x: ~x.isfinite().all(), "its result is too large"),
    "Sqrt": ("_saved_result", lambda x: ~x.isfinite().all(), "it got a negative number"),
    "Rsqrt": ("_saved_result", lambda x: ~x.isfinite().all(), "it got 0 or less"),
    "Softmax": ("_saved_result", is_nan, "all that it got along its axis was -inf, as masked"),
    "Std": ("_saved_result", is_nan, "it got one number only, or the same"),
    "Acos": ("_saved_self", lambda x: (x.abs() > 1).any(), "it got {low:.6g}"),
    "Asin": ("_saved_self", lambda x: (x.abs() > 1).any(), "it got {low:.6g}"),
}
"""Operations that make something that is no number out of numbers: what autograd keeps of them,
when that has happened, and the words for it."""


@torch.no_grad()
def where_it_arose(graph: Graph, step: int, value: float) -> NonFinite:
    """Return what made a loss that is no number: a weight, an input, or an operation."""
    said = str(value)
    if any(not bool(leaf.isfinite().all()) for leaf in graph.leaves):
        return NonFinite(step, said, "weights")
    # The deepest operation comes first in time.
    for node in reversed(graph.nodes):
        if without_numbers := empty_mean(node):
            return NonFinite(step, said, "operation", operation(node), without_numbers)
        known = UNDEFINED.get(kind_of(node))
        kept = getattr(node, known[0], None) if known else None
        if known and isinstance(kept, torch.Tensor) and bool(known[1](kept)):
            detail = known[2].format(low=float(kept.min()) if kept.numel() else math.nan)
            return NonFinite(step, said, "operation", operation(node), detail)
    return NonFinite(step, said)


def empty_mean(node: Node) -> str:
    """Return why an operation had nothing to take the mean of; empty if it had, or takes none."""
    kind = kind_of(node)
    if kind == "Mean" and getattr(node, "_saved_self_sym_numel", 1) == 0:
        return "it is the mean of no numbers"
    averaged = kind in ("NllLoss", "NllLoss2D") and node._saved_reduction == 1
    if averaged and bool((node._saved_target == signed(node._saved_ignore_index)).all()):
        return "all targets of the batch are the index that is ignored"
    power = getattr(node, "_saved_exponent", 1) if kind == "Pow" else 1
    if isinstance(power, float) and power % 1 and bool((node._saved_self < 0).any()):
        return f"it raised a negative number to the power of {power:g}"
    return ""


STEEP: dict[str, tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "Sqrt": ("_saved_result", lambda x: (~(x > 0)).any()),
    "Pow": ("_saved_self", lambda x: (x <= 0).any()),
    "Acos": ("_saved_self", lambda x: (x.abs() >= 1).any()),
    "Asin": ("_saved_self", lambda x: (x.abs() >= 1).any()),
    "Log": ("_saved_self", lambda x: (x <= 0).any()),
    "Div": ("_saved_other", lambda x: (x == 0).any()),
    "Exp": ("_saved_result", lambda x: ~x.isfinite().all()),
}
"""Operations whose gradient is infinite at a number where they are finite themselves, or where a
mask hides that they are not: what autograd keeps of them, and when that is so."""

FLAT = frozenset({"Sign", "Round", "Floor", "Ceil", "Trunc", "Sgn"})
"""Operations whose derivative is 0 everywhere, so that no gradient passes."""


def flat(graph: Graph) -> tuple[Operation, ...]:
    """Return the operations that let no gradient pass."""
    return tuple(operation(node) for node in graph.nodes if kind_of(node) in FLAT)


ROOTS = frozenset({"Sqrt", "Pow", "Acos", "Asin"})


@torch.no_grad()
def steep(graph: Graph) -> Operation | None:
    """Return the operation, deepest first, that makes a gradient infinite or NaN in this pass."""
    for node in reversed(graph.nodes):
        known = STEEP.get(kind_of(node))
        kept = getattr(node, known[0], None) if known else None
        if known is None or not isinstance(kept, torch.Tensor) or not is_root(node):
            continue
        if bool(known[1](kept)):
            return operation(node)
    return None


def is_root(node: Node) -> bool:
    """Whether a power is one between 0 and 1; other operations always pass."""
    if kind_of(node) != "Pow":
        return True
    power = node._saved_exponent
    return isinstance(power, float) and 0 < power < 1


def unguarded_root(graph: Graph) -> Operation | None:
    """Return a root, or its like, to whose input nothing was added to keep it from 0."""
    for node in reversed(graph.nodes):
        if kind_of(node) not in ROOTS or not is_root(node):
            continue
        inner = inputs_of(node)
        guarded = inner and (
            kind_of(inner[0]).startswith("Clamp")
            or (kind_of(inner[0]) == "Add" and len(inputs_of(inner[0])) == 1)
        )
        if not guarded:
            return operation(node)
    return None
