"""Many changes at once: an ingest job of Bulk API 2.0, on the client's own session.

A job that is complete has not written every row: those that it wrote, refused and never came to are
three tables, matched by record id, since they come in any order. In the CSV an empty cell leaves a
field as it is, and `#N/A` empties it (Salesforce's Bulk API guide). Nothing is written before the
upload is declared complete: until then a failure is one of nothing done.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence

from connectors.base import Change, ConnectorError, Outcome, State, Unanswered
from connectors.batches import unknown
from connectors.http import Answer
from connectors.salesforce import writing_words as words
from connectors.salesforce.bulk import FIRST_LOOK, LONGEST_LOOK, cells_of
from connectors.salesforce.client import Client
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import LOCKED, Refused, words_of
from connectors.salesforce.objects import full_id, own_field
from connectors.salesforce.refusals import rejected
from rules.language import Text

# Rows of one job: its tables then stay well under the ceiling of an answer.
MOST = 50_000
LONGEST_JOB = 30 * 60.0
EMPTIED = "#N/A"

_ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


class Ingest:
    """Writes to one org by jobs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def update(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Write changes of different records; the outcome of each by its external id.

        A failure before anything was settled is raised; after that the rest is unknown.
        """
        outcomes: dict[str, Outcome] = {}
        # Neighbours are often of one parent: side by side they wait for each other the least.
        ordered = sorted(changes, key=lambda change: change.external_id)
        for start in range(0, len(ordered), MOST):
            part = ordered[start : start + MOST]
            try:
                outcomes |= self._job(part)
            except ConnectorError as error:
                if not outcomes:
                    raise
                for change in ordered[start:]:
                    outcomes[change.external_id] = unknown(change.external_id, error.message)
                break
        return outcomes

    def _job(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        job = self._opened()
        path = f"jobs/ingest/{job}"
        try:
            self._client.upload(f"{path}/batches", table_of(changes))
        except ConnectorError:
            self._client.abort(path)
            raise
        try:
            self._client.write("PATCH", path, {"state": "UploadComplete"})
        except Unanswered as error:
            # The job may be running: what an abortion finds written stays written.
            return _all_unknown(changes, error.message)
        try:
            self._wait(path)
            return self._settled(path, changes)
        except ConnectorError as error:
            return _all_unknown(changes, error.message)

    def _opened(self) -> str:
        answer = self._client.write(
            "POST",
            "jobs/ingest",
            {
                "object": "Account",
                "operation": "update",
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
            },
        )
        key = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(key, str) or not key.isalnum():
            raise Unanswered(NOT_AS_ASKED)
        return key

    def _wait(self, path: str) -> None:
        """Wait until the job has ended, well or not: its tables tell of each row."""
        look, waited = FIRST_LOOK, 0.0
        while str(self._client.look_at(path, member="state").get("state")) not in _ENDED:
            if waited >= LONGEST_JOB:
                raise Unanswered(words.UNMENTIONED)
            self._client.pause(look)
            waited += look
            look = min(LONGEST_LOOK, look * 1.5)

    def _settled(self, path: str, changes: Sequence[Change]) -> dict[str, Outcome]:
        """The outcome of each change by the tables of a job."""
        written = self._told(f"{path}/successfulResults/")
        failed = self._told(f"{path}/failedResults/")
        left = self._told(f"{path}/unprocessedrecords/")
        return {change.external_id: _outcome(change, written, failed, left) for change in changes}

    def _told(self, path: str) -> Mapping[str, str]:
        return self._client.table(path, _told_by)


def _told_by(answer: Answer) -> Mapping[str, str]:
    """The records that a table names, none of which may be missed, each with its error."""
    lines = cells_of(answer.body)
    head = next(lines, [])
    places = {name: place for place, name in enumerate(head)}
    named = [places[name] for name in ("Id", "sf__Id") if name in places]
    if not named:
        if head:
            raise Unanswered(NOT_AS_ASKED)
        return {}
    first, second, error = named[0], named[-1], places.get("sf__Error")
    return {
        full_id(row[first] or row[second]): "" if error is None else row[error] for row in lines
    }


def table_of(changes: Sequence[Change]) -> bytes:
    """The CSV of changes: a column for each field that any of them has."""
    names = list(dict.fromkeys(name for change in changes for name in change.values))
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["Id", *map(own_field, names)])
    writer.writerows(
        [
            change.external_id,
            *[(change.values[name] or EMPTIED) if name in change.values else "" for name in names],
        ]
        for change in changes
    )
    return written.getvalue().encode()


def refusal_of(said: str) -> Refused:
    """An error of a row, `CODE:message:fields--`, as a refusal."""
    code, _, rest = said.partition(":")
    message, _, blamed = rest.rpartition(":")
    named = [each for each in blamed.removesuffix("--").split() if each]
    return Refused(400, code.strip(), words_of(f"{code}: {message or rest}"), named)


def _outcome(
    change: Change,
    written: Collection[str],
    failed: Mapping[str, str],
    left: Collection[str],
) -> Outcome:
    key = full_id(change.external_id)
    if key in failed:
        refused = refusal_of(failed[key])
        if refused.code == LOCKED:
            return _deferred(change, refused.words)
        return rejected(change.external_id, refused)
    if key in written:
        return Outcome(external_id=change.external_id, state=State.APPLIED)
    if key in left:
        return _deferred(change, "The job ended before this record.")
    return unknown(change.external_id, words.UNMENTIONED)


def _all_unknown(changes: Sequence[Change], message: Text) -> dict[str, Outcome]:
    return {change.external_id: unknown(change.external_id, message) for change in changes}


def _deferred(change: Change, said: str) -> Outcome:
    return Outcome(
        external_id=change.external_id, state=State.DEFERRED, reason=said, remedy=words.LOCKED
    )
