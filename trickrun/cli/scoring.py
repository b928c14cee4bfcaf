"""``eval`` and ``predict``: what a trained run is worth, and what it says about new samples."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import typer

from trickrun.cli.options import AsJson, Debug, NoPython, RunName, RunsDir, training_named
from trickrun.cli.output import Answer, Verdict, answer, import_torch, show
from trickrun.errors import DataError, TrickrunError
from trickrun.findings.rank import gravest
from trickrun.reporting.telling import tell_notes
from trickrun.reporting.visible import in_line

if TYPE_CHECKING:
    from trickrun.data.splits.source import Samples, SplitData
    from trickrun.findings.finding import Finding
    from trickrun.run.folder import RunFolder
    from trickrun.training.job import RecipeJob

SplitName = Literal["test", "val", "train"]


def evaluate(
    run: RunName,
    split: Annotated[
        SplitName | None,
        typer.Option(help="The split of the run's own data.", show_default="test"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Another file with targets: a table, .npz, IDX or a folder of images.",
            show_default=False,
        ),
    ] = None,
    mc_dropout: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=2,
            max=1000,
            help="Average the predictions over N dropout masks and show their spread.",
            show_default=False,
        ),
    ] = None,
    fold_batch_norm: Annotated[
        bool,
        typer.Option("--fold-batch-norm", help="Fold batch norms into the layers before them."),
    ] = False,
    reference: Annotated[
        bool,
        typer.Option(
            "--reference", help="Also fit a linear model and trees to the run's training split."
        ),
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Score a run: loss, metrics, confusion matrix and per class or label, or residuals of values.

    The weights are those of the best epoch.

    Example: trickrun eval digits --split val
    """
    ways = (mc_dropout, fold_batch_norm)
    answer(
        "eval",
        as_json,
        debug,
        lambda: evaluate_run(run, split, data, runs_dir, *ways, reference),
        no_python=no_python,
        runs_dir=runs_dir,
    )


def evaluate_run(
    wanted: str,
    split: SplitName | None,
    file: Path | None,
    runs: Path | None,
    masks: int | None,
    folded: bool,
    reference: bool = False,
) -> Answer:
    """Print the scores of a run on one of its splits, or on a file."""
    if split is not None and file is not None:
        raise TrickrunError("use either --split or --data, not both", hint="a file has no splits")
    if masks is not None and folded:
        raise TrickrunError(
            "use either --mc-dropout or --fold-batch-norm, not both",
            hint="dropout may stand between a layer and its batch norm",
        )
    import_torch()
    from trickrun.reporting.phases import phase
    from trickrun.reporting.scores import print_scores
    from trickrun.run.scoring import part_of, samples_in
    from trickrun.run.trained import open_run

    folder = training_named(wanted, runs)
    with phase("opening the run"):
        job = open_run(folder)
    chosen = split or "test"
    named: dict[str, Any]
    if file is not None:
        with phase("reading the data"):
            samples = samples_in(job, file)
        tell_notes(samples.notes)
        part = part_of(job, samples, file)
        known = known_samples(folder, samples)
        notes = list(samples.notes)
        named = {"split": None, "data": str(file), "trained_on": known, "notes": notes}
        tell_no_weights(job, part, file)
    else:
        with phase("reading the data"):
            job, part, about = own_part(job, folder, chosen)
        named = {"split": chosen, "data": None, **about}
    with phase("scoring"):
        result = named | score_in_a_way(job, part, masks, folded)
    constant, found = beside_constant(job, folder, part, result)
    result["constant"] = constant
    if reference:
        with phase("learners without a training loop"):
            result["reference"], behind = beside_learners(job, folder, part, result)
        found = found or behind
    print_scores(result)
    show(found)
    findings = [finding.as_json() for finding in found]
    named_recipe, run = str(folder.path / "recipe.yaml"), str(folder.path)
    verdict: Verdict = "pass" if gravest(found) in (None, "info") else "warn"
    return Answer(verdict, result, named_recipe, run, findings)


