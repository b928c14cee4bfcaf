"""What may be skipped is listed, and nothing else can be; so is what cannot be installed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from skips import is_allowed

HERE = Path(__file__).parent
ROOT = HERE.parent

SKIPPING = """
import pytest

def test_for_a_listed_reason():
    pytest.importorskip("lightning.pytorch.nowhere", reason="could not import 'lightning.pytorch'")

def test_for_no_reason():
    pytest.skip("too slow today")

@pytest.mark.skip(reason="not now")
def test_marked():
    pass

@pytest.mark.xfail(strict=True)
def test_that_fails_as_expected():
    assert False
"""


def test_a_skip_for_another_reason_fails(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", str(tmp_path)]
    env = {"PYTHONPATH": str(HERE)}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in done.stdout
    assert "does not list: too slow today" in done.stdout
    assert "does not list: not now" in done.stdout


@pytest.mark.parametrize("reason", ["", "no GPU", "could not import 'torch'", "slow"])
def test_other_reasons_are_not_allowed(reason: str) -> None:
    assert not is_allowed(reason)


def test_what_cannot_be_installed_is_recorded_with_the_reason() -> None:
    text = (HERE / "unavailable.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[:2] == ["| extra | package | the installer's message |", "|---|---|---|"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for row in rows[2:]:
        found = re.fullmatch(r"\| `([a-z]+)` \| ([\w.-]+) \| (\S.+\S) \|", row)
        assert found is not None, row
        assert found[1] in project["optional-dependencies"]


def test_every_extra_is_tried_or_is_known_not_to_be() -> None:
    """The core installs test; measurements alone install bench."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    script = (ROOT / ".ci" / "extras").read_text(encoding="utf-8")
    tried = set(re.findall(r'^    "(\w+)": \[', script, re.MULTILINE))
    assert tried - {"wheel"} == set(project["optional-dependencies"]) - {"test", "bench"}
    for path in re.findall(r'"(tests/[\w/]+\.py)"', script):
        assert (ROOT / path).is_file()
