"""Values on their way in and out: what the API accepts for a field's type, and how it prints it.

Source: "Field Types" and the samples of "Insert Records" and "Get Records".
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.errors import ZohoError, invalid_data
from connectors.sandbox.zoho.fields import PICK_LISTS, Field
from connectors.sandbox.zoho.org import Org

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ID = re.compile(r"\d{1,19}")
_LARGEST = 2**63 - 1


def read_instant(text: object) -> datetime | None:
    """Read an ISO instant with an offset, in UTC, to the second; None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not _DAY.match(text):
        return None
    return found.astimezone(UTC).replace(microsecond=0)


def read_day(text: object) -> date | None:
    """Read a day written `2026-11-23`; None when it is none."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read(org: Org, field: Field, value: object) -> Any:  # noqa: ANN401 - any field's value
    """Read a value of a request's body; ZohoError `INVALID_DATA`, without its place."""
    if value is None or value == "":
        return None
    return _READERS.get(field.data_type, _text)(org, field, value)


def _mistyped(field: Field, expected: str = "") -> ZohoError:
    return invalid_data(field.api_name, expected_data_type=expected or field.data_type)


def _text(org: Org, field: Field, value: object) -> str | None:
    if not isinstance(value, str):
        raise _mistyped(field, "string")
    text = value.strip()
    if len(text) > field.length:
        raise invalid_data(field.api_name, maximum_length=field.length)
    if field.data_type == "email" and not _ADDRESS.fullmatch(text):
        raise _mistyped(field, "email")
    if field.data_type == "picklist":
        return _choice(org, field, text)
    return text or None


def _choice(org: Org, field: Field, text: str) -> str:
    """Return the lasting name of an option; of no option, the text as it was written."""
    is_by_label = org.switches.option_name == "display"
    known = [choice.display if is_by_label else choice.actual for choice in field.choices]
    is_strict = org.switches.strict_picklists or field.api_name == "Currency"
    if is_strict and text not in known:
        raise invalid_data(field.api_name, supported_values=known)
    return field.kept(text) if is_by_label else text


def _texts(org: Org, field: Field, value: object) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise _mistyped(field, "jsonarray")
    return [_choice(org, field, entry) for entry in value] or None


def _integer(_org: Org, field: Field, value: object) -> int:
    if isinstance(value, str) and field.data_type == "bigint" and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _mistyped(field)
    if field.data_type == "integer" and len(str(abs(value))) > field.length:
        raise invalid_data(field.api_name, maximum_length=field.length)
    if abs(value) > _LARGEST:
        raise _mistyped(field)
    return value


def _number(_org: Org, field: Field, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mistyped(field, "double")
    if field.data_type == "currency" and abs(value) >= 10**field.length:
        raise invalid_data(field.api_name, maximum_length=field.length)
    return round(value, field.decimals)


def _flag(_org: Org, field: Field, value: object) -> bool:
    if not isinstance(value, bool):
        raise _mistyped(field)
    return value


def _day(_org: Org, field: Field, value: object) -> date:
    found = read_day(value)
    if found is None:
        raise _mistyped(field)
    return found


def _instant(_org: Org, field: Field, value: object) -> datetime:
    found = read_instant(value)
    if found is None:
        raise _mistyped(field)
    return found


def _reminder(_org: Org, field: Field, value: object) -> JsonObject:
    if not isinstance(value, dict) or not isinstance(value.get("ALARM"), str):
        raise _mistyped(field, "jsonobject")
    return value


def _look_up(org: Org, field: Field, value: object) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise _mistyped(field, "jsonobject")
    if field.data_type == "ownerlookup":
        user = org.users.get(found)
        is_known = user is not None and user.status == "active"
    else:
        is_known = any(found in org.tables[target] for target in field.targets)
    if not is_known:
        raise ZohoError(
            "INVALID_DATA", "the related id given seems to be invalid",
            {"api_name": field.api_name},
        )  # fmt: skip
    return found


_READERS: dict[str, Callable[[Org, Field, object], Any]] = {
    "integer": _integer,
    "bigint": _integer,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "boolean": _flag,
    "date": _day,
    "datetime": _instant,
    "multiselectpicklist": _texts,
    "lookup": _look_up,
    "multi_module_lookup": _look_up,
    "ownerlookup": _look_up,
    "event_reminder": _reminder,
}


def printed(org: Org, field: Field, value: Any) -> Any:  # noqa: ANN401 - any field's value
    """Print a value as the records' API does."""
    if value is None:
        return False if field.data_type == "boolean" else None
    if field.targets:
        return _led_to(org, field, value)
    if field.data_type in PICK_LISTS:
        return _named(org, field, value)
    if field.data_type == "bigint":
        return str(value)
    if isinstance(value, date):
        return org.printed(value) if isinstance(value, datetime) else value.isoformat()
    return value


def _led_to(org: Org, field: Field, value: str) -> JsonObject | None:
    """Print what a look-up leads to."""
    if field.data_type == "ownerlookup":
        return person(org, value)
    name = org.name_of(value, field.targets)
    return None if name is None else {"name": name, "id": value}


def _named(org: Org, field: Field, value: str | list[str]) -> str | list[str]:
    """Print one option or several by the name that records give."""
    if org.switches.option_name == "actual":
        return value
    return field.label_of(value) if isinstance(value, str) else list(map(field.label_of, value))


def person(org: Org, user_id: str) -> JsonObject | None:
    """Print a user as owners are printed."""
    user = org.users.get(user_id)
    if user is None:
        return None
    return {"name": user.full_name, "id": user.id, "email": user.email}
