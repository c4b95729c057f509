"""Custom fields come, change and go; and the rights to see them.

A custom field of `Activity` is one of tasks and of events at once, as in Salesforce.
"""

from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import effects
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import Field, ObjectType, choices
from connectors.sandbox.salesforce.org import Org, Record

_ACTIVITIES = ("Task", "Event")
_SHORT_AREA = 255
_TYPES = frozenset(
    {
        *("string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "boolean"),
        *("double", "currency", "percent", "date", "datetime", "reference"),
    }
)
_LENGTHS = {"string": 255, "textarea": 32_768, "picklist": 255, "multipicklist": 4099,
            "email": 80, "phone": 40, "url": 255}  # fmt: skip
_MEMBERS = frozenset(
    {
        *("name", "type", "label", "length", "precision", "scale", "values", "restricted"),
        *("external_id", "unique", "formula", "help", "reference_to", "default"),
        "tracked",
    }
)


def build(details: JsonObject) -> Field:
    """Make a custom field of its members; SalesforceError when they make no sense."""
    unknown = details.keys() - _MEMBERS
    name, type_name = str(details["name"]), str(details["type"])
    if unknown or type_name not in _TYPES or not name.endswith("__c"):
        raise SalesforceError(
            "INVALID_FIELD",
            f"A custom field has a name that ends in __c, a type of {', '.join(sorted(_TYPES))}, "
            f"and members of {', '.join(sorted(_MEMBERS))}.",
        )
    is_formula, is_flag = bool(details.get("formula")), type_name == "boolean"
    targets = details.get("reference_to")
    more: dict[str, Any] = {
        key: details[key]
        for key in ("external_id", "unique", "formula", "help", "tracked")
        if key in details
    }
    return Field(
        name=name,
        type=type_name,
        label=str(details.get("label", name.removesuffix("__c"))),
        length=int(details.get("length", _LENGTHS.get(type_name, 0))),
        precision=int(details.get("precision", 18)),
        scale=int(details.get("scale", 0)),
        custom=True,
        permissionable=True,
        calculated=is_formula,
        createable=not is_formula,
        updateable=not is_formula,
        nillable=not is_flag,
        defaulted=is_flag or "default" in details,
        default=details.get("default", False if is_flag else None),
        restricted=bool(details.get("restricted", False)),
        choices=choices(details.get("values", ())),
        reference_to=(str(targets),) if targets else (),
        relationship=name.removesuffix("c") + "r" if targets else None,
        **more,
    )


def kinds_of(org: Org, object_name: str) -> list[ObjectType]:
    """Return the object, or both activities; SalesforceError."""
    names = _ACTIVITIES if object_name == "Activity" else (object_name,)
    found = [kind for name in names if (kind := org.find_object(name)) is not None]
    if len(found) != len(names):
        raise SalesforceError("INVALID_TYPE", f"sObject type '{object_name}' is not supported.")
    return found


def add(
    org: Org,
    object_name: str,
    field: Field,
    *,
    is_visible: bool,
    metadata: JsonObject | None = None,
) -> None:
    """Add a field; made in the pages it is visible to every profile, made by API to nobody."""
    kinds = kinds_of(org, object_name)
    for kind in kinds:
        if kind.find(field.name) is not None:
            raise SalesforceError(
                "DUPLICATE_DEVELOPER_NAME",
                f"There is already a field named {field.name.removesuffix('__c')} on {kind.label}.",
            )
    _check_name_is_free(org, object_name, field.name)
    for kind in kinds:
        kind.add(field)
        org.described_at[kind.name] = org.now()
        if is_visible:
            open_to_all(org, kind, field.name)
    named = {"DeveloperName": field.name.removesuffix("__c"), "TableEnumOrId": object_name}
    row = effects.create(org, "", org.objects["CustomField"], named)
    org.metadata[row] = metadata or _metadata_of(field)


def deleted_of(org: Org, object_name: str) -> set[str]:
    """Return the custom fields of an object that can still be restored: those count, too."""
    horizon = org.now() - effects.BIN
    return {
        name for (of, name), at in org.deleted_fields.items() if of == object_name and at > horizon
    }


def _check_name_is_free(org: Org, object_name: str, name: str) -> None:
    if org.switches.deleted_name_is_blocked and name in deleted_of(org, object_name):
        raise SalesforceError(
            "DUPLICATE_DEVELOPER_NAME",
            f"There is already a field named {name.removesuffix('__c')} on {object_name}.",
        )


def row_of(org: Org, object_name: str, name: str) -> Record | None:
    """Return the CustomField record of a field."""
    wanted = name.removesuffix("__c")
    for found in org.tables["CustomField"].values():
        is_named = found.values["DeveloperName"] == wanted
        if is_named and found.values["TableEnumOrId"] == object_name:
            return found
    return None


def _metadata_of(field: Field) -> JsonObject:
    """Describe a field that was made in the pages as the Tooling API would."""
    words = {"string": "Text", "double": "Number", "boolean": "Checkbox", "datetime": "DateTime",
             "multipicklist": "MultiselectPicklist", "reference": "Lookup"}  # fmt: skip
    shown: JsonObject = {
        "type": words.get(field.type, field.type.capitalize()),
        "label": field.label,
        "inlineHelpText": field.help,
        "externalId": field.external_id,
        "unique": field.unique,
        "required": not field.nillable,
        "trackHistory": field.tracked,
    }
    if field.type == "textarea":
        is_long = field.length > _SHORT_AREA
        shown["type"] = "LongTextArea" if is_long else "TextArea"
    if field.length:
        shown["length"] = field.length
    if field.type in {"double", "currency", "percent"}:
        shown |= {"precision": field.precision, "scale": field.scale}
    if field.choices:
        rows = [{"valueName": one.value, "label": one.label, "default": one.is_default}
                for one in field.choices]  # fmt: skip
        definition = {"sorted": False, "value": rows}
        shown["valueSet"] = {"restricted": field.restricted, "valueSetDefinition": definition}
    return shown


def remove(org: Org, object_name: str, name: str) -> None:
    """Delete a custom field, its values and the rights to it."""
    for kind in kinds_of(org, object_name):
        _custom(kind, name)
        kind.remove(name)
        org.described_at[kind.name] = org.now()
        for found in org.tables[kind.name].values():
            found.values = {key: value for key, value in found.values.items() if key != name}
        _forget_rights(org, f"{kind.name}.{name}")
    org.deleted_fields[object_name, name] = org.now()
    row = row_of(org, object_name, name)
    if row is not None:
        org.drop("CustomField", row.id)
        org.metadata.pop(row.id, None)


def _custom(kind: ObjectType, name: str) -> Field:
    field = kind.fields.get(name)
    if field is None or not field.custom:
        raise SalesforceError("INVALID_FIELD", f"{kind.name} has no custom field {name}.")
    return field


def change(org: Org, object_name: str, details: JsonObject) -> None:
    """Give a custom field other members: a label, a type, choices; values of a new type go."""
    for kind in kinds_of(org, object_name):
        present = _custom(kind, str(details["name"]))
        kept: JsonObject = {
            "type": present.type,
            "label": present.label,
            "external_id": present.external_id,
            "unique": present.unique,
            "restricted": present.restricted,
            "values": [choice.value for choice in present.choices],
            "help": present.help,
            "tracked": present.tracked,
        }
        if details.get("type", present.type) == present.type:
            kept |= {"length": present.length, "precision": present.precision,
                     "scale": present.scale}  # fmt: skip
        made = build(kept | details)
        row = row_of(org, object_name, made.name)
        if row is not None:
            org.metadata[row.id] = _metadata_of(made)
        kind.add(made)
        org.described_at[kind.name] = org.now()
        if made.type != present.type:
            for found in org.tables[kind.name].values():
                found.values = {key: value for key, value in found.values.items()
                                if key != made.name}  # fmt: skip


def open_to_all(org: Org, kind: ObjectType, name: str) -> None:
    """Let every profile read and edit a field."""
    _forget_rights(org, f"{kind.name}.{name}")
    for owned in [row for row in org.rows("PermissionSet") if row.get("IsOwnedByProfile")]:
        row = {"ParentId": owned["Id"], "SobjectType": kind.name, "Field": f"{kind.name}.{name}"}
        rights = {"PermissionsRead": True, "PermissionsEdit": True}
        effects.create(org, "", org.objects["FieldPermissions"], row | rights)


def close(org: Org, kind: ObjectType, name: str, profile: str) -> None:
    """Hide a field from a profile (from all, without one)."""
    full = f"{kind.name}.{name}"
    labels = {row["Id"]: row["Name"] for row in org.rows("Profile")}
    for owned in list(org.rows("PermissionSet")):
        is_meant = not profile or labels.get(owned.get("ProfileId", "")) == profile
        if owned.get("IsOwnedByProfile") and is_meant:
            org.closed_fields.add((owned["Id"], full))
            _drop_rights(org, full, owned["Id"])
    org.forget_rights()


def _drop_rights(org: Org, full: str, parent: str) -> None:
    for row in list(org.rows("FieldPermissions")):
        if row["Field"] == full and row["ParentId"] == parent:
            org.drop("FieldPermissions", row["Id"])


def _forget_rights(org: Org, full: str) -> None:
    for row in list(org.rows("FieldPermissions")):
        if row["Field"] == full:
            org.drop("FieldPermissions", row["Id"])
    org.closed_fields = {pair for pair in org.closed_fields if pair[1] != full}
    org.forget_rights()
