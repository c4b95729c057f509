"""Bulk API 2.0 ingest jobs: opened, filled with one CSV, closed; and the fate of every row.

An empty cell leaves its field as it is and `#N/A` clears it. A job that is complete says nothing
of its rows: each is in the successful, the failed or the unprocessed results.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import effects, writing
from connectors.sandbox.salesforce.bulk_csv import printed_csv, read_csv
from connectors.sandbox.salesforce.bulk_jobs import Job, Jobs, invalid_job
from connectors.sandbox.salesforce.bulk_query import csv_type
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.checks import existing
from connectors.sandbox.salesforce.errors import SalesforceError, not_found
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.permissions import may_read

_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
_CLEARED = "#N/A"
_LARGEST_UPLOAD = 100_000_000
Deed = Callable[[JsonObject], tuple[str, bool]]


class BulkIngests:
    """The `jobs/ingest` resources."""

    def __init__(self, org: Org, jobs: Jobs) -> None:
        self._org = org
        self._jobs = jobs

    def create(self, call: Call) -> Reply:
        """`POST /jobs/ingest`."""
        body = call.json()
        operation = body.get("operation")
        kind = call.named_kind(body.get("object"))
        if not isinstance(operation, str) or operation not in _OPERATIONS:
            raise invalid_job(f"InvalidJob : the operation '{operation}' is unknown")
        external = str(body.get("externalIdFieldName") or "")
        if operation == "upsert":
            writing.external_field(call, kind, external)
        job = self._jobs.open(call, operation=operation, object=kind.name, external_id=external)
        return Reply(body=self._opened(job))

    def _opened(self, job: Job) -> JsonObject:
        shown = self._jobs.shown(job)
        shown["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        if job.external_id:
            shown["externalIdFieldName"] = job.external_id
        return shown

    def list_all(self, _call: Call) -> Reply:
        """`GET /jobs/ingest`."""
        rows = [self._described(job) for job in self._jobs.of_kind(is_query=False)]
        return Reply(body={"done": True, "nextRecordsUrl": None, "records": rows})

    def _described(self, job: Job) -> JsonObject:
        is_done = job.state in {"JobComplete", "Failed"}
        return (
            self._opened(job)
            | {"jobType": "V2Ingest"}
            | self._jobs.progress(job)
            | {
                "numberRecordsFailed": len(job.failed) if is_done else 0,
                "apexProcessingTime": 0,
                "apiActiveProcessingTime": 0,
            }
        )

    def show(self, call: Call) -> Reply:
        """`GET /jobs/ingest/750…`."""
        job = self._jobs.settle(self._jobs.find(call, is_query=False))
        return Reply(body=self._described(job))

    def upload(self, call: Call) -> Reply:
        """`PUT /jobs/ingest/750…/batches`: once."""
        job = self._jobs.find(call, is_query=False)
        if job.state != "Open":
            raise SalesforceError("INVALIDJOBSTATE", f"The job is {job.state}, not Open")
        if job.uploaded is not None:
            raise SalesforceError(
                "INVALIDJOBSTATE",
                f"Found multiple contents for job: <{job.id}>: only one PUT is accepted",
            )
        if len(call.body) > _LARGEST_UPLOAD:
            raise SalesforceError(
                "CONTENT_TOO_LARGE", "The upload is larger than 100 MB",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )  # fmt: skip
        job.uploaded = call.body
        return Reply(status=HTTPStatus.CREATED)

    def change(self, call: Call) -> Reply:
        """`PATCH /jobs/ingest/750…`: `UploadComplete` starts it, `Aborted` ends it."""
        job = self._jobs.find(call, is_query=False)
        state = call.json().get("state")
        if state == "Aborted":
            self._jobs.abort(job)
        elif state == "UploadComplete" and job.state == "Open":
            self._perform(call, job)
            self._jobs.start(job)
        else:
            raise SalesforceError(
                "INVALIDJOBSTATE", f"A job that is {job.state} cannot become {state}"
            )
        return Reply(body=self._opened(job))

    def remove(self, call: Call) -> Reply:
        """`DELETE /jobs/ingest/750…`."""
        job = self._jobs.settle(self._jobs.find(call, is_query=False))
        if job.state in {"UploadComplete", "InProgress"}:
            raise SalesforceError("INVALIDJOBSTATE", "A job under way cannot be deleted")
        self._jobs.forget(job)
        return Reply(status=HTTPStatus.NO_CONTENT)

    def results(self, call: Call) -> Reply:
        """`GET /jobs/ingest/750…/successfulResults`, `failedResults`, `unprocessedrecords`."""
        job = self._jobs.settle(self._jobs.find(call, is_query=False))
        if job.state in {"Open", "UploadComplete", "InProgress"}:
            raise SalesforceError("INVALIDJOBSTATE", f"The job is {job.state}: it has no results")
        name = call.params["results"]
        if (
            name.lower() != "unprocessedrecords"
            or self._org.switches.unprocessed_path == "any_case"
        ):
            name = name.lower()
        found: dict[str, tuple[list[str], list[list[str]]]] = {
            "successfulresults": (["sf__Id", "sf__Created"], job.succeeded),
            "failedresults": (["sf__Id", "sf__Error"], job.failed),
            "unprocessedrecords": ([], job.unprocessed),
        }
        if name not in found:
            raise not_found()
        header, rows = found[name]
        table = [[*header, *job.columns], *rows]
        if header and not self._org.switches.ingest_results_repeat_id:
            table = _without_id(table)
        return Reply(
            raw=printed_csv(job, table),
            headers={"Content-Type": csv_type(self._org)},
        )

    def _perform(self, call: Call, job: Job) -> None:
        kind = self._org.objects[job.object]
        try:
            lines = read_csv(job)
            job.columns = lines[0] if lines else []
            _check_columns(call, kind, job)
        except ValueError as error:
            job.outcome, job.error = "Failed", str(error)
            return
        deed = _deed(call, kind, job)
        switches = self._org.switches
        for number, cells in enumerate(lines[1:]):
            if switches.bulk_failure and number >= switches.bulk_failure_after_rows:
                job.outcome, job.error = "Failed", switches.bulk_failure
                job.unprocessed.append(cells)
            else:
                self._row(job, deed, cells)

    def _row(self, job: Job, deed: Deed, cells: list[str]) -> None:
        job.processed += 1
        if len(cells) != len(job.columns):
            job.failed.append(
                ["", "INVALID_CSV_ROW:the row has another number of cells:--", *cells]
            )
            return
        body: dict[str, Any] = {
            name: None if cell == _CLEARED else cell
            for name, cell in zip(job.columns, cells, strict=True)
            if cell != ""
        }
        sent = next((str(cell) for name, cell in body.items() if name.lower() == "id"), "")
        try:
            record_id, is_new = deed(body)
        except SalesforceError as error:
            code = "INVALID_TYPE_ON_FIELD_IN_RECORD" if error.is_whole else error.code
            where = f"{','.join(error.fields)} --" if error.fields else "--"
            job.failed.append([sent, f"{code}:{error.message}:{where}", *cells])
        else:
            job.succeeded.append([record_id, "true" if is_new else "false", *cells])


def _without_id(table: list[list[str]]) -> list[list[str]]:
    """Leave the Id column of the upload out of its results."""
    place = next((at for at, name in enumerate(table[0]) if name.lower() == "id"), None)
    return table if place is None else [row[:place] + row[place + 1 :] for row in table]


def _check_columns(call: Call, kind: ObjectType, job: Job) -> None:
    """Refuse a header with a column that is no field; ValueError in Salesforce's words."""
    for name in job.columns:
        field = kind.find(name)
        if field is None or not may_read(call.org, call.user_id, kind, field):
            raise ValueError(f"InvalidBatch : Field name not found : {name}")
    needed = {"insert": "", "upsert": job.external_id}.get(job.operation, "Id")
    if needed and needed.lower() not in {name.lower() for name in job.columns}:
        raise ValueError(f"InvalidBatch : Field name not found : {needed}")


