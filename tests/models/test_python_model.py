"""A user's own network: what it is called with, what it draws from, and its mistakes."""

import textwrap
from pathlib import Path

import pytest
import torch

from trickrun.errors import CompileError
from trickrun.models.python import PythonModel

CODE = """
    import torch
    from torch import nn

    def named(inputs, outputs, width=4):
        return nn.Sequential(nn.Linear(inputs[0], width), nn.ReLU(), nn.Linear(width, outputs))

    def unnamed(width):
        return nn.Linear(width, 2)

    class Net(nn.Module):
        def __init__(self, outputs):
            super().__init__()
            self.layer = nn.Linear(3, outputs)

    def swallowing(**args):
        assert not args, args
        return nn.Linear(3, 2)

    def lazy(outputs):
        return nn.Sequential(nn.LazyLinear(outputs))

    def wrong():
        return "a network"

    def failing():
        raise RuntimeError("no luck")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own_models.py").write_text(textwrap.dedent(CODE))
    return tmp_path


def build(folder: Path, name: str, seed: int = 0, **args) -> torch.nn.Module:
    model = PythonModel(target=f"own_models:{name}", args=args)
    return model.build_python(folder, (3,), 2, seed)


def test_inputs_and_outputs_are_passed_where_they_are_named(folder):
    assert build(folder, "named")(torch.zeros(5, 3)).shape == (5, 2)
    assert build(folder, "named", width=7)[0].out_features == 7
    assert build(folder, "unnamed", width=3).in_features == 3
    assert build(folder, "Net").layer.out_features == 2
    build(folder, "swallowing")


def test_args_come_before_what_would_be_passed(folder):
    assert build(folder, "named", outputs=9)[2].out_features == 9


def test_its_draws_depend_on_the_recipes_seed_alone(folder):
    torch.manual_seed(1)
    first = build(folder, "named").state_dict()
    torch.manual_seed(2)
    second = build(folder, "named").state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    other = build(folder, "named", seed=5).state_dict()
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_it_leaves_the_global_generator_alone(folder):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build(folder, "named")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong", "returned a str, not an nn.Module"),
        ("failing", "RuntimeError: no luck"),
        ("missing", "has no 'missing'"),
        ("unnamed", "missing a required argument: 'width'"),
    ],
)
def test_mistakes_are_told_with_the_target(folder, name, message):
    with pytest.raises(CompileError, match=message) as caught:
        build(folder, name)
    assert caught.value.where == f"own_models:{name}"


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
def test_a_lazy_layer_is_refused_by_name(folder):
    with pytest.raises(CompileError, match=r"0\.weight has no shape yet"):
        build(folder, "lazy")
