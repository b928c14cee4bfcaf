"""Applying edits to a recipe file: what changes, and what stays."""

import os

import pytest

from trickrun.errors import CannotWrite, TrickrunError
from trickrun.recipe.load import load
from trickrun.run.apply import apply_edits, check_target

TEXT = """\
# my digits
model: mlp   # small
data: digits
optimizer: {kind: adam, lr: 1e-5}  # too low?
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(TEXT)
    return path


def test_only_the_value_changes(recipe):
    shown = apply_edits(recipe, {"optimizer.lr": 0.0085})
    assert recipe.read_text() == TEXT.replace("1e-5", "0.0085")
    changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[:3] not in "+++---"]
    assert changed == [
        "-optimizer: {kind: adam, lr: 1e-5}  # too low?",
        "+optimizer: {kind: adam, lr: 0.0085}  # too low?",
    ]


def test_a_file_that_says_so_already_is_left_alone(recipe):
    before = recipe.stat().st_mtime_ns
    assert apply_edits(recipe, {"optimizer.lr": 1e-5}) == ""
    assert recipe.stat().st_mtime_ns == before


def test_an_inherited_value_gets_a_key_in_the_file_itself(recipe, tmp_path):
    child = tmp_path / "child.yaml"
    child.write_text("extends: r.yaml\nseed: 3  # mine\n")
    apply_edits(child, {"optimizer.lr": 0.01})
    assert recipe.read_text() == TEXT
    assert child.read_text().startswith("extends: r.yaml\nseed: 3  # mine\n")
    assert load(child).recipe.optimizer.lr == 0.01


def test_permissions_and_links_stay(recipe, tmp_path):
    recipe.chmod(0o600)
    link = tmp_path / "link.yaml"
    link.symlink_to(recipe)
    apply_edits(link, {"optimizer.lr": 0.01})
    assert link.is_symlink()
    assert recipe.stat().st_mode & 0o777 == 0o600
    assert load(recipe).recipe.optimizer.lr == 0.01


def test_windows_line_ends_stay(recipe):
    recipe.write_bytes(TEXT.replace("\n", "\r\n").encode())
    apply_edits(recipe, {"optimizer.lr": 0.01})
    assert recipe.read_bytes() == TEXT.replace("\n", "\r\n").replace("1e-5", "0.01").encode()


def test_a_file_broken_meanwhile_is_left_as_it_is(recipe):
    recipe.write_text(TEXT + "model: cnn\n")
    with pytest.raises(TrickrunError, match="model"):
        apply_edits(recipe, {"optimizer.lr": 0.01})
    assert recipe.read_text() == TEXT + "model: cnn\n"


def test_a_folder_that_cannot_be_written_is_told(recipe, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(TrickrunError, match="No space left") as caught:
        apply_edits(recipe, {"optimizer.lr": 0.01})
    assert caught.value.hint == "free some space"
    assert recipe.read_text() == TEXT


def test_a_file_that_can_be_edited_is_let_pass_and_left_alone(recipe, tmp_path):
    check_target(recipe, {"optimizer.lr": 0.01})
    check_target(recipe, {})
    assert [path.name for path in tmp_path.iterdir()] == ["r.yaml"]
    assert recipe.read_text() == TEXT


def test_a_read_only_file_is_told_before_the_work(recipe, tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to(recipe)
    recipe.chmod(0o444)
    for path in (recipe, link):
        with pytest.raises(CannotWrite, match="this file is read-only") as caught:
            check_target(path, {})
        assert "chmod u+w" in caught.value.hint


def test_a_folder_without_room_is_told_before_the_work(recipe, monkeypatch):
    def refuse(*arguments, **more):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("trickrun.run.apply.TemporaryFile", refuse)
    with pytest.raises(CannotWrite, match="Read-only file system"):
        check_target(recipe, {})


def test_an_edit_that_no_text_can_hold_is_told_before_the_work(recipe):
    with pytest.raises(TrickrunError, match="there is no element 7"):
        check_target(recipe, {"augmentation.7.p": 0.01})
