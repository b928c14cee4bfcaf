"""How a network is trained on so many samples, and the lines that say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trickrun.data.survey.facts import SplitBy
from trickrun.recipe.from_data.lines import Line
from trickrun.recipe.text.emit import flow


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Args:
        batch: samples a step.
        epochs: at most.
        lr, weight_decay: of adamw.
        dropout: of hidden units.
    """

    batch: int
    epochs: int
    lr: float
    weight_decay: float
    dropout: float

    @property
    def patience(self) -> int:
        """Evaluations without a better one after which training ends: a third of all, as the last
        third of a cosine is where it improves most."""
        return max(5, self.epochs // 3)


BATCHES = ((400, 16), (2_000, 32), (8_000, 64), (40_000, 128), (200_000, 256))
"""Training samples below which a batch has so many: 20 to 300 steps an epoch."""

CLASS_STEPS, VALUE_STEPS = 2000, 3000
"""Steps of a training on a table. Own, as all figures of plans: by trainings on the development
data of benchmarks/starter.py. Networks that predict classes learn a table by heart sooner."""

FEWEST_EPOCHS, MOST_EPOCHS = 10, 250


def plan_of_table(samples: int, classes: bool) -> Plan:
    """Return how a network is trained on ``samples`` rows of a table.

    Args:
        classes: whether it predicts classes or labels.
    """
    batch = batch_for(samples)
    steps = CLASS_STEPS if classes else VALUE_STEPS
    epochs = max(FEWEST_EPOCHS, min(MOST_EPOCHS, steps * batch // max(1, samples)))
    if classes:
        return Plan(batch, epochs, lr=2e-3, weight_decay=0.1, dropout=0.3)
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=0.1)


IMAGE_STEPS = 3000
"""Steps of a training on images. Networks that predict values learn longer than those that predict
classes, and what dropout adds to their answers is an error: on 630 drawings of digits, r2 0.84
with a dropout of 0.3, and 0.95 with 0.1 and twice the epochs."""


def plan_of_images(samples: int, classes: bool) -> Plan:
    """Return how a network is trained on ``samples`` images.

    Args:
        classes: whether it predicts classes or labels.
    """
    batch = batch_for(samples)
    most, dropout = (30, 0.3) if classes else (60, 0.1)
    epochs = max(FEWEST_EPOCHS, min(most, IMAGE_STEPS * batch // max(1, samples)))
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=dropout)


def plan_of_texts(samples: int, classes: bool) -> Plan:
    """Return how a network is trained on ``samples`` texts, or other sequences.

    Args:
        classes: whether it predicts classes or labels.
    """
    batch = batch_for(samples)
    epochs = max(FEWEST_EPOCHS, min(40, 3000 * batch // max(1, samples)))
    dropout = 0.3 if classes else 0.1
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=dropout)


def batch_for(samples: int) -> int:
    """Return the samples of a batch for so many training samples: at least two batches an epoch."""
    size = next((size for limit, size in BATCHES if samples < limit), 512)
    return max(1, min(size, samples // 2))


def batch_line(plan: Plan, train: int) -> Line:
    """Return the line of the batch, for ``train`` training samples."""
    return Line(f"  batch_size: {plan.batch}", f"{max(1, train // plan.batch)} steps per epoch")


def split_line(same: str) -> Line:
    """Return the line of parts that are drawn at random.

    Args:
        same: what is said of equal samples.
    """
    return Line("  split: {val: 0.15, test: 0.15, group_duplicates: true}", same)


def column_split(way: SplitBy) -> Line:
    """Return the line of parts that a column divides."""
    # Equal rows of several groups would make these one; a split by time takes no groups.
    return Line(f"  split: {{val: 0.15, test: 0.15, {way.way}: {flow(way.column)}}}", way.why)


def dropout_line(plan: Plan) -> Line:
    """Return the line of dropout."""
    why = "more, if training is much better than validation"
    return Line(f"regularizers: {{dropout: {plan.dropout}}}", why)


def other_model(kind: str) -> Line:
    """Return the line of a model that somebody chose."""
    if kind == "python":
        return Line('model: {kind: python, target: "my_model:Net"}', "your own network")
    return Line(f"model: {kind}")


def end_lines(plan: Plan) -> Iterator[Line]:
    """Yield the optimizer and the length."""
    yield Line("optimizer:")
    yield Line("  kind: adamw", "adam, with weight decay that is apart from the gradient")
    yield Line(f"  lr: {plan.lr:g}", "trickrun lr-find looks for a better one")
    yield Line(f"  weight_decay: {plan.weight_decay:g}", "small weights bend less")
    yield Line("  schedule: cosine", "down to 0 at the end, where small steps settle")
    why = "evaluations without a better val_loss; the best epoch is kept"
    yield Line(f"early_stopping: {{patience: {plan.patience}}}", why)
    yield Line(f"train: {{epochs: {plan.epochs}}}", "at most")
