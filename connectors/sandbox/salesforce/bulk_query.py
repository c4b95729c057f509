"""Bulk API 2.0 query jobs: created, polled, and their results fetched page by page as CSV."""

import base64
import binascii
from collections.abc import Iterable
from datetime import date, datetime
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.bulk_csv import printed_csv
from connectors.sandbox.salesforce.bulk_jobs import Job, Jobs, invalid_job
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.soql_binding import value_at
from connectors.sandbox.salesforce.soql_query import Answer, answered

# Objects of settings that only the REST query reads.
_REST_ONLY = frozenset({"OpportunityStage", "TaskStatus", "TaskPriority", "Period"})
_MOST_AT_ONCE = 5


class BulkQueries:
    """The `jobs/query` resources."""

    def __init__(self, org: Org, jobs: Jobs) -> None:
        self._org = org
        self._jobs = jobs
        self._today = 0

    def create(self, call: Call) -> Reply:
        """`POST /jobs/query`."""
        body = call.json()
        operation, source = body.get("operation"), body.get("query")
        if operation not in ("query", "queryAll") or not isinstance(source, str):
            raise invalid_job("InvalidJob : an operation and a query are required")
        if self._today >= self._org.switches.bulk_query_jobs_limit:
            raise SalesforceError(
                "LIMIT_EXCEEDED",
                f"Max bulk v2 query jobs ({self._org.switches.bulk_query_jobs_limit}) per 24 hrs "
                "has been reached",
            )
        error, answer = "", None
        try:
            answer = self._run(call, source, with_deleted=operation == "queryAll")
        except SalesforceError as refusal:
            if self._org.switches.bulk_query_errors == "request":
                raise
            error = f"{refusal.code}: {refusal.message}"
        job = self._jobs.open(
            call, operation=operation, object=answer.kind.name if answer else "", query=source
        )
        self._today += 1
        error = error or self._org.switches.bulk_failure
        if answer is not None:
            job.columns = [path.name for path in answer.paths]
            job.rows = [list(row) for row in _rows(self._org, answer)]
        job.processed = len(job.rows)
        if error:
            job.outcome, job.error, job.rows, job.processed = "Failed", error, [], 0
        self._jobs.start(job)
        return Reply(body=self._jobs.shown(job))

    def _run(self, call: Call, source: str, *, with_deleted: bool) -> Answer:
        answer = answered(self._org, call.user_id, source, with_deleted=with_deleted)
        if answer.kind.name in _REST_ONLY:
            raise SalesforceError(
                "INVALIDENTITY", f"Entity '{answer.kind.name}' is not supported by the Bulk API."
            )
        is_aggregate = answer.is_count or answer.groups is not None
        if is_aggregate or answer.has_offset or answer.children:
            raise SalesforceError(
                "API_ERROR",
                "Aggregate queries, nested queries and OFFSET are not supported in Bulk Query",
            )
        if any(path.field.type == "address" for path in answer.paths):
            raise SalesforceError(
                "FEATURENOTENABLED", "Selecting compound data not supported in Bulk Query"
            )
        return answer

    def list_all(self, _call: Call) -> Reply:
        """`GET /jobs/query`."""
        rows = [self._described(job) for job in self._jobs.of_kind(is_query=True)]
        return Reply(body={"done": True, "nextRecordsUrl": None, "records": rows})

    def _described(self, job: Job) -> JsonObject:
        return self._jobs.shown(job) | {"jobType": "V2Query"} | self._jobs.progress(job)

    def show(self, call: Call) -> Reply:
        """`GET /jobs/query/750…`."""
        job = self._jobs.settle(self._jobs.find(call, is_query=True))
        return Reply(body=self._described(job))

    def change(self, call: Call) -> Reply:
        """`PATCH /jobs/query/750… {"state": "Aborted"}`."""
        job = self._jobs.find(call, is_query=True)
        if call.json().get("state") != "Aborted":
            raise invalid_job("InvalidJob : a query job can only be aborted")
        self._jobs.abort(job)
        return Reply(body=self._jobs.shown(job))

    def remove(self, call: Call) -> Reply:
        """`DELETE /jobs/query/750…`."""
        self._jobs.forget(self._jobs.find(call, is_query=True))
        return Reply(status=HTTPStatus.NO_CONTENT)

    def results(self, call: Call) -> Reply:
        """`GET /jobs/query/750…/results?locator=…&maxRecords=…`."""
        job = self._complete(call)
        start = _place(call.query.get("locator", ""))
        end = start + self._page_size(call)
        rows = job.rows[start:end]
        following = _locator(end) if end < len(job.rows) else "null"
        return Reply(
            raw=printed_csv(job, [job.columns, *rows]),
            headers={
                "Content-Type": csv_type(self._org),
                "Sforce-Locator": following,
                "Sforce-NumberOfRecords": str(len(rows)),
            },
        )

    def pages(self, call: Call) -> Reply:
        """`GET /jobs/query/750…/resultPages`: up to five addresses of results at once."""
        job = self._complete(call)
        size = self._page_size(call)
        start = _place(call.query.get("locator", ""))
        root = f"{call.base}/jobs/query/{job.id}"
        places = list(range(start, max(len(job.rows), start + 1), size))
        urls = [{"resultUrl": f"{root}/results?locator={_locator(place)}&maxRecords={size}"}
                for place in places[:_MOST_AT_ONCE]]  # fmt: skip
        rest = places[_MOST_AT_ONCE:]
        following = f"{root}/resultPages?locator={_locator(rest[0])}" if rest else None
        return Reply(body={"resultPages": urls, "nextRecordsUrl": following, "done": not rest})

    def _complete(self, call: Call) -> Job:
        job = self._jobs.settle(self._jobs.find(call, is_query=True))
        if job.state != "JobComplete":
            raise SalesforceError("INVALIDJOBSTATE", f"The job is {job.state}: it has no results")
        return job

    def _page_size(self, call: Call) -> int:
        wanted = call.query.get("maxRecords", "")
        most = self._org.switches.bulk_page_size
        return min(int(wanted), most) if wanted.isdecimal() and int(wanted) else most


def csv_type(org: Org) -> str:
    """The content type of results: without a charset, as it has been seen."""
    return "text/csv; charset=UTF-8" if org.switches.bulk_charset else "text/csv"


def _rows(org: Org, answer: Answer) -> Iterable[list[str]]:
    for values in answer.rows:
        yield _row(org, answer, values)


def _row(org: Org, answer: Answer, values: Values) -> list[str]:
    return [_cell(value_at(org, values, path)) for path in answer.paths]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.000Z"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _locator(place: int) -> str:
    return base64.b64encode(str(place).encode()).decode()


def _place(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator, validate=True))
    except (binascii.Error, ValueError) as error:
        raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator") from error
