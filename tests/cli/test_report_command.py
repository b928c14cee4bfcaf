"""``trickrun report``: every run as one page that needs no other file."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markup import faults_of

from trickrun.errors import TrickrunError
from trickrun.findings.stories import stories
from trickrun.reporting import curve_pictures, line_plot, steps
from trickrun.reporting.run_page import run_report
from trickrun.run.folder import RunFolder
from trickrun.run.recall import recall

RECIPE = """\
name: flowers
data: {kind: iris, batch_size: 32}
model: {kind: mlp, hidden: [8]}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 6, device: cpu}
grid: {coarse: {trials: 2, epochs: 1}}
"""

COMMANDS = {
    "train": ["train", "flowers.yaml"],
    "curves": ["curves", "flowers.yaml", "--seeds", 2],
    "lr-find": ["lr-find", "flowers.yaml", "--seeds", 1],
    "grid": ["grid", "coarse", "flowers.yaml"],
    "initial-loss": ["initial-loss", "flowers.yaml"],
    "overfit-batch": ["overfit-batch", "flowers.yaml"],
    "diagnose": ["diagnose", "flowers.yaml", "optimizer.lr=3"],
    "signal": ["signal", "flowers.yaml"],
}


@pytest.fixture(scope="module")
def runs(run, tmp_path_factory):
    """The run folder of each command, and what it printed."""
    folder = tmp_path_factory.mktemp("reports")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("TRICKRUN_RUNS", raising=False)
        Path("flowers.yaml").write_text(RECIPE)
        for command, words in COMMANDS.items():
            ran = run(*words, "--json")
            found[command] = (folder / ran.json["run"], ran.both)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_says_what_was_asked_and_what_happened(runs, command):
    page = run_report(RunFolder(runs[command][0]))
    assert f"<h1>flowers: {'grid coarse' if command == 'grid' else command}</h1>" in page
    assert "optimizer: {kind: adam, lr: 0.01}" in page  # the recipe, as it was written
    assert f"trickrun {command}" in re.sub(r"<[^>]*>", "", page)
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert page.count("<script") == (command in ("train", "grid"))
    assert faults_of(page) == []


@pytest.mark.parametrize("command", ["train", "curves", "lr-find", "grid", "diagnose"])
def test_commands_that_train_leave_their_page(runs, command):
    folder, printed = runs[command]
    assert (folder / "report.html").exists()
    assert f"report: runs/flowers/{folder.name}/report.html" in printed


def test_pictures_are_drawn_once_for_their_files_and_the_page(trickrun, tmp_path, monkeypatch):
    """The page has those that lie beside it, whatever draws them."""
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    drawn: list[str] = []
    draw = line_plot.draw

    def counted(*panels):
        drawn.append(draw(*panels))
        return drawn[-1]

    for user in (curve_pictures, steps):
        monkeypatch.setattr(user, "draw", counted)
    for command in ("curves", "lr-find", "grid"):
        drawn.clear()
        folder = Path(trickrun(*COMMANDS[command], "--json").json["run"])
        files = {path.name: path.read_text() for path in folder.glob("*.svg")}
        page = (folder / "report.html").read_text()
        encoded = re.findall(r"image/svg\+xml;base64,([^\"]+)", page)
        shown = [base64.b64decode(one).decode() for one in encoded]
        assert sorted(shown) == sorted(files.values()), command
        # Those of a search come from a worker.
        assert drawn == ([] if command == "grid" else shown), command


def test_a_page_tells_the_same_story_as_the_terminal(runs):
    """A symptom stands under its cause, and its own edit is not to be made."""
    folder = RunFolder(runs["diagnose"][0])
    findings = recall(folder).findings
    told = stories(findings)
    page = run_report(folder)
    assert any(story.symptoms for story in told)
    assert page.count('<div class="finding ') == len(told) < len(findings)
    assert page.count("<p>Edit: ") == sum(bool(story.edit) for story in told)
    for story in told:
        for symptom in story.symptoms:
            assert f"Explains {symptom.code} {symptom.name}" in page


def test_wide_pictures_are_moved_in_a_place_of_their_own(runs):
    """Made smaller to fit a phone, their letters could not be read."""
    wide = re.compile(r'<div class="wide"[^>]*><img')
    assert wide.search(run_report(RunFolder(runs["signal"][0])))
    for command in ("train", "curves", "lr-find", "grid"):
        assert not wide.search(run_report(RunFolder(runs[command][0])))


def test_a_training_leaves_its_page_unless_it_is_not_wanted(trickrun, tmp_path):
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    words = ("train", "flowers.yaml", "train.epochs=1")
    folder = Path(trickrun(*words, "--no-report", "--json").json["run"])
    assert not (folder / "report.html").exists()
    ran = trickrun("report", "flowers")
    assert (ran.code, ran.out) == (0, f"report: {folder / 'report.html'}\n")
    ran = trickrun("report", folder.name, "--out", "page.html")
    assert Path("page.html").read_text() == (folder / "report.html").read_text()
    assert trickrun("report", "flowers", "--out", "nowhere/page.html").code == 2


def test_the_page_of_a_training_shows_its_answers(runs):
    folder = RunFolder(runs["train"][0])
    page = run_report(folder)
    answers = folder.read_json("answers.json")
    assert f"{answers['samples']} samples of the run&#39;s test split." in page
    assert page.count('<td class="right"') == 3
    for row in answers["wrong"]:
        assert f'<th scope="row">{row["sample"]}</th><td>{row["answer"]}</td>' in page
    assert "iris.npz" not in page


def test_a_run_that_keeps_no_answers_is_scored_for_its_page(trickrun, tmp_path, runs):
    """A run of an older version, or one without a test split."""
    folder = tmp_path / "runs" / "flowers" / runs["train"][0].name
    shutil.copytree(runs["train"][0], folder)
    kept = json.loads((folder / "answers.json").read_text())
    (folder / "answers.json").unlink()
    before = (folder / "report.html").read_text()
    assert trickrun("report", "flowers").code == 0
    page = (folder / "report.html").read_text()
    assert "Where it was most surely wrong" in page
    assert cut_out(page, "answers-on") == cut_out(before, "answers-on")
    assert kept["wrong"]
    (folder / "checkpoints" / "best.pt").unlink()
    assert trickrun("report", "flowers").code == 0
    assert "What the run answered is not known" in (folder / "report.html").read_text()


def cut_out(page: str, anchor: str) -> str:
    """Return a section of a page."""
    found = re.search(rf'<section id="s-{anchor}.*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_without_a_test_split_validation_is_scored(trickrun, tmp_path):
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    words = ("train.epochs=1", "data.split={val: 0.2, test: 0}")
    folder = Path(trickrun("train", "flowers.yaml", *words, "--json").json["run"])
    assert "no test split has been scored" in (folder / "report.html").read_text()
    trickrun("report", "flowers")
    assert "Answers on the validation split" in (folder / "report.html").read_text()


def test_several_trainings_share_a_page(trickrun, tmp_path):
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    for lr in ("0.01", "0.1"):
        trickrun("train", "flowers.yaml", f"optimizer.lr={lr}")
    ids = sorted(path.name for path in Path("runs/flowers").iterdir())
    ran = trickrun("report", *ids, "--json")
    assert ran.json["result"]["report"] == "runs/report.html"
    page = Path("runs/report.html").read_text()
    assert faults_of(page) == []
    assert "<h1>flowers: 2 runs</h1>" in page
    assert '<th scope="row">optimizer.lr</th><td>0.01</td><td>0.1</td>' in page
    assert page.count('<th scope="row" data-key="lr=') == 2
    for one in ids:
        assert f"({one}):" in page
    check = trickrun("initial-loss", "flowers.yaml", "--json").json["run"]
    assert "only trainings share a page" in trickrun("report", check, ids[0]).err


def test_a_run_that_goes_on_from_another_shows_what_it_changed(trickrun, tmp_path):
    (tmp_path / "flowers.yaml").write_text(RECIPE)
    first = Path(trickrun("train", "flowers.yaml", "train.epochs=1", "--json").json["run"])
    ran = trickrun("train", "--resume", first, "train.epochs=2", "--json")
    page = (Path(ran.json["run"]) / "report.html").read_text()
    assert f"It goes on from the run {first.name}." in page
    assert '<th scope="row">train.epochs</th><td>1</td><td>2</td>' in page
    assert page.count("<tr>", page.index("What it changed"), page.index("What each trick")) == 2
    shutil.rmtree(first)
    trickrun("report", ran.json["run"])
    assert "which is not here any more" in (Path(ran.json["run"]) / "report.html").read_text()


def test_a_model_card_is_about_one_training(trickrun, tmp_path, runs):
    for command in ("train", "lr-find"):
        folder = runs[command][0]
        shutil.copytree(folder, tmp_path / "runs" / "flowers" / folder.name)
    ran = trickrun("report", "flowers", "--card", "--json")
    card = Path(ran.json["result"]["card"])
    assert card.name == "model-card.md"
    assert yaml.safe_load(card.read_text().split("---\n")[1])["tags"][0] == "trickrun"
    assert trickrun("report", "flowers", "--card", "--out", "README.md").code == 0
    assert Path("README.md").read_text() == card.read_text()
    name = runs["lr-find"][0].name
    assert "this is a check" in trickrun("report", name, "--card").err
    assert "about one training" in trickrun("report", name, name, "--card").err


def test_what_has_no_page_yet_is_told(trickrun, tmp_path, runs):
    folder = tmp_path / "runs" / "flowers" / runs["lr-find"][0].name
    shutil.copytree(runs["lr-find"][0], folder)
    (folder / "evidence.json").unlink()
    assert "this check has not ended" in trickrun("report", "flowers").err


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["trials", "space", "tried", "curves", "curve"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values, key=st.integers(0, 30), wrong=st.booleans())
def test_damaged_answers_are_told(runs, tmp_path, value, key, wrong):
    folder = tmp_path / "run"
    shutil.copytree(runs["train"][0], folder, dirs_exist_ok=True)
    answers = json.loads((runs["train"][0] / "answers.json").read_text())
    where = answers["wrong"][0] if wrong else answers
    where[list(where)[key % len(where)]] = value
    (folder / "answers.json").write_text(json.dumps(answers))
    with contextlib.suppress(TrickrunError):
        assert run_report(RunFolder(folder)).startswith("<!doctype html>")


@pytest.mark.parametrize("command", ["train", "curves", "lr-find", "grid", "diagnose", "signal"])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values, key=st.integers(0, 30), whole=st.booleans())
def test_damaged_evidence_is_told(runs, command, tmp_path, value, key, whole):
    folder = tmp_path / "run"
    shutil.copytree(runs[command][0], folder, dirs_exist_ok=True)
    evidence = json.loads((runs[command][0] / "evidence.json").read_text())
    if whole or not isinstance(evidence, dict):
        evidence = value
    else:
        evidence[list(evidence)[key % len(evidence)]] = value
    (folder / "evidence.json").write_text(json.dumps(evidence))
    with contextlib.suppress(TrickrunError):
        assert run_report(RunFolder(folder)).startswith("<!doctype html>")
