"""From a request to a reply: key, scopes, limits, endpoint, error body. No sockets here."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import orjson

from connectors.sandbox.exchange import JsonObject, Request, Response
from connectors.sandbox.hubspot import routes
from connectors.sandbox.hubspot.governor import Governor
from connectors.sandbox.hubspot.keys import Application
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.versions import Version
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, invalid, new_correlation_id


class Gateway:
    """The portal's front door for API calls."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.governor = Governor(portal)

    def answer(self, request: Request) -> Response:
        """Answer a call; every refusal is a HubSpot error body with a correlation id."""
        with self.portal.lock:
            response = self._answer(request)
            self.governor.statuses[str(response.status)] += 1
            return response

    def count(self, request: Request) -> None:
        """Count a request that a fault kept from being answered."""
        found = routes.find(request.method, request.path)
        template = (
            routes.template_of(found[0], request.path, found[2]) if found else "(unknown route)"
        )
        self.governor.requests[f"{request.method} {template}"] += 1

    def _answer(self, request: Request) -> Response:
        self.count(request)
        if len(request.path) + len(request.query) > self.portal.switches.longest_address:
            return too_long()
        found = routes.find(request.method, request.path)
        headers: dict[str, str] = {}
        try:
            if found is None:
                return refused(_unknown_route(request))
            endpoint, params, version = found
            if endpoint.scope == "public":
                application = Application(id="0", name="anybody", scopes=frozenset())
            else:
                keyring = self.portal.keyring
                application = keyring.admit(request.headers.get("authorization", ""))
                headers = self.governor.admit(
                    application,
                    is_search=endpoint.is_search,
                    is_association=endpoint.is_association,
                )
            routes.require_scopes(endpoint, params, application.scopes)
            reply = self._dispatched(request, (endpoint, params, version), application)
        except ApiError as error:
            return refused(error, headers)
        return _printed(reply, headers)

    def _dispatched(
        self,
        request: Request,
        found: tuple[routes.Endpoint, Mapping[str, str], Version],
        application: Application,
    ) -> Reply:
        endpoint, params, version = found
        call = Call(
            portal=self.portal,
            application=application,
            version=version,
            params=params,
            query=parse_qs(request.query, keep_blank_values=True),
            body=_form(request) if endpoint.takes_form else _parsed(request),
            url=request.url,
        )
        if call.query.get("hapikey"):
            raise ApiError(401, "INVALID_AUTHENTICATION", "API keys are no longer accepted.")
        source_type = self.portal.switches.source_type
        with self.portal.acting(
            request.method, app=application.name, source_type=source_type, source_id=application.id
        ):
            return endpoint.answer(call)


def _parsed(request: Request) -> JsonObject | list[JsonObject] | None:
    if not request.body:
        return None
    if "json" not in request.headers.get("content-type", "").lower():
        raise ApiError(415, "VALIDATION_ERROR", "The body must be sent as application/json.")
    try:
        parsed: JsonObject | list[JsonObject] | None = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"Invalid input JSON: {error}") from error
    return parsed


def _form(request: Request) -> JsonObject:
    kind = request.headers.get("content-type", "").lower()
    if request.body and "x-www-form-urlencoded" not in kind:
        raise ApiError(415, "VALIDATION_ERROR", "The body must be sent as a form.")
    parsed = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in parsed.items()}


def _unknown_route(request: Request) -> ApiError:
    return ApiError(
        404, "OBJECT_NOT_FOUND", f"No endpoint answers {request.method} {request.path} here."
    )


def _printed(reply: Reply, headers: dict[str, str]) -> Response:
    correlation_id = new_correlation_id()
    headers = headers | reply.headers | {"X-HubSpot-Correlation-Id": correlation_id}
    if reply.body is None:
        return Response(status=reply.status, headers=headers)
    headers["Content-Type"] = "application/json;charset=utf-8"
    return Response(status=reply.status, body=orjson.dumps(reply.body), headers=headers)


def refused(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    """Print an error as HubSpot does."""
    correlation_id = new_correlation_id()
    body = error.body(correlation_id)
    shown = dict(headers or {})
    if "retry_after" in body:
        shown["Retry-After"] = str(body.pop("retry_after"))
    shown["Content-Type"] = "application/json;charset=utf-8"
    shown["X-HubSpot-Correlation-Id"] = correlation_id
    return Response(status=error.status, body=orjson.dumps(body), headers=shown)


def too_long() -> Response:
    """Answer as HubSpot's edge does: HTML, no JSON."""
    page = b"<html><head><title>414 Request-URI Too Large</title></head><body>nginx</body></html>"
    return Response(status=414, body=page, headers={"Content-Type": "text/html"})
