"""When things are due, over years and changes of hour, in the team's own time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.located import Misfit
from rules.time import Instant, instant_of
from service.schedule import Every, Weekly, due

# Halifax and Toronto change at 2:00, Santiago at 24:00, Lord Howe by half an hour, Apia skipped a
# day in 2011, Phoenix and Kolkata never change.
ZONES = (
    "America/Toronto",
    "America/Halifax",
    "America/St_Johns",
    "America/Santiago",
    "America/Phoenix",
    "Europe/Paris",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
)
TIMES = ("monday 07:00", "sunday 02:30", "sunday 00:00", "saturday 23:59", "monday 00:00")
TICK = timedelta(hours=1)


def at(zone: str, month: int, day: int, hour: int, minute: int) -> Instant:
    """A wall-clock time of 2026."""
    return instant_of(datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", TIMES)
def test_every_week_of_the_years_is_done_once(zone: str, text: str) -> None:
    spec, place = Weekly.read(text), ZoneInfo(zone)
    now, end = datetime(2025, 1, 6, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)
    done: Counter[str] = Counter()
    first: dict[str, datetime] = {}
    while now < end:
        period = due(instant_of(now), place, spec)
        if period is not None and period not in done:
            done[period] += 1
            first[period] = now.astimezone(place)
        now += TICK

    # 2025 has 52 ISO weeks and 2026 has 53; the ends of the range may cut one at each side.
    weeks = [f"{year}-W{week:02d}" for year, last in ((2025, 52), (2026, 53)) for week in
             range(1, last + 1)]  # fmt: skip
    assert set(weeks[2:-1]) <= done.keys()
    for period in weeks[2:-1]:
        local = first[period].replace(tzinfo=None)
        year, week = (int(part) for part in period.split("-W"))
        monday = datetime.fromisocalendar(year, week, 1)
        late = local - (monday + timedelta(days=spec.day, minutes=spec.minutes))
        # In the hour that autumn repeats, clocks show less than what went by.
        late += timedelta(hours=first[period].fold)
        # The first tick at or after the time; a time in the gap of spring comes an hour later.
        assert timedelta(0) <= late < timedelta(hours=1) + TICK


def test_a_time_in_the_gap_of_spring_comes_right_after_it() -> None:
    # On Sunday 8 March 2026, Toronto's clocks go from 2:00 to 3:00: 2:30 never is.
    spec, zone = Weekly.read("sunday 02:30"), ZoneInfo("America/Toronto")
    before = instant_of(datetime(2026, 3, 8, 6, 59, tzinfo=UTC))
    assert due(before, zone, spec) is None
    by_then = instant_of(datetime(2026, 3, 8, 7, 30, tzinfo=UTC))
    assert due(by_then, zone, spec) == "2026-W10"


def test_a_time_that_comes_twice_in_autumn_is_the_first_of_them() -> None:
    # On Sunday 1 November 2026, 1:30 is at 5:30 UTC and again at 6:30 UTC.
    spec, zone = Weekly.read("sunday 01:30"), ZoneInfo("America/Toronto")
    assert due(instant_of(datetime(2026, 11, 1, 5, 29, tzinfo=UTC)), zone, spec) is None
    for minute in (30, 59):
        found = due(instant_of(datetime(2026, 11, 1, 5, minute, tzinfo=UTC)), zone, spec)
        assert found == "2026-W44"
    assert due(instant_of(datetime(2026, 11, 1, 6, 30, tzinfo=UTC)), zone, spec) == "2026-W44"


def test_a_week_that_was_missed_stays_due_until_its_end() -> None:
    spec, zone = Weekly.read("monday 07:00"), ZoneInfo("America/Toronto")
    name = "America/Toronto"
    assert due(at(name, 6, 29, 6, 59), zone, spec) is None
    assert due(at(name, 6, 29, 7, 0), zone, spec) == "2026-W27"
    assert due(at(name, 7, 5, 23, 59), zone, spec) == "2026-W27"
    assert due(at(name, 7, 6, 0, 0), zone, spec) is None


def test_the_week_is_that_of_the_team() -> None:
    # Monday 7:00 in Auckland is still Sunday in Toronto.
    spec, now = Weekly.read("monday 07:00"), at("Pacific/Auckland", 6, 29, 7, 0)
    assert due(now, ZoneInfo("Pacific/Auckland"), spec) == "2026-W27"
    assert due(now, ZoneInfo("America/Toronto"), spec) == "2026-W26"


def test_periods_of_minutes_follow_each_other_without_a_gap() -> None:
    zone = ZoneInfo("America/Toronto")
    start = instant_of(datetime(2026, 3, 8, 6, 0, tzinfo=UTC))
    found = [due(start + minute * 60_000, zone, Every(15)) for minute in range(120)]
    assert set(Counter(found).values()) == {15}
    assert len(set(found)) == 8


@pytest.mark.parametrize(
    ("text", "day", "minutes"),
    [
        ("monday 07:00", 0, 420),
        ("  Sunday 23:59 ", 6, 1439),
        ("WEDNESDAY 00:00", 2, 0),
    ],
)
def test_times_of_the_week_that_can_be_read(text: str, day: int, minutes: int) -> None:
    assert Weekly.read(text) == Weekly(day, minutes)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("monday 24:00", ""),
        ("monday 7:00", ""),
        ("monday", ""),
        ("", ""),
        ("07:00", ""),
        ("monday 07:60", ""),
        ("monday 07:00 07:00", ""),
        ("mondai 07:00", "did you mean 'monday'?"),
        ("wensday 7h", "did you mean 'wednesday'?"),
    ],
)
def test_times_of_the_week_that_can_not(text: str, hint: str) -> None:
    with pytest.raises(Misfit) as raised:
        Weekly.read(text)
    assert f"'{text}' is not a time of the week" in raised.value.text.en
    assert "(monday 07:00)" in raised.value.text.fr
    assert ("did you mean" in raised.value.text.en) == bool(hint)
    assert hint in raised.value.text.en
