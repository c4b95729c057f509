"""The policy of HTTP underneath each vendor's own client: what is tried again, sent, and told."""

import logging
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import ConnectorError, Fatal, Retriable, State, Task, Unanswered
from connectors.http import Oversized
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from rules.records import Kind
from tests.contract.policed import CANARY, HUBSPOT_KEY, POLICED, RECORD, json, line_of
from tests.contract.rogue import Rogue, Script, answers, closes, in_turn, resets
from tests.contract.test_http_policy import ENDLESS, FAILURES, PATIENCE

READS = [(name, deed) for name, each in POLICED.items() for deed in each.reads]
WRITES = [(name, deed) for name, each in POLICED.items() for deed in each.writes]
HTML = b"<html><body>Service unavailable</body></html>"
SOON = 0.5


class Line:
    """A vendor's connector, and the server that misbehaves to it once it is logged in."""

    def __init__(self, vendor: str, script: Script, seconds: float = 30.0) -> None:
        self.policed = POLICED[vendor]
        self.waits: list[float] = []
        self.server = Rogue(script, proper=self.policed.proper)
        clock = Clock(
            monotonic=lambda: time.monotonic() + sum(self.waits),
            sleep=self.waits.append,
            jitter=lambda: 1.0,
        )
        self.crm = self.policed.open(self.server.url, clock, seconds)

    def read(self, deed: str = "the fields") -> object:
        return self.policed.reads[deed](self.crm)

    def write(self, deed: str = "a write") -> object:
        return self.policed.writes[deed](self.crm)

    def close(self) -> None:
        self.crm.close()
        self.server.close()


Open = Callable[..., Line]


@pytest.fixture
def line() -> Iterator[Open]:
    """Opens connectors, and closes them with their servers after the test."""
    made: list[Line] = []

    def open_one(vendor: str, script: Script, seconds: float = 30.0) -> Line:
        made.append(Line(vendor, script, seconds))
        return made[-1]

    yield open_one
    for each in made:
        each.close()


def assert_silent(caught: BaseException, *seen: str) -> None:
    """Nothing that was told or logged shows a secret."""
    told = "".join(traceback.format_exception(caught)) + "".join(seen)
    assert CANARY not in told


# One deadline cuts what drips and what stays silent: each kind is met by one write of each vendor,
# and silence by all of them.
FAILED = [
    (vendor, deed, failure)
    for vendor, deed in WRITES
    for failure in FAILURES
    if "drip" not in failure or deed == next(iter(POLICED[vendor].writes))
]


@pytest.mark.parametrize(("vendor", "deed", "failure"), FAILED)
def test_a_write_that_fails_is_named_sent_once_and_over_in_time(
    vendor: str, deed: str, failure: str, line: Open, caplog: pytest.LogCaptureFixture
) -> None:
    script, expected = FAILURES[failure]
    caplog.set_level(logging.DEBUG)
    opened = line(vendor, script, SOON if failure in ENDLESS else PATIENCE)
    opened.crm.identify()
    started = time.monotonic()

    with pytest.raises(ConnectorError) as caught:
        opened.write(deed)

    assert type(caught.value) is expected
    assert time.monotonic() - started < PATIENCE
    assert len(opened.server.requests) == 1
    assert_silent(caught.value, caplog.text)


UNUSABLE: dict[str, Script] = {
    "HTML": answers(HTML, headers=b"Content-Type: text/html\r\n"),
    "HTML that says it is JSON": answers(HTML, headers=b"Content-Type: application/json\r\n"),
    "half an object": answers(b'{"portalId": 7'),
    "a word": answers(b"NaN"),
    "a list": answers(b"[]"),
    "502 in HTML": answers(HTML, status=b"502 Bad Gateway"),
    "504 without a body": answers(b"", status=b"504 Gateway Timeout"),
    "a reset": resets(b""),
    "a truncated body": closes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
    "a truncated chunk": closes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"),
    "what is not the gzip it says": answers(b"{}", headers=b"Content-Encoding: gzip\r\n"),
    "no HTTP": closes(b"SSH-2.0-OpenSSH_9.2\r\n"),
}


@pytest.mark.parametrize("unusable", UNUSABLE)
@pytest.mark.parametrize(("vendor", "deed"), READS)
def test_a_read_without_a_usable_answer_is_tried_five_times(
    vendor: str, deed: str, unusable: str, line: Open
) -> None:
    opened = line(vendor, UNUSABLE[unusable])
    opened.crm.identify()

    with pytest.raises(Unanswered):
        opened.read(deed)

    assert len(opened.server.requests) == 5
    assert opened.waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    ("vendor", "failure"),
    list(zip(POLICED, [name for name in FAILURES if "drip" in name], strict=True)),
)
def test_a_read_that_drips_is_over_in_time(vendor: str, failure: str, line: Open) -> None:
    opened = line(vendor, FAILURES[failure][0], SOON)
    opened.crm.identify()
    started = time.monotonic()

    with pytest.raises(Unanswered):
        opened.read()

    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize(("vendor", "deed"), READS)
