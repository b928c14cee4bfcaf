"""Search spaces: from the recipe's ranges to points, and from points to values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from trickrun.nn.rng import generator
from trickrun.recipe.grid import Range, Search

Space = Mapping[str, Range]


def value_at(values: Range, u: float) -> Any:
    """Return the value of a range at ``u`` in [0, 1): uniform ``u`` gives its distribution."""
    if values.log is not None:
        low, high = (math.log(bound) for bound in values.log)
        # Six digits: a value that people can retype, and far finer than any effect.
        return float(f"{math.exp(low + u * (high - low)):.6g}")
    if values.uniform is not None:
        low, high = values.uniform
        return float(f"{low + u * (high - low):.6g}")
    if values.int is not None:
        first, last = values.int
        return first + math.floor(u * (last - first + 1))
    assert values.choice is not None
    return values.choice[math.floor(u * len(values.choice))]


def place_of(values: Range, value: Any) -> float:
    """Return where ``value`` lies in its range: 0 at the low end, 1 at the high end."""
    if values.choice is not None:
        return values.choice.index(value) / max(len(values.choice) - 1, 1)
    if values.log is not None:
        low, high = (math.log(bound) for bound in values.log)
        return (math.log(value) - low) / (high - low)
    bounds = values.uniform or values.int
    assert bounds is not None
    return float((value - bounds[0]) / (bounds[1] - bounds[0]))


def sample(space: Space, search: Search) -> list[dict[str, Any]]:
    """Return the points of a search: recipe path to value, without repeats, at most ``trials``.

    random draws each point from a stream of its own, so that more trials keep the earlier ones;
    sobol is a scrambled low-discrepancy sequence; grid takes all combinations of evenly spaced
    values, as many a range as fit into ``trials`` (a choice always gets all of its values).
    """
    if search.sampler == "grid":
        points = grid_points(space, search.trials)
    else:
        points = [
            {path: value_at(values, u) for (path, values), u in zip(space.items(), us, strict=True)}
            for us in unit_points(len(space), search)
        ]
    unique = {repr(point): point for point in points}
    return list(unique.values())


def unit_points(dimensions: int, search: Search) -> list[list[float]]:
    """Return ``trials`` points of the unit cube [0, 1)^dimensions."""
    import torch

    if search.sampler == "sobol":
        engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=search.seed)
        cube = engine.draw(search.trials, dtype=torch.float64)
    else:
        cube = torch.stack(
            [
                torch.rand(
                    dimensions,
                    generator=generator(search.seed, "grid", index),
                    dtype=torch.float64,
                )
                for index in range(search.trials)
            ]
        )
    points: list[list[float]] = cube.clamp(max=1 - 1e-12).tolist()
    return points


def grid_points(space: Space, trials: int) -> list[dict[str, Any]]:
    """Return all combinations of evenly spaced values; see ``sample``."""
    import itertools

    choices = math.prod(len(values.choice) for values in space.values() if values.choice)
    ranges = sum(1 for values in space.values() if not values.choice)
    count = max(2, math.floor((trials / choices) ** (1 / ranges) + 1e-9)) if ranges else 1
    axes = [spaced(values, count) for values in space.values()]
    return [dict(zip(space, point, strict=True)) for point in itertools.product(*axes)]


def spaced(values: Range, count: int) -> list[Any]:
    """Return ``count`` values from the low end to the high end; all values of a choice."""
    if values.choice is not None:
        return list(values.choice)
    # value_at's 1 is exclusive, so the last point stops a hair before it.
    return [value_at(values, min(i / (count - 1), 1 - 1e-12)) for i in range(count)]


def edges(space: Space, params: Mapping[str, Any], margin: float = 0.1) -> list[dict[str, Any]]:
    """Return where ``params`` lies within ``margin`` of an end of its range.

    The optimum may then lie outside (Deep Learning Tuning Playbook: widen the boundary). Choices
    count only if they are numbers, three or more, in order.
    """
    found = []
    for path, values in space.items():
        if values.choice is not None and not ordered_numbers(values.choice):
            continue
        place = place_of(values, params[path])
        side = "low" if place <= margin else "high" if place >= 1 - margin else None
        if side is not None:
            found.append({"path": path, "value": params[path], "side": side})
    return found


def ordered_numbers(choice: Sequence[Any]) -> bool:
    """Return whether a choice is an ascending list of at least three numbers."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in choice)
    return numbers and len(choice) >= 3 and list(choice) == sorted(choice)


def narrowed(space: Space, best: Sequence[Mapping[str, Any]]) -> dict[str, Range]:
    """Return the space around the points ``best`` (best first).

    A range spans those points and half of a mean gap between them on either side; past an end
    where the very best point sat, it goes on by a quarter of the old range. A choice keeps the
    values that occur.
    """
    near_edge = {edge["path"]: edge["side"] for edge in edges(space, best[0])}
    return {
        path: narrowed_range(values, [point[path] for point in best], near_edge.get(path))
        for path, values in space.items()
    }


def narrowed_range(values: Range, seen: list[Any], edge: str | None) -> Range:
    """Return one range around the values ``seen``; see ``narrowed``."""
    if values.choice is not None:
        return Range(choice=tuple(v for v in values.choice if v in seen))
    places = sorted(place_of(values, value) for value in seen)
    pad = max((places[-1] - places[0]) / (2 * max(len(places) - 1, 1)), 0.05)
    low, high = max(places[0] - pad, 0.0), min(places[-1] + pad, 1.0)
    if edge == "low":
        low = -0.25
    elif edge == "high":
        high = 1.25
    return stretched(values, low, high)


def stretched(values: Range, low: float, high: float) -> Range:
    """Return the range between two places (0 and 1 are the old ends), kept meaningful."""
    if values.log is not None:
        start, end = (math.log(bound) for bound in values.log)
        bounds = [math.exp(start + place * (end - start)) for place in (low, high)]
        return Range(log=(float(f"{bounds[0]:.3g}"), float(f"{bounds[1]:.3g}")))
    old = values.uniform or values.int
    assert old is not None
    first, last = (old[0] + place * (old[1] - old[0]) for place in (low, high))
    if old[0] >= 0:
        first = max(first, 0.0)  # no strength or size in a recipe goes below 0
    if values.int is not None:
        whole = max(math.floor(first), min(int(old[0]), 1))
        return Range(int=(whole, max(math.ceil(last), whole + 1)))
    if old[0] >= 0 and old[1] <= 1:
        last = min(last, 1.0)  # a share or probability stays one
    return Range(uniform=(float(f"{first:.4g}"), float(f"{last:.4g}")))


def short_path(path: str) -> str:
    """Return a recipe path without the section that its last words tell: lr, dropout.p."""
    return path.removeprefix("optimizer.").removeprefix("regularizers.")
