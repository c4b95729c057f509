"""The criteria of searches and of bulk reads: `((Field:comparator:value)and(…))`, or JSON groups.

Sources: "Search Records" and "Bulk Read: Create Job" (operators by data type).
"""

import re
from collections.abc import Callable
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call
from connectors.sandbox.zoho.errors import ZohoError, wrong_parameter
from connectors.sandbox.zoho.fields import LOOKUPS, NUMERIC, Field, Module
from connectors.sandbox.zoho.org import Values
from connectors.sandbox.zoho.values import read_day, read_instant

Test = Callable[[Values], bool]
MOST = 25
_TOKEN = re.compile(r"\s*(\(|\)|and\b|or\b|(?:\\.|[^()\\])+)", re.IGNORECASE)
_PAIR = 2
_NOT: dict[str, str] = {"not_equal": "equal", "not_in": "in", "not_between": "between",
                        "not_contains": "contains"}  # fmt: skip
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda held, value: bool(held == value),
    "in": lambda held, value: held in value,
    "greater_than": lambda held, value: bool(held > value),
    "greater_equal": lambda held, value: bool(held >= value),
    "less_than": lambda held, value: bool(held < value),
    "less_equal": lambda held, value: bool(held <= value),
    "between": lambda held, value: bool(value[0] <= held <= value[1]),
    "contains": lambda held, value: str(value).lower() in str(held).lower(),
    "starts_with": lambda held, value: str(held).lower().startswith(str(value).lower()),
    "ends_with": lambda held, value: str(held).lower().endswith(str(value).lower()),
}
# Fields that live organizations refuse to search by.
_NOT_SEARCHED = frozenset({"Modified_Time", "Stage_Modified_Time"})
_SEVERAL = frozenset({"in", "between"})


def compared(field: Field, comparator: str, value: object) -> Test:
    """Build the test of one criterion; ValueError when the value or the comparator is wrong."""
    base = _NOT.get(comparator, comparator)
    if base not in _TESTS:
        raise ValueError(comparator)
    test, name = _TESTS[base], field.api_name
    if value in ("${EMPTY}", None):
        is_negative = base != comparator
        return lambda row: (row.get(name) is not None) is is_negative
    wanted = _values(field, value) if base in _SEVERAL else typed(field, value)
    if base == "between" and len(wanted) != _PAIR:
        raise ValueError(value)
    if base != comparator:
        return lambda row: row.get(name) is None or not test(_plain(row[name]), wanted)
    return lambda row: row.get(name) is not None and test(_plain(row[name]), wanted)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field's value
    """Texts are compared without regard to case."""
    return value.lower() if isinstance(value, str) else value


def _values(field: Field, value: object) -> list[Any]:
    entries = value if isinstance(value, list) else str(value).split(",")
    return [typed(field, entry) for entry in entries]


def typed(field: Field, value: object) -> Any:  # noqa: ANN401 - any field's value
    """Read the value of a criterion as the field's type; ValueError."""
    kind = field.data_type
    found: object = None
    if field.api_name == "id" or kind in LOOKUPS:
        found = value.get("id") if isinstance(value, dict) else value
        found = str(found) if str(found).isdecimal() else None
    elif kind in NUMERIC:
        found = None if isinstance(value, bool) else float(str(value))
    elif kind == "boolean":
        found = {"true": True, "false": False}.get(str(value).lower())
    elif kind == "date":
        found = read_day(value)
    elif kind == "datetime":
        found = read_instant(value)
    elif isinstance(value, str):
        # Either name of an option finds it.
        found = field.kept(value).lower()
    if found is None:
        raise ValueError(value)
    return found


def compiled(call: Call, module: Module, text: str) -> Test:
    """Build the test of a search's criteria; ZohoError 400."""
    return _Text(call, module, text).whole()


