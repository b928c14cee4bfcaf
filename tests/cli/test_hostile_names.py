"""Names in data, files and folders that would act on a terminal are shown, and do nothing."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.cli import command_line
from trickrun.cli.process import Outlet
from trickrun.reporting.visible import UNSEEN, in_json, in_line, visible

ACTS = "\x1b[31m\x1b]0;title\x07\x9b2J\r\b\t\x7f\u202e\u2066\u2028"
"""What changes colours, the title, the screen, the line, the direction of writing."""

MARKUP = "[red][link=https://example.org]:boom:[/]"

RECIPE = """\
name: hostile
data: {kind: csv, path: PATH, target: TARGET, batch_size: 16}
model: {kind: mlp, hidden: [8]}
train: {epochs: 3, device: cpu, threads: 1}
"""

CLASSES = [f"{ACTS}{MARKUP}one", f"two\nforged: {ACTS}two", "[bold]three"]
COLUMNS = [f"size{ACTS}", f"{MARKUP}colour\nnew line"]
TARGET = f"kind{ACTS}{MARKUP}"


def printed(*words: object) -> tuple[int, str, str]:
    """Run a command line on the streams of a process of its own; return its code and the bytes."""
    out, err = Outlet(io.BytesIO(), "utf-8"), Outlet(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "argv", ["trickrun", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            command_line()
    told = []
    for stream in (out, err):
        stream.flush()
        told.append(stream.buffer.getvalue().decode())
    return ended.value.code, *told


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose file, columns and classes have hostile names, with a trained run."""
    path = tmp_path_factory.mktemp("hostile") / f"{ACTS}[red]\nruns".replace("\x1b]0;", "\x1b]")
    path.mkdir()
    draw = random.Random(0)
    table = path / f"table{ACTS}{MARKUP}.csv".replace("/", "")
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "same", TARGET])
        for index in range(60):
            colour = draw.choice(["red", f"blue{ACTS}"])
            writer.writerow([index % 3 + draw.random(), colour, 1, CLASSES[index % 3]])
    text = RECIPE.replace("PATH", json.dumps(table.name)).replace("TARGET", json.dumps(TARGET))
    (path / f"recipe{ACTS}.yaml").write_text(text, encoding="utf-8")
    return path


def commands(folder: Path) -> dict[str, list[object]]:
    (table,), (recipe,) = folder.glob("*.csv"), folder.glob("*.yaml")
    runs = ["--runs-dir", folder / "runs"]
    note, nowhere = f"{ACTS}{MARKUP}\nforged", folder / "none" / f"{ACTS}\nforged"
    return {
        "train": ["train", recipe, *runs],
        "train --json": ["train", recipe, *runs, "--json"],
        "plan": ["train", recipe, "--dry-run"],
        "validate": ["validate", recipe, "--data"],
        "show": ["show", recipe],
        "eval": ["eval", "hostile", *runs],
        "eval --data": ["eval", "hostile", "--data", table, *runs],
        "predict": ["predict", "hostile", table, *runs],
        "predict --keep": ["predict", "hostile", table, "--keep", TARGET, *runs],
        "diagnose": ["diagnose", recipe, *runs],
        "signal": ["signal", recipe, *runs],
        "runs tag": ["runs", "tag", "hostile", *CLASSES, "--note", note, *runs],
        "runs": ["runs", *runs],
        "runs --all": ["runs", "--all", *runs],
        "runs --where tag": ["runs", "--where", f"tag={CLASSES[0]}", *runs],
        "runs --where none": ["runs", "--where", f"tag={ACTS}\nforged", *runs],
        "runs, none yet": ["runs", "--runs-dir", folder / f"{ACTS}\nruns"],
        "runs tag --drop": ["runs", "tag", "hostile", "--drop", CLASSES[1], *runs],
        "report": ["report", "hostile", *runs],
        "report --out": ["report", "hostile", "--out", folder / f"{ACTS}\nforged.html", *runs],
        "no such test": ["runs", "--where", f"{ACTS}\nforged", *runs],
        "no such name in a test": ["runs", "--where", f"x{ACTS}=1", *runs],
        "no such number": ["runs", "--where", f"val_loss<{ACTS}", *runs],
        "no such name to sort by": ["runs", "--sort", f"{ACTS}\nforged", *runs],
        "no such run to tag": ["runs", "tag", f"{ACTS}\nforged", "x", *runs],
        "no such run to remove": ["runs", "remove", f"{ACTS}\nforged", "--yes", *runs],
        "no such run to report": ["report", f"{ACTS}\nforged", *runs],
        "no such folder": ["report", "hostile", "--out", nowhere, *runs],
        "no such file": ["predict", "hostile", f"{ACTS}\nfile.csv", *runs],
        "no such column": ["predict", "hostile", table, "--keep", f"{ACTS}x", *runs],
        "no such run": ["eval", f"{ACTS}run", *runs],
        "no such key": ["validate", recipe, f"{ACTS}=1"],
        "no such command": [f"{ACTS}command"],
        "no such option": ["runs", f"--{ACTS}"],
    }


