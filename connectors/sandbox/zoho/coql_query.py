"""Answering a COQL query: its condition, its order, its groups, its rows.

Source: "Get Records through COQL Query" of the CRM API, version 8.
"""

from collections.abc import Callable
from statistics import fmean
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.coql_parser import parse
from connectors.sandbox.zoho.coql_paths import Reach, reach, shown
from connectors.sandbox.zoho.coql_tree import (
    Column,
    Comparison,
    Condition,
    Query,
    invalid_column,
    invalid_value,
    syntax_error,
)
from connectors.sandbox.zoho.criteria import Test, joined, typed
from connectors.sandbox.zoho.errors import ZohoError, invalid_data
from connectors.sandbox.zoho.fields import LOOKUPS, NUMERIC, Field, Module
from connectors.sandbox.zoho.org import Values
from connectors.sandbox.zoho.scopes import require
from connectors.sandbox.zoho.values import printed

_CHEAP, _DEAR = 200, 1_000
_AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": fmean,
}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, value: bool(held == value),
    "!=": lambda held, value: bool(held != value),
    "<": lambda held, value: bool(held < value),
    "<=": lambda held, value: bool(held <= value),
    ">": lambda held, value: bool(held > value),
    ">=": lambda held, value: bool(held >= value),
}


def answer(call: Call) -> Reply:
    """`POST /coql`."""
    call.allow()
    body = call.json()
    text = body.get("select_query")
    if not isinstance(text, str) or len(body) > 1:
        raise invalid_data("select_query", expected_data_type="string", json_path="$.select_query")
    query = parse(text, call.org.switches.coql_columns)
    call.cost = 1 if query.limit <= _CHEAP else 2 if query.limit <= _DEAR else 3
    module = _module(call, query.module)
    rows = _matching(call, module, query)
    data = _grouped(call, module, query, rows)
    if data is None:
        data = _plain(call, module, query, rows)
    limit = min(query.limit, call.org.switches.short_pages or query.limit)
    page = data[query.offset : query.offset + limit]
    if not page:
        return nothing()
    has_more = query.offset + limit < len(data)
    shown_rows = [make() for make in page]
    info = {"count": len(page), "more_records": has_more}
    return Reply(body={"data": shown_rows, "info": info})


def _module(call: Call, name: str) -> Module:
    module = call.org.modules.get(name)
    hidden = (call.profile_id, name) in call.org.hidden_modules
    hidden |= name == "DealHistory" and not call.org.switches.coql_deal_history
    if module is None or not module.in_coql or hidden:
        raise ZohoError("INVALID_QUERY", "invalid query formed",
                        {"module": name, "reason": "the module is not supported"})  # fmt: skip
    require(call, f"ZohoCRM.modules.{name.lower()}.READ")
    return module


def _matching(call: Call, module: Module, query: Query) -> list[Values]:
    test = condition(call, module, query.where)
    rows = [row for row in call.org.rows(module.api_name) if test(row)]
    rows.sort(key=lambda row: int(row["id"]))
    for path, is_descending in reversed(query.order_by):
        _sort(call, rows, reach(call, module, path), is_descending=is_descending)
    return rows


def _sort(call: Call, rows: list[Values], found: Reach, *, is_descending: bool) -> None:
    """Sort by one path; nulls come first, or last where the order descends, by a switch."""
    is_last = is_descending and call.org.switches.nulls_last_when_descending
    full = [row for row in rows if found.get(row) is not None]
    empty = [row for row in rows if found.get(row) is None]
    is_id = found.field.api_name == "id"

    def key(row: Values) -> Any:  # noqa: ANN401 - any field's value
        value = found.get(row)
        if is_id:
            return int(value)
        return value.lower() if isinstance(value, str) else value

    full.sort(key=key, reverse=is_descending)
    rows[:] = full + empty if is_last else empty + full


def condition(call: Call, module: Module, node: Condition) -> Test:
    """Build the test of a condition; ZohoError `INVALID_QUERY`."""
    if isinstance(node, Comparison):
        found = reach(call, module, node.path)
        if node.path == "What_Id" and not call.org.switches.coql_what_id:
            raise invalid_column(node.path)
        test = _compared(found, node)
        if node.operator != "!=" and not node.operator.startswith("not "):
            return test
        finds_nulls = call.org.switches.coql_negation_finds_nulls
        return lambda row: finds_nulls if found.get(row) is None else test(row)
    sides = [condition(call, module, node.left), condition(call, module, node.right)]
    return joined(node.word, sides)


