"""Between looks passes and steps are only counted: nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.watching.scripts import changed, found, watched
from tests.watching.tasks import BEGIN
from trickrun.watching import watch as watching
from trickrun.watching.sites import Site

STEPS = 700

LONG = f"""
import json
{BEGIN}
x = torch.randn(256, 6)
y = x[:, :1] - x[:, 1:2]
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
losses, lrs = [], []
for step in range({STEPS}):
    i = torch.randint(0, 256, (32,))
    optimizer.zero_grad()
    loss = F.mse_loss(model(x[i]), y[i])
    loss.backward()
    lrs.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
print(json.dumps([losses, lrs]))
"""


@pytest.fixture
def attended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the passes that are attended to, as a program goes on."""
    seen: list[int] = []
    judge = watching.Watch.judge_gradients

    def judged(self: watching.Watch, site: Site) -> None:
        seen.append(self.passes)
        judge(self, site)

    monkeypatch.setattr(watching.Watch, "judge_gradients", judged)
    return seen


def test_losses_rates_and_steps_are_complete(
    tmp_path: Path, attended: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    import json

    program, _ = watched(tmp_path, LONG)
    losses, lrs = json.loads(capfd.readouterr().out)
    (site,), (optimizer,) = program.backwards, program.optimizers
    assert site.steps == tuple(range(STEPS))
    assert list(site.losses) == losses
    assert list(optimizer.lrs) == lrs
    assert optimizer.steps == site.times == program.passes == STEPS
    assert program.steps_in_train == STEPS
    assert optimizer.attended == len(attended) < STEPS / 2
    # Around each look, whenever it comes.
    for look in program.looks:
        if look.step > watching.ATTENTIVE:
            assert {look.step - 1, look.step, look.step + 1} <= set(attended)


def test_each_line_keeps_its_own_losses(tmp_path: Path, attended: list[int]) -> None:
    text = changed(
        LONG,
        ("    loss.backward()\n",
         "    if step % 3:\n        loss.backward()\n    else:\n        (loss + 7).backward()\n"),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    low, high = sorted(program.backwards, key=lambda site: min(site.losses))
    assert low.times + high.times == STEPS > 2 * len(attended)
    assert max(low.losses[50:]) < 1 < 7 <= min(high.losses)
    assert all(at % 3 for at in low.steps)
    assert not any(at % 3 for at in high.steps)


def test_a_library_that_calls_backward_for_two_lines_is_attended_to(
    tmp_path: Path, attended: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "lightweight.py").write_text("def backward(loss):\n    loss.backward()\n")
    monkeypatch.syspath_prepend(str(folder))
    text = changed(
        "import lightweight\n" + LONG,
        ("    loss.backward()\n",
         "    if step % 3:\n        lightweight.backward(loss)\n"
         "    else:\n        lightweight.backward(loss + 7)\n"),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    assert len(program.backwards) == 2
    assert len(attended) == STEPS


def test_a_healthy_program_stays_one(tmp_path: Path) -> None:
    assert not found(tmp_path, LONG)


def test_gradients_that_are_kept_are_judged_in_attended_steps(
    tmp_path: Path, attended: list[int]
) -> None:
    text = changed(LONG, ("    optimizer.zero_grad()\n", ""), ("lr=0.1", "lr=0.01"))
    program, _ = watched(tmp_path, text)
    (optimizer,) = program.optimizers
    assert len(attended) < STEPS / 2
    assert optimizer.judged > 150
    assert optimizer.uncleared == optimizer.judged


def test_a_loss_that_is_lost_in_a_counted_pass_is_told_at_that_pass(
    tmp_path: Path, attended: list[int]
) -> None:
    at = 459
    text = changed(
        LONG,
        ("    loss = F.mse_loss(model(x[i]), y[i])\n",
         "    loss = F.mse_loss(model(x[i]), y[i])\n"
         f"    if step == {at}:\n        loss = loss + (loss - loss).log()\n"),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    assert at - 1 not in attended
    assert program.non_finite is not None
    assert program.non_finite.step == at
    assert program.non_finite.operation is not None
    assert program.non_finite.operation.kind == "Log"


def test_another_optimizer_and_another_mode_bring_attention_back(
    tmp_path: Path, attended: list[int]
) -> None:
    text = changed(
        LONG,
        ("    i = ",
         "    if step == 355:\n"
         "        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
         "    if step == 557:\n        model.eval()\n    i = "),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    first, second = program.optimizers
    assert first.steps == 355
    assert second.steps == STEPS - 355
    assert {356, 558} <= set(attended)
    assert (program.steps_in_train, program.steps_in_eval) == (557, STEPS - 557)
    assert program.last_in_eval == STEPS - 557


def test_steps_with_a_closure_are_attended_to(tmp_path: Path, attended: list[int]) -> None:
    text = changed(
        LONG,
        ("    optimizer.zero_grad()\n    loss = F.mse_loss(model(x[i]), y[i])\n"
         "    loss.backward()\n",
         "    def closure():\n        global loss\n        optimizer.zero_grad()\n"
         "        loss = F.mse_loss(model(x[i]), y[i])\n        loss.backward()\n"
         "        return loss\n"),
        ("    optimizer.step()\n", "    optimizer.step(closure)\n"),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    assert len(attended) == STEPS
    assert program.optimizers[0].judged >= STEPS - 1


def test_gradients_switched_off_inside_a_backward_pass_are_no_evaluation(
    tmp_path: Path, attended: list[int]
) -> None:
    text = changed(
        LONG,
        ("model = nn.Linear(6, 1)\n",
         "model = nn.Linear(6, 1)\n"
         "def seen(grad):\n    with torch.no_grad():\n        return grad * 1\n"
         "model.weight.register_hook(seen)\n"),
    )  # fmt: skip
    program, _ = watched(tmp_path, text)
    assert len(attended) < STEPS / 2
    assert not program.assisted


def test_what_goes_wrong_while_counting_stays_with_the_watcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(watching.Counting, "end", fails)
    program, ended = watched(tmp_path, LONG)
    assert ended.error == ""
    assert "planted" in program.failure
