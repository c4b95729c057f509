"""What the organization is made of: modules, fields, profiles, roles, related lists.

Sources: "Modules", "Fields", "Profiles", "Roles", "Related Lists" of the metadata APIs.
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.errors import ZohoError, wrong_parameter
from connectors.sandbox.zoho.fields import LOOKUPS, Field, Module, choice_json
from connectors.sandbox.zoho.org import ADMINISTRATOR, Org
from connectors.sandbox.zoho.related_calls import RELATED


def modules(call: Call) -> Reply:
    """`GET /settings/modules`."""
    call.allow("status")
    seen = [
        module
        for module in call.org.modules.values()
        if (call.profile_id, module.api_name) not in call.org.hidden_modules
    ]
    return Reply(body={"modules": [_module(call.org, module) for module in seen]})


def module(call: Call) -> Reply:
    """`GET /settings/modules/{api_name}`."""
    call.allow()
    return Reply(body={"modules": [_module(call.org, call.module())]})


def _module(org: Org, made: Module) -> JsonObject:
    profiles = [{"name": name, "id": one} for one, name in org.profiles.items()]
    return {
        "api_name": made.api_name,
        "module_name": made.api_name,
        "singular_label": made.singular,
        "plural_label": made.plural,
        "actual_singular_label": made.singular,
        "actual_plural_label": made.plural,
        "id": made.id,
        "generated_type": "default",
        "api_supported": True,
        "creatable": made.is_writable,
        "editable": made.is_writable,
        "deletable": made.is_writable,
        "viewable": True,
        "visible": made.is_writable,
        "visibility": 1,
        "status": "visible",
        "global_search_supported": made.is_writable,
        "web_link": None,
        "sequence_number": list(org.modules).index(made.api_name) + 1,
        "profiles": profiles,
        "modified_time": None,
        "modified_by": None,
    }


def fields(call: Call) -> Reply:
    """`GET /settings/fields?module=`."""
    call.allow("module", "type", "include")
    found = call.named_module(call.required("module"))
    kind = call.query.get("type", "all")
    if kind not in {"all", "used", "unused"}:
        raise wrong_parameter("type", supported_values=["all", "used", "unused"])
    seen = [entry for entry in found.fields.values() if call.may_see(entry)]
    if kind == "unused" or not seen:
        return nothing()
    return Reply(body={"fields": [field_json(call, found, entry) for entry in seen]})


def field(call: Call) -> Reply:
    """`GET /settings/fields/{id}?module=`."""
    call.allow("module", "include")
    found = call.named_module(call.required("module"))
    entry = field_of(found, call.params["id"])
    if not call.may_see(entry):
        return nothing()
    return Reply(body={"fields": [field_json(call, found, entry)]})


def field_of(found: Module, field_id: object) -> Field:
    """Return a field by its id; ZohoError 400."""
    for entry in found.fields.values():
        if entry.id == field_id:
            return entry
    raise ZohoError("INVALID_DATA", "the id given seems to be invalid",
                    {"resource_path_index": 2})  # fmt: skip


def field_json(call: Call, found: Module, entry: Field) -> JsonObject:
    """Print a field as its metadata."""
    may_write = not entry.is_read_only and found.is_writable
    is_closed = entry.permission(call.profile_id) == "read_only"
    return {
        "id": entry.id,
        "api_name": entry.api_name,
        "field_label": entry.label,
        "display_label": entry.label,
        "data_type": entry.data_type,
        "json_type": entry.json_type,
        "type": "used",
        "length": entry.length,
        "decimal_place": entry.decimals if entry.data_type in {"double", "currency"} else None,
        "custom_field": entry.is_custom,
        "system_mandatory": entry.is_mandatory,
        "read_only": entry.is_read_only,
        "field_read_only": entry.is_read_only or is_closed,
        "visible": True,
        "created_source": "default",
        "filterable": entry.data_type != "textarea",
        "sortable": True,
        "searchable": True,
        "pick_list_values": _choices(call.org, found, entry),
        "lookup": _lookup(call.org, entry),
        "unique": {"casesensitive": False} if entry.is_unique else {},
        "external": {"show": True, "type": "org"} if entry.is_external else None,
        "tooltip": {"name": "info_icon", "value": entry.tooltip} if entry.tooltip else None,
        "history_tracking": None,
        **_places(call.org, found, entry, may_write=may_write),
    }


def _places(org: Org, found: Module, entry: Field, *, may_write: bool) -> JsonObject:
    """Print where a field can be written and seen, and by whom."""
    ways = ("web_update", "api_create", "web_create", "api_update")
    return {
        "operation_type": dict.fromkeys(ways, may_write),
        "view_type": {"view": True, "edit": may_write, "quick_create": False, "create": may_write},
        "profiles": [
            {"name": name, "id": one, "permission_type": entry.permission(one)}
            for one, name in org.profiles.items()
        ],
        "layout_associations": [
            {"name": layout.name, "id": layout.id}
            for layout in found.layouts
            if not entry.is_custom or entry.api_name in layout.custom_fields
        ],
    }


def _choices(org: Org, found: Module, entry: Field) -> list[JsonObject]:
    rows = [choice_json(choice, place) for place, choice in enumerate(entry.choices, 1)]
    if (found.api_name, entry.api_name) == ("Deals", "Stage"):
        for row in rows:
            stage = org.stage(row["actual_value"])
            if stage is not None:
                row |= {"probability": stage.probability, "forecast_type": stage.forecast_type,
                        "forecast_category": {"name": stage.category, "id": stage.id}}  # fmt: skip
    return rows


def _lookup(org: Org, entry: Field) -> JsonObject:
    if entry.data_type not in LOOKUPS or entry.targets == ("Users",):
        return {}
    target = org.modules[entry.targets[0]]
    return {
        "display_label": target.plural,
        "api_name": None,
        "module": {"api_name": target.api_name, "id": target.id},
        "id": entry.id,
    }


def profiles(call: Call) -> Reply:
    """`GET /settings/profiles`."""
    rows = [_profile(one, name) for one, name in call.org.profiles.items()]
    return Reply(body={"profiles": rows})


def _profile(profile_id: str, name: str) -> JsonObject:
    return {
        "id": profile_id,
        "name": name,
        "display_label": name,
        "api_name": name,
        "description": None,
        "custom": False,
        "type": "normal_profile",
        "_default": name == ADMINISTRATOR,
        "created_time": None,
        "modified_time": None,
        "created_by": None,
        "modified_by": None,
    }


def roles(call: Call) -> Reply:
    """`GET /settings/roles`."""
    rows = [
        {"id": one, "name": name, "display_label": name, "api_name": name,
         "share_with_peers": True, "admin_user": name == "CEO", "description": None,
         "reporting_to": None, "forecast_manager": None}
        for one, name in call.org.roles.items()
    ]  # fmt: skip
    return Reply(body={"roles": rows})


def related_lists(call: Call) -> Reply:
    """`GET /settings/related_lists?module=`."""
    call.allow("module")
    found = call.named_module(call.required("module"))
    rows = [
        {
            "id": f"{found.id}{place:02d}",
            "api_name": name,
            "name": name.replace("_", " "),
            "display_label": name.replace("_", " "),
            "module": {"api_name": child, "id": call.org.modules[child].id},
            "type": "default",
            "sequence_number": str(place),
        }
        for place, (name, (child, _)) in enumerate(RELATED.get(found.api_name, {}).items(), 1)
    ]
    return Reply(body={"related_lists": rows}) if rows else nothing()
