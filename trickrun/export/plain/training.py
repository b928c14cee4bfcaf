"""The samples of a training as an exported script reads them: inputs and targets, by part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from trickrun.data.formats.cells import number
from trickrun.export.plain.files import CannotRead, as_samples
from trickrun.export.plain.tables import Table

Part = tuple[torch.Tensor, torch.Tensor]
"""Inputs [N, *shape] and targets [N, ...]."""


def parts_of_arrays(path: Path, said: dict[str, Any], split: dict[str, Any]) -> dict[str, Part]:
    """Return the parts of an .npz file with x and y, and x_val, x_test where they are apart."""
    with np.load(path, allow_pickle=False) as arrays:
        found = {
            name.removeprefix("x_").replace("x", "train"): (
                as_samples(arrays[name], said, str(path)),
                torch.from_numpy(arrays[name.replace("x", "y", 1)]),
            )
            for name in arrays
            if name in ("x", "x_train", "x_val", "x_test")
        }
    if "train" not in found:
        raise CannotRead(f"{path}: there is no array x")
    x, y = found["train"]
    return found | {name: (x[rows], y[rows]) for name, rows in split["rows"].items()}


def parts_of_table(
    x: torch.Tensor, table: Table, said: dict[str, Any], split: dict[str, Any]
) -> dict[str, Part]:
    """Return the parts of a table whose inputs ``x`` are read already."""
    columns = [table[name] for name in said["targets"]]
    if said["task"] == "classification":
        places = {label: place for place, label in enumerate(said["labels"])}
        y = torch.tensor([places[class_of(cell, places)] for cell in columns[0]])
    elif said["task"] == "multilabel":
        y = torch.tensor([[truth(cell) for cell in column] for column in columns]).t()
    else:
        values = [[number(cell) for cell in column] for column in columns]
        y = torch.tensor(values, dtype=torch.float64).t()
    return {name: (x[rows], y[rows]) for name, rows in split["rows"].items()}


def class_of(cell: str, places: dict[str, int]) -> str:
    """Return the class that a cell names; numbers may be written in several ways."""
    if cell in places:
        return cell
    same = [
        label for label in places if number(label) is not None and number(label) == number(cell)
    ]
    if not same:
        raise CannotRead(f"{cell!r} is no known class")
    return same[0]


def truth(cell: str) -> float:
    """Return 1 for a label that a cell says a sample has, else 0."""
    return float(cell.lower() in ("1", "1.0", "true"))


def parts_of_text(x: torch.Tensor, ids: torch.Tensor, split: dict[str, Any]) -> dict[str, Part]:
    """Return the parts of a text: samples of token ids, and the token after each place."""
    y = ids[1 : x.numel() + 1].view_as(x)
    return {name: (x[rows], y[rows]) for name, rows in split["rows"].items()}


def scaled(y: torch.Tensor, said: dict[str, Any]) -> torch.Tensor:
    """Return values [N, targets] in the unit of the loss."""
    if said.get("target_form") == "log":
        y = y.log()
    if said["target_shift"] is not None:
        shift, scale = (
            torch.tensor(said[name], dtype=torch.float64)
            for name in ("target_shift", "target_scale")
        )
        y = (y - shift) / scale
    return y
