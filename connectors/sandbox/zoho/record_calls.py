"""Writing records, up to 100 in a call: each has its own outcome, in the order of the request.

Sources: "Insert", "Update", "Upsert" and "Delete Records"; "Merge Records".
"""

from collections.abc import Callable
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import effects, writing
from connectors.sandbox.zoho.call import Call, Reply, rows_of
from connectors.sandbox.zoho.errors import ZohoError, invalid_data, invalid_id
from connectors.sandbox.zoho.fields import Module
from connectors.sandbox.zoho.org import Record
from connectors.sandbox.zoho.reading_calls import external_field, record_id
from connectors.sandbox.zoho.values import person

MOST = 100
_MOST_MERGED = 2
_BODY = frozenset({"data", "trigger", "skip_feature_execution", "apply_feature_execution",
                   "duplicate_check_fields", "lar_id", "process"})  # fmt: skip
# Module → the field by which an upsert finds a record when it is not told another.
_SYSTEM_KEYS = {"Accounts": "Account_Name", "Deals": "Deal_Name", "Contacts": "Email"}


def create(call: Call) -> Reply:
    """`POST /{module}`."""
    module, body, rows = _request(call)

    def made(row: JsonObject, place: str) -> JsonObject:
        return _success(call, writing.create(call, module, row, place), "record added")

    return _each(call, body, rows, made, HTTPStatus.CREATED)


def change(call: Call) -> Reply:
    """`PUT /{module}`, and with an id in the path one record."""
    module, body, rows = _request(call)

    def changed(row: JsonObject, place: str) -> JsonObject:
        found = writing.change(call, module, _target(call, module, row, place), row, place)
        return _success(call, found, "record updated")

    return _each(call, body, rows, changed, HTTPStatus.OK)


def _target(call: Call, module: Module, row: JsonObject, place: str) -> object:
    if "id" in call.params:
        return record_id(call, module)
    header = call.headers.get("x-external")
    name = "id" if header is None else external_field(call, module, header)
    if row.get(name) is None:
        error = ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name})
        raise writing.located(error, place)
    if header is None:
        return row["id"]
    matching = [one["id"] for one in call.org.rows(module.api_name) if one.get(name) == row[name]]
    return matching[0] if matching else ""


def upsert(call: Call) -> Reply:
    """`POST /{module}/upsert`."""
    module, body, rows = _request(call)
    if not module.is_upsertable:
        message = "the upsert is not supported for this module"
        raise ZohoError("NOT_SUPPORTED", message, {"resource_path_index": 0})
    keys = _keys(module, body)

    def put(row: JsonObject, place: str) -> JsonObject:
        for key in keys:
            matching = [
                one["id"]
                for one in call.org.rows(module.api_name)
                if row.get(key) is not None and one.get(key) == row[key]
            ]
            if matching:
                # The oldest of several has it.
                found = writing.change(call, module, matching[0], row, place)
                more = {"duplicate_field": key, "action": "update"}
                return _success(call, found, "record updated") | more
        found = writing.create(call, module, row, place)
        return _success(call, found, "record added") | {
            "duplicate_field": None,
            "action": "insert",
        }

    return _each(call, body, rows, put, HTTPStatus.OK)


def _keys(module: Module, body: JsonObject) -> list[str]:
    system = _SYSTEM_KEYS.get(module.api_name, "Name")
    given = body.get("duplicate_check_fields", [system])
    for name in given:
        entry = module.find(name)
        if entry is None or not (entry.is_unique or name == system):
            raise invalid_data("duplicate_check_fields", json_path="$.duplicate_check_fields")
    return list(given)


def remove(call: Call) -> Reply:
    """`DELETE /{module}?ids=…`, or one record of the path."""
    call.allow("ids", "wf_trigger")
    module = call.module()
    _require_writable(module)
    wanted = [record_id(call, module)] if "id" in call.params else call.required("ids").split(",")
    if len(wanted) > MOST:
        raise ZohoError("LIMIT_EXCEEDED", "the limit is exceeded",
                        {"limit": MOST, "param_name": "ids"})  # fmt: skip
    if call.query.get("wf_trigger", "true") != "false":
        call.org.fired["workflow"] += len(wanted)
    call.cost = cost_of(len(wanted))
    outcomes, errors = [], []
    for one in wanted:
        try:
            writing.remove(call, module, one)
            outcomes.append(_outcome({"id": one}, "record deleted"))
        except ZohoError as error:
            error.details = {"id": one} if error.code == "INVALID_DATA" else error.details
            errors.append(error)
            outcomes.append(error.as_json())
    return _answer(call, outcomes, errors, HTTPStatus.OK)


