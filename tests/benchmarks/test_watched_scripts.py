"""The benchmark of mistakes in scripts: every script compiles, the frozen parts are as they
were, one script goes from its training to the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.journal import Journal
from benchmarks.scripts import run
from benchmarks.scripts.collection import FROZEN, frozen_hashes, scripts
from benchmarks.scripts.hurts import NOT_MEASURED, SEEDS, key, verdict
from benchmarks.scripts.programs import FROZEN_PARTS, PARTS, Part, Script, changed
from benchmarks.scripts.run import entry_of
from benchmarks.scripts.table import Watched, beyond_repair, misses, section
from trickrun.findings.faults import CATALOGUE

EVERY = [script for part in PARTS for script in scripts(part)]
NAMES = [script.name for script in EVERY]


@pytest.mark.parametrize("script", EVERY, ids=NAMES)
def test_every_script_compiles(script: Script) -> None:
    compile(script.text, script.name, "exec", dont_inherit=True)
    assert script.text.count('"score') + script.text.count("'score") == 1


def test_names_are_unique_and_codes_are_known() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {code for script in EVERY for code in script.accepted} <= set(CATALOGUE)


def test_the_parts_share_no_script() -> None:
    bases = [{script.base for script in scripts(part)} for part in PARTS]
    assert len(set.union(*bases)) == sum(map(len, bases))


@pytest.mark.parametrize("part", FROZEN_PARTS)
def test_a_frozen_part_is_as_it_was(part: Part) -> None:
    frozen = dict(line.split() for line in FROZEN.read_text(encoding="utf-8").splitlines())
    assert frozen_hashes()[part] == frozen[part]


@pytest.mark.parametrize("part", FROZEN_PARTS)
def test_misses_of_an_unseen_part_are_refused(
    part: Part, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "UNSEEN_PARTS", (part,))
    with pytest.raises(SystemExit) as stopped:
        run.main([part, "--misses"])
    assert stopped.value.code == 2
    assert "not looked at script by script" in capsys.readouterr().err


def test_a_change_is_made_where_its_piece_is_found_once() -> None:
    assert changed("one two", [("two", "three"), ("three", "3")]) == "one 3"


@pytest.mark.parametrize(("text", "times"), [("one", 0), ("two two", 2)])
def test_a_change_that_is_not_one_change_is_refused(text: str, times: int) -> None:
    with pytest.raises(ValueError, match=f"found {times} times"):
        changed(text, [("two", "three")])


def said(*codes: str, severity: str = "error") -> dict[str, object]:
    return {"seconds": 1.0, "findings": [{"code": one, "severity": severity} for one in codes]}


FAULTY = Script("a+x", "development", "a", "", "gradients", ("TR46", "TR116"))
HEALTHY = Script("a", "development", "a", "")


@pytest.mark.parametrize(
    ("answer", "detected", "first"),
    [
        (said("TR116", "TR35"), True, True),
        (said("TR35", "TR46"), True, False),
        (said("TR46", severity="info"), False, False),
        (said(), False, False),
    ],
)
def test_what_counts_as_detected(answer: dict[str, object], detected: bool, first: bool) -> None:
    watched = Watched(FAULTY, answer)
    assert (watched.detected, watched.first) == (detected, first)


def test_the_section_counts_and_the_list_names_what_went_wrong() -> None:
    results = [
        Watched(FAULTY, said("TR46")),
        Watched(FAULTY, said("TR35")),
        Watched(HEALTHY, said("TR35")),
        Watched(HEALTHY, said("TR35", severity="warning")),
    ]
    text = section("development", results, {"a+y": "does not hurt (+0.001)"})
    assert "| detected | 50.0% (1/2;" in text
    assert "| detected, by a code that its repair does not get | 50.0% (1/2;" in text
    assert "| healthy scripts with an error | 50.0% (1/2;" in text
    assert "| healthy scripts with an error or a warning | 100.0% (2/2;" in text
    assert "| gradients | 2 | 1 | 1 |" in text
    assert "a+y: does not hurt (+0.001)" in text
    assert misses(results).splitlines() == [
        "missed: a+x: TR46 or TR116; said: TR35 error",
        "false alarm: a: said: TR35 error",
        "warning only: a: said: TR35 warning",
    ]


def test_what_is_said_of_the_repair_too_is_counted_apart() -> None:
    results = [Watched(HEALTHY, said("TR46")), Watched(FAULTY, said("TR46"))]
    assert beyond_repair(results) == 0
    assert beyond_repair([Watched(HEALTHY, said()), *results[1:]]) == 1


NAN = float("nan")


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.5, 0.6, 0.4), "counts"),
        ((NAN, NAN, NAN), "counts"),
        ((0.89, 0.89, 0.89), "does not hurt (+0.010)"),
        ((0.95,), "does not hurt (-0.050)"),
        ((0.5, 0.6), NOT_MEASURED),
        ((0.5, None, 0.4), "raises an exception"),
    ],
)
def test_a_mistake_counts_if_it_hurts_with_every_seed(
    tmp_path: Path, scores: tuple[float | None, ...], expected: str
) -> None:
    trained = Journal(tmp_path / "trained.jsonl")
    for seed in SEEDS:
        trained.add(key(HEALTHY, seed), {"score": 0.9})
    for seed, score in enumerate(scores):
        trained.add(key(FAULTY, seed), {"score": score})
    assert verdict(FAULTY, HEALTHY, trained) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((0.88, 0.9, 0.9), "counts"), ((0.8, 0.8, 0.8), "not healthy (+0.100)")],
)
def test_a_variant_counts_if_it_trains_as_well(
    tmp_path: Path, scores: tuple[float, ...], expected: str
) -> None:
    trained = Journal(tmp_path / "trained.jsonl")
    variant = Script("a~b", "development", "a", "x = 1")
    for seed, score in enumerate(scores):
        trained.add(key(HEALTHY, seed), {"score": 0.9})
        trained.add(key(variant, seed), {"score": score})
    assert verdict(variant, HEALTHY, trained) == expected


def test_a_script_from_end_to_end(tmp_path: Path) -> None:
    """The repair and the script with its mistake, in processes forked as in the benchmark."""
    program = """
import sys
from functools import partial
from pathlib import Path
from benchmarks.scripts import hurts, run
from benchmarks.faults.journal import Journal
from benchmarks.scripts.collection import scripts
from benchmarks.scripts.forked import run_all

named = {one.name: one for one in scripts("development")}
faulty = named["hand_loop_mlp+gradients-kept"]
folder = Path(sys.argv[1])
names = "hand_loop_mlp", faulty.name
jobs = [(name, partial(hurts.train, named[name], 0, folder)) for name in names]
scores = {name: hurts.entry_of(ran)["score"] for name, ran in run_all(jobs, 1)}
assert scores[faulty.name] < scores["hand_loop_mlp"] - hurts.LEAST, scores
[(_, ran)] = run_all([(faulty.name, partial(run.watch, faulty, folder))], 1)
entry = run.entry_of(ran, sys.argv[1])
assert entry["exit"] == 1 and "failed" not in entry, entry
assert run.Watched(faulty, entry).first, entry
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_watch_without_an_answer_is_a_failure() -> None:
    from benchmarks.scripts.forked import Ran

    assert entry_of(Ran(-14, "", "", 1200.0), "/x")["failed"] == "no answer"
