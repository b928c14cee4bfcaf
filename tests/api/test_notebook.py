"""In a notebook a check shows its pictures below what it prints."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

import trickrun as tr

X = torch.randn(96, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


class ZMQInteractiveShell:
    """What IPython calls the shell of a notebook's kernel."""


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a stand-in for IPython is asked to display."""
    found: list[Any] = []
    display = SimpleNamespace(display=lambda data, raw: found.append(data))
    # matplotlib asks for the version.
    notebook = SimpleNamespace(
        get_ipython=ZMQInteractiveShell, display=display, version_info=(9, 0)
    )
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    return found


def lr_find() -> tr.Verdict:
    return tr.lr_find(nn.Linear(4, 2), (X, Y), nn.CrossEntropyLoss(), steps=50, seeds=1)


def test_pictures_are_shown_in_a_notebook(shown: list[Any], capsys: Any) -> None:
    lr_find()
    ((kind, picture),) = shown[0].items()
    assert kind == "image/svg+xml"
    assert "<svg" in picture
    assert "range test" in capsys.readouterr().out


def test_nothing_is_shown_in_ipythons_terminal(
    shown: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: object())
    lr_find()
    assert shown == []
