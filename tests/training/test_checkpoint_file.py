"""A checkpoint's file: one changed bit is noticed, wherever it is."""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from trickrun.training.checkpoint_file import Damaged, packed, read_checkpoint, read_state

STATE: dict[str, Any] = {
    "model": {"weight": torch.arange(12.0).reshape(3, 4)},
    "optimizer": {"state": {}, "param_groups": []},
    "average": None,
    "progress": {
        "step": 3,
        "history": [{"step": 3.0, "val_loss": float("nan")}],
        "losses": [0.5],
        "counts": [16.0],
        "samples": 48,
        "seconds": 0.25,
    },
    "metrics_bytes": 40,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "last.pt"


def test_it_is_what_torch_and_zip_read(path: Path) -> None:
    path.write_bytes(packed(STATE))
    loaded = torch.load(path, weights_only=True)
    assert torch.equal(loaded["model"]["weight"], STATE["model"]["weight"])
    assert zipfile.ZipFile(path).testzip() is None
    saved = read_checkpoint(path, "last")
    assert saved.state["progress"]["step"] == 3
    assert saved.notices == ()


def test_every_changed_bit_is_noticed(path: Path) -> None:
    whole = packed(STATE)
    draw = random.Random(0)
    # A sample of all places, and each bit of the end, where the checksum is.
    places = [draw.randrange(8 * len(whole)) for _ in range(300)]
    places += range(8 * (len(whole) - 80), 8 * len(whole))
    for place in places:
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(Damaged, match="the checkpoint cannot be read"):
            read_checkpoint(path, "last")


@pytest.mark.parametrize("left", [0, 1, 21, 22, 60, -1, -50])
def test_one_that_was_cut_off_is_noticed(path: Path, left: int) -> None:
    path.write_bytes(packed(STATE)[:left])
    with pytest.raises(Damaged, match="the checkpoint cannot be read: it is cut off"):
        read_state(path)


def test_one_of_an_older_version_is_read_with_a_notice(path: Path) -> None:
    torch.save(STATE, path)
    saved = read_checkpoint(path, "last")
    assert saved.state["metrics_bytes"] == 40
    assert saved.notices == (
        "last.pt has no checksum, because an older version wrote it: damage cannot be detected",
    )


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("progress", {**STATE["progress"], "step": -5}, "progress.step: "),
        ("progress", {**STATE["progress"], "losses": []}, "progress: 0 losses, but 1 counts"),
        ("progress", {**STATE["progress"], "history": [1]}, "progress.history.0: it must be"),
        ("progress", [], "progress: it must be an object"),
        (
            "progress",
            {**STATE["progress"], "history": [{"train_loss": torch.tensor(0.0)}]},
            "progress: tensor is not a plain number or text",
        ),
        ("metrics_bytes", torch.tensor(0), "metrics_bytes: tensor is not a plain number"),
        (
            "average",
            {"count": torch.tensor(1), "model": {}},
            "average.count: tensor is not a plain number",
        ),
        ("optimizer", None, "optimizer: it must be an object"),
        ("metrics_bytes", "x", "metrics_bytes: "),
        ("model", {"weight": 1}, "model: weight is not a tensor"),
        ("average", 3, "average: it must be an object"),
    ],
)
def test_wrong_types_are_one_message(path: Path, key: str, value: Any, told: str) -> None:
    path.write_bytes(packed({**STATE, key: value}))
    with pytest.raises(Damaged) as caught:
        read_checkpoint(path, "last")
    assert f"the checkpoint cannot be read: {told}" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_tensor_is_no_number_of_the_best_evaluation(tmp_path: Path) -> None:
    best = tmp_path / "best.pt"
    best.write_bytes(packed({"model": STATE["model"], "values": {"loss": torch.tensor(0.0)}}))
    with pytest.raises(Damaged, match="values: tensor is not a plain number or text"):
        read_checkpoint(best, "best")


def test_the_advice_to_execute_what_is_in_it_is_not_repeated(path: Path) -> None:
    torch.save({"model": Counter(), "values": io.StringIO}, path)
    with pytest.raises(Damaged) as caught:
        read_checkpoint(path, "best")
    reason = "it is damaged, or holds other things than tensors and plain Python"
    assert caught.value.message == f"the checkpoint cannot be read: {reason}"
