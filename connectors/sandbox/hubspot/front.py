"""The emulated portal as its server sees it: calls, faults in HubSpot's words, pages, doors."""

from http import HTTPStatus

from connectors.sandbox.exchange import ImpossibleError, JsonObject, Response
from connectors.sandbox.front import Front
from connectors.sandbox.hubspot.actions import act
from connectors.sandbox.hubspot.gateway import Gateway, refused
from connectors.sandbox.hubspot.governor import rate_limited
from connectors.sandbox.hubspot.keys import expired
from connectors.sandbox.hubspot.views import pages
from connectors.sandbox.hubspot.wire import ApiError

_API = ("/crm/", "/account-info/", "/oauth/")
_CATEGORIES = {423: "LOCKED", 477: "MIGRATION_IN_PROGRESS"}


class HubSpotFront(Front):
    """One portal."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway.portal, gateway)
        self._gateway = gateway
        self._portal = gateway.portal
        self.pages = pages(self._portal)

    def is_call(self, path: str) -> bool:
        """Whether a path belongs to the API, rather than to the pages."""
        return path.startswith(_API)

    def failed(self, status: int, headers: dict[str, str]) -> Response:
        """A status with HubSpot's error body."""
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return refused(rate_limited("TEN_SECONDLY_ROLLING"), headers)
        category = _CATEGORIES.get(status, "INTERNAL_ERROR")
        return refused(ApiError(status, category, "internal error"), headers)

    def expired(self) -> Response:
        """The access token is over."""
        return refused(expired(12))

    def act(self, details: JsonObject) -> JsonObject:
        """Do what a person would; ImpossibleError."""
        try:
            return act(self._portal, details)
        except ApiError as error:
            raise ImpossibleError(error.message) from error

    def history(self, query: dict[str, str]) -> JsonObject:
        """The applied writes; `after` = a `seq`, `objectType`, `id` narrow."""
        wanted = dict(query)
        after = wanted.pop("after", "0")
        rows = [
            row
            for row in self._portal.state.writes[int(after) if after.isdigit() else 0 :]
            if all(row.get(name) == value for name, value in wanted.items())
        ]
        return {"results": rows, "total": len(rows)}

    def statistics(self) -> JsonObject:
        """Requests, statuses and rate-limit violations."""
        return self._gateway.governor.as_json()
