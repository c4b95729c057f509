"""Bulk read: jobs of 200,000 rows, each a ZIP with one CSV file.

Source: "Bulk Read: Create Job", "Job Details" and "Download Result" of the bulk APIs, version 8.
"""

import csv
import io
import secrets
import zipfile
from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.coql_paths import Reach, reach
from connectors.sandbox.zoho.criteria import grouped
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.fields import PICK_LISTS, Module
from connectors.sandbox.zoho.org import Org, Values
from connectors.sandbox.zoho.values import person, printed

_COST = 50
_TOKEN = timedelta(hours=24)
_MINUTE = timedelta(minutes=1)
_QUERY = frozenset({"module", "fields", "criteria", "page", "page_token", "file_type", "cvid"})


@dataclass(slots=True, kw_only=True)
class _Job:
    id: str
    user_id: str
    made: datetime
    module: Module
    names: list[str]
    # All that the query found when it was asked for; a later page begins further on.
    rows: list[Values]
    page: int
    query: JsonObject
    next_token: str = ""


class BulkReads:
    """The jobs of one organization."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, _Job] = {}
        self._tokens: dict[str, tuple[_Job, datetime]] = {}
        self._downloads: deque[datetime] = deque()

    def create(self, call: Call) -> Reply:
        """`POST /crm/bulk/v8/read`."""
        if "json" not in call.headers.get("content-type", "").lower():
            raise ZohoError("MEDIA_TYPE_NOT_SUPPORTED", "the content type is not supported",
                            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)  # fmt: skip
        if not call.body:
            raise ZohoError("REQUEST_BODY_IS_EMPTY", "the request body is empty")
        query = call.json().get("query")
        if not isinstance(query, dict):
            raise ZohoError("QUERY_NOT_SUPPORTED", "the query is not supported")
        unknown = sorted(set(query) - _QUERY)
        if unknown or query.get("file_type", "csv") != "csv":
            raise ZohoError("NOT_SUPPORTED_FEATURE", "the feature is not supported",
                            {"feature": unknown})  # fmt: skip
        if "cvid" in query:
            raise ZohoError("CVID_NOT_SUPPORTED", "the cvid is not supported")
        call.cost = _COST
        job = self._further(call, query) if "page_token" in query else self._begun(call, query)
        self._jobs[job.id] = job
        details = {
            "id": job.id,
            "operation": "read",
            "state": "ADDED",
            "created_by": _by(self._org, job),
            "created_time": self._org.printed(job.made),
        }
        entry = {"status": "success", "code": "ADDED_SUCCESSFULLY",
                 "message": "Added successfully.", "details": details}  # fmt: skip
        return Reply(status=HTTPStatus.CREATED, body={"data": [entry], "info": {}})

    def _begun(self, call: Call, query: JsonObject) -> _Job:
        named = query.get("module")
        name = named.get("api_name") if isinstance(named, dict) else named
        module = call.org.modules.get(str(name))
        if module is None:
            raise ZohoError("MODULE_NOT_AVAILABLE", "the module is not available",
                            {"module": name})  # fmt: skip
        if not module.in_bulk:
            raise ZohoError("MODULE_NOT_SUPPORTED", "the module is not supported",
                            {"module": name})  # fmt: skip
        rows = list(call.org.rows(module.api_name))
        if query.get("criteria") is not None:
            test = grouped(module, query["criteria"])
            rows = [row for row in rows if test(row)]
        rows.sort(key=lambda row: int(row["id"]))
        page = query.get("page", 1)
        if not isinstance(page, int) or page < 1:
            raise ZohoError("PAGE_NOT_SUPPORTED", "the page is not supported", {"page": page})
        if page > 1 and (page - 1) * call.org.switches.bulk_page_size >= len(rows):
            raise ZohoError("PAGE_RANGE_EXCEEDED", "the page range is exceeded", {"page": page})
        names = query.get("fields")
        names = list(module.fields) if names is None else list(names)
        for entry in names:
            self._column(call, module, entry)
        return self._job(call, module=module, names=names, rows=rows, page=page, query=query)

    def _further(self, call: Call, query: JsonObject) -> _Job:
        found = self._tokens.get(str(query["page_token"]))
        if found is None or found[0].user_id != call.user_id:
            raise ZohoError("INVALID_DATA", "invalid data", {"api_name": "page_token"})
        before, ends = found
        if ends <= call.org.clock.now():
            raise ZohoError("EXPIRED_VALUE", "the page token is expired",
                            {"api_name": "page_token"})  # fmt: skip
        return self._job(
            call,
            module=before.module,
            names=before.names,
            rows=before.rows,
            page=before.page + 1,
            query=before.query,
        )

    def _job(
        self,
        call: Call,
        *,
        module: Module,
        names: list[str],
        rows: list[Values],
        page: int,
        query: JsonObject,
    ) -> _Job:
        job = _Job(
            id=call.org.mint(), user_id=call.user_id, made=call.org.now(), module=module,
            names=names, rows=rows, page=page, query=query,
        )  # fmt: skip
        if page * call.org.switches.bulk_page_size < len(rows):
            job.next_token = secrets.token_hex(24)
            self._tokens[job.next_token] = job, call.org.clock.now() + _TOKEN
        return job

    @staticmethod
    def _column(call: Call, module: Module, name: object) -> Reach:
        try:
            return reach(call, module, str(name))
        except ZohoError as error:
            raise ZohoError("FIELD_NOT_AVAILABLE", "the field is not available",
                            {"field": name}) from error  # fmt: skip

    def _found(self, call: Call) -> _Job:
        job = self._jobs.get(call.params["id"])
        if job is None or job.user_id != call.user_id:
            raise ZohoError("RESOURCE_NOT_FOUND", "the resource is not found",
                            status=HTTPStatus.NOT_FOUND)  # fmt: skip
        return job

    def _state(self, job: _Job) -> str:
        switches = self._org.switches
        spent = (self._org.clock.now() - job.made).total_seconds()
        if spent < switches.bulk_seconds / 3:
            return "ADDED"
        if spent < switches.bulk_seconds * 2 / 3:
            return "QUEUED"
        if spent < switches.bulk_seconds:
            return "IN PROGRESS"
        return "FAILURE" if switches.bulk_failure else "COMPLETED"

    def _page(self, job: _Job) -> list[Values]:
        size = self._org.switches.bulk_page_size
        return job.rows[(job.page - 1) * size : job.page * size]

    def show(self, call: Call) -> Reply:
        """`GET /crm/bulk/v8/read/{id}`."""
        job = self._found(call)
        state = self._state(job)
        row: JsonObject = {
            "id": job.id,
            "operation": "read",
            "state": state,
            "query": job.query,
            "created_by": _by(self._org, job),
            "created_time": self._org.printed(job.made),
            "file_type": "csv",
        }
        if state == "COMPLETED":
            row["result"] = {
                "page": job.page,
                "count": len(self._page(job)),
                "download_url": f"/crm/bulk/v8/read/{job.id}/result",
                "per_page": self._org.switches.bulk_page_size,
                "more_records": bool(job.next_token),
                "next_page_token": job.next_token or None,
            }
        elif state == "FAILURE":
            row["result"] = {"error_message": "The job failed; please create it again."}
        return Reply(body={"data": [row]})

    def result(self, call: Call) -> Reply:
        """`GET /crm/bulk/v8/read/{id}/result`: the ZIP."""
        job, switches, now = self._found(call), self._org.switches, self._org.clock.now()
        is_old = (now - job.made).total_seconds() > switches.bulk_result_seconds
        if self._state(job) != "COMPLETED" or is_old:
            raise ZohoError("RESOURCE_NOT_FOUND", "the resource is not found",
                            status=HTTPStatus.NOT_FOUND)  # fmt: skip
        while self._downloads and self._downloads[0] <= now - _MINUTE:
            self._downloads.popleft()
        if len(self._downloads) >= switches.bulk_downloads_per_minute:
            raise ZohoError("TOO_MANY_REQUESTS", "too many requests",
                            status=HTTPStatus.TOO_MANY_REQUESTS)  # fmt: skip
        self._downloads.append(now)
        rows = self._page(job)
        if not rows and switches.bulk_empty_result == "no_content":
            return nothing()
        shown = {
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{job.id}.zip"',
        }
        return Reply(raw=self._packed(call, job, rows), headers=shown)

    def _packed(self, call: Call, job: _Job, rows: list[Values]) -> bytes:
        names = [name for name in job.names if name != "id"]
        columns = [self._column(call, job.module, name) for name in names]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self._org.switches.bulk_id_header, *names])
        for row in rows:
            writer.writerow([row["id"], *(_cell(self._org, one, row) for one in columns)])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{job.id}.csv", text.getvalue())
        return packed.getvalue()


def _by(org: Org, job: _Job) -> JsonObject | None:
    found = person(org, job.user_id)
    return found and {"id": found["id"], "name": found["name"]}


def _cell(org: Org, column: Reach, row: Values) -> str:
    value = column.get(row)
    if value is None:
        return ""
    if column.field.data_type in PICK_LISTS:
        value = printed(org, column.field, value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return org.printed(value)
    if isinstance(value, date):
        return value.isoformat()
    return ";".join(value) if isinstance(value, list) else str(value)
