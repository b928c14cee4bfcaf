"""``train --resume``: what may be changed, what is refused, and what is said."""

import json
import shutil

import pytest
import torch
from exactness import ending, same

from trickrun.run.folder import RunFolder

RECIPE = """\
name: longer
data: {kind: iris, batch_size: 16}
model: {kind: mlp, hidden: [8]}
regularizers: {dropout: 0.2}
optimizer: {kind: adam, lr: 0.02, schedule: cosine}
early_stopping: {patience: 4}
train: {epochs: 6, device: cpu, checkpoint: 2 epochs}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory, run):
    """A finished run of six epochs, to be copied."""
    base = tmp_path_factory.mktemp("finished")
    (base / "longer.yaml").write_text(RECIPE)
    body = run("train", base / "longer.yaml", "--runs-dir", base / "runs", "--json").json
    assert body["result"]["stopped_by"] == "epochs"
    return base


@pytest.fixture
def old(finished, tmp_path):
    """A copy of it in the test's own working folder."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    (path,) = (tmp_path / "runs" / "longer").iterdir()
    return RunFolder(path)


def test_more_epochs_make_a_new_run_that_knows_its_parent(trickrun, old):
    before = {p: p.read_bytes() for p in old.path.rglob("*") if p.is_file()}
    ran = trickrun("train", "--resume", "longer", "train.epochs=9", "--json")
    assert ran.code == 0, ran.err
    new = RunFolder(old.path.parent / ran.json["run"].rsplit("/", 1)[1])
    assert new.id > old.id
    facts = new.facts()
    assert facts["parent"] == f"runs/longer/{old.id}"
    assert facts.keys() == old.facts().keys()
    assert (new.path / "recipe.yaml").read_text() == RECIPE
    assert "epochs: 9" in (new.path / "resolved.yaml").read_text()
    # It has the parent's log, and the parent stays as it was.
    own, parents = ([line for line in run.metrics() if line["kind"] != "end"] for run in (new, old))
    assert own[: len(parents)] == parents
    assert own[-1]["epoch"] == 9
    assert before == {p: p.read_bytes() for p in old.path.rglob("*") if p.is_file()}


def test_the_schedule_spans_the_new_length(trickrun, old):
    ran = trickrun("train", "--resume", old.path, "train.epochs=12", "--json")
    new = RunFolder(old.path.parent / ran.json["run"].rsplit("/", 1)[1])
    rates = {line["epoch"]: line["lr"] for line in new.metrics() if line["kind"] == "epoch"}
    # Cosine had come down to the end of six epochs; half of twelve is half of lr.
    assert rates[6] < 0.002
    assert rates[7] == pytest.approx(0.02 * 0.37, rel=0.1)


def test_other_early_stopping(trickrun, old):
    ran = trickrun("train", "--resume", "longer", "early_stopping=null", "train.epochs=7", "--json")
    assert ran.json["result"]["stopped_by"] == "epochs"
    new = RunFolder(old.path.parent / ran.json["run"].rsplit("/", 1)[1])
    assert "early_stopping: null" in (new.path / "resolved.yaml").read_text()


def test_the_changed_run_can_itself_be_resumed(trickrun, old, tmp_path):
    """Killed anywhere, the child goes on as the child: here before its first checkpoint."""
    body = trickrun("train", "--resume", "longer", "train.epochs=9", "--json").json
    new = RunFolder(tmp_path / body["run"])
    whole = ending(new)
    for name in ("metrics.jsonl", "checkpoints/best.pt", "checkpoints/last.pt"):
        shutil.copyfile(old.path / name, new.path / name)
    lines = old.metrics_file.read_bytes().splitlines(keepends=True)
    new.metrics_file.write_bytes(b"".join(lines[:-1]))
    assert trickrun("train", "--resume", new.path).code == 0
    assert same(ending(new), whole)


