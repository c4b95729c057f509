"""The resources of one object and of one record: list, describe, read, create, change, delete."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import conditions, writing
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.checks import existing
from connectors.sandbox.salesforce.describing import described, listing, summary
from connectors.sandbox.salesforce.errors import SalesforceError, not_found
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.ids import long_id
from connectors.sandbox.salesforce.moments import printed, read_instant
from connectors.sandbox.salesforce.org import DELETED_AT, Values
from connectors.sandbox.salesforce.permissions import may_read
from connectors.sandbox.salesforce.soql_binding import value_of
from connectors.sandbox.salesforce.soql_query import attributes
from connectors.sandbox.salesforce.values import outgoing

_UPDATED_DAYS = 30
_DELETED_DAYS = 15


def list_objects(call: Call) -> Reply:
    """`GET /sobjects`."""
    return Reply(body=listing(call.org, call.user_id, call.base))


def show_object(call: Call) -> Reply:
    """`GET /sobjects/Account`."""
    return Reply(body={"objectDescribe": summary(call.kind(), call.base), "recentItems": []})


def describe(call: Call) -> Reply:
    """`GET /sobjects/Account/describe`; 304 when nothing changed since the client's copy."""
    kind = call.kind()
    changed = call.org.described(kind.name)
    headers = {"Last-Modified": conditions.http_date(changed)}
    if conditions.is_unmodified(call, changed):
        return Reply(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = described(call.org, call.user_id, kind, call.base)
    return Reply(body=body, headers=headers)


def create(call: Call) -> Reply:
    """`POST /sobjects/Account`."""
    record_id = writing.create(call, call.kind(), call.json())
    where = {"Location": f"{call.base}/sobjects/{call.kind().name}/{record_id}"}
    body = {"id": record_id, "success": True, "errors": []}
    return Reply(status=HTTPStatus.CREATED, body=body, headers=where)


def read(call: Call) -> Reply:
    """`GET /sobjects/Account/001…?fields=Name,OwnerId`."""
    kind = call.kind()
    record_id = long_id(call.params["id"])
    found = call.org.record(kind.name, record_id) if record_id else None
    values = call.org.visible(found) if found else None
    if values is None or values.get("IsDeleted"):
        raise not_found()
    names = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
    body = shown(call, kind, values, names)
    headers = conditions.row_headers(kind, values)
    if conditions.is_known(call, kind, values):
        return Reply(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Reply(body=body, headers=headers)


def shown(call: Call, kind: ObjectType, values: Values, names: Iterable[str]) -> JsonObject:
    """Print a record with some fields, or all that the user sees; SalesforceError."""
    row: JsonObject = {"attributes": attributes(kind.name, values["Id"], call.base, call.org)}
    wanted = list(names)
    fields = []
    for name in wanted:
        field = kind.find(name)
        if field is None or not may_read(call.org, call.user_id, kind, field):
            raise SalesforceError(
                "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}"
            )
        fields.append(field)
    if not wanted:
        fields = [made for made in kind.fields.values()
                  if may_read(call.org, call.user_id, kind, made)]  # fmt: skip
    for field in fields:
        row[field.name] = outgoing(value_of(call.org, values, field))
    row.setdefault("Id", values["Id"])
    return row


def change(call: Call) -> Reply:
    """`PATCH /sobjects/Account/001…`."""
    kind, body = call.kind(), call.json()
    if any(name.lower() == "id" for name in body):
        raise SalesforceError(
            "INVALID_FIELD", "The Id field should not be specified in the sobject data."
        )
    found = existing(call.org, kind, call.params["id"], is_row=False)
    conditions.check(call, kind, found.values)
    writing.change(call, kind, found, body)
    return Reply(status=HTTPStatus.NO_CONTENT)


def remove(call: Call) -> Reply:
    """`DELETE /sobjects/Account/001…`."""
    kind = call.kind()
    writing.remove(call, kind, existing(call.org, kind, call.params["id"], is_row=False))
    return Reply(status=HTTPStatus.NO_CONTENT)


def read_by_external_id(call: Call) -> Reply:
    """`GET /sobjects/Account/Ext__c/value`."""
    kind = call.kind()
    field = writing.external_field(call, kind, call.params["field"])
    found = writing.found_by(call, kind, field, call.params["value"])
    if found is None:
        raise not_found()
    return Reply(body=shown(call, kind, found.values, ()))


def upsert(call: Call) -> Reply:
    """`PATCH /sobjects/Account/Ext__c/value`."""
    kind = call.kind()
    field = writing.external_field(call, kind, call.params["field"])
    body = call.json()
    if any(name.lower() == field.name.lower() for name in body):
        raise SalesforceError(
            "INVALID_FIELD",
            f"The {field.name} field should not be specified in the sobject data.",
        )
    record_id, is_new = writing.upsert(call, kind, field, call.params["value"], body)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    answer = {"id": record_id, "success": True, "errors": [], "created": is_new}
    return Reply(status=status, body=answer)


def updated(call: Call) -> Reply:
    """`GET /sobjects/Account/updated?start=…&end=…`: ids of what changed in a span."""
    kind = call.kind()
    start, end = _span(call, _UPDATED_DAYS)
    found = [row["Id"] for row in call.org.rows(kind.name)
             if start <= row["SystemModstamp"] < end and not row.get("IsDeleted")]  # fmt: skip
    _check_number(call, len(found))
    return Reply(body={"ids": found, "latestDateCovered": printed(_covered(call, end))})


def deleted(call: Call) -> Reply:
    """`GET /sobjects/Account/deleted?start=…&end=…`: ids of what was deleted in a span."""
    kind = call.kind()
    start, end = _span(call, _DELETED_DAYS)
    earliest = call.org.now() - timedelta(seconds=call.org.switches.deletion_log_seconds)
    in_bin = {
        row["Id"]: row[DELETED_AT] for row in call.org.rows(kind.name) if row.get("IsDeleted")
    }
    log = {**call.org.purged.get(kind.name, {}), **in_bin}
    rows = [
        {"id": key, "deletedDate": printed(moment)}
        for key, moment in log.items()
        if max(start, earliest) <= moment < end
    ]
    _check_number(call, len(rows))
    return Reply(
        body={
            "deletedRecords": rows,
            "earliestDateAvailable": printed(earliest),
            "latestDateCovered": printed(_covered(call, end)),
        }
    )


def _check_number(call: Call, number: int) -> None:
    most = call.org.switches.replication_id_limit
    if number > most:
        raise SalesforceError(
            "EXCEEDED_ID_LIMIT",
            f"Your query returned more than {most} ids: ask for a shorter span",
        )


def _span(call: Call, days: int) -> tuple[datetime, datetime]:
    moments = [
        read_instant(call.query.get(name, "").replace(" ", "+")) for name in ("start", "end")
    ]
    start, end = (moment and moment.replace(second=0) for moment in moments)
    if start is None or end is None:
        raise SalesforceError("INVALID_REPLICATION_DATE", "startDate and endDate are required")
    if start >= end:
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", "startDate must be at least one minute before endDate"
        )
    if start < call.org.now() - timedelta(days=days):
        raise SalesforceError(
            "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago"
        )
    return start, end


def _covered(call: Call, end: datetime) -> datetime:
    """Up to when nothing is still under way in a transaction that has not ended."""
    late = timedelta(seconds=call.org.switches.late_commit_seconds)
    return min(end, call.org.now() - late).replace(second=0)
