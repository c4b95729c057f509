"""HubSpot's own client drives the sandbox: what it cannot parse, we would have got wrong.

`hubspot-api-client` speaks v3 and v4; plain HTTP covers what only the date-based paths have.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.companies import (
    BatchInputSimplePublicObjectBatchInput,
    BatchReadInputSimplePublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.companies.exceptions import ApiException
from hubspot.crm.properties import OptionInput, PropertyCreate, PropertyGroupCreate
from hubspot.crm.properties.exceptions import ApiException as PropertyError

from connectors.sandbox import Sandbox, load_folder

OLGA = Path(__file__).parents[2] / ".." / "shared" / "data" / "olga"
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW) as running:
        yield running


@pytest.fixture
def api() -> Iterator[Callable[[Any], Any]]:
    """Keep each typed API for one test, and close its connections afterwards."""
    held: list[Any] = []

    def hold(typed: Any) -> Any:
        held.append(typed)
        return typed

    yield hold
    for typed in held:
        typed.api_client.rest_client.pool_manager.clear()
        typed.api_client.close()


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url)


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as made:
        yield made


def add_company(companies: Any, **properties: str) -> str:
    created = companies.create(SimplePublicObjectInputForCreate(properties=properties))
    return str(created.id)


def test_companies_are_created_read_changed_and_archived(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies = api(client.crm.companies.basic_api)
    record_id = add_company(companies, name="Fonderie", city="Amos")
    read = companies.get_by_id(record_id, properties=["city", "name"])
    assert read.properties["city"] == "Amos"
    assert read.created_at.year == 2026
    changed = companies.update(record_id, SimplePublicObjectInput(properties={"city": "Alma"}))
    assert changed.properties["city"] == "Alma"
    companies.archive(record_id)
    with pytest.raises(ApiException) as refused:
        companies.get_by_id(record_id)
    assert refused.value.status == 404


def test_companies_are_listed_page_by_page(client: HubSpot, api: Callable[[Any], Any]) -> None:
    companies = api(client.crm.companies.basic_api)
    made = [add_company(companies, name=f"Roc {number}") for number in range(5)]
    first = companies.get_page(limit=3)
    second = companies.get_page(limit=3, after=first.paging.next.after)
    assert [row.id for row in first.results + second.results] == made
    assert second.paging is None


def test_companies_are_searched(client: HubSpot, api: Callable[[Any], Any]) -> None:
    companies = api(client.crm.companies.basic_api)
    search = api(client.crm.companies.search_api)
    add_company(companies, name="Roc", numberofemployees="5")
    wanted = add_company(companies, name="Pin", numberofemployees="50")
    filter_ = {"propertyName": "numberofemployees", "operator": "GT", "value": "10"}
    request = PublicObjectSearchRequest(filter_groups=[{"filters": [filter_]}], limit=10)
    found = search.do_search(request)
    assert found.total == 1
    assert [row.id for row in found.results] == [wanted]


def test_companies_are_read_and_written_in_batches(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies, batches = api(client.crm.companies.basic_api), api(client.crm.companies.batch_api)
    ids = [add_company(companies, name=f"Roc {number}") for number in range(2)]
    inputs = [
        SimplePublicObjectBatchInput(id=record_id, properties={"city": "Amos"}) for record_id in ids
    ]
    written = batches.update(BatchInputSimplePublicObjectBatchInput(inputs=inputs))
    assert [row.properties["city"] for row in written.results] == ["Amos", "Amos"]
    request = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": record_id} for record_id in [*ids, "404"]],
        properties=["city"],
        properties_with_history=["city"],
    )
    read = batches.read(request)
    assert [row.id for row in read.results] == ids
    assert read.results[0].properties_with_history["city"][0].value == "Amos"
    assert read.errors[0].category == "OBJECT_NOT_FOUND"


def test_a_refused_write_carries_hubspots_error_body(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    companies = api(client.crm.companies.basic_api)
    with pytest.raises(ApiException) as refused:
        add_company(companies, nowhere="1")
    assert refused.value.status == 400
    assert "PROPERTY_DOESNT_EXIST" in refused.value.body


def test_deals_owners_and_pipelines_are_read(
    sandbox: Sandbox, client: HubSpot, api: Callable[[Any], Any], tmp_path: Path
) -> None:
    small_folder(tmp_path)
    load_folder(sandbox, tmp_path)
    deal = api(client.crm.deals.basic_api).get_page(associations=["companies"]).results[0]
    assert deal.properties["dealstage"] == "closedwon"
    assert deal.associations["companies"].results[0].id == "20"
    owner = api(client.crm.owners.owners_api).get_page().results[0]
    assert (owner.id, owner.first_name, owner.email) == ("7", "Élise", "elise.roy@example.com")
    pipeline = api(client.crm.pipelines.pipelines_api).get_all("deals").results[0]
    assert [stage.id for stage in pipeline.stages] == ["piste", "closedwon"]
    assert [stage.metadata["isClosed"] for stage in pipeline.stages] == ["false", "true"]


def test_properties_and_groups_are_created_once(client: HubSpot, api: Callable[[Any], Any]) -> None:
    groups, core = api(client.crm.properties.groups_api), api(client.crm.properties.core_api)
    groups.create("companies", PropertyGroupCreate(name="arpent", label="Plan de territoire"))
    body = PropertyCreate(
        name="arpent_tier",
        label="Niveau",
        type="enumeration",
        field_type="select",
        group_name="arpent",
        options=[OptionInput(label="Or", value="gold", display_order=0, hidden=False)],
    )
    assert core.create("companies", body).name == "arpent_tier"
    assert core.get_by_name("companies", "arpent_tier").options[0].label == "Or"
    with pytest.raises(PropertyError) as refused:
        core.create("companies", body)
    assert refused.value.status == 409
    assert any(row.name == "arpent_tier" for row in core.get_all("companies").results)


def test_a_task_is_created_on_a_company_and_found_from_there(
    client: HubSpot, api: Callable[[Any], Any]
) -> None:
    company = add_company(api(client.crm.companies.basic_api), name="Fonderie")
    properties = {"hs_timestamp": "2026-11-27T14:00:00Z", "hs_task_subject": "Relancer"}
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}
    body = SimplePublicObjectInputForCreate(
        properties=properties, associations=[{"to": {"id": company}, "types": [kind]}]
    )
    task = api(client.crm.objects.tasks.basic_api).create(body)
    request = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": company}])
    links = api(client.crm.associations.v4.batch_api).get_page("companies", "tasks", request)
    assert str(links.results[0].to[0].to_object_id) == task.id
    assert links.results[0].to[0].association_types[0].type_id == 191


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


def test_the_statistics_count_each_endpoint(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.switches.ten_second_limit = 2
    for _ in range(3):
        http.get("/crm/objects/2026-09/companies")
    http.get("/nowhere/at/all")
    body = http.get("/__stats").json()
    assert body["requests"] == {"GET /crm/objects/2026-09/{type}": 3}
    assert body["statuses"] == {"200": 2, "429": 1}
    assert body["rateLimitViolations"]["TEN_SECONDLY_ROLLING"] == 1


def test_the_doors_behind_the_portal_need_no_key(sandbox: Sandbox) -> None:
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


def test_the_olga_folder_loads_whole(sandbox: Sandbox, http: httpx.Client) -> None:
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


def small_folder(folder: Path) -> None:
    (folder / "owners.csv").write_text("id,name\n7,Élise Roy\n", encoding="utf-8")
    (folder / "accounts.csv").write_text(
        "id,name,segment,region\n20,Fonderie,PME,Mauricie\n", encoding="utf-8"
    )
    (folder / "opportunities.csv").write_text(
        "id,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,is_won,"
        "product,source,loss_reason\n"
        "30,20,7,Closed Won,100,CAD,2026-01-05,2026-02-06,True,True,A,B,\n"
        "31,20,7,Piste,100,CAD,2026-01-05,2026-12-06,False,False,A,B,\n",
        encoding="utf-8",
    )
