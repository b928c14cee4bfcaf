"""A run's export: its files are written beside, run, compared, and only then put in their place."""

from __future__ import annotations

import csv
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import isclose
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from trickrun.data._images import Images
from trickrun.data.csv import Csv
from trickrun.data.splits.source import DATA_FILE, SplitData
from trickrun.data.text import Text
from trickrun.errors import DataError
from trickrun.export import check
from trickrun.export.check import Tried
from trickrun.export.formats import check_form, write_form
from trickrun.export.network import model_source
from trickrun.export.program import predict_source
from trickrun.export.readme import readme
from trickrun.export.said import said_of
from trickrun.export.sources import CannotExport
from trickrun.export.training import Training, save_weights, write_training
from trickrun.models.python import PythonModel
from trickrun.nn.rng import generator
from trickrun.run.files import explained
from trickrun.run.folder import RunFolder
from trickrun.run.inference import fold
from trickrun.run.kept_split import find_part, read_split
from trickrun.run.scoring import beside, kept_columns, predictions, samples_in
from trickrun.run.trained import open_run
from trickrun.training.checkpoint_file import CheckpointName
from trickrun.training.device import to_device
from trickrun.training.evaluation import predict
from trickrun.training.job import RecipeJob
from trickrun.user_code import find_source, is_user_code, source_files

Form = Literal["torch_export", "onnx"]

MOST_COMPARED = 2048
"""Samples of a split that are compared, at most."""

MOST_BYTES = 32 * 2**20
"""The size of the run's own file up to which predict.py is tried on it."""

DRAWN = 64
"""Samples that are drawn where the run's data are gone."""


@dataclass(frozen=True)
class Exported:
    """What an export consists of, and how it was compared.

    Args:
        path: its folder.
        files: their names, sorted.
        part: the split whose samples were compared; drawn: the run's data are gone.
        tried: how it was compared.
        folded: the batch norms that were folded.
        notes: what people should know, a line each.
    """

    path: Path
    files: tuple[str, ...]
    part: str
    tried: Tried
    folded: tuple[str, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "files": list(self.files),
            "part": self.part,
            "compared": [asdict(each) for each in self.tried.compared],
            "predict_compared": self.tried.predicted or None,
            "train_losses_differ_by": self.tried.trained,
            "folded": list(self.folded),
            "notes": list(self.notes),
        }


def export_run(
    folder: RunFolder,
    to: Path,
    checkpoint: CheckpointName | None = None,
    forms: Sequence[Form] = (),
    fold_batch_norm: bool = False,
) -> Exported:
    """Write a finished run as a folder of plain PyTorch; see docs/export.md.

    Args:
        to: where; a folder that is not there yet, or is empty.
        checkpoint: whose weights; None: those that the run ended with.
        forms: further forms of the network.
        fold_batch_norm: whether batch norms become part of the layers before them.

    Raises:
        CannotExport: the run is not finished, ``to`` is in use, something of it has no plain form,
            or the export does not compute what the run does. Nothing is then left at ``to``.
        RunFolderError, CompileError: as for predictions.
    """
    check_finished(folder)
    check_free(to)
    for form in forms:
        check_form(form)
    job = on_cpu(open_run(folder, checkpoint))
    job, part, samples, notes = samples_of(job, folder)
    inputs = job.inputs(samples.x)
    expected = predict(job, samples.x)
    folded: tuple[str, ...] = ()
    if fold_batch_norm:
        folded = tuple(fold(job, samples)["layers"])
    with staged(to) as place:
        write_plain(job, folder, place)
        for form in forms:
            write_form(form, job, place, inputs)
        training: Training | str = "its network has no batch norms to train (--fold-batch-norm)"
        if not fold_batch_norm:
            training = write_training(folder, place)
        found = tried(job, folder, place, samples, expected, forms, training)
        notes = [*notes, *found.notes]
        files = tuple(sorted(str(f.relative_to(place)) for f in place.rglob("*") if f.is_file()))
        text = readme(job, folder, files, part, found, notes)
        (place / "README.md").write_text(text, encoding="utf-8")
        files = tuple(sorted({*files, "README.md"}))
    return Exported(to, files, part, found, folded, tuple(notes))


