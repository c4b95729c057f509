"""What an org declares: the fields of an object that the user may see, by `describe`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import CrmField
from connectors.salesforce.client import Client, Json
from connectors.salesforce.objects import own_name
from rules.records import FieldType

_NUMBERS = frozenset({"double", "int", "long", "percent"})
_WORDS = frozenset(
    {"string", "textarea", "email", "phone", "url", "combobox", "multipicklist", "encryptedstring"}
)
_FITS = {
    **dict.fromkeys(_NUMBERS, FieldType.NUMBER),
    **dict.fromkeys(_WORDS, FieldType.TEXT),
    "currency": FieldType.MONEY,
    "picklist": FieldType.CHOICE,
    "boolean": FieldType.YES_NO,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
}
_NEVER = {
    "boolean": (FieldType.NUMBER, FieldType.MONEY, FieldType.DATE),
    "date": (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO),
    "datetime": (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO),
    "currency": (FieldType.YES_NO,),
    **dict.fromkeys(_NUMBERS, (FieldType.YES_NO,)),
}
# Made of other fields, which are listed themselves; no bulk query takes them.
_COMPOUND = frozenset({"address", "location", "base64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The fields of an object: name and type by name in lower case, those that are formulas."""

    fields: Mapping[str, tuple[str, str]]
    calculated: frozenset[str]
    raw: Sequence[Json]

    @property
    def has_currencies(self) -> bool:
        """Whether records say their currency: the org has several."""
        return "currencyisocode" in self.fields


def describe(client: Client, object_name: str) -> Declared | None:
    """The declared fields of an object; None where the org, or the user, lacks it."""
    answer = client.find(f"sobjects/{object_name}/describe", member="fields")
    listed = None if answer is None else answer.get("fields")
    if not isinstance(listed, list):
        return None
    raw = [
        each
        for each in listed
        if isinstance(each, dict) and each.get("name") and each.get("type") not in _COMPOUND
    ]
    return Declared(
        fields={
            str(each["name"]).lower(): (str(each["name"]), str(each.get("type") or ""))
            for each in raw
        },
        calculated=frozenset(
            str(each["name"]).lower() for each in raw if each.get("calculated") is True
        ),
        raw=raw,
    )


def crm_fields(declared: Declared) -> list[CrmField]:
    """The fields as the contract has them."""
    return [_crm_field(each) for each in declared.raw]


def _crm_field(raw: Json) -> CrmField:
    name, kind = str(raw["name"]), str(raw.get("type") or "")
    listed = raw.get("picklistValues")
    options = [
        each
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and each.get("active") is not False
    ]
    return CrmField(
        name=name,
        label=str(raw.get("label") or name),
        type=kind,
        options=[str(each.get("value")) for each in options],
        never=_NEVER.get(kind, ()),
        own=own_name(name),
        fits=_FITS.get(kind),
        option_labels={
            str(each.get("value")): str(each.get("label") or each.get("value")) for each in options
        },
    )
