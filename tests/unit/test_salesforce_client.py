"""The calls to Salesforce: the way out, what is tried again, what each error means.

`Org` is a server on this machine that answers what a test says; the other tests of Salesforce's
connector use it too.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from pydantic import SecretStr

from connectors.base import ConnectorError, Fatal, Retriable, Unanswered
from connectors.http import Transport
from connectors.pace import Clock
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.client import Client
from connectors.salesforce.errors import DailyLimit, Forbidden, Refused
from tests.unit.test_pace import Time

LOGIN_PATH = "/services/oauth2/token"
DATA = "/services/data/v68.0/"
ORG_ID = "00D5g000004abCDEAY"
ACCESS = ClientCredentials(client_id="app", client_secret=SecretStr("s3cret-of-the-app"))


@dataclass(slots=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def soql(self) -> str:
        return parse_qs(urlsplit(self.path).query).get("q", [""])[0]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def is_at(self, path: str) -> bool:
        return urlsplit(self.path).path == DATA + path


@dataclass(slots=True)
class Said:
    """An answer to give."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, code: str, message: str, **more: object) -> Said:
    return Said([{"errorCode": code, "message": message, **more}], status)


Answering = Callable[[Call], Said]


class Org:
    """A server that gives tokens, and answers the rest as it is told."""

    def __init__(self, answering: Answering) -> None:
        self.calls: list[Call] = []
        self.logins: list[Call] = []
        self.login: Answering | None = None
        self._answering = answering
        org = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                call = Call(
                    self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
                )
                said = org.said(call)
                raw = said.body if isinstance(said.body, bytes) else orjson.dumps(said.body)
                if said.status == 204:
                    raw = b""
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None: ...

        for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def said(self, call: Call) -> Said:
        if not call.path.startswith("/services/data/"):
            self.logins.append(call)
            if self.login is not None:
                return self.login(call)
            return Said(token(f"access-token-{len(self.logins)}"))
        self.calls.append(call)
        return self._answering(call)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def token(access: str, org: str = ORG_ID) -> dict[str, str]:
    return {
        "access_token": access,
        "instance_url": "https://acme.my.salesforce.com",
        "id": f"https://login.salesforce.com/id/{org}/0055g000003abcDAAQ",
        "token_type": "Bearer",
        "issued_at": "1795417200000",
    }


def in_turn(*said: Said) -> Answering:
    left = iter(said)
    return lambda _: next(left)


Start = Callable[[Answering], tuple[Client, Org]]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def start(time: Time) -> Iterator[Start]:
    made: list[tuple[Client, Org]] = []

    def start(answering: Answering) -> tuple[Client, Org]:
        org = Org(answering)
        made.append((Client(ACCESS, base_url=org.url, clock=time.clock), org))
        return made[-1]

    yield start
    for client, org in made:
        client.close()
        org.close()


def test_a_query_goes_to_the_address_with_the_session_that_the_login_gave(start: Start) -> None:
    client, org = start(lambda _: Said({"records": [{"Name": "Érablière Côté 🍁"}]}))

    found = client.query("SELECT Name FROM Account WHERE Name = 'É & 100 %'", is_all=True)

    assert found == {"records": [{"Name": "Érablière Côté 🍁"}]}
    (call,) = org.calls
    assert call.is_at("queryAll")
    assert call.soql == "SELECT Name FROM Account WHERE Name = 'É & 100 %'"
    assert call.headers["Authorization"] == "Bearer access-token-1"
    assert call.headers["Accept-Encoding"] == "gzip"
    assert "X-PrettyPrint" not in call.headers
    (login,) = org.logins
    assert login.path == LOGIN_PATH
    assert login.body == b"grant_type=client_credentials"
    assert login.headers["Authorization"].startswith("Basic ")


def test_an_expired_session_is_renewed_once_and_the_request_sent_again(start: Start) -> None:
    gone = error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    client, org = start(in_turn(gone, Said({"done": True})))

    assert client.write("PATCH", "sobjects/Task/00T", {"Subject": "é"}) == {"done": True}

    assert [call.headers["Authorization"] for call in org.calls] == [
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]
    assert org.calls[1].json == {"Subject": "é"}


