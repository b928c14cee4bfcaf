"""Networks as narrow as torch's convolutions do not bear everywhere train on every kind of CPU."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.crash_fuzz import run_cases
from trickrun.nn.subsampled import NARROW, SubsampledConv2d

CPU_KINDS = {
    "SSE41": "sse4_1",
    "AVX": "avx",
    "AVX2": "avx2",
    "AVX2_VNNI": "avx_vnni",
    "AVX512_CORE": "avx512bw",
    "AVX512_CORE_BF16": "avx512_bf16",
    "AVX512_CORE_AMX": "amx_tile",
}
"""Values of ONEDNN_MAX_CPU_ISA, and the processor's flag without which one pretends nothing."""

NARROW_RESNETS = [
    {
        "images": [3, size, size],
        "model": {"kind": "resnet", "depth": 8, "width": width},
        "normalization": {"kind": "batch"},
        "batch_size": batch,
        "precision": "float32",
        "threads": 1,
    }
    for width, size, batch in [
        (2, 14, 2),
        (3, 8, 16),
        (4, 16, 4),
        (5, 9, 16),
        (6, 8, 5),
        (7, 28, 2),
    ]
]


def processor_has(flag: str) -> bool:
    """Return whether this processor has ``flag``; where that cannot be read, it may."""
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        return True
    return found is None or flag in found.group(1).split()


@pytest.mark.parametrize("kind", [*(k for k, f in CPU_KINDS.items() if processor_has(f)), "NEWER"])
def test_narrow_resnets_train_on_every_kind_of_cpu(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", kind)
    assert run_cases(NARROW_RESNETS) is None


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", [7, 8])
def test_it_is_torchs_convolution(stride: int, size: int):
    ours = SubsampledConv2d(3, 5, stride).double()
    theirs = nn.Conv2d(3, 5, 1, stride).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_torch_never_sees_a_narrow_stride(layout: torch.memory_format, monkeypatch):
    from trickrun.models._model import Blocks
    from trickrun.models.resnet import ResNet
    from trickrun.nn.rng import LayerStreams
    from trickrun.tricks.normalization.batch import Batch

    around = Blocks("relu", "linear", "auto", Batch(), None, LayerStreams(0))
    seen = []
    plain = torch.nn.functional.conv2d

    def noted(x, weight, bias=None, stride=1, *rest):
        seen.append((weight.shape[1], weight.shape[2], stride))
        return plain(x, weight, bias, stride, *rest)

    monkeypatch.setattr(torch.nn.functional, "conv2d", noted)
    for width in (2, 4, 8):
        model = ResNet(depth=8, width=width).build(around, (3, 8, 8), 2)
        nn.utils.convert_conv2d_weight_memory_format(model, layout)
        model(torch.randn(2, 3, 8, 8))
    shortcuts = [(channels, stride) for channels, kernel, stride in seen if kernel == 1]
    assert len(shortcuts) == 6
    assert {stride for channels, stride in shortcuts if channels < NARROW} == {1}
    assert {stride for channels, stride in shortcuts if channels >= NARROW} == {(2, 2)}