def test_a_read_that_leads_elsewhere_is_not_followed(vendor: str, deed: str, line: Open) -> None:
    opened = line(vendor, FAILURES["a redirect"][0])
    opened.crm.identify()

    with pytest.raises(Fatal, match="redirects to another address"):
        opened.read(deed)

    assert len(opened.server.requests) == 1


@pytest.mark.parametrize("vendor", POLICED)
def test_a_bomb_is_not_asked_for_again(vendor: str, line: Open) -> None:
    opened = line(vendor, FAILURES["a gzip bomb"][0])
    opened.crm.identify()

    with pytest.raises(Oversized):
        opened.read()

    assert len(opened.server.requests) == 1


@pytest.mark.parametrize("vendor", POLICED)
def test_a_read_succeeds_once_the_trouble_is_over(vendor: str, line: Open) -> None:
    good = POLICED[vendor].good
    opened = line(vendor, in_turn(answers(HTML), resets(b""), good, good))

    assert isinstance(opened.read(), Sequence)
    assert len(opened.server.requests) == 3
    assert opened.crm.calls == 3 + len(opened.server.others)


@pytest.mark.parametrize("vendor", POLICED)
def test_a_write_is_never_tried_again(vendor: str, line: Open) -> None:
    for script in (answers(HTML), answers(HTML, status=b"504 Gateway Timeout"), resets(b"")):
        opened = line(vendor, script)

        with pytest.raises(Unanswered):
            opened.write()

        assert len(opened.server.requests) == 1
        assert opened.waits == []


@pytest.mark.parametrize("vendor", POLICED)
def test_a_write_that_was_one_too_many_is_sent_again(vendor: str, line: Open) -> None:
    """Such a refusal says that nothing was done; what comes after it is one request."""
    too_many = POLICED[vendor].too_many
    opened = line(vendor, in_turn(too_many, too_many, answers(HTML)))
    opened.crm.identify()

    with pytest.raises(Unanswered):
        opened.write()

    assert len(opened.server.requests) == 3


@pytest.mark.parametrize("vendor", POLICED)
def test_a_task_whose_answer_is_lost_is_unknown(vendor: str) -> None:
    def is_the_creation(request: bytes) -> Script | None:
        if request.startswith(b"POST") and "task" in line_of(request).lower():
            return None
        found = POLICED[vendor].proper(request)
        return found or json('{"records":[],"done":true,"results":[],"fields":[]}')

    server = Rogue(resets(b""), proper=is_the_creation)
    crm = POLICED[vendor].open(server.url, Clock(sleep=lambda _: None), 30.0)
    task = Task(
        key="k", subject="s", body="b", due_at=0, owner_id="0055g000004abCDEAY", account_id=RECORD
    )

    outcome = crm.create_task(task)

    assert outcome.state is State.UNKNOWN
    assert len(server.requests) == 1
    crm.close()
    server.close()


@pytest.mark.parametrize("vendor", POLICED)
def test_the_credential_travels_in_its_header_and_nowhere_else(
    vendor: str, line: Open, caplog: pytest.LogCaptureFixture
) -> None:
    policed = POLICED[vendor]
    caplog.set_level(logging.DEBUG)
    opened = line(vendor, policed.unrecognised)
    opened.crm.identify()

    with pytest.raises(Fatal) as caught:
        opened.read()

    for request in opened.server.requests:
        assert request.count(CANARY.encode()) == 1
        assert policed.credential in request
    client = getattr(opened.crm, "_client")  # noqa: B009 - of any vendor
    gateway = getattr(client, "gateway", client)
    seen = f"{vars(opened.crm)!r}{vars(client)!r}{vars(gateway)!r}{caught.value.message}"
    assert_silent(caught.value, caplog.text, seen)
    assert policed.words in caught.value.message.en