def test_a_lasting_401_ends_at_once_and_says_what_to_do(start: Start) -> None:
    client, org = start(lambda _: error(401, "INVALID_SESSION_ID", "Session expired or invalid"))

    with pytest.raises(Fatal, match="External Client App"):
        client.get("limits")

    assert len(org.calls) == 2
    assert len(org.logins) == 2


def test_a_session_that_is_barred_from_rest_is_not_renewed(start: Start) -> None:
    words = "This session is not valid for use with the REST API"
    client, org = start(lambda _: error(401, "INVALID_SESSION_ID", words))

    with pytest.raises(Fatal, match="API Enabled"):
        client.get("limits")

    assert (len(org.calls), len(org.logins)) == (1, 1)


def test_sixty_four_callers_share_one_renewal(start: Start) -> None:
    first = threading.Barrier(64)

    def answering(call: Call) -> Said:
        if call.headers["Authorization"] == "Bearer access-token-1":
            first.wait(300)
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return Said({"ok": call.headers["Authorization"][-1]})

    client, org = start(answering)
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda _: client.get("limits"), range(64)))

    assert found == [{"ok": "2"}] * 64
    assert len(org.logins) == 2


def test_the_days_calls_leave_a_fifth_to_other_tools(start: Start, time: Time) -> None:
    used = Said({}, headers={"Sforce-Limit-Info": "api-usage=80000/100000"})
    client, org = start(in_turn(used, Said({}), Said({})))
    client.get("limits")

    with pytest.raises(Retriable) as caught:
        client.get("limits")

    assert caught.value.retry_after == pytest.approx(3600)
    assert "autres outils" in caught.value.message.fr
    assert len(org.calls) == 1
    assert client.allowance is not None
    assert (client.allowance.daily, client.allowance.daily_left) == (100_000, 20_000)
    time.now += 3601
    client.get("limits")
    assert len(org.calls) == 2


def test_the_usage_of_one_app_is_not_taken_for_that_of_the_org(start: Start) -> None:
    told = "api-usage=18/5000; per-app-api-usage=250/250(appName=other)"
    client, _ = start(lambda _: Said({}, headers={"Sforce-Limit-Info": told}))

    client.get("limits")

    assert client.allowance is not None
    assert (client.allowance.daily, client.allowance.daily_left) == (5000, 4982)


def test_one_code_means_two_limits_told_apart_by_their_words(start: Start, time: Time) -> None:
    code = "REQUEST_LIMIT_EXCEEDED"
    words = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    client, org = start(
        in_turn(
            error(403, code, words), Said({}), error(403, code, "TotalRequests Limit exceeded.")
        )
    )

    assert client.write("PATCH", "composite/sobjects", {}) == {}
    assert time.now == pytest.approx(5)
    with pytest.raises(Retriable) as caught:
        client.get("limits")
    assert caught.value.retry_after == pytest.approx(3600)
    assert not isinstance(caught.value, DailyLimit)
    assert len(org.calls) == 3


NO_COLUMN = "No such column 'X__c' on entity 'Account'."


@pytest.mark.parametrize(
    ("said", "expected", "match"),
    [
        (error(403, "API_DISABLED_FOR_ORG", "API is not enabled"), Fatal, "Enterprise edition"),
        (error(403, "INSUFFICIENT_ACCESS", "no"), Forbidden, "permission set"),
        (error(410, "GONE", "The requested resource is no longer"), Fatal, "newer version"),
        (error(400, "INVALID_FIELD", NO_COLUMN), Refused, "No such column"),
        (error(400, "QUERY_TIMEOUT", "took too long"), Refused, "QUERY_TIMEOUT"),
        (error(404, "NOT_FOUND", "does not exist"), Refused, "NOT_FOUND"),
    ],
)
def test_each_refusal_is_named_by_what_to_do_next(
    said: Said, expected: type[ConnectorError], match: str, start: Start
) -> None:
    client, org = start(lambda _: said)

    with pytest.raises(ConnectorError, match=match) as caught:
        client.query("SELECT Id FROM Account")

    assert type(caught.value) is expected
    assert len(org.calls) == 1


