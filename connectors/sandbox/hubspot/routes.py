"""The table of endpoints: method, path, what answers, and which scope opens it.

Paths are written without their version; `canonical` maps every version's path to them:
`/crm/v3/objects/…` and `/crm/objects/2026-09/…` are one endpoint with one answer. What differs
between versions is in `versions.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.sandbox.hubspot import (
    account,
    associations,
    batch,
    groups,
    limits,
    oauth,
    objects,
    pipelines,
    properties,
    search,
)
from connectors.sandbox.hubspot.versions import UNVERSIONED, VERSIONS, Version
from connectors.sandbox.hubspot.vocabulary import resolve
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply

_FAMILIES = "objects|associations|properties|pipelines|owners|limits"
_LEGACY = re.compile(rf"/crm/(v3|v4)/({_FAMILIES})(/.*|)")
_DATED = re.compile(rf"/((?:crm/)?({_FAMILIES}|account-info|oauth))/(2026-03|2026-09|v3|v1)(/.*|)")
_PRIVATE_APPS = "/oauth/v2/private-apps/get/access-token-info"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint; `scope` says how to find the scopes that open it."""

    method: str
    template: str
    answer: Callable[[Call], Reply]
    scope: str
    pattern: re.Pattern[str]

    @property
    def is_search(self) -> bool:
        """Whether the limits of search apply."""
        return self.answer is search.search

    @property
    def is_association(self) -> bool:
        """Whether the limits of the associations API apply, where they are counted apart."""
        return "/associations/" in self.template

    @property
    def takes_form(self) -> bool:
        """Whether the body is a form instead of JSON."""
        return self.template.startswith("/oauth/token")


def _endpoint(line: str, answer: Callable[[Call], Reply], scope: str) -> Endpoint:
    method, template = line.split()
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return Endpoint(method, template, answer, scope, re.compile(pattern))


