"""What every augmentation shares: whole batches in and out, each sample with its own draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from trickrun.errors import CompileError
from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    import torch

Stage = Literal["raw", "normalized"]
"""Raw augmentations act before data.normalize (a shifted-in border is the raw 0), normalized ones
after it (noise is in units of the standard deviation). Within a stage the recipe's order holds."""

Augment = Callable[
    ["torch.Tensor", "torch.Tensor", "torch.Generator"], tuple["torch.Tensor", "torch.Tensor"]
]
"""A float batch [N, ...], its targets [N, ...] and the generator to draw from, to changed copies
of both."""


Takes = Literal["numbers", "images", "color images", "tokens"]
"""What samples must be: any numbers; [channels, height, width]; the same with 3 channels; token
ids. A user's own takes anything."""


class Augmentation(Params):
    """A random change of the training batches; validation and test data never see it."""

    takes: ClassVar[Takes] = "images"

    mirrors: ClassVar[bool] = False
    """Whether it shows images as in a mirror."""

    turn_parameter: ClassVar[str | None] = None
    """The parameter that is the largest angle it turns images by, in degrees; None: it does not."""

    noise_parameter: ClassVar[str | None] = None
    """The parameter that is the deviation of the noise it adds to normalized inputs; None: none."""

    @property
    def needs_image(self) -> bool:
        """Whether samples must have the shape [channels, height, width]."""
        return self.takes in ("images", "color images")

    @property
    def stage(self) -> Stage:
        """Whether it acts before or after normalization."""
        return "raw"

    @property
    def off(self) -> bool:
        """Whether the recipe sets its strength to zero."""
        raise NotImplementedError

    def check(self, shape: tuple[int, ...], where: str) -> None:
        """Raise CompileError if it cannot act on samples of this ``shape``, which are no tokens.

        Args:
            where: its recipe path.
        """
        kind = self.kind_name
        if self.takes == "tokens":
            raise CompileError(f"{kind} needs texts, the data has numbers", where, "leave it out")
        if self.needs_image and len(shape) != 3:
            raise CompileError(
                f"{kind} needs images, the data has inputs of shape {list(shape)}",
                where,
                "for tables use noise or feature_dropout",
            )
        if self.takes == "color images" and shape[0] != 3:
            raise CompileError(
                f"{kind} needs 3 color channels, the data's images have {shape[0]}",
                where,
                "for grey images use brightness or contrast",
            )

    def check_tokens(self, where: str) -> None:
        """Raise CompileError if it cannot act on token ids."""
        if self.takes != "tokens":
            raise CompileError(
                f"{self.kind_name} needs numbers, the data has tokens", where, "use token_dropout"
            )

    def check_categories(self, where: str) -> None:
        """Raise CompileError if it cannot act on the numbers of categories; a user's own may."""
        if not self.is_user_code:
            raise CompileError(
                f"{self.kind_name} would change the numbers of categories",
                where,
                "set data.categories: one_hot, or use dropout: {input: 0.1}",
            )

    def build(self, folder: Path) -> Augment:
        """Return it ready to use; user code is looked for in ``folder``, the recipe's, first."""
        return self.apply

    def apply(
        self, x: torch.Tensor, y: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return changed copies of a float batch ``x`` [N, ...] and its targets ``y`` [N, ...].

        ``generator`` is on the batch's device, and nothing is read back from there.
        """
        raise NotImplementedError


AUGMENTATIONS = KindFolder("trickrun.tricks.augmentation", "_augmentation.Augmentation")

AnyAugmentation = Annotated[Augmentation, AUGMENTATIONS]
"""One of the augmentations, chosen by its kind."""
