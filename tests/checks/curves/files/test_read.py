"""Another tool's log: its columns, its evaluations, and what they show."""

from __future__ import annotations

import contextlib
import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.checks.curves.files import logged as form
from trickrun.checks.curves.files.naming import Names, fit, name_columns, said
from trickrun.checks.curves.files.read import MOST, evaluations, one_file, read_files
from trickrun.errors import DataError, TrickrunError
from trickrun.reporting import curve_pictures

COUNT = 40


def falling(i: float) -> float:
    return 2.3 * math.exp(-i / 8) + 0.05


def rising(i: float) -> float:
    return falling(i) + 0.25 + 0.02 * max(0.0, i - 15)


def written(path, head, rows):
    lines = [",".join(map(str, row)) for row in [head, *rows]]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def keras(tmp_path):
    """As Keras' CSVLogger writes it."""
    rows = [
        [i, 1 - falling(i) / 3, falling(i), 0.9 - falling(i) / 3, rising(i)] for i in range(COUNT)
    ]
    return written(
        tmp_path / "k.csv", ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"], rows
    )


def test_overfitting_is_seen_without_an_edit(keras):
    verdict = read_files([keras], {})
    (run,) = verdict.result["runs"]
    assert (verdict.verdict, run["shape"]) == ("warn", "overfit")
    best = min(range(COUNT), key=rising)
    assert run["best_epoch"] == best
    assert run["columns"] == {
        "train": "loss", "val": "val_loss", "epoch": "epoch", "accuracy": "val_accuracy",
    }  # fmt: skip
    (finding,) = verdict.findings
    assert finding.edit is None
    assert "Regularize more" in finding.why
    assert "The run" not in finding.why


def test_sparse_rows_of_lightning_are_the_same_curves(tmp_path, keras):
    rows = []
    for i in range(COUNT):
        rows += [[i, "", 100 * i + step, "", falling(i), "", ""] for step in (49, 99)]
        rows.append([i, "", 100 * i + 99, "", "", 0.9 - falling(i) / 3, rising(i)])
        rows.append([i, "", 100 * i + 99, falling(i), "", "", ""])
    head = [
        "epoch",
        "lr-Adam",
        "step",
        "train_loss_epoch",
        "train_loss_step",
        "val_acc",
        "val_loss",
    ]
    sparse, names, _ = one_file(written(tmp_path / "l.csv", head, rows), {})
    dense, _, _ = one_file(keras, {})
    assert (names.train, names.lr) == ("train_loss_epoch", "")
    for column in ("epochs", "train_loss", "val_loss", "values", "best_epoch"):
        assert getattr(sparse, column) == getattr(dense, column), column


def test_a_trainer_state_is_read(tmp_path):
    history = []
    for i in range(COUNT):
        history.append({"epoch": (i + 0.5) / 2, "loss": falling(i), "step": 10 * i + 5})
        history.append({"epoch": (i + 1) / 2, "eval_loss": rising(i), "step": 10 * i + 10})
    history.append({"epoch": 20, "train_loss": 0.5, "train_runtime": 5.0, "step": 400})
    file = tmp_path / "trainer_state.json"
    file.write_text(json.dumps({"log_history": history, "best_metric": 1.0}))
    curves, names, _ = one_file(file, {})
    assert (names.train, names.val) == ("loss", "eval_loss")
    assert curves.train_loss == tuple(falling(i) for i in range(COUNT))
    assert curves.val_loss == tuple(rising(i) for i in range(COUNT))
    assert curves.epochs[-1] == 20.0


def test_training_losses_since_the_last_evaluation_are_averaged(tmp_path):
    rows = [[1, 4.0, ""], [2, 2.0, ""], [3, "", 5.0], [4, 1.0, 3.0]]
    file = written(tmp_path / "a.csv", ["step", "train_loss", "val_loss"], rows)
    logged = form.read_logged(file)
    found = evaluations(logged, name_columns(logged, {}))
    assert [(row.step, row.train, row.val) for row in found] == [(3, 3.0, 5.0), (4, 1.0, 3.0)]


def test_thousands_of_steps_are_averaged_and_it_is_said(tmp_path):
    draw = random.Random(0)
    losses = [falling(i / 100) + draw.gauss(0, 0.02) for i in range(4500)]
    file = tmp_path / "a.jsonl"
    file.write_text(
        "".join(json.dumps({"step": i, "loss": x}) + "\n" for i, x in enumerate(losses))
    )
    curves, _, notes = one_file(file, {})
    assert len(curves.train_loss) == 900 <= MOST
    assert curves.train_loss[0] == pytest.approx(sum(losses[:5]) / 5)
    assert any("4500 evaluations" in note for note in notes)


def test_a_log_that_ends_in_nan_has_diverged(tmp_path):
    rows = [[i, "nan" if i > 8 else 1.0 + i / 10, 2.0] for i in range(12)]
    file = written(tmp_path / "a.csv", ["epoch", "train_loss", "val_loss"], rows)
    verdict = read_files([file], {})
    assert verdict.result["runs"][0]["shape"] == "diverged"
    assert verdict.result["runs"][0]["notes"] == ["the loss is no finite number in epoch 9, 10, 11"]


def test_one_nan_in_the_middle_is_told_and_left_out(tmp_path):
    rows = [[i, falling(i), "NaN" if i == 7 else falling(i) + 0.01] for i in range(COUNT)]
    file = written(tmp_path / "a.csv", ["epoch", "train_loss", "val_loss"], rows)
    (run,) = read_files([file], {}).result["runs"]
    assert run["shape"] == "healthy"
    assert run["notes"] == ["the loss is no finite number in epoch 7"]


