"""``export``: a run as plain PyTorch that needs no trickrun."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, RunName, RunsDir, training_named
from trickrun.cli.output import Answer, answer, import_torch
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.export.folder import Form


class Format(StrEnum):
    """A further form of the network."""

    torch_export = "torch_export"
    onnx = "onnx"


def export(
    run: RunName,
    to: Annotated[
        Path,
        typer.Option(metavar="DIR", help="The folder to write, new or empty.", show_default=False),
    ],
    checkpoint: Annotated[
        Literal["best", "last"] | None,
        typer.Option(help="Whose weights.", show_default="those that the run ended with"),
    ] = None,
    form: Annotated[
        list[Format] | None,
        typer.Option(
            "--format", help="A further form of the network. Repeatable.", show_default=False
        ),
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option("--fold-batch-norm", help="Fold batch norms into the layers before them."),
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a run as plain PyTorch: weights, network, predictions and training without trickrun.

    The export is run by itself, and its outputs are compared with the run's, before it is done.

    Example: trickrun export digits --to digits-plain
    """

    def work() -> Answer:
        forms: list[Form] = [each.value for each in form or []]
        return write(run, to, checkpoint, forms, fold_batch_norm, runs_dir)

    answer("export", as_json, debug, work, no_python=no_python, runs_dir=runs_dir)


def write(
    wanted: str,
    to: Path,
    checkpoint: Literal["best", "last"] | None,
    forms: list[Form],
    fold: bool,
    option: Path | None,
) -> Answer:
    """Write the export and tell how it was compared."""
    import_torch()
    from trickrun.export.folder import export_run
    from trickrun.reporting.phases import phase

    folder = training_named(wanted, option)
    with phase("exporting"):
        done = export_run(folder, to, checkpoint, forms, fold)
    for each in done.tried.compared:
        print(
            f"{each.form}: {each.samples} samples ({done.part}), largest difference "
            f"{each.absolute:.2g}, {each.relative:.2g} of the largest output"
        )
    if done.tried.predicted:
        print(in_line(f"predict.py: the same predictions for {done.tried.predicted}"))
    if done.tried.trained is not None:
        print(f"train.py: the first losses differ by {done.tried.trained:.2g} of themselves")
    if done.folded:
        print(f"folded batch norms: {len(done.folded)}")
    for note in done.notes:
        print(in_line(f"note: {note}"))
    print(in_line(f"export: {done.path} ({', '.join(done.files)})"))
    named = str(folder.path / "recipe.yaml")
    return Answer("pass", done.as_json(), named, str(folder.path))
