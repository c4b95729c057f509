"""Who is let in and how often: keys, scopes, the three rate limits."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox

SECOND = "pat-na1-second"
UNKNOWN = "pat-na1-unknown"
COMPANIES = "/crm/objects/2026-09/companies"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    return HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))


def test_an_unknown_key_is_refused(sandbox: HubSpotSandbox) -> None:
    status, body = sandbox.call("GET", COMPANIES, token=UNKNOWN)
    assert (status, body["category"]) == (401, "INVALID_AUTHENTICATION")


def test_an_expired_key_says_so_and_a_second_one_still_works(sandbox: HubSpotSandbox) -> None:
    sandbox.add_token(SECOND)
    sandbox.expire_token(SANDBOX_TOKEN)
    status, body = sandbox.call("GET", COMPANIES)
    assert (status, body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert sandbox.call("GET", COMPANIES, token=SECOND)[0] == 200
    sandbox.revoke_token(SECOND)
    status, body = sandbox.call("GET", COMPANIES, token=SECOND)
    assert (status, body["category"]) == (401, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("POST", COMPANIES, "crm.objects.companies.write"),
        ("GET", "/crm/objects/2026-09/deals", "crm.objects.deals.read"),
        ("GET", "/crm/objects/2026-09/tasks", "crm.objects.contacts.read"),
        ("POST", "/crm/properties/2026-09/companies", "crm.schemas.companies.write"),
        ("GET", "/crm/owners/2026-09", "crm.objects.owners.read"),
        (
            "POST",
            "/crm/associations/2026-09/deals/companies/batch/read",
            "crm.objects.deals.read",
        ),
    ],
)
def test_a_missing_scope_is_named(method: str, path: str, missing: str) -> None:
    sandbox = HubSpotSandbox(scopes={"crm.objects.companies.read"})
    status, body = sandbox.call(method, path, {"inputs": [{"id": "1"}]})
    assert (status, body["category"]) == (403, "MISSING_SCOPES")
    assert body["errors"][0]["context"]["requiredGranularScopes"] == [missing]
    assert "scopes" in body["links"]
    assert sandbox.call("GET", COMPANIES)[0] == 200


def test_reading_a_schema_needs_any_scope_of_its_object() -> None:
    sandbox = HubSpotSandbox(scopes={"crm.objects.companies.read"})
    assert sandbox.call("GET", "/crm/properties/2026-09/companies")[0] == 200
    assert sandbox.call("GET", "/crm/properties/2026-09/deals")[0] == 403


def test_the_ten_second_limit_is_each_applications_own(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.ten_second_limit = 3
    sandbox.add_token(SECOND, name="Other")
    statuses = [sandbox.call("GET", COMPANIES)[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    _, body = sandbox.call("GET", COMPANIES)
    assert (body["policyName"], body["category"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMITS")
    assert sandbox.call("GET", COMPANIES, token=SECOND)[0] == 200
    assert sandbox.statistics()["rateLimitViolations"]["TEN_SECONDLY_ROLLING"] == 2


def test_search_has_a_limit_of_its_own_for_the_whole_account(sandbox: HubSpotSandbox) -> None:
    sandbox.add_token(SECOND, name="Other")
    tokens = [SANDBOX_TOKEN, SECOND] * 3
    answers = [sandbox.call("POST", f"{COMPANIES}/search", {}, token=token) for token in tokens]
    assert [status for status, _ in answers] == [200] * 5 + [429]
    assert answers[-1][1]["policyName"] == "SECONDLY"
    assert sandbox.call("GET", COMPANIES)[0] == 200


def test_the_day_is_shared_and_ends_at_midnight_in_the_portals_zone(
    sandbox: HubSpotSandbox,
) -> None:
    sandbox.switches.daily_limit = 2
    statuses = [sandbox.call("GET", COMPANIES)[0] for _ in range(2)]
    status, body = sandbox.call("GET", COMPANIES)
    assert ([*statuses, status], body["policyName"]) == ([200, 200, 429], "DAILY")
    sandbox.clock.advance(timedelta(hours=15, minutes=59))  # 04:59 in UTC, 23:59 in Toronto
    assert sandbox.call("GET", COMPANIES)[0] == 429
    sandbox.clock.advance(timedelta(minutes=2))
    assert sandbox.call("GET", COMPANIES)[0] == 200


ASSOCIATED = "/crm/associations/2026-09/deals/companies/batch/read"


def test_associations_count_with_the_rest_or_apart(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.ten_second_limit = 2
    body = {"inputs": [{"id": "1"}]}
    calls: list[tuple[str, str]] = [("POST", ASSOCIATED)] * 3
    assert [sandbox.call(*call, body)[0] for call in calls] == [207, 207, 429]
    apart = {"associations_counted_apart": True, "associations_ten_second_limit": 3}
    sandbox.switches.change(apart)
    answers = [sandbox.call(*call, body) for call in [*calls, calls[0]]]
    assert [status for status, _ in answers] == [207, 207, 207, 429]
    assert answers[-1][1]["policyName"] == "TEN_SECONDLY_ROLLING"
    single = "/crm/objects/2026-09/deals/1/associations/companies"
    assert sandbox.call("GET", single)[0] == 429
    counts = sandbox.statistics()
    assert counts["rateLimitViolations"]["TEN_SECONDLY_ROLLING"] == 1
    assert counts["rateLimitViolations"]["ASSOCIATIONS_TEN_SECONDLY_ROLLING"] == 2
    assert (counts["usedToday"], counts["associationsUsedToday"]) == (2, 3)


def test_associations_may_have_a_day_of_their_own(sandbox: HubSpotSandbox) -> None:
    apart = {"associations_counted_apart": True, "associations_daily_limit": 1}
    sandbox.switches.change(apart)
    answers = [sandbox.call("POST", ASSOCIATED, {"inputs": [{"id": "1"}]}) for _ in range(2)]
    assert [status for status, _ in answers] == [207, 429]
    assert answers[-1][1]["policyName"] == "DAILY"
    assert sandbox.call("GET", COMPANIES)[0] == 200


def test_every_violation_is_told_with_who_and_when(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.ten_second_limit = sandbox.switches.search_per_second = 1
    for _ in range(2):
        sandbox.call("GET", COMPANIES)
        sandbox.call("POST", f"{COMPANIES}/search", {})
    told = sandbox.statistics()
    assert [(row["policy"], row["application"]) for row in told["violations"]] == [
        ("TEN_SECONDLY_ROLLING", "Arpent"),
        ("SECONDLY", "Arpent"),
    ]
    assert all(row["at"].startswith("2026-11-23T13:00:0") for row in told["violations"])
    assert told["peakTenSeconds"] == {"Arpent": 1}
    assert told["errorPercentage"] == 50.0


def test_the_usage_is_what_was_counted_and_starts_again_at_midnight(
    sandbox: HubSpotSandbox,
) -> None:
    path = "/account-info/2026-09/api-usage/daily/private-apps"
    for _ in range(3):
        sandbox.call("GET", COMPANIES)
    sandbox.call("POST", f"{COMPANIES}/search", {})
    row = sandbox.call("GET", path)[1]["results"][0]
    assert (row["currentUsage"], row["usageLimit"]) == (5, 625_000)
    assert row["resetsAt"] == "2026-11-24T05:00:00Z"
    sandbox.clock.advance(timedelta(days=1))
    assert sandbox.statistics()["usedToday"] == 0
    assert sandbox.call("GET", path)[1]["results"][0]["currentUsage"] == 1


def test_an_unknown_switch_or_value_is_explained(sandbox: HubSpotSandbox) -> None:
    for change in (
        {"search_delay": 3},
        {"short_pages": "yes"},
        {"search_lag_seconds": True},
        {"search_lag": "sometimes"},
    ):
        with pytest.raises(Exception, match="switch"):
            sandbox.switches.change(change)
    sandbox.switches.change({"search_lag_seconds": 3, "short_pages": True})
    assert sandbox.switches.short_pages
