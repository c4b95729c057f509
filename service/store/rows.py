"""Canonical records to rows of the mirror: pure, one tuple for each record.

A value that the store can't hold becomes unknown and is noted as a `Quarantine`; it never costs
the record, nor the page. Text loses NUL and lone surrogates, which PostgreSQL refuses.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Table

from rules.records import (
    Account,
    Activity,
    Contact,
    Kind,
    Opportunity,
    Owner,
    Quarantine,
    Record,
    Stage,
    Value,
)
from rules.time import Day, Instant, day_number, day_of
from service.store.context import MirrorContext
from service.store.money import in_team_currency
from service.store.tables import account, activity, contact, opportunity, owner, stage

TABLES = {
    Kind.OWNER: owner,
    Kind.STAGE: stage,
    Kind.ACCOUNT: account,
    Kind.CONTACT: contact,
    Kind.OPPORTUNITY: opportunity,
    Kind.ACTIVITY: activity,
}

Row = tuple[Value, ...]
Ids = Mapping[Kind, Mapping[str, int]]
_IDENTITY = ("id", "connection_id", "external_id")
_MOST = 2**63
_NUMBERS = (int, float)
# Beyond it, a floating point number does not keep the decimals that people write.
_LARGEST_NUMBER = 1e15
_LAST_DAY = 3_000_000
_RAW_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a row: those that rules can see, those they can't, and the pull's own."""

    table: Table
    relevant: tuple[str, ...]
    silent: tuple[str, ...] = ()
    stamp: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of a row."""
        return self.relevant + self.silent + self.stamp

    @property
    def compared(self) -> int:
        """How many leading columns tell whether a row differs."""
        return len(self.relevant) + len(self.silent)


def shape_of(kind: Kind, context: MirrorContext) -> Shape:
    """The columns that a page of a kind writes; bound and own fields only where they are read."""
    slots = tuple(context.slots.get(kind, {}).values())
    match kind:
        case Kind.OWNER:
            return Shape(owner, (*_IDENTITY, "name", "email", "is_active", "rep_key"))
        case Kind.STAGE:
            labels = ("pipeline_id", "pipeline_label", "label", "position", "probability", "kind")
            return Shape(stage, (*_IDENTITY, *labels))
        case Kind.ACCOUNT:
            facts = ("name", "domain", "owner_id", "created_on", "archived_at")
            observed = tuple(f"observed_{name}" for name in context.own_fields)
            silent = ("modified_at", *observed)
            return Shape(account, (*_IDENTITY, *facts, *slots), silent, ("pulled_at",))
        case Kind.CONTACT:
            return Shape(contact, (*_IDENTITY, "role", "archived_at"), ("modified_at",))
        case Kind.OPPORTUNITY:
            people = ("name", "owner_id", "stage_id")
            money = ("amount", "currency", "team_amount", "peak_amount", "team_peak_amount")
            dates = ("created_at", "created_on", "closes_on", "archived_at")
            relevant = (*_IDENTITY, *people, *money, *dates, *slots)
            return Shape(opportunity, relevant, ("modified_at",), ("pulled_at",))
        case Kind.ACTIVITY:
            when = ("happened_at", "happened_on", "is_contact", "archived_at")
            return Shape(activity, (*_IDENTITY, "kind", "owner_id", *when), ("modified_at",))


class RowMaker:
    """Makes the rows of one page, whose ids are resolved; collects what had to be left out."""

    def __init__(self, kind: Kind, context: MirrorContext, ids: Ids) -> None:
        self.faults: list[Quarantine] = []
        self._kind = kind
        self._context = context
        self._own = context.own_fields
        self._owners, self._stages = ids.get(Kind.OWNER, {}), ids.get(Kind.STAGE, {})
        self._slots = [
            (name, _CONVERT[slot.rpartition("_")[0]])
            for name, slot in context.slots.get(kind, {}).items()
        ]

    def row(self, entity_id: int, record: Record) -> Row:
        """The row of a record, in the order of its kind's shape."""
        identity = (entity_id, self._context.connection_id, record.external_id)
        match record:
            case Account():
                return identity + self._account(record)
            case Opportunity():
                return identity + self._opportunity(record)
            case Activity():
                return identity + self._activity(record)
            case Contact():
                role = None if record.role is None else record.role.value
                return (*identity, role, record.archived_at, record.modified_at)
            case Owner():
                return identity + self._owner(record)
            case Stage():
                return identity + self._stage(record)

    def _account(self, record: Account) -> Row:
        observed = record.observed.get
        return (
            clean(record.name),
            clean(record.domain),
            None if record.owner_id is None else self._owners[record.owner_id],
            self._day(record, "created_at", record.created_at),
            record.archived_at,
            *self._bound(record.external_id, record.fields),
            record.modified_at,
            *[None if (seen := observed(each)) is None else clean(seen) for each in self._own],
            self._context.now,
        )

    def _opportunity(self, record: Opportunity) -> Row:
        currency = record.currency or self._context.home_currency
        amount = self._amount(record, "amount", record.amount)
        peak = self._amount(record, "peak_amount", record.peak_amount)
        home = self._amount(record, "home_amount", record.home_amount)
        created_on = self._day(record, "created_at", record.created_at)
        closes_on = self._day(record, "closes_at", record.closes_at)
        on = created_on if closes_on is None else closes_on
        return (
            clean(record.name),
            None if record.owner_id is None else self._owners[record.owner_id],
            None if record.stage_id is None else self._stages[record.stage_id],
            amount,
            currency,
            in_team_currency(amount, currency, home, on, self._context),
            peak,
            in_team_currency(peak, currency, home if peak == amount else None, on, self._context),
            record.created_at,
            created_on,
            closes_on,
            record.archived_at,
            *self._bound(record.external_id, record.fields),
            record.modified_at,
            self._context.now,
        )

    def _activity(self, record: Activity) -> Row:
        return (
            record.kind.value,
            None if record.owner_id is None else self._owners[record.owner_id],
            record.happened_at,
            self._day(record, "happened_at", record.happened_at),
            record.is_contact,
            record.archived_at,
            record.modified_at,
        )

    def _owner(self, record: Owner) -> Row:
        email = clean(record.email)
        return (clean(record.name) or "", email, record.is_active, self._context.rep_of(email))

    def _stage(self, record: Stage) -> Row:
        return (
            clean(record.pipeline_id) or "",
            clean(record.pipeline_label) or "",
            clean(record.label) or "",
            record.position,
            record.probability,
            record.kind.value,
        )

    def _bound(self, external_id: str, fields: Mapping[str, Value]) -> list[Value]:
        read = fields.get
        values: list[Value] = []
        for name, convert in self._slots:
            value = read(name)
            if value is not None:
                try:
                    value = convert(value)
                except (ValueError, OverflowError) as error:
                    self._reject(external_id, name, value, str(error))
                    value = None
            values.append(value)
        return values

    def _amount(self, record: Opportunity, name: str, value: int | None) -> int | None:
        if value is None or -_MOST <= value < _MOST:
            return value
        self._reject(record.external_id, name, value, _TOO_LARGE)
        return None

    def _day(
        self, record: Account | Opportunity | Activity, name: str, instant: Instant | None
    ) -> Day | None:
        if instant is None:
            return None
        try:
            return day_of(instant, self._context.zone)
        except OverflowError:
            self._reject(record.external_id, name, instant, "a date outside the years 1 to 9999")
            return None

    def _reject(self, external_id: str, name: str, value: Value, reason: str) -> None:
        raw = _raw(value)
        self.faults.append(
            Quarantine(kind=self._kind, external_id=external_id, field=name, raw=raw, reason=reason)
        )


