"""What people and administrators do in HubSpot's pages: the actions of `POST /__actions`.

Each takes the members that the API's bodies have (`objectType`, `id`, `properties`, …); `user` is
who did it. Administrators' rules bind people too, in every version of the API.
"""

from collections.abc import Callable
from datetime import timedelta

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import links, records
from connectors.sandbox.hubspot.people import PEOPLE
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.settings import SETTINGS
from connectors.sandbox.hubspot.task_actions import TASK_ACTIONS
from connectors.sandbox.hubspot.vocabulary import resolve
from connectors.sandbox.hubspot.wire import invalid

_MOST_GENERATED = 2_000_000


def act(portal: Portal, body: JsonObject) -> JsonObject:
    """Do something as a person would in HubSpot's pages (`action`, `user`, and its details)."""
    action = ACTIONS.get(str(body.get("action")))
    if action is None:
        raise invalid(f"There is no action {body.get('action')!r}: {', '.join(sorted(ACTIONS))}.")
    user = str(body.get("user") or "rep@example.com")
    try:
        with portal.acting("UI", app="CRM_UI", source_type="CRM_UI", source_id=user):
            return action(portal, body)
    except KeyError as error:
        raise invalid(f"The action '{body['action']}' needs {error}.") from error


def _edit(portal: Portal, body: JsonObject) -> JsonObject:
    kind = resolve(str(body["objectType"]))
    record = records.find(portal, kind, str(body["id"]))
    records.change(portal, kind, record, body["properties"])
    return {"id": record.id, "updatedAt": record.updated_at}


def _create(portal: Portal, body: JsonObject) -> JsonObject:
    kind = resolve(str(body["objectType"]))
    wanted = links.requested(portal, kind, body.get("associations"))
    record = records.create(portal, kind, body["properties"])
    for target, other, numbers in wanted:
        links.link(portal, (kind, record.id), (target, other), numbers)
    return {"id": record.id}


def _archive(portal: Portal, body: JsonObject) -> JsonObject:
    records.archive(portal, resolve(str(body["objectType"])), str(body["id"]))
    return {"id": str(body["id"]), "archived": True}


def _restore(portal: Portal, body: JsonObject) -> JsonObject:
    records.restore(portal, resolve(str(body["objectType"])), str(body["id"]))
    return {"id": str(body["id"]), "archived": False}


def _purge(portal: Portal, body: JsonObject) -> JsonObject:
    """Empty the recycle bin of one record, as 90 days do."""
    records.purge(portal, resolve(str(body["objectType"])), str(body["id"]))
    return {"id": str(body["id"]), "purged": True}


def _merge(portal: Portal, body: JsonObject) -> JsonObject:
    return {"id": records.merge(portal, resolve(str(body["objectType"])), body).id}


def _lock(portal: Portal, body: JsonObject) -> JsonObject:
    """Hold a record, so that the API answers 423 when it is written; `seconds` limits how long."""
    kind, record_id = resolve(str(body["objectType"])), str(body["id"])
    records.find(portal, kind, record_id)
    until = None
    if "seconds" in body:
        until = portal.clock.now() + timedelta(seconds=_number(body["seconds"]))
    portal.locks[kind.name, record_id] = until
    return {"id": record_id, "locked": True}


def _unlock(portal: Portal, body: JsonObject) -> JsonObject:
    portal.locks.pop((resolve(str(body["objectType"])).name, str(body["id"])), None)
    return {"id": str(body["id"]), "locked": False}


def _touch_all(portal: Portal, body: JsonObject) -> JsonObject:
    """Give every record of a type one identical modified stamp, values unchanged."""
    kind = resolve(str(body["objectType"]))
    event = portal.commit("records.touched", type=kind.name)
    return {"updatedAt": event["at"], "count": len(portal.state.tables[kind.name].live)}


def _rotate_key(portal: Portal, body: JsonObject) -> JsonObject:
    """Replace a service key; the old one works for `graceSeconds` (HubSpot: none, or 7 days)."""
    grace = timedelta(seconds=_number(body.get("graceSeconds", 7 * 86_400)))
    ends_at = portal.keyring.rotate(str(body["key"]), str(body["newKey"]), grace)
    return {"oldKeyEndsAt": ends_at.isoformat()}


def _generate(portal: Portal, body: JsonObject) -> JsonObject:
    """Add many companies and deals at once; the same seed gives the same ones."""
    wanted = {name: int(_number(body.get(name, 0))) for name in ("companies", "deals", "seed")}
    days = _number(body.get("days", 730))
    if min(*wanted.values(), days) < 0 or wanted["companies"] + wanted["deals"] > _MOST_GENERATED:
        raise invalid(f"Between 0 and {_MOST_GENERATED} records can be generated at once.")
    with portal.acting("LOAD", app="import", source_type="IMPORT", source_id="generated"):
        portal.commit(
            "portal.generated",
            **wanted,
            days=days,
            currency=portal.account.currency,
            rates=portal.switches.exchange_rates,
        )
    return {"companies": wanted["companies"], "deals": wanted["deals"]}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{value!r} is no number.")
    return value


ACTIONS: dict[str, Callable[[Portal, JsonObject], JsonObject]] = {
    "edit": _edit,
    "create": _create,
    "archive": _archive,
    "restore": _restore,
    "purge": _purge,
    "merge": _merge,
    "lock": _lock,
    "unlock": _unlock,
    "touch_all": _touch_all,
    "rotate_key": _rotate_key,
    "generate": _generate,
    **TASK_ACTIONS,
    **PEOPLE,
    **SETTINGS,
}
