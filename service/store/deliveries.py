"""What is sent and what became of it: the append-only journal, acknowledgements, refusals.

A value is settled only for the version that was sent, and only from a per-record success in the
CRM's own answer. The journal has a line for every attempt with the value before and after: written
as *sending* before the batch leaves, so that a process that dies meanwhile leaves word of what may
have been written, and closed by the outcome.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Text, and_, bindparam, case, delete, insert, select, update

from connectors.base import Outcome, State
from rules.diff import Debt
from rules.language import Language
from rules.owned import BY_PEOPLE, Owned
from rules.time import Instant
from service.store.outbox import Pending
from service.store.tables import outbox, push_journal

ACTOR = "arpent"
SENDING = "sending"
FIRST_RETRY_MS = 60_000
LAST_RETRY_MS = 6 * 3_600_000
# After any other outcome, or none, the CRM may hold the value.
NOT_WRITTEN = (State.REJECTED.value, State.DEFERRED.value)


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch on its way: its values, and the id of the line that each has in the journal."""

    items: Sequence[Pending]
    lines: Sequence[int]


def announce(connection: Connection, run_id: int, batch: Sequence[Pending], now: Instant) -> Sent:
    """Journal what is about to be sent; commit before it is."""
    lines = [
        {
            "run_id": run_id, "account_id": item.account_id, "field": item.field,
            "before": item.before, "after": item.after, "version": item.version,
            "outcome": SENDING, "reason": None, "actor": ACTOR, "at": now,
        }
        for item in batch
    ]  # fmt: skip
    journal = push_journal.c
    announced = insert(push_journal).returning(journal.id, journal.account_id, journal.field)
    ids = {(row.account_id, row.field): row.id for row in connection.execute(announced, lines)}
    return Sent(batch, [ids[item.account_id, item.field] for item in batch])


def withdraw(connection: Connection, sent: Sent, reason: str) -> None:
    """A batch that the CRM did not take: nothing of it was written, and all of it is still owed."""
    connection.execute(
        update(push_journal)
        .where(push_journal.c.id.in_(sent.lines))
        .values(outcome=State.DEFERRED.value, reason=reason)
    )


def record(
    connection: Connection,
    sent: Sent,
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
    settled, refused, closed = [], [], []
    for item, line in zip(sent.items, sent.lines, strict=True):
        outcome = outcomes.get(item.external_id, unknown)
        kept = outcome.normalised.get(item.field, item.after)
        is_as_sent = outcome.state is State.APPLIED and kept == item.after
        reason = None if is_as_sent else reason_of(outcome, language)
        counts[outcome.state.value] += 1
        closed.append(
            {"line": line, "kept": kept, "became": outcome.state.value, "why": reason, "now": now}
        )
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
    for statement, rows in ((_CLOSE, closed), (_SETTLE, settled), (_REFUSE, refused)):
        if rows:
            connection.execute(statement, rows)
    return counts


def retire(connection: Connection, written: Sequence[Owned]) -> None:
    """Owe the clearing of the fields that are written no more, once; forget what was never sent.

    A field in drift or held still waits for a person; of those that people write, only the answered
    are emptied, whatever the rules.
    """
    is_retired = outbox.c.field.not_in([field.value for field in (*written, *BY_PEOPLE)])
    journal = push_journal.c
    may_be_there = (
        select(journal.id)
        .where(
            journal.account_id == outbox.c.account_id,
            journal.field == outbox.c.field,
            journal.outcome.not_in(NOT_WRITTEN),
        )
        .correlate(outbox)
        .exists()
    )
    connection.execute(
        delete(outbox).where(is_retired, outbox.c.confirmed_version == 0, ~may_be_there)
    )
    waits = outbox.c.state.in_([Debt.DRIFT.value, Debt.HELD.value])
    # What was undone while the rules had no value for it already stays as it is.
    is_kept = and_(outbox.c.pin.is_not(None), outbox.c.pin_computed.is_(None))
    connection.execute(
        update(outbox)
        .where(is_retired, outbox.c.desired.is_not(None), ~is_kept)
        .values(
            desired=None,
            version=outbox.c.version + 1,
            state=case((waits, outbox.c.state), else_=Debt.OWED.value),
            reason=None,
            attempts=0,
            not_before_at=None,
            pin=None,
            pin_run_id=None,
            pin_computed=None,
        )
    )
    connection.execute(
        update(outbox)
        .where(is_retired, outbox.c.pin.is_not(None), outbox.c.desired.is_(None))
        .values(pin=None, pin_run_id=None, pin_computed=None)
    )


def reason_of(outcome: Outcome, language: Language) -> str:
    """The CRM's own words and our remedy."""
    remedy = outcome.remedy.to(language) if outcome.remedy else ""
    return " – ".join(part for part in (outcome.reason, remedy) if part)


_KEY = (
    outbox.c.account_id == bindparam("key_account"),
    outbox.c.field == bindparam("key_field"),
)

_CLOSE = (
    update(push_journal)
    .where(push_journal.c.id == bindparam("line"))
    .values(
        after=bindparam("kept"),
        outcome=bindparam("became"),
        reason=bindparam("why"),
        at=bindparam("now"),
    )
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
