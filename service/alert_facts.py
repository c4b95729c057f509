"""The facts of a weekly look: what holds, for whom, in which words. Nothing is written here.

One statement for each fact of `alerts.yaml`, whatever the number of reps and accounts; those about
plans need none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10

from rules.alert.alerts import condition_of
from rules.alert.evidence import Evidence
from rules.alert.facts import GRAVITIES, FactKind, FactRule, OnePer
from rules.alert.lines import Channel, Recipient
from rules.alert.words import LISTED, Figures, rendered
from rules.chance.deviations import State
from rules.language import Language, Text, joined, number, shown
from rules.loads import hours_asked
from rules.time import Instant, date_of, day_of
from service.alert_actions import first_step
from service.alert_job import LOOK, Job
from service.episodes import Verdict
from service.store import alert_queries as queries
from service.store import alert_tallies, alerts, reviewing, starting
from service.store.alert_queries import Record
from service.store.engine import Transaction

_PLAN = Record("", None, None, None, None, None, None, None, 0, 1, None)
_TOP = 999.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A fact that holds for a rep (empty: for nobody's records), or no more: without records.

    `total` counts them all, of which `records` are the first; of a fact about a rep there is one,
    without any id. `action` is the first step where the records don't tell it.
    """

    rule: str
    fact: FactRule
    rep: str
    records: Sequence[Record] = ()
    total: int = 0
    days: int = 0
    hours: float = 0.0
    capacity: float = 0.0
    account_id: int | None = None
    action: Text | None = None

    @property
    def subject(self) -> str:
        """What an episode of it is about."""
        return self.rep if self.account_id is None else f"{self.rep}/{self.account_id}"


def held(connection: Transaction, job: Job) -> list[Held]:
    """Every fact that holds today."""
    found: list[Held] = []
    for name, fact in job.alerts.facts.items():
        records = _records(connection, job, fact)
        if records is None:
            found += _of_reps(connection, job, name, fact)
            continue
        by_rep: dict[str, list[Record]] = {}
        for record in records:
            rep = record.rep if record.rep in job.team.reps else ""
            by_rep.setdefault(rep, []).append(replace_rep(record, rep))
        for rep, some in by_rep.items():
            found += _split(name, fact, rep, some)
    return found


def replace_rep(record: Record, rep: str) -> Record:
    """The same record, of a rep of the team or of nobody."""
    return record if record.rep == rep else record._replace(rep=rep)


def _split(name: str, fact: FactRule, rep: str, records: Sequence[Record]) -> list[Held]:
    """One for the rep, or one for each account."""
    limit = next((record.limit for record in records if record.limit is not None), None)
    days = fact.days if limit is None else limit
    whole = Held(rule=name, fact=fact, rep=rep, records=records, total=records[0].total, days=days)
    if fact.one_per is OnePer.OWNER:
        return [whole]
    return [
        replace(whole, records=[record], total=1, account_id=record.account_id)
        for record in records
    ]


def _records(connection: Transaction, job: Job, fact: FactRule) -> list[Record] | None:
    """The records for which a fact holds; None where it is about reps."""
    if fact.when is None:
        return _built_in(connection, job, fact)
    names, slots = job.territory.names, job.territory.slots
    term = condition_of(fact.when, names)
    return queries.accounts_where(connection, term, names, slots, job.as_of)


def _built_in(connection: Transaction, job: Job, fact: FactRule) -> list[Record] | None:
    today = job.as_of
    match fact.kind:
        case FactKind.SILENT_ACCOUNTS:
            return queries.silent_accounts(connection, fact.tiers, fact.days, today)
        case FactKind.OLD_DEALS:
            return queries.old_deals(connection, fact.percentile, fact.least, today)
        case FactKind.CLOSE_DATE_PAST:
            return queries.past_close_dates(connection, fact.days, today)
        case FactKind.OWNER_MISSING:
            return queries.ownerless_accounts(connection, today)
        case FactKind.ORPHANED_ACCOUNTS:
            departed = [key for key in job.team.reps if job.has_left(key)]
            return queries.orphaned_accounts(connection, fact.tiers, departed, today)
        case _:
            return None


def _of_reps(connection: Transaction, job: Job, name: str, fact: FactRule) -> list[Held]:
    """The facts about plans: one for each rep that has one."""
    present = [rep for rep in job.team.reps if not job.has_left(rep) and job.plan(rep)]
    base = {rep: Held(rule=name, fact=fact, rep=rep, records=[_PLAN], total=1) for rep in present}
    match fact.kind:
        case FactKind.OVER_CAPACITY:
            by_tier = alert_tallies.accounts_by_tier(connection)
            found = [_over_capacity(job, each, by_tier.get(rep, {})) for rep, each in base.items()]
        case FactKind.REVIEW_LATE:
            # Of reviews before the first look nothing is known: none of them is late.
            first = reviewing.first_look(connection, LOOK)
            reviewed = dict.fromkeys(base, first) | dict(alerts.last_reviews(connection))
            found = [_review_late(job, each, reviewed[rep]) for rep, each in base.items()]
        case _:
            found = [_no_agreement(job, each) for each in base.values()]
    return [each for each in found if each is not None]


