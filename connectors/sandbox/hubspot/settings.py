"""Actions in HubSpot's settings: properties, their choices and rules, pipelines and stages."""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import pipelines
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.properties import allowed_field, remove_property
from connectors.sandbox.hubspot.standard import option
from connectors.sandbox.hubspot.vocabulary import ObjectType, resolve
from connectors.sandbox.hubspot.wire import invalid, not_found


def _property(portal: Portal, body: JsonObject) -> tuple[ObjectType, JsonObject]:
    kind, name = resolve(str(body["objectType"])), str(body["property"])
    if name not in portal.state.properties[kind.name]:
        raise not_found(f"Property {name} does not exist")
    return kind, portal.state.properties[kind.name][name]


def _save(portal: Portal, kind: ObjectType, definition: JsonObject) -> JsonObject:
    saved = definition | {"updatedAt": portal.clock.stamp()}
    portal.commit("property.saved", type=kind.name, definition=saved)
    return saved


def _rename_label(portal: Portal, body: JsonObject) -> JsonObject:
    kind, known = _property(portal, body)
    return _save(portal, kind, known | {"label": str(body["label"])})


def _change_type(portal: Portal, body: JsonObject) -> JsonObject:
    """Give a property another type, which the API refuses; values stay as they were written.

    With `recreate`, as an administrator would do it by hand: archived, then created again under
    its name, with another date of creation. In both cases a number may hold a text afterwards.
    """
    kind, known = _property(portal, body)
    if known["hubspotDefined"]:
        raise invalid(f"Property '{known['name']}' is defined by HubSpot and keeps its type.")
    changed = known | {"type": str(body["type"]), "fieldType": str(body["fieldType"])}
    allowed_field(changed)
    values = body.get("options", [])
    changed["options"] = [option(str(value), order) for order, value in enumerate(values)]
    if body.get("recreate"):
        remove_property(portal, kind, known["name"])
        changed["createdAt"] = portal.clock.stamp()
    return _save(portal, kind, changed)


def _add_option(portal: Portal, body: JsonObject) -> JsonObject:
    kind, known = _property(portal, body)
    value = str(body["value"])
    fresh = option(value, len(known["options"]), str(body.get("label") or value))
    return _save(portal, kind, known | {"options": [*known["options"], fresh]})


def _remove_option(portal: Portal, body: JsonObject) -> JsonObject:
    """Take a choice away from an enumeration; records keep the value that has no label now."""
    kind, known = _property(portal, body)
    kept = [row for row in known["options"] if row["value"] != body["value"]]
    _save(portal, kind, known | {"options": kept})
    return {"options": [row["value"] for row in kept]}


def _remove_property(portal: Portal, body: JsonObject) -> JsonObject:
    remove_property(portal, resolve(str(body["objectType"])), str(body["property"]))
    return {"property": body["property"], "archived": True}


def _make_required(portal: Portal, body: JsonObject) -> JsonObject:
    """Require a property of every new record (`required` false takes the rule away)."""
    kind, known = _property(portal, body)
    rules = portal.switches.required_properties
    kept = [name for name in rules.get(kind.name, []) if name != known["name"]]
    if body.get("required", True):
        kept.append(known["name"])
    rules[kind.name] = kept
    return {"required": kept}


def _require_when(portal: Portal, body: JsonObject) -> JsonObject:
    """Require a property where another one (`basis`) has a `value`."""
    kind, known = _property(portal, body)
    rule = {
        "objectType": kind.name,
        "property": str(body["basis"]),
        "value": str(body["value"]),
        "required": str(known["name"]),
    }
    portal.switches.conditional_rules.append(rule)
    return {"rules": portal.switches.conditional_rules}


def _pipeline(portal: Portal, body: JsonObject) -> JsonObject:
    name = str(body.get("pipeline", "default"))
    if name not in portal.state.pipelines:
        raise not_found(f"Pipeline {name} does not exist")
    return portal.state.pipelines[name]


def _add_stage(portal: Portal, body: JsonObject) -> JsonObject:
    return pipelines.new_stage(portal, _pipeline(portal, body), body)


def _rename_stage(portal: Portal, body: JsonObject) -> JsonObject:
    """Change the label of a stage; its id stays, its deals are touched."""
    change = {"label": str(body["label"])}
    return pipelines.edit_stage(portal, _pipeline(portal, body), str(body["stage"]), change)


def _archive_stage(portal: Portal, body: JsonObject) -> JsonObject:
    """Take a stage away; its deals go to the stage `moveTo`."""
    pipeline, move_to = _pipeline(portal, body), str(body.get("moveTo") or "")
    pipelines.remove_stage(portal, pipeline, str(body["stage"]), move_to)
    return {"stage": body["stage"], "archived": True}


SETTINGS: dict[str, Callable[[Portal, JsonObject], JsonObject]] = {
    "rename_label": _rename_label,
    "change_type": _change_type,
    "add_option": _add_option,
    "remove_option": _remove_option,
    "remove_property": _remove_property,
    "make_required": _make_required,
    "require_when": _require_when,
    "add_pipeline": pipelines.new_pipeline,
    "add_stage": _add_stage,
    "rename_stage": _rename_stage,
    "archive_stage": _archive_stage,
}
