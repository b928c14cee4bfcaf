"""Images on the command line: what is used and left out is said, and predictions name files."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

RECIPE = """\
name: NAME
data: {DATA, size: 8, color: false, batch_size: 16}
model: {kind: mlp, hidden: [24]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 15, device: cpu}
"""
NAMES = ("zero", "one", "two")
ZEROS, ONES, TWOS = (int((load_digits().target[:500] == number).sum()) for number in range(3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scanned digits 0 to 2 as files of 16 bits, in a folder for each, and in a table."""
    path = tmp_path_factory.mktemp("digits")
    digits = load_digits()
    lines = ["scan,digit,writer"]
    for i in range(500):
        number = int(digits.target[i])
        if number >= len(NAMES):
            continue
        file = path / "scans" / NAMES[number] / f"{i:04}.tif"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((digits.images[i] * 4095).astype(np.uint16)).save(file)
        lines.append(f"{file.relative_to(path)},{NAMES[number]},w{i % 7}")
    junk = path / "scans" / "zero" / ".ipynb_checkpoints"
    junk.mkdir()
    (junk / "0000-checkpoint.tif").write_bytes(b"no image")
    (path / "scans" / "zero" / "list.txt").touch()
    (path / "scans" / "one" / "broken.png").write_bytes(b"")
    (path / "t.csv").write_text("\n".join(lines) + "\n")
    kinds = {"folders": "kind: image_folder, path: scans, broken: skip",
             "table": "kind: image_table, path: t.csv, file: scan, target: digit"}  # fmt: skip
    for name, data in kinds.items():
        text = RECIPE.replace("NAME", name).replace("DATA", data)
        (path / f"{name}.yaml").write_text(text)
    return path


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TRICKRUN_RUNS", raising=False)
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path, run) -> dict[str, dict]:
    """What ``train --json`` told of each recipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("TRICKRUN_RUNS", raising=False)
        return {
            name: run("train", f"{name}.yaml", "--json").json["result"]
            for name in ("folders", "table")
        }


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


SKIPPED = (
    "data: scans: left out: 1 hidden or system folder (.ipynb_checkpoints), "
    "1 no images by their names (1 .txt)\n"
)


def test_what_is_used_and_left_out_is_said(run, inside):
    for words in (["validate", "--data"], ["train", "--dry-run"]):
        ran = run(words[0], "folders.yaml", words[1])
        assert ran.code == 0, ran.err
        total = f"{ZEROS + ONES + TWOS} images of 3 classes"
        assert f"data: scans: {total}: one {ONES}, two {TWOS}, zero {ZEROS}\n" in ran.err
        assert SKIPPED in ran.err
        assert "data: left out 1 image that cannot be read: " in ran.err
        told = run(words[0], "folders.yaml", words[1], "--json").json["result"]["notes"]
        assert [f"data: {note}\n" in ran.err for note in told] == [True, True, True]


@pytest.mark.parametrize("step", [("initial-loss", "--seeds", "2"), ("signal",)])
def test_so_do_the_steps(run, inside, step):
    ran = run(step[0], "folders.yaml", *step[1:], "--json")
    notes = ran.json["result"]["notes"]
    assert len(notes) == 3
    assert all(f"data: {note}\n" in ran.err for note in notes)


def test_train_notes_it_too(trained, inside):
    notes = trained["folders"]["notes"]
    assert len(notes) == 3
    (data,) = Path("runs/folders").glob("*/data.json")
    assert json.loads(data.read_text())["notes"] == notes
    assert trained["folders"]["test"]["accuracy"] > 0.9
    assert trained["table"]["test"]["accuracy"] > 0.9


def test_an_unreadable_file_is_an_error_unless_it_is_to_be_skipped(run, inside):
    ran = run("train", "folders.yaml", "data.broken=error")
    assert ran.code == 2
    assert "broken.png: this image cannot be read: the file is empty\n" in ran.err
    assert "data.broken: skip" in ran.err


@pytest.mark.usefixtures("trained")
def test_predict_names_the_files_of_a_folder(run, inside):
    ran = run("predict", "folders", "scans")
    told = lines(ran.out)
    assert list(told[0]) == ["file", "prediction", "p_one", "p_two", "p_zero"]
    files = sorted((inside / "scans").glob("*/*.tif"))
    assert [row["file"] for row in told] == [
        file.relative_to(inside / "scans").as_posix() for file in files
    ]
    right = [row["file"].startswith(row["prediction"]) for row in told]
    assert sum(right) > 0.95 * len(files)
    assert "left out 1 image that cannot be read: " in ran.err
    (one,) = run("predict", "folders", files[3], "--json").json["result"]["predictions"]
    assert one["file"] == files[3].name
    assert f"{one['p_one']:.4g}" == f"{float(told[3]['p_one']):.4g}"


@pytest.mark.usefixtures("trained")
def test_predict_keeps_columns_of_a_table_in_its_order(run, inside):
    shuffled = Path("t.csv").read_text().splitlines()
    rows = [shuffled[0], *shuffled[:0:-1]]
    Path("new.csv").write_text("\n".join(rows) + "\n")
    plain = lines(run("predict", "table", "new.csv").out)
    assert [row["file"] for row in plain] == [row.split(",")[0] for row in rows[1:]]
    told = lines(run("predict", "table", "new.csv", "--keep", "writer,digit", "--keep", "scan").out)
    assert list(told[0])[:4] == ["writer", "digit", "scan", "prediction"]
    assert [f"{r['scan']},{r['digit']},{r['writer']}" for r in told] == rows[1:]
    assert sum(row["digit"] == row["prediction"] for row in told) > 0.95 * len(told)
    assert [row["prediction"] for row in told] == [row["prediction"] for row in plain]


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["table", "t.csv", "--keep", "writters"], "(--keep)\n  did you mean 'writer'?"),
        (["folders", "scans", "--keep", "name"], "(--keep)\n  its columns are file"),
        (["folders", "folders.yaml"], "this image cannot be read: it begins with b'name: fo'"),
        (["folders", "scan"], "this image cannot be read: No such file or directory"),
    ],
)
def test_what_predict_refuses(run, inside, words, told):
    ran = run("predict", *words)
    assert ran.code == 2
    assert ran.out == ""
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("trained")
def test_eval_of_other_images_says_what_it_leaves_out(run, inside):
    ran = run("eval", "folders", "--data", "scans")
    assert ran.out.startswith(f"scans: {ZEROS + ONES + TWOS} samples\n")
    assert "data: left out 1 image that cannot be read: " in ran.err
    told = run("eval", "table", "--data", "t.csv", "--json").json["result"]
    assert told["samples"] == ZEROS + ONES + TWOS
    assert told["scores"]["accuracy"] > 0.95


@pytest.mark.usefixtures("trained")
def test_in_a_process_of_its_own(inside):
    command = [sys.executable, "-m", "trickrun", "predict", "table", "t.csv", "--keep", "scan"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = "warning: 107 of these 153 samples were in the run's training split\n"
    which, *rest = done.stderr.splitlines(keepends=True)
    assert which.startswith("run: runs/table/")
    assert (done.returncode, rest[0]) == (0, told)
    assert rest[1].startswith("next: trickrun eval ")
    assert len(lines(done.stdout)) == ZEROS + ONES + TWOS
