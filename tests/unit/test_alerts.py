"""`alerts.yaml`: what can be written and what is refused, its words, keys and evidence."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import rules
from rules.alert.alerts import Alerts, DeviationRule, Known, alert_key, due_instant, read_alerts
from rules.alert.evidence import Evidence
from rules.alert.facts import BODIES, SUBJECTS, FactKind, FactRule
from rules.alert.judging import Course, Means, judged, more_needed, weekly_history
from rules.alert.lines import Channel, Recipient
from rules.alert.recognition import SENTENCES
from rules.alert.sensitivity import NORMAL, Limits
from rules.alert.words import Figures, more_by_sunday, rendered
from rules.calendar import Period, fiscal_year, week_of
from rules.chance.deviations import Deviation, State
from rules.kpi.deals import OpportunitiesOpened
from rules.kpi.kpis import Kpis, Unit
from rules.language import Language, Text
from rules.records import FieldType
from rules.terms import Name
from rules.time import day_number, instant_of
from rules.yaml_text import read

PLAYBOOK = Path(rules.__file__).parent / "playbook"
KPIS = Kpis.model_validate(
    {
        "opportunities_opened": {"label": "Opened", "minimum": "10k"},
        "conversion_rate": {"label": "Rate", "window": "90 d"},
        "active_pipeline": {"label": "Pipeline", "horizon": "180 d"},
        "activities": {
            "calls": {"label": "Calls", "of": "call"},
            "odd": {"label": "Odd", "of": "call", "when": "growing = true"},
        },
    }
)
SILENT = Name(
    name="potential", type=FieldType.MONEY, label=Text("potentiel", "potential"), choices={}
)
KNOWN = Known(
    kpis=KPIS,
    tiers=["gold", "silver", "bronze"],
    names={"potential": SILENT},
    opportunity_fields=["source"],
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
sensitivity: normal
false_discovery: 10 %
limits: {open_tasks_per_rep: 3}
quiet: [2026-06-24, 2026-12-21..2027-01-03]
send: {rep: monday 07:00, manager: 24 h later}
facts:
  silent: {kind: silent_accounts, tiers: [gold], after: 30 d}
  big: {when: potential > 500k, subject: [Gros, Big], one_per: account}
  late: {kind: review_late}
recognition:
  won_back: {after: 365 d}
  risen: {from: bronze, to: gold}
  priority_win: {tiers: [gold]}
  referrals: {every: 5, field: source, value: referral}
"""
TORONTO = ZoneInfo("America/Toronto")
# A Sunday: the last day of the last complete week.
SUNDAY = day_number(date(2026, 6, 28))
DEVIATION = Deviation(
    state=State.CONFIRMED, window=8, observed=10, expected=22.4, low=12, high=34, p=0.0041,
    missing=2,
)  # fmt: skip


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def alerts_of(text: str) -> Alerts:
    document = read("alerts.yaml", text)
    alerts = read_alerts(document, KNOWN)
    assert alerts is not None
    assert document.issues == []
    return alerts


def complaints(text: str) -> list[str]:
    document = read("alerts.yaml", text)
    read_alerts(document, KNOWN)
    return [issue.to(Language.EN) for issue in document.issues]


def test_the_shipped_alerts_are_read() -> None:
    document = read("alerts.yaml", (PLAYBOOK / "alerts.yaml").read_text("utf-8"))
    alerts = read_alerts(document, KNOWN)
    assert document.issues == []
    assert alerts is not None
    assert alerts.start == number("2026-01-05")
    assert {rule.kind for rule in alerts.facts.values()} == set(FactKind)
    opened = alerts.deviations["new_opportunities"]
    assert (opened.windows, opened.due) == ([4, 8, 13], 2)


FIGURES = Figures(
    rep="Élise", deviation=DEVIATION, accounts=["A"], deals=["D"], n=2, days=30, hours=34.5,
    capacity=32, action=Text("agir", "act"),
)  # fmt: skip


@pytest.mark.parametrize("kind", list(FactKind))
def test_the_words_of_a_built_in_fact_fill_in(kind: FactKind) -> None:
    for template in (SUBJECTS[kind], BODIES[kind]):
        for words in rendered(template, FIGURES):
            assert words.strip()
            assert not {"{", "}"} & set(words)


def test_the_sentences_of_recognition_fill_in() -> None:
    for template in SENTENCES.values():
        assert all("{" not in words and "Élise" in words for words in rendered(template, FIGURES))


