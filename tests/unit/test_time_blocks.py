"""The week of a plan as a calendar, read again by a parser of its own."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from rules.language import Text
from rules.plan.plan import Plan
from rules.review.time_blocks import Block, blocks, written
from rules.rulebook import Rulebook, compile_rulebook
from tests.playbooks import shipped

ZONE = ZoneInfo("America/Toronto")
LABELS = {"prospects": Text("Prospects ; à voir, \\ bientôt\nBEGIN:VALARM", "Prospects")}


def book(**changes: str) -> Rulebook:
    files = shipped()
    plan = files["plans/elise.yaml"]
    for before, after in changes.items():
        plan = plan.replace(f"{before}:", f"{after}:") if after.endswith(":") else plan + after
    files["plans/elise.yaml"] = plan
    files["team.yaml"] = files["team.yaml"].replace("fiscal_year:", "holidays: CA-QC\nfiscal_year:")
    return compile_rulebook(files)


BOOK = book()


def file_of(found: Rulebook = BOOK) -> str:
    (plan,) = found.plans
    return written(
        blocks(plan, found.team, LABELS), plan=plan, team=found.team, name="Élise, la semaine"
    )


def parsed(text: str) -> list[Any]:
    calendar = Calendar.from_ical(text)
    return [each for each in calendar.walk("VEVENT") if each is not None]


def occurrences(event: Any) -> list[datetime]:
    """When an event happens, at the wall clock of its zone; it must come back weekly."""
    assert event["RRULE"]["FREQ"] == ["WEEKLY"]
    (until,) = event["RRULE"]["UNTIL"]
    rule, at = [], event["DTSTART"].dt
    while at <= until:
        rule.append(at)
        at += timedelta(days=7)
    given = event.get("EXDATE", [])
    without = {
        each.dt for some in (given if isinstance(given, list) else [given]) for each in some.dts
    }
    return [each for each in rule if each not in without]


def test_a_week_holds_the_hours_of_the_plan() -> None:
    (plan,) = BOOK.plans
    hours: dict[str, float] = {}
    for block in blocks(plan, BOOK.team, {}):
        hours[block.group] = hours.get(block.group, 0) + (block.end - block.start) / 60
    # 32 h: 50, 30 and 20 %, to the half hour.
    assert hours == {"prospects": 16.0, "existing": 9.5, "strategic": 6.5}


def test_blocks_do_not_meet_and_stay_within_the_day() -> None:
    (plan,) = BOOK.plans
    found: list[Block] = sorted(
        blocks(plan, BOOK.team, {}), key=lambda each: (each.weekday, each.start)
    )
    for before, after in pairwise(found):
        assert before.weekday < after.weekday or before.end <= after.start
    assert all(9 * 60 <= each.start < each.end <= 17 * 60 for each in found)


def test_a_parser_reads_every_block_without_holidays() -> None:
    events = parsed(file_of())
    days = {each.date() for event in events for each in occurrences(event)}
    assert date(2026, 1, 1) not in days
    assert date(2026, 6, 24) not in days
    assert date(2026, 1, 2) in days
    assert max(days) <= date(2026, 12, 31)
    assert all(day.weekday() < 5 for day in days)
    assert len({str(event["UID"]) for event in events}) == len(events)


def test_a_block_keeps_its_hour_when_the_clocks_change() -> None:
    calendar = Calendar.from_ical(file_of())
    zone: Any = calendar.walk("VTIMEZONE")[0]
    told = zone.to_tz()
    for naive in (datetime(2026, 2, 2, 9), datetime(2026, 7, 6, 9), datetime(2026, 11, 30, 9)):  # noqa: DTZ001 - given its zone below
        assert naive.replace(tzinfo=told).utcoffset() == naive.replace(tzinfo=ZONE).utcoffset()
    first = parsed(file_of())[0]
    assert {each.hour for each in occurrences(first)} == {9}


def test_an_absence_is_left_out() -> None:
    found = book(away="away: [2026-07-20..2026-07-31]\n")
    days = {each.date() for event in parsed(file_of(found)) for each in occurrences(event)}
    assert not {date(2026, 7, 20) + timedelta(each) for each in range(12)} & days
    assert date(2026, 8, 3) in days


def test_lines_are_short_end_as_asked_and_hold_what_was_written() -> None:
    text = file_of()
    assert text.endswith("\r\n")
    lines = text.split("\r\n")
    assert all("\n" not in line and "\r" not in line for line in lines)
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "BEGIN:VALARM" not in lines
    summaries = {str(event["SUMMARY"]) for event in parsed(text)}
    assert "Prospects ; à voir, \\ bientôt BEGIN:VALARM" in summaries


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert file_of() == file_of(book())


def test_a_revision_has_blocks_of_its_own() -> None:
    found = book(
        time="revisions:\n  - from: 2026-07-06\n    why: essai\n"
        "    time: {capacity: 20 h per week, prospects: 100 %}\n"
    )
    (plan,) = found.plans
    before, after = (
        [each for each in blocks(plan, found.team, {}) if (each.group == group) == is_after]
        for group, is_after in (("prospects", False), ("prospects", True))
    )
    assert max(each.last for each in before) < max(each.last for each in after)
    later = [each for each in after if date(2026, 7, 6) <= date(1970, 1, 1) + timedelta(each.first)]
    assert sum(each.end - each.start for each in later) == 20 * 60


def test_a_plan_without_time_has_no_block() -> None:
    (plan,) = BOOK.plans
    bare: Plan = plan.model_copy(update={"time": None})
    assert blocks(bare, BOOK.team, {}) == []


@pytest.mark.parametrize(("capacity", "least"), [("40 h per week", 40), ("44 h per week", 44)])
def test_a_long_week_has_room(capacity: str, least: int) -> None:
    files = shipped()
    files["plans/elise.yaml"] = files["plans/elise.yaml"].replace("32 h per week", capacity)
    found = compile_rulebook(files)
    (plan,) = found.plans
    assert sum(each.end - each.start for each in blocks(plan, found.team, {})) == least * 60
