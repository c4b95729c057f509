"""From a request to a reply: version, session, limits, endpoint, error body. No sockets here."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

import orjson

from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.salesforce import (
    collection_calls,
    limit_calls,
    notification_calls,
    row_calls,
    tooling,
)
from connectors.sandbox.salesforce.bulk_ingest import BulkIngests
from connectors.sandbox.salesforce.bulk_jobs import Jobs
from connectors.sandbox.salesforce.bulk_query import BulkQueries
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.composite_calls import Composites
from connectors.sandbox.salesforce.errors import (
    OAuthError,
    SalesforceError,
    invalid_session,
    not_found,
)
from connectors.sandbox.salesforce.limit_calls import Budget
from connectors.sandbox.salesforce.oauth import Logins
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.printing import JSON_TYPE, packed, page, printed, refused
from connectors.sandbox.salesforce.query_calls import Cursors
from connectors.sandbox.salesforce.sessions import Sessions

Endpoint = Callable[[Call], Reply]
Route = tuple[str, str, Endpoint]
_VERSIONED = re.compile(r"/services/data/v(\d+)\.0(?:/(.*))?")
_OBJECT = r"(?P<object>\w+)"
_ID = r"(?P<id>[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?)"
_EXTERNAL = r"(?P<field>\w+)/(?P<value>.+)"
_JOB = r"(?P<job>750[0-9A-Za-z]{15})"


class SalesforceGateway:
    """The org's front door."""

    def __init__(self, org: Org) -> None:
        self.portal = org
        self.sessions = Sessions(org)
        self.logins = Logins(org, self.sessions)
        self.budget = Budget(org)
        jobs = Jobs(org)
        self._routes = _compiled(
            _rest_routes(Cursors(), self.budget),
            _composite_routes(Composites(self._find)),
            _tooling_routes(),
            _bulk_routes(BulkQueries(org, jobs), BulkIngests(org, jobs)),
        )

    def count(self, request: Request) -> None:
        """Count a request, also one that a fault keeps from being answered."""
        self.budget.requests[f"{request.method} {_template(request.path)}"] += 1

    def answer(self, request: Request) -> Response:
        """Answer a call; every refusal is one of Salesforce's."""
        with self.portal.lock:
            self.count(request)
            response = packed(self._answer(request), request)
            self.budget.statuses[str(response.status)] += 1
            return response

    def _answer(self, request: Request) -> Response:
        if _size_of(request) > self.portal.switches.longest_address:
            return page(HTTPStatus.REQUEST_URI_TOO_LONG, "URI Too Long")
        path = request.path.rstrip("/")
        try:
            if path.startswith("/services/oauth2/"):
                return self._login(request, path.removeprefix("/services/oauth2/"))
            if path.startswith("/services/Soap/"):
                return self._soap(request)
            return self._rest(request, path)
        except OAuthError as error:
            body = orjson.dumps({"error": error.error, "error_description": error.description})
            return Response(status=error.status, body=body, headers={"Content-Type": JSON_TYPE})
        except SalesforceError as error:
            return refused(error, self.budget.header())

    def _soap(self, request: Request) -> Response:
        status, text = self.logins.soap(request.body.decode("utf-8", "replace"))
        shown = {"Content-Type": "text/xml; charset=UTF-8"}
        return Response(status=status, body=text.encode(), headers=shown)

    def _login(self, request: Request, name: str) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        form |= dict(parse_qsl(request.query, keep_blank_values=True))
        host = request.headers.get("host", "").partition(":")[0].lower()
        if name == "token" and request.method == "POST":
            authorization = request.headers.get("authorization", "")
            body = self.logins.token(form, authorization, host, request.base_url)
            return Response(
                status=200, body=orjson.dumps(body), headers={"Content-Type": JSON_TYPE}
            )
        if name == "introspect" and request.method == "POST":
            body = self.logins.introspect(form, request.headers.get("authorization", ""))
            return Response(
                status=200, body=orjson.dumps(body), headers={"Content-Type": JSON_TYPE}
            )
        if name == "revoke":
            self.logins.revoke(form)
            return Response(status=200)
        if name == "userinfo":
            session = self.sessions.admit(request.headers.get("authorization", ""))
            body = self.logins.identity(session)
            return Response(
                status=200, body=orjson.dumps(body), headers={"Content-Type": JSON_TYPE}
            )
        raise not_found()

    def _rest(self, request: Request, path: str) -> Response:
        switches = self.portal.switches
        if path == "/services/data":
            return printed(Reply(body=self._versions()), {})
        found = _VERSIONED.fullmatch(path)
        if found is None:
            raise SalesforceError(
                "URL_NOT_RESET", "The requested resource does not exist",
                status=HTTPStatus.NOT_FOUND,
            )  # fmt: skip
        if not switches.oldest_version <= int(found[1]) <= switches.newest_version:
            raise not_found()
        host = request.headers.get("host", "").partition(":")[0].lower()
        if not self.logins.is_own_host(host):
            raise invalid_session()
        session = self.sessions.admit(request.headers.get("authorization", ""))
        self.budget.admit()
        endpoint, params = self._find(request.method, found[2] or "")
        call = Call(
            org=self.portal,
            user_id=session.user_id,
            version=f"{found[1]}.0",
            params=params,
            query=dict(parse_qsl(request.query, keep_blank_values=True)),
            headers=request.headers,
            body=request.body,
        )
        self.portal.is_in_call = True
        try:
            reply = endpoint(call)
        finally:
            self.portal.is_in_call = False
        return printed(reply, self.budget.header())

    def _versions(self) -> list[dict[str, str]]:
        switches = self.portal.switches
        return [
            {"label": f"v{number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(switches.oldest_version, switches.newest_version + 1)
        ]

    def _find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        is_known = False
        for wanted, pattern, endpoint in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                if wanted == method:
                    return endpoint, found.groupdict()
                is_known = True
        if is_known:
            raise SalesforceError(
                "METHOD_NOT_ALLOWED",
                f"HTTP Method '{method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE",
                status=HTTPStatus.METHOD_NOT_ALLOWED,
            )
        raise not_found()


def _resources(call: Call) -> Reply:
    names = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
    return Reply(body={name: f"{call.base}/{name}" for name in names})


def _compiled(*groups: list[Route]) -> list[tuple[str, re.Pattern[str], Endpoint]]:
    return [
        (method, re.compile(pattern), endpoint)
        for group in groups
        for method, pattern, endpoint in group
    ]


def _composite_routes(composites: Composites) -> list[Route]:
    return [
        ("POST", "composite", composites.composite),
        ("POST", "composite/batch", composites.batch),
        ("POST", "actions/standard/customNotificationAction", notification_calls.notify),
    ]


def _tooling_routes() -> list[Route]:
    root = "tooling/sobjects/CustomField"
    return [
        ("GET", "tooling/query", tooling.query),
        ("POST", root, tooling.create),
        ("GET", f"{root}/{_ID}", tooling.show),
        ("PATCH", f"{root}/{_ID}", tooling.change),
        ("DELETE", f"{root}/{_ID}", tooling.remove),
    ]


def _bulk_routes(queries: BulkQueries, ingests: BulkIngests) -> list[Route]:
    return [
        ("POST", "jobs/query", queries.create),
        ("GET", "jobs/query", queries.list_all),
        ("GET", f"jobs/query/{_JOB}", queries.show),
        ("PATCH", f"jobs/query/{_JOB}", queries.change),
        ("DELETE", f"jobs/query/{_JOB}", queries.remove),
        ("GET", f"jobs/query/{_JOB}/results", queries.results),
        ("GET", f"jobs/query/{_JOB}/resultPages", queries.pages),
        ("POST", "jobs/ingest", ingests.create),
        ("GET", "jobs/ingest", ingests.list_all),
        ("GET", f"jobs/ingest/{_JOB}", ingests.show),
        ("PATCH", f"jobs/ingest/{_JOB}", ingests.change),
        ("DELETE", f"jobs/ingest/{_JOB}", ingests.remove),
        ("PUT", f"jobs/ingest/{_JOB}/batches", ingests.upload),
        ("GET", rf"jobs/ingest/{_JOB}/(?P<results>\w+)", ingests.results),
    ]


def _rest_routes(cursors: Cursors, budget: Budget) -> list[Route]:
    rows, many = row_calls, collection_calls
    return [
        ("GET", "", _resources),
        ("GET", "query", cursors.query),
        ("GET", "queryAll", cursors.query_all),
        ("GET", r"query(?:All)?/(?P<locator>[\w-]+)", cursors.more),
        ("GET", "limits", budget.limits),
        ("GET", "limits/recordCount", limit_calls.record_count),
        ("GET", "sobjects", rows.list_objects),
        ("GET", f"sobjects/{_OBJECT}", rows.show_object),
        ("POST", f"sobjects/{_OBJECT}", rows.create),
        ("GET", f"sobjects/{_OBJECT}/describe", rows.describe),
        ("GET", f"sobjects/{_OBJECT}/updated", rows.updated),
        ("GET", f"sobjects/{_OBJECT}/deleted", rows.deleted),
        ("GET", f"sobjects/{_OBJECT}/{_ID}", rows.read),
        ("PATCH", f"sobjects/{_OBJECT}/{_ID}", rows.change),
        ("DELETE", f"sobjects/{_OBJECT}/{_ID}", rows.remove),
        ("GET", f"sobjects/{_OBJECT}/{_EXTERNAL}", rows.read_by_external_id),
        ("PATCH", f"sobjects/{_OBJECT}/{_EXTERNAL}", rows.upsert),
        ("POST", "composite/sobjects", many.create),
        ("PATCH", "composite/sobjects", many.change),
        ("DELETE", "composite/sobjects", many.remove),
        ("GET", f"composite/sobjects/{_OBJECT}", many.read),
        ("POST", f"composite/sobjects/{_OBJECT}", many.read),
        ("PATCH", rf"composite/sobjects/{_OBJECT}/(?P<field>\w+)", many.upsert),
    ]


def _template(path: str) -> str:
    return re.sub(
        r"/(?=[0-9A-Za-z]{0,17}\d)[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?(?=/|-|$)", "/{id}", path
    )


def _size_of(request: Request) -> int:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return len(request.path) + len(request.query) + headers