# Fixed words come before placeholders: the first pattern that matches wins.
_OBJECT, _PROPERTY = "/crm/objects/{type}", "/crm/properties/{type}"
_LINK, _PIPELINE = "/crm/associations/{from}/{to}/batch", "/crm/pipelines/{type}"
_LIMITS = "GET /crm/limits"
ENDPOINTS = (
    _endpoint(f"GET {_OBJECT}", objects.list_page, "record"),
    _endpoint(f"POST {_OBJECT}/search", search.search, "record"),
    _endpoint(f"POST {_OBJECT}/batch/read", batch.read, "record"),
    _endpoint(f"POST {_OBJECT}/batch/update", batch.update, "record-write"),
    _endpoint(f"POST {_OBJECT}/batch/create", batch.create, "record-write"),
    _endpoint(f"POST {_OBJECT}/batch/upsert", batch.upsert, "record-write"),
    _endpoint(f"POST {_OBJECT}/batch/archive", batch.archive, "record-write"),
    _endpoint(f"POST {_OBJECT}/merge", objects.merge, "record-write"),
    _endpoint(f"POST {_OBJECT}/gdpr-delete", objects.delete_for_good, "record-write"),
    _endpoint(f"POST {_OBJECT}", objects.create, "record-write"),
    _endpoint(f"GET {_OBJECT}/{{id}}", objects.get_one, "record"),
    _endpoint(f"PATCH {_OBJECT}/{{id}}", objects.change, "record-write"),
    _endpoint(f"DELETE {_OBJECT}/{{id}}", objects.archive, "record-write"),
    _endpoint(f"GET {_OBJECT}/{{id}}/associations/{{to}}", associations.read, "record"),
    _endpoint(
        f"PUT {_OBJECT}/{{id}}/associations/default/{{to}}/{{other}}",
        associations.put_default,
        "record-write",
    ),
    _endpoint(
        f"PUT {_OBJECT}/{{id}}/associations/{{to}}/{{other}}",
        associations.put_labelled,
        "record-write",
    ),
    _endpoint(
        f"DELETE {_OBJECT}/{{id}}/associations/{{to}}/{{other}}",
        associations.remove,
        "record-write",
    ),
    _endpoint(f"POST {_LINK}/read", associations.batch_read, "link"),
    _endpoint(f"POST {_LINK}/create", associations.batch_create, "link-write"),
    _endpoint(f"POST {_LINK}/associate/default", associations.batch_default, "link-write"),
    _endpoint(f"POST {_LINK}/archive", associations.batch_archive, "link-write"),
    _endpoint("GET /crm/associations/{from}/{to}/labels", associations.labels, "link"),
    _endpoint(f"GET {_PROPERTY}/groups", groups.list_groups, "schema"),
    _endpoint(f"POST {_PROPERTY}/groups", groups.create_group, "schema-write"),
    _endpoint(f"GET {_PROPERTY}/groups/{{name}}", groups.get_group, "schema"),
    _endpoint(f"PATCH {_PROPERTY}/groups/{{name}}", groups.change_group, "schema-write"),
    _endpoint(f"DELETE {_PROPERTY}/groups/{{name}}", groups.archive_group, "schema-write"),
    _endpoint(f"POST {_PROPERTY}/batch/read", properties.batch_read, "schema"),
    _endpoint(f"POST {_PROPERTY}/batch/create", properties.batch_create, "schema-write"),
    _endpoint(f"POST {_PROPERTY}/batch/archive", properties.batch_archive, "schema-write"),
    _endpoint(f"GET {_PROPERTY}", properties.list_all, "schema"),
    _endpoint(f"POST {_PROPERTY}", properties.create, "schema-write"),
    _endpoint(f"GET {_PROPERTY}/{{name}}", properties.get_one, "schema"),
    _endpoint(f"PATCH {_PROPERTY}/{{name}}", properties.change, "schema-write"),
    _endpoint(f"DELETE {_PROPERTY}/{{name}}", properties.archive, "schema-write"),
    _endpoint("GET /crm/owners", account.list_owners, "owner"),
    _endpoint("GET /crm/owners/{id}", account.get_owner, "owner"),
    _endpoint(f"GET {_PIPELINE}", pipelines.list_pipelines, "schema"),
    _endpoint(f"POST {_PIPELINE}", pipelines.create_pipeline, "schema-write"),
    _endpoint(f"GET {_PIPELINE}/{{pipeline}}", pipelines.get_pipeline, "schema"),
    _endpoint(f"PATCH {_PIPELINE}/{{pipeline}}", pipelines.change_pipeline, "schema-write"),
    _endpoint(f"DELETE {_PIPELINE}/{{pipeline}}", pipelines.archive_pipeline, "schema-write"),
    _endpoint(f"GET {_PIPELINE}/{{pipeline}}/stages", pipelines.list_stages, "schema"),
    _endpoint(f"GET {_PIPELINE}/{{pipeline}}/stages/{{stage}}", pipelines.get_stage, "schema"),
    _endpoint(f"POST {_PIPELINE}/{{pipeline}}/stages", pipelines.create_stage, "schema-write"),
    _endpoint(
        f"PATCH {_PIPELINE}/{{pipeline}}/stages/{{stage}}", pipelines.change_stage, "schema-write"
    ),
    _endpoint(
        f"DELETE {_PIPELINE}/{{pipeline}}/stages/{{stage}}", pipelines.archive_stage, "schema-write"
    ),
    _endpoint(f"{_LIMITS}/custom-properties", limits.custom_properties, "any-record"),
    _endpoint(f"{_LIMITS}/calculated-properties", limits.calculated_properties, "any-record"),
    _endpoint(f"{_LIMITS}/records", limits.records, "any-record"),
    _endpoint(f"{_LIMITS}/pipelines", limits.pipelines, "any-record"),
    _endpoint("GET /account-info/details", account.details, ""),
    _endpoint("GET /account-info/api-usage/daily/private-apps", account.usage, ""),
    _endpoint(f"POST {_PRIVATE_APPS}", account.token_information, "public"),
    _endpoint("POST /oauth/token", oauth.token, "public"),
    _endpoint("POST /oauth/token/introspect", oauth.introspect, "public"),
    _endpoint("POST /oauth/token/revoke", oauth.revoke, "public"),
    _endpoint("GET /oauth/access-tokens/{token}", oauth.metadata, "public"),
)
_BY_METHOD = {
    method: [endpoint for endpoint in ENDPOINTS if endpoint.method == method]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
}


