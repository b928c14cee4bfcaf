"""The recipe that is written for facts about data: valid, commented, and without a finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from trickrun.data.survey.facts import (
    DataFacts,
    Decision,
    ImageFacts,
    SplitBy,
    TableFacts,
    TextFacts,
    Values,
)
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import Loaded, load
from trickrun.recipe.starter_of_data import open_questions, recipe_text

TABLE = TableFacts(
    path="houses.csv",
    rows=1000,
    target="kind",
    target_why="as you said",
    classes=(("flat", 600), ("house", 400)),
    numbers=("area", "rooms"),
)
VALUES = Values(1, 100, 50, 49, 20, 0.1, -0.8, 0.01)
PRICES = replace(TABLE, classes=(), values=VALUES)
MESSY = replace(
    TABLE,
    path="a folder/my: houses.csv",
    target="what, then?",
    gaps=(("area", 3), ("color", 4)),
    without_target=7,
    categories=(("color", 4), ("town: name", 70)),
    dates=(("sold", 800.0),),
    timed=True,
    times=("sold",),
    decisions=(
        Decision("id: nr", "id", "an identifier"),
        Decision("sold", {"kind": "date", "format": "%d.%m.%Y"}, "the one format that fits"),
        Decision("x", "drop", "left out until you decide: " + "a very long reason " * 9, True),
    ),
    seen=("yes: yes or no, read as a 0/1 feature: 1 is yes",),
    header=False,
)
TEXT = TextFacts(
    "reviews.csv", 500, "review", "opinion", "as you said", (("a", 300), ("b", 200)), 30, ("id",)
)
IMAGES = ImageFacts(
    "photos", (("cat", 500), ("dog", 500)), (("train", 1000),), 400, 32, 32, True, False, False
)
PHOTOS = replace(IMAGES, width=640, height=480, same_size=False, photos=True)

ALL: dict[str, DataFacts] = {
    "table": TABLE,
    "prices": PRICES,
    "messy": MESSY,
    "small": replace(TABLE, rows=60, classes=(("a", 30), ("b", 30))),
    "large": replace(TABLE, rows=900_000),
    "rare": replace(TABLE, classes=(("a", 960), ("b", 40))),
    "in time": replace(MESSY, split=SplitBy("time", "sold", "in this order")),
    "groups": replace(TABLE, split=SplitBy("group", "patient id", "30 different ones")),
    "few kinds of rows": replace(TABLE, few_possible=True, copies=20),
    "texts": TEXT,
    "rare texts": replace(TEXT, classes=(("a", 470), ("b", 30))),
    "long text": TextFacts("book.txt", 100_000),
    "images": IMAGES,
    "grey": replace(IMAGES, grey=True, width=8, height=8),
    "one pixel": replace(IMAGES, width=1, height=1),
    "photos": PHOTOS,
    "few photos": replace(
        PHOTOS, classes=(("cat", 30), ("dog", 20)), parts=(("train", 50),), pretrained=True
    ),
    "own parts": replace(IMAGES, parts=(("train", 800), ("val", 100), ("test", 100))),
    "broken": replace(IMAGES, deep=(-5.0, 3000.0), broken=("x.png: it is empty",)),
    "deeper": replace(IMAGES, class_folder=("last", "all images are in 'all'")),
}


def recipe(facts: DataFacts, folder: Path, model: str | None = None) -> Loaded:
    path = folder / "r.yaml"
    path.write_text(recipe_text("r", "r.yaml", facts, model))
    return load(path)


@pytest.mark.parametrize("name", ALL)
def test_each_recipe_is_valid_and_has_no_finding(name: str, tmp_path: Path) -> None:
    loaded = recipe(ALL[name], tmp_path)
    told = findings(facts_of(loaded.recipe))
    assert [finding.code for finding in told if finding.severity != "info"] == []


@pytest.mark.parametrize("name", ALL)
def test_no_line_is_longer_than_100_signs(name: str) -> None:
    text = recipe_text("r", "r.yaml", ALL[name], None)
    long = [line for line in text.splitlines() if len(line) > 100 and not line.startswith("  path")]
    assert long == []


@pytest.mark.parametrize("model", ["mlp", "python", "resnet", "transformer"])
@pytest.mark.parametrize("name", ["table", "messy", "texts", "images"])
def test_a_chosen_model_is_that(name: str, model: str, tmp_path: Path) -> None:
    assert recipe(ALL[name], tmp_path, model).recipe.model.kind == model


def data_of(facts: DataFacts) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(recipe_text("r", "r.yaml", facts, None))["data"]
    return found


def test_names_with_signs_are_read_back(tmp_path: Path) -> None:
    data = data_of(MESSY)
    assert data["path"] == "a folder/my: houses.csv"
    assert data["target"] == "what, then?"
    assert data["types"] == {
        "id: nr": "id",
        "sold": {"kind": "date", "format": "%d.%m.%Y"},
        "x": "drop",
    }


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (VALUES, "standard"),
        (replace(VALUES, skew=2.5, log_skew=0.2), "log"),
        (replace(VALUES, skew=2.5, log_skew=-1.9), "quantile"),
        (replace(VALUES, skew=2.5, log_skew=None), "quantile"),
        (replace(VALUES, skew=-2.5, log_skew=-4.0), "quantile"),
    ],
)
def test_values_are_scaled_by_their_tail(values: Values, wanted: str) -> None:
    assert data_of(replace(PRICES, values=values))["scale_targets"] == wanted


STRANGE = "a: b\n# c\t'd\" {e}, [f] \x07 \u2028 é"


def test_any_names_make_a_recipe_that_says_them(tmp_path: Path) -> None:
    facts = replace(
        MESSY,
        path="t.csv",
        target=STRANGE,
        classes=((STRANGE, 300), ("b\n- x: 1", 200)),
        gaps=((STRANGE, 1),),
        categories=((STRANGE, 99),),
        decisions=(Decision(STRANGE, "drop", f"looks like {STRANGE}", True),),
        seen=(f"{STRANGE}: yes",),
        split=SplitBy("group", STRANGE, "why\nnot"),
    )
    data = recipe(facts, tmp_path).tree["data"]
    assert data["target"] == STRANGE
    assert data["split"]["group"] == STRANGE
    assert [*data["types"]] == [STRANGE]


def test_gaps_and_categories() -> None:
    data = data_of(MESSY)
    assert (data["missing"], data["without_target"]) == ("fill", "drop")
    assert (data["categories"], data["unseen"]) == ("embedding", "unknown")
    assert data["header"] is False
    assert data["date_parts"] == ["month", "weekday", "hour"]
    few = data_of(replace(TABLE, categories=(("color", 4),)))
    assert "categories" not in few
    assert few["unseen"] == "unknown"
    assert "missing" not in data_of(TABLE)


def test_how_the_parts_are_drawn() -> None:
    shares = {"val": 0.15, "test": 0.15}
    assert data_of(TABLE)["split"] == {**shares, "group_duplicates": True}
    assert data_of(ALL["in time"])["split"] == {**shares, "time": "sold"}
    assert data_of(ALL["groups"])["split"] == {**shares, "group": "patient id"}
    assert data_of(ALL["few kinds of rows"])["split"] == shares
    assert "split" not in data_of(ALL["own parts"])


def test_rare_classes_are_weighed_and_uneven_ones_watched(tmp_path: Path) -> None:
    plain = recipe(TABLE, tmp_path).recipe
    assert (plain.loss.kind, [m.name for m in plain.metrics or ()]) == ("auto", ["accuracy"])
    rare = recipe(ALL["rare"], tmp_path).recipe
    assert getattr(rare.loss, "class_weights", None) == "balanced"
    assert "f1_macro" in [metric.name for metric in rare.metrics or ()]


def test_images_are_taken_as_they_are(tmp_path: Path) -> None:
    assert data_of(ALL["grey"]) | {"size": 8, "color": False} == data_of(ALL["grey"])
    assert "color" not in data_of(IMAGES)
    assert data_of(PHOTOS)["size"] == 64
    assert [a.kind for a in recipe(PHOTOS, tmp_path).recipe.augmentation] == ["flip", "shift"]
    assert [a.kind for a in recipe(IMAGES, tmp_path).recipe.augmentation] == ["shift"]
    assert recipe(ALL["few photos"], tmp_path).recipe.model.kind == "pretrained"
    bare = replace(ALL["few photos"], pretrained=False)
    assert recipe(bare, tmp_path).recipe.model.kind == "cnn"


def test_more_samples_are_trained_in_larger_batches() -> None:
    sizes = [data_of(replace(TABLE, rows=rows))["batch_size"] for rows in (100, 3000, 10**5, 10**6)]
    assert sizes == sorted(sizes)  # type: ignore[type-var]
    assert len({*sizes}) == 4


@pytest.mark.parametrize("rows", [1, 4, 10, 30])
def test_a_batch_fits_into_the_smallest_training_part(rows: int) -> None:
    assert 1 <= data_of(replace(TABLE, rows=rows))["batch_size"] <= max(1, 0.7 * rows)  # type: ignore[operator]


def test_what_was_decided_without_being_sure_is_asked() -> None:
    guessed = replace(MESSY, target_why="guessed, as the last column", classes=(("a", 9), ("b", 3)))
    first, second, third = open_questions(guessed)
    assert first.startswith("what, then? is the target: guessed")
    assert second.startswith("x: left out until you decide")
    assert third.endswith("hardly be learned: b 3")
    assert open_questions(TABLE) == []
    assert len(open_questions(ALL["broken"])) == 2


def test_numbers_that_are_taken_for_classes_are_asked_about() -> None:
    stars = replace(TABLE, classes=(("5", 40), ("4", 30), ("3", 30)))
    (question,) = open_questions(stars)
    assert question == (
        "kind is taken for classes; whole numbers: task: regression predicts values instead"
    )
    assert open_questions(replace(TABLE, classes=(("0", 40), ("1", 30)))) == []
