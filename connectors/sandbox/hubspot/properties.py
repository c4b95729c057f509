"""The properties API: definitions and groups of each object type."""

import re
from datetime import timedelta

from connectors.sandbox.clock import epoch_milliseconds, stamp
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import shapes
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.standard import definition
from connectors.sandbox.hubspot.versions import UNVERSIONED, Version
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, invalid, not_found

_FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date", "calculation_equation"},
    "datetime": {"date", "calculation_equation"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "string": {"text", "textarea", "file", "html", "phonenumber", "calculation_equation"},
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_UNIQUE_MAXIMUM = 10
# What a PATCH may replace; `name`, `hasUniqueValue` and others are left alone in silence.
_CHANGEABLE = (
    *("label", "description", "fieldType", "groupName", "options"),
    *("displayOrder", "hidden", "formField"),
)


def list_all(call: Call) -> Reply:
    """`GET …/properties/{type}`: every definition, unpaged; archived ones on request."""
    kind = shapes.kind_of(call)
    state = call.portal.state
    if call.flag("archived"):
        return Reply(body={"results": list(state.archived_properties[kind.name].values())})
    visible = [row for row in state.properties[kind.name].values() if _visible(call.portal, row)]
    return Reply(body={"results": visible})


def get_one(call: Call) -> Reply:
    """`GET …/properties/{type}/{name}`: 404 when unknown or archived."""
    kind, name = shapes.kind_of(call), call.params["name"]
    state = call.portal.state
    table = state.archived_properties if call.flag("archived") else state.properties
    found = table[kind.name].get(name)
    if found is None or not _visible(call.portal, found):
        raise _unknown(name)
    return Reply(body=found)


def _visible(portal: Portal, row: JsonObject) -> bool:
    delay = portal.switches.property_delay_seconds
    if not delay or row["hubspotDefined"]:
        return True
    horizon = stamp(portal.clock.now() - timedelta(seconds=delay))
    return (epoch_milliseconds(row["createdAt"]) or 0) <= (epoch_milliseconds(horizon) or 0)


def _unknown(name: str) -> ApiError:
    return not_found(f"Property {name} does not exist")


def create(call: Call) -> Reply:
    """`POST …/properties/{type}`: 201; 409 when the name is taken; an archived name revives."""
    kind = shapes.kind_of(call)
    saved = new_property(call.portal, kind, call.object(), call.version)
    address, _, _ = call.url.partition("?")
    return Reply(status=201, body=saved, headers={"Location": f"{address}/{saved['name']}"})


def new_property(
    portal: Portal, kind: ObjectType, body: JsonObject, version: Version = UNVERSIONED
) -> JsonObject:
    """Check a new definition and save it; values of an archived namesake come back with it."""
    for member in ("name", "label", "type", "fieldType", "groupName"):
        if not isinstance(body.get(member), str) or not body[member]:
            raise invalid(f"Some required fields were not set: [{member}]")
    name = body["name"]
    if name in portal.state.properties[kind.name]:
        raise ApiError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f"A property named '{name}' already exists.",
            sub_category="Properties.PROPERTY_WITH_NAME_EXISTS",
        )
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Property name '{name}' is not valid: it starts with a letter and has only "
            "lower-case letters, digits and underscores."
        )
    if body["type"] not in _FIELD_TYPES:
        raise invalid(f"Invalid property type '{body['type']}'.")
    _check_unique_count(portal, kind, body)
    require_room(portal, kind)
    at = portal.clock.stamp()
    fresh = definition(
        name, body["type"], body["fieldType"], group=body["groupName"], at=at, label=body["label"]
    )
    fresh["hasUniqueValue"] = bool(body.get("hasUniqueValue"))
    saved = _changed(portal, kind, fresh, body, version)
    portal.commit("property.saved", type=kind.name, definition=saved)
    return saved


def _check_unique_count(portal: Portal, kind: ObjectType, body: JsonObject) -> None:
    known = portal.state.properties[kind.name].values()
    unique = sum(1 for row in known if row["hasUniqueValue"])
    if body.get("hasUniqueValue") and unique >= _UNIQUE_MAXIMUM:
        raise invalid(f"An object has at most {_UNIQUE_MAXIMUM} properties with unique values.")


def change(call: Call) -> Reply:
    """`PATCH …/properties/{type}/{name}`: given members replace, `options` as a whole list."""
    kind, name = shapes.kind_of(call), call.params["name"]
    present = call.portal.state.properties[kind.name].get(name)
    if present is None:
        raise _unknown(name)
    body = call.object()
    if body.get("type", present["type"]) != present["type"]:
        raise invalid(
            f"Property '{name}' is of type {present['type']} and cannot become {body['type']}."
        )
    saved = _changed(call.portal, kind, present, body, call.version)
    call.portal.commit("property.saved", type=kind.name, definition=saved)
    return Reply(body=saved)


def require_room(portal: Portal, kind: ObjectType) -> None:
    """Refuse one more custom property where the edition has no room: 400.

    That HubSpot refuses is documented with the limits; its words for it are not.
    """
    switches = portal.switches
    overall = overall_limit(portal)
    if custom_count(portal, kind.name) >= switches.custom_property_limit:
        raise invalid(
            f"This account has reached its limit of {switches.custom_property_limit} custom "
            f"properties for {kind.name}."
        )
    if sum(custom_count(portal, name) for name in portal.state.properties) >= overall:
        raise invalid(f"This account has reached its limit of {overall} custom properties.")


