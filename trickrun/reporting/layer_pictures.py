"""Pictures of a training's looks at its layers: gradients, updates, and units that do nothing."""

from __future__ import annotations

from collections.abc import Sequence

from trickrun.findings.evidence.run import Look
from trickrun.reporting.line_plot import draw
from trickrun.reporting.panels import COLORS, Line, Panel, evenly

MEANING = (
    "Looks at the layers while they were trained. Updates of about a thousandth of the weights are "
    "usual; dead units answer 0 to every sample, saturated ones their limit."
)


def pictures(looks: Sequence[Look]) -> dict[str, str]:
    """Return the pictures of a run's looks by their names; none of fewer than two."""
    return {panel.title.lower(): draw([panel]) for panel in panels(looks)} if len(looks) > 1 else {}


def panels(looks: Sequence[Look]) -> list[Panel]:
    """Return a panel each for the gradient, the update and idle units of the layers over the
    steps; of many layers some at even distances."""
    names = evenly([layer.name for layer in looks[0].layers], len(COLORS))
    gradient = over_steps(looks, names, "gradient_norm")
    update = over_steps(looks, names, "update_ratio")
    dead = over_steps(looks, names, "dead_fraction")
    full = over_steps(looks, names, "saturated_fraction")
    idle = [
        Line(f"{line.name}, {what}", line.x, line.y, color=line.color)
        for what, lines in (("dead", dead), ("saturated", full))
        for line in lines
        if max(line.y) > 0
    ]
    found = [
        Panel("Gradient of each layer", "step", "2-norm", gradient, log_y=True),
        Panel("Update over weights", "step", "ratio", update, log_y=True),
    ]
    if idle:
        found.append(Panel("Dead and saturated units", "step", "share of units", idle))
    return found


def over_steps(looks: Sequence[Look], names: Sequence[str], measure: str) -> list[Line]:
    """Return a line a layer."""
    lines = []
    for color, name in enumerate(names):
        known = [
            (look.step, getattr(layer, measure))
            for look in looks
            for layer in look.layers
            if layer.name == name and getattr(layer, measure) is not None
        ]
        if known:
            lines.append(Line(name, [s for s, _ in known], [v for _, v in known], color=color))
    return lines
