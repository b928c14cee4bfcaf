"""What every command prints: one JSON object with --json, else words; and its exit code."""

from __future__ import annotations

import contextlib
import math
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from trickrun.errors import INTERRUPTED, TrickrunError

Verdict = Literal["pass", "warn", "fail", "error"]


@dataclass(frozen=True)
class Answer:
    """What a command found.

    Args:
        verdict: fail means exit code 1, pass and warn 0.
        result: the command's own part of the JSON object (design, commands).
        recipe: the recipe's path as given.
        run: the run folder, if the command made or read one.
        exit_code: another exit code than the verdict's.
    """

    verdict: Verdict
    result: dict[str, Any]
    recipe: str | None = None
    run: str | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int | None = None

    @property
    def code(self) -> int:
        return self.exit_code if self.exit_code is not None else int(self.verdict == "fail")


def answer(command: str, as_json: bool, debug: bool, work: Callable[[], Answer]) -> NoReturn:
    """Do ``work``, print its answer, and exit.

    People read what ``work`` itself prints. With --json, whatever is printed meanwhile (user code
    included) goes to stderr, and stdout gets one JSON object.
    """
    started = time.monotonic()
    try:
        if as_json:
            with contextlib.redirect_stdout(sys.stderr):
                found = work()
        else:
            found = work()
    except TrickrunError as error:
        if debug:
            traceback.print_exc()
        if as_json:
            print_json(command, error_body(error), time.monotonic() - started)
        else:
            print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    if as_json:
        body = {
            "recipe": found.recipe,
            "run": found.run,
            "verdict": found.verdict,
            "result": found.result,
            "findings": found.findings,
        }
        print_json(command, body, time.monotonic() - started)
    sys.exit(found.code)


def error_body(error: TrickrunError) -> dict[str, Any]:
    """Return the JSON body of an expected error."""
    told = {"message": error.message, "where": error.where, "hint": error.hint}
    return {
        "recipe": None,
        "run": None,
        "verdict": "error",
        "result": {},
        "findings": [],
        "error": told,
    }


def print_json(command: str, body: dict[str, Any], seconds: float) -> None:
    """Print the one JSON object; non-finite numbers become null, their paths are listed."""
    from trickrun.files import to_json

    whole = {"schema_version": 1, "command": command, **body, "seconds": round(seconds, 3)}
    bad = list(non_finite(whole, ""))
    if bad:
        whole["non_finite"] = bad
    print(to_json(whole))


def non_finite(value: Any, path: str) -> list[str]:
    """Return the dotted paths of the non-finite numbers in ``value``."""
    if isinstance(value, float):
        return [] if math.isfinite(value) else [path]
    if isinstance(value, dict):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return []
    return [bad for key, item in items for bad in non_finite(item, f"{path}.{key}".lstrip("."))]


def print_error(error: TrickrunError) -> None:
    """Print an expected error to stderr: what, where, what to do."""
    print(f"error: {error}", file=sys.stderr)
