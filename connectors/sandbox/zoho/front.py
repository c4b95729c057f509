"""The emulated organization as its server sees it: calls, faults in Zoho's words, back doors."""

from http import HTTPStatus

import orjson

from connectors.sandbox.exchange import JsonObject, Response
from connectors.sandbox.front import Front
from connectors.sandbox.zoho.actions import act
from connectors.sandbox.zoho.errors import ZohoError, invalid_token
from connectors.sandbox.zoho.gateway import ZohoGateway
from connectors.sandbox.zoho.org import Org

_WORDS: dict[int, tuple[str, str]] = {
    400: ("INVALID_DATA", "invalid data"),
    401: ("INVALID_TOKEN", "invalid oauth token"),
    403: ("NO_PERMISSION", "permission denied"),
    404: ("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one"),
    429: ("TOO_MANY_REQUESTS", "You have exceeded the number of requests allowed."),
    500: ("INTERNAL_ERROR", "Internal Server Error"),
}


class ZohoFront(Front):
    """One organization."""

    def __init__(self, gateway: ZohoGateway) -> None:
        super().__init__(gateway.org, gateway)
        self._gateway = gateway
        self._org: Org = gateway.org

    def failed(self, status: int, headers: dict[str, str]) -> Response:
        """A status with the body that Zoho sends with it."""
        code, message = _WORDS.get(status, _WORDS[500])
        return _printed(ZohoError(code, message, status=status), headers)

    def expired(self) -> Response:
        """The access token is over."""
        return _printed(invalid_token(), {})

    def act(self, details: JsonObject) -> JsonObject:
        """Do what a person would; ImpossibleError."""
        return act(self._org, details)

    def history(self, query: dict[str, str]) -> JsonObject:
        """All writes that were applied, oldest first."""
        del query
        return {"results": self._org.writes, "total": len(self._org.writes)}

    def statistics(self) -> JsonObject:
        """Calls, statuses, credits, tokens, and what the writes would have set off."""
        spent = self._gateway.credits
        return {
            "total": sum(spent.requests.values()),
            "requests": dict(spent.requests.most_common()),
            "statuses": dict(sorted(spent.statuses.items())),
            "creditsUsed": spent.used,
            "creditsBy": dict(spent.spent.most_common()),
            "atOnce": spent.most_at_once,
            "tokens": self._gateway.accounts.tokens_made,
            "fired": dict(self._org.fired),
            "ignored": dict(self._org.ignored),
        }


def _printed(error: ZohoError, headers: dict[str, str]) -> Response:
    status = HTTPStatus(error.status)
    shown = {"Content-Type": "application/json;charset=UTF-8", **headers}
    return Response(status=int(status), body=orjson.dumps(error.as_json()), headers=shown)
