"""A run's folder: what it holds, and how it is made, found and read."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trickrun.data.formats.paths import check_name
from trickrun.errors import RunFolderError
from trickrun.run import files, owner, records

if TYPE_CHECKING:
    from trickrun.training.checkpoint_file import CheckpointName, Saved

Metrics = list[dict[str, Any]]

TAGS = "tags.json"
"""What the user has said of a run."""

LAST = "resolved.yaml"
"""The file with which a run begins to be one: the last to be written of those of its beginning."""

PREVIOUS = "previous.pt"
"""The checkpoint before last.pt."""

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

    @property
    def own_runs(self) -> Path:
        """The runs folder of a check's own trainings and steps."""
        return self.path / "runs"

    def write(self, name: str, content: str | bytes) -> None:
        """Write the file ``name`` whole."""
        data = content.encode() if isinstance(content, str) else content
        files.write_whole(self.path / name, data)

    def write_json(self, name: str, value: Any) -> None:
        self.write(name, files.to_json(value, indent=2) + "\n")

    def read_json(self, name: str, form: Any = None) -> Any:
        """Return the content of a JSON file of this run.

        Args:
            form: what it must have; the one of its name if None.

        Raises RunFolderError.
        """
        with self.reading(name):
            value = records.parse(files.content_of(self.path / name))
            return records.checked(value, form or records.FORMS.get(name, Any))

    def read_text(self, name: str) -> str:
        """Return the content of a text file of this run. Raises RunFolderError."""
        with self.reading(name):
            return files.content_of(self.path / name).decode()

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Turn what is wrong with a file, or with what is in it, into RunFolderError."""
        try:
            yield
        except (OSError, ValueError) as error:
            reason = error.strerror or error if isinstance(error, OSError) else error
            raise RunFolderError(f"cannot read {name}: {reason}", str(self.path)) from error

    def facts(self) -> dict[str, Any]:
        """Return env.json, which tells at least the recipe's folder. Raises RunFolderError."""
        facts: dict[str, Any] = self.read_json("env.json")
        with self.reading("env.json"):
            return records.checked(facts, records.PlacedFacts)  # type: ignore[no-any-return]

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
        with self.reading("metrics.jsonl"):
            content = files.content_of(self.metrics_file)
        try:
            return [dict(record) for record in logged(content)]
        except ValueError as error:
            raise RunFolderError(f"a damaged line, {error}", str(self.metrics_file)) from error

    def save(self, state: dict[str, Any], best: dict[str, Any] | None) -> None:
        """Write checkpoints: best.pt and the log first, because last.pt refers to them.

        The last.pt that was there is kept as previous.pt.
        """
        from trickrun.training.checkpoint_file import packed

        if best is not None:
            files.write_whole(self.checkpoint_file("best"), packed(best))
        files.sync(self.metrics_file)
        size = self.metrics_file.stat().st_size
        last = self.checkpoint_file("last")
        content = packed({**state, "metrics_bytes": size})
        files.write_whole(last, content, keep=last.with_name(PREVIOUS))

    def checkpoint_file(self, name: CheckpointName) -> Path:
        return self.path / "checkpoints" / f"{name}.pt"

    def load(self, name: CheckpointName) -> dict[str, Any] | None:
        """Return what a checkpoint holds; see ``saved``."""
        found = self.saved(name)
        return found.state if found is not None else None

    def saved(self, name: CheckpointName) -> Saved | None:
        """Return checkpoint ``name``, or None if there is none yet.

        In place of a damaged last.pt it is the one before it, if that is whole, and its notices say
        so. A crash may leave no last.pt, but the one before it: then that is the last.

        Raises RunFolderError if it cannot be read.
        """
        from trickrun.training.checkpoint_file import Damaged, read_checkpoint

        path = self.checkpoint_file(name)
        previous = path.with_name(PREVIOUS)
        has_previous = name == "last" and previous.exists()
        if not path.exists():
            return read_checkpoint(previous, name) if has_previous else None
        try:
            return read_checkpoint(path, name)
        except Damaged as error:
            if not has_previous:
                raise
            with suppress(Damaged):
                found = read_checkpoint(previous, name)
                step = found.state["progress"]["step"]
                told = f"{path}: {error.message}; the checkpoint before it, of step {step}, is used"
                return replace(found, notices=(told, *found.notices))
            raise

    def rewind(self, saved: Saved | None) -> None:
        """Bring the folder to a checkpoint: metrics.jsonl is cut to what it knew, and it becomes
        last.pt."""
        files.truncate(self.metrics_file, saved.state["metrics_bytes"] if saved else 0)
        if saved is not None and saved.path.name == PREVIOUS:
            with files.explained(saved.path):
                saved.path.replace(self.checkpoint_file("last"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from working in this folder; what a crash left half written in it
        is removed. Nothing is written in a folder but under this.

        Raises RunFolderError if another process works in it.
        """
        with owner.held(self.path) as held:
            if held.other is not None:
                gone = "" if held.locks else f"; if it has ended, remove {owner.OWNER}"
                raise RunFolderError(
                    f"another process is working in this folder{held.other.told}",
                    str(self.path),
                    f"wait until it has ended, or stop it{gone}",
                )
            files.remove_half_written(self.path)
            with nullcontext() if (self.path / LAST).exists() else files.young(self.path):
                yield

    @contextmanager
    def locked_if_free(self) -> Iterator[bool]:
        """As ``locked``, but yield whether this folder is locked now instead of raising."""
        with owner.held(self.path) as held:
            if held.other is None:
                files.remove_half_written(self.path)
            yield held.other is None

    @property
    def busy(self) -> bool:
        """Whether a process works in this folder, as far as can be told: it trains or searches
        there, or writes what it found. True in the process itself too."""
        return owner.of(self.path) is not None

    @property
    def command(self) -> str:
        """The command that made it, such as ``train``; empty if its env.json does not say."""
        try:
            return command_name(self.read_json("env.json").get("command"))
        except RunFolderError:
            return ""

    def tags(self) -> dict[str, Any]:
        """Return what the user has said of the run: ``tags`` and ``note``, if anything.

        Raises RunFolderError.
        """
        return self.read_json(TAGS) if (self.path / TAGS).exists() else {}

    @property
    def last_record(self) -> dict[str, Any]:
        """The last whole line of metrics.jsonl; empty if there is none, or it is damaged."""
        try:
            with files.opened(self.metrics_file) as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - TAIL))
                lines = stream.read().split(b"\n")
            return records.checked_line(records.parse(lines[-2]))
        except (OSError, ValueError, IndexError):
            return {}

    @property
    def ended_as(self) -> str | None:
        """finished, failed or interrupted, as the log says; None if it says nothing of an end."""
        record = self.last_record
        if record.get("kind") != "end":
            return None
        stopped_by = str(record.get("stopped_by"))
        return stopped_by if stopped_by in ("failed", "interrupted") else "finished"

    @property
    def status(self) -> str:
        """running (a process works in it), finished, failed, interrupted, or killed (its process
        ended unexpectedly); ``check`` for the folder of a check, which has no metrics.jsonl."""
        if self.busy:
            return "running"
        if not self.metrics_file.exists():
            return "check"
        return self.ended_as or "killed"


@lru_cache(maxsize=1)
def logged(content: bytes) -> tuple[dict[str, Any], ...]:
    """Return the records of a log; whoever judges or shows a run asks for them several times.

    Raises ValueError, which begins with the number of the damaged line.
    """
    found = []
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            found.append(records.checked_line(records.parse(line)))
        except ValueError as error:
            raise ValueError(f"{number}: {error}") from error
    return tuple(found)


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
            f"cannot create the run folder: {error.strerror or error}",
            str(path),
            "choose another place with --runs-dir",
        ) from error
    return RunFolder(path)


def command_name(command: object) -> str:
    """Return the command of a recorded command line, such as ``train``."""
    words = command[1:] if isinstance(command, list) else []
    return next((str(word) for word in words if not str(word).startswith("-")), "")
