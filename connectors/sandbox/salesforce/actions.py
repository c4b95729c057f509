"""What people do in Salesforce's pages: edit, merge, delete, and what an administrator changes.

`act(org, {"action": "edit", "id": "001…", "values": {…}, "user": "005…"})`. Everything here goes
through the same checks as the API, except the rights of fields: the people are allowed to.
"""

from collections.abc import Callable
from datetime import date

from connectors.sandbox.exchange import ImpossibleError, JsonObject
from connectors.sandbox.salesforce import checks, effects, feature_objects, field_changes, setup
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.ids import long_id
from connectors.sandbox.salesforce.org import Org, Record


def act(org: Org, details: JsonObject) -> JsonObject:
    """Do one action and return what it made; ImpossibleError with a sentence."""
    name = details.get("action")
    action = ACTIONS.get(str(name))
    if action is None:
        raise ImpossibleError(
            f"There is no action '{name}'; there are {', '.join(sorted(ACTIONS))}."
        )
    try:
        return action(org, details)
    except KeyError as error:
        raise ImpossibleError(f"The action '{name}' needs {error}.") from error
    except SalesforceError as error:
        raise ImpossibleError(f"The action '{name}' failed: {error.message}") from error


def _actor(org: Org, details: JsonObject) -> str:
    return str(details.get("user") or setup.user_named(org, setup.ADMIN))


def _found(org: Org, text: object) -> tuple[ObjectType, Record]:
    record_id = long_id(str(text))
    located = org.find(record_id) if record_id else None
    if located is None:
        raise ImpossibleError(f"There is no record '{text}' in this org.")
    return located


def _object(org: Org, name: object) -> ObjectType:
    kind = org.find_object(str(name))
    if kind is None:
        raise ImpossibleError(f"There is no object '{name}' in this org.")
    return kind


def _edit(org: Org, details: JsonObject) -> JsonObject:
    kind, found = _found(org, details["id"])
    changes = checks.read_body(org, None, kind, details["values"], is_new=False)
    effects.update(org, _actor(org, details), kind, found, changes)
    return {"id": found.id}


def _complete(org: Org, details: JsonObject) -> JsonObject:
    closed = next(row["ApiName"] for row in org.rows("TaskStatus") if row["IsClosed"])
    return _edit(org, details | {"values": {"Status": details.get("status", closed)}})


def _defer(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"Status": details.get("status", "Deferred")}})


def _redate(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"ActivityDate": details["due"]}})


def _create(org: Org, details: JsonObject) -> JsonObject:
    kind = _object(org, details["object"])
    values = checks.read_body(org, None, kind, details["values"], is_new=True)
    checks.check_new(org, kind, values, allow_duplicates=True)
    return {"id": effects.create(org, _actor(org, details), kind, values)}


def _delete(org: Org, details: JsonObject) -> JsonObject:
    kind, found = _found(org, details["id"])
    effects.delete(org, _actor(org, details), kind, found)
    return {"id": found.id}


def _undelete(org: Org, details: JsonObject) -> JsonObject:
    kind, found = _found(org, details["id"])
    if not found.values.get("IsDeleted"):
        raise ImpossibleError(f"'{found.id}' is not in the recycle bin.")
    effects.undelete(org, _actor(org, details), kind, found)
    return {"id": found.id}


def _purge(org: Org, details: JsonObject) -> JsonObject:
    kind, found = _found(org, details["id"])
    effects.purge(org, kind, found.id)
    return {"id": found.id}


def _merge(org: Org, details: JsonObject) -> JsonObject:
    kind, winner = _found(org, details["id"])
    if not kind.is_mergeable:
        raise ImpossibleError(f"{kind.plural} cannot be merged.")
    for text in details["losers"]:
        other, loser = _found(org, text)
        if other is not kind or loser.id == winner.id:
            raise ImpossibleError(f"'{text}' cannot be merged into '{winner.id}'.")
        effects.merge(org, _actor(org, details), kind, winner, loser)
    return {"id": winner.id}


def _add_user(org: Org, details: JsonObject) -> JsonObject:
    profile = details.get("profile", "Standard User")
    names = (str(details["first_name"]), str(details["last_name"]))
    return {"id": setup.add_user(org, str(details["username"]), *names, profile)}


def _deactivate(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"IsActive": False}})


def _activate(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"IsActive": True}})


