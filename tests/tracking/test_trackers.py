"""The trackers by name, and what they need."""

from __future__ import annotations

import sys

import pytest

from trickrun.errors import TrickrunError
from trickrun.tracking import mlflow
from trickrun.tracking.trackers import LIBRARIES, check_installed, is_installed, named


def test_names_may_stand_in_one_word_or_in_several():
    assert named(["mlflow, wandb", "trackio", "mlflow"]) == ("mlflow", "wandb", "trackio")
    assert named([",", ""]) == ()


def test_another_name_is_an_error_that_guesses():
    with pytest.raises(TrickrunError, match="no tracker 'mlfow'") as error:
        named(["mlfow"])
    assert "mlflow" in error.value.hint


@pytest.mark.parametrize("name", LIBRARIES)
def test_what_is_missing_is_told_with_what_installs_it(name, monkeypatch):
    for module in LIBRARIES[name].modules:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TrickrunError, match="is not installed") as error:
        check_installed([name])
    assert error.value.hint == f"pip install 'trickrun[{name}]'"


def test_a_folder_of_the_name_is_no_library(tmp_path, monkeypatch):
    (tmp_path / "a_tracker_of_no_one").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not is_installed("a_tracker_of_no_one")
    assert is_installed("json")


def test_names_and_values_that_mlflow_takes():
    assert mlflow.allowed("regularizers.l2.lambda") == "regularizers.l2.lambda"
    assert mlflow.allowed("a[0]=é") == "a_0___"
    assert mlflow.allowed("") == "_"
    assert len(mlflow.allowed("x" * 999)) == mlflow.LONGEST_NAME
    assert [mlflow.shown(v) for v in (None, True, False, 1e-3, 0, "x")] == [
        "null", "true", "false", "0.001", "0", "x",
    ]  # fmt: skip
    assert [list(p) for p in mlflow.parts([1, 2, 3], 2)] == [[1, 2], [3]]
