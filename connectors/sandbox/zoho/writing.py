"""One record created or changed through the API: every question is asked here, then it is done."""

from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import effects
from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.coql_parser import parse
from connectors.sandbox.zoho.coql_query import condition
from connectors.sandbox.zoho.errors import ZohoError, invalid_id
from connectors.sandbox.zoho.fields import Field, Module
from connectors.sandbox.zoho.org import Record, Values
from connectors.sandbox.zoho.values import person, read

# Features of Zoho that a write sets off, unless its body says which.
TRIGGERS = ("workflow", "approval", "blueprint")
_KNOWN_TRIGGERS = frozenset({*TRIGGERS, "pathfinder", "orchestration", "cadences"})


def create(call: Call, module: Module, row: JsonObject, place: str) -> Record:
    """Add a record; ZohoError of this record."""
    values = read_row(call, module, row, place, is_new=True)
    _check_rules(call, module, values, place)
    _check_unique(call, module, values, place, None)
    return effects.create(call.org, module, values, call.user_id)


def change(call: Call, module: Module, record_id: object, row: JsonObject, place: str) -> Record:
    """Change a record; ZohoError of this record."""
    found = call.org.tables[module.api_name].get(str(record_id))
    if found is None:
        raise located(invalid_id(), place)
    _check_open(call, found, place)
    values = read_row(call, module, row, place, is_new=False)
    _check_rules(call, module, found.values | values, place)
    _check_unique(call, module, values, place, found.id)
    effects.update(call.org, module, found, values, call.user_id)
    return found


def remove(call: Call, module: Module, record_id: str) -> None:
    """Delete a record; ZohoError of this record."""
    found = call.org.tables[module.api_name].get(record_id)
    if found is None:
        raise invalid_id()
    _check_open(call, found, "$")
    effects.delete(call.org, module, record_id, call.user_id)


def located(error: ZohoError, place: str) -> ZohoError:
    """Add the place of the mistake in the body to an error."""
    name = error.details.get("api_name")
    if name is not None and "json_path" not in error.details:
        error.details["json_path"] = f"{place}.{name}"
    return error


def _check_open(call: Call, found: Record, place: str) -> None:
    details = {"id": found.id, "json_path": f"{place}.id"}
    if found.id in call.org.locked:
        raise ZohoError("RECORD_LOCKED", "record is locked", details)
    if found.id in call.org.awaiting_approval:
        raise ZohoError("NOT_APPROVED", "record not approved", details)
    since = call.header_instant("If-Unmodified-Since")
    at = found.values["Modified_Time"]
    if since is not None and at > since:
        raise ZohoError(
            "ALREADY_MODIFIED", "the record has been modified already",
            {"id": found.id, "Modified_Time": call.org.printed(at),
             "Created_Time": call.org.printed(found.values["Created_Time"])},
            status=HTTPStatus.PRECONDITION_FAILED,
        )  # fmt: skip


def read_row(call: Call, module: Module, row: JsonObject, place: str, *, is_new: bool) -> Values:
    """Read an item of a request's `data`; ZohoError, for several mistakes all of them."""
    values: Values = {}
    errors: list[ZohoError] = []
    for name, value in row.items():
        entry = _writable(call, module, name, errors, place)
        if entry is None:
            continue
        try:
            values[name] = _kept(call, module, name, read(call.org, entry, value))
        except ZohoError as error:
            errors.append(located(error, place))
    if "Layout" in row:
        _read_layout(module, row["Layout"], values, errors, place)
    errors += _missing(module, values, place, is_new=is_new)
    errors += _unrelated(call, module, row, values, place)
    errors += _off_pipeline(call, values, place)
    if len(errors) > 1:
        details = {"errors": [error.as_json() for error in errors]}
        raise ZohoError("MULTIPLE_OR_MULTI_ERRORS", "multiple errors occurred", details)
    if errors:
        raise errors[0]
    return values


def _kept(call: Call, module: Module, name: str, value: object) -> object:
    """Return what a workflow of the organization makes of a value before it is kept."""
    is_upper = call.org.switches.before_save.get(f"{module.api_name}.{name}") == "upper"
    return value.upper() if is_upper and isinstance(value, str) else value


def _check_rules(call: Call, module: Module, values: Values, place: str) -> None:
    for rule in call.org.switches.validation_rules:
        if rule["module"] != module.api_name:
            continue
        text = " ".join(["select id from", module.api_name, "where", rule["condition"]])
        test = condition(call, module, parse(text, 1).where)
        if test(values):
            error = ZohoError("INVALID_DATA", rule["message"], {"api_name": rule["field"]})
            raise located(error, place)