def _lock(org: Org, details: JsonObject) -> JsonObject:
    _, found = _found(org, details["id"])
    org.row_locks[found.id] += int(details.get("times", 1))
    return {"id": found.id}


def _add_field(org: Org, details: JsonObject) -> JsonObject:
    more = {name: value for name, value in details.items() if name not in _NOT_OF_A_FIELD}
    field = field_changes.build(more)
    is_visible = bool(details.get("is_visible", True))
    field_changes.add(org, str(details["object"]), field, is_visible=is_visible)
    return {"name": field.name}


def _delete_field(org: Org, details: JsonObject) -> JsonObject:
    field_changes.remove(org, str(details["object"]), str(details["name"]))
    return {"name": details["name"]}


def _change_field(org: Org, details: JsonObject) -> JsonObject:
    more = {name: value for name, value in details.items() if name not in _NOT_OF_A_FIELD}
    field_changes.change(org, str(details["object"]), more)
    return {"name": details["name"]}


def _close_field(org: Org, details: JsonObject) -> JsonObject:
    kind = _object(org, details["object"])
    field_changes.close(org, kind, str(details["name"]), str(details.get("profile", "")))
    return {"name": details["name"]}


def _open_field(org: Org, details: JsonObject) -> JsonObject:
    kind = _object(org, details["object"])
    field_changes.open_to_all(org, kind, str(details["name"]))
    return {"name": details["name"]}


def _hide_object(org: Org, details: JsonObject) -> JsonObject:
    kind = _object(org, details["object"])
    org.hidden_objects.add((str(details["user"]), kind.name))
    return {"object": kind.name}


def _set_stages(org: Org, details: JsonObject) -> JsonObject:
    setup.set_stages(org, details["stages"])
    return {"stages": len(details["stages"])}


def _set_task_words(org: Org, details: JsonObject) -> JsonObject:
    statuses, priorities = (
        [(str(value), str(label)) for value, label in details[name]]
        for name in ("statuses", "priorities")
    )
    setup.set_task_words(org, statuses, str(details["closed"]), priorities)
    return {"statuses": len(statuses)}


def _set_fiscal_year(org: Org, details: JsonObject) -> JsonObject:
    is_named_so = bool(details.get("named_by_start", False))
    setup.set_fiscal_year(org, int(details["month"]), named_by_start=is_named_so)
    return {"month": details["month"]}


def _set_currencies(org: Org, details: JsonObject) -> JsonObject:
    dated = [(str(code), date.fromisoformat(day), float(rate))
             for code, day, rate in details.get("dated", [])]  # fmt: skip
    setup.set_currencies(org, details["rates"], dated)
    return {"rates": details["rates"]}


def _turn_on_territories(org: Org, _details: JsonObject) -> JsonObject:
    feature_objects.turn_on_territories(org)
    return {"objects": [made.name for made in feature_objects.territory_objects()]}


def _add_notification_type(org: Org, details: JsonObject) -> JsonObject:
    org.add_object(feature_objects.notification_type())
    name = str(details["name"])
    values = {"CustomNotifTypeName": name, "DeveloperName": name, "MasterLabel": name}
    kind = org.objects["CustomNotificationType"]
    return {"id": effects.create(org, _actor(org, details), kind, values)}


# What an action's details say beside the members of a field.
_NOT_OF_A_FIELD = frozenset({"action", "object", "user", "is_visible"})
ACTIONS: dict[str, Callable[[Org, JsonObject], JsonObject]] = {
    "edit": _edit,
    "create": _create,
    "complete_task": _complete,
    "defer_task": _defer,
    "redate_task": _redate,
    "delete_task": _delete,
    "delete": _delete,
    "undelete": _undelete,
    "purge": _purge,
    "merge": _merge,
    "create_user": _add_user,
    "deactivate_user": _deactivate,
    "activate_user": _activate,
    "lock_row": _lock,
    "create_field": _add_field,
    "delete_field": _delete_field,
    "change_field": _change_field,
    "close_field": _close_field,
    "open_field": _open_field,
    "hide_object": _hide_object,
    "set_stages": _set_stages,
    "set_task_words": _set_task_words,
    "set_fiscal_year": _set_fiscal_year,
    "set_currencies": _set_currencies,
    "turn_on_territories": _turn_on_territories,
    "create_notification_type": _add_notification_type,
}
