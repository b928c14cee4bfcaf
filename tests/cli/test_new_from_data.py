"""``trickrun new --data FILE`` and what it writes, trained as it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

Run = Callable[..., object]


def sales(folder: Path) -> None:
    """200 orders in order of time: decimal commas, gaps, identifiers, a long tail."""
    draw = np.random.default_rng(0)
    lines = ["order_id;sold;region;area;weird;amount"]
    for i in range(200):
        area = float(draw.lognormal(3, 1))
        amount = f"{area * 3 + 1:.2f}".replace(".", ",")
        region = ["north", "south", ""][i % 3]
        day = f"{i % 28 + 1:02}.{i // 28 + 1:02}.2024"
        lines.append(f"{i + 50};{day};{region};{area:.2f};1,{i % 9:03};{amount}".replace(".2f", ""))
    (folder / "sales.csv").write_text("\n".join(lines))


def photos(folder: Path, count: int = 12) -> None:
    draw = np.random.default_rng(0)
    for shade, label in enumerate(["dark", "light"]):
        (folder / "photos" / label).mkdir(parents=True)
        for i in range(count):
            pixels = draw.integers(150 * shade, 100 + 150 * shade, (9, 9), np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / label / f"{i}.png")


def reviews(folder: Path) -> None:
    lines = ["text,opinion"]
    for i in range(60):
        good = i % 2 == 0
        word = "good" if good else "bad"
        lines.append(f"the book number {i} was a {word} one,{'pos' if good else 'neg'}")
    (folder / "reviews.csv").write_text("\n".join(lines))


def test_a_table_is_trained_as_it_is(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    sales(tmp_path)
    made = trickrun("new", "sales", "--data", "sales.csv")
    assert made.code == 0, made.err
    assert "look: amount is the target: guessed, as the last column" in made.out
    assert "look: weird: left out until you decide" in made.out
    recipe = yaml.safe_load(Path("sales.yaml").read_text())
    assert recipe["data"]["split"]["time"] == "sold"
    assert recipe["data"]["scale_targets"] == "log"
    assert recipe["data"]["missing"] == "fill"
    checked = trickrun("validate", "sales.yaml", "--data")
    assert checked.code == 0, checked.err
    trained = trickrun("train", "sales.yaml", "train=3", "--json")
    assert trained.code == 0, trained.err
    assert math.isfinite(trained.json["result"]["test"]["r2"])


def test_several_visits_of_a_patient_stay_in_one_part(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    rows = [f"p{i // 3},{i * 7 % 31},{'ab'[i % 2]}" for i in range(150)]
    Path("visits.csv").write_text("\n".join(["patient_id,age,kind", *rows]))
    assert trickrun("new", "visits", "--data", "visits.csv").code == 0
    recipe = yaml.safe_load(Path("visits.yaml").read_text())
    assert recipe["data"]["split"]["group"] == "patient_id"
    assert recipe["data"]["types"] == {"patient_id": "id"}
    trained = trickrun("train", "visits.yaml", "train=1")
    assert trained.code == 0, trained.err


@pytest.mark.parametrize(
    ("write", "data"), [(photos, "photos"), (reviews, "reviews.csv"), (sales, "sales.csv")]
)
@pytest.mark.parametrize("model", [None, "python"])
def test_what_is_written_trains(
    tmp_path: Path, trickrun, write: Callable[[Path], None], data: str, model: str | None
) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path)
    chosen = [] if model is None else ["--model", model]
    made = trickrun("new", "my-first", "--data", data, *chosen, "--json")
    assert made.code == 0, made.err
    result = made.json["result"]
    assert result["path"] == "my-first.yaml"
    assert result["model_file"] == (None if model is None else "my_first_model.py")
    assert Path("my_first_model.py").exists() == (model is not None)
    trained = trickrun("train", "my-first.yaml", "train=1")
    assert trained.code == 0, trained.err


def test_a_kind_of_data_with_a_network_of_ones_own(trickrun) -> None:  # type: ignore[no-untyped-def]
    made = trickrun("new", "2nd", "--data", "iris", "--model", "python")
    assert "wrote _2nd_model.py" in made.out
    assert trickrun("train", "2nd.yaml", "train=1").code == 0


def test_a_network_that_is_named_is_not_written(trickrun) -> None:  # type: ignore[no-untyped-def]
    Path("mine.py").write_text("")
    made = trickrun("new", "r", "--data", "iris", "--model", "python", "model.target=mine:Net")
    assert made.code == 0
    assert sorted(path.name for path in Path().iterdir()) == ["mine.py", "r.yaml"]


def test_a_file_that_is_there_is_kept(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    sales(tmp_path)
    Path("r_model.py").write_text("mine")
    made = trickrun("new", "r", "--data", "sales.csv", "--model", "python")
    assert made.code == 2
    assert "exists already" in made.err
    assert Path("r_model.py").read_text() == "mine"
    assert not Path("r.yaml").exists()


def test_changes_and_choices_are_in_the_recipe(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    sales(tmp_path)
    (tmp_path / "sub").mkdir()
    asked = ["--target", "area", "--optimizer", "sgd", "--loss", "huber", "train=7"]
    asked += ['data.types.weird={kind: number, decimal: ","}']
    made = trickrun("new", "sub/r.yaml", "--data", "sales.csv", *asked)
    assert made.code == 0, made.err
    assert "weird" not in made.out
    recipe = yaml.safe_load(Path("sub/r.yaml").read_text())
    assert recipe["data"]["path"] == "../sales.csv"
    assert recipe["data"]["target"] == "area"
    assert recipe["data"]["types"]["weird"] == {"kind": "number", "decimal": ","}
    assert (recipe["optimizer"], recipe["loss"]) == ("sgd", "huber")
    assert trickrun("train", "sub/r.yaml", "train=1").code == 0


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        ("sale.csv", "no such file or folder", "did you mean sales.csv?"),
        ("digts", "no such kind of data", "did you mean digits?"),
        ("quite/else", "no such file or folder", "known here: "),
        ("empty.csv", "empty.csv", ""),
        ("hollow", "there is no folder in it", "image_table"),
    ],
)
def test_what_is_no_data_is_refused_and_nothing_written(
    tmp_path: Path, trickrun, data: str, message: str, hint: str
) -> None:  # type: ignore[no-untyped-def]
    sales(tmp_path)
    Path("empty.csv").write_text("")
    Path("hollow").mkdir()
    made = trickrun("new", "r", "--data", data)
    assert made.code == 2
    assert message in made.err
    assert hint in made.err
    assert not Path("r.yaml").exists()


def test_the_target_is_asked_for_until_it_is_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    from trickrun.cli import recipes

    answers, asked = iter(["colour", "color"]), []

    def prompt(question: str, proposed: str) -> str:
        asked.append((question, proposed))
        return next(answers)

    monkeypatch.setattr(recipes.typer, "prompt", prompt)
    assert recipes.ask_target("kind", ["color", "kind"]) == "color"
    assert asked == [("target (color, kind)", "kind")] * 2
    answers = iter(["c0"])
    assert recipes.ask_target("c99", [f"c{i}" for i in range(100)]) == "c0"
    assert asked[-1][0].endswith("c19, …)")
