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


def measured(folder: Path) -> None:
    """300 rows with two values and two labels to predict, one of them with an umlaut."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 3))
    lines = ["a,b,c,cost,time,größer,red"]
    for row in x:
        cost, time = math.exp(row[0]), math.exp(row[0] - row[1])
        labels = f"{int(row[2] > 0)},{int(row[0] > row[1])}"
        lines.append(f"{','.join(f'{v:.4f}' for v in row)},{cost:.4f},{time:.4f},{labels}")
    (folder / "measured.csv").write_text("\n".join(lines))


def named_photos(folder: Path) -> None:
    """Files in a folder beside a table that names them; one is missing, one is empty."""
    photos(folder, count=30)
    (folder / "photos" / "dark" / "3.png").unlink()
    (folder / "photos" / "dark" / "4.png").write_bytes(b"")
    lines = ["picture,shade,bright"]
    for shade, label in enumerate(["dark", "light"]):
        lines += [f"{label}/{i}.png,{label},{shade + i / 1000}" for i in range(30)]
    (folder / "named.csv").write_text("\n".join(lines))


def arrays(folder: Path) -> None:
    draw = np.random.default_rng(0)
    kinds = np.arange(150) % 3
    images = draw.integers(0, 90, (150, 8, 8, 3), np.uint8)
    images[np.arange(150), ..., kinds] += 120
    np.savez(folder / "images.npz", x=images, y=kinds)
    np.savez(folder / "values.npz", x=images.reshape(150, -1)[:, :6], y=images[:, 0, 0, :2] / 255)


@pytest.mark.parametrize(
    ("write", "data", "targets", "kind", "score"),
    [
        (measured, "measured.csv", ["cost", "time"], "csv", "r2"),
        (measured, "measured.csv", ["größer", "red"], "csv", "accuracy"),
        (named_photos, "named.csv", ["shade"], "image_table", "accuracy"),
        (named_photos, "named.csv", ["bright"], "image_table", "r2"),
        (arrays, "images.npz", [], "npz", "accuracy"),
        (arrays, "values.npz", [], "npz", "r2"),
    ],
)
def test_the_other_kinds_learn_as_they_are_written(
    tmp_path: Path,
    trickrun,  # type: ignore[no-untyped-def]
    write: Callable[[Path], None],
    data: str,
    targets: list[str],
    kind: str,
    score: str,
) -> None:
    write(tmp_path)
    named = [word for target in targets for word in ("--target", target)]
    made = trickrun("new", "r", "--data", data, *named, "--json")
    assert made.code == 0, made.err
    told = targets[0] if len(targets) == 1 else targets or None
    assert made.json["result"]["target"] == told
    assert yaml.safe_load(Path("r.yaml").read_text())["data"]["kind"] == kind
    checked = trickrun("validate", "r.yaml", "--data", "--json")
    assert checked.code == 0, checked.out
    trained = trickrun("train", "r.yaml", "train.epochs=25", "--json")
    assert trained.code == 0, trained.err
    assert trained.json["result"]["test"][score] > 0.7


@pytest.mark.parametrize("data", ["measured.csv", "named.csv", "images.npz"])
def test_the_other_kinds_with_a_network_of_ones_own(tmp_path: Path, trickrun, data: str) -> None:  # type: ignore[no-untyped-def]
    for write in (measured, named_photos, arrays):
        write(tmp_path)
    made = trickrun("new", "r", "--data", data, "--model", "python")
    assert made.code == 0, made.err
    trained = trickrun("train", "r.yaml", "train=1")
    assert trained.code == 0, trained.err


def test_a_target_that_is_named_twice_is_one(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    measured(tmp_path)
    made = trickrun("new", "r", "--data", "measured.csv", "--target", "cost", "--target", "cost")
    assert made.code == 0, made.err
    assert yaml.safe_load(Path("r.yaml").read_text())["data"]["target"] == "cost"


def test_what_is_missing_of_a_table_of_images_is_said(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    named_photos(tmp_path)
    made = trickrun("new", "r", "--data", "named.csv", "--target", "shade")
    assert "look: 1 missing file that the table names: dark/3.png" in made.out
    assert "dark/4.png: the file is empty" in made.out


def test_several_problems_of_a_file_are_one_error(tmp_path: Path, trickrun) -> None:  # type: ignore[no-untyped-def]
    x = np.ones((30, 2))
    x[4, 1] = np.nan
    np.savez("bad.npz", x=x, y=np.full(30, np.nan))
    made = trickrun("new", "r", "--data", "bad.npz")
    assert made.code == 2
    assert "bad.npz: 2 problems:" in made.err
    assert "train x: 1 NaN or infinite value" in made.err
    assert "train y: 30 targets are NaN" in made.err
    assert not Path("r.yaml").exists()
