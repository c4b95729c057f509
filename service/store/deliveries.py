"""What became of what was sent: acknowledgements, the append-only journal, values read back.

A value is settled only for the version that was sent, and only from a per-record success in the
CRM's own answer. The journal keeps every attempt with the value before and after.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Text,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)

from connectors.base import Outcome, State
from rules.diff import Debt, Entry, judge_observed
from rules.language import Language
from rules.owned import Owned
from rules.time import Instant
from service.store.outbox import Pending, entry_of
from service.store.tables import account, challenge, outbox, push_journal

ACTOR = "arpent"
FIRST_RETRY_MS = 60_000
LAST_RETRY_MS = 6 * 3_600_000
REASSERT_LIMIT = 3
REASSERT_MS = 7 * 86_400_000


def record(
    connection: Connection,
    run_id: int,
    sent: Sequence[Pending],
    outcomes: Mapping[str, Outcome],
    *,
    now: Instant,
    language: Language,
) -> Counter[str]:
    """Settle what the CRM applied, keep the reason of what it refused; counts values by state.

    What the CRM applied in a form of its own is confirmed in that form: read back, it is ours.
    A record that is missing from the answer is unknown: it stays owed and is tried later.
    """
    counts: Counter[str] = Counter()
    unknown = Outcome(external_id="", state=State.UNKNOWN, reason="missing from the answer")
    settled, refused, journal = [], [], []
    for item in sent:
        outcome = outcomes.get(item.external_id, unknown)
        kept = outcome.normalised.get(item.field, item.after)
        reason = _reason(outcome, language, is_kept=kept == item.after)
        counts[outcome.state.value] += 1
        journal.append(
            {
                "run_id": run_id, "account_id": item.account_id, "field": item.field,
                "before": item.before, "after": kept, "version": item.version,
                "outcome": outcome.state.value, "reason": reason, "actor": ACTOR, "at": now,
            }
        )  # fmt: skip
        key = {"key_account": item.account_id, "key_field": item.field, "sent": item.version}
        if outcome.state is State.APPLIED:
            settled.append({**key, "value": kept, "now": now})
        else:
            is_final = outcome.state is State.REJECTED
            state = Debt.REJECTED if is_final else Debt.OWED
            wait = min(FIRST_RETRY_MS * 2**item.attempts, LAST_RETRY_MS)
            if outcome.wait is not None:
                wait = round(outcome.wait * 1_000)
            refused.append(
                {**key, "state": state.value, "reason": reason, "not_before": now + wait}
            )
    if journal:
        connection.execute(insert(push_journal), journal)
    if settled:
        connection.execute(_SETTLE, settled)
    if refused:
        connection.execute(_REFUSE, refused)
    return counts


def _reason(outcome: Outcome, language: Language, *, is_kept: bool) -> str | None:
    if outcome.state is State.APPLIED and is_kept:
        return None
    remedy = outcome.remedy.to(language) if outcome.remedy else ""
    return " – ".join(part for part in (outcome.reason, remedy) if part)


_KEY = (
    outbox.c.account_id == bindparam("key_account"),
    outbox.c.field == bindparam("key_field"),
)

# A newer desired value may have come while this one was on its way: then it is still owed, even
# when it had been settled because the CRM held it until now.
_SETTLE = (
    update(outbox)
    .where(*_KEY, outbox.c.confirmed_version < bindparam("sent"))
    .values(
        confirmed=bindparam("value"),
        confirmed_version=bindparam("sent"),
        confirmed_at=bindparam("now"),
        state=case(
            (outbox.c.version == bindparam("sent"), Debt.SETTLED.value),
            (
                (outbox.c.state == Debt.SETTLED.value)
                & outbox.c.desired.is_distinct_from(bindparam("value", type_=Text)),
                Debt.OWED.value,
            ),
            else_=outbox.c.state,
        ),
        reason=None,
        attempts=0,
        not_before_at=None,
    )
)
_REFUSE = (
    update(outbox)
    .where(*_KEY, outbox.c.version == bindparam("sent"))
    .values(
        state=bindparam("state"),
        reason=bindparam("reason"),
        attempts=outbox.c.attempts + 1,
        not_before_at=bindparam("not_before"),
    )
)


def read_back(
    connection: Connection, connection_id: int, fields: Sequence[Owned], now: Instant
) -> Counter[str]:
    """Compare values once acknowledged with what was pulled since; counts what differs by verdict.

    A stale write of ours is owed again (at most three times in seven days); anything else was
    edited by a person: the field waits in drift, even when a new value was about to be written
    over it, and the edit becomes a challenge.
    """
    counts: Counter[str] = Counter()
    for row in _differing(connection, connection_id, fields):
        entry = entry_of(row)
        earlier = _sent_before(connection, entry, now)
        verdict = judge_observed(entry, row.observed, earlier)
        if entry.state is Debt.SETTLED and earlier.get(entry.confirmed, 0) > REASSERT_LIMIT:
            verdict = Debt.DRIFT
        if verdict is entry.state:
            continue
        counts[verdict.value] += 1
        connection.execute(
            update(outbox)
            .where(outbox.c.account_id == entry.account_id, outbox.c.field == entry.field)
            .values(state=verdict.value, version=entry.version + 1)
        )
        if verdict is Debt.DRIFT:
            connection.execute(
                insert(challenge).values(
                    account_id=entry.account_id, field=entry.field, value=row.observed,
                    received_at=now, state="open",
                )
            )  # fmt: skip
    return counts


def _differing(
    connection: Connection, connection_id: int, fields: Sequence[Owned]
) -> Sequence[Row[Any]]:
    """The outbox rows whose confirmed value is not the one `observed` in the CRM since."""
    pulled = union_all(
        *[
            select(
                account.c.id, literal(field.value).label("field"),
                account.c[f"observed_{field}"].label("observed"), account.c.pulled_at,
            ).where(account.c.connection_id == connection_id, account.c.archived_at.is_(None))
            for field in fields
        ]
    ).subquery("pulled")  # fmt: skip
    return connection.execute(
        select(outbox, pulled.c.observed)
        .join(pulled, (pulled.c.id == outbox.c.account_id) & (pulled.c.field == outbox.c.field))
        .where(
            outbox.c.state.in_([Debt.SETTLED.value, Debt.OWED.value]),
            pulled.c.pulled_at > outbox.c.confirmed_at,
            pulled.c.observed.is_distinct_from(outbox.c.confirmed),
        )
        .order_by(outbox.c.account_id, outbox.c.field)
    ).all()


def _sent_before(connection: Connection, entry: Entry, now: Instant) -> dict[str | None, int]:
    """The values that may have reached the CRM, each with how often in the last seven days."""
    recent = func.count().filter(push_journal.c.at > now - REASSERT_MS).label("recent")
    rows = connection.execute(
        select(push_journal.c.after, recent)
        .where(
            push_journal.c.account_id == entry.account_id,
            push_journal.c.field == entry.field,
            push_journal.c.outcome != State.REJECTED.value,
        )
        .group_by(push_journal.c.after)
    )
    return {row.after: row.recent for row in rows}


def debts(connection: Connection, connection_id: int) -> dict[str, int]:
    """How many values are in each state, for `status`."""
    rows = connection.execute(
        select(outbox.c.state, func.count().label("total"))
        .join(account, account.c.id == outbox.c.account_id)
        .where(account.c.connection_id == connection_id)
        .group_by(outbox.c.state)
    )
    return {row.state: row.total for row in rows}
