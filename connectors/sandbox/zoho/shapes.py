"""How records look in answers: the fields that were asked for, look-ups by name, `$` keys."""

from collections.abc import Collection, Sequence

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.errors import ZohoError, invalid_data
from connectors.sandbox.zoho.fields import Field, Module
from connectors.sandbox.zoho.org import Org, Values
from connectors.sandbox.zoho.values import printed

MOST_FIELDS = 50
# Rich and long texts are cut in lists.
LONGEST_IN_LIST = 500
SYSTEM_KEYS = frozenset({"$se_module", "$approval_state", "$currency_symbol", "$editable"})


def asked_fields(
    call: Call, module: Module, names: Sequence[str], more: Collection[str] = ()
) -> list[str]:
    """Return the names that a list shows; ZohoError for too many, or, by a switch, unknown ones.

    `more` are columns that the list has beside the fields of its module.
    """
    if len(names) > MOST_FIELDS:
        raise ZohoError("LIMIT_EXCEEDED", "You can select only up to 50 fields",
                        {"limit": MOST_FIELDS, "param_name": "fields"})  # fmt: skip
    for name in names:
        is_known = module.find(name) is not None or name in {*SYSTEM_KEYS, *more, "Layout"}
        if not is_known and call.org.switches.unknown_field_in_list == "refused":
            raise invalid_data(name, param_name="fields")
    return list(names)


def shown_record(
    call: Call, module: Module, values: Values, names: Sequence[str], *, is_list: bool = True
) -> JsonObject:
    """Print the named fields of a record; those that the user may not see are absent."""
    row: JsonObject = {}
    for name in names:
        entry = module.find(name)
        if entry is not None:
            if call.may_see(entry):
                row[name] = _shown(call.org, entry, values.get(name), is_list=is_list)
        elif name == "Layout":
            row[name] = layout_of(module, values)
        elif name in SYSTEM_KEYS:
            row[name] = _system(call.org, module, values, name)
    if "What_Id" in row:
        row["$se_module"] = _system(call.org, module, values, "$se_module")
    return row | {"id": values["id"]}


def whole_record(call: Call, module: Module, values: Values) -> JsonObject:
    """Print a record with all its fields, as a request for one record does."""
    names = [*module.fields, "Layout", "$approval_state", "$currency_symbol", "$editable"]
    return shown_record(call, module, values, names, is_list=False)


def layout_of(module: Module, values: Values) -> JsonObject:
    """Print the page layout of a record."""
    wanted = values.get("Layout")
    found = next((one for one in module.layouts if one.id == wanted), module.layouts[0])
    return {"display_label": found.name, "name": found.name, "id": found.id}


def _shown(org: Org, entry: Field, value: object, *, is_list: bool) -> object:
    if is_list and entry.data_type == "textarea" and isinstance(value, str):
        value = value[:LONGEST_IN_LIST]
    return printed(org, entry, value)


def _system(org: Org, module: Module, values: Values, name: str) -> object:
    if name == "$se_module":
        look_up = "What_Id" if "What_Id" in module.fields else "Parent_Id"
        return org.module_of(values.get(look_up, ""))
    if name == "$approval_state":
        return "waiting" if values["id"] in org.awaiting_approval else "approved"
    if name == "$editable":
        return values["id"] not in org.locked
    return {"CAD": "$", "USD": "$", "EUR": "€"}.get(org.currency, org.currency)