def test_no_command_prints_what_acts_on_a_terminal(folder):
    for name, words in commands(folder).items():
        code, out, err = printed(*words)
        assert code in ((2,) if name.startswith("no such") else (0, 1)), (name, err)
        assert out + err
        acting = sorted({c for c in out + err if c != "\n" and UNSEEN.match(c)})
        assert acting == [], name
        if name.startswith(("eval", "predict")):
            assert "[bold]three" in out
            assert "\\x1b[31m\\x1b]0;title\\x07\\x9b2J\\r\\x08\\t\\x7f\\u202e\\u2066\\u2028" in out
        # A class, a file or a folder does not begin a line of its own.
        assert not re.search(r"^(forged|new line|runs$|file.csv)", out + err, re.M), name


def test_colours_remain_what_trickrun_says_on_a_terminal(folder, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, out, _ = printed(*commands(folder)["eval"])
    assert "\x1b[1m" in out  # rich's own
    assert "\x1b[31m\x1b]" not in out
    assert not set("\x9b\r\b\x07\u202e") & set(out)


def test_json_holds_the_names_themselves(folder):
    code, out, _ = printed(*commands(folder)["eval"], "--json")
    assert code == 0
    assert not UNSEEN.search(out.rstrip("\n"))
    assert json.loads(out)["result"]["confusion"]["labels"] == sorted(CLASSES)


def test_a_file_of_predictions_holds_the_names_themselves(folder, tmp_path):
    out = tmp_path / "out.csv"
    code, _, err = printed(*commands(folder)["predict"], "--out", out)
    assert code == 0, err
    with out.open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file))[1:] == [f"p_{name}" for name in sorted(CLASSES)]


def acts(character: str) -> bool:
    """The definition, from Unicode: controls, separators of lines, and marks of direction."""
    marks = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    return (
        unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs")
        or unicodedata.bidirectional(character) in marks
        or character in "\u200e\u200f\u061c"
    )


def test_every_character_that_acts_is_shown():
    every = map(chr, range(sys.maxunicode + 1))
    assert [c for c in every if (visible(c) != c) != (acts(c) and c != "\n")] == []


@given(st.text())
def test_what_is_shown_can_be_read_and_does_nothing(text):
    assert visible(visible(text)) == visible(text)
    assert "\n" not in in_line(text)
    assert json.loads(in_json(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize(
    "speaker", [lambda file: print("50%\r", end="", file=file), lambda file: file.write("50%\r")]
)
def test_user_code_may_draw_a_bar_of_its_own(speaker: Callable[[Outlet], None]):
    outlet = Outlet(io.BytesIO(), "utf-8")
    speaker(outlet)
    outlet.flush()
    assert outlet.buffer.getvalue() == b"50%\r"
