"""What people and administrators do in the sandbox's pages, seen from the API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from connectors.sandbox.hubspot import HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"
DEALS = "/crm/objects/2026-09/deals"
OWNERS = "/crm/owners/2026-09"
PROPERTIES = "/crm/properties/2026-09/companies"
PIPELINES = "/crm/pipelines/2026-09/deals"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    made = HubSpotSandbox(now=NOW)
    made.switches.ten_second_limit = 100_000
    return made


@pytest.fixture
def tier(sandbox: HubSpotSandbox) -> dict[str, str]:
    """The coordinates of a custom choice that companies have."""
    body = {
        "name": "tier",
        "label": "Niveau",
        "type": "enumeration",
        "fieldType": "select",
        "groupName": "companyinformation",
        "options": [
            {"label": value, "value": value, "displayOrder": order}
            for order, value in enumerate(("gold", "silver"))
        ],
    }
    assert sandbox.call("POST", PROPERTIES, body)[0] == 201
    return {"objectType": "companies", "property": "tier"}


def make(sandbox: HubSpotSandbox, path: str = COMPANIES, **values: str) -> str:
    status, body = sandbox.call("POST", path, {"properties": values})
    assert status == 201, body
    return str(body["id"])


def read(sandbox: HubSpotSandbox, path: str) -> dict[str, object]:
    status, body = sandbox.call("GET", path)
    assert status == 200, body
    return body


def test_a_renamed_label_leaves_the_name(sandbox: HubSpotSandbox, tier: dict[str, str]) -> None:
    sandbox.act("rename_label", **tier, label="Palier")
    body = read(sandbox, f"{PROPERTIES}/tier")
    assert (body["name"], body["label"]) == ("tier", "Palier")


def test_a_choice_that_was_removed_stays_on_its_records(
    sandbox: HubSpotSandbox, tier: dict[str, str]
) -> None:
    record_id = make(sandbox, tier="gold")
    sandbox.act("add_option", **tier, value="bronze")
    assert sandbox.act("remove_option", **tier, value="gold") == {"options": ["silver", "bronze"]}
    assert sandbox.values_of("companies", record_id)["tier"] == "gold"
    status, body = sandbox.call("POST", COMPANIES, {"properties": {"tier": "gold"}})
    assert (status, body["errors"][0]["code"]) == (400, "INVALID_OPTION")


@pytest.mark.parametrize("recreate", [False, True])
def test_a_retyped_property_keeps_values_that_its_type_would_refuse(
    sandbox: HubSpotSandbox,
    tier: dict[str, str],
    recreate: bool,  # noqa: FBT001 - a pytest parameter
) -> None:
    record_id = make(sandbox, tier="gold")
    born = read(sandbox, f"{PROPERTIES}/tier")["createdAt"]
    sandbox.clock.advance(timedelta(days=1))
    sandbox.act("change_type", **tier, type="number", fieldType="number", recreate=recreate)
    body = read(sandbox, f"{PROPERTIES}/tier")
    assert (body["type"], body["options"]) == ("number", [])
    assert (body["createdAt"] != born) is recreate
    properties = read(sandbox, f"{COMPANIES}/{record_id}?properties=tier")["properties"]
    assert isinstance(properties, dict)
    assert properties["tier"] == "gold"
    filter_ = {"propertyName": "tier", "operator": "GTE", "value": "0"}
    search = {"filterGroups": [{"filters": [filter_]}]}
    assert sandbox.call("POST", f"{COMPANIES}/search", search)[1]["total"] == 0


def test_a_property_of_hubspots_own_keeps_its_type(sandbox: HubSpotSandbox) -> None:
    change = {"objectType": "companies", "property": "name", "type": "number"}
    with pytest.raises(Exception, match="keeps its type"):
        sandbox.act("change_type", **change, fieldType="number")


def test_a_person_who_comes_back_is_another_owner(sandbox: HubSpotSandbox) -> None:
    person = {"firstName": "Ana", "lastName": "Roy", "email": "ana@example.com"}
    first = sandbox.act("create_owner", **person)["id"]
    gone = sandbox.act("deactivate_owner", id=first)
    assert (gone["archived"], gone["userId"]) == (True, None)
    again = sandbox.act("readmit_owner", id=first)
    assert again["id"] != first
    assert again["userId"] != gone["userIdIncludingInactive"]
    active = sandbox.call("GET", f"{OWNERS}?email=ana@example.com")[1]["results"]
    archived = sandbox.call("GET", f"{OWNERS}?archived=true")[1]["results"]
    assert [[row["id"] for row in rows] for rows in (active, archived)] == [[again["id"]], [first]]
    status, body = sandbox.call("POST", COMPANIES, {"properties": {"hubspot_owner_id": first}})
    assert (status, body["errors"][0]["code"]) == (400, "INVALID_OWNER_ID")


def test_a_queue_has_neither_user_nor_address(sandbox: HubSpotSandbox) -> None:
    queue = sandbox.act("create_owner", firstName="File du support", type="QUEUE")
    shown = read(sandbox, f"{OWNERS}/{queue['id']}")
    assert (shown["type"], shown["userId"], "email" in shown) == ("QUEUE", None, False)
    assert make(sandbox, hubspot_owner_id=str(queue["id"]))
    assert sandbox.call("GET", f"{OWNERS}?email=x@example.com")[1]["results"] == []


def test_a_locked_record_is_423_until_it_is_free(sandbox: HubSpotSandbox) -> None:
    record_id, other = make(sandbox), make(sandbox)
    sandbox.act("lock", objectType="companies", id=record_id, seconds=30)
    path, write = f"{COMPANIES}/{record_id}", {"properties": {"city": "Amos"}}
    status, body = sandbox.call("PATCH", path, write)
    assert (status, body["category"]) == (423, "LOCKED")
    assert sandbox.call("DELETE", path)[0] == 423
    inputs = [{"id": one, **write, "objectWriteTraceId": one} for one in (record_id, other)]
    status, body = sandbox.call("POST", f"{COMPANIES}/batch/update", {"inputs": inputs})
    assert (status, body["errors"][0]["category"]) == (207, "LOCKED")
    for row in inputs:
        del row["objectWriteTraceId"]
    assert sandbox.call("POST", f"{COMPANIES}/batch/update", {"inputs": inputs})[0] == 423
    assert sandbox.call("GET", path)[0] == 200
    sandbox.clock.advance(timedelta(seconds=31))
    assert sandbox.call("PATCH", path, write)[0] == 200


def test_a_lock_without_an_end_is_taken_off_by_hand(sandbox: HubSpotSandbox) -> None:
    record = {"objectType": "companies", "id": make(sandbox)}
    sandbox.act("lock", **record)
    sandbox.clock.advance(timedelta(days=400))
    path, write = f"{COMPANIES}/{record['id']}", {"properties": {"city": "Amos"}}
    assert sandbox.call("PATCH", path, write)[0] == 423
    sandbox.act("unlock", **record)
    assert sandbox.call("PATCH", path, write)[0] == 200


def test_touching_all_gives_one_stamp_and_changes_nothing_else(sandbox: HubSpotSandbox) -> None:
    ids = [make(sandbox, DEALS, dealname=name) for name in "ABC"]
    sandbox.clock.advance(timedelta(hours=1))
    touched = sandbox.act("touch_all", objectType="deals")
    assert touched["count"] == 3
    shown = [read(sandbox, f"{DEALS}/{record_id}") for record_id in ids]
    assert {row["updatedAt"] for row in shown} == {touched["updatedAt"]}
    assert {sandbox.values_of("deals", one)["hs_lastmodifieddate"] for one in ids} == {
        touched["updatedAt"]
    }
    equal = {"propertyName": "hs_lastmodifieddate", "operator": "EQ"}
    body = {"filterGroups": [{"filters": [equal | {"value": touched["updatedAt"]}]}]}
    assert sandbox.call("POST", f"{DEALS}/search", body)[1]["total"] == 3


def test_stages_are_added_renamed_and_taken_away(sandbox: HubSpotSandbox) -> None:
    deal = make(sandbox, DEALS, dealname="A", dealstage="contractsent")
    added = sandbox.act("add_stage", label="Pilote", metadata={"probability": "0.7"})
    before = read(sandbox, f"{DEALS}/{deal}")["updatedAt"]
    sandbox.clock.advance(timedelta(hours=1))
    sandbox.act("rename_stage", stage="contractsent", label="Contrat envoyé")
    assert read(sandbox, f"{DEALS}/{deal}")["updatedAt"] != before
    status, body = sandbox.call("DELETE", f"{PIPELINES}/default/stages/contractsent")
    assert (status, body["context"]["ids"]) == (400, [deal])
    sandbox.act("archive_stage", stage="contractsent", moveTo="closedwon")
    values = sandbox.values_of("deals", deal)
    assert (values["dealstage"], values["hs_is_closed_won"]) == ("closedwon", "true")
    stages = sandbox.call("GET", f"{PIPELINES}/default/stages")[1]["results"]
    labels = [row["label"] for row in stages]
    assert added["label"] in labels
    assert "Contrat envoyé" not in labels
    assert sandbox.call("DELETE", f"{PIPELINES}/default/stages/{added['id']}")[0] == 204


def test_a_second_pipeline_has_stages_of_its_own(sandbox: HubSpotSandbox) -> None:
    stages = [
        {"label": label, "metadata": {"probability": probability}}
        for label, probability in (("Piste", "0.1"), ("Closed Won", "1"))
    ]
    status, made = sandbox.call("POST", PIPELINES, {"label": "Service", "stages": stages})
    assert status == 201
    assert sandbox.call("POST", PIPELINES, {"label": "Service", "stages": stages})[0] == 409
    first, won = made["stages"]
    # Ids of stages are unique in the account, their labels only in their pipeline.
    assert won["id"] != "closedwon"
    assert won["metadata"] == {"isClosed": "true", "probability": "1.0"}
    deal = make(sandbox, DEALS, dealname="A", pipeline=made["id"], dealstage=won["id"])
    assert sandbox.values_of("deals", deal)["hs_is_closed_won"] == "true"
    wrong = {"properties": {"pipeline": "default", "dealstage": first["id"]}}
    assert sandbox.call("POST", DEALS, wrong)[0] == 400
    assert len(sandbox.call("GET", PIPELINES)[1]["results"]) == 2


def test_an_amount_in_a_known_currency_has_its_amount_at_home(sandbox: HubSpotSandbox) -> None:
    sandbox.switches.change({"exchange_rates": {"USD": "1.3715"}})
    deal = make(sandbox, DEALS, dealname="A", amount="100.10", deal_currency_code="USD")
    values = sandbox.values_of("deals", deal)
    assert (values["amount"], values["amount_in_home_currency"]) == ("100.10", "137.29")
    other = make(sandbox, DEALS, dealname="B", amount="100", deal_currency_code="EUR")
    assert "amount_in_home_currency" not in sandbox.values_of("deals", other)
    details = read(sandbox, "/account-info/2026-09/details")
    assert (details["companyCurrency"], details["additionalCurrencies"]) == ("CAD", ["USD"])
    with pytest.raises(Exception, match="rate of USD"):
        sandbox.switches.change({"exchange_rates": {"USD": "much"}})


def test_a_deal_may_have_several_companies_and_one_primary(sandbox: HubSpotSandbox) -> None:
    companies = [make(sandbox, name=name) for name in "ABC"]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}]
    links = [{"to": {"id": one}, "types": types} for one in companies]
    body = {"properties": {"dealname": "D"}, "associations": links}
    deal = sandbox.call("POST", DEALS, body)[1]["id"]
    alone = make(sandbox, DEALS, dealname="E")
    path = "/crm/associations/2026-09/deals/companies/batch/read"
    body = {"inputs": [{"id": deal}, {"id": alone}]}
    answer = sandbox.call("POST", path, body)[1]
    kinds = {
        str(row["toObjectId"]): [kind["typeId"] for kind in row["associationTypes"]]
        for row in answer["results"][0]["to"]
    }
    assert kinds == {companies[0]: [5, 341], companies[1]: [341], companies[2]: [341]}
    assert answer["errors"][0]["context"]["fromObjectId"] == [alone]


def test_the_old_ids_of_a_merge_work_one_by_one_but_not_in_a_batch(sandbox: HubSpotSandbox) -> None:
    kept, lost = make(sandbox, name="Roc"), make(sandbox, name="Roche", city="Amos")
    merge = {"primaryObjectId": kept, "objectIdToMerge": lost}
    survivor = sandbox.act("merge", objectType="companies", **merge)["id"]
    assert survivor not in {kept, lost}
    assert sandbox.values_of("companies", survivor)["hs_merged_object_ids"] == f"{kept};{lost}"
    write = {"properties": {"phone": "1"}}
    for old in (kept, lost):
        assert read(sandbox, f"{COMPANIES}/{old}")["id"] == survivor
        assert sandbox.call("PATCH", f"{COMPANIES}/{old}", write)[1]["id"] == survivor
    body = {"inputs": [{"id": kept, **write}, {"id": survivor, **write}]}
    status, answer = sandbox.call("POST", f"{COMPANIES}/batch/update", body)
    assert (status, [row["id"] for row in answer["results"]]) == (207, [survivor])
    assert answer["errors"][0]["context"]["ids"] == [kept]
    listed = sandbox.call("GET", COMPANIES)[1]["results"]
    assert [row["id"] for row in listed] == [survivor]


def test_the_recycle_bin_is_emptied_for_good(sandbox: HubSpotSandbox) -> None:
    record_id, deal = make(sandbox), make(sandbox, DEALS, dealname="A")
    sandbox.call("PUT", f"{DEALS}/{deal}/associations/default/companies/{record_id}")
    record = {"objectType": "companies", "id": record_id}
    with pytest.raises(Exception, match="recycle bin"):
        sandbox.act("purge", **record)
    sandbox.act("archive", **record)
    sandbox.act("purge", **record)
    assert sandbox.call("GET", f"{COMPANIES}?archived=true")[1]["results"] == []
    with pytest.raises(Exception, match="recycle bin"):
        sandbox.act("restore", **record)
    assert sandbox.call("GET", f"{DEALS}/{deal}/associations/companies")[1]["results"] == []


def test_a_contact_is_deleted_for_good_by_address(sandbox: HubSpotSandbox) -> None:
    path = "/crm/objects/2026-09/contacts"
    record_id = make(sandbox, path, email="ana@example.com")
    body = {"objectId": "ana@example.com", "idProperty": "email"}
    assert sandbox.call("POST", f"{path}/gdpr-delete", body)[0] == 204
    assert sandbox.call("GET", f"{path}/{record_id}")[0] == 404
    assert sandbox.call("GET", f"{path}?archived=true")[1]["results"] == []
    assert make(sandbox, path, email="ana@example.com") != record_id


@pytest.fixture
def http(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with sandbox, httpx.Client(base_url=sandbox.url, headers=headers) as client:
        yield client


def test_a_skewed_clock_shows_in_the_date_header_only(http: httpx.Client) -> None:
    http.post("/__switches", json={"clock_skew_seconds": -600}).raise_for_status()
    answer = http.post(COMPANIES, json={"properties": {"name": "Roc"}})
    made = datetime.fromisoformat(answer.json()["createdAt"])
    said = parsedate_to_datetime(answer.headers["Date"])
    assert timedelta(seconds=598) < made - said < timedelta(seconds=602)


def test_records_change_while_somebody_reads_page_after_page(
    sandbox: HubSpotSandbox, http: httpx.Client
) -> None:
    ids = [make(sandbox, name=f"Roc {number}") for number in range(6)]
    archive = {"action": "archive", "objectType": "companies", "id": ids[4]}
    grow = {"action": "create", "objectType": "companies", "properties": {"name": "Neuf"}}
    rule = {
        "match": {"method": "GET", "path": "/companies$"},
        "nth": 2,
        "fault": {"act": [archive, grow]},
    }
    http.post("/__faults", json={"rules": [rule]}).raise_for_status()
    seen, address = [], f"{COMPANIES}?limit=2"
    while address:
        body = http.get(address).raise_for_status().json()
        seen += [row["id"] for row in body["results"]]
        address = body.get("paging", {}).get("next", {}).get("link", "")
    assert seen[:5] == [*ids[:4], ids[5]]
    assert len(seen) == 6
    assert http.get("/__faults").json()["rules"][0]["fired"] == 1


def test_an_action_of_a_fault_that_is_impossible_shows(http: httpx.Client) -> None:
    act = {"action": "archive_stage", "stage": "nowhere"}
    http.post("/__faults", json={"rules": [{"fault": {"act": act}}]}).raise_for_status()
    answer = http.get(COMPANIES)
    assert answer.status_code == 500
    assert "Stage nowhere does not exist" in answer.json()["message"]


def test_an_action_that_lacks_a_member_names_it(sandbox: HubSpotSandbox) -> None:
    with pytest.raises(Exception, match="'rename_label' needs 'property'"):
        sandbox.act("rename_label", objectType="companies")
