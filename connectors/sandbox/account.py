"""The endpoints around the records: owners, pipelines, limits, the account and its usage."""

from datetime import timedelta

from connectors.sandbox import shapes
from connectors.sandbox.clock import stamp
from connectors.sandbox.portal import Portal
from connectors.sandbox.records import stage_values
from connectors.sandbox.state import stage, stage_slug
from connectors.sandbox.vocabulary import TYPES
from connectors.sandbox.wire import ApiError, Call, JsonObject, Reply, invalid, not_found

_OWNERS_MAXIMUM = 500


def list_owners(call: Call) -> Reply:
    """`GET …/owners?limit&after&email&archived`."""
    limit, after = call.limit(100, _OWNERS_MAXIMUM), call.cursor()
    wanted = call.text("email").lower()
    owners = sorted(call.portal.state.owners.values(), key=lambda owner: int(owner["id"]))
    following = [
        owner
        for owner in owners
        if owner["archived"] == call.flag("archived")
        and int(owner["id"]) > after
        and (not wanted or owner.get("email", "").lower() == wanted)
    ]
    page = following[:limit]
    body: JsonObject = {"results": page}
    if len(following) > limit:
        cursor = page[-1]["id"]
        address = call.url.partition("?")[0]
        link = f"{address}?limit={limit}&after={cursor}"
        body["paging"] = {"next": {"after": cursor, "link": link}}
    return Reply(body=body)


def get_owner(call: Call) -> Reply:
    """`GET …/owners/{id}?idProperty=id|userId&archived`."""
    name = "userId" if call.text("idProperty") == "userId" else "id"
    for owner in call.portal.state.owners.values():
        is_wanted = str(owner.get(name)) == call.params["id"]
        if is_wanted and owner["archived"] == call.flag("archived"):
            return Reply(body=owner)
    raise not_found(f"Owner {call.params['id']} does not exist")


def list_pipelines(call: Call) -> Reply:
    """`GET …/pipelines/{type}`: unpaged; only deals have pipelines here."""
    return Reply(body={"results": list(_pipelines(call).values())})


def _pipelines(call: Call) -> dict[str, JsonObject]:
    return call.portal.state.pipelines if shapes.kind_of(call).name == "deals" else {}


def _pipeline(call: Call) -> JsonObject:
    pipeline = _pipelines(call).get(call.params["pipeline"])
    if pipeline is None:
        raise not_found(f"Pipeline {call.params['pipeline']} does not exist")
    return pipeline


def get_pipeline(call: Call) -> Reply:
    """`GET …/pipelines/{type}/{pipeline}`."""
    return Reply(body=_pipeline(call))


def list_stages(call: Call) -> Reply:
    """`GET …/pipelines/{type}/{pipeline}/stages`."""
    return Reply(body={"results": _pipeline(call)["stages"]})


def create_stage(call: Call) -> Reply:
    """`POST …/pipelines/{type}/{pipeline}/stages {label, displayOrder, metadata}`: 201."""
    pipeline, body = _pipeline(call), call.object()
    label = body.get("label")
    if not isinstance(label, str) or not label:
        raise invalid("Some required fields were not set: [label]")
    if any(row["label"] == label for row in pipeline["stages"]):
        raise ApiError(409, "CONFLICT", f"A stage labelled '{label}' already exists.")
    stage_id = stage_slug(label) or str(len(pipeline["stages"]))
    taken = {row["id"] for one in _pipelines(call).values() for row in one["stages"]}
    if stage_id in taken:
        stage_id = f"{stage_id}{len(taken)}"
    order = body.get("displayOrder", len(pipeline["stages"]))
    fresh = stage(stage_id, label, _probability(body), order, call.portal.clock.stamp())
    _save(call, pipeline, [*pipeline["stages"], fresh])
    return Reply(status=201, body=fresh)


