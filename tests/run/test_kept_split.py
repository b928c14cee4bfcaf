"""A run owns its split: ``eval`` and ``train --resume`` on data that changed, and its file."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from exactness import ending, same

from trickrun.data.splits.kept import KeptSplit
from trickrun.errors import RunFolderError
from trickrun.run.folder import RunFolder
from trickrun.run.kept_split import SPLIT_FILE, packed_split, read_split

RECIPE = """\
name: coin
data: {kind: csv, path: coin.csv, target: side, drop: [note], batch_size: 32}
model: {kind: mlp, hidden: [64]}
optimizer: {kind: adam, lr: 0.02}
train: {epochs: 6, device: cpu, checkpoint: 1 epochs}
"""


def rows(count: int, seed: int) -> list[str]:
    """Return lines of three numbers, a side that none of them tells, and a note."""
    draw = random.Random(seed)
    return [
        ",".join([*(f"{draw.gauss(0, 1):.4f}" for _ in range(3)), draw.choice("ht"), str(number)])
        for number in range(count)
    ]


HEADER = "a,b,c,side,note"
ROWS = rows(160, 0)


def write(lines: list[str], header: str = HEADER) -> None:
    Path("coin.csv").write_text("\n".join([header, *lines]) + "\n")


@pytest.fixture(scope="module")
def base(tmp_path_factory, run):
    """A folder with a finished run of random labels, to be copied."""
    path = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.delenv("TRICKRUN_RUNS", raising=False)
        write(ROWS)
        Path("coin.yaml").write_text(RECIPE)
        ran = run("train", "coin.yaml", "--json")
        assert ran.code == 0, ran.err
        Path("told.json").write_text(ran.out)
    return path


@pytest.fixture(scope="module")
def told(base):
    return json.loads((base / "told.json").read_text())["result"]


@pytest.fixture
def folder(base, trickrun, tmp_path):
    """A copy of it in the test's own working folder."""
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    (path,) = Path("runs/coin").iterdir()
    facts = json.loads((path / "env.json").read_text())
    (path / "env.json").write_text(json.dumps({**facts, "recipe_folder": str(tmp_path)}))
    return RunFolder(path)


def part(folder: RunFolder, name: str) -> list[int]:
    """Return the numbers of the rows in a part, as they were."""
    kept = read_split(folder)
    assert kept is not None
    return kept.members(name).tolist()


def test_the_split_is_in_the_folder(folder):
    parts = {name: part(folder, name) for name in ("train", "val", "test")}
    assert [len(rows) for rows in parts.values()] == [112, 24, 24]
    assert sorted(n for rows in parts.values() for n in rows) == [*range(160)]
    with np.load(folder.path / SPLIT_FILE) as arrays:
        assert arrays["columns"].tolist() == ["a", "b", "c", "side"]
    assert (folder.path / SPLIT_FILE).stat().st_size < 9 * 160 + 1500


def scored(trickrun, *arguments: object) -> tuple[dict, str]:
    ran = trickrun("eval", "coin", *arguments, "--json")
    assert ran.code == 0, ran.err
    return ran.json["result"], ran.err


def grown(lines: list[str]) -> list[str]:
    return [*lines[:80], *rows(4, 1), *lines[80:]]


@pytest.mark.parametrize("split", ["test", "val"])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda lines: lines, None),
        (lambda lines: lines[::-1], None),
        (lambda lines: [line.rpartition(",")[0] + ",new" for line in lines], None),
        (grown, "4 rows added (160 then, 164 now)"),
        (lambda lines: grown(lines)[::-1], "4 rows added (160 then, 164 now)"),
        (lambda lines: lines + lines, "160 rows added (160 then, 320 now)"),
    ],
)
def test_the_stored_part_is_scored_while_it_is_there(trickrun, folder, told, changed, said, split):
    write(changed(ROWS))
    result, err = scored(trickrun, "--split", split)
    scores = (
        result["scores"]
        if split == "test"
        else {f"val_{name}": value for name, value in result["scores"].items()}
    )
    expected = told["test"] if split == "test" else told["best"]
    assert scores == pytest.approx({name: expected[name] for name in scores}, rel=1e-6)
    warnings = [line for line in err.splitlines() if line.startswith("warning")]
    assert warnings == (
        []
        if said is None
        else [
            f"warning: the data has changed since the run started: {said}. "
            f"The run's own {split} split is scored"
        ]
    )
    assert result["missing"] == 0
    assert result["data_changes"]["added"] == (int(said.split()[0]) if said else 0)


