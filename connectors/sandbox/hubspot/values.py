"""Property values: what HubSpot accepts, how it stores it, and its words when it refuses.

Values are strings. A number comes back as it was written; a date is kept as an ISO day, a
datetime as an ISO instant in UTC; both may be sent as epoch milliseconds.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import orjson

from connectors.sandbox.clock import epoch_milliseconds, from_milliseconds, stamp
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import ApiError, invalid

_DAY = 86_400_000
_LONGEST_TEXT = 65_536
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class InvalidValueError(Exception):
    """One value that a property refuses; carries HubSpot's code and sentence."""

    def __init__(self, code: str, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.message = message

    def result(self) -> JsonObject:
        """Return the entry that HubSpot prints inside the error's message."""
        return {
            "isValid": False,
            "message": self.message,
            "error": self.code,
            "name": self.name,
            "localizedErrorMessage": self.message,
        }


def refusal(failures: list[InvalidValueError]) -> ApiError:
    """Build the 400 that names every refused value of a record."""
    results = orjson.dumps([failure.result() for failure in failures]).decode()
    return invalid(
        f"Property values were not valid: {results}",
        errors=[
            {
                "message": failure.message,
                "code": failure.code,
                "context": {"propertyName": [failure.name]},
            }
            for failure in failures
        ],
    )


def texts_only(properties: object) -> dict[str, str]:
    """Check that `properties` maps names to strings; 400 on JSON numbers, booleans and null."""
    if not isinstance(properties, dict):
        raise invalid("Some required fields were not set: [properties]")
    for name, value in properties.items():
        if not isinstance(value, str):
            raise invalid(
                f"Invalid input JSON: cannot deserialize the value of property '{name}' "
                f"({orjson.dumps(value).decode()}): a string is expected."
            )
    return properties


def normalised(
    portal: Portal, kind: ObjectType, properties: dict[str, str], present: dict[str, str]
) -> dict[str, str]:
    """Return the values as they would be stored; 400 naming every value that is refused.

    `present` holds the record's values before the write, which a leading `;` appends to.
    """
    known = portal.state.properties[kind.name]
    rewrites = portal.switches.normalised_properties
    accepted, failures = {}, []
    for name, raw in properties.items():
        try:
            definition = _known(known, name)
            text = _rewritten(rewrites.get(f"{kind.name}.{name}", ""), raw)
            accepted[name] = _one(portal, definition, text, properties, present)
        except InvalidValueError as failure:
            failures.append(failure)
    if failures:
        raise refusal(failures)
    return accepted


def _known(definitions: dict[str, JsonObject], name: str) -> JsonObject:
    if name not in definitions:
        sentence = f'Property "{name}" does not exist'
        raise InvalidValueError("PROPERTY_DOESNT_EXIST", name, sentence)
    return definitions[name]


def warnings(
    portal: Portal, kind: ObjectType, written: object, stored: dict[str, str]
) -> list[JsonObject]:
    """Return the warnings of 2026-09: values that HubSpot keeps otherwise than they were sent.

    Other ways of writing the same instant, and a leading `;` that appends, are no such case.
    """
    known = portal.state.properties[kind.name]
    found = []
    for name, raw in written.items() if isinstance(written, dict) else ():
        kept = stored.get(name, "")
        is_plain = known[name]["type"] not in {"date", "datetime"} and not raw.startswith(";")
        if is_plain and kept != raw:
            found.append(
                {
                    "category": "PROPERTY_VALUE_NORMALIZED",
                    "message": f"The value of '{name}' was normalized before it was saved.",
                    "context": {"propertyName": name, "rawValue": raw, "normalizedValue": kept},
                }
            )
    return found


def _one(
    portal: Portal,
    definition: JsonObject,
    raw: str,
    written: dict[str, str],
    present: dict[str, str],
) -> str:
    name = definition["name"]
    if definition["modificationMetadata"]["readOnlyValue"]:
        raise InvalidValueError(
            "READ_ONLY_VALUE", name, f'"{name}" is a read only property; its value cannot be set.'
        )
    if raw == "":
        return ""
    if definition["externalOptions"]:
        return _external(portal, name, raw, written, present)
    # Since April 2025 only texts may begin or end with a space.
    if definition["type"] != "string" and raw != raw.strip():
        raise InvalidValueError(
            "INVALID_WHITESPACE", name, f'Property "{name}" has leading or trailing spaces: "{raw}"'
        )
    if definition["type"] == "enumeration":
        return _enumeration(definition, name, raw, present)
    if definition["type"] == "bool":
        return _choice(definition, name, raw.lower())
    return _PLAIN.get(definition["type"], _text)(name, raw)


def _rewritten(way: str, raw: str) -> str:
    match way:
        case "upper":
            return raw.upper()
        case "lower":
            return raw.lower()
        case "digits":
            return "".join(letter for letter in raw if letter.isdigit() or letter == "+")
        case "trim":
            return raw.strip()
        case _:
            return raw


def _number(name: str, raw: str) -> str:
    try:
        is_finite = Decimal(raw).is_finite()
    except InvalidOperation:
        is_finite = False
    if not is_finite:
        raise InvalidValueError("INVALID_INTEGER", name, f"{raw} was not a valid number.")
    return raw


def _date(name: str, raw: str) -> str:
    milliseconds = epoch_milliseconds(raw)
    if milliseconds is None:
        raise InvalidValueError("INVALID_DATE", name, f"{raw} was not a valid date.")
    if milliseconds % _DAY:
        raise InvalidValueError(
            "INVALID_DATE", name, f"{raw} is at {milliseconds % _DAY} ms of the day, not midnight!"
        )
    return _instant(name, milliseconds)[:10]


def _datetime(name: str, raw: str) -> str:
    milliseconds = epoch_milliseconds(raw)
    if milliseconds is None:
        raise InvalidValueError("INVALID_LONG", name, f"{raw} was not a valid long.")
    return _instant(name, milliseconds)


def _instant(name: str, milliseconds: int) -> str:
    try:
        return stamp(from_milliseconds(milliseconds))
    except (OverflowError, ValueError) as error:
        raise InvalidValueError(
            "INVALID_DATE", name, f"{milliseconds} is out of range for a date."
        ) from error


def _choice(definition: JsonObject, name: str, raw: str) -> str:
    allowed = [option["value"] for option in definition["options"]]
    if definition["type"] == "bool" and not allowed:
        allowed = ["true", "false"]
    if raw not in allowed:
        raise InvalidValueError(
            "INVALID_OPTION",
            name,
            f"{raw} was not one of the allowed options: [{', '.join(allowed)}]",
        )
    return raw


def _enumeration(definition: JsonObject, name: str, raw: str, present: dict[str, str]) -> str:
    if definition["fieldType"] != "checkbox":
        return _choice(definition, name, raw)
    chosen = [part for part in raw.split(";") if part]
    for part in chosen:
        _choice(definition, name, part)
    if raw.startswith(";"):
        chosen = [part for part in present.get(name, "").split(";") if part] + chosen
    return ";".join(dict.fromkeys(chosen))


def _external(
    portal: Portal, name: str, raw: str, written: dict[str, str], present: dict[str, str]
) -> str:
    state = portal.state
    if name == "hubspot_owner_id":
        owner = state.owners.get(raw)
        if owner is None or (owner["archived"] and portal.switches.reject_archived_owner):
            raise InvalidValueError(
                "INVALID_OWNER_ID", name, f"Owner {raw} does not exist or is not active."
            )
        return raw
    if name == "pipeline":
        allowed = list(state.pipelines)
    else:
        pipeline = written.get("pipeline") or present.get("pipeline") or "default"
        stages = state.pipelines.get(pipeline, {"stages": []})["stages"]
        allowed = [stage["id"] for stage in stages]
    if raw not in allowed:
        raise InvalidValueError(
            "INVALID_OPTION",
            name,
            f"{raw} was not one of the allowed options: [{', '.join(allowed)}]",
        )
    return raw


def _text(name: str, raw: str) -> str:
    if len(raw) > _LONGEST_TEXT:
        raise InvalidValueError(
            "PROPERTY_VALUE_TOO_LONG",
            name,
            f'Property "{name}" has {len(raw)} characters; the maximum is {_LONGEST_TEXT}.',
        )
    if name == "email":
        if not _EMAIL.fullmatch(raw):
            raise InvalidValueError("INVALID_EMAIL", name, f"Email address {raw} is invalid")
        return raw.lower()
    return raw


_PLAIN: dict[str, Callable[[str, str], str]] = {
    "number": _number,
    "date": _date,
    "datetime": _datetime,
}
