from __future__ import annotations

from typing import ClassVar, Literal

from trickrun.data._cifar import CifarImages

NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


class Cifar10(CifarImages):
    """60000 color photos of ten things, 32 by 32; 10000 of them are the test part.

    When: the usual data set to compare convolutional networks on.
    Defaults: the binary version's files are searched in data/cifar-10-batches-bin beside the
        recipe, ~/.cache/cifar-10-batches-bin, ~/data/cifar-10-batches-bin and
        /usr/share/datasets/cifar-10-batches-bin. The python version is never read: to read it is
        to run code.
    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images.
    """

    kind: Literal["cifar10"] = "cifar10"

    places: ClassVar[tuple[str, ...]] = (
        "data/cifar-10-batches-bin",
        "~/.cache/cifar-10-batches-bin",
        "~/data/cifar-10-batches-bin",
        "/usr/share/datasets/cifar-10-batches-bin",
    )
    train_files: ClassVar[tuple[str, ...]] = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
    test_files: ClassVar[tuple[str, ...]] = ("test_batch.bin",)
    archive: ClassVar[str] = "cifar-10-binary.tar.gz"

    @property
    def labels(self) -> tuple[str, ...]:
        return NAMES
