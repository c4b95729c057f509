"""The sandbox's search: operators, limits, and an index that lags behind the store."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    made.switches.ten_second_limit = 100_000
    made.switches.search_per_second = 100_000
    inputs = [
        {"properties": {"name": "Roc", "numberofemployees": "9", "city": "Alma"}},
        {"properties": {"name": "Pin Rouge", "numberofemployees": "10", "type": "PROSPECT"}},
        {"properties": {"name": "Pin Blanc", "numberofemployees": "100.0"}},
        {"properties": {"name": "Lac"}},
    ]
    made.call("POST", f"{COMPANIES}/batch/create", {"inputs": inputs})
    return made


def names(sandbox: HubSpotSandbox, **body: object) -> list[str]:
    status, answer = sandbox.call("POST", f"{COMPANIES}/search", body)
    assert status == 200, answer
    return [row["properties"]["name"] for row in answer["results"]]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"operator": "EQ", "value": "10"}, ["Pin Rouge"]),
        ({"operator": "EQ", "value": "100"}, ["Pin Blanc"]),  # numbers, not texts
        ({"operator": "NEQ", "value": "10"}, ["Roc", "Pin Blanc"]),  # an empty one is not found
        ({"operator": "GT", "value": "9"}, ["Pin Rouge", "Pin Blanc"]),
        ({"operator": "GTE", "value": "9"}, ["Roc", "Pin Rouge", "Pin Blanc"]),
        ({"operator": "LT", "value": "10"}, ["Roc"]),
        ({"operator": "LTE", "value": "10"}, ["Roc", "Pin Rouge"]),
        ({"operator": "BETWEEN", "value": "10", "highValue": "100"}, ["Pin Rouge", "Pin Blanc"]),
        ({"operator": "IN", "values": ["9", "100"]}, ["Roc", "Pin Blanc"]),
        ({"operator": "NOT_IN", "values": ["9"]}, ["Pin Rouge", "Pin Blanc"]),
        ({"operator": "HAS_PROPERTY"}, ["Roc", "Pin Rouge", "Pin Blanc"]),
        ({"operator": "NOT_HAS_PROPERTY"}, ["Lac"]),
    ],
)
def test_each_operator_on_a_number(
    sandbox: HubSpotSandbox, filter_: dict[str, object], expected: list[str]
) -> None:
    group = {"filters": [{"propertyName": "numberofemployees"} | filter_]}
    assert names(sandbox, filterGroups=[group]) == expected


def test_tokens_and_texts_ignore_case_and_in_wants_lower_case(sandbox: HubSpotSandbox) -> None:
    def found(**filter_: object) -> list[str]:
        group = {"filters": [{"propertyName": "name"} | filter_]}
        return names(sandbox, filterGroups=[group])

    assert found(operator="CONTAINS_TOKEN", value="pin*") == ["Pin Rouge", "Pin Blanc"]
    assert found(operator="NOT_CONTAINS_TOKEN", value="PIN") == ["Roc", "Lac"]
    assert found(operator="EQ", value="roc") == ["Roc"]
    assert found(operator="IN", values=["roc"]) == ["Roc"]
    assert found(operator="IN", values=["Roc"]) == []


def test_choices_are_case_sensitive(sandbox: HubSpotSandbox) -> None:
    def found(value: str) -> list[str]:
        filter_ = {"propertyName": "type", "operator": "EQ", "value": value}
        return names(sandbox, filterGroups=[{"filters": [filter_]}])

    assert found("PROSPECT") == ["Pin Rouge"]
    assert found("prospect") == []


def test_groups_are_alternatives_and_filters_add_up(sandbox: HubSpotSandbox) -> None:
    small = {"propertyName": "numberofemployees", "operator": "LT", "value": "50"}
    alma = {"propertyName": "city", "operator": "EQ", "value": "alma"}
    lac = {"propertyName": "name", "operator": "EQ", "value": "Lac"}
    both = [{"filters": [small, alma]}, {"filters": [lac]}]
    assert names(sandbox, filterGroups=both) == ["Roc", "Lac"]


def test_one_sort_either_way(sandbox: HubSpotSandbox) -> None:
    by = {"propertyName": "numberofemployees", "direction": "DESCENDING"}
    assert names(sandbox, sorts=[by]) == ["Pin Blanc", "Pin Rouge", "Roc", "Lac"]
    assert names(sandbox, sorts=["name"]) == ["Lac", "Pin Blanc", "Pin Rouge", "Roc"]


def test_linked_records_can_be_searched(sandbox: HubSpotSandbox) -> None:
    target = sandbox.call("GET", COMPANIES)[1]["results"][0]["id"]
    deals = "/crm/objects/2026-09/deals"
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}
    link = [{"to": {"id": target}, "types": [kind]}]
    body = {"properties": {"dealname": "A"}, "associations": link}
    made = sandbox.call("POST", deals, body)[1]["id"]
    sandbox.call("POST", deals, {"properties": {"dealname": "B"}})
    filter_ = {"propertyName": "associations.company", "operator": "EQ", "value": target}
    answer = sandbox.call("POST", f"{deals}/search", {"filterGroups": [{"filters": [filter_]}]})[1]
    assert [row["id"] for row in answer["results"]] == [made]


_FILTER = {"propertyName": "name", "operator": "HAS_PROPERTY"}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 200, "after": "9900"},
        {"after": "10000", "limit": 1},
        {"sorts": ["name", "city"]},
        {"filterGroups": [{"filters": [_FILTER] * 7}]},
        {"filterGroups": [{"filters": [_FILTER]}] * 6},
        {"filterGroups": [{"filters": [_FILTER] * 5}] * 4},
        {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "LIKE"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "gone", "operator": "HAS_PROPERTY"}]}]},
        {"filterGroups": [{"filters": [_FILTER | {"operator": "IN", "values": ["x" * 3000]}]}]},
    ],
)
def test_a_search_beyond_its_limits_is_refused(
    sandbox: HubSpotSandbox, body: dict[str, object]
) -> None:
    assert sandbox.call("POST", f"{COMPANIES}/search", body)[0] == 400


def test_the_last_reachable_page_ends_at_ten_thousand(sandbox: HubSpotSandbox) -> None:
    body = {"limit": 200, "after": "9800"}
    assert sandbox.call("POST", f"{COMPANIES}/search", body)[0] == 200


def test_the_index_lags_behind_by_the_switch(sandbox: HubSpotSandbox) -> None:
    sandbox.clock.advance(timedelta(seconds=60))
    sandbox.switches.search_lag_seconds = 30
    record_id = sandbox.call("POST", COMPANIES, {"properties": {"name": "Neuf"}})[1]["id"]
    first = sandbox.call("GET", COMPANIES)[1]["results"][0]["id"]
    sandbox.call("PATCH", f"{COMPANIES}/{first}", {"properties": {"name": "Roche"}})
    assert names(sandbox) == ["Roc", "Pin Rouge", "Pin Blanc", "Lac"]
    read = sandbox.call("GET", f"{COMPANIES}/{record_id}")[1]
    assert read["properties"]["name"] == "Neuf"
    sandbox.clock.advance(timedelta(seconds=31))
    assert names(sandbox) == ["Roche", "Pin Rouge", "Pin Blanc", "Lac", "Neuf"]


def test_short_pages_still_lead_to_every_record(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.short_pages = True
    seen: list[str] = []
    after, sizes = "0", []
    while after:
        body = {"limit": 4, "after": after}
        answer = sandbox.call("POST", f"{COMPANIES}/search", body)[1]
        sizes.append(len(answer["results"]))
        seen += [row["id"] for row in answer["results"]]
        after = answer.get("paging", {}).get("next", {}).get("after", "")
    assert len(seen) == len(set(seen)) == 4
    assert max(sizes) < 4
    assert 0 in sizes


def test_ids_may_be_compared_as_texts(sandbox: HubSpotSandbox) -> None:
    def above_five() -> int:
        filter_ = {"propertyName": "hs_object_id", "operator": "GT", "value": "5"}
        body = {"filterGroups": [{"filters": [filter_]}]}
        return int(sandbox.call("POST", f"{COMPANIES}/search", body)[1]["total"])

    assert above_five() == 4
    sandbox.switches.lexicographic_ids = True
    assert above_five() == 0  # "20000000001" sorts before "5"