def check_finished(folder: RunFolder) -> None:
    """Raise CannotExport unless the folder is that of a finished training."""
    status = folder.status
    if status == "check":
        raise CannotExport(
            f"this is the folder of `{folder.command or 'a check'}`, not of a training",
            str(folder.path),
            "export one of its trainings: `trickrun runs --all` lists them",
        )
    if status != "finished":
        raise CannotExport(
            f"the run is not finished: {status}",
            str(folder.path),
            "wait for its end"
            if status == "running"
            else f"continue it: trickrun train --resume {folder.id}",
        )


def check_free(to: Path) -> None:
    """Raise CannotExport unless ``to`` can become the export."""
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise CannotExport("this is a file, not a folder", str(to), "choose another --to")
    if to.is_dir() and any(to.iterdir()):
        raise CannotExport("the folder is not empty", str(to), "choose another --to, or empty it")


def on_cpu(job: RecipeJob) -> RecipeJob:
    """Return the job on the CPU, whose numbers everybody gets."""
    cpu = torch.device("cpu")
    if job.device.type == "cpu":
        return job
    model = job.model.to(cpu)
    return replace(job, device=cpu, model=model, network=model, data=to_device(job.data, cpu))


def samples_of(job: RecipeJob, folder: RunFolder) -> tuple[RecipeJob, str, SplitData, list[str]]:
    """Return the job that reads them, and the samples that are compared: of the run's test split,
    else of validation or training; where its data are gone, drawn ones."""
    kept = read_split(folder)
    if kept is not None:
        names = [name for name in ("test", "val", "train") if len(kept.members(name))]
        try:
            found = find_part(job, kept, names[0])
            return found.job, names[0], found.samples.at(slice(MOST_COMPARED)), []
        except DataError as error:
            reason = error.message
    else:
        reason = "the run keeps no split"
    stream = generator(job.settings.seed, "export")
    shape, tokens = (DRAWN, *job.data.shape), len(job.data.task.vocabulary)
    x = torch.randn(shape, generator=stream).to(job.data.train.x.dtype)
    if tokens:
        x = torch.randint(1, tokens, shape, generator=stream)
    for place, rows in enumerate(job.data.task.rows):
        if rows:
            x[:, place] = torch.randint(rows, (DRAWN,), generator=stream).to(x)
    y = job.data.train.y[:1].expand(DRAWN, *job.data.train.y.shape[1:])
    note = f"compared on {DRAWN} drawn inputs, as the run's data cannot be read: {reason}"
    return job, "drawn", SplitData(x, y), [note]


@contextmanager
def staged(to: Path) -> Iterator[Path]:
    """Yield a folder beside ``to`` that becomes it at the end, and vanishes if something fails."""
    place = to.with_name(f".{to.name}-{secrets.token_hex(4)}")
    with explained(to):
        place.mkdir(parents=True)
    try:
        yield place
        with explained(to):
            if to.is_dir():
                to.rmdir()
            place.rename(to)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_plain(job: RecipeJob, folder: RunFolder, place: Path) -> None:
    """Write weights, network, preprocessing and predictions."""
    named = f"{job.recipe.name}, run {folder.id}"
    save_weights(job.model, place / "model.safetensors")
    head = f"The network of {named}, in plain PyTorch."
    (place / "model.py").write_text(model_source(job, head), encoding="utf-8")
    said = said_of(job, folder.read_json(DATA_FILE))
    text = json.dumps(said, ensure_ascii=False, indent=1)
    (place / "preprocessing.json").write_text(text + "\n", encoding="utf-8")
    head = f"Predict with {named}: python predict.py FILE"
    (place / "predict.py").write_text(predict_source(job, head), encoding="utf-8")
    copy_user_code(job, place)


