"""Bulk API 2.0, on the client's own session: a query as a job, its result page by page.

A result is CSV in UTF-8, whatever its headers say of the charset, with line breaks inside of
fields. Without a size, large results stall (told by the authors of Estuary's connector), so each
page has 5,000 rows at most, so that little is in memory, or fewer where those would be too many
bytes.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.base import Retriable, Unanswered
from connectors.http import Answer, Oversized
from connectors.salesforce.client import Client, Json
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import Refused, words_of
from rules.language import Text

PAGE = 5_000
SMALLEST_PAGE = 500
FIRST_LOOK, LONGEST_LOOK = 0.5, 20.0
# Salesforce gives a job up after much less.
LONGEST_JOB = 2 * 60 * 60.0

_RUNNING = frozenset({"UploadComplete", "InProgress", "Open"})
_COMPLETE = "JobComplete"
# The literal that Salesforce sends where there is no further page.
_NO_LOCATOR = "null"

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows of a result by column (an empty cell is None), and where the next page begins."""

    rows: list[Json]
    locator: str | None


class BulkQuery:
    """The query jobs of one org."""

    def __init__(self, client: Client, *, page: int = PAGE) -> None:
        self._client = client
        self._page = page

    def start(self, soql: str) -> str:
        """Begin a job that shows deleted rows too; its id.

        Raises:
            Refused: The org's jobs of the day are used up, or the object has no bulk query.
        """
        answer = self._client.write(
            "POST",
            "jobs/query",
            {
                "operation": "queryAll",
                "query": soql,
                "contentType": "CSV",
                "columnDelimiter": "COMMA",
                "lineEnding": "LF",
            },
        )
        key = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(key, str) or not key.isalnum():
            raise Unanswered(NOT_AS_ASKED)
        return key

    def wait(self, job: str) -> None:
        """Wait until the result is there.

        Raises:
            Refused: There is no such job any more, or it failed.
            Retriable: It takes very long.
        """
        look, waited = FIRST_LOOK, 0.0
        while True:
            answer = self._client.look_at(f"jobs/query/{job}", member="state")
            state = str(answer.get("state"))
            if state == _COMPLETE:
                return
            if state not in _RUNNING:
                raise Refused(200, state.upper(), words_of(answer.get("errorMessage") or state))
            if waited >= LONGEST_JOB:
                raise Retriable(_slow(job))
            self._client.pause(look)
            waited += look
            look = min(LONGEST_LOOK, look * 1.5)

    def page(self, job: str, locator: str | None) -> Page:
        """A page of the result.

        Raises:
            Refused: There is no such job any more.
        """
        size = self._page
        while True:
            query = [("maxRecords", str(size))]
            if locator is not None:
                query.append(("locator", locator))
            try:
                return self._client.table(f"jobs/query/{job}/results", _page_of, query)
            except Oversized:
                if size <= SMALLEST_PAGE:
                    raise
                size = max(SMALLEST_PAGE, size // 4)

    def end(self, job: str) -> None:
        """Let a job go; Salesforce does so by itself after seven days."""
        self._client.drop(f"jobs/query/{job}")


def _page_of(answer: Answer) -> Page:
    """The page that an answer is, whole: cut short on the way it would cost rows."""
    following = answer.headers.get("Sforce-Locator")
    told = answer.headers.get("Sforce-NumberOfRecords") or ""
    if following is None:
        raise Unanswered(NOT_AS_ASKED)
    rows = list(rows_of(answer.body))
    if told.isdecimal() and int(told) != len(rows):
        raise Unanswered(NOT_AS_ASKED)
    return Page(rows=rows, locator=None if following in {"", _NO_LOCATOR} else following)


def rows_of(body: bytes) -> Iterator[Json]:
    """The rows of a CSV by column; an empty cell is None.

    Raises:
        Unanswered: A row has other columns than the head.
    """
    lines = cells_of(body)
    head = next(lines, [])
    for cells in lines:
        yield {name: cell or None for name, cell in zip(head, cells, strict=True)}


def cells_of(body: bytes) -> Iterator[list[str]]:
    """The head of a CSV, then its rows, each of as many cells.

    Raises:
        Unanswered: A row has other columns than the head.
    """
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", "replace", newline=""))
    head = next(reader, [])
    yield head
    for cells in reader:
        if len(cells) != len(head):
            raise Unanswered(NOT_AS_ASKED)
        yield cells


def _slow(job: str) -> Text:
    return Text(
        fr=f"Salesforce n'a pas fini l'extraction {job} en deux heures. Arpent réessaiera; si cela "
        "dure, voyez Configuration → Tâches de chargement de données en masse.",
        en=f"Salesforce has not finished extraction {job} within two hours. Arpent will try again; "
        "if it lasts, see Setup → Bulk Data Load Jobs.",
    )