def test_new_rows_that_training_could_not_read_do_no_harm(trickrun, folder, told):
    """Empty cells, texts for numbers, another class: in rows that the run does not know."""
    write([*ROWS, ",1,2,h,", "one,2,3,t,", "1,2,3,edge,"])
    result, err = scored(trickrun)
    assert result["scores"] == pytest.approx(told["test"], rel=1e-6)
    assert "3 rows added" in err


def test_what_is_left_of_a_part_is_scored(trickrun, folder):
    test = part(folder, "test")
    gone, edited = test[:3], test[3:5]
    lines = [
        "9" + line if number in edited else line
        for number, line in enumerate(ROWS)
        if number not in gone
    ]
    write(lines)
    result, err = scored(trickrun)
    assert result["samples"] == 19
    assert "3 rows removed, 2 rows altered (160 then, 157 now)" in err
    assert "warning: 5 of its 24 rows are gone or changed\n" in err
    # What is left is scored as the same rows in a file of their own.
    Path("left.csv").write_text("\n".join([HEADER, *(ROWS[n] for n in test[5:])]))
    alone, _ = scored(trickrun, "--data", "left.csv")
    assert result["scores"] == alone["scores"]


def test_a_part_that_is_gone_asks_for_another_file(trickrun, folder):
    write([line for number, line in enumerate(ROWS) if number not in part(folder, "test")])
    ran = trickrun("eval", "coin")
    assert ran.code == 2
    assert "none of the 24 rows of the run's test split is left: 24 rows removed" in ran.err
    assert "trickrun eval RUN --data FILE" in ran.err


def test_columns_in_another_order_or_beside_the_others(trickrun, folder, told):
    """The columns' names say which is which: the inputs are in the run's order."""
    moved = [",".join(["5", *(line.split(",")[i] for i in (3, 2, 0, 1, 4))]) for line in ROWS]
    write(moved, "new,side,c,a,b,note")
    result, err = scored(trickrun)
    assert result["scores"] == pytest.approx(told["test"], rel=1e-6)
    assert "column 'new' added. The run's own test split" in err


def test_without_a_column_no_row_is_known(trickrun, folder):
    write([line.partition(",")[2] for line in ROWS], HEADER.partition(",")[2])
    ran = trickrun("eval", "coin")
    assert ran.code == 2
    assert "the data has changed since the run started: column 'a' removed" in ran.err
    assert "trickrun eval RUN --data FILE" in ran.err


@pytest.mark.parametrize(
    ("lines", "header", "said"),
    [
        (grown(ROWS), HEADER, "4 rows added (160 then, 164 now)"),
        (ROWS[:-2], HEADER, "2 rows removed (160 then, 158 now)"),
        (["9" + ROWS[0], *ROWS[1:]], HEADER, "1 row altered"),
        ([f"1,{line}" for line in ROWS], f"new,{HEADER}", "column 'new' added"),
        ([line.partition(",")[2] for line in ROWS], HEADER[2:], "column 'a' removed"),
        (ROWS, HEADER.replace("a", "z"), "column 'z' added, column 'a' removed"),
    ],
)
@pytest.mark.parametrize("changes", [(), ("train.epochs=8",)])
def test_a_run_does_not_go_on_with_other_data(trickrun, folder, lines, header, said, changes):
    cut_to_first_checkpoint(folder)
    before = {p: p.read_bytes() for p in Path("runs").rglob("*") if p.is_file()}
    write(lines, header)
    ran = trickrun("train", "--resume", "coin", *changes)
    assert ran.code == 2
    assert f"coin.csv: the data has changed since the run started: {said}\n" in ran.err
    assert "or train the run's recipe.yaml again" in ran.err
    assert before == {p: p.read_bytes() for p in Path("runs").rglob("*") if p.is_file()}


