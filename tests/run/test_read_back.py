"""What is read back from a run's folder is checked like a stranger's file: no content of any file
takes a command down, or hides another run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.attacks.mutate import places
from trickrun.run.find import every
from trickrun.run.folder import RunFolder

RECIPE = """\
name: back
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
early_stopping: {monitor: val_loss, mode: max, patience: 9}
train: {epochs: 3, device: cpu, checkpoint: 1 epoch, look_every: 10}
"""
SAMPLES = "a,b,c,d\n5.1,3.5,1.4,0.2\n"

OBJECTS = ("env.json", "data.json", "evidence.json", "findings.json", "tricks.json")

NUMBERS = st.sampled_from([0, -1, 1, 2, 3.5, -0.5, 1e308, 2**63, 10**30])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def clean(run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    home = tmp_path_factory.mktemp("back")
    (home / "back.yaml").write_text(RECIPE)
    (home / "new.csv").write_text(SAMPLES)
    ran = run("train", home / "back.yaml", "--runs-dir", home / "clean", "--json")
    assert ran.code == 0, ran.err
    return Path(ran.json["run"])


@pytest.fixture
def old(clean: Path, tmp_path: Path) -> RunFolder:
    """A copy of it that was killed before its end."""
    runs = shutil.copytree(clean.parents[1], tmp_path / "runs")
    (found,) = every(runs)
    lines = found.metrics_file.read_text().splitlines(keepends=True)
    found.metrics_file.write_text("".join(lines[:-1]))
    return found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)


def test_a_damaged_last_falls_back_to_the_one_before(trickrun, old, clean) -> None:
    flip(old.checkpoint_file("last"))
    ran = trickrun("train", "--resume", old.path)
    assert ran.code == 0, ran.err
    assert "its checksum does not match" in ran.err
    assert "the checkpoint before it, of step 14, is used" in ran.err
    whole = RunFolder(clean).load("last")
    now = old.load("last")
    assert whole is not None
    assert now is not None
    assert all(bool((now["model"][n] == v).all()) for n, v in whole["model"].items())


def test_it_is_copied_into_a_changed_run(trickrun, old) -> None:
    flip(old.checkpoint_file("last"))
    ran = trickrun("train", "--resume", old.path, "train.epochs=5")
    assert ran.code == 0, ran.err
    assert "the checkpoint before it, of step 14, is used" in ran.err


@pytest.mark.parametrize("both", [True, False])
def test_none_is_left(trickrun, old, both) -> None:
    flip(old.checkpoint_file("last"))
    previous = old.path / "checkpoints" / "previous.pt"
    if both:
        flip(previous)
    else:
        previous.unlink()
    ran = trickrun("train", "--resume", old.path)
    assert ran.code == 2
    assert "last.pt: the checkpoint cannot be read: its checksum does not match" in ran.err


def test_a_crash_between_two_renames_is_no_damage(trickrun, old) -> None:
    old.checkpoint_file("last").replace(old.path / "checkpoints" / "previous.pt")
    ran = trickrun("train", "--resume", old.path)
    assert ran.code == 0, ran.err
    assert "checkpoint" not in ran.err


@pytest.mark.parametrize("command", ["eval", "predict"])
def test_a_changed_best_is_not_scored(trickrun, old, clean, command) -> None:
    flip(old.checkpoint_file("best"))
    files = [clean.parents[2] / "new.csv"] if command == "predict" else []
    ran = trickrun(command, old.path, *files)
    assert ran.code == 2
    assert "best.pt: the checkpoint cannot be read: its checksum does not match" in ran.err


def test_a_folder_whose_name_is_no_time(trickrun, old, tmp_path) -> None:
    (tmp_path / "runs/back/20269999-999999-1-abcd").mkdir()
    good, bad = sorted(trickrun("runs", "--json").json["result"]["runs"], key=lambda r: r["id"])
    assert (good["status"], bad["status"], bad["started"]) == ("killed", "damaged", None)
    assert trickrun("runs").code == 0


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a JSON value with another one at ``path``."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@contextmanager
def changed(path: Path, content: str) -> Iterator[None]:
    """Give a file another content for a while."""
    before = path.read_bytes()
    path.write_text(content, encoding="utf-8")
    try:
        yield
    finally:
        path.write_bytes(before)


def harmed(draw: Any, run: Path, name: str) -> str:
    """Return the content of a file of a run in which one value, or all, is another one."""
    text = (run / name).read_text()
    lines = text.splitlines() if name == "metrics.jsonl" else [text]
    line = draw(st.integers(0, len(lines) - 1))
    value = json.loads(lines[line])
    place = draw(st.sampled_from(list(places(value))))
    lines[line] = json.dumps(replaced(value, place, draw(JSON)))
    return "\n".join(lines) + "\n"


@settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data(), name=st.sampled_from([*OBJECTS, "metrics.jsonl"]))
def test_no_content_takes_a_command_down(run, clean, data, name) -> None:
    home = clean.parents[2]
    root = ("--runs-dir", clean.parents[1])
    commands = (
        ("runs", *root),
        ("runs", "--json", *root),
        ("predict", clean, home / "new.csv"),
        ("eval", clean),
        ("train", "--resume", clean),
    )
    evidence = {n: (clean / n).read_bytes() for n in ("evidence.json", "findings.json")}
    with changed(clean / name, harmed(data.draw, clean, name)):
        for words in (*commands, ("curves", clean)):
            ran = run(*words)
            assert ran.code in (0, 1, 2), (words, ran.err)
            assert "Traceback" not in ran.err
    for file, content in evidence.items():
        (clean / file).write_bytes(content)


@pytest.mark.parametrize("name", ["env.json", "data.json", "metrics.jsonl", "split.npz"])
@pytest.mark.parametrize("command", ["runs", "eval", "curves", "train --resume"])
def test_a_pipe_in_a_files_place_is_not_waited_for(trickrun, old, name, command) -> None:
    (old.path / name).unlink()
    os.mkfifo(old.path / name)
    words = command.split()
    ran = trickrun(*words, *([] if command == "runs" else [old.path]))
    assert ran.code in (0, 2)


@pytest.mark.parametrize("name", ["last.pt", "best.pt"])
def test_a_pipe_is_no_checkpoint(trickrun, old, name) -> None:
    path = old.path / "checkpoints" / name
    path.unlink()
    os.mkfifo(path)
    (old.path / "checkpoints" / "previous.pt").unlink()
    ran = trickrun("train", "--resume", old.path)
    assert ran.code == 2
    assert "this is a pipe or a device, not a file" in ran.err


@pytest.mark.parametrize("name", ["metrics.jsonl", "env.json.tmp", "checkpoints/last.pt.tmp"])
def test_a_link_in_a_files_place_leads_no_command_out_of_the_folder(
    trickrun, old, tmp_path, name
) -> None:
    """Whoever sends a run could otherwise have a file of ours cut or written over."""
    mine, place = tmp_path / "mine", old.path / name
    mine.write_bytes((old.path / "metrics.jsonl").read_bytes())
    before = mine.read_bytes()
    place.unlink(missing_ok=True)
    place.symlink_to(mine)
    trickrun("train", "--resume", old.path)
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    "best", [{"metric": 0.5}, {"id": "a", "params": {}, "metric": {}}, [1], "best"]
)
def test_a_search_whose_best_trial_is_none_is_listed_as_damaged(trickrun, tmp_path, best) -> None:
    folder = tmp_path / "runs" / "iris" / "20260101-000000-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "resolved.yaml").write_text("recipe_version: 1\n")
    (folder / "env.json").write_text('{"command": ["trickrun", "grid"]}')
    evidence = {"verdict": "pass", "stage": "coarse", "metric": "accuracy", "best": best}
    (folder / "evidence.json").write_text(json.dumps(evidence))
    ran = trickrun("runs", "--runs-dir", tmp_path / "runs")
    assert ran.code == 0, ran.err
    assert "damaged" in ran.out
