"""The endpoints by method and path, each with the scope it asks for and whether it is heavy.

A scope's `{module}` is the module of the path, or of the parameter `module`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from connectors.sandbox.zoho import (
    coql_query,
    field_changes,
    layout_calls,
    metadata_calls,
    people_calls,
    reading_calls,
    record_calls,
    related_calls,
    timeline_calls,
)
from connectors.sandbox.zoho.bulk_read import BulkReads
from connectors.sandbox.zoho.call import Call, Reply
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.reading_calls import Reading

# Writes of more records than this are heavy.
_LIGHT_WRITE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint; `path` is the pattern of what follows the version."""

    method: str
    path: re.Pattern[str]
    endpoint: Callable[[Call], Reply]
    scope: str
    is_heavy: Callable[[Call], bool]


def _never(_call: Call) -> bool:
    return False


def _always(_call: Call) -> bool:
    return True


def _by_order(call: Call) -> bool:
    return "sort_by" in call.query or "cvid" in call.query


def _by_size(call: Call) -> bool:
    try:
        body = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return False
    rows = body.get("data") if isinstance(body, dict) else None
    return isinstance(rows, list) and len(rows) > _LIGHT_WRITE


def _by_ids(call: Call) -> bool:
    return call.query.get("ids", "").count(",") >= _LIGHT_WRITE


def _off(call: Call) -> Reply:
    """Refuse a feature that is switched off in this organization."""
    feature = "notifications" if "watch" in call.params["feature"] else "territory_management"
    message = f"{feature.replace('_', ' ').title()} is not enabled"
    raise ZohoError("FEATURE_NOT_ENABLED", message, {"feature": feature},
                    status=HTTPStatus.FORBIDDEN)  # fmt: skip


def _route(
    method: str,
    path: str,
    endpoint: Callable[[Call], Reply],
    scope: str,
    is_heavy: Callable[[Call], bool] = _never,
) -> Route:
    whole = (
        path.replace("{module}", r"(?P<module>[A-Z]\w*)")
        .replace("{id}", r"(?P<id>\d+)")
        .replace("{key}", r"(?P<id>[^/]+)")
        .replace("{contact}", r"(?P<contact>\d+)")
        .replace("{list}", r"(?P<list>[A-Z]\w*)")
    )
    return Route(
        method=method,
        path=re.compile(whole),
        endpoint=endpoint,
        scope=f"ZohoCRM.{scope}",
        is_heavy=is_heavy,
    )


def bulk_routes(bulk: BulkReads) -> list[Route]:
    """The endpoints of `/crm/bulk/v8`."""
    return [
        _route("POST", "read", bulk.create, "bulk.CREATE"),
        _route("GET", "read/{id}", bulk.show, "bulk.READ"),
        _route("GET", "read/{id}/result", bulk.result, "bulk.READ"),
    ]


def crm_routes(reading: Reading) -> list[Route]:
    """The endpoints of `/crm/v8`, special ones before those of any module."""
    return [*_settings_routes(), *_people_routes(), *_record_routes(reading)]


def _settings_routes() -> list[Route]:
    meta, changes, pages = metadata_calls, field_changes, layout_calls
    return [
        _route("GET", "settings/modules", meta.modules, "settings.modules.READ"),
        _route("GET", "settings/modules/{module}", meta.module, "settings.modules.READ"),
        _route("GET", "settings/fields", meta.fields, "settings.fields.READ"),
        _route("GET", "settings/fields/{id}", meta.field, "settings.fields.READ"),
        _route("POST", "settings/fields", changes.create, "settings.fields.CREATE"),
        _route("PATCH", "settings/fields", changes.change, "settings.fields.UPDATE"),
        _route("PATCH", "settings/fields/{id}", changes.change, "settings.fields.UPDATE"),
        _route("DELETE", "settings/fields/{id}", changes.remove, "settings.fields.DELETE"),
        _route("GET", "settings/layouts", pages.layouts, "settings.layouts.READ"),
        _route("GET", "settings/layouts/{id}", pages.layout, "settings.layouts.READ"),
        _route("PATCH", "settings/layouts/{id}", pages.change_layout, "settings.layouts.UPDATE"),
        _route("GET", "settings/pipeline", pages.pipelines, "settings.pipeline.READ"),
        _route("GET", "settings/profiles", meta.profiles, "settings.profiles.READ"),
        _route("GET", "settings/roles", meta.roles, "settings.roles.READ"),
        _route("GET", "settings/related_lists", meta.related_lists,
               "settings.related_lists.READ"),
        _route("[A-Z]+", "(?P<feature>settings/territories.*)", _off,
               "settings.territories.READ"),
    ]  # fmt: skip


def _people_routes() -> list[Route]:
    people = people_calls
    return [
        _route("GET", "org", people.organization, "org.READ"),
        _route("GET", "org/currencies", people.currencies, "settings.currencies.READ"),
        _route("GET", "users", people.users, "users.READ"),
        _route("GET", "users/{id}", people.user, "users.READ"),
        _route("[A-Z]+", "(?P<feature>actions/watch)", _off, "notifications.READ"),
        _route("POST", "coql", coql_query.answer, "coql.READ", _always),
    ]


def _record_routes(reading: Reading) -> list[Route]:
    one, many, links = reading_calls, record_calls, related_calls
    scope = "modules.{module}."
    role = r"(?P<module>Deals)/{id}/Contact_Roles/{contact}"
    return [
        _route("GET", r"(?P<module>Contacts)/roles", links.roles, "modules.contacts.READ"),
        _route("PUT", role, links.set_role, f"{scope}UPDATE"),
        _route("DELETE", role, links.remove_role, f"{scope}DELETE"),
        _route("GET", "{module}", reading.records, f"{scope}READ", _by_order),
        _route("POST", "{module}", many.create, f"{scope}CREATE", _by_size),
        _route("PUT", "{module}", many.change, f"{scope}UPDATE", _by_size),
        _route("DELETE", "{module}", many.remove, f"{scope}DELETE", _by_ids),
        _route("POST", "{module}/upsert", many.upsert, f"{scope}CREATE", _by_size),
        _route("GET", "{module}/search", reading.search, f"{scope}READ", _always),
        _route("GET", "{module}/deleted", one.deleted, f"{scope}READ"),
        _route("GET", "{module}/actions/count", one.count, f"{scope}READ"),
        _route("POST", "{module}/{id}/actions/merge", many.merge, f"{scope}UPDATE"),
        _route("[A-Z]+", r"(?P<feature>\w+/(?:\d+/)?actions/(?:assign|remove)_territories)",
               _off, "modules.READ"),
        _route("GET", "{module}/{id}/__timeline", timeline_calls.timeline, f"{scope}READ"),
        _route("GET", "{module}/{id}/{list}", links.related, f"{scope}READ"),
        _route("GET", "{module}/{key}", one.record, f"{scope}READ"),
        _route("PUT", "{module}/{key}", many.change, f"{scope}UPDATE"),
        _route("DELETE", "{module}/{key}", many.remove, f"{scope}DELETE"),
    ]  # fmt: skip
