"""The state of the emulated org: its objects, its records, its people, its clock.

Values are Python's own (text, bool, int, float, `date`, `datetime` in UTC); an absent value is
null. A record's dictionary is never changed in place: a write puts a new one there, so whoever
holds the old one holds a picture of the past (a query's later pages, a write not yet visible).
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import ids, other_objects, sales_objects, setup_objects
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.locks import RowLocks
from connectors.sandbox.salesforce.moments import to_the_second
from connectors.sandbox.salesforce.switches import SalesforceSwitches

Values = dict[str, Any]
# Beside a deleted record's fields: when it went to the recycle bin. No reader sees it as a field.
DELETED_AT = "_deleted_at"
# The object that an org has only where it keeps the history of its accounts' fields.
ACCOUNT_HISTORY = "AccountHistory"
# Rights live in ordinary records: a write to one of these may change what a user sees.
_RIGHTS = frozenset({"PermissionSet", "FieldPermissions", "PermissionSetAssignment", "User"})


@dataclass(slots=True)
class Record:
    """One record and, for writes that are not visible yet, what readers still see."""

    id: str
    values: Values
    hidden: list[tuple[datetime, Values | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Before:
    """What a record was before a write; None where there was none."""

    object_name: str
    record_id: str
    record: Record | None


def standard_objects() -> dict[str, ObjectType]:
    """The objects of a new org, without those that currencies bring."""
    made = [
        sales_objects.account(),
        sales_objects.account_history(),
        sales_objects.contact(),
        sales_objects.opportunity(),
        sales_objects.opportunity_history(),
        sales_objects.opportunity_stage(),
        sales_objects.opportunity_contact_role(),
        sales_objects.account_contact_role(),
        other_objects.user(),
        other_objects.profile(),
        other_objects.user_role(),
        other_objects.task(),
        other_objects.event(),
        other_objects.organization(),
        other_objects.period(),
        setup_objects.permission_set(),
        setup_objects.field_permissions(),
        setup_objects.permission_set_assignment(),
        other_objects.task_status(),
        other_objects.task_priority(),
        other_objects.name(),
        setup_objects.custom_field(),
        setup_objects.entity_limit(),
    ]
    return {kind.name: kind for kind in made}


class Org:
    """One emulated org; take `lock` around anything that reads or writes it."""

    def __init__(self, *, clock: PortalClock, my_domain: str, is_sandbox: bool) -> None:
        self.clock = clock
        self.my_domain = my_domain
        self.is_sandbox = is_sandbox
        self.lock = threading.RLock()
        self.switches = SalesforceSwitches()
        self.objects = standard_objects()
        self.tables: dict[str, dict[str, Record]] = {name: {} for name in self.objects}
        self._numbers: Counter[str] = Counter()
        self.org_id = self.mint("00D")
        # (profile's permission set, "Account.Industry"): standard fields that were closed.
        self.closed_fields: set[tuple[str, str]] = set()
        # (user, object): objects that a user may not see.
        self.hidden_objects: set[tuple[str, str]] = set()
        self.currency = "CAD"
        self.is_multi_currency = False
        # Every write that was applied, oldest first.
        self.writes: list[JsonObject] = []
        # Records that came or changed without `Sforce-Auto-Assign: FALSE`.
        self.auto_assigned: list[str] = []
        # Record → how many more writes to it another transaction stops.
        self.row_locks: Counter[str] = Counter()
        self.locks = RowLocks()
        self.loaded_ids: dict[tuple[str, str], str] = {}
        # CustomField id → its metadata, as the Tooling API shows it.
        self.metadata: dict[str, JsonObject] = {}
        self.rights: dict[str, dict[str, tuple[bool, bool]]] = {}
        # Object → when each record that is gone for good was deleted: the log outlives the bin.
        self.purged: dict[str, dict[str, datetime]] = {}
        # Whether a call of the API writes: it is answered once it is committed.
        self.is_in_call = False
        # Object → when its fields or anybody's rights to them changed last.
        self.described_at: dict[str, datetime] = {}
        self.founded = to_the_second(clock.now())
        # (object, name) → when a custom field was deleted.
        self.deleted_fields: dict[tuple[str, str], datetime] = {}
        # While several writes are one: what each record was, to be put back.
        self._undo: list[_Before] | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The org's time zone: where its days begin."""
        return self.clock.zone

    def now(self) -> datetime:
        """The org's present, to the second."""
        return to_the_second(self.clock.now())

    def find_object(self, name: str, *, is_tooling: bool = False) -> ObjectType | None:
        """Return an object of the REST API, or of the Tooling API, by its name in any case."""
        found = self.objects.get(name)
        if found is None:
            lowered = name.lower()
            found = next(
                (kind for key, kind in self.objects.items() if key.lower() == lowered), None
            )
        if found is None or found.prefix is None or found.is_tooling is not is_tooling:
            return None
        return found if self.has(found) else None

    def has(self, kind: ObjectType) -> bool:
        """Whether the org has an object, as it is set up now."""
        return kind.name != ACCOUNT_HISTORY or self.switches.tracks_history

    def object_of(self, record_id: str) -> ObjectType | None:
        """Return the object that an id's key prefix names."""
        prefix = record_id[:3]
        return next((kind for kind in self.objects.values() if kind.prefix == prefix), None)

    def add_object(self, kind: ObjectType) -> None:
        """Let the org have one more object."""
        self.objects[kind.name] = kind
        self.tables.setdefault(kind.name, {})

    def mint(self, prefix: str) -> str:
        """Return a new id with a key prefix."""
        self._numbers[prefix] += 1
        is_scattered = not self.switches.ids_in_order
        return ids.mint(prefix, self._numbers[prefix], is_scattered=is_scattered)

    def record(self, object_name: str, record_id: str) -> Record | None:
        """Return a record as it was last written, deleted or not."""
        return self.tables[object_name].get(record_id)

    def find(self, record_id: str) -> tuple[ObjectType, Record] | None:
        """Return a record by its id alone."""
        kind = self.object_of(record_id)
        found = self.record(kind.name, record_id) if kind else None
        return None if kind is None or found is None else (kind, found)

    def put(self, object_name: str, record_id: str, values: Values) -> Record:
        """Store what a record holds from now on; readers see it when it is committed."""
        table = self.tables[object_name]
        late = self.switches.late_commit_seconds
        found = table.get(record_id)
        self._remember(object_name, record_id, found)
        if found is None:
            found = table[record_id] = Record(record_id, values)
            before: Values | None = None
        else:
            before, found.values = found.values, values
        if late > 0 and not self.is_in_call:
            found.hidden.append((self.clock.now() + timedelta(seconds=late), before))
        if object_name in _RIGHTS:
            self.forget_rights()
        return found

    def drop(self, object_name: str, record_id: str) -> None:
        """Remove a record for good; KeyError."""
        self._remember(object_name, record_id, self.tables[object_name][record_id])
        del self.tables[object_name][record_id]
        if object_name in _RIGHTS:
            self.forget_rights()

    def forget_rights(self) -> None:
        """Note that anybody may see other fields from now on."""
        self.rights.clear()
        self.described_at[""] = self.now()

    def described(self, object_name: str) -> datetime:
        """Return when what describe says of an object changed last, to the second."""
        moments = (self.described_at.get(name, self.founded) for name in ("", object_name))
        return max(moments)

    def _remember(self, object_name: str, record_id: str, found: Record | None) -> None:
        if self._undo is not None:
            before = found and Record(found.id, found.values, list(found.hidden))
            self._undo.append(_Before(object_name, record_id, before))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make several writes one: an exception puts every record back and passes on."""
        outer, self._undo, written = self._undo, [], len(self.writes)
        try:
            yield
        except Exception:
            for before in reversed(self._undo):
                table = self.tables[before.object_name]
                table.pop(before.record_id, None)
                if before.record is not None:
                    table[before.record_id] = before.record
            del self.writes[written:]
            self.rights.clear()
            self._undo = []
            raise
        finally:
            self._undo = None if outer is None else outer + self._undo

    def visible(self, found: Record) -> Values | None:
        """Return what a reader sees of a record now; None when nothing yet."""
        while found.hidden:
            moment, before = found.hidden[0]
            if self.clock.now() < moment:
                return before
            del found.hidden[0]
        return found.values

    def rows(self, object_name: str) -> Iterator[Values]:
        """Yield what a reader sees of every record, deleted ones included."""
        for found in self.tables[object_name].values():
            values = self.visible(found) if found.hidden else found.values
            if values is not None:
                yield values

    def seen(self, record_id: str) -> Values | None:
        """Return what a reader sees of the record with an id."""
        located = self.find(record_id)
        return None if located is None else self.visible(located[1])
