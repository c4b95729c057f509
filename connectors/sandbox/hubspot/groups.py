"""The groups of properties: the cards of a record page."""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import shapes
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, invalid, not_found


def list_groups(call: Call) -> Reply:
    """`GET …/properties/{type}/groups`."""
    groups = call.portal.state.groups[shapes.kind_of(call).name]
    return Reply(body={"results": list(groups.values())})


def get_group(call: Call) -> Reply:
    """`GET …/properties/{type}/groups/{name}`."""
    return Reply(body=_group(call))


def _group(call: Call) -> JsonObject:
    group = call.portal.state.groups[shapes.kind_of(call).name].get(call.params["name"])
    if group is None:
        raise not_found(f"Property group {call.params['name']} does not exist")
    return group


def create_group(call: Call) -> Reply:
    """`POST …/properties/{type}/groups {name, label, displayOrder?}`: 201 or 409."""
    kind, body = shapes.kind_of(call), call.object()
    for member in ("name", "label"):
        if not isinstance(body.get(member), str) or not body[member]:
            raise invalid(f"Some required fields were not set: [{member}]")
    if body["name"] in call.portal.state.groups[kind.name]:
        raise ApiError(
            409,
            "OBJECT_ALREADY_EXISTS",
            f"A property group named '{body['name']}' already exists.",
            sub_category="Properties.GROUP_WITH_NAME_EXISTS",
        )
    group = {
        "name": body["name"],
        "label": body["label"],
        "displayOrder": body.get("displayOrder", -1),
        "archived": False,
    }
    call.portal.commit("group.saved", type=kind.name, group=group)
    return Reply(status=201, body=group)


def change_group(call: Call) -> Reply:
    """`PATCH …/properties/{type}/groups/{name}`: label and order."""
    body = call.object()
    given = {name: body[name] for name in ("label", "displayOrder") if name in body}
    group = _group(call) | given
    call.portal.commit("group.saved", type=shapes.kind_of(call).name, group=group)
    return Reply(body=group)


def archive_group(call: Call) -> Reply:
    """`DELETE …/properties/{type}/groups/{name}`: 400 while a property is in the group."""
    kind, name = shapes.kind_of(call), _group(call)["name"]
    members = call.portal.state.properties[kind.name].values()
    if any(row["groupName"] == name for row in members):
        raise invalid(
            f"Property group '{name}' has active properties.",
            sub_category="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        )
    call.portal.commit("group.archived", type=kind.name, name=name)
    return Reply(status=204)
