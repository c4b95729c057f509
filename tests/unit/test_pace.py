"""The pace of requests: never more than the limit in any window, whatever happens in between."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Retriable
from connectors.pace import Clock, DailyBudget, Governor

MIDNIGHT = 1_795_500_000_000


@dataclass(slots=True)
class Time:
    """A clock that moves when somebody sleeps, or when it is told to."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.now,
            wall=lambda: MIDNIGHT + round(self.now * 1000),
            sleep=self.sleep,
            jitter=lambda: 1.0,
        )


def hour(instant: int) -> str:
    return f"<{instant}>"


def is_within(sends: list[float], limit: int, interval: float) -> bool:
    """Whether no window of that length, open at its end, holds more sends than the limit."""
    return all(
        later - earlier >= interval for earlier, later in zip(sends, sends[limit:], strict=False)
    )


@given(
    limit=st.integers(1, 12),
    interval=st.floats(0.1, 20),
    pauses=st.lists(st.floats(0, 5), max_size=60),
)
def test_no_window_ever_holds_more_than_the_limit(
    limit: int, interval: float, pauses: list[float]
) -> None:
    time = Time()
    governor = Governor(limit=limit, interval=interval, clock=time.clock)
    sends = []
    for pause in pauses:
        time.now += pause
        governor.acquire()
        sends.append(time.now)

    assert is_within(sends, limit, interval)


@given(
    steps=st.lists(
        st.tuples(st.floats(0, 0.5), st.none() | st.tuples(st.integers(1, 30), st.just(1.0))),
        max_size=80,
    )
)
def test_a_limit_that_shrinks_holds_at_once(
    steps: list[tuple[float, tuple[int, float] | None]],
) -> None:
    time = Time()
    governor = Governor(limit=30, interval=1.0, clock=time.clock)
    sends: list[float] = []
    for pause, limit in steps:
        time.now += pause
        if limit is not None:
            governor.resize(*limit)
        governor.acquire()
        recent = [sent for sent in sends if time.now - sent < 1.0]
        sends.append(time.now)

        assert len(recent) < governor.limit


def test_a_burst_goes_through_at_once_and_the_next_waits_for_the_window() -> None:
    time = Time()
    governor = Governor(limit=190, interval=10, clock=time.clock)

    for _ in range(188):
        governor.acquire()
    assert time.sleeps == []

    governor.acquire()
    assert time.now == pytest.approx(10.03)


@pytest.mark.parametrize(("limit", "used"), [(190, 188), (110, 108), (100, 99), (5, 4), (1, 1)])
def test_a_margin_of_a_hundredth_is_left(limit: int, used: int) -> None:
    assert Governor(limit=limit, interval=10, clock=Time().clock).limit == used


def test_a_pause_holds_everybody() -> None:
    time = Time()
    governor = Governor(limit=5, interval=1, clock=time.clock)

    governor.pause(7)
    governor.acquire()

    assert time.now == pytest.approx(7)


def test_the_day_s_reserve_is_left_to_other_tools() -> None:
    time = Time()
    budget = DailyBudget(clock=time.clock)
    budget.observe(limit=1000, remaining=101, resets_at=MIDNIGHT + 60_000)
    budget.check(hour)

    budget.observe(limit=1000, remaining=100, resets_at=MIDNIGHT + 60_000)
    with pytest.raises(Retriable) as caught:
        budget.check(hour)

    assert caught.value.retry_after == 60
    assert hour(MIDNIGHT + 60_000) in caught.value.message.fr
    assert "left to your other tools" in caught.value.message.en
    time.now = 60
    budget.check(hour)


def test_a_day_that_everybody_used_up_leaves_nothing_to_other_tools() -> None:
    time = Time()
    budget = DailyBudget(clock=time.clock)

    budget.use_up(MIDNIGHT + 60_000)
    with pytest.raises(Retriable) as caught:
        budget.check(hour)

    assert "all tools together" in caught.value.message.en
    assert "left to your other tools" not in caught.value.message.en