def change_stage(call: Call) -> Reply:
    """`PATCH …/pipelines/{type}/{pipeline}/stages/{stage}`: touches every deal of the stage."""
    pipeline, body = _pipeline(call), call.object()
    present = next((row for row in pipeline["stages"] if row["id"] == call.params["stage"]), None)
    if present is None:
        raise not_found(f"Stage {call.params['stage']} does not exist")
    given = {name: body[name] for name in ("label", "displayOrder") if name in body}
    probability = _probability(body) if "metadata" in body else present["metadata"]["probability"]
    changed = stage(present["id"], present["label"], probability, 0, present["createdAt"])
    changed |= {"displayOrder": present["displayOrder"]} | given
    changed["updatedAt"] = call.portal.clock.stamp()
    _save(call, pipeline, [changed if row is present else row for row in pipeline["stages"]])
    _touch_deals(call.portal, changed["id"])
    return Reply(body=changed)


def _touch_deals(portal: Portal, stage_id: str) -> None:
    values = stage_values(portal, stage_id)
    for record in list(portal.state.tables["deals"].records.values()):
        if record.values.get("dealstage") == stage_id and not record.archived:
            different = {
                name: text for name, text in values.items() if record.values.get(name) != text
            }
            portal.commit("record.changed", type="deals", id=record.id, values=different)


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


def _save(call: Call, pipeline: JsonObject, stages: list[JsonObject]) -> None:
    changed = pipeline | {"stages": stages, "updatedAt": call.portal.clock.stamp()}
    call.portal.commit("pipeline.saved", pipeline=changed)


def custom_property_limits(call: Call) -> Reply:
    """`GET …/limits/custom-properties`: how much room there is for custom properties."""
    limit = call.portal.switches.custom_property_limit
    rows = []
    for name in ("contacts", "companies", "deals"):
        known = call.portal.state.properties[name].values()
        usage = sum(1 for row in known if not row["hubspotDefined"])
        kind = TYPES[name]
        rows.append(
            {
                "objectTypeId": kind.type_id,
                "singularLabel": kind.singular.capitalize(),
                "pluralLabel": kind.name.capitalize(),
                "limit": limit,
                "usage": usage,
                "percentage": round(100 * usage / limit, 2),
            }
        )
    overall, used = 10 * limit, sum(int(str(row["usage"])) for row in rows)
    return Reply(
        body={
            "overallLimit": overall,
            "overallUsage": used,
            "overallPercentage": round(100 * used / overall, 2),
            "byObjectType": rows,
        }
    )


def details(call: Call) -> Reply:
    """`GET /account-info/…/details`: which portal this is, its zone and its currency."""
    account, clock = call.portal.account, call.portal.clock
    offset = clock.now().astimezone(clock.zone).utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return Reply(
        body={
            "portalId": account.portal_id,
            "accountType": "SANDBOX",
            "timeZone": account.zone,
            "companyCurrency": account.currency,
            "additionalCurrencies": [],
            "utcOffset": f"{sign}{minutes // 60:02d}:{minutes % 60:02d}",
            "utcOffsetMilliseconds": seconds * 1000,
            "uiDomain": call.url.partition("//")[2].partition("/")[0],
            "dataHostingLocation": "na1",
        }
    )


def usage(call: Call) -> Reply:
    """`GET /account-info/…/api-usage/daily/private-apps`: the account's day so far."""
    clock = call.portal.clock
    tomorrow = clock.now().astimezone(clock.zone).date() + timedelta(days=1)
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": call.portal.switches.daily_limit,
        "currentUsage": call.portal.used_today,
        "collectedAt": clock.stamp(),
        "fetchStatus": "SUCCESS",
        "resetsAt": stamp(clock.midnight(tomorrow)),
    }
    return Reply(body={"results": [row]})


def token_information(call: Call) -> Reply:
    """`POST /oauth/v2/private-apps/get/access-token-info {tokenKey}`: scopes of a key."""
    token = call.object().get("tokenKey")
    application = call.portal.applications.get(token) if isinstance(token, str) else None
    if application is None:
        raise ApiError(401, "INVALID_AUTHENTICATION", "The access token is not known here.")
    return Reply(
        body={
            "userId": 1,
            "hubId": call.portal.account.portal_id,
            "appId": int(application.id),
            "scopes": sorted(application.scopes),
        }
    )
