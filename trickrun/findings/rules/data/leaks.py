"""What a table's columns give away: the target itself, neighbours in time, samples of one group."""

from __future__ import annotations

from typing import Any

from trickrun.findings.evidence.facts import Facts
from trickrun.findings.evidence.leaks import Telltale
from trickrun.findings.finding import Finding, Severity

NEAR_CLASSES, NEAR_VALUES, OTHERS = 0.99, 0.999, 0.9
"""Skill of one column on classes, and rank correlation with values, from which on it may be the
target in other words, if the skill of all others is lower than the last. Own: petal width alone
tells the iris with 0.92; a line with noise of 5 % of its deviation correlates by 0.999."""

NUMBERS, ORDERS = 0.5, 0.9
"""Skill of ranges of sample numbers from which on the file is sorted by class, and wholly so.
Own: in a file in random order it is 0."""

RELATED, CHANCE = 0.2, 4.0
"""How much of a target its neighbours in time must tell, beyond so many standard errors. Own; the
bound for samples that are not shuffled."""

FEW = 50
"""Samples below which an order in time shows nothing. Own."""

TOO_GOOD = 0.2
"""Skill that is lost without a sample's own group from which on the split must keep groups, beyond
a standard error. Own: a fifth of what there is to learn."""


def told_by_a_column(e: Facts) -> list[Finding]:
    """TR97: an input that is the target in other words, or numbers the samples of a sorted file;
    traps: tables of one column, strong real features (petal width), targets that all columns tell,
    and data sets that come with trickrun."""
    if e.data is None or e.inputs.from_user is not True:
        return []
    judged = [(column, severity_of(e, column)) for column in e.data.leaks.telltales]
    found = []
    for column, severity in judged:
        if severity is None:
            continue
        alike = [each.column for each, other in judged if other == severity]
        numbers: dict[str, Any] = {"column": column.column, "alone": column.alone}
        numbers |= {"others": column.others, "distinct": column.distinct}
        name = "Sorted by a number" if orders(e, column) else "Target among the inputs"
        confidence = 0.95 if severity == "error" else 0.65
        where = f"data ({column.column})"
        found.append(Finding("TR97", name, severity, confidence, where, numbers,
                             reason(e, column), dropped(e, alike)))  # fmt: skip
    return found


def severity_of(e: Facts, column: Telltale) -> Severity | None:
    """Return how grave it is what a column tells; None for what a real feature may tell."""
    if column.exact:
        return "error"
    if orders(e, column):
        return "error" if column.alone >= ORDERS else "warning"
    near = NEAR_CLASSES if e.task == "classification" else NEAR_VALUES
    return "warning" if column.alone >= near and column.others < OTHERS else None


def orders(e: Facts, column: Telltale) -> bool:
    """Whether a column numbers the samples of a file that is sorted by class."""
    sortable = e.task == "classification" and column.numbering and not column.exact
    return sortable and column.alone >= NUMBERS


def reason(e: Facts, column: Telltale) -> str:
    """Return what a column tells, and why that is of no use."""
    name = repr(column.column)
    if orders(e, column):
        return (
            f"{name} numbers the samples, and ranges of it predict the class with a skill of "
            f"{column.alone:.2f} (1: always): the file is sorted by class. The numbers of new "
            "samples say nothing, but the network will rely on them. Drop the column."
        )
    if column.exact and e.task == "classification":
        tells = f"Each of the {column.distinct} values of {name} stands for one class, and each "
        tells += f"class for one value, in all {column.samples} samples"
    elif column.exact:
        several = e.data is not None and e.data.targets is not None and e.data.targets.outputs > 1
        tells = (
            f"{'One of the targets' if several else 'The target'} increases or decreases "
            "strictly with "
        )
        tells += f"{name}, over {column.distinct} values"
    elif e.task == "classification":
        tells = f"Ranges or values of {name} alone predict the class with a skill of "
        tells += (
            f"{column.alone:.3f} (1: always); all other columns together reach {column.others:.2f}"
        )
    else:
        tells = f"{name} alone has a rank correlation of {column.alone:.4f} with the target; all "
        tells += f"other columns together have a skill of {column.others:.2f}"
    return (
        f"{tells}. It looks like the target in another form. Drop it, unless it is known before "
        "the target is."
    )


def dropped(e: Facts, columns: list[str]) -> dict[str, Any] | None:
    """Return the edit that leaves out columns; None if there is none, or nothing would be left."""
    if e.data is None or e.data.leaks.inputs <= len(columns):
        return None
    if e.inputs.dropped is not None:
        return {"data.drop": [*e.inputs.dropped, *columns]}
    if e.inputs.listed:
        return {"data.features": [name for name in e.inputs.listed if name not in columns]}
    return None


def mixed_in_time(e: Facts) -> list[Finding]:
    """TR98: a random split of samples with times, where neighbours in time tell the target; trap:
    times that the target has nothing to do with, which are a remark."""
    time = e.data.leaks.time if e.data else None
    if e.data is None or time is None or not drawn_at_random(e) or time.samples < FEW:
        return []
    matters = time.related >= RELATED + CHANCE / time.samples**0.5
    numbers = {"column": time.column, "related": time.related}
    name, where = "Random split across time", "data.split.time"
    if not matters:
        why = (
            f"{time.column!r} says when samples were taken, and the split is random. Neighbours in "
            f"time predict {time.related:.0%} of the target, no more than chance allows, so the "
            "random split seems to do no harm."
        )
        return [Finding("TR98", name, "info", 0.5, where, numbers, why)]
    why = (
        f"{time.column!r} says when samples were taken, and neighbours in time predict "
        f"{time.related:.0%} of the target. The random split puts validation and test samples "
        "between training samples of about the same time. In use, new samples come after all "
        "training samples."
    )
    edit: dict[str, Any] = {"data.split.time": time.column}
    if e.inputs.duplicates_together:
        # A split by time cuts through them.
        edit["data.split.group_duplicates"] = False
    return [Finding("TR98", name, "warning", 0.65, where, numbers, why, edit)]


def drawn_at_random(e: Facts) -> bool:
    """Whether the recipe draws validation or test samples from all, one by one."""
    return e.inputs.split_by == "chance" and e.data is not None and bool(e.data.drawn)


def groups_in_several_parts(e: Facts) -> list[Finding]:
    """TR08: samples of one group in several parts, which tell each other's target; trap: groups
    whose target the features tell in other groups too."""
    group = e.data.leaks.group if e.data else None
    if group is None or not drawn_at_random(e):
        return []
    if group.known - group.new < TOO_GOOD + group.groups**-0.5:
        return []
    why = (
        f"For {group.across:.0%} of the validation and test samples, there are training samples "
        f"with the same {group.column!r}. Samples with the same {group.column!r} predict each "
        f"other's target (skill {group.within:.2f}). The nearest sample predicts it with a skill "
        f"of {group.known:.2f}; if that sample has another {group.column!r}, with {group.new:.2f}. "
        f"For new values of {group.column!r} the scores are too optimistic."
    )
    numbers = {"column": group.column, "groups": group.groups, "across": group.across}
    numbers |= {"within": group.within, "known": group.known, "new": group.new}
    edit = {"data.split.group": group.column}
    return [Finding("TR08", "Groups in several parts", "warning", 0.7, "data.split.group", numbers,
                    why, edit)]  # fmt: skip


RULES = (told_by_a_column, mixed_in_time, groups_in_several_parts)
