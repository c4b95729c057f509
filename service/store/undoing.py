"""Undoing: what a run wrote, what became of it since, and the values of before.

A line of the journal that may have been written counts, whatever was answered. What the CRM holds
now decides: a value that is still the run's goes back to what it was before the run, and is pinned
there; what a later run or a person has written since stays.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from connectors.base import Edit
from rules.diff import Debt, Entry, Pin, PinKind, wanting
from rules.owned import Owned
from rules.time import Instant
from service.store import challenges, deliveries, holds, objections
from service.store.deliveries import NOT_WRITTEN, SENDING
from service.store.outbox import BEFORE, entry_of, save, values_of
from service.store.tables import account, alert, connection, outbox, owner, push_journal, tag

# Accounts that are looked at together: what a CRM reads in a few calls.
CHUNK = 500
_DOUBTFUL = (SENDING, "unknown")


class Fate(StrEnum):
    """What undoing a run does with one value.

    `RESTORED`: written back. `KEPT`: the CRM holds the earlier value already. Left alone are what
    a person `EDITED` since, what a `LATER` run wrote, and accounts or fields
    that are `GONE`.
    """

    RESTORED = "restored"
    KEPT = "kept"
    EDITED = "edited"
    LATER = "later"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """One value of a run: what the CRM holds, and what it held before the run.

    `later_run` is the last run that wrote another value since; `author` and `edited_at` tell of
    the last change in the CRM, where it was asked.
    """

    account_id: int
    external_id: str
    account: str
    rep_key: str | None
    owner: str | None
    field: str
    now: str | None
    before: str | None
    fate: Fate
    later_run: int | None = None
    author: str | None = None
    edited_at: Instant | None = None

    @property
    def is_taken_back(self) -> bool:
        """Whether the value of before is the one that counts after the undoing."""
        is_kept = self.fate is Fate.KEPT and self.later_run is None
        return is_kept or self.fate is Fate.RESTORED


@dataclass(slots=True)
class _Written:
    """What the journal tells of one value: before the run, during it, and after."""

    before: str | None
    at: Instant
    during: set[str | None] = field(default_factory=set)
    doubtful_at: Instant | None = None
    later: list[tuple[int, str | None]] = field(default_factory=list)


def vendors_of(connected: Connection, run_id: int) -> list[str]:
    """The CRMs in which a run wrote values or created tasks."""
    values = select(push_journal.c.account_id).where(push_journal.c.run_id == run_id)
    tasks = select(alert.c.account_id).where(alert.c.task_run_id == run_id)
    found = connected.scalars(
        select(connection.c.vendor)
        .join(account, account.c.connection_id == connection.c.id)
        .where(account.c.id.in_(values.union(tasks)))
        .distinct()
        .order_by(connection.c.vendor)
    )
    return list(found)


def accounts_of(
    connected: Connection, connection_id: int, run_id: int, after: int = 0
) -> dict[int, str]:
    """The accounts that a run wrote to: id → external id, at most `CHUNK` of them, in order."""
    rows = connected.execute(
        select(account.c.id, account.c.external_id)
        .where(
            account.c.id > after,
            account.c.connection_id == connection_id,
            account.c.id.in_(
                select(push_journal.c.account_id).where(
                    push_journal.c.run_id == run_id, push_journal.c.outcome.not_in(NOT_WRITTEN)
                )
            ),
        )
        .order_by(account.c.id)
        .limit(CHUNK)
    )
    return {row.id: row.external_id for row in rows}


def observe(
    connected: Connection, edits: Sequence[Edit], ids: Mapping[str, int], now: Instant
) -> None:
    """Keep what a consistent read has told of our fields (external id → account)."""
    seen: dict[int, dict[str, str | None]] = defaultdict(dict)
    for each in edits:
        seen[ids[each.external_id]][f"new_{each.field}"] = each.value
    if not seen:
        return
    fields = sorted({each.field for each in edits})
    connected.execute(
        update(account)
        .where(account.c.id == bindparam("which"))
        .values(
            {f"observed_{name}": bindparam(f"new_{name}") for name in fields}
            | {"pulled_at": bindparam("seen_at")}
        ),
        [{"which": key, "seen_at": now, **values} for key, values in seen.items()],
    )


def look(
    connected: Connection,
    run_id: int,
    accounts: Collection[int],
    told: Mapping[tuple[str, str], Edit] | None = None,
) -> list[Undone]:
    """What undoing a run would do with its values of some accounts, in their order.

    `told` is what the CRM has just said, by external id and field: what is not in it is gone.
    Without it, what the store knows decides.
    """
    written = _written(connected, run_id, accounts)
    rows = _rows(connected, accounts)
    return [
        _undone(rows[key], found, told) for key, found in sorted(written.items()) if key in rows
    ]


def _written(
    connected: Connection, run_id: int, accounts: Collection[int]
) -> dict[tuple[int, str], _Written]:
    """By account and field, from the first line of the run on."""
    journal = push_journal.c
    first = select(func.min(journal.id)).where(journal.run_id == run_id).scalar_subquery()
    lines = connected.execute(
        select(push_journal)
        .where(
            journal.id >= first,
            journal.account_id.in_(accounts),
            journal.outcome.not_in(NOT_WRITTEN),
        )
        .order_by(journal.id)
    )
    found: dict[tuple[int, str], _Written] = {}
    for line in lines:
        key = line.account_id, line.field
        if line.run_id == run_id:
            known = found.setdefault(key, _Written(before=line.before, at=line.at))
            known.during.add(line.after)
            known.at = line.at
            known.doubtful_at = line.at if line.outcome in _DOUBTFUL else None
        elif key in found and line.after not in found[key].during:
            found[key].later.append((line.run_id, line.after))
    return found


def _rows(connected: Connection, accounts: Collection[int]) -> dict[tuple[int, str], Row[Any]]:
    rows = connected.execute(
        select(
            outbox, account.c.external_id, account.c.name, account.c.archived_at,
            account.c.pulled_at, owner.c.rep_key, owner.c.name.label("owner"),
            BEFORE.label("held_now"),
        )
        .select_from(
            outbox.join(account, account.c.id == outbox.c.account_id).outerjoin(
                owner, owner.c.id == account.c.owner_id
            )
        )
        .where(outbox.c.account_id.in_(accounts))
    )  # fmt: skip
    return {(row.account_id, row.field): row for row in rows}


def _undone(
    row: Row[Any], written: _Written, told: Mapping[tuple[str, str], Edit] | None
) -> Undone:
    edit = told.get((row.external_id, row.field)) if told is not None else None
    if edit is not None:
        now = edit.value
    elif (
        written.doubtful_at is not None
        and not written.later
        and row.pulled_at <= written.doubtful_at
    ):
        # Nobody has looked since: as if it had been written.
        (now, *_) = written.during
    else:
        now = row.held_now
    if row.archived_at is not None or (told is not None and edit is None):
        fate = Fate.GONE
    elif edit is not None and _is_challenged_anew(edit, written):
        fate = Fate.EDITED
    else:
        fate = _fate(entry_of(row), written, now)
    return Undone(
        account_id=row.account_id, external_id=row.external_id,
        account=row.name or row.external_id, rep_key=row.rep_key, owner=row.owner,
        field=row.field, now=now, before=written.before,
        fate=fate,
        later_run=written.later[-1][0] if written.later else None,
        author=edit.author if edit else None, edited_at=edit.at if edit else None,
    )  # fmt: skip


def _is_challenged_anew(edit: Edit, written: _Written) -> bool:
    """Whether somebody has written the same challenge once more, after the run emptied it."""
    is_since = edit.at is not None and edit.at > written.at and not written.later
    return edit.field == Owned.CHALLENGE and edit.value == written.before and is_since


def _fate(entry: Entry, written: _Written, now: str | None) -> Fate:
    if now == written.before:
        return Fate.KEPT
    if written.later:
        if now not in written.during and now not in {after for _, after in written.later}:
            return Fate.EDITED
        # An undoing that died: what it owes is still to be sent.
        is_owed = entry.state is Debt.OWED and entry.desired == written.before
        return Fate.RESTORED if is_owed else Fate.LATER
    return Fate.RESTORED if now in written.during else Fate.EDITED


def apply(
    connected: Connection,
    undone: Sequence[Undone],
    fields: Sequence[Owned],
    *,
    undone_run: int,
    run_id: int,
    now: Instant,
) -> int:
    """Make the values of before the desired ones and pin them; returns how many are pinned.

    Those to write are let go under `run_id`. `fields` are the own fields that the rulebook writes:
    of others, nothing is computed. What a later run or a person wrote is not touched.
    """
    ours = {(each.account_id, each.field): each for each in undone if each.is_taken_back}
    accounts = {key for key, _ in ours}
    computed = _computed(connected, accounts, fields)
    entries = []
    for key, row in _rows(connected, accounts).items():
        if key in ours:
            entry = entry_of(row)
            pin = Pin(kind=PinKind.UNDONE, computed=computed.get(key), run_id=undone_run)
            entries.append(_returned(entry, ours[key], pin, row.pulled_at))
    save(connected, entries)
    holds.let_go(
        connected,
        run_id,
        [(*key[:1], Owned(key[1])) for key, each in ours.items() if each.fate is Fate.RESTORED],
    )
    challenges.settle(connected, ours, now)
    return sum(entry.pin is not None for entry in entries)


def _returned(entry: Entry, undone: Undone, pin: Pin, seen_at: Instant) -> Entry:
    """An entry that goes back to what it was; it needs no pin where the rules want that too."""
    before = undone.before
    wanted = wanting(replace(entry, state=Debt.SETTLED), before)
    kept = entry.pin if entry.pin and entry.desired == before else pin
    wanted = replace(wanted, pin=kept if kept.computed != before else None)
    if undone.fate is Fate.RESTORED:
        return replace(wanted, state=Debt.OWED)
    return replace(
        wanted, state=Debt.SETTLED, confirmed=before, confirmed_version=wanted.version,
        confirmed_at=seen_at, attempts=0,
    )  # fmt: skip


def _computed(
    connected: Connection, accounts: Collection[int], fields: Sequence[Owned]
) -> dict[tuple[int, str], str | None]:
    rows = connected.execute(select(tag).where(tag.c.account_id.in_(accounts)))
    return {
        (row.account_id, each.value): values_of(row).written(each)
        for row in rows
        for each in fields
    }


def release(connected: Connection, run_id: int, fields: Sequence[Owned]) -> int:
    """Let the rules decide again over what the undoing of a run pinned; how many values.

    A challenge that was answered before it was put back leaves the field again.
    """
    answered = objections.put_back(connected, run_id)
    is_pinned = outbox.c.pin_run_id == run_id
    accounts = list(connected.scalars(select(outbox.c.account_id).where(is_pinned).distinct()))
    values: dict[Any, Any] = {"pin": None, "pin_run_id": None, "pin_computed": None}
    released = connected.execute(update(outbox).where(is_pinned).values(values)).rowcount
    for start in range(0, len(accounts), CHUNK):
        some = accounts[start : start + CHUNK]
        connected.execute(update(tag).where(tag.c.account_id.in_(some)).values(is_owed=True))
    objections.empty_again(connected, answered)
    deliveries.retire(connected, fields)
    return released