@pytest.mark.parametrize("vendor", POLICED)
def test_nothing_of_the_environment_changes_the_way(
    vendor: str, line: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a proxy, nor an authority, nor a password for this host that is lying about."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else", encoding="utf-8")
    proxy = Rogue(answers(b"proxy"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    opened = line(vendor, POLICED[vendor].good)

    opened.read()

    assert proxy.connections == 0
    assert all(POLICED[vendor].credential in each for each in opened.server.requests)
    proxy.close()


@pytest.mark.parametrize("vendor", POLICED)
def test_a_connector_keeps_its_connection(vendor: str, line: Open) -> None:
    opened = line(vendor, POLICED[vendor].good)

    for _ in range(5):
        opened.read()

    assert opened.server.connections == 1
    sent = opened.server.requests[-1].lower()
    assert b"accept-encoding: gzip\r\n" in sent
    assert b"user-agent: arpent\r\n" in sent


@pytest.mark.parametrize("vendor", POLICED)
@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("Mon, 23 Nov 2026 07:00:30 GMT", 1),
        ("", 0),
        ("yesterday", 0),
        ("Mon, 23 Nov 99999 07:00:30 GMT", 0),
        ("Mon, 23 Nov 2026 07:00:30 +9999999", 0),
    ],
)
def test_the_clock_is_that_of_the_crm(vendor: str, written: str, hours: int) -> None:
    """By the `Date` of its answers; ours where that tells nothing."""
    six_o_clock = 1_795_413_600_000
    good, half_a_minute = POLICED[vendor].good, 30_000

    def dated(connection: socket.socket) -> None:
        connection.sendall(_with_date(good, written))

    def all_dated(request: bytes) -> Script:
        proper = POLICED[vendor].proper(request) or good
        return lambda connection: connection.sendall(_with_date(proper, written))

    server = Rogue(dated, proper=all_dated)
    crm = POLICED[vendor].open(server.url, Clock(wall=lambda: six_o_clock), 30.0)
    crm.fields(Kind.ACCOUNT)

    found = getattr(crm, "_client").crm_now()  # noqa: B009 - of any vendor

    assert found == six_o_clock + hours * (3_600_000 + half_a_minute)
    crm.close()
    server.close()


