"""The model card: its metadata in the documented form, its text without anything invented."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from trickrun.api.recipes import train
from trickrun.errors import RunFolderError
from trickrun.reporting.model_card import TO_DO, fenced, model_card, safe
from trickrun.run.folder import RunFolder

RECIPES = Path(__file__).parents[2] / "recipes"

HOSTILE = "<img src=x onerror=alert(1)> | `a` [b](javascript:c) \u202e ---\n# d"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The run folder of a short training of a shipped recipe, and its answers."""
    top = tmp_path_factory.mktemp("cards")
    found = {}

    def make(name, *overrides):
        if (name, overrides) not in found:
            words = ("expect=null", "train.epochs=2", *overrides)
            run = train(RECIPES / f"{name}.yaml", *words, runs_dir=top)
            found[name, overrides] = RunFolder(run.path)
        folder = found[name, overrides]
        kept = (folder.path / "answers.json").exists()
        return folder, folder.read_json("answers.json") if kept else {}

    return make


def parts_of(card):
    """Return the metadata and the text."""
    empty, block, text = re.split(r"^---$", card, maxsplit=2, flags=re.MULTILINE)
    assert empty == ""
    return yaml.safe_load(block), text


@pytest.mark.parametrize(
    ("name", "pipeline", "metric"),
    [
        ("iris", "tabular-classification", "accuracy"),
        ("diabetes", "tabular-regression", "mae"),
        ("digits", "image-classification", "accuracy"),
    ],
)
def test_the_metadata_has_the_form_of_the_hub(made, name, pipeline, metric):
    """Source: the Hub's specification of the metadata block, `modelcard.md` in its hub-docs."""
    folder, answers = made(name)
    data, _ = parts_of(model_card(folder, answers))
    assert set(data) == {"library_name", "tags", "datasets", "metrics", "pipeline_tag",
                         "model-index"}  # fmt: skip
    assert data["pipeline_tag"] == pipeline
    assert metric in data["metrics"]
    (entry,) = data["model-index"]
    (result,) = entry["results"]
    assert entry["name"] == folder.name
    assert result["task"]["type"] == pipeline
    assert result["dataset"] == {"type": name, "name": name, "split": "test"}
    scores = {row["type"]: row["value"] for row in result["metrics"]}
    assert scores == folder.last_record["test"]


def test_nothing_that_only_the_author_knows_is_invented(made):
    folder, answers = made("iris")
    data, text = parts_of(model_card(folder, answers))
    assert "license" not in data
    assert "# license: to be chosen by the author" in model_card(folder, answers)
    asked = [line for line in text.splitlines() if TO_DO in line]
    for what in ("What it is for", "must not be used for", "their license", "Personal", "Who may",
                 "License", "Citation", "Contact"):  # fmt: skip
        assert any(what in line for line in asked), what


def test_a_file_of_one_s_own_is_no_data_set_of_the_hub(made):
    folder, answers = made("fruit")
    card = model_card(folder, answers)
    data, text = parts_of(card)
    assert "datasets" not in data
    assert "# datasets: to be given by the author" in card
    assert data["model-index"][0]["results"][0]["dataset"]["name"] == "fruit.csv"
    # Where it was on the author's machine stands in the command alone, as it was typed.
    assert card.count(str(RECIPES)) == 1
    assert "`fruit.csv`" in text


def test_scores_of_a_validation_split_are_called_so(made):
    folder, answers = made("iris", "data.split={val: 0.3, test: 0}")
    data, text = parts_of(model_card(folder, answers))
    assert data["model-index"][0]["results"][0]["dataset"]["split"] == "validation"
    assert "which also chose the best epoch" in text


def test_every_class_is_told_with_its_scores(made):
    folder, answers = made("iris")
    _, text = parts_of(model_card(folder, answers))
    for label in ("setosa", "versicolor", "virginica"):
        assert re.search(rf"^\| {label} \| [01]\.\d{{3}} \|", text, re.MULTILINE)
    assert f"with {answers['parameters']:,} parameters" in text


def test_names_are_text_in_a_card(made, tmp_path):
    """Neither markup of Markdown nor of HTML, and no line of the metadata."""
    folder, answers = made("iris")
    copied = RunFolder(tmp_path / "x" / "id")
    shutil.copytree(folder.path, copied.path)
    data = json.loads((copied.path / "data.json").read_text())
    data["task"]["labels"] = [HOSTILE, "b", "c"]
    copied.write_json("data.json", data)
    copied.write_json("env.json", {**copied.facts(), "device": HOSTILE, "platform": HOSTILE})
    metadata, text = parts_of(model_card(copied, answers))
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert "onerror" in plain
    assert "<img" not in plain
    assert not re.search(r"(?<!\\)\[b", plain)
    assert "\u202e" not in text
    assert not re.search(r"^# d", text, re.MULTILINE)
    assert metadata["library_name"] == "pytorch"


def test_text_between_back_quotes_cannot_end_them():
    first, *_, last = fenced(["a ```` b"], "sh")
    assert (first, last) == ("`````sh", "`````")
    assert safe("a|b\\<i>") == "a\\|b\\\\&lt;i&gt;"


def test_a_run_without_scores_has_no_card(made, tmp_path):
    folder, answers = made("iris")
    copied = RunFolder(tmp_path / "x" / "id")
    shutil.copytree(folder.path, copied.path)
    log = copied.metrics_file.read_text().splitlines(keepends=True)
    copied.metrics_file.write_text("".join(log[:-1]))
    with pytest.raises(RunFolderError, match="no scored model"):
        model_card(copied, answers)
