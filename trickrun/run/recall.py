"""What a check has written into its run folder, read back; no torch is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from trickrun.findings.finding import Finding
from trickrun.findings.verdict import Verdict
from trickrun.run.folder import RunFolder
from trickrun.run.records import Judged


def recall(folder: RunFolder) -> Verdict:
    """Return a check's verdict from its folder; its measurements stand under result and series.

    Raises RunFolderError if its files cannot be read.
    """
    evidence = folder.read_json("evidence.json", Judged)
    found = findings_in(folder)
    return Verdict(evidence["verdict"], evidence, found, evidence.get("summary", ""), evidence)


def findings_in(folder: RunFolder) -> tuple[Finding, ...]:
    """Return what is written in a run's folder of what it shows.

    Raises RunFolderError if it cannot be read.
    """
    return tuple(finding_of(row) for row in folder.read_json("findings.json"))


def finding_of(row: Mapping[str, Any]) -> Finding:
    """Return the finding that a file tells."""
    known = {field.name for field in fields(Finding)}  # another version may say more
    return Finding(**{name: value for name, value in row.items() if name in known})
