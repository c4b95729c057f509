"""Where a COQL path leads: a field of the module, of a record that it looks up, of a user."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.coql_tree import invalid_column
from connectors.sandbox.zoho.fields import LOOKUPS, Field, Module
from connectors.sandbox.zoho.org import Values
from connectors.sandbox.zoho.shapes import LONGEST_IN_LIST
from connectors.sandbox.zoho.values import printed

_MOST_JOINS = 2
_USER_FIELDS = {"id": "id", "email": "email", "first_name": "first_name",
                "last_name": "last_name", "full_name": "full_name", "status": "status"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """A path that exists: the field at its end, and how its value is got from a row."""

    path: str
    field: Field
    get: Callable[[Values], Any]


def reach(call: Call, module: Module, path: str) -> Reach:
    """Follow a path from a module; ZohoError `INVALID_QUERY`."""
    parts = path.split(".")
    if path == "$se_module" and call.org.switches.coql_parent_module:
        return _parent_module(call, module, path)
    head, _, target = parts[0].partition("->")
    entry = module.find(head)
    if entry is None or not call.may_see(entry) or len(parts) > _MOST_JOINS + 1:
        raise invalid_column(path)
    if head == "Stage_Modified_Time" and not call.org.switches.coql_stage_modified_time:
        raise invalid_column(path)
    name = entry.api_name
    if len(parts) == 1:
        return Reach(path, entry, lambda row: row.get(name))
    rest = ".".join(parts[1:])
    if entry.data_type not in LOOKUPS:
        raise invalid_column(path)
    if rest == "id":
        return Reach(path, entry, lambda row: row.get(name))
    if entry.targets == ("Users",):
        return _of_user(call, path, entry, rest)
    wanted = target or entry.targets[0]
    if wanted not in entry.targets or (len(entry.targets) > 1 and not target):
        raise invalid_column(path)
    further = reach(call, call.org.modules[wanted], rest)

    def followed(row: Values) -> Any:  # noqa: ANN401 - any field's value
        related = call.org.seen(wanted, row.get(name, ""))
        return None if related is None else further.get(related)

    return Reach(path, further.field, followed)


def _parent_module(call: Call, module: Module, path: str) -> Reach:
    name = "What_Id"
    if module.find(name) is None:
        raise invalid_column(path)
    entry = Field(api_name=path, label=path)
    return Reach(path, entry, lambda row: call.org.module_of(row.get(name, "")))


def _of_user(call: Call, path: str, entry: Field, rest: str) -> Reach:
    attribute = _USER_FIELDS.get(rest)
    if attribute is None or not call.org.switches.coql_user_fields:
        raise invalid_column(path)
    name = entry.api_name

    def followed(row: Values) -> object:
        user = call.org.users.get(row.get(name, ""))
        return None if user is None else getattr(user, attribute)

    return Reach(path, Field(api_name=rest, label=rest), followed)


def shown(call: Call, found: Reach, row: Values) -> Any:  # noqa: ANN401 - any field's value
    """Print the value at the end of a path, look-ups in the shape of the switch."""
    value = found.get(row)
    if found.field.data_type not in LOOKUPS:
        made = printed(call.org, found.field, value)
        is_cut = call.org.switches.coql_cuts_texts and found.field.data_type == "textarea"
        return made[:LONGEST_IN_LIST] if is_cut and made else made
    if found.path.endswith(".id"):
        return value
    whole = printed(call.org, found.field, value)
    if whole is None:
        return None
    if call.org.switches.coql_lookup == "id":
        return {"id": whole["id"]}
    return {"name": whole["name"], "id": whole["id"]}
