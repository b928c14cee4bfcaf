"""Full disks, places that cannot be written, memory that runs out: one message, and a way on."""

import errno
import os
import resource
import textwrap

import pytest
import torch
from exactness import ending, same

from trickrun.errors import TrainingFailed
from trickrun.run import files
from trickrun.run.folder import RunFolder
from trickrun.run.memory import out_of_memory_explained

RECIPE = """\
name: unlucky
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
train: {epochs: 4, device: cpu, checkpoint: 1 epoch}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "unlucky.yaml"
    path.write_text(RECIPE)
    return path.name


def full_from(monkeypatch, count, number=errno.ENOSPC):
    """Let the ``count``-th and all later writes fail, halfway through."""
    written = []

    def write(descriptor, content):
        written.append(len(content))
        if len(written) < count:
            return os.write(descriptor, content)
        os.write(descriptor, content[: len(content) // 2])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "os", Patched(write))


class Patched:
    """The os module with another write."""

    def __init__(self, write):
        self.write = write

    def __getattr__(self, name):
        return getattr(os, name)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "No space left on device"),
        (errno.EIO, "Input/output error"),
        (errno.EDQUOT, "Disk quota exceeded"),
    ],
)
def test_a_disk_that_fills_up_while_training(trickrun, recipe, monkeypatch, tmp_path, number, told):
    whole = RunFolder(tmp_path / trickrun("train", recipe, "--json").json["run"])
    with monkeypatch.context() as patch:
        full_from(patch, 13, number)
        ran = trickrun("train", recipe, "--json")
    assert ran.code == 2
    assert ran.json["error"]["message"] == f"cannot write: {told}"
    run = RunFolder(tmp_path / ran.json["run"])
    assert ran.json["error"]["hint"].endswith(f"trickrun train --resume {ran.json['run']}")
    # The last good checkpoint is there and nothing half written beside it.
    assert run.load("last")["progress"]["step"] > 0
    assert not list(run.path.rglob("*.tmp"))
    assert trickrun("train", "--resume", run.path).code == 0
    assert same(ending(run), ending(whole))


def test_a_true_limit_of_the_operating_system(trickrun, recipe, tmp_path):
    """No file may grow beyond 4 KiB: the kernel cuts last.pt off in the middle."""
    whole = RunFolder(tmp_path / trickrun("train", recipe, "--json").json["run"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        ran = trickrun("train", recipe, "--json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ran.code == 2
    assert ran.json["error"]["message"] == "cannot write: File too large"
    run = RunFolder(tmp_path / ran.json["run"])
    assert [path.name for path in (run.path / "checkpoints").iterdir()] == ["best.pt"]
    assert trickrun("train", "--resume", run.path).code == 0
    assert same(ending(run), ending(whole))


def test_the_disk_is_full_from_the_start(trickrun, recipe, monkeypatch, tmp_path):
    full_from(monkeypatch, 1)
    ran = trickrun("train", recipe)
    assert ran.code == 2
    assert "cannot write: No space left on device" in ran.err
    assert "--runs-dir" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "free some space, then continue with: "),
        (errno.EACCES, "get permission to write there, then continue with: "),
        (errno.ENOENT, "restore its folder, which is gone, then continue with: "),
        (errno.EROFS, "make the file system writable, then continue with: "),
    ],
)
def test_the_hint_is_about_the_cause(trickrun, recipe, monkeypatch, number, told):
    full_from(monkeypatch, 13, number)
    hint = trickrun("train", recipe, "--json").json["error"]["hint"]
    assert hint.startswith(told)
    assert ("space" in hint) == (number == errno.ENOSPC)


@pytest.mark.parametrize("place", ["blocked", "blocked/deeper"])
def test_the_runs_folder_is_a_file(trickrun, recipe, tmp_path, place):
    (tmp_path / "blocked").write_text("a file")
    ran = trickrun("train", recipe, "--runs-dir", place)
    assert ran.code == 2
    assert "cannot create the run folder: " in ran.err
    assert place in ran.err
    assert "--runs-dir" in ran.err
    assert trickrun("train", "--resume", "unlucky", "--runs-dir", place).code == 2


OWN = """
    import torch
    from torch import nn

    class Hungry(nn.Linear):
        def forward(self, x):
            if self.training and self.hungry():
                {error}
            return super().forward(x)

        def hungry(self):
            self.steps = getattr(self, "steps", 0) + 1
            return self.steps == 10 and not {sated}

    def net(inputs, outputs):
        return Hungry(inputs[0], outputs)
