"""The code of docs/python.md runs, and prints what the page says."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_documented_commands import matches

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def test_the_code_of_the_page_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    names: dict[str, Any] = {}
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) == PAGE.count("```python")
    for number, (code, expected) in enumerate(blocks):
        file = tmp_path / f"cell{number}.py"  # what watches looks for the lines in a file
        file.write_text(code)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(file), "exec"), names)
        assert matches(expected, printed.getvalue()), f"block {number}:\n{printed.getvalue()}"
