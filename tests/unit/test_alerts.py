"""`alerts.yaml`, the windows of a rep's plan, the life of an episode, and its words."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import rules
from rules.alerts import (
    Alerts,
    Evidence,
    Next,
    Step,
    alert_key,
    due_instant,
    judged,
    next_step,
    read_alerts,
    rendered,
)
from rules.calendar import Period, Span, fiscal_year
from rules.deviations import Deviation, State
from rules.kpis import Kpis
from rules.language import Language, Text
from rules.plan import Rate
from rules.time import day_number, instant_of
from rules.yaml_text import read

PLAYBOOK = Path(rules.__file__).parent / "playbook"
KPIS = Kpis.model_validate(
    {
        "opportunities_opened": {"label": "Opened", "minimum": "10k"},
        "conversion_rate": {"label": "Rate", "window": "90 d"},
    }
)
GOOD = """\
start: 2026-01-05
deviations:
  opened:
    kpi: opportunities_opened
    windows: [4 w, 8 w, 13 w]
    confirmed: task
    due: 2 d
    subject: ["{value} en {weeks}", "{value} in {weeks}"]
    body: ["{low} à {high}", "{low} to {high}"]
"""
TORONTO = ZoneInfo("America/Toronto")
MONTHLY = Rate(12, Span.MONTH)
# A Sunday: the last day of the last complete week.
SUNDAY = day_number(date(2026, 6, 28))
DEVIATION = Deviation(
    state=State.CONFIRMED,
    window=8,
    observed=10,
    expected=22.4,
    low=12,
    high=34,
    p=0.0041,
    missing=2,
)


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def alerts_of(text: str) -> Alerts:
    document = read("alerts.yaml", text)
    alerts = read_alerts(document, KPIS)
    assert alerts is not None
    assert document.issues == []
    return alerts


def complaints(text: str) -> list[str]:
    document = read("alerts.yaml", text)
    read_alerts(document, KPIS)
    return [issue.to(Language.EN) for issue in document.issues]


def test_the_shipped_alerts_are_read_and_their_words_fill_in() -> None:
    alerts = alerts_of((PLAYBOOK / "alerts.yaml").read_text("utf-8"))
    assert alerts.start == number("2026-01-05")
    (rule,) = alerts.deviations.values()
    assert (rule.windows, rule.due) == ([4, 8, 13], 2)
    for language in Language:
        for template in (rule.subject, rule.body):
            text = rendered(template, DEVIATION, rep="Élise", accounts=["A"], language=language)
            assert "{" not in text
            assert "}" not in text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("opportunities_opened", "opened", "4:10: 'opened' is not allowed"),
        ("opportunities_opened", "active_pipeline", "4:10: 'active_pipeline' is not in kpis.yaml"),
        ("opportunities_opened", "conversion_rate", "4:10: only a count can be judged"),
        ("4 w,", "4 d,", "5:14: '4 d': a window is made of whole weeks"),
        ("4 w,", "8 w,", "5:14: a window is written twice"),
        ("[4 w, 8 w, 13 w]", "4 w", "5:14: write a list of durations"),
        ("[4 w, 8 w, 13 w]", "[]", "5:14: write a list of durations"),
        ("{value} in", "{valu} in", "8:14: '{valu}' is not a known placeholder (did you mean"),
        ("{value} in", "{} in", "8:14: '{}' is not a known placeholder"),
        ("{value} in", "{value.real} in", "8:14: '{value.real}' is not a known placeholder"),
        ("{value} in", "{value!r} in", "8:14: '{value}' is not a known placeholder"),
        ("{value} in", "{value:>9} in", "8:14: '{value}' is not a known placeholder"),
        ("{value} in", "{value in", "8:14: a lone brace in"),
        ("task", "mail", "6:16: 'mail' is not allowed"),
        ("due: 2 d", "due: soon", "7:10: 'soon' is not a duration"),
        ("2026-01-05", "05/01/2026", "1:8: '05/01/2026' is not a date"),
        ("2026-01-05", "[2026-01-05]", "1:8: a value on one line is needed"),
    ],
)
def test_a_mistake_is_told_where_it_stands(before: str, after: str, expected: str) -> None:
    (complaint,) = complaints(GOOD.replace(before, after))
    assert complaint.startswith(f"alerts.yaml:{expected}")


def test_words_take_the_figures_as_each_language_writes_them() -> None:
    template = Text(
        "{rep} : {value} en {weeks} semaines, {expected} attendues, {low} à {high}, {missing} de "
        "moins. {accounts}",
        "{rep}: {value} in {weeks} weeks, {expected} expected, {low} to {high}, {missing} short. "
        "{accounts}",
    )
    accounts = ["Acier Beauce", "Bois Estrie", "Cuirs Laval"]
    assert rendered(template, DEVIATION, rep="Élise", accounts=accounts, language=Language.FR) == (
        "Élise : 10 en 8 semaines, 22,4 attendues, 12 à 34, 2 de moins. "
        "Acier Beauce, Bois Estrie et Cuirs Laval"
    )
    assert rendered(template, DEVIATION, rep="Élise", accounts=[], language=Language.EN) == (
        "Élise: 10 in 8 weeks, 22.4 expected, 12 to 34, 2 short. your priority accounts"
    )


def test_an_account_may_be_called_like_a_placeholder() -> None:
    text = rendered(
        Text("{accounts}", "{accounts}"),
        DEVIATION,
        rep="Élise",
        accounts=["{value} {x}"],
        language=Language.FR,
    )
    assert text == "{value} {x}"


def test_windows_hold_complete_weeks_up_to_a_sunday() -> None:
    # One on each day of 14 weeks: a window of n weeks counts 7 n, and never the week that runs.
    counts = dict.fromkeys(range(SUNDAY - 14 * 7 + 1, SUNDAY + 7), 1)
    found = judged([4], [(MONTHLY, fiscal_year(2026, 1))], counts, until=SUNDAY, fiscal_start=1)
    assert (found.since, found.until) == (number("2026-06-01"), SUNDAY)
    assert found.deviation.observed == 28
    # 1 to 28 June 2026: 20 of the 22 weekdays.
    assert found.deviation.expected == pytest.approx(12 * 20 / 22)


def test_a_window_reaches_no_further_back_than_the_plan_and_the_rep() -> None:
    arrived = Period("2026", number("2026-06-08"), number("2026-12-31"))
    # One before the arrival, which doesn't count, and one after.
    counts = {number("2026-06-05"): 1, number("2026-06-09"): 1}
    found = judged([4, 8, 13], [(MONTHLY, arrived)], counts, until=SUNDAY, fiscal_start=1)
    assert found.since == number("2026-06-08")
    # Three weeks, told as such: 15 of the 22 weekdays of June.
    assert (found.deviation.window, found.deviation.observed) == (3, 1)
    assert found.deviation.expected == pytest.approx(12 * 15 / 22)
    # P(X ≤ 1) = e^-8.18 × 9.18 = 0.00257: alone, since the three windows come to the same days.
    assert found.deviation.p == pytest.approx(0.00257, rel=0.01)


def test_a_window_over_new_year_takes_each_plan_for_its_own_days() -> None:
    sunday = number("2027-01-17")
    plans = [
        (Rate(12, Span.MONTH), fiscal_year(2026, 1)),
        (Rate(23, Span.MONTH), fiscal_year(2027, 1)),
    ]
    found = judged([4], plans, {}, until=sunday, fiscal_start=1)
    # 21 to 31 December 2026: 9 of 23 weekdays; 1 to 17 January 2027: 11 of 21.
    assert found.deviation.expected == pytest.approx(12 * 9 / 23 + 23 * 11 / 21)


def test_a_plan_that_has_not_begun_is_not_conclusive() -> None:
    found = judged([4, 8], [(MONTHLY, fiscal_year(2027, 1))], {}, until=SUNDAY, fiscal_start=1)
    assert found.deviation.state is State.NOT_CONCLUSIVE
    assert (found.deviation.observed, found.deviation.expected) == (0, 0.0)


MONDAY = 20_000


@pytest.mark.parametrize(
    ("state", "is_open", "since", "expected"),
    [
        # Only a confirmed deviation opens an episode.
        (State.ON_PLAN, False, None, Next(Step.NOTHING)),
        (State.WATCH, False, None, Next(Step.NOTHING)),
        (State.NOT_CONCLUSIVE, False, None, Next(Step.NOTHING)),
        (State.CONFIRMED, False, None, Next(Step.OPENED)),
        # It is updated while below plan, and forgets an earlier week on plan.
        (State.CONFIRMED, True, None, Next(Step.UPDATED)),
        (State.WATCH, True, MONDAY - 7, Next(Step.UPDATED)),
        # The first week on plan is noted, the second one closes.
        (State.ON_PLAN, True, None, Next(Step.UPDATED, MONDAY)),
        (State.ON_PLAN, True, MONDAY - 7, Next(Step.RECOVERED, MONDAY - 7)),
        # The same week looked at again is still the first one.
        (State.ON_PLAN, True, MONDAY, Next(Step.UPDATED, MONDAY)),
        # Without evidence, nothing moves.
        (State.NOT_CONCLUSIVE, True, MONDAY - 7, Next(Step.NOTHING, MONDAY - 7)),
    ],
)
def test_an_episode_opens_once_and_recovers_slowly(
    state: State,
    is_open: bool,  # noqa: FBT001 - a table
    since: int | None,
    expected: Next,
) -> None:
    assert next_step(state, is_open=is_open, on_plan_since=since, monday=MONDAY) == expected


def test_a_key_is_short_stable_and_its_own() -> None:
    keys = {
        alert_key(rule, rep, episode)
        for rule in ("a", "b")
        for rep in ("elise", "marc")
        for episode in (1, 2)
    }
    assert len(keys) == 8
    assert all(len(key) == 16 and key.isalnum() and key == key.lower() for key in keys)
    # printf 'opened/elise/1' | openssl sha256 -binary | base32, its first 16 in lower case.
    assert alert_key("opened", "elise", 1) == "75ttuuwesvfmlamy"


@pytest.mark.parametrize(
    ("opened_on", "days", "utc"),
    [
        # Monday + 2 d: Wednesday, 9:00 of Toronto in summer (UTC-4).
        ("2026-06-29", 2, datetime(2026, 7, 1, 13, tzinfo=UTC)),
        # Friday + 2 d is a Sunday: Monday.
        ("2026-07-03", 2, datetime(2026, 7, 6, 13, tzinfo=UTC)),
        # Clocks go back on 1 November 2026: UTC-5.
        ("2026-10-30", 1, datetime(2026, 11, 2, 14, tzinfo=UTC)),
    ],
)
def test_a_task_is_due_on_a_weekday_at_nine(opened_on: str, days: int, utc: datetime) -> None:
    assert due_instant(number(opened_on), days, TORONTO) == instant_of(utc)


def test_evidence_comes_back_as_it_was_kept() -> None:
    evidence = Evidence(
        period="2026-W27",
        kpi="opportunities_opened",
        definition="0123456789ab",
        state=State.CONFIRMED,
        weeks=8,
        since="2026-05-04",
        until="2026-06-28",
        observed=10,
        expected=22.4,
        low=12,
        high=34,
        missing=2,
        p=0.0041,
        accounts=((7, "Acier Beauce & Fils", "gold"),),
        on_plan_since="2026-06-29",
    )
    assert Evidence.of_json(evidence.to_json()) == evidence
