"""The calls to HubSpot: what is tried again and when, what is learnt from each answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from pydantic import SecretStr

from connectors.base import Allowance, Fatal, Retriable
from connectors.hubspot.client import Client
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.errors import Refused
from connectors.hubspot.objects import paths_of
from connectors.hubspot.pool import FIRST_LIMIT
from rules.records import Kind
from tests.contract.rogue import Rogue, Script, answers, in_turn, resets
from tests.unit.test_pace import MIDNIGHT, Time

TOKEN = SecretStr("pat-na1-test")
DETAILS = {
    "portalId": 4242,
    "timeZone": "America/Toronto",
    "companyCurrency": "CAD",
    "uiDomain": "app-eu1.hubspot.com",
}


def told(body: object, status: bytes = b"200 OK", /, **headers: object) -> Script:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return answers(orjson.dumps(body), status=status, headers=lines.encode())


def told_with(headers: dict[str, int]) -> Script:
    return told({"results": []}, **headers)


def limited(policy: str, **headers: object) -> Script:
    body = {"category": "RATE_LIMITS", "policyName": policy, "message": "…"}
    return told(body, b"429 Too Many Requests", **headers)


OK = told({"results": []})


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def start(time: Time) -> Iterator[Callable[..., tuple[Client, Rogue]]]:
    """Makes a client of a server that plays the scripts given, one to each request."""
    made: list[tuple[Client, Rogue]] = []

    def start(*scripts: Script) -> tuple[Client, Rogue]:
        server = Rogue(in_turn(*scripts))
        made.append((Client(TOKEN, base_url=server.url, clock=time.clock), server))
        return made[-1]

    yield start
    for client, server in made:
        client.close()
        server.close()


Start = Callable[..., tuple[Client, Rogue]]


def test_a_ten_seconds_limit_is_waited_for(start: Start, time: Time) -> None:
    client, server = start(limited("TEN_SECONDLY_ROLLING"), OK)

    client.get("/x")

    assert time.now == pytest.approx(10)
    assert len(server.requests) == 2


def test_the_wait_that_hubspot_asks_for_is_kept(start: Start, time: Time) -> None:
    client, _ = start(limited("TEN_SECONDLY_ROLLING", Retry_After=3), OK)

    client.get("/x")

    assert time.now == pytest.approx(3)


def test_a_long_wait_is_left_to_the_caller(start: Start, time: Time) -> None:
    client, server = start(limited("TEN_SECONDLY_ROLLING", Retry_After=900))

    with pytest.raises(Retriable) as caught:
        client.get("/x")

    assert caught.value.retry_after == 900
    assert (time.now, len(server.requests)) == (0, 1)


def test_a_search_limit_holds_searches_only(start: Start, time: Time) -> None:
    client, _ = start(limited("SECONDLY"), OK, OK)

    client.post("/x/search", {})

    assert time.now == pytest.approx(1)


def test_a_migration_is_left_to_the_caller(start: Start) -> None:
    client, server = start(told({}, b"477 Migration", Retry_After=86_400))

    with pytest.raises(Retriable) as caught:
        client.get("/x")

    assert caught.value.retry_after == 86_400
    assert len(server.requests) == 1


def test_reads_are_tried_five_times_with_longer_and_longer_waits(start: Start, time: Time) -> None:
    client, server = start(*[told({}, b"503 Service Unavailable")] * 4, OK)

    client.get("/x")

    assert time.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    "script",
    [
        told({}, b"503 Service Unavailable"),
        told({}, b"423 Locked"),
        limited("TEN_SECONDLY_ROLLING", Retry_After=900),
        resets(b""),
    ],
)
def test_writes_are_sent_once(script: Script, start: Start) -> None:
    client, server = start(script)

    with pytest.raises(Retriable):
        client.write("POST", "/x", {})

    assert len(server.requests) == 1


def test_a_write_over_the_rate_was_not_carried_out_and_is_sent_again(
    start: Start, time: Time
) -> None:
    client, server = start(limited("TEN_SECONDLY_ROLLING"), limited("TEN_SECONDLY_ROLLING"), OK)

    client.write("POST", "/x", {})

    assert time.now == pytest.approx(20)
    assert len(server.requests) == 3


def test_a_refused_write_is_given_back_and_a_refused_read_stops(start: Start) -> None:
    refusal = told({"category": "VALIDATION_ERROR", "message": "No such field"}, b"400 Bad")
    client, _ = start(refusal, refusal)

    with pytest.raises(Refused, match="No such field"):
        client.write("POST", "/x", {})
    with pytest.raises(Fatal, match="No such field"):
        client.get("/x")


def test_the_daily_limit_stops_everything_until_midnight_there(start: Start, time: Time) -> None:
    client, server = start(limited("DAILY"))

    for _ in range(2):
        with pytest.raises(Retriable) as caught:
            client.get("/x")

    assert len(server.requests) == 1
    assert "00:00 (UTC)" in caught.value.message.fr
    wait = caught.value.retry_after
    assert wait is not None
    assert (MIDNIGHT + round(wait * 1000)) % 86_400_000 == 0
    assert time.sleeps == []


def test_the_day_s_reserve_is_kept_for_the_customer_s_other_tools(start: Start) -> None:
    left = {"X_HubSpot_RateLimit_Daily": 250_000, "X_HubSpot_RateLimit_Daily_Remaining": 25_000}
    client, server = start(told({"results": []}, **left))
    client.get("/x")

    with pytest.raises(Retriable, match="daily calls"):
        client.get("/x")

    assert len(server.requests) == 1


def test_the_limit_is_the_one_that_hubspot_tells(start: Start) -> None:
    known = {"X_HubSpot_RateLimit_Max": 190, "X_HubSpot_RateLimit_Interval_Milliseconds": 10_000}
    client, _ = start(told({"results": []}, **known), told({}, X_HubSpot_RateLimit_Max="lots"))
    assert client._pool.general.limit == FIRST_LIMIT - 1

    client.get("/x")
    client.get("/x")

    assert client._pool.general.limit == 188


def test_what_hubspot_lets_us_call_is_known_once_it_has_told(start: Start, time: Time) -> None:
    limits = {
        "X_HubSpot_RateLimit_Max": 190,
        "X_HubSpot_RateLimit_Interval_Milliseconds": 10_000,
        "X_HubSpot_RateLimit_Daily": 625_000,
        "X_HubSpot_RateLimit_Daily_Remaining": 600_123,
    }
    client, _ = start(OK, told_with(limits), OK)

    client.get("/x")
    assert client.allowance is None
    time.now = 5
    client.get("/x")
    time.now = 9
    client.post("/x/search", {})

    assert client.allowance == Allowance(
        seen_at=MIDNIGHT + 5_000, burst=190, window_seconds=10, daily=625_000, daily_left=600_123
    )


def test_oauth_applications_hear_of_no_daily_limit(start: Start) -> None:
    window = {"X_HubSpot_RateLimit_Max": 110, "X_HubSpot_RateLimit_Interval_Milliseconds": 10_000}
    client, _ = start(told_with(window))

    client.get("/x")

    assert client.allowance is not None
    assert (client.allowance.burst, client.allowance.daily) == (110, None)


@pytest.mark.parametrize("status", [b"404 Not Found", b"403 Forbidden", b"400 Bad"])
def test_what_may_not_be_there_is_looked_for_without_a_failure(status: bytes, start: Start) -> None:
    client, _ = start(told({}, status), told({}, b"401 Unauthorized"))

    assert client.find("/x") is None
    with pytest.raises(Fatal, match="401"):
        client.find("/x")


def test_hubspot_s_clock_is_learnt_and_only_refined(start: Start, time: Time) -> None:
    dates = [
        "Tue, 24 Nov 2026 06:00:10 GMT",
        "Tue, 24 Nov 2026 06:00:10 GMT",  # half a second later: still the same second
        "Tue, 24 Nov 2026 06:00:11 GMT",  # at its very turn
        "Tue, 24 Nov 2026 05:00:00 GMT",  # a clock was set
        "soon",
    ]
    client, _ = start(*[told({}, Date=date) for date in dates])
    # The wall clock of the test stands at 2026-11-24T06:00:00Z.
    ahead = []
    for _ in dates:
        client.get("/x")
        ahead.append(client.crm_now() - MIDNIGHT - round(time.now * 1000))
        time.now += 0.5

    assert ahead == [10_000, 10_000, 10_000, -3_601_500, -3_601_500]


def test_lone_surrogates_do_not_lose_a_page(start: Start) -> None:
    client, _ = start(answers(b'{"results":[{"id":"1","name":"a\\ud800b"}]}'))

    assert client.get("/x") == {"results": [{"id": "1", "name": "a\ud800b"}]}


# The account.


def connector(server: Rogue, **settings: str) -> HubSpot:
    return HubSpot(TOKEN, base_url=server.url, clock=Time().clock, **settings)  # type: ignore[arg-type]  # texts only


def test_another_account_than_the_expected_one_is_neither_read_nor_written() -> None:
    server = Rogue(told(DETAILS))
    crm = connector(server, expected_account_id="77")

    with pytest.raises(Fatal, match="4242") as caught:
        crm.pull(Kind.ACCOUNT, None, (), ())

    assert "77" in caught.value.message.fr
    assert len(server.requests) == 1
    crm.close()
    server.close()


def test_the_account_is_asked_once() -> None:
    server = Rogue(in_turn(told(DETAILS), OK, OK))
    crm = connector(server, expected_account_id="4242")

    list(crm.pull(Kind.STAGE, None, (), ()))
    list(crm.pull(Kind.STAGE, None, (), ()))

    assert [request.split(b" ")[1] for request in server.requests] == [
        b"/account-info/2026-09/details",
        b"/crm/pipelines/2026-09/deals",
        b"/crm/pipelines/2026-09/deals",
    ]
    crm.close()
    server.close()


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("app-eu1.hubspot.com", "https://app-eu1.hubspot.com/contacts/4242/record/0-2/7%2F8"),
        ("evil.example", "https://app.hubspot.com/contacts/4242/record/0-2/7%2F8"),
        (None, "https://app.hubspot.com/contacts/4242/record/0-2/7%2F8"),
    ],
)
def test_a_record_s_address_is_on_hubspot_s_own_domain(
    domain: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = HubSpot(TOKEN)
    monkeypatch.setattr(crm._client, "get", lambda _: {**DETAILS, "uiDomain": domain})

    assert crm.record_url(Kind.ACCOUNT, "7/8") == expected
    crm.close()


def test_an_admin_s_steps_lead_into_the_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    crm = HubSpot(TOKEN)
    monkeypatch.setattr(crm._client, "get", lambda _: DETAILS)

    steps = crm.setup_steps()

    links = [words.rpartition(" ")[2] for step in steps for words in step]
    assert len(steps) == 3
    for link in links:
        assert link.startswith("https://app-eu1.hubspot.com/")
        assert "4242" in link
        assert "0-2" in link
    crm.close()


def test_threads_that_begin_together_ask_once_which_account_it_is() -> None:
    server = Rogue(told({**DETAILS, "results": []}))
    crm = connector(server)

    with ThreadPoolExecutor(8) as pool:
        addresses = set(pool.map(lambda key: crm.record_url(Kind.ACCOUNT, key), ["7"] * 16))

    assert len(addresses) == 1
    assert crm.calls == 1
    crm.close()
    server.close()


@pytest.mark.parametrize("version", ["2026-9", "v1", "v4", "2026-09/../x", ""])
def test_a_version_that_does_not_exist_is_refused(version: str) -> None:
    with pytest.raises(Fatal, match="2026-09"):
        paths_of(version)
