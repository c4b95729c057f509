"""Sales pipelines and their stages. Every edit touches the deals concerned, as in HubSpot.

The list is neither paged nor sorted, and `archived=true` changes nothing (seen in HubSpot).
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import shapes
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import stage_values
from connectors.sandbox.hubspot.state import stage, stage_slug
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, invalid, not_found


def list_pipelines(call: Call) -> Reply:
    """`GET …/pipelines/{type}`: unpaged; only deals have pipelines here."""
    return Reply(body={"results": list(_pipelines(call).values())})


def _pipelines(call: Call) -> dict[str, JsonObject]:
    return call.portal.state.pipelines if shapes.kind_of(call).name == "deals" else {}


def _pipeline(call: Call) -> JsonObject:
    name = call.params["pipeline"]
    if name not in _pipelines(call):
        raise not_found(f"Pipeline {name} does not exist")
    return _pipelines(call)[name]


def get_pipeline(call: Call) -> Reply:
    """`GET …/pipelines/{type}/{pipeline}`."""
    return Reply(body=_pipeline(call))


def change_pipeline(call: Call) -> Reply:
    """`PATCH …/pipelines/{type}/{pipeline}`: label and order; touches its deals."""
    portal, present, body = call.portal, _pipeline(call), call.object()
    given = {name: body[name] for name in ("label", "displayOrder") if name in body}
    if "label" in given:
        _label(body)
    changed = present | given | {"updatedAt": portal.clock.stamp()}
    portal.commit("pipeline.saved", pipeline=changed)
    for row in changed["stages"]:
        _touch_deals(portal, row["id"], {})
    return Reply(body=changed)


def archive_pipeline(call: Call) -> Reply:
    """`DELETE …/pipelines/{type}/{pipeline}`: 204; 400 for the last one, or while it has deals."""
    pipeline = _pipeline(call)
    if len(_pipelines(call)) == 1:
        raise invalid("The last pipeline cannot be deleted.")
    for row in pipeline["stages"]:
        _require_empty(call.portal, row["id"])
    call.portal.commit("pipeline.removed", id=pipeline["id"])
    return Reply(status=204)


def get_stage(call: Call) -> Reply:
    """`GET …/pipelines/{type}/{pipeline}/stages/{stage}`."""
    return Reply(body=_stage(_pipeline(call), call.params["stage"]))


def list_stages(call: Call) -> Reply:
    """`GET …/pipelines/{type}/{pipeline}/stages`."""
    return Reply(body={"results": _pipeline(call)["stages"]})


def create_pipeline(call: Call) -> Reply:
    """`POST …/pipelines/{type} {label, displayOrder, stages:[{label, metadata}]}`: 201."""
    if shapes.kind_of(call).name != "deals":
        raise invalid("Only deals have pipelines in this portal.")
    return Reply(status=201, body=new_pipeline(call.portal, call.object()))


def new_pipeline(portal: Portal, body: JsonObject) -> JsonObject:
    """Add a pipeline with its stages; 400 without label or stages, 409 when the label is taken."""
    label, stages = _label(body), body.get("stages")
    known = portal.state.pipelines
    if any(row["label"] == label for row in known.values()):
        raise ApiError(409, "CONFLICT", f"A pipeline labelled '{label}' already exists.")
    if (
        not isinstance(stages, list)
        or not stages
        or not all(isinstance(row, dict) for row in stages)
    ):
        raise invalid("Some required fields were not set: [stages]")
    at = portal.clock.stamp()
    made: list[JsonObject] = []
    for row in stages:
        made.append(_fresh(portal, row, made))
    slug = str(body.get("id") or stage_slug(label) or len(known))
    pipeline: JsonObject = {
        "id": slug if slug not in known else f"{slug}{len(known)}",
        "label": label,
        "displayOrder": body.get("displayOrder", len(known)),
        "createdAt": at,
        "updatedAt": at,
        "archived": False,
        "stages": made,
    }
    portal.commit("pipeline.saved", pipeline=pipeline)
    return pipeline


def _fresh(portal: Portal, body: JsonObject, siblings: list[JsonObject]) -> JsonObject:
    label = _label(body)
    if any(row["label"] == label for row in siblings):
        raise ApiError(409, "CONFLICT", f"A stage labelled '{label}' already exists.")
    taken = {row["id"] for one in portal.state.pipelines.values() for row in one["stages"]}
    taken |= {row["id"] for row in siblings}
    stage_id = stage_slug(label) or str(len(siblings))
    if stage_id in taken:
        # Ids of stages are unique in the whole account; HubSpot's later ones are numbers.
        stage_id = str(900_000_000 + len(taken))
    order = body.get("displayOrder", len(siblings))
    return stage(stage_id, label, _probability(body), order, portal.clock.stamp())


def create_stage(call: Call) -> Reply:
    """`POST …/pipelines/{type}/{pipeline}/stages {label, displayOrder, metadata}`: 201."""
    return Reply(status=201, body=new_stage(call.portal, _pipeline(call), call.object()))


def new_stage(portal: Portal, pipeline: JsonObject, body: JsonObject) -> JsonObject:
    """Add a stage to a pipeline; 409 when its label is taken there."""
    fresh = _fresh(portal, body, pipeline["stages"])
    _save(portal, pipeline, [*pipeline["stages"], fresh])
    return fresh


def change_stage(call: Call) -> Reply:
    """`PATCH …/pipelines/{type}/{pipeline}/stages/{stage}`: touches every deal of the stage."""
    pipeline, stage_id = _pipeline(call), call.params["stage"]
    return Reply(body=edit_stage(call.portal, pipeline, stage_id, call.object()))


def edit_stage(portal: Portal, pipeline: JsonObject, stage_id: str, body: JsonObject) -> JsonObject:
    """Change a stage's label, order or probability, and touch its deals."""
    present = _stage(pipeline, stage_id)
    given = {name: body[name] for name in ("label", "displayOrder") if name in body}
    probability = _probability(body) if "metadata" in body else present["metadata"]["probability"]
    changed = stage(present["id"], present["label"], probability, 0, present["createdAt"])
    changed |= {"displayOrder": present["displayOrder"]} | given
    changed["updatedAt"] = portal.clock.stamp()
    _save(portal, pipeline, [changed if row is present else row for row in pipeline["stages"]])
    _touch_deals(portal, stage_id, stage_values(portal, stage_id))
    return changed


