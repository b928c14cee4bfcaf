"""Rules across sections: what is refused, and what is let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from trickrun.recipe.load import load
from trickrun.recipe.text.problems import Problem, RecipeError

MINIMAL = "data: {kind: digits}\nmodel: mlp\n"


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        load(path)
    return caught.value.problems


def objections(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return what is wrong with a recipe that may be right."""
    path = folder / "r.yaml"
    path.write_text(text)
    try:
        load(path)
    except RecipeError as error:
        return error.problems
    return ()


def shown(problem: Problem) -> str:
    place = problem.place
    assert place is not None
    return place.text[place.column - 1 : place.column - 1 + place.width]


@pytest.mark.parametrize(
    ("line", "path", "marked", "message"),
    [
        ("data: {kind: iris, split: {val: 0.5, test: 0.5}}", "data.split", "{val", "nothing to"),
        ("data: {kind: iris, subset: 9}", "data.subset", "9", "do not fill one batch of 64"),
        ("optimizer: {kind: sgd, nesterov: true}", "optimizer.nesterov", "true", "needs momentum"),
        (
            "loss: mse\nregularizers: {label_smoothing: 0.1}",
            "regularizers.label_smoothing",
            "0.1",
            "cannot act on the loss mse",
        ),
        (
            "data: {kind: iris}\nregularizers: {cutmix: 1}",
            "regularizers.cutmix",
            "1",
            "iris is a table",
        ),
        ("metrics: [accuracy, accuracy]", "metrics.1", "accuracy", "listed twice"),
        ("metrics: [accuracy, r2]", "metrics.1", "r2", "r2 is for regression"),
        ("metrics: [mae, f1_macro]", "metrics.1", "f1_macro", "mae for regression"),
        (
            "early_stopping: {monitor: val_f1_macro}",
            "early_stopping.monitor",
            "val_f1_macro",
            "no evaluation has a value 'val_f1_macro'",
        ),
        (
            "optimizer: {schedule: {kind: plateau, monitor: val_los}}",
            "optimizer.schedule.monitor",
            "val_los",
            "no evaluation has a value 'val_los'",
        ),
        ("grid: {metric: loss}", "grid.metric", "loss", "no evaluation has a value 'loss'"),
        (
            "data: {kind: iris, split: {val: 0}}\nearly_stopping: 3",
            "early_stopping.monitor",
            "3",
            "needs a validation split",
        ),
        ("data: iris\naugmentation: [flip]", "augmentation.0", "flip", "iris is a table"),
        ("expect: {test.acc: '> 1'}", "expect.test.acc", "test.acc", "no value 'test.acc'"),
        ("expect: {test.r2: 0.9}", "expect.test.r2", "0.9", "expected a comparison"),
        ("expect: {test.r2: '=> 1'}", "expect.test.r2", "'=> 1'", "expected a comparison"),
        (
            "data: {kind: iris, split: {test: 0}}\nexpect: {test.loss: '< 1'}",
            "expect.test.loss",
            "test.loss",
            "no test split",
        ),
        (
            "grid: {coarse: {space: {optimizer.lrr: [1.0]}}}",
            "grid.coarse.space.optimizer.lrr",
            "optimizer.lrr",
            "there is no recipe path",
        ),
        (
            "grid: {fine: {space: {optimizer.lr: {log: [0.1, 0.1]}}}}",
            "grid.fine.space.optimizer.lr",
            "{log: [0.1, 0.1]}",
            "must be below",
        ),
        (
            "grid: {fine: {space: {optimizer.lr: {}}}}",
            "grid.fine.space.optimizer.lr",
            "{}",
            "exactly one of log, uniform, int, choice",
        ),
        (
            "grid: {fine: {space: {optimizer.lr: {log: [1, 2], int: [1, 2]}}}}",
            "grid.fine.space.optimizer.lr",
            "{log: [1, 2], int: [1, 2]}",
            "exactly one of",
        ),
        (
            "grid: {fine: {space: {optimizer.lr: []}}}",
            "grid.fine.space.optimizer.lr.choice",
            "[]",
            "expected at least 1, but an empty list is given",
        ),
        (
            "data: {kind: digits, split: {group: writer}}",
            "data.split.group",
            "writer",
            "digits has no columns to split by",
        ),
        (
            "data: {kind: npz, path: a.npz, split: {time: day}}",
            "data.split.time",
            "day",
            "npz has no columns to split by",
        ),
        (
            "grid: {fine: {space: {regularizers.dropout.p: [0.1, 1.5]}}}",
            "grid.fine.space.regularizers.dropout.p.choice.1",
            "1.5",
            "below 1",
        ),
        (
            "grid: {fine: {space: {optimizer: [sgd, {kind: adam, lr: x}]}}}",
            "grid.fine.space.optimizer.choice.1.lr",
            "x",
            "expected a number",
        ),
        (
            "grid: {fine: {space: {augmentation.0.std: [1.0]}}}",
            "grid.fine.space.augmentation.0.std",
            "augmentation.0.std",
            "there is no element 0",
        ),
        (
            "grid: {fine: {space: {train.epochs: [1]}}}",
            "grid.fine.space.train.epochs",
            "train.epochs",
            "cannot be searched",
        ),
        (
            "grid: {fine: {space: {grid.metric: [val_loss]}}}",
            "grid.fine.space.grid.metric",
            "grid.metric",
            "cannot be searched",
        ),
        (
            "grid: {coarse: {space: {regularizers.label_smoothing.epsilon: [0.0, 0.1]}}}",
            "grid.coarse.space.regularizers.label_smoothing.epsilon",
            "regularizers.label_smoothing.epsilon",
            "cannot be ranked by their val_loss",
        ),
        (
            "grid: {metric: train_loss, fine: {space: {loss: [cross_entropy, hinge]}}}",
            "grid.fine.space.loss",
            "loss",
            "cannot be ranked by their train_loss",
        ),
        (
            "metrics: [{kind: python, target: 'm:mine'}]\ngrid: {metric: val_mine}",
            "grid.metric",
            "val_mine",
            "nothing says whether a higher val_mine is better",
        ),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(
    tmp_path: Path, line: str, path: str, marked: str, message: str
) -> None:
    head = MINIMAL if not line.startswith("data") else "model: mlp\n"
    (problem,) = problems(tmp_path, head + line)
    assert problem.path == path
    assert message in problem.message
    assert shown(problem).startswith(marked)


@pytest.mark.parametrize(
    "line",
    [
        "optimizer: {kind: sgd, nesterov: true, momentum: 0.9}",
        "regularizers: {label_smoothing: 0.1}",
        "loss: mse\nregularizers: {label_smoothing: 0}",
        "metrics: [mae, rmse, {kind: python, target: 'm:f'}]",
        "early_stopping: {monitor: val_accuracy}",
        "metrics: [f1_macro]\nearly_stopping: {monitor: val_f1_macro}",
        "metrics: [{kind: python, target: 'm:mine'}]\nexpect: {test.mine: '> 1'}",
        "early_stopping: {monitor: train_loss}",
        "augmentation: [flip]",
        "early_stopping: 3\ndata: {kind: digits, split: {val: 0, folds: 5}}",
        "expect: {best.val_loss: '<1e-3', steps: '<= 100', samples_per_second: ' > 1.5 '}",
        "grid: {coarse: {space: {data.batch_size: {int: [8, 64]}, model.hidden: [[8], []]}}}",
        "grid: {coarse: {space: {optimizer: [sgd, adam], optimizer.momentum: [0.0, 0.9]}}}",
        "grid: {metric: val_accuracy, coarse: {space: {loss: [cross_entropy, hinge]}}}",
        "metrics: [{kind: python, target: 'm:mine'}]\ngrid: {metric: val_mine, mode: max}",
        "grid: {coarse: {space: {optimizer.clip: [null, 1.0, {value: 0.5}]}}}",
    ],
)
def test_what_can_work_is_let_pass(tmp_path: Path, line: str) -> None:
    head = MINIMAL if "data: " not in line else "model: mlp\n"
    assert objections(tmp_path, head + line) == ()


def test_the_kinds_that_have_columns_are_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "model: mlp\ndata: {kind: digits, split: {group: writer}}")
    assert problem.hint == "data of these kinds has: csv, image_table"


def test_whole_numbers_are_not_drawn_from_a_log_range(tmp_path: Path) -> None:
    line = "grid: {coarse: {space: {data.batch_size: {log: [8, 64]}}}}"
    found = problems(tmp_path, MINIMAL + line)
    assert [problem.path.rpartition(".")[2] for problem in found] == ["0", "1"]
    assert {problem.hint for problem in found} == {"write int: [low, high], or a list of values"}


def test_a_split_of_ones_own_is_not_second_guessed(tmp_path: Path) -> None:
    text = "data: {kind: python, target: 'm:f', split: {val: 0, test: 0}}\nmodel: mlp\n"
    assert objections(tmp_path, text + "early_stopping: 3\nexpect: {test.loss: '< 1'}") == ()


def test_rules_look_only_at_valid_sections(tmp_path: Path) -> None:
    text = "data: {kind: digts}\nmodel: mlp\nmetrics: [accuracy, r2]\nexpect: {nope: 3}\n"
    assert [problem.path for problem in problems(tmp_path, text)] == [
        "data.kind",
        "metrics.1",
        "expect.nope",
    ]


@pytest.mark.parametrize(
    ("data", "metrics", "named"),
    [
        ("iris", "", "val_accuracy"),
        ("diabetes", "", "val_mae or val_r2"),
        ("{kind: csv, path: a.csv, target: y}", "", "val_accuracy or val_mae or val_r2"),
        ("iris", "metrics: [f1_macro, auroc]\n", "val_f1_macro or val_auroc"),
        ("iris", "metrics: []\n", "one of the metrics"),
    ],
)
def test_trials_are_to_be_ranked_by_a_metric_that_is_recorded(
    tmp_path: Path, data: str, metrics: str, named: str
) -> None:
    (tmp_path / "r.yaml").write_text(
        f"data: {data}\nmodel: {{kind: mlp, hidden: [8]}}\n{metrics}"
        "grid: {coarse: {space: {loss: [mse, huber]}}}\n"
    )
    with pytest.raises(RecipeError) as caught:
        load(tmp_path / "r.yaml")
    (problem,) = caught.value.problems
    assert problem.hint == f"set grid.metric to {named}"


def test_categories_that_learn_need_a_model_that_learns_them(tmp_path: Path) -> None:
    data = "data: {kind: csv, path: t.csv, target: y, categories: embedding}\n"
    (problem,) = problems(tmp_path, data + "model: cnn\n")
    assert (problem.path, shown(problem)) == ("data.categories", "embedding")
    assert problem.message == "model cnn takes numbers, and has no embedding for categories"
    assert objections(tmp_path, data + "model: mlp\n") == ()
    assert objections(tmp_path, data + "model: {kind: python, target: 'm:Net'}\n") == ()
