"""Zoho's rows, turned into canonical records and links. Pure: no calls, no clock.

Rows come as JSON, or as CSV where every value is text and a lookup is a bare id: both read alike. A
value that can't be read is quarantined and the record stays. Of an activity nothing is kept but
when, by whom and of which kind; of a contact only its part in a purchase.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

from connectors import values
from connectors.base import Binding
from connectors.row_reading import RowReading, home_amount, observing
from connectors.zoho import activities, history, people
from connectors.zoho.objects import MODIFIED, ROLE_FIELDS, SE_MODULE, Module, identifier, is_id
from connectors.zoho.rates import Rates
from connectors.zoho.schema import Declared, Option, Schema, is_readable
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

# What `source` adds to a row: its history, its roles on deals, its account, when it was deleted.
HISTORY, ROLES, ACCOUNT, DELETED = " history", " roles", " account", " deleted"

_UNUSABLE = "a record without an id"
# The first option of every picklist of Zoho's: nothing is chosen.
_NONE = "-None-"
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class _Bound:
    """A bound field: its column (None where Zoho lacks it) and how it is read."""

    binding: Binding
    declared: Declared | None
    parse: values.Parser


class Mapper(RowReading):
    """Maps the rows of one module. `fields` is what to ask of Zoho for it; `zone` is its own."""

    def __init__(
        self,
        module: Module,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
        rates: Rates,
        schema: Schema,
        *,
        zone: ZoneInfo = _UTC,
    ) -> None:
        super().__init__(module.kind)
        self.module = module
        self._zone = zone
        self.schema = schema
        self._rates = rates
        self._bound = [_bound(each, schema) for each in bindings if each.kind is module.kind]
        self._own = [
            (name, schema.own_in_use(name), observing(name))
            for name in own_fields
            if module.kind is Kind.ACCOUNT
        ]
        stage = schema.named("Stage")
        self._stage = stage.display if stage else str
        wanted = [
            *(field for field in module.fields if is_readable(schema, field)),
            *(each.declared.name for each in self._bound if each.declared),
            *(found.name for _, found, _ in self._own if found),
        ]
        self.fields = tuple(dict.fromkeys(["id", MODIFIED, *wanted]))
        self.lookups_lead_anywhere = "What_Id" in wanted

    @property
    def role_field(self) -> str | None:
        """The field of contacts that holds their part in a purchase, where there is one."""
        return next((name for name in ROLE_FIELDS if name in self.fields), None)

    def forget(self, names: Collection[str]) -> None:
        """Do without some fields from now on: Zoho has them no more."""
        self.fields = tuple(name for name in self.fields if name not in names)
        self._bound = [
            replace(each, declared=None)
            if each.declared is not None and each.declared.name in names
            else each
            for each in self._bound
        ]
        self._own = [
            (name, None if found is not None and found.name in names else found, observe)
            for name, found, observe in self._own
        ]

    def records(self, rows: Iterable[object], *, now: Instant) -> list[Record]:
        """The records of a page; what could not be read is added to `quarantined`.

        `now` is Zoho's clock: a meeting to come is no contact yet.
        """
        found: list[Record] = []
        for row in rows:
            if identified(row):
                found.append(self._record(row["id"], row, now))
            else:
                self._set_aside(None, row, _UNUSABLE)
        return found

    def links(self, rows: Iterable[object]) -> list[Link]:
        """The account of each row, where it has one; in Zoho there is one at most."""
        relation = self.module.relation
        if relation is None:
            return []
        column = ACCOUNT if self.lookups_lead_anywhere else "Account_Name"
        return [
            Link(relation=relation, from_id=row["id"], to_id=account, is_primary=True)
            for row in rows
            if identified(row) and (account := identifier(row.get(column))) is not None
        ]

    def _record(self, key: str, row: Json, now: Instant) -> Record:
        match self.module.kind:
            case Kind.ACCOUNT:
                return self._account(key, row)
            case Kind.CONTACT:
                roles = [*(row.get(ROLES) or ()), row.get(self.role_field or "")]
                return Contact(
                    external_id=key,
                    role=people.strongest(roles),
                    modified_at=self._modified(key, row),
                    archived_at=_deleted(row),
                )
            case Kind.OPPORTUNITY:
                return self._opportunity(key, row)
            case _:
                return self._activity(key, row, now)

    def _account(self, key: str, row: Json) -> Account:
        get = row.get
        return Account(
            external_id=key,
            name=self._read(key, "name", get("Account_Name"), values.text),
            domain=self._read(key, "domain", get("Website"), values.domain),
            owner_id=identifier(get("Owner")),
            created_at=self._read(key, "created_at", get("Created_Time"), values.business_instant),
            modified_at=self._modified(key, row),
            archived_at=_deleted(row),
            fields=self._fields(key, row),
            observed={
                name: None if found is None else _observed(get(found.name), found, observe)
                for name, found, observe in self._own
            },
        )

    def _opportunity(self, key: str, row: Json) -> Opportunity:
        get = row.get
        amount = self._read(key, "amount", get("Amount"), values.money)
        closes_on = self._read(key, "closes_at", get("Closing_Date"), values.day)
        currency = self._currency(key, row)
        stage = self._read(key, "stage_id", get("Stage"), values.key)
        past = get(HISTORY) or ()
        return Opportunity(
            external_id=key,
            name=self._read(key, "name", get("Deal_Name"), values.text),
            owner_id=identifier(get("Owner")),
            stage_id=None if stage is None else self._stage(stage),
            amount=amount,
            currency=currency,
            home_amount=self._rates.to_home(amount, currency, get("Exchange_Rate")),
            peak_amount=history.peak(amount, past),
            created_at=self._read(key, "created_at", get("Created_Time"), values.business_instant),
            closes_at=None if closes_on is None else activities.noon(closes_on),
            modified_at=self._modified(key, row),
            archived_at=_deleted(row),
            fields=self._fields(key, row),
            stage_entries=history.entries(past, self._stage),
        )

    def _activity(self, key: str, row: Json, now: Instant) -> Activity:
        kind = self.module.activity or activities.kind_of(row)
        happened_at = self._read(
            key, "happened_at", row, lambda one: activities.happened_at(one, self._zone)
        )
        return Activity(
            external_id=key,
            kind=kind,
            owner_id=identifier(row.get("Owner")),
            happened_at=happened_at,
            is_contact=activities.is_contact(self.module.name, kind, row, happened_at, now),
            modified_at=self._modified(key, row),
            archived_at=_deleted(row),
        )

    def _fields(self, key: str, row: Json) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for each in self._bound:
            declared, binding = each.declared, each.binding
            raw = _flat(row.get(declared.name), declared) if declared else None
            try:
                found = each.parse(raw)
                if binding.type is FieldType.MONEY and declared and declared.type == "currency":
                    found = self._at_home(key, row, found)
            except values.Unreadable as error:
                found = None
                self._quarantine(key, binding.name, raw, f"{binding.crm_field}: {error}")
            fields[binding.name] = found
        return fields

    def _at_home(self, key: str, row: Json, amount: Value) -> int | None:
        """A bound amount in the home currency: rules compare it between records."""
        if not isinstance(amount, int):
            return None
        currency = self._currency(key, row)
        return home_amount(
            self._rates.to_home(amount, currency, row.get("Exchange_Rate")), currency
        )

    def _currency(self, key: str, row: Json) -> str:
        """The currency of a row; organizations with one currency don't say it."""
        written = self._read(key, "currency", row.get("Currency"), values.text)
        return written or self._rates.home

    def _modified(self, key: str, row: Json) -> Instant:
        """When the row changed; failing that when it was made, failing that the epoch."""
        deleted = _deleted(row)
        if deleted is not None:
            return deleted
        return self._changed_at(key, row.get(MODIFIED), row.get("Created_Time"))


