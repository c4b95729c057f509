"""Bulk read: a job whose result is a ZIP with one CSV, up to 200,000 rows, at 50 credits.

The ZIP is held as it came and its CSV is read row by row, so that memory stays flat. The columns
are those asked for, and `Id`; a lookup is a bare id.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

from connectors.base import Retriable, Unanswered
from connectors.zoho import error_words as words
from connectors.zoho.answers import Json, listing
from connectors.zoho.client import Client
from connectors.zoho.errors import Refused, words_of
from connectors.zoho.ledger import BULK_CREDITS
from rules.language import Text

FIRST_LOOK, LONGEST_LOOK = 1.0, 20.0
# Zoho ends or gives a job up after much less.
LONGEST_JOB = 2 * 60 * 60.0
LARGEST_CSV = 2 * 1024 * 1024 * 1024
PATH = "bulk/read"

_RUNNING = frozenset({"ADDED", "QUEUED", "IN PROGRESS", "IN_PROGRESS", "INPROGRESS"})
_COMPLETE = "COMPLETED"
# Of any ZIP archive.
_SIGNATURE = b"PK"

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a job found: how many rows, where they are, and the token of the job after it."""

    count: int
    path: str
    following: str | None


class BulkRead:
    """The bulk jobs of one organization."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, module: str, fields: Sequence[str], following: str | None) -> str:
        """Begin a job, the first or the one of a token; its id.

        Raises:
            Refused: The module has no bulk read, or the token has expired.
        """
        query: Json = {"page_token": following}
        if following is None:
            query = {"module": {"api_name": module}, "fields": list(fields), "page": 1}
        made = self._client.write("POST", PATH, {"query": query}, listed="data", price=BULK_CREDITS)
        first = made[0] if made else {}
        details = first.get("details")
        key = details.get("id") if isinstance(details, dict) else None
        if first.get("status") == "error":
            raise Refused(400, str(first.get("code")), words_of(first.get("message"), details))
        if not isinstance(key, str) or not key.isalnum():
            raise Unanswered(words.NOT_AS_ASKED)
        return key

    def wait(self, module: str, job: str) -> Result:
        """Wait until the result is there.

        Raises:
            Refused: There is no such job any more, or it failed.
            Retriable: It takes very long.
        """
        look, waited = FIRST_LOOK, 0.0
        while True:
            found = listing(self._client.get(f"{PATH}/{job}"), "data")
            told = found[0] if found else {}
            state = str(told.get("state") or "").upper()
            if state == _COMPLETE:
                return _result(job, told.get("result"))
            if state not in _RUNNING:
                raise Refused(200, state or "FAILURE", words_of(told.get("message") or state))
            if waited >= LONGEST_JOB:
                raise Retriable(words.slow_bulk(module))
            self._client.pause(look)
            waited += look
            look = min(LONGEST_LOOK, look * 1.5)

    def rows(self, module: str, result: Result, skip: int) -> Iterator[Json]:
        """The rows of a result, those after the first `skip`.

        Raises:
            Unanswered: It is no ZIP with the rows that were announced.
        """
        if result.count == 0:
            return
        body = self._client.download(
            result.path, beginning=_SIGNATURE, otherwise=words.bad_bulk(module, _NOT_A_ZIP)
        )
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                yield from self._read(module, archive, result.count, skip)
        except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error, NotImplementedError) as error:
            raise Unanswered(words.bad_bulk(module, _NOT_A_ZIP)) from error

    @staticmethod
    def _read(module: str, archive: zipfile.ZipFile, count: int, skip: int) -> Iterator[Json]:
        members = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
        if not members or members[0].file_size == 0:
            raise Unanswered(words.bad_bulk(module, _EMPTY))
        if members[0].file_size > LARGEST_CSV:
            raise Unanswered(words.bad_bulk(module, _TOO_LARGE))
        seen = 0
        with archive.open(members[0]) as raw:
            for row in islice(rows_of(module, raw), skip, None):
                seen += 1
                yield row
        if seen + skip < count:
            raise Unanswered(words.bad_bulk(module, _CUT))


def rows_of(module: str, raw: IO[bytes]) -> Iterator[Json]:
    """The rows of a CSV by column; an empty cell is None, and `Id` is the id.

    Raises:
        Unanswered: A row has other columns than the head.
    """
    reader = csv.reader(io.TextIOWrapper(raw, "utf-8-sig", "replace", newline=""))
    head = ["id" if name == "Id" else name for name in next(reader, [])]
    for cells in reader:
        if len(cells) != len(head):
            raise Unanswered(words.bad_bulk(module, _CUT))
        yield {name: cell or None for name, cell in zip(head, cells, strict=True)}


def _result(job: str, told: object) -> Result:
    found = told if isinstance(told, dict) else {}
    count, path = found.get("count"), found.get("download_url")
    following = found.get("next_page_token")
    has_more = found.get("more_records") is True
    if not isinstance(count, int) or (has_more and not following):
        raise Unanswered(words.NOT_AS_ASKED)
    is_path = isinstance(path, str) and path.startswith("/crm/bulk/")
    return Result(
        count=count,
        path=str(path) if is_path else f"{PATH}/{job}/result",
        following=str(following) if has_more else None,
    )


_NOT_A_ZIP = Text("ce n'est pas une archive ZIP", "it is no ZIP archive")
_EMPTY = Text("l'archive est vide", "the archive is empty")
_TOO_LARGE = Text("elle dépasse 2 Go", "it is larger than 2 GB")
_CUT = Text("elle a été coupée en route", "it was cut on its way")
