"""Further forms of an exported network: torch.export's, and ONNX."""

from __future__ import annotations

import importlib
import logging
import warnings
from pathlib import Path
from typing import Literal

import torch

from trickrun.export.sources import CannotExport
from trickrun.training.job import RecipeJob

INSTALL = "pip install 'trickrun[export]'"

NEEDED = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "torch_export": ()}
"""The packages that each form needs."""


def check_form(form: Literal["torch_export", "onnx"]) -> None:
    """Raise CannotExport if a package that ``form`` needs is missing."""
    for name in NEEDED[form]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise CannotExport(
                f"the package {name} is not installed", f"--format {form}", INSTALL
            ) from error


def write_form(
    form: Literal["torch_export", "onnx"], job: RecipeJob, place: Path, inputs: torch.Tensor
) -> None:
    """Write a form of the job's network, for any number of samples.

    Args:
        inputs: some samples as the network takes them [N, *shape].

    Raises CannotExport for a network that it does not hold.
    """
    check_form(form)
    if job.settings.half is not None:
        raise CannotExport(
            f"{form} holds no mixed precision, in which this run was trained",
            "--format",
            "omit it; the plain form is the same network",
        )
    model = job.model.eval()
    few = inputs[:2] if len(inputs) > 1 else torch.cat([inputs, inputs])
    batch = {0: torch.export.Dim("batch", min=1)}
    # It tells of each operator of torchvision that is not there.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if form == "torch_export":
                program = torch.export.export(model, (few,), dynamic_shapes=(batch,))
                torch.export.save(program, place / "model.pt2")
            else:
                onnx_program = torch.onnx.export(
                    model, (few,), dynamic_shapes=(batch,), dynamo=True, verbose=False
                )
                assert onnx_program is not None
                onnx_program.save(place / "model.onnx")
    except Exception as error:  # both raise many kinds
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise CannotExport(
            f"{form} cannot hold this network: {reason}", "--format", "omit it"
        ) from error
