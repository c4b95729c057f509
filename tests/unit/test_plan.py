"""Plans: what is read, what is refused and where, and what a rate expects of some days."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

import rules
from rules.calendar import Span, fiscal_year, month, quarter, week_of
from rules.kpi.kpis import KpiName, Kpis
from rules.language import Language
from rules.located import Document
from rules.plan.plan import Plan, expected_to_date, plan_on
from rules.plan.reading import check_plans, read_plan
from rules.plan.terms import Assumptions, Rate, Targets
from rules.team import Team
from rules.time import day_number
from rules.working_days import WorkingDays
from rules.yaml_text import read

PLAYBOOK = Path(rules.__file__).parent / "playbook"
TEAM = Team.model_validate(
    {
        "zone": "America/Toronto",
        "currency": "CAD",
        "reps": {"elise": {"name": "Élise Gagnon"}, "marc": {"name": "Marc Lavoie"}},
    }
)
KPIS = Kpis.model_validate(
    {
        "opportunities_opened": {"label": "Opened", "minimum": "10k"},
        "conversion_rate": {"label": "Rate", "window": "90 d"},
        "active_pipeline": {"label": "Pipeline", "horizon": "180 d"},
        "priority_contacted": {"label": "Contacted", "tiers": ["gold"]},
    }
)
TARGETED = [KpiName(name) for name in Targets.model_fields]
GOOD = """\
owner: elise
period: 2026
currency: CAD
objective: 1 200 000
sources: {existing: 600 000, new: 480 000, referral: 120 000}
quarters: {q1: 240 000, q2: 360 000, q3: 240 000, q4: 360 000}
targets: {opportunities_opened: 12 per month}
"""


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def plan_of(text: str) -> tuple[Document, Plan]:
    document = read("plans/elise.yaml", text)
    plan = read_plan(document, TEAM)
    assert plan is not None, document.issues
    return document, plan


def complaints(text: str, language: Language = Language.EN) -> list[str]:
    document = read("plans/elise.yaml", text)
    read_plan(document, TEAM)
    return [issue.to(language) for issue in sorted(document.issues)]


def test_the_shipped_plan_is_read() -> None:
    document, plan = plan_of((PLAYBOOK / "plans" / "elise.yaml").read_text("utf-8"))
    assert document.issues == []
    assert (plan.owner, plan.period, plan.objective) == ("elise", 2026, 120_000_000)
    assert plan.sources == {"existing": 60_000_000, "new": 48_000_000, "referral": 12_000_000}
    june = month(2026, 6)
    # 12 a month, 25 %, 300 000 $ in cents, 90 %; the shipped plan asks nothing of the other KPIs.
    asked = [plan.target(kpi, june, WorkingDays()) for kpi in TARGETED]
    assert [each for each in asked if each is not None] == [12, 0.25, 30_000_000, 0.9]


def test_a_plan_asks_of_what_is_counted_by_days_and_of_the_rest_as_it_is() -> None:
    text = GOOD.replace(
        "targets: {", "targets: {proposals: 6 per month, plan_wins: 12 per quarter, "
        "weighted_pipeline: 120k, coverage: '2,5', sales_cycle: 75 d, priority_covered: 90 %, "
        "priority_time: 80 %, priority_revenue: 70 %, potential_captured: 15 %, "
    )  # fmt: skip
    document, plan = plan_of(text)
    assert document.issues == []
    june = month(2026, 6)
    # June has 22 weekdays, and the second quarter 65 of them.
    asked = {kpi: plan.target(kpi, june, WorkingDays()) for kpi in TARGETED}
    assert {kpi: each for kpi, each in asked.items() if each is not None} == {
        "proposals": 6, "plan_wins": pytest.approx(12 * 22 / 65), "weighted_pipeline": 12_000_000,
        "coverage": 2.5, "sales_cycle": 75, "priority_covered": 0.9, "priority_time": 0.8,
        "priority_revenue": 0.7, "potential_captured": 0.15, "opportunities_opened": 12,
    }  # fmt: skip
    assert plan.at_rate(Fraction("1.37")).target(
        KpiName.WEIGHTED_PIPELINE, june, WorkingDays()
    ) == 16_440_000  # fmt: skip


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("coverage: 0", "write how many times what is left"),
        ("coverage: 25 %", "'25 %' is not a number"),
        ("sales_cycle: 75", "'75' is not a duration"),
        ("proposals: 6", "'6' is not a rate"),
        ("tier_moves: 3", "unknown key 'tier_moves'"),
    ],
)
def test_a_target_is_written_as_its_kpi_counts(written: str, told: str) -> None:
    (only,) = complaints(GOOD.replace("opportunities_opened: 12 per month", written))
    assert only.startswith("plans/elise.yaml:7:")
    assert told in only


def test_a_split_that_falls_short_names_the_difference() -> None:
    (english,) = complaints(GOOD.replace("480 000", "470 000"))
    assert english == (
        "plans/elise.yaml:5:1: $10,000 is missing to make the objective: correct a line, or add "
        "'not_allotted:' with this amount"
    )
    (french,) = complaints(GOOD.replace("480 000", "'479 999,50'"), Language.FR)
    assert "il manque 0,50" in french


def test_a_split_that_goes_beyond_names_the_difference() -> None:
    (english,) = complaints(GOOD.replace("q4: 360 000", "q4: 361k"))
    assert english == (
        "plans/elise.yaml:6:1: the total is $1,000 over the objective: correct a line or the "
        "objective"
    )


def test_what_is_not_allotted_counts_in_a_split() -> None:
    text = GOOD.replace("referral: 120 000", "referral: 100 000, not_allotted: 20 000")
    assert complaints(text.replace("q4: 360 000", "not_allotted: 360 000")) == []


def test_a_split_may_be_left_out() -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(("sources", "quarters"))]
    assert complaints("\n".join(lines)) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("owner: elise", "owner: elize", "1:8: 'elize' is not in reps of team.yaml (did you mean"),
        ("CAD", "USD", "3:11: the plan is in USD and the team in CAD"),
        ("2026", "26", "2:9: '26' is not a year"),
        ("2026", "[2026]", "2:9: '['2026']' is not a year"),
        ("1 200 000", "~", "4:12: a value on one line is needed"),
        ("1 200 000", "-1", "4:12: '-1' is too small"),
        ("q1:", "q5:", "6:12: 'q5' is not allowed"),
        ("12 per month", "12", "7:33: '12' is not a rate (write for example 12 per month"),
        ("12 per month", "12 per day", "7:33: '12 per day' is not a rate"),
        ("12 per month", "0 per month", "7:33: '0 per month': a rate must be over zero"),
        ("12 per month", "[12]", "7:33: '['12']' is not a rate"),
        ("opportunities_opened", "opportunites", "7:11: unknown key 'opportunites'"),
        ("12 per month", "12 per month, conversion_rate: 120 %", "7:64: '120 %': write a share"),
    ],
)
def test_a_mistake_is_told_where_it_stands(before: str, after: str, expected: str) -> None:
    assert any(expected in complaint for complaint in complaints(GOOD.replace(before, after, 1)))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("12 per month", Rate(12, Span.MONTH)),
        ("12 par mois", Rate(12, Span.MONTH)),
        ("12/month", Rate(12, Span.MONTH)),
        ("'2,5 par semaine'", Rate(2.5, Span.WEEK)),
        ("3 per week", Rate(3, Span.WEEK)),
        ("36 per quarter", Rate(36, Span.QUARTER)),
        ("36 par trimestre", Rate(36, Span.QUARTER)),
        ("1 000 per year", Rate(1000, Span.YEAR)),
        ("144 par année", Rate(144, Span.YEAR)),
        ("144 par an", Rate(144, Span.YEAR)),
    ],
)
def test_a_rate_is_written_as_people_say_it(text: str, rate: Rate) -> None:
    _, plan = plan_of(GOOD.replace("12 per month", text))
    assert plan.targets.opportunities_opened == rate


@pytest.mark.parametrize(
    ("rate", "first", "last", "fiscal_start", "expected"),
    [
        # A whole month, whatever its length.
        (Rate(12, Span.MONTH), "2026-02-01", "2026-02-28", 1, 12.0),
        (Rate(12, Span.MONTH), "2026-07-01", "2026-07-31", 1, 12.0),
        # June 2026 has 22 weekdays; Monday 1 to Friday 5 are five of them.
        (Rate(12, Span.MONTH), "2026-06-01", "2026-06-05", 1, 12 * 5 / 22),
        # A weekend expects nothing.
        (Rate(12, Span.MONTH), "2026-06-06", "2026-06-07", 1, 0.0),
        # Across two months: Mon 29 and Tue 30 June of 22; Wed 1 to Fri 3 July of 23.
        (Rate(12, Span.MONTH), "2026-06-29", "2026-07-05", 1, 12 * 2 / 22 + 12 * 3 / 23),
        # Three a week over June: 22 weekdays of 5 a week.
        (Rate(3, Span.WEEK), "2026-06-01", "2026-06-30", 1, 3 * 22 / 5),
        # April, May and June 2026 have 22 + 21 + 22 weekdays.
        (Rate(36, Span.QUARTER), "2026-06-01", "2026-06-30", 1, 36 * 22 / 65),
        # With a fiscal year from February, June lies in May (21), June (22) and July (23).
        (Rate(36, Span.QUARTER), "2026-06-01", "2026-06-30", 2, 36 * 22 / 66),
        # 2026 has 261 weekdays.
        (Rate(144, Span.YEAR), "2026-06-01", "2026-06-30", 1, 144 * 22 / 261),
        # No day at all.
        (Rate(12, Span.MONTH), "2026-06-05", "2026-06-04", 1, 0.0),
    ],
)
def test_a_rate_is_spread_over_weekdays(
    rate: Rate, first: str, last: str, fiscal_start: int, expected: float
) -> None:
    assert rate.expected(number(first), number(last), fiscal_start) == pytest.approx(expected)


def test_a_plan_has_targets_within_its_fiscal_year_only() -> None:
    _, plan = plan_of(GOOD)
    opened = KpiName.OPPORTUNITIES_OPENED
    assert plan.target(opened, month(2027, 3), WorkingDays(fiscal_start=4)) == pytest.approx(12)
    assert plan.target(opened, month(2026, 3), WorkingDays(fiscal_start=4)) is None
    assert plan.target(KpiName.CONVERSION_RATE, month(2026, 6), WorkingDays()) is None


def test_a_month_fills_up_with_the_weekdays_before_the_day() -> None:
    june = month(2026, 6)
    # 22 weekdays in June 2026, which starts on a Monday.
    assert expected_to_date(22, june, june, number("2026-06-01")) == 0
    assert expected_to_date(22, june, june, number("2026-06-02")) == 1
    assert expected_to_date(22, june, june, number("2026-06-08")) == 5
    assert expected_to_date(22, june, june, number("2026-06-30")) == 21
    assert expected_to_date(22, june, june, number("2026-07-01")) == 22


def test_somebody_who_joins_in_the_month_is_expected_from_that_day_on() -> None:
    june = month(2026, 6)
    worked = june.clipped(number("2026-06-15"), None)
    assert worked is not None
    assert expected_to_date(22, worked, june, number("2026-06-15")) == 0
    assert expected_to_date(22, worked, june, number("2026-06-18")) == 3


def test_two_plans_of_a_rep_for_a_year_are_one_too_many() -> None:
    first, second = read("plans/a.yaml", GOOD), read("plans/b.yaml", GOOD)
    other_year = read("plans/c.yaml", GOOD.replace("2026", "2027"))
    documents = [first, second, other_year]
    plans = [(document, read_plan(document, TEAM)) for document in documents]
    check_plans([(document, plan) for document, plan in plans if plan], KPIS)
    assert [len(document.issues) for document in documents] == [0, 1, 0]
    assert second.issues[0].to(Language.EN) == (
        "plans/b.yaml:1:8: elise already has a plan for 2026, in plans/a.yaml: keep one"
    )


def test_a_target_needs_its_kpi() -> None:
    document, plan = plan_of(GOOD)
    check_plans([(document, plan)], Kpis())
    (issue,) = document.issues
    assert issue.to(Language.EN).startswith(
        "plans/elise.yaml:7:11: 'opportunities_opened' is not in kpis.yaml"
    )


def test_the_plan_of_a_day_is_that_of_its_owner_and_year() -> None:
    _, plan = plan_of(GOOD)
    assert plan_on([plan], "elise", number("2026-12-31"), 1) is plan
    assert plan_on([plan], "elise", number("2027-01-01"), 1) is None
    assert plan_on([plan], "marc", number("2026-12-31"), 1) is None


REVISED = f"""\
{GOOD}activities: {{calls: 10 per week}}
revisions:
  - from: 2026-04-01
    why: plus de comptes
    agreed: {{elise: 2026-03-20}}
    targets: {{opportunities_opened: 20 per month}}
  - from: 2026-07-01
    why: moins de temps
    objective: 1 000 000
    sources: {{existing: 1 000 000}}
    quarters: {{q3: 200 000, q4: 200 000}}
    targets: {{conversion_rate: 30 %}}
    activities: {{meetings: 2 per month}}
