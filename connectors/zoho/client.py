"""The calls to one organization: token, host, deadline, concurrency, credits, errors.

Reads are tried again, at most five times; writes never, but for a 401 or a refusal of too many at
once, after which nothing was done. The deadline of a whole answer, the ceiling of its body and the
list of hosts are those of `connectors.http`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson
from pydantic import SecretStr

from connectors import crm_clock
from connectors.base import Allowance, Grant, Remark, Unanswered
from connectors.http import (
    READ_SECONDS,
    WRITE_SECONDS,
    Answer,
    Transport,
    is_this_machine,
    scrubbed,
)
from connectors.pace import Clock
from connectors.retries import RateLimited, Retries
from connectors.zoho import coql, error_words
from connectors.zoho.answers import Json, Rows, decoded, objects
from connectors.zoho.centres import hosts_of
from connectors.zoho.credentials import Credentials, Login, Session, secrets_of
from connectors.zoho.errors import (
    CreditsUsedUp,
    Forbidden,
    Refused,
    failure_of,
    is_error,
    is_expired,
    unreadable,
)
from connectors.zoho.ledger import Ledger
from connectors.zoho.objects import API_VERSION
from connectors.zoho.pace import Concurrency
from rules.language import Text
from rules.time import Instant

# In seconds. Zoho gives up on a request after a minute or so.
QUERY_SECONDS = 90.0
NO_CONTENT, NOT_MODIFIED = 204, 304
FEW = 10
# Under which name whatever stands in the place of a row is kept.
NO_ROW = " instead"

_SUCCESS = range(200, 300)
# What has no body. Under any other status, one that lacks has been lost on the way.
_EMPTY = frozenset({NO_CONTENT, NOT_MODIFIED})
_CLIENT_ERRORS = range(400, 500)
_USUAL = {"Accept": "application/json", "User-Agent": "Arpent"}
_FORM = {**_USUAL, "Content-Type": "application/x-www-form-urlencoded"}
_JSON = {**_USUAL, "Content-Type": "application/json"}
_SECRET_PARTS = ("client_secret", "refresh_token")

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `price` is in credits; `listed` the member whose items are outcomes."""

    method: str
    path: str
    query: Query = ()
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    price: int = 1
    is_heavy: bool = False
    listed: str | None = None
    seconds: float = READ_SECONDS


