"""A run's folder: what it holds, and how it is made, found and read."""

from __future__ import annotations

import io
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trickrun.data.formats.paths import check_name
from trickrun.errors import RunFolderError
from trickrun.run import files

Metrics = list[dict[str, Any]]

CHECKPOINTS = {
    "last": {"model", "optimizer", "average", "progress", "metrics_bytes"},
    "best": {"model", "values"},
}
"""The checkpoints of a run, and what each holds at least: those of other versions may have more."""

TAIL = 65536
"""Bytes at the end of metrics.jsonl that hold its last line."""


@dataclass(frozen=True)
class RunFolder:
    """The folder ``runs/<name>/<id>`` of one run."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.parent.name

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    def write(self, name: str, content: str | bytes) -> None:
        """Write the file ``name`` whole."""
        data = content.encode() if isinstance(content, str) else content
        files.write_whole(self.path / name, data)

    def write_json(self, name: str, value: Any) -> None:
        self.write(name, files.to_json(value, indent=2) + "\n")

    def read_json(self, name: str) -> Any:
        """Return the content of a JSON file of this run. Raises RunFolderError."""
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"cannot read {name}: {error}", str(self.path)) from error

    def facts(self) -> dict[str, Any]:
        """Return env.json, which tells at least the recipe's folder. Raises RunFolderError."""
        facts = self.read_json("env.json")
        if not isinstance(facts, dict) or "recipe_folder" not in facts:
            raise RunFolderError("cannot read env.json: it has no recipe_folder", str(self.path))
        return facts

    def log(self, records: Metrics) -> None:
        """Append records to metrics.jsonl; the next checkpoint brings them to the disk itself."""
        if records:
            lines = "".join(files.to_json(record) + "\n" for record in records)
            files.append(self.metrics_file, lines.encode(), durably=False)

    def metrics(self) -> Metrics:
        """Return the records of metrics.jsonl; a last line cut short by a crash is left out.

        Raises RunFolderError if another line is damaged.
        """
        if not self.metrics_file.exists():
            return []
        lines = self.metrics_file.read_bytes().split(b"\n")[:-1]
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise RunFolderError(f"a damaged line: {error}", str(self.metrics_file)) from error

    def save(self, state: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Write checkpoints: best.pt and the log first, because last.pt refers to them."""
        if best is not None:
            self.write("checkpoints/best.pt", packed(best))
        files.sync(self.metrics_file)
        size = self.metrics_file.stat().st_size
        self.write("checkpoints/last.pt", packed({**state, "metrics_bytes": size}))

    def load(self, name: str) -> dict[str, Any] | None:
        """Return checkpoint ``name`` (last or best), or None if there is none yet.

        Raises RunFolderError if it cannot be read.
        """
        import torch

        path = self.path / "checkpoints" / f"{name}.pt"
        if not path.exists():
            return None
        try:
            loaded = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise damaged(path, reason) from error
        if not isinstance(loaded, dict) or not loaded.keys() >= CHECKPOINTS[name]:
            raise damaged(path, "it is not one of trickrun's")
        return loaded

    def rewind(self, metrics_bytes: int) -> None:
        """Cut metrics.jsonl to what the checkpoint knew; remove what a crash left half written."""
        files.truncate(self.metrics_file, metrics_bytes)
        for half_written in self.path.rglob("*.tmp"):
            half_written.unlink()

    @contextmanager
    def locked(self, name: str = "metrics.jsonl") -> Iterator[None]:
        """Keep other processes from working in this folder; RunFolderError if one does.

        Args:
            name: the file that stands for it: one that is never written anew as a whole.
        """
        with files.locked(self.path / name) as mine:
            if not mine:
                raise RunFolderError(
                    "another process is working in this folder",
                    str(self.path),
                    "wait until it has ended, or stop it",
                )
            yield

    @property
    def last_record(self) -> dict[str, Any]:
        """The last whole line of metrics.jsonl; empty if there is none."""
        try:
            with self.metrics_file.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - TAIL))
                lines = stream.read().split(b"\n")
            record: dict[str, Any] = json.loads(lines[-2])
        except (OSError, ValueError, IndexError):
            return {}
        return record

    @property
    def status(self) -> str:
        """finished, failed, interrupted, running, or killed (it ended without a word); ``check``
        for the folder of a check, which has no metrics.jsonl."""
        if not self.metrics_file.exists():
            return "check"
        record = self.last_record
        if record.get("kind") == "end":
            stopped_by = str(record.get("stopped_by"))
            return stopped_by if stopped_by in ("failed", "interrupted") else "finished"
        return "running" if files.is_locked(self.metrics_file) else "killed"


def packed(value: dict[str, Any]) -> bytes:
    """Return what torch.save writes for ``value``."""
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def damaged(path: Path, reason: str) -> RunFolderError:
    return RunFolderError(
        f"not a readable checkpoint: {reason}",
        str(path),
        "the run cannot go on from it; train its recipe.yaml anew",
    )


def runs_dir(option: Path | None) -> Path:
    """Return where runs are kept: the option, TRICKRUN_RUNS, or ``runs`` in the working folder.

    Raises DataError if its path is not UTF-8, as what a run's files say of it is.
    """
    root = option or Path(os.environ.get("TRICKRUN_RUNS") or "runs")
    check_name(root)
    return root


def create(root: Path, name: str) -> RunFolder:
    """Make the folder of a new run. Raises RunFolderError if it cannot be made.

    Its id is the time in UTC to the microsecond, so that ids sort by time, and two random bytes.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds))
    path = root / name / f"{stamp}-{nanoseconds // 1000:06d}-{secrets.token_hex(2)}"
    try:
        (path / "checkpoints").mkdir(parents=True)
    except OSError as error:
        raise RunFolderError(
            f"cannot make the run folder: {error.strerror or error}",
            str(path),
            "choose another place with --runs-dir",
        ) from error
    return RunFolder(path)


def find(root: Path, wanted: str, trained: bool = False) -> RunFolder:
    """Return the run that ``wanted`` names: a path, an id (or its beginning), or a name's newest.

    Args:
        trained: a name means its newest training, not a check made since.

    Raises RunFolderError if there is none or several match.
    """
    if (Path(wanted) / "resolved.yaml").exists():
        return RunFolder(Path(wanted))
    runs = list(every(root))
    exact = [run for run in runs if wanted in (run.id, f"{run.name}/{run.id}")]
    matches = exact or [run for run in runs if run.id.startswith(wanted)]
    if not matches:
        named = [run for run in runs if run.name == wanted]
        trainings = [run for run in named if run.metrics_file.exists()] if trained else []
        matches = (trainings or named)[:1]
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(run.id for run in matches[:5])
        raise RunFolderError(f"{wanted} matches several runs: {listed}", str(root))
    if Path(wanted).exists():
        raise RunFolderError("this is not a run: it has no resolved.yaml", wanted)
    raise RunFolderError(f"no run {wanted}", str(root), "`trickrun runs` lists them")


def every(root: Path) -> Iterator[RunFolder]:
    """Yield all runs below ``root``, newest first."""
    found = [path.parent for path in root.glob("*/*/resolved.yaml")]
    for path in sorted(found, key=lambda path: path.name, reverse=True):
        yield RunFolder(path)
