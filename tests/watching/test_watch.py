"""Watching changes nothing of a program: not its numbers, not torch, not the objects; and it ends
with what the program ended with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.watching.scripts import HEALTHY, changed, watched
from tests.watching.tasks import BEGIN
from trickrun.watching.hooks import wrappers
from trickrun.watching.watch import Watch

RECORDS = (
    """
import json, random, numpy
losses = []
"""
    + HEALTHY.replace(
        "        optimizer.step()",
        "        optimizer.step()\n"
        "        losses.append(loss.item() + random.random() + numpy.random.rand())",
    )
    + """
weights = sum(p.sum().item() for p in model.parameters())
print(json.dumps([losses, torch.rand(1).item(), weights]))
"""
)


def test_a_program_computes_the_same_to_the_bit(tmp_path: Path, capfd: Any) -> None:
    import subprocess

    text = changed(RECORDS, ("losses = []", "losses = []\nrandom.seed(1); numpy.random.seed(1)"))
    watched(tmp_path, text, every=3)
    with_watch = capfd.readouterr().out
    plain = subprocess.run(
        [sys.executable, str(tmp_path / "train.py")], capture_output=True, text=True, check=True
    )
    assert with_watch == plain.stdout


COPIED = """
import json
{begin}
calls = []

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(5, 16)
        self.norm = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(0.3)
        self.rnn = nn.LSTM(16, 8)
        self.out = nn.Linear(8, 2)
        self.count = 0

    def forward(self, x):
        self.count += 1
        print("forward", self.count, x.shape[0], torch.is_grad_enabled())
        h = self.norm(self.inp(x).transpose(1, 2)).transpose(1, 2) + 0.1 * torch.rand(1)
        return self.out(self.rnn(self.drop(h))[0].mean(1))

x = torch.randn(256, 7, 5)
y = (x[:, :, 0].sum(1) > 0).long()
model = Net()
optimizer = torch.optim.Adam(model.parameters())
for step in range(12):
    i = torch.randint(0, 256, (32,))
    loss = F.cross_entropy(model(x[i]), y[i])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item(), model.training, model.norm.num_batches_tracked.item(), torch.rand(1).item())
print(json.dumps([p.sum().item() for p in model.state_dict().values()]))
"""


def test_a_program_does_not_see_that_a_copy_of_its_model_was_asked(
    tmp_path: Path, capfd: Any
) -> None:
    """The LSTM goes along the samples, which the copy shows; the model counts and prints its calls,
    draws random numbers and has a batch norm."""
    import subprocess

    program, _ = watched(tmp_path, COPIED.replace("{begin}", BEGIN))
    with_watch = capfd.readouterr().out
    assert [leak.kind for leak in program.leaks] == ["samples"]
    plain = subprocess.run(
        [sys.executable, str(tmp_path / "train.py")], capture_output=True, text=True, check=True
    )
    assert with_watch == plain.stdout


@pytest.mark.parametrize(
    "attribute", ["torch.ones(3, requires_grad=True) * 2", "(k for k in 'ab')"]
)
def test_a_model_that_cannot_be_copied_is_not_asked(tmp_path: Path, attribute: str) -> None:
    text = changed(
        COPIED.replace("{begin}", BEGIN),
        ("self.count = 0", f"self.count = 0; self.kept = {attribute}"),
    )
    program, ended = watched(tmp_path, text)
    assert ended.how == "finished", ended.error
    assert not program.leaks


def test_a_model_with_hooks_is_not_asked(tmp_path: Path) -> None:
    """They are the program's own functions, which a call of a copy would call."""
    text = changed(
        COPIED.replace("{begin}", BEGIN),
        ("model = Net()", "model = Net()\nmodel.out.register_forward_hook(lambda *_: None)"),
    )
    assert not watched(tmp_path, text)[0].leaks


def test_torch_is_as_it_was(tmp_path: Path) -> None:
    watch = Watch("x")
    before = {
        (id(owner), name): owner.__dict__[name]
        for owner, name, _ in wrappers(watch, watch.counting)
    }
    watched(tmp_path, HEALTHY)
    after = {
        (id(owner), name): owner.__dict__[name]
        for owner, name, _ in wrappers(watch, watch.counting)
    }
    assert before == after
    assert not torch.is_anomaly_enabled()
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks


def test_argv_and_the_path_are_the_scripts_own_and_come_back(tmp_path: Path, capfd: Any) -> None:
    argv, path = sys.argv, list(sys.path)
    watched(tmp_path, "import sys\nprint(sys.argv[0].endswith('train.py'), __name__, sys.path[0])")
    assert capfd.readouterr().out == f"True __main__ {tmp_path}\n"
    assert sys.argv is argv
    assert sys.path == path


AS_MAIN = """
import os, pickle, sys, __main__
class Own: pass
print(__file__, __name__, __package__, __spec__, __cached__, sys.argv, sys.path[0])
print(type(__loader__).__name__, __loader__.get_source("__main__").count("Own"))
print(vars(__main__) is globals(), type(pickle.loads(pickle.dumps(Own()))) is Own)
os.chdir("..")
print(os.path.exists(__file__))
"""


