"""The policy of HTTP, tried on servers that misbehave: each failure, and what it is called."""

import datetime as dt
import gzip
import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from connectors.base import Change, ConnectorError, Fatal, Retriable, State, Task, Unanswered
from connectors.http import (
    Oversized,
    Transport,
    redact,
    retry_after,
)
from connectors.hubspot.connector import HubSpot
from connectors.pace import Clock, Governor
from rules.records import Kind
from tests.contract.rogue import (
    Rogue,
    Script,
    answers,
    closes,
    drips,
    in_turn,
    resets,
    stays_silent,
)

CANARY = "pat-na1-canary-5b1e0c"
TOKEN = SecretStr(CANARY)
ACCOUNT = b'{"portalId":7,"timeZone":"America/Toronto","companyCurrency":"CAD"}'

BOMB = gzip.compress(b"0" * (40 * 1024 * 1024))


@pytest.fixture
def rogue() -> Iterator[Callable[[Script], Rogue]]:
    """Starts servers, and stops them after the test."""
    started: list[Rogue] = []

    def start(script: Script) -> Rogue:
        started.append(Rogue(script))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(hosts={"127.0.0.1"})
    yield made
    made.close()


def send(transport: Transport, url: str, seconds: float = 0.4) -> bytes:
    answer = transport.send(
        "GET",
        url,
        headers={},
        authorization=SecretStr(f"Bearer {CANARY}"),
        seconds=seconds,
    )
    return answer.body