def copy_user_code(job: RecipeJob, place: Path) -> None:
    """Copy the files of a user's network, and of what they import beside them."""
    kind = job.recipe.model
    if not isinstance(kind, PythonModel):
        return
    found = find_source(kind.target.partition(":")[0], job.folder)
    if found is None or not is_user_code(str(found[1])):
        return  # an installed package
    root = found[0]
    for file in source_files(*found):
        target = place / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def tried(
    job: RecipeJob,
    folder: RunFolder,
    place: Path,
    samples: SplitData,
    expected: torch.Tensor,
    forms: Sequence[Form],
    training: Training | str,
) -> Tried:
    """Run what stands in ``place`` and compare it with the run.

    Raises CannotExport if it differs.
    """
    own = {"torch_export": check.TORCH_EXPORT, "onnx": check.ONNX}
    half = job.settings.half is not None
    with tempfile.TemporaryDirectory(prefix="trickrun-") as name:
        beside_it = Path(name)
        check.keep_inputs(beside_it, job.inputs(samples.x))
        file, why = file_to_predict(job, samples, beside_it)
        notes = [f"predict.py was not compared on a file: {why}"] if why else []
        steps = [check.PLAIN, *(own[form] for form in forms)]
        if file is not None:
            steps.append(check.PROGRAM.format(file=str(file.resolve())))
        if isinstance(training, str):
            notes.append(f"there is no train.py: {training}")
        elif (data := training.samples(beside_it)) is not None:
            steps.append(check.TRAINING.format(data=str(data), steps=check.STEPS))
        told = check.compared(check.run_alone(place, beside_it, steps), expected, half)
        for each in told:
            if not each.alike:
                raise CannotExport(
                    f"the {each.form} form computes something else: outputs differ by up to "
                    f"{each.absolute:.2g}, {each.relative:.2g} of the largest",
                    str(folder.path),
                    "please report it; nothing was written",
                )
        predicted, trained = "", None
        if file is not None:
            rows = check_predictions(job, file, beside_it / "predictions.csv", half)
            predicted = f"{rows} rows of {file.name}"
        if isinstance(training, Training):
            notes += training.notes
            if (beside_it / "losses.txt").exists() and not training.lacks:
                losses = training.losses(check.STEPS)
                trained = check.check_losses(beside_it / "losses.txt", losses, job.dtype, half)
    return Tried(tuple(told), predicted, trained, tuple(notes))


def file_to_predict(job: RecipeJob, samples: SplitData, place: Path) -> tuple[Path | None, str]:
    """Return a file on which predict.py is compared; None, and why, if there is none.

    It is the run's own; of data that are no such file, one in ``place`` with ``samples``.
    """
    path = getattr(job.recipe.data, "path", None)
    file = job.folder / path if path is not None else None
    tables = isinstance(job.recipe.data, Csv | Text | Images)
    if file is None or (not tables and file.suffix != ".npz"):
        raw = job.data.raw(samples.x)
        raw = raw if raw.dtype == torch.uint8 else job.data.original(samples.x)
        np.savez(place / "samples.npz", x=raw.numpy())
        return place / "samples.npz", ""
    if file.is_dir():
        size = sum(each.stat().st_size for each in file.rglob("*") if each.is_file())
    elif file.is_file():
        size = file.stat().st_size
    else:
        return None, f"there is no {file.name}"
    if size > MOST_BYTES:
        return None, f"{file.name} is larger than {MOST_BYTES >> 20} MiB"
    return file, ""


def check_predictions(job: RecipeJob, file: Path, written: Path, half: bool) -> int:
    """Compare the csv that predict.py wrote with what trickrun predicts for the same file; return
    how many rows there are.

    Raises CannotExport for another number, or another text.
    """
    samples = samples_in(job, file)
    expected = [*beside(kept_columns(samples, [], str(file)), predictions(job, samples.x))]
    with written.open(encoding="utf-8", newline="") as stream:
        found = [*csv.DictReader(stream)]
    if len(found) != len(expected):
        raise CannotExport(f"predict.py writes {len(found)} rows, not {len(expected)}", str(file))
    bound = check.HALF_ALIKE if half else 1e-5
    for row, (own, theirs) in enumerate(zip(expected, found, strict=True), 1):
        if [*own] != [*theirs]:
            raise CannotExport(f"predict.py writes the columns {[*theirs]}, not {[*own]}")
        for name, value in own.items():
            if not same(value, theirs[name], bound):
                raise CannotExport(
                    f"predict.py writes {theirs[name]} for {name} in row {row}, not {value}",
                    str(file),
                    "please report it; nothing was written",
                )
    return len(found)


def same(value: object, written: str, bound: float) -> bool:
    """Whether a cell says ``value``, up to rounding."""
    if isinstance(value, str):
        return value == written
    try:
        return isclose(float(value), float(written), rel_tol=bound, abs_tol=bound)  # type: ignore[arg-type]
    except ValueError:
        return False
