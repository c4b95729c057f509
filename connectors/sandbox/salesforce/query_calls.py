"""`query`, `queryAll`, and the pages that follow the first one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import effects
from connectors.sandbox.salesforce.call import Call, Reply
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.org import Values
from connectors.sandbox.salesforce.soql_query import Answer, answered, printed_rows

_SMALLEST_BATCH = 200
_LARGEST_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """A query whose further pages can be asked for."""

    user_id: str
    answer: Answer
    size: int
    made: datetime


class Cursors:
    """The query locators of one org."""

    def __init__(self) -> None:
        self._open: dict[str, _Cursor] = {}

    def query(self, call: Call) -> Reply:
        """`GET /query?q=…`."""
        return self._first(call, with_deleted=False)

    def query_all(self, call: Call) -> Reply:
        """`GET /queryAll?q=…`: with what lies in the recycle bin."""
        effects.empty_bins(call.org)
        return self._first(call, with_deleted=True)

    def _first(self, call: Call, *, with_deleted: bool) -> Reply:
        source = call.query.get("q", "")
        if not source.strip():
            raise SalesforceError("MALFORMED_QUERY", "A query string has to be specified")
        answer = answered(call.org, call.user_id, source, with_deleted=with_deleted)
        if answer.is_count:
            return Reply(body={"totalSize": len(answer.rows), "done": True, "records": []})
        if answer.groups is not None:
            groups = answer.groups
            return Reply(body={"totalSize": len(groups), "done": True, "records": groups})
        cursor = _Cursor(
            user_id=call.user_id, answer=answer, size=_size(call), made=call.org.clock.now()
        )
        return Reply(body=self._page(call, cursor, "", 0))

    def more(self, call: Call) -> Reply:
        """`GET /query/0r8…-2000`."""
        locator, _, place = call.params["locator"].rpartition("-")
        cursor = self._open.get(locator)
        switches, now = call.org.switches, call.org.clock.now()
        lives = timedelta(seconds=switches.locator_seconds)
        if cursor is None or cursor.user_id != call.user_id or now - cursor.made > lives:
            is_404 = switches.purged_locator == "INVALID_QUERY_LOCATOR_404"
            raise SalesforceError(
                "INVALID_QUERY_LOCATOR",
                "invalid query locator",
                status=HTTPStatus.NOT_FOUND if is_404 else HTTPStatus.BAD_REQUEST,
            )
        if not place.isdecimal() or int(place) > len(cursor.answer.rows):
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Reply(body=self._page(call, cursor, locator, int(place)))

    def _page(self, call: Call, cursor: _Cursor, locator: str, start: int) -> JsonObject:
        answer, size = cursor.answer, cursor.size
        if call.org.switches.short_pages:
            # Wide rows make a page end early; how early is Salesforce's own affair.
            size = max(1, size * (1 + start % 3) // 4)
        end = start + size
        rows = answer.rows[start:end]
        if call.org.switches.rows_of_page_are_live and start:
            rows = [self._live(call, row) for row in rows]
        body: JsonObject = {"totalSize": len(answer.rows), "done": end >= len(answer.rows)}
        if not body["done"]:
            if not locator:
                self._forget_old(call)
                locator = call.org.mint("0r8")
                self._open[locator] = cursor
            body["nextRecordsUrl"] = f"{call.base}/query/{locator}-{end}"
        body["records"] = printed_rows(
            call.org, answer, rows, call.base, lambda child, found: self._nested(call, child, found)
        )
        return body

    def _nested(self, call: Call, child: Answer, rows: list[Values]) -> JsonObject:
        """Print the children of one record: a list with pages of its own."""
        cursor = _Cursor(
            user_id=call.user_id,
            answer=replace(child, rows=rows),
            size=_size(call),
            made=call.org.clock.now(),
        )
        return self._page(call, cursor, "", 0)

    @staticmethod
    def _live(call: Call, row: Values) -> Values:
        return call.org.seen(row["Id"]) or row

    def _forget_old(self, call: Call) -> None:
        horizon = call.org.clock.now() - timedelta(seconds=call.org.switches.locator_seconds)
        for locator in [name for name, one in self._open.items() if one.made < horizon]:
            del self._open[locator]


def _size(call: Call) -> int:
    """Rows on a page: what the client asked for, from 200 to 2,000, and never above the org's."""
    options = call.headers.get("sforce-query-options", "").replace(" ", "")
    name, _, value = options.partition("=")
    wanted = _LARGEST_BATCH
    if name.lower() == "batchsize" and value.isdecimal():
        wanted = min(max(int(value), _SMALLEST_BATCH), _LARGEST_BATCH)
    return min(wanted, call.org.switches.page_size)
