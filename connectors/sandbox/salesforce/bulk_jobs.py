"""Bulk API 2.0: the jobs, what they say of themselves, and when they are done.

A job's work is done at once; a switch decides how long it looks as if it were under way.
Source: "Bulk API 2.0 and Bulk API Developer Guide".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SalesforceError, not_found
from connectors.sandbox.salesforce.moments import printed
from connectors.sandbox.salesforce.org import Org

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t", "CARET": "^",
              "BACKQUOTE": "`"}  # fmt: skip
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_KEPT = timedelta(days=7)
_STATES = ("UploadComplete", "InProgress")


@dataclass(slots=True, kw_only=True)
class Job:
    """One job of either kind; `outcome` is what it becomes once it is done."""

    id: str
    user_id: str
    version: str
    operation: str
    object: str
    delimiter: str
    line_ending: str
    created: datetime
    external_id: str = ""
    query: str = ""
    state: str = "Open"
    outcome: str = "JobComplete"
    error: str = ""
    started: datetime | None = None
    uploaded: bytes | None = None
    processed: int = 0
    # Query: the header, and the rows printed. Ingest: the rows by their fate.
    columns: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    succeeded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)


class Jobs:
    """The jobs of one org that are kept."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._kept: dict[str, Job] = {}

    def open(self, call: Call, **details: Any) -> Job:  # noqa: ANN401 - members of Job
        """Make a job out of the body of a call; SalesforceError."""
        body = call.json()
        delimiter = str(body.get("columnDelimiter", "COMMA")).upper()
        ending = str(body.get("lineEnding", "LF")).upper()
        if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
            raise invalid_job("InvalidJob : the column delimiter or line ending is unknown")
        if str(body.get("contentType", "CSV")).upper() != "CSV":
            raise invalid_job("InvalidJob : the only content type is CSV")
        job = Job(
            id=self._org.mint("750"),
            user_id=call.user_id,
            version=call.version,
            delimiter=delimiter,
            line_ending=ending,
            created=self._org.now(),
            **details,
        )
        self._kept[job.id] = job
        return job

    def find(self, call: Call, *, is_query: bool) -> Job:
        """Return the job of the path; SalesforceError 404, or 409 for another version's."""
        job = self._kept.get(call.params["job"])
        now = self._org.clock.now()
        if job is None or bool(job.query) is not is_query or now - job.created > _KEPT:
            raise not_found()
        if job.version != call.version:
            raise SalesforceError(
                "INVALIDJOBSTATE",
                f"The job was created with API version {job.version}.",
                status=HTTPStatus.CONFLICT,
            )
        return job

    def forget(self, job: Job) -> None:
        """Remove a job and its results."""
        del self._kept[job.id]

    def start(self, job: Job) -> None:
        """Let the job look as if it were under way."""
        job.started = self._org.clock.now()
        job.state = _STATES[0]

    def settle(self, job: Job) -> Job:
        """Bring a job's state up to the present."""
        if job.state not in _STATES or job.started is None:
            return job
        lasts = self._org.switches.bulk_seconds
        elapsed = (self._org.clock.now() - job.started).total_seconds()
        if elapsed >= lasts:
            job.state = job.outcome
        elif elapsed >= lasts / 2:
            job.state = _STATES[1]
        return job

    def of_kind(self, *, is_query: bool) -> list[Job]:
        """Return the jobs of one kind, oldest first."""
        return [self.settle(job) for job in self._kept.values() if bool(job.query) is is_query]

    def shown(self, job: Job) -> JsonObject:
        """Print what every job says of itself."""
        return {
            "id": job.id,
            "operation": job.operation,
            "object": job.object,
            "createdById": job.user_id,
            "createdDate": printed(job.created),
            "systemModstamp": printed(job.started or job.created),
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "lineEnding": job.line_ending,
            "columnDelimiter": job.delimiter,
        }

    def progress(self, job: Job) -> JsonObject:
        """Print how far a job came."""
        is_done = job.state in {"JobComplete", "Failed", "Aborted"}
        lasts = int(self._org.switches.bulk_seconds * 1000) if is_done else 0
        shown: JsonObject = {
            "numberRecordsProcessed": job.processed if is_done else 0,
            "retries": 0,
            "totalProcessingTime": lasts,
        }
        if job.error and is_done:
            shown["errorMessage"] = job.error
        return shown

    def abort(self, job: Job) -> None:
        """End a job that is not done; SalesforceError."""
        self.settle(job)
        if job.state in {"JobComplete", "Failed", "Aborted"}:
            raise SalesforceError(
                "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed"
            )
        job.state = "Aborted"


def invalid_job(message: str) -> SalesforceError:
    """Build the refusal of a job that makes no sense."""
    return SalesforceError("INVALIDJOB", message)