def _over_capacity(job: Job, base: Held, accounts: Mapping[str | None, int]) -> Held | None:
    plan = job.plan(base.rep)
    hours = hours_asked(accounts, job.territory.hours)
    capacity = plan.time.capacity if plan and plan.time else None
    if hours is None or capacity is None or hours <= capacity * (1 + base.fact.margin):
        return None
    less = hours - capacity
    fr, en = (number(less, each) for each in Language)
    action = Text(
        f"{fr} h de moins par semaine : confier des comptes, les voir moins souvent, ou revoir le "
        "plan",
        f"{en} h a week less: hand accounts over, see them less often, or revise the plan",
    )
    return replace(base, hours=hours, capacity=capacity, action=action)


def _review_late(job: Job, base: Held, last: Instant | None) -> Held | None:
    plan = job.plan(base.rep)
    if plan is None or plan.review is None or last is None:
        return None
    since = max(plan.days(job.team.fiscal_year).first, day_of(last, job.team.zone))
    late = job.as_of - since - plan.review.every
    if late <= 0:
        return None
    with_whom = job.name(plan.review.with_ or job.team.reps[base.rep].manager)
    action = Text(
        "une revue" + (f" avec {with_whom}" if with_whom else ""),
        "a review" + (f" with {with_whom}" if with_whom else ""),
    )
    return replace(base, days=late, action=action)


def _no_agreement(job: Job, base: Held) -> Held | None:
    plan = job.plan(base.rep)
    rep = job.team.reps[base.rep]
    if plan is None or job.as_of < plan.days(job.team.fiscal_year).first:
        return None
    missing = [key for key in (base.rep, rep.manager) if key and key not in plan.agreed]
    if not missing:
        return None
    names = [shown(job.name(key)) for key in missing]
    fr, en = (joined(names, each) for each in Language)
    action = Text(
        f"l'accord de {fr}, avec sa date, sous « agreed » du plan",
        f"the agreement of {en}, with its date, under 'agreed' of the plan",
    )
    return replace(base, action=action)


def verdict(
    job: Job, found: Held, silenced: Sequence[int], users: Mapping[tuple[str, int], int]
) -> Verdict:
    """What a look says of a fact, without the records that a person has answered for."""
    hushed = set(silenced)
    told = [record for record in found.records if record.item not in hushed]
    n = found.total - (len(found.records) - len(told))
    recipient, assignee = job.address(found.rep, found.fact.recipient)
    channel = found.fact.send if recipient is not Recipient.OPS else Channel.DIGEST
    account_id, owner_id = (
        _place(told, assignee, users) if channel is Channel.TASK else (None, None)
    )
    return Verdict(
        rule=found.rule,
        subject=found.subject,
        rep=found.rep or None,
        is_fact=True,
        state=State.CONFIRMED if told else State.ON_PLAN,
        evidence=_evidence(job, found, told, n, silenced),
        severity=GRAVITIES[found.fact.gravity] + min(_TOP, 100 * log10(1 + n)),
        recipient=recipient,
        assignee=assignee,
        channel=channel,
        snooze=found.fact.snooze,
        account_id=account_id,
        owner_id=owner_id,
    )


def _place(
    told: Sequence[Record], assignee: str | None, users: Mapping[tuple[str, int], int]
) -> tuple[int | None, int | None]:
    """The first account where the assignee is an active user, and that user."""
    for record in told:
        user = users.get((assignee or "", record.connection_id or 0))
        if record.account_id is not None and user is not None:
            return record.account_id, user
    return None, None


def _evidence(
    job: Job, found: Held, told: Sequence[Record], n: int, silenced: Sequence[int]
) -> Evidence:
    listed = told[:LISTED]
    accounts = {
        record.account_id: (record.account_id, record.account or str(record.account_id),
                            record.tier or "")
        for record in listed if record.account_id is not None
    }  # fmt: skip
    deals = [
        (record.deal_id, record.deal or str(record.deal_id))
        for record in listed
        if record.deal_id is not None
    ]
    action = found.action or first_step(found.fact, told)
    names = [name for _, name, _ in accounts.values()]
    figures = Figures(
        rep=job.name(found.rep), accounts=_listed(names, n),
        deals=_listed([name for _, name in deals], n),
        n=n, days=found.days, hours=found.hours, capacity=found.capacity, action=action,
    )  # fmt: skip
    today = date_of(job.as_of).isoformat()
    return Evidence(
        period=job.week.key,
        since=today,
        until=today,
        observed=float(n),
        high=found.capacity,
        missing=float(n),
        accounts=tuple(accounts.values()),
        deals=tuple(deals),
        items=tuple(record.item for record in told),
        silenced=tuple(silenced),
    ).worded(rendered(found.fact.line, figures), rendered(found.fact.details, figures), action)


def _listed(names: Sequence[str], n: int) -> Sequence[str]:
    """The names, and how many more there are."""
    return [*names, f"+ {n - len(names)}"] if names and n > len(names) else names


def active_users(connection: Transaction) -> Mapping[tuple[str, int], int]:
    """For whom a task can be, by rep and CRM."""
    return starting.active_users(connection)
