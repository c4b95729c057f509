"""Keys and tokens of the sandbox: rotation of a service key, apps of OAuth and their refreshes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.sandbox.hubspot import SANDBOX_PORTAL, HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"
NEW_KEY = "pat-na1-new"
APP = {"client_id": "app-1", "client_secret": "of-the-app", "refresh_token": "na1-first"}
OAUTH = "/oauth/2026-09/token"
OTHER = {"refresh_token": "na1-other"}


@pytest.fixture
def sandbox() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC)) as running:
        running.add_oauth_app(*APP.values())
        yield running


@pytest.fixture
def http(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as client:
        yield client


def refresh(http: httpx.Client, path: str = OAUTH, **changes: str) -> httpx.Response:
    return http.post(path, data={"grant_type": "refresh_token", **APP, **changes})


def granted(http: httpx.Client) -> str:
    return str(refresh(http).raise_for_status().json()["access_token"])


def called(http: httpx.Client, token: str, path: str = COMPANIES) -> httpx.Response:
    return http.get(path, headers={"Authorization": f"Bearer {token}"})


def test_a_rotated_key_works_for_its_grace_and_then_not(sandbox: HubSpotSandbox) -> None:
    sandbox.rotate_token(sandbox.token, NEW_KEY, timedelta(days=7))
    assert sandbox.call("GET", COMPANIES)[0] == 200
    assert sandbox.call("GET", COMPANIES, token=NEW_KEY)[0] == 200
    sandbox.clock.advance(timedelta(days=7, seconds=1))
    status, body = sandbox.call("GET", COMPANIES)
    assert (status, body["category"]) == (401, "INVALID_AUTHENTICATION")
    assert sandbox.call("GET", COMPANIES, token=NEW_KEY)[0] == 200


def test_both_keys_of_a_rotation_share_the_applications_limits(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.ten_second_limit = 2
    sandbox.act("rotate_key", key=sandbox.token, newKey=NEW_KEY, graceSeconds=60)
    keys = (sandbox.token, NEW_KEY, NEW_KEY)
    assert [sandbox.call("GET", COMPANIES, token=key)[0] for key in keys] == [200, 200, 429]


def test_a_refresh_gives_a_token_that_opens_the_portal(http: httpx.Client) -> None:
    body = refresh(http).raise_for_status().json()
    shown = [body[name] for name in ("token_type", "expires_in", "refresh_token")]
    assert shown == ["bearer", 1800, "na1-first"]
    assert body["hub_id"] == SANDBOX_PORTAL
    assert "crm.objects.companies.read" in body["scopes"]
    assert called(http, body["access_token"]).status_code == 200


def test_an_access_token_expires_by_the_portals_clock(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    sandbox.switches.oauth_expires_in = 60
    token = granted(http)
    sandbox.clock.advance(timedelta(seconds=59))
    assert called(http, token).status_code == 200
    sandbox.clock.advance(timedelta(seconds=12))
    refused = called(http, token)
    assert (refused.status_code, refused.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert refused.json()["message"].endswith("expired 11 second(s) ago.")
    assert called(http, granted(http)).status_code == 200


def test_an_apps_headers_have_its_own_maximum_and_no_day(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    answer = called(http, granted(http))
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in answer.headers
    # Nor do its calls count towards the day of the private apps, or end with it.
    assert sandbox.statistics()["usedToday"] == 0
    sandbox.switches.daily_limit = 0
    assert called(http, granted(http)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"refresh_token": "na1-other"}, "BAD_REFRESH_TOKEN"),
        ({"client_id": "app-2"}, "BAD_CLIENT_ID"),
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "authorization_code"}, "BAD_GRANT_TYPE"),
    ],
)
def test_a_refresh_that_is_refused_says_which_part_is_bad(
    http: httpx.Client, changes: dict[str, str], status: str
) -> None:
    refused = refresh(http, **changes)
    assert (refused.status_code, refused.json()["status"]) == (400, status)


def test_a_bad_refresh_token_is_an_invalid_grant(http: httpx.Client) -> None:
    body = refresh(http, **OTHER).json()
    assert body["error"] == "invalid_grant"
    assert body["error_description"] == body["message"]
    assert "category" not in body


def test_a_rotated_refresh_token_replaces_the_old_one(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    sandbox.switches.oauth_rotates_refresh_token = True
    fresh = refresh(http).json()["refresh_token"]
    assert fresh != APP["refresh_token"]
    assert refresh(http).json()["status"] == "BAD_REFRESH_TOKEN"
    assert refresh(http, refresh_token=fresh).status_code == 200
    assert sandbox.statistics()["oauthRefreshes"] == {"granted": 2, "refused": 1}


@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token"])
def test_older_token_paths_answer_too(http: httpx.Client, path: str) -> None:
    token = refresh(http, path).raise_for_status().json()["access_token"]
    assert called(http, token).status_code == 200


def test_only_version_1_reads_credentials_from_the_address(http: httpx.Client) -> None:
    query = {"grant_type": "refresh_token", **APP}
    assert http.post("/oauth/v1/token", params=query).status_code == 200
    for path in (OAUTH, "/oauth/v3/token"):
        assert http.post(path, params=query).json()["status"] == "BAD_CLIENT_ID"
    old = http.post("/oauth/v1/token", params=query | {"refresh_token": "x"}).json()
    assert old["status"] == "BAD_REFRESH_TOKEN"
    assert "error" not in old


def test_a_token_request_in_json_is_refused(http: httpx.Client) -> None:
    assert http.post(OAUTH, json={"grant_type": "refresh_token", **APP}).status_code == 415


def introspected(http: httpx.Client, token: str) -> dict[str, Any]:
    answer = http.post(f"{OAUTH}/introspect", data=APP | {"token": token}).raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def test_introspection_tells_what_a_token_is(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    access = introspected(http, granted(http))
    assert (access["active"], access["token_use"]) == (True, "access_token")
    assert access["hub_id"] == SANDBOX_PORTAL
    assert 1790 <= access["expires_in"] <= 1800
    refreshing = introspected(http, "na1-first")
    assert (refreshing["active"], refreshing["token_use"]) == (True, "refresh_token")
    assert introspected(http, sandbox.token) == {"active": False}
    old = http.get(f"/oauth/v1/access-tokens/{granted(http)}").json()
    assert old["hub_id"] == SANDBOX_PORTAL
    assert http.get(f"/oauth/v3/access-tokens/{granted(http)}").status_code == 404


def test_revoking_a_refresh_token_ends_its_access_tokens(http: httpx.Client) -> None:
    first, second = granted(http), granted(http)
    http.post(f"{OAUTH}/revoke", data=APP | {"token": first}).raise_for_status()
    assert called(http, first).json()["category"] == "INVALID_AUTHENTICATION"
    assert called(http, second).status_code == 200
    http.post(f"{OAUTH}/revoke", data=APP | {"token": "na1-first"}).raise_for_status()
    assert called(http, second).status_code == 401
    assert refresh(http).json()["status"] == "BAD_REFRESH_TOKEN"


def test_a_user_level_app_without_the_right_cannot_link(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    user = {"client_id": "app-2", "client_secret": "s", "refresh_token": "na1-user"}
    sandbox.add_oauth_app(*user.values(), may_edit_associations=False)
    token = refresh(http, **user).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    company, deal = (
        http.post(f"/crm/objects/2026-09/{kind}", json={"properties": {}}).json()["id"]
        for kind in ("companies", "deals")
    )
    tail = f"deals/{deal}/associations/default/companies/{company}"
    refused = http.put(f"/crm/objects/2026-09/{tail}")
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "Missing 'Edit Associations' permission.",
    )
    assert http.put(f"/crm/v4/objects/{tail}").status_code == 200
