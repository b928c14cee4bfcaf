"""docs/ci.md: its YAML parses, and what a pipeline runs does what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WORKFLOW, LOCAL = (
    yaml.safe_load(block) for block in BLOCK.findall((ROOT / "docs" / "ci.md").read_text())
)
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())

GOOD = "data: iris\nmodel: mlp\n"
BROKEN = "data: iris\nmodel: mpl\n"


def ran(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a pipeline does, with trickrun on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    who = {
        f"GIT_{role}_{what}": "a@b.c"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    whole = {**os.environ, "PATH": path, **who, **env}
    return subprocess.run(words, cwd=folder, env=whole, capture_output=True, text=True)


def steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = WORKFLOW["jobs"]["recipes"]["steps"]
    return steps


def test_the_workflow_is_one() -> None:
    # YAML 1.1, which GitHub's own key was made for, reads on as true.
    assert {"pull_request", "push"} == set(WORKFLOW[True])
    assert all(("uses" in step) != ("run" in step) for step in steps())
    trained = next(step["run"] for step in steps() if "trickrun train" in step.get("run", ""))
    assert (ROOT / re.search(r"recipes/\S+\.yaml", trained)[0]).is_file()  # type: ignore[index]


@pytest.mark.parametrize(("changed", "code"), [(GOOD, 0), (BROKEN, 2)])
def test_the_step_validates_what_changed(changed: str, code: int, tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "old.yaml").write_text(BROKEN)
    (folder / "gone.yaml").write_text(GOOD)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        assert ran(tmp_path, "git", *words).returncode == 0
    (folder / "a new.yaml").write_text(GOOD)
    (folder / "b.yaml").write_text(changed)
    (folder / "gone.yaml").unlink()
    for words in (["add", "-A"], ["commit", "-qm", "second"]):
        assert ran(tmp_path, "git", *words).returncode == 0
    script = next(step["run"] for step in steps() if "git diff" in step.get("run", ""))
    done = ran(tmp_path, "bash", "-eo", "pipefail", "-c", script, BASE="HEAD~1")
    assert done.returncode == code
    assert "recipes/a new.yaml: ok" in done.stdout
    assert ("error: recipes/b.yaml" in done.stderr) == (code != 0)
    assert "old.yaml" not in done.stdout + done.stderr


def test_the_hook_stands_once_and_in_the_page() -> None:
    (repo,) = LOCAL["repos"]
    (local,) = repo["hooks"]
    assert {key: HOOK[key] for key in local} == local
    assert re.search(HOOK["files"], "recipes/iris.yaml")
    assert not re.search(HOOK["files"], "docs/recipes.yaml")


def test_the_hook_looks_at_every_file(tmp_path: Path) -> None:
    for name, text in {"a b.yaml": GOOD, "b.yaml": BROKEN, "c.yaml": GOOD}.items():
        (tmp_path / name).write_text(text)
    entry = shlex.split(HOOK["entry"])
    done = ran(tmp_path, *entry, "a b.yaml", "b.yaml", "c.yaml")
    assert done.returncode == 2
    assert "a b.yaml: ok" in done.stdout
    assert "c.yaml: ok" in done.stdout
    assert "did you mean mlp?" in done.stderr
    assert ran(tmp_path, *entry, "a b.yaml", "c.yaml").returncode == 0