"""


@pytest.fixture
def hungry(tmp_path):
    """Write a model that raises ``error`` in its tenth step, unless a file lies beside it."""

    def write(error):
        sated = f"__import__('os').path.exists({str(tmp_path / 'sated')!r})"
        (tmp_path / "hungry.py").write_text(textwrap.dedent(OWN).format(error=error, sated=sated))
        model = "{kind: python, target: 'hungry:net'}"
        (tmp_path / "hungry.yaml").write_text(RECIPE.replace("{kind: mlp, hidden: [8]}", model))
        return "hungry.yaml"

    return write


MEMORY_ERRORS = [
    "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB')",
    "torch.empty(10**15)",
    "raise MemoryError",
]


@pytest.mark.parametrize("error", MEMORY_ERRORS)
def test_memory_that_runs_out(trickrun, tmp_path, hungry, error):
    ran = trickrun("train", hungry(error), "--json")
    assert ran.code == 3, ran.out
    assert ran.json["error"]["message"] == "out of memory on cpu"
    assert "data.batch_size" in ran.json["error"]["hint"]
    run = RunFolder(tmp_path / ran.json["run"])
    assert run.status == "failed"
    assert run.last_record["cause"] == "out_of_memory"
    # The cause may lie outside of the run: it can go on.
    (tmp_path / "sated").touch()
    assert trickrun("train", "--resume", run.path).code == 0
    assert run.status == "finished"


def test_user_code_that_fails_can_be_mended(trickrun, tmp_path, hungry):
    ran = trickrun("train", hungry("raise IndexError('no such row')"))
    assert ran.code == 2
    assert "IndexError: no such row" in ran.err
    (run,) = (RunFolder(path) for path in (tmp_path / "runs" / "unlucky").iterdir())
    assert run.status == "failed"
    assert run.last_record["cause"] == "error"
    assert "no such row" in run.last_record["reason"]
    (tmp_path / "sated").touch()
    assert trickrun("train", "--resume", run.path).code == 0
    assert run.status == "finished"


def test_a_model_that_fits_nowhere(trickrun, recipe):
    ran = trickrun("train", recipe, "model.hidden=[1000000000, 1000000000]")
    assert ran.code == 2
    assert "to train this network takes about" in ran.err
    assert "Traceback" not in ran.err


def test_other_errors_pass_as_they_are():
    with pytest.raises(RuntimeError, match="shapes"), out_of_memory_explained("cpu"):
        raise RuntimeError("shapes do not match")
    with pytest.raises(TrainingFailed), out_of_memory_explained("cpu"):
        torch.empty(10**15)


def test_a_network_of_the_users_that_exits_is_a_failure(trickrun, recipe, tmp_path):
    (tmp_path / "exits.py").write_text(
        textwrap.dedent("""
            import sys
            from torch import nn

            class Net(nn.Module):
                def __init__(self, inputs, outputs):
                    super().__init__()
                    self.head = nn.Linear(inputs[0], outputs)
                    self.calls = 0

                def forward(self, x):
                    self.calls += self.training
                    if self.calls > 9:
                        sys.exit(3)
                    return self.head(x)
        """)
    )
    changes = "model={kind: python, target: 'exits:Net'}", "train.look_every=0"
    ran = trickrun("train", recipe, *changes, "--json")
    assert ran.code == 2
    run = RunFolder(next((tmp_path / "runs" / "unlucky").iterdir()))
    assert run.status == "failed"
