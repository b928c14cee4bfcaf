"""The commands about a recipe's text: ``validate``, ``show``, ``schema`` and ``new``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, Overrides, RecipePath
from trickrun.cli.output import Answer, answer, import_torch, print_error
from trickrun.reporting.telling import tell_notes
from trickrun.reporting.width import in_width

if TYPE_CHECKING:
    from trickrun.data.survey.facts import DataFacts
    from trickrun.findings.finding import Finding
    from trickrun.recipe.load import Loaded
    from trickrun.recipe.starter import Made


def validate(
    recipe: RecipePath,
    overrides: Overrides = None,
    data: Annotated[
        bool, typer.Option("--data", help="Also load the data and build the model.")
    ] = False,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check a recipe's text and show every mistake under its line. Exits 2 if there is one.

    Also tells what will keep it from training well, as far as the text (--data: and the data) can
    show that; exits 1 if something surely will.

    Example: trickrun validate recipes/digits.yaml optimizer.lr=0.01
    """
    answer(
        "validate",
        as_json,
        debug,
        lambda: check_text(recipe, overrides or [], data, as_json),
        recipe,
        no_python,
        overrides,
    )


def check_text(path: Path, overrides: list[str], data: bool, as_json: bool) -> Answer:
    """Print the recipe's problems, or that there are none, and what it shows before training."""
    from trickrun.cli import output as findings
    from trickrun.recipe.load import load
    from trickrun.recipe.text.problems import RecipeError

    try:
        loaded = load(path, overrides)
        found, notes = check_job(loaded) if data else (findings.from_text(loaded), ())
    except RecipeError as error:
        if not as_json:
            print_error(error)
        errors = [problem.as_json() for problem in error.problems]
        result: dict[str, Any] = {"ok": False, "errors": errors, **error.more_as_json()}
        return Answer("error", result, str(path), error=error)
    tell_notes(notes)
    print(f"{path}: ok")
    findings.show(found)
    result = {"ok": True, "errors": []}
    result |= {"notes": list(notes)} if data else {}
    verdict = findings.verdict_of(found)
    told = [finding.as_json() for finding in found]
    return Answer(verdict, result, str(path), findings=told)


def check_job(loaded: Loaded) -> tuple[list[Finding], tuple[str, ...]]:
    """Return what the recipe and its data show before training, and the notes on the data.

    Raises RecipeError if the data cannot be loaded, or the parts do not fit them.
    """
    import_torch()
    from trickrun.checks.data_look import look
    from trickrun.data.splits.prepare import prepare
    from trickrun.errors import CompileError, DataError
    from trickrun.recipe.text.problems import RecipeError
    from trickrun.reporting.phases import phase
    from trickrun.training.compile import compile_recipe
    from trickrun.training.device import training_type

    try:
        with phase("reading the data"):
            prepared = prepare(loaded.recipe.data, loaded.folder, training_type(loaded.recipe))
            data = compile_recipe(loaded.recipe, loaded.folder, prepared).data
        with phase("looking at the data"):
            return look(loaded.recipe, data), data.notes
    except (CompileError, DataError) as error:
        raise RecipeError([loaded.problem(error)]) from error