FAILURES: dict[str, tuple[Script, type[ConnectorError]]] = {
    "a body that drips": (
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
        Unanswered,
    ),
    "headers that drip": (drips(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"), Unanswered),
    "chunks that drip": (
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        Unanswered,
    ),
    "no answer at all": (stays_silent, Unanswered),
    "a reset before the answer": (resets(b""), Unanswered),
    "a reset within the answer": (
        resets(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
        Unanswered,
    ),
    "a truncated body": (closes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"), Unanswered),
    "a body that is not the gzip it says": (
        answers(b"plain", headers=b"Content-Encoding: gzip\r\n"),
        Unanswered,
    ),
    "something that is not HTTP": (closes(b"SSH-2.0-OpenSSH_9.2\r\n"), Unanswered),
    "a gzip bomb": (answers(BOMB, headers=b"Content-Encoding: gzip\r\n"), Oversized),
    "a redirect": (
        answers(b"", status=b"302 Found", headers=b"Location: http://127.0.0.1:9/\r\n"),
        Fatal,
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_misbehaving_server_is_named_and_never_sees_the_token_told(
    failure: str,
    rogue: Callable[[Script], Rogue],
    transport: Transport,
    caplog: pytest.LogCaptureFixture,
) -> None:
    script, expected = FAILURES[failure]
    server = rogue(script)
    caplog.set_level(logging.DEBUG)
    # Unpacking takes its time; every other failure is cut by the deadline or comes at once.
    seconds = 20.0 if expected is Oversized else 0.4
    started = time.monotonic()

    with pytest.raises(ConnectorError) as caught:
        send(transport, server.url, seconds)

    assert type(caught.value) is expected
    assert time.monotonic() - started < seconds + 0.6
    assert "127.0.0.1" in caught.value.message.fr
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert CANARY not in told
    assert len(server.requests) == 1


def test_the_token_goes_to_a_host_on_the_list_only(rogue: Callable[[Script], Rogue]) -> None:
    server = rogue(answers(b"{}"))
    transport = Transport(hosts={"api.hubapi.com", "*.hubapi.com"})

    for url in (
        server.url,
        "https://api.hubapi.com.example.org/",
        "https://evilhubapi.com/",
        "https://hubapi.com/",
        "https://api.hubapi.com@127.0.0.1/",
        "http://api.hubapi.com/",
        "ftp://api.hubapi.com/",
        "https:///crm",
    ):
        with pytest.raises(Fatal):
            send(transport, url)

    assert (server.connections, transport.calls) == (0, 0)
    transport.close()


def test_http_is_for_this_machine_only() -> None:
    transport = Transport(hosts={"192.0.2.1"})

    with pytest.raises(Fatal, match="nothing was sent"):
        send(transport, "http://192.0.2.1/")

    transport.close()


def test_a_proxy_of_the_environment_is_ignored(
    rogue: Callable[[Script], Rogue], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = rogue(answers(b"proxy")), rogue(answers(b"server"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)

    assert send(transport, server.url) == b"server"
    assert proxy.connections == 0


def test_gzip_is_accepted_and_unpacked(
    rogue: Callable[[Script], Rogue], transport: Transport
) -> None:
    packed = gzip.compress(b'{"results":[]}')
    server = rogue(answers(packed, headers=b"Content-Encoding: gzip\r\n"))

    assert send(transport, server.url) == b'{"results":[]}'
    assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


def test_connections_are_kept(rogue: Callable[[Script], Rogue], transport: Transport) -> None:
    server = rogue(answers(b"{}"))

    for _ in range(5):
        send(transport, server.url)

    assert (server.connections, transport.calls) == (1, 5)


def test_a_server_that_is_not_there_was_sent_nothing(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(Retriable) as caught:
        send(transport, f"http://127.0.0.1:{port}")

    assert not isinstance(caught.value, Unanswered)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, transport: Transport
) -> None:
    server = Rogue(answers(b"{}"), _self_signed(tmp_path))

    with pytest.raises(Fatal, match="certificate"):
        send(transport, server.url, 5)

    assert server.requests == []
    server.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


# The same policy, underneath HubSpot's own client.


def hubspot(url: str, waits: list[float] | None = None) -> HubSpot:
    recorded = [] if waits is None else waits
    return HubSpot(TOKEN, base_url=url, clock=Clock(sleep=recorded.append, jitter=lambda: 1.0))


HTML = b"<html><body>Service unavailable</body></html>"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (answers(HTML), Unanswered),
        (answers(b'{"portalId": 7'), Unanswered),
        (answers(b"NaN"), Unanswered),
        (answers(b"[]"), Unanswered),
        (answers(HTML, status=b"502 Bad Gateway"), Unanswered),
        (resets(b""), Unanswered),
        (closes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"), Unanswered),
    ],
)
def test_a_read_without_a_usable_answer_is_tried_five_times(
    script: Script, expected: type[ConnectorError], rogue: Callable[[Script], Rogue]
) -> None:
    server, waits = rogue(script), list[float]()
    crm = hubspot(server.url, waits)

    with pytest.raises(expected):
        crm.identify()

    assert len(server.requests) == 5
    assert waits == [1.0, 2.0, 4.0, 8.0]
    crm.close()


@pytest.mark.parametrize("told", [b"NaN", b"null", b'""', b"[7]", b'"seven"'])
def test_an_account_that_has_no_number_is_none(
    told: bytes, rogue: Callable[[Script], Rogue]
) -> None:
    server = rogue(answers(b'{"portalId": ' + told + b"}"))
    crm = hubspot(server.url)

    with pytest.raises(Fatal, match="did not say which account"):
        crm.identify()

    crm.close()


def test_a_read_succeeds_once_the_trouble_is_over(rogue: Callable[[Script], Rogue]) -> None:
    server = rogue(in_turn(answers(HTML), resets(b""), answers(ACCOUNT)))
    crm = hubspot(server.url)

    assert crm.identify().account_id == "7"
    assert crm.calls == 3
    crm.close()


@pytest.mark.parametrize(
    "script", [answers(HTML), answers(HTML, status=b"504 Gateway Timeout"), resets(b"")]
)
def test_a_write_is_never_tried_again(script: Script, rogue: Callable[[Script], Rogue]) -> None:
    server = rogue(in_turn(answers(ACCOUNT), script, script))
    crm = hubspot(server.url)

    with pytest.raises(Unanswered):
        crm.update([Change(external_id="1", values={"tier": "gold"})])
    task = Task(key="k", subject="s", body="b", due_at=0, owner_id="1", account_id="1")
    outcome = crm.create_task(task)

    assert outcome.state is State.UNKNOWN
    assert len(server.requests) == 3
    crm.close()


def test_the_token_travels_in_its_header_and_nowhere_else(
    rogue: Callable[[Script], Rogue], caplog: pytest.LogCaptureFixture
) -> None:
    told = f'{{"status":"error","message":"The token {CANARY} expired","category":"X"}}'.encode()
    server = rogue(answers(told, status=b"401 Unauthorized"))
    caplog.set_level(logging.DEBUG)
    crm = hubspot(server.url)

    with pytest.raises(Fatal) as caught:
        list(crm.pull(Kind.ACCOUNT, None, (), ()))

    assert server.requests[0].count(CANARY.encode()) == 1
    assert f"Authorization: Bearer {CANARY}".encode() in server.requests[0]
    seen = "".join(traceback.format_exception(caught.value)) + caplog.text
    seen += repr(vars(crm)) + repr(vars(crm._client)) + caught.value.message.fr
    assert CANARY not in seen
    assert "service key" in caught.value.message.en
    crm.close()


def test_a_token_that_cannot_travel_is_refused_without_being_shown() -> None:
    for unusable in ("", f"{CANARY}\n", f" {CANARY}", f"{CANARY}é", "a b"):
        with pytest.raises(Fatal) as caught:
            HubSpot(SecretStr(unusable))
        assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_hubspot_is_the_only_host_beyond_this_machine() -> None:
    crm = HubSpot(TOKEN, base_url="https://api.hubapi.com.example.org")

    with pytest.raises(Fatal, match="nothing was sent"):
        crm.identify()

    assert crm.calls == 0
    crm.close()


# Small parts.


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Mon, 23 Nov 2026 07:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 06:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date(written: str, expected: float | None) -> None:
    seven_o_clock = 1_795_417_200_000

    assert retry_after({"Retry-After": written}, seven_o_clock) == expected


def test_credentials_are_redacted_by_value_and_by_shape() -> None:
    text = f"{CANARY} s3cret Bearer abc.def Zoho-oauthtoken 1000.xyz"

    assert redact(text, SecretStr("s3cret")) == "*** *** *** Zoho-***"


def test_threads_share_one_window() -> None:
    governor = Governor(limit=5, interval=0.2, clock=Clock(), margin=False)
    sends: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        for _ in range(4):
            governor.acquire()
            with lock:
                sends.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sends.sort()
    assert len(sends) == 16
    assert all(later - earlier > 0.19 for earlier, later in zip(sends, sends[5:], strict=False))
