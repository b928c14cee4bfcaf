"""Finding runs: by folder, id and name, those of checks and of older versions too."""

import json

import pytest

from trickrun.errors import RunFolderError
from trickrun.run import find as find_module
from trickrun.run import folder
from trickrun.run.find import every, find


def made(root, name="digits", command="train", training=True):
    """Make a run of ``command``; without ``training``, of a check."""
    run = folder.create(root, name)
    run.write("env.json", json.dumps({"command": ["trickrun", command]}))
    if training:
        run.write("metrics.jsonl", "")
    run.write("resolved.yaml", "")
    return run


def test_a_run_is_found_by_path_id_beginning_and_name(tmp_path):
    old, new, other = made(tmp_path), made(tmp_path), made(tmp_path, "iris")
    assert find(tmp_path, str(old.path)) == old
    assert find(tmp_path, old.id) == old
    assert find(tmp_path, f"digits/{old.id}") == old
    assert find(tmp_path, other.id[:-2]) == other
    assert find(tmp_path, "digits") == new


def test_for_a_name_only_its_own_folder_is_looked_at(tmp_path, monkeypatch):
    training = made(tmp_path)
    made(tmp_path, "iris")
    looked: list[str | None] = []
    folders = find_module.folders
    monkeypatch.setattr(
        find_module, "folders", lambda root, name=None: looked.append(name) or folders(root, name)
    )
    assert find(tmp_path, "digits", trained=True) == training
    assert looked == ["digits"]


def test_a_beginning_of_an_id_comes_before_a_name_that_is_the_same(tmp_path):
    run = made(tmp_path)
    other = made(tmp_path, run.id[:-2])
    assert find(tmp_path, run.id[:-2]) == run
    made(tmp_path, "2digits")
    assert find(tmp_path, "2digits").name == "2digits"
    assert find(tmp_path, other.id) == other


@pytest.mark.parametrize("wanted", ["", ".", "..", "digits/", "a\0b"])
def test_what_is_no_name(tmp_path, wanted):
    made(tmp_path)
    with pytest.raises((RunFolderError, ValueError)):
        find(tmp_path / "none", wanted)


def test_what_is_not_found_or_not_one(tmp_path):
    run = made(tmp_path)
    made(tmp_path)
    with pytest.raises(RunFolderError, match="matches several runs"):
        find(tmp_path, run.id[:4])
    with pytest.raises(RunFolderError, match="no run nothing"):
        find(tmp_path, "nothing")
    with pytest.raises(RunFolderError, match=r"this is not a run: it has no resolved\.yaml"):
        find(tmp_path, str(tmp_path))


def test_an_unfinished_folder_is_no_run(tmp_path):
    folder.create(tmp_path, "digits").write("recipe.yaml", "")
    assert list(every(tmp_path)) == []


def test_a_name_means_its_newest_training_not_one_of_a_check(tmp_path):
    training, other = made(tmp_path), made(tmp_path, "iris")
    check = made(tmp_path, command="curves", training=False)
    seed = made(check.own_runs, command="curves")
    assert find(tmp_path, "digits", trained=True) == training
    assert find(tmp_path, "digits") == check
    assert find(tmp_path, seed.id) == seed
    assert list(every(tmp_path)) == [check, other, training]
    assert list(every(tmp_path, nested=True)) == [seed, check, other, training]
    assert list(every(tmp_path, "digits", nested=True)) == [seed, check, training]


def test_older_versions_put_the_trainings_of_checks_beside_them(tmp_path):
    training = made(tmp_path)
    seed = made(tmp_path, command="curves")
    made(tmp_path, command="checklist", training=False)
    assert find(tmp_path, "digits", trained=True) == training
    training.write("env.json", "[]")
    assert find(tmp_path, "digits", trained=True) == seed


def test_a_name_without_a_training_is_not_the_check_of_that_name(tmp_path):
    check = made(tmp_path, command="curves", training=False)
    made(check.own_runs, command="curves")
    with pytest.raises(RunFolderError, match="no training is named digits") as raised:
        find(tmp_path, "digits", trained=True)
    assert "trickrun runs --all" in raised.value.hint


def test_what_is_hidden_is_no_run(tmp_path):
    made(tmp_path, ".removed")
    made(tmp_path / ".removed")
    tmp_path.joinpath("a file").write_text("")
    assert list(every(tmp_path, nested=True)) == []
    assert list(every(tmp_path / "none")) == []
