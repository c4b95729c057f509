"""What opens an account: which key is used, when a token is renewed, and that none is shown."""

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import orjson
import pytest
from pydantic import SecretStr

from connectors.base import Access, Fatal, Grant, Retriable, Rotation
from connectors.hubspot.client import Client
from connectors.pace import Clock
from tests.unit.test_pace import Time

OLD, NEW = "pat-na1-old-canary", "pat-na1-new-canary"
SECRET, REFRESH = "client-secret-canary", "refresh-canary"
CANARIES = (OLD, NEW, SECRET, REFRESH, "access-canary")
ENDPOINT = "/oauth/2026-09/token"
DETAILS = "/account-info/2026-09/details"


@dataclass
class Portal:
    """HubSpot: which credentials it knows, and what its token endpoint answers."""

    known: dict[str, int] = field(default_factory=dict)
    life: float = 1800
    rotates: bool = False
    forgets: bool = False
    hub: int | None = None
    refresh_tokens: set[str] = field(default_factory=lambda: {REFRESH})
    refusal: tuple[int, dict[str, object]] | None = None
    forms: list[dict[str, str]] = field(default_factory=list)
    reads: list[tuple[str, str]] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, object]]:
        if path == ENDPOINT:
            assert headers["Content-Type"] == "application/x-www-form-urlencoded"
            assert "Authorization" not in headers
            return self._token({name: one for name, (one,) in parse_qs(body.decode()).items()})
        token = headers["Authorization"].removeprefix("Bearer ")
        with self.turn:
            self.reads.append((path, token))
        if token not in self.known:
            return 401, {"category": "EXPIRED_AUTHENTICATION", "message": f"The token {token} …"}
        return 200, {"portalId": self.known[token], "results": []}

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        with self.turn:
            self.forms.append(form)
            if self.refusal is not None:
                return self.refusal
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, {
                    "status": "BAD_REFRESH_TOKEN",
                    "error": "invalid_grant",
                    "error_description": f"{form['refresh_token']} is missing or invalid",
                }
            access = f"access-canary-{len(self.forms)}"
            if not self.forgets:
                self.known[access] = self.hub or 7
            told: dict[str, object] = {"access_token": access, "expires_in": self.life}
            if self.hub is not None:
                told["hub_id"] = self.hub
            told["refresh_token"] = form["refresh_token"]
            if self.rotates:
                told["refresh_token"] = f"{REFRESH}-{len(self.forms)}"
                self.refresh_tokens = {f"{REFRESH}-{len(self.forms)}"}
            return 200, told


class Kept:
    """Where a refresh token is kept."""

    def __init__(self, *, is_durable: bool = True) -> None:
        self.token = REFRESH
        self.is_durable = is_durable

    @property
    def grant(self) -> Grant:
        return Grant(
            client_id="an-id",
            client_secret=SecretStr(SECRET),
            refresh_token=lambda: SecretStr(self.token),
            keep=self.keep,
        )

    def keep(self, token: SecretStr) -> bool:
        self.token = token.get_secret_value()
        return self.is_durable


class _Server(ThreadingHTTPServer):
    """Room for sixty-four callers at once."""

    request_queue_size = 128
    daemon_threads = True


