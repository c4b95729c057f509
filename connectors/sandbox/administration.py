"""The doors behind the portal, for tests and rehearsals: `/__faults`, `/__history`, and so on.

They need no key: the sandbox listens on this machine only and holds no real data.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import orjson

from connectors.sandbox.actions import act
from connectors.sandbox.faults import Faults
from connectors.sandbox.gateway import Gateway, Request, Response, refused
from connectors.sandbox.portal import Portal
from connectors.sandbox.wire import ApiError, JsonObject, invalid


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