def canonical(path: str) -> tuple[str, Version] | None:
    """Return a path without its version (and trailing slash), and the version; None if unknown."""
    path = path.rstrip("/")
    if path == _PRIVATE_APPS:
        return path, UNVERSIONED
    if legacy := _LEGACY.fullmatch(path):
        bare, family, name = f"/crm/{legacy[2]}{legacy[3]}", legacy[2], legacy[1]
    elif dated := _DATED.fullmatch(path):
        bare, family, name = f"/{dated[1]}{dated[4]}", dated[2], dated[3]
    else:
        return None
    version = VERSIONS[name]
    return (bare, version) if family in version.families else None


def find(method: str, path: str) -> tuple[Endpoint, Mapping[str, str], Version] | None:
    """Return the endpoint of a request, the parts of its path, and the version."""
    known = canonical(path)
    for endpoint in _BY_METHOD.get(method, ()) if known else ():
        if known and (matched := endpoint.pattern.fullmatch(known[0])):
            return endpoint, matched.groupdict(), known[1]
    return None


def template_of(endpoint: Endpoint, path: str, version: Version) -> str:
    """Return the path template with the version that was called, for the statistics."""
    if not version.name:
        return endpoint.template
    if legacy := _LEGACY.fullmatch(path.rstrip("/")):
        return endpoint.template.replace("/crm/", f"/crm/{legacy[1]}/", 1)
    # The version follows the family: `/crm/objects`, or `/account-info` alone.
    family = "/".join(endpoint.template.split("/")[: 3 if path.startswith("/crm/") else 2])
    return f"{family}/{version.name}{endpoint.template.removeprefix(family)}"


def require_scopes(endpoint: Endpoint, params: Mapping[str, str], granted: frozenset[str]) -> None:
    """Refuse a call whose key lacks a scope: 403 with the names that are missing."""
    for alternatives in _needed(endpoint.scope, params):
        if not alternatives & granted:
            raise _missing(sorted(alternatives)[:1])


def _needed(scope: str, params: Mapping[str, str]) -> list[frozenset[str]]:
    """Return sets of scopes; one of each set is needed."""
    right = "write" if scope.endswith("-write") else "read"
    match scope.removesuffix("-write"):
        case "record":
            return [frozenset({f"crm.objects.{resolve(params['type']).scope}.{right}"})]
        case "link":
            families = {resolve(params[end]).scope for end in ("from", "to")}
            return [frozenset({f"crm.objects.{family}.{right}"}) for family in sorted(families)]
        case "schema":
            family = resolve(params["type"]).scope
            names = {f"crm.schemas.{family}.{right}"}
            if right == "read":
                names |= {f"crm.objects.{family}.read", f"crm.objects.{family}.write"}
            return [frozenset(names)]
        case "owner":
            return [frozenset({"crm.objects.owners.read"})]
        case "any-record":
            families = {"companies", "contacts", "deals"}
            return [frozenset(f"crm.objects.{family}.read" for family in families)]
        case _:
            return []


def _missing(names: list[str]) -> ApiError:
    scopes = "https://developers.hubspot.com/scopes"
    return ApiError(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {scopes}.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": names},
            }
        ],
        extra={"links": {"scopes": scopes}},
    )
