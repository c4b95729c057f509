"""Custom fields: made, changed and deleted, by the API or by an administrator.

Source: "Create Custom Field", "Update Custom Field" and "Delete Custom Field", version 8.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply
from connectors.sandbox.zoho.errors import ZohoError, invalid_data
from connectors.sandbox.zoho.fields import PICK_LISTS, Choice, Field, Module
from connectors.sandbox.zoho.metadata_calls import field_of
from connectors.sandbox.zoho.org import Org
from connectors.sandbox.zoho.writing import located

CREDITS = 10
_ROOM = {"free": 0, "standard": 10, "professional": 155, "enterprise": 300, "ultimate": 500}
_MOST_UNIQUE = 2
_LONGEST_LABEL = 25
# Data type → the length that it has unless it is told another, and the longest.
_LENGTHS = {
    "text": (255, 255), "textarea": (2_000, 32_000), "email": (100, 100), "phone": (30, 255),
    "website": (450, 450), "picklist": (120, 120), "multiselectpicklist": (120, 120),
    "integer": (9, 9), "bigint": (18, 18), "currency": (16, 16), "double": (16, 16),
    "percent": (5, 5), "date": (20, 20), "datetime": (120, 120), "boolean": (5, 5),
}  # fmt: skip
_PERMISSIONS = ("read_write", "read_only", "hidden")
_MEMBERS = frozenset(
    {
        *("field_label", "data_type", "length", "decimal_place", "pick_list_values", "profiles"),
        *("tooltip", "unique", "external", "id", "pick_list_values_sorted_lexically"),
        *("enable_colour_code",),
    }
)


def room(org: Org) -> int:
    """How many custom fields a module may have."""
    return org.switches.custom_field_limit or _ROOM[org.switches.edition]


def create(call: Call) -> Reply:
    """`POST /settings/fields?module=`: up to five, each with its own outcome."""
    call.allow("module")
    call.require_administrator()
    module = call.named_module(call.required("module"))
    rows = call.rows("fields", call.org.switches.fields_per_call)
    call.cost = CREDITS * len(rows)

    def made(row: JsonObject, place: str) -> JsonObject:
        entry = add(call.org, module, row, place)
        details = {"id": entry.id}
        if call.org.switches.field_name_in_answer:
            details["api_name"] = entry.api_name
        return _done(details, "field created")

    return _each(rows, made, HTTPStatus.CREATED)


def change(call: Call) -> Reply:
    """`PATCH /settings/fields[/{id}]?module=`."""
    call.allow("module")
    call.require_administrator()
    module = call.named_module(call.required("module"))
    rows = call.rows("fields", call.org.switches.fields_per_call)

    def changed(row: JsonObject, place: str) -> JsonObject:
        entry = field_of(module, call.params.get("id", row.get("id")))
        alter(call.org, module, entry, row, place)
        return _done({"id": entry.id}, "field updated")

    return _each(rows, changed, HTTPStatus.OK)


def remove(call: Call) -> Reply:
    """`DELETE /settings/fields/{id}?module=`."""
    call.allow("module")
    call.require_administrator()
    module = call.named_module(call.required("module"))
    entry = field_of(module, call.params["id"])
    if not entry.is_custom:
        raise ZohoError("NOT_ALLOWED", "the field cannot be deleted",
                        {"resource_path_index": 2})  # fmt: skip
    drop(call.org, module, entry)
    return Reply(body={"fields": [_done({"id": entry.id}, "field deleted")]})


def _each(
    rows: list[JsonObject], write: Callable[[JsonObject, str], JsonObject], status: HTTPStatus
) -> Reply:
    outcomes, failed = [], 0
    for place, row in enumerate(rows):
        try:
            outcomes.append(write(row, f"$.fields[{place}]"))
        except ZohoError as error:
            failed += 1
            outcomes.append(error.as_json())
    if failed:
        status = HTTPStatus.BAD_REQUEST if failed == len(rows) else HTTPStatus.MULTI_STATUS
    return Reply(status=status, body={"fields": outcomes})


def _done(details: JsonObject, message: str) -> JsonObject:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}


def api_name(org: Org, label: str) -> str:
    """Derive a field's API name from its label, as Zoho does: `Territory Tier` → `Territory_Tier`.

    What Zoho makes of accents is not documented: a switch.
    """
    is_plain = org.switches.accents_in_api_names == "plain"
    text = unicodedata.normalize("NFKD" if is_plain else "NFC", label)
    plain = text.encode("ascii", "ignore").decode()
    return "_".join(word for word in re.split(r"[^A-Za-z0-9]+", plain) if word)


def add(org: Org, module: Module, row: JsonObject, place: str) -> Field:
    """Make a custom field on the module's standard layout; ZohoError."""
    _check_members(row, place)
    label = row.get("field_label")
    for name in ("field_label", "data_type"):
        if not row.get(name):
            raise located(
                ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name}),
                place,
            )
    if not isinstance(label, str) or len(label) > _LONGEST_LABEL:
        raise located(invalid_data("field_label", maximum_length=_LONGEST_LABEL), place)
    data_type = str(row["data_type"])
    if data_type not in _LENGTHS:
        raise located(invalid_data("data_type", supported_values=sorted(_LENGTHS)), place)
    entry = Field(api_name=api_name(org, label), label=label, data_type=data_type, is_custom=True)
    entry.length = _length(row, data_type, place)
    entry.decimals = int(row.get("decimal_place") or 2)
    entry.is_unique, entry.is_external = bool(row.get("unique")), bool(row.get("external"))
    if entry.is_external and not org.switches.external_fields:
        raise located(invalid_data("external"), place)
    _check_new(org, module, entry, place)
    if data_type in PICK_LISTS:
        _set_choices(entry, row.get("pick_list_values"), place)
        if not entry.choices:
            raise located(invalid_data("pick_list_values", minimum_length=1), place)
    _set_members(org, entry, row, place)
    org.number(entry)
    module.fields[entry.api_name] = entry
    module.layouts[0].custom_fields.append(entry.api_name)
    return entry


