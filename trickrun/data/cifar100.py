from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trickrun.data._cifar import CifarImages

FINE = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup",
    "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house",
    "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man",
    "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal",
    "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
    "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman",
    "worm",
)  # fmt: skip

COARSE = (
    "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
    "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
    "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
    "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
)  # fmt: skip


class Cifar100(CifarImages):
    """60000 color photos of a hundred things in twenty groups, 32 by 32; 10000 are the test part.

    When: many classes with few samples each (500).
    Defaults: the fine labels. The binary version's files are searched in data/cifar-100-binary
        beside the recipe, ~/.cache/cifar-100-binary, ~/data/cifar-100-binary and
        /usr/share/datasets/cifar-100-binary. The python version is never read: to read it is to
        run code.
    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images.
    """

    kind: Literal["cifar100"] = "cifar100"
    classes: Literal["fine", "coarse"] = Field(
        default="fine", description="the hundred things, or their twenty groups"
    )

    places: ClassVar[tuple[str, ...]] = (
        "data/cifar-100-binary",
        "~/.cache/cifar-100-binary",
        "~/data/cifar-100-binary",
        "/usr/share/datasets/cifar-100-binary",
    )
    train_files: ClassVar[tuple[str, ...]] = ("train.bin",)
    test_files: ClassVar[tuple[str, ...]] = ("test.bin",)
    archive: ClassVar[str] = "cifar-100-binary.tar.gz"
    label_bytes: ClassVar[int] = 2

    @property
    def label_place(self) -> int:
        # The group stands before the thing.
        return 1 if self.classes == "fine" else 0

    @property
    def labels(self) -> tuple[str, ...]:
        return FINE if self.classes == "fine" else COARSE
