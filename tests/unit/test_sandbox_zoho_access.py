"""The emulated Zoho CRM's doors: tokens, scopes, data centres, credits, calls at once, faults."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.zoho import SANDBOX_REFRESH_TOKEN, ZohoSandbox
from tests.unit.sandbox_zoho_caller import NOW, Caller


@pytest.fixture
def zoho() -> Caller:
    return Caller()


def test_a_refresh_token_gives_an_access_token(zoho: Caller) -> None:
    answer = zoho.token_for()
    body = answer.json
    assert (answer.status, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    assert body["api_domain"] == "http://127.0.0.1:1"
    assert "ZohoCRM.modules.ALL" in body["scope"].split(" ")
    fresh = Caller(zoho.sandbox, body["access_token"])
    assert fresh.get("org").status == 200
    zoho.sandbox.clock.advance(timedelta(seconds=3599))
    assert fresh.get("org").status == 200
    zoho.sandbox.clock.advance(timedelta(seconds=2))
    over = fresh.get("org")
    assert (over.status, over.code) == (401, "INVALID_TOKEN")
    assert over.json["message"] == "invalid oauth token"


# What is wrong with a request for a token, and the word of an answer with HTTP 200.
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "1000.NOBODY"}, "invalid_client"),
        ({"client_secret": "no"}, "invalid_client_secret"),
        ({"refresh_token": "1000.no"}, "invalid_code"),
        ({"grant_type": "authorization_code", "code": "1000.no"}, "invalid_code"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_refusals_of_tokens_come_with_200(zoho: Caller, change: dict[str, str], error: str) -> None:
    answer = zoho.token_for(**change)
    assert (answer.status, answer.json) == (200, {"error": error})


def test_ten_tokens_in_ten_minutes_are_enough(zoho: Caller) -> None:
    for _ in range(10):
        assert "access_token" in zoho.token_for().json
    refused = zoho.token_for()
    assert (refused.status, refused.json["error"]) == (400, "Access Denied")
    assert refused.json["status"] == "failure"
    zoho.sandbox.clock.advance(timedelta(minutes=10, seconds=1))
    assert "access_token" in zoho.token_for().json


def test_the_sixteenth_token_ends_the_first() -> None:
    zoho = Caller()
    first = zoho.token
    for _ in range(14):
        zoho.sandbox.open_session()
    assert zoho.get("org").status == 200
    zoho.sandbox.open_session()
    assert (zoho.token, zoho.get("org").code) == (first, "INVALID_TOKEN")


def test_a_grant_code_works_once(zoho: Caller) -> None:
    zoho.sandbox.add_code("1000.code", "1000.fresh")
    form = {"grant_type": "authorization_code", "code": "1000.code"}
    assert zoho.token_for(refresh_token="1000.fresh").json == {"error": "invalid_code"}  # noqa: S106 - it opens nothing
    body = zoho.token_for(**form).json
    assert body["refresh_token"] == "1000.fresh"  # noqa: S105 - it opens nothing
    assert zoho.token_for(**form).json == {"error": "invalid_code"}
    assert "access_token" in zoho.token_for(refresh_token=body["refresh_token"]).json


def test_a_revoked_refresh_token_takes_its_tokens_along(zoho: Caller) -> None:
    path = "/oauth/v2/token/revoke"
    query: dict[str, object] = {"token": SANDBOX_REFRESH_TOKEN}
    assert zoho.send("POST", path, query=query).json == {"status": "success"}
    assert zoho.get("org").code == "INVALID_TOKEN"
    assert zoho.token_for().json == {"error": "invalid_code"}
    assert zoho.send("POST", path, query=query).json == {"error": "invalid_code"}


def test_a_user_who_left_opens_nothing(zoho: Caller) -> None:
    user = zoho.sandbox.user_id("integration@arpent.example")
    zoho.sandbox.act("deactivate_user", id=user)
    assert zoho.get("org").code == "INVALID_TOKEN"
    assert zoho.token_for().json == {"error": "invalid_code"}


def test_another_data_centre_knows_nothing(zoho: Caller) -> None:
    zoho.host = "www.zohoapis.com"
    assert (zoho.get("org").status, zoho.get("org").code) == (401, "INVALID_TOKEN")
    zoho.host = "accounts.zoho.com"
    assert zoho.token_for().json == {"error": "invalid_client"}
    zoho.host = "accounts.zohocloud.ca"
    assert zoho.token_for().json["api_domain"] == "https://www.zohoapis.ca"
    zoho.host = "www.zohoapis.ca"
    assert zoho.get("org").status == 200
    places = zoho.send("GET", "/oauth/serverinfo").json["locations"]
    assert places["ca"] == "https://accounts.zohocloud.ca"
    zoho.sandbox.switches.wrong_data_center = True
    assert zoho.get("org").code == "INVALID_TOKEN"


def test_the_header_is_zohos_own(zoho: Caller) -> None:
    bearer = zoho.get("org", {"Authorization": f"Bearer {zoho.token}"})
    assert bearer.code == "INVALID_TOKEN"
    zoho.token = ""
    assert (zoho.get("org").status, zoho.get("org").code) == (401, "AUTHENTICATION_FAILURE")


# The scopes of a token, a path that they open, and one that they do not.
@pytest.mark.parametrize(
    ("scope", "opened", "closed"),
    [
        ("ZohoCRM.modules.accounts.READ", "Accounts?fields=id", "Deals?fields=id"),
        ("ZohoCRM.modules.deals.ALL", "Deals?fields=id", "Accounts?fields=id"),
        ("ZohoCRM.modules.READ", "Deals?fields=id", "settings/modules"),
        ("ZohoCRM.settings.fields.ALL", "settings/fields?module=Deals", "settings/layouts"),
        ("ZohoCRM.settings.ALL", "settings/profiles", "users"),
        ("ZohoCRM.org.READ", "org", "users"),
        ("ZohoCRM.modules.ALL,ZohoSearch.securesearch.READ", "Deals/actions/count", "org"),
        ("ZohoCRM.modules.ALL", "Deals/deleted?type=all", "Deals/actions/count"),
    ],
)
def test_scopes_open_what_they_say(zoho: Caller, scope: str, opened: str, closed: str) -> None:
    zoho.sandbox.add_refresh_token("narrow", scope=scope)
    zoho.token = zoho.sandbox.open_session("narrow")

    def asked(path: str) -> int:
        bare, _, query = path.partition("?")
        pairs = dict([query.split("=")]) if query else {}
        return zoho.get(bare, **pairs).status  # type: ignore[arg-type]  # the pairs are the query's

    assert asked(opened) in {200, 204}
    assert asked(closed) == 401


def test_coql_wants_the_scope_of_its_module(zoho: Caller) -> None:
    scope = "ZohoCRM.coql.READ,ZohoCRM.modules.accounts.READ"
    zoho.sandbox.add_refresh_token("narrow", scope=scope)
    zoho.token = zoho.sandbox.open_session("narrow")
    assert zoho.coql("select id from Accounts where id is not null").status == 204
    refused = zoho.coql("select id from Deals where id is not null")
    assert (refused.status, refused.code) == (401, "OAUTH_SCOPE_MISMATCH")
    assert zoho.write("Accounts", {"Account_Name": "A"}).code == "OAUTH_SCOPE_MISMATCH"


def test_a_days_credits_run_out_and_come_back(zoho: Caller) -> None:
    zoho.sandbox.switches.daily_credits = 100
    assert "X-API-CREDITS-REMAINING" not in zoho.get("org").headers
    zoho.sandbox.spend_credits(60)
    assert zoho.get("org").headers["X-API-CREDITS-REMAINING"] == "38"
    zoho.sandbox.spend_credits(38)
    refused = zoho.get("org")
    assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")
    assert "Retry-After" not in refused.headers
    zoho.sandbox.clock.advance(timedelta(hours=24, minutes=1))
    zoho.token = zoho.sandbox.open_session()
    assert zoho.get("org").status == 200


# An edition, and its credits of a day with two users.
@pytest.mark.parametrize(
    ("edition", "credits_of_a_day"),
    [("free", 5_000), ("standard", 50_500), ("professional", 51_000), ("enterprise", 52_000),
     ("ultimate", 54_000)],
)  # fmt: skip
def test_credits_follow_the_edition(edition: str, credits_of_a_day: int) -> None:
    zoho = Caller(ZohoSandbox(now=NOW, edition=edition))
    zoho.sandbox.spend_credits(credits_of_a_day - 1)
    assert zoho.get("org").headers["X-API-CREDITS-REMAINING"] == "0"
    assert zoho.get("org").status == 429


def test_writes_cost_a_credit_for_each_ten_records(zoho: Caller) -> None:
    def cost(number: int) -> int:
        before = int(zoho.sandbox.statistics()["creditsUsed"])
        zoho.write("Accounts", *({"Account_Name": "A"} for _ in range(number)))
        return int(zoho.sandbox.statistics()["creditsUsed"]) - before

    assert [cost(number) for number in (1, 10, 11, 100)] == [1, 1, 2, 10]


def test_too_many_calls_at_once_are_refused(zoho: Caller) -> None:
    zoho.sandbox.switches.call_seconds = 60.0
    zoho.sandbox.switches.concurrency = 3
    statuses = [zoho.get("org").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert zoho.sandbox.statistics()["atOnce"] == 3


def test_heavy_calls_have_fewer_places(zoho: Caller) -> None:
    zoho.sandbox.switches.call_seconds = 60.0
    text = "select id from Accounts where id is not null"
    assert [zoho.coql(text).status for _ in range(11)] == [204] * 10 + [429]
    assert zoho.get("Accounts", fields="id").status == 204
    assert zoho.get("Accounts", fields="id", sort_by="id").status == 429
    rows = [{"Account_Name": "A"}] * 11
    assert zoho.write("Accounts", *rows).status == 429
    assert zoho.write("Accounts", *rows[1:]).status == 201


def test_a_call_gives_its_place_back(zoho: Caller) -> None:
    zoho.sandbox.switches.concurrency = 1
    assert [zoho.get("org").status for _ in range(3)] == [200, 200, 200]


@pytest.fixture
def running() -> Iterator[ZohoSandbox]:
    with ZohoSandbox(now=NOW) as sandbox:
        yield sandbox


def test_faults_speak_zohos_words(running: ZohoSandbox) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {running.open_session()}"}
    faults = [*({"status": status} for status in (429, 500, 502)), {"expired": True}]
    # Each rule meets its first request when those before it are done.
    rules = [{"match": {"path": "/org"}, "nth": 1, "fault": fault} for fault in faults]
    running.set_faults(*rules)
    with httpx.Client(base_url=f"{running.url}/crm/v8", headers=headers) as http:
        answers = [http.get("/org") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 500, 502, 401, 200]
    codes = [answer.json()["code"] for answer in answers[:4]]
    assert codes == ["TOO_MANY_REQUESTS", "INTERNAL_ERROR", "INTERNAL_ERROR", "INVALID_TOKEN"]
    assert set(answers[1].json()) == {"code", "details", "message", "status"}


def test_the_settings_open_the_running_sandbox(running: ZohoSandbox) -> None:
    settings = running.settings
    form = {
        "grant_type": "refresh_token",
        "client_id": settings["zoho_client_id"],
        "client_secret": settings["zoho_client_secret"],
        "refresh_token": settings["zoho_refresh_token"],
    }
    token = httpx.post(f"{settings['zoho_url']}/oauth/v2/token", data=form).json()
    assert token["api_domain"] == running.url
    headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}"}
    answer = httpx.get(f"{token['api_domain']}/crm/v8/Accounts?fields=id", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    running.expire_sessions()
    assert httpx.get(f"{running.url}/crm/v8/org", headers=headers).status_code == 401


def test_an_unknown_edition_is_impossible() -> None:
    with pytest.raises(ImpossibleError, match="enterprise"):
        ZohoSandbox(edition="platinum")
