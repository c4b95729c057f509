"""Years of weekly periods, over zones and outages, by two workers: none missing, none double."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.time import Instant, instant_of, moment_of
from service.schedule import Weekly, due
from service.store import ledger
from service.store.engine import Store

ZONES = (
    "America/Toronto", "America/St_Johns", "Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Chatham", "UTC",
)  # fmt: skip
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Weeks of each zone; `make torture` asks for 7,500, which makes 75,000 periods.
WEEKS = int(os.environ.get("ARPENT_TEST_WEEKS", "20"))
HOUR = 3_600_000
FIRST = date(1990, 1, 1)


def ticks(chance: random.Random, start: Instant, end: Instant) -> Iterator[Instant]:
    """The instants at which some worker wakes: each hour or so, with outages of up to three weeks.

    Two workers wake at nearly the same time, now and then at the very same instant.
    """
    now = start
    while now < end:
        yield now
        yield now + chance.choice((0, 1, 700, 15_000))
        now += chance.randrange(HOUR // 2, 6 * HOUR)
        if chance.random() < 0.002:
            now += chance.randrange(21 * 24 * HOUR)


def weeks_to_do(zone: ZoneInfo, weekly: str, woken: list[Instant]) -> dict[str, Instant]:
    """The weeks that can be done and when, worked out by the calendar: no use of `due`.

    A week is done at the first waking from its hour on, before the next Monday.
    """
    day, _, clock = weekly.partition(" ")
    hour = time.fromisoformat(clock)
    found: dict[str, Instant] = {}
    for now in woken:
        wall = moment_of(now, zone)
        year, week, weekday = wall.isocalendar()
        monday = wall.date() - timedelta(days=weekday - 1)
        wanted = datetime.combine(monday + timedelta(days=DAYS.index(day)), hour, tzinfo=zone)
        if now >= instant_of(wanted):
            found.setdefault(f"{year}-W{week:02}", now)
    return found


@pytest.mark.parametrize("zone_name", ZONES)
def test_each_week_is_done_once_at_its_first_waking(store: Store, zone_name: str) -> None:
    chance = random.Random(f"{zone_name}")  # noqa: S311 - a course of events, not a secret
    zone = ZoneInfo(zone_name)
    # In the small hours of Sunday, most changes of hour happen.
    day, hour = chance.choice(("sunday", "monday")), chance.choice(("00:00", "02:30", "07:00"))
    weekly = f"{day} {hour}"
    spec = Weekly.read(weekly)
    start = instant_of(datetime.combine(FIRST, time(), tzinfo=zone))
    woken = list(ticks(chance, start, start + WEEKS * 7 * 24 * HOUR))
    done: Counter[str] = Counter()
    at: dict[str, Instant] = {}
    with store.write() as connection:
        for now in woken:
            week = due(now, zone, spec)
            if week and ledger.enter(connection, "a", scope="b", period=week, run_id=1, now=now):
                done[week] += 1
                at[week] = now
    assert set(done.values()) == {1}
    assert at == weeks_to_do(zone, weekly, woken)
    assert len(done) >= WEEKS * 0.5