def identified(row: object) -> TypeGuard[Json]:
    """Whether a row has a record id."""
    return isinstance(row, dict) and is_id(row.get("id"))


def module_of(row: Mapping[str, object]) -> str | None:
    """The module to which `What_Id` leads, where the row says so."""
    told = row.get(SE_MODULE)
    return told if isinstance(told, str) and told else None


def _bound(binding: Binding, schema: Schema) -> _Bound:
    found = schema.named(binding.crm_field)
    declared = found if found and is_readable(schema, found.name) else None
    known = _either_name(binding.values, declared.options if declared else ())
    parse = values.parser(binding.type, known)
    if declared and declared.options and not known:
        display, plain = declared.display, parse

        def parse(raw: object) -> Value:
            return plain(display(raw) if isinstance(raw, str) else raw)

    return _Bound(binding, declared, parse)


def _either_name(values: Mapping[str, str], options: Sequence[Option]) -> dict[str, str]:
    """The playbook's values by either name of an option: which one comes differs by interface.

    A name that the playbook gives stands as given. One that is the label of an option and the
    lasting name of another means the former, as documented.
    """
    named = [(option.display, option.actual) for option in options]
    by_display = {display: values[actual] for display, actual in named if actual in values}
    by_actual = {actual: values[display] for display, actual in named if display in values}
    return {**by_actual, **by_display, **values}


def _flat(raw: object, declared: Declared) -> object:
    """A lookup as its name, a multiple choice as one text; anything else as it is."""
    if isinstance(raw, dict) and declared.type.endswith("lookup"):
        return raw.get("name") or raw.get("id")
    if isinstance(raw, list) and declared.type.startswith("multi"):
        return "; ".join(str(each) for each in raw) or None
    return None if raw == _NONE else raw


def _deleted(row: Json) -> Instant | None:
    found = row.get(DELETED)
    return found if isinstance(found, int) else None


def _observed(
    raw: object, declared: Declared, observe: Callable[[object], str | None]
) -> str | None:
    """What a field of ours holds: the lasting name of an option, what is no option as it stands."""
    written = observe(_flat(raw, declared))
    return declared.actual(written) if written is not None and declared.options else written