def _check_members(row: JsonObject, place: str) -> None:
    for name in row:
        if name not in _MEMBERS:
            raise located(invalid_data(name), place)


def _length(row: JsonObject, data_type: str, place: str) -> int:
    usual, most = _LENGTHS[data_type]
    length = row.get("length", usual)
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise located(invalid_data("length", expected_data_type="integer"), place)
    if length > most:
        raise located(invalid_data("length", maximum_value=most), place)
    return length


def _check_new(org: Org, module: Module, entry: Field, place: str) -> None:
    taken = {other.label.lower() for other in module.fields.values()}
    if org.switches.taken_api_name == "numbered":
        entry.api_name = _free_name(module, entry.api_name)
    if entry.label.lower() in taken or entry.api_name in module.fields:
        raise located(
            ZohoError("DUPLICATE_DATA", "duplicate data", {"api_name": "field_label"}), place
        )
    if len(module.custom_fields) >= room(org):
        due = [{"api_name": "fields", "json_path": place}]
        details = {"limit": room(org), "limit_due_to": due}
        raise ZohoError("LIMIT_EXCEEDED", "custom fields limit exceeded", details)
    uniques = sum(other.is_unique for other in module.custom_fields)
    if entry.is_unique and uniques >= _MOST_UNIQUE:
        due = [{"api_name": "unique", "json_path": f"{place}.unique"}]
        raise ZohoError("LIMIT_EXCEEDED", "unique fields limit exceeded",
                        {"limit": _MOST_UNIQUE, "limit_due_to": due})  # fmt: skip


def _free_name(module: Module, derived: str) -> str:
    """The derived name, or the first number after it that is free."""
    numbered = (f"{derived}{number}" for number in range(1, len(module.fields) + 2))
    free = (name for name in numbered if name not in module.fields)
    return derived if derived not in module.fields else next(free)


def alter(org: Org, module: Module, entry: Field, row: JsonObject, place: str) -> None:
    """Change a field's label, values, tooltip or permissions; never its type; ZohoError."""
    _check_members(row, place)
    if row.get("data_type", entry.data_type) != entry.data_type:
        raise located(invalid_data("data_type"), place)
    label = row.get("field_label", entry.label)
    others = {other.label.lower() for other in module.fields.values() if other is not entry}
    if str(label).lower() in others:
        raise located(
            ZohoError("DUPLICATE_DATA", "duplicate data", {"api_name": "field_label"}), place
        )
    changed = replace(entry, choices=[replace(choice) for choice in entry.choices])
    changed.label = str(label)
    if entry.is_custom and "length" in row:
        changed.length = _length(row, entry.data_type, place)
    if "pick_list_values" in row:
        if org.switches.patched_pick_list == "replaced":
            for choice in changed.choices:
                choice.is_used = False
        _set_choices(changed, row["pick_list_values"], place)
    _set_members(org, changed, row, place)
    org.number(changed)
    module.fields[entry.api_name] = changed


def _set_choices(entry: Field, given: object, place: str) -> None:
    if not isinstance(given, list) or entry.data_type not in PICK_LISTS:
        raise located(invalid_data("pick_list_values", expected_data_type="jsonarray"), place)
    for order, row in enumerate(given):
        spot = f"{place}.pick_list_values[{order}]"
        if not isinstance(row, dict):
            raise located(invalid_data("pick_list_values"), place)
        _set_choice(entry, row, spot)


def _set_choice(entry: Field, row: JsonObject, place: str) -> None:
    actual = row.get("actual_value", row.get("display_value"))
    wanted = row.get("id")
    found = next(
        (one for one in entry.choices if (wanted and one.id == wanted) or one.actual == actual),
        None,
    )
    if "_delete" in row:
        if found is None:
            raise located(invalid_data("id"), place)
        found.is_used = False
    elif found is not None:
        found.display, found.is_used = str(row.get("display_value", found.display)), True
    elif "id" in row:
        raise located(invalid_data("id"), place)
    elif not row.get("display_value"):
        raise located(
            ZohoError(
                "MANDATORY_NOT_FOUND", "required field not found", {"api_name": "display_value"}
            ),
            place,
        )
    else:
        display = str(row["display_value"])
        entry.choices.append(Choice(id="", actual=str(actual), display=display))


def _set_members(org: Org, entry: Field, row: JsonObject, place: str) -> None:
    tooltip = row.get("tooltip")
    if isinstance(tooltip, dict):
        if tooltip.get("name") not in {"info_icon", "static_text"} or not tooltip.get("value"):
            raise located(invalid_data("tooltip"), place)
        entry.tooltip = str(tooltip["value"])
    permissions = dict(entry.profiles)
    for given in row.get("profiles") or []:
        kind, profile = given.get("permission_type"), given.get("id")
        if kind not in _PERMISSIONS or profile not in org.profiles:
            raise located(invalid_data("profiles", supported_values=list(_PERMISSIONS)), place)
        permissions[profile] = kind
    entry.profiles = permissions


def drop(org: Org, module: Module, entry: Field) -> None:
    """Delete a field, with what the records hold in it."""
    del module.fields[entry.api_name]
    for layout in module.layouts:
        if entry.api_name in layout.custom_fields:
            layout.custom_fields.remove(entry.api_name)
    for record in org.tables[module.api_name].values():
        if entry.api_name in record.values:
            record.values = {
                name: value for name, value in record.values.items() if name != entry.api_name
            }
