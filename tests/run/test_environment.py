"""The facts in env.json, and what of them must not change."""

import subprocess
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch

from trickrun.data.csv import Csv
from trickrun.data.normalizers import Scaler
from trickrun.data.splits.prepare import prepare
from trickrun.data.splits.source import SplitData
from trickrun.recipe.load import load
from trickrun.run import environment
from trickrun.training.compile import compile_recipe

RECIPE = """\
data: {kind: iris}
model: {kind: python, target: "facts_net:net"}
train: {device: cpu}
"""


@pytest.fixture
def job(tmp_path):
    code = "from torch import nn\ndef net(inputs, outputs):\n    return nn.Linear(4, 3)\n"
    (tmp_path / "facts_net.py").write_text(code)
    (tmp_path / "r.yaml").write_text(RECIPE)
    return compile_recipe(load(tmp_path / "r.yaml").recipe, tmp_path)


def test_all_facts_are_there(job, tmp_path):
    facts = environment.describe_job(job, ["trickrun", "train"])
    assert facts["torch"] == torch.__version__
    assert (facts["numpy"], facts["scikit-learn"]) == (version("numpy"), version("scikit-learn"))
    assert facts["threads"] == torch.get_num_threads()
    assert (facts["device"], facts["engine"]) == ("cpu", "process")
    assert facts["command"] == ["trickrun", "train"]
    assert facts["recipe_folder"] == str(tmp_path)
    assert facts.keys() == {
        *("trickrun", "torch", "numpy", "scikit-learn", "python", "platform", "cpu", "cpus"),
        *("device", "threads", "engine", "git_commit", "git_dirty", "recipe_folder", "command"),
        *("data", "user_code", "arithmetic"),
    }


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_whether_files_differ_from_it(tmp_path):
    assert environment.git_state(tmp_path) == (None, None)
    git(tmp_path, "init", "-q")
    (tmp_path / "tracked").write_text("one")
    assert environment.git_state(tmp_path) == (None, None)
    git(tmp_path, "add", "tracked")
    git(tmp_path, "commit", "-qm", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "untracked").write_text("no part of it")
    assert environment.git_state(tmp_path) == (commit, False)
    (tmp_path / "tracked").write_text("two")
    assert environment.git_state(tmp_path) == (commit, True)


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.git_state(Path.cwd()) == (None, None)


def test_nothing_differs_from_itself(job):
    facts = environment.describe_job(job, [])
    assert environment.differences(facts, facts) == []


@pytest.mark.parametrize("fact", environment.EXACT)
def test_what_an_exact_resume_needs_is_named(job, fact):
    now = environment.describe_job(job, [])
    before = {**now, fact: "other"}
    assert environment.differences(before, now) == [f"{fact} was other, is {now[fact]}"]


@pytest.mark.parametrize("fact", ["numpy", "python", "platform", "git_commit", "command"])
def test_what_it_does_not_need_is_not(job, fact):
    now = environment.describe_job(job, [])
    assert environment.differences({**now, fact: "other"}, now) == []


def test_user_code_counts_by_its_source(job, tmp_path):
    before = environment.describe_job(job, [])
    assert list(before["user_code"]) == ["facts_net:net"]
    with (tmp_path / "facts_net.py").open("a") as code:
        code.write("\n")
    now = environment.describe_job(job, [])
    changed = "the code of facts_net:net has changed"
    assert environment.differences(before, now) == [changed]


def test_data_counts_by_every_number(job):
    data = job.data
    before = environment.data_hash(data)
    other = data.train.x.clone()
    other[3, 1] += 1e-6
    assert environment.data_hash(replace(data, train=SplitData(other, data.train.y))) != before
    assert environment.data_hash(replace(data, test=None)) != before
    assert (
        environment.data_hash(replace(data, train=SplitData(data.train.x, data.train.y))) == before
    )


def test_user_code_is_found_in_every_section(tmp_path):
    text = """\
data: {kind: python, target: "d:f"}
model: {kind: python, target: "m:f"}
loss: {kind: python, target: "l:f"}
metrics: [{kind: python, target: "e:f"}]
optimizer: {kind: python, target: "o:f"}
augmentation: [{kind: python, target: "a:f"}]
train: {step: "s:f"}
"""
    (tmp_path / "r.yaml").write_text(text)
    found = environment.user_code(load(tmp_path / "r.yaml").recipe, tmp_path)
    assert found == {f"{name}:f": None for name in "dmleoas"}


def test_runs_of_float32_know_their_data_again(tmp_path):
    """Their hash is of what was held then: all numbers float32 first, values scaled in float32."""
    draw = np.random.default_rng(0)
    table = np.column_stack([draw.normal(3e7, 9.0, 40), draw.integers(10**9, 2 * 10**9, 40)])
    np.savetxt(tmp_path / "t.csv", table, fmt="%.17g", delimiter=",", header="a,price", comments="")
    data = Csv(path="t.csv", target="price", scale_targets="standard")
    new = prepare(data, tmp_path)
    x, y = torch.from_numpy(table[:, :1]).float(), torch.from_numpy(table[:, 1:]).float()
    train = y[new.rows["train"]].double()
    shift, scale = train.mean(0).float(), train.std(0, correction=0).float()
    parts = {name: SplitData(x[rows], (y[rows] - shift) / scale) for name, rows in new.rows.items()}
    old = replace(new, **parts, normalized=False)
    read_again = Scaler(shift.double(), scale.double())
    fitted = replace(old, target_scaler=read_again, scaler=Scaler(torch.zeros(1), torch.ones(1)))
    known = prepare(data, tmp_path, fitted=fitted)
    assert environment.data_hash_in_float32(known) == environment.data_hash(old)
    # Metrics compare with the file's values all the same.
    rows = new.rows["train"]
    own = known.in_own_unit(known.train.y).numpy()
    np.testing.assert_allclose(own, table[rows.numpy(), 1:], rtol=1e-15)
    table[int(rows[0]), 1] += 1000
    np.savetxt(tmp_path / "t.csv", table, fmt="%.17g", delimiter=",", header="a,price", comments="")
    other = prepare(data, tmp_path, fitted=fitted)
    assert environment.data_hash_in_float32(other) != environment.data_hash(old)


@pytest.mark.parametrize("setting", ["core.fsmonitor", "filter.mine.clean", "filter.mine.process"])
def test_a_checkout_runs_no_program_that_it_names(tmp_path, setting):
    mark = tmp_path / "mark"
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git(checkout, "init", "-q")
    (checkout / "tracked.txt").write_text("one")
    git(checkout, "add", "tracked.txt")
    git(checkout, "commit", "-qm", "first")
    (checkout / ".gitattributes").write_text("*.txt filter=mine\n")
    (checkout / "tracked.txt").write_text("two")
    git(checkout, "config", setting, f"touch {mark}; cat")
    commit, changed = environment.git_state(checkout)
    assert not mark.exists()
    assert commit is not None
    assert changed is (True if setting == "core.fsmonitor" else None)
    # Git itself obeys the setting.
    subprocess.run(["git", "-C", str(checkout), "status"], capture_output=True)
    assert mark.exists()
