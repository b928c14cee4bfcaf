"""The index of runs: it never says anything else than the runs themselves."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trickrun.run import files, folder, listing
from trickrun.run.summary_index import INDEX

END = {"kind": "end", "stopped_by": "epochs", "best": {"epoch": 1, "val_loss": 0.5}, "test": {}}


def made(root, *lines):
    run = folder.create(root, "digits")
    run.write("env.json", json.dumps({"command": ["trickrun", "train"]}))
    run.write("metrics.jsonl", "")
    run.log(list(lines))
    run.write("resolved.yaml", "")
    return run


def fresh(root):
    """Return the summaries without an index."""
    (root / INDEX).unlink(missing_ok=True)
    found = listing.summaries(root)
    (root / INDEX).unlink(missing_ok=True)
    return found


def test_a_run_is_read_once(tmp_path, monkeypatch):
    made(tmp_path, END)
    first = listing.summaries(tmp_path)
    monkeypatch.setattr(listing, "summary", lambda run: pytest.fail("it was read again"))
    assert listing.summaries(tmp_path) == first


def test_what_changes_is_read_again(tmp_path):
    killed, finished = made(tmp_path), made(tmp_path, END)
    changes = (
        lambda: killed.log([{**END, "stopped_by": "interrupted"}]),
        lambda: finished.write_json("tags.json", {"tags": ["good"]}),
        lambda: finished.write("env.json", "[]"),
        lambda: made(tmp_path, END),
        lambda: shutil.rmtree(killed.path),
    )
    for change in changes:
        before = listing.summaries(tmp_path)
        change()
        after = listing.summaries(tmp_path)
        assert after != before
        assert after == fresh(tmp_path)


def test_a_killed_run_that_goes_on_is_running(tmp_path):
    run = made(tmp_path)
    assert listing.summaries(tmp_path)[0].status == "killed"
    with run.locked():
        assert listing.summaries(tmp_path)[0].status == "running"
    assert listing.summaries(tmp_path)[0].status == "killed"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def one_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    made(root, END)
    return root, fresh(root)


indexes = json_values.map(lambda value: json.dumps({"version": 1, "runs": value}).encode())


@given(st.binary() | indexes)
def test_a_damaged_index_is_as_good_as_none(one_run, content):
    root, expected = one_run
    (root / INDEX).write_bytes(content)
    assert listing.summaries(root) == expected


def test_an_entry_of_a_wrong_form_is_as_good_as_none(tmp_path):
    made(tmp_path, END)
    expected = listing.summaries(tmp_path)
    index = json.loads((tmp_path / INDEX).read_text())
    (entry,) = index["runs"].values()
    for wrong in ({"tags": "x"}, {"status": 1}, {"best": []}):
        changed = {**entry, "summary": {**entry["summary"], **wrong}}
        (tmp_path / INDEX).write_text(
            json.dumps({**index, "runs": dict.fromkeys(index["runs"], changed)})
        )
        assert listing.summaries(tmp_path) == expected


def test_a_folder_that_cannot_be_written_to_is_listed(tmp_path, monkeypatch):
    made(tmp_path, END)

    def refuse(*_):
        raise files.CannotWrite("no space", str(tmp_path))

    monkeypatch.setattr(files, "write_whole", refuse)
    assert len(listing.summaries(tmp_path)) == 1
    assert not (tmp_path / INDEX).exists()
