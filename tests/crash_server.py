"""Crashes a training run wherever it writes, goes on, and compares; prints what it found as JSON.

A process of its own, because it forks: it has one thread, and imports torch once for hundreds of
runs. Run by test_crashes.py: python crash_server.py SCENARIO FOLDER TROUBLE...
"""

import errno
import itertools
import json
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import torch
from exactness import ending, go_on, same, the_run, train

from trickrun.errors import CannotWrite
from trickrun.run import files
from trickrun.run.find import every
from trickrun.training import compile as compiler

torch.set_num_threads(1)
compiler.prepare_run = cache(compiler.prepare_run)

CRASHED = 77
WRITES = ("open", "write", "fsync", "replace", "truncate")

RECIPE = """
name: crash
data: {kind: iris, batch_size: 16, subset: {n: 40}}
model: {kind: mlp, hidden: [8]}
normalization: batch
regularizers: {dropout: 0.3, l2: 1e-3}
augmentation: [{kind: noise, std: 0.3}]
train: {steps: 24, eval_every: 3, log_every: 2, device: cpu, checkpoint: {every: 5 steps}}
"""
# No improvement is as large as min_delta, so each run ends after its fifth evaluation, and not by
# how its numbers happen to fall.
SCENARIOS = {
    "momentum": """
optimizer:
  kind: sgd
  lr: 0.3
  momentum: 0.9
  schedule: {kind: plateau, monitor: val_accuracy, patience: 0}
early_stopping: {patience: 4, min_delta: 100}
""",
    "adam": """
optimizer: {kind: adam, lr: 0.1, schedule: {kind: cosine, warmup: 0.1}, clip: {norm: 1.0}}
early_stopping: {monitor: val_accuracy, patience: 4, min_delta: 100}
""",
}

OLD = {"adam"}
"""Scenarios in which nothing that is written waits for the disk, as in a run of some age."""


class FaultyOs:
    """The os module for trickrun.run.files: something happens at its ``at``-th write boundary.

    A boundary is the moment before each call of WRITES, which is the one after the call before it,
    and halfway through a write.
    """

    def __init__(self, fault, at):
        self.fault, self.at, self.count = fault, at, 0

    def reach(self):
        self.count += 1
        if self.count == self.at:
            self.fault()

    def __getattr__(self, name):
        if name == "write":
            return self.write
        # What the crash of a process leaves does not depend on fsync, which takes its time.
        real = (lambda descriptor: None) if name == "fsync" else getattr(os, name)
        return self.guarded(real) if name in WRITES else real

    def guarded(self, real):
        def call(*arguments):
            self.reach()
            return real(*arguments)

        return call

    def write(self, descriptor, content):
        self.reach()
        done = os.write(descriptor, content[: len(content) // 2])
        self.reach()
        return done + os.write(descriptor, content[done:])


def crash():
    os._exit(CRASHED)


def fill_disk():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullDisk(FaultyOs):
    """A disk that is full from the ``at``-th boundary of a write on."""

    def guarded(self, real):
        return real

    def reach(self):
        self.count += 1
        if self.count >= self.at:
            self.fault()


def in_child(work, faulty):
    """Do ``work`` in a forked child whose writes are ``faulty``; return its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    files.os = faulty
    try:
        work()
    except CannotWrite:
        os._exit(CRASHED)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(1)
    os._exit(0)


class Server:
    """Runs one scenario below ``base`` again and again."""

    def __init__(self, scenario, base):
        self.base = base
        self.recipe = base / "crash.yaml"
        self.recipe.write_text(RECIPE + SCENARIOS[scenario])
        files.YOUNG = 0.0 if scenario in OLD else files.YOUNG
        self.faults = dict.fromkeys(("everywhere", "full_disk", "twice", "unborn"), 0)
        self.wrong = []
        files.os = FaultyOs(crash, at=0)
        self.outcome = train(self.recipe, base / "reference")
        self.boundaries = files.os.count
        self.reference = ending(the_run(base / "reference"))

    def everywhere(self):
        """Crash at each boundary."""
        for at in range(1, self.boundaries + 1):
            self.trouble("everywhere", self.base / "runs", FaultyOs(crash, at))

    def full_disk(self):
        """Run out of space at each boundary of a write; then there is space again."""
        for at in itertools.count(1):
            if not self.trouble("full_disk", self.base / "runs", FullDisk(fill_disk, at)):
                break

    def twice(self):
        """Crash in the middle, then at each boundary of the resumed run."""
        begun, root = self.base / "begun", self.base / "runs"
        in_child(lambda: train(self.recipe, begun), FaultyOs(crash, self.boundaries * 3 // 4))
        for at in itertools.count(1):
            shutil.copytree(begun, root)
            if not self.trouble("twice", root, FaultyOs(crash, at), lambda: go_on(root)):
                break

    def trouble(self, name, root, faulty, work=None):
        """Train with faulty writes, go on with true ones, compare; return whether it was faulty."""
        code = in_child(work or (lambda: train(self.recipe, root)), faulty)
        assert code in (0, CRASHED), code
        if code == CRASHED:
            self.faults[name] += 1
            if not self.recovers(root):
                self.wrong.append([name, faulty.at])
        shutil.rmtree(root, ignore_errors=True)
        return code == CRASHED

    def recovers(self, root):
        """Go on with the run below ``root``; return whether it ends as it should.

        A folder that is not whole yet is no run: there is nothing to go on with.
        """
        begun = list(every(root))
        if not begun:
            self.faults["unborn"] += 1
            return True
        if begun[0].status != "finished":
            go_on(root)
        return same(ending(the_run(root)), self.reference)


def main():
    scenario, base, *troubles = sys.argv[1:]
    server = Server(scenario, Path(base))
    for trouble in troubles:
        getattr(server, trouble)()
    found = {
        "boundaries": server.boundaries,
        "faults": server.faults,
        "wrong": server.wrong,
        "steps": server.outcome.result["steps"],
        "stopped_by": server.outcome.result["stopped_by"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