def show(
    recipe: RecipePath,
    overrides: Overrides = None,
    augmented: Annotated[
        bool, typer.Option("--augmented", help="Draw samples before and after augmentation.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(help="The picture file, .png or .svg.", show_default="NAME-augmented.png"),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Samples in the picture.",
            show_default="8, or one of each class",
        ),
    ] = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the whole recipe, every default included and marked, or its augmentations in a picture.

    Example: trickrun show recipes/digits.yaml --augmented
    """

    def work() -> Answer:
        from trickrun.recipe.dump import resolved, resolved_text
        from trickrun.recipe.load import load

        loaded = load(recipe, overrides or [])
        if augmented:
            path = to or Path(f"{loaded.recipe.name}-augmented.png")
            return contact_sheet(loaded, recipe, path, samples)
        print(resolved_text(loaded.recipe), end="")
        return Answer("pass", {"recipe": resolved(loaded.recipe)}, str(recipe))

    answer("show", as_json, debug, work, recipe, no_python, overrides)


def contact_sheet(loaded: Loaded, recipe: Path, path: Path, samples: int | None) -> Answer:
    """Draw training samples before and after each augmentation to ``path``."""
    from trickrun.data.splits.prepare import prepare
    from trickrun.reporting.contact_sheet import write_sheet
    from trickrun.training.compile import compile_recipe
    from trickrun.training.device import training_type
    from trickrun.training.introspection.augmented import columns

    data = prepare(loaded.recipe.data, loaded.folder, training_type(loaded.recipe))
    shown = columns(compile_recipe(loaded.recipe, loaded.folder, data), samples)
    write_sheet(shown, path)
    print(f"wrote {path}")
    names = [column.name.split("\n")[0] for column in shown]
    result = {"path": str(path), "columns": names, "samples": len(shown[0].images)}
    return Answer("pass", result, str(recipe))


def schema(as_json: AsJson = False, debug: Debug = False) -> None:
    """Print the JSON schema of recipes, for editors: completion, hover texts, mistakes underlined.

    Example: trickrun schema > recipe.schema.json
    """

    def work() -> Answer:
        from trickrun.recipe.json_schema import json_schema, schema_text

        print(schema_text(), end="")
        return Answer("pass", {"schema": json_schema()})

    answer("schema", as_json, debug, work)


def new(
    name: Annotated[
        str, typer.Argument(help="The recipe's name, or the file to write.", show_default=False)
    ],
    overrides: Overrides = None,
    data: Annotated[
        str | None,
        typer.Option(help="Your file or folder, or a kind of data.", show_default=False),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="Of a table: the column to predict; again for several.",
            show_default="asked for, guessed",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Kind of model.", show_default="by the data")
    ] = None,
    loss: Annotated[str | None, typer.Option(help="Kind of loss.", show_default="auto")] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(help="Kind of optimizer.", show_default="adam; for your data adamw"),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a short, commented recipe to begin with: for your data, or for kinds of data and model.

    For a file or a folder it looks at the data first, and says in the recipe why each line is
    there. --model python also writes the file with a network of your own. Asks for what is not
    given.

    Example: trickrun new fruit --data fruit.csv --target kind
    """

    def work() -> Answer:
        from trickrun.recipe.starter import ask, known_kinds, new_recipe

        kinds = {"data": data, "model": model, "loss": loss, "optimizer": optimizer}
        given = {section: kind for section, kind in kinds.items() if kind is not None}
        values = list(overrides or [])
        if target:
            values.append(f"data.target={target_text(target)}")
        terminal = sys.stdin.isatty() and not as_json
        if data is not None and data not in known_kinds("data"):
            return recipe_for(name, Path(data), given, values, terminal)
        if terminal:
            values += ask(given, values, lambda text, default: typer.prompt(text, default))
        return told_of(new_recipe(name, given, values))

    answer("new", as_json, debug, work)


def target_text(targets: list[str]) -> str:
    """Return one column or several as an override's value, whatever signs their names have."""
    from trickrun.recipe.text.emit import flow

    different = [*dict.fromkeys(targets)]
    return flow(different[0] if len(different) == 1 else different)


def recipe_for(
    name: str, data: Path, kinds: dict[str, str], overrides: list[str], terminal: bool
) -> Answer:
    """Look at a file or folder, write a recipe for it, and say what people should look at."""
    from trickrun.recipe.from_data.write import headline, open_questions
    from trickrun.recipe.starter import new_from_data

    made = new_from_data(
        name, data.expanduser(), kinds, overrides, ask_target if terminal else None
    )
    assert made.facts is not None
    print(in_width(f"data: {data}: {headline(made.facts)}", sys.stdout))
    questions = open_questions(made.facts)
    for question in questions:
        print(in_width(f"look: {question}", sys.stdout))
    told = told_of(made)
    more = {"target": named_targets(made.facts), "look": questions}
    return replace(told, result={**told.result, **more})


def named_targets(facts: DataFacts) -> str | list[str] | None:
    """Return the column to predict, or several; None where the data have no columns."""
    from trickrun.data.survey.facts import ArrayFacts, ImageFacts, TextFacts

    match facts:
        case ArrayFacts() | ImageFacts():
            return None
        case TextFacts():
            return facts.target
    names = facts.targets.names
    return names[0] if len(names) == 1 else [*names]


def told_of(made: Made) -> Answer:
    """Say what was written."""
    if made.stub is not None:
        print(f"wrote {made.stub}: a network of your own")
    print(f"wrote {made.path}")
    stub = None if made.stub is None else str(made.stub)
    return Answer("pass", {"path": str(made.path), "model_file": stub}, str(made.path))


MOST_NAMED = 20
"""Columns that a question names."""


def ask_target(proposed: str, columns: list[str]) -> str:
    """Ask for the column to predict until the answer is one."""
    more = ", …" if len(columns) > MOST_NAMED else ""
    question = f"target ({', '.join(columns[:MOST_NAMED])}{more})"
    while True:
        answered = str(typer.prompt(question, proposed))
        if answered in columns:
            return answered
