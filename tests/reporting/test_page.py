"""Names in the page and its pictures are text: opened in a browser, none of them runs or shows
anything else."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markup import faults_of

from trickrun.checks.checklist.context import StepOutcome
from trickrun.findings.verdict import Verdict
from trickrun.reporting import grid_pictures
from trickrun.reporting.checklist_page import QUESTIONS, report
from trickrun.reporting.line_plot import draw
from trickrun.reporting.page import hash_of, sorter
from trickrun.reporting.panels import Line, Marker, Panel
from trickrun.reporting.run_page import run_report
from trickrun.reporting.visible import visible
from trickrun.run.folder import RunFolder

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

ATTACKS = (
    "<script>document.title='ran'</script>",
    '"><img src=x onerror="document.title=\'ran\'">',
    "'><svg onload=document.title='ran'>",
    "]]><script>document.title='ran'</script>",
    "</style><script>document.title='ran'</script>",
    "</title><script>document.title='ran'</script>",
    "--><script>document.title='ran'</script>",
    "{{ 7 * 7 }}",
    "javascript:document.title='ran'",
    "\x1b[31m\x00\x9b\u202e$x^2$",
)
NAME = " ".join(ATTACKS)
FINDING = {
    "code": "TR01",
    "name": NAME,
    "where": NAME,
    "why": NAME,
    "severity": "warning",
    "confidence": 1.0,
    "evidence": {},
    "edit": {NAME: NAME},
}

KINDS = {
    *("html", "head", "meta", "title", "style", "body", "section", "div", "details", "summary"),
    *("main", "header", "footer", "nav", "ul", "li", "h1", "h2", "p", "span", "b", "a", "pre"),
    *("code", "img", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}
"""The elements of a run's page, as a browser has them, but for the script that sorts tables."""


def picture() -> str:
    panels = [Panel(a, a, a, [Line(a, [1, 2], [1, 3])], [Marker(a, 1.5)]) for a in ATTACKS]
    return draw(panels, columns=2, size=(8, 5))


def page(folder: Path) -> str:
    """Return a checklist's page in which every name there is holds every attack."""
    run = RunFolder(folder / re.sub("[/\0]", "_", ATTACKS[1]) / re.sub("[/\0]", "_", ATTACKS[0]))
    run.path.mkdir(parents=True)
    step = RunFolder(run.own_runs / run.name / "a step")
    step.path.mkdir(parents=True)
    step.write("resolved.yaml", "")
    run.write("recipe.yaml", f"{NAME}\n")
    run.write("resolved.yaml", f"{NAME}\n")
    run.write_json("env.json", {"command": ["trickrun", "checklist", NAME], "device": NAME})
    run.write("tuned.yaml", f"{NAME} {NAME}\n")
    steps = [
        StepOutcome(name, "warn", str(step.path), NAME, {NAME: NAME}, [FINDING], [NAME], 1.0)
        for name in QUESTIONS
    ]
    entry = {"name": NAME, "edits": {NAME: NAME}, "values": [1.0, None]}
    contest = {"entries": [entry], "winner": {"name": NAME}, "metric": NAME}
    verdict = Verdict("warn", {"contest": contest, "test": {NAME: 1.0}}, (), NAME)
    return report(verdict, steps, run, {name: {f"{NAME}.svg": picture()} for name in QUESTIONS})


RECIPE = """\
name: flowers
data: {kind: csv, path: PATH, target: TARGET, batch_size: 16}
model: {kind: python, target: "net:make", args: {title: TITLE}}
optimizer: {kind: adam, lr: 0.01}
train: {epochs: 2, device: cpu, threads: 1}
grid: {coarse: {epochs: 1, space: {model.args.title: [TITLE, other]}}}
"""

NET = """\
from torch import nn
def make(inputs, outputs, title):
    return nn.Sequential(nn.Linear(inputs[0], 8), nn.ReLU(), nn.Linear(8, outputs))
"""

SAME = "the recipe"

