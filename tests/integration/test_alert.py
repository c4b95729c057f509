"""The weekly look, on both databases: episodes open once, are updated, recover and come again."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update

from rules.alert.alerts import Alerts, alert_key
from rules.alert.episode_steps import Step
from rules.alert.evidence import Evidence
from rules.chance.deviations import State
from rules.kpi.kpis import Kpis
from rules.language import Language
from rules.plan.plan import Plan
from rules.team import Team
from rules.time import Day, day_number, instant_of
from service import alert
from service.alert import AlertLine, AlertReport
from service.store.engine import Store, open_store
from service.store.tables import alert as alert_table
from service.store.tables import ledger, metadata, opportunity, owner

TEAM = Team.model_validate(
    {
        "zone": "America/Toronto",
        "currency": "CAD",
        "reps": {
            "anouk": {"name": "Anouk Roy"},
            "bruno": {"name": "Bruno Cyr"},
            "chloe": {"name": "Chloé Ly"},
        },
    }
)
KPIS = Kpis.model_validate(
    {
        "opportunities_opened": {"label": "Opened", "minimum": "10k"},
        "priority_contacted": {"label": "Contacted", "tiers": ["gold", "silver"]},
    }
)
RULE = {
    "kpi": "opportunities_opened",
    "windows": ["4 w", "8 w", "13 w"],
    "subject": ["{value} en {weeks} semaines, {expected} attendues", "{value} in {weeks} weeks"],
    "body": [
        "{rep} : {low} à {high}, il en manque {missing}. {accounts}.",
        "{rep}: {low} to {high}, {missing} short. {accounts}.",
    ],
}
ALERTS = Alerts.model_validate({"start": "2026-01-05", "deviations": {"opened": RULE}})
# A Monday, and those after it; the weeks that count are all those before.
MONDAY = day_number(date(2026, 6, 29))
NEXT, AFTER, LATER = MONDAY + 7, MONDAY + 14, MONDAY + 21


def plan(owner_key: str, rate: str = "12 per month", year: str = "2026") -> Plan:
    return Plan.model_validate(
        {
            "owner": owner_key,
            "period": year,
            "currency": "CAD",
            "objective": "1 200 000",
            "targets": {"opportunities_opened": rate},
        }
    )


def look(
    store: Store,
    day: Day = MONDAY,
    *,
    plans: Sequence[Plan] = (plan("anouk"),),
    alerts: Alerts = ALERTS,
    team: Team = TEAM,
    force: bool = False,
    run_id: int = 1,
) -> AlertReport:
    """A look at 7:00 in Toronto (summer) on a day."""
    now = (day * 24 + 11) * 3_600_000
    return alert.run(
        store,
        team=team,
        kpis=KPIS,
        plans=plans,
        alerts=alerts,
        now=now,
        run_id=run_id,
        force=force,
    )


def put(store: Store, table: str, *rows: Mapping[str, Any]) -> None:
    with store.write() as connection:
        for row in rows:
            connection.execute(insert(metadata.tables[table]).values({**_REQUIRED[table], **row}))


_RECORD = {"connection_id": 1, "modified_at": 0, "pulled_at": 0}
_REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "owner": {"connection_id": 1, "name": "x", "is_active": True},
    "account": _RECORD,
    "opportunity": _RECORD,
    "stage": {
        "connection_id": 1,
        "pipeline_id": "p",
        "pipeline_label": "p",
        "label": "s",
        "position": 1,
        "probability": 0.5,
    },
    "link": {"relation": "opportunity_account", "is_primary": True},
    "tag": {
        "is_in_scope": True,
        "tier_since_at": 0,
        "rulebook_id": 1,
        "evaluated_at": 0,
        "is_owed": False,
    },
}


def open_opportunities(store: Store, days: Iterable[Day], *, owner_id: int = 1) -> None:
    with store.read() as connection:
        known = len(connection.execute(select(opportunity.c.id)).all())
    put(
        store,
        "opportunity",
        *[
            {
                "id": known + position,
                "external_id": f"{known + position}",
                "owner_id": owner_id,
                "created_on": day,
                "team_amount": 2_000_000,
            }
            for position, day in enumerate(days, start=1)
        ],
    )


def put_account(
    store: Store, number: int, name: str, tier: str | None = "gold", **values: Any
) -> None:
    due = values.pop("next_contact_on", None)
    is_in_scope = values.pop("is_in_scope", True)
    put(
        store,
        "account",
        {"id": number, "external_id": f"{number}", "name": name, "owner_id": 1, **values},
    )
    put(
        store,
        "tag",
        {
            "account_id": number,
            "tier": tier,
            "next_contact_on": due,
            "is_in_scope": is_in_scope,
        },
    )


@pytest.fixture
def quiet(store: Store) -> Store:
    """A store where Anouk has a CRM user and one gold account, and has opened nothing."""
    put(store, "owner", {"id": 1, "external_id": "1", "rep_key": "anouk"})
    put_account(store, 1, "Acier Beauce")
    return store


def episodes(store: Store) -> Sequence[Any]:
    with store.read() as connection:
        return connection.execute(select(alert_table).order_by(alert_table.c.episode)).all()


def only(store: Store) -> Any:
    (found,) = episodes(store)
    return found


def line_of(report: AlertReport, rep: str = "anouk") -> AlertLine:
    (found,) = [line for line in report.lines if line.rep == rep]
    return found


def on_plan(monday: Day, weeks: int = 13) -> list[Day]:
    """Three opportunities in each of the weeks before a Monday: 12 in four weeks."""
    return [monday - 7 * week + 1 for week in range(1, weeks + 1) for _ in range(3)]


def test_a_confirmed_deviation_opens_an_episode_and_owes_a_task(quiet: Store) -> None:
    report = look(quiet)
    line = line_of(report)
    assert (report.period, line.step) == ("2026-W27", Step.OPENED)
    kept = only(quiet)
    assert kept.key == line.key == alert_key("opened", "anouk", 1)
    assert (kept.rule, kept.subject, kept.episode) == ("opened", "anouk", 1)
    assert (kept.state, kept.opened_on, kept.updated_on) == ("open", MONDAY, MONDAY)
    assert (kept.task_state, kept.task_id, kept.task_reason) == ("owed", None, None)
    assert (kept.account_id, kept.owner_id) == (1, 1)


def test_the_evidence_holds_the_figures_of_the_window(quiet: Store) -> None:
    look(quiet)
    evidence = Evidence.of_json(only(quiet).evidence)
    # Nothing in any window: the longest speaks most. 30 March to 28 June 2026: 2 of the 22
    # weekdays of March, all of April (12) and May (12), 20 of the 22 of June.
    expected = 12 * 2 / 22 + 12 + 12 + 12 * 20 / 22
    assert (evidence.since, evidence.until, evidence.weeks) == ("2026-03-30", "2026-06-28", 13)
    assert (evidence.observed, evidence.state) == (0, State.CONFIRMED)
    assert evidence.expected == pytest.approx(expected) == pytest.approx(36)
    # The band is that of `rules.chance.deviations`; what is missing brings the count back to it.
    assert 18 <= evidence.low <= 22
    assert evidence.missing == evidence.low
    assert evidence.unit == "count"
    assert evidence.definition == KPIS.measured[0].definition({})
    assert evidence.accounts == ((1, "Acier Beauce", "gold"),)


def test_the_words_are_in_the_language_of_the_team(quiet: Store) -> None:
    look(quiet)
    french = only(quiet)
    assert french.subject_line == "0 en 13 semaines, 36 attendues"
    evidence = Evidence.of_json(french.evidence)
    missing = f"{evidence.missing:.0f}"
    assert french.body.startswith(f"Anouk Roy : {missing} à ")
    assert french.body.endswith(f"il en manque {missing}. Acier Beauce.")
    assert evidence.text.en == "0 in 13 weeks"
    with quiet.write() as connection:
        connection.execute(delete(alert_table))
    look(quiet, team=TEAM.model_copy(update={"language": Language.EN}), force=True)
    assert only(quiet).subject_line == "0 in 13 weeks"


def test_a_rep_on_plan_has_no_episode(quiet: Store) -> None:
    open_opportunities(quiet, on_plan(MONDAY))
    line = line_of(look(quiet))
    assert line.step is Step.NOTHING
    assert line.deviation is not None
    assert line.deviation.state is State.ON_PLAN
    assert episodes(quiet) == []


def test_only_what_the_kpi_counts_is_observed(quiet: Store) -> None:
    # 36 in 13 weeks, but too small, archived, of somebody else, or of the week that runs.
    open_opportunities(quiet, on_plan(MONDAY))
    with quiet.write() as connection:
        third = opportunity.c.id % 3
        connection.execute(update(opportunity).where(third == 0).values(team_amount=999_999))
        connection.execute(update(opportunity).where(third == 1).values(archived_at=1))
        connection.execute(update(opportunity).where(third == 2).values(owner_id=9))
    open_opportunities(quiet, [MONDAY] * 30)
    deviation = line_of(look(quiet)).deviation
    assert deviation is not None
    assert deviation.observed == 0


def test_a_week_is_done_once(quiet: Store) -> None:
    look(quiet)
    again = look(quiet, MONDAY + 6, run_id=2)
    assert again.is_already_done
    assert again.lines == ()
    with quiet.read() as connection:
        (row,) = connection.execute(select(ledger)).all()
    assert (row.job, row.scope, row.period, row.run_id) == ("alert", "workspace", "2026-W27", 1)


def test_the_week_is_that_of_the_team_zone(quiet: Store) -> None:
    # Monday 29 June 03:30 in UTC is still Sunday in Toronto.
    now = instant_of(datetime(2026, 6, 29, 3, 30, tzinfo=UTC))
    report = alert.run(quiet, team=TEAM, kpis=KPIS, plans=[], alerts=ALERTS, now=now, run_id=1)
    assert report.period == "2026-W26"


def test_force_does_the_week_again_without_a_second_episode(quiet: Store) -> None:
    look(quiet)
    open_opportunities(quiet, [MONDAY - 2])
    report = look(quiet, force=True)
    assert line_of(report).step is Step.UPDATED
    assert Evidence.of_json(only(quiet).evidence).observed == 1


def test_an_episode_is_updated_while_it_lasts_and_its_task_is_left_alone(quiet: Store) -> None:
    look(quiet)
    with quiet.write() as connection:
        connection.execute(update(alert_table).values(task_state="created", task_id="T1"))
    open_opportunities(quiet, [MONDAY + 1])
    line = line_of(look(quiet, NEXT))
    kept = only(quiet)
    assert line.step is Step.UPDATED
    assert (kept.opened_on, kept.updated_on, kept.recovered_on) == (MONDAY, NEXT, None)
    assert (kept.task_state, kept.task_id) == ("created", "T1")
    assert kept.subject_line.startswith("1 en 13 semaines")
    assert Evidence.of_json(kept.evidence).period == "2026-W28"


def test_an_episode_recovers_after_two_weeks_on_plan_and_comes_again_as_the_next(
    quiet: Store,
) -> None:
    look(quiet)
    below = only(quiet)
    open_opportunities(quiet, on_plan(LATER, 16))
    # The first week on plan keeps the figures of the last one below.
    assert line_of(look(quiet, NEXT)).step is Step.UPDATED
    waiting = only(quiet)
    assert (waiting.state, waiting.subject_line) == ("open", below.subject_line)
    assert line_of(look(quiet, AFTER)).step is Step.RECOVERED
    recovered = only(quiet)
    assert (recovered.state, recovered.recovered_on) == ("recovered", AFTER)
    assert not Evidence.of_json(recovered.evidence).is_ended
    # On plan with nothing open: nothing happens.
    assert line_of(look(quiet, LATER)).step is Step.NOTHING
    with quiet.write() as connection:
        connection.execute(delete(opportunity))
    assert line_of(look(quiet, LATER, force=True)).step is Step.OPENED
    first, second = episodes(quiet)
    assert (first.state, second.state, second.episode) == ("recovered", "open", 2)
    assert second.key == alert_key("opened", "anouk", 2)


def test_the_same_week_looked_at_twice_is_one_week_on_plan(quiet: Store) -> None:
    look(quiet)
    open_opportunities(quiet, on_plan(NEXT))
    look(quiet, NEXT)
    assert line_of(look(quiet, NEXT, force=True)).step is Step.UPDATED
    assert only(quiet).state == "open"


def test_a_week_below_starts_the_count_again(quiet: Store) -> None:
    look(quiet)
    open_opportunities(quiet, on_plan(NEXT))
    look(quiet, NEXT)
    with quiet.write() as connection:
        connection.execute(delete(opportunity))
    look(quiet, AFTER)
    open_opportunities(quiet, on_plan(LATER, 16))
    look(quiet, LATER)
    assert only(quiet).state == "open"


def test_an_owed_task_is_dropped_when_the_episode_recovers_first(quiet: Store) -> None:
    look(quiet)
    open_opportunities(quiet, on_plan(LATER, 16))
    look(quiet, NEXT)
    look(quiet, AFTER)
    kept = only(quiet)
    assert (kept.task_state, kept.task_reason) == (
        "none",
        "l'écart s'est refermé avant l'envoi de la tâche",
    )


@pytest.mark.parametrize("task_state", ["sending", "created", "rejected", "held"])
def test_a_task_that_has_begun_is_left_to_the_push(quiet: Store, task_state: str) -> None:
    look(quiet)
    with quiet.write() as connection:
        connection.execute(update(alert_table).values(task_state=task_state))
    open_opportunities(quiet, on_plan(LATER, 16))
    look(quiet, NEXT)
    look(quiet, AFTER)
    assert (only(quiet).state, only(quiet).task_state) == ("recovered", task_state)


def test_before_the_start_nothing_is_owed(quiet: Store) -> None:
    alerts = ALERTS.model_copy(update={"start": NEXT})
    look(quiet, alerts=alerts)
    kept = only(quiet)
    assert (kept.state, kept.task_state) == ("open", "none")
    assert "start" in kept.task_reason
    # What was there at the start is the baseline: it stays silent.
    look(quiet, NEXT, alerts=alerts)
    assert only(quiet).task_state == "none"


def test_on_the_day_of_the_start_a_task_is_owed(quiet: Store) -> None:
    look(quiet, alerts=ALERTS.model_copy(update={"start": MONDAY}))
    assert only(quiet).task_state == "owed"


def test_a_rule_may_want_no_task(quiet: Store) -> None:
    alerts = Alerts.model_validate(
        {"start": "2026-01-05", "deviations": {"opened": RULE | {"confirmed": "none"}}}
    )
    look(quiet, alerts=alerts)
    assert (only(quiet).task_state, only(quiet).task_reason) == ("none", None)


def test_a_rep_whose_user_is_inactive_is_given_no_task(quiet: Store) -> None:
    with quiet.write() as connection:
        connection.execute(update(owner).values(is_active=False))
    look(quiet)
    kept = only(quiet)
    assert (kept.task_state, kept.account_id, kept.owner_id) == ("none", None, None)
    assert "actif" in kept.task_reason


def test_a_rep_without_a_plan_or_without_a_user_is_not_judged(quiet: Store) -> None:
    put(quiet, "owner", {"id": 2, "external_id": "2", "rep_key": "bruno"})
    report = look(quiet, plans=[plan("anouk"), plan("chloe")])
    assert [line.rep for line in report.lines] == ["anouk"]


def test_a_plan_without_a_rate_is_not_judged(quiet: Store) -> None:
    silent = plan("anouk").model_copy(
        update={"targets": plan("anouk").targets.model_copy(update={"opportunities_opened": None})}
    )
    assert look(quiet, plans=[silent]).lines == []


def test_a_plan_that_has_just_begun_is_not_conclusive(quiet: Store) -> None:
    plans = [plan("anouk", year="2027")]
    monday = day_number(date(2027, 1, 11))
    deviation = line_of(look(quiet, monday, plans=plans)).deviation
    assert deviation is not None
    # 1 to 10 January: 6 of the 21 weekdays, 3.4 expected.
    assert deviation.state is State.NOT_CONCLUSIVE
    assert episodes(quiet) == []


def test_a_rep_who_leaves_has_the_episode_closed_and_said_so(quiet: Store) -> None:
    look(quiet)
    left = TEAM.reps["anouk"].model_copy(update={"end": NEXT - 1})
    team = TEAM.model_copy(update={"reps": {"anouk": left}})
    line = line_of(look(quiet, NEXT, team=team))
    kept = only(quiet)
    assert (line.step, line.deviation) == (Step.RECOVERED, None)
    assert (kept.state, kept.task_state) == ("recovered", "none")
    assert Evidence.of_json(kept.evidence).is_ended


def test_the_accounts_to_start_with_are_the_first_of_the_best_tiers(quiet: Store) -> None:
    put(quiet, "stage", {"id": 1, "external_id": "1", "kind": "open"})
    put(quiet, "stage", {"id": 2, "external_id": "2", "kind": "lost"})
    # The gold one of the fixture has no date and comes after those that have one.
    put_account(quiet, 2, "Silver early", "silver", next_contact_on=1)
    put_account(quiet, 3, "Gold late", next_contact_on=MONDAY + 9)
    put_account(quiet, 4, "Gold early", next_contact_on=MONDAY)
    put_account(quiet, 5, "Gold at work", next_contact_on=0)
    put_account(quiet, 6, "Gold archived", next_contact_on=0, archived_at=1)
    put_account(quiet, 7, "Gold outside", next_contact_on=0, is_in_scope=False)
    put_account(quiet, 8, "Gold of another", next_contact_on=0, owner_id=9)
    put_account(quiet, 9, "Bronze", "bronze", next_contact_on=0)
    # The fifth has an open opportunity; that of the fourth is lost, that of the third archived.
    for number, stage, archived_at in [(5, 1, None), (4, 2, None), (3, 1, 1)]:
        put(
            quiet,
            "opportunity",
            {
                "id": number,
                "external_id": f"{number}",
                "stage_id": stage,
                "archived_at": archived_at,
            },
        )
        put(quiet, "link", {"from_id": number, "to_id": number})
    look(quiet)
    kept = only(quiet)
    assert [name for _, name, _ in Evidence.of_json(kept.evidence).accounts] == [
        "Gold early",
        "Gold late",
        "Acier Beauce",
    ]
    assert kept.account_id == 4
    assert kept.body.endswith("Gold early, Gold late et Acier Beauce.")


def test_without_a_candidate_the_task_hangs_on_the_first_account_in_scope(store: Store) -> None:
    put(store, "owner", {"id": 1, "external_id": "1", "rep_key": "anouk"})
    put_account(store, 1, "Outside", is_in_scope=False)
    put_account(store, 2, "Bronze b", "bronze", next_contact_on=MONDAY)
    put_account(store, 3, "Bronze a", "bronze", next_contact_on=MONDAY)
    look(store)
    kept = only(store)
    assert (kept.account_id, kept.task_state) == (3, "owed")
    assert Evidence.of_json(kept.evidence).accounts == ()
    assert kept.body.endswith("vos comptes prioritaires.")


def test_the_task_is_for_the_user_who_owns_the_account(store: Store) -> None:
    # Anouk in two CRMs: inactive in the first, where her gold account is.
    put(
        store,
        "owner",
        {"id": 1, "external_id": "1", "rep_key": "anouk", "is_active": False},
        {"id": 2, "external_id": "2", "rep_key": "anouk", "connection_id": 2},
    )
    put_account(store, 1, "Gold")
    put_account(store, 2, "Silver", "silver", owner_id=2, connection_id=2)
    look(store)
    assert (only(store).account_id, only(store).owner_id) == (2, 2)


def test_a_failure_leaves_the_week_to_be_done(quiet: Store) -> None:
    def fail(*arguments: Any) -> None:
        if arguments[2].startswith('INSERT INTO "alert"'):
            raise RuntimeError("power cut")

    event.listen(quiet.engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        look(quiet)
    event.remove(quiet.engine, "before_cursor_execute", fail)
    assert episodes(quiet) == []
    assert not look(quiet).is_already_done
    assert only(quiet).state == "open"


def test_two_workers_do_the_week_once(quiet: Store, store_url: str) -> None:
    barrier, reports = threading.Barrier(2), []

    def work(run_id: int) -> None:
        own = open_store(store_url)
        barrier.wait()
        reports.append(look(own, run_id=run_id))
        own.close()

    workers = [threading.Thread(target=work, args=(run_id,)) for run_id in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(report.is_already_done for report in reports) == [False, True]
    assert only(quiet).episode == 1


def test_the_number_of_statements_does_not_depend_on_the_number_of_reps(store: Store) -> None:
    reps = [f"rep{number}" for number in range(20)]
    for number, key in enumerate(reps, start=1):
        put(store, "owner", {"id": number, "external_id": f"{number}", "rep_key": key})
        put_account(store, number, f"Gold {number}", owner_id=number)
    counts = []
    for monday, some in ((MONDAY, reps[:1]), (NEXT, reps[1:])):
        team = TEAM.model_copy(update={"reps": dict.fromkeys(some, TEAM.reps["anouk"])})
        seen: list[str] = []

        def see(*arguments: Any, seen: list[str] = seen) -> None:
            seen.append(arguments[2])

        event.listen(store.engine, "before_cursor_execute", see)
        look(store, monday, plans=[plan(key) for key in some], team=team)
        event.remove(store.engine, "before_cursor_execute", see)
        counts.append(len([text for text in seen if not text.startswith("UPDATE")]))
        with store.write() as connection:
            connection.execute(update(alert_table).values(state="recovered"))
    assert len(episodes(store)) == 20
    assert counts[0] == counts[1]


def test_the_report_is_plain_data(quiet: Store) -> None:
    data = look(quiet).to_json()
    assert (data["period"], data["is_already_done"]) == ("2026-W27", False)
    assert data["counts"] == {"nothing": 0, "opened": 1, "updated": 0, "recovered": 0}
    (line,) = data["lines"] if isinstance(data["lines"], list) else []
    assert (line["rep"], line["step"], line["deviation"]["observed"]) == ("anouk", "opened", 0)
