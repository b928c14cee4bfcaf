"""The end of a diagnosis: what is an error, and what stands first."""

from dataclasses import replace

import pytest

from trickrun.findings.conclusion import (
    Cause,
    Standing,
    leaks_placed,
    unexplained,
    with_what_was_tried,
    without_trying,
)
from trickrun.findings.finding import Finding
from trickrun.findings.intervention import Effect

FINE = Standing(skill=0.9, reachable=0.92, error=0.01, training=0.95)
POOR = replace(FINE, skill=0.3)
HOPELESS = Standing(skill=0.01, reachable=0.02, error=0.01, training=0.6)
HELPED = Effect(0.3, 0.9, (0.6, 0.6, 0.6), 0.01, 0.5)

PLATEAU = Finding("TR61", "Plateau", "error", 0.8, "model", {}, "It learns nothing.")
SOFTMAX = Finding(
    "TR26", "Probabilities", "error", 0.95, "model.head_activation", {}, "", {"x": "linear"}
)
LOWER = Finding("TR41", "Explodes", "error", 0.9, "optimizer.lr", {}, "", {"optimizer.lr": 0.1})
TARGETS = Finding("TR06", "Unscaled targets", "warning", 0.7, "data", {}, "They are large.")


def cause(path: str, code: str, edit: dict | None = None) -> Cause:
    return Cause(path, edit or {path: 0.1}, code, "Named by the edit", "It helps.", HELPED)


def test_where_training_goes_well_only_what_is_wrong_by_construction_is_an_error():
    found = without_trying([PLATEAU, SOFTMAX], FINE)
    assert {f.code: f.severity for f in found} == {"TR26": "error", "TR61": "warning"}
    assert {f.severity for f in without_trying([PLATEAU], POOR)} == {"error"}


LEAK = Finding("TR97", "Target among the inputs", "error", 0.95, "data (b)", {}, "It is.",
               {"data.drop": ["b"]})  # fmt: skip


def test_a_leak_is_an_error_however_good_the_scores_are_and_comes_first():
    assert [f.severity for f in without_trying([LEAK], FINE)] == ["error"]
    tried = with_what_was_tried([LEAK, LOWER], [cause("optimizer.lr", "TR35")], [], POOR)
    assert [f.code for f in leaks_placed(tried, False)][:2] == ["TR97", "TR35"]
    # What makes scores too good is not why they are bad.
    assert [f.code for f in leaks_placed(tried, True)][:2] == ["TR35", "TR97"]
    assert tried[0].confirmed is not None
    # One that spoils a few samples is no reason to doubt all scores.
    few = replace(LEAK, code="TR08", severity="warning")
    assert [f.code for f in leaks_placed([LOWER, few], False)] == ["TR41", "TR08"]


def test_a_leak_does_not_speak_for_an_edit_that_helped():
    found = with_what_was_tried([LEAK], [cause("model", "TR76")], [], POOR)
    assert found[0].code == "TR76"


def test_an_edit_that_helped_comes_first_with_its_numbers():
    found = with_what_was_tried([PLATEAU, LOWER], [cause("optimizer.lr", "TR35")], [], POOR)
    first = found[0]
    assert (first.code, first.severity, first.edit) == ("TR35", "error", {"optimizer.lr": 0.1})
    assert first.confirmed == {"before": 0.3, "after": 0.9}
    assert {f.severity for f in found[1:]} == {"warning"}


def test_a_certain_fault_of_the_whole_run_comes_before_an_edit_that_helps_a_short_one():
    stops = Finding("TR93", "Wrong side", "error", 0.95, "early_stopping.mode", {}, "It stops.")
    found = with_what_was_tried([stops, LOWER], [cause("optimizer.lr", "TR35")], [], POOR)
    assert [(f.code, f.severity) for f in found[:2]] == [("TR93", "error"), ("TR35", "error")]
    weak = replace(stops, severity="warning")
    found = with_what_was_tried([weak, LOWER], [cause("optimizer.lr", "TR35")], [], POOR)
    assert found[0].code == "TR35"
    assert without_trying([stops], FINE) == [stops]


def test_a_finding_about_the_same_part_speaks_for_the_edit():
    said = Finding("TR35", "Too high", "error", 0.8, "optimizer.lr", {"n": 1}, "Its reason.",
                   {"optimizer.lr": 0.03})  # fmt: skip
    first = with_what_was_tried([said], [cause("optimizer.lr", "TR35")], [], POOR)[0]
    assert (first.why, first.edit) == ("Its reason.", {"optimizer.lr": 0.1})
    assert first.evidence["n"] == 1