COMMANDS = {
    "train": ["--report"],
    "curves": ["--seeds", "2"],
    "lr-find": ["--seeds", "1"],
    "grid": [],
    "diagnose": ["optimizer.lr=3"],
    "compare": [SAME, "optimizer.lr=0.1", SAME, "optimizer.lr=3", "--seeds", "2"],
    "ablate": ["--seeds", "2"],
}


@pytest.fixture(scope="module")
def run_pages(run, tmp_path_factory) -> dict[str, str]:
    """The page of a run of each command, with attacks as the names of folders, files, columns,
    classes and choices, and in what the user says of it."""
    top = tmp_path_factory.mktemp("pages")
    in_a_path = ATTACKS[1].replace("/", "_")
    folder = top / in_a_path
    folder.mkdir()
    with (folder / f"{in_a_path}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([ATTACKS[0], ATTACKS[2], ATTACKS[5]])
        writer.writerows([i % 3 + i / 70, -i % 5, ATTACKS[i % 3]] for i in range(60))
    text = RECIPE.replace("PATH", json.dumps(f"{in_a_path}.csv"))
    text = text.replace("TARGET", json.dumps(ATTACKS[5])).replace(
        "TITLE", json.dumps(NAME.replace("\0", ""))
    )
    recipe = folder / f"{in_a_path}.yaml"
    recipe.write_text(text, encoding="utf-8")
    (folder / "net.py").write_text(NET)
    where = ["--runs-dir", folder / "runs", "--json"]
    pages = {}
    for command, said in COMMANDS.items():
        options = [recipe if word == SAME else word for word in said]
        ran = run(command, *(["coarse"] if command == "grid" else []), recipe, *options, *where)
        assert ran.code < 2, ran.err
        made = RunFolder(Path(ran.json["run"]))
        run("runs", "tag", made.path, NAME, "--note", NAME, *where[:2])
        pages[command] = run_report(made)
    return pages


ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "id", "class", "style", "href", "src"),
    *("alt", "scope", "tabindex", "role", "open", "data-key"),
    *("aria-label", "aria-labelledby"),
}
"""The attributes of a run's page."""


def attributes(written: str) -> set[str]:
    """Return the names of all attributes, as a browser reads them."""
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda _tag, attrs: found.update(name for name, _ in attrs)
    parser.feed(written)
    return found


def without_sorter(written: str) -> str:
    """Return a page without the one script that it may have, as it stands in its file."""
    return written.replace(f"<script>{sorter()}</script>", "")


def test_names_are_text_in_a_picture():
    """It is well-formed, and has no element that no other picture has."""
    hostile = ET.fromstring(picture())
    plain = ET.fromstring(draw([Panel("t", "x", "y", [Line("l", [1, 2], [1, 3])])]))
    kinds = [{element.tag for element in drawn.iter()} for drawn in (hostile, plain)]
    assert kinds[0] == kinds[1]
    texts = [element.text for element in hostile.iter("{http://www.w3.org/2000/svg}text")]
    assert [texts.count(visible(attack)) for attack in ATTACKS] == [5] * len(ATTACKS)


def test_names_are_text_in_the_pictures_of_a_search():
    """A dollar sign begins no formula, and a long name leaves the axes their room."""
    path, metric, choices = "model.args.$x^$", "net:$\\frac$", [*ATTACKS, "$x^$", "x" * 1000]
    trials = [
        {"status": "finished", "metric": 1.0 + place, "params": {path: choice, "optimizer.lr": 0.1}}
        for place, choice in enumerate(choices)
    ]
    space = {path: {"choice": choices}, "optimizer.lr": {"log": [0.01, 1]}}
    drawn = grid_pictures.pictures({"space": space, "trials": trials, "metric": metric})
    assert set(drawn) == {"scatter-1.svg", "scatter-2.svg", "parallel.svg"}
    for name in ("scatter-1.svg", "parallel.svg"):
        texts = [
            e.text for e in ET.fromstring(drawn[name]).iter("{http://www.w3.org/2000/svg}text")
        ]
        assert {path, metric} <= set(texts)


