"""The recipe that is written for facts about data: valid, commented, and without a finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from trickrun.data.survey.facts import (
    ArrayFacts,
    DataFacts,
    Decision,
    ImageFacts,
    ImageTableFacts,
    Pictures,
    SplitBy,
    TableFacts,
    Targets,
    TextFacts,
    Values,
)
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.from_data.write import headline, open_questions, recipe_text
from trickrun.recipe.load import Loaded, load

SAID = "as you said"
KINDS = Targets(("kind",), SAID, classes=(("flat", 600), ("house", 400)))
VALUES = Values(1, 100, 50, 49, 20, 0.1, -0.8, 0.01)
PRICE = Targets(("price",), SAID, values=(VALUES,))
SEVERAL = Targets(("price", "rent, a month"), SAID, values=(VALUES, replace(VALUES, skew=2.0)))
LABELS = Targets(("red", "süß"), SAID, labels=(("red", 0.4), ("süß", 0.04)))
TABLE = TableFacts("houses.csv", 1000, KINDS, numbers=("area", "rooms"))
PRICES = replace(TABLE, targets=PRICE)


def classes(**counts: int) -> Targets:
    return replace(KINDS, classes=(*counts.items(),))


MESSY = replace(
    TABLE,
    path="a folder/my: houses.csv",
    targets=replace(KINDS, names=("what, then?",)),
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
    seen=("yes: yes or no, one 0/1 feature: 1 is yes",),
    header=False,
)
TEXT = TextFacts(
    "reviews.csv", 500, "review", "opinion", "as you said", (("a", 300), ("b", 200)), 30, ("id",)
)
SMALL = Pictures(400, 32, 32, same_size=True, grey=False, photos=False)
LARGE = Pictures(400, 640, 480, same_size=False, grey=False, photos=True)
IMAGES = ImageFacts("photos", (("cat", 500), ("dog", 500)), (("train", 1000),), SMALL)
PHOTOS = replace(IMAGES, pictures=LARGE)
NAMED = ImageTableFacts("photos.csv", 800, KINDS, SMALL, "file")
ARRAYS = ArrayFacts("a.npz", (("train", 900),), (6,), "features", KINDS)

ALL: dict[str, DataFacts] = {
    "table": TABLE,
    "prices": PRICES,
    "messy": MESSY,
    "small": replace(TABLE, rows=60, targets=classes(a=30, b=30)),
    "large": replace(TABLE, rows=900_000),
    "rare": replace(TABLE, targets=classes(a=960, b=40)),
    "in time": replace(MESSY, split=SplitBy("time", "sold", "in this order")),
    "groups": replace(TABLE, split=SplitBy("group", "patient id", "30 different ones")),
    "few kinds of rows": replace(TABLE, few_possible=True, copies=20),
    "texts": TEXT,
    "rare texts": replace(TEXT, classes=(("a", 470), ("b", 30))),
    "long text": TextFacts("book.txt", 100_000),
    "images": IMAGES,
    "grey": replace(IMAGES, pictures=replace(SMALL, grey=True, width=8, height=8)),
    "one pixel": replace(IMAGES, pictures=replace(SMALL, width=1, height=1)),
    "photos": PHOTOS,
    "few photos": replace(
        PHOTOS,
        classes=(("cat", 30), ("dog", 20)),
        parts=(("train", 50),),
        pictures=replace(LARGE, pretrained=True),
    ),
    "own parts": replace(IMAGES, parts=(("train", 800), ("val", 100), ("test", 100))),
    "broken": replace(
        IMAGES, pictures=replace(SMALL, deep=(-5.0, 3000.0), broken=("x.png: it is empty",))
    ),
    "deeper": replace(IMAGES, class_folder=("last", "all images are in 'all'")),
    "several values": replace(TABLE, targets=SEVERAL),
    "labels": replace(TABLE, targets=LABELS),
    "image table": NAMED,
    "image values": replace(NAMED, targets=SEVERAL),
    "image labels": replace(NAMED, targets=LABELS),
    "image table elsewhere": replace(
        NAMED,
        file="id: nr",
        usual=False,
        folder="my images",
        suffix=".jpg",
        incomplete=3,
        absent=("1.jpg", "2.jpg"),
        left_out=("age", "ward"),
        split=SplitBy("group", "patient id", "30 different ones"),
    ),
    "few named photos": replace(NAMED, rows=60, pictures=replace(LARGE, pretrained=True)),
    "arrays": ARRAYS,
    "array values": replace(ARRAYS, targets=SEVERAL),
    "array labels": replace(ARRAYS, targets=LABELS, copies=4),
    "array images": replace(ARRAYS, shape=(3, 12, 12), layout="images", bytes=True),
    "array images of floats": replace(
        ARRAYS, shape=(1, 28, 20), layout="images", channels_last=True, targets=PRICE
    ),
    "array sequences": replace(ARRAYS, shape=(30, 2), layout="sequences"),
    "array of its own": replace(ARRAYS, shape=(9, 9), layout="other", open=("are these images?",)),
    "array parts": replace(ARRAYS, parts=(("train", 90), ("val", 5), ("test", 5))),
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
@pytest.mark.parametrize(
    "name", ["table", "messy", "texts", "images", "image table", "arrays", "array images"]
)
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
    assert (
        data_of(replace(PRICES, targets=replace(PRICE, values=(values,))))["scale_targets"]
        == wanted
    )


STRANGE = "a: b\n# c\t'd\" {e}, [f] \x07 \u2028 é"


def test_any_names_make_a_recipe_that_says_them(tmp_path: Path) -> None:
    facts = replace(
        MESSY,
        path="t.csv",
        targets=Targets((STRANGE,), SAID, classes=((STRANGE, 300), ("b\n- x: 1", 200))),
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
    bare = replace(IMAGES, pictures=LARGE, classes=(("cat", 30), ("dog", 20)))
    assert recipe(bare, tmp_path).recipe.model.kind == "cnn"


def test_more_samples_are_trained_in_larger_batches() -> None:
    sizes = [data_of(replace(TABLE, rows=rows))["batch_size"] for rows in (100, 3000, 10**5, 10**6)]
    assert sizes == sorted(sizes)  # type: ignore[type-var]
    assert len({*sizes}) == 4


@pytest.mark.parametrize("rows", [1, 4, 10, 30])
def test_a_batch_fits_into_the_smallest_training_part(rows: int) -> None:
    assert 1 <= data_of(replace(TABLE, rows=rows))["batch_size"] <= max(1, 0.7 * rows)  # type: ignore[operator]


def test_what_was_decided_without_being_sure_is_asked() -> None:
    unsure = Targets(MESSY.targets.names, "guessed, as the last column", (("a", 9), ("b", 3)))
    guessed = replace(MESSY, targets=unsure)
    first, second, third = open_questions(guessed)
    assert first.startswith("what, then? is the target: guessed")
    assert second.endswith("hardly be learned: b 3")
    assert third.startswith("x: left out until you decide")
    assert open_questions(TABLE) == []
    assert len(open_questions(ALL["broken"])) == 2


def test_what_is_doubtful_about_the_other_kinds_is_asked() -> None:
    assert open_questions(replace(TABLE, targets=replace(KINDS, open="are these amounts?"))) == [
        "are these amounts?"
    ]
    never = replace(LABELS, labels=(("red", 0.4), ("süß", 0.0)))
    (said,) = open_questions(replace(TABLE, targets=never))
    assert said == "labels that all samples have, or none: süß"
    (said,) = open_questions(ALL["image table elsewhere"])
    assert said == "2 missing files that the table names: 1.jpg, 2.jpg"
    assert open_questions(ALL["array of its own"]) == ["are these images?"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("table", "1,000 rows of 2 inputs, to predict 'kind'"),
        ("several values", "1,000 rows of 2 inputs, to predict 'price', 'rent, a month'"),
        ("image table", "800 images that 'file' names, to predict 'kind'"),
        ("array parts", "100 samples of shape [6]"),
    ],
)
def test_the_data_in_a_few_words(name: str, wanted: str) -> None:
    assert headline(ALL[name]) == wanted


def values(*skews: tuple[float, float | None]) -> Targets:
    each = [replace(VALUES, skew=skew, log_skew=log) for skew, log in skews]
    return Targets(tuple(f"y{i}" for i in range(len(skews))), SAID, values=tuple(each))


@pytest.mark.parametrize(
    ("targets", "wanted"),
    [
        (values((0.1, -0.8), (0.2, None)), "standard"),
        (values((2.5, 0.1), (3.0, -0.2)), "log"),
        (values((2.5, 0.1), (0.1, -0.8)), "log"),
        (values((2.5, 0.1), (0.1, -2.0)), "quantile"),
        (values((2.5, 0.1), (0.1, None)), "quantile"),
    ],
)
def test_several_values_are_scaled_alike(targets: Targets, wanted: str) -> None:
    assert data_of(replace(TABLE, targets=targets))["scale_targets"] == wanted


def test_several_targets(tmp_path: Path) -> None:
    several = recipe(ALL["several values"], tmp_path).recipe
    assert several.data.task == "regression"  # type: ignore[attr-defined]
    assert several.data.targets == SEVERAL.names  # type: ignore[attr-defined]
    labels = recipe(ALL["labels"], tmp_path).recipe
    assert labels.data.task == "multilabel"  # type: ignore[attr-defined]
    assert [metric.name for metric in labels.metrics or ()] == ["accuracy", "f1_macro"]
    assert labels.init.head_bias is not None
    frequent = replace(LABELS, labels=(("red", 0.4), ("süß", 0.3)))
    assert recipe(replace(TABLE, targets=frequent), tmp_path).recipe.init.head_bias is None


def test_images_that_a_table_names() -> None:
    assert {"file", "folder", "suffix", "missing", "broken"}.isdisjoint(data_of(NAMED))
    data = data_of(ALL["image table elsewhere"])
    assert (data["file"], data["folder"], data["suffix"]) == ("id: nr", "my images", ".jpg")
    assert (data["missing"], data["broken"]) == ("drop", "skip")
    assert data["split"] == {"val": 0.15, "test": 0.15, "group": "patient id"}
    assert data_of(NAMED)["split"] == {"val": 0.15, "test": 0.15, "group_duplicates": True}
    unread = replace(NAMED, pictures=replace(SMALL, broken=("x.png: it is empty",)))
    assert data_of(unread)["broken"] == "skip"


def test_arrays_get_a_network_by_their_axes(tmp_path: Path) -> None:
    kinds = {
        name: recipe(ALL[name], tmp_path).recipe.model.kind
        for name in ("arrays", "array images", "array sequences", "array of its own")
    }
    assert [*kinds.values()] == ["mlp", "cnn", "gru", "mlp"]
    assert data_of(ALL["array images of floats"])["channels"] == "last"
    assert "channels" not in data_of(ALL["array images"])
    assert [a.kind for a in recipe(ALL["array images"], tmp_path).recipe.augmentation] == ["shift"]
    floats = recipe(ALL["array images of floats"], tmp_path).recipe
    assert [*floats.augmentation] == []
    assert "split" not in data_of(ALL["array parts"])
    assert data_of(ARRAYS)["split"] == {"val": 0.15, "test": 0.15, "group_duplicates": True}


@pytest.mark.parametrize("kind", [NAMED, ALL["array images"], ALL["array sequences"], TABLE])
def test_values_are_learned_with_less_dropout(
    kind: TableFacts | ImageTableFacts | ArrayFacts, tmp_path: Path
) -> None:
    by_task = [
        recipe(replace(kind, targets=targets), tmp_path).recipe.regularizers.dropout
        for targets in (KINDS, LABELS, PRICE)
    ]
    assert [each and each.p for each in by_task] == [0.3, 0.3, 0.1]
