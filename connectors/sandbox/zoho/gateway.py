"""From a request to a reply: token, scope, limits, endpoint, error body. No sockets here."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import orjson

from connectors.sandbox.exchange import JsonObject, Request, Response
from connectors.sandbox.zoho.bulk_read import BulkReads
from connectors.sandbox.zoho.call import Call, Reply
from connectors.sandbox.zoho.credits import Credits
from connectors.sandbox.zoho.errors import TokenError, ZohoError, invalid_url
from connectors.sandbox.zoho.oauth import Accounts
from connectors.sandbox.zoho.org import Org
from connectors.sandbox.zoho.reading_calls import Reading
from connectors.sandbox.zoho.routes import Route, bulk_routes, crm_routes
from connectors.sandbox.zoho.scopes import has, require

_JSON = "application/json;charset=UTF-8"
_CRM, _BULK = "/crm/v8/", "/crm/bulk/v8/"
# Search and counts ask for this beside the module's own.
_SEARCHING = re.compile(r"\w+/(?:search|actions/count)")
_SEARCH_SCOPE = "ZohoSearch.securesearch.READ"


class ZohoGateway:
    """The front door: the accounts server and the API of one organization."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.accounts = Accounts(org)
        self.credits = Credits(org)
        self._routes = {
            _CRM: crm_routes(Reading(org)),
            _BULK: bulk_routes(BulkReads(org)),
        }

    def count(self, request: Request) -> None:
        """Count a request, also one that a fault keeps from being answered."""
        self.credits.requests[_shape(request)] += 1

    def answer(self, request: Request) -> Response:
        """Answer a call; every refusal is one of Zoho's."""
        with self.org.lock:
            self.count(request)
            response = self._answer(request)
            self.credits.statuses[str(response.status)] += 1
            return response

    def _answer(self, request: Request) -> Response:
        try:
            if request.path.startswith("/oauth/"):
                body = self._account(request)
                return _printed(Reply(body=body), {})
            return self._call(request)
        except TokenError as error:
            status = error.status
            if status == HTTPStatus.OK and not error.description:
                status = self.org.switches.token_refusal_status
            return _printed(Reply(status=status, body=error.as_json()), {})
        except ZohoError as error:
            return self._refused(error)

    def _refused(self, error: ZohoError) -> Response:
        headers = self.credits.header()
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers |= self.credits.waiting()
        return _printed(Reply(status=error.status, body=error.as_json()), headers)

    def _account(self, request: Request) -> JsonObject:
        path, host = request.path.rstrip("/"), _host(request)
        form = dict(parse_qsl(request.query, keep_blank_values=True))
        form |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if path == "/oauth/v2/token" and request.method == "POST":
            return self.accounts.token(form, host, request.base_url)
        if path == "/oauth/v2/token/revoke":
            return self.accounts.revoke(form.get("token", ""))
        if path == "/oauth/serverinfo" and request.method == "GET":
            return self.accounts.server_info()
        raise invalid_url()

    def _call(self, request: Request) -> Response:
        root = next((root for root in self._routes if request.path.startswith(root)), None)
        if root is None:
            raise invalid_url()
        route, params = _found(self._routes[root], request.method, request.path, root)
        authorization = request.headers.get("authorization", "")
        if not authorization:
            raise ZohoError("AUTHENTICATION_FAILURE", "Authentication failed",
                            status=HTTPStatus.UNAUTHORIZED)  # fmt: skip
        call = Call(
            org=self.org,
            session=self.accounts.admit(authorization, _host(request)),
            params=params,
            query=dict(parse_qsl(request.query, keep_blank_values=True)),
            headers=request.headers,
            body=request.body,
        )
        self._require_scopes(call, route, request.path.removeprefix(root))
        self.credits.admit(is_heavy=route.is_heavy(call))
        self.org.is_in_call = True
        try:
            reply = route.endpoint(call)
        finally:
            self.org.is_in_call = False
            self.credits.spend(call.cost, _shape(request))
        return _printed(reply, self.credits.header())

    def _require_scopes(self, call: Call, route: Route, path: str) -> None:
        module = call.params.get("module", "").lower()
        scope = route.scope.replace("{module}", module)
        is_upsert = path.endswith("/upsert")
        if not (is_upsert and has(call.session.scopes, scope.replace("CREATE", "UPDATE"))):
            require(call, scope)
        if _SEARCHING.fullmatch(path):
            require(call, _SEARCH_SCOPE)


def _found(
    routes: list[Route], method: str, path: str, root: str
) -> tuple[Route, Mapping[str, str]]:
    is_known = False
    for route in routes:
        found = route.path.fullmatch(path.removeprefix(root).rstrip("/"))
        if found is None:
            continue
        if re.fullmatch(route.method, method):
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
        is_known = True
    if is_known:
        message = "The http request method type is not a valid one"
        raise ZohoError("INVALID_REQUEST_METHOD", message)
    raise invalid_url()


def _host(request: Request) -> str:
    return request.headers.get("host", "").partition(":")[0].lower()


def _shape(request: Request) -> str:
    return f"{request.method} {re.sub(r'/[0-9]{9,}(?=/|$)', '/{id}', request.path)}"


def _printed(reply: Reply, headers: Mapping[str, str]) -> Response:
    shown = {**headers, **reply.headers}
    if reply.body is None:
        return Response(status=int(reply.status), body=reply.raw or b"", headers=shown)
    shown["Content-Type"] = _JSON
    return Response(status=int(reply.status), body=orjson.dumps(reply.body), headers=shown)
