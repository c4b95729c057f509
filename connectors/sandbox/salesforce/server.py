"""The emulated org on a socket: which answer goes where, and faults in Salesforce's words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

import orjson
from starlette.types import Receive, Scope, Send

from connectors.sandbox.clock import stamp
from connectors.sandbox.faults import Fault, Faults
from connectors.sandbox.gateway import Response
from connectors.sandbox.salesforce.actions import ImpossibleActionError, act
from connectors.sandbox.salesforce.errors import JsonObject
from connectors.sandbox.salesforce.gateway import SalesforceGateway
from connectors.sandbox.salesforce.switches import UnknownSwitchError
from connectors.sandbox.server import Application
from connectors.sandbox.wire import ApiError

_WORDS: dict[int, tuple[str, str]] = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"),
    503: ("SERVER_UNAVAILABLE", "Server unavailable, please try again"),
}


class SalesforceFaults(Faults):
    """The common faults; a status without a body gets the one that Salesforce sends with it."""

    def choose(self, method: str, path: str) -> Fault | None:
        """Return the fault of this request, if a rule fires."""
        fault = super().choose(method, path)
        if fault is None:
            return None
        if fault.expired:
            fault = replace(fault, expired=False, status=int(HTTPStatus.UNAUTHORIZED))
        status = fault.status or fault.status_after_commit
        if status and fault.body is None and not fault.html:
            code, message = _WORDS.get(status, _WORDS[500])
            fault = replace(fault, body=[{"message": message, "errorCode": code}])
        return fault


class SalesforceApplication(Application):
    """Routes API calls to the gateway and `/__…` to the back doors."""

    def __init__(self, gateway: SalesforceGateway, faults: SalesforceFaults) -> None:
        # The base class asks of its gateway no more than this one has.
        super().__init__(cast("Any", gateway), faults, _nowhere)
        self._org = gateway.portal
        self._doors = _Doors(gateway, faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        is_door = scope["type"] == "http" and scope["path"].startswith("/__")
        if scope["type"] != "http":
            return
        if is_door:
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            answer = self._doors.answer(scope["method"], scope["path"], body)
            await self._send(scope, send, answer)
        else:
            await self._call(scope, receive, send)

    def _acted(self, fault: Fault) -> Response | None:
        """Do the actions of a fault; an action that is impossible shows as a 500."""
        try:
            with self._org.lock:
                for action in [fault.act] if isinstance(fault.act, dict) else fault.act:
                    act(self._org, action)
        except ImpossibleActionError as error:
            body = [{"message": str(error), "errorCode": "UNKNOWN_EXCEPTION"}]
            return _json(HTTPStatus.INTERNAL_SERVER_ERROR, body)
        return None


class _Doors:
    """`/__faults`, `/__switches`, `/__clock`, `/__actions`, `/__history`, `/__stats`."""

    def __init__(self, gateway: SalesforceGateway, faults: SalesforceFaults) -> None:
        self._gateway = gateway
        self._org = gateway.portal
        self._faults = faults

    def answer(self, method: str, path: str, body: bytes) -> Response:
        """Answer a request for one of the doors."""
        try:
            details = orjson.loads(body or b"{}")
            with self._org.lock:
                door = self._all(details).get((method, path.rstrip("/")))
                if door is None:
                    return _json(HTTPStatus.NOT_FOUND, {"error": f"There is no {method} {path}."})
                return _json(HTTPStatus.OK, door())
        except (orjson.JSONDecodeError, TypeError, ValueError, OverflowError) as error:
            return _json(HTTPStatus.BAD_REQUEST, {"error": f"The body makes no sense: {error}."})
        except (UnknownSwitchError, ImpossibleActionError, ApiError) as error:
            return _json(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _all(self, details: JsonObject) -> dict[tuple[str, str], Callable[[], JsonObject]]:
        org, faults = self._org, self._faults
        return {
            ("GET", "/__faults"): faults.as_json,
            ("POST", "/__faults"): lambda: faults.replace(details),
            ("DELETE", "/__faults"): lambda: faults.replace({}),
            ("GET", "/__switches"): org.switches.as_json,
            ("POST", "/__switches"): lambda: org.switches.change(details),
            ("GET", "/__clock"): lambda: self._clock({}),
            ("POST", "/__clock"): lambda: self._clock(details),
            ("POST", "/__actions"): lambda: act(org, details),
            ("GET", "/__history"): lambda: {"results": org.writes, "total": len(org.writes)},
            ("GET", "/__stats"): lambda: statistics(self._gateway, faults),
        }

    def _clock(self, details: JsonObject) -> JsonObject:
        clock = self._org.clock
        if "now" in details:
            clock.set(datetime.fromisoformat(str(details["now"])))
        if "advance_seconds" in details:
            clock.advance(timedelta(seconds=float(details["advance_seconds"])))
        return {"now": stamp(clock.now()), "timeZone": str(clock.zone)}


def statistics(gateway: SalesforceGateway, faults: Faults) -> JsonObject:
    """Return how the clients behaved: calls, statuses, logins, what the header's lack caused."""
    budget = gateway.budget
    return {
        "total": sum(budget.requests.values()),
        "requests": dict(budget.requests.most_common()),
        "statuses": dict(sorted(budget.statuses.items())),
        "usedToday": budget.used,
        "logins": gateway.sessions.logins,
        "autoAssigned": len(gateway.portal.auto_assigned),
        "faults": faults.fired,
    }


def _json(status: int, body: object) -> Response:
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    return Response(status=int(status), body=orjson.dumps(body), headers=headers)


async def _nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The org has no pages."""
