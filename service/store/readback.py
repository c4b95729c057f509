"""Read-back: what the CRM was seen to hold since, against what it acknowledged.

A stale write of ours is owed again, at most three times in seven days. Anything else was edited by
a person: the field waits in drift, even when a new value was about to be written over it, and the
edit becomes a challenge. A drift ends by itself once the CRM holds a value of ours again.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, insert, or_, select, update

from rules.diff import Debt, Entry, judge_observed
from rules.time import Instant
from service.store.deliveries import NOT_WRITTEN
from service.store.outbox import entry_of
from service.store.tables import OWN_FIELDS, account, challenge, outbox, push_journal

REASSERT_LIMIT = 3
REASSERT_MS = 7 * 86_400_000
# How many values that differ are judged in a transaction.
CHUNK = 2_000

# By account and field: the values of ours that the CRM may hold, with how often each was sent in
# the last seven days.
_Sent = Mapping[tuple[int, str], Mapping[str | None, int]]

_OBSERVED = case(*[(outbox.c.field == name, account.c[f"observed_{name}"]) for name in OWN_FIELDS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How many values differed, by verdict; `last` is the account to go on after, None at the end.

    `drift` waits for a person, `owed` is to be written again, `settled` is ours again.
    """

    counts: Counter[str]
    last: int | None


def read_back(
    connection: Connection, connection_id: int, now: Instant, *, after: int = 0
) -> Judged:
    """Judge what differs, in the order of accounts, at most `CHUNK` values; whole accounts."""
    rows = _differing(connection, connection_id, after)
    last = None
    if len(rows) == CHUNK:
        rows = [row for row in rows if row.account_id != rows[-1].account_id]
        last = rows[-1].account_id
    sent = _sent_before(connection, {row.account_id for row in rows}, now)
    counts: Counter[str] = Counter()
    changes, challenges = [], []
    for row in rows:
        entry = entry_of(row)
        verdict = _verdict(entry, row.observed, sent.get((row.account_id, row.field), {}))
        if verdict is entry.state:
            continue
        counts[verdict.value] += 1
        changes.append(_change(row, verdict))
        if verdict is Debt.DRIFT:
            challenges.append(
                {
                    "account_id": row.account_id, "field": row.field, "value": row.observed,
                    "received_at": now, "state": "open",
                }
            )  # fmt: skip
    if changes:
        connection.execute(_JUDGE, changes)
    if challenges:
        connection.execute(insert(challenge), challenges)
    return Judged(counts=counts, last=last)


def _verdict(entry: Entry, observed: str | None, earlier: Mapping[str | None, int]) -> Debt:
    if entry.state is Debt.SETTLED and earlier.get(entry.confirmed, 0) > REASSERT_LIMIT:
        return Debt.DRIFT
    return judge_observed(entry, observed, earlier)


def _change(row: Row[Any], verdict: Debt) -> dict[str, object]:
    """A row in its new state: settled, the CRM was seen to hold what is desired."""
    version, is_settled = row.version + 1, verdict is Debt.SETTLED
    return {
        "key_account": row.account_id,
        "key_field": row.field,
        "judged": row.version,
        "to_state": verdict.value,
        "to_version": version,
        "to_confirmed": row.observed if is_settled else row.confirmed,
        "to_confirmed_version": version if is_settled else row.confirmed_version,
        "to_confirmed_at": row.pulled_at if is_settled else row.confirmed_at,
    }


_JUDGE = (
    update(outbox)
    .where(
        outbox.c.account_id == bindparam("key_account"),
        outbox.c.field == bindparam("key_field"),
        outbox.c.version == bindparam("judged"),
    )
    .values(
        state=bindparam("to_state"),
        version=bindparam("to_version"),
        confirmed=bindparam("to_confirmed"),
        confirmed_version=bindparam("to_confirmed_version"),
        confirmed_at=bindparam("to_confirmed_at"),
    )
)


def _differing(connection: Connection, connection_id: int, after: int) -> Sequence[Row[Any]]:
    """The outbox rows about which the value seen in the CRM has something to say."""
    differs = and_(
        outbox.c.state.in_([Debt.SETTLED.value, Debt.OWED.value]),
        account.c.pulled_at > outbox.c.confirmed_at,
        _OBSERVED.is_distinct_from(outbox.c.confirmed),
    )
    is_ours_again = and_(
        outbox.c.state == Debt.DRIFT.value,
        or_(
            _OBSERVED.is_not_distinct_from(outbox.c.desired),
            _OBSERVED.is_not_distinct_from(outbox.c.confirmed),
        ),
    )
    return connection.execute(
        select(outbox, _OBSERVED.label("observed"), account.c.pulled_at)
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.account_id > after,
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            or_(differs, is_ours_again),
        )
        .order_by(outbox.c.account_id, outbox.c.field)
        .limit(CHUNK)
    ).all()


def _sent_before(connection: Connection, accounts: set[int], now: Instant) -> _Sent:
    """What the journal tells of these accounts, in one query.

    A line that is still *sending* counts: nobody knows whether its value was written.
    """
    found: dict[tuple[int, str], dict[str | None, int]] = defaultdict(dict)
    if accounts:
        journal = push_journal.c
        recent = func.count().filter(journal.at > now - REASSERT_MS).label("recent")
        rows = connection.execute(
            select(journal.account_id, journal.field, journal.after, recent)
            .where(journal.account_id.in_(accounts), journal.outcome.not_in(NOT_WRITTEN))
            .group_by(journal.account_id, journal.field, journal.after)
        )
        for row in rows:
            found[row.account_id, row.field][row.after] = row.recent
    return found