def _with_date(script: Script, written: str) -> bytes:
    """What a script sends, with a `Date` among its headers."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        script(ours)
        sent = theirs.recv(1 << 20)
    head, _, rest = sent.partition(b"\r\n")
    return head + b"\r\nDate: " + written.encode() + b"\r\n" + rest


@pytest.mark.parametrize("vendor", POLICED)
def test_the_vendor_is_the_only_host_beyond_this_machine(vendor: str) -> None:
    clock = Clock(sleep=lambda _: None)
    with pytest.raises(Fatal, match=r"nothing was sent|not the address of an org"):
        POLICED[vendor].open(POLICED[vendor].hosts_beyond, clock, 30.0).identify()


# A login is a request as well.

WITH_LOGIN = [name for name, each in POLICED.items() if each.login]


@pytest.fixture
def knocking(line: Open) -> Callable[[str, Script, float], Line]:
    """Opens a connector whose very login meets the script."""

    def open_one(vendor: str, script: Script, seconds: float) -> Line:
        opened = line(vendor, script, seconds)
        opened.server._proper = lambda _: None
        return opened

    return open_one


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("vendor", WITH_LOGIN)
def test_a_login_that_fails_sends_nothing_else(
    vendor: str,
    failure: str,
    knocking: Callable[[str, Script, float], Line],
    caplog: pytest.LogCaptureFixture,
) -> None:
    script, expected = FAILURES[failure]
    caplog.set_level(logging.DEBUG)
    opened = knocking(vendor, script, 0.1 if failure in ENDLESS else PATIENCE)
    started = time.monotonic()

    with pytest.raises(ConnectorError) as caught:
        opened.write()

    # The write never left.
    assert not isinstance(caught.value, Unanswered)
    assert isinstance(caught.value, Fatal if expected is Fatal else Retriable)
    assert time.monotonic() - started < PATIENCE
    assert all(POLICED[vendor].login in line_of(each) for each in opened.server.requests)
    assert_silent(caught.value, caplog.text)


@pytest.mark.parametrize("vendor", WITH_LOGIN)
def test_a_refused_login_repeats_no_secret(
    vendor: str,
    knocking: Callable[[str, Script, float], Line],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = f'{{"error":"invalid_client","error_description":"app-{CANARY} is not a secret"}}'
    opened = knocking(vendor, json(told, status="400 Bad Request"), 30.0)

    with pytest.raises(Fatal) as caught:
        opened.crm.identify()

    assert_silent(caught.value, caplog.text, str(caught.value.message))
    assert len(opened.server.requests) == 1


# What is each vendor's own.


@pytest.mark.parametrize("error", ["invalid_client", "invalid_code", "Access Denied"])
def test_a_login_refused_under_200_repeats_no_secret(
    error: str, knocking: Callable[[str, Script, float], Line], caplog: pytest.LogCaptureFixture
) -> None:
    """Zoho says no in that way; such an answer holds no token that could be of use."""
    caplog.set_level(logging.DEBUG)
    told = f'{{"error":"{error}","error_description":"too many of app-{CANARY}, 1000.{CANARY}"}}'
    opened = knocking("zoho", json(told), 30.0)

    with pytest.raises((Fatal, Retriable)) as caught:
        opened.crm.identify()

    assert_silent(caught.value, caplog.text, str(caught.value.message))
    assert len(opened.server.requests) == 1


@pytest.mark.parametrize(
    "api",
    [
        "https://www.zohoapis.ca.evil.example",
        "https://evil.example",
        "https://user@127.0.0.1",
        "http://127.0.0.1:1/path",
        "file:///etc/passwd",
    ],
)
def test_a_token_is_never_sent_where_its_answer_leads_unless_that_is_zoho_s(
    api: str, line: Open
) -> None:
    opened = line("zoho", json("{}"))
    proper = POLICED["zoho"].proper

    def leading_away(request: bytes) -> Script | None:
        if POLICED["zoho"].login in line_of(request):
            return json(f'{{"access_token":"access-{CANARY}","api_domain":"{api}"}}')
        return proper(request)

    opened.server._proper = leading_away
    with pytest.raises(Fatal, match="nothing was sent there"):
        opened.crm.identify()
    assert len(opened.server.others) == 1


@pytest.mark.parametrize("told", [b"NaN", b"null", b'""', b"[7]", b'"seven"'])
def test_an_account_that_has_no_number_is_none(told: bytes) -> None:
    server = Rogue(answers(b'{"portalId": ' + told + b"}"))
    crm = HubSpot(SecretStr(HUBSPOT_KEY), base_url=server.url)

    with pytest.raises(Fatal, match="did not say which account"):
        crm.identify()

    crm.close()
    server.close()


@pytest.mark.parametrize("told", ["NaN", "null", '""', "[7]", '"001"', '"00D5g000004abCDEAY x"'])
def test_an_org_that_has_no_id_is_none(told: str, line: Open) -> None:
    opened = line("salesforce", answers(b""))
    proper = POLICED["salesforce"].proper

    def without_an_id(request: bytes) -> Script | None:
        if "FROM+Organization" in line_of(request):
            return json(f'{{"done":true,"records":[{{"Id":{told}}}]}}')
        return proper(request)

    opened.server._proper = without_an_id
    with pytest.raises(Fatal, match="did not say which org"):
        opened.crm.identify()


@pytest.mark.parametrize("unusable", ["", f"{CANARY}\n", f" {CANARY}", f"{CANARY}é", "a b"])
def test_a_token_that_cannot_travel_is_refused_without_being_shown(unusable: str) -> None:
    for make in (
        lambda: HubSpot(SecretStr(unusable)),
        lambda: Salesforce(
            ClientCredentials(client_id="app", client_secret=SecretStr(unusable)),
            base_url="https://acme.my.salesforce.com",
        ),
    ):
        with pytest.raises(Fatal) as caught:
            make()
        assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("session", ["", f"{CANARY}\\n", f"{CANARY} x", f"{CANARY}é"])
def test_a_session_that_cannot_travel_is_none(
    session: str, knocking: Callable[[str, Script, float], Line]
) -> None:
    told = f'{{"access_token":"{session}","instance_url":"https://acme.my.salesforce.com"}}'
    opened = knocking("salesforce", json(told), 30.0)

    with pytest.raises(Retriable, match="without an access token") as caught:
        opened.crm.identify()

    assert_silent(caught.value)


def test_the_next_page_is_asked_of_the_org_and_of_nobody_else(line: Open) -> None:
    stranger = Rogue(answers(b"{}"))
    address = f"{stranger.url}/services/data/v68.0/query/01g5g000004abCDEAY-2000"
    first = f'{{"done":false,"records":[],"nextRecordsUrl":"{address}"}}'
    opened = line("salesforce", in_turn(json(first), json('{"done":true,"records":[]}')))

    opened.read("a query")

    assert stranger.connections == 0
    stranger.close()
    assert line_of(opened.server.requests[1]).endswith("/query/01g5g000004abCDEAY-2000")


@pytest.mark.parametrize(
    "address", ["", "/services/oauth2/revoke", "/services/data/v30.0/query/01g-1", "//[", "?q=1"]
)
def test_a_next_page_that_is_no_page_is_not_asked_for(address: str, line: Open) -> None:
    first = f'{{"done":false,"records":[],"nextRecordsUrl":"{address}"}}'
    opened = line("salesforce", json(first))
    opened.crm.identify()

    with pytest.raises(Unanswered):
        opened.read("a query")

    assert {line_of(each).partition("?")[0] for each in opened.server.requests} == {
        "GET /services/data/v68.0/query"
    }
