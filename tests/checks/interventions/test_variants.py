"""Which trainings are wanted, and backward elimination; nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from trickrun.checks.interventions.variants import Variant, backward_elimination, untrained


class Asked:
    """Says that parts are enough if they hold all that are needed, and notes what it was asked."""

    def __init__(self, needed: str) -> None:
        self.needed = set(needed)
        self.asked: list[str] = []

    def __call__(self, parts: Sequence[str]) -> bool:
        self.asked.append("".join(parts))
        return self.needed <= set(parts)


@pytest.mark.parametrize("needed", ["ae", "c", "f", "abcdef", "bdf"])
def test_only_what_is_needed_is_left(needed: str) -> None:
    assert "".join(backward_elimination("abcdef", Asked(needed))) == needed


def test_the_last_is_left_out_first_and_each_is_asked_for_once() -> None:
    asked = Asked("a")
    backward_elimination("abcd", asked)
    assert asked.asked == ["abc", "ab", "a"]


def test_where_two_would_do_the_first_stays() -> None:
    assert backward_elimination("abc", lambda parts: bool({"a", "b"} & set(parts))) == ["a"]


def test_so_many_stay_in_any_case() -> None:
    asked = Asked("")
    assert backward_elimination("abc", asked, at_least=2) == ["a", "b"]
    assert backward_elimination("abc", asked) == ["a"]
    assert backward_elimination("a", asked) == ["a"]
    assert asked.asked == ["ab", "ab", "a"]


def test_without_time_to_find_out_all_that_is_left_stays() -> None:
    answers = iter([True, False, False, False])
    assert backward_elimination("abcd", lambda parts: next(answers)) == ["a", "b", "c"]


def test_equal_parts_are_left_out_one_at_a_time() -> None:
    parts = [["x"], ["x"]]
    assert backward_elimination(parts, lambda some: len(some) >= 1) == [["x"]]


def test_each_seed_of_each_variant_is_trained_once() -> None:
    known: dict[str, Variant[float]] = {}
    wanted = {"as it is": {}, "lr": {"optimizer.lr": 0.1}}
    for _, variant, seed in untrained(known, wanted, [0, 1]):
        variant.results[seed] = 0.5
    assert known["lr"] == Variant({"optimizer.lr": 0.1}, {0: 0.5, 1: 0.5})
    again = [(name, seed) for name, _, seed in untrained(known, wanted, [1, 2])]
    assert again == [("as it is", 2), ("lr", 2)]


def test_what_cannot_be_trained_is_not_tried_again() -> None:
    known: dict[str, Variant[float]] = {}
    tried = []
    for name, variant, seed in untrained(known, {"bad": {"init": 3}}, [0, 1]):
        tried.append((name, seed))
        variant.reason = "no recipe"
    assert tried == [("bad", 0)]
    assert list(untrained(known, {"bad": {"init": 3}}, [2])) == []
