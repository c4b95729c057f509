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

from connectors.base import ConnectorError, Fatal, Retriable, Unanswered
from connectors.http import (
    Oversized,
    Transport,
    redact,
    retry_after,
)
from connectors.pace import Clock, Governor
from tests.contract.policed import CANARY, HUBSPOT_KEY
from tests.contract.rogue import (
    Rogue,
    Script,
    answers,
    closes,
    drips,
    resets,
    stays_silent,
)

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
        authorization=SecretStr(f"Bearer pat-na1-{CANARY}"),
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


# What is cut by a deadline alone, by a short one; every other failure comes by itself, and a loaded
# machine is given time for it. Without a deadline, these would last for several times as long.
ENDLESS = {name for name in FAILURES if "drip" in name} | {"no answer at all"}
PATIENCE = 60.0


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
    started = time.monotonic()

    with pytest.raises(ConnectorError) as caught:
        send(transport, server.url, 0.4 if failure in ENDLESS else PATIENCE)

    assert type(caught.value) is expected
    assert time.monotonic() - started < PATIENCE
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
    text = f"{HUBSPOT_KEY} s3cret Bearer abc.def Zoho-oauthtoken 1000.xyz"

    assert redact(text, SecretStr("s3cret")) == "*** *** *** Zoho-***"


def test_threads_share_one_window() -> None:
    seen = threading.local()

    def look() -> float:
        seen.last = time.monotonic()
        return float(seen.last)

    governor = Governor(limit=5, interval=0.2, clock=Clock(monotonic=look), margin=False)
    sends: list[float] = []

    def work() -> None:
        for _ in range(4):
            governor.acquire()
            # When the turn was taken: what this thread saw last, however late it goes on.
            sends.append(seen.last)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sends.sort()
    assert len(sends) == 16
    assert all(later - earlier > 0.19 for earlier, later in zip(sends, sends[5:], strict=False))
