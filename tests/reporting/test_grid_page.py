"""The page of a search: its table is short enough to open, and sorts without a server."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from trickrun.findings.verdict import Verdict
from trickrun.reporting import grid_pictures
from trickrun.reporting.page import page, sorter
from trickrun.reporting.page_parts import Commands, Pictures, Section, Table
from trickrun.reporting.pages import sections_for
from trickrun.reporting.pages.grid import MOST_TRIALS, sections, trials
from trickrun.reporting.panels import MOST_DRAWN
from trickrun.run.folder import RunFolder

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


def result(count: int) -> dict:
    rows = [
        {
            "params": {"optimizer.lr": 0.1 / (1 + i), "model.kind": "ab"[i % 2]},
            "status": "finished",
            "metric": 0.5 + i,
            "seconds": 1.0 + i % 7,
        }
        for i in range(count)
    ]
    space = {"optimizer.lr": {"log": [1e-5, 0.1]}, "model.kind": {"choice": ["a", "b"]}}
    return {
        "metric": "val_loss",
        "space": space,
        "trials": rows,
        "best": {"id": "x", "params": rows[0]["params"], "metric": 0.5} if rows else None,
    }


def test_of_5000_trials_the_best_are_listed_and_the_rest_is_counted():
    table = trials(result(5000))
    assert len(table.rows) == len(table.keys) == MOST_TRIALS
    assert "5000 trials: 5000 finished" in table.note
    assert f"The {MOST_TRIALS} best are shown" in table.note
    assert f"The pictures show {MOST_DRAWN} of the finished ones" in table.note
    drawn = grid_pictures.pictures({**result(3000), "space": {"optimizer.lr": {"log": [1e-5, 1]}}})
    assert drawn["scatter-1.svg"].count("<use ") == pytest.approx(MOST_DRAWN, abs=100)  # and ticks


def test_a_trial_without_a_metric_says_how_it_ended():
    found = result(2)
    found["trials"][1] |= {"status": "failed", "metric": None}
    table = trials(found)
    assert table.rows[1][1] == "failed"
    assert table.keys[1][1] is None
    assert table.note == "2 trials: 1 finished, 1 failed."


def test_the_best_recipe_is_trained_with_the_changes_that_the_search_had(tmp_path):
    folder = RunFolder(tmp_path)
    words = ["t", "grid", "coarse", "r.yaml", "seed=3", "grid.coarse.trials=4", "--seeds", "2"]
    folder.write_json("env.json", {"command": words})
    best, *_ = sections(folder, Verdict("pass", result(3), (), ""))
    (commands,) = [part for part in best.parts if isinstance(part, Commands)]
    ((_, line),) = commands.lines
    assert line == "trickrun train r.yaml seed=3 optimizer.lr=0.1 model.kind=a"


def test_no_finished_trial_is_said(tmp_path):
    best, *_ = sections(RunFolder(tmp_path), Verdict("fail", result(0), (), ""))
    assert best.parts[0].lines == ["No trial finished, so there is none."]


def test_each_kind_of_folder_has_its_page():
    assert sections_for("grid coarse") is sections
    assert sections_for("lr-find").__module__.endswith("pages.check")
    for odd in ("", "no such", "../x", "__init__"):
        assert sections_for(odd).__module__.endswith("pages.check"), odd


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium to open the page with")
def test_a_click_on_a_column_s_name_sorts(tmp_path):
    """Numbers by their size, names by the alphabet, and what has no value last in both orders."""
    rows = [("b", 10.0), ("a", 9.0), ("c", None), ("d", 1e-5)]
    table = Table("t", ("name", "value"), [(n, str(v)) for n, v in rows], rows)
    written = page(
        "run.html.j2",
        {
            "pictures": Pictures([], ""),
            "sections": [Section("Trials", [table])],
            "summary": [],
            "name": "n",
            "command": "c",
            "badge": "pass",
            "started": "",
            "run": "",
        },
        sortable=True,
    )
    assert written.count(sorter()) == 1
    clicks = """<script>
      const shown = () => [...document.querySelectorAll("tbody tr")].map((r) => r.cells[0].textContent).join("");
      const click = (i) => document.querySelectorAll("th button")[i].click();
      const seen = [shown()];
      for (const i of [1, 1, 0, 0]) { click(i); seen.push(shown()); }
      document.title = seen.join(" ") + " " + document.querySelectorAll("[aria-sort]").length;
    </script>"""  # noqa: E501
    policy = r"<meta http-equiv[^>]*>"
    own_policy = re.findall(policy, written)[0]
    # With its policy the page sorts, and runs nothing else: so the clicks have another page.
    free = re.sub(policy, "", written).replace("</body>", f"{clicks}</body>")
    assert "script-src 'sha256-" in own_policy
    assert title_of(free, tmp_path) == "bacd dabc badc abcd dcba 1"
    held = written.replace("</body>", f"{clicks}</body>")
    assert title_of(held, tmp_path) == "n: c"
    # Its own script does run under the policy: it makes the buttons.
    assert "<button" in dom_of(written, tmp_path)


def title_of(written: str, folder) -> str:
    return re.findall(r"<title>(.*?)</title>", dom_of(written, folder))[0]


def dom_of(written: str, folder) -> str:
    """Return what a page has become in the browser."""
    (folder / "page.html").write_text(written, encoding="utf-8")
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'b'}"]
    words += ["--virtual-time-budget=2000", "--dump-dom", (folder / "page.html").as_uri()]
    done = subprocess.run([str(BROWSER), *words], capture_output=True, text=True, timeout=120)
    return done.stdout
