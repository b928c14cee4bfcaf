"""What the forms of a run folder's files let through must be safe to compute with."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trickrun.findings.evidence.constant import Constant
from trickrun.run.records import ConstantScores, checked

NUMBERS = st.floats(allow_nan=True) | st.sampled_from([0.0, 1.0, -1.0, 1e308, 5e-324])


@given(st.fixed_dictionaries(dict.fromkeys(("loss", "chance", "samples", "accuracy"), NUMBERS)))
def test_the_scores_of_a_constant_answer_that_are_let_through_can_be_judged(
    found: dict[str, Any],
) -> None:
    with contextlib.suppress(ValueError):
        checked(found, ConstantScores)
        constant = Constant(**found)
        assert constant.lead() >= 0
        assert constant.accuracy_lead(tries=3) > 0
        assert constant.beaten(0.1, 0.9) in (True, False)
        assert constant.can_tell() in (True, False)
