"""What the models of images share."""

from __future__ import annotations

from trickrun.errors import CompileError


def check_image(kind: str, inputs: tuple[int, ...]) -> None:
    """Raise CompileError unless ``inputs`` is the shape of an image."""
    if len(inputs) != 3:
        raise CompileError(
            f"{kind} needs images [channels, height, width], the data's inputs are {list(inputs)}",
            "model",
            "use model: mlp",
        )


def too_small(way: str, step: str, index: int, layers: str = "the convolutions") -> CompileError:
    """Return the error for an image of which nothing is left at layer ``index`` (from 1).

    Args:
        way: the sizes up to there.
        step: what needs more than is left.
        layers: what the recipe has fewer of if it follows the advice.
    """
    advice = "use pool: 1 or smaller kernels"
    if index > 1:
        advice = f"use at most {index - 1} of {layers}, or pool: 1"
    return CompileError(
        f"the image is too small for {step} at layer {index}: {way}", "model", advice
    )
