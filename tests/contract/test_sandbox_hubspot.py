"""The sandbox over plain HTTP: what the date-based paths have, headers, limits, back doors."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.sandbox.hubspot import HubSpotSandbox, load_folder

OLGA = Path(__file__).parents[2] / ".." / "shared" / "data" / "olga"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(now=NOW) as running:
        yield running


@pytest.fixture
def http(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as made:
        yield made


def test_version_3_names_associations_where_version_4_numbers_them(http: httpx.Client) -> None:
    company = http.post("/crm/v3/objects/companies", json={"properties": {}}).json()["id"]
    deal = http.post("/crm/v3/objects/deals", json={"properties": {}}).json()["id"]
    http.put(f"/crm/v4/objects/deals/{deal}/associations/default/companies/{company}")
    body = {"inputs": [{"id": deal}]}
    old = http.post("/crm/v3/associations/deals/companies/batch/read", json=body).json()
    assert old["results"][0]["to"] == [
        {"id": company, "type": "deal_to_company"},
        {"id": company, "type": "deal_to_company_unlabeled"},
    ]
    new = http.post("/crm/v4/associations/deals/companies/batch/read", json=body).json()
    assert [kind["typeId"] for kind in new["results"][0]["to"][0]["associationTypes"]] == [5, 341]


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_the_dated_paths_answer_as_the_old_ones(http: httpx.Client, version: str) -> None:
    path = f"/crm/objects/{version}/companies"
    made = http.post(path, json={"properties": {"name": "Roc"}, "objectWriteTraceId": "t1"})
    assert (made.status_code, made.json()["objectWriteTraceId"]) == (201, "t1")
    old = http.get(f"/crm/v3/objects/companies/{made.json()['id']}").json()
    assert old == http.get(f"{path}/{made.json()['id']}").json()
    for path in ("pipelines/{}/deals", "properties/{}/deals", "owners/{}", "owners/{}/"):
        assert http.get(f"/crm/{path.format(version)}").status_code == 200


def test_headers_carry_the_limits_except_on_search(http: httpx.Client) -> None:
    listed = http.get("/crm/objects/2026-09/companies")
    assert listed.headers["X-HubSpot-RateLimit-Max"] == "190"
    assert listed.headers["X-HubSpot-RateLimit-Remaining"] == "189"
    assert listed.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "624999"
    assert listed.headers["Date"].startswith("Mon, 23 Nov 2026 13:00:0")
    found = http.post("/crm/objects/2026-09/companies/search", json={})
    assert not [name for name in found.headers if "ratelimit" in name]


def test_links_of_pages_lead_back_to_the_sandbox(http: httpx.Client) -> None:
    for number in range(3):
        http.post("/crm/objects/2026-09/companies", json={"properties": {"name": f"Roc {number}"}})
    body = http.get("/crm/objects/2026-09/companies?limit=2&properties=name").json()
    rest = http.get(body["paging"]["next"]["link"]).json()
    assert [row["properties"]["name"] for row in rest["results"]] == ["Roc 2"]


def test_an_address_that_is_too_long_is_refused_in_html(http: httpx.Client) -> None:
    names = ",".join(f"a_very_long_property_name_{number}" for number in range(700))
    refused = http.get(f"/crm/objects/2026-09/companies?properties={names}")
    assert refused.status_code == 414
    assert refused.headers["Content-Type"] == "text/html"


def test_numbers_in_a_write_and_bodies_that_are_no_json_are_refused(http: httpx.Client) -> None:
    path = "/crm/objects/2026-09/companies"
    assert http.post(path, json={"properties": {"numberofemployees": 3}}).status_code == 400
    json = {"Content-Type": "application/json"}
    assert http.post(path, content=b"{", headers=json).status_code == 400
    assert http.post(path, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415


def test_the_statistics_count_each_endpoint(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    sandbox.switches.ten_second_limit = 2
    for _ in range(3):
        http.get("/crm/objects/2026-09/companies")
    http.get("/nowhere/at/all")
    body = http.get("/__stats").json()
    assert body["requests"] == {"GET /crm/objects/2026-09/{type}": 3}
    assert body["statuses"] == {"200": 2, "429": 1}
    assert body["rateLimitViolations"]["TEN_SECONDLY_ROLLING"] == 1


def test_the_doors_behind_the_portal_need_no_key(sandbox: HubSpotSandbox) -> None:
    with httpx.Client(base_url=sandbox.url) as anybody:
        assert anybody.get("/crm/objects/2026-09/companies").status_code == 401
        changed = anybody.post("/__switches", json={"search_lag_seconds": 2}).json()
        assert changed["search_lag_seconds"] == 2
        assert anybody.post("/__switches", json={"nothing": 2}).status_code == 400
        body = {"action": "create", "objectType": "companies", "properties": {"name": "Roc"}}
        made = anybody.post("/__actions", json=body).json()
        history = anybody.get("/__history?property=name").json()["results"]
        assert [(row["id"], row["after"]) for row in history] == [(made["id"], "Roc")]
        assert anybody.post("/__clock", json={"now": "2027-01-01"}).json()["now"] >= "2027-01-01"
        assert anybody.post("/__actions", json={"action": "dance"}).status_code == 400
        assert anybody.get("/__nothing").status_code == 404


def test_the_olga_folder_loads_whole(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    if not OLGA.is_dir():
        pytest.skip("the folder of example data is not beside the project")
    load_folder(sandbox, OLGA)
    sandbox.switches.ten_second_limit = 10_000
    for kind, count in (("companies", 336), ("deals", 6000)):
        seen: list[str] = []
        body: dict[str, Any] = {"paging": {"next": {"after": "0"}}}
        while "paging" in body:
            query = {"limit": "100", "after": body["paging"]["next"]["after"]}
            body = http.get(f"/crm/objects/2026-09/{kind}", params=query).json()
            seen += [row["id"] for row in body["results"]]
        assert len(set(seen)) == len(seen) == count
    assert len(http.get("/crm/owners/2026-09?limit=500").json()["results"]) == 20
    won = {"propertyName": "hs_is_closed_won", "operator": "EQ", "value": "true"}
    search = {"filterGroups": [{"filters": [won]}], "limit": 1}
    assert http.post("/crm/objects/2026-09/deals/search", json=search).json()["total"] == 1824
