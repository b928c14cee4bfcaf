"""An export is run before it is called done: in a process of its own that cannot import trickrun.

Its outputs are compared with those of the run's own network, for the same inputs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from trickrun.export.sources import CannotExport

ALIKE = {torch.float32: 1e-5, torch.float64: 1e-12}
"""How far outputs may be from those of the run, as a share of the largest: rounding errors of sums
in another order. Of 16-bit types, see HALF_ALIKE."""

LOSSES_ALIKE = {torch.float32: 1e-5, torch.float64: 1e-10}
"""The same for the losses of the first steps of a training."""

HALF_ALIKE = 2e-2
"""The same where forward passes are in 16 bits: two steps of bfloat16, whose precision is 2^-8."""

DRIVER = """
import sys
sys.modules["trickrun"] = None  # an import of it fails
sys.path.insert(0, ".")
from pathlib import Path
import torch
from safetensors.torch import load_file, save_file
place = Path(sys.argv[1])
inputs = load_file(place / "inputs.safetensors")["x"]
{steps}
save_file({{name: value.contiguous() for name, value in found.items()}}, place / "out.safetensors")
"""

PLAIN = """
from model import load
from predict import SAID, outputs_for
found = {"plain": outputs_for(load(), inputs, SAID)}
"""

PROGRAM = """
import predict
sys.argv = ["predict.py", {file!r}, "--out", str(place / "predictions.csv")]
predict.main()
"""

TRAINING = """
import train
sys.argv = ["train.py", {data!r}, "--steps", "{steps}", "--losses", str(place / "losses.txt")]
sys.argv += ["--out", str(place / "trained.safetensors")]
train.main()
"""

STEPS = 3
"""Steps of ``train.py`` that are taken."""

TORCH_EXPORT = """
program = torch.export.load("model.pt2").module()
with torch.inference_mode():
    found["torch_export"] = torch.cat([program(part) for part in inputs.split(256)])
"""

ONNX = """
import onnxruntime
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
parts = [session.run(None, {name: part.numpy()})[0] for part in inputs.split(256)]
found["onnx"] = torch.cat([torch.from_numpy(part) for part in parts])
"""


@dataclass(frozen=True)
class Compared:
    """How far an export's outputs are from those of the run.

    Args:
        form: plain, torch_export or onnx.
        samples: how many were compared.
        absolute: the largest difference.
        relative: that, as a share of the largest output.
        bound: what ``relative`` may be.
    """

    form: str
    samples: int
    absolute: float
    relative: float
    bound: float

    @property
    def alike(self) -> bool:
        """Whether it is close enough; NaN is not."""
        return self.relative <= self.bound


@dataclass(frozen=True)
class Tried:
    """How an export was run and compared.

    Args:
        compared: how far the outputs of each form are from those of the run.
        predicted: what ``predict.py`` was compared on; empty: on nothing.
        trained: how far the losses of the first steps of ``train.py`` are from those of the run,
            as a share; None: they were not compared.
        notes: what people should know, a line each.
    """

    compared: tuple[Compared, ...]
    predicted: str
    trained: float | None
    notes: tuple[str, ...]


def run_alone(folder: Path, place: Path, steps: Sequence[str]) -> dict[str, torch.Tensor]:
    """Return what a process that cannot import trickrun computes in an export's folder.

    Args:
        place: a folder with ``inputs.safetensors``, which gets its files.
        steps: Python code that puts tensors into ``found``.

    Raises CannotExport if it fails.
    """
    program = DRIVER.format(steps="\n".join(steps))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-B", "-c", program, str(place)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise CannotExport(f"the export does not run by itself: {last}", str(folder))
    return load_file(place / "out.safetensors")


def compared(
    found: Mapping[str, torch.Tensor], expected: torch.Tensor, half: bool
) -> list[Compared]:
    """Return how far outputs of each form are from ``expected`` [N, ...]."""
    told = []
    for form, outputs in found.items():
        if outputs.shape != expected.shape:
            raise CannotExport(
                f"the {form} form returns {list(outputs.shape)}, not {list(expected.shape)}"
            )
        bound = HALF_ALIKE if half else ALIKE[expected.dtype]
        absolute = float((outputs.double() - expected.double()).abs().max())
        largest = float(expected.double().abs().max())
        told.append(Compared(form, len(expected), absolute, absolute / max(largest, 1e-30), bound))
    return told


def keep_inputs(place: Path, x: torch.Tensor) -> None:
    """Write inputs where ``run_alone`` finds them."""
    save_file({"x": x.contiguous()}, place / "inputs.safetensors")


def check_losses(written: Path, expected: Sequence[float], dtype: torch.dtype, half: bool) -> float:
    """Return how far the losses that ``train.py`` wrote are from those of the run, as a share.

    Raises CannotExport if that is more than rounding errors make.
    """
    found = [float(line) for line in written.read_text(encoding="utf-8").split()]
    if len(found) != len(expected):
        raise CannotExport(f"train.py takes {len(found)} steps, not {len(expected)}")
    pairs = zip(found, expected, strict=True)
    apart = max(abs(own - theirs) / max(abs(theirs), 1e-30) for own, theirs in pairs)
    if not apart <= (HALF_ALIKE if half else LOSSES_ALIKE[dtype]):
        raise CannotExport(
            f"train.py takes other steps than the run: their losses differ by up to {apart:.2g}",
            hint="please report it; nothing was written",
        )
    return apart