def _compared(found: Reach, node: Comparison) -> Test:
    get, operator = found.get, node.operator
    if found.field.data_type == "textarea":
        raise ZohoError("INVALID_QUERY", "data type not supported",
                        {"column_name": node.path, "data_type": "textarea"})  # fmt: skip
    if operator.endswith("null"):
        is_empty = operator == "is null"
        return lambda row: (get(row) is None) is is_empty
    if operator.endswith("like"):
        return _like(found, node)
    try:
        values = tuple(_typed(found, value) for value in node.values)
    except ValueError as error:
        raise invalid_value(node.path, found.field.data_type) from error
    if operator in _ORDERS:
        return _ordered(found, operator, values[0])
    is_wanted = not operator.startswith("not")
    if operator.endswith("between"):
        low, high = values
        return lambda row: get(row) is not None and (low <= _lowered(get(row)) <= high) is is_wanted
    return lambda row: get(row) is not None and (_lowered(get(row)) in values) is is_wanted


def _ordered(found: Reach, operator: str, value: Any) -> Test:  # noqa: ANN401 - any field's value
    test, get = _ORDERS[operator], found.get
    if found.field.api_name == "id" and operator not in {"=", "!="}:
        number = int(value)
        return lambda row: get(row) is not None and test(int(get(row)), number)
    if isinstance(value, str):
        return lambda row: get(row) is not None and test(_lowered(get(row)), value)
    return lambda row: get(row) is not None and test(get(row), value)


def _typed(found: Reach, value: object) -> Any:  # noqa: ANN401 - any field's value
    kind = found.field.data_type
    is_id = found.field.api_name == "id" or kind in LOOKUPS
    if is_id and isinstance(value, float | bool):
        raise ValueError(value)
    if isinstance(value, bool) and kind != "boolean":
        raise ValueError(value)
    if kind in NUMERIC and not is_id and isinstance(value, int | float):
        return value
    return typed(found.field, value)


def _lowered(value: Any) -> Any:  # noqa: ANN401 - any field's value
    return value.lower() if isinstance(value, str) else value


def _like(found: Reach, node: Comparison) -> Test:
    [pattern] = node.values
    core = pattern.strip("%").lower() if isinstance(pattern, str) else ""
    if not isinstance(pattern, str) or not core or "%" in core or pattern.strip("%") == pattern:
        raise invalid_value(node.path, "string")
    get = found.get
    is_open, is_closed = pattern.startswith("%"), pattern.endswith("%")

    def test(row: Values) -> bool:
        text = str(get(row) or "").lower()
        if is_open and is_closed:
            return core in text
        return text.endswith(core) if is_open else text.startswith(core)

    if node.operator.startswith("not"):
        return lambda row: not test(row)
    return test


def _plain(
    call: Call, module: Module, query: Query, rows: list[Values]
) -> list[Callable[[], JsonObject]]:
    reached = [(column.key, _selectable(call, module, column.path)) for column in query.columns]

    def maker(row: Values) -> Callable[[], JsonObject]:
        return lambda: {
            **{key: shown(call, found, row) for key, found in reached},
            "id": row["id"],
        }

    return [maker(row) for row in rows]


def _selectable(call: Call, module: Module, path: str) -> Reach:
    found = reach(call, module, path)
    if found.field.data_type == "textarea" and not call.org.switches.coql_textarea:
        raise invalid_column(path)
    return found


def _grouped(
    call: Call, module: Module, query: Query, rows: list[Values]
) -> list[Callable[[], JsonObject]] | None:
    """Return the rows of a query with aggregates; None when it has none."""
    if not query.group_by and not any(column.function for column in query.columns):
        return None
    for column in query.columns:
        if not column.function and column.path not in query.group_by:
            raise syntax_error({"clause": "group by", "column_name": column.path})
    keys = [reach(call, module, path) for path in query.group_by]
    groups: dict[tuple[Any, ...], list[Values]] = {}
    for row in rows:
        groups.setdefault(tuple(str(key.get(row)) for key in keys), []).append(row)

    def maker(members: list[Values]) -> Callable[[], JsonObject]:
        return lambda: {
            column.key: _aggregate(call, module, column, members) for column in query.columns
        }

    return [maker(members) for members in groups.values()]


def _aggregate(call: Call, module: Module, column: Column, members: list[Values]) -> Any:  # noqa: ANN401 - any field's value
    found = reach(call, module, column.path)
    if not column.function:
        return shown(call, found, members[0])
    values = [value for row in members if (value := found.get(row)) is not None]
    if column.function == "count":
        return len(values)
    _require_number(found.field, column)
    if not values:
        return None
    made = _AGGREGATES[column.function](values)
    return printed(call.org, found.field, made)


def _require_number(field: Field, column: Column) -> None:
    is_moment = field.data_type in {"date", "datetime"} and column.function in {"min", "max"}
    if field.data_type not in NUMERIC and not is_moment:
        raise ZohoError("INVALID_QUERY", "data type not supported",
                        {"column_name": column.path, "data_type": field.data_type})  # fmt: skip
