"""One record created, changed, deleted or upserted through the API: asked, then done."""

from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import checks, effects, ids
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SalesforceError, not_found
from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Record, Values
from connectors.sandbox.salesforce.permissions import may_read

# Records whose creation or change starts the org's assignment rules.
_ASSIGNED = frozenset({"Account"})
# Rights that exist once: the fields that make them the same.
_ONCE = {
    "FieldPermissions": ("ParentId", "Field"),
    "PermissionSetAssignment": ("PermissionSetId", "AssigneeId"),
}


def create(call: Call, kind: ObjectType, body: JsonObject) -> str:
    """Add a record and return its id; SalesforceError."""
    _require_open(kind)
    if body.get("Id") or body.get("id"):
        raise SalesforceError(
            "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call",
            fields=["Id"],
        )  # fmt: skip
    values = checks.read_body(call.org, call.user_id, kind, body, is_new=True)
    checks.check_new(call.org, kind, values, allow_duplicates=_allows_duplicates(call))
    _check_once(call.org, kind, values)
    record_id = effects.create(call.org, call.user_id, kind, values)
    _assign(call, kind, record_id)
    return record_id


def change(call: Call, kind: ObjectType, found: Record, body: JsonObject) -> None:
    """Change a record; SalesforceError."""
    _require_open(kind)
    changes = checks.read_body(call.org, call.user_id, kind, body, is_new=False)
    call.org.locks.check(call.org.row_locks, call.org.switches, found.id)
    whole = found.values | changes
    checks.check_rules(
        call.org, kind, whole, set(changes), allow_duplicates=_allows_duplicates(call)
    )
    if kind.name == "FieldPermissions" and not (
        whole.get("PermissionsRead") or whole.get("PermissionsEdit")
    ):
        effects.delete(call.org, call.user_id, kind, found)
        return
    effects.update(call.org, call.user_id, kind, found, changes)
    _assign(call, kind, found.id)


def remove(call: Call, kind: ObjectType, found: Record) -> None:
    """Delete a record; SalesforceError."""
    _require_open(kind)
    if kind.name == "User":
        raise SalesforceError(
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "insufficient access rights on object id",
            fields=[],
        )
    call.org.locks.check(call.org.row_locks, call.org.switches, found.id)
    effects.delete(call.org, call.user_id, kind, found)


def _require_open(kind: ObjectType) -> None:
    if kind.is_readonly:
        raise SalesforceError(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            f"entity type cannot be inserted or updated: {kind.label}",
            fields=[],
        )


def _allows_duplicates(call: Call) -> bool:
    header = call.headers.get("sforce-duplicate-rule-header", "")
    return "allowsave=true" in header.lower().replace(" ", "")


def _assign(call: Call, kind: ObjectType, record_id: str) -> None:
    """Run the assignment rules, unless the client asked for none: here they are only counted."""
    header = call.headers.get("sforce-auto-assign", "TRUE")
    if kind.name in _ASSIGNED and header.upper() != "FALSE":
        call.org.auto_assigned.append(record_id)


def _check_once(org: Org, kind: ObjectType, values: Values) -> None:
    names = _ONCE.get(kind.name)
    if names is None:
        return
    if kind.name == "FieldPermissions":
        _check_field_permission(org, values)
    for row in org.rows(kind.name):
        if all(row.get(name) == values.get(name) for name in names):
            raise SalesforceError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {kind.name} duplicates value on record with id: "
                f"{row['Id']}",
                fields=[],
            )


def _check_field_permission(org: Org, values: Values) -> None:
    object_name, _, name = str(values.get("Field")).partition(".")
    kind = org.find_object(object_name)
    field = kind.find(name) if kind else None
    if field is None or object_name != values.get("SobjectType") or not field.permissionable:
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Field Name: bad value for restricted picklist field: {values.get('Field')}",
            fields=["Field"],
        )
    if values.get("PermissionsEdit") and not values.get("PermissionsRead"):
        raise SalesforceError(
            "FIELD_INTEGRITY_EXCEPTION", "You can't edit a field that you can't read.",
            fields=["PermissionsEdit"],
        )  # fmt: skip


def external_field(call: Call, kind: ObjectType, name: str) -> Field:
    """Return the field that upserts by it; SalesforceError 404 when it is no external id."""
    field = kind.find(name)
    is_seen = field is not None and may_read(call.org, call.user_id, kind, field)
    if field is None or not is_seen or not (field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def found_by(call: Call, kind: ObjectType, field: Field, value: object) -> Record | None:
    """Return the one record with an external id; SalesforceError 300 when there are several."""
    if field.name == "Id":
        record_id = ids.long_id(str(value))
        return call.org.record(kind.name, record_id) if record_id else None
    lowered = str(value).lower()
    matching = [
        row["Id"]
        for row in call.org.rows(kind.name)
        if not row.get("IsDeleted") and str(row.get(field.name, "")).lower() == lowered
    ]
    if len(matching) > 1:
        raise SalesforceError(
            "MULTIPLE_CHOICES",
            f"duplicate external id: {field.name} value is not unique",
            status=HTTPStatus.MULTIPLE_CHOICES,
            extra={"urls": [f"{call.base}/sobjects/{kind.name}/{one}" for one in matching]},
        )
    return call.org.record(kind.name, matching[0]) if matching else None


def upsert(
    call: Call, kind: ObjectType, field: Field, value: object, body: JsonObject
) -> tuple[str, bool]:
    """Create or change the record with an external id: its id, and whether it is new."""
    found = found_by(call, kind, field, value)
    rest = {name: entry for name, entry in body.items() if name.lower() != field.name.lower()}
    if found is not None:
        change(call, kind, found, rest)
        return found.id, False
    if call.flag("updateOnly") or field.name == "Id":
        raise not_found()
    return create(call, kind, rest | {field.name: value}), True
