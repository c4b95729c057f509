"""The sandbox's search index: late by a distribution, and quick without being wrong."""

from datetime import UTC, datetime, timedelta
from statistics import mean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.hubspot import HubSpotSandbox, lag
from connectors.sandbox.hubspot.index import SearchIndex
from connectors.sandbox.hubspot.switches import HubSpotSwitches

DEALS = "/crm/objects/2026-09/deals"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def portal() -> HubSpotSandbox:
    made = HubSpotSandbox(now=NOW)
    made.switches.ten_second_limit = made.switches.search_per_second = 1_000_000
    return made


def search(sandbox: HubSpotSandbox, *filters: dict[str, str], sort: str = "") -> list[str]:
    body: dict[str, object] = {"limit": 200}
    body |= {"filterGroups": [{"filters": list(filters)}]} if filters else {}
    body |= {"sorts": [sort]} if sort else {}
    status, answer = sandbox.call("POST", f"{DEALS}/search", body)
    assert status == 200, answer
    assert answer["total"] == len(answer["results"])
    return [row["id"] for row in answer["results"]]


def deals(sandbox: HubSpotSandbox, count: int) -> list[str]:
    inputs = [{"properties": {"dealname": f"Projet {number}"}} for number in range(count)]
    body = sandbox.call("POST", f"{DEALS}/batch/create", {"inputs": inputs})[1]
    return [row["id"] for row in body["results"]]


def test_a_tailed_lag_has_its_mean_its_tail_and_its_seed() -> None:
    switches = HubSpotSwitches(
        search_lag="tailed", search_lag_seconds=3.0, search_lag_tail_share=0.02
    )
    drawn = [lag.seconds(switches, f"record {number}") for number in range(5000)]
    slow = [one for one in drawn if one > 15]
    assert 0.015 < len(slow) / len(drawn) < 0.025
    assert 240 < max(drawn) <= 280
    quick = [one for one in drawn if one <= 15]
    # The median of an exponential is its mean times the natural logarithm of 2.
    assert mean(quick) == pytest.approx(3.0, rel=0.1)
    assert median(quick) == pytest.approx(3.0 * 0.693, rel=0.1)
    assert drawn == [lag.seconds(switches, f"record {number}") for number in range(5000)]
    switches.search_lag_seed = 1
    assert drawn != [lag.seconds(switches, f"record {number}") for number in range(5000)]


def test_writes_become_visible_one_after_another_in_another_order() -> None:
    sandbox = portal()
    lagging = {"search_lag": "tailed", "search_lag_seconds": 3.0, "search_lag_tail_share": 0.1}
    sandbox.switches.change(lagging)
    made = deals(sandbox, 100)
    seen: list[int] = []
    order: list[str] = []
    for seconds in (0, 3, 12, 100, 170):
        sandbox.clock.advance(timedelta(seconds=seconds))
        found = search(sandbox)
        order += [one for one in found if one not in order]
        seen.append(len(found))
    assert seen == sorted(seen)
    assert seen[0] < seen[1] < seen[2] < seen[-1] == 100
    assert order != made
    # The list, which reads the store, had them all from the start.
    assert len(sandbox.call("GET", f"{DEALS}?limit=100")[1]["results"]) == 100


def test_a_version_that_arrives_late_does_not_undo_a_later_one() -> None:
    index = SearchIndex("modified")
    index.put(1, {"modified": "2026-11-23T13:00:00Z"}, "2026-11-23T13:00:00Z")
    index.put(1, {"modified": "2026-11-23T13:00:01Z"}, "2026-11-23T13:00:01Z")
    start = round(NOW.timestamp() * 1000)
    waits = {f"1:{start}": 60.0, f"1:{start + 1000}": 0.0}
    index.catch_up(start + 2000, lambda mark: waits[mark])
    assert index.values(1) == {"modified": "2026-11-23T13:00:01Z"}
    index.catch_up(start + 70_000, lambda mark: waits[mark])
    assert index.values(1) == {"modified": "2026-11-23T13:00:01Z"}
    assert index.between(start, start + 999) == []
    assert index.between(start + 1000, None) == [1]


