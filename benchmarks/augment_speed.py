"""Speed of the augmentations beside kornia's same operation, interleaved, on batches of 32x32x3.

    python benchmarks/augment_speed.py --repeats 7

Both get the same float batch on one thread, with a parameter drawn for each sample, and both change
every image, or with the same probability as many. kornia's RandAugment and TrivialAugment draw one
operation for a whole batch, ours one for each image.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from kornia import augmentation as K
from kornia.augmentation import auto
from results import machine, write_section

from trickrun.tricks import augmentation as T

Change = Callable[[torch.Tensor], torch.Tensor]

PAIRS: tuple[tuple[T.Augmentation, torch.nn.Module], ...] = (
    (T.Flip(), K.RandomHorizontalFlip(p=0.5)),
    (T.Shift(pixels=3), K.RandomAffine(0, translate=(3 / 32, 3 / 32), p=1)),
    (T.RandomCrop(), K.RandomCrop((32, 32), padding=4, p=1)),
    (T.ResizedCrop(), K.RandomResizedCrop((32, 32), p=1)),
    (T.Rotate(), K.RandomRotation(15, p=1)),
    (T.Scale(), K.RandomAffine(0, scale=(0.8, 1.2), p=1)),
    (T.Shear(), K.RandomAffine(0, shear=(-15, 15), p=1)),
    (T.Affine(), K.RandomAffine(10, (0.1, 0.1), (0.9, 1.1), (-5, 5), p=1)),
    (T.ColorShift(), K.RandomRGBShift(0.1, 0.1, 0.1, p=1)),
    (T.Brightness(), K.RandomBrightness((0.6, 1.4), p=1)),
    (T.Contrast(), K.RandomContrast((0.6, 1.4), p=1)),
    (T.Saturation(), K.RandomSaturation((0.6, 1.4), p=1)),
    (T.Blur(), K.RandomGaussianBlur((7, 7), (0.1, 1.0), p=0.5)),
    (T.Cutout(), K.RandomErasing((1 / 16, 1 / 16), (1, 1), p=1)),
    (T.RandomErasing(), K.RandomErasing((0.02, 0.33), (0.3, 3.3), p=0.5)),
    (T.RandAugment(), auto.RandAugment(n=2, m=9)),
    (T.TrivialAugment(), auto.TrivialAugment()),
    (T.Noise(), K.RandomGaussianNoise(std=0.05, p=1)),
)


def ours(trick: T.Augmentation) -> Change:
    """Return the trick as a function of a batch, on a generator of its own."""
    generator = torch.Generator().manual_seed(0)
    apply = trick.build(Path())
    return lambda x: apply(x, x, generator)[0]


def rate(change: Change, x: torch.Tensor, calls: int) -> float:
    """Return samples a second over so many calls."""
    started = time.perf_counter()
    for _ in range(calls):
        change(x)
    return calls * len(x) / (time.perf_counter() - started)


def measure(
    pair: tuple[T.Augmentation, torch.nn.Module], x: torch.Tensor, repeats: int, calls: int
) -> tuple[float, float, list[float]]:
    """Return the medians of our and kornia's samples a second, and the ratio of each pair of
    measurements that were taken one after the other."""
    both = ours(pair[0]), torch.no_grad()(pair[1])
    for change in both:
        change(x)
    rates = [[rate(change, x, calls) for change in both] for _ in range(repeats)]
    ratios = sorted(one / other for one, other in rates)
    first, second = (statistics.median(column) for column in zip(*rates, strict=True))
    return first, second, ratios


def main() -> None:
    """Measure all pairs and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--calls", type=int, default=10, help="calls a measurement")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    given = parser.parse_args()
    torch.set_num_threads(1)
    x = torch.rand(given.batch, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    rows = []
    for pair in PAIRS:
        first, second, ratios = measure(pair, x, given.repeats, given.calls)
        name, other = pair[0].kind_name, type(pair[1]).__name__
        rows.append(
            f"| {name} | {other} | {first:,.0f} | {second:,.0f} "
            f"| {statistics.median(ratios):.2f} | {ratios[0]:.2f} - {ratios[-1]:.2f} |"
        )
        print(rows[-1], flush=True)
    if given.write:
        write_section(
            "Augmentations beside kornia",
            f"`python benchmarks/augment_speed.py`: samples a second, batches of {given.batch} "
            f"float images of 3x32x32, one thread; medians of {given.repeats} interleaved "
            "measurements.\n"
            f"{machine('torch', 'kornia')}\n\n"
            "| ours | kornia | ours, samples/s | kornia, samples/s | ratio | lowest - highest |\n"
            "|---|---|---|---|---|---|\n" + "\n".join(rows),
        )


if __name__ == "__main__":
    main()
