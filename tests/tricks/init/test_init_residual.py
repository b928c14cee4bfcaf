"""How residual branches start: the sum with the shortcut, as each formula has it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.nn.layers import Residual, residuals
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.training.initialize import initialize
from trickrun.training.job import Job
from trickrun.tricks.init.kaiming_normal import KaimingNormal
from trickrun.tricks.init.residual.depth_scaled import DepthScaled
from trickrun.tricks.init.residual.fixup import Fixup
from trickrun.tricks.init.residual.zero_gamma import ZeroGamma

HERE = Path(__file__).parent


def network(norm: bool) -> nn.Sequential:
    """Four residual branches of two layers each, and a head."""

    def branch() -> nn.Sequential:
        layers: list[nn.Module] = [nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6)]
        return nn.Sequential(*layers, *[nn.LayerNorm(6)] * norm, nn.Dropout(0.1))

    return nn.Sequential(*(Residual(branch()) for _ in range(4)), nn.Linear(6, 3))


def started(residual: Any, norm: bool = False) -> tuple[nn.Sequential, nn.Sequential, str]:
    """Return a plain network, one with ``residual``, and its ledger line."""
    plain, changed = network(norm), network(norm)
    initialize(plain, KaimingNormal(), 0, False)
    entries = initialize(changed, KaimingNormal(residual=residual), 0, False)
    return plain, changed, entries[-1].what


def test_zero_gamma_makes_each_block_the_identity():
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    plain, changed, what = started(ZeroGamma(), norm=True)
    assert what == "4 residual branches"
    assert torch.equal(changed.eval()[:4](x), x)
    assert not torch.allclose(plain.eval()[:4](x), x)
    assert torch.equal(plain[0].branch[2].weight, changed[0].branch[2].weight)


def test_fixup_scales_the_inner_layers_and_zeroes_the_last():
    plain, changed, what = started(Fixup())
    assert what == "4 residual branches"
    for old, new in zip(plain[:4], changed[:4], strict=True):
        torch.testing.assert_close(new.branch[0].weight, old.branch[0].weight * 4**-0.5)
        assert (new.branch[2].weight == 0).all()
    assert torch.equal(plain[4].weight, changed[4].weight)


def test_fixup_of_a_branch_of_one_layer_only_zeroes_it():
    model = Residual(nn.Sequential(nn.Linear(3, 3)))
    initialize(model, KaimingNormal(residual=Fixup()), 0, False)
    assert (model.branch[0].weight == 0).all()


def test_depth_scaled_divides_the_last_layer_by_the_root_of_the_branches():
    plain, changed, _ = started(DepthScaled(), norm=True)
    for old, new in zip(plain[:4], changed[:4], strict=True):
        torch.testing.assert_close(new.branch[2].weight, old.branch[2].weight / 2)
        assert torch.equal(new.branch[0].weight, old.branch[0].weight)


def job(residual: str, **tree: Any) -> Job:
    init = {"init": {"kind": "auto", "residual": residual}}
    return compile_recipe(from_tree(canonical({"data": {"kind": "digits"}, **tree, **init})), HERE)


def test_a_resnet_of_the_recipe_starts_as_if_it_had_no_branches():
    made = job(
        "zero_gamma", model={"kind": "resnet", "depth": 8, "width": 4}, normalization="batch"
    )
    blocks = [block for _, block in residuals(made.model)]
    assert [t.what for t in made.ledger if t.trick == "zero_gamma"] == ["3 residual branches"]
    x = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(blocks[0].eval().branch(x), torch.zeros_like(x))


def test_a_transformer_has_two_branches_a_block():
    made = job(
        "depth_scaled",
        model={"kind": "transformer", "width": 8, "heads": 2, "layers": 2},
        normalization="layer",
    )
    assert [t.what for t in made.ledger if t.trick == "depth_scaled"] == ["4 residual branches"]


@pytest.mark.parametrize(
    ("residual", "tree"),
    [
        ("fixup", {"model": "mlp"}),
        ("zero_gamma", {"model": {"kind": "resnet", "depth": 8, "width": 4}}),
    ],
)
def test_without_a_branch_or_a_scale_at_its_end_it_is_an_error(residual, tree):
    with pytest.raises(CompileError, match=f"init: {residual}"):
        job(residual, **tree)