def beside_constant(
    job: RecipeJob, folder: RunFolder, part: SplitData, result: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return what the training part's best constant answer scores on ``part``, and what it shows if
    the run is no better; None where that answer is not known.

    Args:
        result: with the run's own scores.
    """
    from dataclasses import asdict

    from trickrun.data.splits.source import DATA_FILE
    from trickrun.findings.rules.chance import at_chance
    from trickrun.run.trained import known_answer

    answer = known_answer(job, folder.read_json(DATA_FILE))
    if answer is None:
        return None, []
    constant, scores = answer.on(part), result["scores"]
    found = at_chance(
        constant,
        scores["loss"],
        scores.get("accuracy"),
        where=result["split"] or "",
        then=f"`trickrun diagnose {folder.id}` looks for the cause.",
    )
    if found is not None and found.severity == "warning":
        found = replace(found, severity="info")  # a few samples of a file are nobody's fault
    return asdict(constant), [] if found is None else [found]


def beside_learners(
    job: RecipeJob, folder: RunFolder, part: SplitData, result: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return what a linear model and trees, fitted to the run's training part, score on ``part``,
    and what it shows if the run does worse; None where they cannot be fitted.

    Args:
        result: with the run's own scores.

    Raises DataError if the run's training part is not there any more.
    """
    from dataclasses import asdict

    from trickrun.checks.standing import reference_of
    from trickrun.findings.rules.chance import behind_linear

    placed, train, _ = own_part(job, folder, "train")
    found = reference_of(job.recipe, replace(placed.data, train=train, val=part))
    if found is None:
        return None, []
    behind = behind_linear(found, result["scores"].get(found.metric), result["split"] or "")
    return asdict(found), [] if behind is None else [behind]


def tell_no_weights(job: RecipeJob, part: SplitData, file: Path) -> None:
    """Tell people if the run's data have weights and a file has none."""
    column = getattr(job.recipe.data, "weight", None)
    if column is not None and part.w is None:
        told = f"note: {file} has no column {column!r}: its scores are unweighted"
        print(told, file=sys.stderr)


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


def known_samples(folder: RunFolder, samples: Samples) -> int | None:
    """Return how many samples of a file the run was trained on, and tell people if there are some;
    None where that cannot be told."""
    from trickrun.run.kept_split import read_split, told_of_known

    count, said = told_of_known(read_split(folder), samples)
    if said:
        print(said, file=sys.stderr)
    return count


def own_part(
    job: RecipeJob, folder: RunFolder, split: SplitName
) -> tuple[RecipeJob, SplitData, dict[str, Any]]:
    """Return the job that can read a part of the run's own split, the part, and what scripts may
    want to know of it; tell people what has become of the data.

    Raises DataError if the run has no such part, or nothing of it is left.
    """
    from trickrun.run.kept_split import find_part, read_split

    kept = read_split(folder)
    if kept is None:
        return *drawn_again(job, folder, split), {
            "missing": None,
            "data_changes": None,
            "notes": [],
        }
    found = find_part(job, kept, split)
    for line in found.told(split):
        print(line, file=sys.stderr)
    tell_notes(found.notes)
    return found.job, found.samples, found.as_json()


def drawn_again(job: RecipeJob, folder: RunFolder, split: SplitName) -> tuple[RecipeJob, SplitData]:
    """Return a part of a run that keeps no split: drawn again from the data as they are now."""
    from trickrun.data.splits.kept import PARTS
    from trickrun.data.splits.prepare import prepare
    from trickrun.data.splits.source import DATA_FILE
    from trickrun.run.environment import data_hash, data_hash_in_float32

    data = prepare(job.recipe.data, job.folder, fitted=job.data)
    exact = "normalized" in folder.read_json(DATA_FILE)
    hashed = data_hash(data) if exact else data_hash_in_float32(data)
    print(told_of_no_split(hashed == folder.facts()["data"]), file=sys.stderr)
    part: SplitData | None = getattr(data, split)
    if part is None:
        parts = [name for name in PARTS if getattr(data, name) is not None]
        hint = f"use --split {' or '.join(parts)}"
        raise DataError(f"the recipe has no {split} split", "data.split", hint)
    # Images that stay in their files are known to the data alone.
    return replace(job, data=replace(job.data, files=data.files)), part.to(job.device)


def told_of_no_split(same: bool) -> str:
    """Return what people must know of the scores of a run that keeps no split.

    Args:
        same: whether the data are what the run was trained on.
    """
    none = "this run stores no usable split, because an older version trained it"
    if same:
        return f"note: {none}; its data is unchanged, so its splits are too"
    return (
        f"warning: {none}, and the data has changed since training: the split that is scored may "
        "hold training samples"
    )


def predict(
    run: RunName,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The samples, as the run's own: a table, .npz, IDX, an image or a folder of them.",
        ),
    ],
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="A column of the file to repeat before the predictions. Repeatable.",
            show_default="file, for images",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Write here instead of to stdout.", show_default=False),
    ] = None,
    safe_csv: Annotated[
        bool,
        typer.Option(
            "--safe-csv",
            help="Put an apostrophe before text that a spreadsheet would take for a formula.",
        ),
    ] = False,
    runs_dir: RunsDir = None,
    no_python: NoPython = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Predict the samples of a file, as csv: classes, labels and their probabilities, or values.

    The lines are in the order of the samples. The run's own normalization and label names are used,
    and the weights of its best epoch.

    Example: trickrun predict wine new-wines.csv --out predictions.csv
    """

    def work() -> Answer:
        return predict_file(run, file, keep or [], out, safe_csv, runs_dir, as_json)

    answer("predict", as_json, debug, work, no_python=no_python, runs_dir=runs_dir)


def predict_file(
    wanted: str,
    file: Path,
    keep: list[str],
    out: Path | None,
    safe: bool,
    runs: Path | None,
    as_json: bool,
) -> Answer:
    """Write the predictions for a file.

    Args:
        safe: for a spreadsheet: see ``for_spreadsheet``.
    """
    if safe and as_json and out is None:
        raise TrickrunError(
            "--safe-csv is for csv, and --json prints no csv", hint="add --out, or omit one"
        )
    import_torch()
    from trickrun.reporting.phases import phase
    from trickrun.run.scoring import beside, kept_columns, predictions, samples_in
    from trickrun.run.trained import open_run

    folder = training_named(wanted, runs)
    with phase("opening the run"):
        job = open_run(folder)
    with phase("reading the data"):
        samples = samples_in(job, file)
    tell_notes(samples.notes)
    kept = kept_columns(samples, keep, str(file))
    with phase("predicting"):
        rows = beside(kept, predictions(job, samples.x))
    result: dict[str, Any] = {"samples": len(samples.x), "out": str(out) if out else None}
    result["notes"] = list(samples.notes)
    result["trained_on"] = known_samples(folder, samples)
    if safe:
        rows = map(for_spreadsheet, rows)
    if out is not None:
        write(out, rows)
        print(f"{len(samples.x)} predictions: {out}")
    elif as_json:
        result["predictions"] = list(rows)
    else:
        write_csv(sys.stdout, map(in_one_line, rows))
    return Answer("pass", result, str(folder.path / "recipe.yaml"), str(folder.path))


NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def for_spreadsheet(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose names and texts no spreadsheet takes for a formula: an apostrophe is put
    before those that begin like one. Numbers stay numbers.

    Source: OWASP, CSV injection.
    """
    return {no_formula(name): no_formula(value) for name, value in row.items()}


def no_formula(cell: Any) -> Any:
    begins = isinstance(cell, str) and cell.startswith(tuple("=+-@\t\r\n"))
    return f"'{cell}" if begins and not NUMBER.fullmatch(cell) else cell


def in_one_line(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as stdout shows it: no name or text in it acts on a terminal."""
    return {
        in_line(name): in_line(value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def write_csv(file: IO[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows with the same keys as csv with a line of names; read again, floats are the same
    ones."""
    import csv

    plain = csv.writer(file, lineterminator="\n")
    # Python before 3.13 leaves a carriage return without quotes, and so breaks the line.
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)

    def write_line(cells: Sequence[Any]) -> None:
        returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoted if returns else plain).writerow(cells)

    for number, row in enumerate(rows):
        if number == 0:
            write_line(list(row))
        write_line(list(row.values()))


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows to a file. Raises TrickrunError if it cannot be written."""
    try:
        with path.open("w", encoding="utf-8") as file:
            write_csv(file, rows)
    except OSError as error:
        raise TrickrunError(f"cannot be written: {error.strerror}", str(path)) from error