def test_a_constant_loss_learns_nothing_but_may_have_been_trained_before(tmp_path):
    rows = [[i, 2.3 + 0.01 * (i % 2)] for i in range(20)]
    verdict = read_files([written(tmp_path / "a.csv", ["epoch", "loss"], rows)], {})
    assert verdict.result["runs"][0]["shape"] == "plateau"
    assert verdict.verdict == "warn"
    assert "always giving the same answer" not in verdict.findings[0].why


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("train", ["loss", "train_loss", "Loss/train", "train.loss", "epoch_loss", "trainingLoss"]),
        ("val", ["val_loss", "valid_loss", "eval/loss", "validation/epoch_loss", "Loss/val"]),
        ("epoch", ["epoch", "Epoch"]),
        ("step", ["step", "global_step", "trainer/global_step", "iter"]),
        ("accuracy", ["val_acc", "eval_accuracy", "val_sparse_categorical_accuracy"]),
        ("lr", ["lr", "learning_rate", "lr-Adam", "train/lr"]),
    ],
)
def test_usual_names_are_known(role, names):
    for name in names:
        assert fit(role, name) is not None, name


@pytest.mark.parametrize(
    ("role", "name"),
    [("train", "val_loss"), ("val", "loss"), ("epoch", "epoch_loss"), ("train", "gloss"),
     ("accuracy", "train_accuracy"), ("step", "step_time")],
)  # fmt: skip
def test_other_names_are_not_taken_for_it(role, name):
    assert fit(role, name) is None


def test_a_column_of_epochs_is_taken_before_one_of_steps(tmp_path):
    head = ["train_loss_step", "train_loss_epoch", "loss"]
    logged = form.read_logged(written(tmp_path / "a.csv", head, [[1, 2, 3]]))
    assert name_columns(logged, {}).train == "train_loss_epoch"
    assert name_columns(logged, {"train": "loss"}).train == "loss"


def test_columns_are_said():
    assert said(["train=a, val=b", "epoch=c"]) == {"train": "a", "val": "b", "epoch": "c"}
    for words in ("train", "trian=a", "=a", "train="):
        with pytest.raises(TrickrunError) as error:
            said([words])
        assert error.value.hint


BAD = {
    "no numbers": ("a.csv", "name,word\nx,y\n", "no column holds numbers; there are name, word"),
    "ragged": ("a.csv", "epoch,loss\n1,2\n3\n", "line 3 has 1 values, and the header names 2"),
    "no header": ("a.csv", "1,2\n3,4\n", "its first line has numbers"),
    "twice": ("a.csv", "loss,loss\n1,2\n", "two columns are named 'loss'"),
    "empty": ("a.csv", "", "this file is empty"),
    "only a header": ("a.csv", "epoch,loss\n", "a header and no rows"),
    "back": ("a.csv", "epoch,loss\n1,2\n2,1\n1,3\n", "line 4: epoch goes back from 2 to 1"),
    "no loss": (
        "a.csv",
        "epoch,speed\n1,2\n",
        "no column is called a loss; there are epoch, speed",
    ),
    "two losses": ("a.csv", "box_loss,class_loss\n1,2\n", "2 columns may be the training loss"),
    "text among numbers": (
        "a.csv",
        "epoch,loss\n1,2\n2,oops\n",
        "the column loss holds other things",
    ),
    "no pair": ("a.csv", "epoch,loss,val_loss\n1,2,\n2,,3\n", "no evaluation has train and val"),
    "infinite epoch": ("a.csv", "epoch,loss\n1,2\ninf,3\n", "line 3: epoch is inf"),
    "no JSON": ("a.jsonl", '{"loss": 1}\n{"loss": \n', "line 2: this is no JSON"),
    "no object": ("a.jsonl", "[1, 2]\n", "line 1 is no JSON object"),
    "no log": ("a.json", '{"loss": 1}', "this JSON is no log"),
    "nested": ("a.json", "[" * 100_000, "nested too deeply"),
    "quotes": ("a.csv", 'epoch,loss\n1,"2\n', "this is no CSV"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_clear_error(tmp_path, case):
    name, text, message = BAD[case]
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(DataError) as error:
        read_files([file], {})
    assert message in error.value.message
    assert str(file) in error.value.where


@given(
    st.lists(
        st.tuples(*[st.one_of(st.floats(width=64), st.just(""), st.floats(0, 9))] * 3),
        min_size=1,
        max_size=25,
    )
)
def test_any_numbers_are_judged_or_one_error(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("any") / "a.csv"
    written(file, ["epoch", "loss", "val_loss"], [[i, *row[1:]] for i, row in enumerate(rows)])
    with contextlib.suppress(DataError):
        verdict = read_files([file], {})
        assert curve_pictures.panels(verdict)
        assert all(finding.edit is None for finding in verdict.findings)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "a.csv"
    with file.open("wb") as stream:
        stream.truncate(form.MOST_BYTES + 2**20)
    with pytest.raises(DataError, match="at most 64 are read"):
        read_files([file], {})


def test_a_column_that_is_not_there_is_guessed(keras):
    with pytest.raises(DataError, match="no column 'vall_loss'") as error:
        read_files([keras], {"val": "vall_loss"})
    assert "val_loss" in error.value.hint


def test_percents_are_told(tmp_path):
    rows = [[i, falling(i), falling(i), 90 - 30 * falling(i)] for i in range(20)]
    head = ["epoch", "loss", "val_loss", "val_acc"]
    curves, _, notes = one_file(written(tmp_path / "a.csv", head, rows), {})
    assert max(curves.values) < 1
    assert notes == ["val_acc is taken for percents"]


def test_no_role_is_a_column_of_another(keras):
    logged = form.read_logged(keras)
    names = name_columns(logged, {"train": "val_loss"})
    assert names == Names(train="val_loss", epoch="epoch", accuracy="val_accuracy")