"""


def test_a_day_has_the_terms_then_in_force() -> None:
    _, plan = plan_of(REVISED)
    march, april, july = (
        plan.on(number(day)) for day in ("2026-03-31", "2026-06-30", "2026-07-01")
    )
    assert [each.objective for each in (march, april, july)] == [120_000_000] * 2 + [100_000_000]
    assert [each.targets.opportunities_opened for each in (march, april, july)] == [
        Rate(12, Span.MONTH), Rate(20, Span.MONTH), Rate(20, Span.MONTH)
    ]  # fmt: skip
    assert [each.targets.conversion_rate for each in (march, april, july)] == [None, None, 0.3]
    assert [sum(each.quarters.values()) for each in (march, april, july)] == [
        120_000_000, 120_000_000, 100_000_000
    ]  # fmt: skip
    assert list(july.activities) == ["calls", "meetings"]
    # Nobody has agreed to a revision until it says who.
    assert [list(each.agreed) for each in (march, april, july)] == [[], ["elise"], []]


def test_a_plan_tells_its_versions_and_how_it_began() -> None:
    _, plan = plan_of(REVISED)
    versions = plan.versions(1)
    assert [(each.first, each.last) for each, _ in versions] == [
        (number("2026-01-01"), number("2026-03-31")),
        (number("2026-04-01"), number("2026-06-30")),
        (number("2026-07-01"), number("2026-12-31")),
    ]
    assert [terms.objective for _, terms in versions] == [120_000_000, 120_000_000, 100_000_000]
    assert plan.latest.initial.objective == 120_000_000
    assert plan.latest.on(number("2026-12-31")).objective == 100_000_000
    assert len(plan.on(number("2026-05-01")).versions(1)) == 2


def test_a_target_of_a_long_period_goes_by_the_terms_of_each_day() -> None:
    _, plan = plan_of(REVISED)
    work, opened = WorkingDays(), KpiName.OPPORTUNITIES_OPENED
    quarters = [plan.target(opened, quarter(2026, each, 1), work) for each in (1, 2, 3)]
    assert quarters == [pytest.approx(36), pytest.approx(60), pytest.approx(60)]
    assert plan.target(opened, fiscal_year(2026, 1), work) == pytest.approx(36 + 180)
    # Of a level, the last terms count; before April no rate was set.
    assert plan.target(KpiName.CONVERSION_RATE, fiscal_year(2026, 1), work) == 0.3
    assert plan.target(KpiName.CONVERSION_RATE, quarter(2026, 2, 1), work) is None
    assert plan.target(KpiName.REVENUE_WON, quarter(2026, 1, 1), work) == 24_000_000


def test_a_target_of_a_week_is_that_of_its_days() -> None:
    _, plan = plan_of(REVISED)
    quebec = WorkingDays(region="CA-QC", away=((number("2026-06-25"), number("2026-06-26")),))
    # Monday 22 June to Sunday: the 24th is a holiday, two days away, two of 21 are worked.
    week = week_of(number("2026-06-22"))
    assert plan.target(KpiName.OPPORTUNITIES_OPENED, week, quebec) == pytest.approx(20 * 2 / 21)
    assert plan.activity_target("calls", week, quebec) == pytest.approx(10 * 2 / 4)
    assert plan.activity_target("meetings", week, quebec) is None
    assert plan.activity_target("calls", week_of(number("2027-03-01")), quebec) is None
    # The first week of the plan begins in the year before: Thursday and Friday are in the plan.
    first = week_of(number("2026-01-01"))
    assert plan.activity_target("calls", first, WorkingDays()) == pytest.approx(10 * 2 / 5)


def test_a_plan_in_another_currency_is_read_at_the_rate_of_its_first_day() -> None:
    rates = {"USD": {"2026-01-01": "1,4", "2026-04-01": "1.5"}}
    team = Team.model_validate(
        {"zone": "America/Toronto", "currency": "CAD", "rates": rates,
         "reps": {"elise": {"name": "Élise Gagnon"}}}
    )  # fmt: skip
    text = GOOD.replace("CAD", "USD").replace("12 per month", "12 per month, active_pipeline: 300k")
    document = read("plans/elise.yaml", text)
    plan = read_plan(document, team)
    assert plan is not None
    assert document.issues == []
    assert plan.rate == Fraction(7, 5)
    work = plan.work(team)
    assert plan.quota(quarter(2026, 1, 1), work) == 33_600_000
    assert plan.quota(fiscal_year(2026, 1), work, source="new") == 67_200_000
    assert plan.target(KpiName.ACTIVE_PIPELINE, month(2026, 6), work) == 42_000_000
    assert plan.objective == 120_000_000


def test_the_calendar_of_a_plan_is_that_of_its_owner() -> None:
    team = Team.model_validate(
        {"zone": "America/Toronto", "currency": "CAD", "fiscal_year": "april", "holidays": "CA-QC",
         "reps": {"zoe": {"name": "Zoé", "start": "2026-05-04", "end": "2026-09-30"}}}
    )  # fmt: skip
    text = "owner: {}\nperiod: 2026\ncurrency: CAD\nobjective: 1\naway: [2026-07-02..2026-07-03]\n"
    plan = read_plan(read("plans/zoe.yaml", text.format("zoe")), team)
    whole = read_plan(read("plans/team.yaml", text.format("team")), team)
    assert plan is not None
    assert whole is not None
    away = ((number("2026-07-02"), number("2026-07-03")),)
    assert plan.work(team) == WorkingDays(
        fiscal_start=4, region="CA-QC", away=away, start=number("2026-05-04"),
        end=number("2026-09-30"),
    )  # fmt: skip
    assert whole.work(team) == WorkingDays(fiscal_start=4, region="CA-QC", away=away)


def test_the_shipped_plan_is_the_one_of_the_guide() -> None:
    _, plan = plan_of((PLAYBOOK / "plans" / "elise.yaml").read_text("utf-8"))
    assert plan.accounts == {"existing": 35, "new": 80, "referral": 3}
    assert plan.activities == {
        "client_calls": Rate(4, Span.WEEK), "discovery_meetings": Rate(8, Span.MONTH),
        "partner_meetings": Rate(2, Span.MONTH),
    }  # fmt: skip
    assert plan.review is not None
    assert (plan.review.every, plan.review.with_) == (42, "marc")
    assert plan.agreed == {"elise": number("2025-12-14"), "marc": number("2025-12-15")}
    assert plan.assumptions == Assumptions()
    work = WorkingDays(region="CA-QC")
    assert [plan.quota(quarter(2026, each, 1), work) for each in range(1, 5)] == [
        24_000_000, 36_000_000, 24_000_000, 36_000_000
    ]  # fmt: skip
