"""Whatever a user gets wrong is one readable message with the documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RECIPE = """\
name: table
data: {kind: csv, path: table.csv, target: label, batch_size: 8}
model: {kind: mlp, hidden: [4]}
train: {epochs: 1, device: cpu}
"""

DEEP = "/".join("d" * 3000)

BYTES = os.fsdecode(b"a\xff")
"""A name that is not UTF-8, as Python has it."""

ROWS = "".join(f"{i},{i * i % 7},{'ab'[i % 2]}\n" for i in range(40))


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(RECIPE)
    (tmp_path / "read-only.yaml").write_text(RECIPE)
    (tmp_path / "read-only.yaml").chmod(0o444)
    (tmp_path / "table.csv").write_text("x,z,label\n" + ROWS)
    (tmp_path / "nan.csv").write_text("x,z,label\n" + ROWS.replace("7,0,b", "7,nan,b"))
    (tmp_path / "broken.yaml").write_text("data: {kind: digits\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a-file").write_text("")
    (tmp_path / "a-loop").symlink_to("a-loop")
    (tmp_path / BYTES).mkdir()
    (tmp_path / "images" / BYTES).mkdir(parents=True)
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train"], ["no recipe given", "trickrun train RECIPE"]),
        (
            ["train", "r.yml"],
            ["r.yml: no such file", "recipes there: broken.yaml, r.yaml, read-only.yaml"],
        ),
        (["train", "folder"], ["folder is a folder", "name the recipe file in it"]),
        (["train", "noise.bin"], ["noise.bin is not UTF-8 text"]),
        (["train", "broken.yaml"], ["broken.yaml:2:1: ", "add }"]),
        (["train", "r.yaml", "train.epochs"], ["expected path=value", "write e.g. "]),
        (["train", "r.yaml", "train.epochs=many"], ["train.epochs=many", "train.epochs"]),
        (["train", "r.yaml", "trian.epochs=1"], ["trian", "did you mean train?"]),
        (["train", "r.yaml", "--epochs", "3"], ["No such option: --epochs"]),
        (["train", "r.yaml", "data.batch_size=500"], ["a batch of 500 is larger", "28"]),
        (["train", "r.yaml", "data.path=tabel.csv"], ["there is no such file", "table.csv"]),
        (["train", "r.yaml", "data.path=folder"], ["this is a folder, not a file"]),
        (
            ["train", "r.yaml", "data.path=nan.csv"],
            ["nan.csv: line 9, column 'z': the value is missing"],
        ),
        (["train", "r.yaml", "data.target=lable"], ["lable", "label"]),
        (["train", "r.yaml", "loss=mse", "data.task=regression"], ["is text", "regression"]),
        (["train", "r.yaml", "--runs-dir", "a-file"], ["cannot create the run folder", "a-file"]),
        (["train", "--resume", "nobody", "--dry-run"], ["--dry-run shows a recipe, not a run"]),
        (["train", "--resume", "nobody"], ["no run nobody", "`trickrun runs` lists them"]),
        (["train", "--resume", "folder"], ["this is not a run"]),
        (["eval", "nobody"], ["no run nobody"]),
        (["predict", "nobody", "table.csv"], ["no run nobody"]),
        (["lr-find", "read-only.yaml", "--apply"], ["read-only.yaml: this file is read-only"]),
        (["diagnose", "read-only.yaml", "--apply"], ["read-only.yaml: this file is read-only"]),
        (["runs", "remove", "nobody", "--yes"], ["no run nobody"]),
        (["runs", "--runs-dir", "a-file"], ["a-file: this is a file"]),
        (["tricks", "adm"], ["adm", "adam"]),
        (["train", "a-loop"], ["a-loop cannot be read: Too many levels of symbolic links"]),
        (["train", "r.yaml", "data.path=a-loop"], ["Too many levels of symbolic links"]),
        (["train", "r.yaml", "--runs-dir", "a-loop"], ["Too many levels of symbolic links"]),
        (["train", DEEP], ["File name too long"]),
        (["train", "r.yaml", f"data.path={DEEP}"], ["File name too long"]),
        (["train", "r.yaml", f"model.init_from={DEEP}"], ["File name too long"]),
        (["train", "r.yaml", "--runs-dir", DEEP], ["File name too long"]),
        (["train", "--resume", DEEP], ["File name too long"]),
        (["train", "r.yaml", "data.path=~nosuchuser/x"], ["there is no such user"]),
        (["train", "r.yaml", 'data.path="a\\0"'], ["text cannot hold the character U+0000"]),
        (["train", "r.yaml", f"seed={'9' * 4000}"], ["this number has too many digits"]),
        (["train", "r.yaml", f"augmentation.{'9' * 5000}.p=1"], ["augmentation"]),
        (["train", "r.yaml", "train.threads=1000000"], ["train.threads: 1000000 threads are too"]),
        (
            ["train", "r.yaml", "model.hidden=[1000000000]"],
            ["model: to train this network takes"],
        ),
        (["train", "r.yaml", f"model.hidden=[{2**62}]"], ["expected at most 1,000,000,000"]),
        (["train", "r.yaml", f"train.epochs={10**300}"], ["from 1 to 1000000", "(301 digits)"]),
        (["initial-loss", "r.yaml", "--seeds", str(10**30)], ["'--seeds'", "1000"]),
        (["overfit-batch", "r.yaml", "--steps", str(10**30)], ["'--steps'", "1000000"]),
        (["checklist", "r.yaml", "--budget", "999999h"], ["999999h is more than 720 hours"]),
        (["checklist", "r.yaml", "--budget", "1e400s"], ["'1e400s' is not a time"]),
        (["train", "r.yaml", f"name={BYTES}"], ["the character U+DCFF is not allowed"]),
        (["train", "r.yaml", "--runs-dir", BYTES], ["this path is not UTF-8"]),
        (["train", f"{BYTES}/r.yaml"], ["this path is not UTF-8"]),
        (["train", "r.yaml", "data={kind: image_folder, path: images}"], ["is not UTF-8"]),
    ],
)
def test_one_message_and_exit_2(run, words, told):
    ran = run(*words)
    assert ran.code == 2
    assert ran.out == ""
    for text in told:
        assert text in ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ")
    told_as_json = run(*words, "--json")
    assert told_as_json.code == 2
    assert told_as_json.json["verdict"] == "error"
    assert told_as_json.json["error"]["message"]


def test_cuda_is_asked_for_and_there_is_none(run, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    ran = run("train", "r.yaml", "train.device=cuda")
    assert ran.code == 2
    assert ran.err == "error: train.device: there is no CUDA device here\n  set it to auto or cpu\n"


def test_all_mistakes_of_a_recipe_are_told_at_once(run):
    ran = run("train", "r.yaml", "train.epochs=0", "optimizer=adm", "model.hidden=x", "--json")
    assert ran.code == 2
    assert {p["path"] for p in ran.json["error"]["problems"]} == {
        "train.epochs",
        "optimizer.kind",
        "model.hidden",
    }


def test_debug_shows_where_an_expected_error_came_from(run):
    assert "Traceback" in run("train", "r.yml", "--debug").err


def test_a_bug_is_told_as_one(run, monkeypatch):
    def broken(*arguments):
        raise AssertionError("unforeseen")

    monkeypatch.setattr("trickrun.reporting.commands.training.compile_recipe", broken)
    monkeypatch.setattr("trickrun.user_code.is_user_code", lambda file: False)
    ran = run("train", "r.yaml", "--json")
    assert ran.code == 70
    assert ran.json["error"]["message"] == "this is a bug in trickrun: AssertionError: unforeseen"
    assert "Traceback" in ran.err


def test_a_pipe_into_head_ends_quietly():
    program = f"{sys.executable} -c 'from trickrun.cli import main; main()' tricks"
    done = subprocess.run(
        ["bash", "-c", f"{program} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] in ("0", "141")