def test_names_are_text_in_the_page(tmp_path):
    written = page(tmp_path)
    assert faults_of(written) == []
    assert "<script" not in written
    assert "<svg" not in written
    assert set(re.findall(r"<img [^>]*>", written)) == set(
        re.findall(
            r'<img class="plot" src="data:image/svg\+xml;base64,[A-Za-z0-9+/=]+" alt="[^"<>]*">',
            written,
        )
    )
    assert written.count('<img class="plot"') == len(QUESTIONS)
    assert written.count('<div class="finding ') == len(QUESTIONS)
    assert "&lt;div" not in written
    assert written.count("</style>") == written.count("</title>") == 1
    assert html.unescape(written).count("{{ 7 * 7 }}") > 20


def test_names_are_text_in_the_page_of_every_run(run_pages):
    for command, written in run_pages.items():
        assert "onerror" in written, command
        assert faults_of(written) == [], command
        written = without_sorter(written)
        assert set(re.findall(r"<(\w+)", written)) <= KINDS, command
        assert attributes(written) <= ATTRIBUTES, command
        assert all(link.startswith("#s-") for link in re.findall(r'<a href="([^"]*)', written))
        assert "Content-Security-Policy" in written, command
        assert "&lt;div" not in written, command  # no markup of its own is taken for text
        assert ("<img" in written) is (command != "diagnose"), command
    assert html.unescape(run_pages["grid"]).count("{{ 7 * 7 }}") > 3


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to open the page with")
def test_no_run_page_runs_anything_in_a_browser(run_pages, tmp_path):
    """All in one page, without the policy: names are kept apart from markup by the page itself."""
    plain = map(without_sorter, run_pages.values())
    bodies = [re.findall(r"<body>(.*)</body>", page, re.DOTALL)[0] for page in plain]
    (tmp_path / "pages.html").write_text(f"<title>kept</title>{'<hr>'.join(bodies)}")
    shown = opened(tmp_path / "pages.html")
    assert "<title>kept</title>" in shown
    assert shown.count("<hr>") == len(run_pages) - 1
    assert set(re.findall(r"<(\w+)", shown)) <= KINDS | {"hr"}


def test_the_page_loads_nothing_and_runs_nothing(tmp_path):
    """A second wall: what is wrong with the first is not run."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page(tmp_path))
    assert policy.split("; ") == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_a_page_with_tables_to_sort_runs_that_script_alone(run_pages):
    policies = {
        command: re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0].split("; ")
        for command, page in run_pages.items()
    }
    script = f"script-src '{hash_of(sorter())}'"
    assert script in policies["grid"]
    assert script in policies["train"]
    assert not any("script-src" in part for part in policies["lr-find"])
    assert run_pages["grid"].count("<script") == 1


def opened(path: Path) -> str:
    """Return what the page has become in the browser: its elements after all has been loaded."""
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={path.parent / 'b'}"]
    done = subprocess.run(
        [str(BROWSER), *words, "--virtual-time-budget=2000", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to open the page with")
def test_nothing_runs_in_a_browser(tmp_path):
    written = page(tmp_path)
    # As if a name had come through.
    tampered = written.replace("</body>", "<script>document.title='ran'</script></body>")
    (tmp_path / "page.html").write_text(tampered, encoding="utf-8")
    shown = opened(tmp_path / "page.html")
    (title,) = re.findall(r"<title>(.*?)</title>", shown, re.DOTALL)
    assert title.startswith('"&gt;&lt;img')
    assert shown.count("<script") == 1
    # Without the policy the same script runs: the test can fail.
    bare = re.sub(r"<meta http-equiv[^>]*>", "", tampered)
    (tmp_path / "bare.html").write_text(bare, encoding="utf-8")
    assert "<title>ran</title>" in opened(tmp_path / "bare.html")


def test_sections_of_several_comparisons_have_titles_of_their_own(run_pages):
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", run_pages["compare"], re.DOTALL)
    assert len(titles) == len(set(titles)) > 8
    assert sum("compared with" in title for title in titles) == 2
