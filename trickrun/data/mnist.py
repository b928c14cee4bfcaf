from __future__ import annotations

from typing import ClassVar, Literal

from trickrun.data._idx import IdxImages


class Mnist(IdxImages):
    """70000 grey images of handwritten digits, 28 by 28; 10000 of them are the test part.

    When: the classic benchmark: almost any network solves it.
    Defaults: the four IDX files are searched in data/mnist, data/MNIST/raw (torchvision's place)
        beside the recipe, ~/.cache/mnist, ~/data/mnist and /usr/share/datasets/mnist.
    Source: LeCun et al. 1998, Gradient-based learning applied to document recognition.
    """

    kind: Literal["mnist"] = "mnist"

    characters: ClassVar[bool] = True

    places: ClassVar[tuple[str, ...]] = (
        "data/mnist",
        "data/MNIST/raw",
        "~/.cache/mnist",
        "~/data/mnist",
        "/usr/share/datasets/mnist",
    )
    labels: ClassVar[tuple[str, ...]] = tuple("0123456789")
