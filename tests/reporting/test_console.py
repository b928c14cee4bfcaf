from __future__ import annotations

import io
import re

import pytest
from rich.table import Table

from trickrun.reporting.console import Terminal, print_table, say, terminal


def wide_table() -> Table:
    table = Table(box=None)
    table.add_column("name")
    table.add_column("value")
    table.add_row("x" * 150, "1")
    table.add_row("y", "2")
    return table


def test_a_pipe_gets_whole_rows_without_padding(capsys):
    print_table(terminal(), wide_table())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "x" * 150 + "  1" in lines[1]
    assert all(line == line.rstrip() for line in lines)


def test_a_terminal_gets_a_table_of_its_width(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    print_table(terminal(), wide_table())
    assert "xxx…" in capsys.readouterr().out


def test_a_closed_pipe_is_left_to_the_command_line(monkeypatch):
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", Closed())
    with pytest.raises(BrokenPipeError):
        terminal().print("x")


def said(monkeypatch, capsys, text, width=40, terminal=True):
    monkeypatch.setattr(Terminal, "is_terminal", terminal)
    say(Terminal(width=width), text)
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


def test_a_sentence_is_broken_between_words_as_deep_as_it_begins(monkeypatch, capsys):
    words = "the validation loss rises, from 0.07402 to 0.09322, while the training loss falls"
    lines = said(monkeypatch, capsys, f"  {words}")
    assert len(lines) == 3
    assert all(line.startswith("  ") and len(line) <= 40 for line in lines)
    assert " ".join(line.strip() for line in lines) == words
    assert said(monkeypatch, capsys, f"  {words}", terminal=False) == [f"  {words}"]
    assert said(monkeypatch, capsys, "one\ntwo") == ["one", "two"]