def cut_to_first_checkpoint(folder: RunFolder) -> None:
    """Make a finished run one that was killed."""
    lines = folder.metrics_file.read_bytes().splitlines(keepends=True)
    folder.metrics_file.write_bytes(b"".join(lines[:-1]))


def test_rows_and_columns_in_another_order_go_on_exactly(trickrun, folder):
    longer = trickrun("train", "--resume", "coin", "train.epochs=9", "--json")
    whole = ending(RunFolder(Path(longer.json["run"])))
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    moved = [",".join(line.split(",")[i] for i in (4, 3, 2, 0, 1)) for line in shuffled]
    write(moved, "note,side,c,a,b")
    again = trickrun("train", "--resume", folder.path, "train.epochs=9", "--json")
    assert again.code == 0, again.err
    assert "the end may differ" not in again.err
    notice = "notice: the order of the data has changed since the run started"
    assert (notice in again.err, notice in longer.err) == (True, False)
    assert same(ending(RunFolder(Path(again.json["run"]))), whole)


def test_a_resumed_run_has_the_split(trickrun, folder):
    ran = trickrun("train", "--resume", "coin", "train.epochs=8", "--json")
    child = Path(ran.json["run"]) / SPLIT_FILE
    assert child.read_bytes() == (folder.path / SPLIT_FILE).read_bytes()


def test_a_run_without_a_split(trickrun, folder, told):
    """As older versions have left them: scored and told, but not resumed."""
    (folder.path / SPLIT_FILE).unlink()
    result, err = scored(trickrun)
    assert result["scores"] == told["test"]
    assert "\nnote: this run stores no usable split" in err
    write(grown(ROWS))
    result, err = scored(trickrun)
    assert "\nwarning: this run stores no usable split" in err
    assert "may hold training samples" in err
    write(ROWS)
    ran = trickrun("train", "--resume", "coin", "train.epochs=8")
    assert ran.code == 2
    assert "this run stores no usable split" in ran.err
    assert "train its recipe.yaml again; eval and predict still work" in ran.err


SPLIT = KeptSplit(
    torch.tensor([5, -6, 7, 8]),
    torch.tensor([1, 2, 0, 3], dtype=torch.uint8),
    (3, 0, 1),
    ("ä", "b"),
)


@pytest.fixture
def alone(tmp_path):
    return RunFolder(tmp_path)


def test_a_split_is_read_as_it_was_written(alone):
    alone.write(SPLIT_FILE, packed_split(SPLIT))
    again = read_split(alone)
    assert again is not None
    assert torch.equal(again.keys, SPLIT.keys)
    assert torch.equal(again.parts, SPLIT.parts)
    assert (again.sizes, again.columns) == (SPLIT.sizes, SPLIT.columns)
    without = KeptSplit(SPLIT.keys, SPLIT.parts, SPLIT.sizes)
    alone.write(SPLIT_FILE, packed_split(without))
    assert read_split(alone).columns == ()


def saved(**changed: object) -> bytes:
    arrays = {
        "version": np.array([2]),
        "keys": np.array([5, 6, 7]),
        "parts": np.array([1, 2, 3], np.uint8),
        "sizes": np.array([3, 0, 0]),
        "columns": np.array(["a"]),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **{n: a for n, a in {**arrays, **changed}.items() if a is not None})
    return buffer.getvalue()


