"""HubSpot's JSON, turned into canonical records and links. Pure: no calls, no clock.

Every value is a string or null in HubSpot; one that can't be read is quarantined and the record
stays. What is asked of HubSpot for each object stands here too, so that nothing else is read:
of an activity never its subject or its body, of a contact only its buying role.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from connectors import past, sales_words, values
from connectors.base import Binding
from connectors.hubspot.objects import OWN_PREFIX, ObjectType
from connectors.row_reading import RowReading, observing
from rules.records import (
    Account,
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    Kind,
    Opportunity,
    Record,
    Value,
)
from rules.time import Instant

Json = dict[str, Any]

_COMMON = ("hubspot_owner_id",)
_ACTIVITY_PROPERTIES = {
    ActivityKind.CALL: ("hs_call_status", "hs_call_disposition", "hs_call_duration"),
    ActivityKind.MEETING: ("hs_meeting_outcome",),
    ActivityKind.EMAIL: ("hs_email_direction", "hs_email_status"),
    ActivityKind.NOTE: (),
}
# HubSpot's built-in call outcomes in which nobody was reached; the ids are the same everywhere.
NOT_REACHED = frozenset(
    {
        "9d9162e7-6cf3-4944-bf63-4dff82258764",  # busy
        "73a0d17f-1163-4015-bdd5-ec830791da20",  # no answer
        "17b47fee-58de-441e-a44c-c6300d46f273",  # wrong number
    }
)


class Mapper(RowReading):
    """Maps the records of one object. `properties` is what to ask of HubSpot for it."""

    def __init__(
        self,
        object_type: ObjectType,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
        home_currency: str,
    ) -> None:
        super().__init__(object_type.kind)
        self.object_type = object_type
        self._home_currency = home_currency
        self._bound = [
            (binding.name, binding.crm_field, values.parser(binding.type, binding.values))
            for binding in bindings
            if binding.kind is object_type.kind
        ]
        is_account = object_type.kind is Kind.ACCOUNT
        self._own = [
            (name, OWN_PREFIX + name, observing(name)) for name in own_fields if is_account
        ]
        self._build = self._builder()
        self.properties = tuple(
            dict.fromkeys(
                [
                    *_properties(object_type),
                    *(crm_field for _, crm_field, _ in self._bound),
                    *(crm_field for _, crm_field, _ in self._own),
                ]
            )
        )

    def records(self, raws: Iterable[object]) -> list[Record]:
        """The records of a page; what could not be read is added to `quarantined`."""
        build = self._build
        records: list[Record] = []
        for raw in raws:
            if identified(raw):
                records.append(build(raw["id"], raw, raw["properties"]))
            else:
                name = raw.get("id") if isinstance(raw, dict) else None
                self._set_aside(name, raw, _UNUSABLE)
        return records

    def _builder(self) -> Callable[[str, Json, Json], Record]:
        match self.object_type.kind:
            case Kind.ACCOUNT:
                return self._account
            case Kind.CONTACT:
                return self._contact
            case Kind.OPPORTUNITY:
                return self._opportunity
            case _:
                return self._activity

    def _account(self, key: str, raw: Json, properties: Json) -> Account:
        get = properties.get
        return Account(
            external_id=key,
            name=self._read(key, "name", get("name"), values.text),
            domain=self._read(key, "domain", get("domain"), values.text),
            owner_id=self._read(key, "owner_id", get("hubspot_owner_id"), values.key),
            created_at=self._created(key, raw, get("createdate")),
            modified_at=self._modified(key, raw, properties),
            archived_at=self._archived(key, raw, properties),
            merged_ids=_listed(get("hs_merged_object_ids")),
            fields=self._fields(key, properties) if self._bound else {},
            observed=self._observed(properties),
        )

    def _contact(self, key: str, raw: Json, properties: Json) -> Contact:
        return Contact(
            external_id=key,
            role=_role(properties.get("hs_buying_role")),
            modified_at=self._modified(key, raw, properties),
            archived_at=self._archived(key, raw, properties),
        )

    def _opportunity(self, key: str, raw: Json, properties: Json) -> Opportunity:
        get = properties.get
        amount = self._read(key, "amount", get("amount"), values.money)
        home = self._read(key, "home_amount", get("amount_in_home_currency"), values.money)
        # HubSpot leaves the currency empty in accounts that have only one.
        written = self._read(key, "currency", get("deal_currency_code"), values.text)
        currency = written or self._home_currency
        history = raw.get("propertiesWithHistory")
        changed: Json = history if isinstance(history, dict) else {}
        return Opportunity(
            external_id=key,
            name=self._read(key, "name", get("dealname"), values.text),
            owner_id=self._read(key, "owner_id", get("hubspot_owner_id"), values.key),
            stage_id=self._read(key, "stage_id", get("dealstage"), values.key),
            amount=amount,
            currency=currency,
            home_amount=amount if home is None and currency == self._home_currency else home,
            peak_amount=past.peak(
                amount, (entry.get("value") for entry in _changes(changed.get("amount")))
            ),
            created_at=self._created(key, raw, get("createdate")),
            closes_at=self._read(key, "closes_at", get("closedate"), values.business_instant),
            modified_at=self._modified(key, raw, properties),
            archived_at=self._archived(key, raw, properties),
            fields=self._fields(key, properties) if self._bound else {},
            stage_entries=past.entries(
                (entry.get("timestamp"), 0, entry.get("value"))
                for entry in _changes(changed.get("dealstage"))
            ),
        )

    def _activity(self, key: str, raw: Json, properties: Json) -> Activity:
        kind = self.object_type.activity or ActivityKind.NOTE
        get = properties.get
        return Activity(
            external_id=key,
            kind=kind,
            owner_id=self._read(key, "owner_id", get("hubspot_owner_id"), values.key),
            happened_at=self._read(
                key, "happened_at", get("hs_timestamp"), values.business_instant
            ),
            is_contact=is_contact(kind, properties),
            modified_at=self._modified(key, raw, properties),
            archived_at=self._archived(key, raw, properties),
        )

    def _fields(self, key: str, properties: Json) -> dict[str, Value]:
        get = properties.get
        fields: dict[str, Value] = {}
        for name, crm_field, parse in self._bound:
            raw = get(crm_field)
            try:
                fields[name] = None if raw is None else parse(raw)
            except values.Unreadable as error:
                fields[name] = None
                self._quarantine(key, name, raw, f"{crm_field}: {error}")
        return fields

    def _observed(self, properties: Json) -> dict[str, str | None]:
        get = properties.get
        observed: dict[str, str | None] = {}
        for name, crm_field, observe in self._own:
            raw = get(crm_field)
            observed[name] = None if raw is None else observe(raw)
        return observed

    def _created(self, key: str, raw: Json, written: object) -> Instant | None:
        return self._read(
            key, "created_at", written or raw.get("createdAt"), values.business_instant
        )

    def _modified(self, key: str, raw: Json, properties: Json) -> Instant:
        """When the record changed; failing that when it was made, failing that the epoch."""
        written = properties.get(self.object_type.modified)
        return self._changed_at(key, written, raw.get("updatedAt"), raw.get("createdAt"))

    def _archived(self, key: str, raw: Json, properties: Json) -> Instant | None:
        if raw.get("archived") is not True:
            return None
        found = self._read(key, "archived_at", raw.get("archivedAt"), values.business_instant)
        return self._modified(key, raw, properties) if found is None else found


_UNUSABLE = "a record without an id or properties"


def identified(raw: object) -> TypeGuard[Json]:
    """Whether a record has what every record must have: an id and its properties."""
    return has_key(raw) and isinstance(raw.get("properties"), dict)


def has_key(raw: object) -> TypeGuard[Json]:
    """Whether a record has an id that can be used."""
    if not isinstance(raw, dict):
        return False
    key = raw.get("id")
    return isinstance(key, str) and 0 < len(key) <= values.LONGEST_KEY and key.isprintable()


def is_contact(kind: ActivityKind, properties: Mapping[str, object]) -> bool:
    """Whether an activity is a contact with the customer: completed, and outbound or two-way.

    A call counts once it is completed, unless its outcome is busy, no answer or wrong number. A
    call without a status was logged by another tool: it counts if it has an outcome or lasted.
    An e-mail counts when a rep sent it and it did not bounce or fail. A note never counts.
    """
    match kind:
        case ActivityKind.CALL:
            outcome = properties.get("hs_call_disposition")
            if outcome in NOT_REACHED:
                return False
            status = properties.get("hs_call_status")
            return status == "COMPLETED" if status else bool(outcome) or _lasted(properties)
        case ActivityKind.MEETING:
            return properties.get("hs_meeting_outcome") == "COMPLETED"
        case ActivityKind.EMAIL:
            is_lost = properties.get("hs_email_status") in {"BOUNCED", "FAILED"}
            return properties.get("hs_email_direction") == "EMAIL" and not is_lost
        case ActivityKind.NOTE:
            return False


def _properties(object_type: ObjectType) -> tuple[str, ...]:
    modified = object_type.modified
    match object_type.kind:
        case Kind.ACCOUNT:
            return ("name", "domain", *_COMMON, "createdate", modified, "hs_merged_object_ids")
        case Kind.CONTACT:
            return ("hs_buying_role", modified)
        case Kind.OPPORTUNITY:
            deal = ("dealname", "dealstage", "amount", "deal_currency_code")
            return (
                *deal,
                *_COMMON,
                "amount_in_home_currency",
                "createdate",
                "closedate",
                modified,
            )
        case _:
            kind = object_type.activity or ActivityKind.NOTE
            return ("hs_timestamp", *_COMMON, modified, *_ACTIVITY_PROPERTIES[kind])


def _role(raw: object) -> ContactRole | None:
    """The strongest of a contact's buying roles: several may be ticked, unknown ones weigh none."""
    return sales_words.strongest(_listed(raw))


def _listed(raw: object) -> tuple[str, ...]:
    """What a list of ids or options holds; one that is no text could never mean anything."""
    found = raw.split(";") if isinstance(raw, str) else ()
    return tuple(one for one in found if 0 < len(one) <= values.LONGEST_KEY and one.isprintable())


def _lasted(properties: Mapping[str, object]) -> bool:
    try:
        return (values.number(properties.get("hs_call_duration")) or 0) > 0
    except values.Unreadable:
        return False


def _changes(history: object) -> list[Json]:
    """What `propertiesWithHistory` tells of one property: each value, and when it was written."""
    listed = history if isinstance(history, list) else ()
    return [entry for entry in listed if isinstance(entry, dict)]


def archived_since(raw: object, since: Instant) -> bool:
    """Whether a record of an archived list was archived since then; unreadable dates count."""
    if not isinstance(raw, dict):
        return True
    try:
        archived_at = values.instant(raw.get("archivedAt"))
    except values.Unreadable:
        return True
    return archived_at is None or archived_at >= since
