"""What we owe to a CRM: the desired value of each own field against what it is known to hold.

Pure: rows in, rows out. Values are text as `rules.owned` writes them; None clears a field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.owned import Owned
from rules.time import Day, Instant, date_of


class Debt(StrEnum):
    """The state of one own field of one account."""

    OWED = "owed"
    SETTLED = "settled"
    REJECTED = "rejected"
    HELD = "held"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the outbox. `confirmed` is what the CRM acknowledged, for `confirmed_version`."""

    account_id: int
    field: str
    desired: str | None
    version: int = 1
    confirmed: str | None = None
    confirmed_version: int = 0
    confirmed_at: Instant | None = None
    state: Debt = Debt.OWED


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The tag of an account as far as the CRM is concerned."""

    tier: str | None
    priority: str | None
    next_contact_on: Day | None
    why: str | None
    segment: str | None
    quadrant: str | None
    contact_status: str | None

    def written(self, field: Owned) -> str | None:
        """The value of a field as it is written in a CRM."""
        if field is Owned.NEXT_CONTACT:
            day = self.next_contact_on
            return None if day is None else date_of(day).isoformat()
        value: str | None = getattr(self, field.value)
        return value


def owed(
    account_id: int,
    values: Values,
    fields: Sequence[Owned],
    observed: Mapping[str, str | None],
    known: Mapping[str, Entry],
) -> list[Entry]:
    """The outbox rows of an account that are new or differ from the known ones.

    A field that the CRM already holds and that was never pushed needs no row. A new desired value
    is a new version; back to the confirmed value, nothing is owed any more. A field in drift was
    edited by a person: it waits for them, whatever is desired.
    """
    entries = []
    for field in fields:
        desired = values.written(field)
        entry = known.get(field)
        if entry is None:
            if desired != observed.get(field):
                entries.append(Entry(account_id=account_id, field=field, desired=desired))
        elif desired != entry.desired:
            state = entry.state
            if state is not Debt.DRIFT:
                is_settled = entry.confirmed_version > 0 and desired == entry.confirmed
                state = Debt.SETTLED if is_settled else Debt.OWED
            entries.append(replace(entry, desired=desired, version=entry.version + 1, state=state))
    return entries


def judge_observed(entry: Entry, observed: str | None, earlier: Sequence[str | None]) -> Debt:
    """What a value read back from the CRM means for a settled field.

    Args:
        entry: the outbox row.
        observed: the value as pulled after the confirmation.
        earlier: the values that we wrote to this field before.

    Returns:
        SETTLED when it is ours; OWED when it is an older value of ours (a stale write: write
        again); DRIFT when a person edited it.
    """
    if observed == entry.confirmed:
        return Debt.SETTLED
    return Debt.OWED if observed in earlier else Debt.DRIFT
