"""The model card, read by the library of the Hub that it is for."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import ModelCard, ModelCardData

from trickrun.api.recipes import train
from trickrun.reporting.commands.report import write_card
from trickrun.run.folder import RunFolder

RECIPES = Path(__file__).parents[2] / "recipes"


def test_hugging_face_reads_the_card(tmp_path):
    run = train(RECIPES / "iris.yaml", "train.epochs=2", "expect=null", runs_dir=tmp_path)
    card = ModelCard.load(write_card(RunFolder(run.path), None))
    assert isinstance(card.data, ModelCardData)
    assert card.data.library_name == "pytorch"
    assert card.data.pipeline_tag == "tabular-classification"
    found = {one.metric_type: one for one in card.data.eval_results}
    for name, value in run.test.items():
        assert found[name].metric_value == value
        assert (found[name].dataset_name, found[name].dataset_split) == ("iris", "test")
    # Written by the library, it says the same.
    again = ModelCard(f"---\n{card.data.to_yaml()}\n---\n{card.text}")
    assert again.data.to_dict() == card.data.to_dict()