@pytest.mark.parametrize(
    "change",
    ["optimizer.lr=0.1", "seed=3", "train={epochs: 9}", "train.precision=bf16", "name=other"],
)
def test_any_other_change_is_refused_by_name(trickrun, old, change):
    ran = trickrun("train", "--resume", "longer", "train.epochs=9", change)
    assert ran.code == 2
    assert f"{change.split('=')[0]} cannot be changed while resuming" in ran.err
    assert f"command line: {change}" in ran.err
    assert "train.epochs, train.steps, early_stopping, train.device" in ran.err
    assert len(list(old.path.parent.iterdir())) == 1


def test_a_finished_run_says_so(trickrun, old):
    ran = trickrun("train", "--resume", "longer")
    assert ran.code == 2
    assert "this run is finished, stopped by epochs" in ran.err
    assert "train.epochs=N" in ran.err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["train.epochs=6"], "the run has taken 42 steps, but the changed recipe has 42"),
        (["train.epochs=3"], "the run has taken 42 steps, but the changed recipe has 21"),
        (["train.steps=40"], "the run has taken 42 steps, but the changed recipe has 40"),
        (["early_stopping.patience=9"], "the run has taken 42 steps"),
        (
            ["train.epochs=9", "early_stopping.min_delta=9", "early_stopping.patience=1"],
            "with this change, early stopping has already ended the run",
        ),
    ],
)
def test_a_change_that_leaves_nothing_to_do_is_refused(trickrun, old, changes, told):
    ran = trickrun("train", "--resume", "longer", *changes)
    assert ran.code == 2
    assert told in ran.err
    assert len(list(old.path.parent.iterdir())) == 1


def test_best_weights_of_another_monitor_are_not_kept(trickrun, old):
    """Monitored the other way round, the first evaluation is the best: its weights are gone."""
    changes = ["train.epochs=9", "early_stopping={mode: max, patience: 50}"]
    ran = trickrun("train", "--resume", "longer", *changes)
    assert ran.code == 2
    assert "the weights of its best evaluation, at step " in ran.err


def test_a_best_checkpoint_newer_than_the_last_one_is_not_carried_over(trickrun, old):
    """A run killed between writing best.pt and last.pt, as it goes on, writes best.pt again; a
    changed run may never reach that evaluation."""
    newer = old.load("best")
    newer["values"]["step"] += 7
    torch.save(newer, old.path / "checkpoints" / "best.pt")
    ran = trickrun("train", "--resume", "longer", "train.epochs=9")
    assert ran.code == 2
    assert "if the run was killed, resume it first" in ran.err


def facts_changed(old, **facts):
    known = old.read_json("env.json")
    old.write_json("env.json", {**known, **facts})
    # Without its last line it is a killed run, which can be resumed.
    lines = old.metrics_file.read_bytes().splitlines(keepends=True)
    old.metrics_file.write_bytes(b"".join(lines[:-1]))


@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("torch", "2.0.0", "torch was 2.0.0, is "),
        ("threads", 64, "threads was 64, is "),
        ("device", "NVIDIA H100", "device was NVIDIA H100, is cpu"),
        ("data", "0", "the data has changed"),
    ],
)
def test_another_environment_is_named(trickrun, old, fact, value, told):
    facts_changed(old, **{fact: value})
    ran = trickrun("train", "--resume", "longer")
    assert ran.code == 0
    warning, following = ran.err.splitlines()
    assert following.startswith("next: ")
    assert warning.startswith(f"warning: {told}")
    # It is noted in the folder, beside the facts of the start.
    facts = old.read_json("env.json")
    assert facts[fact] == value
    (resumed,) = facts["resumed"]
    assert resumed["step"] == 42
    assert [told in difference for difference in resumed["differences"]] == [True]


def test_the_same_environment_gives_no_warning(trickrun, old):
    facts_changed(old)
    ran = trickrun("train", "--resume", "longer")
    assert ran.code == 0
    assert "warning" not in ran.err
    assert old.read_json("env.json")["resumed"][0]["differences"] == []


