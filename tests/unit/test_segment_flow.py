"""Segments that dry up or explode: by the exact test, and not by a percentage."""

from math import comb

import pytest

from rules.review.segment_flow import Flow, flows, split_chance


@pytest.mark.parametrize(("since", "total"), [(0, 8), (3, 8), (4, 8), (8, 8), (2, 13)])
def test_the_chance_of_a_split_in_halves(since: int, total: int) -> None:
    """With equal windows, splits as unlikely are those as far from the middle."""
    far = abs(since - total / 2)
    by_hand = sum(comb(total, k) for k in range(total + 1) if abs(k - total / 2) >= far)
    assert split_chance(since, total, 0.5) == pytest.approx(by_hand / 2**total)


def test_a_great_fall_of_few_is_not_told_and_of_many_is() -> None:
    """From 4 to 1 is −75 % and nothing; from 40 to 10 is the same percentage and is told."""
    found = {each.segment: each for each in flows({"a": (4, 1), "b": (40, 10)}, (30, 30), {})}
    assert found["a"].flow is Flow.UNKNOWN
    assert found["b"].flow is Flow.DRYING
    assert found["b"].share == pytest.approx(10 / 11)


def test_days_worked_are_taken_into_account() -> None:
    """Half as many in half of the days is the same flow."""
    (same,) = flows({"a": (40, 20)}, (40, 20), {})
    assert same.flow is Flow.STEADY
    (more,) = flows({"a": (20, 40)}, (40, 20), {})
    assert more.flow is Flow.EXPLODING


def test_a_segment_of_the_plan_without_any_is_there() -> None:
    found = flows({"a": (10, 12)}, (30, 30), {"b": 0.25})
    assert [(each.segment, each.planned) for each in found] == [("a", None), ("b", 0.25)]
    assert found[1].flow is Flow.UNKNOWN


def test_no_day_worked_tells_nothing() -> None:
    (found,) = flows({"a": (40, 0)}, (30, 0), {})
    assert found.flow is Flow.UNKNOWN


def test_many_are_no_trouble() -> None:
    assert split_chance(2_500, 5_000, 0.5) == pytest.approx(1.0)
