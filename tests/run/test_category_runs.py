"""Categories that learn and encoded numbers through the whole job: what is refused, a run that is
opened again, one that is resumed, weights that are taken over."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.conftest import Ran
from trickrun.data.splits.prepare import prepare
from trickrun.errors import CompileError
from trickrun.nn.columns import encoder_of
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import canonical
from trickrun.recipe.text.problems import RecipeError
from trickrun.run.find import find
from trickrun.run.folder import RunFolder
from trickrun.run.trained import open_run
from trickrun.training.compile import compile_recipe
from trickrun.training.job import RecipeJob

TOWNS = ["Aachen", "Bonn", "Celle", "Dessau", "Erfurt", "Fulda"]
MLP: dict[str, Any] = {"kind": "mlp", "hidden": [6]}
RECIPE = """\
data: {{kind: csv, path: t.csv, target: price, categories: embedding, rare: 3, batch_size: 16}}
model: {{kind: mlp, hidden: [6], numeric: {numeric}}}
train: {{epochs: 4, checkpoint: 2 steps, device: cpu}}
"""


def table(rows: int = 120, towns: list[str] = TOWNS) -> str:
    """A table whose price depends on the town and swings with the age; one town is rare."""
    draw = random.Random(0)
    lines = ["age,town,price"]
    for row in range(rows):
        town, age = draw.choice(towns), draw.uniform(0, 10)
        town = "Gera" if row % 60 == 7 else town
        lines.append(f"{age:.3f},{town},{(sum(map(ord, town)) % 7 + age * (row % 2)):.4f}")
    return "\n".join(lines) + "\n"


def compiled(folder: Path, **parts: Any) -> RecipeJob:
    (folder / "t.csv").write_text(table())
    data = {"kind": "csv", "path": "t.csv", "target": "price", "categories": "embedding"}
    tree = {"data": data, "model": MLP, "train": {"steps": 3, "device": "cpu"}, **parts}
    return compile_recipe(from_tree(canonical(tree)), folder)


def test_a_network_learns_a_vector_for_each_category(tmp_path: Path) -> None:
    job = compiled(tmp_path)
    encoder = encoder_of(job.model)
    assert encoder is not None
    # 7 towns and the unknown one; fastai's rule: round(1.6 * 8 ** 0.56) = 5.
    assert tuple(encoder.embeddings[0].weight.shape) == (8, 5)
    assert tuple(job.model.get_parameter("linear1.weight").shape) == (6, 1 + 5)
    told = {(entry.section, entry.trick): entry.what for entry in job.ledger}
    assert told["model", "embedding"] == "1 column of categories: 8 x 5"
    assert told["data", "unseen"] == "cells of 1 column become unknown in training, up to 1%"


def test_the_vectors_width_may_be_given(tmp_path: Path) -> None:
    encoder = encoder_of(compiled(tmp_path, model={**MLP, "embedding": 3}).model)
    assert encoder is not None
    assert encoder.width == 1 + 3


def test_the_vectors_that_a_batch_uses_get_a_gradient_the_unknown_one_too(tmp_path: Path) -> None:
    job = compiled(tmp_path)
    encoder = encoder_of(job.model)
    assert encoder is not None
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    job.model(x).square().sum().backward()
    gradient = encoder.embeddings[0].weight.grad
    assert gradient is not None
    assert (gradient.abs().sum(1) > 0).tolist() == [row in (0, 2) for row in range(8)]


def test_training_batches_hold_unknown_cells_evaluation_does_not(tmp_path: Path) -> None:
    job = compiled(tmp_path)
    indices = torch.arange(len(job.data.train))
    batches = [job.training_batch(indices, step)[0] for step in range(50)]
    changed = [int((batch[:, 1] == 0).sum()) for batch in batches]
    assert 0 < sum(changed) < 0.03 * 50 * len(indices)
    again = job.training_batch(indices, 3)[0]
    assert torch.equal(again, batches[3])
    assert all(torch.equal(batch[:, 0], job.data.train.x[:, 0]) for batch in batches)
    assert int((job.data.train.x[:, 1] == 0).sum()) == 0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"augmentation": ["noise"]}, "noise would change the numbers of categories"),
        ({"regularizers": {"mixup": 0.2}}, "the numbers of categories cannot be mixed"),
    ],
)
def test_what_would_change_the_numbers_of_categories_is_refused(
    tmp_path: Path, parts: dict[str, Any], message: str
) -> None:
    with pytest.raises(CompileError, match=message) as caught:
        compiled(tmp_path, **parts)
    assert "data.categories: one_hot" in str(caught.value.hint)


def test_a_model_without_embedding_is_refused_by_the_recipes_text_alone(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cnn takes numbers, and has no embedding"):
        compiled(tmp_path, model={"kind": "cnn"})


def test_images_have_no_columns_to_encode(tmp_path: Path) -> None:
    model = {**MLP, "numeric": "periodic"}
    with pytest.raises(CompileError, match=r"encodes the columns of a table.*are \[1, 8, 8\]"):
        compiled(tmp_path, data={"kind": "digits"}, model=model)


def test_numbers_of_two_values_alone_leave_nothing_to_encode(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("a,y\n" + "0,1.5\n1,2.5\n" * 30)
    data = {"kind": "csv", "path": "two.csv", "target": "y", "task": "regression", "batch_size": 8}
    with pytest.raises(CompileError, match="piecewise finds nothing to encode"):
        compiled(tmp_path, data=data, model={**MLP, "numeric": "piecewise"})


def trained(trickrun: Callable[..., Ran], numeric: str) -> RunFolder:
    Path("t.csv").write_text(table())
    Path("r.yaml").write_text(RECIPE.format(numeric=numeric))
    ran = trickrun("train", "r.yaml", "--json")
    assert ran.code == 0, ran.err
    return find(Path("runs"), "r", trained=True)


@pytest.mark.parametrize("numeric", ["plain", "piecewise", "periodic"])
def test_a_run_is_opened_again_as_it_was(trickrun: Callable[..., Ran], numeric: str) -> None:
    folder = trained(trickrun, numeric)
    job = open_run(folder)
    encoder = encoder_of(job.model)
    assert encoder is not None
    assert (encoder.numeric is None) == (numeric == "plain")
    test = trickrun("eval", "r", "--json").json["result"]
    end = json.loads((folder.path / "metrics.jsonl").read_text().splitlines()[-1])
    assert test["scores"]["loss"] == pytest.approx(end["test"]["loss"])
    Path("new.csv").write_text("age,town\n3.5,Bonn\n3.5,Gera\n3.5,Paris\n")
    told = trickrun("predict", "r", "new.csv", "--json").json["result"]
    bonn, gera, paris = (row["price"] for row in told["predictions"])
    assert gera == pytest.approx(paris)
    assert bonn != pytest.approx(paris)
    assert told["notes"] == [
        "column 'town': 2 of 3 cells hold an unknown category; 1 of them new, such as 'Paris'"
    ]


@pytest.mark.parametrize("numeric", ["piecewise", "periodic"])
def test_a_resumed_run_ends_bitwise_equal(trickrun: Callable[..., Ran], numeric: str) -> None:
    whole = trained(trickrun, numeric)
    Path("r.yaml").write_text(RECIPE.format(numeric=numeric).replace("epochs: 4", "epochs: 2"))
    assert trickrun("train", "r.yaml", "--json").code == 0
    half = find(Path("runs"), "r", trained=True)
    ran = trickrun("train", "--resume", str(half.path), "train.epochs=4", "--json")
    assert ran.code == 0, ran.err
    resumed = find(Path("runs"), ran.json["run"], trained=True)
    one, other = (folder.load("last") for folder in (whole, resumed))
    assert one is not None
    assert other is not None
    assert one["model"].keys() == other["model"].keys()
    for name, values in one["model"].items():
        assert torch.equal(values, other["model"][name]), name


def test_eval_says_how_many_cells_are_unknown(trickrun: Callable[..., Ran]) -> None:
    trained(trickrun, "plain")
    Path("new.csv").write_text("age,town,price\n3.5,Bonn,1\n2.5,Rome,2\n")
    ran = trickrun("eval", "r", "--data", "new.csv", "--json")
    line = "column 'town': 1 of 2 cells hold an unknown category; 1 of them new, such as 'Rome'"
    assert ran.json["result"]["notes"] == [line]
    assert line in trickrun("eval", "r", "--data", "new.csv").err
    assert trickrun("eval", "r", "--split", "train", "--json").json["result"]["notes"] == [
        f"column 'town': {rare_in_training()} of 84 cells hold an unknown category"
    ]


def rare_in_training() -> int:
    """Return how many of the training rows are of the rare town, by the data alone."""
    part = prepare(load(Path("r.yaml")).recipe.data, Path()).rows["train"].tolist()
    rows = table().splitlines()[1:]
    return sum("Gera" in rows[place] for place in part)


def test_vectors_go_with_their_categories_into_another_run(trickrun: Callable[..., Ran]) -> None:
    folder = trained(trickrun, "plain")
    saved = folder.load("best")
    assert saved is not None
    # Six towns as before, but others in part and in another order.
    Path("u.csv").write_text(table(towns=["Zwickau", "Bonn", "Ulm", "Dessau", "Aachen", "Celle"]))
    model = {"kind": "mlp", "hidden": [6], "init_from": str(folder.path)}
    data = {"kind": "csv", "path": "u.csv", "target": "price", "categories": "embedding", "rare": 3}
    tree = {"data": data, "model": model, "train": {"steps": 3, "device": "cpu"}}
    job = compile_recipe(from_tree(canonical(tree)), Path())
    old = saved["model"]["columns.embeddings.0.weight"]
    now = job.model.get_parameter("columns.embeddings.0.weight")
    (known,) = job.data.task.categories
    assert known.known == ("Aachen", "Bonn", "Celle", "Dessau", "Ulm", "Zwickau")
    assert torch.equal(now, old[[0, 1, 2, 3, 4, 0, 0]])


def test_a_run_with_other_columns_of_categories_is_refused(trickrun: Callable[..., Ran]) -> None:
    folder = trained(trickrun, "plain")
    Path("u.csv").write_text(table().replace("town", "city"))
    model = {"kind": "mlp", "hidden": [6], "init_from": str(folder.path)}
    data = {"kind": "csv", "path": "u.csv", "target": "price", "categories": "embedding"}
    with pytest.raises(CompileError, match="other columns of categories: town"):
        compile_recipe(from_tree(canonical({"data": data, "model": model})), Path())


def test_one_batch_is_overfitted_without_unknown_cells(trickrun: Callable[..., Ran]) -> None:
    Path("t.csv").write_text(table())
    Path("r.yaml").write_text(RECIPE.format(numeric="plain"))
    # In a batch of 32 no town occurs as often.
    changes = ("data.scale_targets=standard", "data.rare=20")
    ran = trickrun("overfit-batch", "r.yaml", "--json", *changes)
    assert "data.unseen" in ran.json["result"]["disabled"]


@pytest.mark.parametrize("encoded", [[1, 2, 3], "48", [-1], [True], [2.5]])
def test_a_damaged_size_of_a_number_is_an_error(
    trickrun: Callable[..., Ran], encoded: object
) -> None:
    folder = trained(trickrun, "piecewise")
    facts = folder.read_json("data.json")
    folder.write_json("data.json", {**facts, "encoded": encoded})
    ran = trickrun("eval", "r")
    assert ran.code == 2
    assert "'encoded' is not a size for each of 1 numbers" in ran.err
