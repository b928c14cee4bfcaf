"""What runs are called beside each other."""

import pytest

from trickrun.run import folder, names


def made(root, text):
    run = folder.create(root, "flowers")
    run.write("resolved.yaml", "data: iris\nmodel: mlp\n" + text)
    return run


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["seed: 1", "seed: 2"], ["seed 1", "seed 2"]),
        (
            ["optimizer: {kind: adam, lr: 0.01}", "optimizer: {kind: adam, lr: 3e-4}"],
            ["lr=0.01", "lr=0.0003"],
        ),
        (
            ["name: a\nseed: 1", "name: b\nseed: 1"],
            ["a", "b"],
        ),
        (
            [
                "optimizer: {kind: adam, lr: 0.1}\nseed: 1",
                "optimizer: {kind: adam, lr: 0.1}\nseed: 2",
            ],
            ["seed 1", "seed 2"],
        ),
    ],
)
def test_what_differs(tmp_path, texts, expected):
    assert names.by_difference([made(tmp_path, text) for text in texts]) == expected


def test_equal_recipes_are_told_apart_by_their_ids(tmp_path):
    same, again, other = (made(tmp_path, text) for text in ("seed: 1", "seed: 1", "seed: 2"))
    assert names.by_difference([same]) == [same.id]
    assert names.by_difference([same, again]) == [same.id, again.id]
    found = names.by_difference([same, again, other])
    assert found == [f"seed 1 {same.id}", f"seed 1 {again.id}", "seed 2"]


def test_trials_are_called_by_what_differs_among_them():
    first = {"optimizer.lr": 0.01, "model.hidden": [8], "optimizer": {"kind": "sgd", "x": 1}}
    again = {**first, "optimizer.lr": 0.1, "optimizer": {"kind": "adam", "x": 1}}
    assert names.by_params([first, again], ["a", "b"]) == [
        "lr=0.01, optimizer=sgd",
        "lr=0.1, optimizer=adam",
    ]
    assert names.by_params([{"optimizer.lr": 0.1}], ["a"]) == ["lr=0.1"]
    assert names.by_params([{"optimizer.lr": 0.1}] * 2, ["a", "b"]) == ["lr=0.1 a", "lr=0.1 b"]
    assert names.by_params([], []) == []
