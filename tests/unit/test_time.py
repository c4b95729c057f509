"""Instants and days: the arithmetic agrees with the calendar of each zone, to the edges of it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.time import day_number, day_of, instant_of

# Half hours, a change of half an hour, a day that never was, offsets to the second.
ZONES = st.sampled_from(
    [
        "America/Toronto", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe",
        "Pacific/Apia", "Africa/Monrovia", "Africa/Casablanca", "Antarctica/Troll",
    ]
).map(ZoneInfo)  # fmt: skip
TORONTO = ZoneInfo("America/Toronto")
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - counted by hand
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - bounds are naive


@given(moment=MOMENTS)
def test_an_instant_counts_whole_milliseconds(moment: datetime) -> None:
    found = EPOCH + timedelta(milliseconds=instant_of(moment.replace(tzinfo=UTC)))
    assert timedelta(0) <= moment - found < timedelta(milliseconds=1)


@given(moment=MOMENTS, zone=ZONES)
@example(moment=datetime(2026, 3, 8, 4, 59, 59), zone=TORONTO)  # noqa: DTZ001 - in UTC
@example(moment=datetime(2026, 3, 8, 5), zone=TORONTO)  # noqa: DTZ001 - in UTC
@example(moment=datetime(2026, 11, 2, 4, 59), zone=TORONTO)  # noqa: DTZ001 - in UTC
@example(moment=datetime(2011, 12, 30, 9, 59), zone=ZoneInfo("Pacific/Apia"))  # noqa: DTZ001 - in UTC
def test_a_day_is_the_one_on_the_wall_calendar(moment: datetime, zone: ZoneInfo) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert day_of(instant_of(aware), zone) == day_number(aware.astimezone(zone).date())


def test_an_instant_past_every_calendar_has_no_day() -> None:
    with pytest.raises(OverflowError):
        day_of(10**15, TORONTO)