class _Text:
    def __init__(self, call: Call, module: Module, text: str) -> None:
        self._call, self._module = call, module
        self._tokens: list[str] = [found.strip() for found in _TOKEN.findall(text) if found.strip()]
        self._place = 0

    def whole(self) -> Test:
        test = self._group()
        if self._place != len(self._tokens):
            raise self._wrong()
        return test

    def _wrong(self) -> ZohoError:
        return ZohoError("INVALID_QUERY", "Invalid query formed", {"param_name": "criteria"})

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise self._wrong()
        self._place += 1
        return self._tokens[self._place - 1]

    def _group(self) -> Test:
        if self._next() != "(":
            raise self._wrong()
        token = self._next()
        if token != "(":  # noqa: S105 - a bracket
            test = self._criterion(token)
        else:
            self._place -= 1
            test = self._group()
        if self._next() != ")":
            raise self._wrong()
        while self._place < len(self._tokens) and self._tokens[self._place].lower() in {
            "and",
            "or",
        }:
            word, first, second = self._next().lower(), test, self._group()
            test = joined(word, [first, second])
        return test

    def _criterion(self, text: str) -> Test:
        name, comparator, value = (*text.split(":", 2), "", "")[:3]
        field = self._module.find(name.strip())
        if field is None or not self._call.may_see(field):
            raise ZohoError("INVALID_QUERY", "Invalid query formed", {"api_name": name.strip()})
        if field.api_name in _NOT_SEARCHED:
            reason = "the field is not available for search"
            raise ZohoError("INVALID_QUERY", reason, {"api_name": field.api_name})
        try:
            word = {"equals": "equal"}.get(comparator.strip(), comparator.strip())
            return compared(field, word, re.sub(r"\\(.)", r"\1", value.strip()))
        except ValueError as error:
            raise wrong_parameter("criteria", api_name=name.strip()) from error


def joined(word: str, tests: list[Test]) -> Test:
    """Join tests by `and` or `or`."""
    if word == "and":
        return lambda row: all(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def grouped(module: Module, criteria: JsonObject, found: list[str] | None = None) -> Test:
    """Build the test of a bulk read's criteria; ZohoError in the words of bulk reads."""
    names = [] if found is None else found
    if "group" in criteria:
        word = str(criteria.get("group_operator", "")).lower()
        if word not in {"and", "or"}:
            raise ZohoError("GROUP_OPERATOR_NOT_SUPPORTED", "the group operator is not supported",
                            {"group_operator": word})  # fmt: skip
        group = criteria["group"]
        if not isinstance(group, list) or not group:
            raise ZohoError("INVALID_CRITERIA", "the criteria are invalid")
        return joined(word, [grouped(module, entry, names) for entry in group])
    entry = criteria.get("field")
    name = str(entry.get("api_name")) if isinstance(entry, dict) else str(entry)
    field = module.find(name)
    if field is None:
        raise ZohoError("FIELD_IN_CRITERIA_NOT_AVAILABLE", "the field is not available",
                        {"api_name": name})  # fmt: skip
    if field.data_type == "textarea":
        raise ZohoError("FIELD_IN_CRITERIA_NOT_SUPPORTED", "the field is not supported",
                        {"api_name": name})  # fmt: skip
    names.append(name)
    if len(names) > MOST:
        raise ZohoError("CRITERIA_LIMIT_EXCEEDED", "the criteria limit is exceeded",
                        {"limit": MOST})  # fmt: skip
    comparator = str(criteria.get("comparator"))
    if _NOT.get(comparator, comparator) not in _TESTS:
        raise ZohoError(
            "FIELD_COMPARATOR_IN_CRITERIA_NOT_SUPPORTED", "the comparator is not supported",
            {"api_name": name, "comparator": comparator},
        )  # fmt: skip
    try:
        return compared(field, comparator, criteria.get("value"))
    except ValueError as error:
        raise ZohoError(
            "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE", "the value does not suit the field",
            {"api_name": name, "comparator": comparator},
        ) from error  # fmt: skip
