"""The facts of a week, their episodes, tasks and answers, on both databases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, update

from connectors.base import TaskRead, TaskStatus
from rules.alert.alerts import Alerts
from rules.alert.evidence import Evidence
from rules.alert.lines import Answer, Channel, LineKind, Recipient, WeekLine
from rules.facts import BUILT_IN, BUILT_IN_MEASURES
from rules.language import Text
from rules.plan.plan import Plan
from rules.records import FieldType
from rules.team import Team
from rules.terms import Name
from rules.time import Day, day_number, start_of
from service import alert, answers_to_tasks
from service.alert import AlertReport
from service.alert_job import Territory
from service.store import alerts as kept
from service.store import ledger
from service.store.engine import Store
from service.store.tables import account, activity, alert_line, metadata, opportunity, tag
from service.store.tables import alert as alert_table
from service.store.tables import ledger as ledger_table
from tests.integration.office import shipped
from tests.integration.test_alert import KPIS, MONDAY, TEAM, plan, put, put_account

MANAGED = Team.model_validate(
    {
        "zone": "America/Toronto",
        "currency": "CAD",
        "reps": {
            "anouk": {"name": "Anouk Roy", "manager": "bruno"},
            "bruno": {"name": "Bruno Cyr"},
        },
    }
)
SILENT = {"kind": "silent_accounts", "tiers": ["gold"], "after": "30 d", "send": "task"}
STAGES = {"open": 1, "won": 2, "lost": 3}
SLOTS = {"potential": "money_1", "opportunity.source": "text_1"}
NAMES: Mapping[str, Name] = {
    **{
        name: Name(name=name, type=kind, label=label, choices={})
        for name, (kind, label) in BUILT_IN.items()
    },
    **BUILT_IN_MEASURES,
    "potential": Name(name="potential", type=FieldType.MONEY, label=Text("", ""), choices={}),
    "tier": Name(
        name="tier", type=FieldType.CHOICE, label=Text("", ""),
        choices={"gold": Text("", ""), "silver": Text("", "")},
    ),
}  # fmt: skip
TERRITORY = Territory(names=NAMES, slots=SLOTS, hours={"gold": 2.0, "silver": 1.0})


def alerts_of(start: str | None = "2026-01-05", **rules: Any) -> Alerts:
    return Alerts.model_validate({**({"start": start} if start else {}), **rules})


SILENCE = alerts_of(facts={"silent": SILENT})


def look(
    store: Store,
    monday: Day = MONDAY,
    alerts: Alerts = SILENCE,
    *,
    team: Team = MANAGED,
    plans: Sequence[Plan] = (),
    force: bool = False,
    day: int = 0,
) -> AlertReport:
    """A look at 7:00 in Toronto, so many days after a Monday."""
    now = ((monday + day) * 24 + 11) * 3_600_000
    return alert.run(
        store, team=team, kpis=KPIS, plans=plans, alerts=alerts, now=now, run_id=1,
        territory=TERRITORY, force=force,
    )  # fmt: skip


def lines(store: Store, monday: Day = MONDAY) -> list[WeekLine]:
    week = date.fromordinal(monday + date(1970, 1, 1).toordinal()).isocalendar()
    with store.read() as connection:
        found = kept.open_for_digest(connection, f"{week.year}-W{week.week:02}")
    return list(found.lines)


def line(store: Store, monday: Day = MONDAY) -> WeekLine:
    (found,) = lines(store, monday)
    return found


def episodes(store: Store) -> Sequence[Any]:
    with store.read() as connection:
        order = (alert_table.c.rule, alert_table.c.subject, alert_table.c.episode)
        return connection.execute(select(alert_table).order_by(*order)).all()


def contact(store: Store, number: int, day: Day, *, is_contact: bool = True) -> None:
    with store.read() as connection:
        known = len(connection.execute(select(activity.c.id)).all()) + 1
    put_plain(
        store, "activity",
        {
            "id": known, "connection_id": 1, "external_id": f"{known}", "kind": "call",
            "owner_id": 1, "happened_on": day, "is_contact": is_contact, "modified_at": 0,
        },
    )  # fmt: skip
    put(store, "link", {"from_id": known, "to_id": number, "relation": "activity_account"})


def put_plain(store: Store, table: str, row: Mapping[str, Any]) -> None:
    with store.write() as connection:
        connection.execute(insert(metadata.tables[table]).values(row))


def deal(store: Store, number: int, state: str, **values: Any) -> None:
    to = values.pop("to", None)
    put(
        store, "opportunity",
        {
            "id": number, "external_id": f"{number}", "owner_id": 1, "name": f"Deal {number}",
            "stage_id": STAGES[state], **values,
        },
    )  # fmt: skip
    if to is not None:
        put(store, "link", {"from_id": number, "to_id": to})


def answer(store: Store, **values: Any) -> None:
    """A task that is in the CRM, and what a person made of it."""
    with store.write() as connection:
        connection.execute(update(alert_table).values(values))


@pytest.fixture
def office(store: Store) -> Store:
    """Anouk and Bruno with a user each; stages, and no record."""
    put(
        store, "owner",
        {"id": 1, "external_id": "1", "rep_key": "anouk"},
        {"id": 2, "external_id": "2", "rep_key": "bruno"},
    )  # fmt: skip
    for name, number in STAGES.items():
        put(store, "stage", {"id": number, "external_id": f"{number}", "kind": name})
    return store


@pytest.fixture
def silent(office: Store) -> Store:
    """An office where two gold accounts of Anouk are silent: for 31 days, and for ever."""
    for number, name in ((1, "Acier"), (2, "Bois"), (3, "Cuir")):
        put_account(office, number, name)
    contact(office, 1, MONDAY - 31)
    contact(office, 3, MONDAY - 30)
    contact(office, 2, MONDAY - 1, is_contact=False)
    put_account(office, 4, "Daim", "silver")
    put_account(office, 5, "Eau", is_in_scope=False)
    return office


def test_a_gold_account_without_logged_contact_for_over_thirty_days_is_told(silent: Store) -> None:
    look(silent)
    told = line(silent)
    assert (told.kind, told.rep, told.recipient) == (LineKind.FACT, "anouk", Recipient.REP)
    # Never contacted comes first; 30 days are not more than 30.
    assert [name for _, name, _ in told.evidence.accounts] == ["Bois", "Acier"]
    assert told.text.fr == "Comptes prioritaires sans contact consigné depuis 30 jours : 2"
    assert told.action is not None
    assert told.action.fr == "un contact avec Bois, puis les suivants"
    assert (told.is_new, told.has_task, told.channel) == (True, True, Channel.TASK)
    (episode,) = episodes(silent)
    assert (episode.task_state, episode.account_id, episode.owner_id) == ("owed", 2, 1)
    assert episode.body == "Bois et Acier. Premier pas : un contact avec Bois, puis les suivants."


def test_a_fact_recovers_as_soon_as_it_holds_no_more(silent: Store) -> None:
    look(silent)
    contact(silent, 1, MONDAY + 1)
    contact(silent, 3, MONDAY + 1)
    look(silent, MONDAY + 7)
    assert line(silent, MONDAY + 7).evidence.items == (2,)
    contact(silent, 2, MONDAY + 8)
    look(silent, MONDAY + 14)
    assert line(silent, MONDAY + 14).kind is LineKind.RECOVERED
    (episode,) = episodes(silent)
    assert (episode.state, episode.recovered_on) == ("recovered", MONDAY + 14)
    assert episode.task_state == "none"
    look(silent, MONDAY + 21)
    assert lines(silent, MONDAY + 21) == []


def test_one_episode_for_each_account_where_that_is_asked(silent: Store) -> None:
    look(silent, alerts=alerts_of(facts={"silent": {**SILENT, "one_per": "account"}}))
    assert {row.subject for row in episodes(silent)} == {"anouk/1", "anouk/2"}
    assert {each.text.en[-1] for each in lines(silent)} == {"1"}


@pytest.mark.parametrize("answered", ["done", "not_relevant"])
def test_what_was_answered_for_is_not_raised_again_before_it_has_recovered(
    silent: Store, answered: str
) -> None:
    look(silent)
    answer(silent, task_state="done", task_id="T", answer=answered, answered_on=MONDAY + 1)
    # Cuir falls silent as well, within the snooze of the answer.
    look(silent, MONDAY + 7)
    told = line(silent, MONDAY + 7)
    assert (told.kind, told.answer) == (LineKind.ANSWERED, Answer(answered))
    assert len(episodes(silent)) == 1
    # After it, Cuir alone is another episode.
    look(silent, MONDAY + 21)
    first, second = episodes(silent)
    assert (first.state, first.task_state) == ("recovered", "done")
    evidence = Evidence.of_json(second.evidence)
    assert (evidence.items, evidence.silenced) == ((3,), (1, 2))
    assert second.task_state == "owed"
    # Once contacted, an account may be raised again.
    contact(silent, 1, MONDAY + 22)
    contact(silent, 3, MONDAY + 22)
    look(silent, MONDAY + 28)
    assert lines(silent, MONDAY + 28)[0].kind is LineKind.RECOVERED
    look(silent, MONDAY + 56)
    *_, last = episodes(silent)
    evidence = Evidence.of_json(last.evidence)
    assert (last.episode, set(evidence.items), evidence.silenced) == (3, {1, 3}, (2,))


def test_what_is_there_at_the_beginning_is_the_silent_baseline(silent: Store) -> None:
    alerts = alerts_of(None, facts={"silent": SILENT})
    look(silent, alerts=alerts)
    assert line(silent).is_silent
    (episode,) = episodes(silent)
    assert episode.task_state == "none"
    assert "départ" in episode.task_reason
    # Cuir is news: a task, of which the baseline is no part.
    look(silent, MONDAY + 7, alerts)
    told = line(silent, MONDAY + 7)
    assert (told.evidence.items, told.is_silent, told.has_task) == ((3,), False, True)


def test_at_most_three_tasks_are_open_and_the_next_moves_up(office: Store) -> None:
    facts = {
        f"f{number}": {
            "when": f"name = 'A{number}'", "subject": f"F{number}", "send": "task",
            "gravity": "high" if number == 5 else "normal",
        }
        for number in range(1, 6)
    }  # fmt: skip
    for number in range(1, 6):
        put_account(office, number, f"A{number}")
    alerts = alerts_of(facts=facts)
    look(office, alerts=alerts)

    def states() -> dict[str, str]:
        return {row.rule: row.task_state for row in episodes(office)}

    waiting = {rule for rule, state in states().items() if state == "waiting"}
    assert len(waiting) == 2
    assert states()["f5"] == "owed"
    assert sum(each.has_task for each in lines(office)) == 3
    # Those in the CRM keep their places, whatever comes.
    answer(office, task_state="waiting")
    chosen = ["f1", "f2", "f3"]
    with office.write() as connection:
        is_chosen = alert_table.c.rule.in_(chosen)
        connection.execute(update(alert_table).where(is_chosen).values(task_state="created"))
    look(office, MONDAY + 7, alerts)
    assert states() == dict.fromkeys(chosen, "created") | dict.fromkeys(["f4", "f5"], "waiting")
    # One is settled: the gravest of those who wait moves up.
    with office.write() as connection:
        connection.execute(update(account).where(account.c.id == 1).values(name="Z"))
    look(office, MONDAY + 14, alerts)
    assert (states()["f1"], states()["f4"], states()["f5"]) == ("created", "waiting", "owed")


def test_a_rep_who_leaves_hands_tasks_and_accounts_to_the_manager(silent: Store) -> None:
    alerts = alerts_of(
        facts={
            "silent": SILENT,
            "orphans": {"kind": "orphaned_accounts", "tiers": ["gold"], "send": "task"},
        }
    )
    look(silent, alerts=alerts)
    answer(silent, task_state="created", task_id="T")
    gone = MANAGED.reps["anouk"].model_copy(update={"end": MONDAY + 3})
    team = MANAGED.model_copy(update={"reps": {**MANAGED.reps, "anouk": gone}})
    look(silent, MONDAY + 7, alerts, team=team)
    orphans, first, second = episodes(silent)
    assert (first.state, first.assignee, first.task_state) == ("recovered", "anouk", "created")
    assert (second.state, second.assignee, second.recipient) == ("open", "bruno", "manager")
    assert (second.owner_id, second.task_state) == (2, "owed")
    assert (orphans.assignee, orphans.task_state) == ("bruno", "owed")
    told = next(each for each in lines(silent, MONDAY + 7) if each.rule == "orphans")
    assert told.text.fr.startswith("Comptes prioritaires de Anouk Roy")
    # The account outside the scope has an orphan's owner too.
    assert len(told.evidence.accounts) == 4


def test_accounts_without_owner_are_for_the_ops(office: Store) -> None:
    put_account(office, 1, "Alone", owner_id=None)
    put(office, "owner", {"id": 7, "external_id": "7"})
    put_account(office, 2, "Of a stranger", owner_id=7)
    put_account(office, 3, "Of Anouk")
    look(office, alerts=alerts_of(facts={"missing": {"kind": "owner_missing"}}))
    told = line(office)
    assert (told.recipient, told.rep, told.subject) == (Recipient.OPS, None, "")
    assert [name for _, name, _ in told.evidence.accounts] == ["Alone", "Of a stranger"]


def test_deals_past_their_close_date_are_told_with_their_accounts(office: Store) -> None:
    put_account(office, 1, "Acier")
    deal(office, 1, "open", closes_on=MONDAY - 1, to=1)
    deal(office, 2, "open", closes_on=MONDAY)
    deal(office, 3, "won", closes_on=MONDAY - 9)
    deal(office, 4, "open", closes_on=MONDAY - 9, archived_at=1)
    deal(office, 5, "open", closes_on=MONDAY - 8)
    look(office, alerts=alerts_of(facts={"past": {"kind": "close_date_past", "send": "task"}}))
    told = line(office)
    assert told.evidence.deals == ((5, "Deal 5"), (1, "Deal 1"))
    # The first one has no account: the task hangs on that of the second.
    assert episodes(office)[0].account_id == 1


def test_a_deal_is_old_beside_the_ninetieth_percentile_of_the_won_ones(office: Store) -> None:
    # Won after 1 to 20 days: nine tenths took at most 18.
    for number in range(1, 21):
        deal(office, number, "won", created_on=MONDAY - 50, closes_on=MONDAY - 50 + number)
    deal(office, 21, "open", created_on=MONDAY - 18)
    deal(office, 22, "open", created_on=MONDAY - 19)
    alerts = alerts_of(facts={"old": {"kind": "old_deals"}})
    look(office, alerts=alerts)
    told = line(office)
    assert told.evidence.deals == ((22, "Deal 22"),)
    assert "18" in told.text.fr
    # With fewer than twenty, nobody can tell.
    with office.write() as connection:
        connection.execute(delete(opportunity).where(opportunity.c.id == 1))
    look(office, MONDAY + 7, alerts)
    assert line(office, MONDAY + 7).kind is LineKind.RECOVERED


def test_a_condition_reads_facts_and_tags(office: Store) -> None:
    put_account(office, 1, "Acier", money_1=60_000_000)
    put_account(office, 2, "Bois", "silver", money_1=60_000_000)
    put_account(office, 3, "Cuir", money_1=100)
    put_account(office, 4, "Daim", money_1=60_000_000, is_in_scope=False)
    when = "tier = 'gold' and potential > 500k and open_opportunities = 0"
    rule = {"when": when, "subject": ["Gros : {accounts}", "Big: {accounts}"]}
    look(office, alerts=alerts_of(facts={"big": rule}))
    assert line(office).text.fr == "Gros : Acier"


def with_time(**values: Any) -> Plan:
    data = {"owner": "anouk", "period": "2026", "currency": "CAD", "objective": "100k"}
    return Plan.model_validate({**data, **values})


def test_plans_are_told_when_hours_reviews_or_agreements_are_wanting(office: Store) -> None:
    for number in range(1, 4):
        put_account(office, number, f"A{number}")
    plans = [
        with_time(
            time={"capacity": "5 h per week", "all": "100 %"},
            review={"every": "6 weeks", "with": "bruno"},
            agreed={"anouk": "2026-01-05"},
        )
    ]
    alerts = alerts_of(
        facts={
            "hours": {"kind": "over_capacity"},
            "review": {"kind": "review_late"},
            "agreed": {"kind": "no_agreement"},
        }
    )
    # Somebody has looked since the year began: of reviews before, nothing is known.
    with office.write() as connection:
        ledger.enter(
            connection, alert.JOB, scope=ledger.WORKSPACE, period="2026-W01", run_id=0,
            now=start_of(day_number(date(2026, 1, 1)), TEAM.zone),
        )  # fmt: skip
    look(office, alerts=alerts, plans=plans)
    told = {each.rule: each for each in lines(office)}
    # Three gold accounts at two hours a week each; from 1 January, 42 days end on 12 February.
    assert "6 h par semaine, pour 5 h" in told["hours"].text.fr
    assert told["review"].text.fr.endswith(
        f"{MONDAY - day_number(date(2026, 2, 12))} jours de retard"
    )
    assert told["agreed"].action == (
        "l'accord de Bruno Cyr, avec sa date, sous « agreed » du plan",
        "the agreement of Bruno Cyr, with its date, under 'agreed' of the plan",
    )
    assert {each.recipient for each in told.values()} == {Recipient.MANAGER}
    # A review is entered in the ledger; six weeks are counted from it.
    with office.write() as connection:
        at = (MONDAY - 7) * 86_400_000
        ledger.enter(
            connection, kept.REVIEWED, scope="anouk", period="2026-06-22", run_id=1, now=at
        )
    look(office, MONDAY + 7, alerts, plans=plans)
    again = {each.rule: each.kind for each in lines(office, MONDAY + 7)}
    assert again["review"] is LineKind.RECOVERED


def test_a_quiet_week_is_judged_after(silent: Store) -> None:
    alerts = alerts_of(facts={"silent": SILENT}, quiet=["2026-06-30..2026-07-03"])
    assert look(silent, alerts=alerts).is_quiet
    assert episodes(silent) == []
    look(silent, MONDAY + 7, alerts)
    assert line(silent, MONDAY + 7).has_task


def test_a_rep_who_is_away_is_left_in_peace(silent: Store) -> None:
    look(silent)
    away = with_time(away=["2026-07-06..2026-07-10"])
    contact(silent, 1, MONDAY + 1)
    contact(silent, 2, MONDAY + 1)
    look(silent, MONDAY + 7, plans=[away])
    assert lines(silent, MONDAY + 7) == []
    assert episodes(silent)[0].state == "open"


class Asked:
    """A CRM that tells how tasks stand."""

    def __init__(self, **reads: TaskRead) -> None:
        self.reads = reads

    def read_tasks(self, task_ids: Sequence[str]) -> Mapping[str, TaskRead]:
        return {each: self.reads[each] for each in task_ids if each in self.reads}


def listen(store: Store, crm: Asked, *, day: Day = MONDAY + 1) -> answers_to_tasks.Listened:
    book = shipped()
    return answers_to_tasks.run(store, crm, book, 1, now=(day * 24 + 12) * 3_600_000)


DUE = (MONDAY + 2) * 86_400_000 + 13 * 3_600_000


@pytest.mark.parametrize(
    ("read", "answered", "task_state", "until"),
    [
        (TaskRead(status=TaskStatus.DONE), "done", "done", None),
        (TaskRead(status=TaskStatus.GONE), "not_relevant", "done", None),
        (TaskRead(status=TaskStatus.OPEN, due_at=DUE), None, "created", None),
        (TaskRead(status=TaskStatus.OPEN, due_at=DUE - 9), None, "created", None),
        # Ten days later; and put off without a date, for the days of `snooze`.
        (TaskRead(status=TaskStatus.OPEN, due_at=DUE + 10 * 86_400_000), "later", "created",
         MONDAY + 12),
        (TaskRead(status=TaskStatus.PUT_OFF), "later", "created", MONDAY + 15),
    ],
)  # fmt: skip
def test_an_answer_is_read_from_the_task(
    silent: Store, read: TaskRead, answered: str | None, task_state: str, until: Day | None
) -> None:
    look(silent)
    answer(silent, task_state="created", task_id="T", task_due_at=DUE)
    for _ in range(2):  # asked again, nothing changes
        listen(silent, Asked(T=read))
        (row,) = episodes(silent)
        assert (row.answer, row.task_state, row.snoozed_until_on) == (answered, task_state, until)
    told = line(silent)
    assert (told.answer, told.snoozed_until) == (answered and Answer(answered), until)


def test_an_answer_frees_a_place_at_once(office: Store) -> None:
    facts = {
        f"f{number}": {"when": f"name = 'A{number}'", "subject": "F", "send": "task"}
        for number in range(1, 5)
    }
    for number in range(1, 5):
        put_account(office, number, f"A{number}")
    look(office, alerts=alerts_of(facts=facts))
    with office.write() as connection:
        owed = alert_table.c.task_state == "owed"
        connection.execute(
            update(alert_table).where(owed).values(task_state="created", task_id=alert_table.c.rule)
        )
    done = TaskRead(status=TaskStatus.DONE)
    first = next(row.rule for row in episodes(office) if row.task_state == "created")
    heard = listen(office, Asked(**{first: done}))
    assert heard.asked == 3
    states = sorted(row.task_state for row in episodes(office))
    assert states == ["created", "created", "done", "owed"]


def test_recognition_is_told_once_however_late(office: Store) -> None:
    alerts = alerts_of(
        recognition={
            "won_back": {"after": "365 d"},
            "risen": {"from": "bronze", "to": "gold"},
            "priority_win": {"tiers": ["gold"]},
            "referrals": {"every": "5", "field": "source", "value": "referral"},
        }
    )
    look(office, MONDAY - 7, alerts)
    put_account(office, 1, "Acier")
    put_account(office, 2, "Bois", "silver")
    deal(office, 1, "won", closes_on=MONDAY - 400, to=1)
    deal(office, 2, "won", closes_on=MONDAY - 3, to=1)
    deal(office, 3, "won", closes_on=MONDAY - 100, to=2)
    # Won two weeks ago, and known only now.
    deal(office, 4, "won", closes_on=MONDAY - 16, to=2)
    for number in range(5, 11):
        deal(office, number, "open", created_on=MONDAY - 30, text_1="referral")
    noon = (MONDAY - 2) * 86_400_000
    for at, tier in ((noon - 90 * 86_400_000, "bronze"), (noon, "gold")):
        put_plain(
            office, "tag_history",
            {"account_id": 1, "valid_from_at": at, "tier": tier, "rulebook_id": 1},
        )  # fmt: skip
    look(office, MONDAY, alerts)
    told = {(each.rule, each.subject): each.text.fr for each in lines(office)}
    assert told == {
        (
            "won_back",
            "anouk/2",
        ): "Bravo Anouk Roy : Acier, qui dormait, achète de nouveau (Deal 2).",
        ("priority_win", "anouk/2"): "Bravo Anouk Roy : Deal 2, une vente gagnée là où le plan la "
        "voulait (Acier).",
        ("risen", "anouk/1"): "Bravo Anouk Roy : Acier a gravi les niveaux.",
        ("referrals", "anouk/2026-5"): "Bravo Anouk Roy : 5 références depuis le début de "
        "l'exercice.",
    }
    look(office, MONDAY + 7, alerts)
    assert lines(office, MONDAY + 7) == []
    # The same week again tells the same.
    look(office, MONDAY, alerts, force=True)
    assert len(lines(office)) == 4


def statements(store: Store, monday: Day) -> list[str]:
    seen: list[str] = []

    def see(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(store.engine, "before_cursor_execute", see)
    look(store, monday, EVERYTHING, plans=[plan("anouk")])
    event.remove(store.engine, "before_cursor_execute", see)
    return seen


EVERYTHING = alerts_of(
    facts={
        "silent": SILENT,
        "old": {"kind": "old_deals"},
        "past": {"kind": "close_date_past"},
        "hours": {"kind": "over_capacity"},
        "missing": {"kind": "owner_missing"},
        "orphans": {"kind": "orphaned_accounts", "tiers": ["gold"]},
        "big": {"when": "potential > 1", "subject": "B", "send": "task"},
    },
    deviations={
        "opened": {"kpi": "opportunities_opened", "subject": "{value}", "body": "{action}"},
    },
    recognition={"priority_win": {"tiers": ["gold"]}},
)  # fmt: skip


def test_the_statements_are_as_many_whatever_the_number_of_accounts(silent: Store) -> None:
    counts = []
    for monday, numbers in ((MONDAY, range(10, 12)), (MONDAY + 7, range(20, 60))):
        for number in numbers:
            put_account(silent, number, f"A{number}", money_1=100)
            deal(silent, number, "open", closes_on=MONDAY - 5, to=number)
        counts.append(len(statements(silent, monday)))
    # The second look updates what the first has opened, in one statement instead of two.
    assert abs(counts[0] - counts[1]) <= 1


def killings(store: Store) -> Iterable[int]:
    """At each writing statement of a look, in turn."""
    return range(1, len([text for text in statements(store, MONDAY) if is_write(text)]) + 1)


def is_write(statement: str) -> bool:
    return statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "COPY", "CREATE"))


def emptied(store: Store) -> None:
    with store.write() as connection:
        for table in (alert_table, alert_line, ledger_table):
            connection.execute(delete(table))


def test_a_look_killed_anywhere_is_done_whole_the_next_time(silent: Store) -> None:
    put_account(silent, 10, "A10", money_1=100)
    points = list(killings(silent))
    wanted = [row.key for row in episodes(silent)]
    told = [(each.rule, each.subject) for each in lines(silent)]
    assert len(points) >= 4
    for point in points:
        emptied(silent)
        count = 0

        def die(*arguments: Any, point: int = point) -> None:
            nonlocal count
            if is_write(arguments[2]):
                count += 1
                if count == point:
                    raise RuntimeError("power cut")

        event.listen(silent.engine, "before_cursor_execute", die)
        with pytest.raises(RuntimeError, match="power cut"):
            look(silent, MONDAY, EVERYTHING, plans=[plan("anouk")])
        event.remove(silent.engine, "before_cursor_execute", die)
        assert episodes(silent) == []
        # Three days late, and again on the Sunday.
        assert not look(silent, MONDAY, EVERYTHING, plans=[plan("anouk")], day=3).is_already_done
        assert look(silent, MONDAY, EVERYTHING, plans=[plan("anouk")], day=6).is_already_done
        assert [row.key for row in episodes(silent)] == wanted
        assert [(each.rule, each.subject) for each in lines(silent)] == told


def test_weeks_over_a_change_of_hour_are_each_done_once(silent: Store) -> None:
    # Clocks go back on Sunday 1 November 2026 in Toronto.
    mondays = [day_number(date(2026, 10, 19)) + 7 * week for week in range(4)]
    for monday in mondays:
        assert not look(silent, monday).is_already_done
        assert look(silent, monday, day=6).is_already_done
    (episode,) = episodes(silent)
    assert (episode.episode, episode.updated_on) == (1, mondays[-1])
    with silent.read() as connection:
        assert len(set(connection.scalars(select(alert_line.c.period)))) == 4


def test_a_rule_that_leaves_the_playbook_ends_its_episodes(silent: Store) -> None:
    look(silent)
    look(silent, MONDAY + 7, alerts_of())
    (episode,) = episodes(silent)
    assert (episode.state, episode.task_state) == ("recovered", "none")
    assert Evidence.of_json(episode.evidence).is_ended


def test_an_account_outside_the_scope_recovers(silent: Store) -> None:
    look(silent)
    with silent.write() as connection:
        connection.execute(update(tag).values(is_in_scope=False))
    look(silent, MONDAY + 7)
    assert line(silent, MONDAY + 7).kind is LineKind.RECOVERED


def test_a_team_without_a_manager_tells_the_ops(silent: Store) -> None:
    gone = TEAM.reps["anouk"].model_copy(update={"end": MONDAY - 1})
    team = TEAM.model_copy(update={"reps": {"anouk": gone}})
    look(silent, team=team)
    told = line(silent)
    assert (told.recipient, told.assignee, told.channel) == (Recipient.OPS, None, Channel.DIGEST)
