"""Instants and days as plain integers, so that both databases compute alike.

An *instant* is UTC milliseconds since 1970-01-01. A *day* is a calendar day of the team's zone,
counted from 1970-01-01. Rules, weeks and months are made of days; only records carry instants.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Instant = int
Day = int

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime, truncated to the millisecond."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment_of(instant: Instant, zone: ZoneInfo) -> datetime:
    """The aware datetime of an instant in a zone."""
    return (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone)


def day_number(day: date) -> Day:
    """The number of a calendar day."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(day: Day) -> date:
    """The calendar day of a day number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def day_of(instant: Instant, zone: ZoneInfo) -> Day:
    """The calendar day on which an instant falls in a zone."""
    return day_number(moment_of(instant, zone).date())


def start_of(day: Day, zone: ZoneInfo) -> Instant:
    """The first instant of a day in a zone; in a gap of the clock, the instant that ends it."""
    midnight = datetime.combine(date_of(day), datetime.min.time(), tzinfo=zone)
    return instant_of(midnight.astimezone(UTC))