def test_a_script_sees_of_itself_what_python_shows(
    tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    from trickrun.watching.script import run_watched

    (tmp_path / "train.py").write_text(AS_MAIN)
    monkeypatch.chdir(tmp_path)
    before = sys.modules["__main__"]
    ended = run_watched("train.py", ["--a", "b"], False, Watch("train.py", 100))
    assert ended.how == "finished", ended.traceback
    assert sys.modules["__main__"] is before
    with_watch = capfd.readouterr().out
    command = [sys.executable, "train.py", "--a", "b"]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert with_watch == plain.stdout


HOOKED = """
import sys
def hook(kind, error, trace):
    print("mine:", kind.__name__, trace.tb_frame.f_code.co_name)
    {body}
sys.excepthook = hook
1 / 0
"""


def test_a_scripts_own_hook_shows_its_exception(tmp_path: Path, capfd: Any) -> None:
    before = sys.excepthook
    _, ended = watched(tmp_path, HOOKED.format(body="pass"))
    assert ended.error == "ZeroDivisionError: division by zero"
    assert not ended.traceback
    assert capfd.readouterr().out == "mine: ZeroDivisionError <module>\n"
    assert sys.excepthook is before


def test_a_hook_that_fails_hides_no_traceback(tmp_path: Path) -> None:
    _, ended = watched(tmp_path, HOOKED.format(body="raise ValueError"))
    assert "1 / 0" in ended.traceback


def test_a_program_that_changes_the_working_folder_is_named_from_where_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, _ = watched(tmp_path, 'import os\nos.mkdir("in"); os.chdir("in")\n' + HEALTHY)
    assert program.main is not None
    assert [str(one.place).split(":")[0] for one in (program.main, *program.optimizers)] == [
        "train.py",
        "train.py",
    ]


@pytest.mark.parametrize(
    ("end", "how", "code"),
    [
        ("", "finished", 0),
        ("raise SystemExit", "finished", 0),
        ("import sys; sys.exit(4)", "exited", 4),
        ("import sys; sys.exit('no')", "exited", 1),
        ("raise KeyboardInterrupt", "interrupted", 0),
        ("1 / 0", "failed", 0),
    ],
)
def test_how_a_program_ended(end: str, how: str, code: int, tmp_path: Path) -> None:
    program, ended = watched(tmp_path, HEALTHY + "\n" + end)
    assert (ended.how, ended.code) == (how, code)
    assert program.passes == 32


def test_a_traceback_shows_the_program_and_not_what_watches_it(tmp_path: Path) -> None:
    _, ended = watched(tmp_path, "def f():\n    1 / 0\nf()")
    assert ended.error == "ZeroDivisionError: division by zero"
    assert "train.py" in ended.traceback
    assert "script.py" not in ended.traceback
    assert "runpy" not in ended.traceback


def test_models_that_are_gone_at_the_end_are_known(tmp_path: Path) -> None:
    """Programs make their objects in a function."""
    body = HEALTHY.split("model = Net()")
    inner = "\n".join("    " + line for line in ("model = Net()" + body[1]).splitlines())
    program, _ = watched(tmp_path, body[0] + "def main():\n" + inner + "\nmain()")
    (model,) = program.models
    (optimizer,) = program.optimizers
    assert (model.name, model.parameters, optimizer.parameters) == ("Net", 4, 4)
    assert (model.tested, model.tested_in_train, optimizer.steps) == (12, 0, 32)


def test_a_compiled_model_is_watched_at_its_steps_only(tmp_path: Path) -> None:
    text = changed(HEALTHY, ("model = Net()", "model = torch.compile(Net(), backend='eager')"))
    program, ended = watched(tmp_path, text)
    assert ended.how == "finished"
    assert program.compiled
    assert program.models == ()
    assert program.optimizers[0].steps == 32


def test_calls_of_a_model_are_seen_by_their_mode(tmp_path: Path) -> None:
    program, _ = watched(tmp_path, HEALTHY, every=8)
    (model,) = program.models
    assert model.trained_in_eval == 0
    assert model.trained >= 6
    assert model.random_layers == ("drop",)
    assert set(model.batch_sizes) == {32}


UNUSUAL = {
    "plain ones": ("net = nn.Linear(8, 3)\n", "F.cross_entropy(net(x), y)"),
    "half precision": (
        "net = nn.Linear(8, 3).bfloat16()\n",
        "F.cross_entropy(net(x.bfloat16()), y)",
    ),
    "no samples": (
        "net = nn.Linear(8, 3)\n",
        "F.cross_entropy(net(x[:0]), y[:0], reduction='sum')",
    ),
    "one sample": ("net = nn.Linear(8, 3)\n", "F.cross_entropy(net(x[0]), y[0])"),
    "complex numbers": (
        "net = nn.Linear(8, 3, dtype=torch.cfloat)\n",
        "(net(x.cfloat()) - x[:, :3]).abs().pow(2).mean()",
    ),
    "a target without axes": (
        "net = nn.Linear(8, 1)\n",
        "F.mse_loss(net(x)[0, 0], torch.tensor(1.0))",
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_tensors_stop_no_program(tmp_path: Path, name: str) -> None:
    made, loss = UNUSUAL[name]
    text = f"""
class Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 3))

    def forward(self, x):
        return torch.sparse.mm(x, self.weight) if x.is_sparse else x @ self.weight

{made}
sparse = Sparse()
optimizer = torch.optim.SGD([*net.parameters(), *sparse.parameters()], lr=0.01)
for step in range(12):
    x, y = torch.randn(16, 8), torch.randint(0, 3, (16,))
    loss = {loss} + F.cross_entropy(sparse(x.to_sparse()), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
    program, ended = watched(tmp_path, BEGIN + text)
    assert (ended.how, program.passes) == ("finished", 12), ended.traceback
