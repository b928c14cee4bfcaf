"""Learning rates over the steps of a run, as the text of a function ``lr_at(step)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trickrun.tricks.schedules import Schedule, Span
from trickrun.tricks.schedules._schedule import WarmedUp

COSINE = "(1 + math.cos(math.pi * min(step / {steps}, 1.0))) / 2"


def floored(floor: float, shape: str) -> str:
    """Return a factor that falls to ``floor`` as ``shape`` falls from 1 to 0."""
    return shape if floor == 0 else f"{floor!r} + (1 - {floor!r}) * ({shape})"


def drops(schedule: Any, span: Span) -> str:
    """Return the factor of a schedule of steps."""
    if schedule.every is None:
        return f"{schedule.gamma!r} ** (3 * step // {span.steps})"
    return f"{schedule.gamma!r} ** (step // {schedule.every * span.per_epoch})"


def polynomial(schedule: Any, span: Span) -> str:
    left = f"(1 - min(step / {span.steps}, 1.0)) ** {schedule.power!r}"
    return floored(schedule.floor, left)


def stable_then_down(schedule: Any, span: Span) -> str:
    falling = schedule.last * span.steps
    if falling <= 0:
        return "1.0"
    share = f"min(max((step - {span.steps - falling!r}) / {falling!r}, 0.0), 1.0)"
    power = " ** 0.5" if schedule.shape == "sqrt" else ""
    return f"1 - {1 - schedule.floor!r} * {share}{power}"


FACTORS: Mapping[str, Callable[[Any, Span], str]] = {
    "constant": lambda schedule, span: "1.0",
    "cosine": lambda schedule, span: floored(schedule.floor, COSINE.format(steps=span.steps)),
    "linear": lambda schedule, span: floored(schedule.floor, f"1 - min(step / {span.steps}, 1.0)"),
    "step": drops,
    "exponential": lambda schedule, span: f"{schedule.gamma!r} ** (step // {span.per_epoch})",
    "polynomial": polynomial,
    "inverse_sqrt": lambda schedule, span: (
        f"math.sqrt({schedule.timescale} / ({schedule.timescale} + step))"
    ),
    "wsd": stable_then_down,
    "cosine_restarts": lambda schedule, span: floored(
        schedule.floor, "(1 + math.cos(math.pi * share)) / 2"
    ),
}
"""Each schedule's share of the learning rate at ``step`` after its warm-up."""


def lr_lines(schedule: Schedule, span: Span) -> str | None:
    """Return the function ``lr_at``; None for a schedule without a plain form."""
    if schedule.kind_name in WHOLE:
        return WHOLE[schedule.kind_name](schedule, span)
    if schedule.kind_name not in FACTORS or not isinstance(schedule, WarmedUp):
        return None
    warm = schedule.warmup
    warm = round(warm * span.steps) if warm < 1 else int(warm)
    rest = Span(max(span.steps - warm, 1), span.per_epoch)
    factor = FACTORS[schedule.kind_name](schedule, rest)
    before = restarts(schedule, rest) if schedule.kind_name == "cosine_restarts" else []
    lines = ["def lr_at(step: int) -> float:", f'    """{told(schedule)}"""']
    if warm:
        lines += [f"    if step < {warm}:", f"        return LR * (step + 1) / {warm}"]
        lines += [f"    step -= {warm}"] if "step" in factor or before else []
    lines += before
    lines.append("    return LR" if factor == "1.0" else f"    return LR * ({factor})")
    return "\n".join(lines)


def told(schedule: Schedule) -> str:
    """Return the docstring of ``lr_at``."""
    return f"Return the learning rate of a step (from 0): schedule {schedule.kind_name}."


def restarts(schedule: Any, span: Span) -> list[str]:
    """Return the lines that compute how much of its cycle is over."""
    weights = [schedule.stretch**cycle for cycle in range(schedule.cycles)]
    start, cycles = 0.0, []
    for weight in weights:
        cycles.append((start, weight / sum(weights)))
        start += weight / sum(weights)
    return [
        f"    cycles = {cycles!r}  # where each starts, and its length",
        f"    time = min(step / {span.steps}, 1.0)",
        "    over = [(time - begin) / length for begin, length in cycles if time < begin + length]",
        "    share = over[0] if over else 1.0",
    ]


def triangular(schedule: Any, span: Span) -> str:
    """Return ``lr_at`` of triangles."""
    lines = [
        "def lr_at(step: int) -> float:",
        f'    """{told(schedule)}"""',
        f"    cycle, place = divmod(step * {schedule.cycles} / {span.steps}, 1.0)",
        "    height = 1 - abs(2 * place - 1)",
        *(["    height /= 2**cycle"] if schedule.halve else []),
        f"    return LR * ({schedule.floor!r} + (1 - {schedule.floor!r}) * height)",
    ]
    return "\n".join(lines)


def one_cycle(schedule: Any, span: Span) -> str:
    """Return ``lr_at`` of one cycle."""
    last = span.steps - 1
    peak = min(max(schedule.pct_start * span.steps - 1, 0.0), last)
    wave = "(1 - math.cos(math.pi * share)) / 2" if schedule.anneal == "cosine" else "share"
    fall = f"min((step - {peak!r}) / {last - peak!r}, 1.0)" if last > peak else "0.0"
    return "\n".join(
        [
            "def lr_at(step: int) -> float:",
            f'    """{told(schedule)}"""',
            f"    low = LR / {schedule.div!r}",
            f"    if step < {peak!r}:",
            f"        start, end, share = low, LR, step / {peak!r}",
            "    else:",
            f"        start, end, share = LR, low / {schedule.final_div!r}, {fall}",
            f"    return start + (end - start) * {wave}",
        ]
    )


WHOLE: Mapping[str, Callable[[Any, Span], str]] = {"one_cycle": one_cycle, "triangular": triangular}
"""The schedules that say the whole rate themselves."""
