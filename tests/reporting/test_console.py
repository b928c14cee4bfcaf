from __future__ import annotations

import io

import pytest
from rich.table import Table

from trickrun.reporting.console import print_table, terminal


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
