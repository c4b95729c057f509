"""`composite/sobjects`: up to 200 records in one call, each with its own outcome."""

from collections.abc import Callable
from http import HTTPStatus
from itertools import pairwise

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import writing
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.checks import existing
from connectors.sandbox.salesforce.errors import SalesforceError, unreadable
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.ids import long_id
from connectors.sandbox.salesforce.row_calls import shown

_MOST = 200
_MOST_READ = 2000
_MOST_CHUNKS = 10
Deed = Callable[[JsonObject], JsonObject]


class _RolledBackError(Exception):
    """One row of an all-or-none collection failed."""


def create(call: Call) -> Reply:
    """`POST /composite/sobjects`."""

    def deed(record: JsonObject) -> JsonObject:
        record_id = writing.create(call, _kind(call, record), _body(record))
        return {"id": record_id, "success": True, "errors": []}

    return _performed(call, deed)


def change(call: Call) -> Reply:
    """`PATCH /composite/sobjects`."""

    def deed(record: JsonObject) -> JsonObject:
        kind = _kind(call, record)
        record_id = record.get("id", record.get("Id"))
        if record_id is None:
            raise SalesforceError(
                "MISSING_ARGUMENT", "Id not specified in an update call", fields=[]
            )
        found = existing(call.org, kind, record_id, is_row=True)
        writing.change(call, kind, found, _body(record))
        return {"id": found.id, "success": True, "errors": []}

    return _performed(call, deed)


def upsert(call: Call) -> Reply:
    """`PATCH /composite/sobjects/Account/Ext__c`."""
    kind = call.kind()
    field = writing.external_field(call, kind, call.params["field"])

    def deed(record: JsonObject) -> JsonObject:
        if _kind(call, record) is not kind:
            raise SalesforceError("INVALID_TYPE", "Record type does not match the request.")
        value = next(
            (entry for name, entry in record.items() if name.lower() == field.name.lower()), None
        )
        if value is None:
            raise SalesforceError(
                "MISSING_ARGUMENT", f"{field.name} not specified", fields=[field.name]
            )
        record_id, is_new = writing.upsert(call, kind, field, value, _body(record))
        return {"id": record_id, "success": True, "errors": [], "created": is_new}

    return _performed(call, deed)


def remove(call: Call) -> Reply:
    """`DELETE /composite/sobjects?ids=…&allOrNone=…`."""
    wanted = [one for one in call.query.get("ids", "").split(",") if one]
    _check_number(len(wanted))

    def deed(record: JsonObject) -> JsonObject:
        record_id = long_id(record["id"])
        kind = call.org.object_of(record_id) if record_id else None
        if kind is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {record['id']}", fields=[])
        found = existing(call.org, kind, record_id, is_row=True)
        writing.remove(call, kind, found)
        return {"id": found.id, "success": True, "errors": []}

    rows = [{"id": one} for one in wanted]
    return Reply(body=_all(call, deed, rows, is_one=call.flag("allOrNone")))


def read(call: Call) -> Reply:
    """`GET ?ids=&fields=` or `POST {"ids", "fields"}` to `/composite/sobjects/Account`."""
    kind = call.kind()
    if call.body:
        body = call.json()
        wanted, names, most = body.get("ids"), body.get("fields"), _MOST_READ
    else:
        wanted, names = (call.query.get(name, "").split(",") for name in ("ids", "fields"))
        most = _MOST
    if not isinstance(wanted, list) or not isinstance(names, list) or not names:
        raise unreadable("ids and fields are required.")
    if len(wanted) > most:
        raise SalesforceError(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records"
        )
    rows = [_one(call, kind, str(one), [str(name) for name in names]) for one in wanted]
    if call.org.switches.missing_rows_in_read == "left_out":
        rows = [row for row in rows if row is not None]
    return Reply(body=rows)


def _one(call: Call, kind: ObjectType, text: str, names: list[str]) -> JsonObject | None:
    record_id = long_id(text)
    if record_id is None:
        raise SalesforceError("MALFORMED_ID", f"malformed id {text}")
    found = call.org.record(kind.name, record_id)
    values = call.org.visible(found) if found else None
    hides_deleted = call.org.switches.deleted_rows_in_read == "null"
    if values is None or (values.get("IsDeleted") and hides_deleted):
        return None
    return shown(call, kind, values, names)


def _performed(call: Call, deed: Deed) -> Reply:
    body = call.json()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        raise unreadable("records is required and must be a list of objects.")
    _check_number(len(records))
    _check_chunks(records)
    return Reply(body=_all(call, deed, records, is_one=body.get("allOrNone") is True))


def _check_number(number: int) -> None:
    if not 0 < number <= _MOST:
        raise SalesforceError(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST} records "
            "in this request",
        )  # fmt: skip


def _check_chunks(records: list[JsonObject]) -> None:
    """Records of one object next to each other are one chunk; Salesforce takes ten."""
    described = [row.get("attributes") for row in records]
    types = [str(one.get("type")) if isinstance(one, dict) else "" for one in described]
    chunks = 1 + sum(one != other for one, other in pairwise(types))
    if chunks > _MOST_CHUNKS:
        raise SalesforceError(
            "INVALID_OPERATION",
            f"Cannot process more than {_MOST_CHUNKS} chunks of records of different types.",
        )


def _kind(call: Call, record: JsonObject) -> ObjectType:
    attributes = record.get("attributes")
    if not isinstance(attributes, dict) or "type" not in attributes:
        raise unreadable("Include the attributes and its type in each record.")
    return call.named_kind(attributes["type"])


def _body(record: JsonObject) -> JsonObject:
    return {name: value for name, value in record.items() if name.lower() != "id"}


def _all(call: Call, deed: Deed, records: list[JsonObject], *, is_one: bool) -> list[JsonObject]:
    outcomes: list[JsonObject] = []
    try:
        with call.org.together():
            outcomes += [_outcome(call, deed, record) for record in records]
            _require_all(outcomes, is_one=is_one)
    except _RolledBackError:
        return [_undone() if row["success"] else row for row in outcomes]
    return outcomes


def _require_all(outcomes: list[JsonObject], *, is_one: bool) -> None:
    if is_one and not all(row["success"] for row in outcomes):
        raise _RolledBackError


def _outcome(call: Call, deed: Deed, record: JsonObject) -> JsonObject:
    try:
        return deed(record)
    except SalesforceError as error:
        is_unknown = error.code in {"INVALID_FIELD", "INVALID_TYPE"}
        whole = is_unknown and call.org.switches.unknown_field_in_collection == "request"
        if error.is_whole or whole:
            error.status = HTTPStatus.BAD_REQUEST
            raise
        return {"success": False, "errors": [error.as_row()]}


def _undone() -> JsonObject:
    error = SalesforceError(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using "
        "AllOrNone header",
    )
    return {"success": False, "errors": [error.as_row()]}
