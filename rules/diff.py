"""What we owe to a CRM: the desired value of each own field against what it is known to hold.

Pure: rows in, rows out. Values are text as `rules.owned` writes them; None clears a field.
"""

from collections.abc import Collection, Mapping, Sequence
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


class PinKind(StrEnum):
    """Why a value stands instead of the computed one."""

    UNDONE = "undone"
    RESPECTED = "respected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What keeps a desired value in place for as long as the computed one is `computed`.

    `run_id` is the run that was undone; None where the edit of a person is respected.
    """

    kind: PinKind
    computed: str | None
    run_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the outbox. `confirmed` is what the CRM acknowledged, for `confirmed_version`.

    `attempts` counts the tries of this version whose outcome is not known or was a refusal.
    """

    account_id: int
    field: str
    desired: str | None
    version: int = 1
    confirmed: str | None = None
    confirmed_version: int = 0
    confirmed_at: Instant | None = None
    state: Debt = Debt.OWED
    attempts: int = 0
    pin: Pin | None = None

    @property
    def computed(self) -> str | None:
        """The value of the rules when this was last owed: the desired one, unless it is pinned."""
        return self.desired if self.pin is None else self.pin.computed


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
    is a new version; back to the confirmed value, nothing is owed any more, unless another value
    may have reached the CRM meanwhile. A field in drift or held waits for a person, whatever is
    desired. A pinned value stays until the computed one changes; what is computed then counts.
    """
    entries = []
    for field in fields:
        desired = values.written(field)
        entry = known.get(field)
        if entry is None:
            if desired != observed.get(field):
                entries.append(Entry(account_id=account_id, field=field, desired=desired))
        elif desired != entry.computed:
            wanted = wanting(replace(entry, pin=None), desired)
            if _is_back(wanted, observed.get(field)):
                wanted = replace(wanted, state=Debt.SETTLED)
            entries.append(wanted)
    return entries


def _is_back(entry: Entry, observed: str | None) -> bool:
    """Whether a value that was held before it was ever sent is again what the CRM holds."""
    is_unsent = entry.state is Debt.HELD and not entry.confirmed_version
    return is_unsent and entry.desired == observed


def wanting(entry: Entry, desired: str | None) -> Entry:
    """An entry of which this is desired: a new version, unless it is what was desired already."""
    if desired == entry.desired:
        return entry
    return replace(
        entry,
        desired=desired,
        version=entry.version + 1,
        state=_state(entry, desired),
        attempts=0,
    )


def let_go(entry: Entry, observed: str | None, seen_at: Instant, desired: str | None) -> Entry:
    """An entry in drift, once a person has settled what it should hold.

    The edit counts as what the CRM is known to hold: it is written over where something else is
    desired, and nothing is written where it is what is desired.
    """
    return replace(
        entry,
        desired=desired,
        version=entry.version + 1,
        confirmed=observed,
        confirmed_version=entry.version + (observed == desired),
        confirmed_at=seen_at,
        state=Debt.SETTLED if observed == desired else Debt.OWED,
        attempts=0,
        pin=None,
    )


def _state(entry: Entry, desired: str | None) -> Debt:
    """The state of an entry whose desired value changes."""
    if entry.state is Debt.DRIFT:
        return Debt.DRIFT
    if entry.confirmed_version and desired == entry.confirmed and not entry.attempts:
        return Debt.SETTLED
    return Debt.HELD if entry.state is Debt.HELD else Debt.OWED


def judge_observed(entry: Entry, observed: str | None, earlier: Collection[str | None]) -> Debt:
    """What a value read back from the CRM means for a field that was once confirmed.

    Args:
        entry: the outbox row: settled, owed anew, or in drift.
        observed: the value as pulled after the confirmation.
        earlier: the values of ours that may have reached this field before.

    Returns:
        The state of the entry when the value is ours; OWED when it is an older value of ours (a
        stale write: write again); DRIFT when a person edited it. A drift ends where the value is
        again the desired one (SETTLED) or the confirmed one (OWED, as something else is desired).
    """
    if entry.state is Debt.DRIFT:
        if observed == entry.desired:
            return Debt.SETTLED
        return Debt.OWED if observed == entry.confirmed else Debt.DRIFT
    if observed == entry.confirmed:
        return entry.state
    is_ours = observed in earlier or (entry.state is Debt.OWED and observed == entry.desired)
    return Debt.OWED if is_ours else Debt.DRIFT
