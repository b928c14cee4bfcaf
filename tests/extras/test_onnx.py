"""The extra export: networks in ONNX and as torch.export has them, compared with their runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"

CNN = "name: cnn\ndata: digits\nmodel: {kind: cnn, channels: [4]}\nnormalization: batch\n"
LSTM = "name: lstm\ndata: digits\nmodel: {kind: lstm, bidirectional: true, hidden: 8}\n"


@pytest.mark.parametrize("recipe", [CNN, LSTM, "digits-transformer.yaml", "text-classes.yaml"])
def test_every_form_computes_what_the_run_does(
    trickrun: Callable[..., Any], tmp_path: Path, recipe: str
) -> None:
    pytest.importorskip("onnxruntime", reason="needs trickrun[export]")
    path = RECIPES / recipe
    if not recipe.endswith(".yaml"):
        path = tmp_path / "recipe.yaml"
        path.write_text(recipe)
    ran = trickrun("train", path, "train.epochs=1", "expect=null", "--json")
    run = ran.json["run"]
    folds = ["--fold-batch-norm"] if recipe == CNN else []
    forms = ["--format", "onnx", "--format", "torch_export"]
    done = trickrun("export", run, "--to", tmp_path / "out", *forms, *folds, "--json")
    assert done.code == 0, done.err
    told = {each["form"]: each["relative"] for each in done.json["result"]["compared"]}
    assert sorted(told) == ["onnx", "plain", "torch_export"]
    assert max(told.values()) <= 1e-5
    assert done.json["result"]["folded"] == (["norm1", "norm2"] if folds else [])
    assert {"model.onnx", "model.pt2"} <= {file.name for file in (tmp_path / "out").iterdir()}
