"""What fields of ours look like in Zoho: what one needs, and the request that makes it. Pure."""

from collections.abc import Mapping, Sequence

from connectors.base import OwnField, Provision, Provisioned
from connectors.zoho import provisioning_words as words
from connectors.zoho.answers import Json
from connectors.zoho.objects import label_of, planned_name
from connectors.zoho.schema import Declared, Schema
from connectors.zoho.seen import PEOPLE_S
from connectors.zoho.tasks import KEY
from rules.records import FieldType

LONGEST_TIP = 255

TYPES: Mapping[FieldType, str] = {
    FieldType.NUMBER: "double",
    FieldType.MONEY: "currency",
    FieldType.TEXT: "text",
    FieldType.CHOICE: "picklist",
    FieldType.DATE: "date",
    FieldType.YES_NO: "boolean",
}
_SIZES: Mapping[FieldType, Json] = {
    FieldType.TEXT: {"length": 255},
    FieldType.NUMBER: {"length": 16, "decimal_place": 2},
    FieldType.MONEY: {"length": 16, "decimal_place": 2},
}


def decide(field: OwnField, schema: Schema) -> Provisioned:
    """What one field needs, given what Zoho has under its name."""
    found = schema.own(field.name)
    crm_field = found.name if found else planned_name(field.name)
    state, note = Provision.PRESENT, None
    if found is None:
        state = Provision.CREATED
    elif found.type != TYPES[field.type]:
        state = Provision.CONFLICT
        note = words.conflict(f"{crm_field} ({field.name})", found.type, TYPES[field.type])
    elif not found.is_used:
        state, note = Provision.CONFLICT, words.unused(crm_field, found.label)
    elif field.type is FieldType.CHOICE and _missing(field, found):
        state = Provision.UPDATED
    return Provisioned(field=field.name, crm_field=crm_field, state=state, note=note)


def definition(field: OwnField, profiles: Sequence[Json]) -> Json:
    """The request that makes a field; Zoho derives its API name from the label."""
    found: Json = {
        "field_label": label_of(field.name),
        "data_type": TYPES[field.type],
        **_SIZES.get(field.type, {}),
    }
    if field.description:
        found["tooltip"] = {"name": "info_icon", "value": field.description[:LONGEST_TIP]}
    if field.type is FieldType.CHOICE:
        found["pick_list_values"] = _values(field.options)
    if profiles:
        is_open = field.name in PEOPLE_S
        found["profiles"] = [
            {
                "id": each["id"],
                "permission_type": "read_write" if is_open or each["is_ours"] else "read_only",
            }
            for each in profiles
        ]
    return found


def key_definition() -> Json:
    """The request that makes the external field of tasks; nobody needs to see it."""
    return {
        "field_label": label_of(KEY),
        "data_type": "text",
        "length": 255,
        "external": {"type": "org", "show": False},
    }


def widened(field: OwnField, found: Declared) -> list[Json]:
    """The options there, an administrator's among them, then ours that are missing."""
    there = [
        {
            name: option.raw[name]
            for name in ("id", "display_value", "actual_value")
            if option.raw.get(name)
        }
        for option in found.options
        if option.display != "-None-"
    ]
    return [*there, *_values(_missing(field, found))]


def _missing(field: OwnField, found: Declared) -> list[tuple[str, str]]:
    known = {option.actual for option in found.options if option.is_used}
    return [option for option in field.options if option[0] not in known]


def _values(options: Sequence[tuple[str, str]]) -> list[Json]:
    return [{"display_value": label, "actual_value": value} for value, label in options]
