from __future__ import annotations

import ctypes
import json
import math
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from trickrun.cli.output import Answer, answer, explained, non_finite
from trickrun.errors import Bug, Interrupted, TrainingFailed, TrickrunError


def ended(work: Callable[[], Answer], as_json: bool = False, debug: bool = False) -> int:
    """Return the exit code that ``answer`` ends with."""
    with pytest.raises(SystemExit) as end:
        answer("demo", as_json, debug, work, Path("recipe.yaml"))
    assert isinstance(end.value.code, int)
    return end.value.code


def raising(error: BaseException) -> Callable[[], Answer]:
    def work() -> Answer:
        raise error

    return work


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("warn", 0), ("fail", 1)])
def test_verdict_is_the_exit_code(verdict, code):
    assert ended(lambda: Answer(verdict, {})) == code


def test_people_see_what_the_work_prints_and_no_json(capsys):
    ended(lambda: print("told") or Answer("pass", {"a": 1}))
    assert capsys.readouterr().out == "told\n"


def test_json_is_the_only_thing_on_stdout(capsys):
    def work() -> Answer:
        print("from user code")
        return Answer("warn", {"a": 1}, "r.yaml", "runs/x", [{"code": "TR01"}])

    assert ended(work, as_json=True) == 0
    printed = capsys.readouterr()
    assert printed.err == "from user code\n"
    body = json.loads(printed.out)
    assert body.pop("seconds") >= 0
    assert body == {
        "schema_version": 1,
        "command": "demo",
        "recipe": "r.yaml",
        "run": "runs/x",
        "verdict": "warn",
        "result": {"a": 1},
        "findings": [{"code": "TR01"}],
        "next": None,
    }


def test_what_is_printed_below_python_is_not_on_stdout_either(capfd):
    def work() -> Answer:
        ctypes.CDLL(None).printf(b"from C\n")
        os.system("echo from a child")
        return Answer("pass", {})

    ended(work, as_json=True)
    printed = capfd.readouterr()
    assert json.loads(printed.out)["verdict"] == "pass"
    assert sorted(printed.err.splitlines()) == ["from C", "from a child"]


def test_non_finite_numbers_are_null_and_listed(capsys):
    result = {"loss": float("nan"), "curve": [1.0, {"lr": float("inf")}], "fine": 2.5}
    ended(lambda: Answer("pass", result), as_json=True)
    body = json.loads(capsys.readouterr().out)
    assert body["result"] == {"loss": None, "curve": [1.0, {"lr": None}], "fine": 2.5}
    assert body["non_finite"] == ["result.loss", "result.curve.1.lr"]


def test_non_finite_of_plain_values():
    assert non_finite(float("-inf"), "x") == ["x"]
    assert non_finite([1, "nan", None, True], "x") == []


def paths(value: object, path: str) -> list[str]:
    """The definition: the path of every value is put together, and each is looked at."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, item in items for found in paths(item, f"{path}.{key}".lstrip("."))]
    return [path] if isinstance(value, float) and not math.isfinite(value) else []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_non_finite_numbers_are_found_wherever_they_are(value):
    assert non_finite({"result": value}, "") == paths({"result": value}, "")


ERROR = TrickrunError("no such thing", "r.yaml:3", "write another")


def test_an_expected_error_is_told_without_a_traceback(capsys):
    assert ended(raising(ERROR)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "error: r.yaml:3: no such thing\n  write another\n"


def test_debug_shows_the_traceback(capsys):
    ended(raising(ERROR), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_an_error_in_json(capsys):
    assert ended(raising(ERROR), as_json=True) == 2
    body = json.loads(capsys.readouterr().out)
    assert body["verdict"] == "error"
    assert body["recipe"] == "recipe.yaml"
    assert body["error"] == {
        "message": "no such thing",
        "where": "r.yaml:3",
        "hint": "write another",
    }


def test_the_error_of_a_run_names_its_folder(capsys):
    error = TrainingFailed("the loss became nan")
    error.run = "runs/demo/1"
    assert ended(raising(error), as_json=True) == 3
    assert json.loads(capsys.readouterr().out)["run"] == "runs/demo/1"


@pytest.mark.parametrize("cause", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupt(cause, capsys):
    assert ended(raising(cause)) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_answer_with_an_error_keeps_its_result(capsys):
    found = Answer("error", {"steps": 7}, error=Interrupted("interrupted", hint="go on"))
    assert ended(lambda: found, as_json=True) == 130
    body = json.loads(capsys.readouterr().out)
    assert body["result"] == {"steps": 7}
    assert body["error"]["hint"] == "go on"


def inside_trickrun() -> Answer:
    """Fail in a file that does not count as user code."""
    return json.loads("{")


def test_a_bug_is_called_one_and_has_its_traceback(capsys, monkeypatch):
    monkeypatch.setattr("trickrun.user_code.is_user_code", lambda file: False)
    assert ended(inside_trickrun) == 70
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "error: this is a bug in trickrun: JSONDecodeError: " in err


def test_an_error_of_user_code_names_its_line():
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    error = explained(caught.value)
    assert error.exit_code == 2
    assert "ZeroDivisionError: division by zero" in str(error)
    assert "_ = 1 / 0" in str(error)
    assert __file__ in str(error)


def test_user_code_that_exits_is_an_error_of_its_own(capsys):
    assert ended(raising(SystemExit(0)), as_json=True) == 2
    body = json.loads(capsys.readouterr().out)
    assert body["error"]["message"] == "SystemExit: 0"
    assert "raise error" in body["error"]["hint"]


def caught_without_user_code(error: Exception) -> TrickrunError:
    return explained(error)  # never raised, so it has no traceback


@pytest.mark.parametrize(
    ("cause", "kind", "told"),
    [
        (MemoryError(), TrainingFailed, "out of memory"),
        (FileNotFoundError(2, "No such file", "a.csv"), TrickrunError, "a.csv: No such file"),
        (PermissionError("not allowed"), TrickrunError, "not allowed"),
        (ValueError("odd"), Bug, "this is a bug in trickrun: ValueError: odd"),
    ],
)
def test_other_errors_become_expected_ones(cause, kind, told):
    error = caught_without_user_code(cause)
    assert type(error) is kind
    assert str(error).startswith(told)


def test_a_reader_that_stops_early_ends_the_command_quietly():
    code = (
        "from trickrun.cli.output import Answer, answer\n"
        "def work():\n"
        "    while True: print('x' * 4096)\n"
        "answer('demo', False, False, work)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 141


def test_the_words_while_torch_is_imported_disappear_from_a_terminal(tmp_path):
    """They are followed by codes that act on the terminal, and are not shown on it."""
    (tmp_path / "torch.py").write_text("")
    program = (
        "from trickrun.cli.process import take_over; take_over()\n"
        "from trickrun.cli.output import import_torch; import_torch()\n"
    )
    mine, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], stderr=its, env=environment, check=True)
    assert os.read(mine, 1000) == b"starting ...\r\x1b[K"
    os.close(mine)
    os.close(its)
