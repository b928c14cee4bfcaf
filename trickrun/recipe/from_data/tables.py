"""The lines of a recipe for a table."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.data.survey.facts import TableFacts
from trickrun.recipe.from_data.lines import Line, counted, some
from trickrun.recipe.from_data.plans import (
    Plan,
    batch_line,
    column_split,
    dropout_line,
    end_lines,
    other_model,
    plan_of_table,
    split_line,
)
from trickrun.recipe.from_data.targets import (
    data_lines,
    doubts,
    init_lines,
    loss_lines,
    metric_lines,
    target_line,
)
from trickrun.recipe.text.emit import flow

EMBED_FROM = 30
"""Categories of one column from which on the network learns vectors for them."""

WIDTHS = ((500, 64), (5_000, 128), (10**12, 256))
"""Training rows below which a layer has so many units."""


def headline(facts: TableFacts) -> str:
    """Return what the data are, in a few words."""
    inputs = len(facts.numbers) + len(facts.categories) + len(facts.dates)
    what = some([repr(name) for name in facts.targets.names])
    return f"{facts.rows:,} rows of {counted(inputs, 'input')}, to predict {what}"


def questions(facts: TableFacts) -> list[str]:
    """Return what people should look at, a line each."""
    return doubts(facts.targets) + [
        f"{each.column}: {each.why}" for each in facts.decisions if each.open
    ]


def table_lines(facts: TableFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for a table."""
    train = round(0.7 * facts.rows)
    targets = facts.targets
    plan = plan_of_table(train, classes=not targets.values)
    kind = model or "mlp"
    yield Line("data:")
    yield Line("  kind: csv", f"{facts.rows:,} rows")
    yield Line(f"  path: {flow(facts.path)}")
    if not facts.header:
        yield Line("  header: false", "the first line looks like a sample, not like names")
    yield target_line(targets)
    yield from data_lines(targets)
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
    yield from loss_lines(targets.classes)
    yield from init_lines(targets)
    yield from metric_lines(targets)
    yield from end_lines(plan)


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
        yield split_line(f"drawn at random; {equal}")
    else:
        yield column_split(way)
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
