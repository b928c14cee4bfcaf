"""The lines of a recipe for arrays."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.data.survey.facts import ArrayFacts
from trickrun.recipe.from_data.images import augmentation_lines, image_model
from trickrun.recipe.from_data.lines import Line, counted
from trickrun.recipe.from_data.plans import (
    Plan,
    batch_line,
    dropout_line,
    end_lines,
    other_model,
    plan_of_images,
    plan_of_table,
    plan_of_texts,
    split_line,
)
from trickrun.recipe.from_data.tables import table_model
from trickrun.recipe.from_data.targets import (
    data_lines,
    doubts,
    init_lines,
    loss_lines,
    metric_lines,
)
from trickrun.recipe.text.emit import flow

MODELS = {"features": "mlp", "images": "cnn", "sequences": "gru", "other": "mlp"}
"""The model of each layout."""


def headline(facts: ArrayFacts) -> str:
    """Return what the data are, in a few words."""
    total = sum(count for _, count in facts.parts)
    return f"{total:,} samples of shape {[*facts.shape]}"


def questions(facts: ArrayFacts) -> list[str]:
    """Return what people should look at, a line each."""
    return [*doubts(facts.targets), *facts.open]


def array_lines(facts: ArrayFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for arrays."""
    total = dict(facts.parts)["train"]
    train = total if len(facts.parts) > 1 else round(0.7 * total)
    kind, targets = model or MODELS[facts.layout], facts.targets
    plan = plan_of(facts, train)
    yield Line("data:")
    yield Line("  kind: npz", f"x: samples of shape {[*facts.shape]}")
    yield Line(f"  path: {flow(facts.path)}")
    if facts.channels_last:
        yield Line("  channels: last", "the last axis has 1, 3 or 4: the channels of images")
    yield from data_lines(targets)
    yield Line("  normalize: standard", normalized(facts))
    yield batch_line(plan, train)
    yield parts_line(facts)
    yield from model_lines(facts, kind, plan, train)
    yield from loss_lines(targets.classes)
    yield from init_lines(targets)
    yield from metric_lines(targets)
    yield from end_lines(plan)


def plan_of(facts: ArrayFacts, train: int) -> Plan:
    """Return how a network is trained on ``train`` samples."""
    classes = not facts.targets.values
    if facts.layout == "images":
        return plan_of_images(train, classes)
    if facts.layout == "sequences":
        return plan_of_texts(train, classes)
    return plan_of_table(train, classes)


def normalized(facts: ArrayFacts) -> str:
    """Return why inputs are normalized."""
    each = "channel" if facts.layout == "images" else "feature"
    return f"mean 0 and deviation 1 of each {each}, by the training part"


def parts_line(facts: ArrayFacts) -> Line:
    """Return the line about the parts."""
    if len(facts.parts) > 1:
        own = ", ".join(f"{name} {count:,}" for name, count in facts.parts)
        return Line("  ", f"the file has parts of its own: {own}")
    if facts.copies:
        same = f"{counted(facts.copies, 'sample')} that repeat others stay in their part"
        return split_line(f"drawn at random; {same}")
    return split_line("drawn at random; equal samples, if there are any, stay in one part")


def model_lines(facts: ArrayFacts, kind: str, plan: Plan, train: int) -> Iterator[Line]:
    """Yield the network."""
    if kind != MODELS[facts.layout]:
        yield other_model(kind)
    elif kind == "cnn":
        side = min(facts.shape[1:])
        yield from image_model(kind, side, plan)
        if facts.bytes:
            yield from augmentation_lines(False, side)
    elif kind == "gru":
        yield Line("model:")
        yield Line("  kind: gru", "reads a sample step by step")
        yield Line("  hidden: 64")
        yield Line("  bidirectional: true")
        yield Line("  pool: mean", "the mean of all steps: what decides may stand anywhere")
        yield dropout_line(plan)
    else:
        yield from table_model(kind, plan, train)
