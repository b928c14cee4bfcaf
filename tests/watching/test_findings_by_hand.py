"""Tensors that a program trains itself, without modules and optimizers: how they begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, found
from tests.watching.tasks import BEGIN

RAW = (
    BEGIN
    + """
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
def weight(n_in, n_out):
    return (torch.randn(n_in, n_out) / n_in**0.5).requires_grad_()
w1, w2, w3 = weight(8, 32), weight(32, 32), weight(32, 2)
for step in range(150):
    h = torch.tanh(torch.tanh(x @ w1) @ w2)
    loss = F.cross_entropy(h @ w3, y)
    loss.backward()
    with torch.no_grad():
        for w in (w1, w2, w3):
            w -= 0.5 * w.grad
            w.grad = None
"""
)
RANDOM = "torch.randn(n_in, n_out) / n_in**0.5"
LAST = "weight(32, 2)\n"


@pytest.mark.parametrize(
    ("init", "code"),
    [
        ("torch.zeros(n_in, n_out)", "TR22"),
        ("torch.full((n_in, n_out), 0.1)", "TR22"),
        ("0.001 * torch.randn(n_in, n_out)", "TR23"),
    ],
)
def test_weights_that_begin_wrongly(tmp_path: Path, init: str, code: str) -> None:
    assert found(tmp_path, changed(RAW, (RANDOM, init)))[0].code == code


@pytest.mark.parametrize(
    "last",
    [LAST, "torch.zeros(32, 2, requires_grad=True)\n", "(0.001 * weight(32, 2)).detach()\n"
     "w3.requires_grad_()\n"],
)  # fmt: skip
def test_weights_that_begin_well(tmp_path: Path, last: str) -> None:
    text = changed(RAW, (LAST, last))
    assert not {"TR22", "TR23"} & {one.code for one in found(tmp_path, text)}


def test_a_single_layer_may_begin_at_zero(tmp_path: Path) -> None:
    text = changed(
        RAW,
        ("h = torch.tanh(torch.tanh(x @ w1) @ w2)", "h = x"),
        ("weight(32, 2)", "torch.zeros(8, 2, requires_grad=True)"),
        ("(w1, w2, w3)", "(w3,)"),
    )
    assert not {"TR22", "TR23"} & {one.code for one in found(tmp_path, text)}
