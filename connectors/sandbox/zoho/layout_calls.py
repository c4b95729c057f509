"""Page layouts, and the sales pipelines that belong to the layout of deals.

Sources: "Layouts" and "Pipeline" of the metadata APIs.
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply
from connectors.sandbox.zoho.errors import ZohoError, invalid_data
from connectors.sandbox.zoho.fields import Layout, Module
from connectors.sandbox.zoho.metadata_calls import field_json, field_of
from connectors.sandbox.zoho.org import Stage

_MOST_FIELDS = 5


def layouts(call: Call) -> Reply:
    """`GET /settings/layouts?module=`."""
    call.allow("module")
    found = call.named_module(call.required("module"))
    return Reply(body={"layouts": [_layout(call, found, layout) for layout in found.layouts]})


def layout(call: Call) -> Reply:
    """`GET /settings/layouts/{id}?module=`."""
    call.allow("module")
    found = call.named_module(call.required("module"))
    return Reply(body={"layouts": [_layout(call, found, _layout_of(found, call.params["id"]))]})


def _layout_of(found: Module, layout_id: object) -> Layout:
    for entry in found.layouts:
        if entry.id == layout_id:
            return entry
    raise ZohoError("INVALID_DATA", "the id given seems to be invalid",
                    {"resource_path_index": 2})  # fmt: skip


def _layout(call: Call, found: Module, entry: Layout) -> JsonObject:
    shown = [
        field_json(call, found, field)
        for field in found.fields.values()
        if call.may_see(field) and (not field.is_custom or field.api_name in entry.custom_fields)
    ]
    section = {
        "display_label": f"{found.singular} Information",
        "api_name": f"{found.singular}_Information",
        "name": f"{found.singular} Information",
        "sequence_number": 1,
        "column_count": 2,
        "generated_type": "default",
        "fields": shown,
    }
    profiles = [{"name": name, "id": one, "default": True} for one, name in
                call.org.profiles.items()]  # fmt: skip
    return {
        "id": entry.id,
        "name": entry.name,
        "api_name": entry.name,
        "display_label": entry.name,
        "status": "active",
        "visible": True,
        "generated_type": "default" if entry is found.layouts[0] else "custom",
        "sections": [section],
        "profiles": profiles,
    }


def change_layout(call: Call) -> Reply:
    """`PATCH /settings/layouts/{id}?module=`: put custom fields on a layout, five at most."""
    call.allow("module")
    call.require_administrator()
    found = call.named_module(call.required("module"))
    entry = _layout_of(found, call.params["id"])
    [body] = call.rows("layouts", 1)
    wanted = [row for section in body.get("sections", []) for row in section.get("fields", [])]
    if not wanted or len(wanted) > _MOST_FIELDS:
        raise invalid_data("fields", maximum_length=_MOST_FIELDS, json_path="$.layouts[0].sections")
    for row in wanted:
        name = field_of(found, row.get("id")).api_name
        if name not in entry.custom_fields:
            entry.custom_fields.append(name)
    done = {
        "code": "SUCCESS",
        "details": {"id": entry.id},
        "message": "layout updated",
        "status": "success",
    }
    return Reply(body={"layouts": [done]})


def pipelines(call: Call) -> Reply:
    """`GET /settings/pipeline?layout_id=`: the pipelines with their stages."""
    call.allow("layout_id")
    _layout_of(call.org.modules["Deals"], call.required("layout_id"))
    rows = [
        {
            "display_value": made.name,
            "actual_value": made.name,
            "default": place == 0,
            "id": made.id,
            "maps": [_stage(stage, order) for order, stage in enumerate(made.stages, 1)],
        }
        for place, made in enumerate(call.org.pipelines)
    ]
    return Reply(body={"pipeline": rows})


def _stage(stage: Stage, order: int) -> JsonObject:
    return {
        "display_value": stage.display,
        "sequence_number": order,
        "forecast_category": {"name": stage.category, "id": stage.id},
        "actual_value": stage.actual,
        "id": stage.id,
        "colour_code": None,
        "forecast_type": stage.forecast_type,
    }
