"""Results as JSON lines, so that a run goes on where it was interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def read(file: Path) -> list[dict[str, Any]]:
    """Return a journal's entries; a last line that was cut off is left out."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1] if line]


def append(file: Path, entry: dict[str, Any]) -> None:
    """Add an entry at the end of a journal."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        whole = file.read_bytes()
        kept = whole[: whole.rfind(b"\n") + 1]
        if kept != whole:
            file.write_bytes(kept)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(entry) + "\n")
