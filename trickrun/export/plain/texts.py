"""Texts as an exported program reads them: token ids by the network's vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from trickrun.data.formats.tokens import split_tokens
from trickrun.export.plain.files import CannotRead, content_of
from trickrun.export.plain.tables import Table, read_table


def read_texts(path: Path, said: dict[str, Any]) -> tuple[torch.Tensor, Table]:
    """Return the token ids [N, length] of the texts in a table, and its columns.

    Id 0 fills up short texts, and 1 stands for what the vocabulary lacks.
    """
    table = read_table(path, None, True)
    if said["column"] not in table:
        raise CannotRead(f"{path}: there is no column {said['column']!r}")
    (length,) = said["shape"]
    places = {token: place for place, token in enumerate(said["vocabulary"])}
    ids = torch.zeros(len(table[said["column"]]), length, dtype=torch.int64)
    for row, text in enumerate(table[said["column"]]):
        tokens = split_tokens(text[: length if said["level"] == "char" else None], said["level"])
        if not tokens:
            raise CannotRead(f"{path}: sample {row + 1} has no text")
        found = [places.get(token, 1) for token in tokens[:length]]
        ids[row, : len(found)] = torch.tensor(found)
    return ids, table


def read_text(path: Path, said: dict[str, Any]) -> tuple[torch.Tensor, Table]:
    """Return a text's token ids as samples [N, length]; a rest that fills none is left out."""
    (length,) = said["shape"]
    ids = token_ids(path, said)
    count = (len(ids) - 1) // length
    if count < 1:
        raise CannotRead(f"{path}: a sample needs {length + 1} tokens")
    return ids[: count * length].view(count, length), {}


def token_ids(path: Path, said: dict[str, Any]) -> torch.Tensor:
    """Return the ids of all tokens of a text."""
    places = {token: place for place, token in enumerate(said["vocabulary"])}
    tokens = split_tokens(content_of(path).decode("utf-8-sig"), said["level"])
    return torch.tensor([places.get(token, 1) for token in tokens])
