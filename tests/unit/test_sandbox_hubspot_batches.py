"""The sandbox's batches: all or nothing, or row by row when every input carries a trace."""

from datetime import UTC, datetime

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    made.switches.ten_second_limit = 100_000
    return made


def companies(sandbox: HubSpotSandbox, count: int) -> list[str]:
    inputs = [{"properties": {"name": f"Roc {number}"}} for number in range(count)]
    status, body = sandbox.call("POST", f"{COMPANIES}/batch/create", {"inputs": inputs})
    assert status == 201, body
    return [row["id"] for row in body["results"]]


def update(ids: list[str], *, bad: int | None = None, traced: bool) -> dict[str, object]:
    inputs: list[dict[str, object]] = []
    for number, record_id in enumerate(ids):
        value = "many" if number == bad else "10"
        row: dict[str, object] = {"id": record_id, "properties": {"numberofemployees": value}}
        inputs.append(row | ({"objectWriteTraceId": f"t{number}"} if traced else {}))
    return {"inputs": inputs}


def test_a_batch_read_gives_what_it_finds_and_lists_what_is_missing(
    sandbox: HubSpotSandbox,
) -> None:
    ids = companies(sandbox, 2)
    sandbox.call("DELETE", f"{COMPANIES}/{ids[1]}")
    body = {"inputs": [{"id": ids[0]}, {"id": ids[1]}, {"id": "404"}], "properties": ["name"]}
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/read", body)
    assert status == 207
    assert [row["id"] for row in answer["results"]] == [ids[0]]
    assert answer["numErrors"] == 1
    assert answer["errors"][0]["context"]["ids"] == [ids[1], "404"]


def test_without_traces_one_bad_row_refuses_the_whole_update(sandbox: HubSpotSandbox) -> None:
    ids = companies(sandbox, 3)
    body = update(ids, bad=1, traced=False)
    status, _ = sandbox.call("POST", f"{COMPANIES}/batch/update", body)
    assert status == 400
    for record_id in ids:
        assert "numberofemployees" not in sandbox.values_of("companies", record_id)


def test_with_traces_the_good_rows_are_written_and_the_bad_one_is_named(
    sandbox: HubSpotSandbox,
) -> None:
    ids = companies(sandbox, 3)
    body = update(ids, bad=1, traced=True)
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/update", body)
    assert status == 207
    assert {row["objectWriteTraceId"] for row in answer["results"]} == {"t0", "t2"}
    assert answer["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]
    assert answer["errors"][0]["errors"][0]["code"] == "INVALID_INTEGER"
    assert sandbox.values_of("companies", ids[2])["numberofemployees"] == "10"
    assert "numberofemployees" not in sandbox.values_of("companies", ids[1])


def test_a_portal_may_refuse_the_whole_update_even_with_traces(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.batch_update_with_trace = "reject"
    ids = companies(sandbox, 2)
    body = update(ids, bad=0, traced=True)
    assert sandbox.call("POST", f"{COMPANIES}/batch/update", body)[0] == 400
    assert "numberofemployees" not in sandbox.values_of("companies", ids[1])


@pytest.mark.parametrize(("answer", "status"), [("multi_status", 207), ("reject", 404)])
def test_a_missing_id_in_an_update_follows_its_switch(
    sandbox: HubSpotSandbox, answer: str, status: int
) -> None:
    sandbox.switches.missing_ids_in_update = answer
    ids = companies(sandbox, 1)
    body = update([*ids, "404"], traced=False)
    assert sandbox.call("POST", f"{COMPANIES}/batch/update", body)[0] == status
    written = "numberofemployees" in sandbox.values_of("companies", ids[0])
    assert written is (status == 207)


@pytest.mark.parametrize("verb", ["read", "update", "archive"])
def test_the_same_id_twice_refuses_the_batch(sandbox: HubSpotSandbox, verb: str) -> None:
    ids = companies(sandbox, 1)
    body = update(ids * 2, traced=True)
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/{verb}", body)
    assert status == 400
    assert answer["message"].startswith(f"Duplicate IDs found in batch input: [{ids[0]}]")
    assert answer["context"] == {"ids": ids}


@pytest.mark.parametrize("verb", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_of_101_is_refused(sandbox: HubSpotSandbox, verb: str) -> None:
    inputs = [{"id": str(number), "properties": {}} for number in range(101)]
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/{verb}", {"inputs": inputs})
    assert status == 400
    assert "maximum is 100" in answer["message"]


def test_updating_by_a_property_without_unique_values_is_refused(sandbox: HubSpotSandbox) -> None:
    ids = companies(sandbox, 1)
    row = {"id": ids[0], "idProperty": "hs_object_id", "properties": {"name": "A"}}
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/update", {"inputs": [row]})
    assert status == 400
    assert "non-unique 0-2 property" in answer["message"]


def test_an_upsert_creates_once_and_finds_it_again(sandbox: HubSpotSandbox) -> None:
    definition = {
        "name": "arpent_key",
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "groupName": "companyinformation",
        "hasUniqueValue": True,
    }
    sandbox.call("POST", "/crm/properties/2026-09/companies", definition)
    row = {"id": "K1", "idProperty": "arpent_key", "properties": {"name": "A"}}
    path = f"{COMPANIES}/batch/upsert"
    first = sandbox.call("POST", path, {"inputs": [row]})[1]["results"][0]
    second = sandbox.call("POST", path, {"inputs": [row]})[1]["results"][0]
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    body = {"properties": {"name": "B", "arpent_key": "K1"}}
    assert sandbox.call("POST", COMPANIES, body)[0] == 400


def test_results_may_come_in_another_order_than_the_inputs(sandbox: HubSpotSandbox) -> None:
    ids = companies(sandbox, 20)
    body = {"inputs": [{"id": record_id} for record_id in ids]}
    plain = sandbox.call("POST", f"{COMPANIES}/batch/read", body)[1]["results"]
    assert [row["id"] for row in plain] == ids
    sandbox.switches.shuffled_results = True
    shuffled = sandbox.call("POST", f"{COMPANIES}/batch/read", body)[1]["results"]
    assert [row["id"] for row in shuffled] != ids
    assert sorted(row["id"] for row in shuffled) == sorted(ids)


def test_a_batch_archive_empties_the_list(sandbox: HubSpotSandbox) -> None:
    ids = companies(sandbox, 3)
    body = {"inputs": [{"id": record_id} for record_id in [*ids, "404"]]}
    assert sandbox.call("POST", f"{COMPANIES}/batch/archive", body)[0] == 204
    assert sandbox.call("GET", COMPANIES)[1]["results"] == []


def test_tasks_are_created_in_a_batch_with_their_links(sandbox: HubSpotSandbox) -> None:
    ids = companies(sandbox, 2)
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}
    inputs = [
        {
            "properties": {"hs_timestamp": "2026-11-27T14:00:00Z", "hs_task_subject": "Relancer"},
            "associations": [{"to": {"id": record_id}, "types": [kind]}],
            "objectWriteTraceId": f"t{record_id}",
        }
        for record_id in [*ids, "404"]
    ]
    path = "/crm/objects/2026-09/tasks"
    status, answer = sandbox.call("POST", f"{path}/batch/create", {"inputs": inputs})
    assert status == 207
    assert answer["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    for row in answer["results"]:
        linked = sandbox.call("GET", f"{path}/{row['id']}/associations/companies")[1]["results"]
        assert row["objectWriteTraceId"] == f"t{linked[0]['toObjectId']}"
    assert len(answer["results"]) == 2