Start = Callable[..., Client]


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def start(portal: Portal, time: Time) -> Iterator[Start]:
    """Makes clients of the portal, pinned to account 7 unless told otherwise."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told = portal.answer(self.path, dict(self.headers), body)
            content = orjson.dumps(told)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: object) -> None: ...

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    made: list[Client] = []

    def start(access: Access, *, clock: Clock | None = None, account: str | None = "7") -> Client:
        made.append(Client(access, base_url=url, clock=clock or time.clock))
        made[-1].account = account
        return made[-1]

    yield start
    for client in made:
        client.close()
    server.shutdown()
    server.server_close()
    thread.join()


def two_keys() -> Rotation:
    return Rotation(current=SecretStr(OLD), following=SecretStr(NEW))


# Two keys.


def test_the_key_in_place_is_used_as_long_as_it_works(portal: Portal, start: Start) -> None:
    portal.known = {OLD: 7, NEW: 7}

    start(two_keys()).get("/x")

    assert portal.reads == [("/x", OLD)]


def test_the_next_key_takes_over_once_it_is_known_to_open_the_same_account(
    portal: Portal, start: Start
) -> None:
    portal.known = {NEW: 7}
    client = start(two_keys())

    client.write("POST", "/x", {})
    client.get("/y")

    assert portal.reads == [("/x", OLD), (DETAILS, NEW), ("/x", NEW), ("/y", NEW)]
    (remark,) = client.remarks()
    assert not remark.is_fine
    assert "ARPENT_HUBSPOT_TOKEN_NEXT" in remark.text.fr


def test_the_next_key_of_another_account_is_never_used(portal: Portal, start: Start) -> None:
    portal.known = {NEW: 8}
    client = start(two_keys())

    for _ in range(2):
        with pytest.raises(Fatal, match="account 8"):
            client.write("POST", "/x", {})

    assert ("/x", NEW) not in portal.reads


def test_two_keys_that_are_not_recognised_stop_everything(portal: Portal, start: Start) -> None:
    client = start(two_keys())

    with pytest.raises(Fatal, match="401"):
        client.get("/x")

    assert portal.reads == [("/x", OLD), (DETAILS, NEW)]


@pytest.mark.parametrize(
    ("known", "is_fine", "words"),
    [
        ({OLD: 7, NEW: 7}, True, "both keys work"),
        ({OLD: 7}, False, "the next one does not"),
        ({OLD: 7, NEW: 8}, False, "account 8"),
    ],
)
def test_the_operator_hears_which_keys_work(
    known: dict[str, int],
    is_fine: bool,  # noqa: FBT001 - a parameter of the test
    words: str,
    portal: Portal,
    start: Start,
) -> None:
    portal.known = known
    client = start(two_keys())

    (remark,) = client.remarks()

    assert remark.is_fine is is_fine
    assert words in remark.text.en


def test_one_key_has_nothing_to_say(portal: Portal, start: Start) -> None:
    client = start(SecretStr(OLD))

    assert client.remarks() == ()
    with pytest.raises(Fatal, match="401"):
        client.get("/x")
    assert portal.reads == [("/x", OLD)]


def test_many_threads_go_over_to_the_next_key_once(portal: Portal, start: Start) -> None:
    portal.known = {NEW: 7}
    client = start(two_keys(), clock=Clock())

    with ThreadPoolExecutor(16) as pool:
        assert len(list(pool.map(client.get, ["/x"] * 32))) == 32

    assert portal.reads.count((DETAILS, NEW)) == 1
    assert portal.reads.count(("/x", NEW)) == 32


# OAuth.


def test_sixty_four_callers_ask_for_one_token(portal: Portal, start: Start) -> None:
    client = start(Kept().grant, clock=Clock())
    together = threading.Barrier(64, timeout=300)

    def call(path: str) -> object:
        together.wait()
        return client.get(path)

    with ThreadPoolExecutor(64) as pool:
        assert len(list(pool.map(call, ["/x"] * 64))) == 64

    assert portal.forms == [
        {
            "grant_type": "refresh_token",
            "client_id": "an-id",
            "client_secret": SECRET,
            "refresh_token": REFRESH,
        }
    ]


def test_a_token_is_renewed_five_minutes_before_its_end(
    portal: Portal, start: Start, time: Time
) -> None:
    client = start(Kept().grant)

    for now, asked in ((0, 1), (1499, 1), (1500, 2), (2999, 2), (3000, 3)):
        time.now = now
        client.get("/x")
        assert len(portal.forms) == asked


def test_a_short_lived_token_is_renewed_in_its_last_fifth(
    portal: Portal, start: Start, time: Time
) -> None:
    portal.life = 10
    client = start(Kept().grant)

    for now, asked in ((0, 1), (7.9, 1), (8.1, 2)):
        time.now = now
        client.get("/x")
        assert len(portal.forms) == asked


def test_a_token_that_is_refused_midway_is_renewed_once_for_all_threads(
    portal: Portal, start: Start
) -> None:
    client = start(Kept().grant, clock=Clock())
    client.get("/x")
    portal.known.clear()

    with ThreadPoolExecutor(16) as pool:
        assert len(list(pool.map(client.get, ["/x"] * 16))) == 16

    assert len(portal.forms) == 2


def test_a_write_that_was_refused_for_its_token_is_sent_again(portal: Portal, start: Start) -> None:
    client = start(Kept().grant)
    client.get("/x")
    portal.known.clear()

    client.write("POST", "/w", {})

    assert [path for path, _ in portal.reads] == ["/x", "/w", "/w"]


def test_a_fresh_token_that_is_refused_stops(portal: Portal, start: Start) -> None:
    client = start(Kept().grant)
    client.get("/x")
    portal.known.clear()
    portal.forgets = True

    with pytest.raises(Fatal, match="401"):
        client.get("/x")

    assert len(portal.forms) == 2


def test_a_grant_that_is_over_stops_everything_and_nothing_is_asked_any_more(
    portal: Portal, start: Start
) -> None:
    portal.refresh_tokens = set()
    client = start(Kept().grant)

    for _ in range(5):
        with pytest.raises(Fatal, match="withdrawn"):
            client.get("/x")

    assert (len(portal.forms), portal.reads) == (1, [])


def test_a_token_that_another_process_was_given_is_taken_over(portal: Portal, start: Start) -> None:
    kept = Kept()
    portal.refresh_tokens = {"sibling"}
    asked = iter([REFRESH, "sibling"])
    grant = Grant(
        client_id="an-id",
        client_secret=SecretStr(SECRET),
        refresh_token=lambda: SecretStr(next(asked)),
        keep=kept.keep,
    )
    client = start(grant)

    client.get("/x")

    assert [form["refresh_token"] for form in portal.forms] == [REFRESH, "sibling"]


def test_a_new_refresh_token_is_kept_and_used(portal: Portal, start: Start, time: Time) -> None:
    portal.rotates = True
    kept = Kept()
    client = start(kept.grant)

    client.get("/x")
    time.now = 1500
    client.get("/x")

    assert kept.token == f"{REFRESH}-2"
    assert portal.forms[1]["refresh_token"] == f"{REFRESH}-1"
    assert client.remarks() == ()


def test_a_new_refresh_token_that_cannot_be_kept_is_told(portal: Portal, start: Start) -> None:
    portal.rotates = True
    client = start(Kept(is_durable=False).grant)
    client.get("/x")

    (remark,) = client.remarks()

    assert not remark.is_fine
    assert "ARPENT_HUBSPOT_REFRESH_TOKEN_FILE" in remark.text.en


def test_a_grant_for_another_account_opens_nothing(portal: Portal, start: Start) -> None:
    portal.hub = 8
    client = start(Kept().grant)

    with pytest.raises(Fatal, match="account 8"):
        client.get("/x")

    assert portal.reads == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_token_endpoint_in_trouble_is_asked_later(
    status: int, portal: Portal, start: Start, time: Time
) -> None:
    portal.refusal = (status, {"message": "busy"})
    client = start(Kept().grant)

    with pytest.raises(Retriable):
        client.write("POST", "/x", {})
    portal.refusal = None
    client.write("POST", "/x", {})
    # The next trouble comes while the token is good for minutes: work goes on.
    portal.refusal = (status, {"message": "busy"})
    time.now = 1600
    client.write("POST", "/x", {})
    client.write("POST", "/x", {})
    assert len(portal.forms) == 3
    time.now = 1801
    with pytest.raises(Retriable):
        client.write("POST", "/x", {})


def test_an_application_that_is_not_recognised_is_for_a_person(
    portal: Portal, start: Start
) -> None:
    portal.refusal = (401, {"message": f"Unknown client {SECRET}"})
    client = start(Kept().grant)

    with pytest.raises(Fatal, match="client id"):
        client.get("/x")


def test_an_answer_without_a_token_is_no_success(portal: Portal, start: Start) -> None:
    portal.refusal = (200, {"token_type": "bearer"})

    with pytest.raises(Retriable, match="without an access token"):
        start(Kept().grant).write("POST", "/x", {})


# Secrets.


def failing(portal: Portal, start: Start) -> Iterator[tuple[Client, Exception]]:
    """Clients of each kind, with what they fail with."""
    cases: list[tuple[Access, tuple[int, dict[str, object]] | None]] = [
        (two_keys(), None),
        (Kept().grant, None),
        (Kept().grant, (401, {"message": f"no {SECRET} {REFRESH}"})),
        (Kept().grant, (400, {"error": "invalid_grant", "error_description": f"bad {REFRESH}"})),
    ]
    for access, refusal in cases:
        portal.refusal = refusal
        client = start(access)
        if refusal is None and isinstance(access, Grant):
            client.get("/x")
            portal.refusal = (400, {"error": "invalid_grant", "message": f"bad {REFRESH}"})
            portal.known.clear()
        with pytest.raises(Fatal) as caught:
            client.get("/x")
        yield client, caught.value


def test_no_secret_is_shown_by_a_failure_nor_by_what_holds_it(
    portal: Portal, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    count = 0
    for client, error in failing(portal, start):
        assert isinstance(error, Fatal)
        seen = "".join(traceback.format_exception(error)) + error.message.fr + error.message.en
        seen += repr(vars(client)) + repr(vars(client._credentials)) + caplog.text
        assert not [canary for canary in CANARIES if canary in seen]
        count += 1
    assert count == 4


@pytest.mark.parametrize(
    "access",
    [
        SecretStr(""),
        Rotation(current=SecretStr(OLD), following=SecretStr(f"{NEW}\n")),
        Grant(
            client_id=" ",
            client_secret=SecretStr(SECRET),
            refresh_token=lambda: SecretStr(REFRESH),
            keep=lambda _: True,
        ),
        Grant(
            client_id="an-id",
            client_secret=SecretStr(f"{SECRET} "),
            refresh_token=lambda: SecretStr(REFRESH),
            keep=lambda _: True,
        ),
    ],
)
def test_what_cannot_travel_is_refused_without_being_shown(access: Access, start: Start) -> None:
    with pytest.raises(Fatal) as caught:
        start(access)

    told = "".join(traceback.format_exception(caught.value))
    assert not [canary for canary in CANARIES if canary in told]


def test_an_empty_refresh_token_is_told_before_anything_is_asked(
    portal: Portal, start: Start
) -> None:
    kept = Kept()
    kept.token = ""

    with pytest.raises(Fatal, match="refresh token"):
        start(kept.grant).get("/x")

    assert portal.forms == []