def test_a_record_comes_back_into_the_index_when_it_is_restored() -> None:
    sandbox = portal()
    first, second = deals(sandbox, 2)
    assert search(sandbox) == [first, second]
    deal = {"objectType": "deals", "id": first}
    sandbox.act("archive", **deal)
    assert search(sandbox) == [second]
    sandbox.act("restore", **deal)
    assert search(sandbox) == [first, second]
    sandbox.act("archive", **deal)
    sandbox.act("purge", **deal)
    assert search(sandbox, sort="hs_lastmodifieddate") == [second]


_OPERATORS = ("GT", "GTE", "LT", "LTE", "EQ", "BETWEEN")
_PORTAL = portal()
_PORTAL.generate(companies=5, deals=150, seed=3)
_ROWS = {
    row["id"]: datetime.fromisoformat(row["updatedAt"])
    for page in ("", "&after=30000000100")
    for row in _PORTAL.call("GET", f"{DEALS}?limit=100{page}")[1]["results"]
}
_STAMPS = sorted(_ROWS.values())


def kept(operator: str, value: float, one: float, other: float) -> bool:
    """Say what an operator means, apart from the sandbox's code."""
    low, high = sorted((one, other))
    return {
        "GT": value > one,
        "GTE": value >= one,
        "LT": value < one,
        "LTE": value <= one,
        "EQ": value == one,
        "BETWEEN": low <= value <= high,
    }[operator]


def criterion(name: str, operator: str, one: float, other: float) -> dict[str, str]:
    if operator != "BETWEEN":
        return {"propertyName": name, "operator": operator, "value": str(int(one))}
    low, high = sorted((int(one), int(other)))
    ends = {"value": str(low), "highValue": str(high)}
    return {"propertyName": name, "operator": operator} | ends


@settings(max_examples=120, deadline=None)
@given(
    stamps=st.tuples(st.sampled_from(_OPERATORS), *[st.sampled_from(_STAMPS)] * 2),
    ids=st.tuples(st.sampled_from(_OPERATORS), *[st.sampled_from(sorted(_ROWS))] * 2),
    uses=st.sampled_from(["stamp", "id", "both"]),
    sort=st.sampled_from(["hs_lastmodifieddate", "-hs_lastmodifieddate", "hs_object_id"]),
)
def test_a_window_of_the_index_holds_exactly_what_matches(
    stamps: tuple[str, datetime, datetime], ids: tuple[str, str, str], uses: str, sort: str
) -> None:
    moments = [round(moment.timestamp() * 1000) for moment in stamps[1:]]
    numbers = [int(one) for one in ids[1:]]
    filters, expected = [], dict(_ROWS)
    if uses != "id":
        filters.append(criterion("hs_lastmodifieddate", stamps[0], *moments))
        expected = {
            one: moment
            for one, moment in expected.items()
            if kept(stamps[0], round(moment.timestamp() * 1000), *moments)
        }
    if uses != "stamp":
        filters.append(criterion("hs_object_id", ids[0], *numbers))
        expected = {one: at for one, at in expected.items() if kept(ids[0], int(one), *numbers)}
    in_order = sorted(expected, key=int)
    if sort != "hs_object_id":
        in_order.sort(key=lambda one: (expected[one], int(one)), reverse=sort.startswith("-"))
    assert search(_PORTAL, *filters, sort=sort) == in_order


def test_many_changes_at_once_are_found_in_their_new_order() -> None:
    sandbox = portal()
    sandbox.generate(companies=1, deals=900)
    newest = search(sandbox, criterion("hs_lastmodifieddate", "GTE", NOW.timestamp() * 1000, 0))
    assert newest == []
    sandbox.clock.advance(timedelta(minutes=1))
    sandbox.act("touch_all", objectType="deals")
    after = criterion("hs_lastmodifieddate", "GTE", NOW.timestamp() * 1000, 0)
    body = {"filterGroups": [{"filters": [after]}], "sorts": ["hs_lastmodifieddate"], "limit": 200}
    answer = sandbox.call("POST", f"{DEALS}/search", body)[1]
    assert answer["total"] == 900
    ids = [int(row["id"]) for row in answer["results"]]
    assert ids == sorted(ids)
