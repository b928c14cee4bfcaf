"""What to do after a command: one command that can be run as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLLOWING = {
    "new": "validate --data",
    "recipes copy": "train",
    "show": "validate",
    "validate": "initial-loss",
    "initial-loss": "overfit-batch",
    "overfit-batch": "lr-find",
    "grid coarse": "grid fine",
    "grad-check": "signal",
    "signal": "train",
}
"""What a recipe takes after a command that found nothing grave."""


@dataclass(frozen=True)
class Given:
    """What of a command line holds for the command after it.

    Args:
        overrides: changes of the recipe, each ``path=value``.
        runs_dir: where runs are kept.
        no_python: whether user code is refused.
    """

    overrides: Sequence[str] = ()
    runs_dir: Path | None = None
    no_python: bool = False


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Args:
        command: its name.
        verdict: pass, warn or fail.
        result: its part of the JSON object.
        recipe: the recipe's path as given; None if there was none.
        run: the run's folder.
        findings: as JSON has them, causes first.
    """

    command: str
    verdict: str
    result: Mapping[str, Any]
    recipe: str | None
    run: str | None
    findings: Sequence[Mapping[str, Any]]


def next_command(ended: Ended, given: Given) -> str | None:
    """Return the command to go on with, quoted for the shell; None if nothing follows."""
    match ended.command:
        case "new" if "look" in ended.result:
            return of_recipe("train", ended, given)  # its data have been looked at
        case "train" if ended.run is None:
            return of_recipe("train", ended, given)  # after --dry-run
        case "train":
            following = "diagnose" if ended.verdict == "fail" else "curves"
            return again_with_edit(ended, given) or of_run(following, ended.run, given)
        case "curves" if ended.run is None:
            return None  # another tool's log
        case "curves":
            run = ended.result["runs"][0]["path"]
            following = "eval" if ended.verdict == "pass" else "diagnose"
            return again_with_edit(ended, given) or of_run(following, run, given)
        case "eval":
            return "trickrun runs"
        case "watch":
            return None  # what to change stands in the findings, at its line
        case "predict":
            return of_run("eval", ended.run, given)
        case "diagnose":
            return after_diagnosis(ended, given)
        case "checklist":
            return after_checklist(ended, given)
        case "ablate" if (ended.result["lean"] or {}).get("as_good"):
            return of_recipe("train", ended, given, ended.result["lean"]["edits"])
        case "lr-find" if ended.verdict != "fail" and ended.result["suggestion"] is not None:
            change = {"optimizer.lr": ended.result["suggestion"]}
            return of_recipe("grid coarse", ended, given, change)
        case "grid fine" if ended.verdict != "fail":
            return of_recipe("train", ended, given, ended.result["best"]["params"])
    if ended.verdict == "fail":
        return mended(ended, given)
    if ended.command not in FOLLOWING:
        return None
    return of_recipe(FOLLOWING[ended.command], ended, given, ended.result.get("edits"))


def again_with_edit(ended: Ended, given: Given) -> str | None:
    """Return the same command with the edit of the first story; None if it has none, or if it was
    not of a recipe of the user's own."""
    cause = first_cause(ended)
    if cause is None or not cause["edit"] or Path(str(ended.recipe)).parent == Path(str(ended.run)):
        return None
    return of_recipe(ended.command, ended, given, cause["edit"])


def first_cause(ended: Ended) -> Mapping[str, Any] | None:
    """Return the cause that the first grave story tells of."""
    causes = (f for f in ended.findings if f["severity"] != "info" and not f.get("explained_by"))
    return next(causes, None)


def after_checklist(ended: Ended, given: Given) -> str:
    """Return what follows a checklist: its tuned recipe is trained, with what that one's own curves
    advise; any other fault is mended first, as all that was tuned was tuned with it."""
    cause, kept = first_cause(ended), ended.result.get("edits")
    edit = cause["edit"] if cause is not None else None
    if cause is not None and edit:
        if kept is None or "run" not in cause["evidence"]:
            return of_recipe("checklist", ended, given, edit)
        return of_recipe("train", ended, given, {**kept, **edit})
    name = "diagnose" if ended.verdict == "fail" else "train"
    return of_recipe(name, ended, given, kept)


def mended(ended: Ended, given: Given) -> str:
    """Return the same command with the edit of the first error, or the search for the cause."""
    edits = [f["edit"] for f in ended.findings if f["edit"] and f["severity"] == "error"]
    if edits and ended.command in FOLLOWING:
        return of_recipe(ended.command, ended, given, edits[0])
    return of_recipe("diagnose", ended, given)


def after_diagnosis(ended: Ended, given: Given) -> str:
    """Return what follows a diagnosis: its edits tried, the best one trained, or a look inside."""
    target = str(ended.recipe)
    recipe = Path(target).suffix in (".yaml", ".yml")
    grave = [finding for finding in ended.findings if finding["severity"] != "info"]
    with_edit = [finding for finding in grave if finding["edit"]]
    helped = [finding for finding in with_edit if finding["confirmed"]]
    if recipe and helped:
        return of_recipe("train", ended, given, helped[0]["edit"])
    if with_edit and not ended.result["confirm"]:
        return of_recipe("diagnose --confirm", ended, given)
    if recipe:
        return of_recipe("signal" if grave else "train", ended, given)
    return of_run("curves", target, given)


def of_recipe(
    name: str, ended: Ended, given: Given, changes: Mapping[str, Any] | None = None
) -> str:
    """Return a command about the recipe, as it was changed on the command line and by ``changes``.

    Args:
        name: the command, perhaps with options.
    """
    from trickrun.recipe.text.command_line import overrides

    changes = changes or {}
    kept = [each for each in given.overrides if each.partition("=")[0] not in changes]
    command, *options = name.split(" --")
    words = [*command.split(), str(ended.recipe), *kept, *overrides(changes)]
    return in_shell([*words, *(f"--{option}" for option in options)], given)


def of_run(name: str, run: str | None, given: Given) -> str:
    """Return a command about a run."""
    return in_shell([name, str(run)], given)


def in_shell(words: Sequence[str], given: Given) -> str:
    """Return a command line with the options that stay."""
    stays = ["--runs-dir", str(given.runs_dir)] if given.runs_dir is not None else []
    stays += ["--no-python"] if given.no_python else []
    return shlex.join(["trickrun", *words, *stays])
