"""A tracker beside a command: what it is sent, and that its failures harm nothing."""

from __future__ import annotations

import time

import pytest

from trickrun.errors import TrickrunError
from trickrun.tracking.following import LIMIT, tracking
from trickrun.tracking.sending import send


def followed(folder):
    with tracking(["wandb"]) as found:
        found.follow(folder)
    return found.sent[0]


def test_a_run_is_sent_by_a_process_of_its_own(training, wandb):
    sent = followed(training)
    assert (sent.state, sent.runs, sent.message) == ("new", 1, "")
    (begun,) = wandb.calls("init")[0]
    assert (begun["id"], begun["project"]) == (training.id, "flowers")
    assert begun["config"]["optimizer.lr"] == 0.01
    steps = [step for step, _ in wandb.calls("log")]
    assert steps == sorted(steps)
    assert any("val_loss" in values for _, values in wandb.calls("log"))
    assert "curves-1" in wandb.calls("images")[0][0]
    assert "resolved.yaml" in wandb.calls("artifact")[0][1]
    assert "best.pt" not in wandb.calls("artifact")[0][1]
    code, summary, tags = wandb.calls("finish")[0]
    assert (code, tags[0]) == (0, "finished")
    assert "test_accuracy" in wandb.calls("log")[-1][1] or "test_accuracy" in summary


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("raise@init", "ConnectionError: no route to the server"),
        ("die@log", "its process was killed by signal 9"),
    ],
)
def test_a_tracker_that_fails_is_told_with_how_to_send_later(training, wandb, how, why):
    wandb.fails(how)
    sent = followed(training)
    assert (sent.state, sent.message) == ("failed", why)
    assert f"trickrun track {training.path} --to wandb" in sent.told


def test_a_tracker_that_hangs_is_given_up(training, wandb, monkeypatch):
    wandb.fails("hang@init")
    monkeypatch.setenv(LIMIT, "0.2")
    with tracking(["wandb"]) as found:
        found.follow(training)
        process = found.followers[0].process
        begun = time.monotonic()
    assert found.sent[0].message == "it does not answer"
    assert time.monotonic() - begun < 60
    assert process.returncode == -9


def test_a_run_is_followed_while_it_goes_on(training, wandb):
    whole = training.metrics_file.read_bytes()
    first = whole.index(b'{"kind": "epoch"')
    training.metrics_file.write_bytes(whole[:first])
    with tracking(["wandb"]) as found:
        found.follow(training)
        given_up = time.monotonic() + 120
        while not wandb.calls("log") and time.monotonic() < given_up:
            time.sleep(0.05)
        early = wandb.calls("log")
        assert early
        assert not any("val_loss" in values for _, values in early)
        training.metrics_file.write_bytes(whole)
    assert found.sent[0].state == "new"
    logged = [(step, name) for step, values in wandb.calls("log") for name in values]
    assert len(set(logged)) == len(logged)
    assert sum(name == "val_loss" for _, name in logged) == 3


def test_a_library_may_even_exit(training, wandb):
    wandb.fails("exit@finish")
    sent = send(training, "wandb", lambda folder: {})
    assert (sent.state, sent.message) == ("failed", "SystemExit: 7")


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e9"])
def test_a_time_that_is_none_is_an_error_before_anything_begins(text, monkeypatch):
    monkeypatch.setenv(LIMIT, text)
    with pytest.raises(TrickrunError, match="not a number of seconds"), tracking(["wandb"]):
        pytest.fail("it began")