def _writable(
    call: Call, module: Module, name: str, errors: list[ZohoError], place: str
) -> Field | None:
    """Return the field of a key; None when the key is passed over or refused."""
    if name in {"id", "Layout"} or name.startswith("$"):
        return None
    switches, entry = call.org.switches, module.find(name)
    if entry is None or entry.is_read_only:
        how = switches.unknown_key_in_write
    elif entry.permission(call.profile_id) != "read_write":
        how = switches.closed_field_in_write
    else:
        return entry
    call.org.ignored[name] += 1
    if how == "refused":
        code = "INVALID_DATA" if entry is None else "NO_PERMISSION"
        message = "invalid data" if entry is None else "Field Edit Permission not given"
        errors.append(located(ZohoError(code, message, {"api_name": name}), place))
    return None


def _read_layout(
    module: Module, value: object, values: Values, errors: list[ZohoError], place: str
) -> None:
    wanted = value.get("id") if isinstance(value, dict) else value
    if any(layout.id == wanted for layout in module.layouts):
        values["Layout"] = wanted
    else:
        error = ZohoError("INVALID_DATA", "invalid data", {"api_name": "Layout"})
        errors.append(located(error, place))


def _missing(module: Module, values: Values, place: str, *, is_new: bool) -> list[ZohoError]:
    return [
        located(
            ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name}), place
        )
        for name, entry in module.fields.items()
        if entry.is_mandatory and values.get(name) is None and (is_new or name in values)
    ]


def _unrelated(
    call: Call, module: Module, row: JsonObject, values: Values, place: str
) -> list[ZohoError]:
    """Refuse a look-up to one of several modules without the module, or with the wrong one."""
    name = "What_Id"
    if name not in module.fields or values.get(name) is None:
        return []
    dependee = {"api_name": name, "json_path": f"{place}.{name}"}
    details = {"api_name": "$se_module", "json_path": f"{place}.$se_module", "dependee": dependee}
    given = row.get("$se_module")
    if given is None:
        return [ZohoError("DEPENDENT_FIELD_MISSING", "dependent field missing", details)]
    if call.org.module_of(values[name]) != given:
        return [ZohoError("DEPENDENT_MISMATCH", "dependent field mismatch", details)]
    return []


def _off_pipeline(call: Call, values: Values, place: str) -> list[ZohoError]:
    """Refuse a stage that is not one of the pipeline that is written with it."""
    name, stage = values.get("Pipeline"), values.get("Stage")
    if name is None or stage is None:
        return []
    found = next((made for made in call.org.pipelines if made.name == name), None)
    if found is not None and any(entry.actual == stage for entry in found.stages):
        return []
    mapped = {"api_name": "Pipeline", "json_path": f"{place}.Pipeline"}
    details = {"api_name": "Stage", "mapped_field": mapped}
    message = "Pipeline doesn't contain the Stage"
    if found is None:
        details, message = {"api_name": "Pipeline"}, "Layout doesn't contain the Pipeline"
    return [located(ZohoError("MAPPING_MISMATCH", message, details), place)]


def _check_unique(
    call: Call, module: Module, values: Values, place: str, own_id: str | None
) -> None:
    for name, value in values.items():
        entry = module.find(name)
        if entry is None or not (entry.is_unique or entry.is_external) or value is None:
            continue
        for row in call.org.rows(module.api_name):
            if row.get(name) == value and row["id"] != own_id:
                details = {"api_name": name, **_holder(call, module, row)}
                raise located(ZohoError("DUPLICATE_DATA", "duplicate data", details), place)


def _holder(call: Call, module: Module, row: Values) -> JsonObject:
    """The record that has a unique value already, as a refusal names it."""
    if call.org.switches.duplicate_value == "id":
        return {"id": row["id"]}
    duplicate = {
        "id": row["id"],
        "Owner": person(call.org, row.get("Owner", "")),
        "module": {"api_name": module.api_name, "id": module.id},
    }
    return {"duplicate_record": duplicate, "more_records": False}


def fire(call: Call, body: JsonObject, number: int) -> None:
    """Count the automations that a write of so many records would have set off; ZohoError 400."""
    given = body.get("trigger", list(TRIGGERS))
    if not isinstance(given, list) or not all(name in _KNOWN_TRIGGERS for name in given):
        raise ZohoError("INVALID_DATA", "invalid data",
                        {"api_name": "trigger", "json_path": "$.trigger",
                         "supported_values": sorted(_KNOWN_TRIGGERS)})  # fmt: skip
    for name in given:
        call.org.fired[name] += number