def test_every_setting_is_read() -> None:
    alerts = alerts_of(GOOD)
    assert alerts.false_discovery == pytest.approx(0.1)
    assert (alerts.limits.open_tasks_per_rep, alerts.send.manager) == (3, 24)
    assert alerts.quiet[0] == (number("2026-06-24"), number("2026-06-24"))
    silent, big = alerts.facts["silent"], alerts.facts["big"]
    assert (silent.days, silent.recipient, silent.send) == (30, Recipient.REP, Channel.DIGEST)
    assert (big.line, big.kind) == (Text("Gros", "Big"), None)
    assert alerts.facts["late"].recipient is Recipient.MANAGER
    assert alerts.rule("silent") is silent
    assert alerts.rule("nothing") is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("opportunities_opened", "opened", "4:10: 'opened' is not allowed"),
        ("opportunities_opened", "revenue_won", "4:10: 'revenue_won' is not in kpis.yaml"),
        ("opportunities_opened", "active_pipeline", "4:10: 'active_pipeline' can't be judged"),
        ("due: 2 d", "minimum: 36", "7:5: minimum only goes with a rate"),
        ("due: 2 d", "activity: calls", "3:3: 'activity' names the activity judged"),
        ("opportunities_opened", "activities", "3:3: 'activity' names the activity judged"),
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
        ("confirmed: task", "confirmed: mail", "6:16: 'mail' is not allowed"),
        ("due: 2 d", "due: soon", "7:10: 'soon' is not a duration"),
        ("2026-01-05", "05/01/2026", "1:8: '05/01/2026' is not a date"),
        ("2026-01-05", "[2026-01-05]", "1:8: a value on one line is needed"),
        ("4 w,", "60 w,", "5:14: '60 w': a window is up to 52 w"),
        ("task\n", "tasks\n", "6:16: 'tasks' is not allowed here (did you mean 'task'?)"),
        ("sensitivity: normal", "sensitivity: loud", "10:14: 'loud' is not allowed here"),
        ("10 %", "0 %", "11:18: '0 %': write a share over 0 %"),
        ("10 %", "60 %", "11:18: '60 %': write a share over 0 %"),
        ("rep: 3}", "rep: 0}", "12:30: '0': write a number from 1 to 20"),
        ("rep: 3}", "rep: 2.5}", "12:30: '2.5': write a number from 1 to 20"),
        ("_rep: 3}", "_reps: 3}", "12:10: unknown key 'open_tasks_per_reps' (did you mean"),
        ("quiet: [2026-06-24, ", "quiet: [24 juin, ", "13:8: '24 juin' is not a date"),
        ("12-21..2027-01-03", "12-21..2025-01-03", "13:8: '2026-12-21..2025-01-03': the end"),
        ("quiet: [2026-06-24, 2026-12-21..2027-01-03]", "quiet: 2026-06-24", "13:8: write a list"),
        ("monday 07:00", "mondays 7am", "14:13: 'mondays 7am' is not a time of the week"),
        ("24 h later", "tomorrow", "14:36: 'tomorrow': write a delay in hours"),
        ("24 h later", "999 h later", "14:36: '999 h later': write a delay in hours"),
        ("silent_accounts", "silent_account", "16:18: 'silent_account' is not allowed here (did"),
        ("[gold], after", "[goold], after", "16:43: 'goold' is not a tier of segments.yaml (did"),
        (", tiers: [gold], after", ", after", "16:3: the key 'tiers' is missing"),
        ("after: 30 d", "after: a while", "16:57: 'a while' is not a duration"),
        ("after: 30 d", "percentile: 90 %", "16:50: percentile only goes with kind: old_deals"),
        ("after: 30 d", "send: mail", "16:56: 'mail' is not allowed here"),
        ("after: 30 d", "when: potential > 1", "16:3: write kind, or when, and only one"),
        ("after: 30 d", "subject: ['{x}', a]", "16:59: '{x}' is not a known placeholder"),
        ("when: potential", "when: potentiel", "17:15: unknown field 'potentiel' (did you mean"),
        ("when: potential > 500k", "when: potential", "17:15: a condition (true or false)"),
        (", subject: [Gros, Big]", "", "17:3: a fact of your own needs its words"),
        ("review_late}", "review_late, send: task}", "18:35: a task of the CRM needs an account"),
        ("review_late}", "owner_missing, to: rep}", "18:35: owner_missing is no rep's business"),
        ("review_late}", "old_deals, one_per: account}", "18:36: old_deals is not a fact about"),
        ("  late:", "  opened:", "3:3: 'opened' is already the name of a fact"),
        ("from: bronze", "from: gold", "21:10: write two different tiers"),
        ("from: bronze", "from: brnze", "21:17: 'brnze' is not a tier of segments.yaml (did"),
        ("{tiers: [gold]}\n", "{tiers: [gld]}\n", "22:26: 'gld' is not a tier"),
        ("{tiers: [gold]}\n", "{}\n", "22:3: name tiers or segments"),
        ("every: 5", "every: 0", "23:22: '0': write a number from 1 to 1,000"),
        ("field: source", "field: sorce", "23:32: 'sorce' is not an opportunity field of"),
    ],
)
def test_a_mistake_is_told_where_it_stands(before: str, after: str, expected: str) -> None:
    (complaint,) = complaints(GOOD.replace(before, after))
    assert complaint.startswith(f"alerts.yaml:{expected}")


