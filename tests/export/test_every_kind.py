"""Every kind of every section: its network as plain PyTorch, and its training as a script.

A new kind is in this table as soon as the recipe's schema has it. One without a plain form must say
so: the network with an error that names what cannot be exported, the script by listing it.
"""

import contextlib
import importlib.util
import io
import json
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from tricks.test_every_trick import OWN_PARTS, TRICKS, name_of, prepared, recipe_with

from trickrun.data.text import Text
from trickrun.export.check import LOSSES_ALIKE
from trickrun.export.network import model_source
from trickrun.export.program import predict_source
from trickrun.export.said import said_of
from trickrun.export.sources import CannotExport
from trickrun.export.training import NoScript, Script, Training, save_weights, write_arrays
from trickrun.run.trained import facts_of
from trickrun.training.compile import compile_recipe
from trickrun.training.evaluation import predict

WITHOUT_SCRIPT = {
    "loss.python",
    "optimizer.muon",
    "optimizer.python",
    "train.step.python",
}
"""The kinds whose training is no plain script."""

LACKING = {
    "regularizers.cutmix": ["cutmix"],
    "regularizers.ema": ["ema"],
    "regularizers.gradient_noise": ["gradient_noise"],
    "regularizers.mixup": ["mixup"],
    "regularizers.sam": ["sam"],
    "regularizers.swa": ["swa"],
    "optimizer.schedule.lr_range": ["schedule lr_range (its rate is constant)"],
    "optimizer.schedule.plateau": ["schedule plateau (its rate is constant)"],
    "optimizer.lookahead": ["lookahead"],
    "augmentation.python": ["augmentation python"],
    "augmentation.random_erasing": ["augmentation random_erasing"],
    "augmentation.saturation": ["augmentation saturation"],
    "train.accumulate": ["accumulated batches"],
    "train.batch_ramp": ["the batch ramp"],
    "train.gradual_unfreezing": ["gradual unfreezing"],
}
"""What the scripts of other kinds say that they lack; all others take the run's own steps."""

STEPS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe")
    (path / "own_parts.py").write_text(textwrap.dedent(OWN_PARTS))
    return path


def imported(path: Path, patch: pytest.MonkeyPatch):
    """Return the module in ``path``, which others may import by its name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    patch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module


# Metrics are no part of an export, and what init has drawn is weights like others.
KINDS = [place for place in TRICKS if place.path.split(".")[0] not in ("metrics", "init")]


@pytest.mark.parametrize("place", KINDS, ids=name_of)
def test_network_predictions_and_training(place, folder, tmp_path, monkeypatch):
    recipe = recipe_with(place)
    job = compile_recipe(recipe, folder, prepared(recipe.data, folder))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    save_weights(job.model, tmp_path / "model.safetensors")
    save_weights(job.model, tmp_path / "initial.safetensors")
    (tmp_path / "model.py").write_text(model_source(job, "A network."))
    (tmp_path / "predict.py").write_text(predict_source(job, "Predictions."))
    (tmp_path / "preprocessing.json").write_text(json.dumps(said_of(job, facts_of(job))))
    network = imported(tmp_path / "model.py", monkeypatch).load()
    program = imported(tmp_path / "predict.py", monkeypatch)

    x = job.data.train.x[:20]
    outputs = program.outputs_for(network, job.inputs(x), program.SAID)
    torch.testing.assert_close(outputs, predict(job, x), rtol=1e-5, atol=1e-5)

    address = name_of(place)
    script = Script(job)
    if address in WITHOUT_SCRIPT:
        with pytest.raises(NoScript):
            script.text("a run")
        return
    (tmp_path / "train.py").write_text(script.text("a run"))
    losses = losses_of(tmp_path, job, monkeypatch)
    ours = Training(job, None, (), ()).losses(STEPS)
    apart = max(abs(a - b) / abs(b) for a, b in zip(losses, ours, strict=True))
    assert script.lacks == LACKING.get(address, [])
    if not script.lacks:
        assert apart <= LOSSES_ALIKE[job.dtype]


def losses_of(place: Path, job, monkeypatch) -> list[float]:
    """Return the losses of the first steps of ``train.py``."""
    rows = {name: each.tolist() for name, each in job.data.rows.items()}
    (place / "split.json").write_text(json.dumps({"rows": rows}))
    data = job.recipe.data
    if isinstance(data, Text):
        file = Path(data.path)
    else:
        write_arrays(data.load(job.folder), place)
        file = place / "data.npz"
    script = imported(place / "train.py", monkeypatch)
    words = ["train.py", str(file), "--steps", str(STEPS), "--losses", str(place / "losses.txt")]
    monkeypatch.setattr(sys, "argv", words)
    with contextlib.redirect_stdout(io.StringIO()):
        script.main()
    return [float(line) for line in (place / "losses.txt").read_text().split()]


def test_a_layer_without_a_plain_form_is_named(folder, tmp_path):
    class Strange(torch.nn.Module):
        def forward(self, x):
            return x

    place = next(place for place in TRICKS if name_of(place) == "model.mlp")
    recipe = recipe_with(place)
    job = compile_recipe(recipe, folder, prepared(recipe.data, folder))
    job.model.add_module("strange", Strange())
    with pytest.raises(CannotExport, match="cannot be exported: Strange"):
        model_source(job, "A network.")
