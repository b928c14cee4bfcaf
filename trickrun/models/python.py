from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from trickrun.errors import CompileError
from trickrun.models._model import Model, NetworkSpec
from trickrun.nn.rng import key
from trickrun.params import PythonTarget
from trickrun.user_code import call, resolve

if TYPE_CHECKING:
    from torch import nn


class PythonModel(PythonTarget, Model):
    """Your own network: ``f(**args)`` returns the nn.Module.

    Formula: yours; the module maps [N, *inputs] to [N, outputs].
    When: the built-in models do not have the architecture that you want.
    Defaults: ``inputs`` (a sample's shape), ``outputs`` (an int) and ``vocabulary`` (the number of
        different tokens of text) are passed if the function names them and ``args`` does not.
        Torch's generator is seeded from the recipe's seed.
    Interactions: normalization and dropout cannot be put into it, so a recipe that declares them
        is refused; init auto leaves its weights as they were built. With data.categories:
        embedding its inputs hold each category's number, as a float; 0 is the unknown one.
    Source: none.
    """

    main: ClassVar[str | None] = "target"

    takes_categories: ClassVar[bool] = True

    learned: ClassVar[bool | None] = None
    fixes_input_scale: ClassVar[bool] = False

    example: ClassVar[str] = """\
def network(inputs, outputs, hidden=64):
    layers = nn.Linear(math.prod(inputs), hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    return nn.Sequential(nn.Flatten(), *layers)
"""

    kind: Literal["python"] = "python"

    def network(self, spec: NetworkSpec) -> nn.Module:
        vocabulary = spec.tokens.count if spec.tokens is not None else 0
        return self.build_python(spec.folder, spec.inputs, spec.outputs, spec.seed, vocabulary)

    def build_python(
        self,
        folder: Path,
        inputs: tuple[int, ...],
        outputs: int,
        seed: int,
        vocabulary: int = 0,
    ) -> nn.Module:
        """Return the user's network, whose constructor drew from (seed, "init").

        Args:
            folder: the recipe's.
            inputs: shape of a sample.
            outputs: number of outputs that the loss needs.
            seed: the recipe's.
            vocabulary: how many different tokens there are, if inputs are token ids [T].

        Raises CompileError if the target cannot be found, fails, or returns no finished network.
        """
        import torch
        from torch import nn

        function = resolve(self.target, folder, self.taught)
        names = parameter_names(function)
        known = {"inputs": inputs, "outputs": outputs, "vocabulary": vocabulary}
        args = {name: value for name, value in known.items() if name in names}
        gpus = list(range(torch.cuda.device_count()))
        with torch.random.fork_rng(devices=gpus):
            torch.manual_seed(key(seed, "init"))
            model = call(function, self.target, args=args | self.args, teach=self.taught)
        if not isinstance(model, nn.Module):
            raise CompileError(
                f"it returned a {type(model).__name__}, not an nn.Module",
                self.target,
                self.taught("return the network itself"),
            )
        refuse_lazy(model, self.target)
        return model


def parameter_names(function: object) -> set[str]:
    """Return the names in the function's signature; none if it has no signature to look at."""
    if not callable(function):
        return set()
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return set()


def refuse_lazy(model: nn.Module, target: str) -> None:
    """Raise CompileError for a layer whose weights exist only after a first forward pass."""
    from torch.nn.parameter import is_lazy

    for name, parameter in model.named_parameters():
        if is_lazy(parameter):
            raise CompileError(
                f"{name} has no shape yet, so it cannot be initialized",
                target,
                "use the layer that is not lazy; name `inputs` in the signature for its size",
            )
