from __future__ import annotations

from typing import ClassVar, Literal

from trickrun.data._idx import IdxImages


class FashionMnist(IdxImages):
    """70000 grey images of clothing, 28 by 28; 10000 of them are the test part.

    When: as cheap as MNIST, and hard enough to tell networks apart.
    Defaults: the four IDX files are searched in data/fashion-mnist, data/FashionMNIST/raw
        (torchvision's place) beside the recipe, ~/.cache/fashion-mnist, ~/data/fashion-mnist and
        /usr/share/datasets/fashion-mnist (Debian's package dataset-fashion-mnist).
    Source: Xiao et al. 2017, Fashion-MNIST, arXiv:1708.07747.
    """

    kind: Literal["fashion_mnist"] = "fashion_mnist"

    places: ClassVar[tuple[str, ...]] = (
        "data/fashion-mnist",
        "data/FashionMNIST/raw",
        "~/.cache/fashion-mnist",
        "~/data/fashion-mnist",
        "/usr/share/datasets/fashion-mnist",
    )
    labels: ClassVar[tuple[str, ...]] = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip
