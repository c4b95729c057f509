"""The calls to Salesforce: simple-salesforce, with the policy of `connectors.http` underneath.

One `Salesforce` of the library builds every REST request, on a session whose every request passes
through here: the address becomes that of the instance (the library knows `https` and its own hosts
only), the credential is attached once the host is accepted, answers are decoded by orjson, errors
are read here and never by the library (whose own renewal of a session loops for ever). Its bulk,
metadata and object helpers are not used. Reads are tried again, at most five times; writes never,
but for a 401 or a refusal of too many at once, after which nothing was done.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import orjson
import requests
from simple_salesforce.api import Salesforce

from connectors.base import Allowance, ConnectorError, Remark, Unanswered
from connectors.http import READ_SECONDS, WRITE_SECONDS, Answer
from connectors.pace import Clock
from connectors.retries import Retries
from connectors.salesforce.access import SalesforceAccess
from connectors.salesforce.adapter import decoded, session
from connectors.salesforce.error_words import NOT_AS_ASKED
from connectors.salesforce.errors import Forbidden, Refused, unreadable
from connectors.salesforce.gateway import Gateway
from connectors.salesforce.objects import API_VERSION
from rules.time import Instant

# Salesforce itself gives up on a query after two minutes.
QUERY_SECONDS = 130.0

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]

T = TypeVar("T")

# The end of a further page's address: how many rows are before it.
_PLACE = re.compile(r"-(\d{1,12})$")
# No assignment rule may move an account because its tier was written, and a duplicate rule that
# only warns does not refuse what was there before (Salesforce's documentation of these headers).
_WRITE_HEADERS = {
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
}


class _Library(Salesforce):
    """The library's client without its credential, decoding with orjson."""

    def parse_result_to_json(self, result: requests.Response) -> Any:  # noqa: ANN401 - as the library has it
        return decoded(result.content)


