"""Status: what is published, what is owed, when each CRM was last read, what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Allowance
from rules.alert.lines import Answer
from rules.language import Text
from rules.located import PlaybookError
from rules.time import Day, Instant, day_of
from service import agenda, people, set_aside
from service.agenda import Agenda
from service.app import App
from service.pull import ORDER
from service.set_aside import SetAside
from service.store import (
    answers,
    backlog,
    connections,
    departures,
    holds,
    notices,
    overview,
    quarantines,
    rulebooks,
)
from service.store.answers import Waiting
from service.store.backlog import Drift, Rejection
from service.store.departures import Orphan
from service.store.engine import Transaction
from service.store.holds import Held
from service.store.notices import Notice
from service.store.rulebooks import Published
from service.store.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmStatus:
    """One CRM: records by kind, values by state of the outbox, when its streams were read.

    `read_at` is the reading of the stream that was read the longest ago, None while one never was;
    `streams` has them all.

    `put_back` counts the values that an undoing keeps, by the run that was undone.

    `set_aside` are the first of the values that could not be read, of `set_aside_count`.
    `rejections` and `drifting` are the first that wait for a person. `parked_until`: it is left
    alone until then, as it asked; `allowance` is what it last told of its limits. `notices` are
    the fields that are parked, emptied, returning, or want a look.
    """

    vendor: str
    account_id: str
    name: str
    records: Mapping[str, int]
    values: Mapping[str, int]
    put_back: Mapping[int, int]
    set_aside_count: int
    set_aside: Sequence[SetAside]
    rejections: Sequence[Rejection]
    held: Sequence[Held]
    drifting: Sequence[Drift]
    read_at: Instant | None
    streams: Mapping[str, Instant]
    parked_until: Instant | None
    allowance: Allowance | None
    notices: Sequence[Notice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The workspace at a glance.

    `alert_answers` are what people have made of the tasks of open alerts. `challenges` wait for an
    answer; `orphans` are the accounts of reps who have left. `unwritable`
    says why nothing is written to a CRM now; `tiers` are the accounts in scope by
    value of the rulebook (`unrated`: none), which has their `labels`.
    """

    store: str
    schedule: Agenda
    is_late: bool
    unwritable: Text | None
    rulebook: str | None
    published_at: Instant | None
    author: str | None
    differs_from_disk: bool | None
    tiers: Mapping[str, int]
    labels: Mapping[str, Text]
    waiting_accounts: int
    open_alerts: int
    alert_answers: Mapping[Answer, int]
    challenges: Waiting
    orphans: Sequence[Orphan]
    crms: Sequence[CrmStatus]
    last_run: Run | None


def run(app: App) -> Status:
    """Read everything; no CRM is asked."""
    on_disk, schedule, unwritable = _hash_on_disk(app), agenda.run(app), app.unwritable()
    today = day_of(app.clock(), app.zone())
    with app.store.read() as connection:
        published = rulebooks.load(connection)
        crms = [
            CrmStatus(
                vendor=crm.vendor, account_id=crm.account_id, name=crm.name,
                records=overview.records(connection, crm.id),
                values=backlog.debts(connection, crm.id),
                put_back=backlog.put_back(connection, crm.id),
                set_aside_count=quarantines.count(connection, crm.id),
                set_aside=set_aside.run(connection, crm.id),
                rejections=backlog.rejections(connection, crm.id),
                held=holds.held(connection, crm.id),
                drifting=backlog.drifting(connection, crm.id),
                read_at=_oldest(overview.read_at(connection, crm.id)),
                streams=overview.read_at(connection, crm.id),
                parked_until=_in_future(crm.not_before_at, app.clock()),
                allowance=crm.allowance,
                notices=notices.load(connection, crm.vendor),
            )
            for crm in connections.find_all(connection)
        ]  # fmt: skip
        return Status(
            store=app.store.place,
            schedule=schedule,
            is_late=schedule.is_late,
            unwritable=unwritable,
            rulebook=published.rulebook.hash if published else None,
            published_at=published.published_at if published else None,
            author=published.author if published else None,
            differs_from_disk=(
                None if on_disk is None or not published else on_disk != published.rulebook.hash
            ),
            tiers=overview.tiers(connection),
            labels=dict(published.rulebook.segments.tier.choices) if published else {},
            waiting_accounts=overview.dirty_accounts(connection),
            open_alerts=overview.open_alerts(connection),
            alert_answers=overview.alert_answers(connection),
            challenges=answers.waiting(connection, today),
            orphans=_orphans(connection, published, today),
            crms=crms,
            last_run=overview.last_run(connection),
        )


def _orphans(connection: Transaction, published: Published | None, today: Day) -> Sequence[Orphan]:
    """The accounts of reps who have left, those of the best tier first."""
    if published is None:
        return []
    book = published.rulebook
    left = people.departed(book.team, today)
    return departures.orphans(connection, left, list(book.segments.tier.choices))


def _oldest(streams: Mapping[str, Instant]) -> Instant | None:
    """When everything was read: as of the stream that waits the longest."""
    is_whole = all(kind.value in streams for kind in ORDER)
    return min(streams.values()) if is_whole else None


def _in_future(instant: Instant | None, now: Instant) -> Instant | None:
    return instant if instant is not None and instant > now else None


def _hash_on_disk(app: App) -> str | None:
    try:
        return app.compile().hash
    except PlaybookError:
        return None
