"""What a training run that has ended shows: its curves, and its looks at the layers."""

from __future__ import annotations

from trickrun.checks.curves.curves_check import read_runs
from trickrun.findings.evidence.run import LayerLook, Look
from trickrun.findings.finding import Finding
from trickrun.findings.rank import ranked
from trickrun.findings.rules.curves.layers import silent_layers
from trickrun.run.folder import RunFolder

VERSION = 1
"""Of evidence.json in the folder of a training run."""


def read_run(folder: RunFolder) -> list[Finding]:
    """Return what a run shows, causes first; its evidence is written to its folder.

    Raises RunFolderError if its files cannot be read or written.
    """
    verdict = read_runs([folder])
    looks = looks_of(folder)
    folder.write_json(
        "evidence.json",
        {
            "version": VERSION,
            "curves": verdict.series["curves"][0],
            "looks": [line for line in folder.metrics() if line["kind"] == "look"],
        },
    )
    return ranked([*verdict.findings, *silent_layers(looks, verdict.findings)])


def looks_of(folder: RunFolder) -> list[Look]:
    """Return the looks that a run took whose numbers are all finite."""
    found = []
    for line in folder.metrics():
        if line["kind"] == "look" and None not in [layer["std"] for layer in line["layers"]]:
            layers = tuple(LayerLook(**layer) for layer in line["layers"])
            found.append(Look(line["step"], layers))
    return found