_TOO_LARGE = "a number too large to be kept exactly"


def clean(value: str | None) -> str | None:
    """A text that both databases can hold: without NUL and lone surrogates."""
    if value is None or value.isprintable():
        return value
    return value.encode("utf-8", "ignore").decode().replace("\0", "")


def _raw(value: Value) -> str:
    # Python refuses to write integers of thousands of digits.
    if isinstance(value, int) and value.bit_length() > _RAW_LENGTH:
        return f"an integer of {value.bit_length()} bits"
    return (clean(str(value)) or "")[:_RAW_LENGTH]


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise ValueError("not a number")  # noqa: TRY004 - a fault of the data, not of the code
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    if not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise ValueError(_TOO_LARGE)
    return float(value)


def _minor_units(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not an amount in minor units")  # noqa: TRY004 - same
    if not -_MOST <= value < _MOST:
        raise ValueError(_TOO_LARGE)
    return value


def _text(value: Value) -> str | None:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - same
    return clean(value)


def _date(value: Value) -> Day:
    if isinstance(value, str):
        return day_number(date.fromisoformat(value))
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LAST_DAY:
        raise ValueError("not a day")
    return value


def _yes_no(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither yes nor no")  # noqa: TRY004 - same
    return value


_CONVERT: Mapping[str, Callable[[Value], Value]] = {
    "number": _number,
    "money": _minor_units,
    "text": _text,
    "date": _date,
    "yes_no": _yes_no,
}
