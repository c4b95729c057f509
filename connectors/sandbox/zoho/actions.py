"""What people do in Zoho's pages: edit, merge, delete, and what an administrator changes.

`act(org, {"action": "edit", "id": "584…", "values": {…}, "user": "584…"})`. Everything here goes
through the same checks of values as the API, except the rights of fields and the locks.
"""

from collections.abc import Callable

from connectors.sandbox.exchange import ImpossibleError, JsonObject
from connectors.sandbox.zoho import effects, field_changes, setup
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.fields import Choice, Field, Layout, Module
from connectors.sandbox.zoho.org import Org, Record, Values
from connectors.sandbox.zoho.values import read


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
        raise ImpossibleError(f"The action '{name}' needs {error}, or it is not there.") from error
    except ZohoError as error:
        told = f"{error.message} {error.details}"
        raise ImpossibleError(f"The action '{name}' failed: {told}.") from error


def _actor(org: Org, details: JsonObject) -> str:
    given = details.get("user")
    if given is not None:
        return str(given)
    admin = org.user_by_email(setup.ADMIN)
    return admin.id if admin else ""


def _found(org: Org, text: object) -> tuple[Module, Record]:
    located = org.find(str(text))
    if located is None:
        raise ImpossibleError(f"There is no record '{text}' in this organization.")
    return located


def _module(org: Org, details: JsonObject) -> Module:
    found = org.modules.get(str(details["module"]))
    if found is None:
        raise ImpossibleError(f"There is no module '{details['module']}'.")
    return found


def _field(org: Org, details: JsonObject) -> tuple[Module, Field]:
    module = _module(org, details)
    found = module.find(details["field"])
    if found is None:
        raise ImpossibleError(f"{module.api_name} has no field '{details['field']}'.")
    return module, found


def _read(org: Org, module: Module, given: JsonObject) -> Values:
    values: Values = {}
    for name, value in given.items():
        entry = module.find(name)
        if entry is not None:
            values[name] = read(org, entry, value)
        elif not name.startswith("$"):
            raise ImpossibleError(f"{module.api_name} has no field '{name}'.")
    return values


def _edit(org: Org, details: JsonObject) -> JsonObject:
    module, found = _found(org, details["id"])
    changes = _read(org, module, details["values"])
    effects.update(org, module, found, changes, _actor(org, details))
    return {"id": found.id}


def _create(org: Org, details: JsonObject) -> JsonObject:
    module = _module(org, details)
    values = _read(org, module, details["values"])
    return {"id": effects.create(org, module, values, _actor(org, details)).id}


def _reassign(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"Owner": {"id": details["owner"]}}})


def _complete(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"Status": org.done_status}})


def _defer(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"Status": details.get("status", "Deferred")}})


def _redate(org: Org, details: JsonObject) -> JsonObject:
    return _edit(org, details | {"values": {"Due_Date": details["due"]}})


def _delete(org: Org, details: JsonObject) -> JsonObject:
    module, found = _found(org, details["id"])
    effects.delete(org, module, found.id, _actor(org, details))
    return {"id": found.id}


def _restore(org: Org, details: JsonObject) -> JsonObject:
    gone = org.deleted.get(str(details["id"]))
    if gone is None or gone.kind != "recycle" or gone.is_restored:
        raise ImpossibleError(f"'{details['id']}' is not in the recycle bin.")
    effects.restore(org, gone.id, _actor(org, details))
    return {"id": gone.id}


def _purge(org: Org, details: JsonObject) -> JsonObject:
    effects.purge(org, str(details["id"]), _actor(org, details))
    return {"id": details["id"]}


def _merge(org: Org, details: JsonObject) -> JsonObject:
    module, winner = _found(org, details["id"])
    for text in details["losers"]:
        other, loser = _found(org, text)
        if other is not module or loser.id == winner.id:
            raise ImpossibleError(f"'{text}' cannot be merged into '{winner.id}'.")
        effects.merge(org, module, winner, loser, _actor(org, details))
    return {"id": winner.id}


def _mark(
    marked: Callable[[Org], set[str]], *, on: bool
) -> Callable[[Org, JsonObject], JsonObject]:
    def do(org: Org, details: JsonObject) -> JsonObject:
        _, found = _found(org, details["id"])
        (marked(org).add if on else marked(org).discard)(found.id)
        return {"id": found.id}

    return do


def _create_user(org: Org, details: JsonObject) -> JsonObject:
    names = (str(details["first_name"]), str(details["last_name"]))
    profile = str(details.get("profile", "Standard"))
    return {"id": setup.add_user(org, str(details["email"]), *names, profile).id}


def _set_user_status(org: Org, details: JsonObject) -> JsonObject:
    user = org.users[str(details["id"])]
    user.status = {
        "deactivate_user": "disabled",
        "activate_user": "active",
        "delete_user": "deleted",
    }[details["action"]]  # type: ignore[assignment]  # the values are the three
    user.modified = org.now()
    return {"id": user.id}  # fmt: skip


def _add_field(org: Org, details: JsonObject) -> JsonObject:
    module = _module(org, details)
    members = {name: value for name, value in details.items() if name not in _NOT_OF_A_FIELD}
    made = field_changes.add(org, module, members, "$")
    return {"id": made.id, "api_name": made.api_name}


