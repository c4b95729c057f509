"""A field and an object of the emulated org, as `describe` shows them.

The members and their order are those of recorded answers of the describe resource.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.exchange import JsonObject

TEXTS = frozenset(
    {"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox"}
)
NUMBERS = frozenset({"double", "currency", "percent", "int"})
IDS = frozenset({"id", "reference"})
_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "address": "urn:address",
    "anyType": "xsd:anyType",
}
_UNGROUPED = frozenset({"datetime", "combobox"})
# A text area above this many characters can be neither filtered nor sorted.
_LONG_TEXT = 255
_BYTES_A_CHARACTER = 3


@dataclass(slots=True, kw_only=True)
class Choice:
    """One value of a picklist."""

    value: str
    label: str
    is_active: bool = True
    is_default: bool = False

    def as_json(self) -> JsonObject:
        """Show the value as describe does."""
        return {
            "active": self.is_active,
            "defaultValue": self.is_default,
            "label": self.label,
            "validFor": None,
            "value": self.value,
        }


@dataclass(slots=True, kw_only=True)
class Field:
    """One field: what it holds and what a client may do with it."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    custom: bool = False
    calculated: bool = False
    # A formula of the emulated org is the path of the field that it shows ("Owner.Name").
    formula: str = ""
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    is_name: bool = False
    id_lookup: bool = False
    restricted: bool = False
    defaulted: bool = False
    permissionable: bool = False
    default: Any = None
    help: str | None = None
    # Whether the org keeps the history of its changes.
    tracked: bool = False
    compound: str | None = None
    choices: list[Choice] = field(default_factory=list)
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None

    @property
    def is_polymorphic(self) -> bool:
        """Whether it points to records of more than one object."""
        return len(self.reference_to) > 1

    @property
    def is_filterable(self) -> bool:
        """Whether it may stand in WHERE."""
        is_long = self.type == "textarea" and self.length > _LONG_TEXT
        return not is_long and self.type not in {"address", "anyType"}

    @property
    def is_sortable(self) -> bool:
        """Whether it may stand in ORDER BY."""
        return self.is_filterable and self.type != "multipicklist"

    @property
    def is_required(self) -> bool:
        """Whether a new record must carry it."""
        return self.createable and not self.nillable and not self.defaulted

    def as_json(self) -> JsonObject:
        """Show the field as describe does."""
        is_number = self.type in {"double", "currency", "percent"}
        return {
            "aggregatable": self.is_filterable and self.type != "boolean",
            "aiPredictionField": False,
            "autoNumber": False,
            "byteLength": 18 if self.type in IDS else self.length * _BYTES_A_CHARACTER,
            "calculated": self.calculated,
            "calculatedFormula": self.formula or None,
            "cascadeDelete": False,
            "caseSensitive": self.case_sensitive,
            "compoundFieldName": self.compound,
            "controllerName": None,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else self.default,
            "defaultValueFormula": None,
            "defaultedOnCreate": self.defaulted,
            "dependentPicklist": False,
            "deprecatedAndHidden": False,
            "digits": self.precision if self.type == "int" else 0,
            "displayLocationInDecimal": False,
            "encrypted": False,
            "externalId": self.external_id,
            "extraTypeInfo": "plaintextarea" if self.type == "textarea" else None,
            # An address is filtered by distance only, which the sandbox does not know.
            "filterable": self.is_filterable or self.type == "address",
            "filteredLookupInfo": None,
            "formulaTreatNullNumberAsZero": False,
            "groupable": self.is_filterable and not is_number and self.type not in _UNGROUPED,
            "highScaleNumber": False,
            "htmlFormatted": False,
            "idLookup": self.id_lookup or self.external_id,
            "inlineHelpText": self.help,
            "label": self.label,
            "length": 18 if self.type in IDS else self.length,
            "mask": None,
            "maskType": None,
            "name": self.name,
            "nameField": self.is_name,
            "namePointing": self.is_polymorphic,
            "nillable": self.nillable,
            "permissionable": self.permissionable,
            "picklistValues": [choice.as_json() for choice in self.choices],
            "polymorphicForeignKey": self.is_polymorphic,
            "precision": self.precision if is_number else 0,
            "queryByDistance": False,
            "referenceTargetField": None,
            "referenceTo": list(self.reference_to),
            "relationshipName": self.relationship,
            "relationshipOrder": None,
            "restrictedDelete": False,
            "restrictedPicklist": self.restricted,
            "scale": self.scale,
            "searchPrefilterable": False,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "sortable": self.is_sortable,
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
            "writeRequiresMasterRead": False,
        }


@dataclass(slots=True, kw_only=True)
class ObjectType:
    """One object: its words, its key prefix, its fields in order."""

    name: str
    label: str
    plural: str
    prefix: str | None
    fields: dict[str, Field]
    is_readonly: bool = False
    is_mergeable: bool = False
    is_undeletable: bool = False
    # Whether only the Tooling API knows it.
    is_tooling: bool = False
    _by_lower: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Field | None:
        """Return a field by its API name in any case."""
        found = self.fields.get(name)
        if found is not None:
            return found
        if len(self._by_lower) != len(self.fields):
            self._by_lower = {known.lower(): known for known in self.fields}
        return self.fields.get(self._by_lower.get(name.lower(), ""))

    def find_relationship(self, name: str) -> Field | None:
        """Return the look-up whose relationship has a name, in any case."""
        lowered = name.lower()
        for known in self.fields.values():
            if known.relationship is not None and known.relationship.lower() == lowered:
                return known
        return None

    def add(self, added: Field) -> None:
        """Add a field or put another in its place."""
        self.fields[added.name] = added
        self._by_lower = {}

    def remove(self, name: str) -> Field:
        """Take a field away; KeyError."""
        self._by_lower = {}
        return self.fields.pop(name)


def choices(values: Iterable[str], default: str = "") -> list[Choice]:
    """Make picklist values whose labels are the values."""
    return [Choice(value=value, label=value, is_default=value == default) for value in values]