def test_an_activity_is_named_and_judged_by_facts_and_tags() -> None:
    text = GOOD.replace("opportunities_opened", "activities")
    named = text.replace("confirmed: task", "activity: call")
    assert complaints(named)[0].startswith("alerts.yaml:6:15: 'call' is not an activity of")
    odd = text.replace("confirmed: task", "activity: odd")
    assert "can't be judged week by week" in complaints(odd)[0]
    assert complaints(text.replace("confirmed: task", "activity: calls")) == []


def test_words_take_the_figures_as_each_language_writes_them() -> None:
    template = Text(
        "{rep} : {value} en {weeks} semaines, {expected} attendues, {low} à {high}, {missing} de "
        "moins. {accounts}",
        "{rep}: {value} in {weeks} weeks, {expected} expected, {low} to {high}, {missing} short. "
        "{accounts}",
    )
    accounts = ["Acier Beauce", "Bois Estrie", "Cuirs Laval"]
    told = rendered(template, Figures(rep="Élise", deviation=DEVIATION, accounts=accounts))
    assert told.fr == (
        "Élise : 10 en 8 semaines, 22,4 attendues, 12 à 34, 2 de moins. "
        "Acier Beauce, Bois Estrie et Cuirs Laval"
    )
    told = rendered(template, Figures(rep="Élise", deviation=DEVIATION))
    assert told.en == (
        "Élise: 10 in 8 weeks, 22.4 expected, 12 to 34, 2 short. your priority accounts"
    )


def test_a_rate_and_money_are_written_as_such() -> None:
    rate = Deviation(
        state=State.WATCH, window=13, observed=4, expected=10, low=6, high=16, p=0.01,
        missing=2, trials=40,
    )  # fmt: skip
    template = Text("{value} {expected} {missing}", "{value} {expected} {missing}")
    told = rendered(template, Figures(rep="", unit=Unit.RATIO, deviation=rate))
    assert told == ("10\u00a0% 25\u00a0% 2", "10% 25% 2")
    money = Figures(rep="", unit=Unit.MONEY, currency="CAD", deviation=DEVIATION)
    assert rendered(Text("{missing}", "{missing}"), money).en == "$0.02"


def test_an_account_may_be_called_like_a_placeholder() -> None:
    text = rendered(Text("{accounts}", "{accounts}"), Figures(rep="", accounts=["{value} {x}"]))
    assert text.fr == "{value} {x}"


RULE = DeviationRule.model_validate(
    {"kpi": "opportunities_opened", "windows": ["4 w", "8 w"], "subject": "a", "body": "b"}
)
MEANS = Means(limits=NORMAL)


def course(counts: dict[int, int], *pieces: Period, a_day: float = 0.5) -> Course:
    """A plan of so many a day, weekends too, in some pieces of time."""

    def expects(first: int, last: int) -> float:
        parts = [part for piece in pieces if (part := piece.clipped(first, last))]
        return sum(a_day * (part.last - part.first + 1) for part in parts)

    return Course(counts=counts, pieces=pieces, expects=expects)


def test_windows_hold_complete_weeks_up_to_a_sunday() -> None:
    # One on each day of 14 weeks: a window of n weeks counts 7 n, and never the week that runs.
    counts = dict.fromkeys(range(SUNDAY - 14 * 7 + 1, SUNDAY + 7), 1)
    found = judged(RULE, course(counts, fiscal_year(2026, 1)), MEANS, until=SUNDAY)
    days = found.deviation.window * 7
    assert (found.since, found.until) == (SUNDAY - days + 1, SUNDAY)
    assert found.deviation.observed == days
    assert found.deviation.expected == pytest.approx(days / 2)


def test_a_window_reaches_no_further_back_than_the_plan_and_the_rep() -> None:
    arrived = Period("2026", number("2026-06-08"), number("2026-12-31"))
    # One before the arrival, which doesn't count, and one after.
    counts = {number("2026-06-05"): 1, number("2026-06-09"): 1}
    found = judged(RULE, course(counts, arrived), MEANS, until=SUNDAY)
    assert found.since == number("2026-06-08")
    # Three weeks, told as such.
    assert (found.deviation.window, found.deviation.observed) == (3, 1)
    assert found.deviation.expected == pytest.approx(21 / 2)


def test_a_plan_that_has_not_begun_is_not_conclusive() -> None:
    found = judged(RULE, course({}, fiscal_year(2027, 1)), MEANS, until=SUNDAY)
    assert found.deviation.state is State.NOT_CONCLUSIVE
    assert (found.deviation.observed, found.deviation.expected) == (0, 0.0)


