"""The commands in the documentation print what it says they print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from trickrun.cli.app import application

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SILENT = " > /dev/null"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command of a console block, and what is printed below it."""

    command: str
    expected: str
    line: int


def examples(page: Path) -> Iterator[Example]:
    """Yield the commands of a page: lines that begin with ``$`` in its console blocks."""
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            expected = "".join(line + "\n" for line in lines[start + 1 : end])
            yield Example(lines[start][2:], expected, first + start)


def matches(expected: str, printed: str) -> bool:
    """Return whether the output is as documented.

    In the documentation ``…`` stands for anything within a line, and alone in a line for any
    number of lines.
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*") + r"\n"
        for line in expected.splitlines()
    )
    return (
        re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in printed.splitlines()))
        is not None
    )


def perform(command: str, last_code: int, run: Callable[..., object]) -> tuple[str, int]:
    """Run a documented command; return what it prints and its exit code.

    trickrun runs in this process, which has imported torch already.
    """
    if command == "echo $?":
        return f"{last_code}\n", 0
    words = shlex.split(command.removesuffix(SILENT))
    if words[0] == "trickrun":
        ran = run(*words[1:])
        return "" if command.endswith(SILENT) else ran.both, ran.code
    # ``python`` is the one that runs the tests.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    return done.stdout + done.stderr, done.returncode


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_print_what_it_says(page, trickrun, tmp_path):
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    # A page names files as they are seen from its own folder.
    for folder in ("examples", "docs/examples"):
        shutil.copytree(ROOT / "docs" / "examples", tmp_path / folder)
    code = 0
    for example in examples(page):
        printed, code = perform(example.command, code, trickrun)
        assert matches(example.expected, printed), (
            f"{page.name}:{example.line}: $ {example.command}\n{printed}"
        )


def test_every_command_is_documented():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(application()).commands
    told = set(re.findall(r"^### `trickrun ([a-z-]+)", page, re.MULTILINE))
    assert told == set(commands)


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a…c\n", "a b c\n", True),
        ("a…c\n", "a\nc\n", False),
        ("…\nz\n", "x\ny\nz\n", True),
        ("a\n…\n", "a\n", True),
        ("a.c\n", "abc\n", False),
        ("", "", True),
        ("", "x\n", False),
    ],
)
def test_what_the_ellipsis_stands_for(expected, printed, same):
    assert matches(expected, printed) is same
