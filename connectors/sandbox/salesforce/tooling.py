"""The Tooling API as far as custom fields go: find, create, show, change, delete.

A field made here is visible to nobody until a permission set opens it (see `permissions`). A
change sends the whole metadata again, and its type stays what it was.
Source: "CustomField" of the Tooling API reference.
"""

from http import HTTPStatus
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import field_changes, field_history
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError, not_found
from connectors.sandbox.salesforce.fields import Choice, Field
from connectors.sandbox.salesforce.org import Org, Record
from connectors.sandbox.salesforce.soql_query import answered, printed_rows

_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
}
# What the metadata of a type must say.
_NEEDED = {
    "Text": ("length",),
    "LongTextArea": ("length", "visibleLines"),
    "Number": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Percent": ("precision", "scale"),
    "Picklist": ("valueSet",),
    "MultiselectPicklist": ("valueSet", "visibleLines"),
    "Checkbox": ("defaultValue",),
}
_KNOWN = frozenset(
    {
        *("type", "label", "description", "inlineHelpText", "required", "externalId", "unique"),
        *("trackHistory", "trackTrending", "trackFeedHistory", "caseSensitive", "length"),
        *("precision", "scale", "visibleLines", "defaultValue", "valueSet"),
    }
)
_LONG_ENOUGH = 256


def query(call: Call) -> Reply:
    """`GET /tooling/query?q=SELECT … FROM CustomField …`."""
    source = call.query.get("q", "")
    _count_fields(call.org)
    answer = answered(call.org, call.user_id, source, with_deleted=False, is_tooling=True)
    listed = [] if answer.is_count else answer.rows
    rows = printed_rows(call.org, answer, listed, f"{call.base}/tooling")
    total = len(answer.rows) if answer.is_count else len(rows)
    body = {"size": len(rows), "totalSize": total, "done": True, "queryLocator": None}
    return Reply(body=body | {"entityTypeName": answer.kind.name, "records": rows})


def _count_fields(org: Org) -> None:
    """Bring `EntityLimit` up to date: the custom fields of each object."""
    most = org.switches.custom_field_limit
    for kind in org.objects.values():
        number = sum(made.custom for made in kind.fields.values())
        number += len(field_changes.deleted_of(org, kind.name))
        values: dict[str, str | int] = {
            "Id": f"{kind.name}.CustomFields",
            "DurableId": f"{kind.name}.CustomFields",
            "EntityDefinitionId": kind.name,
            "Label": "Custom Fields",
            "Max": most,
            "Remaining": max(0, most - number),
            "Type": "CustomFields",
        }
        org.put("EntityLimit", f"{kind.name}.CustomFields", values)


def create(call: Call) -> Reply:
    """`POST /tooling/sobjects/CustomField {"FullName", "Metadata"}`."""
    _require_administrator(call)
    body = call.json()
    object_name, _, name = str(body.get("FullName", "")).partition(".")
    metadata = _metadata(body)
    _require_room(call.org, object_name)
    if object_name == "Activity" and metadata.get("externalId"):
        _require_external_ids(call.org)
    _require_tracking(call.org, object_name, name, metadata)
    field = _field(name, metadata)
    field_changes.add(call.org, object_name, field, is_visible=False, metadata=metadata)
    made = field_changes.row_of(call.org, object_name, name)
    answer: JsonObject = {"id": made.id if made else None, "success": True, "errors": []}
    return Reply(status=HTTPStatus.CREATED, body=answer | {"warnings": [], "infos": []})


def show(call: Call) -> Reply:
    """`GET /tooling/sobjects/CustomField/00N…`."""
    found = _found(call)
    values = found.values
    root = f"{call.base}/tooling/sobjects/CustomField/{found.id}"
    shown = {name: values.get(name) for name in ("Id", "DeveloperName", "TableEnumOrId")}
    return Reply(
        body={
            "attributes": {"type": "CustomField", "url": root},
            **shown,
            "NamespacePrefix": None,
            "FullName": f"{values['TableEnumOrId']}.{values['DeveloperName']}__c",
            "Metadata": call.org.metadata[found.id],
        }
    )


def change(call: Call) -> Reply:
    """`PATCH /tooling/sobjects/CustomField/00N… {"Metadata"}`: the whole of it."""
    _require_administrator(call)
    found = _found(call)
    body = call.json()
    metadata = _metadata(body)
    if not body.get("FullName") and call.org.switches.tooling_full_name == "required":
        raise SalesforceError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName]",
            fields=["FullName"],
        )  # fmt: skip
    before = call.org.metadata[found.id]
    if metadata["type"] != before["type"]:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Cannot change which type of field this is: {before['type']} to {metadata['type']}",
            fields=["Type"],
        )
    name = f"{found.values['DeveloperName']}__c"
    _require_tracking(call.org, found.values["TableEnumOrId"], name, metadata)
    field = _field(name, metadata)
    for kind in field_changes.kinds_of(call.org, found.values["TableEnumOrId"]):
        kind.add(field)
        call.org.described_at[kind.name] = call.org.now()
    call.org.metadata[found.id] = metadata
    return Reply(status=HTTPStatus.NO_CONTENT)


