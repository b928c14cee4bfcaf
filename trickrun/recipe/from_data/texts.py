"""The lines of a recipe for texts."""

from __future__ import annotations

from collections.abc import Iterator

from trickrun.data.survey.facts import TextFacts
from trickrun.recipe.from_data.lines import Line, shares
from trickrun.recipe.from_data.plans import (
    Plan,
    batch_line,
    dropout_line,
    end_lines,
    other_model,
    plan_of_texts,
    split_line,
)
from trickrun.recipe.from_data.targets import loss_lines, rare_classes
from trickrun.recipe.text.emit import flow


def headline(facts: TextFacts) -> str:
    """Return what the data are, in a few words."""
    return f"{facts.samples:,} {'characters' if facts.target is None else 'texts'}"


def questions(facts: TextFacts) -> list[str]:
    """Return what people should look at, a line each."""
    found = []
    if facts.target_why.startswith("guessed"):
        found.append(f"{facts.target} is the target: {facts.target_why}")
    return found + rare_classes(facts.classes)


def text_lines(facts: TextFacts, model: str | None) -> Iterator[Line]:
    """Yield the lines of a recipe for a table of texts, or for one long text."""
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
        plan = plan_of_texts(train, classes=True)
        words = max(8, min(256, facts.words))
        yield Line(f"  target: {flow(facts.target)}", facts.target_why)
        yield Line(f"  column: {flow(facts.column)}", f"sentences; {left_out_of(facts)}")
        yield Line("  ", f"{len(facts.classes)} classes: {shares(facts.classes)}")
        yield Line(f"  length: {words}", "words a sample: nine of ten texts have no more")
        yield batch_line(plan, train)
        yield split_line("equal texts stay in one part")
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
