"""The limits-tracking API: how much room the edition has left, and for what."""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.properties import custom_count, overall_limit
from connectors.sandbox.hubspot.vocabulary import TYPES
from connectors.sandbox.hubspot.wire import Call, Reply

# Plausible for a Professional portal, not confirmed; it has no custom objects.
_RECORDS, _PIPELINES, _CALCULATED = 15_000_000, 15, 25
_NO_CUSTOM_OBJECTS: JsonObject = {
    "byObjectType": [],
    "overallLimit": 0,
    "overallUsage": 0,
    "overallPercentage": 0.0,
}


def custom_properties(call: Call) -> Reply:
    """`GET …/limits/custom-properties`: of each object type, and of all together."""
    portal = call.portal
    limit = portal.switches.custom_property_limit
    rows = _rows(portal, limit, custom_count)
    return Reply(body=_overall(rows, overall_limit(portal)))


def calculated_properties(call: Call) -> Reply:
    """`GET …/limits/calculated-properties`: this portal's own ones count for nothing."""
    rows = _rows(call.portal, _CALCULATED, lambda _portal, _name: 0)
    return Reply(body=_overall(rows, _CALCULATED))


def records(call: Call) -> Reply:
    """`GET …/limits/records`: live records of each object type."""

    def count(portal: Portal, name: str) -> int:
        return len(portal.state.tables[name].live)

    return _by_origin(_rows(call.portal, _RECORDS, count))


def pipelines(call: Call) -> Reply:
    """`GET …/limits/pipelines`: only deals have pipelines here."""

    def count(portal: Portal, name: str) -> int:
        return len(portal.state.pipelines) if name == "deals" else 0

    rows = _rows(call.portal, _PIPELINES, count)
    return _by_origin([row for row in rows if row["objectTypeId"] == TYPES["deals"].type_id])


def _by_origin(rows: list[JsonObject]) -> Reply:
    return Reply(body={"hubspotDefinedObjectTypes": rows, "customObjectTypes": _NO_CUSTOM_OBJECTS})


def _rows(portal: Portal, limit: int, count: Callable[[Portal, str], int]) -> list[JsonObject]:
    return [
        {
            "objectTypeId": kind.type_id,
            "singularLabel": kind.singular.capitalize(),
            "pluralLabel": kind.name.capitalize(),
            "limit": limit,
            "usage": count(portal, kind.name),
            "percentage": _percentage(count(portal, kind.name), limit),
        }
        for kind in TYPES.values()
    ]


def _overall(rows: list[JsonObject], limit: int) -> JsonObject:
    used = sum(row["usage"] for row in rows)
    return {
        "overallLimit": limit,
        "overallUsage": used,
        "overallPercentage": _percentage(used, limit),
        "byObjectType": rows,
    }


def _percentage(usage: int, limit: int) -> float:
    return round(100 * usage / limit, 2) if limit else 100.0
