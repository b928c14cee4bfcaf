"""``eval`` and ``predict``: what a trained run is worth, and what it says about new samples."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trickrun.cli.options import AsJson, Debug, RunName, RunsDir
from trickrun.cli.output import Answer, answer
from trickrun.errors import DataError, TrickrunError

if TYPE_CHECKING:
    from trickrun.data.splits.source import SplitData
    from trickrun.run.folder import RunFolder
    from trickrun.training.job import RecipeJob

SplitName = Literal["test", "val", "train"]


def evaluate(
    run: RunName,
    split: Annotated[
        SplitName | None,
        typer.Option(help="The part of the run's own data.", show_default="test"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Another file with targets: a table, .npz or IDX.",
            show_default=False,
        ),
    ] = None,
    mc_dropout: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            help="Average the predictions over N dropout masks; tell how far they spread.",
            show_default=False,
        ),
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option(
            "--fold-batch-norm", help="Let the layers before batch norms do what those do."
        ),
    ] = False,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Score a run: loss, metrics, confusion matrix and per class, or residuals of a regression.

    The weights are those of the best epoch.

    Example: trickrun eval digits --split val
    """
    ways = (mc_dropout, fold_batch_norm)
    answer("eval", as_json, debug, lambda: evaluate_run(run, split, data, runs_dir, *ways))


def evaluate_run(
    wanted: str,
    split: SplitName | None,
    file: Path | None,
    runs: Path | None,
    masks: int | None,
    folded: bool,
) -> Answer:
    """Print the scores of a run on one of its splits, or on a file."""
    if split is not None and file is not None:
        raise TrickrunError("either --split or --data, not both", hint="a file has no splits")
    if masks is not None and folded:
        raise TrickrunError(
            "either --mc-dropout or --fold-batch-norm, not both",
            hint="dropout may stand between a layer and its batch norm",
        )
    from trickrun.reporting.scores import print_scores
    from trickrun.run.folder import find, runs_dir
    from trickrun.run.scoring import file_part
    from trickrun.run.trained import open_run

    folder = find(runs_dir(runs), wanted, trained=True)
    job = open_run(folder)
    chosen = split or "test"
    if file is not None:
        part = file_part(job, file)
    else:
        job, part = own_part(job, folder, chosen)
    named = {"split": None, "data": str(file)} if file else {"split": chosen, "data": None}
    result = named | score_in_a_way(job, part, masks, folded)
    print_scores(result)
    return Answer("pass", result, str(folder.path / "recipe.yaml"), str(folder.path))


def score_in_a_way(
    job: RecipeJob, part: SplitData, masks: int | None, folded: bool
) -> dict[str, Any]:
    """Return the scores of a part, with ``masks`` dropout masks or with folded batch norms."""
    from trickrun.run.inference import fold, mc_dropout
    from trickrun.run.scoring import full_scores

    if masks is not None:
        without = full_scores(job, part)["scores"]
        prediction, spread = mc_dropout(job, part, masks)
        return full_scores(job, part, prediction) | {"mc_dropout": {**spread, "without": without}}
    if folded:
        moved = fold(job, part)
        return full_scores(job, part) | {"folded": moved}
    return full_scores(job, part)


def own_part(job: RecipeJob, folder: RunFolder, split: SplitName) -> tuple[RecipeJob, SplitData]:
    """Return a split of the run's own data, loaded again, and the job that can read it; warn if
    the data is not what it was.

    Raises DataError if the recipe has no such split.
    """
    from trickrun.data.splits.prepare import prepare
    from trickrun.run.environment import data_hash

    data = prepare(job.recipe.data, job.folder)
    if data_hash(data) != folder.read_json("env.json")["data"]:
        print("warning: the data is not what the run was trained on", file=sys.stderr)
    part: SplitData | None = getattr(data, split)
    if part is None:
        parts = [name for name in ("train", "val", "test") if getattr(data, name) is not None]
        hint = f"use --split {' or '.join(parts)}"
        raise DataError(f"the recipe has no {split} split", "data.split", hint)
    # Images that stay in their files are known to the data alone.
    return replace(job, data=replace(job.data, files=data.files)), part.to(job.device)


def predict(
    run: RunName,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The samples: a table, .npz or IDX, as the run's own."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Write here instead of to stdout.", show_default=False),
    ] = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Predict the samples of a file, as csv: label and probability of each class, or values.

    The run's own normalization and label names are used, and the weights of its best epoch.

    Example: trickrun predict wine new-wines.csv --out predictions.csv
    """
    answer("predict", as_json, debug, lambda: predict_file(run, file, out, runs_dir, as_json))


def predict_file(
    wanted: str, file: Path, out: Path | None, runs: Path | None, as_json: bool
) -> Answer:
    """Write the predictions for a file."""
    from trickrun.run.folder import find, runs_dir
    from trickrun.run.scoring import predictions
    from trickrun.run.trained import open_run

    folder = find(runs_dir(runs), wanted, trained=True)
    job = open_run(folder)
    samples = job.recipe.data.load_file(file, job.data.task, job.data.shape)
    rows = predictions(job, samples.x)
    result: dict[str, Any] = {"samples": len(rows), "out": str(out) if out else None}
    if out is not None:
        write(out, as_csv(rows))
        print(f"{len(rows)} predictions: {out}")
    elif as_json:
        result["predictions"] = rows
    else:
        print(as_csv(rows), end="")
    return Answer("pass", result, str(folder.path / "recipe.yaml"), str(folder.path))


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows with the same keys as csv with a line of names; floats to six digits."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(f"{v:.6g}" if isinstance(v, float) else v for v in row.values())
    return text.getvalue()


def write(path: Path, content: str) -> None:
    """Write a file. Raises TrickrunError if it cannot be written."""
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise TrickrunError(f"cannot be written: {error.strerror}", str(path)) from error
