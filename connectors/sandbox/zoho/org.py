"""The state of the emulated organization: its modules, its records, its people, its clock.

Values are Python's own (text, bool, int, float, `date`, `datetime` in UTC, ids of look-ups as
text); an absent value is null. A record's dictionary is never changed in place: a write puts a new
one there, so whoever holds the old one holds a picture of the past.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.fields import Field, Module
from connectors.sandbox.zoho.modules import standard_modules
from connectors.sandbox.zoho.switches import ZohoSwitches

Values = dict[str, Any]
# Where the ids of an organization begin: they are texts of 64-bit numbers, and they only grow.
_FIRST_ID = 5_843_104_000_000_000_000
ADMINISTRATOR, STANDARD = "Administrator", "Standard"


@dataclass(slots=True)
class Record:
    """One record and, for writes that are not visible yet, what readers still see."""

    id: str
    values: Values
    hidden: list[tuple[datetime, Values | None]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Deleted:
    """A record that went: to the recycle bin, or for good."""

    id: str
    module: str
    values: Values
    name: str | None
    at: datetime
    by: str
    kind: Literal["recycle", "permanent"]
    # Whether it is there again, and the feed still tells of it.
    is_restored: bool = False
    # A deal's stage history, which goes with it.
    history: list[Record] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class User:
    """One person with a login."""

    id: str
    first_name: str
    last_name: str
    email: str
    profile: str
    role: str
    created: datetime
    modified: datetime
    status: Literal["active", "disabled", "deleted"] = "active"
    is_confirmed: bool = True

    @property
    def full_name(self) -> str:
        """The name that people read."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True, kw_only=True)
class Stage:
    """One stage of a pipeline; `probability` from 0 to 100."""

    id: str
    actual: str
    display: str
    probability: int
    forecast_type: str
    category: str


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """A sales pipeline: its stages in order."""

    id: str
    name: str
    stages: list[Stage]


@dataclass(slots=True, kw_only=True)
class Currency:
    """A currency of the organization and how much of it the home currency's unit is."""

    id: str
    code: str
    rate: float
    is_base: bool
    is_active: bool = True


class Org:
    """One emulated organization; take `lock` around anything that reads or writes it."""

    def __init__(self, *, clock: PortalClock, data_center: str) -> None:
        self.clock = clock
        self.data_center = data_center
        self.lock = threading.RLock()
        # Whether it is an API call that is being carried out.
        self.is_in_call = False
        self.switches = ZohoSwitches()
        self._last_id = _FIRST_ID
        self.id = self.mint()
        self.zgid = "110001234567"
        self.name = ""
        self.country = "Canada"
        self.currency = "CAD"
        self.modules: dict[str, Module] = {}
        self.tables: dict[str, dict[str, Record]] = {}
        for module in standard_modules().values():
            self.add_module(module)
        self.users: dict[str, User] = {}
        self.profiles: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.currencies: list[Currency] = []
        self.is_multi_currency = False
        self.pipelines: list[Pipeline] = []
        # The status of a task that is done.
        self.done_status = "Completed"
        self.contact_roles: dict[str, str] = {}
        # Deal → contact → contact role.
        self.deal_roles: dict[str, dict[str, str]] = {}
        # Deal → the row of its history that says where it is now.
        self.present_stages: dict[str, str] = {}
        self.deleted: dict[str, Deleted] = {}
        # Modules and records that are closed: hidden modules, locked and unapproved records.
        self.hidden_modules: set[tuple[str, str]] = set()
        self.locked: set[str] = set()
        self.awaiting_approval: set[str] = set()
        # Every write that was applied, oldest first, and what it would have set off.
        self.writes: list[JsonObject] = []
        self.fired: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()
        self.loaded_ids: dict[tuple[str, str], str] = {}

    def mint(self) -> str:
        """Return a new id."""
        self._last_id += 1
        return str(self._last_id)

    def add_module(self, module: Module) -> None:
        """Let the organization have a module, with ids for all that is in it."""
        module.id = self.mint()
        for entry in module.fields.values():
            self.number(entry)
        self.modules[module.api_name] = module
        self.tables[module.api_name] = {}

    def number(self, entry: Field) -> None:
        """Give a field and its choices the ids that they lack."""
        entry.id = entry.id or self.mint()
        for choice in entry.choices:
            choice.id = choice.id or self.mint()

    def now(self) -> datetime:
        """The organization's present, to the second, in UTC."""
        return self.clock.now().replace(microsecond=0)

    def printed(self, instant: datetime) -> str:
        """Print an instant as the API does: the organization's zone, to the second."""
        return instant.astimezone(self.clock.zone).isoformat(timespec="seconds")

    def find(self, record_id: str) -> tuple[Module, Record] | None:
        """Return a living record by its id alone."""
        for name, table in self.tables.items():
            if record_id in table:
                return self.modules[name], table[record_id]
        return None

    def put(self, module: Module, record_id: str, values: Values) -> Record:
        """Store what a record holds from now on; readers see it when it is committed.

        A call is answered once it is committed, so that only what people do can be late.
        """
        table = self.tables[module.api_name]
        found = table.get(record_id)
        before: Values | None = None
        if found is None:
            found = table[record_id] = Record(record_id, values)
        else:
            before, found.values = found.values, values
        late = self.switches.late_commit_seconds
        if late > 0 and not self.is_in_call:
            found.hidden.append((self.clock.now() + timedelta(seconds=late), before))
        return found

    def visible(self, found: Record) -> Values | None:
        """Return what a reader sees of a record now; None when nothing yet."""
        while found.hidden:
            moment, before = found.hidden[0]
            if self.clock.now() < moment:
                return before
            del found.hidden[0]
        return found.values

    def rows(self, module: str) -> Iterator[Values]:
        """Yield what a reader sees of every living record of a module, oldest id first."""
        for found in self.tables[module].values():
            values = self.visible(found) if found.hidden else found.values
            if values is not None:
                yield values

    def seen(self, module: str, record_id: str) -> Values | None:
        """Return what a reader sees of one record."""
        found = self.tables[module].get(record_id)
        return None if found is None else self.visible(found)

    def name_of(self, record_id: str, targets: tuple[str, ...]) -> str | None:
        """Return the name of the record that a look-up leads to; None when it is gone."""
        for target in targets:
            found = self.tables[target].get(record_id)
            if found is not None:
                return str(found.values.get(self.modules[target].name_field) or "")
        return None

    def module_of(self, record_id: str) -> str | None:
        """Return the module of a living record."""
        located = self.find(record_id)
        return None if located is None else located[0].api_name

    def user_by_email(self, email: str) -> User | None:
        """Return a user by the address that they log in with."""
        lowered = email.lower()
        return next((one for one in self.users.values() if one.email.lower() == lowered), None)

    def named(self, names: dict[str, str], wanted: str) -> str:
        """Return the id of a profile, a role or a contact role by its name; KeyError."""
        for found, name in names.items():
            if name == wanted:
                return found
        raise KeyError(wanted)

    def stage(self, actual: object) -> Stage | None:
        """Return a stage by the value that the API writes."""
        return next(
            (entry for made in self.pipelines for entry in made.stages if entry.actual == actual),
            None,
        )
