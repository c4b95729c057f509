"""The emulated org as its server sees it: calls, faults in Salesforce's words, back doors."""

from http import HTTPStatus

import orjson

from connectors.sandbox.exchange import JsonObject, Response
from connectors.sandbox.front import Front
from connectors.sandbox.salesforce.actions import act
from connectors.sandbox.salesforce.gateway import SalesforceGateway
from connectors.sandbox.salesforce.org import Org

_WORDS: dict[int, tuple[str, str]] = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId"),
    503: ("SERVER_UNAVAILABLE", "Server unavailable, please try again"),
}


class SalesforceFront(Front):
    """One org."""

    def __init__(self, gateway: SalesforceGateway) -> None:
        super().__init__(gateway.portal, gateway)
        self._gateway = gateway
        self._org: Org = gateway.portal

    def failed(self, status: int, headers: dict[str, str]) -> Response:
        """A status with the body that Salesforce sends with it."""
        code, message = _WORDS.get(status, _WORDS[500])
        shown = {"Content-Type": "application/json;charset=UTF-8", **headers}
        body = orjson.dumps([{"message": message, "errorCode": code}])
        return Response(status=status, body=body, headers=shown)

    def expired(self) -> Response:
        """The session is over."""
        return self.failed(HTTPStatus.UNAUTHORIZED, {})

    def act(self, details: JsonObject) -> JsonObject:
        """Do what a person would; ImpossibleError."""
        return act(self._org, details)

    def history(self, query: dict[str, str]) -> JsonObject:
        """All writes that were applied, oldest first."""
        del query
        return {"results": self._org.writes, "total": len(self._org.writes)}

    def statistics(self) -> JsonObject:
        """Calls, statuses, logins, and what the lack of a header caused."""
        budget = self._gateway.budget
        return {
            "total": sum(budget.requests.values()),
            "requests": dict(budget.requests.most_common()),
            "statuses": dict(sorted(budget.statuses.items())),
            "usedToday": budget.used,
            "logins": self._gateway.sessions.logins,
            "autoAssigned": len(self._org.auto_assigned),
        }
