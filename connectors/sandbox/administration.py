"""The doors behind the portal, for tests and rehearsals: `/__faults`, `/__history`, and so on.

They need no key: the sandbox listens on this machine only and holds no real data.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import orjson

from connectors.sandbox import links, records
from connectors.sandbox.faults import Faults
from connectors.sandbox.gateway import Gateway, Request, Response, refused
from connectors.sandbox.portal import Portal
from connectors.sandbox.properties import remove_property
from connectors.sandbox.vocabulary import resolve
from connectors.sandbox.wire import ApiError, JsonObject, invalid, not_found


def answer(gateway: Gateway, faults: Faults, request: Request) -> Response:
    """Answer a request for one of the `/__…` doors."""
    try:
        with gateway.portal.lock:
            body = _body(request)
            shown = _dispatched(gateway, faults, request, body)
    except ApiError as error:
        return refused(error)
    return Response(
        status=200, body=orjson.dumps(shown), headers={"Content-Type": "application/json"}
    )


def _body(request: Request) -> JsonObject:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise invalid(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object.")
    return body


def _dispatched(gateway: Gateway, faults: Faults, request: Request, body: JsonObject) -> JsonObject:
    portal, path = gateway.portal, request.path.rstrip("/")
    doors: dict[tuple[str, str], Callable[[], JsonObject]] = {
        ("GET", "/__faults"): faults.as_json,
        ("POST", "/__faults"): lambda: faults.replace(body),
        ("DELETE", "/__faults"): lambda: faults.replace({}),
        ("GET", "/__switches"): portal.switches.as_json,
        ("POST", "/__switches"): lambda: portal.switches.change(body),
        ("GET", "/__history"): lambda: _history(portal, request.query),
        ("GET", "/__stats"): lambda: gateway.governor.as_json() | {"faults": faults.fired},
        ("GET", "/__clock"): lambda: _clock(portal, {}),
        ("POST", "/__clock"): lambda: _clock(portal, body),
        ("POST", "/__actions"): lambda: act(portal, body),
    }
    door = doors.get((request.method, path))
    if door is None:
        known = ", ".join(sorted({name for _, name in doors}))
        raise ApiError(
            404,
            "OBJECT_NOT_FOUND",
            f"{request.method} {request.path} does not exist; there are {known}.",
        )
    return door()


def _history(portal: Portal, query: str) -> JsonObject:
    """Return the applied writes, oldest first; `after` = a `seq`, `objectType`, `id` narrow."""
    wanted = {name: values[-1] for name, values in parse_qs(query).items()}
    after = wanted.pop("after", "0")
    rows = [
        row
        for row in portal.state.writes[int(after) if after.isdigit() else 0 :]
        if all(row.get(name) == value for name, value in wanted.items())
    ]
    return {"results": rows, "total": len(rows)}


def _clock(portal: Portal, body: JsonObject) -> JsonObject:
    """Read the clock, set it (`now`) or move it (`advance_seconds`)."""
    try:
        if "now" in body:
            portal.clock.set(datetime.fromisoformat(str(body["now"])))
        if "advance_seconds" in body:
            portal.clock.advance(timedelta(seconds=float(body["advance_seconds"])))
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid(f"The clock cannot be set so: {error}.") from error
    return {"now": portal.clock.stamp(), "timeZone": str(portal.clock.zone)}


def act(portal: Portal, body: JsonObject) -> JsonObject:
    """Do something as a person would in HubSpot's pages (`action`, `user`, and its details)."""
    action = _ACTIONS.get(str(body.get("action")))
    if action is None:
        raise invalid(f"There is no action {body.get('action')!r}: {', '.join(_ACTIONS)}.")
    user = str(body.get("user") or "rep@example.com")
    try:
        with portal.acting("UI", app="CRM_UI", source_type="CRM_UI", source_id=user):
            return action(portal, body)
    except KeyError as error:
        raise invalid(f"The action '{body['action']}' needs {error}.") from error


def _edit(portal: Portal, body: JsonObject) -> JsonObject:
    kind = resolve(str(body["objectType"]))
    record = records.find(portal, kind, str(body["id"]))
    records.change(portal, kind, record, body["properties"])
    return {"id": record.id, "updatedAt": record.updated_at}


def _create(portal: Portal, body: JsonObject) -> JsonObject:
    kind = resolve(str(body["objectType"]))
    wanted = links.requested(portal, kind, body.get("associations"))
    record = records.create(portal, kind, body["properties"])
    for target, other, numbers in wanted:
        links.link(portal, (kind, record.id), (target, other), numbers)
    return {"id": record.id}


def _archive(portal: Portal, body: JsonObject) -> JsonObject:
    records.archive(portal, resolve(str(body["objectType"])), str(body["id"]))
    return {"id": str(body["id"]), "archived": True}


def _restore(portal: Portal, body: JsonObject) -> JsonObject:
    records.restore(portal, resolve(str(body["objectType"])), str(body["id"]))
    return {"id": str(body["id"]), "archived": False}


def _merge(portal: Portal, body: JsonObject) -> JsonObject:
    return {"id": records.merge(portal, resolve(str(body["objectType"])), body).id}


def _set_owner_archived(portal: Portal, body: JsonObject, *, archived: bool) -> JsonObject:
    owner = portal.state.owners.get(str(body["id"]))
    if owner is None:
        raise not_found(f"Owner {body['id']} does not exist")
    user = owner["userIdIncludingInactive"]
    changed = owner | {
        "archived": archived,
        "userId": None if archived else user,
        "updatedAt": portal.clock.stamp(),
    }
    portal.commit("owner.saved", owner=changed)
    return changed


def _deactivate(portal: Portal, body: JsonObject) -> JsonObject:
    return _set_owner_archived(portal, body, archived=True)


def _reactivate(portal: Portal, body: JsonObject) -> JsonObject:
    return _set_owner_archived(portal, body, archived=False)


def _remove_option(portal: Portal, body: JsonObject) -> JsonObject:
    """Take a choice away from an enumeration; records keep the value that has no label now."""
    kind = resolve(str(body["objectType"]))
    known = portal.state.properties[kind.name][str(body["property"])]
    kept = [row for row in known["options"] if row["value"] != body["value"]]
    portal.commit("property.saved", type=kind.name, definition=known | {"options": kept})
    return {"options": [row["value"] for row in kept]}


def _remove_property(portal: Portal, body: JsonObject) -> JsonObject:
    remove_property(portal, resolve(str(body["objectType"])), str(body["property"]))
    return {"property": body["property"], "archived": True}


_ACTIONS: dict[str, Callable[[Portal, JsonObject], JsonObject]] = {
    "edit": _edit,
    "create": _create,
    "archive": _archive,
    "restore": _restore,
    "merge": _merge,
    "deactivate_owner": _deactivate,
    "reactivate_owner": _reactivate,
    "remove_option": _remove_option,
    "remove_property": _remove_property,
}