def test_changed_user_code_is_named(trickrun, tmp_path):
    (tmp_path / "netz.py").write_text(
        "from torch import nn\n\ndef net(inputs, outputs):\n"
        "    return nn.Linear(inputs[0], outputs)\n"
    )
    (tmp_path / "own.yaml").write_text(
        RECIPE.replace("{kind: mlp, hidden: [8]}", "{kind: python, target: 'netz:net'}").replace(
            "regularizers: {dropout: 0.2}\n", ""
        )
    )
    body = trickrun("train", "own.yaml", "--json").json
    assert body["verdict"] != "error", body
    facts_changed(RunFolder(tmp_path / body["run"]))
    with (tmp_path / "netz.py").open("a") as code:
        code.write("# another line\n")
    ran = trickrun("train", "--resume", body["run"])
    assert ran.code == 0
    assert "warning: the code of netz:net has changed" in ran.err


def test_a_run_at_work_is_left_alone(trickrun, old):
    facts_changed(old)
    with old.locked():
        ran = trickrun("train", "--resume", "longer")
    assert ran.code == 2
    assert "another process is working in this folder" in ran.err
    assert old.status == "killed"


def test_a_check_s_folder_is_no_training(trickrun, old):
    old.metrics_file.unlink()
    ran = trickrun("train", "--resume", old.id)
    assert ran.code == 2
    assert "this run belongs to a check" in ran.err
    assert "no training is named longer" in trickrun("train", "--resume", "longer").err


def damage(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda run: damage(run.path / "checkpoints/last.pt"), "the checkpoint cannot be read"),
        (lambda run: damage(run.path / "checkpoints/best.pt"), "the checkpoint cannot be read"),
        (lambda run: (run.path / "checkpoints/last.pt").write_bytes(b""), "the checkpoint cannot"),
        (lambda run: torch.save([1], run.path / "checkpoints/last.pt"), "it is not one of trickr"),
        (lambda run: torch.save({"model": {}}, run.path / "checkpoints/best.pt"), "not one of tr"),
        (lambda run: (run.path / "resolved.yaml").write_text("data: {kind"), "resolved.yaml"),
        (lambda run: (run.path / "resolved.yaml").write_bytes(b"\xff\x00"), "resolved.yaml"),
        (lambda run: (run.path / "checkpoints/best.pt").unlink(), "last.pt refers to, is missing"),
        (lambda run: (run.path / "env.json").unlink(), "cannot read env.json"),
        (lambda run: (run.path / "env.json").write_text("{"), "cannot read env.json"),
        (lambda run: (run.path / "env.json").write_text("{}"), "recipe_folder: field required"),
        (lambda run: (run.path / "env.json").write_text("[]"), "it must be an object"),
        (lambda run: run.metrics_file.write_text(""), "its checkpoint knows"),
        (lambda run: (run.path / "resolved.yaml").unlink(), "no run"),
    ],
)
def test_a_damaged_run_gives_one_clear_message(trickrun, old, harm, told):
    facts_changed(old)
    (old.path / "checkpoints/previous.pt").unlink()
    harm(old)
    ran = trickrun("train", "--resume", f"longer/{old.id}")
    assert ran.code == 2, ran.out
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ")


def test_a_model_that_no_longer_fits_its_checkpoint(trickrun, old):
    facts_changed(old)
    resolved = old.path / "resolved.yaml"
    resolved.write_text(resolved.read_text().replace("hidden: [8]", "hidden: [9]"))
    ran = trickrun("train", "--resume", "longer")
    assert ran.code == 2
    assert "the checkpoint does not fit the recipe" in ran.err


@pytest.mark.parametrize("wanted", ["runs", "longer.yaml", "nothing-like-it"])
def test_what_is_no_run_is_named(trickrun, old, wanted):
    ran = trickrun("train", "--resume", wanted)
    assert ran.code == 2
    assert wanted in ran.err
    assert json.loads(trickrun("train", "--resume", wanted, "--json").out)["verdict"] == "error"
