"""The mirror of a CRM: one page of records becomes rows, in the caller's one transaction.

1. Of each record the newest counts; those merged away and those older than the mirror are
   dropped.
2. External ids become ours; ends of links that were never seen get ids too, so that they join
   when they arrive.
3. Rows that differ are written, links replaced, histories continued. Bound values that went blank
   wait to be judged together (`blanks`).
4. What is gone becomes a tombstone.
5. Accounts are marked dirty where something that rules can see has changed; our own fields as
   observed, and mere time stamps, mark nobody.
6. The cursor moves.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection

from connectors.base import Page
from rules.records import Kind, Opportunity, Record
from rules.time import Instant
from service.store import (
    blanks,
    cursors,
    dirt,
    history,
    links,
    main_accounts,
    merges,
    quarantines,
    references,
)
from service.store.bulk import bulk_update, bulk_upsert, select_among
from service.store.context import MirrorContext
from service.store.incoming import Incoming, modified_at, newest_of, prepare
from service.store.rows import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCounts:
    """What became of a page's records: `received` = written + unchanged + older + rejected.

    Apart from these: values `quarantined`, records `archived`, accounts `dirtied`.
    """

    written: int = 0
    unchanged: int = 0
    older: int = 0
    rejected: int = 0
    quarantined: int = 0
    archived: int = 0
    dirtied: int = 0
    # Our ids of the records, for who wants to know which ones are absent.
    seen: Collection[int] = field(default=(), compare=False, repr=False)

    @property
    def received(self) -> int:
        """How many records came in."""
        return self.written + self.unchanged + self.older + self.rejected


def write_page(
    connection: Connection, context: MirrorContext, page: Page, *, is_complete: bool | None = None
) -> PageCounts:
    """Write a whole page and its cursor. `is_complete`: see `cursors`; default `page.is_last`."""
    newest, rejected = newest_of(page)
    dirtied = merges.follow(connection, context, newest.values())
    incoming = prepare(connection, context, page, newest)
    written, relevant = incoming.differing()
    bulk_upsert(
        connection,
        incoming.shape.table,
        incoming.shape.columns,
        [row for entity_id, row in incoming.rows.items() if entity_id in written],
        unless_equal=False,
    )
    blanks.follow(connection, context, page.kind, incoming.rows.keys(), incoming.blanked)
    joined = links.replace(
        connection, page.kind, incoming.records.keys(), incoming.links, incoming.ids
    )
    relevant |= _continue_histories(connection, context, incoming, written)
    _keep_earlier(connection, context, incoming, written)
    dirtied |= joined.touched | _accounts(connection, incoming, relevant, joined)
    dirtied |= _come_and_go(connection, incoming, written)
    archived, bereft = _archive_gone(connection, context, page)
    quarantined = quarantines.replace(
        connection,
        context,
        page.kind,
        {record.external_id for record in incoming.records.values()},
        [*rejected, *incoming.faults],
    )
    _save_cursor(connection, context, page, is_complete=is_complete)
    return PageCounts(
        written=len(written),
        unchanged=len(incoming.rows) - len(written),
        older=len(page.records) - len(rejected) - len(incoming.rows),
        rejected=len(rejected) + sum(not each.field for each in page.quarantined),
        quarantined=quarantined,
        archived=archived,
        dirtied=dirt.mark(connection, dirtied | bereft),
        seen=incoming.seen,
    )


def archive(
    connection: Connection, context: MirrorContext, kind: Kind, entity_ids: Collection[int]
) -> tuple[int, set[int]]:
    """Make tombstones of records that are gone from the CRM; an owner becomes inactive.

    Returns how many were there until now, and the accounts that lose something by it. Stages
    stay: closed opportunities go on naming them.
    """
    if kind is Kind.STAGE:
        return 0, set()
    table = TABLES[kind]
    name = "is_active" if kind is Kind.OWNER else "archived_at"
    alive, gone = (True, False) if kind is Kind.OWNER else (None, context.now)
    rows = select_among(connection, table, ("id", name), "id", entity_ids)
    ids: list[int] = [row.id for row in rows if getattr(row, name) == alive]
    bulk_update(connection, table, name, gone, ids)
    if kind is Kind.OWNER:
        return len(ids), dirt.accounts_owned_by(connection, ids)
    if kind is Kind.ACCOUNT:
        return len(ids), {*ids, *main_accounts.pass_on(connection, ids)}
    return len(ids), links.accounts_of(connection, kind, ids)


def _come_and_go(connection: Connection, incoming: Incoming, written: Collection[int]) -> set[int]:
    """The accounts that became, or are no more, the main one because others went or are back."""
    if incoming.kind is not Kind.ACCOUNT:
        return set()
    moved = incoming.change("archived_at", written)
    gone = [each for each, at in moved.items() if at is not None]
    back = [each for each, at in moved.items() if at is None]
    return main_accounts.pass_on(connection, gone) | main_accounts.hand_back(connection, back)


def _continue_histories(
    connection: Connection, context: MirrorContext, incoming: Incoming, written: Collection[int]
) -> set[int]:
    """Continue the histories of the records written; returns those whose stage entries moved."""
    stages = {name: str(ours) for name, ours in incoming.ids.get(Kind.STAGE, {}).items()}
    told = {
        entity_id: [(entry.entered_at, stages[entry.stage_id]) for entry in record.stage_entries]
        for entity_id, record in incoming.records.items()
        if entity_id in written and isinstance(record, Opportunity) and record.stage_entries
    }
    records, changes = incoming.records, []
    for name in history.TRACKED.get(incoming.kind, ()):
        is_told = told if name == "stage_id" else ()
        changes += [
            (
                entity_id,
                name,
                None if value is None else str(value),
                modified_at(records[entity_id]),
            )
            for entity_id, value in incoming.change(name, written).items()
            if entity_id not in is_told
        ]
    zone = context.zone
    history.follow(connection, incoming.kind, changes, incoming.last_changes(written), zone)
    return history.set_stages(connection, told, incoming.stored.keys(), zone)


def _keep_earlier(
    connection: Connection, context: MirrorContext, incoming: Incoming, written: Collection[int]
) -> None:
    """Keep the values that bound fields had until now, of those that had been read in full."""
    since = context.guarded.get(incoming.kind, {})
    slots = context.slots.get(incoming.kind, {})
    names = [name for name in slots if name in since]
    if not names or not incoming.stored:
        return
    last = incoming.last_changes(written)
    values = [
        history.Earlier(entity_id, name, value, since[name], at)
        for name in names
        for entity_id, value in incoming.earlier(slots[name], last).items()
        for at in [_changed_at(incoming.records[entity_id], last[entity_id], context.now)]
    ]
    history.keep(connection, incoming.kind, values)


def _changed_at(record: Record, last: Instant, now: Instant) -> Instant:
    """When a record changed; where its own date does not tell of the change, when it was seen."""
    at = modified_at(record)
    return at if last < at <= now else now


def _accounts(
    connection: Connection,
    incoming: Incoming,
    relevant: Collection[int],
    joined: links.LinkChanges,
) -> set[int]:
    """The accounts for which the records that changed mean something to the rules."""
    match incoming.kind:
        case Kind.ACCOUNT:
            return set(relevant)
        case Kind.OWNER:
            renamed = incoming.change("name", relevant)
            moved = incoming.change("rep_key", relevant) | incoming.change("is_active", relevant)
            return dirt.accounts_owned_by(
                connection, moved.keys() | renamed.keys()
            ) | dirt.accounts_with_past(connection, "owner_id", renamed.keys())
        case Kind.STAGE:
            renamed = incoming.change("label", relevant)
            seen = ("label", "pipeline_label", "kind", "probability")
            changed = {each for name in seen for each in incoming.change(name, relevant)}
            return dirt.accounts_in_stages(connection, changed) | dirt.accounts_with_past(
                connection, "stage_id", renamed.keys()
            )
        case Kind.OPPORTUNITY | Kind.CONTACT | Kind.ACTIVITY:
            return joined.accounts_of(relevant)


def _archive_gone(
    connection: Connection, context: MirrorContext, page: Page
) -> tuple[int, set[int]]:
    """Make tombstones of the ids that a page says are gone; one merged away is another record."""
    gone = references.find(connection, context.connection_id, page.kind, page.gone)
    current = [each.entity_id for each in gone.values() if each.is_current]
    return archive(connection, context, page.kind, current)


def _save_cursor(
    connection: Connection, context: MirrorContext, page: Page, *, is_complete: bool | None
) -> None:
    point = cursors.SavedCursor(
        value=page.cursor,
        is_complete=page.is_last if is_complete is None else is_complete,
        saved_at=context.now,
    )
    cursors.save(connection, context.connection_id, page.kind, point)