def merge(call: Call) -> Reply:
    """`POST /{module}/{id}/actions/merge`: up to two others go into the record of the path."""
    module = call.module()
    [body] = call.rows("merge", 1)
    winner = call.org.tables[module.api_name].get(call.params["id"])
    if winner is None or module.api_name not in {"Accounts", "Contacts"}:
        raise invalid_id()
    losers = rows_of(body, "data", _MOST_MERGED)
    found = [call.org.tables[module.api_name].get(str(row.get("id"))) for row in losers]
    if None in found or winner in found:
        raise invalid_id()
    for row, loser in zip(losers, found, strict=True):
        if loser is not None:
            names = [str(entry.get("api_name")) for entry in row.get("_fields", [])]
            kept = {name: loser.values.get(name) for name in names if module.find(name)}
            effects.update(call.org, module, winner, kept, call.user_id)
            effects.merge(call.org, module, winner, loser, call.user_id)
    entry = _outcome({"id": winner.id}, "the records are merged")
    return Reply(status=HTTPStatus.CREATED, body={"merge": [entry]})


def cost_of(number: int) -> int:
    """The credits of a write: one for each ten records."""
    return -(-number // 10)


def _request(call: Call) -> tuple[Module, JsonObject, list[JsonObject]]:
    call.allow()
    module = call.module()
    _require_writable(module)
    body = call.json()
    for name in body:
        if name not in _BODY:
            raise invalid_data(name, json_path=f"$.{name}")
    return module, body, rows_of(body, "data", MOST)


def _require_writable(module: Module) -> None:
    if not module.is_writable:
        message = "the module name given seems to be invalid"
        raise ZohoError("INVALID_MODULE", message, {"resource_path_index": 0})


def _each(
    call: Call,
    body: JsonObject,
    rows: list[JsonObject],
    write: Callable[[JsonObject, str], JsonObject],
    status: HTTPStatus,
) -> Reply:
    call.cost = cost_of(len(rows))
    writing.fire(call, body, 0)
    outcomes, errors = [], []
    for place, row in enumerate(rows):
        try:
            outcomes.append(write(row, f"$.data[{place}]"))
            writing.fire(call, body, 1)
        except ZohoError as error:
            errors.append(error)
            outcomes.append(error.as_json())
    return _answer(call, outcomes, errors, status)


def _answer(
    call: Call, outcomes: list[JsonObject], errors: list[ZohoError], status: HTTPStatus
) -> Reply:
    shown = int(status)
    is_late = [error.status == HTTPStatus.PRECONDITION_FAILED for error in errors]
    if any(is_late) and call.org.switches.already_modified == "flat":
        raise errors[is_late.index(True)]
    if errors and len(errors) < len(outcomes):
        shown = int(call.org.switches.mixed_outcome)
    elif errors and all(is_late):
        shown = int(HTTPStatus.PRECONDITION_FAILED)
    elif errors:
        shown = call.org.switches.all_failed_status
    return Reply(status=shown, body={"data": outcomes})


def _outcome(details: JsonObject, message: str) -> JsonObject:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}


def _success(call: Call, found: Record, message: str) -> JsonObject:
    values = found.values
    people = {}
    for name in ("Modified_By", "Created_By"):
        shown = person(call.org, values[name])
        people[name] = shown and {"name": shown["name"], "id": shown["id"]}
    details = {
        "Modified_Time": call.org.printed(values["Modified_Time"]),
        "Modified_By": people["Modified_By"],
        "Created_Time": call.org.printed(values["Created_Time"]),
        "id": found.id,
        "Created_By": people["Created_By"],
        "$approval_state": "approved",
    }
    return _outcome(details, message)
