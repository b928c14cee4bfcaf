"""The run folder: its name, its log and its status."""

import pytest

from trickrun.errors import RunFolderError
from trickrun.run import folder
from trickrun.run.find import every


def made(root, name="digits"):
    run = folder.create(root, name)
    run.write("metrics.jsonl", "")
    run.write("resolved.yaml", "")
    return run


def test_ids_sort_by_time_and_never_collide(tmp_path):
    runs = [made(tmp_path) for _ in range(20)]
    ids = [run.id for run in runs]
    assert ids == sorted(ids)
    assert len(set(ids)) == 20
    assert [run.id for run in every(tmp_path)] == ids[::-1]


def test_ids_sort_over_the_turn_of_a_second(tmp_path, monkeypatch):
    ids = []
    for now in (1_999_999_999, 2_000_000_000, 2_000_001_000):
        monkeypatch.setattr(folder.time, "time_ns", lambda now=now: now)
        ids.append(made(tmp_path).id[:22])
    assert ids == ["19700101-000001-999999", "19700101-000002-000000", "19700101-000002-000001"]


def test_the_log_leaves_out_a_line_cut_short(tmp_path):
    run = made(tmp_path)
    assert (run.metrics(), run.last_record) == ([], {})
    step = {"kind": "step", "step": 1, "loss": float("nan"), "lr": 0.1}
    run.log([step, {"kind": "of a later version"}])
    run.log([])
    with run.metrics_file.open("a") as log:
        log.write('{"kind": "st')
    assert run.metrics() == [{**step, "loss": None}, {"kind": "of a later version"}]
    assert run.last_record == {"kind": "of a later version"}


def test_a_damaged_line_is_named(tmp_path):
    run = made(tmp_path)
    run.metrics_file.write_text('{"kind": "st{"kind": "epoch"}\n{"kind": "end"}\n')
    with pytest.raises(RunFolderError, match="a damaged line"):
        run.metrics()


def test_the_last_line_of_a_long_log(tmp_path):
    run = made(tmp_path)
    lines = [{"kind": "step", "step": step, "loss": 0.5, "lr": 0.1} for step in range(10_000)]
    run.log(lines)
    assert run.metrics_file.stat().st_size > folder.TAIL
    assert run.last_record == lines[-1]


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ({"kind": "epoch"}, "killed"),
        ({"kind": "end", "stopped_by": "epochs"}, "finished"),
        ({"kind": "end", "stopped_by": "early_stopping"}, "finished"),
        ({"kind": "end", "stopped_by": "interrupted"}, "interrupted"),
        ({"kind": "end", "stopped_by": "failed"}, "failed"),
    ],
)
def test_status(tmp_path, last, status):
    run = made(tmp_path)
    assert run.status == "killed"
    with run.locked():
        assert run.status == "running"
    run.log([last])
    assert run.status == status


def test_a_check_has_no_log(tmp_path):
    run = folder.create(tmp_path, "digits")
    assert run.status == "check"


def test_one_process_at_a_time(tmp_path):
    run = made(tmp_path)
    refused = pytest.raises(RunFolderError, match="another process is working in this folder")
    with run.locked(), refused, run.locked():
        pass
    with run.locked():
        pass