def test_a_deviation_is_confirmed_once_it_has_lasted() -> None:
    # Nothing at all since the plan began: one look is enough sooner than two in a row.
    begun = Period("2026", SUNDAY - 10 * 7 + 1, fiscal_year(2026, 1).last)
    nothing = course({}, begun)
    alone = Means(limits=Limits(NORMAL.watch, NORMAL.confirmed, 1))
    sundays = [SUNDAY - back * 7 for back in reversed(range(10))]
    first = next(
        sunday
        for sunday in sundays
        if judged(RULE, nothing, alone, until=sunday).deviation.state is State.CONFIRMED
    )
    assert judged(RULE, nothing, MEANS, until=first).deviation.state is State.WATCH
    assert judged(RULE, nothing, MEANS, until=first + 7).deviation.state is State.CONFIRMED


def test_so_many_more_by_sunday_bring_the_figure_back() -> None:
    # Ten weeks at half of the plan; `more_needed` is checked against the judgement itself.
    begun = Period("2026", SUNDAY - 10 * 7 + 1, fiscal_year(2026, 1).last)
    counts = {day: 1 for day in range(begun.first, SUNDAY + 1) if day % 4 == 0}
    low = course(counts, begun)
    more = more_needed(RULE, low, MEANS, sunday=SUNDAY + 7)
    assert more is not None
    assert more > 0

    def state(count: int) -> State:
        ahead = course({**counts, SUNDAY + 3: count}, begun)
        alone = Means(limits=Limits(NORMAL.watch, NORMAL.confirmed, 1))
        return judged(RULE, ahead, alone, until=SUNDAY + 7).deviation.state

    assert state(more) is State.ON_PLAN
    assert state(more - 1) in (State.WATCH, State.CONFIRMED)


def test_history_is_that_of_complete_weeks_under_a_plan() -> None:
    begun = Period("2026", SUNDAY - 3 * 7, fiscal_year(2026, 1).last)
    found = weekly_history(course({SUNDAY: 2, SUNDAY - 7: 1}, begun), until=SUNDAY)
    # The plan begins on a Sunday: that week is not whole.
    assert found == [(0, 3.5), (1, 3.5), (2, 3.5)]


def test_a_week_is_quiet_when_most_of_its_days_are() -> None:
    alerts = Alerts.model_validate({"quiet": ["2026-06-24", "2026-12-21..2027-01-03"]})
    june = week_of(number("2026-06-24"))
    assert not alerts.is_quiet(june)
    assert alerts.is_quiet(week_of(number("2026-12-28")))
    # With two days away beside the holiday, three of five are quiet.
    away = (number("2026-06-25"), number("2026-06-26"))
    assert alerts.is_quiet(june, [away])


def test_a_fact_has_defaults_of_its_kind() -> None:
    past = FactRule.model_validate({"kind": "close_date_past"})
    assert (past.days, past.recipient) == (1, Recipient.REP)
    mine = FactRule.model_validate({"when": "a", "subject": "b"})
    assert (mine.details.fr, mine.days) == ("{accounts}.", 0)


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


def test_a_task_is_never_due_on_a_quiet_day() -> None:
    # Monday + 2 d is the 1st of July, quiet with the day after; the 3rd is a Friday.
    quiet = [(number("2026-07-01"), number("2026-07-02"))]
    found = due_instant(number("2026-06-29"), 2, TORONTO, quiet)
    assert found == instant_of(datetime(2026, 7, 3, 13, tzinfo=UTC))


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
        deals=((9, "Contrat"),),
        items=(9, 11),
        silenced=(4,),
    ).worded(Text("un", "one"), Text("corps", "body"), None)
    assert (evidence.text, evidence.action) == (Text("un", "one"), None)
    assert Evidence.of_json(evidence.to_json()) == evidence


@pytest.mark.parametrize(
    ("count", "weekly", "told"),
    [
        (6, 2.8, "6 opportunités de plus d'ici dimanche"),
        (1, 0.2, "1 opportunité de plus d'ici dimanche"),
        (16, 2.8, "16 opportunités de plus que prévu, soit 3 par semaine pendant 6 semaines"),
        (16, 9.0, "16 opportunités de plus d'ici dimanche"),
        (4, 0.2, "4 opportunités de plus que prévu, soit 2 par semaine pendant 2 semaines"),
    ],
)
def test_what_nobody_does_in_a_week_is_asked_over_several(
    count: int, weekly: float, told: str
) -> None:
    kpi = OpportunitiesOpened.model_validate({"label": ["Ouvertes", "Opened"], "minimum": "10k"})
    assert more_by_sunday(kpi, count, kpi.label, weekly=weekly).fr == told
