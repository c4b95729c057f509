"""The doors behind an emulated CRM, for tests and rehearsals: `/__faults`, `/__history`, and so on.

They need no key: the sandbox listens on this machine only and holds no real data.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs

import orjson

from connectors.sandbox.clock import stamp
from connectors.sandbox.exchange import ImpossibleError, JsonObject, Request, Response
from connectors.sandbox.front import Front


def answer(front: Front, request: Request) -> Response:
    """Answer a request for one of the `/__…` doors."""
    try:
        with front.lock:
            details = _details(request)
            doors = _doors(front, request, details)
            door = doors.get((request.method, request.path.rstrip("/")))
            if door is None:
                known = ", ".join(sorted({name for _, name in doors}))
                message = f"{request.method} {request.path} does not exist; there are {known}."
                return _printed(HTTPStatus.NOT_FOUND, {"status": "error", "message": message})
            return _printed(HTTPStatus.OK, door())
    except ImpossibleError as error:
        return _printed(HTTPStatus.BAD_REQUEST, {"status": "error", "message": str(error)})


def _doors(
    front: Front, request: Request, details: JsonObject
) -> dict[tuple[str, str], Callable[[], JsonObject]]:
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    return {
        ("GET", "/__faults"): front.faults.as_json,
        ("POST", "/__faults"): lambda: front.faults.replace(details),
        ("DELETE", "/__faults"): lambda: front.faults.replace({}),
        ("GET", "/__switches"): front.switches.as_json,
        ("POST", "/__switches"): lambda: front.switches.change(details),
        ("GET", "/__history"): lambda: front.history(query),
        ("GET", "/__stats"): lambda: front.statistics() | {"faults": front.faults.fired},
        ("GET", "/__clock"): lambda: _clock(front, {}),
        ("POST", "/__clock"): lambda: _clock(front, details),
        ("POST", "/__actions"): lambda: front.act(details),
    }


def _details(request: Request) -> JsonObject:
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError as error:
        raise ImpossibleError(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise ImpossibleError("The body must be a JSON object.")
    return body


def _clock(front: Front, details: JsonObject) -> JsonObject:
    """Read the clock, set it (`now`) or move it (`advance_seconds`)."""
    clock = front.clock
    try:
        if "now" in details:
            clock.set(datetime.fromisoformat(str(details["now"])))
        if "advance_seconds" in details:
            clock.advance(timedelta(seconds=float(details["advance_seconds"])))
    except (TypeError, ValueError, OverflowError) as error:
        raise ImpossibleError(f"The clock cannot be set so: {error}.") from error
    return {"now": stamp(clock.now()), "timeZone": str(clock.zone)}


def _printed(status: HTTPStatus, body: JsonObject) -> Response:
    headers = {"Content-Type": "application/json"}
    return Response(status=int(status), body=orjson.dumps(body), headers=headers)