def test_what_code_does_wrong_speaks_for_the_part_that_was_replaced():
    axis = Finding("TR32", "Samples mixed", "error", 0.95, "softmax", {}, "Over the batch.")
    found = with_what_was_tried([PLATEAU, axis], [cause("model", "TR76")], [], POOR)
    assert found[0].code == "TR32"
    assert found[0].confirmed is not None


@pytest.mark.parametrize("code", ["TR30", "TR70", "TR74", "TR76"])
@pytest.mark.parametrize("where", ["data", "data (val)"])
def test_a_fault_of_the_data_never_carries_the_edit_of_another_part(code, where):
    labels = Finding("TR11", "Corrupted labels", "error", 0.85, where, {}, "They are.")
    found = with_what_was_tried([PLATEAU, labels], [cause("loss", code)], [], POOR)
    told = {f.code: f for f in found}
    assert (told["TR11"].edit, told["TR11"].confirmed) == (None, None)
    assert told[code].edit == {"loss": 0.1}


def test_only_the_first_cause_is_an_error():
    causes = [cause("init", "TR23"), cause("optimizer.lr", "TR35")]
    found = with_what_was_tried([], causes, [], POOR)
    assert [f.severity for f in found] == ["error", "warning"]


def test_where_training_goes_well_an_edit_that_helps_is_a_warning():
    fine = with_what_was_tried([TARGETS], [cause("optimizer.lr", "TR35")], [], FINE)
    assert [(f.code, f.severity) for f in fine] == [("TR06", "warning"), ("TR35", "warning")]
    assert fine[1].confirmed == {"before": 0.3, "after": 0.9}
    # A part that hardly anybody has is one, unless the recipe gets there in its own time.
    odd = replace(cause("model.activation", "TR53"), effect=replace(HELPED, likelihood=0.9))
    assert with_what_was_tried([], [odd], [], FINE)[0].severity == "error"
    slow = replace(FINE, at_length=0.9)
    assert with_what_was_tried([], [odd], [], slow)[0].severity == "warning"
    # What is wrong by construction is an error however well it trains.
    helped = cause("x", "TR26", SOFTMAX.edit)
    found = with_what_was_tried([SOFTMAX], [helped], [], FINE)
    assert [(f.code, f.severity) for f in found] == [("TR26", "error")]


def test_a_fault_of_the_data_is_the_cause_of_what_an_edit_makes_up_for():
    found = with_what_was_tried([TARGETS], [cause("optimizer.lr", "TR36")], [], POOR)
    assert [(f.code, f.severity) for f in found][:2] == [("TR06", "error"), ("TR36", "error")]
    assert with_what_was_tried([TARGETS], [], [], FINE) == [TARGETS]


def test_a_certain_finding_whose_edit_harms_is_no_error():
    found = with_what_was_tried([SOFTMAX], [], [{"x": "linear"}], FINE)
    assert found[0].severity == "warning"
    assert with_what_was_tried([SOFTMAX], [], [], FINE)[0].severity == "error"


def test_what_a_check_confirmed_by_its_own_number_is_not_confirmed():
    checked = replace(SOFTMAX, confirmed={"before": 9.0, "after": 2.3})
    found = with_what_was_tried([checked], [], [], FINE)[0]
    assert found.confirmed is None
    assert found.evidence["confirmed_by_check"] == {"before": 9.0, "after": 2.3}


def test_errors_that_no_edit_tests_stand_only_where_training_goes_badly():
    assert with_what_was_tried([PLATEAU], [], [], POOR)[0].severity == "error"
    assert with_what_was_tried([PLATEAU], [], [], FINE)[0].severity == "warning"


def test_where_nothing_helps_it_says_so_and_where_to_look():
    last = unexplained(POOR, 12, 0, "net:Net")
    assert (last.code, last.where, last.evidence["tried"]) == ("TR90", "net:Net", 12)
    assert "no edit helps (12 edits tried)" in last.why


def test_a_short_training_alone_makes_no_error_of_what_no_edit_changes():
    found = unexplained(replace(POOR, whole=False), 12, 3, "the data", own_model=True)
    assert (found.code, found.severity) == ("TR90", "warning")
    assert "no time for one of the recipe's own length" in found.why


def test_where_nobody_learns_the_targets_do_not_follow_from_the_inputs():
    last = unexplained(HOPELESS, 12, 0, "the data")
    assert last.code == "TR10"
    assert "60% of the training samples" in last.why


def test_of_two_edits_of_a_part_the_first_is_told():
    causes = [cause("init", "TR23"), cause("init", "TR23", {"init": 1, "optimizer.lr": 2})]
    assert len(with_what_was_tried([], causes, [], POOR)) == 1


