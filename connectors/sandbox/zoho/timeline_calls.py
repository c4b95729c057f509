"""The timeline of a record: who changed which of its fields, when, from what to what.

Source: "Timeline of a Record" of the CRM API, version 8.
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.errors import invalid_id, wrong_parameter
from connectors.sandbox.zoho.fields import Module
from connectors.sandbox.zoho.values import person

_ACTIONS = {"insert": "added", "update": "updated", "restore": "restored"}
_PARAMETERS = ("per_page", "page_token", "include", "include_inner_details",
               "include_timeline_type", "filters", "sort_by", "sort_order")  # fmt: skip


def timeline(call: Call) -> Reply:
    """`GET /{module}/{id}/__timeline`: a page of entries, the latest first."""
    call.allow(*_PARAMETERS)
    module, key = call.module(), call.params["id"]
    if call.org.seen(module.api_name, key) is None:
        raise invalid_id()
    order = call.query.get("sort_order", "desc")
    if call.query.get("sort_by", "audited_time") != "audited_time" or order not in {"asc", "desc"}:
        raise wrong_parameter("sort_by", supported_values=["audited_time"])
    entries = _entries(call, module, key)
    if order == "desc":
        entries.reverse()
    size = call.page_size()
    page = entries[:size]
    if not page:
        return nothing()
    info = {"per_page": size, "count": len(page), "page": 1, "sort_by": "audited_time",
            "sort_order": order, "more_records": len(entries) > size}  # fmt: skip
    return Reply(body={"__timeline": page, "info": info})


def _entries(call: Call, module: Module, key: str) -> list[JsonObject]:
    """The writes of a record, oldest first, each with the values before it."""
    held: JsonObject = {}
    found = []
    for write in call.org.writes:
        if write["id"] != key or write["action"] not in _ACTIONS:
            continue
        found.append(_entry(call, module, write, held))
        held |= write["values"]
    return found


def _entry(call: Call, module: Module, write: JsonObject, held: JsonObject) -> JsonObject:
    who = person(call.org, write["user"])
    changed = [
        {
            "data_type": entry.data_type,
            "field_label": entry.label,
            "api_name": name,
            "id": entry.id,
            "_value": {"new": value, "old": held.get(name)},
        }
        for name, value in write["values"].items()
        if (entry := module.find(name)) is not None and call.may_see(entry)
    ]
    return {
        "id": f"{write['id']}{write['seq']:06d}",
        "action": _ACTIONS[write["action"]],
        "audited_time": write["at"],
        "done_by": who and {"name": who["name"], "id": who["id"]},
        "source": "crm_ui",
        "related_record": None,
        "automation_details": None,
        "record": {"module": {"api_name": module.api_name, "id": module.id}, "id": write["id"]},
        "field_history": changed,
    }
