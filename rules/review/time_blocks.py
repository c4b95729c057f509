"""The week of a plan as blocks of a calendar: how many hours for whom, on which mornings.

The hours of a week (`time:` of a plan) are laid out from Monday morning on, one group after the
other, within working hours. Each block comes back every week while its terms hold, but for the
holidays of the team and the absences of the rep. The file is iCalendar (RFC 5545): lines of at most
75 octets that end with CRLF, texts escaped, times in the team's zone with its rules. The same plan
gives the same bytes and the same identifiers, so that importing a file again changes its blocks
and adds none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from rules.calendar import week_of
from rules.language import Language, Text, shown
from rules.plan.plan import Plan
from rules.team import Team
from rules.time import Day, date_of
from rules.working_days import WorkingDays

# Of a day, in minutes: the morning and the afternoon; more hours begin earlier and end later.
_HALVES = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
_WIDE = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
_WEEKDAYS = 5
_STEP = 30
_OCTETS = 75
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
_KEPT_FREE = Text("selon le plan", "by the plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some hours of each week for a group; `weekday` is 0 on Monday, times are minutes of a day.

    It comes back from the first day to the last, but for the days that are `without`.
    """

    group: str
    label: Text
    weekday: int
    start: int
    end: int
    first: Day
    last: Day
    without: Sequence[Day] = ()


def blocks(plan: Plan, team: Team, labels: Mapping[str, Text]) -> list[Block]:
    """The blocks of a plan, under each of its terms; none where it shares no time."""
    work = plan.work(team)
    found: list[Block] = []
    for held, terms in plan.versions(work.fiscal_start):
        within = held.clipped(work.start, work.end)
        if within is None or terms.time is None:
            continue
        for group, weekday, start, end in _laid_out(terms.time.capacity, terms.time.shares):
            days = _days(weekday, within.first, within.last)
            if days:
                missed = [day for day in days if day not in work]
                found.append(
                    Block(
                        group=group, label=labels.get(group, Text(group, group)), weekday=weekday,
                        start=start, end=end, first=days[0], last=days[-1], without=missed,
                    )
                )  # fmt: skip
    return found


def _laid_out(capacity: float, shares: Mapping[str, float]) -> Iterator[tuple[str, int, int, int]]:
    """(group, weekday, start, end), from Monday morning on; half hours, rounded once each."""
    room = _room(capacity)
    done, place, used = 0.0, 0, 0
    for group, share in shares.items():
        before = round(done * 60 / _STEP) * _STEP
        done += capacity * share
        left = round(done * 60 / _STEP) * _STEP - before
        while left > 0 and place < len(room):
            weekday, start, end = room[place]
            minutes = min(left, end - start - used)
            yield group, weekday, start + used, start + used + minutes
            left -= minutes
            used += minutes
            if start + used == end:
                place, used = place + 1, 0


def _room(capacity: float) -> list[tuple[int, int, int]]:
    """The halves of the days of a week: those of an ordinary week, or of a long one."""
    for halves in (_HALVES, _WIDE):
        hours = sum(end - start for start, end in halves) * _WEEKDAYS / 60
        if capacity <= hours:
            break
    return [(weekday, *half) for weekday in range(_WEEKDAYS) for half in halves]


def _days(weekday: int, first: Day, last: Day) -> list[Day]:
    start = week_of(first).first + weekday
    return list(range(start if start >= first else start + 7, last + 1, 7))


def written(found: Sequence[Block], *, plan: Plan, team: Team, name: str) -> str:
    """The blocks as an iCalendar file; `name` is whose week it is, in the language of the team."""
    work: WorkingDays = plan.work(team)
    year = plan.days(work.fiscal_start)
    zone = team.zone.key
    # The stamp is part of the identity of the file: the plan's first day, not the clock's.
    stamp = f"{date_of(year.first):%Y%m%d}T000000Z"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Arpent//Plan//FR", "CALSCALE:GREGORIAN",
             "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(name)}", f"X-WR-TIMEZONE:{zone}"]  # fmt: skip
    lines += _zone(team, year.first, year.last)
    for block in found:
        lines += _event(block, plan.owner, zone, stamp, team.language)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(block: Block, owner: str, zone: str, stamp: str, language: Language) -> Iterator[str]:
    at = f";TZID={zone}:"
    # It ends with its last day: in UTC, as a start that has a zone asks, after any hour of it.
    until = f"{date_of(block.last + 1):%Y%m%d}T235959Z"
    yield "BEGIN:VEVENT"
    yield f"UID:{_identifier(block, owner)}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART{at}{_local(block.first, block.start)}"
    yield f"DTEND{at}{_local(block.first, block.end)}"
    yield f"RRULE:FREQ=WEEKLY;UNTIL={until}"
    for day in block.without:
        yield f"EXDATE{at}{_local(day, block.start)}"
    yield f"SUMMARY:{_text(block.label.to(language))}"
    yield f"DESCRIPTION:{_text(f'Arpent – {_KEPT_FREE.to(language)}')}"
    yield "TRANSP:OPAQUE"
    yield "END:VEVENT"


def _identifier(block: Block, owner: str) -> str:
    """The same for the same block of the same terms, whenever and wherever it is written."""
    parts = (owner, block.group, block.weekday, block.start, block.first)
    return f"{sha256('|'.join(map(str, parts)).encode()).hexdigest()[:32]}@arpent"


def _local(day: Day, minutes: int) -> str:
    return f"{date_of(day):%Y%m%d}T{minutes // 60:02}{minutes % 60:02}00"


def _text(written_text: str) -> str:
    return "".join(_ESCAPED.get(each, each) for each in shown(written_text))


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, none of which cuts a letter; RFC 5545, 3.1."""
    piece, octets = "", 0
    for letter in line:
        width = len(letter.encode())
        if octets + width > _OCTETS:
            yield piece
            piece, octets = " ", 1
        piece += letter
        octets += width
    yield piece


def _zone(team: Team, first: Day, last: Day) -> Iterator[str]:
    """The rules of the zone over some days: what holds at first, then each change of hour."""
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{team.zone.key}"
    before = _at(team, datetime.combine(date_of(first - 1), datetime.min.time(), tzinfo=UTC))
    yield from _observance(before, before, "19700101T000000")
    moment = datetime.combine(date_of(first - 1), datetime.min.time(), tzinfo=UTC)
    end = datetime.combine(date_of(last + 2), datetime.min.time(), tzinfo=UTC)
    while moment < end:
        moment += timedelta(minutes=_STEP)
        after = _at(team, moment)
        if after.utcoffset() != before.utcoffset():
            # A change begins at the wall clock of before it.
            local = moment.replace(tzinfo=None) + (before.utcoffset() or timedelta())
            yield from _observance(before, after, f"{local:%Y%m%dT%H%M%S}")
        before = after
    yield "END:VTIMEZONE"


def _at(team: Team, moment: datetime) -> datetime:
    return moment.astimezone(team.zone)


def _observance(before: datetime, after: datetime, start: str) -> Iterator[str]:
    kind = "DAYLIGHT" if after.dst() else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{start}"
    yield f"TZOFFSETFROM:{_offset(before)}"
    yield f"TZOFFSETTO:{_offset(after)}"
    yield f"TZNAME:{_text(after.tzname() or '')}"
    yield f"END:{kind}"


def _offset(moment: datetime) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
