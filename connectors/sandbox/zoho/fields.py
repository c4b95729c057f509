"""What the modules of an organization are made of: fields with their types, pick lists, look-ups.

Source: "Fields Metadata" and "Field Types: Data Types and Length Limits" of the CRM API.
"""

from dataclasses import dataclass, field

from connectors.sandbox.exchange import JsonObject

_JSON_TYPES = {
    "integer": "integer",
    "bigint": "string",
    "double": "double",
    "currency": "double",
    "percent": "double",
    "boolean": "boolean",
    "lookup": "jsonobject",
    "multi_module_lookup": "jsonobject",
    "ownerlookup": "jsonobject",
    "event_reminder": "jsonobject",
    "multireminder": "jsonarray",
    "multiselectpicklist": "jsonarray",
}
NUMERIC = frozenset({"integer", "bigint", "double", "currency", "percent"})
LOOKUPS = frozenset({"lookup", "multi_module_lookup", "ownerlookup"})
PICK_LISTS = frozenset({"picklist", "multiselectpicklist"})


@dataclass(slots=True, kw_only=True)
class Choice:
    """One value of a pick list: what the API writes, what people read."""

    id: str
    actual: str
    display: str
    is_used: bool = True


@dataclass(slots=True, kw_only=True)
class Field:
    """One field of a module; `targets` are the modules that a look-up leads to."""

    api_name: str
    label: str
    data_type: str = "text"
    id: str = ""
    length: int = 255
    decimals: int = 2
    is_custom: bool = False
    is_mandatory: bool = False
    is_read_only: bool = False
    is_unique: bool = False
    is_external: bool = False
    tooltip: str = ""
    choices: list[Choice] = field(default_factory=list)
    targets: tuple[str, ...] = ()
    # Profile id → "read_write", "read_only" or "hidden"; a profile that is not here may do all.
    profiles: dict[str, str] = field(default_factory=dict)

    @property
    def json_type(self) -> str:
        """The type of its values in JSON, in Zoho's words."""
        return _JSON_TYPES.get(self.data_type, "string")

    def kept(self, text: str) -> str:
        """The lasting name of an option, given the one that people read; else the text as it is."""
        return next((one.actual for one in self.choices if one.display == text), text)

    def label_of(self, text: str) -> str:
        """The name that people read of an option, given its lasting one; else the text as it is."""
        return next((one.display for one in self.choices if one.actual == text), text)

    def permission(self, profile_id: str) -> str:
        """What a profile may do with it."""
        return self.profiles.get(profile_id, "read_write")


@dataclass(slots=True, kw_only=True)
class Layout:
    """A page layout: which custom fields it shows; the standard ones are on each."""

    id: str
    name: str
    custom_fields: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Module:
    """A module: its fields by API name, the field that names a record, what may be done."""

    api_name: str
    singular: str
    plural: str
    name_field: str
    id: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    layouts: list[Layout] = field(default_factory=list)
    is_writable: bool = True
    is_upsertable: bool = True
    in_coql: bool = True
    in_bulk: bool = True

    def find(self, api_name: object) -> Field | None:
        """Return a field by its API name; in Zoho its case counts."""
        return self.fields.get(api_name) if isinstance(api_name, str) else None

    @property
    def custom_fields(self) -> list[Field]:
        """The fields that the company added."""
        return [entry for entry in self.fields.values() if entry.is_custom]


def choice_json(choice: Choice, place: int) -> JsonObject:
    """Print a value of a pick list as in the fields' metadata."""
    return {
        "display_value": choice.display,
        "sequence_number": place,
        "reference_value": choice.actual,
        "actual_value": choice.actual,
        "id": choice.id,
        "type": "used" if choice.is_used else "unused",
    }
