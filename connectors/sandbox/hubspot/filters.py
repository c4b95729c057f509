"""One search filter, compiled to a test of a record's values."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from connectors.sandbox.clock import epoch_milliseconds
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.wire import invalid

Filter = Callable[[Record, dict[str, str]], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda one, other: one < other,
    "LTE": lambda one, other: one <= other,
    "GT": lambda one, other: one > other,
    "GTE": lambda one, other: one >= other,
}
_OPERATORS = (
    *("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN"),
    *("HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"),
)


def matcher(row: JsonObject, name: str, type_name: str) -> Filter:
    """Compile a filter; 400 when the operator is unknown or its values are missing."""
    operator = row.get("operator")
    if operator not in _OPERATORS:
        raise invalid(
            f"Invalid operator '{operator}'; the operators are {', '.join(_OPERATORS)}.",
            errors=[{"message": "invalid operator", "in": "operator", "code": "INVALID_OPERATOR"}],
        )
    read = _reader(type_name)
    match operator:
        case "HAS_PROPERTY" | "NOT_HAS_PROPERTY":
            test = _presence(name, is_wanted=operator == "HAS_PROPERTY")
        case "IN" | "NOT_IN":
            test = _membership(row, name, read, is_wanted=operator == "IN")
        case "BETWEEN":
            test = _between(row, name, read)
        case "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN":
            test = _token(row, name, is_wanted=operator == "CONTAINS_TOKEN")
        case "EQ" | "NEQ":
            test = _equal(row, name, read, is_wanted=operator == "EQ")
        case _:
            test = _comparison(row, name, read, _ORDER[operator])
    return test


def _presence(name: str, *, is_wanted: bool) -> Filter:
    def test(_record: Record, values: dict[str, str]) -> bool:
        return (name in values) is is_wanted

    return test


def _reader(type_name: str) -> Callable[[str], Any]:
    match type_name:
        case "number":
            return _as_number
        case "date" | "datetime":
            return lru_cache(maxsize=1024)(epoch_milliseconds)
        case "string":
            # Texts are compared without case; choices with it.
            return str.lower
        case _:
            return str


def _as_number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _wanted(row: JsonObject, member: str, read: Callable[[str], Any]) -> Any:  # noqa: ANN401 - as read
    value = row.get(member)
    if not isinstance(value, str | int | float):
        raise invalid(
            f"The filter on '{row.get('propertyName')}' with operator {row['operator']} "
            f"requires '{member}'."
        )
    wanted = read(str(value))
    if wanted is None:
        raise invalid(f"'{value}' is not a value of the property '{row.get('propertyName')}'.")
    return wanted


def _equal(row: JsonObject, name: str, read: Callable[[str], Any], *, is_wanted: bool) -> Filter:
    wanted = _wanted(row, "value", read)

    def test(_record: Record, values: dict[str, str]) -> bool:
        text = values.get(name)
        # A record without the property is not found by NEQ either.
        return text is not None and (read(text) == wanted) is is_wanted

    return test


def _comparison(
    row: JsonObject,
    name: str,
    read: Callable[[str], Any],
    compare: Callable[[Any, Any], bool],
) -> Filter:
    wanted = _wanted(row, "value", read)

    def test(_record: Record, values: dict[str, str]) -> bool:
        text = values.get(name)
        present = None if text is None else read(text)
        return present is not None and compare(present, wanted)

    return test


def _between(row: JsonObject, name: str, read: Callable[[str], Any]) -> Filter:
    low, high = _wanted(row, "value", read), _wanted(row, "highValue", read)

    def test(_record: Record, values: dict[str, str]) -> bool:
        text = values.get(name)
        present = None if text is None else read(text)
        return present is not None and bool(low <= present <= high)

    return test


def _membership(
    row: JsonObject, name: str, read: Callable[[str], Any], *, is_wanted: bool
) -> Filter:
    listed = row.get("values")
    if not isinstance(listed, list) or not listed:
        raise invalid(f"The filter on '{name}' with operator {row['operator']} requires 'values'.")
    # HubSpot wants IN values of a text in lower case: others match nothing.
    wanted = {str(value) if read is str.lower else read(str(value)) for value in listed}

    def test(_record: Record, values: dict[str, str]) -> bool:
        text = values.get(name)
        return text is not None and (read(text) in wanted) is is_wanted

    return test


def _token(row: JsonObject, name: str, *, is_wanted: bool) -> Filter:
    words = str(_wanted(row, "value", str.lower)).replace("*", " ").split()

    def test(_record: Record, values: dict[str, str]) -> bool:
        text = values.get(name)
        if text is None:
            return False
        return all(word in text.lower() for word in words) is is_wanted

    return test
