"""Read-back: what the CRM was seen to hold since, against what it acknowledged.

A stale write of ours is owed again, at most three times in seven days. Anything else was edited by
a person, even where a new value was about to be written over it, and the policy of the field says
what becomes of it: it waits in drift and becomes a challenge, our value is written again (as often
as a stale write, then it is a challenge), or it is respected and pinned. A drift ends by itself
once the CRM holds a value of ours again, and its challenge with it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from rules.diff import Debt, Entry, Pin, PinKind, judge_observed
from rules.owned import BY_PEOPLE, DriftPolicy
from rules.time import Instant
from service.store import challenges, notices
from service.store.deliveries import NOT_WRITTEN
from service.store.outbox import OBSERVED, entry_of
from service.store.tables import account, outbox, push_journal

REASSERT_LIMIT = 3
REASSERT_MS = 7 * 86_400_000
# How many values that differ are judged in a transaction.
CHUNK = 2_000
RESPECTED = "respected"

Policies = Mapping[str, DriftPolicy]


@dataclass(frozen=True, slots=True)
class _Times:
    """How often a value was sent, ever and in the last seven days."""

    ever: int
    lately: int

    @property
    def again(self) -> int:
        """How often it was written again in the last seven days: all but the very first time."""
        return self.lately - (self.lately == self.ever)


# By account and field: the values of ours that the CRM may hold.
_Sent = Mapping[tuple[int, str], Mapping[str | None, _Times]]
_NEVER = _Times(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How many values differed, by verdict; `last` is the account to go on after, None at the end.

    `drift` waits for a person, `owed` is to be written again, `settled` is ours again, `respected`
    stays as a person left it.
    """

    counts: Counter[str]
    last: int | None


def read_back(
    connection: Connection,
    connection_id: int,
    now: Instant,
    *,
    after: int = 0,
    policies: Policies | None = None,
) -> Judged:
    """Judge what differs, in the order of accounts, at most `CHUNK` values; whole accounts."""
    rules = policies or {}
    rows = _differing(connection, connection_id, after, rules)
    last = None
    if len(rows) == CHUNK:
        rows = [row for row in rows if row.account_id != rows[-1].account_id]
        last = rows[-1].account_id
    sent = _sent_before(connection, {row.account_id for row in rows}, now)
    counts: Counter[str] = Counter()
    changes, edits, over = [], [], []
    for row in rows:
        entry = entry_of(row)
        policy = rules.get(row.field, DriftPolicy.CHALLENGE)
        judged = _judged(entry, row, sent.get((row.account_id, row.field), {}), policy)
        if judged == entry:
            continue
        is_respected = judged.desired != entry.desired
        counts[RESPECTED if is_respected else judged.state.value] += 1
        changes.append(_change(judged, row.version))
        if judged.state is Debt.DRIFT:
            edits.append((row.account_id, row.field, row.observed))
        elif entry.state is Debt.DRIFT:
            over.append((row.account_id, row.field))
    if changes:
        connection.execute(_JUDGE, changes)
    challenges.open_for(connection, edits, now)
    challenges.settle(connection, over, now)
    return Judged(counts=counts, last=last)


def _judged(
    entry: Entry, row: Row[Any], earlier: Mapping[str | None, _Times], policy: DriftPolicy
) -> Entry:
    """The entry after a look at what the CRM holds; the same when there is nothing to change."""
    verdict = judge_observed(entry, row.observed, earlier)
    has_repeated = earlier.get(entry.confirmed, _NEVER).again >= REASSERT_LIMIT
    if verdict is Debt.OWED and entry.state is Debt.SETTLED and has_repeated:
        verdict = Debt.DRIFT
    elif verdict is Debt.DRIFT and policy is DriftPolicy.RESPECT:
        return _respecting(entry, row)
    elif (verdict, policy) == (Debt.DRIFT, DriftPolicy.REASSERT) and entry.state is not verdict:
        verdict = Debt.DRIFT if has_repeated else Debt.OWED
    if verdict is entry.state:
        return entry
    judged = replace(entry, state=verdict, version=entry.version + 1)
    return _seen(judged, row) if verdict is Debt.SETTLED else judged


