"""Errors cross process borders with all that they say."""

from __future__ import annotations

import pickle

import pytest

from trickrun.errors import CompileError, Lost, TrickrunError
from trickrun.findings.finding import Finding
from trickrun.recipe.text.problems import Problem, RecipeError

FINDING = Finding("TR60", "Diverged", "error", 0.9, "optimizer.lr", {}, "", {"optimizer.lr": 0.1})


@pytest.mark.parametrize(
    "error",
    [
        CompileError("it does not fit", "model", "make it fit"),
        RecipeError([Problem("unknown kind", "data", hint="digits"), Problem("missing", "model")]),
        Lost("it is lost", FINDING),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_after_a_trip_through_a_pipe(error: TrickrunError) -> None:
    error.run = "runs/r/1"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.as_json() == error.as_json()
    assert (again.run, again.findings) == ("runs/r/1", error.findings)
