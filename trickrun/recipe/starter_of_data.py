"""From facts about somebody's data to the text of a recipe that trains well at once.

Each line of the recipe says why it is there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trickrun.data.formats.cells import number
from trickrun.data.survey.facts import DataFacts, ImageFacts, TableFacts, TextFacts, Values
from trickrun.recipe.text.emit import flow

WIDTH = 100
COMMENT_COLUMN = 38

LONG_TAIL = 1.0
"""Skewness from which on values to predict are scaled otherwise: an exponential distribution has
2, a normal one 0. Own."""

SYMMETRIC = 0.5
"""By how much a logarithm must lessen the skewness at least, as a share of it, to be taken."""

UNEVEN = 10.0
"""Times that the largest class has the samples of the smallest from which on classes are weighed,
as TR07 asks for."""

FEW_A_CLASS = 100
"""Photos a class in training below which a pretrained network beats one that begins anew. Own."""

EMBED_FROM = 30
"""Categories of one column from which on the network learns vectors for them."""


@dataclass(frozen=True)
class Line:
    """A line of a recipe.

    Args:
        text: with its indentation; blanks alone: the line is a comment.
        why: its comment; empty: none.
    """

    text: str
    why: str = ""

    def __str__(self) -> str:
        # Names in the data may hold anything, a new line too.
        why = " ".join("".join(c if c.isprintable() else " " for c in self.why).split())
        if not why:
            return self.text
        line = f"{self.text:<{COMMENT_COLUMN - 1}} # {why}"
        if len(line) <= WIDTH and self.text.strip():
            return line
        indent = self.text[: len(self.text) - len(self.text.lstrip())]
        above = [f"{indent}# {part}" for part in textwrap.wrap(why, WIDTH - len(indent) - 2)]
        return "\n".join([*above, self.text] if self.text.strip() else above)


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
    """Return how a network is trained on ``samples`` rows of a table."""
    batch = batch_for(samples)
    steps = CLASS_STEPS if classes else VALUE_STEPS
    epochs = max(FEWEST_EPOCHS, min(MOST_EPOCHS, steps * batch // max(1, samples)))
    if classes:
        return Plan(batch, epochs, lr=2e-3, weight_decay=0.1, dropout=0.3)
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=0.1)


def plan_of_images(samples: int) -> Plan:
    """Return how a network is trained on ``samples`` images."""
    batch = batch_for(samples)
    epochs = max(FEWEST_EPOCHS, min(30, 3000 * batch // max(1, samples)))
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=0.3)


def plan_of_texts(samples: int) -> Plan:
    """Return how a network is trained on ``samples`` texts."""
    batch = batch_for(samples)
    epochs = max(FEWEST_EPOCHS, min(40, 3000 * batch // max(1, samples)))
    return Plan(batch, epochs, lr=2e-3, weight_decay=0.05, dropout=0.3)


def batch_for(samples: int) -> int:
    """Return the samples of a batch for so many training samples: at least two batches an epoch."""
    size = next((size for limit, size in BATCHES if samples < limit), 512)
    return max(1, min(size, samples // 2))


def recipe_text(name: str, file: str, facts: DataFacts, model: str | None) -> str:
    """Return the text of a recipe for data of which ``facts`` are known.

    Args:
        name: the recipe's name.
        file: its file, for the commands in its comments.
        model: the kind of model; None: one that fits the data.
    """
    head = [
        str(Line("", f"{name}: {headline(facts)}")),
        f"#   trickrun validate {file} --data    check it, and look at the data",
        f"#   trickrun train {file}              train it",
        f"#   trickrun checklist {file}          tune it",
        "recipe_version: 1",
        f"name: {name}",
        "seed: 0",
    ]
    match facts:
        case TableFacts():
            body = table_lines(facts, model)
        case TextFacts():
            body = text_lines(facts, model)
        case ImageFacts():
            body = image_lines(facts, model)
    return "\n".join([*head, *map(str, body)]) + "\n"


def headline(facts: DataFacts) -> str:
    """Return what the data are, in a few words."""
    match facts:
        case TableFacts():
            inputs = len(facts.numbers) + len(facts.categories) + len(facts.dates)
            return f"{facts.rows:,} rows of {counted(inputs, 'input')}, to predict {facts.target!r}"
        case TextFacts():
            what = "characters" if facts.target is None else "texts"
            return f"{facts.samples:,} {what}"
        case ImageFacts():
            total = sum(count for _, count in facts.parts)
            return f"{total:,} images of {len(facts.classes)} classes"


def open_questions(facts: DataFacts) -> list[str]:
    """Return what people should look at, a line each: what was decided without being sure."""
    found = []
    if isinstance(facts, TableFacts | TextFacts) and facts.target_why.startswith("guessed"):
        found.append(f"{facts.target} is the target: {facts.target_why}")
    if isinstance(facts, TableFacts):
        found += [f"{facts.target} is taken for classes; {AS_VALUES}"] if counts(facts) else []
        found += [f"{each.column}: {each.why}" for each in facts.decisions if each.open]
    if isinstance(facts, TableFacts | TextFacts | ImageFacts):
        rare = [f"{label} {count}" for label, count in facts.classes if count < FEWEST]
        if rare:
            most = ", ".join(rare[:5]) + (f" and {len(rare) - 5} more" if len(rare) > 5 else "")
            found.append(f"classes of fewer than {FEWEST} samples can hardly be learned: {most}")
    if isinstance(facts, ImageFacts):
        found += [f"cannot be read: {each}" for each in facts.broken[:5]]
        if facts.deep is not None:
            found.append(f"data.range: nothing tells black and white; seen were {facts.deep}")
    return found


FEWEST = 5
"""Samples of a class below which training, validation and test hardly get one each."""


def counted(count: int, thing: str) -> str:
    """Return "1 input", "2 inputs"."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def shares(classes: Sequence[tuple[str, int]], most: int = 5) -> str:
    """Return "a 52 %, b 48 %"."""
    total = sum(count for _, count in classes)
    named = [f"{label} {count / total:.0%}" for label, count in classes[:most]]
    more = [f"and {len(classes) - most} more"] if len(classes) > most else []
    return ", ".join([*named, *more])


