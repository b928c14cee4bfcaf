"""A file of JSON lines that a long benchmark goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


class Journal:
    """What has been measured, by key; each entry is written as soon as it is there.

    Args:
        path: the file; made with its first entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Any] = dict(read(path)) if path.exists() else {}

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __getitem__(self, key: str) -> Any:
        return self.entries[key]

    def add(self, key: str, value: Any) -> None:
        """Keep ``value``, plain data, under ``key``."""
        self.entries[key] = value
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, value]) + "\n")


def read(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a journal; a line that a crash cut off is left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            key, value = json.loads(line)
        except json.JSONDecodeError:
            continue
        yield key, value
