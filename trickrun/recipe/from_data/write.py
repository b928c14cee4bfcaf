"""From facts about somebody's data to the text of a recipe that trains well at once.

Each line of the recipe says why it is there.
"""

from __future__ import annotations

from trickrun.data.survey.facts import (
    ArrayFacts,
    DataFacts,
    ImageFacts,
    ImageTableFacts,
    TableFacts,
    TextFacts,
)
from trickrun.recipe.from_data import arrays, images, tables, texts
from trickrun.recipe.from_data.lines import Line


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
            body = tables.table_lines(facts, model)
        case TextFacts():
            body = texts.text_lines(facts, model)
        case ImageFacts():
            body = images.folder_lines(facts, model)
        case ImageTableFacts():
            body = images.table_lines(facts, model)
        case ArrayFacts():
            body = arrays.array_lines(facts, model)
    return "\n".join([*head, *map(str, body)]) + "\n"


def headline(facts: DataFacts) -> str:
    """Return what the data are, in a few words."""
    match facts:
        case TableFacts():
            return tables.headline(facts)
        case TextFacts():
            return texts.headline(facts)
        case ImageFacts() | ImageTableFacts():
            return images.headline(facts)
        case ArrayFacts():
            return arrays.headline(facts)


def open_questions(facts: DataFacts) -> list[str]:
    """Return what people should look at, a line each: what was decided without being sure."""
    match facts:
        case TableFacts():
            return tables.questions(facts)
        case TextFacts():
            return texts.questions(facts)
        case ImageFacts() | ImageTableFacts():
            return images.questions(facts)
        case ArrayFacts():
            return arrays.questions(facts)