@pytest.mark.parametrize(
    "said",
    [
        Said(b"<html>Service unavailable</html>", 503),
        Said(b"<html>maintenance</html>"),
        Said(b'{"records": ['),
        Said([]),
        Said({}),
        Said(b"", 420),
    ],
)
def test_a_read_without_a_usable_answer_is_tried_five_times(
    said: Said, start: Start, time: Time
) -> None:
    client, org = start(lambda _: said)

    with pytest.raises(Retriable):
        client.query("SELECT Id FROM Account")

    assert len(org.calls) == 5
    assert time.now >= 15


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_write_is_never_tried_again(status: int, start: Start) -> None:
    client, org = start(lambda _: Said(b"<html/>", status))

    with pytest.raises(Unanswered):
        client.write("POST", "sobjects/Task", {"Subject": "x"})

    assert len(org.calls) == 1


def test_a_redirect_is_not_followed(start: Start) -> None:
    elsewhere = {"Location": "http://127.0.0.1:9/services/data/v68.0/limits"}
    client, org = start(lambda _: Said({}, 302, elsewhere))

    with pytest.raises(Fatal, match="redirects"):
        client.get("limits")

    assert len(org.calls) == 1


def test_a_write_asks_for_no_assignment_rule(start: Start) -> None:
    client, org = start(lambda _: Said([]))

    client.write("PATCH", "composite/sobjects", {"allOrNone": False, "records": []})

    assert org.calls[0].headers["Sforce-Auto-Assign"] == "FALSE"


def test_the_next_page_of_a_query_is_asked_for_at_its_address(start: Start) -> None:
    client, org = start(lambda _: Said({"done": True, "records": []}))

    client.more("/services/data/v68.0/query/0r8xx0000000001AAA-2000")
    with pytest.raises(Unanswered):
        client.more("https://example.org/services/apexrest/steal")

    assert [call.path for call in org.calls] == [DATA + "query/0r8xx0000000001AAA-2000"]


def test_a_table_without_a_charset_keeps_its_accents(start: Start) -> None:
    said = Said("Id,Name\n1,Café\n".encode(), headers={"Content-Type": "text/csv"})
    client, _ = start(lambda _: said)

    found = client.table("jobs/query/750/results", lambda answer: answer.body)

    assert found.decode() == "Id,Name\n1,Café\n"


def test_nothing_leaves_for_a_host_that_is_not_salesforces() -> None:
    access = ClientCredentials(client_id="app", client_secret=SecretStr("s3cret-of-the-app"))
    for address in ("https://acme.lightning.force.com", "https://acme.salesforce.com.example.org"):
        with pytest.raises(Fatal, match="My Domain"):
            Client(access, base_url=address, clock=Clock())
    with pytest.raises(Fatal, match="gives no token to client credentials"):
        Client(access, base_url="https://login.salesforce.com", clock=Clock())


def test_a_login_that_refers_to_a_foreign_server_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing is sent: the transport is one that would say so.
    client = Client(ACCESS, base_url="https://acme.my.salesforce.com", clock=Clock())
    monkeypatch.setattr(client.gateway, "_transport", Transport(hosts={"127.0.0.1"}))

    with pytest.raises(Fatal, match="nothing was sent"):
        client.get("limits")

    assert client.calls == 0
    client.close()


def test_secrets_are_in_no_error_nor_representation(start: Start) -> None:
    said = error(400, "MALFORMED_QUERY", "you sent access-token-1 and s3cret-of-the-app")
    client, _ = start(lambda _: said)

    with pytest.raises(Refused) as caught:
        client.query("x")

    told = f"{caught.value} {caught.value.message} {vars(client)} {vars(client.gateway)}"
    assert "access-token-1" not in told
    assert "s3cret" not in told