def _relabel_field(org: Org, details: JsonObject) -> JsonObject:
    module, field = _field(org, details)
    field_changes.alter(org, module, field, {"field_label": details["label"]}, "$")
    return {"id": field.id}


def _retype_field(org: Org, details: JsonObject) -> JsonObject:
    """Change a field's type, as Zoho's support does; what it holds is lost."""
    module, field = _field(org, details)
    wanted = str(details["data_type"])
    for record in org.tables[module.api_name].values():
        record.values = {
            name: value for name, value in record.values.items() if name != field.api_name
        }
    field.data_type, field.choices = wanted, []
    return {"id": field.id}


def _delete_field(org: Org, details: JsonObject) -> JsonObject:
    module, field = _field(org, details)
    field_changes.drop(org, module, field)
    return {"id": field.id}


def _add_choice(org: Org, details: JsonObject) -> JsonObject:
    _, field = _field(org, details)
    actual = str(details["value"])
    display = str(details.get("label", actual))
    field.choices.append(Choice(id=org.mint(), actual=actual, display=display))
    return {"id": field.choices[-1].id}


def _relabel_choice(org: Org, details: JsonObject) -> JsonObject:
    _, field = _field(org, details)
    for choice in field.choices:
        if choice.actual == details["value"]:
            choice.display = str(details["label"])
            return {"id": choice.id}
    raise ImpossibleError(f"'{details['value']}' is no value of '{field.api_name}'.")


def _set_task_words(org: Org, details: JsonObject) -> JsonObject:
    """Give tasks other statuses and priorities: (value, label) each, and which status is done."""
    tasks = org.modules["Tasks"]
    for name, words in (("Status", "statuses"), ("Priority", "priorities")):
        pairs = [(str(value), str(label)) for value, label in details[words]]
        tasks.fields[name].choices = [
            Choice(id=org.mint(), actual=value, display=label) for value, label in pairs
        ]
    org.done_status = str(details["closed"])
    return {"closed": org.done_status}


def _set_permission(org: Org, details: JsonObject) -> JsonObject:
    _, field = _field(org, details)
    profile = org.named(org.profiles, str(details.get("profile", "Administrator")))
    field.profiles[profile] = str(details["permission"])
    return {"id": field.id}


def _add_layout(org: Org, details: JsonObject) -> JsonObject:
    module = _module(org, details)
    module.layouts.append(Layout(id=org.mint(), name=str(details["name"])))
    return {"id": module.layouts[-1].id}


def _hide_module(org: Org, details: JsonObject) -> JsonObject:
    profile = org.named(org.profiles, str(details.get("profile", "Administrator")))
    org.hidden_modules.add((profile, _module(org, details).api_name))
    return {"module": details["module"]}


def _set_stages(org: Org, details: JsonObject) -> JsonObject:
    stages = [(str(label), int(chance), str(kind)) for label, chance, kind in details["stages"]]
    setup.set_stages(org, stages)
    return {"stages": len(stages)}


def _relabel_stage(org: Org, details: JsonObject) -> JsonObject:
    stage = org.stage(details["stage"])
    if stage is None:
        raise ImpossibleError(f"There is no stage '{details['stage']}'.")
    stage.display = str(details["label"])
    setup.renew_stage_choices(org)
    return {"id": stage.id}


def _set_currencies(org: Org, details: JsonObject) -> JsonObject:
    setup.set_currencies(org, details["rates"])
    return {"rates": details["rates"]}


def _set_contact_role(org: Org, details: JsonObject) -> JsonObject:
    role = org.named(org.contact_roles, str(details["role"]))
    effects.set_role(org, str(details["deal"]), str(details["contact"]), role)
    return {"id": role}


# What an action's details say beside the members of a field.
_NOT_OF_A_FIELD = frozenset({"action", "module", "user"})
ACTIONS: dict[str, Callable[[Org, JsonObject], JsonObject]] = {
    "edit": _edit,
    "create": _create,
    "reassign": _reassign,
    "complete_task": _complete,
    "defer_task": _defer,
    "redate_task": _redate,
    "delete_task": _delete,
    "delete": _delete,
    "restore": _restore,
    "purge": _purge,
    "merge": _merge,
    "lock": _mark(lambda org: org.locked, on=True),
    "unlock": _mark(lambda org: org.locked, on=False),
    "send_for_approval": _mark(lambda org: org.awaiting_approval, on=True),
    "approve": _mark(lambda org: org.awaiting_approval, on=False),
    "create_user": _create_user,
    "deactivate_user": _set_user_status,
    "activate_user": _set_user_status,
    "delete_user": _set_user_status,
    "create_field": _add_field,
    "relabel_field": _relabel_field,
    "retype_field": _retype_field,
    "delete_field": _delete_field,
    "add_choice": _add_choice,
    "relabel_choice": _relabel_choice,
    "set_permission": _set_permission,
    "set_task_words": _set_task_words,
    "add_layout": _add_layout,
    "hide_module": _hide_module,
    "set_stages": _set_stages,
    "relabel_stage": _relabel_stage,
    "set_currencies": _set_currencies,
    "set_contact_role": _set_contact_role,
}
