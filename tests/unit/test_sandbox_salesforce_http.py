"""The emulated Salesforce over a real socket: shapes of answers and refusals, limits, faults."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
DATA = "/services/data/v68.0"


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def http(sandbox: SalesforceSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {SANDBOX_SESSION}", "Sforce-Auto-Assign": "FALSE"}
    with httpx.Client(base_url=sandbox.url + DATA, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def unchanged() -> Iterator[httpx.Client]:
    """A client of an org that no test changes: refusals alone need no org of their own."""
    with SalesforceSandbox(now=NOW) as running:
        headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
        root = f"{running.url}/services/data/v68.0"
        with httpx.Client(base_url=root, headers=headers, timeout=60) as client:
            yield client


def ask(http: httpx.Client, text: str, *, deleted: bool = False) -> Any:
    answer = http.get("/queryAll" if deleted else "/query", params={"q": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    entries = answer.json()
    assert isinstance(entries, list)
    assert entries[0]["errorCode"] == code
    return dict(entries[0])


def test_a_query_has_the_recorded_shape(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    sandbox.switches.page_size = 2
    for number in range(5):
        sandbox.create("Account", Name=f"Éa{number}")
    page = ask(http, "SELECT Id, CreatedDate, Parent.Name FROM Account")
    assert list(page) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert (page["totalSize"], page["done"], len(page["records"])) == (5, False, 2)
    row = page["records"][0]
    assert row["attributes"] == {"type": "Account", "url": f"{DATA}/sobjects/Account/{row['Id']}"}
    assert row["CreatedDate"] == "2026-11-23T13:00:00.000+0000"
    assert row["Parent"] is None
    locator, _, place = page["nextRecordsUrl"].rpartition("/")[2].partition("-")
    assert (locator[:3], len(locator), place) == ("0r8", 18, "2")
    following = http.get(sandbox.url + page["nextRecordsUrl"]).json()
    assert following["nextRecordsUrl"].endswith("-4")
    last = http.get(sandbox.url + following["nextRecordsUrl"]).json()
    assert last["done"] is True
    assert "nextRecordsUrl" not in last


def test_a_page_shows_what_the_query_found(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    sandbox.switches.page_size = 1
    made = [sandbox.create("Account", Name=name) for name in ("a", "b")]
    page = ask(http, "SELECT Name FROM Account ORDER BY Name")
    sandbox.act("edit", id=made[1], values={"Name": "changed"})
    following = sandbox.url + page["nextRecordsUrl"]
    assert http.get(following).json()["records"][0]["Name"] == "b"
    sandbox.switches.rows_of_page_are_live = True
    assert http.get(following).json()["records"][0]["Name"] == "changed"


def test_a_locator_lives_two_days_and_belongs_to_its_user(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.page_size = 1
    for name in ("a", "b"):
        sandbox.create("Account", Name=name)
    following = sandbox.url + ask(http, "SELECT Id FROM Account")["nextRecordsUrl"]
    other = sandbox.open_session("admin@arpent.example")
    stolen = http.get(following, headers={"Authorization": f"Bearer {other}"})
    refused(stolen, 400, "INVALID_QUERY_LOCATOR")
    sandbox.switches.session_seconds = 1e9
    sandbox.clock.advance(timedelta(days=2, minutes=1))
    refused(http.get(following), 400, "INVALID_QUERY_LOCATOR")


def test_a_batch_size_is_kept_within_its_bounds(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    for number in range(201):
        sandbox.create("Account", Name=str(number))
    answer = http.get(
        "/query",
        params={"q": "SELECT Id FROM Account"},
        headers={"Sforce-Query-Options": "batchSize=10"},
    )
    assert len(answer.json()["records"]) == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Nothing/describe", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Account/001000000000001AAA", 404, "NOT_FOUND"),
        ("DELETE", "/sobjects/Account/001000000000001AAA", 404, "NOT_FOUND"),
        ("DELETE", "/query", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
        ("GET", "/query/0r8000000000001AAA-2000", 400, "INVALID_QUERY_LOCATOR"),
        ("POST", "/sobjects/Account", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("GET", "/sobjects/Account/updated?start=x&end=y", 400, "INVALID_REPLICATION_DATE"),
        ("GET", "/sobjects/Account/Name/x", 404, "NOT_FOUND"),
    ],
)
def test_a_refusal_is_a_list_with_a_code(
    unchanged: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    refused(unchanged.request(method, path), status, code)


def test_an_unknown_version_is_not_found(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    for version in ("v30.0", "v69.0"):
        refused(http.get(f"{sandbox.url}/services/data/{version}/limits"), 404, "NOT_FOUND")
    versions = http.get(f"{sandbox.url}/services/data").json()
    assert versions[-1] == {"label": "v68", "url": DATA, "version": "68.0"}


def test_an_address_that_is_too_long_is_refused_in_html(http: httpx.Client) -> None:
    answer = http.get("/query", params={"q": "x" * 16_384})
    assert answer.status_code == 414
    assert "html" in answer.headers["content-type"]


def test_every_answer_says_what_is_used_of_the_day(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.daily_limit = 3
    sandbox.spend_calls(1)
    assert http.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=2/3"
    assert http.get("/limits").json()["DailyApiRequests"] == {"Max": 3, "Remaining": 0}
    entry = refused(http.get("/limits"), 403, "REQUEST_LIMIT_EXCEEDED")
    assert entry["message"] == "TotalRequests Limit exceeded."
    sandbox.switches.session_seconds = 1e9
    sandbox.clock.advance(timedelta(hours=24, minutes=1))
    assert http.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=1/3"


def test_the_other_storm_has_the_same_code_and_other_words(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.concurrent_requests_exceeded = True
    entry = refused(http.get("/limits"), 403, "REQUEST_LIMIT_EXCEEDED")
    assert entry["message"].startswith("ConcurrentRequests (Concurrent API Requests) Limit")


def test_the_date_header_is_the_orgs_own(sandbox: SalesforceSandbox, http: httpx.Client) -> None:
    shown = parsedate_to_datetime(http.get("/limits").headers["Date"])
    assert abs(shown - NOW) < timedelta(seconds=30)
    sandbox.switches.clock_skew_seconds = 3600.0
    later = parsedate_to_datetime(http.get("/limits").headers["Date"])
    assert later - shown >= timedelta(minutes=59)


def test_records_are_counted_without_a_query(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.create("Account", Name="a")
    answer = http.get("/limits/recordCount", params={"sObjects": "Account,Contact"}).json()
    assert answer == {
        "sObjects": [{"count": 1, "name": "Account"}, {"count": 0, "name": "Contact"}]
    }


def test_a_late_commit_keeps_its_early_stamp(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    old = sandbox.create("Account", Name="old")
    sandbox.switches.late_commit_seconds = 120.0
    sandbox.act("edit", id=old, values={"Name": "new"})
    made = sandbox.create("Account", Name="made")
    text = "SELECT Id, Name, SystemModstamp FROM Account ORDER BY Name"
    assert [row["Name"] for row in ask(http, text)["records"]] == ["old"]
    sandbox.clock.advance(timedelta(seconds=121))
    rows = ask(http, text)["records"]
    assert [(row["Id"], row["Name"]) for row in rows] == [(made, "made"), (old, "new")]
    assert {row["SystemModstamp"] for row in rows} <= {
        f"2026-11-23T13:00:0{second}.000+0000" for second in range(5)
    }


def test_a_session_ends_by_idleness_by_calls_and_with_its_user(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    assert http.get("/limits").status_code == 200
    sandbox.clock.advance(timedelta(hours=2, seconds=1))
    entry = refused(http.get("/limits"), 401, "INVALID_SESSION_ID")
    assert entry == {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    sandbox.switches.calls_per_session = 2
    token = {"Authorization": f"Bearer {sandbox.open_session(SANDBOX_USERNAME)}"}
    statuses = [http.get("/limits", headers=token).status_code for _ in range(3)]
    assert statuses == [200, 200, 401]
    token = {"Authorization": f"Bearer {sandbox.open_session(SANDBOX_USERNAME)}"}
    sandbox.act("deactivate_user", id=sandbox.user_id(SANDBOX_USERNAME))
    refused(http.get("/limits", headers=token), 401, "INVALID_SESSION_ID")


def test_a_session_may_be_valid_but_not_for_rest(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.switches.rest_disabled = True
    entry = refused(http.get("/limits"), 401, "INVALID_SESSION_ID")
    assert entry["message"] == "This session is not valid for use with the REST API"
    sandbox.switches.rest_disabled, sandbox.switches.api_disabled = False, True
    refused(http.get("/limits"), 403, "API_DISABLED_FOR_ORG")


def token_of(sandbox: SalesforceSandbox, **form: str) -> httpx.Response:
    return httpx.post(f"{sandbox.url}/services/oauth2/token", data=form, timeout=60)


def test_a_refresh_token_is_replaced_when_the_app_rotates(sandbox: SalesforceSandbox) -> None:
    form = {"grant_type": "refresh_token", "client_id": SANDBOX_CLIENT_KEY,
            "client_secret": SANDBOX_CLIENT_SECRET}  # fmt: skip
    kept = token_of(sandbox, **form, refresh_token=SANDBOX_REFRESH_TOKEN)
    assert kept.status_code == 200
    assert "refresh_token" not in kept.json()
    sandbox.switches.rotates_refresh_token = True
    rotated = token_of(sandbox, **form, refresh_token=SANDBOX_REFRESH_TOKEN).json()
    spent = token_of(sandbox, **form, refresh_token=SANDBOX_REFRESH_TOKEN)
    assert spent.status_code == 400
    assert spent.json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert token_of(sandbox, **form, refresh_token=rotated["refresh_token"]).status_code == 200


def test_a_token_answer_names_the_org_and_the_instance(sandbox: SalesforceSandbox) -> None:
    answer = token_of(
        sandbox,
        grant_type="client_credentials",
        client_id=SANDBOX_CLIENT_KEY,
        client_secret=SANDBOX_CLIENT_SECRET,
    ).json()
    assert answer["instance_url"] == sandbox.url
    assert answer["id"].split("/")[-2] == sandbox.org_id
    assert answer["token_type"] == "Bearer"  # noqa: S105 - a word of OAuth, not a secret
    assert "expires_in" not in answer
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    seen = httpx.get(f"{sandbox.url}/services/oauth2/userinfo", headers=headers, timeout=60).json()
    assert seen["organization_id"] == sandbox.org_id
    gone = httpx.post(
        f"{sandbox.url}/services/oauth2/revoke", data={"token": answer["access_token"]}, timeout=60
    )
    assert gone.status_code == 200
    refused(httpx.get(f"{sandbox.url}{DATA}/limits", headers=headers), 401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "no"}, "invalid_client_id"),
        ({"grant_type": "refresh_token", "client_id": SANDBOX_CLIENT_KEY}, "invalid_client"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"},
            "invalid_grant",
        ),
    ],
)
def test_a_login_is_refused_with_an_object(
    unchanged: httpx.Client, form: dict[str, str], error: str
) -> None:
    answer = unchanged.post(unchanged.base_url.join("/services/oauth2/token"), data=form)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.json()["error"] == error


def test_the_common_faults_speak_as_salesforce_does(
    sandbox: SalesforceSandbox, http: httpx.Client
) -> None:
    sandbox.set_faults({"match": {"path": "/limits"}, "nth": 1, "fault": {"status": 503}})
    refused(http.get("/limits"), 503, "SERVER_UNAVAILABLE")
    sandbox.set_faults({"nth": 1, "fault": {"html": True, "status": 420}})
    answer = http.get("/limits")
    assert (answer.status_code, answer.headers["content-type"]) == (420, "text/html")
    sandbox.set_faults({"nth": 1, "fault": {"truncate": 0.5}})
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/limits")
    sandbox.set_faults({"nth": 1, "fault": {"expired": True}})
    refused(http.get("/limits"), 401, "INVALID_SESSION_ID")
    account = sandbox.create("Account", Name="a")
    sandbox.set_faults({"nth": 1, "fault": {"drop_after_commit": True}})
    with pytest.raises(httpx.HTTPError):
        http.patch(f"/sobjects/Account/{account}", json={"Name": "committed"})
    assert sandbox.values_of(account)["Name"] == "committed"
    sandbox.set_faults({"nth": 1, "fault": {"act": {"action": "delete", "id": account}}})
    assert ask(http, "SELECT COUNT() FROM Account")["totalSize"] == 0


def test_the_back_doors_need_no_key(sandbox: SalesforceSandbox) -> None:
    with httpx.Client(base_url=sandbox.url, timeout=60) as door:
        assert door.post("/__switches", json={"page_size": 3}).json()["page_size"] == 3
        unknown = door.post("/__switches", json={"nonsense": 1})
        assert (unknown.status_code, "nonsense" in unknown.json()["message"]) == (400, True)
        rule = door.post("/__switches", json={"validation_rules": [{"object": "Account"}]})
        assert "condition, message, object" in rule.json()["message"]
        made = door.post("/__actions", json={"action": "create", "object": "Account",
                                             "values": {"Name": "a"}}).json()  # fmt: skip
        assert door.get("/__history").json()["results"][-1]["id"] == made["id"]
        impossible = door.post("/__actions", json={"action": "fly"})
        assert impossible.status_code == 400
        assert "There is no action 'fly'" in impossible.json()["message"]
        moved = door.post("/__clock", json={"advance_seconds": 3600}).json()["now"]
        assert moved.startswith("2026-11-23T14:00:0")
        assert door.get("/__stats").json()["total"] == 0