def test_parts_that_help_only_together_are_named():
    both = replace(cause("init", "TR23"), together=("Wrong init scale", "Unscaled inputs"))
    first = with_what_was_tried([], [both], [], POOR)[0]
    assert first.why.endswith("Together these are: Wrong init scale, Unscaled inputs.")


def test_what_was_not_tried_stays_an_error_where_training_goes_badly():
    untried = with_what_was_tried([LOWER], [], [], POOR)
    assert untried[0].severity == "error"
    refuted = with_what_was_tried([LOWER], [], [], POOR, [LOWER.edit])
    assert refuted[0].severity == "warning"
    assert with_what_was_tried([LOWER], [], [], FINE)[0].severity == "warning"


def test_a_root_goes_before_what_makes_up_for_it():
    more, scaled = cause("train.epochs", "TR55"), cause("data.scale_targets", "TR06")
    found = with_what_was_tried([], [more, scaled], [], POOR)
    assert [f.code for f in found] == ["TR06", "TR55"]
    weak = replace(scaled, effect=replace(HELPED, gains=(0.2, 0.2, 0.2)))
    found = with_what_was_tried([], [more, weak], [], POOR)
    assert [f.code for f in found] == ["TR55", "TR06"]


def test_what_is_wrong_by_construction_goes_before_what_makes_up_for_it():
    norm, softmax = cause("normalization", "TR44"), cause("x", "TR26")
    weak = replace(softmax, effect=replace(HELPED, gains=(0.2, 0.2, 0.2)))
    found = with_what_was_tried([SOFTMAX], [norm, weak], [], POOR)
    assert [(f.code, f.severity) for f in found] == [("TR26", "error"), ("TR44", "warning")]


def test_edits_that_had_no_time_are_told():
    last = unexplained(POOR, 4, 9, "the data")
    assert (
        "no edit helps (4 edits tried, no time for 9 more). Allow more time with --budget"
        in last.why
    )


def test_hopeless_is_only_what_somebody_tried_on_enough_samples():
    assert HOPELESS.hopeless
    assert not replace(HOPELESS, learners=False, edits=False).hopeless
    assert replace(HOPELESS, learners=False).hopeless
    # One sample more or less of a rare class is half of all there is to learn.
    assert not Standing(skill=1.0, reachable=1.0, error=0.6, training=1.0).hopeless


def test_who_tried_is_told():
    both = unexplained(HOPELESS, 3, 0, "the data").why
    assert both.startswith("Neither this network, with or without edits, nor a linear model")
    alone = unexplained(replace(HOPELESS, learners=False), 3, 0, "the data").why
    assert alone.startswith("Nothing of this network, with or without edits, predicts new samples")
    others = unexplained(replace(HOPELESS, edits=False), 0, 0, "the data").why
    assert others.startswith("Neither this network nor a linear model or trees predict")


def test_of_two_sure_findings_with_one_edit_one_is_told():
    bounded = replace(SOFTMAX, code="TR29", name="Bounded")
    head = cause("x", "TR26", {"x": "linear"})
    found = with_what_was_tried([SOFTMAX, bounded], [head], [], POOR)
    assert [f.code for f in found] == ["TR26"]


def test_a_finding_about_the_data_carries_no_other_parts_edit():
    labels = Finding("TR11", "Corrupted labels", "error", 0.85, "data", {}, "They are changed.")
    found = with_what_was_tried([labels], [cause("optimizer", "TR70")], [], POOR)
    assert next(f for f in found if f.code == "TR11").edit is None
    assert [f.code for f in found if f.confirmed] == ["TR70"]


def test_a_cure_that_raises_an_error_says_so():
    lucky = replace(cause("optimizer.lr", "TR36"), raises=("TR35",))
    first = with_what_was_tried([], [lucky], [], POOR)[0]
    assert first.why.endswith("With it the recipe raises TR35.")


def test_a_recipe_that_does_less_than_can_be_reached_has_a_warning():
    behind = replace(FINE, skill=0.876, reachable=0.992)
    assert (behind.poor, behind.behind) == (False, True)
    assert unexplained(behind, 8, 0, "the data").severity == "warning"
    assert not FINE.behind
    assert POOR.behind


def test_what_is_left_when_all_else_was_replaced_is_the_users_network():
    assert unexplained(POOR, 12, 0, "net:Net", own_model=True).code == "TR76"
    assert unexplained(POOR, 12, 3, "net:Net", own_model=True).code == "TR90"
    alone = replace(POOR, learners=False)
    assert unexplained(alone, 12, 0, "net:Net", own_model=True).code == "TR90"
