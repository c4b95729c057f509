"""What an organization declares: the fields of a module, and the options of its picklists.

Zoho's API takes and gives the *display* value of an option (its page on creating fields, Kaizen
205), while the actual one is a reference that stays; which one comes back differs by interface, so
both are known here. Only what is declared is asked, since one unknown column fails a whole query.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.base import CrmField
from connectors.pace import Clock
from connectors.zoho.answers import Json, listing, objects
from connectors.zoho.client import Client
from connectors.zoho.errors import INVALID_MODULE, Refused, unreadable
from connectors.zoho.objects import is_named, is_own
from rules.owned import Owned
from rules.records import FieldType

# In seconds.
KEPT_FOR = 300.0
KEPT_WHILE_WRITING = 2.0

_NUMBERS = frozenset({"integer", "bigint", "double", "percent", "long", "decimal", "autonumber"})
_DAYS = frozenset({"date", "datetime"})
_WORDS = frozenset(
    {
        *("text", "textarea", "email", "phone", "website"),
        *("multiselectpicklist", "lookup", "ownerlookup"),
    }
)
_FITS = {
    **dict.fromkeys(_NUMBERS, FieldType.NUMBER),
    **dict.fromkeys(_WORDS, FieldType.TEXT),
    **dict.fromkeys(_DAYS, FieldType.DATE),
    "currency": FieldType.MONEY,
    "picklist": FieldType.CHOICE,
    "boolean": FieldType.YES_NO,
}
_DAYS_ARE_NOT = (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO)
_NEVER = {
    "boolean": (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE),
    "currency": (FieldType.YES_NO,),
    **dict.fromkeys(_DAYS, _DAYS_ARE_NOT),
    **dict.fromkeys(_NUMBERS, (FieldType.YES_NO,)),
}
# Computed by Zoho, which tells of no change.
_COMPUTED = frozenset({"formula", "rollup_summary"})
# What no query gives.
_UNREADABLE = frozenset(
    {"subform", "fileupload", "imageupload", "profileimage", "multiselectlookup"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a picklist; `raw` is it as Zoho lists it."""

    actual: str
    display: str
    is_used: bool
    raw: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A field of a module. `key` is Zoho's id of it, which outlives its name and label.

    `is_used`: it is in a layout; one that is in none can be neither read nor written. `displays`
    and `actuals` lead from either name of an option to the one or the other.
    """

    key: str
    name: str
    label: str
    type: str
    is_custom: bool
    is_external: bool
    is_used: bool = True
    options: Sequence[Option] = ()
    displays: Mapping[str, str] = field(default_factory=dict)
    actuals: Mapping[str, str] = field(default_factory=dict)

    def display(self, value: str) -> str:
        """An option as Zoho's API has it, given either of its names."""
        return self.displays.get(value, value)

    def actual(self, value: str) -> str:
        """The lasting name of an option, given either of its names."""
        return self.actuals.get(value, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The fields of a module, by API name."""

    module: str
    fields: Mapping[str, Declared]

    @property
    def custom(self) -> int:
        """How many custom fields there are, the customer's own counted."""
        return sum(one.is_custom for one in self.fields.values())

    @property
    def has_currencies(self) -> bool:
        """Whether records say their currency: the organization has several."""
        return "Currency" in self.fields and "Exchange_Rate" in self.fields

    @property
    def computed(self) -> frozenset[str]:
        """The fields that change without a trace."""
        return frozenset(one.name for one in self.fields.values() if one.type in _COMPUTED)

    def named(self, name: str) -> Declared | None:
        """A field by its API name, in any case; None where there is none."""
        if name in self.fields:
            return self.fields[name]
        lowered = name.lower()
        return next((one for one in self.fields.values() if one.name.lower() == lowered), None)

    def own(self, name: str) -> Declared | None:
        """Our field, by the name that Zoho derived from its first label; in a layout or not."""
        found = [one for one in self.fields.values() if one.is_custom and is_named(one.name, name)]
        return min(found, key=lambda one: (len(one.name), one.name), default=None)

    def own_in_use(self, name: str) -> Declared | None:
        """Our field, where it can be read and written."""
        found = self.own(name)
        return found if found is not None and found.is_used else None


class Schemas:
    """The schemas of one organization, kept for some minutes. Thread-safe."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Schema]] = {}
        self._writing = threading.Lock()
        self._asked_to_write: dict[str, tuple[float, Schema]] = {}

    def of(self, module: str, *, is_fresh: bool = False) -> Schema:
        """The schema of a module; `is_fresh` asks Zoho in any case.

        Raises:
            Fatal: The module is not there for us.
        """
        found = self.find(module, is_fresh=is_fresh)
        if found is None:
            raise unreadable(Refused(400, INVALID_MODULE, module), module)
        return found

    def find(self, module: str, *, is_fresh: bool = False) -> Schema | None:
        """The schema of a module that may be hidden; None then."""
        with self._lock:
            at, kept = self._kept.get(module, (0.0, None))
            if kept is not None and not is_fresh and self._clock.monotonic() - at < KEPT_FOR:
                return kept
            found = self._asked(module)
            if found is not None:
                self._kept[module] = (self._clock.monotonic(), found)
            return found

    def changed(self, module: str) -> None:
        """Ask again, as the module was just changed: the next write must not go by what was."""
        self._asked_to_write.pop(module, None)
        self.of(module, is_fresh=True)

    def lately(self, module: str) -> Schema:
        """The schema of a module, asked again by one thread every few seconds of writing.

        A write names fields, and Zoho ignores without a word what it has no more.
        """
        at, kept = self._asked_to_write.get(module, (0.0, None))
        if kept is not None and self._clock.monotonic() - at < KEPT_WHILE_WRITING:
            return kept
        if kept is not None and not self._writing.acquire(blocking=False):
            return kept
        if kept is None:
            self._writing.acquire()
        try:
            at, kept = self._asked_to_write.get(module, (0.0, None))
            if kept is not None and self._clock.monotonic() - at < KEPT_WHILE_WRITING:
                return kept
            found = self.of(module, is_fresh=True)
            self._asked_to_write[module] = (self._clock.monotonic(), found)
            return found
        finally:
            self._writing.release()

    def _asked(self, module: str) -> Schema | None:
        try:
            answer = self._client.get("settings/fields", [("module", module), ("type", "all")])
        except Refused as refused:
            if refused.code == INVALID_MODULE:
                return None
            raise unreadable(refused, module) from refused
        listed = [declared for raw in listing(answer, "fields") if (declared := _declared(raw))]
        return Schema(module=module, fields={one.name: one for one in listed})


def crm_fields(schema: Schema) -> list[CrmField]:
    """The fields as the contract has them."""
    return [_crm_field(one) for one in schema.fields.values() if one.type not in _UNREADABLE]


def own_name(api_name: str) -> str | None:
    """Our name of a field, by its API name; None where it is not one of ours."""
    if not is_own(api_name):
        return None
    known = next((one.value for one in Owned if is_named(api_name, one.value)), None)
    return known or api_name.lower().removeprefix("arpent").strip("_").rstrip("0123456789")


def is_readable(schema: Schema, name: str) -> bool:
    """Whether a field can be a column of a query."""
    found = schema.named(name)
    return found is not None and found.is_used and found.type not in _UNREADABLE


def _declared(raw: Json) -> Declared | None:
    name = raw.get("api_name")
    if not isinstance(name, str) or not name:
        return None
    external = raw.get("external")
    options = [_option(each) for each in objects(raw, "pick_list_values")]
    return Declared(
        key=str(raw.get("id") or ""),
        name=name,
        label=str(raw.get("field_label") or raw.get("display_label") or name),
        type=str(raw.get("data_type") or ""),
        is_custom=raw.get("custom_field") is True,
        is_external=isinstance(external, dict) and bool(external.get("type")),
        is_used=raw.get("type") != "unused",
        options=options,
        # A name that is both is the one that it is asked for as.
        displays=_led((one.actual, one.display) for one in reversed(options)),
        actuals=_led((one.display, one.actual) for one in reversed(options)),
    )


def _led(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """From either of two names to the second."""
    listed = list(pairs)
    return {**dict(listed), **{second: second for _, second in listed}}


def _option(raw: Json) -> Option:
    display = str(raw.get("display_value") or raw.get("actual_value") or "")
    return Option(
        actual=str(raw.get("actual_value") or display),
        display=display,
        is_used=raw.get("type") != "unused",
        raw=raw,
    )


def _crm_field(one: Declared) -> CrmField:
    used = [option for option in one.options if option.is_used and option.display != "-None-"]
    own = own_name(one.name) if one.is_custom else None
    # Of a field of ours, the lasting names are the values; of another, what Zoho's API gives.
    return CrmField(
        name=one.name,
        label=one.label,
        type=one.type,
        options=[option.actual if own else option.display for option in used],
        never=_NEVER.get(one.type, ()),
        own=own,
        fits=_FITS.get(one.type),
        option_labels={
            (option.actual if own else option.display): option.display for option in used
        },
        # A playbook may name an option by what it was called before an admin relabelled it.
        option_aliases={
            option.display: option.actual
            for option in used
            if own is None and option.actual != option.display
        },
    )
