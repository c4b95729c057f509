"""A field's value on its way in (JSON to Python) and out (Python to JSON)."""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.errors import SalesforceError, unreadable
from connectors.sandbox.salesforce.fields import IDS, NUMBERS, TEXTS, Field
from connectors.sandbox.salesforce.moments import printed, read_day, read_instant

Value = str | bool | int | float | date | datetime | None
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_JSON_WORDS: dict[type, str] = {
    str: "VALUE_STRING",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    dict: "START_OBJECT",
    list: "START_ARRAY",
}


def incoming(field: Field, value: object) -> Value:
    """Read a JSON value for a field; SalesforceError when it does not fit."""
    if value is None:
        return None
    if field.type in IDS:
        return _id(field, value)
    if field.type in TEXTS:
        return _text(field, value)
    if field.type == "boolean":
        return _flag(field, value)
    if field.type in NUMBERS:
        return _whole(field, value) if field.type == "int" else _number(field, value)
    return _moment(field, value)


def _moment(field: Field, value: object) -> date | datetime:
    if not isinstance(value, str):
        raise _mistyped(field, value)
    moment = read_day(value[:10]) if field.type == "date" else _instant(value)
    if moment is None or (field.type == "date" and len(value) > 10 and _instant(value) is None):  # noqa: PLR2004 - a day's length
        raise _mistyped(field, value)
    return moment


def _mistyped(field: Field, value: object) -> SalesforceError:
    if isinstance(value, bool):
        word = f"VALUE_{str(value).upper()}"
    else:
        word = _JSON_WORDS.get(type(value), "VALUE_EMBEDDED_OBJECT")
    shown = str(value).lower() if isinstance(value, bool) else value
    return unreadable(
        f"Cannot deserialize instance of {field.type} from {word} value {shown} or request may be "
        "missing a required field at [line:1, column:2]"
    )


def _instant(text: str) -> datetime | None:
    found = read_instant(text)
    if found is not None:
        return found.replace(microsecond=0)
    day = read_day(text)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _id(field: Field, value: object) -> str | None:
    if not isinstance(value, str):
        raise _mistyped(field, value)
    if not value:
        return None
    found = ids.long_id(value)
    if found is None:
        raise SalesforceError(
            "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}",
            fields=[field.name],
        )  # fmt: skip
    return found


def _text(field: Field, value: object) -> str | None:
    if not isinstance(value, str):
        raise _mistyped(field, value)
    text = value.strip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        raise SalesforceError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
            fields=[field.name],
        )
    if field.type == "email" and not _ADDRESS.fullmatch(text):
        raise SalesforceError(
            "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}",
            fields=[field.name],
        )  # fmt: skip
    _check_choice(field, text)
    return text


def _check_choice(field: Field, text: str) -> None:
    if not field.restricted:
        return
    wanted = text.split(";") if field.type == "multipicklist" else [text]
    known = {choice.value for choice in field.choices if choice.is_active}
    for value in wanted:
        if value not in known:
            raise SalesforceError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.label}: bad value for restricted picklist field: {value}",
                fields=[field.name],
            )


def _flag(field: Field, value: object) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _mistyped(field, value)
    return value


def _decimal(field: Field, value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _mistyped(field, value)
    if value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _mistyped(field, value) from error
    if not number.is_finite():
        raise _mistyped(field, value)
    return number


def _whole(field: Field, value: object) -> int | None:
    number = _decimal(field, value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise _mistyped(field, value)
    _check_range(field, number, field.precision)
    return int(number)


def _number(field: Field, value: object) -> float | None:
    number = _decimal(field, value)
    if number is None:
        return None
    _check_range(field, number, field.precision - field.scale)
    return float(number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _check_range(field: Field, number: Decimal, digits: int) -> None:
    if abs(number) >= Decimal(10) ** digits:
        raise SalesforceError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {number}",
            fields=[field.name],
        )


def outgoing(value: object) -> object:
    """Print a value for JSON."""
    if isinstance(value, datetime):
        return printed(value)
    return value.isoformat() if isinstance(value, date) else value
