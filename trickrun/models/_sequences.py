"""What the models of sequences share: their inputs, normalization, and pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from trickrun.data.formats.tokens import PADDING
from trickrun.errors import CompileError
from trickrun.models._model import Blocks

if TYPE_CHECKING:
    from torch import nn

Layers = Iterator[tuple[str, "nn.Module"]]


def check_sequence(kind: str, blocks: Blocks, inputs: tuple[int, ...]) -> None:
    """Raise CompileError unless ``inputs`` is a sequence [T, features], an image, or tokens."""
    if blocks.tokens is None and len(inputs) not in (2, 3):
        raise CompileError(
            f"{kind} needs sequences [steps, features], the data's inputs are {list(inputs)}",
            "model",
            "use model: mlp",
        )


def normed(blocks: Blocks, place: str, features: int) -> Layers:
    """Yield the recipe's normalization over the features of each place of a sequence.

    Raises CompileError for one that would mix samples or places.
    """
    from torch import nn

    for name, layer in blocks.normed(place, features, dims=0):
        if not isinstance(layer, nn.LayerNorm | nn.RMSNorm):
            raise CompileError(
                f"normalization {blocks.normalization.kind_name} does not act along a sequence",
                "normalization",
                "use layer or rms",
            )
        yield name, layer


def answered(
    blocks: Blocks, pool: Literal["last", "mean"], both_ways: bool, features: int, outputs: int
) -> Layers:
    """Yield pooling, if the sample has one answer and not one at each place, and the head."""
    from torch import nn

    from trickrun.nn.sequences import Pool

    if blocks.tokens is None or not blocks.tokens.next_token:
        yield "pool", Pool(pool, both_ways)
    yield from blocks.head(nn.Linear(features, outputs))


def padding(blocks: Blocks) -> int | None:
    """Return the token that fills up short samples; next-token samples are all of one length."""
    return PADDING if blocks.tokens is not None and not blocks.tokens.next_token else None


def refuse_seeing_ahead(blocks: Blocks, what: str, path: str) -> None:
    """Raise CompileError for next-token data: ``what`` would see the answer at each place."""
    if blocks.tokens is not None and blocks.tokens.next_token:
        raise CompileError(
            f"{what} sees the next token, which is what it is asked for", path, "leave it out"
        )
