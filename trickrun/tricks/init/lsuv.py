from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import Count, Positive, Repeats, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch
    from torch import nn


class LSUV(Init):
    """Rotations scaled layer by layer until each layer's output on real data has variance 1.

    Formula: W orthogonal; then, from the first layer to the last, W /= std(output) until
        |var(output) - 1| < tolerance.
    When: networks whose activations or connections no formula covers; it measures what the
        formulas assume.
    Defaults: the paper's tolerance 0.1 and 10 tries; one pass suffices for a linear layer, and
        for any whose output is proportional to its weights.
    Interactions: the samples are drawn from the training split by the seed; dropout does not act.
        With a normalization the scale hardly matters. A head with an init of its own stays as that
        leaves it.
    Source: Mishkin & Matas 2015, All you need is a good init, arXiv:1511.06422.
    """

    kind: Literal["lsuv"] = "lsuv"
    samples: Annotated[Count, Stackable()] = Field(
        default=256, description="training samples that are measured, or all if there are fewer"
    )
    tolerance: Annotated[Positive, Stackable()] = Field(
        default=0.1, description="tolerated distance of a layer's variance from 1"
    )
    tries: Annotated[Repeats, Stackable()] = Field(
        default=10, description="largest number of corrections per layer"
    )

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.orthogonal_(weight, generator=generator)

    def calibrate(self, model: nn.Module, draw: Callable[[int], torch.Tensor]) -> None:
        import torch

        from trickrun.nn.layers import weight_layers

        layers = weight_layers(model)
        inputs = draw(self.samples)
        model.eval()
        with torch.no_grad():
            for name, layer in layers if self.head is None else layers[:-1]:
                self.scale_layer(model, name, layer, inputs)

    def scale_layer(
        self, model: nn.Module, name: str, layer: nn.Module, inputs: torch.Tensor
    ) -> None:
        """Divide ``layer``'s weights until its output for ``inputs`` [N, ...] has variance 1."""
        from trickrun.nn.layers import weights

        for _ in range(self.tries):
            variance = output_variance(model, layer, inputs)
            if variance is None or abs(variance - 1) < self.tolerance:
                return
            if not 0 < variance < float("inf"):
                raise CompileError(
                    f"the output of {name} has variance {variance:g}, which no scale makes 1",
                    "init",
                    "check the data and what comes before this layer, or use another init",
                )
            for _, weight in weights(layer):
                weight.div_(variance**0.5)


def output_variance(model: nn.Module, layer: nn.Module, inputs: torch.Tensor) -> float | None:
    """Return the variance of all of ``layer``'s outputs; None if a forward pass leaves it out."""
    import torch

    seen: list[torch.Tensor] = []

    def look(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: object) -> None:
        # Recurrent and attention layers put out a tuple, what the next layer gets first.
        first = output[0] if isinstance(output, tuple) else output
        assert isinstance(first, torch.Tensor)
        seen.append(first.detach().double().flatten())

    handle = layer.register_forward_hook(look)
    try:
        model(inputs)
    finally:
        handle.remove()
    return float(torch.cat(seen).var(correction=0)) if seen else None
