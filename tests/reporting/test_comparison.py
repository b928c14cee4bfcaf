"""Comparisons as tables and pictures: names from files mean nothing in them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from trickrun.reporting.comparison import Table, as_latex, as_markdown, p_value
from trickrun.reporting.comparison_pictures import contributions, overlaid

HOSTILE = "a|b*c_d<script>$x$\\evil{}&%#~^\n\x1b[31m"


def test_markdown_shows_names_as_they_are():
    text = as_markdown(Table(HOSTILE, ["one"], [[HOSTILE]], [HOSTILE]))
    assert "\x1b" not in text
    assert "\\|b\\*c\\_d\\<script\\>" in text
    _, row = text.splitlines()[3:5]
    assert row.count("|") - row.count("\\|") == 2


def test_latex_shows_names_as_they_are():
    text = as_latex(Table("", ["one", "two"], [[HOSTILE, "2"]]))
    assert r"a\textbar{}b*c\_d\textless{}script\textgreater{}\$x\$\textbackslash{}evil\{\}" in text
    assert r"\&\%\#\textasciitilde{}\textasciicircum{}" in text
    assert "\x1b" not in text


def trick(name, mean, low, high, verdict="helps", change="removed"):
    told = {"mean": mean, "low": low, "high": high, "p": 0.01}
    return {"name": name, "contribution": told, "verdict": verdict, "change": change}


def test_the_picture_of_an_ablation_names_every_trick():
    rows = [
        trick("regularizers.$l2$", 0.2, 0.1, 0.3),
        trick("init <x>", 0.0, None, None, "does nothing"),
        trick("normalization=batch", -0.1, -0.2, -0.05, "harms", "added"),
    ]
    drawn = contributions(rows, {"metric": "val_loss"})
    texts = "".join(ElementTree.fromstring(drawn).itertext())
    for name in ("regularizers.$l2$", "init <x>", "+ normalization=batch", "val_loss"):
        assert name in texts


def test_curves_of_all_arms_lie_over_each_other():
    def arm(values):
        course = {"epoch": [1.0, 2.0], "mean": values, "low": values, "high": values}
        return {"rounds": {}, "metrics": {"val_loss": course, "train_loss": course}}

    result = {"metric": "val_loss", "evaluations": {"a": arm([0.9, None]), "b": arm([0.8, 0.5])}}
    panels = list(overlaid(result))
    assert [panel.title for panel in panels] == ["val_loss", "train_loss"]
    assert [line.name for line in panels[0].lines] == ["a", "b"]
    assert panels[0].lines[0].y[1] != panels[0].lines[0].y[1]  # a gap


def test_p_values_are_short():
    assert [p_value(p) for p in (None, 0.0421, 3e-7, 1.0)] == ["-", "0.042", "<0.0001", "1"]
