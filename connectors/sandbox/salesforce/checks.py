"""The questions before a write: may this user write this, and does the org's rulebook agree?

Each refusal has the code and the words of Salesforce's error messages.
"""

from http import HTTPStatus
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Record, Values
from connectors.sandbox.salesforce.permissions import may_edit, may_read
from connectors.sandbox.salesforce.soql_condition import matches
from connectors.sandbox.salesforce.values import incoming


def read_body(
    org: Org, user_id: str | None, kind: ObjectType, body: JsonObject, *, is_new: bool
) -> Values:
    """Turn a JSON body into values; `user_id` None is a person in the pages (no field rights)."""
    changes: Values = {}
    for name, value in body.items():
        if name.lower() in {"attributes", "id"}:
            continue
        field = _field(org, user_id, kind, name)
        can_write = field.createable if is_new else field.updateable
        if not can_write or not (user_id is None or may_edit(org, user_id, kind, field)):
            raise _not_writeable(field.name)
        changes[field.name] = _checked(org, field, incoming(field, value), changes)
    return changes


def _field(org: Org, user_id: str | None, kind: ObjectType, name: str) -> Field:
    field = kind.find(name)
    if field is None or (user_id is not None and not may_read(org, user_id, kind, field)):
        raise SalesforceError(
            "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}"
        )
    return field


def _not_writeable(name: str) -> SalesforceError:
    return SalesforceError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {name}. Please check the security settings of this "
        "field and verify that it is read/write for your profile or permission set.",
        fields=[name],
    )


def _checked(org: Org, field: Field, value: Any, changes: Values) -> Any:  # noqa: ANN401 - any field's value
    if value is None:
        if field.type == "boolean":
            raise SalesforceError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD",
                f"{field.label}: value not of required type: ",
                fields=[field.name],
            )
        if not field.nillable:
            raise missing([field.name])
        return None
    if field.type == "reference":
        _check_reference(org, field, value)
    if field.name == "CurrencyIsoCode" and not _is_active_currency(org, value):
        raise SalesforceError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {value}",
            fields=[field.name],
        )
    if field.name in changes:
        raise SalesforceError("INVALID_FIELD", f"Duplicate field specified: {field.name}")
    return value


def _is_active_currency(org: Org, code: str) -> bool:
    return any(row["IsoCode"] == code and row.get("IsActive") for row in org.rows("CurrencyType"))


def _check_reference(org: Org, field: Field, record_id: str) -> None:
    located = org.find(record_id)
    known = org.object_of(record_id)
    if known is None or known.name not in field.reference_to:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"{field.label}: id value of incorrect type: {record_id}",
            fields=[field.name],
        )
    if located is None:
        raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if located[1].values.get("IsDeleted"):
        raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted")
    if field.name == "OwnerId" and not located[1].values.get("IsActive", True):
        raise SalesforceError(
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{record_id}] as owner of the record",
        )


def missing(names: list[str]) -> SalesforceError:
    """Build the refusal of a record without its required fields."""
    return SalesforceError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]",
        fields=names,
    )  # fmt: skip


def check_new(org: Org, kind: ObjectType, values: Values, *, allow_duplicates: bool) -> None:
    """Ask what is asked of a new record."""
    absent = [
        made.name
        for made in kind.fields.values()
        if made.is_required and values.get(made.name) is None
    ]
    if absent:
        raise missing(absent)
    check_rules(org, kind, values, set(values), allow_duplicates=allow_duplicates)


def check_rules(
    org: Org, kind: ObjectType, values: Values, changed: set[str], *, allow_duplicates: bool
) -> None:
    """Ask the unique fields that change, the validation rules and the duplicate rules."""
    own_id = str(values.get("Id", ""))
    _check_unique(org, kind, values, changed, own_id)
    for rule in org.switches.validation_rules:
        if rule["object"] == kind.name and matches(org, kind, values, rule["condition"]):
            raise SalesforceError(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                rule["message"],
                fields=[rule["field"]] if rule.get("field") else [],
            )
    for rule in org.switches.duplicate_rules:
        if rule["object"] == kind.name and not allow_duplicates:
            _check_duplicate(org, kind, values, own_id, rule["field"])


def _twin(org: Org, kind: ObjectType, values: Values, own_id: str, name: str) -> str | None:
    wanted = values.get(name)
    if wanted is None:
        return None
    lowered = str(wanted).lower()
    for row in org.rows(kind.name):
        if row["Id"] != own_id and not row.get("IsDeleted"):
            other = row.get(name)
            if other is not None and str(other).lower() == lowered:
                return str(row["Id"])
    return None


def _check_unique(
    org: Org, kind: ObjectType, values: Values, changed: set[str], own_id: str
) -> None:
    for made in kind.fields.values():
        is_asked = made.unique and made.name in changed
        twin = _twin(org, kind, values, own_id, made.name) if is_asked else None
        if twin:
            raise SalesforceError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {made.name} duplicates value on record with id: {twin}",
                fields=[],
            )


def _check_duplicate(org: Org, kind: ObjectType, values: Values, own_id: str, name: str) -> None:
    twin = _twin(org, kind, values, own_id, name)
    if twin is None:
        return
    matched = {"matchConfidence": 100.0, "record": {"attributes": {"type": kind.name}, "Id": twin}}
    result = {
        "allowSave": True,
        "duplicateRule": f"Standard_{kind.name}_Duplicate_Rule",
        "duplicateRuleEntityType": kind.name,
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": kind.name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": [matched],
                "rule": f"Standard_{kind.name}_Match_Rule",
                "size": 1,
                "success": True,
            }
        ],
    }
    raise SalesforceError(
        "DUPLICATES_DETECTED", "Use one of these records?", fields=[],
        extra={"duplicateResult": result},
    )  # fmt: skip


def existing(org: Org, kind: ObjectType, text: object, *, is_row: bool) -> Record:
    """Return the record that a client wants to write; SalesforceError when it cannot be."""
    record_id = ids.long_id(text) if isinstance(text, str) else None
    if record_id is None or (kind.prefix and not record_id.startswith(kind.prefix)):
        raise SalesforceError("MALFORMED_ID", f"malformed id {text}", fields=["Id"])
    found = org.record(kind.name, record_id)
    status = HTTPStatus.BAD_REQUEST if is_row else HTTPStatus.NOT_FOUND
    if found is None:
        code = org.switches.missing_record_in_collection if is_row else "NOT_FOUND"
        words = {"NOT_FOUND": "The requested resource does not exist"}
        message = words.get(code, "invalid cross reference id")
        raise SalesforceError(code, message, status=status, fields=[] if is_row else None)
    if found.values.get("IsDeleted"):
        code = org.switches.deleted_record_in_collection if is_row else "ENTITY_IS_DELETED"
        words = {"ENTITY_IS_DELETED": "entity is deleted"}
        message = words.get(code, "invalid cross reference id")
        raise SalesforceError(code, message, status=status, fields=[])
    return found
