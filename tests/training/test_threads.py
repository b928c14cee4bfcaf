"""The number of threads follows a rule, is recorded, and is one wherever trials train."""

from pathlib import Path

import pytest
import torch
from torch import nn

from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.search.executors.work import compiled
from trickrun.search.trial import identity, make_trial
from trickrun.training import compile as compiler
from trickrun.training import threads

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    """A process that may use two threads, and afterwards has as many as it had."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def tree(hidden, **train):
    model = {"kind": "mlp", "hidden": hidden}
    return canonical({"data": {"kind": "iris"}, "model": model, "train": {"epochs": 1, **train}})


def test_operations_of_a_step():
    mlp = nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3))
    assert threads.step_flops(mlp, torch.zeros(2, 7), 10) == 6 * (7 * 5 + 5 * 3) * 10
    cnn = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Flatten())
    assert threads.step_flops(cnn, torch.zeros(2, 1, 8, 8), 10) == 6 * (4 * 9) * 64 * 10
    tokens = nn.Sequential(nn.Embedding(50, 6), nn.Linear(6, 3))
    assert threads.step_flops(tokens, torch.zeros(2, 11).long(), 10) == 6 * (6 * 3) * 11 * 10
    recurrent = nn.LSTM(4, 5, batch_first=True)
    weights = 4 * 5 * (4 + 5)
    assert threads.step_flops(recurrent, torch.zeros(2, 11, 4), 10) == 6 * weights * 11 * 10


def test_large_steps_use_all_cores():
    assert threads.thread_count("auto", threads.WORTH_SHARING - 1) == 1
    assert threads.thread_count("auto", threads.WORTH_SHARING) == 2
    assert threads.thread_count(5, 0.0) == 5


@pytest.mark.parametrize("asked", ["", "0", "-3", "4,2", "many"])
def test_a_number_of_threads_that_is_none_means_one_a_core(monkeypatch, asked):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert threads.available() == threads.cores() >= 1


@pytest.mark.parametrize(
    ("hidden", "train", "expected"),
    [([8], {}, 1), ([2000, 2000], {}, 2), ([8], {"threads": 2}, 2), ([8], {"threads": "auto"}, 1)],
)
def test_compiling_sets_them(hidden, train, expected):
    compiler.compile_recipe(from_tree(tree(hidden, **train)), HERE)
    assert torch.get_num_threads() == expected


def test_trials_train_on_one_thread_and_are_the_same_trial_whatever_was_asked():
    asked = tree([8], threads=2)
    compiled(make_trial(asked, {}, HERE), HERE)
    assert torch.get_num_threads() == 1
    assert identity(from_tree(asked), HERE) == identity(from_tree(tree([8])), HERE)
