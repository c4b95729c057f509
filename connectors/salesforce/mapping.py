"""Salesforce's rows, turned into canonical records and links. Pure: no calls, no clock.

Rows come as JSON, or as CSV where every value is text: both read alike. A value that can't be read
is quarantined and the record stays. Nothing else is asked of Salesforce than what stands in
`connectors.salesforce.objects`: of an activity never its subject or its text, of a contact only its
roles.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

from connectors import sales_words, values
from connectors.base import Binding
from connectors.row_reading import RowReading, home_amount, observing
from connectors.salesforce import activities, history
from connectors.salesforce.objects import ObjectType, is_id, own_field
from connectors.salesforce.rates import Rates
from rules.records import (
    Account,
    Activity,
    Contact,
    FieldType,
    Kind,
    Link,
    Opportunity,
    Record,
    Value,
)
from rules.time import Instant

Json = dict[str, Any]

# What `source` adds to a row: the rows of its history, its roles, the ids that were merged into it.
HISTORY, ROLES, MERGED = " history", " roles", " merged"

_UNUSABLE = "a record without an id"


class Mapper(RowReading):
    """Maps the rows of one object. `fields` is what to ask of Salesforce for it.

    `declared` has the fields of the object that the user may see, with their types, by their names
    in lower case: names are the same in any case. `zone` is the org's, of its calendar days.
    """

    def __init__(
        self,
        object_type: ObjectType,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
        rates: Rates,
        declared: Mapping[str, tuple[str, str]],
        *,
        zone: ZoneInfo,
    ) -> None:
        super().__init__(object_type.kind)
        self.object_type = object_type
        self._rates = rates
        self._zone = zone
        kind = object_type.kind
        is_record = object_type.refers_to is None
        self._bound = [
            (
                each.name,
                *_told(each.crm_field, declared),
                values.parser(each.type, each.values),
                each.type is FieldType.MONEY,
            )
            for each in bindings
            if each.kind is kind and is_record
        ]
        self._own = [
            (name, _told(own_field(name), declared)[0], observing(name))
            for name in own_fields
            if kind is Kind.ACCOUNT
        ]
        wanted = [
            *(_told(field, declared)[0] for field in object_type.fields),
            *(field for _, field, *_ in self._bound),
            *(field for _, field, _ in self._own),
        ]
        self.fields = tuple(dict.fromkeys(field for field in wanted if field))

    def records(self, rows: Iterable[object], *, now: Instant) -> list[Record]:
        """The records of a page; what could not be read is added to `quarantined`.

        `now` is Salesforce's clock: an event to come is no contact yet.
        """
        return [self._record(row["Id"], row, now) for row in self.usable(rows)]

    def usable(self, rows: Iterable[object]) -> list[Json]:
        """The rows that have a record id; the others are added to `quarantined`."""
        found: list[Json] = []
        for row in rows:
            if identified(row):
                found.append(row)
            else:
                self._set_aside(None, row, _UNUSABLE)
        return found

    def links(self, rows: Iterable[object]) -> list[Link]:
        """The account of each row, where it has one; in Salesforce there is one at most."""
        relation = self.object_type.relation
        if relation is None:
            return []
        return [
            Link(relation=relation, from_id=row["Id"], to_id=row["AccountId"], is_primary=True)
            for row in rows
            if identified(row) and is_id(str(row.get("AccountId") or ""))
        ]

    def _record(self, key: str, row: Json, now: Instant) -> Record:
        match self.object_type.kind:
            case Kind.ACCOUNT:
                return self._account(key, row)
            case Kind.CONTACT:
                return self._contact(key, row)
            case Kind.OPPORTUNITY:
                return self._opportunity(key, row)
            case _:
                return self._activity(key, row, now)

    def _account(self, key: str, row: Json) -> Account:
        get = row.get
        return Account(
            external_id=key,
            name=self._read(key, "name", get("Name"), values.text),
            domain=self._read(key, "domain", get("Website"), values.domain),
            owner_id=self._read(key, "owner_id", get("OwnerId"), values.key),
            created_at=self._read(key, "created_at", get("CreatedDate"), values.business_instant),
            modified_at=self._modified(key, row),
            archived_at=self._archived(key, row),
            merged_ids=tuple(get(MERGED) or ()),
            fields=self._fields(key, row),
            observed={
                name: None if (raw := get(field)) is None else observe(raw)
                for name, field, observe in self._own
            },
        )

    def _contact(self, key: str, row: Json) -> Contact:
        return Contact(
            external_id=key,
            role=sales_words.strongest(row.get(ROLES) or ()),
            modified_at=self._modified(key, row),
            archived_at=self._archived(key, row),
        )

    def _opportunity(self, key: str, row: Json) -> Opportunity:
        get = row.get
        amount = self._read(key, "amount", get("Amount"), values.money)
        closes_on = self._read(key, "closes_at", get("CloseDate"), values.day)
        currency = self._currency(key, row)
        past = get(HISTORY) or ()
        return Opportunity(
            external_id=key,
            name=self._read(key, "name", get("Name"), values.text),
            owner_id=self._read(key, "owner_id", get("OwnerId"), values.key),
            stage_id=self._read(key, "stage_id", get("StageName"), values.key),
            amount=amount,
            currency=currency,
            home_amount=self._rates.to_home(amount, currency, closes_on),
            peak_amount=history.peak(amount, past),
            created_at=self._read(key, "created_at", get("CreatedDate"), values.business_instant),
            closes_at=None if closes_on is None else activities.noon(closes_on),
            modified_at=self._modified(key, row),
            archived_at=self._archived(key, row),
            fields=self._fields(key, row),
            stage_entries=history.entries(past),
        )

    def _activity(self, key: str, row: Json, now: Instant) -> Activity:
        kind = self.object_type.activity or activities.kind_of(row)
        happened_at = self._read(
            key, "happened_at", row, lambda raw: activities.happened_at(raw, self._zone)
        )
        return Activity(
            external_id=key,
            kind=kind,
            owner_id=self._read(key, "owner_id", row.get("OwnerId"), values.key),
            happened_at=happened_at,
            is_contact=activities.is_contact(kind, row, happened_at, now),
            modified_at=self._modified(key, row),
            archived_at=self._archived(key, row),
        )

    def _fields(self, key: str, row: Json) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for name, field, declared, parse, is_money in self._bound:
            raw = row.get(field)
            try:
                found = None if raw is None else parse(raw)
                if is_money and declared == "currency":
                    found = self._at_home(key, row, found)
            except values.Unreadable as error:
                found = None
                self._quarantine(key, name, raw, f"{field}: {error}")
            fields[name] = found
        return fields

    def _at_home(self, key: str, row: Json, amount: Value) -> int | None:
        """A bound amount in the home currency: rules compare it between records."""
        if not isinstance(amount, int):
            return None
        currency = self._currency(key, row)
        return home_amount(self._rates.to_home(amount, currency), currency)

    def _currency(self, key: str, row: Json) -> str:
        """The currency of a row; orgs with one currency don't say it."""
        written = self._read(key, "currency", row.get("CurrencyIsoCode"), values.text)
        return written or self._rates.home

    def _modified(self, key: str, row: Json) -> Instant:
        """When the row changed; failing that when it was made, failing that the epoch."""
        return self._changed_at(key, row.get("SystemModstamp"), row.get("CreatedDate"))

    def _archived(self, key: str, row: Json) -> Instant | None:
        """A deleted row does not say when: its last change is its deletion."""
        return self._modified(key, row) if is_true(row.get("IsDeleted")) else None


def identified(row: object) -> TypeGuard[Json]:
    """Whether a row has a record id."""
    return isinstance(row, dict) and isinstance(row.get("Id"), str) and is_id(row["Id"])


def is_true(raw: object) -> bool:
    """Whether a checkbox is ticked, in JSON or in CSV."""
    return raw is True or raw == "true"


def _told(field: str, declared: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The name of a field as Salesforce writes it, and its type; empty where there is none."""
    return declared.get(field.lower(), ("", ""))