def custom_count(portal: Portal, name: str) -> int:
    """Return how many properties of an object type are not HubSpot's own."""
    known = portal.state.properties[name].values()
    return sum(1 for row in known if not row["hubspotDefined"])


def overall_limit(portal: Portal) -> int:
    """Return how many custom properties all object types may have together."""
    switches = portal.switches
    return switches.custom_property_overall_limit or 10 * switches.custom_property_limit


def _changed(
    portal: Portal, kind: ObjectType, present: JsonObject, body: JsonObject, version: Version
) -> JsonObject:
    given = {name: body[name] for name in _CHANGEABLE if name in body}
    for name in ("label", "description", "fieldType", "groupName"):
        if not isinstance(given.get(name, ""), str):
            raise invalid(f"Invalid input JSON: '{name}' must be a text.")
    saved = present | given | {"updatedAt": portal.clock.stamp()}
    allowed_field(saved)
    if saved["groupName"] not in portal.state.groups[kind.name]:
        raise invalid(f"Property group '{saved['groupName']}' does not exist.")
    saved["options"] = _options(saved, version)
    return saved


def allowed_field(definition: JsonObject) -> None:
    """Refuse a type that does not exist, or that the field cannot show: 400."""
    name, field = definition["type"], definition["fieldType"]
    if field not in _FIELD_TYPES.get(name, set()):
        raise invalid(f"Invalid field type '{field}' for a property of type '{name}'.")


def _options(saved: JsonObject, version: Version) -> list[JsonObject]:
    options: list[JsonObject] = []
    seen = set()
    listed = saved["options"] or []
    if not isinstance(listed, list):
        raise invalid("Invalid input JSON: 'options' must be a list.")
    for order, given in enumerate(listed):
        row = given
        if isinstance(given, dict) and not version.requires_option_order:
            row = {"displayOrder": order} | given
        for member, kind in (("label", str), ("value", str), ("displayOrder", int)):
            if not isinstance(row, dict) or not isinstance(row.get(member), kind):
                raise invalid(f"Some required fields were not set: [options.{member}]")
        for key in (("label", row["label"]), ("value", row["value"])):
            if key in seen:
                raise invalid(f"Two options have the same {key[0]}: '{key[1]}'.")
            seen.add(key)
        options.append({"hidden": False} | row)
    if saved["type"] == "bool" and {row["value"] for row in options} != {"true", "false"}:
        raise invalid("A boolean property needs exactly the options 'true' and 'false'.")
    if saved["type"] == "enumeration" and not options and not saved["externalOptions"]:
        raise invalid("An enumeration property needs at least one option.")
    return options


def archive(call: Call) -> Reply:
    """`DELETE …/properties/{type}/{name}`: 204; 400 when in use or HubSpot's own."""
    remove_property(call.portal, shapes.kind_of(call), call.params["name"])
    return Reply(status=204)


def remove_property(portal: Portal, kind: ObjectType, name: str) -> None:
    """Archive a property; its values stay, unseen, until the name is created again."""
    present = portal.state.properties[kind.name].get(name)
    if present is None:
        raise _unknown(name)
    if present["hubspotDefined"]:
        raise invalid(f"Property '{name}' is defined by HubSpot and cannot be archived.")
    if f"{kind.name}.{name}" in portal.switches.properties_in_use:
        raise invalid(
            f"Property '{name}' is in use and cannot be archived.",
            sub_category="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE",
            context={"parents": ["calculated property"]},
        )
    portal.commit("property.archived", type=kind.name, name=name)


def batch_read(call: Call) -> Reply:
    """`POST …/properties/{type}/batch/read {inputs:[{name}]}`; unknown names are errors (207)."""
    kind = shapes.kind_of(call)
    known = call.portal.state.properties[kind.name]
    names = [str(row.get("name")) for row in call.inputs(100)]
    missing = [name for name in names if name not in known]
    errors = [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": f"Property {name} does not exist",
            "context": {"name": [name]},
        }
        for name in missing
    ]
    return _batch_answer(call, [known[name] for name in names if name in known], errors, 200)


def batch_create(call: Call) -> Reply:
    """`POST …/properties/{type}/batch/create`: each on its own, 207 when one is refused."""
    kind = shapes.kind_of(call)
    saved, errors = [], []
    for row in call.inputs(100):
        try:
            saved.append(new_property(call.portal, kind, row, call.version))
        except ApiError as error:
            errors.append(
                {
                    "status": "error",
                    "category": error.category,
                    "message": error.message,
                    "context": {"name": [str(row.get("name"))]},
                }
            )
    return _batch_answer(call, saved, errors, 201)


def _batch_answer(
    call: Call, results: list[JsonObject], errors: list[JsonObject], status: int
) -> Reply:
    at = call.portal.clock.stamp()
    body: JsonObject = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": at,
        "completedAt": at,
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Reply(status=207 if errors else status, body=body)


def batch_archive(call: Call) -> Reply:
    """`POST …/properties/{type}/batch/archive`: 204."""
    kind = shapes.kind_of(call)
    for row in call.inputs(100):
        if row.get("name") in call.portal.state.properties[kind.name]:
            remove_property(call.portal, kind, row["name"])
    return Reply(status=204)