def compressed() -> bytes:
    buffer = io.BytesIO()
    with np.load(io.BytesIO(saved())) as arrays:
        np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def claiming(count: int) -> bytes:
    """Return a file whose keys say that they are ``count``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved())) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"(3,), }", f"({count},), }}".encode()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the split cannot be read"),
        (b"PK\x03\x04 and nothing more", "the split cannot be read"),
        (saved()[:-40], "the split cannot be read"),
        (saved(keys=None), "the split cannot be read: \"There is no item named 'keys.npy'"),
        (compressed(), "the split cannot be read: version is compressed"),
        (claiming(2**50), "the split cannot be read"),
        (saved(keys=np.array([object()] * 3)), "the split cannot be read: keys is object"),
        (saved(keys=np.array([[5, 6, 7]])), "the split cannot be read: keys is int64 [1, 3]"),
        (saved(keys=np.array([5, 6])), "the split cannot be read: 2 keys, 3 parts, 3 samples"),
        (
            saved(parts=np.array([1, 2, 4], np.uint8)),
            "the split cannot be read: there are no parts",
        ),
        (saved(parts=np.array([2, 2, 2], np.uint8)), "the training split has no samples"),
        (saved(sizes=np.array([3, 0])), "the split cannot be read: sizes are [3, 0]"),
        (saved(sizes=np.array([4, -1, 0])), "the split cannot be read: sizes are [4, -1, 0]"),
        (saved(sizes=np.array([1, 2, 0])), "a split of the data's own is in another one"),
        (saved(columns=np.array(["a", "a"])), "a column appears twice"),
        (saved(version=np.array([9])), "its keys are of version 9, this one makes 2"),
        (saved(version=np.array([9]), columns=np.array([], str)), "this one makes 1"),
    ],
)
def test_a_damaged_split_is_an_error_that_says_so(alone, content, said):
    alone.write(SPLIT_FILE, content)
    with pytest.raises(RunFolderError) as caught:
        read_split(alone)
    assert said in caught.value.message
    assert SPLIT_FILE in caught.value.where


@pytest.mark.parametrize(
    "command", [("eval", "coin"), ("train", "--resume", "coin", "train.epochs=8")]
)
def test_a_damaged_split_is_no_traceback(trickrun, folder, command):
    (folder.path / SPLIT_FILE).write_bytes(b"PK")
    ran = trickrun(*command)
    assert ran.code == 2
    assert "the split cannot be read" in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_has_training_samples_says_how_many(trickrun, folder):
    """What people would give who are asked for another file: the whole one, as it is now."""
    write(grown(ROWS))
    result, err = scored(trickrun, "--data", "coin.csv")
    assert result["trained_on"] == 112
    assert "warning: 112 of these 164 samples were in the run's training split" in err.splitlines()
    predicted = trickrun("predict", "coin", "coin.csv")
    assert "warning: 112 of these 164 samples were" in predicted.err
    assert len(predicted.out.splitlines()) == 165
    new = [HEADER, *(ROWS[number] for number in part(folder, "test")), *rows(4, 1)]
    Path("new.csv").write_text("\n".join(new))
    result, err = scored(trickrun, "--data", "new.csv")
    assert result["trained_on"] == 0
    assert "warning" not in err
    one = ROWS[part(folder, "train")[0]]
    Path("new.csv").write_text(f"{HEADER}\n{one}\n")
    assert "warning: this sample was in" in trickrun("predict", "coin", "new.csv").err


def test_a_file_without_targets_does_not_tell(trickrun, folder):
    Path("new.csv").write_text("a,b,c\n1,2,3\n")
    predicted = trickrun("predict", "coin", "new.csv", "--out", "out.csv", "--json")
    assert (predicted.json["result"]["trained_on"], predicted.code) == (None, 0)
    assert "warning" not in predicted.err


def test_predictions_of_a_run_without_a_split(trickrun, folder):
    (folder.path / SPLIT_FILE).unlink()
    predicted = trickrun("predict", "coin", "coin.csv")
    assert predicted.code == 0
    assert "\nnote: this run stores no usable split" in predicted.err


def test_all_seeds_of_curves_have_one_split(trickrun, folder, monkeypatch):
    """The file grows while the first seed trains."""
    from trickrun.run import execute

    whole = execute.execute

    def growing(*arguments):
        ended = whole(*arguments)
        write(grown(ROWS))
        return ended

    monkeypatch.setattr(execute, "execute", growing)
    ran = trickrun("curves", "coin.yaml", "--seeds", 2, "--json")
    assert ran.code in (0, 1), ran.err
    paths = [Path(row["path"]) for row in ran.json["result"]["runs"]]
    first, second = ((path / SPLIT_FILE).read_bytes() for path in paths)
    assert first == second
