"""The objects API, one record at a time: list, read, create, change, archive, merge."""

from connectors.sandbox.hubspot import links, records, shapes
from connectors.sandbox.hubspot.wire import Call, Reply, invalid, not_found

_LIST_MAXIMUM = 100
_LIST_MAXIMUM_WITH_HISTORY = 50


def list_page(call: Call) -> Reply:
    """`GET …/objects/{type}`: keyset paging by record id, with no cap on the total."""
    kind = shapes.kind_of(call)
    with_history = call.names("propertiesWithHistory")
    limit = call.limit(10, _LIST_MAXIMUM_WITH_HISTORY if with_history else _LIST_MAXIMUM)
    after = call.cursor()
    shape = shapes.from_query(call, kind)
    table = call.portal.state.tables[kind.name]
    page, has_more = table.page(after, limit, archived=call.flag("archived"))
    body: dict[str, object] = {"results": [shape.print(record) for record in page]}
    if has_more:
        cursor = page[-1].id
        body["paging"] = {"next": {"after": cursor, "link": next_link(call, cursor)}}
    return Reply(body=body)


def next_link(call: Call, cursor: str) -> str:
    """Return this request's own address with another `after`."""
    address, _, query = call.url.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("after=")]
    return f"{address}?{'&'.join([*kept, f'after={cursor}'])}"


def get_one(call: Call) -> Reply:
    """`GET …/objects/{type}/{id}`; a merged id leads to its survivor."""
    kind = shapes.kind_of(call)
    shape = shapes.from_query(call, kind)
    if call.flag("archived"):
        record = call.portal.state.tables[kind.name].get(call.params["id"])
        if record is None or not record.archived:
            raise not_found()
    else:
        record = records.find(call.portal, kind, call.params["id"], call.text("idProperty"))
    return Reply(body=shape.print(record))


def create(call: Call) -> Reply:
    """`POST …/objects/{type}`: 201, with associations in the same write."""
    kind = shapes.kind_of(call)
    body = call.object()
    wanted = links.requested(call.portal, kind, body.get("associations"))
    enforces = call.version.enforces_rules
    if wanted:
        links.require_right(call)
    record = records.create(call.portal, kind, body.get("properties"), enforces=enforces)
    for target, other, numbers in wanted:
        links.link(call.portal, (kind, record.id), (target, other), numbers)
    shown = shapes.everything(call.portal, kind, record, list(body["properties"]))
    return Reply(status=201, body=shown | shapes.afterwards(call, kind, record, body))


def change(call: Call) -> Reply:
    """`PATCH …/objects/{type}/{id}`: 200 with what was written."""
    kind = shapes.kind_of(call)
    body = call.object()
    record = records.find(call.portal, kind, call.params["id"], call.text("idProperty"))
    records.require_unlocked(call.portal, kind, record.id)
    enforces = call.version.enforces_rules
    records.change(call.portal, kind, record, body.get("properties"), enforces=enforces)
    written = list(body["properties"])
    shape = shapes.Shape(call.portal, kind, properties=written, history=[], associations=[])
    return Reply(body=shape.print(record) | shapes.afterwards(call, kind, record, body))


def archive(call: Call) -> Reply:
    """`DELETE …/objects/{type}/{id}`: 204 even when the record is already gone."""
    kind, record_id = shapes.kind_of(call), call.params["id"]
    records.require_unlocked(call.portal, kind, record_id)
    records.archive(call.portal, kind, record_id)
    return Reply(status=204)


def delete_for_good(call: Call) -> Reply:
    """`POST …/objects/contacts/gdpr-delete {objectId, idProperty?}`: 204, and nothing is left."""
    kind, body = shapes.kind_of(call), call.object()
    if kind.name != "contacts":
        raise invalid(f"{kind.name} cannot be deleted for good, only contacts can.")
    wanted, id_property = str(body.get("objectId")), str(body.get("idProperty") or "")
    record = records.find(call.portal, kind, wanted, id_property)
    call.portal.commit("record.purged", type=kind.name, id=record.id)
    return Reply(status=204)


def merge(call: Call) -> Reply:
    """`POST …/objects/{type}/merge`: the survivor, which may have a new id."""
    kind = shapes.kind_of(call)
    for member in ("primaryObjectId", "objectIdToMerge"):
        records.require_unlocked(call.portal, kind, str(call.object().get(member)))
    survivor = records.merge(call.portal, kind, call.object())
    return Reply(body=shapes.everything(call.portal, kind, survivor, []))