def uneven(classes: Sequence[tuple[str, int]]) -> float:
    """Return how many times the largest class has the samples of the smallest; 0 for none."""
    return classes[0][1] / max(1, classes[-1][1]) if classes else 0.0


# ---------------------------------------------------------------------------------------- tables


def table_lines(facts: TableFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for a table."""
    train = round(0.7 * facts.rows)
    plan = plan_of_table(train, bool(facts.classes))
    kind = model or "mlp"
    yield Line("data:")
    yield Line("  kind: csv", f"{facts.rows:,} rows")
    yield Line(f"  path: {flow(facts.path)}")
    if not facts.header:
        yield Line("  header: false", "the first line looks like a sample, not like names")
    yield Line(f"  target: {flow(facts.target)}", facts.target_why)
    yield task_line(facts)
    if facts.values is not None:
        yield scale_line(facts.values)
    yield from gap_lines(facts)
    yield from category_lines(facts, kind)
    yield from type_lines(facts)
    if facts.dates:
        parts = date_parts(facts)
        if parts:
            yield Line(f"  date_parts: {flow(parts)}", "what comes round again, beside the days")
    yield Line("  normalize: standard", "mean 0, standard deviation 1 on the training split")
    yield batch_line(plan, train)
    yield from split_lines(facts)
    yield from table_model(kind, plan, train)
    yield from loss_lines(facts.classes)
    if facts.classes:
        metrics = ["accuracy", "f1_macro"] if uneven(facts.classes) > 2 else ["accuracy"]
        why = "f1_macro counts rare classes as much as frequent ones" if len(metrics) > 1 else ""
        yield Line(f"metrics: {flow(metrics)}", why)
    else:
        yield Line(
            "metrics: [mae, r2]", "in the target's own unit; r2: share of variance explained"
        )
    yield from end_lines(plan)


def batch_line(plan: Plan, train: int) -> Line:
    return Line(f"  batch_size: {plan.batch}", f"{max(1, train // plan.batch)} steps per epoch")


def task_line(facts: TableFacts) -> Line:
    if facts.classes:
        why = f"{len(facts.classes)} classes: {shares(facts.classes)}"
        return Line("  task: classification", f"{why}; {AS_VALUES}" if counts(facts) else why)
    assert facts.values is not None
    v = facts.values
    return Line("  task: regression", f"values from {v.low:g} to {v.high:g}, median {v.median:g}")


AS_VALUES = "whole numbers: task: regression predicts values instead"


def counts(facts: TableFacts) -> bool:
    """Whether classes are numbers, which may be amounts: more than two of them."""
    return len(facts.classes) > 2 and all(number(label) is not None for label, _ in facts.classes)


def scale_line(values: Values) -> Line:
    """Return how values to predict are scaled, and why."""
    said = f"skewness {values.skew:.1f}"
    if abs(values.skew) < LONG_TAIL:
        return Line(
            "  scale_targets: standard",
            "the loss sees mean 0 and deviation 1; predictions and metrics keep their unit",
        )
    log = values.log_skew
    if log is not None and values.skew > 0 and abs(log) <= SYMMETRIC * values.skew:
        why = f"a long tail ({said}; of the logarithms {log:.1f}); predictions keep their unit"
        return Line("  scale_targets: log", why)
    why = f"a long tail ({said}) that no logarithm removes; predictions keep their unit"
    return Line("  scale_targets: quantile", why)


def gap_lines(facts: TableFacts) -> Iterator[Line]:
    """Yield what becomes of missing cells."""
    if facts.gaps:
        named = ", ".join(f"{name} {count}" for name, count in facts.gaps[:4])
        more = f" and {len(facts.gaps) - 4} more columns" if len(facts.gaps) > 4 else ""
        why = f"gaps: {named}{more}; the median, and a 0/1 feature that says it was missing"
        yield Line("  missing: fill", why)
    if facts.without_target:
        why = f"{counted(facts.without_target, 'row')} without a target: nothing to learn from"
        yield Line("  without_target: drop", why)


def category_lines(facts: TableFacts, model: str) -> Iterator[Line]:
    """Yield how categories are encoded."""
    if not facts.categories:
        return
    most = max(facts.categories, key=lambda pair: pair[1])
    if most[1] >= EMBED_FROM and model in ("mlp", "python"):
        why = f"{most[0]} has {most[1]} categories: the network learns a vector for each"
        yield Line("  categories: embedding", why)
        yield Line("  rare: 3", "categories seen less often share one vector")
    elif most[1] >= EMBED_FROM:
        yield Line("  rare: 5", f"{most[0]} has {most[1]} categories: rare ones count as one")
    yield Line("  unseen: unknown", "a category that is new later is no error")


def type_lines(facts: TableFacts) -> Iterator[Line]:
    """Yield what columns are taken for."""
    for said in facts.seen:
        yield Line("  ", said)
    if facts.decisions:
        yield Line("  types:")
        for each in facts.decisions:
            look = "LOOK HERE: " if each.open else ""
            yield Line(f"    {flow(each.column)}: {flow(each.type)}", f"{look}{each.why}")


def date_parts(facts: TableFacts) -> list[str]:
    """Return what of dates comes round again within the time that the table spans."""
    span = max(days for _, days in facts.dates)
    parts = ["month"] if span >= 365 else []
    parts += ["weekday"] if span >= 14 else []
    return parts + (["hour"] if facts.timed and span >= 2 else [])


def split_lines(facts: TableFacts) -> Iterator[Line]:
    """Yield how the table is divided into parts."""
    way = facts.split
    if way is None and facts.few_possible:
        why = "drawn at random; with so few possible inputs equal rows are no copies"
        yield Line("  split: {val: 0.15, test: 0.15}", why)
    elif way is None:
        equal = "equal rows, if there are any, stay in one part"
        if facts.copies:
            equal = f"{counted(facts.copies, 'row')} that repeat others stay in their part"
        why = f"drawn at random; {equal}"
        yield Line("  split: {val: 0.15, test: 0.15, group_duplicates: true}", why)
    elif way.way == "time":
        yield Line(f"  split: {{val: 0.15, test: 0.15, time: {flow(way.column)}}}", way.why)
    else:
        # Equal rows of several groups would make these one.
        yield Line(f"  split: {{val: 0.15, test: 0.15, group: {flow(way.column)}}}", way.why)
    if way is None and facts.times:
        said = f"to test on the latest rows instead: split: {{time: {flow(facts.times[0])}}}"
        yield Line("  ", said)


def table_model(kind: str, plan: Plan, train: int) -> Iterator[Line]:
    """Yield the network for a table."""
    if kind != "mlp":
        yield other_model(kind)
        return
    width = next(size for limit, size in WIDTHS if train < limit)
    yield Line("model:")
    yield Line("  kind: mlp", "rows of a table have no neighbours: plain layers")
    yield Line(f"  hidden: {flow([width, width])}", f"for {train:,} training rows")
    yield dropout_line(plan)


WIDTHS = ((500, 64), (5_000, 128), (10**12, 256))
"""Training rows below which a layer has so many units."""


def dropout_line(plan: Plan) -> Line:
    why = "more, if training is much better than validation"
    return Line(f"regularizers: {{dropout: {plan.dropout}}}", why)


def other_model(kind: str) -> Line:
    """Return the line of a model that somebody chose."""
    if kind == "python":
        return Line('model: {kind: python, target: "my_model:Net"}', "your own network")
    return Line(f"model: {kind}")


def loss_lines(classes: Sequence[tuple[str, int]]) -> Iterator[Line]:
    """Yield the loss where it is not plain."""
    if uneven(classes) > UNEVEN:
        label, count = classes[-1]
        yield Line("loss:")
        yield Line("  kind: cross_entropy")
        why = (
            f"only {counted(count, 'sample')} of {label}: an error on a rare class counts more. "
            "Probabilities are then those of even classes"
        )
        yield Line("  class_weights: balanced", why)


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


# ----------------------------------------------------------------------------------------- texts


def text_lines(facts: TextFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for texts."""
    kind = model or "gru"
    yield Line("data:")
    yield Line("  kind: text")
    yield Line(f"  path: {flow(facts.path)}")
    if facts.target is None:
        plan = Plan(64, 20, lr=2e-3, weight_decay=0.01, dropout=0.1)
        yield Line("  length: 64", "characters a sample; the next one is predicted at each place")
        yield Line(f"  batch_size: {plan.batch}")
        yield Line("  split: {val: 0.1, test: 0.1}", "the end of the text tests")
    else:
        train = round(0.7 * facts.samples)
        plan = plan_of_texts(train)
        words = max(8, min(256, facts.words))
        yield Line(f"  target: {flow(facts.target)}", facts.target_why)
        yield Line(f"  column: {flow(facts.column)}", f"sentences; {left_out_of(facts)}")
        yield Line("  ", f"{len(facts.classes)} classes: {shares(facts.classes)}")
        yield Line(f"  length: {words}", "words a sample: nine of ten texts have no more")
        yield batch_line(plan, train)
        yield Line("  split: {val: 0.15, test: 0.15, group_duplicates: true}",
                   "equal texts stay in one part")  # fmt: skip
    yield from text_model(facts, kind, plan)
    yield from loss_lines(facts.classes)
    yield from end_lines(plan)


def left_out_of(facts: TextFacts) -> str:
    """Return what is said of a text table's other columns."""
    if not facts.left_out:
        return "the one input"
    return f"other columns are no inputs: {', '.join(facts.left_out[:5])}"


def text_model(facts: TextFacts, kind: str, plan: Plan) -> Iterator[Line]:
    """Yield the network for texts."""
    if kind != "gru":
        yield other_model(kind)
        return
    yield Line("model:")
    token = "letter" if facts.target is None else "word"
    yield Line("  kind: gru", f"reads the text {token} by {token}")
    if facts.target is None:
        yield Line("  hidden: 128")
    else:
        yield Line("  hidden: 64")
        yield Line("  bidirectional: true")
        yield Line("  pool: mean", "the mean of all steps: what decides may stand anywhere")
    yield dropout_line(plan)


# ---------------------------------------------------------------------------------------- images


def image_lines(facts: ImageFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for images."""
    total = dict(facts.parts)["train"]
    train = total if len(facts.parts) > 1 else round(0.7 * total)
    size, kind = image_size(facts), model or image_model_kind(facts, train)
    plan = plan_of_images(train)
    yield Line("data:")
    yield Line("  kind: image_folder", f"{len(facts.classes)} classes: {shares(facts.classes)}")
    yield Line(f"  path: {flow(facts.path)}")
    if facts.class_folder is not None:
        yield Line(f"  class_folder: {facts.class_folder[0]}", facts.class_folder[1])
    measured = f"{facts.width} x {facts.height}"
    why = f"all are {measured}" if facts.same_size else f"the middle size is {measured}"
    yield Line(f"  size: {size}", why)
    if facts.grey:
        yield Line("  color: false", "none of the images has colors")
    if facts.deep is not None:
        yield Line(f"  range: {flow([*facts.deep])}",
                   "LOOK HERE: black and white, by the lowest and highest value seen")  # fmt: skip
    if facts.broken:
        yield Line("  broken: skip", f"cannot be read: {facts.broken[0]}")
    if kind == "pretrained":
        yield Line("  normalize: {kind: fixed, mean: 127, std: 128}", "as in pretraining")
    else:
        yield Line("  normalize: standard", "each channel, on the training split")
    yield batch_line(plan, train)
    for said in facts.seen:
        yield Line("  ", said)
    if len(facts.parts) == 1:
        yield Line("  split: {val: 0.15, test: 0.15, group_duplicates: true}",
                   "equal files stay in one part")  # fmt: skip
    yield from image_model(kind, size, plan)
    if kind != "pretrained":
        yield from augmentation_lines(facts, size)
    yield from loss_lines(facts.classes)
    yield from end_lines(plan)


def image_size(facts: ImageFacts) -> int:
    """Return the height and width that images are scaled to."""
    side = min(facts.width, facts.height)
    if side <= 40:
        return side
    return 64 if side >= 64 else side // 8 * 8


def image_model_kind(facts: ImageFacts, train: int) -> str:
    """Return the kind of network for images."""
    few = train < FEW_A_CLASS * len(facts.classes)
    return "pretrained" if facts.photos and few and facts.pretrained else "cnn"


def image_model(kind: str, size: int, plan: Plan) -> Iterator[Line]:
    """Yield the network for images."""
    if kind == "pretrained":
        yield Line("model: {kind: pretrained, freeze: all}",
                   "few photos: only a new head on features learned from many")  # fmt: skip
        return
    if kind != "cnn":
        yield other_model(kind)
        return
    halvings = max(1, min(4, (size // 4).bit_length()))
    first = 16 if size >= LARGE_IMAGE else 32
    channels = [min(128, first * 2**place) for place in range(halvings)]
    yield Line("model:")
    yield Line("  kind: cnn", "convolutions know what is next to what")
    yield Line(f"  channels: {flow(channels)}", f"each halves the {size} pixels")
    yield Line("  hidden: [128]")
    yield Line("normalization: batch", "larger steps, faster")
    yield dropout_line(plan)


LARGE_IMAGE = 48
"""Pixels from which on the first convolution, which costs most, has half as many channels."""


def augmentation_lines(facts: ImageFacts, size: int) -> Iterator[Line]:
    """Yield the random changes of training images."""
    pixels = max(1, size // 14)
    shift = {"kind": "shift", "pixels": pixels}
    if facts.photos:
        yield Line(f"augmentation: {flow(['flip', shift])}",
                   "photos: mirrored, and moved a little, they show the same")  # fmt: skip
    else:
        yield Line(f"augmentation: {flow([shift])}", "moved a little, they show the same")
        yield Line("", "if a mirrored image shows the same (no signs, no left and right): add flip")
