"""Wilson's interval against figures published elsewhere, and where it ends."""

import pytest

from rules.chance.intervals import Interval, wilson


@pytest.mark.parametrize(
    ("won", "closed", "published"),
    [(3, 12, [0.09, 0.53]), (1, 12, [0.015, 0.35]), (0, 12, [0, 0.24]), (36, 144, [0.19, 0.33])],
)
def test_known_intervals(won: int, closed: int, published: list[float]) -> None:
    # The ends that are published have two decimals, one of them three.
    assert [*wilson(won, closed)] == pytest.approx(published, abs=0.005)


def test_wins_and_losses_are_mirror_images() -> None:
    won, lost = wilson(3, 12), wilson(9, 12)
    assert [won.low, won.high] == pytest.approx([1 - lost.high, 1 - lost.low])


def test_none_and_all_reach_the_ends() -> None:
    assert wilson(0, 7).low == 0
    assert wilson(7, 7).high == 1
    assert wilson(0, 0) == Interval(0, 1)


def test_the_ends_are_as_far_as_their_own_errors_allow() -> None:
    """The definition itself: each end differs from what was seen by z of its own errors."""
    for end in wilson(5, 40):
        assert abs(5 / 40 - end) == pytest.approx(
            1.959964 * (end * (1 - end) / 40) ** 0.5, rel=1e-6
        )


def test_intervals_that_touch_overlap() -> None:
    assert Interval(0.1, 0.3).overlaps(Interval(0.3, 0.5))
    assert not Interval(0.1, 0.3).overlaps(Interval(0.31, 0.5))


@pytest.mark.parametrize(("won", "closed"), [(3, 2), (-1, 2)])
def test_counts_that_cannot_be_are_refused(won: int, closed: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson(won, closed)
