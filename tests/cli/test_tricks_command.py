"""``trickrun tricks``: what it prints for people, for pipes and for scripts."""

import json

import pytest
from typer.testing import CliRunner

from trickrun.cli.app import application
from trickrun.recipe.catalogue import catalogue
from trickrun.recipe.lookup import look_up
from trickrun.reporting.tricks import print_page, print_table, print_takers

CATALOGUE = catalogue()


def run(*arguments):
    return CliRunner().invoke(application(), ["tricks", *arguments])


def test_a_pipe_gets_one_line_a_trick():
    lines = run().stdout.splitlines()
    assert len(lines) == len(CATALOGUE)
    cosine = next(line for line in lines if line.startswith("cosine "))
    assert cosine.split()[1] == "optimizer.schedule"


def test_a_section_is_listed_alone():
    lines = run("residual").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["depth_scaled", "fixup", "zero_gamma"]


def test_a_page_tells_everything():
    shown = run("dropout").stdout
    assert shown.startswith("dropout (regularizers): Set each hidden unit to zero")
    assert "\nRecipe: regularizers: {dropout: 0.5}\n" in shown
    for label in ("Formula", "When", "Defaults", "Interactions", "Source"):
        assert f"\n{label}: " in shown
    assert "\n  p: 0.5  # a number of 0 or more and below 1: probability" in shown


def test_a_name_of_two_sections_shows_both_pages_and_a_section_one():
    both = [run("mae", "--section", section).stdout for section in ("loss", "metrics")]
    assert run("mae").stdout == "".join(both)
    assert both[1].startswith("mae (metrics): ")


def test_a_parameter_lists_the_tricks_that_have_it():
    lines = run("label_smoothing_epsilon", "--json").stdout
    assert json.loads(lines)["verdict"] == "error"
    shown = run("nesterov").stdout.splitlines()
    assert shown[0].startswith("nesterov is a parameter of ")
    assert any(line.split()[:2] == ["sgd", "false"] for line in shown)


def test_json_is_one_object_with_the_contract_keys():
    body = json.loads(run("adam", "--json").stdout)
    assert body["command"] == "tricks"
    assert body["verdict"] == "pass"
    (trick,) = body["result"]["tricks"]
    assert trick["name"] == "adam"
    assert {"section", "summary", "formula", "source", "parameters"} <= trick.keys()
    lr = next(p for p in trick["parameters"] if p["name"] == "lr")
    assert lr["default"] == 0.001
    assert {"name", "type", "default", "description"} <= lr.keys()


def test_json_without_a_name_has_the_whole_catalogue():
    body = json.loads(run("--json").stdout)
    assert len(body["result"]["tricks"]) == len(CATALOGUE)


def test_an_unknown_name_exits_2_with_a_hint():
    failed = run("drpout")
    assert failed.exit_code == 2
    assert failed.stdout == ""
    assert "did you mean dropout" in failed.stderr
    body = json.loads(run("drpout", "--json").stdout)
    assert body["error"]["where"] == "drpout"
    assert body["verdict"] == "error"


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.usefixtures("terminal")
def test_a_terminal_gets_sections_and_styles(capsys):
    print_table(look_up(CATALOGUE, "schedule").entries, CATALOGUE)
    shown = capsys.readouterr().out
    assert shown.startswith("\x1b[1moptimizer.schedule\x1b[0m\n")
    assert max(len(line) for line in shown.splitlines()) <= 130
    print_page(look_up(CATALOGUE, "one_cycle").entries[0])
    assert "\x1b[1;36mone_cycle\x1b[0m" in capsys.readouterr().out
    print_takers(look_up(CATALOGUE, "nesterov").entries, CATALOGUE, "nesterov")
    assert "\x1b[36msgd" in capsys.readouterr().out


@pytest.mark.usefixtures("terminal")
def test_no_color_is_respected(capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    print_page(look_up(CATALOGUE, "loss.python").entries[0])
    shown = capsys.readouterr().out
    assert "\x1b[3" not in shown
    # A bracket of a shape is text, not markup.
    assert "[N]" in shown
