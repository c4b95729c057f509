"""What people do with a to-do in HubSpot's pages: complete it, defer it, move it, delete it."""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import records
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import resolve

_TASKS = "tasks"


def _change(portal: Portal, body: JsonObject, properties: JsonObject) -> JsonObject:
    kind = resolve(_TASKS)
    record = records.find(portal, kind, str(body["id"]))
    records.change(portal, kind, record, properties)
    return {"id": record.id, "updatedAt": record.updated_at}


def _complete(portal: Portal, body: JsonObject) -> JsonObject:
    return _change(portal, body, {"hs_task_status": "COMPLETED"})


def _defer(portal: Portal, body: JsonObject) -> JsonObject:
    """Put a task off without a date; `status` is `DEFERRED` or `WAITING`."""
    return _change(portal, body, {"hs_task_status": str(body.get("status", "DEFERRED"))})


def _redate(portal: Portal, body: JsonObject) -> JsonObject:
    """Give a task another due moment: `due`, an ISO date or time."""
    return _change(portal, body, {"hs_timestamp": str(body["due"])})


def _delete(portal: Portal, body: JsonObject) -> JsonObject:
    records.archive(portal, resolve(_TASKS), str(body["id"]))
    return {"id": str(body["id"]), "archived": True}


TASK_ACTIONS: dict[str, Callable[[Portal, JsonObject], JsonObject]] = {
    "complete_task": _complete,
    "defer_task": _defer,
    "redate_task": _redate,
    "delete_task": _delete,
}
