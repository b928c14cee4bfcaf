"""A loss that is given to watch: its name, its lines and the values of its calls."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import trickrun as tr

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


def focal(scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    each = nn.functional.cross_entropy(scores, y, reduction="none")
    return ((1 - (-each).exp()) ** 2 * each).mean()


FOCAL = focal


class Focal(nn.Module):
    """The same as a module, one number a sample."""

    def forward(self, scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        each = nn.functional.cross_entropy(scores, y, reduction="none")
        return (1 - (-each).exp()) ** 2 * each


def parts() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    return model, torch.optim.SGD(model.parameters(), 0.1)


def trained(model: nn.Module, optimizer: torch.optim.Optimizer, loss: Any) -> list[float]:
    """Train for six steps with a validation after each, and return the losses."""
    found = []
    for _ in range(6):
        optimizer.zero_grad()
        value = loss(model(X[:48]), Y[:48]).mean()
        value.backward()
        optimizer.step()
        with torch.no_grad():
            found += [value.item(), loss(model(X[48:]), Y[48:]).mean().item()]
    return found


def by_name(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[float]:
    """The same with the function as this file has it."""
    return trained(model, optimizer, lambda z, y: focal(z, y))


@pytest.mark.parametrize("kind", ["module", "function"])
def test_its_values_are_kept_with_those_of_a_validation(kind: str, capsys: Any) -> None:
    loss = Focal() if kind == "module" else focal
    with tr.watch(*parts(), loss) as plain:
        pass
    assert plain.losses["value"] == []
    model, optimizer = parts()
    with tr.watch(model, optimizer, loss) as watching:
        values = trained(model, optimizer, loss) if kind == "module" else by_name(model, optimizer)
    table = watching.losses
    assert list(table) == ["step", "loss", "value", "trained"]
    assert table["step"] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert table["trained"] == [True, False] * 6
    assert table["value"] == pytest.approx(values)
    (seen,) = watching.watched_losses
    assert (seen.name, seen.calls) == ("Focal" if kind == "module" else "focal", 12)
    assert seen.place is not None
    assert seen.place.file.endswith("test_watched_loss.py")
    assert seen.called_at is not None
    assert "loss(" in seen.called_at.code or "focal(" in seen.called_at.code
    assert f"loss {seen.name} (" in capsys.readouterr().out
    assert f"Values of {seen.name}" in watching._repr_html_()


def test_everything_is_as_it_was_afterwards(capsys: Any) -> None:
    before, loss = focal, Focal()
    watching = tr.watch(*parts(), [loss, focal])
    assert focal is not before
    watching.stop()
    assert focal is before
    assert not loss._forward_hooks


def test_a_name_that_means_something_else_now_keeps_that(monkeypatch: Any) -> None:
    watching = tr.watch(loss=focal)
    monkeypatch.setitem(globals(), "focal", len)
    watching.stop()
    assert globals()["focal"] is len


def test_the_numbers_are_the_same_to_the_bit(capsys: Any) -> None:
    plain = by_name(*parts())
    model, optimizer = parts()
    with tr.watch(model, optimizer, focal):
        assert by_name(model, optimizer) == plain


def test_a_loss_that_is_no_number_is_told_of_though_nothing_backpropagates_it(capsys: Any) -> None:
    model, optimizer = parts()
    loss = nn.MSELoss()
    with tr.watch(model, optimizer, loss) as watching:
        for step in range(4):
            value = loss(model(X), torch.full((64, 2), float("nan") if step == 2 else 0.0))
            if value.isfinite():
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
    (seen,) = watching.watched_losses
    assert (seen.non_finite, seen.first_non_finite) == (1, 2)
    assert "NaN or infinite in 1 call, first after 2 passes" in capsys.readouterr().out


def test_calls_that_cannot_be_seen_are_told_of(capsys: Any) -> None:
    model, optimizer = parts()
    other = FOCAL
    with tr.watch(model, optimizer, focal):
        trained(model, optimizer, lambda z, y, f=other: nn.functional.cross_entropy(z, y))
    assert "none of its calls was seen" in capsys.readouterr().out


def test_a_function_of_torch_is_seen(capsys: Any) -> None:
    model, optimizer = parts()
    with tr.watch(model, optimizer, nn.functional.cross_entropy) as watching:
        trained(model, optimizer, lambda z, y: nn.functional.cross_entropy(z, y))
    assert watching.watched_losses[0].calls == 12
    assert watching.watched_losses[0].place is None


def test_several_models_and_optimizers(capsys: Any) -> None:
    one, other = parts(), parts()
    with tr.watch([one[0], other[0]], (one[1], other[1])) as watching:
        trained(*one, Focal())
        trained(*other, Focal())
    assert watching.program.name == "Sequential, Sequential"
    assert [seen.steps for seen in watching.program.optimizers] == [6, 6]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"model": 3}, "model: this is int"),
    "class": ({"model": nn.Linear}, "model: this is the class Linear"),
    "one of several": ({"model": [nn.Linear(1, 1), "b"]}, "model: this is str"),
    "optimizer": ({"optimizer": nn.Linear(1, 1)}, "optimizer: this is Linear"),
    "parameters": ({"optimizer": nn.Linear(1, 1).parameters()}, "optimizer: this is generator"),
    "loss": ({"loss": 0.3}, "loss: this is float"),
    "class of losses": ({"loss": nn.MSELoss}, "loss: this is the class MSELoss"),
    "every": ({"every": 0}, "every: this is 0"),
    "every text": ({"every": "2"}, "every: this is '2'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_argument_is_an_error_and_nothing_is_watched(case: str) -> None:
    given, told = WRONG[case]
    first = tr.watch()
    with pytest.raises(tr.TrickrunError, match=told):
        tr.watch(**given)
    assert first.running
    first.stop()
    assert not nn.modules.module._global_forward_hooks