def _deed(call: Call, kind: ObjectType, job: Job) -> Deed:
    """Return what the job does with one row: the record's id, and whether it is new."""

    def insert(body: JsonObject) -> tuple[str, bool]:
        return writing.create(call, kind, body), True

    def update(body: JsonObject) -> tuple[str, bool]:
        found = existing(call.org, kind, _taken(body, "Id"), is_row=True)
        writing.change(call, kind, found, body)
        return found.id, False

    def upsert(body: JsonObject) -> tuple[str, bool]:
        field = writing.external_field(call, kind, job.external_id)
        return writing.upsert(call, kind, field, _taken(body, field.name), body)

    def delete(body: JsonObject) -> tuple[str, bool]:
        found = existing(call.org, kind, _taken(body, "Id"), is_row=True)
        writing.remove(call, kind, found)
        if job.operation == "hardDelete" and "IsDeleted" in kind.fields:
            effects.purge(call.org, kind, found.id)
        return found.id, False

    deeds = {"insert": insert, "update": update, "upsert": upsert}
    return deeds.get(job.operation, delete)


def _taken(body: JsonObject, name: str) -> object:
    """Take a column out of a row; SalesforceError when its cell is empty."""
    for key in list(body):
        if key.lower() == name.lower():
            return body.pop(key)
    raise SalesforceError("MISSING_ARGUMENT", f"{name} not specified", fields=[name])
