from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from trickrun.run.machine import data_sets, name_of, problems


def test_doctor_for_people(trickrun):
    ran = trickrun("doctor")
    assert ran.code == 0
    told = {line.split()[0]: line for line in ran.out.splitlines()}
    assert "trickrun 0" in told["packages"]
    assert "torch " in told["packages"]
    for name in ("python", "device", "processors", "memory", "runs", "fashion_mnist", "completion"):
        assert name in told


def test_doctor_in_json(trickrun, tmp_path):
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "data" / "mnist" / f"{name}-ubyte").touch()
    result = trickrun("doctor", "--json").json["result"]
    assert {"torch", "typer", "pydantic"} <= result["versions"].keys()
    assert result["runs"]["writable"]
    assert result["runs"]["path"] == "runs"
    assert result["memory_bytes"]["total"] > 2**28
    assert result["cpu"]["threads"] == 1
    assert result["data"]["mnist"] == str(tmp_path / "data" / "mnist")
    assert not (tmp_path / "runs").exists()


def test_all_data_sets_that_are_searched_for_are_told(tmp_path):
    folder = tmp_path / "data" / "cifar-100-binary"
    folder.mkdir(parents=True)
    for name in ("train.bin", "test.bin"):
        (folder / name).touch()
    found = data_sets(tmp_path)
    assert list(found) == ["cifar10", "cifar100", "fashion_mnist", "mnist"]
    assert found["cifar100"] == str(folder)


def test_a_runs_folder_that_cannot_be_written_fails(trickrun, tmp_path):
    (tmp_path / "runs").write_text("")
    ran = trickrun("doctor", "--json")
    assert ran.code == 1
    assert ran.json["result"]["problems"] == [
        "runs cannot be written to runs: use --runs-dir or TRICKRUN_RUNS"
    ]


def test_a_full_disk_is_a_warning(trickrun, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 1))
    ran = trickrun("doctor")
    assert ran.code == 0
    assert "! less than 1 GiB of disk is free for runs" in ran.out


def test_too_many_threads_are_told():
    facts = {
        "versions": {"torch": None},
        "runs": {"writable": True, "free_bytes": 2**40, "path": "runs"},
        "cpu": {"threads": 8, "usable": 2},
    }
    assert problems(facts) == [
        "torch is not installed",
        "torch uses 8 threads on 2 processors: set OMP_NUM_THREADS=2",
    ]


@pytest.mark.parametrize(
    ("requirement", "name"),
    [("torch>=2.6", "torch"), ("scikit-learn (>=1.4)", "scikit-learn"), ("rich", "rich")],
)
def test_names_of_requirements(requirement, name):
    assert name_of(requirement) == name
