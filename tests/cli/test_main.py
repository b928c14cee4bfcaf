from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from trickrun import __version__
from trickrun.cli.app import application


def commands() -> list[str]:
    """Return every command, as it is written on the command line."""

    def walk(command, path):
        inner = getattr(command, "commands", {})
        return [path] if not inner else [w for n, c in inner.items() for w in walk(c, [*path, n])]

    return [" ".join(path) for path in walk(typer.main.get_command(application()), [])]


def test_help_lists_the_commands(trickrun):
    shown = trickrun("--help")
    assert shown.code == 0
    for name in {command.split()[0] for command in commands()}:
        assert f" {name} " in shown.out


def test_no_command_is_a_usage_error_with_the_same_help(trickrun):
    assert trickrun().code == 2
    assert trickrun().out == trickrun("--help").out


@pytest.mark.parametrize("command", commands())
def test_each_command_has_help_with_an_example(trickrun, command):
    shown = trickrun(*command.split(), "--help")
    assert shown.code == 0
    assert f"Example: trickrun {command.split()[0]}" in " ".join(shown.out.split())


def test_it_is_a_module_too():
    words = [sys.executable, "-m", "trickrun", "--version"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, f"trickrun {__version__}")


def test_version(trickrun):
    assert trickrun("--version").out == f"trickrun {__version__}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["doctr"], "No such command 'doctr'. Did you mean 'doctor'?"),
        (["train", "--foo"], "No such option: --foo"),
        (["train", "--resume"], "Option '--resume' requires an argument."),
        (["eval"], "Missing argument 'RUN'."),
        (["eval", "x", "--split", "all"], "Invalid value for '--split'"),
        (["runs", "--debug", "remove", "x"], "options come after remove"),
    ],
)
def test_a_wrong_command_line_exits_2_and_says_what_is_wrong(trickrun, words, told):
    failed = trickrun(*words)
    assert failed.code == 2
    assert failed.out == ""
    assert told in failed.err
    assert "see `trickrun" in failed.err


def test_a_wrong_command_line_answers_json_too(trickrun):
    failed = trickrun("train", "r.yaml", "--json", "--foo")
    assert failed.code == 2
    assert failed.json["command"] == "train"
    assert failed.json["error"]["message"] == "No such option: --foo"


def complete(*words: str) -> list[str]:
    """Return what bash would offer after ``trickrun WORDS``."""
    environment = {
        **os.environ,
        "_TRICKRUN_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["trickrun", *words]),
        "COMP_CWORD": str(len(words)),
    }
    program = "import sys; sys.argv = ['trickrun']; from trickrun.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    return done.stdout.split()


def test_the_shell_completes_commands_and_runs(tmp_path, monkeypatch):
    for name in ("digits", "iris"):
        (tmp_path / "runs" / name / "20260101-000000-000000-abcd").mkdir(parents=True)
        (tmp_path / "runs" / name / "20260101-000000-000000-abcd" / "resolved.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert complete("pred") == ["predict"]
    assert complete("eval", "di") == ["digits"]


HEAVY = ("torch", "numpy", "sklearn", "scipy", "matplotlib", "pydantic")

PROGRAM = """
import sys
from trickrun.cli import main
sys.argv = ["trickrun", *{arguments}]
try:
    main()
except SystemExit:
    pass
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], []),
        # Typer itself parses arguments with pydantic.
        (["train", "--help"], ["pydantic"]),
        (["runs"], ["pydantic"]),
        (["train", "missing.yaml"], ["pydantic"]),
        (["tricks", "adam"], ["pydantic"]),
    ],
)
def test_a_quick_command_imports_nothing_heavy(arguments, allowed, tmp_path):
    program = PROGRAM.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == str(allowed)


ON_WINDOWS = """
import sys
sys.modules["fcntl"] = None
from trickrun.cli import main
sys.platform = "win32"
sys.argv = ["trickrun", "runs"]
main()
"""


def test_windows_is_refused_in_a_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ON_WINDOWS], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "error: trickrun needs Linux or macOS; on Windows, run it in WSL\n"


SLOW_TO_IMPORT = ("torch._dynamo", "sympy", "sklearn", "scipy", "pandas", "polars")


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "digits.yaml", "train.epochs=1"],
        ["train", "diabetes.yaml", "train.epochs=1"],
        ["initial-loss", "iris.yaml"],
        ["lr-find", "iris.yaml"],
    ],
)
def test_training_imports_torch_and_little_else(arguments, tmp_path):
    command, recipe, *changes = arguments
    words = [command, str(Path(__file__).parents[2] / "recipes" / recipe), *changes]
    program = PROGRAM.format(arguments=words, heavy=("torch", *SLOW_TO_IMPORT))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "['torch']"


def test_help_lists_the_steps_of_the_checklist_in_order(trickrun):
    shown = trickrun("--help").out
    steps = ["The checklist", "initial-loss", "overfit-batch", "lr-find", " grid ", " curves "]
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
