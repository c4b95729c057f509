"""Actions about owners: who joins, leaves and comes back, and queues that are nobody."""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.wire import invalid, not_found

_TYPES = ("PERSON", "QUEUE")
_FIRST_USER = 50_000_000


def _create_owner(portal: Portal, body: JsonObject) -> JsonObject:
    """Add an owner; without `email` it has none; a `type` QUEUE has no user either."""
    kind = str(body.get("type") or "PERSON")
    if kind not in _TYPES:
        raise invalid(f"An owner is one of {', '.join(_TYPES)}, not {kind!r}.")
    owner = _fresh(portal, str(body["firstName"]), str(body.get("lastName") or ""))
    owner["type"] = kind
    if body.get("email"):
        owner["email"] = str(body["email"])
    if kind == "QUEUE":
        owner["userId"] = owner["userIdIncludingInactive"] = None
    portal.commit("owner.saved", owner=owner)
    return owner


def _fresh(portal: Portal, first: str, last: str) -> JsonObject:
    user_id = _FIRST_USER + len(portal.state.owners) + 1
    at = portal.clock.stamp()
    return {
        "id": portal.state.allocate("owners"),
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userId": user_id,
        "userIdIncludingInactive": user_id,
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
    }


def _known(portal: Portal, body: JsonObject) -> JsonObject:
    owner = portal.state.owners.get(str(body["id"]))
    if owner is None:
        raise not_found(f"Owner {body['id']} does not exist")
    return owner


def _set_archived(portal: Portal, body: JsonObject, *, archived: bool) -> JsonObject:
    owner = _known(portal, body)
    changed = owner | {
        "archived": archived,
        # An archived owner has no user; its number is kept beside.
        "userId": None if archived else owner["userIdIncludingInactive"],
        "updatedAt": portal.clock.stamp(),
    }
    portal.commit("owner.saved", owner=changed)
    return changed


def _deactivate(portal: Portal, body: JsonObject) -> JsonObject:
    return _set_archived(portal, body, archived=True)


def _reactivate(portal: Portal, body: JsonObject) -> JsonObject:
    return _set_archived(portal, body, archived=False)


def _readmit(portal: Portal, body: JsonObject) -> JsonObject:
    """Bring a person back as somebody new: same name and address, another owner and user id."""
    past = _known(portal, body)
    if not past["archived"]:
        raise invalid(f"Owner {past['id']} is active; deactivate it first.")
    owner = _fresh(portal, past["firstName"], past["lastName"])
    if past.get("email"):
        owner["email"] = past["email"]
    portal.commit("owner.saved", owner=owner)
    return owner


PEOPLE: dict[str, Callable[[Portal, JsonObject], JsonObject]] = {
    "create_owner": _create_owner,
    "deactivate_owner": _deactivate,
    "reactivate_owner": _reactivate,
    "readmit_owner": _readmit,
}
