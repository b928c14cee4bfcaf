"""Runs in Python: what one measured, its weights, and what it predicts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trickrun.errors import DataError
from trickrun.findings.finding import Finding
from trickrun.recipe.expect import missed
from trickrun.recipe.load import Loaded
from trickrun.run.find import every, find
from trickrun.run.folder import RunFolder
from trickrun.run.folder import runs_dir as runs_folder
from trickrun.run.recall import findings_in

if TYPE_CHECKING:
    from torch import nn

    from trickrun.export.folder import Exported
    from trickrun.tracking.sending import Sent

Folder = str | os.PathLike[str] | None
"""A folder's path; None: the usual one."""

Columns = dict[str, list[Any]]
"""A table as pandas.DataFrame and polars.DataFrame take it: a name to one value per row."""


def root_of(runs_dir: Folder) -> Path:
    """Return where runs are kept."""
    return runs_folder(None if runs_dir is None else Path(runs_dir))


@dataclass(frozen=True)
class Run:
    """A run in its folder: a training, or a check.

    What it tells is read from the folder when it is asked for, so that a run which is training now
    can be looked at too. Each property raises RunFolderError if its file cannot be read.

    Args:
        path: the folder.
    """

    path: Path

    @classmethod
    def named(cls, wanted: str, runs_dir: Folder = None) -> Run:
        """Return the run that ``wanted`` names, as on the command line: its folder, its id or the
        beginning of it, or a name, which means its newest training.

        Raises:
            RunFolderError: there is none, or several match.
        """
        return cls(find(root_of(runs_dir), wanted, trained=True).path)

    @property
    def folder(self) -> RunFolder:
        """Its files."""
        return RunFolder(self.path)

    @property
    def id(self) -> str:
        """The time at which it began, and two random bytes."""
        return self.folder.id

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.folder.name

    @property
    def command(self) -> str:
        """What made it: train, or a check's name."""
        return self.folder.command

    @property
    def status(self) -> str:
        """running, finished, failed, interrupted, killed; or check, for the folder of a check."""
        return self.folder.status

    @property
    def recipe(self) -> Loaded:
        """The recipe that was run, with all its values."""
        from trickrun.checks.diagnosis.gather import recipe_of

        return recipe_of(self.folder)

    @property
    def metrics(self) -> Columns:
        """One row per evaluation: epoch, step, train_loss, lr, val_loss and so on.

        ``pandas.DataFrame(run.metrics)`` and ``polars.DataFrame(run.metrics)`` take it as it is. A
        value that an evaluation has not is None, and so is one that was no number.
        """
        return columns(line for line in self.folder.metrics() if line["kind"] == "epoch")

    @property
    def steps(self) -> Columns:
        """One row per logged training step: step, loss, lr, gradient_norm."""
        return columns(line for line in self.folder.metrics() if line["kind"] == "step")

    @property
    def best(self) -> dict[str, float]:
        """The values of the best evaluation; empty if there was none."""
        table = self.metrics
        rows = [row for row, best in enumerate(table.get("best", ())) if best]
        return {name: table[name][rows[-1]] for name in table if name != "best"} if rows else {}

    @property
    def test(self) -> dict[str, float]:
        """The scores on the test split; empty if it did not come to that."""
        return dict(self.folder.last_record.get("test") or {})

    @property
    def missed(self) -> list[str]:
        """The recipe's expectations that were not met, in words."""
        end = self.folder.last_record
        if self.folder.ended_as != "finished":
            return []
        return missed(self.recipe.recipe.expect, {**end, **end.get("timing", {})})

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What it shows, causes first."""
        return findings_in(self.folder)

    def report(self, out: Folder = None) -> Path:
        """Write the run as one HTML page and return where it is.

        Args:
            out: the file; None: ``report.html`` in the run's folder.

        Raises:
            RunFolderError: its files cannot be read, or a check has not ended.
        """
        from trickrun.reporting.commands.report import write_page

        return write_page([self.folder], None if out is None else Path(out), self.path)

    def model_card(self, out: Folder = None) -> Path:
        """Write the model card of a finished training, Markdown with the metadata that the Hugging
        Face Hub reads, and return where it is.

        Args:
            out: the file; None: ``model-card.md`` in the run's folder.

        Raises:
            RunFolderError: it is a check, or has no scored model yet.
        """
        from trickrun.reporting.commands.report import write_card

        return write_card(self.folder, None if out is None else Path(out))

    def track(self, to: str, weights: bool = False) -> Sent:
        """Send it to a tracker, with what belongs to it; the same as ``trickrun track``.

        Args:
            to: tensorboard, mlflow, wandb or trackio.
            weights: whether the weights of the best evaluation are sent too.

        Returns:
            What came of it: ``state`` is new or updated. Of a run that was not sent it is refused
                or failed, and ``message`` says why.

        Raises:
            TrickrunError: there is no such tracker, or its library is not installed.
        """
        from trickrun.reporting.commands.tracking import track
        from trickrun.tracking.trackers import check_installed, named

        names = named([to])
        check_installed(names)
        return track([self.folder], names, weights)[0]

    def model(self) -> nn.Module:
        """Return the trained network, on the CPU and in evaluation mode, a new one at each call.

        Its weights are those of the best epoch, unless the recipe says otherwise. It takes inputs
        [N, *shape] as the run's data have them after normalization; ``predict`` takes them as they
        come. It returns outputs [N, …] as the recipe's loss takes them.

        Raises:
            RunFolderError: the run has no weights yet, or is a check.
        """
        from trickrun.run.trained import open_run

        return open_run(self.folder).model.cpu().eval()

    def export(
        self,
        to: str | os.PathLike[str],
        checkpoint: Literal["best", "last"] | None = None,
        forms: Sequence[Literal["torch_export", "onnx"]] = (),
        fold_batch_norm: bool = False,
    ) -> Exported:
        """Write the run as a folder of plain PyTorch, which needs no trickrun, and compare its
        outputs with the run's.

        Args:
            to: the folder, new or empty.
            checkpoint: whose weights; None: those that the run ended with.
            forms: further forms of the network.
            fold_batch_norm: whether batch norms become part of the layers before them.

        Raises:
            TrickrunError: the run is not finished, ``to`` is in use, something of the run has no
                plain form, or the export does not compute what the run does. Nothing is then left
                at ``to``.
        """
        from trickrun.export.folder import export_run

        return export_run(self.folder, Path(to), checkpoint, forms, fold_batch_norm)

    def predict(self, samples: Any) -> Columns:
        """Return the predictions for new samples, as ``trickrun predict`` writes them.

        Args:
            samples: a file's path, in the form of the run's own data; or an array or a tensor
                [N, *shape], as the data were before normalization.

        Returns:
            A column for the predicted class and one for the score of each class; or a column for
                each value or label. A column has one entry per sample.

        Raises:
            DataError: the samples have another form, or the file cannot be read.
            RunFolderError: the run has no weights yet.
        """
        import torch

        from trickrun.run.scoring import beside, kept_columns, predictions, samples_in
        from trickrun.run.trained import open_run

        job = open_run(self.folder)
        if isinstance(samples, str | os.PathLike):
            read = samples_in(job, Path(samples))
            kept = kept_columns(read, [], str(samples))
            return columns(beside(kept, predictions(job, read.x)))
        x = torch.as_tensor(samples)
        if tuple(x.shape[1:]) != tuple(job.data.shape):
            wanted = ", ".join(["N", *map(str, job.data.shape)])
            raise DataError(f"samples are [{wanted}] here, and these are {list(x.shape)}")
        return columns(predictions(job, x))


def runs(name: str | None = None, runs_dir: Folder = None) -> list[Run]:
    """Return all runs, newest first; the trainings that belong to a check are left out.

    Args:
        name: only those of recipes of this name.
        runs_dir: where runs are kept; None: TRICKRUN_RUNS, or ``runs`` in the working folder.
    """
    return [Run(folder.path) for folder in every(root_of(runs_dir), name)]


def columns(rows: Iterable[Mapping[str, Any]]) -> Columns:
    """Return rows as columns, in the order in which their names appear; None where a row has not
    that value. What tells no measurement (kind, timing) is left out."""
    lines = list(rows)
    names = dict.fromkeys(name for line in lines for name in line)
    kept = [name for name in names if name not in ("kind", "timing")]
    return {name: [line.get(name) for line in lines] for name in kept}
