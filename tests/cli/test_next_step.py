"""Each command names the one to go on with, and it can be run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from trickrun.cli.app import COMMANDS
from trickrun.cli.next_step import FOLLOWING, Ended, Given, next_command

EDIT = {"optimizer.lr": 0.01}


NOTHING = Given()
NOTHING_MEASURED: dict[str, Any] = {}


def finding(
    severity: str = "error",
    edit: object = EDIT,
    confirmed: object = None,
    evidence: object = NOTHING_MEASURED,
) -> dict[str, Any]:
    return {"severity": severity, "edit": edit, "confirmed": confirmed, "evidence": evidence}


def following(
    command: str,
    verdict: str = "pass",
    *findings: dict[str, Any],
    recipe: str | None = "r.yaml",
    run: str | None = "runs/r/1",
    given: Given = NOTHING,
    **result: Any,
) -> str | None:
    return next_command(Ended(command, verdict, result, recipe, run, findings), given)


RUNS = [{"path": "runs/r/0"}, {"path": "runs/r/9"}]
TUNED = {"model.hidden": [32, 16], "regularizers": {"l2": 0.1}, "augmentation": None}


@pytest.mark.parametrize(
    ("told", "command"),
    [
        (following("new"), "validate r.yaml --data"),
        (following("show"), "validate r.yaml"),
        (following("validate"), "initial-loss r.yaml"),
        (following("validate", "warn", finding("warning")), "initial-loss r.yaml"),
        (
            following("validate", "fail", finding("info"), finding()),
            "validate r.yaml optimizer.lr=0.01",
        ),
        (following("initial-loss"), "overfit-batch r.yaml"),
        (following("initial-loss", "fail", finding(edit=None)), "diagnose r.yaml"),
        (following("overfit-batch"), "lr-find r.yaml"),
        (following("overfit-batch", "fail", finding()), "overfit-batch r.yaml optimizer.lr=0.01"),
        (following("lr-find", "warn", suggestion=0.02), "grid coarse r.yaml optimizer.lr=0.02"),
        (following("lr-find", "fail", suggestion=None), "diagnose r.yaml"),
        (following("lr-find", "fail", suggestion=0.02), "diagnose r.yaml"),
        (following("grid coarse"), "grid fine r.yaml"),
        (following("grid coarse", "fail"), "diagnose r.yaml"),
        (
            following("grid fine", best={"params": TUNED}),
            "train r.yaml 'model.hidden=[32, 16]' 'regularizers={l2: 0.1}' augmentation=null",
        ),
        (following("train"), "curves runs/r/1"),
        (following("train", "fail"), "diagnose runs/r/1"),
        (following("train", run=None), "train r.yaml"),
        (following("curves", runs=RUNS), "eval runs/r/0"),
        (following("curves", "fail", finding(), runs=RUNS), "curves r.yaml optimizer.lr=0.01"),
        (following("curves", "fail", finding(edit=None), runs=RUNS), "diagnose runs/r/0"),
        (following("eval"), "runs"),
        (following("predict"), "eval runs/r/1"),
        (following("checklist", edits=EDIT), "train r.yaml optimizer.lr=0.01"),
        (following("checklist", "fail"), "diagnose r.yaml"),
        (following("checklist", "fail", finding()), "checklist r.yaml optimizer.lr=0.01"),
        (
            following("checklist", "warn", finding(), edits={"init": "zeros"}),
            "checklist r.yaml optimizer.lr=0.01",
        ),
        (
            following("checklist", "warn", finding(evidence={"run": "1"}), edits={"init": "auto"}),
            "train r.yaml init=auto optimizer.lr=0.01",
        ),
        (following("grad-check"), "signal r.yaml"),
        (following("grad-check", "fail"), "diagnose r.yaml"),
        (following("signal"), "train r.yaml"),
        (following("diagnose", confirm=False), "train r.yaml"),
        (following("diagnose", "fail", finding(), confirm=False), "diagnose r.yaml --confirm"),
        (
            following("diagnose", "fail", finding(confirmed={"before": 1}), confirm=True),
            "train r.yaml optimizer.lr=0.01",
        ),
        (following("diagnose", "fail", finding(), confirm=True), "signal r.yaml"),
        (following("diagnose", recipe="digits", confirm=False), "curves digits"),
        (
            following("diagnose", "fail", finding(), recipe="d", confirm=False),
            "diagnose d --confirm",
        ),
    ],
)
def test_what_follows(told: str, command: str) -> None:
    assert told == f"trickrun {command}"


def test_the_rest_of_the_command_line_is_carried_on() -> None:
    given = Given(["seed=3", "optimizer.lr=1", "name=a b"], Path("my runs"), no_python=True)
    told = following("validate", "fail", finding(), recipe="a b.yaml", given=given)
    assert told is not None
    assert shlex.split(told) == [
        *("trickrun", "validate", "a b.yaml", "seed=3", "name=a b", "optimizer.lr=0.01"),
        *("--runs-dir", "my runs", "--no-python"),
    ]


@pytest.mark.parametrize("command", ["doctor", "tricks", "schema", "runs", "runs remove"])
def test_nothing_follows_what_only_shows(command: str) -> None:
    assert following(command, recipe=None, run=None) is None


def test_only_commands_that_there_are_follow() -> None:
    known = {command.name for command in COMMANDS}
    assert {name.split()[0] for name in [*FOLLOWING, *FOLLOWING.values()]} <= known


def test_each_command_that_is_told_can_be_run(trickrun, tmp_path):
    """From a new recipe on, one after another, as somebody does who only copies the lines."""
    ran = trickrun("new", "my flower.yaml", "--data", "iris", "--model", "mlp", "train.epochs=4")
    seen = []
    while len(seen) < 4:
        (told,) = [line for line in ran.err.splitlines() if line.startswith("next: ")]
        assert ran.err.endswith(f"{told}\n")
        words = shlex.split(told.removeprefix("next: "))
        seen.append(words[1])
        ran = trickrun(*words[1:])
        assert ran.code == 0
    assert seen == ["validate", "initial-loss", "overfit-batch", "lr-find"]


def test_after_a_training(trickrun, tmp_path):
    (tmp_path / "r.yaml").write_text("data: iris\nmodel: mlp\ntrain: {epochs: 1}\n")
    told = trickrun("train", "r.yaml", "--json", "--runs-dir", "here").json
    assert told["next"] == f"trickrun curves {told['run']} --runs-dir here"
    ran = trickrun(*shlex.split(told["next"])[1:])
    assert ran.code in (0, 1)
    name = "eval" if "PASS" in ran.out else "diagnose"
    assert f"next: trickrun {name} {told['run']} --runs-dir here\n" in ran.err
    assert trickrun("train", "r.yaml", "train.epochs=0", "--json").json["next"] is None
