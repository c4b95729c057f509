"""The faults of the sandbox, over a real socket: each one as a client meets it."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.sandbox.exchange import ImpossibleError
from connectors.sandbox.hubspot import HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"
# An answer that never comes is not waited for.
SHORT = httpx.Timeout(60, read=0.2)


@pytest.fixture(scope="module")
def running() -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox() as sandbox:
        sandbox.switches.ten_second_limit = 100_000
        yield sandbox


@pytest.fixture
def sandbox(running: HubSpotSandbox) -> Iterator[HubSpotSandbox]:
    yield running
    running.set_faults()


@pytest.fixture
def http(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, timeout=60) as client:
        yield client


def once(sandbox: HubSpotSandbox, **fault: Any) -> None:
    sandbox.set_faults({"match": {"path": "/companies"}, "nth": 1, "fault": fault})


def count(http: httpx.Client) -> int:
    return len(http.get(COMPANIES, params={"limit": 100}).json()["results"])


def test_a_status_with_its_body_and_its_wait(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    once(sandbox, status=503, body={"message": "maintenance"}, retry_after=7)
    refused = http.get(COMPANIES)
    assert (refused.status_code, refused.json()) == (503, {"message": "maintenance"})
    assert refused.headers["Retry-After"] == "7"
    assert http.get(COMPANIES).status_code == 200


def test_a_status_alone_has_hubspots_error_body(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    once(sandbox, status=429)
    assert http.get(COMPANIES).json()["policyName"] == "TEN_SECONDLY_ROLLING"
    once(sandbox, status=423)
    assert http.get(COMPANIES).json()["category"] == "LOCKED"
    once(sandbox, expired=True)
    assert http.get(COMPANIES).json()["category"] == "EXPIRED_AUTHENTICATION"


def test_a_page_of_html_with_status_200(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    once(sandbox, html=True)
    answer = http.get(COMPANIES)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_a_reset_before_anything_is_written(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    before = count(http)
    once(sandbox, reset=True)
    with pytest.raises(httpx.TransportError):
        http.post(COMPANIES, json={"properties": {"name": "Roc"}})
    assert count(http) == before


def test_a_reset_after_the_write_was_applied(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    before = count(http)
    once(sandbox, drop_after_commit=True)
    with pytest.raises(httpx.TransportError):
        http.post(COMPANIES, json={"properties": {"name": "Roc"}})
    assert count(http) == before + 1


def test_a_write_that_is_applied_and_never_answered(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    before = count(http)
    once(sandbox, stall_after_commit=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post(COMPANIES, json={"properties": {"name": "Roc"}}, timeout=SHORT)
    # On a loaded machine it may be applied after we have left.
    deadline = time.monotonic() + 60
    while count(http) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert count(http) == before + 1


def test_an_error_after_the_write_was_applied(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    before = count(http)
    once(sandbox, status_after_commit=502)
    assert http.post(COMPANIES, json={"properties": {"name": "Roc"}}).status_code == 502
    assert count(http) == before + 1


def test_a_body_that_breaks_off(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    once(sandbox, truncate=0.5)
    with pytest.raises(httpx.RemoteProtocolError):
        http.get(COMPANIES)


def test_a_delay(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    once(sandbox, delay=0.3)
    started = time.monotonic()
    assert http.get(COMPANIES).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_body_that_drips_arrives_whole(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    http.post(COMPANIES, json={"properties": {"name": "Roc"}})
    plain = http.get(COMPANIES).json()
    once(sandbox, drip=0.01, chunk=50)
    started = time.monotonic()
    assert http.get(COMPANIES).json() == plain
    assert time.monotonic() - started >= 0.02


def test_a_stall_lasts_until_the_client_leaves(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    once(sandbox, stall=True)
    with pytest.raises(httpx.ReadTimeout):
        http.get(COMPANIES, timeout=SHORT)


def test_a_small_answer_that_unpacks_to_megabytes(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    once(sandbox, gzip_bomb=3)
    answer = http.get(COMPANIES)
    assert int(answer.headers["Content-Length"]) < 10_000
    assert len(answer.content) == 3 * 1024 * 1024


def test_rules_choose_by_method_path_number_and_times(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    sandbox.set_faults(
        {"match": {"method": "POST"}, "fault": {"status": 500}},
        {
            "match": {"method": "GET", "path": "/companies$"},
            "nth": [2, 4],
            "fault": {"status": 502},
        },
        {"match": {"path": "/owners"}, "times": 1, "fault": {"status": 504}},
    )
    assert [http.get(COMPANIES).status_code for _ in range(5)] == [200, 502, 200, 502, 200]
    assert http.post(f"{COMPANIES}/search", json={}).status_code == 500
    owners = [http.get("/crm/owners/2026-09").status_code for _ in range(2)]
    assert owners == [504, 200]
    rules = http.get("/__faults").json()["rules"]
    assert [(rule["seen"], rule["fired"]) for rule in rules] == [(1, 1), (5, 2), (2, 1)]


def test_a_request_that_went_wrong_is_counted(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    key = "GET /crm/owners/2026-09"
    before = sandbox.statistics()["requests"].get(key, 0)
    sandbox.set_faults({"match": {"path": "/owners"}, "nth": 1, "fault": {"status": 500}})
    assert [http.get("/crm/owners/2026-09").status_code for _ in range(2)] == [500, 200]
    statistics = sandbox.statistics()
    assert (statistics["requests"][key] - before, statistics["faults"]) == (2, 1)


def test_chances_are_the_same_for_the_same_seed(http: httpx.Client) -> None:
    def run(seed: int) -> list[int]:
        rule = {"match": {}, "probability": 0.5, "fault": {"status": 500}}
        http.post("/__faults", json={"seed": seed, "rules": [rule]})
        return [http.get(COMPANIES).status_code for _ in range(20)]

    first = run(1)
    assert first == run(1)
    assert first != run(2)
    assert {200, 500} == set(first)
    http.delete("/__faults")
    assert http.get(COMPANIES).status_code == 200


@pytest.mark.parametrize(
    "rule",
    [
        {"match": {}},
        {"fault": {"explode": True}},
        {"fault": {"status": "500"}},
        {"fault": {"reset": True}, "nth": 0},
        {"fault": {"reset": True}, "match": {"path": "("}},
    ],
)
def test_a_rule_that_makes_no_sense_is_explained(http: httpx.Client, rule: dict[str, Any]) -> None:
    answer = http.post("/__faults", json={"rules": [rule]})
    assert answer.status_code == 400
    assert len(answer.json()["message"]) > 20


def spoiled(sandbox: HubSpotSandbox, http: httpx.Client, *edits: dict[str, Any]) -> str:
    once(sandbox, spoil=list(edits))
    return http.get(COMPANIES, params={"limit": 100}).text


def test_an_answer_may_hold_what_it_should_not(sandbox: HubSpotSandbox, http: httpx.Client) -> None:
    kept = http.post(COMPANIES, json={"properties": {"name": "Roc"}}).json()["id"]
    name = ["results", kept, "properties", "name"]

    assert '"name": NaN' in spoiled(sandbox, http, {"at": name, "set": float("nan")})
    assert '"name": "\\ud800"' in spoiled(sandbox, http, {"at": name, "set": "\ud800"})
    assert f'"id": {kept},' in spoiled(
        sandbox, http, {"at": ["results", "*", "id"], "number": True}
    )
    twice = spoiled(sandbox, http, {"at": ["results", kept, "createdAt"], "rename": "updatedAt"})
    assert twice.count('"updatedAt"') == count(http) + 1
    assert '"results": []' in spoiled(sandbox, http, {"at": ["results"], "clear": True})
    assert '"results"' not in spoiled(sandbox, http, {"at": ["results"], "remove": True})
    assert "Roc" in spoiled(sandbox, http, {"at": ["nowhere", "at", "all"], "remove": True})


def test_results_may_come_twice_and_upside_down(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    http.post(COMPANIES, json={"properties": {"name": "Lac"}})
    http.post(COMPANIES, json={"properties": {"name": "Baie"}})
    usual = [one["id"] for one in http.get(COMPANIES, params={"limit": 100}).json()["results"]]

    for deed, expected in (("repeat", usual * 2), ("reverse", usual[::-1])):
        once(sandbox, spoil=[{"at": ["results"], deed: True}])
        found = http.get(COMPANIES, params={"limit": 100}).json()["results"]
        assert [one["id"] for one in found] == expected


@pytest.mark.parametrize("edit", [{}, {"at": []}, {"at": ["a"]}, {"at": ["a"], "burn": True}])
def test_an_edit_that_makes_no_sense_is_refused(
    sandbox: HubSpotSandbox, edit: dict[str, Any]
) -> None:
    with pytest.raises(ImpossibleError, match="An edit has a path"):
        once(sandbox, spoil=[edit])