def remove(call: Call) -> Reply:
    """`DELETE /tooling/sobjects/CustomField/00N…`."""
    _require_administrator(call)
    values = _found(call).values
    field_changes.remove(call.org, values["TableEnumOrId"], f"{values['DeveloperName']}__c")
    return Reply(status=HTTPStatus.NO_CONTENT)


def _found(call: Call) -> Record:
    found = call.org.record("CustomField", call.params["id"])
    if found is None:
        raise not_found()
    return found


def _require_administrator(call: Call) -> None:
    """Only a user who may customize the application makes fields."""
    person = call.org.record("User", call.user_id)
    profile = call.org.record("Profile", person.values["ProfileId"]) if person else None
    if profile is None or profile.values["Name"] != "System Administrator":
        raise SalesforceError(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "insufficient access rights on object id",
            status=HTTPStatus.FORBIDDEN,
        )


def _require_room(org: Org, object_name: str) -> None:
    for kind in field_changes.kinds_of(org, object_name):
        number = sum(made.custom for made in kind.fields.values())
        number += len(field_changes.deleted_of(org, object_name))
        if number >= org.switches.custom_field_limit:
            raise SalesforceError(
                org.switches.field_cap_code,
                f"You have reached the maximum number of custom fields on {kind.label}: "
                f"{org.switches.custom_field_limit}",
            )


def _require_external_ids(org: Org) -> None:
    if not org.switches.activity_external_ids:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            "Custom fields of activities cannot be external IDs.",
            fields=["ExternalId"],
        )


def _require_tracking(org: Org, object_name: str, name: str, metadata: JsonObject) -> None:
    if metadata.get("trackHistory"):
        field_history.require(org, field_changes.kinds_of(org, object_name), name)


def _metadata(body: JsonObject) -> JsonObject:
    metadata = body.get("Metadata")
    if not isinstance(metadata, dict) or str(metadata.get("type")) not in _TYPES:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION", "Must specify a type of custom field", fields=["Type"]
        )
    unknown = sorted(metadata.keys() - _KNOWN)
    if unknown:
        raise SalesforceError(
            "JSON_PARSER_ERROR",
            f"No such column '{unknown[0]}' on sobject of type CustomField.Metadata",
        )
    absent = [
        name
        for name in ("label", *_NEEDED.get(str(metadata["type"]), ()))
        if metadata.get(name) is None
    ]
    if absent:
        raise SalesforceError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(absent)}]",
            fields=absent,
        )  # fmt: skip
    for name in ("length", "precision", "scale", "visibleLines"):
        if not isinstance(metadata.get(name, 0), int | None):
            raise SalesforceError(
                "JSON_PARSER_ERROR",
                f"Cannot deserialize instance of int from VALUE_STRING value {metadata[name]}",
            )
    if metadata["type"] == "LongTextArea" and int(metadata["length"]) < _LONG_ENOUGH:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION", "A long text area has at least 256 characters.",
            fields=["Length"],
        )  # fmt: skip
    return metadata


def _field(name: str, metadata: JsonObject) -> Field:
    details: JsonObject = {
        "name": name,
        "type": _TYPES[metadata["type"]],
        "label": metadata["label"],
        "help": metadata.get("inlineHelpText"),
        "external_id": bool(metadata.get("externalId")),
        "unique": bool(metadata.get("unique")),
        "tracked": bool(metadata.get("trackHistory")),
    }
    if metadata["type"] == "TextArea":
        details["length"] = 255
    for key in ("length", "precision", "scale"):
        if metadata.get(key) is not None:
            details[key] = int(metadata[key])
    if metadata["type"] == "Checkbox":
        details["default"] = str(metadata["defaultValue"]).lower() == "true"
    choices, is_restricted = _choices(metadata.get("valueSet"))
    field = field_changes.build(details | {"restricted": is_restricted})
    field.choices = choices
    if metadata.get("required"):
        field.nillable = field.permissionable = False
    return field


def _choices(value_set: Any) -> tuple[list[Choice], bool]:  # noqa: ANN401 - any JSON
    """Read `valueSet`: the choices, and whether others are refused."""
    if value_set is None:
        return [], False
    try:
        listed = [
            Choice(
                value=str(row["valueName"]),
                label=str(row.get("label") or row["valueName"]),
                is_default=bool(row.get("default")),
                is_active=row.get("isActive") is not False,
            )
            for row in value_set["valueSetDefinition"]["value"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            "Picklist values are required",
            fields=["valueSet"],
        ) from error
    return listed, bool(value_set.get("restricted"))
