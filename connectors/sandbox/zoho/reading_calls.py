"""Reading records: lists, one record, what was deleted, counts, search.

Sources: "Get Records", "Get Deleted Records", "Get Record Count" and "Search Records".
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import effects
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.criteria import compiled
from connectors.sandbox.zoho.errors import (
    ZohoError,
    invalid_data,
    missing_parameter,
    wrong_parameter,
)
from connectors.sandbox.zoho.fields import Module
from connectors.sandbox.zoho.org import Deleted, Org, Values
from connectors.sandbox.zoho.paging import Pages
from connectors.sandbox.zoho.shapes import asked_fields, shown_record, whole_record
from connectors.sandbox.zoho.values import person

_SORTS = ("id", "Created_Time", "Modified_Time")
_LIST = ("fields", "ids", "sort_by", "sort_order", "converted", "approved", "page", "per_page",
         "page_token", "cvid", "territory_id", "include_child")  # fmt: skip
_SEARCH = ("criteria", "email", "phone", "word", "converted", "approved", "page", "per_page",
           "fields")  # fmt: skip
_MOST_FOUND = 2_000


class Reading:
    """The endpoints that read records."""

    def __init__(self, org: Org) -> None:
        self._pages = Pages(org)

    def records(self, call: Call) -> Reply:
        """`GET /{module}`."""
        call.allow(*_LIST)
        module = call.module()
        names = asked_fields(call, module, call.required("fields").split(","))
        _refuse_views(call)
        rows = _sorted(call, list(_wanted(call, module)))
        since = call.header_instant("If-Modified-Since")
        if since is not None:
            rows = [row for row in rows if _is_since(call.org, row["Modified_Time"], since)]
            if not rows:
                return Reply(status=HTTPStatus.NOT_MODIFIED)
        page, info = self._pages.cut(call, rows)
        if not page:
            return nothing()
        data = [shown_record(call, module, row, names) for row in page]
        return Reply(body={"data": data, "info": info})

    def search(self, call: Call) -> Reply:
        """`GET /{module}/search`: by an index, which lags by a switch."""
        call.allow(*_SEARCH)
        module = call.module()
        rows = _found(call, module)
        horizon = call.org.clock.now() - timedelta(seconds=call.org.switches.search_lag_seconds)
        rows = [row for row in rows if row["Modified_Time"] <= horizon][:_MOST_FOUND]
        page, info = self._pages.cut(call, rows)
        if not page:
            return nothing()
        asked = call.query.get("fields")
        if asked is None:
            data = [whole_record(call, module, row) for row in page]
        else:
            names = asked_fields(call, module, asked.split(","))
            data = [shown_record(call, module, row, names) for row in page]
        names_kept = ("per_page", "count", "page", "sort_by", "sort_order", "more_records")
        return Reply(body={"data": data, "info": {name: info[name] for name in names_kept}})


def record(call: Call) -> Reply:
    """`GET /{module}/{id}`, or with `X-EXTERNAL` by an external field; 204 when it is not there."""
    call.allow("fields", "approved", "converted", "cvid")
    module = call.module()
    values = call.org.seen(module.api_name, record_id(call, module))
    since = call.header_instant("If-Modified-Since")
    if values is None:
        return nothing()
    if since is not None and not _is_since(call.org, values["Modified_Time"], since):
        return Reply(status=HTTPStatus.NOT_MODIFIED)
    asked = call.query.get("fields")
    if asked is None:
        return Reply(body={"data": [whole_record(call, module, values)]})
    names = asked_fields(call, module, asked.split(","))
    return Reply(body={"data": [shown_record(call, module, values, names, is_list=False)]})


def record_id(call: Call, module: Module) -> str:
    """Return the id that the path means; empty when nothing is there; ZohoError 400."""
    text = call.params["id"]
    name = call.headers.get("x-external")
    if name is None:
        if not text.isdecimal():
            raise ZohoError("INVALID_DATA", "the id given seems to be invalid",
                            {"resource_path_index": 1})  # fmt: skip
        return text
    entry = external_field(call, module, name)
    for row in call.org.rows(module.api_name):
        if str(row.get(entry)) == text:
            return str(row["id"])
    return ""


def external_field(call: Call, module: Module, header: str) -> str:
    """Return the external field that `X-EXTERNAL: Module.Field` names; ZohoError 400."""
    name = header.removeprefix(f"{module.api_name}.")
    entry = module.find(name)
    is_known = call.org.switches.external_fields and entry is not None and entry.is_external
    if not is_known:
        raise ZohoError(
            "INVALID_DATA", "the external field given seems to be invalid",
            {"header_name": "X-EXTERNAL"},
        )  # fmt: skip
    return name


def deleted(call: Call) -> Reply:
    """`GET /{module}/deleted`: what went, the last first."""
    call.allow("type", "page", "per_page")
    call.cost = 2
    module = call.module()
    kind = call.required("type")
    if kind not in {"all", "recycle", "permanent"}:
        raise wrong_parameter("type", supported_values=["all", "recycle", "permanent"])
    effects.forget(call.org)
    since = call.header_instant("If-Modified-Since")
    rows = [
        gone
        for gone in call.org.deleted.values()
        if gone.module == module.api_name
        and kind in {"all", gone.kind}
        and (since is None or _is_since(call.org, gone.at, since))
    ]
    rows.sort(key=lambda gone: (gone.at, gone.id), reverse=True)
    size, number = call.page_size(), call.number("page", 1)
    page = rows[(number - 1) * size : number * size]
    if not page:
        return Reply(status=HTTPStatus.NOT_MODIFIED) if since and not rows else nothing()
    info = {
        "per_page": size,
        "count": len(page),
        "page": number,
        "more_records": number * size < len(rows),
    }
    return Reply(body={"data": [_gone(call, gone) for gone in page], "info": info})


def _gone(call: Call, gone: Deleted) -> JsonObject:
    creator = person(call.org, gone.values.get("Created_By", ""))
    remover = person(call.org, gone.by)
    return {
        "deleted_by": remover and {"name": remover["name"], "id": remover["id"]},
        "id": gone.id,
        "display_name": gone.name,
        "type": gone.kind,
        "created_by": creator and {"name": creator["name"], "id": creator["id"]},
        "deleted_time": call.org.printed(gone.at),
    }


def count(call: Call) -> Reply:
    """`GET /{module}/actions/count`."""
    call.allow("criteria", "email", "phone", "word", "cvid")
    module = call.module()
    _refuse_views(call)
    if not call.query:
        return Reply(body={"count": sum(1 for _ in call.org.rows(module.api_name))})
    return Reply(body={"count": len(_found(call, module))})


def _refuse_views(call: Call) -> None:
    """Custom views and territories are not there: no id of one is right."""
    if "cvid" in call.query:
        raise wrong_parameter("cvid")
    if {"territory_id", "include_child"} & set(call.query):
        message = "Territory Management is not enabled"
        raise ZohoError("FEATURE_NOT_ENABLED", message, {"feature": "territory_management"})


def _wanted(call: Call, module: Module) -> list[Values]:
    rows = list(call.org.rows(module.api_name))
    if "ids" in call.query:
        wanted = set(call.query["ids"].split(","))
        rows = [row for row in rows if row["id"] in wanted]
    return rows


def _sorted(call: Call, rows: list[Values]) -> list[Values]:
    by, order = call.query.get("sort_by", "id"), call.query.get("sort_order", "desc")
    if by not in _SORTS:
        raise wrong_parameter("sort_by", supported_values=list(_SORTS))
    if order not in {"asc", "desc"}:
        raise wrong_parameter("sort_order", supported_values=["asc", "desc"])
    rows.sort(key=lambda row: (row[by], int(row["id"])), reverse=order == "desc")
    return rows


def _is_since(org: Org, at: datetime, since: datetime) -> bool:
    return at >= since if org.switches.modified_since_is_inclusive else at > since


def _found(call: Call, module: Module) -> list[Values]:
    query = call.query
    rows = sorted(call.org.rows(module.api_name), key=lambda row: int(row["id"]), reverse=True)
    if "criteria" in query:
        matches = compiled(call, module, query["criteria"])
        return [row for row in rows if matches(row)]
    for name, kind in (("email", "email"), ("phone", "phone")):
        if name in query:
            fields = [one.api_name for one in module.fields.values() if one.data_type == kind]
            if not fields:
                raise invalid_data(name)
            return [row for row in rows if any(row.get(one) == query[name] for one in fields)]
    if "word" not in query:
        raise missing_parameter("criteria")
    word = query["word"].lower()
    return [
        row
        for row in rows
        if any(isinstance(value, str) and word in value.lower() for value in row.values())
    ]
