"""The run folder: its name, how it is found, its log and its status."""

import pytest

from trickrun.errors import RunFolderError
from trickrun.run import folder


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
    assert [run.id for run in folder.every(tmp_path)] == ids[::-1]


def test_ids_sort_over_the_turn_of_a_second(tmp_path, monkeypatch):
    ids = []
    for now in (1_999_999_999, 2_000_000_000, 2_000_001_000):
        monkeypatch.setattr(folder.time, "time_ns", lambda now=now: now)
        ids.append(made(tmp_path).id[:22])
    assert ids == ["19700101-000001-999999", "19700101-000002-000000", "19700101-000002-000001"]


def test_a_run_is_found_by_path_id_beginning_and_name(tmp_path):
    old, new, other = made(tmp_path), made(tmp_path), made(tmp_path, "iris")
    assert folder.find(tmp_path, str(old.path)) == old
    assert folder.find(tmp_path, old.id) == old
    assert folder.find(tmp_path, f"digits/{old.id}") == old
    assert folder.find(tmp_path, other.id[:-2]) == other
    assert folder.find(tmp_path, "digits") == new


def test_what_is_not_found_or_not_one(tmp_path):
    run = made(tmp_path)
    made(tmp_path)
    with pytest.raises(RunFolderError, match="matches several runs"):
        folder.find(tmp_path, run.id[:4])
    with pytest.raises(RunFolderError, match="no run nothing"):
        folder.find(tmp_path, "nothing")
    with pytest.raises(RunFolderError, match=r"this is not a run: it has no resolved\.yaml"):
        folder.find(tmp_path, str(tmp_path))


def test_an_unfinished_folder_is_no_run(tmp_path):
    folder.create(tmp_path, "digits").write("recipe.yaml", "")
    assert list(folder.every(tmp_path)) == []


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
