"""Running a recipe and going on with it as the command does, and comparing two ends to the bit."""

import torch

from trickrun.recipe.load import load
from trickrun.run import execute, resume
from trickrun.run.find import every
from trickrun.training import compile as compiler


def train(recipe, root, sinks=(), changes=()):
    """Train from the start; return the outcome."""
    loaded = load(recipe, changes)
    job = compiler.compile_recipe(loaded.recipe, loaded.folder)
    with execute.start(loaded, root, ["train"], loaded.folder) as begun:
        return execute.execute(begun, job, ["train"], list(sinks))


def the_run(root):
    """Return the one run below ``root``."""
    (found,) = every(root)
    return found


def go_on(root, sinks=()):
    """Resume the one run below ``root``, in the same environment; return the outcome."""
    with resume.resume(the_run(root), [], root, ["resume"]) as resumed:
        assert not resumed.warnings, resumed.warnings
        return execute.execute(resumed.folder, resumed.job, ["resume"], list(sinks))


def ending(found):
    """Return all that must be equal at the end of two runs: log, weights, optimizer, history."""
    metrics = [{k: v for k, v in line.items() if k != "timing"} for line in found.metrics()]
    last, best = found.load("last"), found.load("best")
    last["progress"].pop("seconds")
    last.pop("metrics_bytes")
    return {"metrics": metrics, "last": last, "best": best}


def same(one, other):
    """Return whether two endings are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other
