"""The normalization suggested for tiny batches can be built for the model at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trickrun.findings.rules.recipe.network import without_batch
from trickrun.findings.static import findings
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import patch_paths
from trickrun.training.compile import compile_recipe


@pytest.mark.parametrize(
    ("channels", "units", "expected"),
    [
        ([32, 64], [128], {"kind": "group", "groups": 8}),
        ([6, 15], [30], {"kind": "group", "groups": 3}),
        ([20, 40], [], {"kind": "group", "groups": 5}),
        ([6, 15], [32], {"kind": "layer"}),
        # Eight groups of eight units are one number each.
        ([8, 8], [8], {"kind": "group", "groups": 4}),
        ([], [64], {"kind": "layer"}),
        ([], [], {"kind": "layer"}),
    ],
)
def test_groups_divide_every_layer(
    channels: list[int], units: list[int], expected: dict[str, Any]
) -> None:
    assert without_batch(channels, units) == expected


@pytest.mark.parametrize(
    "model",
    [
        "{kind: cnn, channels: [6, 15], hidden: [30]}",
        "{kind: cnn, channels: [4, 8], hidden: [4]}",
        "{kind: vgg, channels: [7], hidden: [16]}",
        "{kind: resnet, depth: 8}",
    ],
)
def test_the_edit_for_tiny_batches_makes_a_job(tmp_path: Path, model: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(
        f"data: {{kind: digits, batch_size: 3}}\nmodel: {model}\nnormalization: batch\n"
    )
    loaded = load(path)
    (found,) = (f for f in findings(facts_of(loaded.recipe)) if f.code == "TR48")
    assert found.edit is not None
    compile_recipe(from_tree(patch_paths(loaded.tree, found.edit)), tmp_path)