def _respecting(entry: Entry, row: Row[Any]) -> Entry:
    """The person's value is the desired one, for as long as the computed one stays."""
    pin = Pin(kind=PinKind.RESPECTED, computed=entry.computed)
    version = entry.version + 1
    kept = replace(
        entry, desired=row.observed, pin=pin, version=version, state=Debt.SETTLED, attempts=0
    )
    return _seen(kept, row)


def _seen(entry: Entry, row: Row[Any]) -> Entry:
    """An entry whose value the CRM was seen to hold."""
    return replace(
        entry,
        confirmed=row.observed,
        confirmed_version=entry.version,
        confirmed_at=row.pulled_at,
    )


def _change(judged: Entry, version: int) -> dict[str, object]:
    pin = judged.pin
    return {
        "key_account": judged.account_id,
        "key_field": judged.field,
        "judged": version,
        "to_desired": judged.desired,
        "to_state": judged.state.value,
        "to_version": judged.version,
        "to_confirmed": judged.confirmed,
        "to_confirmed_version": judged.confirmed_version,
        "to_confirmed_at": judged.confirmed_at,
        "to_attempts": judged.attempts,
        "to_pin": pin.kind.value if pin else None,
        "to_pin_run": pin.run_id if pin else None,
        "to_pin_computed": pin.computed if pin else None,
    }


_JUDGE = (
    update(outbox)
    .where(
        outbox.c.account_id == bindparam("key_account"),
        outbox.c.field == bindparam("key_field"),
        outbox.c.version == bindparam("judged"),
    )
    .values(
        desired=bindparam("to_desired"),
        state=bindparam("to_state"),
        version=bindparam("to_version"),
        confirmed=bindparam("to_confirmed"),
        confirmed_version=bindparam("to_confirmed_version"),
        confirmed_at=bindparam("to_confirmed_at"),
        attempts=bindparam("to_attempts"),
        pin=bindparam("to_pin"),
        pin_run_id=bindparam("to_pin_run"),
        pin_computed=bindparam("to_pin_computed"),
    )
)


def _differing(
    connection: Connection, connection_id: int, after: int, policies: Policies
) -> Sequence[Row[Any]]:
    """The outbox rows about which the value seen in the CRM has something to say.

    What was seen of a field that the CRM lacks now is what it held before that.
    """
    differs = and_(
        outbox.c.state.in_([Debt.SETTLED.value, Debt.OWED.value]),
        account.c.pulled_at > outbox.c.confirmed_at,
        OBSERVED.is_distinct_from(outbox.c.confirmed),
    )
    is_ours_again = and_(
        outbox.c.state == Debt.DRIFT.value,
        or_(
            OBSERVED.is_not_distinct_from(outbox.c.desired),
            OBSERVED.is_not_distinct_from(outbox.c.confirmed),
        ),
    )
    return connection.execute(
        select(outbox, OBSERVED.label("observed"), account.c.pulled_at)
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.account_id > after,
            outbox.c.field.not_in(notices.names_of_lost(connection_id)),
            outbox.c.field.not_in([each.value for each in BY_PEOPLE]),
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            or_(differs, is_ours_again, *_newly_respected(policies)),
        )
        .order_by(outbox.c.account_id, outbox.c.field)
        .limit(CHUNK)
    ).all()


def _newly_respected(policies: Policies) -> list[ColumnElement[bool]]:
    """Edits that wait in fields where the policy has become to respect them."""
    fields = [field for field, policy in policies.items() if policy is DriftPolicy.RESPECT]
    return [and_(outbox.c.state == Debt.DRIFT.value, outbox.c.field.in_(fields))] if fields else []


def _sent_before(connection: Connection, accounts: set[int], now: Instant) -> _Sent:
    """What the journal tells of these accounts, in one query.

    A line that is still *sending* counts: nobody knows whether its value was written.
    """
    found: dict[tuple[int, str], dict[str | None, _Times]] = defaultdict(dict)
    if accounts:
        journal = push_journal.c
        lately = func.count().filter(journal.at > now - REASSERT_MS).label("lately")
        ever = func.count().label("ever")
        rows = connection.execute(
            select(journal.account_id, journal.field, journal.after, ever, lately)
            .where(journal.account_id.in_(accounts), journal.outcome.not_in(NOT_WRITTEN))
            .group_by(journal.account_id, journal.field, journal.after)
        )
        for row in rows:
            found[row.account_id, row.field][row.after] = _Times(row.ever, row.lately)
    return found