class Client:
    """The calls to one org. Thread-safe."""

    def __init__(
        self,
        access: SalesforceAccess,
        *,
        base_url: str,
        clock: Clock,
        version: str = API_VERSION,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self.version = version
        self._clock = clock
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._query_seconds = query_seconds
        self._retries = Retries(clock)
        self.gateway = Gateway(access, address=base_url, clock=clock, seconds=read_seconds)
        self._library = _Library(
            # Placeholders: the session to use and the instance are known only when sending.
            session_id="-",
            instance="instance.salesforce.com",
            version=version,
            session=session(self.gateway.send),
        )

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self.gateway.calls

    @property
    def allowance(self) -> Allowance | None:
        """The day's calls, as Salesforce's answers tell; in a short window, our own measure."""
        return self.gateway.allowance

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the login, and of this machine's clock."""
        return self.gateway.remarks()

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self.gateway.close()

    def pause(self, seconds: float) -> None:
        """Wait a while."""
        self._clock.sleep(seconds)

    def jitter(self) -> float:
        """From 0 (included) to 1."""
        return float(self._clock.jitter())

    def crm_now(self) -> Instant:
        """Salesforce's clock, at most a second early, by the `Date` of its answers; else ours."""
        return self.gateway.limits.now()

    def get(self, path: str, query: Query = ()) -> Json:
        """Read; tried again when Salesforce is busy or in trouble."""
        try:
            return _object(self._repeated("GET", path, query))
        except Refused as error:
            raise unreadable(error, path) from error

    def find(self, path: str, query: Query = (), *, member: str | None = None) -> Json | None:
        """Read what may not be there, or not be for us; None then. `member` as in `look_at`."""
        try:
            return self.look_at(path, query, member=member)
        except (Refused, Forbidden):
            return None

    def look_at(self, path: str, query: Query = (), *, member: str | None = None) -> Json:
        """Read; tried again like `get`, also when the answer lacks a member that it must have.

        Raises:
            Refused: Salesforce refuses, or it is not there.
        """

        def ask() -> Json:
            found = _object(self._call("GET", path, query, None, self._read_seconds))
            if member is not None and member not in found:
                raise Unanswered(NOT_AS_ASKED)
            return found

        return self._retries.read(ask)

    def drop(self, path: str) -> None:
        """Delete what serves no more; whether that succeeds matters to nobody."""
        with contextlib.suppress(ConnectorError):
            self._call("DELETE", path, (), None, self._write_seconds)

    def abort(self, path: str) -> None:
        """Give up a job that was not begun; whether that succeeds matters to nobody."""
        with contextlib.suppress(ConnectorError):
            self.write("PATCH", path, {"state": "Aborted"})

    def query(self, soql: str, *, is_all: bool = False, is_tooling: bool = False) -> Json:
        """The first page of a query; `is_all` shows deleted and archived rows too.

        `is_tooling` asks the Tooling API, which knows how the org is made.

        Raises:
            Refused: The query, an object or a field in it is not known, or takes too long.
        """
        path = "queryAll" if is_all else "tooling/query" if is_tooling else "query"
        asked = [("q", soql)]
        return self._retries.read(
            lambda: _first_page(self._call("GET", path, asked, None, self._query_seconds))
        )

    def more(self, address: str) -> Json:
        """The next page of a query, at the address that the page before told."""
        base = f"/services/data/v{self.version}/"
        path = _path_of(address)
        if not path.startswith(base):
            raise Unanswered(NOT_AS_ASKED)
        rest = path.removeprefix(base)

        def ask() -> Json:
            page = _page(self._call("GET", rest, (), None, self._query_seconds))
            if _is_behind(_path_of(str(page.get("nextRecordsUrl") or "")), path):
                raise Unanswered(NOT_AS_ASKED)
            return page

        return self._retries.read(ask)

    def rows(self, soql: str, *, is_all: bool = False) -> list[Json]:
        """All rows of a query that has a few pages at most; Refused as of `query`."""
        answer = self.query(soql, is_all=is_all)
        found = list(answer["records"])
        while answer.get("done") is not True:
            answer = self.more(str(answer.get("nextRecordsUrl") or ""))
            found += answer["records"]
        return [row for row in found if isinstance(row, dict)]

    def look_up(self, path: str, body: Json) -> Any:  # noqa: ANN401 - an object or a list
        """Read by POST; tried again like `get`."""
        return self._repeated("POST", path, (), orjson.dumps(body))

    def write(self, method: str, path: str, body: Json | None = None) -> Any:  # noqa: ANN401 - an object or a list
        """Write, once: only a refusal of too many at once, where nothing is done, is sent again.

        Raises:
            Unanswered: It may have been carried out.
            Retriable: It was not carried out.
            Refused: Salesforce refuses the request as it is.
        """
        encoded = None if body is None else orjson.dumps(body)
        return self._retries.write(
            lambda: self._call(method, path, (), encoded, self._write_seconds)
        )

    def table(self, path: str, read: Callable[[Answer], T], query: Query = ()) -> T:
        """Read a CSV, whole, as `read` does; tried again like `get`, also when `read` refuses."""

        def ask() -> T:
            response = self._library.session.request(
                "GET",
                self._library.base_url + path,
                params=list(query),
                headers={"Accept": "text/csv"},
                timeout=self._query_seconds,
            )
            return read(
                Answer(
                    status=response.status_code,
                    reason=response.reason,
                    headers=response.headers,
                    body=response.content,
                )
            )

        return self._retries.read(ask)

    def upload(self, path: str, body: bytes) -> None:
        """Send a CSV, once."""
        self._library.session.request(
            "PUT",
            self._library.base_url + path,
            data=body,
            headers={"Content-Type": "text/csv; charset=UTF-8"},
            timeout=self._query_seconds,
        )

    def _repeated(self, method: str, path: str, query: Query, body: bytes | None = None) -> Any:  # noqa: ANN401 - an object or a list
        return self._retries.read(lambda: self._call(method, path, query, body, self._read_seconds))

    def _call(
        self, method: str, path: str, query: Query, body: bytes | None, seconds: float
    ) -> Any:  # noqa: ANN401 - an object or a list
        found = self._library.restful(
            path,
            params=dict(query),
            method=method,
            data=body,
            headers=_WRITE_HEADERS if method != "GET" else {},
            timeout=seconds,
        )
        # The library says None for an answer without a body, and for an empty one.
        return {} if found is None else found


def _object(found: object) -> Json:
    if not isinstance(found, Mapping):
        raise Unanswered(NOT_AS_ASKED)
    return dict(found)


def _page(found: object) -> Json:
    """A page of a query, which has records; an answer without them says nothing."""
    page = _object(found)
    if not isinstance(page.get("records"), list):
        raise Unanswered(NOT_AS_ASKED)
    return page


def _first_page(found: object) -> Json:
    """The first page, which holds all that it counts when there is no other."""
    page = _page(found)
    counted = page.get("totalSize")
    if page.get("done") is True and isinstance(counted, int) and counted != len(page["records"]):
        raise Unanswered(NOT_AS_ASKED)
    return page


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _is_behind(following: str, path: str) -> bool:
    """Whether a page leads back: what follows `…-2000` is never `…-2000` nor `…-0`."""
    places = [_PLACE.search(each) for each in (following, path)]
    if places[0] and places[1]:
        return int(places[0][1]) <= int(places[1][1])
    return following == path
