"""When things are due: pure functions of the instant and the team's zone.

The scheduler only wakes us; what is due is decided here, and done once by the ledger. A weekly
time that a change of hour skips is taken by the hour before the change: 02:30 is then 03:30.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from rules.calendar import week_of
from rules.language import Text
from rules.located import Misfit, nearest
from rules.time import Day, Instant, date_of, day_of, instant_of, moment_of

_MINUTE = 60_000
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_HOURS = re.compile(rf"^{_CLOCK}\s*-\s*{_CLOCK}$")
_WEEKLY = re.compile(r"^(\w+) ([01]\d|2[0-3]):([0-5]\d)$")


@dataclass(frozen=True, slots=True)
class Every:
    """So many minutes apart."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once a week, at a local time; `day` is 0 on Monday."""

    day: int
    minutes: int

    @classmethod
    def read(cls, text: str) -> "Weekly":
        """`monday 07:00`; raises `Misfit` when it can't be read."""
        found = _WEEKLY.match(text.strip().lower())
        if not found or found[1] not in _DAYS:
            day = text.strip().lower().partition(" ")[0]
            hint = Text("", "") if day in _DAYS else nearest(day, _DAYS)
            raise Misfit(
                f"« {text} » n'est pas un moment de la semaine{hint.fr} (monday 07:00)",
                f"'{text}' is not a time of the week{hint.en} (monday 07:00)",
            )
        return cls(_DAYS.index(found[1]), int(found[2]) * 60 + int(found[3]))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of each day in which nothing is written to a CRM, in minutes from midnight.

    They may span midnight; the end is not among them.
    """

    start: int
    end: int

    @classmethod
    def read(cls, text: str) -> "Quiet":
        """`20:00-06:30`; raises `Misfit` when it can't be read."""
        found = _HOURS.match(text.strip())
        if not found:
            raise Misfit(
                f"« {text} » ne se lit pas comme des heures (20:00-06:30)",
                f"'{text}' can't be read as hours (20:00-06:30)",
            )
        hours = [int(each) for each in found.groups()]
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if start == end:
            raise Misfit(
                f"« {text} » commence et finit à la même heure",
                f"'{text}' begins and ends at the same hour",
            )
        return cls(start, end)

    def holds(self, now: Instant, zone: ZoneInfo) -> bool:
        """Whether an instant is among these hours, by the clocks of the zone."""
        wall = moment_of(now, zone)
        minute = wall.hour * 60 + wall.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def due(now: Instant, zone: ZoneInfo, spec: Every | Weekly) -> str | None:
    """The period whose turn has come at `now`, as a key for the ledger; None before its time.

    A period that was missed stays due until its end, so it is caught up once.
    """
    match spec:
        case Every():
            return str(now // (spec.minutes * _MINUTE))
        case Weekly():
            week = week_of(day_of(now, zone))
            return week.key if now >= _local_time(week.first + spec.day, spec, zone) else None


def _local_time(day: Day, spec: Weekly, zone: ZoneInfo) -> Instant:
    """The instant of a wall-clock time of a day."""
    wall = datetime.combine(date_of(day), time(spec.minutes // 60, spec.minutes % 60), tzinfo=zone)
    return instant_of(wall.astimezone(UTC))