def archive_stage(call: Call) -> Reply:
    """`DELETE …/pipelines/{type}/{pipeline}/stages/{stage}`: 204; 400 while deals are in it."""
    remove_stage(call.portal, _pipeline(call), call.params["stage"])
    return Reply(status=204)


def remove_stage(portal: Portal, pipeline: JsonObject, stage_id: str, move_to: str = "") -> None:
    """Take a stage away; its deals go to `move_to`, without which there must be none."""
    present = _stage(pipeline, stage_id)
    if move_to:
        _stage(pipeline, move_to)
        _touch_deals(portal, stage_id, {"dealstage": move_to} | stage_values(portal, move_to))
    _require_empty(portal, stage_id)
    _save(portal, pipeline, [row for row in pipeline["stages"] if row is not present])


def _require_empty(portal: Portal, stage_id: str) -> None:
    used = [
        record.id
        for record in portal.state.tables["deals"].records.values()
        if record.values.get("dealstage") == stage_id and not record.archived
    ]
    if used:
        raise invalid(
            f"Stage '{stage_id}' still has {len(used)} deals; move them before it is deleted.",
            context={"ids": used[:10]},
        )


def _stage(pipeline: JsonObject, stage_id: str) -> JsonObject:
    for row in pipeline["stages"]:
        if row["id"] == stage_id:
            found: JsonObject = row
            return found
    raise not_found(f"Stage {stage_id} does not exist")


def _touch_deals(portal: Portal, stage_id: str, values: dict[str, str]) -> None:
    """Change the deals of a stage, all at one instant: a bulk job's trap for readers."""
    at = portal.clock.stamp()
    for record in list(portal.state.tables["deals"].records.values()):
        if record.values.get("dealstage") == stage_id and not record.archived:
            different = {
                name: text for name, text in values.items() if record.values.get(name) != text
            }
            portal.commit("record.changed", at=at, type="deals", id=record.id, values=different)


def _label(body: JsonObject) -> str:
    label = body.get("label")
    if not isinstance(label, str) or not label:
        raise invalid("Some required fields were not set: [label]")
    return label


def _probability(body: JsonObject) -> str:
    metadata = body.get("metadata")
    raw = metadata.get("probability") if isinstance(metadata, dict) else None
    try:
        probability = float(str(raw))
    except ValueError:
        probability = -1
    if not 0 <= probability <= 1:
        raise invalid(f"Invalid probability '{raw}': a deal stage needs one between 0.0 and 1.0.")
    return str(probability)


def _save(portal: Portal, pipeline: JsonObject, stages: list[JsonObject]) -> None:
    changed = pipeline | {"stages": stages, "updatedAt": portal.clock.stamp()}
    portal.commit("pipeline.saved", pipeline=changed)
