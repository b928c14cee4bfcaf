"""Gradual unfreezing: which layers train when, that others stay to the bit, and that it resumes."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_stages import tiny_stages, tiny_state

from trickrun.errors import CompileError
from trickrun.findings.static import findings
from trickrun.models import pretrained
from trickrun.recipe.facts import facts_of
from trickrun.recipe.load import from_tree, load
from trickrun.recipe.patch import canonical
from trickrun.training.checkpoint import restore
from trickrun.training.compile import compile_recipe
from trickrun.training.events import Checkpoint
from trickrun.training.job import Job
from trickrun.training.loop import take_step, train
from trickrun.tricks.optimizers import OPTIMIZERS
from trickrun.tricks.schedules import Span
from trickrun.tricks.train.gradual_unfreezing import GradualUnfreezing

HERE = Path(__file__).parent
BUILT_IN = [kind for kind in OPTIMIZERS.files if kind != "python"]


def job(**sections: Any) -> Job:
    """Three layers of 4 steps an epoch; each epoch unfreezes one."""
    tree = {
        "data": {"kind": "iris", "batch_size": 32},
        "model": {"kind": "mlp", "hidden": [8, 8]},
        "train": {"epochs": 4, "gradual_unfreezing": 1},
        **sections,
    }
    return compile_recipe(from_tree(canonical(tree)), HERE)


def changed_in(made: Job, steps: int) -> list[set[str]]:
    """Return the layers that each of the first ``steps`` steps changes."""
    found, batches = [], made.batches(0)
    for step in range(steps):
        before = {n: p.detach().clone() for n, p in made.model.named_parameters()}
        take_step(made, next(batches), step, [], True)
        after = dict(made.model.named_parameters())
        found.append({n.split(".")[0] for n, p in before.items() if not torch.equal(p, after[n])})
    return found


@pytest.mark.parametrize("every", [1, 3])
def test_a_layer_more_after_every_few_epochs(every):
    trick, run = GradualUnfreezing(every=every), Span(steps=100, per_epoch=5)
    made = job()
    layers = trick.layers(made.model)
    for step in range(run.steps):
        trick.hold(layers, step, run)
        trained = sum(p.requires_grad for p in made.model.parameters()) / 2
        assert trained == min(1 + step // (5 * every), 3)


@pytest.mark.parametrize("optimizer", BUILT_IN)
def test_layers_that_wait_keep_their_values(optimizer):
    decay = {"weight_decay": 0.1} if optimizer == "adamw" else {}
    made = job(optimizer={"kind": optimizer, **decay}, regularizers={"max_norm": 0.1})
    per_epoch = made.span.per_epoch
    found = changed_in(made, 3 * per_epoch)
    assert found == [
        *[{"head"}] * per_epoch,
        *[{"head", "linear2"}] * per_epoch,
        *[{"head", "linear2", "linear1"}] * per_epoch,
    ]


def test_frozen_statistics_stay_and_learn_after(monkeypatch):
    monkeypatch.setattr(pretrained, "lite_stages", tiny_stages)
    monkeypatch.setattr(pretrained, "lite_weights", lambda name: tiny_state())
    made = job(
        data={"kind": "digits", "subset": 64, "batch_size": 32},
        model={"kind": "pretrained", "size": 8, "freeze": "none"},
    )
    assert [len(layer) for layer in made.layers] == [4, 4, 2, 2]
    first, held = (made.model.state_dict()[f"{s}.1.running_mean"] for s in ("stem", "block1"))
    batches, means = made.batches(0), []
    for step in range(8):
        means.append((first.clone(), held.clone()))
        if step % 2:
            made.model.eval()  # as after an evaluation
        take_step(made, next(batches), step, [], False)
    stem, block = zip(*means, strict=True)
    assert all(torch.equal(mean, stem[0]) for mean in stem[:7])
    assert not torch.equal(stem[7], stem[0])
    assert all(torch.equal(mean, block[0]) for mean in block[:5])
    assert not torch.equal(block[5], block[0])


def test_what_the_model_freezes_stays_frozen(monkeypatch):
    monkeypatch.setattr(pretrained, "lite_stages", tiny_stages)
    monkeypatch.setattr(pretrained, "lite_weights", lambda name: tiny_state())
    digits = {"kind": "digits", "subset": 64, "batch_size": 32}
    made = job(data=digits, model={"kind": "pretrained", "size": 8, "freeze": 1})
    assert changed_in(made, 8)[-1] == {"block1", "top", "head"}
    with pytest.raises(CompileError, match=r"train: gradual_unfreezing"):
        job(data=digits, model={"kind": "pretrained", "size": 8})


def test_a_run_goes_on_with_the_same_layers():
    length = {"epochs": 4, "gradual_unfreezing": 1, "checkpoint": "5 steps"}
    whole = job(train=length)
    states = [deepcopy(r.state) for r in train(whole) if isinstance(r, Checkpoint)]
    assert len(states) > 2
    for state in states[:-1]:
        resumed = job(train=length)
        for _ in train(resumed, restore(resumed, deepcopy(state))):
            pass
        ends = (whole.model.state_dict(), resumed.model.state_dict())
        assert all(torch.equal(*pair) for pair in zip(*(e.values() for e in ends), strict=True))


def test_the_ledger_tells_how_far_a_run_comes():
    made = job(train={"epochs": 3, "gradual_unfreezing": 2})
    (entry,) = [t for t in made.ledger if t.trick == "gradual_unfreezing"]
    assert entry.what == "2 layers below the head, of which 1 unfrozen in this run"


def test_random_layers_that_wait_are_warned_of(tmp_path):
    path = tmp_path / "r.yaml"
    text = "data: {kind: digits}\nmodel: mlp\ntrain: {gradual_unfreezing: 1}\n"
    path.write_text(text)
    (found,) = findings(facts_of(load(path).recipe))
    assert (found.where, "starts from scratch" in found.why) == ("train.gradual_unfreezing", True)
    path.write_text(text.replace("mlp", "{kind: mlp, init_from: ab12}"))
    assert not findings(facts_of(load(path).recipe))


def test_it_trains_alone():
    assert GradualUnfreezing().trains_alone