class Client:
    """The calls to one organization. Thread-safe. `account` is its id; None until it is known."""

    def __init__(
        self,
        access: Grant,
        *,
        accounts: str,
        clock: Clock,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self.accounts = accounts.rstrip("/")
        self.is_sandbox = is_this_machine((urlsplit(accounts).hostname or "").lower())
        self.account: str | None = None
        self.ledger = Ledger(clock)
        self.pace = Concurrency(clock)
        self._clock = clock
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._query_seconds = query_seconds
        self._crm_clock = crm_clock.CrmClock(clock)
        self._retries = Retries(clock)
        self._transport = Transport(
            hosts=hosts_of(accounts), hidden=secrets_of(access), connections=32
        )
        login = Login(
            access,
            accounts=self.accounts,
            post=self._post,
            account=lambda: self.account,
            clock=clock,
        )
        self._credentials = Credentials(login, clock)

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._transport.calls

    @property
    def allowance(self) -> Allowance | None:
        """The day's credits; None before the edition is known."""
        return self.ledger.allowance(self.pace.most)

    @property
    def api(self) -> str:
        """The API that the token opens."""
        return self._credentials.session().api

    def remarks(self) -> Sequence[Remark]:
        """What an operator should know of the access, and of this machine's clock."""
        # An emulated organization keeps its own time.
        told = () if self.is_sandbox else crm_clock.remarks(self._crm_clock.offset, "Zoho")
        return (*self._credentials.remarks(), *told)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._transport.close()

    def pause(self, seconds: float) -> None:
        """Wait a while."""
        self._clock.sleep(seconds)

    def now(self) -> Instant:
        """This machine's clock."""
        return self._clock.wall()

    def crm_now(self) -> Instant:
        """Zoho's clock, at most a second early, by the `Date` of its answers; else ours."""
        return self._crm_clock.now()

    def get(
        self, path: str, query: Query = (), *, headers: Mapping[str, str] | None = None,
        price: int = 1,
    ) -> Json:  # fmt: skip
        """Read; an answer without a body (204, 304) is an empty object.

        Raises:
            Refused: Zoho refuses, or it is not there.
        """
        call = Call(
            method="GET", path=path, query=query, headers=headers or {}, price=price,
            seconds=self._read_seconds,
        )  # fmt: skip
        return self._retries.read(lambda: self._object(call))

    def must(self, path: str, query: Query = ()) -> Json:
        """Read what every organization has; a refusal is for a person."""
        try:
            return self.get(path, query)
        except Refused as refused:
            raise unreadable(refused, path) from refused

    def find(self, path: str, query: Query = ()) -> Json | None:
        """Read what may not be there, or not be for us; None then."""
        try:
            return self.get(path, query)
        except (Refused, Forbidden):
            return None

    def query(self, text: str) -> Rows:
        """A page of a COQL query; no rows where Zoho answers 204.

        Raises:
            Refused: Zoho refuses the query.
        """
        call = Call(
            method="POST", path="coql", body={"select_query": text}, price=coql.price(text),
            is_heavy=True, seconds=self._query_seconds,
        )  # fmt: skip
        answer = self._retries.read(lambda: self._object(call))
        rows, info = answer.get("data"), answer.get("info")
        if answer and not isinstance(rows, list):
            raise Unanswered(error_words.NOT_AS_ASKED)
        more = info.get("more_records") if isinstance(info, dict) else None
        # What is no row is a row without an id, which is set aside.
        listed = [row if isinstance(row, dict) else {NO_ROW: row} for row in rows or ()]
        return Rows(rows=listed, has_more=more is True)

    def write(
        self, method: str, path: str, body: Json | None = None, *, listed: str, query: Query = (),
        headers: Mapping[str, str] | None = None, price: int | None = None,
    ) -> list[Json]:  # fmt: skip
        """Write once; the outcomes of the items, in the order sent, under any status.

        Raises:
            Refused: The request as a whole was refused.
            Unanswered: It may have been carried out.
        """
        items = None if body is None else body.get(listed)
        count = len(items) if isinstance(items, list) else 1
        call = Call(
            method=method, path=path, query=query, body=body, headers=headers or {},
            price=-(-count // FEW) if price is None else price, is_heavy=count > FEW,
            listed=listed, seconds=self._write_seconds,
        )  # fmt: skip
        answer = self._retries.write(lambda: self._object(call))
        found = answer.get(listed)
        if not isinstance(found, list):
            raise Unanswered(error_words.NOT_AS_ASKED)
        return [one if isinstance(one, dict) else {} for one in found]

    def download(self, path: str, *, beginning: bytes, otherwise: Text) -> bytes:
        """Read a file, whole; one that begins otherwise is tried again like any reading."""
        call = Call(method="GET", path=path, seconds=self._query_seconds)

        def ask() -> bytes:
            body = self._sent(call).body
            if not body.startswith(beginning):
                raise Unanswered(otherwise)
            return body

        return self._retries.read(ask)

    def _object(self, call: Call) -> Json:
        answer = self._sent(call)
        if answer.status in _EMPTY:
            return {}
        return decoded(answer.body)

    def _sent(self, call: Call) -> Answer:
        """Send; a token that is not recognised is renewed once for all, and the call sent again."""
        self.ledger.check()
        used = self._credentials.session()
        answer = self._exchanged(call, used)
        if is_expired(answer):
            used = self._credentials.after(used)
            answer = self._exchanged(call, used)
        if self._is_good(call, answer):
            self.pace.accepted()
            return answer
        failure = failure_of(
            answer, f"{call.method} {call.path}", urlsplit(used.api).hostname or "", self.now()
        )
        if isinstance(failure, CreditsUsedUp):
            self.ledger.use_up()
            self.ledger.check()
        if isinstance(failure, RateLimited):
            self.pace.refused(failure.retry_after)
        raise failure

    def _is_good(self, call: Call, answer: Answer) -> bool:
        if answer.status == NOT_MODIFIED:
            return True
        if answer.status in _SUCCESS:
            return not is_error(answer)
        if call.listed is None or answer.status not in _CLIENT_ERRORS:
            return False
        # All items were refused: each says why.
        listed = _member(answer, call.listed)
        return bool(listed) and not is_error(answer)

    def _exchanged(self, call: Call, used: Session) -> Answer:
        body = None if call.body is None else orjson.dumps(call.body)
        with self.pace.place(is_heavy=call.is_heavy):
            self.ledger.spend(call.price)
            answer = self._transport.send(
                call.method,
                address(used.api, call.path, call.query),
                headers={**_JSON, **call.headers},
                authorization=used.header,
                body=body,
                seconds=call.seconds,
            )
        self._crm_clock.learn(answer.headers)
        self.ledger.learn(answer.headers)
        return answer

    def _post(self, url: str, form: dict[str, str]) -> Answer:
        """One request to the token endpoint; its form is nowhere but on the wire."""
        answer = self._transport.send(
            "POST", url, headers=_FORM, body=urlencode(form), seconds=self._read_seconds,
            is_login=True,
        )  # fmt: skip
        if _grants(answer):
            return answer
        return scrubbed(answer, *[SecretStr(form[name]) for name in _SECRET_PARTS if name in form])


def address(api: str, path: str, query: Query = ()) -> str:
    """The address of a path; bulk jobs have a branch of their own, and paths of results are whole.

    `path` is relative to the version (`coql`, `bulk/read`), or begins with a slash.
    """
    if path.startswith("/"):
        whole = path
    elif path.startswith("bulk/"):
        whole = f"/crm/bulk/{API_VERSION}/{path.removeprefix('bulk/')}"
    else:
        whole = f"/crm/{API_VERSION}/{path}"
    return f"{api}{whole}?{urlencode(list(query))}" if query else api + whole


def _member(answer: Answer, name: str) -> list[Json]:
    try:
        return objects(decoded(answer.body), name)
    except Unanswered:
        return []


def _grants(answer: Answer) -> bool:
    return answer.status in _SUCCESS and b"access_token" in answer.body
